"""Units in the names of columns: read with their prefix, or refused; never silently one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import InputError
from electrolith.core.header_units import column_scale, is_unit, scale_to, split_header


@pytest.mark.parametrize(
    ("title", "name", "unit"),
    [
        ("Current density (mA/cm2)", "Current density", "mA/cm2"),
        ("-Z'' / kΩ", "-Z''", "kΩ"),
        ("Voltage_V", "Voltage", "V"),
        ("Total Time (Hours in hh:mm:ss.xxx)", "Total Time", "Hours in hh:mm:ss.xxx"),
        ("<I>/mA", "<I>", "mA"),
        ("<Ewe/V>", "<Ewe>", "V"),
        ("(Q-Qo)/mA.h", "(Q-Qo)", "mA.h"),
        ("Q charge/discharge/mA.h", "Q charge/discharge", "mA.h"),
        ("-Im(Z)/Ohm", "-Im(Z)", "Ohm"),
        ("Re(Z)", "Re(Z)", None),
        ("log(f/Hz)", "log(f/Hz)", None),
        ("q (inverse nanometres)", "q", "inverse nanometres"),
        ("test_time_second", "test_time", "second"),
        ("energy_kev", "energy", "keV"),
        ("t-Step[h]", "t-Step", "h"),
        ('Z" [Ω]', 'Z"', "Ω"),
        ("Hz", "", "Hz"),
        ("S/cm", "", "S/cm"),
        ("mA/cm2", "", "mA/cm2"),
        ("T/K", "T", "K"),
        ("Impedance (Real)", "Impedance", None),
        ("Z'(a)", "Z'", None),
    ],
)
def test_a_title_is_split_into_name_and_unit(title, name, unit):
    found = split_header(title)
    assert (found.name, found.unit) == (name, unit)


@pytest.mark.parametrize(
    ("unit", "target", "factor", "per"),
    [
        ("nA", "A", 1e-9, ""),
        ("pA", "A", 1e-12, ""),
        ("MA", "A", 1e-3, ""),  # capitals on a cycler's screen: no laboratory has a megampere
        ("mA/cm²", "A", 10.0, "m2"),
        ("mA cm-2", "A", 10.0, "m2"),
        ("A/g", "A", 1e3, "kg"),
        ("kΩ", "ohm", 1e3, ""),
        ("MΩ", "ohm", 1e6, ""),
        ("Ohm cm2", "ohm", 1e-4, "1/m2"),
        ("kHz", "Hz", 1e3, ""),
        ("khz", "Hz", 1e3, ""),
        ("rad/s", "Hz", 0.15915494309189535, ""),
        ("days", "s", 86400.0, ""),
        ("H", "s", 3600.0, ""),
        ("h:min:s.ms", "s", 1.0, ""),
        ("mA.h", "C", 3.6, ""),
        ("mAh/g", "C", 3600.0, "kg"),
        ("nm⁻¹", "1/m", 1e9, ""),
        ("inverse nanometres", "1/m", 1e9, ""),
        ("1/Å", "1/m", 1e10, ""),
        ("mS/cm", "S/m", 0.1, ""),
        ("%", "1", 0.01, ""),
        ("keV", "eV", 1e3, ""),
        ("µN", "N", 1e-6, ""),
    ],
)
def test_factors_by_hand(unit, target, factor, per):
    found = scale_to(unit, target, per=("m2", "kg", "1/m2"))
    assert found.factor == pytest.approx(factor, rel=1e-12)
    assert found.per == per


def test_celsius_has_an_offset_and_coulomb_has_none():
    assert (scale_to("C", "K").factor, scale_to("C", "K").offset) == (1.0, 273.15)
    assert (scale_to("C", "C").factor, scale_to("C", "C").offset) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("unit", "target", "text"),
    [
        ("foo", "A", "unit 'foo' is not known; expected one like 'A'"),
        ("mhz", "Hz", "could mean 0.001 or 1e\\+06 Hz"),
        ("MOHM", "ohm", "write the prefix as m or M"),
        ("V", "A", "no unit of a quantity in A"),
        ("mA/cm2", "A", "no unit of a quantity in A"),  # a density where the caller has no area
        ("hh:mm:ss", "V", "is a clock"),
    ],
)
def test_what_is_not_understood_is_refused(unit, target, text):
    with pytest.raises(InputError, match=text):
        scale_to(unit, target)


def test_a_column_with_a_strange_word_in_brackets_is_refused_and_one_without_unit_says_what_was_assumed():
    with pytest.raises(InputError, match=r"column 'Current \[foo\]': 'foo' is no unit that is known"):
        column_scale("Current [foo]", "A", bare="A")
    with pytest.raises(InputError, match="column 'Current' states no unit"):
        column_scale("Current", "A")
    assert column_scale("Current", "A", bare="mA")[2] == "no unit stated: mA assumed"


PREFIXES = {"n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}
WAYS = (
    "{n} ({u})",
    "{n} [{u}]",
    "{n}/{u}",
    "{n} / {u}",
    "{n}({u})",
    "{n} in {u}",
    "  {n} ( {u} ) ",
    "{n}, {u}",
)


@given(
    st.sampled_from(sorted(PREFIXES)),
    st.sampled_from(
        [("A", "A"), ("V", "V"), ("Hz", "Hz"), ("ohm", "ohm"), ("Ω", "ohm"), ("s", "s"), ("eV", "eV")]
    ),
    st.sampled_from(WAYS),
)
def test_every_prefix_before_every_unit_in_every_way_of_writing(prefix, unit, way):
    written, target = unit
    title = way.format(n="Some quantity", u=prefix + written)
    scale, _, note = column_scale(title, target)
    assert scale.factor == pytest.approx(PREFIXES[prefix], rel=1e-12)
    assert note == ""


@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/()[]{}<> .-^23'\"", max_size=24)
)
def test_no_title_breaks_the_reader_of_titles(title):
    found = split_header(title)
    assert found.unit is None or is_unit(found.unit)

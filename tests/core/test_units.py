import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import InputError
from electrolith.core.units import convert, parse, parse_list, split_quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("300 K", "K", 300.0),
        ("25 degC", "K", 298.15),
        ("-50 °C", "K", 223.15),
        ("2 ps", "fs", 2000.0),
        ("0.785 cm2", "m2", 0.785e-4),
        ("4.3e-5 S/cm", "S/m", 4.3e-3),
        ("10 mA/cm²", "A/m2", 100.0),
        ("200 mAh/g", "C/kg", 720_000.0),
        ("3 Å", "angstrom", 3.0),
        ("120 Ω", "ohm", 120.0),
        ("3 %", "1", 0.03),
        (7, "K", 7.0),
    ],
)
def test_quantities_as_people_write_them(text, unit, value):
    assert parse(text, unit) == pytest.approx(value, rel=1e-12)


def test_a_unit_of_another_kind_is_refused_by_both_names():
    with pytest.raises(InputError, match=r"300 fs is not a quantity in K"):
        parse("300 fs", "K")


def test_an_unknown_unit_is_refused_with_an_example():
    with pytest.raises(InputError, match=r"unit 'kelvinn' is not known; expected something like 'K'"):
        parse("300 kelvinn", "K")


@pytest.mark.parametrize("bad", ["warm", "", True, None, [300]])
def test_what_is_no_quantity_is_refused(bad):
    with pytest.raises(InputError):
        parse(bad, "K")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.90(2) mm", (0.90, 0.02, "mm")),
        ("1.20(3)e-5 S/cm", (1.2e-5, 3e-7, "S/cm")),
        ("5.3506", (5.3506, None, "")),
        ("14.0(5) %", (14.0, 0.5, "%")),
        ("120(15)", (120.0, 15.0, "")),
    ],
)
def test_uncertainty_in_parentheses_counts_last_digits(text, expected):
    value, error, unit = split_quantity(text)
    assert (value, unit) == (pytest.approx(expected[0]), expected[2])
    assert error == (pytest.approx(expected[1]) if expected[1] is not None else None)


@given(
    st.floats(1e-6, 1e6), st.sampled_from([("eV", "J"), ("cm2/s", "angstrom2/fs"), ("GPa", "eV/angstrom3")])
)
def test_conversions_undo_each_other(value, pair):
    there = convert(value, *pair)
    assert convert(there, pair[1], pair[0]) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("10,0 mm", "m", 0.01), ("0,90 mm", "m", 9e-4), ("1,5e3 ohm", "ohm", 1500.0), (",5 V", "V", 0.5)],
)
def test_decimal_commas_are_numbers(text, unit, value):
    assert parse(text, unit) == pytest.approx(value, rel=1e-12)


def test_a_decimal_comma_keeps_its_uncertainty():
    assert split_quantity("0,90(2) mm") == (0.90, 0.02, "mm")


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("1,200 mm", "m", "is 1,200 a decimal comma or a mark of thousands"),
        ("0.785", "m2", "'0.785' states no unit; write it as '0.785 m2'"),
        ("10 mm, 20 mm", "m", "is not known|not one quantity"),
        ("10 5 mm", "m", "is not known"),
        ("10 m!m", "m", "is not a quantity in m"),
    ],
)
def test_what_is_no_single_quantity_with_a_unit_is_refused_in_a_sentence(text, unit, said):
    with pytest.raises(InputError, match=said):
        parse(text, unit)


def test_the_last_unit_of_a_list_holds_for_those_before_it():
    assert parse_list("25, 35, 45 degC", "K") == pytest.approx((298.15, 308.15, 318.15))
    assert parse_list("1 Hz, 1 MHz", "Hz") == (1.0, 1e6)
    for text in ("25, 35", "25, 35 degC, 45 degC"):
        with pytest.raises(InputError, match="'25' states no unit"):
            parse_list(text, "K")


@pytest.mark.parametrize(
    "unit",
    ["m 2", "9**9**9**9", "m**999999999", "2 m", "m(" * 30, "m" * 100, "1/0 m", "$", "m*", "'", "2^9^9"],
)
def test_expressions_that_are_no_unit_are_refused_and_not_computed(unit):
    with pytest.raises(InputError, match=r"is not known; expected something like 'm'|is not a quantity in m"):
        convert(1.0, unit, "m")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.3(1.2)", (12.3, 1.2, "")),
        ("1.200(14)e-4 S/cm", (1.2e-4, 1.4e-6, "S/cm")),
        ("1.235(23)e5", (123500.0, 2300.0, "")),
        ("0,9(0,1) mm", (0.9, 0.1, "mm")),
        ("0.90 ± 0.02 mm", (0.90, 0.02, "mm")),
        ("0.90 +/- 0.02 mm", (0.90, 0.02, "mm")),
        ("(1.2 ± 0.1)e-4 S/cm", (1.2e-4, 1e-5, "S/cm")),
        ("1.2e-4 ± 1e-5 S/cm", (1.2e-4, 1e-5, "S/cm")),
        ("−5(1) °C", (-5.0, 1.0, "°C")),
        ("5.3 Å (uncertainty not stated)", (5.3, None, "Å")),
    ],
)
def test_uncertainties_as_tables_print_them_are_read(text, expected):
    value, error, unit = split_quantity(text)
    assert (value, unit) == (pytest.approx(expected[0]), expected[2])
    assert error == (pytest.approx(expected[1]) if expected[1] is not None else None)


def test_powers_are_read_as_they_are_printed():
    assert parse("3 cm⁻¹", "1/m") == pytest.approx(300.0)
    assert parse("5 mA cm⁻²", "A/m2") == pytest.approx(50.0)
    assert parse("3 Å³", "angstrom**3") == pytest.approx(3.0)

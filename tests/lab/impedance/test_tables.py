"""Impedance tables in every dress: columns by name, units, signs, bad rows, several measurements."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import DataError, InputError
from electrolith.lab.impedance.read import read_impedance
from electrolith.lab.impedance.temperatures import temperatures_from_names

CASES = Path(__file__).parents[2] / "reference" / "lab"
FREQUENCY = np.logspace(6, 0, 25)


def pellet(frequency=FREQUENCY, *, resistance=2000.0):
    """40 ohm and an arc of `resistance` with 1 nF, in front of 1 µF."""
    omega = 2 * np.pi * frequency
    return 40 + resistance / (1 + 1j * omega * resistance * 1e-9) + 1 / (1j * omega * 1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "eis-trailing-tab/galvanostat.txt",
        "eis-trailing-tab/sweep.txt",
        "eis-negative-phase/bode.csv",
        "eis-negative-real/minus_minus.csv",
        "eis-unit-prefix/khz.csv",
        "eis-unit-prefix/kohm.csv",
        "eis-unit-prefix/megohm.csv",
        "eis-unit-prefix/log_f.csv",
        "eis-unit-prefix/ohm.csv",
    ],
)
def test_one_measurement_in_nine_tables_reads_the_same(name):
    (spectrum,) = read_impedance(CASES / name)
    (plain,) = read_impedance(CASES / "eis-trailing-tab" / "sweep_without_last_tab.txt")
    np.testing.assert_allclose(spectrum.frequency, plain.frequency, rtol=2e-5)
    np.testing.assert_allclose(spectrum.impedance, plain.impedance, rtol=2e-5)
    assert not spectrum.account.warnings


SWEEP = np.logspace(6, 0, 40)
SAMPLE = 50 + 1 / (1 / 2000 + 2j * np.pi * SWEEP * 1e-8) + 1 / (2j * np.pi * SWEEP * 1e-5)
LONG, WIDE = 1e-3, 0.5e-4  # m, m2


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Frequency (Hz),Y' (S),Y'' (S)", lambda z: ((1 / z).real, (1 / z).imag)),
        ("f/Hz,Y'/mS,-Y''/mS", lambda z: (1e3 * (1 / z).real, -1e3 * (1 / z).imag)),
        ("Frequency (Hz),G (uS),B (uS)", lambda z: (1e6 * (1 / z).real, 1e6 * (1 / z).imag)),
        ("Frequency (Hz),|Y| (S),Phase of Y (deg)", lambda z: (abs(1 / z), np.angle(1 / z, deg=True))),
        ("Frequency (Hz),Y' (S/cm2),Y'' (S/cm2)", lambda z: (2 * (1 / z).real, 2 * (1 / z).imag)),
        ("Frequency (Hz),Z' (ohm cm),Z'' (ohm cm)", lambda z: (5 * z.real, 5 * z.imag)),
        ("Frequency (Hz),Z' (Ω·m),-Z'' (Ω·m)", lambda z: (0.05 * z.real, -0.05 * z.imag)),
        ("Frequency (Hz),Z' (kΩ cm²),Z'' (kΩ cm²)", lambda z: (5e-4 * z.real, 5e-4 * z.imag)),
        ("Frequency (Hz),σ' (mS/cm),σ'' (mS/cm)", lambda z: (200 * (1 / z).real, 200 * (1 / z).imag)),
        ("", lambda z: (z.real, z.imag, abs(z), np.angle(z, deg=True))),
        ("", lambda z: (abs(z), -np.angle(z, deg=True), z.real, z.imag)),
        ("", lambda z: (abs(z), -np.angle(z, deg=True))),
        ("", lambda z: (z.real, -z.imag)),
    ],
)
def test_admittance_resistivity_and_columns_without_names(tmp_path, header, columns):
    path = tmp_path / "a.csv"
    table = np.column_stack([SWEEP, *columns(SAMPLE)])
    np.savetxt(path, table, delimiter=",", header=header, comments="", encoding="utf-8")
    (found,) = read_impedance(path)
    np.testing.assert_allclose(found.in_ohm(WIDE, LONG).impedance, SAMPLE, rtol=1e-9)
    assert bool(found.account.warnings) == (not header)


def test_ohm_times_area_becomes_ohm_by_the_area_of_the_pellet_and_is_refused_without():
    (spectrum,) = read_impedance(CASES / "eis-unit-prefix" / "area.csv")
    (plain,) = read_impedance(CASES / "eis-unit-prefix" / "ohm.csv")
    area = np.pi * 5e-3**2
    np.testing.assert_allclose(spectrum.in_ohm(area, 1e-3).impedance, plain.impedance, rtol=1e-5)
    with pytest.raises(InputError, match=r"given in ohm cm2; state diameter and thickness"):
        spectrum.in_ohm(None, None)


@pytest.mark.parametrize("name", ["one_overload.csv", "one_ind.csv"])
def test_one_overloaded_row_costs_one_point(name):
    (spectrum,) = read_impedance(CASES / "eis-overload-row" / name)
    (clean,) = read_impedance(CASES / "eis-overload-row" / "clean.csv")
    assert spectrum.frequency.size == clean.frequency.size - 1 == 56
    assert set(clean.frequency) - set(spectrum.frequency) == {1000.0}
    assert any("line 26" in text for text in spectrum.account.left_out)


def test_rates_in_names_are_no_temperatures():
    found = temperatures_from_names(["EIS_after_0.1C.csv", "EIS_after_0.5C.csv", "EIS_after_1C.csv"])
    assert found.kelvin == (None, None, None)
    assert found.doubts == (
        "0.1C, 0.5C, 1C in the names are C-rates, not temperatures: not used; state the temperatures "
        "where they are "
        "known",
    )


@pytest.mark.parametrize(
    ("names", "celsius"),
    [
        (["s04147-140deg", "s04147-160deg"], (140, 160)),
        (["T25", "T35"], (25, 35)),
        (["x_298K", "x_308K"], (24.85, 34.85)),
        (["minus5C", "plus"], (-5, None)),
        (["sinter900C_5C", "sinter900C_25C", "sinter900C_10C"], (5, 25, 10)),
        (["p_25C_0.1C", "p_35C_0.1C"], (25, 35)),
        (["sample_T1", "sample_T2"], (None, None)),
        (["a_5C", "a_10C"], (None, None)),  # rates or temperatures: asked, not guessed
    ],
)
def test_series_of_names(names, celsius):
    found = temperatures_from_names([f"{n}.csv" for n in names])
    for kelvin, wanted in zip(found.kelvin, celsius, strict=True):
        assert (kelvin is None) == (wanted is None)
        assert kelvin is None or kelvin == pytest.approx(wanted + 273.15)
    assert bool(found.doubts) == (None in celsius)


def test_derived_columns_are_not_taken_for_data(tmp_path):
    z = pellet()
    table = np.c_[FREQUENCY, 3 * z.real, -3 * z.imag, z.real, -z.imag, np.abs(z), np.ones(z.size)]
    path = tmp_path / "fit.csv"
    header = "Freq (Hz),Z' fit (Ohm),-Z'' fit (Ohm),Z' (Ohm),-Z'' (Ohm),|Z| (Ohm),err"
    np.savetxt(path, table, delimiter=",", header=header, comments="")
    (spectrum,) = read_impedance(path)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-12)
    assert "Z' fit (Ohm)" in spectrum.account.ignored
    assert [w.verdict for w in spectrum.account.witnesses] == ["agrees"]


def test_a_modulus_that_contradicts_the_parts_is_said(tmp_path):
    z = pellet()
    path = tmp_path / "odd.csv"
    np.savetxt(path, np.c_[FREQUENCY, z.real, z.imag, np.abs(z)], delimiter=",", header="f,Z',Z'',|Z| (kOhm)")
    (spectrum,) = read_impedance(path)
    assert "differ by a factor of 0.001" in spectrum.account.warnings[0]


def test_two_samples_side_by_side_are_both_read(tmp_path):
    one, two = pellet(), pellet(resistance=500.0)
    path = tmp_path / "wide.csv"
    table = np.c_[FREQUENCY, one.real, one.imag, two.real, two.imag]
    np.savetxt(path, table, delimiter=",", header="f (Hz),Z' 25C,Z'' 25C,Z' 60C,Z'' 60C", comments="")
    found = read_impedance(path)
    assert len(found) == 2
    np.testing.assert_allclose(found[0].impedance, one, rtol=1e-12)
    np.testing.assert_allclose(found[1].impedance, two, rtol=1e-12)


def test_several_blocks_and_a_sweep_up_after_one_down_are_all_read(tmp_path):
    rows = "\n".join(
        f"{f!r};{z.real!r};{z.imag!r}" for f, z in zip(FREQUENCY.tolist(), pellet().tolist(), strict=True)
    )
    path = tmp_path / "blocks.txt"
    block = "SPECTRUM BEGIN\nTemperature: {t} °C\nDATA\nFreq. / Hz;Z' / Ohm;Z'' / Ohm\n{rows}\nSPECTRUM END\n"
    path.write_text(block.format(t=25, rows=rows) + block.format(t="60,5", rows=rows), encoding="utf-8")
    found = read_impedance(path)
    assert [s.frequency.size for s in found] == [25, 25]
    assert [s.temperature for s in found] == [pytest.approx(298.15), pytest.approx(333.65)]
    updown = np.r_[FREQUENCY, FREQUENCY[::-1]]
    table = np.c_[updown, pellet(updown).real, pellet(updown).imag]
    np.savetxt(tmp_path / "updown.csv", table, delimiter=",",
               header="f,Z',Z''", comments="")  # fmt: skip
    assert [s.frequency.size for s in read_impedance(tmp_path / "updown.csv")] in ([25, 25], [26, 24])


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Frequency (Hz),Z' (Blah),Z'' (Ohm)", "'Blah' is no unit that is known"),
        ("Frequency (mhz),Z',Z''", "could mean 0.001 or 1e\\+06 Hz"),
        ("Frequency (Hz),Z' (V),Z'' (Ohm)", "no unit of a quantity in ohm"),
        ("Frequency (Hz),Z',Z'',Z''", "cannot be told|2 Z''"),
        ("Frequency (Hz),Z'", "reads like names but does not fit the 3 columns"),
        ("Point,Z',Z''", "no column for the frequency among"),
    ],
)
def test_what_could_be_two_things_is_refused_by_name(tmp_path, header, text):
    z = pellet()
    columns = [FREQUENCY, z.real, z.imag, 2 * z.imag][: max(3, header.count(",") + 1)]
    path = tmp_path / "odd.csv"
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=header, comments="")
    with pytest.raises(DataError, match=text):
        read_impedance(path)


def test_a_phase_without_unit_that_could_be_both_is_refused(tmp_path):
    path = tmp_path / "phase.csv"
    path.write_text("f,|Z|,phase\n" + "\n".join(f"{f},100,-1.1" for f in (1000, 100, 10, 1)))
    with pytest.raises(DataError, match="degrees or radians"):
        read_impedance(path)


def test_versastudio_segments_are_read_by_their_definition(tmp_path):
    z = pellet()
    rows = "\n".join(f"0,{i},0.1,1e-5,{i}.0,{f!r},{c.real!r},{c.imag!r},0," for i, (f, c) in enumerate(
        zip(FREQUENCY.tolist(), z.tolist(), strict=True)))  # fmt: skip
    text = (
        ""
        "<Application>\nName=VersaStudio\n</Application>\n<Segment1>\nType=2\nVersion=1\n"
        "Definition=Segment #, Point #, E(V), I(A), Elapsed Time(s), Frequency(Hz), Z Real, Z Imag, "
        "ADC Sync Input(V)\n"
        f"{rows}\n</Segment1>\n"
    )
    path = tmp_path / "a.par"
    path.write_text(text)
    (spectrum,) = read_impedance(path)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-12)
    assert spectrum.time == 0.0


@pytest.mark.parametrize(
    "header",
    [
        "Index,Frequency (Hz),Z' (Ω),-Z'' (Ω),Z (Ω),-Phase (°),Time (s)",  # NOVA
        "n,freq / Hz,Z' / Ohm,-Z'' / Ohm,Z / Ohm,neg. Phase / °,t / s",  # PalmSens
        "n,freq. /Hz,Z1 /ohm,-Z2 /ohm,|Z| /ohm,-phase /deg,time /s",  # Ivium
        "n,frequency_hertz,real_impedance_ohm,-imaginary_impedance_ohm,|Z|_ohm,-phase_degree,test_time_second",
    ],
)
def test_exports_of_other_programs(tmp_path, header):
    z = pellet()
    table = np.c_[
        np.arange(25), FREQUENCY, z.real, -z.imag, np.abs(z), -np.rad2deg(np.angle(z)), np.arange(25)
    ]
    path = tmp_path / "export.csv"
    np.savetxt(path, table, delimiter=",", header=header, comments="", encoding="utf-8")
    (spectrum,) = read_impedance(path)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-12)
    assert not spectrum.account.warnings


OHMS = {"Ohm": 1.0, "kOhm": 1e3, "MΩ": 1e6, "mΩ": 1e-3, "Ω": 1.0, "ohms": 1.0}
HERTZ = {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "mHz": 1e-3, "rad/s": 1 / (2 * np.pi)}
NAMES = [
    ("Z'", "Z''"),
    ("Zre", "Zim"),
    ("Re(Z)", "Im(Z)"),
    ("Z real", "Z imag"),
    ("Real", "Imag"),
    ("Z′", "Z″"),
]


@given(
    st.sampled_from(sorted(HERTZ)),
    st.sampled_from(sorted(OHMS)),
    st.sampled_from(sorted(OHMS)),
    st.sampled_from(NAMES),
    st.sampled_from(["", "-", "−", "neg. "]),
    st.sampled_from(["", "-"]),
    st.permutations(range(4)),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([(), (3,), (0, 7, 24)]),
    st.booleans(),
)
def test_units_signs_orders_and_bad_rows_leave_the_impedance_alone(
    tmp_path_factory, hertz, ohm, other, names, minus, real_minus, order, mark, bad, trailing
):
    z = pellet()
    columns = [
        (f"Frequency ({hertz})", FREQUENCY / HERTZ[hertz]),
        (f"{real_minus}{names[0]} ({ohm})", (-1 if real_minus else 1) * z.real / OHMS[ohm]),
        (f"{minus}{names[1]} ({other})", (-1 if minus else 1) * z.imag / OHMS[other]),
        ("Zfit' (Ohm)", 7 * z.real),
    ]
    columns = [columns[i] for i in order]
    end = mark if trailing and mark != "," else ""
    lines = [mark.join(n for n, _ in columns) + end]
    for row in range(z.size):
        cells = [repr(float(c[row])) for _, c in columns]
        if row in bad:
            cells[order.index(2)] = "OVL"
        lines.append(mark.join(cells) + end)
    path = tmp_path_factory.mktemp("d") / "t.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (spectrum,) = read_impedance(path)
    kept = np.setdiff1d(np.arange(z.size), bad)
    np.testing.assert_allclose(spectrum.frequency, FREQUENCY[kept], rtol=1e-12)
    np.testing.assert_allclose(spectrum.impedance, z[kept], rtol=1e-12)


def test_every_accepted_name_of_one_part_goes_with_every_name_of_the_other(tmp_path):
    z = pellet()
    for (re_name, _), (_, im_name) in itertools.product(NAMES, NAMES):
        path = tmp_path / "t.csv"
        np.savetxt(path, np.c_[FREQUENCY, z.real, z.imag], delimiter=",", header=f"freq,{re_name},{im_name}",
                   comments="", encoding="utf-8")  # fmt: skip
        np.testing.assert_allclose(read_impedance(path)[0].impedance, z, rtol=1e-12)

"""Patterns held against a second witness: every scan, attenuators, named columns, times, instrument files."""

import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from electrolith.core.errors import DataError
from electrolith.scattering.instrument import TimeOfFlight
from electrolith.scattering.phase import Site
from electrolith.scattering.read_cif import phase_from_group
from electrolith.scattering.read_instrument import read_instrument
from electrolith.scattering.read_pattern import read_pattern
from electrolith.scattering.simulate import simulate
from electrolith.scattering.write_instprm import instprm

N = 1500
X = np.round(20 + 0.02 * np.arange(N), 4)
Y = np.random.default_rng(7).poisson(60 + 4000 * np.exp(-(((X - 30) / 0.15) ** 2))).astype(float)


def _scan(y, *, start=X[0], end=X[-1], axis="Gonio", kind="counts", factors=None, seconds=10.0, places=None):
    where = f"<startPosition>{start}</startPosition><endPosition>{end}</endPosition>"
    if places is not None:
        where = f"<listPositions>{' '.join(map(str, places))}</listPositions>"
    attenuation = ""
    if factors is not None:
        listed = " ".join(f"{f:g}" for f in factors)
        attenuation = f"<beamAttenuationFactors>{listed}</beamAttenuationFactors>"
    time = f"<commonCountingTime>{seconds}</commonCountingTime>"
    if np.ndim(seconds):
        time = f"<countingTimes>{' '.join(map(str, seconds))}</countingTimes>"
    values = " ".join(f"{v:.0f}" for v in y)
    return (
        f'<scan scanAxis="{axis}"><dataPoints><positions axis="2Theta">{where}</positions>'
        f"{time}{attenuation}<{kind}>{values}</{kind}></dataPoints></scan>"
    )


def _xrdml(path, *scans):
    path.write_text(
        '<?xml version="1.0"?><xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/2.1"><xrdMeasurement>'
        f"<usedWavelength><kAlpha1>1.540598</kAlpha1></usedWavelength>{''.join(scans)}"
        "</xrdMeasurement></xrdMeasurements>"
    )
    return read_pattern(path)


def test_counts_behind_an_attenuator_are_multiplied_and_their_errors_too(tmp_path):
    factors = np.where(np.abs(X - 30) < 0.3, 10.0, 1.0)
    found = _xrdml(tmp_path / "a.xrdml", _scan(np.round(Y / factors), factors=factors))
    assert found.intensity == pytest.approx(np.round(Y / factors) * factors)
    peak = int(np.argmax(Y))
    assert found.sigma[peak] == pytest.approx(10 * np.sqrt(round(Y[peak] / 10)))
    assert any("attenuator of up to 10 times" in n for n in found.notes)


def test_intensities_of_version_one_are_corrected_already(tmp_path):
    factors = np.where(np.abs(X - 30) < 0.3, 10.0, 1.0)
    found = _xrdml(tmp_path / "a.xrdml", _scan(Y, factors=factors, kind="intensities"))
    assert found.intensity == pytest.approx(Y)


def test_all_scans_of_a_file_are_read_and_each_is_accounted_for(tmp_path):
    half = N // 2
    ranges = [_scan(Y[:half], end=X[half - 1]), _scan(Y[half:], start=X[half])]
    joined = _xrdml(tmp_path / "a.xrdml", *ranges)
    assert joined.x == pytest.approx(X)
    assert joined.intensity == pytest.approx(Y)
    assert any("2 ranges joined" in n for n in joined.notes)
    repeats = _xrdml(tmp_path / "b.xrdml", _scan(Y), _scan(Y[::-1]), _scan(Y))
    assert repeats.intensity == pytest.approx(2 * Y + Y[::-1])
    assert repeats.sigma == pytest.approx(np.sqrt(2 * np.maximum(Y, 1) + np.maximum(Y[::-1], 1)))
    assert any("3 repeats" in n for n in repeats.notes)
    alignment = _scan(np.arange(51.0), start=-0.5, end=0.5)
    rocking = _scan(Y, axis="Omega")
    found = _xrdml(tmp_path / "c.xrdml", alignment, rocking, _scan(Y))
    assert found.intensity == pytest.approx(Y)
    assert sum("left out" in n for n in found.notes) == 2


def test_ranges_and_points_of_unequal_counting_times_are_brought_to_the_longest(tmp_path):
    half = N // 2
    found = _xrdml(
        tmp_path / "a.xrdml",
        _scan(Y[:half], end=X[half - 1], seconds=10.0),
        _scan(Y[half:] * 4, start=X[half], seconds=40.0),
    )
    assert found.intensity == pytest.approx(4 * Y)
    assert found.sigma[:half] == pytest.approx(4 * np.sqrt(np.maximum(Y[:half], 1)))
    assert found.sigma[half:] == pytest.approx(np.sqrt(4 * Y[half:]))
    seconds = np.where(X > 30, 40.0, 10.0)
    variable = _xrdml(tmp_path / "b.xrdml", _scan(np.round(Y * seconds / 10), seconds=seconds))
    assert variable.intensity == pytest.approx(4 * Y)


def test_unequal_steps_are_taken_from_their_list(tmp_path):
    places = np.round(20 + 0.02 * np.arange(N) ** 1.1, 4)
    found = _xrdml(tmp_path / "a.xrdml", _scan(Y, places=places))
    assert found.x == pytest.approx(places)


def test_rigaku_rates_become_counts_by_speed_and_step_and_all_blocks_are_read(tmp_path):
    def block(x, y):
        rows = "\n".join(f"{a:.4f} {b:.6f} 1.0" for a, b in zip(x, y, strict=True))
        head = '*MEAS_SCAN_UNIT_Y "cps"\n*MEAS_SCAN_SPEED "2.0"\n*MEAS_SCAN_STEP "0.02"\n'
        return f"*RAS_HEADER_START\n{head}*RAS_HEADER_END\n*RAS_INT_START\n{rows}\n*RAS_INT_END\n"

    half = N // 2
    (tmp_path / "a.ras").write_text(
        "*RAS_DATA_START\n" + block(X[:half], Y[:half] / 0.6) + block(X[half:], Y[half:] / 0.6)
    )
    found = read_pattern(tmp_path / "a.ras")
    assert found.ordinate == "counts"
    assert found.intensity == pytest.approx(Y, rel=1e-5)
    assert found.sigma == pytest.approx(np.sqrt(np.maximum(Y, 1)), rel=1e-4)
    assert any("0.6 s per step" in n for n in found.notes)


def test_every_raw_data_of_a_brml_counts(tmp_path):
    rows = "".join(f"<Datum>1,1,{x},{x / 2},{y:.0f}</Datum>" for x, y in zip(X, Y, strict=True))
    with zipfile.ZipFile(tmp_path / "a.brml", "w") as archive:
        for n in (0, 1):
            archive.writestr(f"Experiment0/RawData{n}.xml", f"<R><DataRoute>{rows}</DataRoute></R>")
    found = read_pattern(tmp_path / "a.brml")
    assert found.intensity == pytest.approx(2 * Y)
    assert any("2 repeats" in n for n in found.notes)


ESD = np.round(np.sqrt(np.maximum(Y, 1)), 4)
COLUMNS = {
    "x": X,
    "2theta": X,
    "Angle": X,
    "y_obs": Y,
    "Intensity": Y,
    "Yobs": Y,
    "counts": Y,
    "esd": ESD,
    "sigma": ESD,
    "weight": 1 / np.maximum(Y, 1),
    "y_calc": np.full(N, 60.0),
    "Yobs-Ycalc": Y - 60,
    "y_bkg": np.full(N, 55.0),
    "TimePerStep": np.full(N, 10.16),
}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_named_columns_are_found_in_any_order_among_others(tmp_path, data):
    names = [
        data.draw(st.sampled_from(["x", "2theta", "Angle"])),
        data.draw(st.sampled_from(["y_obs", "Intensity", "Yobs", "counts"])),
    ]
    doubt = data.draw(st.sampled_from(["esd", "sigma", "weight", ""]))
    others = data.draw(st.sets(st.sampled_from(["y_calc", "Yobs-Ycalc", "y_bkg", "TimePerStep"])))
    names = data.draw(st.permutations([*names, *filter(None, [doubt]), *sorted(others)]))
    if names[0] == "TimePerStep" or ("x" in names and names.index("x") > 0):
        names = sorted(names, key=lambda n: n not in ("x", "2theta", "Angle"))  # a bare x stands first
    sep = data.draw(st.sampled_from([",", ";", "\t"]))
    rows = zip(*(COLUMNS[n] for n in names), strict=True)
    path = tmp_path / "a.csv"
    path.write_text(
        sep.join(names) + "\n" + "\n".join(sep.join(f"{v:.8g}" for v in row) for row in rows) + "\n"
    )
    found = read_pattern(path, abscissa="two_theta")
    assert found.x == pytest.approx(X)
    assert found.intensity == pytest.approx(Y)
    assert found.sigma == pytest.approx(np.sqrt(np.maximum(Y, 1)), rel=1e-4)
    assert found.sigma_from == ("file" if doubt else "counts")


def test_columns_whose_names_say_nothing_of_an_observation_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    rows = "\n".join(f"{x},{y},{y}" for x, y in zip(X, Y, strict=True))
    path.write_text("2theta,y_calc,difference\n" + rows)
    with pytest.raises(
        DataError, match="named 2theta, y_calc, difference, and none is an observed intensity"
    ):
        read_pattern(path)


def test_masked_points_are_left_out_and_falling_angles_turned_round(tmp_path):
    path = tmp_path / "a.xye"
    esd = np.where(np.arange(N) < 3, 0.0, ESD)
    rows = [f"{x} {y} {s}" for x, y, s in zip(X, Y, esd, strict=True)]
    path.write_text("\n".join(rows[::-1]))
    found = read_pattern(path)
    assert np.array_equal(found.x, X[3:])
    assert np.array_equal(found.intensity, Y[3:])
    assert any("3 points with zero standard deviation are masked" in n for n in found.notes)
    assert any("turned round" in n for n in found.notes)
    path.write_text("\n".join(f"{x} {y} 0" for x, y in zip(X, Y, strict=True)))
    assert read_pattern(path).sigma == pytest.approx(np.sqrt(np.maximum(Y, 1)))


@pytest.mark.parametrize("factor", [1e-4, 0.137, 25.7])
def test_scaled_intensities_are_weighted_by_the_scatter_of_their_neighbours(tmp_path, factor):
    path = tmp_path / "a.xy"
    path.write_text(
        "# 2theta I (normalised)\n" + "\n".join(f"{x} {y:.9g}" for x, y in zip(X, Y * factor, strict=True))
    )
    found = read_pattern(path)
    assert found.sigma_from == "scatter"
    ratio = found.sigma / (factor * np.sqrt(np.maximum(Y, 1)))
    assert np.median(ratio) == pytest.approx(1.0, abs=0.08)
    assert any("are no counts" in n for n in found.notes)


def test_counts_that_were_multiplied_are_told(tmp_path):
    path = tmp_path / "a.xy"
    path.write_text("\n".join(f"{x} {10 * y:.0f}" for x, y in zip(X, Y, strict=True)))
    assert any("times the variance of counts" in n for n in read_pattern(path).notes)


@pytest.mark.parametrize("words", ["", " LiCl free format", " comment, 2 words"])
def test_free_format_of_fullprof_is_read(tmp_path, words):
    body = "\n".join("".join(f"{v:8.0f}" for v in Y[i : i + 10]) for i in range(0, N, 10))
    path = tmp_path / "a.dat"
    path.write_text(f"{X[0]:.3f} 0.0200 {X[-1]:.3f}{words}\n{body}\n")
    found = read_pattern(path)
    assert found.x == pytest.approx(X)
    assert np.array_equal(found.intensity, Y)


@pytest.mark.parametrize(
    ("head", "factor"),
    [
        ("# == pyFAI calibration ==\n# wavelength: 4.592e-11m\n#       q_nm^-1             I\n", 10.0),
        ("# q_A^-1   I\n", 1.0),
        ("a.tif: azimuthal integration\nQ (Inverse Nanometres)\nIntensity\n 1500\n", 10.0),
    ],
)
def test_scattering_vectors_in_inverse_nanometres_become_those_in_angstrom(tmp_path, head, factor):
    q = 1.0 + 0.005 * np.arange(N)
    path = tmp_path / "a.dat"
    path.write_text(head + "\n".join(f"{a:.6e} {b:.6e}" for a, b in zip(q * factor, Y, strict=True)))
    found = read_pattern(path)
    assert found.abscissa == "q"
    assert found.x == pytest.approx(q, rel=1e-6)


def _flight(tmp_path, **parameters):
    given = {"X": 0, "Y": 0, "Z": 0, "sig-q": 0, "beta-q": 0} | parameters
    text = "Type:PNT;Bank:1\n2-theta:144.8\nZero:0.0;difC:7500.0;difA:0.0;difB:0.0\nalpha:0.6\n"
    text += f"beta-0:0.042;beta-1:0.009;beta-q:{given['beta-q']}\nsig-0:4.0;sig-1:40.0;sig-2:1.0\n"
    text += f"sig-q:{given['sig-q']}\nX:{given['X']};Y:{given['Y']};Z:{given['Z']}\n"
    path = tmp_path / "a.instprm"
    path.write_text(text)
    return read_instrument(path)


def test_lorentzian_of_a_time_of_flight_file_is_x_d_plus_y_d_squared_plus_z(tmp_path):
    """GSAS-II's getTOFgamma; the width of a simulated peak, by hand, where the Gaussian is narrow."""
    site = Site("A", (0.0, 0.0, 0.0), (("Ni", 1.0),), 0.0)

    def width(tool, edge):
        phase = phase_from_group("p", space_group="P m -3 m", cell=(edge,), sites=(site,))
        t = 7500.0 * edge
        shown = simulate((phase,), tool, low=t - 900, high=t + 900, points=9001)
        peak = shown.total - shown.total.min()
        x = shown.x[peak > peak.max() / 2]
        return x[-1] - x[0]

    sharp = {"alpha": 50.0, "beta0": 50.0, "beta1": 0.0, "s0": 0.0, "s1": 0.0}
    for file, law in (
        ({"X": 20}, lambda d: 20 * d),
        ({"Y": 20}, lambda d: 20 * d**2),
        ({"Z": 40}, lambda d: 40.0),
    ):
        read = _flight(tmp_path, **file)
        tool = TimeOfFlight(7500.0, bank_angle=144.8, x=read.x, y=read.y, z=read.z, **sharp)
        for edge in (1.0, 2.0):
            assert width(tool, edge) == pytest.approx(law(edge), rel=0.06)


def test_what_an_instrument_file_holds_beyond_the_model_is_named(tmp_path):
    tool = _flight(tmp_path, **{"sig-q": 150.0, "beta-q": 0.02, "Z": 12.0})
    assert (tool.sq, tool.betaq, tool.z, tool.dropped) == (150.0, 0.02, 12.0, ())
    path = tmp_path / "b.instprm"
    path.write_text(instprm(tool) + "pdabc:3.5\n")
    assert read_instrument(path).dropped == ("pdabc = 3.5",)


PRM = """            123456789012345678901234567890123456789012345678901234567890
INS   BANK      1
INS   HTYPE   PXCR
INS  1 ICONS  1.540500  1.544300       2.5         0       0.7    0       0.5
INS  1PRCF1     {}    6      0.01
INS  1PRCF11   2.000000E+00  -2.000000E+00   5.000000E+00   {}
INS  1PRCF12   {}
"""


def test_constant_wavelength_of_gsas_is_read_in_its_fields(tmp_path):
    path = tmp_path / "a.prm"
    path.write_text(
        PRM.format(3, "0.000000E+00", "1.500000E+00   4.000000E+00   2.000000E-02   1.000000E-02")
    )
    tool = read_instrument(path)
    assert tool.lines == ((1.5405, 1.0), (1.5443, 0.5))
    assert tool.zero == pytest.approx(0.025)
    assert tool.unpolarised == pytest.approx(0.3)
    to_degrees = 8 * np.log(2) / 1e4
    assert (tool.u, tool.v, tool.w) == pytest.approx((2 * to_degrees, -2 * to_degrees, 5 * to_degrees))
    assert (tool.x, tool.y, tool.axial) == pytest.approx((0.015, 0.04, 0.015))
    assert tool.dropped == ()
    path.write_text(PRM.format(2, "1.500000E+00", "4.000000E+00   0.0   0.3   0.0"))
    older = read_instrument(path)
    assert (older.x, older.y) == pytest.approx((0.015, 0.04))
    assert older.dropped == ("asymmetry of profile 2 = 0.3",)
    path.write_text(PRM.format(4, "0.0", "0.0"))
    with pytest.raises(DataError, match="profile function 4; only number 2, 3 is read"):
        read_instrument(path)

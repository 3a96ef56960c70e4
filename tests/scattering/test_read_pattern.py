"""Readers: what is written comes back, what cannot be a pattern is refused with a reason."""

import struct
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from electrolith.core.errors import DataError, InputError
from electrolith.scattering.instrument import ConstantWavelength, TimeOfFlight, laboratory
from electrolith.scattering.read_gsas import read_gsas
from electrolith.scattering.read_instrument import read_instrument
from electrolith.scattering.read_pattern import convert, read_pattern, restated
from electrolith.scattering.write_instprm import instprm

X = np.round(10 + 0.02 * np.arange(3000), 4)
Y = np.round(100 + 900 * np.exp(-(((X - 30) / 0.1) ** 2)) + 3 * np.sin(X))


def _write(path, *columns, head="", sep=" "):
    rows = "\n".join(
        sep.join(f"{v:.6g}" if v == v else "nan" for v in row) for row in zip(*columns, strict=True)
    )
    path.write_text(head + rows + "\n")
    return path


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.floats(2, 40),
    step=st.floats(0.005, 0.1),
    seed=st.integers(0, 99),
    sep=st.sampled_from([" ", "\t", ";", ","]),
    third=st.booleans(),
    head=st.sampled_from(["", "# 2theta counts\n", "sample A\n"]),
)
def test_text_columns_come_back(tmp_path, start, step, seed, sep, third, head):
    rng = np.random.default_rng(seed)
    x = np.round(start + step * np.arange(1200), 5)
    y = rng.poisson(200.0, len(x)).astype(float)
    columns = (x, y, np.round(np.sqrt(y), 3)) if third else (x, y)
    path = tmp_path / "a.dat"
    path.write_text(
        head + "\n".join(sep.join(repr(float(v)) for v in row) for row in zip(*columns, strict=True))
    )
    found = read_pattern(path, abscissa="two_theta")
    assert np.array_equal(found.x, x)
    assert np.array_equal(found.intensity, y)
    assert found.sigma == pytest.approx(columns[2] if third else np.sqrt(np.maximum(y, 1)))
    assert (found.sigma_from, found.ordinate) == ("file" if third else "counts", "counts")


def test_the_reader_says_what_it_saw(tmp_path):
    found = read_pattern(_write(tmp_path / "a.xy", X, Y, head="# lambda = 0.4592 A\n"))
    assert found.abscissa == "two_theta"
    assert found.wavelength == 0.4592
    assert any("range of degrees" in n for n in found.notes)
    assert any("no standard deviations" in n for n in found.notes)
    bare = read_pattern(_write(tmp_path / "b.xy", X, Y))
    assert bare.wavelength is None
    assert any("no wavelength" in n for n in bare.notes)


REFUSED = {
    "swapped": (lambda: (np.arange(3000) % 7 + 1.0, X), "are the two columns swapped"),
    "centidegrees": (lambda: (X * 100, Y), "centidegrees or time of flight"),
    "negative": (lambda: (X, Y - 500), "counts are not negative"),
    "zero esd": (
        lambda: (X, Y, np.where(X > 60, 1.0, 0.0)),
        "2501 of 3000 points have a standard deviation of 0",
    ),
    "calculated": (lambda: (X, 10 * Y**2, 10 * Y**2 + 0.1), "to the power 1.0, and standard deviations as"),
    "weights": (lambda: (X, 10 * Y**2, 1 / (10 * Y**2)), "to the power -1.0, and standard deviations as"),
    "nan": (lambda: (X, np.where(X == X[50], np.nan, Y)), "intensity of point 51 is nan"),
    "q": (lambda: (X / 10, Y), "does not say what it is"),
    "background subtracted": (lambda: (X, Y - 500, np.ones_like(Y)), "of the intensities are negative"),
    "one point": (lambda: (X[:2], Y[:2]), r"2 point\(s\)"),
    "beyond 180": (lambda: (X + 125, Y), None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_pattern_is_refused(tmp_path, name):
    make, message = REFUSED[name]
    path = _write(tmp_path / "bad.xye", *make())
    if message is None:
        with pytest.raises(DataError, match="2θ reaches"):
            read_pattern(path, abscissa="two_theta")
    else:
        with pytest.raises(DataError, match=message):
            read_pattern(path)


def test_files_that_are_no_patterns_are_refused(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="no such file"):
        read_pattern(tmp_path / "absent.xy")
    (tmp_path / "empty.xy").write_text("")
    with pytest.raises(DataError, match="empty"):
        read_pattern(tmp_path / "empty.xy")
    (tmp_path / "a.raw").write_bytes(b"RAW4.00" + bytes(100))
    with pytest.raises(DataError, match=r"only RAW1.01 is"):
        read_pattern(tmp_path / "a.raw")
    (tmp_path / "b.raw").write_bytes(b"RAW1.01" + bytes(100))
    with pytest.raises(DataError, match=r"not a complete RAW1.01"):
        read_pattern(tmp_path / "b.raw")
    (tmp_path / "c.xrdml").write_text("<?xml version='1.0'?><xrdMeasurements><broken>")
    with pytest.raises(DataError, match="broken XML"):
        read_pattern(tmp_path / "c.xrdml")
    with zipfile.ZipFile(tmp_path / "d.brml", "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(DataError, match="without RawData"):
        read_pattern(tmp_path / "d.brml")
    (tmp_path / "e.ras").write_text("*RAS_DATA_START\n")
    with pytest.raises(DataError, match="no block between"):
        read_pattern(tmp_path / "e.ras")
    monkeypatch.setattr(sys.modules["electrolith.scattering.read_pattern"], "_MOST_BYTES", 10)
    with pytest.raises(DataError, match="a powder pattern is at most"):
        read_pattern(_write(tmp_path / "huge.xy", X, Y))
    with pytest.raises(InputError, match="did you mean 'two_theta'"):
        read_pattern(tmp_path / "huge.xy", abscissa="twotheta")


def test_q_and_degrees_convert_both_ways_and_never_assume_a_wavelength(tmp_path):
    data = read_pattern(_write(tmp_path / "a.xy", X, Y))
    with pytest.raises(InputError, match="it is never assumed"):
        convert(data, "q")
    back = convert(convert(data, "q", wavelength=1.5), "two_theta", wavelength=1.5)
    assert back.x == pytest.approx(data.x)
    d = convert(data, "d", wavelength=1.5)
    assert np.all(np.diff(d.x) > 0)
    assert convert(d, "two_theta", wavelength=1.5).intensity == pytest.approx(data.intensity)
    with pytest.raises(InputError, match="instrument calibration"):
        convert(data, "tof")


def test_a_rate_becomes_counts_only_with_the_counting_time(tmp_path):
    data = read_pattern(_write(tmp_path / "a.xy", X, Y / 7, head="# 2theta cps\n"))
    assert data.ordinate == "rate"
    counts = restated(data, seconds_per_step=7.0)
    assert counts.sigma == pytest.approx(np.sqrt(Y), rel=1e-4)
    with pytest.raises(InputError, match="not a rate"):
        restated(counts, seconds_per_step=7.0)


def test_an_xrdml_scan_comes_back(tmp_path):
    counts = " ".join(f"{v:.0f}" for v in Y)
    (tmp_path / "a.xrdml").write_text(
        '<?xml version="1.0"?><xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/1.5"><xrdMeasurement>'
        '<usedWavelength><kAlpha1 unit="Angstrom">1.5405980</kAlpha1></usedWavelength><scan><dataPoints>'
        '<positions axis="2Theta" unit="deg"><startPosition>10.0</startPosition>'
        "<endPosition>69.98</endPosition>"
        "</positions><commonCountingTime unit='seconds'>30</commonCountingTime>"
        "<intensities "
        f"unit='counts'>{counts}</intensities></dataPoints></scan></xrdMeasurement></xrdMeasurements>"
    )
    found = read_pattern(tmp_path / "a.xrdml")
    assert found.x == pytest.approx(X)
    assert np.array_equal(found.intensity, Y)
    assert found.wavelength == 1.540598


def test_a_rigaku_scan_comes_back_with_its_attenuator(tmp_path):
    rows = "\n".join(f"{x:.4f} {y:.1f} {2.0 if x < 20 else 1.0}" for x, y in zip(X, Y, strict=True))
    head = (
        '*RAS_DATA_START\n*MEAS_SCAN_UNIT_Y "counts"\n*HW_XG_WAVE_LENGTH_ALPHA1 "1.540593"\n*RAS_INT_START\n'
    )
    (tmp_path / "a.ras").write_text(head + rows + "\n*RAS_INT_END\n")
    found = read_pattern(tmp_path / "a.ras")
    assert found.intensity == pytest.approx(Y * np.where(X < 20, 2, 1))
    assert found.sigma[0] == pytest.approx(2 * np.sqrt(Y[0]))
    assert (found.ordinate, found.wavelength) == ("counts", 1.540593)


def test_a_brml_scan_comes_back(tmp_path):
    rows = "".join(f"<Datum>1,1,{x},{x / 2},{y:.0f}</Datum>" for x, y in zip(X, Y, strict=True))
    with zipfile.ZipFile(tmp_path / "a.brml", "w") as archive:
        archive.writestr("Experiment0/RawData0.xml", f"<R><WaveLengthAlpha1 Value='1.5406'/>{rows}</R>")
    found = read_pattern(tmp_path / "a.brml")
    assert found.x == pytest.approx(X)
    assert np.array_equal(found.intensity, Y)


def test_a_raw_1_01_scan_comes_back_and_a_cut_one_is_refused(tmp_path):
    raw = bytearray(712 + 304)
    raw[:8] = b"RAW1.01\0"
    struct.pack_into("<I", raw, 12, 1)
    struct.pack_into("<dd", raw, 624, 1.540593, 1.544427)
    struct.pack_into("<II", raw, 712, 304, len(Y))
    struct.pack_into("<d", raw, 712 + 16, 10.0)
    struct.pack_into("<d", raw, 712 + 176, 0.02)
    full = bytes(raw) + Y.astype("<f4").tobytes()
    (tmp_path / "a.raw").write_bytes(full)
    found = read_pattern(tmp_path / "a.raw")
    assert np.array_equal(found.intensity, Y)
    assert found.x == pytest.approx(X)
    (tmp_path / "cut.raw").write_bytes(full[:5000])
    with pytest.raises(DataError, match="announces 3000 points"):
        read_pattern(tmp_path / "cut.raw")


def test_gsas_layouts_come_back(tmp_path):
    n = 40
    x, y = X[:n], Y[:n]
    std = "title\n" + f"BANK 1 {n} 4 CONST 1000.0 2.0 0 0 STD\n"
    std += "\n".join("".join(f"{'':2s}{v:6.0f}" for v in y[i : i + 10]) for i in range(0, n, 10)) + "\n"
    (tmp_path / "a.gsas").write_text(std)
    found = read_pattern(tmp_path / "a.gsas")
    assert found.x == pytest.approx(x)
    assert np.array_equal(found.intensity, y)
    esd = "title\n" + f"BANK 1 {n} 8 CONST 1000.0 2.0 0 0 ESD\n"
    pairs = [f"{v:8.1f}{2.5:8.1f}" for v in y]
    esd += "\n".join("".join(pairs[i : i + 5]) for i in range(0, n, 5)) + "\n"
    (tmp_path / "b.gsas").write_text(esd)
    assert read_gsas(tmp_path / "b.gsas").sigma == pytest.approx(2.5)
    edges = 1000 * 1.001 ** np.arange(n)
    fxye = "title\n" + f"BANK 3 {n} {n} SLOG 1000 2000 0.001 0 FXYE\n"
    fxye += "\n".join(f"{a:.4f} {b:.4f} 1.0" for a, b in zip(edges, np.full(n, 50.0), strict=True)) + "\n"
    (tmp_path / "c.gsa").write_text(fxye)
    tof = read_gsas(tmp_path / "c.gsa")
    assert tof.abscissa == "tof"
    assert tof.x == pytest.approx(edges[:-1], rel=1e-6)
    assert tof.intensity == pytest.approx(50 / np.diff(edges), rel=1e-3)
    with pytest.raises(DataError, match="no bank 2; it has 3"):
        read_gsas(tmp_path / "c.gsa", bank=2)
    (tmp_path / "d.gsa").write_text(std.replace(f"BANK 1 {n}", "BANK 1 400"))
    with pytest.raises(DataError, match="announces 400 points"):
        read_gsas(tmp_path / "d.gsa")


@pytest.mark.parametrize(
    "tool",
    [
        laboratory("Cu"),
        ConstantWavelength(
            "neutron", ((1.87, 1.0),), zero=0.1, u=0.3, v=-0.5, w=0.4, x=0.01, y=0.02, axial=0.01
        ),
        TimeOfFlight(7476.91, -1.54, 0.2, -9.29, 144.845, 0.597, 0.042, 0.0095, 4.2, 45.8, 1.1, 0.1, 0.2),
        TimeOfFlight(7476.91, x=0.0, y=8.0, z=12.0, sq=150.0, betaq=0.02),
    ],
)
def test_an_instrument_written_for_gsas2_comes_back(tmp_path, tool):
    (tmp_path / "a.instprm").write_text(instprm(tool))
    found = read_instrument(tmp_path / "a.instprm")
    for name in tool.__dataclass_fields__:
        a, b = getattr(tool, name), getattr(found, name)
        if name in ("axial", "radius", "monochromator", "displacement", "mu_r", "absorption", "unpolarised"):
            continue
        assert b == pytest.approx(a) if isinstance(a, float) else b == a, name


def test_a_wrong_instrument_file_is_refused(tmp_path):
    (tmp_path / "a.prm").write_text("nothing of the kind\n")
    with pytest.raises(DataError, match="neither a GSAS-II"):
        read_instrument(tmp_path / "a.prm")
    (tmp_path / "b.instprm").write_text("Type:XYZ\nLam:1.5\n")
    with pytest.raises(DataError, match="'XYZ' is not known"):
        read_instrument(tmp_path / "b.instprm")


# real files


def test_real_files_of_five_kinds_are_read(shared_data):
    folder = shared_data / "xrd"
    raw = read_pattern(folder / "LaB6_Jan2018.raw")
    assert (len(raw.x), raw.intensity.max()) == (3040, 134930)
    assert (raw.x[0], raw.x[-1]) == pytest.approx((10.0, 70.004), abs=1e-3)
    std = read_pattern(folder / "NIST660CBI.gsas")
    assert (len(std.x), std.abscissa) == (8378, "two_theta")
    assert (std.x[0], std.intensity[0]) == (pytest.approx(15.0066), 2364)
    tof = read_pattern(folder / "PG3_17541.gsa")
    assert (tof.abscissa, len(tof.x)) == ("tof", 6824)
    assert read_pattern(folder / "ed-12.xye").abscissa == "two_theta"
    assert read_pattern(folder / "ed-7.xye").abscissa == "tof"
    bank = read_instrument(folder / "PGHR_60-2015A.prm", bank=2)
    assert (bank.dif_c, bank.zero, bank.alpha, bank.s2, bank.y) == (22581.63, 4.41, 0.25746, 203.581, 10.651)

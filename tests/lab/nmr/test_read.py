"""Readers of relaxation records."""

import struct
from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import DataError, MissingExtra
from electrolith.lab.nmr import read
from electrolith.lab.nmr.analysis import NmrSettings, measure_relaxation, read_record
from electrolith.lab.nmr.read import parse_delay, read_bruker, read_delays, read_recovery_table
from electrolith.lab.nmr.recovery import magnetisation
from electrolith.lab.nmr.spectrum import Integration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20.000m", 0.02), ("1.306", 1.306), ("5u", 5e-6), ("30n", 3e-8), ("1e-3s", 1e-3), ("2 ms", 2e-3)],
)
def test_delays_carry_their_suffix(text, seconds):
    assert parse_delay(text) == pytest.approx(seconds, rel=1e-12)


def test_a_broken_delay_names_file_and_line(tmp_path):
    (tmp_path / "vdlist").write_text("10m\n20x\n")
    with pytest.raises(
        DataError, match=r"vdlist, line 2: '20x' is not a delay; expected a number with s, m, u"
    ):
        read_delays(tmp_path / "vdlist")


def copied(shared_data: Path, to: Path) -> Path:
    pytest.importorskip("nmrglue", reason="the extra electrolith[nmr] is not installed")
    to.mkdir()
    for name in ("acqus", "acqu2s", "ser", "vdlist"):
        (to / name).write_bytes((shared_data / "nmr" / "28" / name).read_bytes())
    return to


def test_a_delay_list_shorter_than_the_rows_is_refused(shared_data, tmp_path):
    folder = copied(shared_data, tmp_path / "28")
    (folder / "vdlist").write_text("20m\n50m\n1.3\n")
    with pytest.raises(DataError, match=r"vdlist: 3 delays for 8 measured rows \(TD in acqu2s\)"):
        read.read_bruker(folder)


def test_a_longer_delay_list_is_cut_to_the_rows_measured(shared_data, tmp_path):
    folder = copied(shared_data, tmp_path / "28")
    with (folder / "vdlist").open("a") as handle:
        handle.write("\n60\n90\n")
    assert read.read_bruker(folder).delays.size == 8


def test_a_truncated_ser_file_is_refused(shared_data, tmp_path):
    folder = copied(shared_data, tmp_path / "28")
    raw = (folder / "ser").read_bytes()
    (folder / "ser").write_bytes(raw[: len(raw) // 8 * 3])
    with pytest.raises(DataError, match="ser: holds 3 rows, but TD in acqu2s says 8"):
        read.read_bruker(folder)


def test_a_missing_file_of_an_experiment_is_named(shared_data, tmp_path):
    folder = copied(shared_data, tmp_path / "28")
    (folder / "acqu2s").unlink()
    with pytest.raises(DataError, match="no file 'acqu2s'"):
        read.read_bruker(folder)


def test_a_missing_reader_names_its_extra(monkeypatch, tmp_path):
    for name in ("acqus", "acqu2s", "ser"):
        (tmp_path / name).write_text("x")
    monkeypatch.setitem(__import__("sys").modules, "nmrglue", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[nmr\]'"):
        read.read_bruker(tmp_path)


def varian(folder: Path, delays: np.ndarray, areas: np.ndarray) -> Path:
    """A Varian experiment of the project's own making, written by nmrglue."""
    ng = pytest.importorskip("nmrglue", reason="the extra electrolith[nmr] is not installed")
    time = np.arange(512) / 20e3
    data = (1e5 * areas[:, None] * np.exp(2j * np.pi * 900 * time - 200 * time)).astype("complex64")
    universal = ng.fileiobase.create_blank_udic(2)
    universal[1].update(size=512, complex=True, sw=20e3, obs=155.248, car=0.0, encoding="direct")
    universal[0].update(size=areas.size, complex=False, sw=1.0, obs=155.248, car=0.0, encoding="states")
    table = ng.varian.create_dic(universal)
    folder.mkdir()
    ng.varian.write_fid(str(folder / "fid"), table, data, overwrite=True)
    listed = " ".join(f"{d:.6g}" for d in delays)
    (folder / "procpar").write_text(
        "".join(
            f"{name} 1 1 1e9 0 0 2 1 0 1 64\n{count} {values}\n0\n"
            for name, count, values in (
                ("sw", 1, "20000"), ("sfrq", 1, "155.248"), ("temp", 1, "25"), ("np", 1, "1024"),
                ("d2", delays.size, listed),
            )
        )
        + 'array 4 2 8 0 0 2 1 0 1 64\n1 "d2"\n0\n' + 'tn 2 2 8 0 0 2 1 0 1 64\n1 "Li7"\n0\n'
    )  # fmt: skip
    return folder


def test_a_varian_experiment_gives_back_its_relaxation_time(tmp_path):
    delays = np.geomspace(0.01, 1.0, 10)
    areas = magnetisation(delays, equilibrium=1.0, change=1.9, relaxation_time=0.11)
    folder = varian(tmp_path / "t1.fid", delays, areas)
    decays = read.read_varian(folder)
    assert decays.larmor_frequency == pytest.approx(155.248e6)
    assert decays.temperature == pytest.approx(298.15)
    found = measure_relaxation(NmrSettings((str(folder),)))
    assert found.fits[0].relaxation_time.value == pytest.approx(0.11, rel=2e-3)


def test_a_varian_experiment_with_a_short_array_is_refused(tmp_path):
    delays = np.geomspace(0.01, 1.0, 10)
    folder = varian(tmp_path / "t1.fid", delays[:4], np.ones(10))
    with pytest.raises(DataError, match="the array d2 has 4 delays for 10 decays"):
        read.read_varian(folder)


def test_a_table_with_milliseconds_and_decimal_comma_is_read(tmp_path):
    path = tmp_path / "t1.csv"
    path.write_text("delay (ms);signal\n1,5;-0,9\n10,0;-0,5\n100,0;0,4\n1000,0;1,0\n", encoding="latin-1")
    found = read_recovery_table(path)
    assert found.delays.tolist() == [0.0015, 0.01, 0.1, 1.0]
    assert found.signal.tolist() == [-0.9, -0.5, 0.4, 1.0]


def test_tables_at_several_temperatures_give_an_activation_energy(tmp_path):
    t = np.geomspace(1e-3, 2, 14)
    temperatures = (300.0, 330.0, 360.0, 390.0)
    for kelvin in temperatures:
        t1 = 0.11 * np.exp(0.13 / 8.617333262e-5 * (1 / kelvin - 1 / 300))
        y = magnetisation(t, equilibrium=1, change=1.9, relaxation_time=t1)
        np.savetxt(
            tmp_path / f"{kelvin:.0f}.csv", np.c_[t, y, np.full(14, 1e-3)], delimiter=",", header="t,s,e"
        )
    files = tuple(str(tmp_path / f"{k:.0f}.csv") for k in temperatures)
    found = measure_relaxation(NmrSettings(files, temperatures))
    assert found.relaxation.activation_energy.value == pytest.approx(0.13, abs=0.002)
    assert found.relaxation.maximum == "not reached"


def test_implausible_instrument_temperatures_are_not_used(shared_data):
    pytest.importorskip("nmrglue", reason="the extra electrolith[nmr] is not installed")
    found = measure_relaxation(NmrSettings(tuple(str(shared_data / "nmr" / n) for n in ("28", "30", "304"))))
    assert found.relaxation is None
    assert "no plausible temperature" in found.no_relaxation


def test_a_folder_that_is_no_experiment_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"neither a Bruker .* nor a Varian"):
        read_record(tmp_path, Integration())


def test_a_table_of_three_rows_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n2,3\n3,4\n")
    with pytest.raises(DataError, match="3 rows; a recovery needs at least 4 delays"):
        read_recovery_table(tmp_path / "a.csv")


def test_delays_of_a_real_list_are_in_seconds(shared_data):
    assert read_delays(shared_data / "nmr" / "28" / "vdlist").tolist() == pytest.approx(
        [0.02, 0.056854, 0.161616, 0.459422, 1.306, 3.713, 10.553, 30.0]
    )


# the library leaves the broken file open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broken_binary_is_refused_and_not_a_crash(tmp_path):
    folder = varian(tmp_path / "t1.fid", np.geomspace(0.01, 1, 10), np.ones(10))
    (folder / "fid").write_bytes((folder / "fid").read_bytes()[:20])
    with pytest.raises(DataError, match=r"t1\.fid/fid: 20 bytes, fewer than .* are its files complete"):
        read.read_varian(folder)


@pytest.mark.parametrize(
    "counts",
    [(2**31 - 1, 1, 8, 4, 32, 60), (3, 2**31 - 1, 8, 4, 32, 60), (3, 1, 2**27, 4, 32, 60), (-1,) * 6],
)
def test_a_head_that_announces_more_than_the_file_holds_is_refused(tmp_path, counts):
    folder = varian(tmp_path / "t1.fid", np.geomspace(0.01, 1, 10), np.ones(10))
    raw = (folder / "fid").read_bytes()
    (folder / "fid").write_bytes(struct.pack(">6i", *counts) + raw[24:])
    with pytest.raises(DataError, match=r"its head announces .* it is cut off or damaged"):
        read.read_varian(folder)


DELAYS = np.array([1e-3, 5e-3, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0])


def bruker(folder: Path, *, version=20, group_delay=0.0, rows=None, delays=True) -> Path:
    """An inversion recovery of T1 0.5 s, as TopSpin lays it out."""
    folder.mkdir()
    parameters = {
        "BYTORDA": 0, "DECIM": 1, "DSPFVS": version, "DTYPA": 0, "GRPDLY": group_delay, "NUC1": "<7Li>",
        "SFO1": 155.5, "BF1": 155.5, "O1": 0, "SW_h": 20000.0, "TD": 1024, "TE": 298.0, "AQ_mod": 1,
    }  # fmt: skip
    lines = "".join(f"##${k}= {v}\n" for k, v in parameters.items())
    (folder / "acqus").write_text(f"##TITLE= x\n##JCAMPDX= 5.0\n{lines}##END=\n")
    (folder / "acqu2s").write_text(f"##TITLE= x\n##JCAMPDX= 5.0\n##$TD= {DELAYS.size}\n##END=\n")
    if delays:
        (folder / "vdlist").write_text("\n".join(f"{1e3 * d:g}m" for d in DELAYS))
    time = np.arange(512) / 20000.0
    areas = 1 - 1.9 * np.exp(-DELAYS / 0.5)
    areas[rows if rows is not None else DELAYS.size :] = 0.0
    decay = np.exp(-time / 2e-3) * np.exp(2j * np.pi * 300 * time)
    fids = 1e8 * areas[:, None] * decay
    both = np.empty((DELAYS.size, 1024), dtype="<i4")
    both[:, ::2], both[:, 1::2] = fids.real.round(), fids.imag.round()
    (folder / "ser").write_bytes(both.tobytes())
    return folder


@pytest.mark.parametrize(
    ("changes", "kept", "said"),
    [
        ({}, 10, ()),
        ({"version": 0}, 10, ()),  # an analogue receiver has no digital filter
        ({"rows": 7}, 7, ("3 rows hold only zeros at the end: the series was halted; left out: 8, 9, 10",)),
    ],
)
def test_analogue_receivers_and_halted_series(tmp_path, changes, kept, said):
    pytest.importorskip("nmrglue")
    found = read_bruker(bruker(tmp_path / "1", **changes))
    assert found.delays.tolist() == pytest.approx(DELAYS[:kept].tolist())
    assert found.fids.shape[0] == kept
    assert found.account.left_out == said
    result = measure_relaxation(NmrSettings((tmp_path / "1",)))
    low, high = result.fits[0].relaxation_time.interval(0.99)
    assert low <= 0.5 <= high or result.fits[0].relaxation_time.value == pytest.approx(0.5, rel=1e-3)


def test_a_filter_of_unknown_version_without_its_delay_is_refused(tmp_path):
    pytest.importorskip("nmrglue")
    with pytest.raises(DataError, match="digital filter is not known for DSPFVS 9"):
        read_bruker(bruker(tmp_path / "1", version=9, group_delay=-1))


def test_delays_can_be_stated_where_the_folder_has_none(tmp_path):
    pytest.importorskip("nmrglue")
    folder = bruker(tmp_path / "1", delays=False)
    with pytest.raises(DataError, match="no file 'vdlist'; state the delays"):
        read_bruker(folder)
    result = measure_relaxation(NmrSettings((folder,), delays=tuple(DELAYS.tolist())))
    assert result.fits[0].relaxation_time.value == pytest.approx(0.5, rel=1e-2)


@pytest.mark.parametrize(
    ("header", "factor"),
    [("delay (ms)", 1e3), ("tau / s", 1.0), ("t_us", 1e6), ("Recovery delay [min]", 1 / 60)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_recovery_tables_in_any_unit_and_order(tmp_path, header, factor, turned):
    signal = 1 - 1.9 * np.exp(-DELAYS / 0.5)
    columns, names = [DELAYS * factor, signal, np.full(DELAYS.size, 0.01)], [header, "signal", "error"]
    if turned:
        columns, names = columns[::-1], names[::-1]
    path = tmp_path / "t.csv"
    np.savetxt(path, np.column_stack(columns), delimiter=";", header=";".join(names), comments="")
    found = read_recovery_table(path)
    np.testing.assert_allclose(found.delays, DELAYS, rtol=1e-12)
    np.testing.assert_allclose(found.signal, signal, rtol=1e-12)
    assert found.noise == pytest.approx(0.01)

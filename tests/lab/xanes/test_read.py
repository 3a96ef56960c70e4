"""Readers of absorption spectra and of the cell's record beside them."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lab.xanes.made import GRID, shape

from electrolith.core.errors import DataError, InputError
from electrolith.lab.xanes.athena import read_athena_project
from electrolith.lab.xanes.electrochemistry import at_times, read_cell_record
from electrolith.lab.xanes.read import Columns, read_spectrum, start_time


def columns(path, names, *arrays, delimiter=" "):
    np.savetxt(path, np.column_stack(arrays), header=delimiter.join(names), delimiter=delimiter, fmt="%.8g")
    return path


def test_transmission_is_the_logarithm_of_the_ratio(tmp_path):
    i0 = np.full(GRID.size, 1e5)
    path = columns(tmp_path / "a.dat", ("energy", "i0", "itrans"), GRID, i0, i0 * np.exp(-shape()))
    found = read_spectrum(path)
    assert found.mode == "transmission"
    assert found.mu == pytest.approx(shape(), abs=1e-6)


def test_fluorescence_is_the_ratio(tmp_path):
    i0 = np.linspace(1e5, 5e4, GRID.size)
    path = columns(tmp_path / "a.dat", ("Energy", "I0", "TFY"), GRID, i0, i0 * shape())
    found = read_spectrum(path)
    assert found.mode == "fluorescence"
    assert found.mu == pytest.approx(shape(), abs=1e-6)


def test_columns_can_be_chosen_by_number_and_name(tmp_path):
    path = columns(tmp_path / "a.dat", ("x", "det1", "det2"), GRID, np.full(GRID.size, 2.0), 2 * shape())
    chosen = Columns(energy="1", incident="det1", signal="3")
    assert read_spectrum(path, mode="fluorescence", columns=chosen).mu == pytest.approx(shape(), abs=1e-6)


def test_a_bare_table_is_energy_and_mu(tmp_path):
    np.savetxt(tmp_path / "a.txt", np.c_[GRID, shape()])
    assert read_spectrum(tmp_path / "a.txt").mu == pytest.approx(shape())


def test_xdi_columns_and_start_time_are_read(shared_data):
    found = read_spectrum(shared_data / "xas" / "cu_metal_rt.xdi")
    ratio = read_spectrum(shared_data / "xas" / "cu_metal_rt.xdi", mode="transmission")
    assert found.energy.size == 408
    assert found.mode == "transmission"
    assert ratio.mu == pytest.approx(found.mu, abs=1e-6)
    assert found.start == start_time("2001-06-26T22:27:31")


def test_a_file_in_kev_is_refused_unless_said(tmp_path):
    np.savetxt(tmp_path / "a.txt", np.c_[GRID / 1000, shape()])
    with pytest.raises(DataError, match=r"energies from 2.78 to 2.929 look like keV; .*energy_unit: keV"):
        read_spectrum(tmp_path / "a.txt")
    assert read_spectrum(tmp_path / "a.txt", energy_unit="keV").energy == pytest.approx(GRID)


def test_a_header_that_says_kev_is_believed(tmp_path):
    columns(tmp_path / "a.dat", ("energy_kev", "mu"), GRID / 1000, shape())
    assert read_spectrum(tmp_path / "a.dat").energy == pytest.approx(GRID)


def test_negative_mu_in_fluorescence_is_refused(tmp_path):
    i0 = np.full(GRID.size, 1e5)
    path = columns(tmp_path / "a.dat", ("energy", "i0", "ifluor"), GRID, i0, i0 * (shape() - 0.5))
    with pytest.raises(DataError, match=r"fluorescence signal is -.* in row 1 .*which gives a negative"):
        read_spectrum(path)


def test_a_lost_beam_costs_its_rows_and_is_counted(tmp_path):
    i0 = np.full(GRID.size, 1e5)
    i0[[4, 90]] = 0
    signal = 1e5 * np.exp(-shape())
    signal[7] = 0
    found = read_spectrum(columns(tmp_path / "a.dat", ("energy", "i0", "itrans"), GRID, i0, signal))
    keep = np.ones(GRID.size, bool)
    keep[[4, 90, 7]] = False
    assert found.energy == pytest.approx(GRID[keep])
    assert found.mu == pytest.approx(shape()[keep], abs=1e-6)
    assert found.account is not None
    assert found.account.left_out == (
        "2 rows without I0 left out (row 5, 91)",
        "1 row without a transmission signal left out (row 8)",
    )


def test_a_dead_monitor_is_refused(tmp_path):
    i0 = np.zeros(GRID.size)
    path = columns(tmp_path / "a.dat", ("energy", "i0", "itrans"), GRID, i0, np.full(GRID.size, 1e4))
    with pytest.raises(DataError, match=r"I0 is 0 in row 1 \(\d+ such rows of \d+\); it must be positive"):
        read_spectrum(path)


def test_an_unknown_column_names_the_nearest(tmp_path):
    path = columns(tmp_path / "a.dat", ("energy", "i0", "itrans"), GRID, GRID, GRID)
    with pytest.raises(InputError, match="no 'itran'; did you mean 'itrans'"):
        read_spectrum(path, mode="transmission", columns=Columns(signal="itran"))


def test_missing_columns_are_listed(tmp_path):
    path = columns(tmp_path / "a.dat", ("energy", "alpha", "beta"), GRID, GRID, GRID)
    with pytest.raises(
        DataError, match=r"no column for the absorption mu found; columns: energy, alpha, beta"
    ):
        read_spectrum(path)


def test_a_short_file_is_refused(tmp_path):
    np.savetxt(tmp_path / "a.txt", np.c_[GRID[:5], shape()[:5]])
    with pytest.raises(DataError, match="5 usable points; a spectrum needs at least 10"):
        read_spectrum(tmp_path / "a.txt")


def perl(values):
    return ",".join(f"'{v:.8g}'" for v in values)


def test_both_kinds_of_athena_project_are_read(tmp_path):
    text = (
        "# Athena project file -- Demeter version 0.9.26\n\n$old_group = 'abcd';\n"
        "@args = ('annotation','','bkg_eshift','0.5','datatype','xmu','label','LNC, pristine');\n"
        f"@x = ({perl(GRID)});\n@y = ({perl(shape())});\n[record]\n\n"
        "$old_group = 'chi0';\n@args = ('is_chi',1,'label','k');\n@x = ('0','2');\n@y = ('1','2');\n"
        "[record]\n\n$old_group = 'chi1';\n@args = ('datatype','chi','label','k');\n@x = ('1','2');\n"
        "@y = ('1','2');\n[record]\n"
    )
    (tmp_path / "a.prj").write_bytes(gzip.compress(text.encode()))
    tree = {
        "_____header1": "# Athena project file",
        "abcd": {"args": {"label": "LNC", "datatype": "xmu"}, "x": GRID.tolist(), "y": shape().tolist()},
    }
    (tmp_path / "b.prj").write_bytes(gzip.compress(json.dumps(tree).encode()))
    (classical,) = read_athena_project(tmp_path / "a.prj")
    (modern,) = read_athena_project(tmp_path / "b.prj")
    assert classical.name == "LNC, pristine"
    assert classical.energy == pytest.approx(GRID + 0.5)
    assert modern.mu == pytest.approx(shape())


def test_a_project_without_spectra_is_refused(tmp_path):
    (tmp_path / "a.prj").write_text("# nothing\n")
    with pytest.raises(DataError, match="no group with mu"):
        read_athena_project(tmp_path / "a.prj")


def test_a_damaged_project_is_refused(tmp_path):
    (tmp_path / "a.prj").write_bytes(gzip.compress(np.random.default_rng(0).bytes(1000))[:300])
    with pytest.raises(DataError, match="packed text that is damaged or cut off"):
        read_athena_project(tmp_path / "a.prj")


def test_the_cell_record_starts_when_it_says_and_meets_the_spectra(shared_data):
    # GhostDeini/perex @ 579979a: start 2022-07-26 22:38:30.19, decimal commas
    record = read_cell_record(shared_data / "xas" / "EC_C06.mpt")
    spectrum = read_spectrum(shared_data / "xas" / "norm_op2_0001.txt")
    assert record.time[0] == pytest.approx(start_time("2022-07-26 22:38:30.19"), abs=1e-3)
    voltage, charge = at_times(record, np.array([spectrum.start, record.time[-1] + 10]))
    assert spectrum.start - record.time[0] == pytest.approx(1407.865, abs=1e-3)
    assert 3.4 < voltage[0] < 3.8
    assert charge[0] < 0.01
    assert np.isnan(voltage[1])


def test_a_record_of_another_day_is_refused(shared_data):
    record = read_cell_record(shared_data / "xas" / "EC_C06.mpt")
    late = record.time[-1] + 86400.0
    with pytest.raises(DataError, match=r"none of the 1 spectra were taken during this record"):
        at_times(record, np.array([late]))


def test_a_record_without_start_time_is_refused(tmp_path):
    (tmp_path / "a.mpt").write_text("time/s\tEwe/V\n0\t3\n1\t3\n")
    with pytest.raises(DataError, match="no line 'Acquisition started on'"):
        read_cell_record(tmp_path / "a.mpt")


@pytest.mark.parametrize("name", ["xmu(trans)", "<xanes>", "mu[arb]"])
def test_decorated_column_names_are_understood(tmp_path, name):
    path = columns(tmp_path / "a.dat", ("energy", name), GRID, shape())
    assert read_spectrum(path).mu == pytest.approx(shape(), abs=1e-6)


def test_a_constant_first_column_is_no_energy(tmp_path):
    # as beamlines write that count events in the first column
    table = np.c_[np.ones(GRID.size), GRID, np.full(GRID.size, 1e5), 1e5 * np.exp(-shape())]
    np.savetxt(tmp_path / "a.dat", table, fmt="%.6f", delimiter=", ", header="Data Acquisition")
    with pytest.raises(DataError, match=r"column 1 .* holds 1 different values and is no energy"):
        read_spectrum(tmp_path / "a.dat")
    chosen = Columns(energy="2", incident="3", signal="4")
    found = read_spectrum(tmp_path / "a.dat", mode="transmission", columns=chosen)
    assert found.mu == pytest.approx(shape(), abs=1e-6)


ENERGIES = ("energy", "Energy (eV)", "Mono Energy (eV)", "energy/keV", "# e", "Photon energy [eV]")
COUNTS = {
    "i0": ("i0", "I0", "Monitor", "ion0"),
    "transmission": ("itrans", "I1", "It"),
    "fluorescence": ("ifluor", "If", "TFY"),
}


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.sampled_from(ENERGIES),
    st.sampled_from(COUNTS["i0"]),
    st.sampled_from(["transmission", "fluorescence"]),
    st.integers(0, 2),
    st.sampled_from(["\t", ",", ";", "  "]),
    st.sampled_from(["# ", "", "#L "]),
    st.randoms(use_true_random=False),
    st.sampled_from(["", "OVL", "dead", "falling"]),
    st.booleans(),
)
def test_counts_make_the_same_spectrum_whatever_the_table_looks_like(
    tmp_path_factory, energy, monitor, mode, which, mark, comment, random, odd, time
):
    i0 = 1e5 * (1 + 0.1 * np.sin(GRID / 30))
    signal = i0 * (np.exp(-shape()) if mode == "transmission" else shape() + 0.1)
    title = COUNTS[mode][which]
    made = {energy.removeprefix("# "): GRID / (1000 if "keV" in energy else 1), monitor: i0, title: signal}
    if time:
        made["seconds"] = np.ones(GRID.size)
    if odd == "dead":
        made[monitor] = np.where(np.arange(GRID.size) == 50, 0.0, i0)
    titles = list(made)
    random.shuffle(titles)
    rows = [[f"{made[t][i]:.12g}" for t in titles] for i in range(GRID.size)]
    if odd == "OVL":
        rows[50][titles.index(title)] = "OVL"
    if odd == "falling":
        rows = rows[::-1]
    gap = "  " if mark == "  " else mark
    text = comment + gap.join(titles) + "\n" + "\n".join(gap.join(row) for row in rows) + "\n"
    path = tmp_path_factory.mktemp("xas") / "a.dat"
    path.write_text(text)
    found = read_spectrum(path)
    keep = np.arange(GRID.size) != 50 if odd in ("dead", "OVL") else slice(None)
    wanted = shape() if mode == "transmission" else shape() + 0.1
    assert found.mode == mode
    np.testing.assert_allclose(found.energy, GRID[keep], rtol=1e-9)
    np.testing.assert_allclose(found.mu, wanted[keep], rtol=1e-6, atol=1e-8)
    assert found.account is not None
    assert bool(found.account.left_out) == (odd in ("dead", "OVL"))

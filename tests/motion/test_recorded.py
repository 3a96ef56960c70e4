"""Own runs at several temperatures: read, guarded, joined, and led to Ea and σ(300 K) of a known walk."""

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError, NotConverged
from electrolith.motion.conductivity import conductivity, nernst_einstein
from electrolith.motion.diffusivities import diffusivities
from electrolith.motion.recorded import HowRead, own_runs, recordings_of, temperature_in

EDGE = 32.0  # Å; three hops in one frame stay below the 0.4 lattice vectors that can be unfolded
ENERGY, PREFACTOR = 0.20, 3.0  # eV, hops per ps at infinite temperature
INTERVAL = 200.0  # fs
FRAMES, IONS = 900, 16


def rate(temperature):
    """Hops of 4 Å per frame."""
    return PREFACTOR * np.exp(-ENERGY / (BOLTZMANN * temperature)) * INTERVAL / 1000


def true_sigma(temperature):
    """Nernst-Einstein of the walk, S/cm."""
    d = rate(temperature) * 16.0 / 6.0 / INTERVAL  # Å²/fs
    return float(nernst_einstein(d, density=IONS / EDGE**3, charge=1.0, temperature=temperature))


def walk(temperature, seed, frames=FRAMES):
    """Lattice walk of lithium among rattling yttrium and chlorine; fractional, unwrapped."""
    rng = np.random.default_rng(seed)
    hops = rng.poisson(rate(temperature), size=(frames, IONS))
    steps = np.zeros((frames, IONS, 3))
    for k in range(int(hops.max())):
        now = hops > k
        axis = rng.integers(3, size=(frames, IONS))
        sign = rng.choice([-1.0, 1.0], size=(frames, IONS)) * now
        np.add.at(steps, (*np.indices((frames, IONS)), axis), 4.0 * sign)
    lithium = rng.random((IONS, 3)) * EDGE + np.cumsum(steps, axis=0)
    lithium = lithium + rng.normal(scale=0.15, size=lithium.shape)
    rest = rng.random((24, 3)) * EDGE + rng.normal(scale=0.1, size=(frames, 24, 3))
    return np.concatenate([lithium, rest], axis=1) / EDGE


def xdatcar(folder, fractional, temperature, *, incar=True, scale=None):
    """A VASP folder: XDATCAR folded into the cell, INCAR with time and temperature."""
    folder.mkdir(parents=True)
    head = "LiYCl\n1.0\n{0} 0 0\n0 {0} 0\n0 0 {0}\nLi Y Cl\n16 6 18\n"
    text = head.format(EDGE)
    for i, frame in enumerate(fractional % 1.0):
        if scale is not None:
            text += "" if i == 0 else head.format(EDGE * scale[i])
        text += (
            f"Direct configuration= {i + 1}\n"
            + "\n".join(f"{x:.6f} {y:.6f} {z:.6f}" for x, y, z in frame)
            + "\n"
        )
    (folder / "XDATCAR").write_text(text)
    if incar:
        (folder / "INCAR").write_text(f"IBRION = 0\nPOTIM = 2\nNBLOCK = 100\nTEBEG = {temperature}\n")
    return folder


def dump(path, fractional):
    """An unwrapped LAMMPS dump with types, every 100 steps."""
    kinds = [1] * 16 + [2] * 6 + [3] * 18
    text = ""
    for i, frame in enumerate(fractional * EDGE):
        text += (
            f"ITEM: TIMESTEP\n{100 * i}\nITEM: NUMBER OF ATOMS\n40\nITEM: BOX BOUNDS pp pp pp\n"
            + f"0 {EDGE}\n" * 3
        )
        text += "ITEM: ATOMS id type xu yu zu\n"
        text += "".join(
            f"{k + 1} {t} {p[0]:.5f} {p[1]:.5f} {p[2]:.5f}\n"
            for k, (t, p) in enumerate(zip(kinds, frame, strict=True))
        )
    path.write_text(text)
    return path


TEMPERATURES = (600.0, 700.0, 800.0, 1000.0)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return [xdatcar(root / f"{t:g}K", walk(t, int(t)), t) for t in TEMPERATURES]


def analysed(recordings, **how):
    own = own_runs(recordings, mobile="Li", hop_distance=4.0, how=HowRead(**how))
    return own, diffusivities(own.trajectories)


def test_folders_of_vasp_give_the_energy_and_the_conductivity_they_were_made_with(folders):
    own, found = analysed(recordings_of(folders))
    assert own.trajectories.charge == 1
    assert [p.temperature for p in found.trusted] == list(TEMPERATURES)
    line = conductivity(found, rng=np.random.default_rng(0), target=500.0)
    for temperature, sigma in zip(line.temperatures, line.values, strict=True):
        low, high = sigma.interval(0.997)
        assert low < true_sigma(temperature) < high
    low, high = line.activation_energy.interval(0.997)
    assert low < ENERGY < high
    assert line.activation_energy.std < 0.06
    low, high = line.extrapolated.interval(0.997)
    assert low < true_sigma(500.0) < high
    assert all("unwrapped" in s for s in own.said if "frames, " in s)
    names = [g.name for g in own.trajectories.runs[0].guards]
    assert names == ["framework sites", "hops", "fit range"]


def test_dumps_named_by_temperature_give_what_vasp_folders_give(tmp_path, folders):
    files = [dump(tmp_path / f"nvt-{t:g}K.lammpstrj", walk(t, int(t))) for t in TEMPERATURES[2:]]
    runs = recordings_of(files, types=("Li", "Y", "Cl"))
    assert [t for t, _ in runs] == [800.0, 1000.0]
    _, mine = analysed(runs, unit=2.0)
    _, theirs = analysed(recordings_of(folders[2:]))
    for one, other in zip(mine.trusted, theirs.trusted, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-3)


def test_parts_of_one_temperature_are_restarts_or_runs_of_their_own(tmp_path):
    whole = walk(800.0, 1)
    one = xdatcar(tmp_path / "800K-a", whole[:500], 800)
    two = xdatcar(tmp_path / "800K-b", whole[500:], 800)
    other = xdatcar(tmp_path / "800K-c", walk(800.0, 2), 800)
    runs = recordings_of([one, two, other])
    assert [(t, len(r.times)) for t, r in runs] == [(800.0, 900), (800.0, 900)]
    own, found = analysed(runs)
    assert [r.seed for r in own.trajectories.runs] == [0, 1]
    assert found.trusted[0].runs == 2


def test_constant_pressure_is_taken_in_lattice_coordinates_and_said(tmp_path):
    rng = np.random.default_rng(3)
    scale = 1 + 0.004 * rng.standard_normal(FRAMES)
    scale[0] = 1.0
    npt = xdatcar(tmp_path / "800K", walk(800.0, 800), 800, scale=scale)
    own, found = analysed(recordings_of([npt]))
    assert any("in the mean cell" in s for s in own.said)
    nvt = xdatcar(tmp_path / "nvt" / "800K", walk(800.0, 800), 800)
    _, fixed = analysed(recordings_of([nvt]))
    assert found.trusted[0].value == pytest.approx(fixed.trusted[0].value, rel=0.02)


def test_ions_that_rest_are_refused_by_the_guards_and_no_line_is_drawn(tmp_path):
    still = [xdatcar(tmp_path / f"{t}K", walk(100.0, t), t) for t in (300, 400)]
    own, found = analysed(recordings_of(still))
    assert not found.trusted
    assert all(
        not g.passed for r in own.trajectories.runs for g in r.guards if g.name in ("hops", "fit range")
    )
    with pytest.raises(NotConverged, match="needs two temperatures that passed their guards"):
        conductivity(found, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("name", "temperature"),
    [
        ("600K", 600.0),
        ("nvt_700K_run2", 700.0),
        ("T800", 800.0),
        ("run-1000 K", 1000.0),
        ("300.5K", 300.5),
        ("run2", None),
        ("600K-to-700K", None),
        ("POSCAR_K", None),
        ("LiK600", None),
    ],
)
def test_temperatures_in_names(name, temperature):
    assert temperature_in(name) == temperature


def test_temperatures_that_nobody_states_or_two_state_are_refused(tmp_path):
    bare = xdatcar(tmp_path / "run", walk(800.0, 1, 30), 0, incar=False)
    with pytest.raises(InputError, match="nothing says the temperature"):
        recordings_of([bare])
    assert recordings_of({800.0: [bare]})[0][0] == 800.0
    wrong = xdatcar(tmp_path / "700K", walk(800.0, 1, 30), 800)
    with pytest.raises(InputError, match=r"the file says 800 K and the name '700K' 700 K; which is it"):
        recordings_of([wrong])


def test_runs_of_different_cells_are_not_put_on_one_line(tmp_path, folders):
    other = xdatcar(tmp_path / "900K", walk(900.0, 1), 900)
    text = (other / "XDATCAR").read_text().replace("Li Y Cl", "Li Sc Cl")
    (other / "XDATCAR").write_text(text)
    with pytest.raises(InputError, match="the runs are of different cells"):
        own_runs(recordings_of([folders[0], other]), mobile="Li", hop_distance=4.0)

import numpy as np
import pytest
from ase.io import write

from electrolith.core.errors import DataError, InputError, NotConverged
from electrolith.crystal.frame import Frame
from electrolith.motion.analyse import analyse_path
from electrolith.motion.conductivity import nernst_einstein
from electrolith.motion.displacement import msd_fft, relative_to
from electrolith.motion.motor import masses_of
from electrolith.motion.read import read_trajectory

CELL = np.array([[9.0, 0.0, 0.0], [3.1, 8.7, 0.0], [-2.4, 2.2, 9.4]])
RATE = 0.03  # hops of 1 Å per frame of 50 fs


@pytest.fixture
def hopping(rng):
    """Twenty hopping lithium ions among ten rattling chlorine in a drifting, skewed cell."""
    frames, ions, rest = 400, 20, 10
    hops = rng.random((frames, ions)) < RATE
    steps = np.zeros((frames, ions, 3))
    sign = rng.choice([-1.0, 1.0], size=(frames, ions)) * hops
    np.put_along_axis(steps, rng.integers(3, size=(frames, ions))[..., None], sign[..., None], axis=2)
    lithium = rng.random((ions, 3)) @ CELL + np.cumsum(steps, axis=0)
    chlorine = rng.random((rest, 3)) @ CELL + rng.normal(scale=0.1, size=(frames, rest, 3))
    drift = np.linspace(0, 2, frames)[:, None, None] * np.array([1.0, -0.5, 0.3])
    path = np.concatenate([lithium, chlorine], axis=1) + drift
    return path, Frame(path[0], CELL, np.array([3] * ions + [17] * rest))


def analyse(path, frame, rng, **changes):
    settings = {"mobile": "Li", "hop_distance": 1.0, "interval": 50.0, "temperature": 600.0}
    return analyse_path(path, frame, rng=rng, **(settings | changes))


def test_hopping_ions_in_a_skewed_drifting_cell_give_d_and_sigma_end_to_end(hopping, rng):
    path, frame = hopping
    found = analyse(path, frame, rng)
    true = RATE / 6 / 50.0 * 0.1  # cm²/s
    assert abs(found.diffusivity.value - true) < 3.5 * found.diffusivity.std
    expected = nernst_einstein(
        found.diffusivity.value * 10, density=20 / frame.volume, charge=1.0, temperature=600.0
    )
    assert found.conductivity.value == pytest.approx(float(expected), rel=1e-9)
    steady = relative_to(path, frame.numbers == 17, masses_of(frame.numbers))
    assert found.curves.of("Li") == pytest.approx(msd_fft(steady[:, :20], longest=199)[1:], rel=1e-10)
    assert all(g.passed for g in found.guards)


def test_wrapped_trajectory_is_refused_and_unwrapped_on_request(hopping, rng):
    path, frame = hopping
    fractional = path @ np.linalg.inv(CELL)
    wrapped = (fractional - np.floor(fractional)) @ CELL
    with pytest.raises(DataError, match="look wrapped"):
        analyse(wrapped, frame, rng)
    straight, back = analyse(path, frame, rng), analyse(wrapped, frame, rng, wrapped=True)
    assert back.curves.of("Li") == pytest.approx(straight.curves.of("Li"), rel=1e-9)


def test_melting_framework_is_told(hopping, rng):
    path, frame = hopping
    melt = path.copy()
    melt[:, 20:] += np.cumsum(rng.normal(scale=0.15, size=(400, 10, 3)), axis=0)
    found = analyse(melt, frame, rng)
    assert not next(g for g in found.guards if g.name == "framework").passed


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"interval": 0.0}, InputError, "time between frames must be above 0 fs"),
        ({"mobile": "Na"}, InputError, "no mobile species: the frame holds no Na"),
        ({"hop_distance": 50.0}, NotConverged, "moved too little"),
    ],
)
def test_impossible_settings_are_refused(hopping, rng, changes, kind, text):
    with pytest.raises(kind, match=text):
        analyse(*hopping, rng, **changes)


def test_trajectories_of_other_programs_are_read(hopping, tmp_path):
    path, frame = hopping
    atoms = []
    for positions in path[:5]:
        one = frame.to_ase()
        one.positions = positions
        atoms.append(one)
    write(tmp_path / "XDATCAR", atoms, format="vasp-xdatcar")
    write(tmp_path / "a.traj", atoms)
    for name in ("XDATCAR", "a.traj"):
        positions, first = read_trajectory(tmp_path / name)
        assert positions.shape == (5, 30, 3)
        assert first.cell == pytest.approx(CELL, abs=1e-5)


def test_trajectories_that_cannot_be_understood_are_refused_by_name(hopping, tmp_path):
    _, frame = hopping
    one, other = frame.to_ase(), frame.to_ase()
    (tmp_path / "no.xyz").write_text("this is no trajectory\n")
    with pytest.raises(DataError, match=r"no\.xyz: ASE cannot read this as atoms"):
        read_trajectory(tmp_path / "no.xyz")
    write(tmp_path / "one.traj", [one])
    with pytest.raises(DataError, match="1 frame; a trajectory needs at least two"):
        read_trajectory(tmp_path / "one.traj")
    other.numbers[0] = 11
    write(tmp_path / "atoms.traj", [one, other])
    with pytest.raises(DataError, match="frame 1 holds other atoms"):
        read_trajectory(tmp_path / "atoms.traj")
    other = frame.to_ase()
    other.set_cell(CELL * 1.01)
    write(tmp_path / "cell.traj", [one, other])
    with pytest.raises(DataError, match="the cell of frame 1 differs"):
        read_trajectory(tmp_path / "cell.traj")

"""Barriers: a saddle that is known, ends exchanged, an engine whose forces lie, single points resumed."""

import numpy as np
import pytest

from electrolith.core.errors import ElectrolithError, InputError, NotConverged
from electrolith.crystal.frame import Frame
from electrolith.energy.barrier import BarrierSettings, barrier, check_path, free_sites, jump
from electrolith.energy.engine import Evaluation
from electrolith.energy.labels.labels import read_labels

CELL = np.array([[7.0, 0.4, -0.3], [1.9, 6.1, 0.0], [-1.2, 0.8, 6.6]])
NUMBERS = np.array([3, 17, 7])
HOST = np.array([[0.25, 0.45, 0.5], [0.8, 0.5, 0.45]])
HEIGHT, TILT, BEND, STIFF = 0.4, 0.1, 0.08, 60.0


class Valley:
    """One lithium in a bent valley with minima at 0 and 1/2 of the first lattice vector, two atoms held.

    With c = cos(2πu): E = V (1 - c²) + t (1 - c)/2 along the valley, so the energy of the end is t and
    that of the saddle V + t/2 + t²/(16 V).
    """

    name = "valley"

    def __init__(self, *, scale=1.0, force_scale=1.0, name="valley", fail_at=None):
        self.scale, self.force_scale, self.name = scale, force_scale, name
        self.calls, self.fail_at = 0, fail_at

    def evaluate(self, frame):
        self.calls += 1
        if self.calls == self.fail_at:
            raise ElectrolithError("the cycle did not converge")
        order = np.argsort([NUMBERS.tolist().index(z) for z in frame.numbers])
        u = frame.fractional[order]
        c, s = np.cos(2 * np.pi * u[0, 0]), np.sin(2 * np.pi * u[0, 0])
        bend = u[0, 1] - np.round(u[0, 1]) - BEND * s**2
        w = u[0, 2] - np.round(u[0, 2])
        rest = u[1:] - HOST
        rest -= np.round(rest)
        energy = HEIGHT * (1 - c**2) + 0.5 * TILT * (1 - c)
        energy += 0.5 * STIFF * (bend**2 + w**2 + np.sum(rest**2))
        slope = np.zeros((3, 3))
        slope[0, 0] = (2 * HEIGHT * c + 0.5 * TILT) * 2 * np.pi * s - STIFF * bend * BEND * 4 * np.pi * s * c
        slope[0, 1], slope[0, 2] = STIFF * bend, STIFF * w
        slope[1:] = STIFF * rest
        forces = np.empty((3, 3))
        forces[order] = -slope @ np.linalg.inv(frame.cell).T
        return Evaluation(self.scale * energy, self.scale * self.force_scale * forces, None)


def at(u):
    """The lithium at a fraction of the lattice vectors, the others on their places."""
    return Frame(np.vstack([[u], HOST]) @ CELL, CELL, NUMBERS)


START, END = at([0.02, -0.01, 0.01]), at([0.49, 0.02, 0.0])
QUICK = BarrierSettings(images=5, force=0.01)
SADDLE = HEIGHT + TILT / 2 + TILT**2 / (16 * HEIGHT)


@pytest.fixture(scope="module")
def path():
    return barrier(START, END, Valley(), settings=BarrierSettings(force=0.003))


def test_barrier_of_a_bent_valley_is_the_exact_one(path):
    assert path.converged
    assert path.forward == pytest.approx(SADDLE, abs=2e-4)
    assert path.backward == pytest.approx(SADDLE - TILT, abs=2e-4)
    top = path.images[path.saddle].fractional[0]
    assert np.cos(2 * np.pi * top[0]) == pytest.approx(-TILT / (4 * HEIGHT), abs=0.01)
    assert top[1] == pytest.approx(BEND * np.sin(2 * np.pi * top[0]) ** 2, abs=2e-3)
    assert path.across[[0, path.saddle, -1]].max() < 0.01
    assert (
        path.across.max() < 0.05
    )  # between images the tangent itself is interpolated; 0.7 on a straight path
    assert path.slopes[[0, path.saddle, -1]] == pytest.approx(0, abs=0.01)


def test_exchanged_ends_give_the_same_path_backwards(path):
    back = barrier(END, START, Valley(), settings=QUICK)
    assert back.forward == pytest.approx(path.backward, abs=5e-4)
    assert back.backward == pytest.approx(path.forward, abs=5e-4)
    way = back.images[back.saddle].positions - path.images[path.saddle].positions
    assert np.abs(way).max() < 0.03


def test_path_across_the_faces_of_the_cell_is_the_short_one():
    wrapped = Frame(START.positions + CELL[0] - CELL[2], CELL, NUMBERS)  # all atoms in another cell
    found = barrier(wrapped, END, Valley(), settings=QUICK)
    assert found.forward == pytest.approx(SADDLE, abs=1e-3)
    far = at([-0.51, 0.0, 0.0])  # half a lattice vector: the direction given is the direction taken
    other = barrier(START, far, Valley(), settings=QUICK)
    assert other.images[-1].fractional[0, 0] == pytest.approx(-0.5, abs=0.01)
    assert other.forward == pytest.approx(SADDLE, abs=1e-3)


def test_work_of_the_forces_is_the_energy_and_an_engine_that_lies_is_seen(path):
    assert path.mismatch < 0.01
    lying = barrier(START, END, Valley(force_scale=0.5), settings=QUICK)
    assert lying.forward == pytest.approx(SADDLE, abs=1e-3)  # the energies alone look right
    assert lying.mismatch > 0.15


def test_path_that_ran_out_of_steps_says_so():
    assert not barrier(START, END, Valley(), settings=BarrierSettings(force=1e-3, steps=30)).converged
    with pytest.raises(NotConverged, match="the start did not relax within 2 steps"):
        barrier(START, END, Valley(), settings=BarrierSettings(force=1e-3, steps=2))


def test_ends_that_are_one_minimum_are_refused():
    with pytest.raises(NotConverged, match="the ion falls back; that site is no minimum"):
        barrier(START, at([0.18, 0.05, 0.0]), Valley(), settings=QUICK)
    with pytest.raises(InputError, match="these are one place"):
        barrier(START, START, Valley(), settings=BarrierSettings(relax_ends=False))


def test_path_that_only_climbs_has_no_saddle():
    with pytest.raises(NotConverged, match="no image lies above the end"):
        barrier(
            at([0.0, 0.0, 0.0]),
            at([0.2, 0.06, 0.0]),
            Valley(),
            settings=BarrierSettings(images=3, relax_ends=False),
        )


def test_frames_of_other_atoms_or_cells_are_refused():
    with pytest.raises(InputError, match="same atoms in the same order"):
        barrier(START, Frame(END.positions, CELL, NUMBERS[::-1]), Valley())
    with pytest.raises(InputError, match="different cells"):
        barrier(START, Frame(END.positions, CELL * 1.01, NUMBERS), Valley())
    with pytest.raises(InputError, match="at least one image"):
        BarrierSettings(images=0)


def test_check_by_an_engine_twice_as_steep_gives_twice_the_barrier(path):
    found = check_path(path, Valley(scale=2.0, name="steep"))
    assert found.points == (0, path.saddle, len(path.images) - 1)
    assert found.forward == pytest.approx(2 * path.forward, rel=1e-6)
    assert found.backward == pytest.approx(2 * path.backward, rel=1e-6)
    assert found.forces.max() < 0.02
    with pytest.raises(InputError, match=r"points must hold 0, 8 and one between, got \[0, 8\]"):
        check_path(path, Valley(), points=(0, 8))


def test_single_points_are_kept_when_the_engine_fails_and_not_made_again(path, tmp_path):
    file = tmp_path / "points.xyz"
    source = {"kind": "lnc", "origin": "barrier a"}
    broken = Valley(fail_at=3)
    with pytest.raises(ElectrolithError, match="valley failed on the end: the cycle did not converge"):
        check_path(path, broken, labels=file, source=source)
    assert [x.source["origin"] for x in read_labels(file)] == ["barrier a start", "barrier a saddle"]
    with file.open("a") as handle:
        handle.write("3\nLattice=")  # killed while writing the third
    again = Valley()
    found = check_path(path, again, labels=file, source=source)
    assert again.calls == 1
    assert found.forward == pytest.approx(path.forward, abs=1e-6)
    assert len(read_labels(file)) == 3
    with pytest.raises(InputError, match="holds labels of valley, this check is by steep"):
        check_path(path, Valley(name="steep"), labels=file)


def test_jump_goes_to_empty_places_only():
    moved = jump(START, 0, END.positions[0])
    assert moved.positions[0] == pytest.approx(END.positions[0])
    assert moved.positions[1:] == pytest.approx(START.positions[1:])
    with pytest.raises(InputError, match="no atom 7; the frame has atoms 0 to 2"):
        jump(START, 7, END.positions[0])
    with pytest.raises(InputError, match=r"atom 1 \(Cl\) lies 0.00 Å from .*must be empty"):
        jump(START, 0, START.positions[1] + CELL[2])


def test_free_sites_are_those_without_an_atom_in_any_image():
    sites = np.array([[0.0, 0.0, 1.0], [0.5, 0.0, 0.0], [0.25, 0.45, -0.5]]) @ CELL
    assert free_sites(START, sites, within=1.0).tolist() == [1]

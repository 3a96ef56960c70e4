import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation
from electrolith.energy.relax import Relaxation, relax


class Lattice:
    """Harmonic in the strain of a skewed cell and in each atom's way from its site: minimum known."""

    name = "lattice"

    def __init__(self, cell, fractional, *, stiffness=0.5, spring=2.0, stress=True):
        self.cell, self.fractional = np.array(cell, float), np.array(fractional, float)
        self.stiffness, self.spring, self.has_stress = stiffness, spring, stress

    def evaluate(self, frame):
        def energy(cell, positions):
            strain = np.linalg.solve(self.cell, cell) - np.eye(3)
            metric = 0.5 * (strain + strain.T)
            away = positions - self.fractional @ cell
            volume = abs(np.linalg.det(self.cell))
            return volume * self.stiffness * np.sum(metric**2) + 0.5 * self.spring * np.sum(away**2)

        at = energy(frame.cell, frame.positions)
        forces = -self.spring * (frame.positions - self.fractional @ frame.cell)
        stress = np.zeros((3, 3))
        h = 1e-5
        for i in range(3):
            for j in range(3):
                up = np.eye(3)
                up[i, j] += h
                down = np.eye(3)
                down[i, j] -= h
                plus = energy(frame.cell @ up, frame.positions @ up)
                minus = energy(frame.cell @ down, frame.positions @ down)
                stress[i, j] = (plus - minus) / (2 * h) / frame.volume
        return Evaluation(at, forces, 0.5 * (stress + stress.T) if self.has_stress else None)


CELL = [[4.0, 0.0, 0.0], [0.8, 3.6, 0.0], [-0.5, 0.4, 4.4]]
SITES = [[0.1, 0.1, 0.1], [0.6, 0.4, 0.5]]


def _start():
    cell = np.array(CELL) * 1.03
    positions = np.array(SITES) @ cell + [[0.1, 0.0, -0.1], [0.0, 0.15, 0.05]]
    return Frame(positions, cell, np.array([3, 17]))


def test_a_skewed_cell_and_its_atoms_reach_the_known_minimum():
    found = relax(_start(), Lattice(CELL, SITES), settings=Relaxation(force=1e-3))
    assert found.converged
    assert found.frame.volume == pytest.approx(abs(np.linalg.det(CELL)), rel=1e-3)
    assert found.energy == pytest.approx(0.0, abs=1e-3)
    assert found.energies[-1] <= found.energies[0]


def test_a_held_cell_stays_and_needs_no_stress():
    start = _start()
    found = relax(start, Lattice(CELL, SITES, stress=False), settings=Relaxation(force=1e-4, cell=False))
    assert np.array_equal(found.frame.cell, start.cell)
    assert np.allclose(found.frame.fractional, SITES, atol=1e-4)


def test_an_engine_without_stress_cannot_relax_the_cell():
    with pytest.raises(InputError, match=r"lattice gives no stress.*relaxation\.cell: false"):
        relax(_start(), Lattice(CELL, SITES, stress=False))


def test_what_did_not_get_there_says_so():
    assert not relax(_start(), Lattice(CELL, SITES), settings=Relaxation(force=1e-6, steps=1)).converged


@pytest.mark.parametrize("bad", [{"force": 0.0}, {"force": -1.0}, {"steps": 0}])
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match="relaxation"):
        Relaxation(**bad)

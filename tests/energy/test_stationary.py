"""Stationary points of quadratic forms: exact where the form is, second order elsewhere."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation
from electrolith.energy.vacancy.stationary import curvature, stationary_energy

CELL = np.array([[6.0, 0.0, 0.0], [1.8, 6.2, 0.0], [-1.1, 0.9, 5.9]])


class Springs:
    """Two atoms joined by an anisotropic spring, free to move together; at rest (2, 0, 0) apart."""

    name = "springs"

    def __init__(self, stiffness, offset=0.0, length=2.0):
        self.stiffness, self.offset, self.length = np.array(stiffness), offset, length

    def evaluate(self, frame):
        off = frame.positions[1] - frame.positions[0] - [self.length, 0, 0]
        pull = self.stiffness * off
        return Evaluation(self.offset + 0.5 * float(off @ pull), np.array([pull, -pull]), None)


def frame(separation):
    return Frame(np.array([[0.3, 0.2, 0.1], np.array([0.3, 0.2, 0.1]) + separation]), CELL, np.array([3, 17]))


def test_curvature_is_the_matrix_of_the_springs():
    found = curvature(frame([2.0, 0.0, 0.0]), Springs([3.0, 2.0, 1.0]))
    block = np.diag([3.0, 2.0, 1.0])
    assert found == pytest.approx(np.block([[block, -block], [-block, block]]), abs=1e-9)


@pytest.mark.parametrize(("stiffness", "negative"), [([3.0, 2.0, 1.0], 0), ([-3.0, 2.0, 1.0], 1)])
def test_minimum_and_saddle_of_another_method_with_the_same_curvature_are_exact(stiffness, negative):
    cheap, costly = Springs(stiffness), Springs(stiffness, offset=-7.0, length=2.15)
    here = frame([2.0, 0.02, -0.1])
    out = costly.evaluate(here)
    found = stationary_energy(out.energy, out.forces, curvature(here, cheap))
    assert found.energy == pytest.approx(-7.0, abs=1e-9)
    assert found.negative == negative
    # each atom goes half of the way (0.15, -0.02, 0.1) Å
    assert found.furthest == pytest.approx(np.linalg.norm([0.15, 0.02, 0.1]) / 2, abs=1e-6)
    assert np.sign(found.change) == (1 if negative else -1)


def test_soft_directions_are_left_alone():
    here = frame([2.0, 0.0, 0.3])
    soft = Springs([3.0, 2.0, 0.01])
    out = soft.evaluate(here)
    assert stationary_energy(out.energy, out.forces, curvature(here, soft)).change == pytest.approx(
        0, abs=1e-20
    )
    assert stationary_energy(out.energy, out.forces, curvature(here, soft), softest=1e-4).change < -4e-4


def test_wrong_curvature_gives_a_wrong_energy():
    here = frame([2.2, 0.0, 0.0])
    costly, broken = Springs([3.0, 2.0, 1.0]), Springs([1.5, 2.0, 1.0])
    out = costly.evaluate(here)
    exact = stationary_energy(out.energy, out.forces, curvature(here, costly))
    wrong = stationary_energy(out.energy, out.forces, curvature(here, broken))
    assert exact.energy == pytest.approx(0.0, abs=1e-9)
    assert wrong.energy < -0.05  # half the stiffness: twice the way, 0.06 eV too low


def test_shapes_and_steps_are_checked():
    with pytest.raises(InputError, match=r"6 forces and a curvature of shape \(3, 3\)"):
        stationary_energy(0.0, np.zeros((2, 3)), np.eye(3))
    with pytest.raises(InputError, match="step must be above 0"):
        curvature(frame([2.0, 0, 0]), Springs([1.0, 1.0, 1.0]), step=0.0)

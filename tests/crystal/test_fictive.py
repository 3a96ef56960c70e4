"""Frozen-in disorder: exact populations of a small lattice, and the limits of hot and cold."""

import itertools

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.crystal.ewald import energies
from electrolith.crystal.fictive import frozen, straight_line
from electrolith.crystal.swap import swap_problem

SLOPE = 0.1


@pytest.fixture
def problem(rng):
    half = rng.normal(size=(6, 6))
    allowed = np.zeros((6, 2), dtype=bool)
    allowed[:, :] = True
    return swap_problem(half + half.T, charges=np.array([0.0, 1.0]), allowed=allowed)


def exact(problem, temperature):
    rows = [[int(i in pick) for i in range(6)] for pick in itertools.combinations(range(6), 2)]
    energy = energies(problem.matrix, problem.charges[np.array(rows)])
    weight = np.exp(-SLOPE * (energy - energy.min()) / (BOLTZMANN * temperature))
    return float(weight @ energy / weight.sum())


def test_mean_energy_is_that_of_all_decorations_by_their_weights(problem):
    start = np.tile(np.array([1, 1, 0, 0, 0, 0], dtype=np.uint8), (64, 1))
    temperatures = np.array([1500.0, 3000.0, 1e6])
    found = frozen(
        start, problem, slope=SLOPE, temperatures=temperatures, sweeps=150, rng=np.random.default_rng(3)
    )
    by_hand = [exact(problem, t) for t in temperatures]
    assert found.electrostatic == pytest.approx(by_hand, abs=0.06)
    assert found.electrostatic[0] < found.electrostatic[2]
    assert found.acceptance[2] > found.acceptance[0]


def test_a_line_gives_back_what_made_it(rng):
    x = np.linspace(-900, -700, 400)
    line = straight_line(x, 3.0 + 0.08 * x + rng.normal(scale=0.4, size=400))
    assert line.slope == pytest.approx(0.08, abs=0.002)
    assert line.scatter == pytest.approx(0.4, abs=0.05)
    assert 0.99 < line.correlation <= 1


def test_a_falling_line_and_too_few_points_are_refused(problem):
    with pytest.raises(InputError, match="must rise"):
        frozen(
            np.zeros((1, 6), np.uint8),
            problem,
            slope=-1.0,
            temperatures=np.ones(1),
            rng=np.random.default_rng(1),
        )
    with pytest.raises(InputError, match="three points"):
        straight_line(np.array([1.0, 2.0]), np.array([1.0, 2.0]))

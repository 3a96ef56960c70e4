"""Weights of relaxed orderings: which go to dynamics, what averages are made of, doubt of the energies."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from electrolith.core import Estimate
from electrolith.core.constants import BOLTZMANN
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation
from electrolith.energy.relax import Relaxed
from electrolith.study.sections.relaxation import _by_draws, by_weight
from electrolith.study.sections.relaxed import RelaxedOrderings

THERMAL = BOLTZMANN * 600.0


def relaxed(energy, size=5.35):
    frame = Frame(np.zeros((84, 3)), size * 2 * np.eye(3), np.full(84, 3))
    return Relaxed(frame, energy, 0.01, None, True, np.zeros(0), np.zeros(0), 0.0)


def orderings(energies, weights, arrangements, sizes=None):
    sizes = np.linspace(5.3, 5.4, len(energies)) if sizes is None else sizes
    energies = np.asarray(energies)
    return RelaxedOrderings(
        relaxed=tuple(relaxed(e) for e in energies),
        kinds=("engine",) * len(energies),
        engine="toy",
        chosen=by_weight(energies, np.asarray(weights), np.asarray(arrangements)),
        lattice_parameters=np.asarray(sizes),
        weights=np.asarray(weights),
        arrangements=np.asarray(arrangements),
        temperature=600.0,
        thermal=1.0,
    )


def test_dynamics_takes_the_lowest_of_each_arrangement_the_heaviest_first():
    found = orderings([-1.0, -0.9, -0.95, -0.5], [0.3, 0.15, 0.5, 0.05], [0, 0, 1, 2])
    assert found.chosen == (2, 0, 3, 1)  # arrangement 1 weighs 0.5, 0 weighs 0.45; the rest by energy
    assert found.shares(3) == pytest.approx([0.5, 0.45, 0.05])
    assert found.shares(4) == pytest.approx(np.array([0.5, 0.225, 0.05, 0.225]))  # two stand for one
    assert found.covered(2) == pytest.approx(0.95)


def test_the_ground_state_is_the_lowest_and_not_the_heaviest():
    found = orderings([-1.0, -0.9, -0.95, -0.5], [0.3, 0.15, 0.5, 0.05], [0, 0, 1, 2])
    assert found.ground is found.relaxed[0].frame
    assert found.frames[0] is found.relaxed[2].frame


def test_an_ordering_that_did_not_relax_is_not_simulated():
    assert by_weight(np.array([np.inf, -1.0]), np.array([0.0, 1.0]), np.array([0, 1])) == (1,)


def test_draws_of_the_canonical_average_are_its_distribution():
    found = orderings([0.0, 0.0, 0.0], [0.2, 0.4, 0.4], [0, 1, 2], sizes=[5.30, 5.40, 5.35])
    drawn = Estimate.weighted(found.lattice_parameters, found.weights, "angstrom")
    assert drawn.draws.mean() == pytest.approx(found.weights @ found.lattice_parameters, abs=1e-4)
    assert np.mean(drawn.draws == 5.30) == pytest.approx(0.2, abs=1e-3)
    assert drawn.value == pytest.approx(5.35)


@dataclass
class Draw:
    """Gives the energies of one draw, in the order in which it is asked."""

    energies: list
    asked: list = field(default_factory=list)

    def evaluate(self, frame):
        self.asked.append(frame)
        return Evaluation(self.energies[len(self.asked) - 1], np.zeros((84, 3)), None)

    def close(self):
        pass


def test_energies_known_with_doubt_share_the_weight():
    """Two orderings one k_B T apart, and two draws that see them so and the other way round: half each."""
    found = (relaxed(0.0), relaxed(THERMAL), relaxed(5.0))
    energies = np.array([r.energy for r in found])
    draws = (Draw([0.0, THERMAL]), Draw([THERMAL, 0.0]))
    weights = _by_draws(found, energies, draws, np.ones(3, int), 600.0)
    assert weights == pytest.approx([0.5, 0.5, 0.0])
    assert len(draws[0].asked) == 2  # the third lies too high to be asked for
    same = _by_draws(found, energies, (Draw([0.0, THERMAL]),), np.ones(3, int), 600.0)
    assert same[:2] == pytest.approx(np.array([1, np.exp(-1)]) / (1 + np.exp(-1)))
    assert _by_draws(found, energies, (), np.ones(3, int), 600.0) is None

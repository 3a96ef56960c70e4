"""Canonical weights: hand-computed shares, limits, copies and arrangements under symmetry."""

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.crystal.canonical import arrangements, canonical_weights, copies, effective_number


def test_three_orderings_share_as_boltzmann_says():
    thermal = BOLTZMANN * 500.0
    energies = np.array([-10.0, -10.0 + thermal, -10.0 + 2 * thermal])
    weights = canonical_weights(energies, np.array([1, 2, 1]), temperature=500.0)
    by_hand = np.array([1.0, 2 / np.e, 1 / np.e**2])
    assert weights == pytest.approx(by_hand / by_hand.sum())
    assert effective_number(weights) == pytest.approx(1 / np.sum(weights**2))


def test_weights_forget_energy_when_hot_and_everything_else_when_cold():
    energies = np.array([-300.0, -300.2, -299.0])
    number = np.array([4, 2, 2])
    hot = canonical_weights(energies, number, temperature=1e9)
    assert hot == pytest.approx(number / 8, rel=1e-4)
    cold = canonical_weights(energies, number, temperature=20.0)
    assert cold == pytest.approx([0, 1, 0], abs=1e-12)
    assert effective_number(cold) == pytest.approx(1)


def test_what_did_not_relax_weighs_nothing_and_each_row_is_one_ensemble():
    weights = canonical_weights(np.array([[0.0, np.inf], [np.inf, 3.0]]), np.ones(2, int), temperature=300)
    assert weights.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("temperature", [0.0, -5.0, np.nan])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(InputError, match="above 0 K"):
        canonical_weights(np.zeros(2), np.ones(2, int), temperature=temperature)


RING = np.array([np.roll(np.arange(4), k) for k in range(4)])  # four sites on a ring


def test_copies_count_the_different_images_on_a_ring():
    assert copies(np.array([1, 0, 0, 0], dtype=np.uint8), RING) == 4
    assert copies(np.array([1, 0, 1, 0], dtype=np.uint8), RING) == 2
    assert copies(np.array([1, 1, 1, 1], dtype=np.uint8), RING) == 1


def test_orderings_whose_immobile_ions_sit_alike_share_an_arrangement():
    mobile = 2
    rows = np.array([[1, 2, 0, 0], [2, 0, 1, 0], [1, 0, 1, 2], [0, 1, 2, 1]], dtype=np.uint8)
    assert arrangements(rows, (mobile,), RING).tolist() == [0, 0, 1, 1]
    assert len(set(arrangements(rows, (), RING).tolist())) == 3  # the last two are copies of each other

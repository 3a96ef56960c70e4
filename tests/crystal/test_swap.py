"""Swap Monte Carlo: the change equals the difference of wholes, and the walk samples Boltzmann's weights."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.constants import COULOMB
from electrolith.core.errors import InputError
from electrolith.crystal.ewald import energies, pair_matrix
from electrolith.crystal.swap import Walk, anneal, begin_walk, swap_change, swap_problem, swap_step

SKEWED = np.array([[6.0, 0.3, 0], [-2.1, 7.2, 0.4], [1.3, -3.0, 8.1]])
CHARGES = np.array([0.0, 1.0, -3.0, -1.0])


def skewed_problem(rng, n=12):
    """Points of a skewed cell: one half may hold code 1 or nothing, the other 2, 3 or nothing."""
    grid = np.stack(np.meshgrid([0.1, 0.6], [0.2, 0.7], [0.05, 0.45, 0.8], indexing="ij"), axis=-1)
    matrix = pair_matrix((grid.reshape(-1, 3) + rng.uniform(-0.05, 0.05, (n, 3))) @ SKEWED, SKEWED)
    allowed = np.zeros((n, 4), dtype=bool)
    allowed[: n // 2, [0, 1]] = True
    allowed[n // 2 :, [0, 2, 3]] = True
    return swap_problem(matrix, charges=CHARGES, allowed=allowed)


def decorations(rng, walkers):
    return np.hstack(
        [
            rng.permuted(np.tile([0, 1, 1, 1, 1, 0], (walkers, 1)), axis=1),
            rng.permuted(np.tile([2, 3, 0, 3, 2, 3], (walkers, 1)), axis=1),
        ]
    ).astype(np.uint8)


def test_the_change_of_a_swap_is_the_difference_of_wholes_forward_and_back(rng):
    problem = skewed_problem(rng)
    before = begin_walk(decorations(rng, 200), problem)
    walkers = np.arange(200)
    i, j = rng.integers(0, 12, (2, 200))
    after = before.decorations.copy()
    after[walkers, i], after[walkers, j] = before.decorations[walkers, j], before.decorations[walkers, i]
    step = np.where(
        i == j, 0, CHARGES[before.decorations[walkers, j]] - CHARGES[before.decorations[walkers, i]]
    )
    change = swap_change(before, problem.matrix, i, j, step)
    wholes = energies(problem.matrix, CHARGES[after]) - before.energies
    assert np.abs(wholes).max() > 1
    assert np.allclose(change, wholes, atol=1e-10)
    assert np.allclose(
        swap_change(begin_walk(after, problem), problem.matrix, i, j, -step), -wholes, atol=1e-10
    )


def test_a_long_walk_keeps_energies_potentials_composition_and_allowed_species(rng):
    problem = skewed_problem(rng)
    walk = start = begin_walk(decorations(rng, 16), problem)
    taken = 0
    for _ in range(400):
        walk = swap_step(walk, problem, thermal_energy=3.0, rng=rng)
        taken += walk.accepted.sum()
    assert taken > 500
    whole = begin_walk(walk.decorations, problem)
    assert np.allclose(walk.energies, whole.energies, atol=1e-9)
    assert np.allclose(walk.potentials, whole.potentials, atol=1e-9)
    assert np.array_equal(np.sort(walk.decorations[:, :6]), np.sort(start.decorations[:, :6]))
    assert np.array_equal(np.sort(walk.decorations[:, 6:]), np.sort(start.decorations[:, 6:]))


def test_a_step_leaves_the_old_walk_as_it_was(rng):
    problem = skewed_problem(rng)
    walk = begin_walk(decorations(rng, 8), problem)
    copies = [np.array(x) for x in (walk.decorations, walk.potentials, walk.energies)]
    for _ in range(20):
        swap_step(walk, problem, thermal_energy=5.0, rng=rng)
    for old, now in zip(copies, (walk.decorations, walk.potentials, walk.energies), strict=True):
        assert np.array_equal(old, now)


SITE_ENERGIES = np.array([0.30, 0.10, 0.0])  # eV, of one unit charge on three sites
THERMAL_ENERGY = 0.1


def three_sites(step):
    """Share of the time that a walk of one ion spends on each of three sites."""
    problem = swap_problem(
        np.diag(2 * SITE_ENERGIES), charges=np.array([0.0, 1.0]), allowed=np.ones((3, 2), dtype=bool)
    )
    rng = np.random.default_rng(11)
    walk = begin_walk(np.tile(np.array([1, 0, 0], dtype=np.uint8), (400, 1)), problem)
    counts = np.zeros(3)
    for index in range(400):
        walk = step(walk, problem, thermal_energy=THERMAL_ENERGY, rng=rng)
        if index >= 50:
            counts += walk.decorations.sum(axis=0)
    return counts / counts.sum()


def boltzmann_error(step):
    weights = np.exp(-SITE_ENERGIES / THERMAL_ENERGY)
    return np.abs(three_sites(step) - weights / weights.sum()).max()


def test_one_ion_on_three_sites_samples_the_exact_boltzmann_weights():
    assert boltzmann_error(swap_step) < 0.004


def test_the_boltzmann_referee_catches_a_walk_that_takes_every_second_uphill_step():
    def broken(walk, problem, *, thermal_energy, rng):
        return swap_step(walk, problem, thermal_energy=2 * thermal_energy, rng=rng)

    def greedy(walk, problem, *, thermal_energy, rng):
        trial = swap_step(walk, problem, thermal_energy=1e9, rng=rng)
        better = trial.energies <= walk.energies
        return Walk(
            *(
                np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)
                for new, old in (
                    (trial.decorations, walk.decorations),
                    (trial.potentials, walk.potentials),
                    (trial.energies, walk.energies),
                    (trial.accepted, walk.accepted),
                )
            )
        )

    assert boltzmann_error(broken) > 0.05
    assert boltzmann_error(greedy) > 0.05


def test_annealing_orders_random_charges_into_rock_salt():
    # ±1 on a simple cubic lattice: the ground state is NaCl, which 64 random sites never meet.
    grid = np.stack(np.meshgrid(*[np.arange(4.0)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    matrix = pair_matrix(grid, 4 * np.eye(3))
    problem = swap_problem(matrix, charges=np.array([1.0, -1.0]), allowed=np.ones((64, 2), dtype=bool))
    rng = np.random.default_rng(5)
    random = rng.permuted(np.tile(np.repeat([0, 1], 32), (2000, 1)), axis=1).astype(np.uint8)
    rock_salt = -32 * 1.747564594633182 * COULOMB
    kt = np.geomspace(5, 1, 30)
    found = anneal(random[:8], problem, sweeps=150, thermal_energies=kt, rng=rng)
    assert energies(matrix, problem.charges[random]).min() > 0.75 * rock_salt
    assert found.energies.min() == pytest.approx(rock_salt, rel=1e-10)
    assert found.acceptance[0] > 10 * found.acceptance[-1]


def test_annealing_finds_the_lowest_of_all_arrangements_of_a_small_skewed_cell(rng):
    from itertools import permutations

    problem = skewed_problem(rng)
    cations = sorted(set(permutations([0, 1, 1, 1, 1, 0])))
    anions = sorted(set(permutations([2, 3, 0, 3, 2, 3])))
    every = np.array([(*c, *a) for c in cations for a in anions], dtype=np.uint8)
    lowest = energies(problem.matrix, CHARGES[every]).min()
    kt = np.geomspace(5, 0.05, 20)
    found = anneal(decorations(rng, 16), problem, sweeps=80, thermal_energies=kt, rng=rng)
    assert found.energies.min() == pytest.approx(lowest, rel=1e-12)


def test_nothing_to_swap_and_no_temperature_are_refused(rng):
    with pytest.raises(InputError, match="nothing to swap"):
        swap_problem(np.eye(3), charges=np.array([0.0, 1.0]), allowed=np.eye(2, dtype=bool)[[0, 1, 1]])
    problem = skewed_problem(rng)
    with pytest.raises(InputError, match="kT above 0 eV at every level, got -1"):
        anneal(decorations(rng, 2), problem, sweeps=1, thermal_energies=np.array([1.0, -1.0]), rng=rng)


def test_equal_charges_of_two_species_swap_freely(rng):
    problem = replace(skewed_problem(rng), charges=np.array([0.0, 1.0, -1.0, -1.0]))
    walk = begin_walk(decorations(rng, 64), problem)
    for _ in range(200):
        walk = swap_step(walk, problem, thermal_energy=1e-6, rng=rng)
    assert np.allclose(walk.energies, energies(problem.matrix, problem.charges[walk.decorations]), atol=1e-9)

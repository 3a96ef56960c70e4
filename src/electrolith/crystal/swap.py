r"""Swap Monte Carlo of charges on fixed sites.

Exchanging what sits on i and j changes the charges by d = q_j - q_i there and -d here, and the energy
½ qᵀ A q by d (φ_i - φ_j) + ½ d² (A_ii + A_jj - 2 A_ij) with the potentials φ = A q, which an accepted swap
moves by d (A_i - A_j): one step costs O(n), never O(n²). Many walkers step at once.

Source: N. Metropolis et al., J. Chem. Phys. 21, 1087 (1953); S. Kirkpatrick et al., Science 220, 671 (1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.crystal.ewald import energies

__all__ = ["Annealing", "SwapProblem", "Walk", "anneal", "begin_walk", "swap_problem", "swap_step"]


@dataclass(frozen=True, slots=True, eq=False)
class SwapProblem:
    """What may be swapped with what, and what it costs.

    matrix: Ewald pair matrix, eV/e², shape (n, n). charges: e, by species code.
    allowed: whether a site may hold a species, shape (n, codes).
    places: sites that may hold more than one thing, shape (p,).
    partners: for each place the sites with which it may swap, -1 where there are no more, shape (p, most).
    """

    matrix: NDArray[np.float64]
    charges: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    places: NDArray[np.int64]
    partners: NDArray[np.int64]


def swap_problem(
    matrix: NDArray[np.float64], *, charges: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> SwapProblem:
    """Find the sites that have at least two allowed species in common.

    Parameters
    ----------
    matrix : Ewald pair matrix, eV/e², shape (n, n).
    charges : e, by species code, shape (codes,).
    allowed : whether a site may hold a species, shape (n, codes).

    Raises
    ------
    InputError
        If there is nothing to swap.
    """
    common = allowed.astype(int) @ allowed.T.astype(int) > 1
    np.fill_diagonal(common, False)
    places = np.flatnonzero(common.any(axis=1))
    if len(places) == 0:
        raise InputError("nothing to swap: no two sites may hold the same two species")
    partners = np.full((len(places), common.sum(axis=1).max()), -1, dtype=np.int64)
    for row, place in enumerate(places):
        some = np.flatnonzero(common[place])
        partners[row, : len(some)] = some
    return SwapProblem(matrix, charges, allowed, places, partners)


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Where the walkers stand.

    decorations: species codes, shape (walkers, n). potentials: A q, eV/e, shape (walkers, n).
    energies: eV, shape (walkers,). accepted: whether the last swap was taken, shape (walkers,).
    """

    decorations: NDArray[np.uint8]
    potentials: NDArray[np.float64]
    energies: NDArray[np.float64]
    accepted: NDArray[np.bool_]


def begin_walk(decorations: NDArray[np.uint8], problem: SwapProblem) -> Walk:
    """Potentials and energies of some decorations (species codes, shape (walkers, n)), computed whole."""
    q = problem.charges[decorations]
    return Walk(decorations, q @ problem.matrix, energies(problem.matrix, q), np.zeros(len(q), dtype=bool))


def swap_step(walk: Walk, problem: SwapProblem, *, thermal_energy: float, rng: np.random.Generator) -> Walk:
    """One Metropolis swap of two sites by every walker; returns a new walk, never edits the old one.

    A swap that would put a species where it is not allowed is refused, so that the composition and the
    species of each site stay as they are. Site and partner are drawn with one probability for every pair:
    proposals are symmetric and the walk samples exp(-E/kT).

    Parameters
    ----------
    walk : as it is.
    problem : matrix, charges and allowed swaps.
    thermal_energy : kT, eV.
    rng : source of randomness.
    """
    walkers = np.arange(len(walk.energies))
    rows = rng.integers(len(problem.places), size=len(walkers))
    i, j = (
        problem.places[rows],
        problem.partners[rows, rng.integers(problem.partners.shape[1], size=len(rows))],
    )
    here, there = walk.decorations[walkers, i], walk.decorations[walkers, j]
    legal = (j >= 0) & (here != there) & problem.allowed[i, there] & problem.allowed[j, here]
    step = np.where(legal, problem.charges[there] - problem.charges[here], 0.0)
    change = swap_change(walk, problem.matrix, i, j, step)
    accepted = legal & (rng.random(len(walkers)) < np.exp(-np.maximum(change, 0) / thermal_energy))
    moved = walkers[accepted], i[accepted], j[accepted]
    decorations, potentials, energy = walk.decorations.copy(), walk.potentials.copy(), walk.energies.copy()
    decorations[moved[0], moved[1]] = there[accepted]
    decorations[moved[0], moved[2]] = here[accepted]
    potentials[moved[0]] += step[accepted, None] * (problem.matrix[moved[1]] - problem.matrix[moved[2]])
    energy[moved[0]] += change[accepted]
    return Walk(decorations, potentials, energy, accepted)


def swap_change(
    walk: Walk,
    matrix: NDArray[np.float64],
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    step: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Energy change, eV, when each walker's charge on i grows by `step` and that on j falls by it."""
    walkers = np.arange(len(step))
    field = walk.potentials[walkers, i] - walk.potentials[walkers, j]
    return np.asarray(step * field + step**2 * (matrix[i, i] + matrix[j, j] - 2 * matrix[i, j]) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Annealing:
    """What simulated annealing found.

    decorations: the best of each walker, shape (walkers, n). energies: theirs, eV, shape (walkers,).
    thermal_energies: kT of the levels, eV. mean_energies: over the walkers at the end of each level, eV.
    acceptance: share of tries taken at each level.
    """

    decorations: NDArray[np.uint8]
    energies: NDArray[np.float64]
    thermal_energies: NDArray[np.float64]
    mean_energies: NDArray[np.float64]
    acceptance: NDArray[np.float64]


def anneal(
    decorations: NDArray[np.uint8],
    problem: SwapProblem,
    *,
    sweeps: int,
    thermal_energies: NDArray[np.float64],
    rng: np.random.Generator,
) -> Annealing:
    """Cool the walkers level by level and remember the lowest energy that each has met.

    Parameters
    ----------
    decorations : where they begin, species codes, shape (walkers, n).
    problem : matrix, charges and allowed swaps.
    sweeps : swaps tried per place and walker, over all levels.
    thermal_energies : kT of the levels, eV, falling.
    rng : source of randomness.

    Returns
    -------
    The best decorations and the course of the cooling.

    Raises
    ------
    InputError
        If a temperature is not positive.
    """
    if np.any(np.asarray(thermal_energies) <= 0):
        raise InputError(f"annealing needs kT above 0 eV at every level, got {min(thermal_energies):g}")
    walk = begin_walk(decorations, problem)
    best, lowest = walk.decorations, walk.energies
    steps = max(1, round(sweeps * len(problem.places) / len(thermal_energies)))
    means, acceptance = [], []
    for thermal_energy in thermal_energies:
        walk = begin_walk(walk.decorations, problem)  # afresh at each level, so that no rounding piles up
        taken = 0
        for _ in range(steps):
            walk = swap_step(walk, problem, thermal_energy=thermal_energy, rng=rng)
            taken += int(walk.accepted.sum())
            better = walk.energies < lowest
            if better.any():
                best = np.where(better[:, None], walk.decorations, best)
                lowest = np.where(better, walk.energies, lowest)
        means.append(walk.energies.mean())
        acceptance.append(taken / (steps * len(walk.energies)))
    exact = energies(problem.matrix, problem.charges[best])
    return Annealing(best, exact, np.asarray(thermal_energies), np.array(means), np.array(acceptance))

"""Split positions: sites so close that an atom on one keeps the others empty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lacuna.core.errors import InputError, NotConverged
from lacuna.crystal.decorate import VACANT, SupercellSites
from lacuna.crystal.periodic import images_near, wrap
from lacuna.crystal.swap import SwapProblem, begin_walk, swap_problem, swap_step

__all__ = ["exclusions", "separate", "walled"]

WALL = 1e3  # eV; what two atoms on exclusive sites cost in annealing, more than any swap can gain
SWEEPS = 400  # tries per site and decoration before separation gives up


def exclusions(sites: SupercellSites, *, shortest: float) -> NDArray[np.bool_]:
    """Pairs of sites that cannot both hold an atom.

    Parameters
    ----------
    sites : of the supercell.
    shortest : two atoms are never closer than this, Å.

    Returns
    -------
    Symmetric, shape (n, n).

    Raises
    ------
    InputError
        If two sites that must both be filled are so close.
    """
    home = wrap(sites.positions, sites.cell)
    images, owner = images_near(home, sites.cell, shortest)
    pairs = cKDTree(home).sparse_distance_matrix(cKDTree(images), shortest, output_type="ndarray")
    i, j = pairs["i"], owner[pairs["j"]]
    found = np.zeros((len(sites), len(sites)), dtype=bool)
    found[i[i != j], j[i != j]] = True
    full = ~sites.allowed[:, VACANT]
    if np.any(found & full[:, None] & full[None, :]):
        a, b = np.argwhere(found & full[:, None] & full[None, :])[0]
        raise InputError(
            f"sites {sites.orbit[a]} and {sites.orbit[b]} of the crystal are both full and closer than "
            f"{shortest:g} Å; check the positions, or lower ordering.shortest"
        )
    return found


def separate(
    decorations: NDArray[np.uint8],
    sites: SupercellSites,
    exclusive: NDArray[np.bool_],
    *,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Move atoms, each within its own crystallographic site, until no two are on exclusive positions.

    Swaps that do not add a conflict are taken until none is left, so that arrangements come nearly, not
    exactly, equally often.

    Parameters
    ----------
    decorations : species codes, shape (m, n).
    sites : of the supercell.
    exclusive : pairs from `exclusions`, shape (n, n).
    rng : source of randomness.

    Returns
    -------
    Species codes, shape (m, n), of the same composition.

    Raises
    ------
    NotConverged
        If conflicts are left; the sites hold more atoms than their distances allow.
    """
    out = decorations.copy()
    problem = _counting(sites, exclusive)
    left = np.flatnonzero(begin_walk(out, problem).energies > 0)
    walk = begin_walk(out[left], problem)
    for step in range(SWEEPS * len(problem.places)):
        if len(left) == 0:
            return out
        walk = swap_step(walk, problem, thermal_energy=1e-3, rng=rng)
        if step % 50 == 0:
            solved = walk.energies < 0.5
            out[left[solved]] = walk.decorations[solved]
            left = left[~solved]
            walk = begin_walk(walk.decorations[~solved], problem)
    raise NotConverged(
        f"{len(left)} of {len(out)} decorations keep atoms on positions that exclude each other; "
        "the composition puts more atoms on split positions than fit; lower ordering.shortest or take fewer",
        out,
    )


def _counting(sites: SupercellSites, exclusive: NDArray[np.bool_]) -> SwapProblem:
    """A problem whose energy is the number of conflicts and whose swaps stay on one crystallographic site."""
    occupied = np.ones(len(sites.species))
    occupied[VACANT] = 0.0
    codes = np.arange(len(sites.species))
    by_orbit = np.zeros((len(sites), len(codes) * (sites.orbit.max() + 1)), dtype=bool)
    for index, orbit in enumerate(sites.orbit):
        by_orbit[index, orbit * len(codes) + codes] = sites.allowed[index]
    free = swap_problem(exclusive.astype(float), charges=occupied, allowed=by_orbit)
    return SwapProblem(free.matrix, occupied, sites.allowed, free.places, free.partners)


def walled(
    matrix: NDArray[np.float64], sites: SupercellSites, exclusive: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Pair matrix with a wall between exclusive sites; unchanged for decorations without conflicts.

    Raises
    ------
    InputError
        If ions of opposite or no charge may sit on exclusive sites: the wall would pull them together.
    """
    can = sites.allowed & (np.arange(len(sites.species)) != VACANT)
    for a, b in np.argwhere(np.triu(exclusive)):
        products = np.outer(sites.charges[can[a]], sites.charges[can[b]])
        if products.min() <= 0:
            raise InputError(
                f"sites {sites.orbit[a]} and {sites.orbit[b]} of the crystal exclude each other and may hold "
                "ions of opposite charge; annealing cannot keep them apart; set ordering.keep.monte_carlo: 0"
            )
    smallest = np.abs(sites.charges[sites.charges != 0]).min(initial=1.0)
    return matrix + WALL / smallest**2 * exclusive

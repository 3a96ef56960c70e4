"""Split positions: sites so close that an atom on one keeps the others empty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from electrolith.core.errors import InputError, NotConverged
from electrolith.crystal.decorate import VACANT, SupercellSites
from electrolith.crystal.periodic import images_near, wrap

__all__ = ["exclusions", "separate", "walled"]

WALL = 1e3  # eV; what two atoms on exclusive sites cost in annealing, more than any swap can gain
TRIES = 40  # moves per site of a decoration before separation gives up


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

    An atom in conflict goes to a vacant position without conflict, drawn at random, or to any vacant one
    where there is none; arrangements then come nearly, not exactly, equally often.

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
    neighbours = [np.flatnonzero(row) for row in exclusive]
    out = decorations.copy()
    crowds = ((out != VACANT).astype(np.float32) @ exclusive.astype(np.float32)).astype(np.int64)
    for index in np.flatnonzero(np.any((crowds > 0) & (out != VACANT), axis=1)):
        out[index] = _separated(out[index], crowds[index], sites, neighbours, rng)
    return out


def _separated(
    decoration: NDArray[np.uint8],
    filled_near: NDArray[np.int64],
    sites: SupercellSites,
    neighbours: list[NDArray[np.int64]],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """One decoration without conflicts; `filled_near` counts the atoms on positions that exclude a site."""
    row, crowd = decoration.copy(), filled_near.copy()
    for _ in range(TRIES * len(row)):
        stuck = np.flatnonzero((row != VACANT) & (crowd > 0))
        if len(stuck) == 0:
            return row
        here = rng.choice(stuck)
        crowd[neighbours[here]] -= 1
        home = sites.orbit == sites.orbit[here]
        vacant = home & (row == VACANT) & sites.allowed[:, row[here]]
        free = np.flatnonzero(vacant & (crowd == 0))
        there = rng.choice(free if len(free) else np.append(np.flatnonzero(vacant), here))
        row[here], row[there] = VACANT, row[here]
        crowd[neighbours[there]] += 1
    raise NotConverged(
        f"{len(stuck)} atoms of a decoration stay on positions that exclude each other; the composition puts "
        "more atoms on split positions than fit; lower ordering.shortest or take fewer",
        row,
    )


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

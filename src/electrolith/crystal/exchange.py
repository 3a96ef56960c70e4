"""Exchanges of what sits on two sites of a relaxed ordering, and back from relaxed atoms to their sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.crystal.decorate import VACANT, SupercellSites
from electrolith.crystal.frame import Frame

__all__ = ["Seated", "exchange", "exchange_costs", "reseat"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Seated:
    """Atoms of an ordering, wherever they relaxed to, and the sites they belong to.

    decoration : species codes, shape (n,).      places : site of each atom, shape (atoms,).
    """

    frame: Frame
    decoration: NDArray[np.uint8]
    places: NDArray[np.int64]


def exchange_costs(
    decoration: NDArray[np.uint8], matrix: Array, sites: SupercellSites, exclusive: NDArray[np.bool_]
) -> Array:
    r"""Electrostatic energy of exchanging what sits on two sites, eV, shape (n, n); infinite if forbidden.

    .. math:: \Delta E_{ij} = d (\varphi_i - \varphi_j) + d^2 (A_{ii} + A_{jj} - 2 A_{ij}) / 2, \quad
        d = q_j - q_i

    Only pairs i < j are finite. An atom moves to a vacancy, or two species change places, where the crystal
    allows both and no atom would come on a position that another one excludes.

    Parameters
    ----------
    decoration : species codes, shape (n,).      matrix : Ewald pair matrix, eV/e², shape (n, n).
    exclusive : pairs of sites that cannot both be filled, shape (n, n).
    """
    charge = sites.charges[decoration]
    step = charge[None, :] - charge[:, None]
    field = matrix @ charge
    own = np.diag(matrix)
    cost = step * (field[:, None] - field[None, :])
    cost = cost + step**2 * (own[:, None] + own[None, :] - 2 * matrix) / 2
    fits = sites.allowed[:, decoration]  # (i, j): may i hold what is on j
    filled = decoration != VACANT
    # Neighbours in the way of an atom on i, apart from the partner j, which gives its place up or fills it.
    crowd = (exclusive & filled[None, :]).sum(axis=1)
    free_i = (crowd[:, None] - (exclusive & filled[None, :])) == 0
    blocked = (filled[None, :] & ~free_i) | (filled[:, None] & ~free_i.T)
    legal = fits & fits.T & (decoration[:, None] != decoration[None, :]) & ~blocked
    legal &= np.triu(np.ones_like(legal), 1)
    return np.asarray(np.where(legal, cost, np.inf))


def exchange(seated: Seated, sites: SupercellSites, i: int, j: int) -> Seated:
    """Exchange what sits on sites i and j; moved atoms go to the ideal points in the relaxed cell."""
    decoration, places = seated.decoration.copy(), seated.places.copy()
    decoration[[i, j]] = decoration[[j, i]]
    on_i, on_j = seated.places == i, seated.places == j
    places[on_i], places[on_j] = j, i
    points, off = _points(seated, sites)
    moved = on_i | on_j
    shift = off[~moved if not moved.all() else moved].mean(axis=0)
    positions = np.array(seated.frame.positions)
    positions[moved] = points[places[moved]] + shift
    return Seated(Frame(positions, seated.frame.cell, seated.frame.numbers), decoration, places)


def reseat(seated: Seated, sites: SupercellSites) -> Seated:
    """Give every atom the nearest site that may hold it, where that is one each; else leave them all.

    An atom that hopped while it relaxed would otherwise be booked on a site that is empty.
    """
    points, off = _points(seated, sites)
    shift = np.median(off, axis=0)
    species = seated.decoration[seated.places]
    gap = seated.frame.positions[:, None, :] - shift - points[None, :, :]
    gap = gap @ np.linalg.inv(seated.frame.cell)
    distance = np.linalg.norm((gap - np.round(gap)) @ seated.frame.cell, axis=-1)
    nearest = np.where(sites.allowed[:, species].T, distance, np.inf).argmin(axis=1)
    if len(np.unique(nearest)) < len(nearest):
        return seated
    decoration = np.zeros_like(seated.decoration)
    decoration[nearest] = species
    return Seated(seated.frame, decoration, nearest.astype(np.int64))


def _points(seated: Seated, sites: SupercellSites) -> tuple[Array, Array]:
    """Sites stretched into the relaxed cell, and each atom's way from its own, Å."""
    cell = seated.frame.cell
    points = sites.fractional @ cell
    off = seated.frame.positions - points[seated.places]
    off = off - np.round(off @ np.linalg.inv(cell)) @ cell
    return points, off

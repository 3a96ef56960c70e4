"""Does the framework keep its sites? An anion that hops to a vacant site is no melt, however far it gets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["REACH", "off_sites", "sites_of"]

Array = NDArray[np.float64]

REACH = 0.4
"""Of the spacing of framework atoms: who is further from every site stands on none. In a liquid, where atoms
are anywhere, the spheres of this radius hold
4π/3 · 0.4³ = 27 % of them (a third, once a drift is taken off that is none)."""


def off_sites(positions: Array, sites: Array, cell: Array, *, reach: float) -> float:
    """Share of framework atoms that are further than `reach` from every site of the framework.

    The sites may have drifted as a whole (an atom that hops moves the centre of mass): the middle of the
    displacements is taken off first.

    Parameters
    ----------
    positions : of the framework atoms, Å, shape (n, 3).      sites : Å, shape (m, 3).
    cell : lattice vectors in rows, Å.      reach : Å, less than half the width of the cell.
    """
    apart = (positions[:, None, :] - sites[None, :, :]) @ np.linalg.inv(cell)
    vectors = (apart - np.round(apart)) @ cell
    nearest = np.einsum("ijk,ijk->ij", vectors, vectors).argmin(axis=1)
    drift = np.median(vectors[np.arange(len(positions)), nearest], axis=0)
    distance = np.linalg.norm(vectors - drift, axis=2).min(axis=1)
    return float(np.mean(distance > reach))


def sites_of(positions: Array) -> Array:
    """Sites of a framework whose crystal is not known: where its atoms are over the first tenth of a run.

    Parameters
    ----------
    positions : of the framework atoms from their centre of mass, Å, shape (n_frames, n, 3).
    """
    return np.asarray(positions[: max(len(positions) // 10, 1)].mean(axis=0))

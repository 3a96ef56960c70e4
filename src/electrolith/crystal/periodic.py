"""Images of points in a periodic cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["images_near", "wrap"]


def wrap(positions: NDArray[np.float64], cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cartesian positions (Å, shape (n, 3)) moved into the cell (rows, Å) by lattice vectors."""
    fractional = np.linalg.solve(cell.T, np.asarray(positions, dtype=float).T).T
    return np.asarray((fractional - np.floor(fractional)) @ cell)


def images_near(
    positions: NDArray[np.float64], cell: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Every periodic image that may lie within a distance of a point of the cell.

    Parameters
    ----------
    positions : Cartesian, Å, inside the cell, shape (n, 3).
    cell : lattice vectors as rows, Å, shape (3, 3).
    reach : the distance, Å.

    Returns
    -------
    Images, Å, shape (m, 3), and the index of the point each belongs to, shape (m,).
    """
    inverse = np.linalg.inv(cell)
    planes = reach * np.linalg.norm(inverse, axis=0)  # in units of the spacing of lattice planes
    ranges = [np.arange(-r, r + 1) for r in np.floor(planes + 1).astype(int)]
    shifts = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    every = (shifts[:, None, :] + (positions @ inverse)[None, :, :]).reshape(-1, 3)
    near = np.all((every >= -planes - 1e-9) & (every <= 1 + planes + 1e-9), axis=1)
    return every[near] @ cell, np.tile(np.arange(len(positions)), len(shifts))[near]

"""Space groups of labelled points, and what their operations do to the order of the points."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from electrolith.core.errors import DataError

__all__ = ["SYMMETRY_TOLERANCE", "permutations", "symmetry_of"]

SYMMETRY_TOLERANCE = 0.01  # Å


def symmetry_of(
    cell: NDArray[np.float64],
    fractional: NDArray[np.float64],
    kinds: Sequence[Hashable],
    *,
    tolerance: float = SYMMETRY_TOLERANCE,
) -> Any:
    """Spglib's data set for labelled points; None where it finds no space group.

    Parameters
    ----------
    cell : lattice vectors as rows, Å, shape (3, 3).
    fractional : positions in units of these vectors, shape (n, 3).
    kinds : label of each point; operations map points on points of the same label.
    tolerance : distance within which points coincide, Å.
    """
    import spglib

    names = {kind: number for number, kind in enumerate(dict.fromkeys(kinds), start=1)}
    try:
        return spglib.get_symmetry_dataset(
            (cell, fractional, [names[kind] for kind in kinds]), symprec=tolerance
        )
    except spglib.SpglibError:
        return None


def permutations(
    cell: NDArray[np.float64],
    fractional: NDArray[np.float64],
    kinds: Sequence[Hashable],
    *,
    tolerance: float = SYMMETRY_TOLERANCE,
) -> NDArray[np.int64]:
    """Order of the points after each operation of their space group.

    Two decorations x and y of the points are the same crystal exactly if y = x[p] for one row p.

    Parameters
    ----------
    cell, fractional, kinds, tolerance : as in `symmetry_of`.

    Returns
    -------
    Indices, shape (operations, n); the rows form a group.

    Raises
    ------
    DataError
        If an operation does not map the points on themselves.
    """
    found = symmetry_of(cell, fractional, kinds, tolerance=tolerance)
    if found is None:
        raise DataError("no space group found for the supercell; do two sites coincide?")
    return _actions(cell, fractional, found.rotations, found.translations, 10 * tolerance)


def _actions(
    cell: NDArray[np.float64],
    fractional: NDArray[np.float64],
    rotations: NDArray[np.int32],
    translations: NDArray[np.float64],
    tolerance: float,
) -> NDArray[np.int64]:
    """Permutation of each operation: one match per rotation, one per pure translation, and their products."""
    unit, of_rotation = np.unique(rotations.reshape(-1, 9), axis=0, return_inverse=True)
    first = np.array([np.flatnonzero(of_rotation == i)[0] for i in range(len(unit))])
    identity = np.flatnonzero(np.all(rotations.reshape(-1, 9) == np.eye(3, dtype=int).ravel(), axis=1))
    rotated = _match(cell, fractional, rotations[first], translations[first], tolerance)
    shifted = _match(cell, fractional, rotations[identity], translations[identity], tolerance)
    return rotated[:, shifted].reshape(-1, len(fractional))


def _match(
    cell: NDArray[np.float64],
    fractional: NDArray[np.float64],
    rotations: NDArray[np.int32],
    translations: NDArray[np.float64],
    tolerance: float,
) -> NDArray[np.int64]:
    """Index of the point onto which each operation moves each point, shape (operations, n)."""
    wrapped = _wrap(fractional)
    moved = np.einsum("oij,nj->oni", rotations, fractional) + translations[:, None, :]
    _, index = cKDTree(wrapped, boxsize=1.0).query(_wrap(moved).reshape(-1, 3))
    index = index.reshape(len(rotations), -1)
    gap = moved - fractional[index]
    miss = np.linalg.norm((gap - np.round(gap)) @ cell, axis=-1)
    if miss.max() > tolerance or not np.all(np.sort(index, axis=1) == np.arange(len(fractional))):
        raise DataError(
            f"a symmetry operation misses a site by {miss.max():.3g} Å; are the positions rounded?"
        )
    return index.astype(np.int64)


def _wrap(fractional: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions in [0, 1), also where rounding would give 1."""
    wrapped = fractional - np.floor(fractional)
    return np.where(wrapped >= 1.0, 0.0, wrapped)

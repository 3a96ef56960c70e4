"""Supercells: any whole-number combination of the lattice vectors, and the roundest one of a given size."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame

__all__ = ["primitive", "roundest", "supercell"]


def supercell(frame: Frame, matrix: NDArray[np.int64]) -> Frame:
    """The crystal in the cell `matrix @ frame.cell`.

    Parameters
    ----------
    frame : atoms in a periodic cell.
    matrix : whole numbers, shape (3, 3), of any determinant but 0; rows are the new vectors in the old ones.

    Returns
    -------
    |det matrix| copies of the atoms, copy by copy in the order of the frame, right-handed if the frame is.

    Raises
    ------
    InputError
        If the matrix is singular or not of whole numbers.
    """
    rows = np.asarray(matrix)
    count = round(abs(np.linalg.det(rows)))
    if rows.shape != (3, 3) or count == 0 or not np.array_equal(rows, np.round(rows)):
        raise InputError(f"supercell: three independent rows of whole numbers needed, got {rows.tolist()}")
    if np.linalg.det(rows) < 0:
        rows = -rows
    reach = np.abs(rows).sum(axis=0)
    boxes = np.array(list(itertools.product(*(range(-n, n + 1) for n in reach))))
    inside = boxes @ np.linalg.inv(rows)
    shifts = boxes[np.all((inside > -1e-9) & (inside < 1 - 1e-9), axis=1)]
    positions = (shifts @ frame.cell)[:, None, :] + frame.positions[None, :, :]
    return Frame(positions.reshape(-1, 3), rows @ frame.cell, np.tile(frame.numbers, count))


def primitive(frame: Frame, *, tolerance: float = 0.01) -> Frame:
    """The smallest cell of the crystal.

    Parameters
    ----------
    frame : atoms in a periodic cell.
    tolerance : distance within which positions count as equivalent, Å.

    Raises
    ------
    InputError
        If no symmetry is found.
    """
    import spglib

    found = spglib.find_primitive((frame.cell, frame.fractional, frame.numbers), symprec=tolerance)
    if found is None:
        raise InputError("no space group found for the frame; do two atoms coincide?")
    cell, fractional, numbers = found
    return Frame(fractional @ cell, cell, numbers)


def roundest(cell: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The supercell of `count` cells in which periodic images are furthest apart.

    All sublattices of the index are tried (Hermite normal forms); the one with the longest shortest vector
    wins, and among equals the one whose three vectors together are shortest, which is the least slanted.

    Parameters
    ----------
    cell : lattice vectors as rows, Å, shape (3, 3).
    count : how many cells.

    Returns
    -------
    Whole numbers, shape (3, 3), of determinant `count`; its rows are the shortest vectors there are.

    Raises
    ------
    InputError
        If `count` is below 1.
    """
    if count < 1:
        raise InputError(f"a supercell has at least 1 cell, got {count}")
    candidates = [_shortest_rows(form, cell) for form in _hermite_forms(count)]

    def roundness(rows: NDArray[np.int64]) -> tuple[float, float]:
        lengths = np.linalg.norm(rows @ cell, axis=1)
        return round(float(lengths.min()), 6), -round(float(lengths.sum()), 6)

    return max(candidates, key=roundness)


def _hermite_forms(count: int) -> list[NDArray[np.int64]]:
    """One matrix per sublattice of the index."""
    return [
        np.array([[a, b, c], [0, d, e], [0, 0, count // (a * d)]])
        for a in range(1, count + 1)
        if count % a == 0
        for d in range(1, count // a + 1)
        if (count // a) % d == 0
        for b in range(d)
        for c in range(count // (a * d))
        for e in range(count // (a * d))
    ]


def _shortest_rows(matrix: NDArray[np.int64], cell: NDArray[np.float64]) -> NDArray[np.int64]:
    """The same sublattice by three shortest vectors (Minkowski reduction), right-handed."""
    from ase.geometry import minkowski_reduce

    _, change = minkowski_reduce(matrix @ cell)
    rows = np.asarray(change @ matrix, dtype=np.int64)
    return rows if np.linalg.det(rows) > 0 else -rows

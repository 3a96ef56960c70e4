"""Folded coordinates: recognised and refused, or unfolded where that is unambiguous; never guessed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError

__all__ = ["fractional_steps", "looks_folded", "refuse_wrapped", "unwrap"]

Array = NDArray[np.float64]

AMBIGUOUS = 0.4  # of a lattice vector in one frame; beyond it the nearest image may be the wrong one
OUTSIDE = 0.02  # of a lattice vector by which folded coordinates never exceed one
SMALLEST_CELL = 1e-6  # Å³; no atom fits
WHOLE = 0.1  # a jump so near to a whole lattice vector is a fold, not a hop


def fractional_steps(positions: Array, cell: Array) -> Array:
    """Displacement from frame to frame in lattice vectors, shape (n_frames - 1, n_atoms, 3)."""
    return np.asarray(np.diff(positions, axis=0) @ _inverse(cell))


def _inverse(cell: Array) -> Array:
    """What takes positions to lattice coordinates; one cell with a volume is wanted."""
    cell = np.asarray(cell, dtype=float)
    if cell.shape != (3, 3):
        raise InputError(f"one fixed cell of shape (3, 3) is needed, got {cell.shape}")
    if abs(np.linalg.det(cell)) < SMALLEST_CELL:
        raise InputError("the three vectors of the cell lie in a plane: it has no volume")
    return np.asarray(np.linalg.inv(cell))


def looks_folded(fractional: Array) -> bool:
    """Whether atoms leave the cell on one side and come back on the other.

    Folded coordinates span at most one lattice vector along each axis, and their jumps are whole vectors but
    for the motion of a step. Where coordinates span more, large steps are hops, unless most of them are such
    whole vectors (a folded run whose drift was taken off, or that was put together from pieces).

    Parameters
    ----------
    fractional : positions in lattice vectors, shape (n_frames, n_atoms, 3).
    """
    steps = np.abs(np.diff(fractional, axis=0))
    jumps = steps[steps > 0.5]
    if not len(jumps):
        return False
    extent = fractional.max(axis=(0, 1)) - fractional.min(axis=(0, 1))
    if np.all(extent <= 1 + OUTSIDE):
        return True
    return bool(np.mean(np.abs(jumps - np.round(jumps)) < WHOLE) > 0.5)


def _first_jump(steps: Array, limit: float) -> tuple[int, int]:
    frame, atom = np.argwhere(np.abs(steps).max(axis=2) > limit)[0]
    return int(frame), int(atom)


def refuse_wrapped(positions: Array, cell: Array) -> None:
    """Raise if the coordinates are folded into the cell.

    Parameters
    ----------
    positions : Å, shape (n_frames, n_atoms, 3).
    cell : lattice vectors as rows, Å, shape (3, 3).

    Raises
    ------
    DataError
        Naming the first frame and atom that jump.
    """
    fractional = np.asarray(positions @ np.linalg.inv(np.asarray(cell, dtype=float)))
    if looks_folded(fractional):
        frame, atom = _first_jump(np.diff(fractional, axis=0), 0.5)
        raise DataError(
            f"atom {atom} jumps by more than half a cell between frames {frame} and {frame + 1}: the "
            "coordinates look wrapped, and their mean square displacement would be wrong; unwrap them first"
        )


def unwrap(positions: Array, cell: Array) -> Array:
    """Continuous paths from wrapped positions, each step taken to the nearest image.

    Works in lattice coordinates, so skewed cells need nothing special.

    Parameters
    ----------
    positions : Å, shape (n_frames, n_atoms, 3).
    cell : lattice vectors as rows, Å, shape (3, 3).

    Returns
    -------
    Å, shape (n_frames, n_atoms, 3); the first frame is as it came.

    Raises
    ------
    DataError
        If the run is unwrapped already and has steps longer than half a cell, or if an atom moves by more
        than 0.4 lattice vectors in one frame: the image cannot be told.
    """
    fractional = np.asarray(positions @ _inverse(cell))
    steps = fractional_steps(positions, cell)
    if np.abs(steps).max(initial=0.0) > 0.5 and not looks_folded(fractional):
        extent = float((fractional.max(axis=(0, 1)) - fractional.min(axis=(0, 1))).max())
        raise DataError(
            f"the coordinates are unwrapped already (they span {extent:.2f} of a lattice vector, folded ones "
            "at most 1): unwrapping would cut their long steps short; leave --unwrap out"
        )
    steps -= np.round(steps)
    doubtful = np.argwhere(np.abs(steps).max(axis=2, initial=0.0) > AMBIGUOUS)
    if len(doubtful):
        frame, atom = doubtful[0]
        raise DataError(
            f"atom {atom} moves by {np.abs(steps[frame, atom]).max():.2f} of a lattice vector between frames "
            f"{frame} and {frame + 1}: which image it went to cannot be told; store frames more often"
        )
    path = np.concatenate([np.zeros((1, *positions.shape[1:])), np.cumsum(steps, axis=0)])
    return np.asarray(positions[0] + path @ np.asarray(cell, dtype=float))

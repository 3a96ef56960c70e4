"""Wrapped coordinates: found and refused, or unwrapped where that is unambiguous; never guessed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError

__all__ = ["fractional_steps", "refuse_wrapped", "unwrap"]

Array = NDArray[np.float64]

AMBIGUOUS = 0.4  # of a lattice vector in one frame; beyond it the nearest image may be the wrong one


def fractional_steps(positions: Array, cell: Array) -> Array:
    """Displacement from frame to frame in lattice vectors, shape (n_frames - 1, n_atoms, 3)."""
    cell = np.asarray(cell, dtype=float)
    if cell.shape != (3, 3):
        raise InputError(f"one fixed cell of shape (3, 3) is needed, got {cell.shape}")
    return np.asarray(np.diff(positions, axis=0) @ np.linalg.inv(cell))


def refuse_wrapped(positions: Array, cell: Array) -> None:
    """Raise unless every step is shorter than half a lattice vector.

    Parameters
    ----------
    positions : Å, shape (n_frames, n_atoms, 3).
    cell : lattice vectors as rows, Å, shape (3, 3).

    Raises
    ------
    DataError
        Naming the first frame and atom that jump.
    """
    jumps = np.argwhere(np.abs(fractional_steps(positions, cell)).max(axis=2) > 0.5)
    if len(jumps):
        frame, atom = jumps[0]
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
        If an atom moves by more than 0.4 lattice vectors in one frame: the image cannot be told.
    """
    steps = fractional_steps(positions, cell)
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

"""Trajectories of other programs: any file that ASE reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import reader
from electrolith.crystal.frame import Frame
from electrolith.crystal.read_ase import read_atoms

__all__ = ["read_trajectory"]


@reader("a trajectory")
def read_trajectory(path: Path | str) -> tuple[NDArray[np.float64], Frame]:
    """Positions (Å, as stored, shape (n_frames, n, 3)) and the first frame of a trajectory.

    Raises
    ------
    DataError
        If it cannot be read, holds a single frame, or its atoms or cell change.
    """
    path = Path(path)
    frames = read_atoms(path, every=True)
    if len(frames) < 2:
        raise DataError(f"{path}: {len(frames)} frame; a trajectory needs at least two")
    first = frames[0]
    refuse_above("positions", len(frames) * len(first), path)
    if abs(first.cell.volume) < 1e-6:
        raise DataError(f"{path}: the frames have no cell")
    for number, atoms in enumerate(frames):
        if not np.array_equal(atoms.numbers, first.numbers):
            raise DataError(f"{path}: frame {number} holds other atoms, or another order, than frame 0")
        if not np.allclose(atoms.cell, first.cell, atol=1e-4):
            raise DataError(
                f"{path}: the cell of frame {number} differs from frame 0; only NVT is understood"
            )
    return np.stack([a.positions for a in frames]), Frame.from_ase(first)

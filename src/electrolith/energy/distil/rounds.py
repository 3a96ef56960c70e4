"""The frames of each round on the disk: written before they are labelled, so that a killed run knows them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from electrolith.core.files import write_atomic
from electrolith.core.reading import reader
from electrolith.crystal.frame import Frame
from electrolith.crystal.read_ase import read_atoms
from electrolith.energy.labels.labels import KEPT

__all__ = ["Sourced", "last_round", "read_round", "write_round"]

Sourced = tuple[Frame, dict[str, Any]]


def _round_path(folder: Path, number: int) -> Path:
    return folder / f"round-{number:03d}.xyz"


def last_round(folder: Path) -> int:
    """Number of the last round whose frames are written; -1 if there is none."""
    number = -1
    while _round_path(folder, number + 1).is_file():
        number += 1
    return number


def write_round(folder: Path, number: int, frames: Sequence[Sourced]) -> None:
    """Frames of a round, at once."""
    from ase.io import write

    buffer = io.StringIO()
    for frame, source in frames:
        atoms = frame.to_ase()
        atoms.info = dict(source)
        write(buffer, atoms, format="extxyz")
    write_atomic(_round_path(folder, number), buffer.getvalue())


@reader("a round of distillation")
def read_round(folder: Path, number: int) -> tuple[Sourced, ...]:
    """Frames of a round and where they come from."""
    atoms = read_atoms(_round_path(folder, number), every=True, format="extxyz")
    return tuple(
        (Frame.from_ase(a), {k: str(v) if k == "run" else v for k, v in a.info.items() if k in KEPT})
        for a in atoms
    )

"""Trajectories on disk: extended XYZ, unwrapped, grown frame by frame, cut back after a kill.

Any tool that reads extended XYZ (ASE, OVITO, MDAnalysis) reads them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError
from electrolith.core.reading import reader
from electrolith.crystal.frame import Frame

__all__ = ["DIGITS", "append_frames", "cut_back", "frame_text", "read_positions"]

Array = NDArray[np.float64]
Digest = Any  # a running checksum of hashlib, which names no public type

DIGITS = 6  # decimals of a stored coordinate, Å


def frame_text(frame: Frame, positions: Array, *, time: float, temperature: float, energy: float) -> str:
    """One extended XYZ frame; time in fs, energy in eV, positions unwrapped in Å."""
    lattice = " ".join(f"{x:.10g}" for x in frame.cell.ravel())
    lines = [
        str(len(frame)),
        f'Lattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T" time={time:.10g} '
        f"temperature={temperature:.4f} potential_energy={energy:.8f}",
    ]
    lines += [
        f"{s} {x:.{DIGITS}f} {y:.{DIGITS}f} {z:.{DIGITS}f}"
        for s, (x, y, z) in zip(frame.symbols, positions.tolist(), strict=True)
    ]
    return "\n".join(lines) + "\n"


def append_frames(path: Path, frames: bytes) -> int:
    """Append frames, flushed to the disk; returns the size of the file in bytes."""
    try:
        with path.open("ab") as handle:
            handle.write(frames)
            handle.flush()
            os.fsync(handle.fileno())
            return handle.tell()
    except OSError as error:
        raise DataError(
            f"{path}: the trajectory could not be written ({error.strerror}); what was stored is intact"
        ) from error


def cut_back(path: Path, size: int, digest: str) -> Digest:
    """Shorten the file to what the checkpoint knew of; the running checksum of what stays.

    Raises
    ------
    DataError
        If it holds less than that, or not what was written.
    """
    have = path.stat().st_size if path.exists() else 0
    if have < size:
        raise DataError(f"{path}: shorter than its checkpoint says")
    if have > size:
        with path.open("r+b") as handle:
            handle.truncate(size)
    found = hashlib.sha256()
    if size:
        with path.open("rb") as handle:
            while block := handle.read(1 << 20):
                found.update(block)
    if found.hexdigest() != digest:
        raise DataError(f"{path}: altered since it was written (its checksum does not fit)")
    return found


@reader("a stored trajectory")
def read_positions(path: Path | str) -> tuple[Array, Array, Frame]:
    """Read a stored trajectory: times (fs), unwrapped positions (Å, (n_frames, n, 3)) and its first frame.

    Raises
    ------
    DataError
        If the file is missing, is cut in the middle of a frame, or its frames differ in their atoms.
    """
    path = Path(path)
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if not lines or not lines[0].strip().isdigit():
        raise DataError(f"{path}: not an extended XYZ file; its first line should be the number of atoms")
    atoms = int(lines[0])
    block = atoms + 2
    if len(lines) % block:
        raise DataError(f"{path}: {len(lines)} lines are no whole number of frames of {atoms} atoms")
    frames = len(lines) // block
    symbols = [line.split(maxsplit=1)[0] for line in lines[2:block]]
    text = " ".join(" ".join(lines[f * block + 2 : (f + 1) * block]) for f in range(frames)).split()
    species = text[0::4]
    if species != symbols * frames:
        raise DataError(f"{path}: the atoms or their order change between frames")
    coordinates = np.array([text[1::4], text[2::4], text[3::4]], dtype=float).T.reshape(frames, atoms, 3)
    times = np.array([float(lines[f * block + 1].split("time=")[1].split()[0]) for f in range(frames)])
    cell = np.array(lines[1].split('Lattice="')[1].split('"')[0].split(), dtype=float).reshape(3, 3)
    from ase.data import atomic_numbers

    numbers = np.array([atomic_numbers[s] for s in symbols])
    return times, coordinates, Frame(coordinates[0], cell, numbers)

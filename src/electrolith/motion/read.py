"""Trajectories of other programs: the content decides which reader takes a file; a folder is one run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import reader
from electrolith.crystal.read_ase import read_atoms
from electrolith.motion.read_lammps import is_dump, read_dump
from electrolith.motion.read_vasp import read_vasprun, read_xdatcar, vasp_file
from electrolith.motion.recording import Clock, Recording, joined

__all__ = ["read_run", "read_trajectory"]

DUMPS = (".lammpstrj", ".dump", ".xyz", ".extxyz", ".traj")


@reader("a run")
def read_run(paths: Sequence[Path], *, types: Sequence[str] = ()) -> Recording:
    """One run from one or several files or folders, restarts joined in the given order.

    A folder holds vasprun.xml or XDATCAR, one trajectory file, or folders of restarts (joined in the order
    of their names, numbers counted as numbers).

    Raises
    ------
    InputError, DataError
        If there is nothing to read, a file cannot be understood, or the parts are not one run.
    """
    files = [f for path in paths for f in _files(Path(path))]
    if not files:
        raise InputError("no trajectory given")
    return joined([part for f in files for part in _split(read_trajectory(f, types=types))])


def _files(path: Path) -> list[Path]:
    """The trajectory files of a path."""
    if not path.is_dir():
        return [path]
    if (own := vasp_file(path)) is not None:
        return [own]
    dumps = sorted((p for p in path.iterdir() if p.suffix in DUMPS and p.is_file()), key=_natural)
    if dumps:
        return dumps
    below = [f for p in sorted(path.iterdir(), key=_natural) if p.is_dir() if (f := vasp_file(p)) is not None]
    if not below:
        raise InputError(
            f"{path}: no trajectory in this folder; expected vasprun.xml, XDATCAR or a file such as run.xyz "
            "or run.lammpstrj, or folders of restarts with them"
        )
    return below


def _natural(path: Path) -> list[tuple[int, str]]:
    """Order in which run10 comes after run9."""
    return [(int(t), "") if t.isdigit() else (-1, t) for t in re.split(r"(\d+)", path.name) if t]


def _split(recording: Recording) -> list[Recording]:
    """Runs that were appended to one file, where its clock falls back."""
    falls = np.flatnonzero(np.diff(recording.times) <= 0) + 1
    edges = [0, *falls.tolist(), len(recording.times)]
    if not falls.size:
        return [recording]
    if min(np.diff(edges)) < 2:
        raise DataError(
            f"{recording.source}: time does not go on at frame {falls[0]} ({recording.times[falls[0]]:g} "
            f"after {recording.times[falls[0] - 1]:g}); two runs in one file?"
        )
    return [recording.taken(slice(a, b)) for a, b in pairwise(edges)]


@reader("a trajectory")
def read_trajectory(path: Path | str, *, types: Sequence[str] = ()) -> Recording:
    """One trajectory file: LAMMPS dump, vasprun.xml, XDATCAR, extended XYZ, or anything that ASE reads.

    Parameters
    ----------
    types : elements of the types of a LAMMPS dump that has no names, in order.

    Raises
    ------
    DataError
        If it cannot be read, holds a single frame, or its atoms change.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such trajectory")
    with path.open("rb") as stream:
        head = stream.read(4096)
    if is_dump(head):
        return read_dump(path, types=types)
    if path.name.endswith((".xml", ".xml.gz")):
        return read_vasprun(path)
    if path.name.upper().startswith("XDATCAR"):
        return read_xdatcar(path, types=types)
    return _read_ase(path)


def _read_ase(path: Path) -> Recording:
    """Whatever ASE reads; extended XYZ with its times."""
    frames: Any = read_atoms(path, every=True)
    first = frames[0]
    for number, atoms in enumerate(frames):
        if not np.array_equal(atoms.numbers, first.numbers):
            raise DataError(f"{path}: frame {number} holds other atoms, or another order, than frame 0")
        if abs(atoms.cell.volume) < 1e-6:
            raise DataError(f"{path}: the frames have no cell")
    refuse_above("positions", len(frames) * len(first), path)
    cells = np.array([np.array(a.cell) for a in frames])
    same = np.allclose(cells, cells[0], atol=1e-4)
    times, clock = _clock(path, [a.info for a in frames])
    charges = first.arrays.get("initial_charges")
    return Recording(
        np.array([np.linalg.solve(c.T, a.positions.T).T for a, c in zip(frames, cells, strict=True)]),
        cells[:1] if same else cells,
        np.asarray(first.numbers, dtype=np.int64),
        times,
        clock,
        charges=None
        if charges is None
        else {s: float(np.mean(charges[first.numbers == z])) for s, z in _elements(first)},
        source=path.name,
    )


def _elements(atoms: Any) -> set[tuple[str, int]]:
    return set(zip(atoms.get_chemical_symbols(), atoms.numbers.tolist(), strict=True))


def _clock(path: Path, infos: list[dict[str, Any]]) -> tuple[np.ndarray[Any, np.dtype[np.float64]], Clock]:
    """`time` (of no stated unit) or `step` of extended XYZ, if every frame has it."""
    for names, clock in ((("time", "Time"), "unnamed unit"), (("step", "Step", "timestep"), "steps")):
        for name in names:
            if all(name in info for info in infos):
                try:
                    return np.array([float(info[name]) for info in infos]), clock  # type: ignore[return-value]
                except (TypeError, ValueError) as error:
                    raise DataError(f"{path}: {name} of a frame is no number ({error})") from error
    return np.arange(len(infos), dtype=float), "none"

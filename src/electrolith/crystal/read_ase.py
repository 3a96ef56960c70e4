"""Atoms by ASE's readers: the one way in, with the checks that its readers leave out.

A name may hold `@`, a packed file may burst, 78 bytes may announce 10⁹ atoms, and a name that begins with
`postgres` would be taken for a server: all of this is decided here, before a reader of ASE begins.
"""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import read_bytes, reader, said, unpack

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["PACKED", "read_atoms"]

NO_FILES = ("bundletrajectory", "db", "aselmdb", "postgresql", "mysql")  # folders, databases, servers
_PROPERTY = re.compile(rb":[SIRL]:(\d+)")
MOST_COLUMNS = 1000
FRAME_LINES = 2  # of extended XYZ beside the atoms
PACKED = (".gz", ".bz2", ".xz")


@reader("atoms")
def read_atoms(path: Path | str, *, every: bool = False, format: str | None = None) -> list[Atoms]:
    """The last frame of a file, or every frame.

    Parameters
    ----------
    path : any structure or trajectory file that ASE reads, also packed by gzip, bzip2 or xz.
    every : all frames, not only the last.
    format : ASE's name of the format; found from the name and the content where not given.

    Raises
    ------
    InputError
        If there is no such file.
    DataError
        If ASE cannot read it, it announces more atoms than it holds, is beyond a ceiling, or a position or
        cell is not finite.
    """
    from ase.io import read
    from ase.io.formats import filetype

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    whole = str(path.resolve())  # `postgres…` alone would be taken for a server
    source: io.IOBase | str = whole
    try:
        kind = format or filetype(whole, guess=True)
        if kind in NO_FILES:
            raise DataError(f"{path}: taken for a {kind}, a database or a folder; expected a file of atoms")
        raw = read_bytes(path)
        packed = path.suffix.lower() in PACKED
        if packed:
            raw = unpack(raw, path)
        if b"\x00" not in raw[:4096]:
            _refuse_announced(raw, kind, path)
            _refuse_types(raw, kind, path)
        if packed:
            source = io.BytesIO(raw) if b"\x00" in raw[:4096] else io.StringIO(raw.decode())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd in a file is checked below
            found = read(source, index=":" if every else -1, format=kind, do_not_split_by_at_sign=True)
    except ElectrolithError:
        raise
    except Exception as error:  # every reader of ASE has errors of its own
        raise DataError(f"{path}: ASE cannot read this as atoms ({said(error)})") from error
    frames = found if isinstance(found, list) else [found]
    refuse_above("frames", len(frames), path)
    for number, atoms in enumerate(frames):
        _check(atoms, path, number)
    return frames


def _check(atoms: Atoms, path: Path, number: int) -> None:
    """Native code below us crashes on what is not finite."""
    refuse_above("atoms", len(atoms), path)
    for name, values in (("cell", np.asarray(atoms.cell)), ("position", atoms.positions)):
        bad = np.argwhere(~np.isfinite(values).all(axis=1))
        if bad.size:
            row = int(bad[0, 0])
            raise DataError(
                f"{path}, frame {number}: {name} {row} is not finite: {values[row].tolist()}; expected "
                "numbers in Å"
            )


def _refuse_announced(raw: bytes, kind: str, path: Path) -> None:
    """Numbers of atoms that a text announces and does not hold: readers would wait for them line by line."""
    lines = raw.splitlines()
    if kind in ("xyz", "extxyz"):
        at = 0
        while at < len(lines):
            count = _count(lines[at])
            if count is None:
                if re.match(rb"\s*[-+_\d]", lines[at]):  # a number to Python, and an endless loop to ASE
                    raise DataError(f"{path}, line {at + 1}: expected the number of atoms; damaged")
                return
            _refuse_missing(count, len(lines) - at - FRAME_LINES, path, at)
            _refuse_wide(lines[at + 1] if at + 1 < len(lines) else b"", path, at + 1)
            at += count + FRAME_LINES
    elif kind == "lammps-dump-text":
        for at, line in enumerate(lines[:-1]):
            if line.startswith(b"ITEM: NUMBER OF ATOMS") and (count := _count(lines[at + 1])) is not None:
                _refuse_missing(count, len(lines) - at - FRAME_LINES, path, at + 1)
    elif kind in ("vasp", "vasp-xdatcar"):
        counts = [_count(word) for word in b" ".join(lines[5:7]).split()]
        _refuse_missing(sum(c for c in counts if c is not None), len(lines), path, 5)


def _refuse_wide(line: bytes, path: Path, at: int) -> None:
    """Columns that a frame announces: ASE names each of them."""
    for width in _PROPERTY.findall(line):
        if len(width) > 5 or int(width) > MOST_COLUMNS:
            raise DataError(
                f"{path}, line {at + 1}: {width.decode()} columns of one property are "
                "announced; the file is damaged"
            )


def _refuse_types(raw: bytes, kind: str, path: Path) -> None:
    """ASE takes type 3 of a LAMMPS dump for lithium; a type is no element."""
    columns = raw.partition(b"ITEM: ATOMS")[2].partition(b"\n")[0].split()
    if kind == "lammps-dump-text" and b"element" not in columns:
        raise DataError(
            f"{path}: a LAMMPS dump with types and no elements; write them with `dump_modify element`, or "
            "name them where a trajectory is read (--types Li,Y,Cl)"
        )


def _count(line: bytes) -> int | None:
    """A whole number of a sensible length, or None."""
    word = line.strip()
    return int(word) if word.isdigit() and len(word) < 20 else None


def _refuse_missing(count: int, there: int, path: Path, line: int) -> None:
    if count > there:
        raise DataError(
            f"{path}, line {line + 1}: {count:,} atoms are announced, {max(there, 0):,} lines follow; "
            "the file is cut off or damaged"
        )

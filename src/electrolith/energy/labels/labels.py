"""Labels: frames with energies, forces and stress from one reference method, and where they came from.

The file is extended XYZ, plain or xz-compressed; every entry names the settings it was computed with.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import write_atomic
from electrolith.core.reading import reader
from electrolith.crystal.frame import Frame
from electrolith.crystal.read_ase import read_atoms

__all__ = [
    "Label",
    "append_label",
    "fingerprint",
    "identity_of",
    "merge",
    "read_labels",
    "repair",
    "write_labels",
]

KEPT = ("kind", "T", "a0", "run", "round", "origin", "code", "seconds", "kpts", "grid", "key", "pool")


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A frame and what the reference method says of it.

    energy: eV, of the whole cell.
    forces: eV/Å, shape (n, 3).
    stress: eV/Å³, shape (3, 3), or None where the method gave none.
    settings: fingerprint of the reference method's settings.
    source: kind of material, temperature of the run (T, K), code version and so on, plain values.
    """

    frame: Frame
    energy: float
    forces: NDArray[np.float64]
    stress: NDArray[np.float64] | None
    settings: str
    source: dict[str, Any]

    @property
    def kind(self) -> str:
        """Kind of material, "unknown" where none was stated."""
        return str(self.source.get("kind", "unknown"))

    @property
    def temperature(self) -> float | None:
        """Temperature of the run the frame came from, K."""
        value = self.source.get("T")
        return None if value is None else float(value)

    @property
    def identity(self) -> str:
        """Identity of its frame."""
        return identity_of(self.frame)


def identity_of(frame: Frame) -> str:
    """Digest of a frame alone, to 1e-5 Å: the same frame labelled twice has the same identity."""
    parts = (np.round(frame.positions, 5) + 0.0, np.round(frame.cell, 5) + 0.0, frame.numbers)
    return hashlib.sha256(b"".join(p.tobytes() for p in parts)).hexdigest()[:16]


def fingerprint(labels: tuple[Label, ...]) -> str:
    """Digest of a set of labels, whatever their order."""
    lines = sorted(f"{x.identity} {x.energy:.6f} {x.settings}" for x in labels)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@reader("labels")
def read_labels(*paths: Path | str, settings: str | None = None) -> tuple[Label, ...]:
    """All labels of the files, each frame once (the first wins), checked.

    Parameters
    ----------
    paths : extended XYZ files, `.xyz` or `.xyz.xz`.
    settings : fingerprint to assume for entries that name none.

    Raises
    ------
    InputError
        If a file is missing.
    DataError
        If a file is damaged, an entry has no forces or names no settings, a value is not finite, or
        entries were computed with different settings.
    """
    found: dict[str, Label] = {}
    for path in (Path(p) for p in paths):
        for number, atoms in enumerate(_entries(path)):
            label = _label(atoms, f"{path}, entry {number + 1}", settings)
            found.setdefault(label.identity, label)
    labels = tuple(found.values())
    kinds = sorted({x.settings for x in labels})
    if len(kinds) > 1:
        counts = ", ".join(f"{k} ({sum(x.settings == k for x in labels)} labels)" for k in kinds)
        raise DataError(
            f"{', '.join(map(str, paths))}: labels of different settings cannot be fitted together: "
            f"{counts}; label the frames again with one setting, or give one file only"
        )
    return labels


def _entries(path: Path) -> list[Any]:
    """ASE objects of a labels file."""
    if not path.is_file():
        raise InputError(f"{path}: no such labels file")
    if not path.stat().st_size:
        return []
    try:
        return read_atoms(path, every=True, format="extxyz")
    except DataError as error:
        raise DataError(
            f"{path}: not complete extended XYZ ({error}); if a labelling run was killed while writing, "
            "start it again on this file: it repairs the end and goes on"
        ) from error


def _label(atoms: Any, where: str, settings: str | None) -> Label:
    """One checked label."""
    results = {} if atoms.calc is None else atoms.calc.results
    if "energy" not in results or "forces" not in results:
        lacking = "energy" if "energy" not in results else "forces"
        raise DataError(f"{where}: no {lacking}; a label needs an energy and forces")
    stated = atoms.info.get("settings", settings)
    if stated is None:
        raise DataError(f"{where}: names no settings of its reference method; give settings=...")
    stress = results.get("stress")
    tensor = None if stress is None else _tensor(np.asarray(stress, dtype=float))
    arrays = [results["energy"], results["forces"], *([] if tensor is None else [tensor])]
    if not all(np.all(np.isfinite(a)) for a in arrays):
        raise DataError(f"{where}: an energy, force or stress is not finite; remove this entry")
    source = {k: _plain(atoms.info[k]) for k in KEPT if k in atoms.info}
    return Label(
        Frame.from_ase(atoms),
        float(results["energy"]),
        np.array(results["forces"]),
        tensor,
        str(stated),
        source,
    )


def _plain(value: Any) -> Any:
    """Numpy scalars and arrays as Python values."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _tensor(stress: NDArray[np.float64]) -> NDArray[np.float64]:
    """ASE's six components (xx, yy, zz, yz, xz, xy) or a full tensor as shape (3, 3)."""
    if stress.shape == (6,):
        xx, yy, zz, yz, xz, xy = stress
        return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return stress.reshape(3, 3)


def _text(label: Label) -> str:
    """One entry of extended XYZ."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    atoms = label.frame.to_ase()
    atoms.info = {"settings": label.settings, **label.source}
    results: dict[str, Any] = {"energy": label.energy, "forces": label.forces}
    if label.stress is not None:
        s = label.stress
        results["stress"] = np.array([s[0, 0], s[1, 1], s[2, 2], s[1, 2], s[0, 2], s[0, 1]])
    atoms.calc = SinglePointCalculator(atoms, **results)
    buffer = io.StringIO()
    write(buffer, atoms, format="extxyz")
    return buffer.getvalue()


def append_label(path: Path, label: Label) -> None:
    """Add one label at the end of `path`, on the disk before this returns.

    Raises
    ------
    DataError
        If it cannot be written; what was there stays readable.
    """
    raw = _text(label).encode()
    size = path.stat().st_size if path.exists() else None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as handle:
            handle.write(raw)
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        if size is not None:
            os.truncate(path, size)
        raise DataError(
            f"{path}: the label could not be written ({error.strerror}); the earlier labels are intact"
        ) from error


def repair(path: Path) -> int:
    """Cut an incomplete last entry off an uncompressed labels file; return how many entries stay."""
    if not path.exists():
        return 0
    lines = path.read_bytes().splitlines(keepends=True)
    at, entries = 0, 0
    while at < len(lines):
        try:
            size = int(lines[at])
        except ValueError:
            break
        entry = lines[at : at + size + 2]
        if len(entry) < size + 2 or not entry[-1].endswith(b"\n"):
            break
        at += size + 2
        entries += 1
    if at < len(lines):
        write_atomic(path, b"".join(lines[:at]))
    return entries


def write_labels(path: Path, labels: tuple[Label, ...]) -> None:
    """Write all labels at once, xz-compressed if the name ends in `.xz`."""
    raw = "".join(_text(x) for x in labels).encode()
    write_atomic(path, lzma.compress(raw, preset=9) if path.suffix == ".xz" else raw)


def merge(paths: list[Path], into: Path, *, settings: str | None = None) -> tuple[Label, ...]:
    """Read, check and de-duplicate several label files and write them as one.

    Raises
    ------
    DataError
        As `read_labels`.
    """
    labels = read_labels(*paths, settings=settings)
    write_labels(into, labels)
    return labels

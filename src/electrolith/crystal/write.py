"""Write frames for other programs."""

from __future__ import annotations

import io
from pathlib import Path

from electrolith.core.errors import InputError
from electrolith.core.files import write_atomic
from electrolith.crystal.frame import Frame

__all__ = ["write_frame"]

FORMATS = {".vasp": "vasp", ".xyz": "extxyz", ".cif": "cif", ".json": "json"}
BINARY = {"cif"}  # ASE writes these to binary streams


def write_frame(path: Path, frame: Frame) -> None:
    """Write a frame; the ending chooses the format: .vasp (POSCAR), .xyz (extended), .cif, .json.

    Raises
    ------
    InputError
        If the ending is none of these.
    """
    from ase.io import write

    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path}: unknown ending {path.suffix!r}; expected .vasp, .xyz, .cif or .json")
    atoms = frame.to_ase()
    if kind in BINARY:
        raw = io.BytesIO()
        write(raw, atoms, format=kind)
        write_atomic(path, raw.getvalue())
        return
    text = io.StringIO()
    write(text, atoms, format=kind, **({"direct": True} if kind == "vasp" else {}))
    write_atomic(path, text.getvalue())

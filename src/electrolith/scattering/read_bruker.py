"""Bruker RAW1.01 and .brml."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np

from electrolith.core.errors import DataError
from electrolith.core.reading import parse_xml, read_bytes, read_member, reader

from .data import PowderData

__all__ = ["read_brml", "read_bruker_raw"]


@reader("a RAW1.01 pattern")
def read_bruker_raw(path: Path | str) -> PowderData:
    """The first range of a RAW1.01 file (DIFFRAC, version 3 of the format).

    Raises
    ------
    DataError
        If the file is cut short or holds no range.
    """
    path = Path(path)
    raw = read_bytes(path)
    if not raw.startswith(b"RAW1.01") or len(raw) < 1016:
        raise DataError(f"{path}: not a complete RAW1.01 file ({len(raw)} bytes, begins {raw[:7]!r})")
    ranges = struct.unpack_from("<I", raw, 12)[0]
    alpha1, alpha2 = struct.unpack_from("<dd", raw, 624)
    ratio = struct.unpack_from("<d", raw, 648)[0]
    start = 712
    length, count = struct.unpack_from("<II", raw, start)
    two_theta = struct.unpack_from("<d", raw, start + 16)[0]
    step = struct.unpack_from("<d", raw, start + 176)[0]
    seconds = struct.unpack_from("<f", raw, start + 192)[0]
    used = struct.unpack_from("<d", raw, start + 240)[0]
    extra = struct.unpack_from("<I", raw, start + 256)[0]
    offset = start + length + extra
    if ranges < 1 or offset + 4 * count > len(raw):
        raise DataError(
            f"{path}: {ranges} ranges; the first announces {count} points, "
            f"{max(0, (len(raw) - offset) // 4)} are there"
        )
    y = np.frombuffer(raw, "<f4", count, offset).astype(float)
    notes = [
        f"Bruker RAW1.01, range 1 of {ranges}, {seconds:g} s per step",
        f"wavelengths in the header: Kα1 {alpha1:.6g}, Kα2 {alpha2:.6g} Å, ratio {ratio:g}",
    ]
    x = two_theta + step * np.arange(count)
    counts = bool(np.all(y == np.round(y)))
    return PowderData(
        x,
        y,
        np.sqrt(np.maximum(y, 1.0)),
        "two_theta",
        "counts" if counts else "unknown",
        "counts",
        float(alpha1 or used) or None,
        path.name,
        tuple(notes),
    )


@reader("a .brml pattern")
def read_brml(path: Path | str) -> PowderData:
    """The first scan of a .brml archive.

    Raises
    ------
    DataError
        If it is no such archive or holds no data.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(n for n in archive.namelist() if "RawData" in n and n.endswith(".xml"))
            if not names:
                raise DataError(f"{path}: a zip archive without RawData; not a .brml of a powder scan")
            root = parse_xml(read_member(archive, names[0], path), f"{path}, {names[0]}")
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: not a readable .brml archive: {error}") from error
    rows = [[float(v) for v in d.text.split(",")] for d in root.iter("Datum") if d.text]
    if len(rows) < 2:
        raise DataError(f"{path}: {names[0]} holds {len(rows)} data points")
    table = np.array(rows)
    # a Datum is: time per step, share measured, 2θ, θ, ..., counts last
    wave = next((float(w.get("Value", "nan")) for w in root.iter("WaveLengthAlpha1")), None)
    y = table[:, -1]
    return PowderData(
        table[:, 2],
        y,
        np.sqrt(np.maximum(y, 1.0)),
        "two_theta",
        "counts",
        "counts",
        wave,
        path.name,
        (f"Bruker brml, {names[0]}", f"{table[0, 0]:g} s per step"),
    )

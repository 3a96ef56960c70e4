"""Bruker RAW1.01 and .brml."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import numpy as np

from electrolith.core.errors import DataError
from electrolith.core.reading import parse_xml, read_bytes, read_member, reader

from .data import PowderData
from .scans import Scan, combined

__all__ = ["read_brml", "read_bruker_raw"]


@reader("a RAW1.01 pattern")
def read_bruker_raw(path: Path | str) -> PowderData:
    """All ranges of a RAW1.01 file (DIFFRAC, version 3 of the format).

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
    if ranges < 1:
        raise DataError(f"{path}: {ranges} ranges; expected at least one")
    scans, start, used = [], 712, 0.0
    for number in range(1, ranges + 1):
        scan, start, used = _raw_range(path, raw, start, number, ranges)
        scans.append(scan)
    scan, said = combined(path, scans)
    notes = [
        f"Bruker RAW1.01, {ranges} range{'s' * (ranges > 1)}, {scan.seconds:g} s per step",
        f"wavelengths in the header: Kα1 {alpha1:.6g}, Kα2 {alpha2:.6g} Å, ratio {ratio:g}",
        *said,
    ]
    counts = bool(np.all(scan.y == np.round(scan.y)))
    return PowderData(
        scan.x,
        scan.y,
        scan.sigma,
        "two_theta",
        "counts" if counts else "unknown",
        "counts",
        float(alpha1 or used) or None,
        path.name,
        tuple(notes),
    )


def _raw_range(path: Path, raw: bytes, start: int, number: int, ranges: int) -> tuple[Scan, int, float]:
    """One range, where the next one begins, and the wavelength it used."""
    if start + 304 > len(raw):
        raise DataError(f"{path}: {ranges} ranges are announced, the file ends within range {number}")
    length, count = struct.unpack_from("<II", raw, start)
    two_theta = struct.unpack_from("<d", raw, start + 16)[0]
    step = struct.unpack_from("<d", raw, start + 176)[0]
    seconds = struct.unpack_from("<f", raw, start + 192)[0]
    used = struct.unpack_from("<d", raw, start + 240)[0]
    extra = struct.unpack_from("<I", raw, start + 256)[0]
    offset = start + length + extra
    if offset + 4 * count > len(raw):
        raise DataError(
            f"{path}: {ranges} ranges; range {number} announces {count} points, "
            f"{max(0, (len(raw) - offset) // 4)} are there"
        )
    y = np.frombuffer(raw, "<f4", count, offset).astype(float)
    scan = Scan(two_theta + step * np.arange(count), y, np.sqrt(np.maximum(y, 1.0)), float(seconds))
    return scan, offset + 4 * count, float(used)


@reader("a .brml pattern")
def read_brml(path: Path | str) -> PowderData:
    """All powder scans of a .brml archive as one pattern.

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
            scans, wave = [], None
            for name in names:
                root = parse_xml(read_member(archive, name, path), f"{path}, {name}")
                wave = wave or next(
                    (float(w.get("Value", "nan")) for w in root.iter("WaveLengthAlpha1")), None
                )
                routes = list(root.iter("DataRoute")) or [root]
                scans += [scan for route in routes if (scan := _route(route)) is not None]
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: not a readable .brml archive: {error}") from error
    if not scans:
        raise DataError(f"{path}: {', '.join(names)} hold no two data points")
    scan, said = combined(path, scans)
    kind = f"Bruker brml, {len(scans)} scan{'s' * (len(scans) > 1)}, {scan.seconds:g} s per step"
    return scan.pattern(path.name, wave, (kind, *said))


def _route(route: ET.Element) -> Scan | None:
    """One scan; a Datum is: time per step, share measured, 2θ, θ, ..., counts last."""
    rows = [d.text.split(",") for d in route.iter("Datum") if d.text]
    if len(rows) < 2 or len(rows[0]) < 4:
        return None
    table = np.array(rows, dtype=float)
    y = table[:, -1]
    return Scan(table[:, 2], y, np.sqrt(np.maximum(y, 1.0)), float(table[0, 0]))

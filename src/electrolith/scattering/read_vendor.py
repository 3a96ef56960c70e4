"""PANalytical .xrdml and Rigaku .ras."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import parse_xml, read_bytes, reader

from .data import PowderData

__all__ = ["read_ras", "read_xrdml"]


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


@reader("an .xrdml pattern")
def read_xrdml(path: Path | str) -> PowderData:
    """The first scan of a PANalytical .xrdml file; attenuation factors are applied as in the file.

    Raises
    ------
    DataError
        If the XML is broken or holds no 2θ scan.
    """
    path = Path(path)
    root = parse_xml(read_bytes(path), path)
    y: np.ndarray | None = None
    first = last = float("nan")
    seconds = wave = None
    for item in root.iter():
        name = _local(item.tag)
        if name == "kAlpha1" and item.text and wave is None:
            wave = float(item.text)
        if name == "commonCountingTime" and item.text and seconds is None:
            seconds = float(item.text)
        if name == "positions" and item.get("axis") == "2Theta" and y is None:
            ends = {_local(c.tag): float(c.text) for c in item if c.text and len(c.text.split()) == 1}
            first, last = ends.get("startPosition", first), ends.get("endPosition", last)
        if name in ("intensities", "counts") and item.text and y is None:
            y = np.array([float(v) for v in item.text.split()])
            kind = name
    if y is None or not np.isfinite(first + last):
        raise DataError(f"{path}: no scan with 2Theta positions and intensities")
    x = np.linspace(first, last, len(y))
    notes = (f"xrdml, {kind}" + (f", {seconds:g} s per step" if seconds else ""),)
    return PowderData(
        x, y, np.sqrt(np.maximum(y, 1.0)), "two_theta", "counts", "counts", wave, path.name, notes
    )


@reader("a .ras pattern")
def read_ras(path: Path | str) -> PowderData:
    """The first scan of a Rigaku .ras file; the third column is the attenuator factor.

    Raises
    ------
    DataError
        If there is no intensity block.
    """
    path = Path(path)
    text = read_text(path)
    match = re.search(r"\*RAS_INT_START\s*\n(.*?)\*RAS_INT_END", text, re.DOTALL)
    if match is None:
        raise DataError(f"{path}: no block between *RAS_INT_START and *RAS_INT_END")
    rows = [[float(v) for v in line.split()] for line in match.group(1).splitlines() if line.strip()]
    if not rows:
        raise DataError(f"{path}: the intensity block is empty")
    table = np.array(rows)
    factor = table[:, 2] if table.shape[1] > 2 else np.ones(len(table))

    def header(name: str) -> str | None:
        found = re.search(rf'\*{name}\s+"([^"]*)"', text)
        return found.group(1) if found else None

    unit = header("MEAS_SCAN_UNIT_Y") or ""
    rate = "cps" in unit.lower()
    y = table[:, 1] * factor
    wave = header("HW_XG_WAVE_LENGTH_ALPHA1")
    return PowderData(
        table[:, 0],
        y,
        np.sqrt(np.maximum(table[:, 1], 1.0)) * factor,
        "two_theta",
        "rate" if rate else "counts",
        "assumed counts" if rate else "counts",
        float(wave) if wave else None,
        path.name,
        (f"Rigaku ras, intensity in {unit or 'unstated unit'}",),
    )

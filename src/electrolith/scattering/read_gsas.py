"""GSAS histogram files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import reader

from .data import Abscissa, PowderData

__all__ = ["gsas_banks", "is_gsas", "read_gsas"]

_BANK = re.compile(r"^BANK\s+(\d+)\s+(\d+)\s+(\d+)\s+(\w+)(.*)$", re.MULTILINE)


def is_gsas(head: bytes) -> bool:
    """Does the file open with a BANK line near its top?"""
    return re.search(rb"^BANK\s+\d+\s+\d+\s+\d+\s+\w+", head.replace(b"\r", b"\n"), re.MULTILINE) is not None


def gsas_banks(path: Path | str) -> tuple[int, ...]:
    """Numbers of the banks in a file; empty if it is no GSAS file."""
    path = Path(path)
    if not path.is_file():
        return ()
    with path.open("rb") as stream:
        if not is_gsas(stream.read(4096)):
            return ()
    return tuple(int(m.group(1)) for m in _BANK.finditer(read_text(path)))


@reader("a GSAS histogram")
def read_gsas(path: Path | str, *, bank: int | None = None, abscissa: Abscissa | None = None) -> PowderData:
    """One bank of a GSAS file: CONST, SLOG, RALF with STD, ESD, FXY, FXYE.

    Constant steps are centidegrees, as GSAS has them; SLOG and RALF are time of flight.

    Raises
    ------
    DataError
        If the bank is not there or the number of values is not what its header says.
    """
    path = Path(path)
    text = read_text(path)
    found = list(_BANK.finditer(text))
    numbers = [int(m.group(1)) for m in found]
    if bank is None and len(found) > 1:
        raise DataError(f"{path}: banks {', '.join(map(str, numbers))}; say which")
    if not found or (bank is not None and bank not in numbers):
        raise DataError(f"{path}: no bank {bank}; it has {', '.join(map(str, numbers)) or 'none'}")
    index = 0 if bank is None else numbers.index(bank)
    match = found[index]
    end = found[index + 1].start() if index + 1 < len(found) else len(text)
    lines = [
        line for line in text[match.end() : end].split("\n") if line.strip() and not line.startswith("#")
    ]
    count, kind = int(match.group(2)), match.group(4).upper()
    words = match.group(5).split()
    layout = words[-1].upper() if words and words[-1].isalpha() else "STD"
    numbers_ = [float(w) for w in words if re.fullmatch(r"[-+.\dEe]+", w)]
    tof = kind in ("SLOG", "RALF", "TIME_MAP", "LOG6") or abscissa == "tof"
    if layout in ("FXYE", "FXY"):
        rows = [line.split() for line in lines]
        table = np.array(
            [[float(v) for v in row[:3]] for row in rows if len(row) >= (3 if layout == "FXYE" else 2)]
        )
        x, y = table[:, 0], table[:, 1]
        sigma = table[:, 2] if layout == "FXYE" else np.sqrt(np.maximum(y, 1.0))
        x = x if tof else x / 100
    else:
        y, sigma = _fixed(lines, layout, path)
        if kind != "CONST":
            raise DataError(f"{path}: {kind} with {layout} is not read; only CONST is, or FXYE")
        x = (numbers_[0] + numbers_[1] * np.arange(len(y))) / (1 if tof else 100)
    if len(y) < count:
        raise DataError(f"{path}: bank {match.group(1)} announces {count} points and holds {len(y)}")
    x, y, sigma = x[:count], y[:count], sigma[:count]
    if tof and layout in ("FXYE", "FXY") and kind != "CONST":
        # The ordinate is the content of a bin. The abscissa stays as listed: instrument files are calibrated
        # on it (LaB6 at POWGEN comes out 2e-4 too large when bin centres are taken instead).
        width = np.diff(x)
        x, y, sigma = x[:-1], y[:-1] / width, sigma[:-1] / width
    keep = sigma > 0  # GSAS marks points to be left out by a zero
    notes = [
        f"GSAS bank {match.group(1)}, {kind} {layout}: {'time of flight in µs' if tof else 'centidegrees'}"
    ]
    if tof and kind != "CONST":
        notes.append("bin contents divided by the bin width; abscissa as listed")
    if not keep.all():
        notes.append(f"{int((~keep).sum())} points with zero standard deviation left out")
    unit: Abscissa = "tof" if tof else "two_theta"
    return PowderData(
        x[keep],
        y[keep],
        sigma[keep],
        unit,
        "counts" if layout == "STD" else "unknown",
        "file" if layout in ("ESD", "FXYE") else "counts",
        None,
        path.name,
        tuple(notes),
    )


def _fixed(lines: list[str], layout: str, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """STD: ten fields of two (number of counters) and six; ESD: ten fields of eight, value and esd
    in turn.
    """
    y: list[float] = []
    sigma: list[float] = []
    for line in lines:
        cells = [line[i : i + 8] for i in range(0, min(len(line.rstrip()), 80), 8)]
        try:
            if layout == "ESD":
                values = [float(c) for c in cells]
                y += values[0::2]
                sigma += values[1::2]
            else:
                for cell in cells:
                    counters = float(cell[:2].strip() or 1)
                    value = float(cell[2:].strip() or 0)
                    y.append(value)
                    sigma.append(float(np.sqrt(max(value, 1.0) / max(counters, 1.0))))
        except ValueError as error:
            raise DataError(f"{path}: {line.strip()[:40]!r} is no line of {layout} values") from error
    return np.array(y), np.array(sigma)

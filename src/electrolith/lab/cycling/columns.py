"""Columns of a cycler's text table by what they mean, whatever they are called and in whatever unit."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import reader

Array = np.ndarray
MEANINGS: tuple[tuple[str, "re.Pattern[str]"], ...] = (
    ("step_time", re.compile(r"step.*time")),
    (
        "time",
        re.compile(r"^(test|total|elapsed|relative|running)?[ _]*time(?!.*(iso|date|unix|stamp))|^t[ _/(]"),
    ),
    (
        "voltage",
        re.compile(r"^(cell[ _]*)?(voltage|potential|ewe|ecell|<?ewe>?|u)\b(?!.*aux)|^voltage|^v[ _/(]"),
    ),
    ("current", re.compile(r"^<?(current|i)>?(\b|_)(?!.*range)")),
    ("charge_capacity", re.compile(r"^charg\w*[ _]*capacity")),
    ("discharge_capacity", re.compile(r"^discharg\w*[ _]*capacity")),
    ("cycle", re.compile(r"^cycle[ _]*(index|number|count|id)?")),
    ("step", re.compile(r"^step[ _]*(index|number|id|count)?(?!.*(name|type|time))")),
    ("temperature", re.compile(r"^(ambient|cell|surface)?[ _]*temp\w*")),
)
UNITS = (
    (re.compile(r"[ _/(\[]+(ua|µa|microampere)\b"), 1e-6),
    (re.compile(r"[ _/(\[]+(ma|mv|milliampere|millivolt|mah|ms)\b"), 1e-3),
    (re.compile(r"[ _/(\[]+(h|hr|hours?)\b(?!.*capacity)"), 3600.0),
    (re.compile(r"[ _/(\[]+(min|minutes?)\b"), 60.0),
)


@dataclass(frozen=True, eq=False)
class CyclerTable:
    """Known columns of a table in s, V, A, Ah, degC, each (n,); and the header lines above it."""

    columns: dict[str, Array]
    names: tuple[str, ...]
    header: tuple[str, ...]


@reader("a table of cycling")
def read_columns(path: Path) -> CyclerTable:
    """Find the header and read the columns that are understood.

    Raises
    ------
    DataError
        If no header names time, voltage and current; the text shows what was seen.
    """
    lines = read_text(path).split("\n")
    at, delimiter, names = _header(lines, path)
    wanted = _meanings(names)
    body = [line for line in lines[at + 1 :] if line.strip()]
    if not body:
        raise DataError(f"{path}: the header in line {at + 1} is followed by no data")
    if delimiter != "," and re.search(r"\d,\d", body[0]):
        body = [line.replace(",", ".") for line in body]
    table = _parse(body, delimiter, list(wanted.values()), len(names), path)
    columns = {m: table[:, k] * _scale(names[c]) for k, (m, c) in enumerate(wanted.items())}
    return CyclerTable(columns, names, tuple(lines[:at]))


def _header(lines: list[str], path: Path) -> tuple[int, str, tuple[str, ...]]:
    """Line number, delimiter and names of the header."""
    for at, line in enumerate(lines[:300]):
        for delimiter in ("\t", ";", ","):
            names = tuple(part.strip().strip('"') for part in line.split(delimiter))
            if len(names) >= 3 and {"time", "voltage", "current"} <= set(_meanings(names)):
                return at, delimiter, names
    shown = " | ".join(line.strip()[:60] for line in lines[:3])
    raise DataError(
        f"{path}: no header with time, voltage and current; the file begins with: {shown}. Readers: BioLogic "
        ".mpr/.mpt, Neware .nda/.ndax, Landt and Battery Data Format tables, any table with such a header"
    )


def _meanings(names: tuple[str, ...]) -> dict[str, int]:
    """Column of each meaning; the first match counts."""
    found: dict[str, int] = {}
    for column, name in enumerate(names):
        plain = name.lower().strip()
        meaning = next((m for m, pattern in MEANINGS if pattern.search(plain)), None)
        if meaning is not None and meaning not in found:
            found[meaning] = column
    return found


def _scale(name: str) -> float:
    """Factor from the unit in a column's name to s, V, A, Ah."""
    plain = name.lower()
    return next((factor for pattern, factor in UNITS if pattern.search(plain)), 1.0)


def _parse(body: list[str], delimiter: str, columns: list[int], width: int, path: Path) -> Array:
    """Numbers of the wanted columns (n, k); a broken last line is left out."""
    try:
        return np.loadtxt(body, delimiter=delimiter, usecols=columns, ndmin=2, comments=None)
    except ValueError:
        rows = [_row(line, delimiter, columns) for line in body]
        table = np.array(rows)
        if not np.isfinite(table).all(axis=1).any():
            raise DataError(
                f"{path}: no row of numbers below the header; first row: {body[0][:80]!r}"
            ) from None
        return table


def _row(line: str, delimiter: str, columns: list[int]) -> list[float]:
    """One row, nan for what is no number."""
    parts = line.split(delimiter)
    return [_number(parts[c]) if c < len(parts) else float("nan") for c in columns]


def _number(text: str) -> float:
    """A number, or a time of day in seconds, or nan."""
    try:
        return float(text)
    except ValueError:
        clock = re.fullmatch(r"\s*(?:(\d+)[- ])?(\d+):(\d+):([\d.]+)\s*", text)
        if not clock:
            return float("nan")
        days, hours, minutes, seconds = clock.groups()
        return 86400 * int(days or 0) + 3600 * int(hours) + 60 * int(minutes) + float(seconds)

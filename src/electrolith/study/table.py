"""Tables hold numbers; how they are printed, and which columns they have as data, is decided here.

A cell is text or a number: a bare one, one that says how it is printed (`Printed`, `Span`), or an
`Estimate`. As data a column with numbers becomes `name`, `name std` and `name unit`, each number with every
digit that it has in memory. A number must not come as text: `numbers_as_text` finds those that do.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from electrolith.core.errors import ElectrolithError
from electrolith.core.estimate import Estimate
from electrolith.core.format import is_formula, number, unit, with_unit
from electrolith.core.safe_text import cell
from electrolith.study.printed import MISSING, Printed, Span

__all__ = [
    "Cell",
    "Column",
    "Table",
    "as_cell",
    "cell_data",
    "columns_of",
    "is_numeric",
    "numbers_as_text",
    "records",
    "table_csv",
    "text_rows",
]

Cell = str | float | int | Estimate | Printed | Span | None


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of cells under a caption; numeric columns are aligned right.

    columns : names with their unit behind " / ", "σ / S/cm".
    minor : columns that give way first where a terminal is narrow; they are in the data and on the page.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    minor: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Column:
    """A column as data: values with their standard deviations and units, one per row."""

    name: str
    values: tuple[float | str | None, ...]
    std: tuple[float | None, ...]
    unit: tuple[str | None, ...]

    def __iter__(self) -> Iterator[tuple[str, tuple[float | str | None, ...]]]:
        """The columns that it makes in a file."""
        yield self.name, self.values
        if any(s is not None for s in self.std):
            yield f"{self.name} std", self.std
        if any(self.unit):
            yield f"{self.name} unit", self.unit


def split_head(column: str) -> tuple[str, str]:
    """Name and unit of a column's head: "σ(25 °C) / S/cm" → ("σ(25 °C)", "S/cm")."""
    name, bar, behind = column.partition(" / ")
    return (name, behind) if bar and len(behind) <= 16 and _UNIT.match(behind) else (column, "")


def text_rows(table: Table) -> tuple[tuple[str, ...], ...]:
    """The rows as they are printed."""
    columns = []
    for index, head in enumerate(table.columns):
        cells = [row[index] for row in table.rows]
        places = _places(cells)
        name = split_head(head)[1]
        columns.append([cell_text(c, name, places) for c in cells])
    return tuple(zip(*columns, strict=True)) if table.rows else ()


def _places(cells: Sequence[Cell]) -> int | None:
    """Decimals that a column shares, four digits on the middle number; None where sizes differ too much."""
    sizes = [abs(c) for c in cells if isinstance(c, float) and math.isfinite(c) and c != 0]
    if not sizes or max(sizes) > 1e3 * min(sizes) or not 1e-3 <= max(sizes) < 1e5:
        return None
    return max(0, 3 - math.floor(math.log10(sorted(sizes)[len(sizes) // 2])))


_SHOWN = re.compile(
    r"^[<>≤≥~]?\s*[-+−]?\d[\d.,]*([eE][-+]?\d+)?(\s*[(±–-].*|\s*[%A-Za-zµΩÅ°/²³·⁻¹ ]{0,10})?$|^[–-]?$"
)
LONGEST = 28


def is_numeric(cells: Sequence[str]) -> bool:
    """Whether printed cells are numbers, with doubt and unit, or missing: they stand right, never fold."""
    return bool(cells) and all(len(c) < LONGEST and _SHOWN.match(c.strip()) for c in cells)


def cell_text(cell: Cell, head_unit: str = "", places: int | None = None) -> str:
    """A cell in print; an estimate is brought to the unit of its head, or carries its own."""
    if isinstance(cell, Estimate):
        value = _in_unit(cell, head_unit)
        return value.number() if _same(value.unit, head_unit) else with_unit(value.number(), value.unit)
    if isinstance(cell, Printed | Span):
        return cell.text
    if cell is None:
        return MISSING
    if isinstance(cell, Real) and not isinstance(cell, bool):
        if isinstance(cell, Integral) or places is None or not math.isfinite(cell):
            return str(cell) if isinstance(cell, Integral) else number(float(cell))
        return f"{cell:z.{places}f}"
    return str(cell)


def _same(one: str, other: str) -> bool:
    return unit(one) == unit(other)


def _in_unit(value: Estimate, wanted: str) -> Estimate:
    """The estimate in the unit of its column where that is one of its kind."""
    if not wanted or _same(value.unit, wanted):
        return value
    try:
        return value.to(wanted)
    except ElectrolithError:
        return value


_DIGITS = r"[-+−]?(?:\d+\.?\d*|\.\d+)"
_POWER = r"(?:[eE]([-+]?\d+))?"
_BEHIND = r"\s*([%°µΩÅA-Za-z][^,;:()]{0,15})?$"
_UNIT = re.compile(r"^(?:1/)?[%°µΩÅA-Za-zωτ√][A-Za-zµΩÅ°²³⁻¹⁰·/^√*() \d.-]*$")
_ESD = re.compile(rf"^({_DIGITS})\((\d+\.?\d*)\){_POWER}{_BEHIND}")
_PM = re.compile(rf"^({_DIGITS}(?:[eE][-+]?\d+)?)\s*±\s*({_DIGITS}(?:[eE][-+]?\d+)?){_BEHIND}")
_LEANING = re.compile(rf"^({_DIGITS}) \(\+({_DIGITS})/-({_DIGITS})\){_POWER}{_BEHIND}")
_NUMBER = rf"({_DIGITS}(?:[eE][-+]?\d+)?)"
_BETWEEN = re.compile(rf"^{_NUMBER} \({_NUMBER} to {_NUMBER}\){_BEHIND}")
_BARE = re.compile(rf"^{_NUMBER}{_BEHIND}")
_EMPTY = {"", "–", "-", "—", "nan"}


def read_number(text: str) -> tuple[float, float | None, str | None] | None:
    """Value, standard deviation and unit of a printed number; None where the text is none."""
    text = text.strip().replace("−", "-")
    if found := _ESD.match(text):
        value, doubt, power, name = found.groups()
        places = len(value.partition(".")[2])
        scale = 10.0 ** int(power or 0)
        std = float(doubt) if "." in doubt else float(doubt) * 10.0**-places
        return float(f"{value}e{power or 0}"), std * scale, name
    if found := _PM.match(text):
        return float(found[1]), float(found[2]), found[3]
    if found := _LEANING.match(text):
        scale = 10.0 ** int(found[4] or 0)
        spread = (float(found[2]) + float(found[3])) / 2 * scale
        return float(f"{found[1]}e{found[4] or 0}"), spread, found[5]
    if found := _BETWEEN.match(text):
        return float(found[1]), (float(found[3]) - float(found[2])) / 2, found[4]
    if found := _BARE.match(text):
        return float(found[1]) if set(found[1]) & set(".eE") else int(found[1]), None, found[2]
    return None


@dataclass(frozen=True, slots=True)
class _Read:
    """A cell as data."""

    value: float | None = None
    std: float | None = None
    unit: str | None = None
    note: str | None = None
    end: float | None = None


def _read(cell: Cell, head_unit: str) -> _Read:
    """A cell as data; text stands as a note."""
    if isinstance(cell, Estimate):
        value = _in_unit(cell, head_unit)
        std = value.std if value.doubt == "known" else None
        return _Read(_finite(value.value), _finite(std), unit(value.unit) or None)
    if isinstance(cell, Printed):
        return _Read(_finite(cell.value), _finite(cell.std), unit(cell.unit) or None, cell.note or None)
    if isinstance(cell, Span):
        return _Read(_finite(cell.low), None, unit(cell.unit) or None, None, _finite(cell.high))
    if isinstance(cell, bool) or isinstance(cell, str) or cell is None:
        return _Read(note=None if _blank(cell) else str(cell))
    return _Read(int(cell) if isinstance(cell, Integral) else _finite(float(cell)))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _is_number(cell: Cell) -> bool:
    """Whether a cell holds a number, be it a missing one."""
    return not isinstance(cell, str | bool) and cell is not None


def columns_of(table: Table) -> tuple[Column, ...]:
    """The table's columns as data, with unique names.

    A column with a number in it is one of numbers; the words of it stand in `name note`, so that nothing
    printed is lost. Spans are two columns, `name` from and `name to`.
    """
    found: list[Column] = []
    for index, head in enumerate(table.columns):
        cells = [row[index] for row in table.rows]
        name, head_unit = split_head(head)
        if not any(map(_is_number, cells)):
            found.append(Column(name, tuple(None if _blank(c) else str(c) for c in cells), (), ()))
            continue
        shown = unit(head_unit) or None
        rows = [_read(cell, head_unit) for cell in cells]
        units = tuple(None if r.value is None else (r.unit or shown) for r in rows)
        found.append(Column(name, tuple(r.value for r in rows), tuple(r.std for r in rows), units))
        if any(r.end is not None for r in rows):
            found.append(Column(f"{name} to", tuple(r.end for r in rows), (), ()))
        if any(r.note for r in rows):
            found.append(Column(f"{name} note", tuple(r.note for r in rows), (), ()))
    return _unique(found)


def numbers_as_text(table: Table) -> tuple[str, ...]:
    """Heads of columns whose numbers are text: print would be all that is left of them."""
    bad = []
    for index, head in enumerate(table.columns):
        cells = [row[index] for row in table.rows]
        words = [c for c in cells if isinstance(c, str) and not _blank(c)]
        numbers = [w for w in words if _RANGE.match(w.strip()) or _is_one(w)]
        mixed = any(map(_is_number, cells))
        if numbers and (mixed or 2 * len(numbers) >= len(words)):
            bad.append(f"{head}: {numbers[0]!r}")
    return tuple(bad)


_RANGE = re.compile(rf"^(?:[<>≤≥~±]|above |below )\s*{_NUMBER}|^{_NUMBER}\s*(?:to|…|/|–)\s*{_NUMBER}\b")


_GLUED = re.compile(r"\d[A-DF-Za-df-zµΩÅ]")  # "4a" is a site, "12h" nothing that we print


def _is_one(text: str) -> bool:
    found = read_number(text)
    return found is not None and not _words([found]) and not _GLUED.search(text)


def as_cell(text: str) -> Cell:
    """What somebody wrote into a table, "0.90(2)", "12 h", as a number that is printed as written."""
    found = read_number(text)
    if found is None or not _is_one(text):
        return text
    value, std, name = found
    return Printed(value, text, std, name or "")


def _blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip() in _EMPTY)


def _words(numbers: Sequence[tuple[float | None, float | None, str | None]]) -> bool:
    """Whether what follows the numbers is prose ("9 of 12") or a formula ("0.5 Cl2") rather than units."""
    behind = [n[2].split()[0] for n in numbers if n[2]]
    return any(
        not _UNIT.match(b) or b in ("of", "and", "to", "in", "x", "or") or (len(b) > 1 and is_formula(b))
        for b in behind
    )


def _unique(columns: Sequence[Column]) -> tuple[Column, ...]:
    seen: dict[str, int] = {}
    named = []
    for column in columns:
        name = column.name or "column"
        seen[name] = seen.get(name, 0) + 1
        name = name if seen[name] == 1 else f"{name} ({seen[name]})"
        named.append(Column(name, column.values, column.std, column.unit))
    return tuple(named)


def cell_data(cell: Cell, head: str) -> tuple[float | None, float | None, str]:
    """Value, standard deviation and unit of a cell, for a page that sorts and hands out numbers."""
    if not _is_number(cell):
        return None, None, ""
    name = split_head(head)[1]
    read = _read(cell, name)
    return read.value, read.std, read.unit or unit(name) or ""


def records(table: Table) -> list[dict[str, Any]]:
    """One object per row, `{"σ": 1.2e-4, "σ std": 1.4e-6, "σ unit": "S/cm"}`: a DataFrame in one call."""
    pairs = [pair for column in columns_of(table) for pair in column]
    return [{name: values[i] for name, values in pairs} for i in range(len(table.rows))]


def table_csv(table: Table) -> str:
    """The table as CSV: numbers, their standard deviations and units in columns of their own."""
    pairs = [pair for column in columns_of(table) for pair in column]
    return rows_csv([name for name, _ in pairs], [values for _, values in pairs])


def rows_csv(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> str:
    """Columns as CSV text; shorter columns end in empty cells."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([cell(n) for n in names])
    for i in range(max((len(c) for c in columns), default=0)):
        writer.writerow(["" if i >= len(c) or c[i] is None else cell(c[i]) for c in columns])
    return buffer.getvalue()

"""The sheet of samples: names, conditions as they were written, and as numbers in one unit per column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError, nearest
from electrolith.core.reading import reader
from electrolith.core.units import convert, split_quantity

__all__ = ["Column", "SampleSheet", "column_of", "read_sheet", "sheet_of"]

_EMPTY = ("", "-", "–", "nan", "n/a", "none")
_HEADER = re.compile(
    r"^(?P<name>.*?)\s*(?:/\s*(?P<slash>\S+)|\((?P<round>[^()]+)\)|\[(?P<square>[^\[\]]+)\])?$"
)
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, eq=False)
class Column:
    """A condition of every sample as numbers. values, errors : shape (n,), nan where empty or not stated."""

    name: str
    unit: str
    values: np.ndarray
    errors: np.ndarray

    @property
    def label(self) -> str:
        """For an axis: the name, and the unit where there is one."""
        return f"{self.name} / {self.unit}" if self.unit else self.name


@dataclass(frozen=True)
class SampleSheet:
    """Samples and what was done to them, as written.

    names : of the samples. columns : names of the conditions. units : given in their headers, or "".
    cells : text per sample and column, "" where nothing was written. reference : one of the names.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    units: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    reference: str

    def text(self, sample: str, column: str) -> str:
        """What was written for a sample, with the unit of the header where the cell has none."""
        index = self.columns.index(column)
        cell, unit = self.cells[self.names.index(sample)][index], self.units[index]
        bare = bool(cell) and bool(unit) and _is_bare(cell)
        return f"{cell} {unit}" if bare else cell


def _is_bare(cell: str) -> bool:
    """Whether a cell is a number without a unit."""
    try:
        return not split_quantity(cell)[2]
    except InputError:
        return False


@reader("a table of samples")
def read_sheet(path: Path, *, reference: str | None = None, names: str | None = None) -> SampleSheet:
    """A CSV with a header, first column the names; units stand in the header or in the cells.

    Raises
    ------
    DataError
        If it is no such table.
    """
    text = read_text(path)
    delimiter = max(";\t,", key=text.split("\n")[0].count)
    rows = [r for r in csv.reader(io.StringIO(text), delimiter=delimiter) if any(c.strip() for c in r)]
    rows = [[c.strip() for c in r] for r in rows if not r[0].lstrip().startswith("#")]
    if len(rows) < 2:
        raise DataError(f"{path}: expected a header and a line for each sample")
    header, body = rows[0], rows[1:]
    if delimiter != ",":
        body = [[re.sub(r"(?<=\d),(?=\d)", ".", cell) for cell in row] for row in body]
    for number, row in enumerate(body, start=2):
        if len(row) > len(header):
            raise DataError(f"{path}, row {number}: {len(row)} cells under {len(header)} headers")
    table = {}
    for row in body:
        if row[0] in table:
            raise DataError(f"{path}: sample {row[0]!r} comes twice; names must be unique")
        table[row[0]] = dict(zip(header[1:], row[1:], strict=False))
    return sheet_of(table, reference=reference, names=names, where=path.name)


def sheet_of(
    table: Mapping[str, Mapping[str, str | float]],
    *,
    reference: str | None = None,
    names: str | None = None,
    where: str = "samples",
) -> SampleSheet:
    """A sheet from names and their conditions.

    Parameters
    ----------
    names : pattern such as "LNC-{rpm}rpm-{hours}h"; conditions that the table leaves out are read from names.

    Raises
    ------
    InputError
        If the reference is missing or unknown, or a column mixes what cannot be compared.
    """
    if not table:
        raise InputError(f"{where}: no sample in it")
    filled = {name: {**_from_name(name, names), **_written(row)} for name, row in table.items()}
    headers = list(dict.fromkeys(key for row in filled.values() for key in row))
    split = [_header(h) for h in headers]
    double = next((n for n, _ in split if [m for m, _ in split].count(n) > 1), None)
    if double is not None:
        raise InputError(f"{where}: column {double!r} comes twice")
    cells = tuple(
        tuple("" if row.get(h, "").lower() in _EMPTY else row[h] for h in headers) for row in filled.values()
    )
    sheet = SampleSheet(
        tuple(filled),
        tuple(n for n, _ in split),
        tuple(u for _, u in split),
        cells,
        _reference(list(filled), reference, where),
    )
    for column in sheet.columns:
        column_of(sheet, column, where=where)
    return sheet


def _written(row: Mapping[str, str | float]) -> dict[str, str]:
    return {str(k): str(v).strip() for k, v in row.items() if v is not None}


def _header(header: str) -> tuple[str, str]:
    """Name and unit of a column."""
    found = _HEADER.match(header)
    if found is None:
        return header, ""
    return found["name"].strip(), found["slash"] or found["round"] or found["square"] or ""


def _from_name(name: str, pattern: str | None) -> dict[str, str]:
    """Conditions a name tells; none where it does not follow the pattern."""
    if pattern is None:
        return {}
    if not _FIELD.search(pattern):
        raise InputError(
            f"samples.names: {pattern!r} has no condition in it, as in 'LNC-{{rpm}}rpm-{{hours}}h'"
        )
    pieces = _FIELD.split(pattern)
    text = "".join(f"(?P<{p}>[-+]?\\d+(?:\\.\\d+)?)" if i % 2 else re.escape(p) for i, p in enumerate(pieces))
    found = re.match(text, name)
    return dict(found.groupdict()) if found else {}


def _reference(names: list[str], reference: str | None, where: str) -> str:
    if reference is None:
        if len(names) == 1:
            return names[0]
        raise InputError(
            f"{where}: which of {len(names)} samples is the headline about? add reference: one of "
            f"{', '.join(names[:6])}{', …' if len(names) > 6 else ''}"
        )
    if reference not in names:
        raise InputError(nearest(f"{where}.reference", reference, names))
    return reference


def column_of(sheet: SampleSheet, name: str, *, where: str = "samples") -> Column | None:
    """A condition as numbers in one unit; None for a column of words.

    Raises
    ------
    InputError
        If the column is unknown, has numbers beside words, numbers with and without a unit, or units that
        measure different things.
    """
    if name not in sheet.columns:
        raise InputError(nearest(where, name, sheet.columns))
    index = sheet.columns.index(name)
    found: dict[str, tuple[float, float | None, str]] = {}
    words: dict[str, str] = {}
    for sample, row in zip(sheet.names, sheet.cells, strict=True):
        if not row[index]:
            continue
        try:
            found[sample] = split_quantity(row[index])
        except InputError:
            words[sample] = row[index]
    if not found or len(words) >= len(found):
        return None
    if words:
        sample, text = next(iter(words.items()))
        raise InputError(f"{where}: {name} of {sample} is {text!r}, that of the others a number")
    return _in_one_unit(sheet, name, found, sheet.units[index], where)


def _in_one_unit(
    sheet: SampleSheet, name: str, found: dict[str, tuple[float, float | None, str]], header: str, where: str
) -> Column:
    """Numbers of a column, converted to the unit of its header or of its first cell."""
    units = {s: u or header for s, (_, _, u) in found.items()}
    unit = header or next((u for u in units.values() if u), "")
    bare = [s for s, u in units.items() if not u]
    if unit and bare:
        other = next(s for s, u in units.items() if u)
        raise InputError(
            f"{where}: {name} of {other} is in {units[other]}, that of {bare[0]} has no unit; give "
            f"each its unit, or one in the header: '{name} / {unit}'"
        )
    values, errors = np.full(len(sheet.names), np.nan), np.full(len(sheet.names), np.nan)
    for sample, (value, error, _) in found.items():
        at = sheet.names.index(sample)
        try:
            values[at] = value if units[sample] == unit else convert(value, units[sample], unit)
            if error is not None:
                upper = (
                    value + error if units[sample] == unit else convert(value + error, units[sample], unit)
                )
                errors[at] = upper - values[at]
        except InputError as wrong:
            raise InputError(f"{where}: {name} of {sample}: {wrong}") from wrong
    return Column(name, unit, values, errors)

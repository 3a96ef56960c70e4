"""Samples of a series: from their names or from a table, each with its conditions and properties."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError, nearest
from electrolith.core.reading import reader
from electrolith.core.units import split_quantity

__all__ = ["Sample", "SampleTable", "parse_sample_name", "read_samples"]

_NAME = re.compile(
    r"^(?P<product>.+?)[-_ ]+(?P<speed>\d+(?:\.\d+)?)\s*rpm[-_ ]+(?P<hours>\d+(?:\.\d+)?)\s*(?:h|hours?)"
    r"(?:[-_ ]+(?P<heat>\d+(?:\.\d+)?)\s*(?:degC|°C|C))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample by name with its milling conditions; nan where the name does not say."""

    name: str
    product: str
    speed: float
    hours: float
    heat: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """Samples and their columns.

    values : shape (n_samples, n_columns), nan where empty; errors : standard deviations, nan where not
        stated.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    values: np.ndarray
    errors: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """Values of a column by its name, or by its name without the unit."""
        return self.values[:, self._index(name)]

    def error(self, name: str) -> np.ndarray:
        """Standard deviations of a column."""
        return self.errors[:, self._index(name)]

    def _index(self, name: str) -> int:
        bare = [re.sub(r"\s*[\[(].*[\])]$", "", c) for c in self.columns]
        for names in (list(self.columns), bare):
            if name in names:
                return names.index(name)
        raise InputError(nearest("samples", name, self.columns))


def parse_sample_name(name: str) -> Sample:
    """Conditions from a name such as Li9N2Cl3-500rpm-24h, with a heat treatment -250C if there is one.

    Raises
    ------
    InputError
        If the name does not follow that scheme.
    """
    found = _NAME.match(name.strip())
    if not found:
        raise InputError(f"sample name {name!r} tells no conditions; expected like 'Li9N2Cl3-500rpm-24h'")
    heat = found.group("heat")
    return Sample(
        name=name.strip(),
        product=found.group("product"),
        speed=float(found.group("speed")),
        hours=float(found.group("hours")),
        heat=float(heat) if heat else float("nan"),
    )


@reader("a table of samples")
def read_samples(path: Path | str) -> SampleTable:
    """A table with a first column of names; speed and hours are added from the names where they tell them.

    Cells may carry their error, 5.3506(3). Empty cells and dashes are missing values.

    Raises
    ------
    DataError
        If a name comes twice, a cell is no number, or there are fewer than two samples.
    """
    text = read_text(path)
    delimiter = max(";\t,", key=text.split("\n")[0].count)
    rows = [r for r in csv.reader(io.StringIO(text), delimiter=delimiter) if any(c.strip() for c in r)]
    rows = [r for r in rows if not r[0].lstrip().startswith("#")]
    if len(rows) < 3 or len(rows[0]) < 2:
        raise DataError(f"{path}: expected a header and at least two samples with a name and one property")
    header = [c.strip() for c in rows[0]]
    names = [r[0].strip() for r in rows[1:]]
    double = sorted({n for n in names if names.count(n) > 1})
    if double:
        lines = [str(i + 2) for i, n in enumerate(names) if n == double[0]]
        raise DataError(
            f"{path}: sample {double[0]!r} comes twice (rows {', '.join(lines)}); names must be unique"
        )
    values = np.full((len(names), len(header) - 1), np.nan)
    errors = np.full_like(values, np.nan)
    for i, row in enumerate(rows[1:]):
        for j, cell in enumerate(row[1 : len(header)]):
            values[i, j], errors[i, j] = _cell(cell, path, i + 2, header[j + 1], delimiter)
    return _with_conditions(SampleTable(tuple(names), tuple(header[1:]), values, errors))


def _cell(cell: str, path: Path | str, row: int, column: str, delimiter: str) -> tuple[float, float]:
    """Value and error of a cell; nan where it is empty."""
    text = cell.strip()
    if text in ("", "-", "–", "nan", "n/a"):
        return float("nan"), float("nan")
    if delimiter != ",":
        text = text.replace(",", ".")
    try:
        value, error, rest = split_quantity(text)
    except InputError as wrong:
        raise DataError(f"{path}, row {row}, column {column!r}: {cell!r} is no number") from wrong
    if rest:
        raise DataError(
            f"{path}, row {row}, column {column!r}: {cell!r} is no plain number; put the unit in the header"
        )
    return value, float("nan") if error is None else error


def _with_conditions(table: SampleTable) -> SampleTable:
    """Add speed and hours from the names, unless the table has them or a name does not tell."""
    if any(c.lower().startswith("speed") for c in table.columns):
        return table
    try:
        parsed = [parse_sample_name(n) for n in table.names]
    except InputError:
        return table
    conditions = np.array([[s.speed, s.hours] for s in parsed])
    return SampleTable(
        table.names,
        ("speed (rpm)", "time (h)", *table.columns),
        np.hstack([conditions, table.values]),
        np.hstack([np.full_like(conditions, np.nan), table.errors]),
    )

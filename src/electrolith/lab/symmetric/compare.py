"""Published critical current densities to stand beside one's own."""

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import reader


@dataclass(frozen=True)
class PublishedCell:
    """One published symmetric cell.

    critical : mA/cm2.
    areal_capacity : mAh/cm2 per half-cycle, None where the source does not state it.
    """

    cell: str
    critical: float
    areal_capacity: float | None
    temperature: str
    doi: str
    note: str


def published_cells() -> tuple[PublishedCell, ...]:
    """The table `published_cells.csv` of this package; every number is stated in words in its source."""
    text = files("electrolith.lab.symmetric").joinpath("published_cells.csv").read_text(encoding="utf-8")
    return _cells(text, "published_cells.csv")


@reader("a table of published cells")
def read_cells(path: Path) -> tuple[PublishedCell, ...]:
    """A table of one's own literature, with the columns of `published_cells.csv`.

    Raises
    ------
    DataError
        If a column is missing or a number is none.
    """
    found = _cells(read_text(path), str(path))
    if not found:
        raise DataError(f"{path}: no cell in it")
    return found


COLUMNS = ("cell", "critical_mA_cm2", "areal_capacity_mAh_cm2", "temperature", "doi", "note")


def _cells(text: str, where: str) -> tuple[PublishedCell, ...]:
    table = csv.DictReader(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    if missing := [c for c in COLUMNS[:3] if c not in (table.fieldnames or ())]:
        raise DataError(f"{where}: no column {missing[0]!r}; expected {', '.join(COLUMNS)}")
    return tuple(
        PublishedCell(
            row["cell"] or "",
            _number(row, "critical_mA_cm2", where),
            _number(row, "areal_capacity_mAh_cm2", where) if row["areal_capacity_mAh_cm2"] else None,
            row.get("temperature") or "",
            row.get("doi") or "",
            row.get("note") or "",
        )
        for row in table
    )


def _number(row: dict[str, str | None], column: str, where: str) -> float:
    text = row[column] or ""
    try:
        value = float(text)
    except ValueError as error:
        raise DataError(f"{where}: {column} of {row['cell']} is {text!r}, no number") from error
    if not 0 < value < 1e4:
        raise DataError(f"{where}: {column} of {row['cell']} is {value:g}; expected a number above 0")
    return value

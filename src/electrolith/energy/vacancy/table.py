"""Vacancy energies as a table of plain text, and their limit for ever larger cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import write_atomic
from electrolith.core.reading import reader
from electrolith.energy.vacancy.cell import CellVacancies, SiteVacancy

__all__ = [
    "SizeLimit",
    "VacancyRow",
    "extrapolate",
    "merged",
    "parse_rows",
    "read_rows",
    "rows_of",
    "write_rows",
]


@dataclass(frozen=True, slots=True)
class VacancyRow:
    """One vacancy in one cell, as the table holds it.

    host, formula, site, surrounding : what and where.     index : of the atom in the perfect cell.
    copies : equivalent sites in the cell.
    size : formula units.     atoms : of the perfect cell.     closest : distance of periodic images, Å.
    formation_energy, unrelaxed : eV; nan where it is not known.
    largest_force : eV/Å.     points : evaluations.     perfect : eV.     metal : eV per atom.
    settings : fingerprint of the engine's settings.     code : program and version.
    """

    host: str
    site: str
    index: int
    surrounding: str
    copies: int
    size: int
    atoms: int
    formula: str
    closest: float
    formation_energy: float
    unrelaxed: float
    largest_force: float
    points: int
    perfect: float
    metal: float
    settings: str
    code: str


COLUMNS = tuple(VacancyRow.__dataclass_fields__)
WHOLE = ("index", "copies", "size", "atoms", "points")
REAL = ("closest", "formation_energy", "unrelaxed", "largest_force", "perfect", "metal")


def rows_of(cell: CellVacancies, code: str) -> tuple[VacancyRow, ...]:
    """One row per site of a cell."""
    return tuple(_row(cell, site, code) for site in cell.sites)


def _row(cell: CellVacancies, site: SiteVacancy, code: str) -> VacancyRow:
    return VacancyRow(
        host=cell.host,
        site=site.wyckoff,
        index=site.index,
        surrounding=site.surrounding,
        copies=site.copies,
        size=cell.size,
        atoms=cell.atoms,
        formula=cell.formula,
        closest=round(cell.closest, 3),
        formation_energy=round(site.relaxed, 4),
        unrelaxed=round(site.unrelaxed, 4),
        largest_force=round(site.largest_force, 4),
        points=site.points,
        perfect=round(cell.perfect, 5),
        metal=float("nan") if cell.metal is None else round(cell.metal, 5),
        settings=cell.engine,
        code=code,
    )


def merged(old: Iterable[VacancyRow], new: Iterable[VacancyRow]) -> tuple[VacancyRow, ...]:
    """Old rows, with those of the same vacancy and settings replaced by new ones, and the rest of the new."""

    def key(row: VacancyRow) -> tuple[str, str, int, str]:
        return row.host, row.formula, row.index, row.settings

    return tuple(({key(r): r for r in old} | {key(r): r for r in new}).values())


def write_rows(path: Path, rows: Iterable[VacancyRow], *, note: str = "") -> None:
    """Write rows as CSV; `note` becomes comment lines at its head.

    Raises
    ------
    DataError
        If the file cannot be written; the old one stays.
    """
    out = io.StringIO()
    for line in note.splitlines():
        out.write(f"# {line}\n")
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow("" if _empty(value) else value for value in (getattr(row, c) for c in COLUMNS))
    write_atomic(path, out.getvalue())


def _empty(value: object) -> bool:
    return isinstance(value, float) and not np.isfinite(value)


@reader("a table of vacancy energies")
def read_rows(path: Path) -> tuple[VacancyRow, ...]:
    """Rows of a table that `write_rows` wrote.

    Raises
    ------
    InputError
        If there is no such file.
    DataError
        If a column is missing or a number cannot be read; the text names the line.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such table of vacancies")
    return parse_rows(path.read_text(encoding="utf-8"), str(path))


def parse_rows(text: str, where: str) -> tuple[VacancyRow, ...]:
    """Rows of a table's text; `where` names it in errors.

    Raises
    ------
    DataError
        If a column is missing or a number cannot be read; the text names the row.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    reader = csv.DictReader(lines)
    if missing := sorted(set(COLUMNS) - set(reader.fieldnames or ())):
        raise DataError(f"{where}: the columns {', '.join(missing)} are missing; written by another version?")
    return tuple(_read(row, f"{where}, row {number}") for number, row in enumerate(reader, start=1))


def _read(row: dict[str, str], where: str) -> VacancyRow:
    try:
        whole = {name: int(row[name]) for name in WHOLE}
        real = {name: float(row[name] or "nan") for name in REAL}
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: {error}") from error
    text = {name: row[name] for name in COLUMNS if name not in (*WHOLE, *REAL)}
    return VacancyRow(**{**text, **whole, **real})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """A vacancy energy in an ever larger cell.

    limit : eV.     slope : eV times formula units.
    doubt : standard deviation of the limit as far as the sizes tell it, eV; nan with one size.
    sizes : how many.
    """

    limit: float
    slope: float
    doubt: float
    sizes: int


def extrapolate(sizes: Iterable[int], energies: Iterable[float]) -> SizeLimit:
    """Limit of an energy that nears it as one over the size of the cell.

    E(N) = E(∞) + b / N, by least squares. With two sizes the doubt is the whole step from the larger cell to
    the limit; with more it is the furthest that leaving one size out moves the limit.

    Parameters
    ----------
    sizes : formula units N.     energies : eV, one per size.

    Raises
    ------
    InputError
        If there are none, or not as many sizes as energies.
    """
    inverse = 1.0 / np.array(list(sizes), dtype=float)
    values = np.array(list(energies), dtype=float)
    if values.size == 0 or values.shape != inverse.shape:
        raise InputError(f"extrapolation: {inverse.size} sizes for {values.size} energies")
    if len(np.unique(inverse)) == 1:
        return SizeLimit(float(values.mean()), 0.0, float("nan"), 1)
    slope, limit = np.polyfit(inverse, values, 1)
    if values.size == 2:
        doubt = abs(values[np.argmin(inverse)] - limit)
    else:
        every = np.arange(values.size)
        doubt = max(abs(np.polyfit(inverse[every != i], values[every != i], 1)[1] - limit) for i in every)
    return SizeLimit(float(limit), float(slope), float(doubt), int(values.size))

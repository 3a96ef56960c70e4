"""Vacancies by DFT that ship with the package, the published ones, and computing the former again."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from electrolith.core.errors import DataError, ElectrolithError
from electrolith.crystal.frame import Frame
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.labels.recorded import Recorded
from electrolith.energy.vacancy.cell import perfect_title, vacancy_title
from electrolith.energy.vacancy.table import VacancyRow, parse_rows
from electrolith.energy.vacancy.vacancies import formation_energy

__all__ = [
    "PublishedVacancy",
    "Recomputed",
    "metal_reference",
    "published_vacancies",
    "published_vacancy",
    "recompute",
    "shipped_frames",
    "shipped_rows",
    "shipped_text",
]

TABLE = "vacancies_dft.csv"
LABELS = "vacancies_dft.xyz.xz"
METALS = "metals_dft.csv"
PUBLISHED = "vacancies_published.csv"


@dataclass(frozen=True, slots=True)
class PublishedVacancy:
    """A vacancy energy that somebody published: eV, in a cell of so many atoms when perfect."""

    host: str
    site: str
    energy: float
    atoms: int
    cell: str
    source: str


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Rows with energies of this machine, and what failed, by text."""

    rows: tuple[VacancyRow, ...]
    failures: tuple[str, ...]


def shipped_text(name: str = TABLE) -> str:
    """A table of the package as text."""
    return (files("electrolith.energy.vacancy") / name).read_text(encoding="utf-8")


def _dictionaries(name: str) -> list[dict[str, str]]:
    lines = [line for line in shipped_text(name).splitlines() if line and not line.startswith("#")]
    return list(csv.DictReader(lines))


def shipped_rows() -> tuple[VacancyRow, ...]:
    """Precomputed DFT vacancies that ship with the package."""
    return parse_rows(shipped_text(), TABLE)


def published_vacancies() -> tuple[PublishedVacancy, ...]:
    """Vacancy energies of the paper."""
    return tuple(
        PublishedVacancy(r["host"], r["site"], float(r["energy"]), int(r["atoms"]), r["cell"], r["source"])
        for r in _dictionaries(PUBLISHED)
    )


def published_vacancy(host: str, site: str) -> PublishedVacancy | None:
    """The published one of a site of a crystal, if there is one."""
    return next((p for p in published_vacancies() if (p.host, p.site) == (host, site)), None)


def metal_reference(settings: str, element: str) -> float | None:
    """Tabulated energy per atom of a metal for an engine's settings, eV; None where there is none."""
    for row in _dictionaries(METALS):
        if row["settings"] == settings and row["element"] == element:
            return float(row["energy"])
    return None


def shipped_labels() -> tuple[Label, ...]:
    """Perfect cells, and each vacancy before and after its relaxation, as the shipped table used them."""
    return read_labels(Path(str(files("electrolith.energy.vacancy") / LABELS)))


def shipped_frames(row: VacancyRow, labels: tuple[Label, ...]) -> tuple[Frame, Frame, Frame]:
    """Perfect supercell, vacancy before and vacancy after relaxation, of a row.

    Raises
    ------
    DataError
        If the labels do not hold them.
    """
    perfect = [x for x in labels if x.source.get("origin") == perfect_title(row.host, row.size)]
    title = vacancy_title(row.host, row.size, row.index, row.site)
    left = [x for x in labels if x.source.get("origin") == title]
    if not perfect or not left:
        raise DataError(f"{LABELS}: no frames of {title}; the table and the labels do not belong together")
    return perfect[-1].frame, left[0].frame, left[-1].frame


def recompute(
    rows: tuple[VacancyRow, ...],
    engine: Recorded,
    *,
    labels: tuple[Label, ...],
    metal: float,
    code: str,
    tell: Callable[[float, str], None] = lambda done, text: None,
) -> Recomputed:
    """The energies of rows again, at the frames that ship: three points for each.

    Killed at any moment and called again it goes on after the last point. A point that fails is named and
    the others go on.

    Parameters
    ----------
    rows, labels : of the table and its frames.
    engine : energies, written down.     metal : eV per atom with this engine.     code : for the new rows.
    tell : called with the share done and a text.
    """
    found: list[VacancyRow] = []
    failures: list[str] = []
    for number, row in enumerate(rows):
        title = vacancy_title(row.host, row.size, row.index, row.site)
        tell(number / len(rows), title)
        perfect, unrelaxed, relaxed = shipped_frames(row, labels)
        try:
            zero = engine.about(origin=perfect_title(row.host, row.size)).evaluate(perfect).energy
            model = engine.about(origin=title)
            before, after = (model.evaluate(frame) for frame in (unrelaxed, relaxed))
        except ElectrolithError as error:
            failures.append(str(error))
            continue
        found.append(
            replace(
                row,
                formation_energy=_rounded(formation_energy(after.energy, perfect=zero, metal=metal), row),
                unrelaxed=round(formation_energy(before.energy, perfect=zero, metal=metal), 4),
                largest_force=round(max(math.hypot(*force) for force in after.forces.tolist()), 4),
                perfect=round(zero, 5),
                metal=metal,
                settings=engine.settings,
                code=code,
            )
        )
    return Recomputed(tuple(found), tuple(failures))


def _rounded(energy: float, row: VacancyRow) -> float:
    """The relaxed energy, where the row had one."""
    return round(energy, 4) if math.isfinite(row.formation_energy) else math.nan

"""Vacancies in cells of several sizes, for the report and for the command."""

from __future__ import annotations

from lacuna.energy.vacancy_table import VacancyRow
from lacuna.study.section import Part, Table

__all__ = ["rows_part"]


def rows_part(rows: tuple[VacancyRow, ...], *, warnings: tuple[str, ...] = ()) -> Part:
    """Rows of a table of vacancies."""
    columns = ("crystal", "cell", "images / Å", "site", "around it", "E_f / eV", "before relaxation / eV")
    body = tuple(
        (
            r.host,
            r.formula,
            f"{r.closest:.2f}",
            r.site,
            r.surrounding,
            f"{r.formation_energy:.3f}",
            f"{r.unrelaxed:.3f}",
        )
        for r in rows
    )
    return Part("Vacancies", f"{len(rows)} vacancies.", tables=(Table(columns, body),), warnings=warnings)

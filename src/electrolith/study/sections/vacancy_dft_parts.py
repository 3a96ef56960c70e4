"""Vacancies by DFT in the report: single cells, their limit for ever larger ones, the paper's values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.energy.vacancy.cell import CellVacancies
from electrolith.energy.vacancy.shipped import published_vacancies, published_vacancy
from electrolith.energy.vacancy.table import SizeLimit, VacancyRow, extrapolate
from electrolith.study.figure import Axis, Figure, Layer, Line, Points, Role
from electrolith.study.printed import doubted, printed, span
from electrolith.study.section import Evidence, Part, Table
from electrolith.study.table import Cell

__all__ = ["dft_evidence", "dft_part", "limits", "published_evidence"]

ROLES: tuple[Role, ...] = ("computed", "second", "third", "fourth", "measured", "warning")
SEED = 5
FAR = 0.1  # eV/Å; a cell with larger forces is not relaxed


def _families(rows: Sequence[VacancyRow]) -> dict[tuple[str, str], list[VacancyRow]]:
    """Rows of one site of one crystal in cells of different sizes; relaxed ones only."""
    found: dict[tuple[str, str], list[VacancyRow]] = {}
    for row in sorted(rows, key=lambda r: r.atoms):
        if np.isfinite(row.formation_energy):
            found.setdefault((row.host, row.site), []).append(row)
    return {
        key: some
        for key, some in found.items()
        if len({r.index for r in some if r.atoms == some[0].atoms}) == 1
    }


def _spreads(rows: Sequence[VacancyRow]) -> dict[str, list[VacancyRow]]:
    """Rows of crystals without symmetry: several sites of the same letter in one cell."""
    there = _families(rows)
    found: dict[str, list[VacancyRow]] = {}
    for row in rows:
        if np.isfinite(row.formation_energy) and (row.host, row.site) not in there:
            found.setdefault(row.host, []).append(row)
    return found


def _relaxed(rows: Sequence[VacancyRow]) -> list[VacancyRow]:
    """Those whose atoms feel little force: single points elsewhere have no limit."""
    return [r for r in rows if r.largest_force <= FAR]


def limits(rows: Sequence[VacancyRow]) -> dict[tuple[str, str], SizeLimit]:
    """Limit for ever larger cells, by crystal and site, where there are several relaxed sizes."""
    there = {key: _relaxed(some) for key, some in _families(rows).items()}
    return {
        key: extrapolate([r.atoms for r in some], [r.formation_energy for r in some])
        for key, some in there.items()
        if len({r.atoms for r in some}) > 1
    }


def dft_evidence(rows: Sequence[VacancyRow]) -> tuple[Evidence, ...]:
    """Limits of DFT for the headline table."""
    found = []
    for (host, site), limit in limits(rows).items():
        some = _relaxed(_families(rows)[host, site])
        note = f"{', '.join(str(r.atoms) for r in some)} atoms, as 1/N; interval: cell size only"
        value = Estimate.normal(limit.limit, limit.doubt, "eV", rng=np.random.default_rng(SEED))
        key = f"vacancy_formation_energy_{host}_{site}"
        label = f"Li vacancy in {host}, {site}"
        found.append(Evidence(key, label, value, "computed", some[0].settings, note=note))
    return tuple(found)


def published_evidence(own: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The paper's values of single sites beside those of the study."""
    keys = {e.quantity: e.label for e in own}
    found = []
    for paper in published_vacancies():
        key = f"vacancy_formation_energy_{paper.host}_{paper.site}"
        if key in keys:
            value = Estimate.unknown_doubt(paper.energy, "eV")
            note = f"{paper.cell}, PBE"
            found.append(Evidence(key, keys[key], value, "computed", paper.source, published=True, note=note))
    return tuple(found)


def _other_points(others: Sequence[CellVacancies]) -> Points:
    """Sites by the study's engine, at the sizes of its cells."""
    some = [(host, site) for host in others for site in host.sites if np.isfinite(site.relaxed)]
    return Points(
        np.array([1 / host.atoms for host, _ in some]),
        np.array([site.relaxed for _, site in some]),
        f"sites by {others[0].engine}",
        "guide",
        small=True,
        text=tuple(f"{host.host}, {s.wyckoff}: {s.surrounding}<br>{s.relaxed:.3f} eV" for host, s in some),
    )


def _size_figure(rows: Sequence[VacancyRow], others: Sequence[CellVacancies]) -> Figure:
    """DFT energies against one over the size of the cell, lines to the limit, the paper's values."""
    layers: list[Layer] = []
    known = limits(rows)
    for (key, some), role in zip(_families(rows).items(), ROLES * 9, strict=False):
        x, y = np.array([1 / r.atoms for r in some]), np.array([r.formation_energy for r in some])
        name = f"{key[0]}, {key[1]}"
        text = tuple(f"{name}: {r.formula}<br>{r.formation_energy:.3f} eV" for r in some)
        layers.append(Points(x, y, name, role, text=text))
        if key in known:
            limit = known[key]
            ends = np.array([0.0, x.max()])
            layers.append(Line(ends, limit.limit + limit.slope * ends, "", role, dash=True))
            layers.append(
                Points(
                    np.array([0.0]),
                    np.array([limit.limit]),
                    "",
                    role,
                    low=np.array([limit.limit - limit.doubt]),
                    high=np.array([limit.limit + limit.doubt]),
                    text=(f"{name}: limit<br>{limit.limit:.2f} ± {limit.doubt:.2f} eV",),
                )
            )
    for (host, some), role in zip(_spreads(rows).items(), ROLES[::-1] * 9, strict=False):
        layers.append(
            Points(
                np.array([1 / r.atoms for r in some]),
                np.array([r.formation_energy for r in some]),
                f"{host}, {len(some)} sites",
                role,
                text=tuple(f"{r.surrounding}<br>{r.formation_energy:.3f} eV" for r in some),
            )
        )
    paper = published_vacancies()
    layers.append(
        Points(
            np.array([1 / p.atoms for p in paper]),
            np.array([p.energy for p in paper]),
            "paper (PBE, VASP)",
            "published",
            text=tuple(f"{p.host}, {p.site}: {p.cell}<br>{p.energy:.2f} eV" for p in paper),
        )
    )
    if others:
        layers.append(_other_points(others))
    return Figure(
        "vacancy_sizes",
        "Formation energy of a neutral Li vacancy against one over the atoms of the perfect cell. Dashed "
        "lines run to the limit of ever larger cells, with its doubt; open symbols are the paper's, each at "
        "its own cell.",
        Axis("1 / number of atoms"),
        Axis("vacancy formation energy / eV"),
        tuple(layers),
        height=460,
    )


def _limit_table(rows: Sequence[VacancyRow]) -> Table:
    known = limits(rows)
    body: list[tuple[Cell, ...]] = []
    for (host, site), some in _families(rows).items():
        limit, paper, last = known.get((host, site)), published_vacancy(host, site), some[-1]
        body.append(
            (
                f"{host}, {site}",
                len(some),
                int(last.atoms),
                printed(last.formation_energy, ".2f", before="" if last.largest_force <= FAR else "< "),
                doubted(limit.limit, limit.doubt) if limit else "one relaxed size",
                printed(paper.energy, ".2f", after=f" ({paper.cell})") if paper else None,
            )
        )
    for host, some in _spreads(rows).items():
        energies = [r.formation_energy for r in some]
        body.append(
            (
                f"{host}, {len(some)} sites",
                1,
                int(some[0].atoms),
                span(min(energies), max(energies), ".2f"),
                "one size",
                None,
            )
        )
    columns = (
        "crystal, site",
        "sizes of cell",
        "atoms of the largest",
        "formation energy there / eV",
        "limit / eV",
        "paper / eV",
    )
    return Table(columns, tuple(body), "Limit of ever larger cells, and the paper")


def _row_table(rows: Sequence[VacancyRow], shipped: Sequence[VacancyRow]) -> Table:
    """Every vacancy; where it was computed again, by how much that differs."""
    old = {(r.host, r.formula, r.index): r.formation_energy for r in shipped}
    again = bool(shipped)
    body = []
    for r in rows:
        line = (
            r.host,
            r.formula,
            printed(r.closest, ".2f"),
            r.site,
            r.surrounding,
            printed(r.unrelaxed, ".3f"),
            printed(r.formation_energy, ".3f", before="" if r.largest_force <= FAR else "< "),
            printed(r.largest_force, ".3f"),
        )
        change = 1000 * (r.formation_energy - old.get((r.host, r.formula, r.index), np.nan))
        body.append((*line, printed(change, ".1f")) if again else line)
    columns = (
        "crystal",
        "perfect cell",
        "nearest image / Å",
        "site",
        "around it",
        "before relaxation / eV",
        "relaxed / eV",
        "largest force / eV/Å",
    )
    return Table((*columns, "change / meV") if again else columns, tuple(body), "Each vacancy")


def dft_part(
    rows: Sequence[VacancyRow],
    *,
    shipped: Sequence[VacancyRow] = (),
    others: Sequence[CellVacancies] = (),
    warnings: Sequence[str] = (),
    title: str = "Vacancies by DFT",
) -> Part:
    """Vacancies of small cells, by size.

    Parameters
    ----------
    rows : to show.     shipped : those of the package, where `rows` were computed again.
    others : of the study's engine, to stand in the figure.     warnings : of points that failed.
    """
    known = limits(rows)
    answers = [f"{host} {site} {x.limit:.2f} ± {x.doubt:.2f} eV" for (host, site), x in known.items()]
    codes = sorted({f"{r.code} ({r.settings})" for r in rows})
    metals = sorted({r.metal for r in rows if np.isfinite(r.metal)})
    sentence = (
        f"{len(rows)} neutral vacancies by {' and '.join(codes)}"
        + (f"; for ever larger cells {', '.join(answers)}" if answers else "")
        + "."
    )
    notes = [
        "E_f = E(one Li fewer) + E(Li metal) - E(perfect), the cell held at that of the perfect crystal"
        + (f"; E(Li metal) = {', '.join(f'{m:.4f}' for m in metals)} eV per atom." if metals else "."),
        "Cells of this size hold one vacancy among few atoms, its periodic images as near as the table says: "
        "values of single cells are not those of a dilute vacancy. With two sizes the doubt of the limit is "
        "the whole step from the larger cell to it, with more the furthest that leaving one out moves it. "
        "What all cells have in common (functional, basis, no spin polarisation) is not in the doubt.",
        "A relaxation from the symmetric vacancy keeps its symmetry, unless a cheaper engine relaxed it "
        "first; a lower, less symmetric end is possible.",
    ]
    far = [r for r in rows if np.isfinite(r.formation_energy) and r.largest_force > FAR]
    if far:
        notes.append(
            f"{len(far)} of them are single points where a cheaper engine relaxed the atoms, with forces of "
            f"up to {max(r.largest_force for r in far):.2f} eV/Å: upper bounds of the relaxed energy."
        )
    tables = (_limit_table(rows), _row_table(rows, shipped))
    return Part(title, sentence, (_size_figure(rows, others),), tables, tuple(warnings), tuple(notes))

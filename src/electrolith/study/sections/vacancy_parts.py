"""Vacancies in the report: their spread, their surroundings, their limit for ever larger cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from electrolith.core.estimate import Estimate
from electrolith.energy.vacancy.cell import CellVacancies
from electrolith.energy.vacancy.shipped import PublishedVacancy, published_vacancies
from electrolith.energy.vacancy.table import SizeLimit, VacancyRow, extrapolate
from electrolith.study.figure import Axis, Bars, Figure, Layer, Line, Points, Role
from electrolith.study.printed import doubted, printed, span
from electrolith.study.section import Evidence, Part, Table
from electrolith.study.table import Cell

__all__ = ["dft_evidence", "dft_part", "own_evidence", "own_part", "published_evidence"]

ROLES: tuple[Role, ...] = ("computed", "second", "third", "fourth", "measured", "warning")
SEED = 5
FAR = 0.1  # eV/Å; a cell with larger forces is not relaxed


def own_evidence(
    hosts: Sequence[CellVacancies],
    engine: str,
    element: str,
    metal: float | None,
    further: Sequence[CellVacancies] = (),
    shares: Sequence[float] = (1.0,),
) -> tuple[Evidence, ...]:
    """Canonical over the sites of the orderings, and the sites of other hosts, where they have a zero.

    Parameters
    ----------
    further : other orderings than the ground state, hosts[0].      shares : of the ground state and these.
    """
    orderings = [hosts[0], *further]
    number = sum(int(np.isfinite(o.energies).sum()) for o in orderings)
    if metal is None or number < 2:
        return ()
    over = f" in {len(orderings)} orderings, canonical" if further else ""
    note = f"{number} sites of {hosts[0].formula}{over}; interval: spread over sites"
    label = f"{element} vacancy formation energy"
    value = Estimate.weighted(*_canonical(orderings, shares), "eV")
    mean = Evidence("vacancy_formation_energy", label, value, "computed", engine, note=note)
    others = [
        Evidence(
            f"vacancy_formation_energy_{other.host}_{site.wyckoff}",
            f"the same in {other.host}, {site.wyckoff}",
            Estimate.unknown_doubt(site.relaxed, "eV"),
            "computed",
            engine,
            note=other.formula,
        )
        for other in hosts[1:]
        for site in other.sites
        if np.isfinite(site.relaxed)
    ]
    return (mean, *others)


def _canonical(
    orderings: Sequence[CellVacancies], shares: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Energies of all sites (eV) with their weights: the share of an ordering, divided among its sites."""
    values = [o.everywhere for o in orderings]
    weights = [np.full(v.size, s / max(v.size, 1)) for v, s in zip(values, shares, strict=True)]
    return np.concatenate(values), np.concatenate(weights)


def _orderings_table(
    orderings: Sequence[CellVacancies], shares: Sequence[float], metal: float | None
) -> Table:
    """Each ordering, and all of them by their shares."""

    def row(
        name: str, share: float, values: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> tuple[Cell, ...]:
        part = printed(100 * share, ".0f")
        if not values.size or not weights.sum() > 0:
            return (name, part, 0, None, None, None)
        mean = float(weights @ values / weights.sum())
        spread = float(np.sqrt(weights @ (values - mean) ** 2 / weights.sum()))
        ends = span(float(values.min()) - mean, float(values.max()) - mean, "+.3f")
        known = printed(mean, ".3f") if metal is not None else None
        return (name, part, int(values.size), known, printed(spread, ".3f"), ends)

    rows = [
        row(o.host, s, o.everywhere, np.ones(o.everywhere.size))
        for o, s in zip(orderings, shares, strict=True)
    ]
    rows.append(row("canonical", 1.0, *_canonical(orderings, shares)))
    columns = (
        "ordering",
        "share",
        "sites",
        "mean / eV",
        "spread over sites / eV",
        "sites from the mean / eV",
    )
    return Table(columns, tuple(rows), "Vacancies by ordering, and canonical over them")


def _comparable(hosts: Sequence[CellVacancies], metal: float | None) -> tuple[CellVacancies, ...]:
    """The ground state and the hosts that say something: without a zero those with several sites."""
    others = [h for h in hosts[1:] if metal is not None or len(h.sites) > 1]
    return (hosts[0], *others)


def _share_figure(hosts: Sequence[CellVacancies], element: str, metal: float | None) -> Figure:
    """Share of sites below an energy, by host, with the published values where there is a zero."""
    layers: list[Layer] = []
    for host, role in zip(_comparable(hosts, metal), ROLES, strict=False):
        known = host.everywhere
        share = np.arange(1, known.size + 1) / max(known.size, 1)
        steps = np.concatenate([[0.0], np.repeat(share, 2)[:-1]]) if known.size else share
        layers.append(Line(np.repeat(known, 2), 100 * steps, f"{host.host} {host.formula}", role))
    if metal is not None:
        paper = published_vacancies()
        layers.append(
            Points(
                np.array([p.energy for p in paper]),
                np.full(len(paper), 50.0),
                "paper (PBE): mean or single site",
                "published",
                text=tuple(f"{p.host}, {p.site}<br>{p.energy:.2f} eV" for p in paper),
            )
        )
    zero = "" if metal is not None else ", from the mean of each crystal"
    return Figure(
        "vacancies",
        f"Share of {element} sites whose vacancy costs less than an energy.",
        Axis(f"vacancy formation energy{zero} / eV"),
        Axis("share of sites / %"),
        tuple(layers),
    )


def _surrounding_figure(host: CellVacancies, element: str, metal: float | None) -> Figure:
    """Mean energy of the ground state's sites by their surrounding."""
    rows = host.by_surrounding()
    bars = Bars(
        tuple(rows),
        np.array([mean for _, mean, _ in rows.values()]),
        "mean, and spread of the sites",
        errors=np.array([spread for _, _, spread in rows.values()]),
        text=tuple(f"{name}: {n} sites<br>{mean:.3f} ± {s:.3f} eV" for name, (n, mean, s) in rows.items()),
    )
    zero = "" if metal is not None else " from the mean"
    return Figure(
        "vacancy_surroundings",
        f"What surrounds the {element} that is taken out, and what that costs; □ is a vacant anion site.",
        Axis("nearest four anion sites"),
        Axis(f"formation energy{zero} / eV"),
        (bars,),
    )


def _paper(host: str, site: str) -> PublishedVacancy | None:
    return next((p for p in published_vacancies() if (p.host, p.site) == (host, site)), None)


def _site_rows(hosts: Sequence[CellVacancies], metal: float | None) -> tuple[tuple[Cell, ...], ...]:
    rows: list[tuple[Cell, ...]] = []
    for host in _comparable(hosts, metal):
        good = host.energies[np.isfinite(host.energies)]
        if good.size:
            spread = span(float(good.min()), float(good.max()), ".3f")
            mean: Cell = printed(host.mean, ".3f") if metal is not None else "not known"
            rows.append((host.host, host.formula, int(host.copies.sum()), mean, spread, None))
    for host in _comparable(hosts, metal)[1:]:
        for site in host.sites:
            paper = _paper(host.host, site.wyckoff)
            rows.append(
                (
                    f"{host.host}, {site.wyckoff}",
                    host.formula,
                    site.copies,
                    printed(site.relaxed, ".3f"),
                    None,
                    printed(paper.energy, ".2f") if paper else None,
                )
            )
    return tuple(rows)


def own_part(
    hosts: Sequence[CellVacancies],
    engine: str,
    element: str,
    metal: float | None,
    further: Sequence[CellVacancies] = (),
    shares: Sequence[float] = (1.0,),
) -> Part:
    """Vacancies by the engine of the study; parameters as for `own_evidence`."""
    warnings = []
    if metal is None:
        warnings.append(
            f"{engine} was fitted to charge-balanced cells only: the energy of a cell that lacks one "
            f"neutral {element} is not fixed by them. Differences between sites of one crystal stand; "
            "the mean and differences between crystals do not, and are not given. An engine that knows such "
            "cells gives them: vacancies: {engine: chgnet}."
        )
    lost = sum(int(np.isnan(host.energies).sum()) for host in (*hosts, *further))
    if lost:
        warnings.append(f"{lost} cells with a vacancy did not reach the force criterion; left out.")
    good = hosts[0].energies[np.isfinite(hosts[0].energies)]
    spread = f"{np.ptp(good):.2f} eV" if good.size else "unknown"
    sentence = (
        f"One neutral {element} taken out of each of {len(hosts[0].sites)} distinct sites of "
        f"{hosts[0].formula} with {engine}, the cell held; the sites differ by {spread}."
    )
    more = (_orderings_table([hosts[0], *further], shares, metal),) if further else ()
    columns = ("crystal", "supercell", "sites", "mean / eV", "lowest to highest / eV", "paper / eV")
    figures = (_share_figure(hosts, element, metal), _surrounding_figure(hosts[0], element, metal))
    notes: tuple[str, ...] = ()
    if metal is not None:
        mean = next(p for p in published_vacancies() if p.site == "mean")
        notes = (f"The paper's mean over the sites of {mean.cell} is {mean.energy:.2f} eV (PBE, VASP).",)
    return Part(
        "Vacancies",
        sentence,
        figures,
        (Table(columns, _site_rows(hosts, metal), "Neutral vacancies"), *more),
        tuple(warnings),
        notes,
    )


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
        limit, paper, last = known.get((host, site)), _paper(host, site), some[-1]
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

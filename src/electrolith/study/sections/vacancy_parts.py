"""Vacancies by the engine of the study in the report: their spread and their surroundings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from electrolith.core.estimate import Estimate
from electrolith.energy.vacancy.cell import CellVacancies
from electrolith.energy.vacancy.shipped import published_vacancies, published_vacancy
from electrolith.study.figure import Axis, Bars, Figure, Layer, Line, Points, Role
from electrolith.study.printed import printed, span
from electrolith.study.section import Evidence, Part, Table
from electrolith.study.table import Cell

__all__ = ["own_evidence", "own_part"]

ROLES: tuple[Role, ...] = ("computed", "second", "third", "fourth", "measured", "warning")


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
            paper = published_vacancy(host.host, site.wyckoff)
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

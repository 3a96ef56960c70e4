"""From a converged refinement to its result: esds, sites with vacancies, ratios, fractions, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from electrolith.core.estimate import Estimate

from .conditions import condition_text
from .identify import Blind, NullCombination, null_combinations
from .instrument import TimeOfFlight
from .model import Calculated, Histogram, phases_at
from .peaks import peak_table
from .phase import molar_mass, multiplicity, volume
from .quality import durbin_watson, r_factors
from .result import FittedHistogram, FittedSite, RietveldFit, Ticks
from .tables import table_note

if TYPE_CHECKING:
    from .refine import Problem, RefineSettings

__all__ = ["summarise"]


def summarise(
    problem: Problem,
    q: np.ndarray,
    shown: tuple[Calculated, ...],
    blind: tuple[Blind, Blind],
    evaluations: int,
    converged: bool,
    settings: RefineSettings,
) -> RietveldFit:
    """Gather everything that the report shows."""
    alone, whole = blind
    values, names, ties = problem.at(q), problem.ties.names, problem.ties
    histograms = tuple(
        _histogram(problem, number, values, calculated) for number, calculated in enumerate(shown)
    )
    points = sum(len(h.x) for h in histograms)
    total = sum(float(np.sum(((h.observed - h.calculated) / h.sigma) ** 2)) for h in histograms)
    chi2 = total / max(points - whole.rank, 1)
    inflate = max(1.0, chi2)
    covariance_q = whole.covariance * inflate
    covariance = ties.matrix @ covariance_q @ ties.matrix.T
    null = null_combinations(whole, ties.independent, values)
    null_rows = whole.null @ ties.matrix.T
    esd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    hidden = _open(null_rows, np.array([values[n] for n in names]), esd)
    open_names = {n for n, is_open in zip(names, hidden, strict=True) if is_open}
    esd_shown = np.where([n in open_names for n in names], np.inf, esd)
    draws = _draws(q, covariance_q, settings)
    bare = _open(alone.null @ ties.matrix.T, np.array([values[n] for n in names]), esd)
    given = {n for n, is_open in zip(names, bare, strict=True) if is_open} - open_names
    table = _Draws(problem, values, draws @ ties.matrix.T + ties.offset, names, open_names)
    fractions = _fractions(problem, table)
    ratios = _ratios(problem, table, null_rows)
    data_null = null_combinations(alone, ties.independent, values)
    closed = _closed(data_null, null, problem)
    norm = np.where(esd > 0, esd, 1.0)
    return RietveldFit(
        names=names,
        values=np.array([values[n] for n in names]),
        esd=esd_shown,
        covariance=covariance,
        correlation=covariance / np.outer(norm, norm),
        all_values=values,
        phases=phases_at(problem.model, values),
        histograms=histograms,
        sites=_sites(problem, table, given),
        cell=_cell(problem, table),
        fractions=fractions,
        ratios=ratios,
        null=null,
        closed=closed,
        constraints=(),
        conditions=tuple(condition_text(c) for c in problem.conditions),
        warnings=_warnings(problem, values, esd_shown, names, histograms, chi2, converged),
        chi2=chi2,
        gof=float(np.sqrt(chi2)),
        points=points,
        evaluations=evaluations,
        converged=converged,
    )


def _open(null_rows: np.ndarray, values: np.ndarray, esd: np.ndarray) -> np.ndarray:
    """Which parameters take part in a null combination: by their change relative to value and esd."""
    relative = np.abs(null_rows) / (np.abs(values) + esd + 1e-12)
    top = np.maximum(relative.max(axis=1, initial=0.0, keepdims=True), 1e-300)
    return np.asarray((relative / top > 1e-6).any(axis=0))


def _draws(q: np.ndarray, covariance: np.ndarray, settings: RefineSettings) -> np.ndarray:
    """Draws of the independent parameters, shape (draws, n)."""
    rng = np.random.default_rng(settings.seed)
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    s, v = np.linalg.eigh(covariance / np.outer(scale, scale))
    root = v * np.sqrt(np.maximum(s, 0.0))
    return q + (rng.standard_normal((settings.draws, len(q))) @ root.T) * scale


class _Draws:
    """Draws of every parameter by name; what is not refined has one value."""

    def __init__(
        self,
        problem: Problem,
        values: dict[str, float],
        draws: np.ndarray,
        names: tuple[str, ...],
        open_: set[str],
    ) -> None:
        self.values = values
        self.columns = {n: draws[:, i] for i, n in enumerate(names)}
        self.open = open_
        self.size = len(draws)

    def of(self, name: str) -> np.ndarray:
        """Draws of one parameter, shape (draws,) or (1,)."""
        return self.columns.get(name, np.array([self.values[name]]))

    def estimate(self, name: str, unit: str) -> Estimate:
        """The parameter as an estimate; without known doubt if fixed or not identified."""
        if name not in self.columns or name in self.open:
            return Estimate.unknown_doubt(self.values[name], unit)
        return Estimate(self.columns[name], unit)


def _sites(problem: Problem, table: _Draws, given: set[str]) -> tuple[FittedSite, ...]:
    out = []
    for phase in problem.model.phases:
        for site in phase.sites:
            prefix = f"{phase.name}/{site.label}/"
            keys = [f"{prefix}occupancy/{s}" for s, _ in site.occupancy]
            vacancy = 1.0 - np.sum(np.broadcast_arrays(*(table.of(k) for k in keys)), axis=0)
            is_open = any(k in table.open for k in keys)
            fixed = not any(k in table.columns for k in keys)
            empty = (
                Estimate.unknown_doubt(1.0 - sum(table.values[k] for k in keys), "1")
                if is_open or fixed
                else Estimate(vacancy, "1")
            )
            if is_open:
                word = "not identified: see the null combination"
            elif fixed:
                word = "fixed"
            else:
                word = "through the conditions" if any(k in given for k in keys) else "identified"
            for (species, _), key in zip(site.occupancy, keys, strict=True):
                out.append(
                    FittedSite(
                        phase.name,
                        site.label,
                        species,
                        multiplicity(phase, site),
                        table.estimate(key, "1"),
                        empty,
                        table.estimate(prefix + "B", "angstrom^2"),
                        word,
                    )
                )
    return tuple(out)


def _cell(problem: Problem, table: _Draws) -> dict[str, Estimate]:
    return {
        f"{p.name}/{n}": table.estimate(f"{p.name}/{n}", "angstrom" if n in "abc" else "degree")
        for p, symmetry in zip(problem.model.phases, problem.model.layouts, strict=True)
        for n in symmetry.ties
    }


def _fractions(problem: Problem, table: _Draws) -> dict[str, Estimate]:
    """Weight fractions, W = S Z M V/Σ S Z M V, mass and volume at the refined values."""
    phases = phases_at(problem.model, table.values)
    out: dict[str, Estimate] = {}
    for histogram in problem.model.histograms:
        parts = [table.of(f"{histogram.name}/scale/{p.name}") * molar_mass(p) * volume(p) for p in phases]
        whole = np.sum(np.broadcast_arrays(*parts), axis=0)
        for phase, part in zip(phases, parts, strict=True):
            share = np.asarray(part / whole)
            out[f"{histogram.name}/{phase.name}"] = (
                Estimate(share, "1")
                if len(phases) > 1 and share.size > 1
                else Estimate.unknown_doubt(share[0], "1")
            )
    return out


def _ratios(problem: Problem, table: _Draws, null_rows: np.ndarray) -> dict[str, Estimate]:
    """Ratios of refined occupancies, Li/(all anions) first, that no null combination changes."""
    out: dict[str, Estimate] = {}
    for phase in problem.model.phases:
        content: dict[str, np.ndarray] = {}
        refined = set()
        for site in phase.sites:
            for species, _ in site.occupancy:
                key = f"{phase.name}/{site.label}/occupancy/{species}"
                content[species] = content.get(species, np.zeros(1)) + multiplicity(phase, site) * table.of(
                    key
                )
                if key in table.columns:
                    refined.add(species)
        chosen = [s for s in content if s in refined]
        pairs = [(a, b) for i, a in enumerate(chosen) for b in chosen[i + 1 :]]
        for a, b in pairs:
            out[f"{phase.name}: {a}/{b}"] = Estimate(content[a] / content[b], "1")
        rest = [s for s in chosen if s != "Li"]
        if "Li" in chosen and len(rest) > 1:
            out[f"{phase.name}: Li/({'+'.join(rest)})"] = Estimate(
                content["Li"] / np.sum(np.broadcast_arrays(*(content[s] for s in rest)), axis=0), "1"
            )
    return out


def _closed(
    data: tuple[NullCombination, ...], left: tuple[NullCombination, ...], problem: Problem
) -> tuple[str, ...]:
    """What the data alone leave open, and whether the conditions closed it."""
    if not data:
        return ()
    how = "; ".join(condition_text(c) for c in problem.conditions) or "nothing"
    state = "still open" if len(left) >= len(data) else f"closed by: {how}"
    return tuple(f"{item.words} ({state})" for item in data)


def _histogram(problem: Problem, number: int, values: dict[str, float], shown: Calculated) -> FittedHistogram:
    histogram = problem.model.histograms[number]
    x, keep = problem.model.x[number], histogram.used()
    observed, sigma = histogram.data.intensity[keep], np.sqrt(problem.variance[number])
    r_wp, r_p, r_exp = r_factors(observed, shown.total, sigma, len(problem.ties.independent))
    tables: list[str] = []
    for phase, linked in zip(problem.model.phases, problem.model.linked[number], strict=True):
        tables += [
            f"{phase.name}, {line}" for line in table_note(linked.table, histogram.instrument.radiation)
        ]
    return FittedHistogram(
        histogram.name,
        histogram.data.abscissa,
        x,
        observed,
        shown.total,
        shown.background,
        sigma,
        shown.by_phase,
        _ticks(problem, number, values),
        r_wp,
        r_p,
        r_exp,
        durbin_watson((observed - shown.total) / sigma),
        (_beam(histogram), *dict.fromkeys(tables)),
    )


def _beam(histogram: Histogram) -> str:
    tool = histogram.instrument
    if isinstance(tool, TimeOfFlight):
        return f"time of flight, bank at {tool.bank_angle:g}°, dif_c {tool.dif_c:g} µs/Å"
    lines = ", ".join(f"{w:.7g} Å (weight {p:g})" for w, p in tool.lines)
    return f"{tool.radiation}, {lines}"


def _ticks(problem: Problem, number: int, values: dict[str, float]) -> tuple[Ticks, ...]:
    from .model import _instrument_at

    histogram = problem.model.histograms[number]
    tool = _instrument_at(histogram, values)
    out = []
    for phase, linked in zip(phases_at(problem.model, values), problem.model.linked[number], strict=True):
        table, _ = peak_table(linked, phase, tool, histogram.name, ())
        n = len(linked.reflections.d)
        # the first node of the first line of each reflection stands for its position
        first = np.array([np.flatnonzero(table.reflection == i)[0] for i in range(n)])
        area = np.bincount(table.reflection, weights=table.area, minlength=n)
        out.append(
            Ticks(
                phase.name,
                linked.reflections.hkl,
                table.centre[first],
                linked.reflections.d,
                area / max(area.max(), 1e-300),
            )
        )
    return tuple(out)


def _warnings(
    problem: Problem,
    values: dict[str, float],
    esd: np.ndarray,
    names: tuple[str, ...],
    histograms: tuple[FittedHistogram, ...],
    chi2: float,
    converged: bool,
) -> tuple[str, ...]:
    """What a careful reader would ask about."""
    out = [] if converged else ["the refinement stopped before it converged"]
    error = dict(zip(names, esd, strict=True))
    for phase in phases_at(problem.model, values):
        for site in phase.sites:
            total = sum(o for _, o in site.occupancy)
            if total > 1.0 + 1e-6 and any(
                f"{phase.name}/{site.label}/occupancy/{s}" in error for s, _ in site.occupancy
            ):
                out.append(f"{phase.name}/{site.label}: the site holds {total:.3f} atoms, more than one")
            for species, share in site.occupancy:
                key = f"{phase.name}/{site.label}/occupancy/{species}"
                if share < 0 and key in error:
                    out.append(f"{key} is negative: {share:.3f}")
                if key in error and np.isfinite(error[key]) and error[key] > 0.25:
                    out.append(f"{key} is hardly determined: {share:.3f} ± {error[key]:.2g}")
            if site.b_iso < 0 and f"{phase.name}/{site.label}/B" in error:
                out.append(f"{phase.name}/{site.label}/B is negative: {site.b_iso:.3f} Å²")
    out += [
        f"{item.name}: the residuals are not noise (Durbin-Watson {item.durbin_watson:.2f}, "
        "noise gives 2); esds are too small"
        for item in histograms
        if abs(item.durbin_watson - 2) > 0.5
    ]
    if chi2 > 4:
        out.append(f"χ² per degree of freedom is {chi2:.2f}: the model does not describe the data")
    return tuple(out)

"""From a converged refinement to its result: esds, sites with vacancies, ratios, fractions, warnings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.core.plausible import ring

from .conditions import condition_text
from .identify import Blind, NullCombination, Unseen, null_combinations
from .instrument import TimeOfFlight
from .model import Calculated, Histogram, instrument_at, phases_at
from .peaks import peak_table
from .phase import molar_mass, multiplicity, volume
from .problem import Problem, RefineSettings
from .quality import durbin_watson, r_factors
from .result import FittedHistogram, FittedSite, RietveldFit, Ticks
from .tables import table_note

__all__ = ["Course", "summarise"]


@dataclass(frozen=True, slots=True)
class Course:
    """How the descent went. shift : the last shift of a parameter over its esd, the largest of all."""

    evaluations: int
    converged: bool
    shift: float
    settings: RefineSettings


def summarise(
    problem: Problem,
    q: np.ndarray,
    shown: tuple[Calculated, ...],
    blind: tuple[Blind, Blind],
    course: Course,
) -> RietveldFit:
    """Gather everything that the report shows.

    blind : rank tests of the data alone, and of the data with the conditions.
    """
    alone, whole = blind
    values, names, ties = problem.at(q), problem.ties.names, problem.ties
    histograms = tuple(
        _histogram(problem, number, values, calculated) for number, calculated in enumerate(shown)
    )
    points = sum(len(h.x) for h in histograms)
    total = sum(float(np.sum(((h.observed - h.calculated) / h.sigma) ** 2)) for h in histograms)
    chi2 = total / max(points - whole.rank, 1)
    covariance_q = whole.covariance * max(1.0, chi2)
    covariance = ties.matrix @ covariance_q @ ties.matrix.T
    kinds = {n: p.kind for n, p in problem.model.catalogue.items()}
    null = null_combinations(whole, ties.independent, values, kinds)
    data_null = null_combinations(alone, ties.independent, values, kinds)
    esd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    unseen = Unseen.of(values, names, whole.null @ ties.matrix.T, esd)
    bare = Unseen.of(values, names, alone.null @ ties.matrix.T, esd)
    esd_shown = np.where([unseen.moves(n) for n in names], np.inf, esd)
    draws = _draws(q, covariance_q, course.settings)
    table = _Draws(values, draws @ ties.matrix.T + ties.offset, names, unseen, bare)
    ratios = _ratios(problem, table)
    norm = np.where(esd > 0, esd, 1.0)
    return RietveldFit(
        names=names,
        values=np.array([values[n] for n in names]),
        esd=esd_shown,
        covariance=covariance,
        correlation=covariance / np.outer(norm, norm),
        all_values=values,
        kinds={n: str(k) for n, k in kinds.items()},
        units={n: p.unit for n, p in problem.model.catalogue.items()},
        phases=phases_at(problem.model, values),
        histograms=histograms,
        sites=_sites(problem, table),
        cell=_cell(problem, table),
        fractions=_fractions(problem, table),
        ratios={n: r for n, (r, _) in ratios.items()},
        given=tuple(n for n, (_, given) in ratios.items() if given),
        null=null,
        closed=_closed(data_null, null, problem),
        constraints=problem.constraints,
        conditions=tuple(condition_text(c) for c in problem.conditions),
        warnings=_warnings(problem, values, esd_shown, names, histograms, chi2, course),
        chi2=chi2,
        gof=float(np.sqrt(chi2)),
        points=points,
        evaluations=course.evaluations,
        converged=course.converged,
        shift=course.shift,
    )


def _draws(q: np.ndarray, covariance: np.ndarray, settings: RefineSettings) -> np.ndarray:
    """Draws of the independent parameters, shape (draws, n)."""
    rng = np.random.default_rng(settings.seed)
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    s, v = np.linalg.eigh(covariance / np.outer(scale, scale))
    root = v * np.sqrt(np.maximum(s, 0.0))
    return q + (rng.standard_normal((settings.draws, len(q))) @ root.T) * scale


class _Draws:
    """Draws of every parameter by name; what is not refined has one value.

    unseen : what neither data nor conditions see; bare : what the data alone do not see.
    """

    def __init__(
        self,
        values: dict[str, float],
        draws: np.ndarray,
        names: tuple[str, ...],
        unseen: Unseen,
        bare: Unseen,
    ) -> None:
        self.values = values
        self.columns = {n: draws[:, i] for i, n in enumerate(names)}
        self.unseen, self.bare = unseen, bare

    def of(self, name: str) -> np.ndarray:
        """Draws of one parameter, shape (draws,) or (1,)."""
        return self.columns.get(name, np.array([self.values[name]]))

    def estimate(self, name: str, unit: str) -> Estimate:
        """The parameter as an estimate; without known doubt if fixed or not identified."""
        if name not in self.columns or self.unseen.moves(name):
            return Estimate.unknown_doubt(self.values[name], unit)
        return Estimate(self.columns[name], unit)


def _sites(problem: Problem, table: _Draws) -> tuple[FittedSite, ...]:
    out = []
    for phase in problem.model.phases:
        for site in phase.sites:
            prefix = f"{phase.name}/{site.label}/"
            keys = [f"{prefix}occupancy/{s}" for s, _ in site.occupancy]
            word, vacancy = _vacancy(table, keys)
            for (species, _), key in zip(site.occupancy, keys, strict=True):
                out.append(
                    FittedSite(
                        phase.name,
                        site.label,
                        species,
                        multiplicity(phase, site),
                        table.estimate(key, "1"),
                        vacancy,
                        table.estimate(prefix + "B", "angstrom^2"),
                        word,
                    )
                )
    return tuple(out)


def _vacancy(table: _Draws, keys: list[str]) -> tuple[str, Estimate]:
    """Whether the empty share of a site is determined, in words, and the share."""

    def filled(values: dict[str, float]) -> float:
        return float(sum(values[k] for k in keys))

    total = filled(table.values)
    if not any(k in table.columns for k in keys):
        return "fixed", Estimate.unknown_doubt(1.0 - total, "1")
    if table.unseen.changes(filled):
        word = "not identified: see the null combination"
        return word, Estimate.unknown_doubt(1.0 - total, "1")
    vacancy = Estimate(1.0 - np.sum(np.broadcast_arrays(*(table.of(k) for k in keys)), axis=0), "1")
    room = 2 * vacancy.std + 0.02
    low = [k for k in keys if not table.unseen.moves(k) and table.values[k] < -2 * table.of(k).std() - 0.02]
    if total > 1 + room or total < -room or low:
        return f"impossible: the site would hold {total:.3g} atoms" + (
            f", {low[0]} = {table.values[low[0]]:.3g}" if low else ""
        ), vacancy
    return ("through the conditions" if table.bare.changes(filled) else "identified"), vacancy


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
        scales = [f"{histogram.name}/scale/{p.name}" for p in phases]
        weight = [molar_mass(p) * volume(p) for p in phases]
        parts = [table.of(s) * w for s, w in zip(scales, weight, strict=True)]
        whole = np.sum(np.broadcast_arrays(*parts), axis=0)
        for number, (phase, part) in enumerate(zip(phases, parts, strict=True)):
            share = np.asarray(part / np.where(whole == 0, 1.0, whole))

            def fraction(values: dict[str, float], number: int = number, scales: list[str] = scales) -> float:
                masses = [
                    values[s] * molar_mass(p) * volume(p)
                    for s, p in zip(scales, phases_at(problem.model, values), strict=True)
                ]
                return masses[number] / (sum(masses) or 1.0)

            known = len(phases) > 1 and share.size > 1 and not table.unseen.changes(fraction)
            out[f"{histogram.name}/{phase.name}"] = (
                Estimate(share, "1") if known else Estimate.unknown_doubt(float(np.median(share)), "1")
            )
    return out


def _ratios(problem: Problem, table: _Draws) -> dict[str, tuple[Estimate, bool]]:
    """Ratios of refined occupancies, Li/(all anions) last, that no null combination changes.

    With each, whether it rests on the conditions; what a constraint sets is no result and is left out.
    """
    out: dict[str, tuple[Estimate, bool]] = {}
    for phase in problem.model.phases:
        terms: dict[str, list[tuple[str, int]]] = {}
        for site in phase.sites:
            for species, _ in site.occupancy:
                key = f"{phase.name}/{site.label}/occupancy/{species}"
                terms.setdefault(species, []).append((key, multiplicity(phase, site)))
        chosen = [s for s, found in terms.items() if any(k in table.columns for k, _ in found)]
        pairs: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
            ((a,), (b,)) for i, a in enumerate(chosen) for b in chosen[i + 1 :]
        ]
        rest = tuple(s for s in chosen if s != "Li")
        if "Li" in chosen and len(rest) > 1:
            pairs.append((("Li",), rest))
        for above, below in pairs:
            ratio = _ratio([t for s in above for t in terms[s]], [t for s in below for t in terms[s]], table)
            if ratio is not None:
                name = below[0] if len(below) == 1 else f"({'+'.join(below)})"
                out[f"{phase.name}: {above[0]}/{name}"] = ratio
    return out


def _ratio(
    above: list[tuple[str, int]], below: list[tuple[str, int]], table: _Draws
) -> tuple[Estimate, bool] | None:
    """A ratio of contents and whether the conditions made it known; None where it is open or set."""

    def value(values: dict[str, float]) -> float:
        under = sum(n * values[k] for k, n in below)
        return float(sum(n * values[k] for k, n in above) / under) if under else float("inf")

    if not np.isfinite(value(table.values)) or table.unseen.changes(value):
        return None
    top, under = (
        np.sum(np.broadcast_arrays(*(n * table.of(k) for k, n in side)), axis=0) for side in (above, below)
    )
    ratio = Estimate(top / np.where(under == 0, np.nan, under), "1")
    return (ratio, table.bare.changes(value)) if ratio.std > 1e-9 * abs(ratio.value) else None


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
        instrument_at(histogram, values),
        _left_out(histogram),
    )


def _left_out(histogram: Histogram) -> tuple[str, ...]:
    """Regions of the pattern that took no part, and why."""
    out = []
    if histogram.limits is not None:
        low, high = histogram.limits
        out += [f"below {low:g}: limits of the refinement"] if histogram.data.x[0] < low else []
        out += [f"above {high:g}: limits of the refinement"] if histogram.data.x[-1] > high else []
    return (*out, *(f"{low:g} to {high:g}: excluded" for low, high in histogram.excluded))


def _beam(histogram: Histogram) -> str:
    tool = histogram.instrument
    if isinstance(tool, TimeOfFlight):
        return f"time of flight, bank at {tool.bank_angle:g}°, dif_c {tool.dif_c:g} µs/Å"
    lines = ", ".join(f"{w:.7g} Å (weight {p:g})" for w, p in tool.lines)
    return f"{tool.radiation}, {lines}"


def _ticks(problem: Problem, number: int, values: dict[str, float]) -> tuple[Ticks, ...]:
    histogram = problem.model.histograms[number]
    tool = instrument_at(histogram, values)
    out = []
    for phase, linked in zip(phases_at(problem.model, values), problem.model.linked[number], strict=True):
        table, _ = peak_table(linked, phase, tool, histogram.name, ())
        n = len(linked.reflections.d)
        # the first node of the first line of each reflection stands for its position
        first = np.unique(table.reflection, return_index=True)[1]
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
    course: Course,
) -> tuple[str, ...]:
    """What a careful reader would ask about."""
    out = []
    if not course.converged:
        text = f"; the last shift was {course.shift:.2g} esd" if np.isfinite(course.shift) else ""
        out.append(f"the refinement stopped before it converged{text}")
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
    return (*out, *filter(None, (ring("reduced_chi2", chi2, "1", label="χ² per degree of freedom"),)))

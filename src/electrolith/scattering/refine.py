"""Rietveld refinement: least squares on named parameters, with model weights, constraints and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError, NotConverged, nearest

from .conditions import Condition, condition_residual, condition_text
from .constraints import Ties, tie
from .descent import descend
from .identify import Blind, blind_directions
from .model import Calculated, Histogram, Model, calculate, compile_model, parameters, phases_at
from .phase import Phase
from .result import RietveldFit
from .summary import summarise

__all__ = ["RefineSettings", "refine", "start_values"]

_LOWER = {
    "strain": 0.0,
    "inverse_size": 0.0,
    "texture": 0.05,
    "alpha": 1e-3,
    "beta0": 0.0,
    "beta1": 0.0,
    "axial": 1e-4,
    "mu_r": 0.0,
    "x": 0.0,
    "y": 0.0,
}


@dataclass(frozen=True, slots=True)
class RefineSettings:
    """How to refine.

    model_weights : take the variances from the model (iterated), not from the counts, which would bias
    weak patterns low by about one count. evaluations : most model evaluations per weighting round.
    draws, seed : of the estimates in the result.
    """

    model_weights: bool = True
    rounds: int = 2
    evaluations: int = 60
    tolerance: float = 1e-8
    draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.evaluations < 1 or self.draws < 2:
            raise InputError("rounds and evaluations must be at least 1, draws at least 2")


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Model, ties and conditions of one refinement, and the variances of the points now in force."""

    model: Model
    values: dict[str, float]
    ties: Ties
    conditions: tuple[Condition, ...]
    variance: tuple[np.ndarray, ...]

    def at(self, q: np.ndarray) -> dict[str, float]:
        """All values at independent parameters q."""
        p = self.ties.matrix @ q + self.ties.offset
        return self.values | dict(zip(self.ties.names, p.tolist(), strict=True))


def refine(
    phases: tuple[Phase, ...],
    histograms: tuple[Histogram, ...],
    *,
    free: tuple[str, ...],
    values: Mapping[str, float] | None = None,
    constraints: tuple[str, ...] = (),
    conditions: tuple[Condition, ...] = (),
    settings: RefineSettings = RefineSettings(),
    model: Model | None = None,
) -> RietveldFit:
    """Refine the parameters named in `free` against all histograms together.

    Minimises Σ (y_obs - y_calc)²/σ² + Σ conditions², σ² from the model.

    Parameters
    ----------
    free : names as `parameters` lists them.
    values : starting values that replace those of phases and instruments.
    constraints : linear equations by name. conditions : what else is known.
    model : an already compiled model of the same phases and histograms, for series.

    Raises
    ------
    InputError
        For unknown names, singular constraints, more parameters than points.
    NotConverged
        If no step was possible or the model lost its meaning; `partial` holds the values reached.
    """
    model = model or compile_model(phases, histograms)
    known = parameters(phases, histograms)
    for name in (*free, *(values or {})):
        if name not in known:
            raise InputError(nearest("refine", name, known))
    start = known | dict(values or {})
    for name, value in start.items():
        if not np.isfinite(value):
            raise InputError(f"refine: the starting value of {name} is {value}")
    start |= _linear_start(model, start, free)
    ties = tie(tuple(dict.fromkeys(free)), constraints, start)
    points = sum(len(x) for x in model.x)
    if len(ties.independent) >= points:
        raise InputError(f"{len(ties.independent)} free parameters for {points} points")
    variance = tuple(h.data.sigma[h.used()] ** 2 for h in histograms)
    problem = Problem(model, start, ties, conditions, variance)
    q = np.array([start[n] for n in ties.independent])
    evaluations, converged = 0, True
    for _ in range(settings.rounds if settings.model_weights else 1):
        if settings.model_weights:
            problem = _reweighted(problem, q)
        q, used, converged = _solve(problem, q, settings)
        evaluations += used
    final, blind = _final(problem, q)
    return summarise(problem, q, final, blind, evaluations, converged, settings)


def start_values(phases: tuple[Phase, ...], histograms: tuple[Histogram, ...]) -> dict[str, float]:
    """Starting values of all parameters, scales and backgrounds set by linear least squares."""
    model = compile_model(phases, histograms)
    values = parameters(phases, histograms)
    free = tuple(n for n in values if "/scale/" in n or "/background/" in n)
    return values | _linear_start(model, values, free)


def _linear_start(model: Model, values: dict[str, float], free: tuple[str, ...]) -> dict[str, float]:
    """Scales and backgrounds that are free and still at their defaults, by linear least squares."""
    out: dict[str, float] = {}
    for histogram, basis in zip(model.histograms, model.basis, strict=True):
        scales = [f"{histogram.name}/scale/{p.name}" for p in model.phases]
        floor = [f"{histogram.name}/background/{k}" for k in range(basis.shape[1])]
        untouched = all(values[n] == 1.0 for n in scales) and all(values[n] == 0.0 for n in floor)
        if not untouched or not set(scales) <= set(free):
            continue
        shown = calculate(model, values | dict.fromkeys(floor, 0.0))[model.histograms.index(histogram)]
        columns = np.column_stack([*shown.by_phase, basis])
        weight = 1 / histogram.data.sigma[histogram.used()]
        norm = np.linalg.norm(columns, axis=0)
        norm[norm == 0] = 1.0
        found = np.linalg.lstsq(
            columns / norm * weight[:, None], histogram.data.intensity[histogram.used()] * weight, rcond=1e-10
        )[0]
        found = found / norm
        top = np.abs(found[: len(scales)]).max() or 1.0
        for name, value in zip(scales, found, strict=False):
            out[name] = float(value) if value > 0 else 1e-3 * float(top)
        out |= {n: float(v) for n, v in zip(floor, found[len(scales) :], strict=True) if n in free}
    return out


def _reweighted(problem: Problem, q: np.ndarray) -> Problem:
    """Variances scaled from the observed to the calculated intensity, as counts have them."""
    shown = calculate(problem.model, problem.at(q))
    out = []
    for histogram, calculated in zip(problem.model.histograms, shown, strict=True):
        keep = histogram.used()
        observed, variance = histogram.data.intensity[keep], histogram.data.sigma[keep] ** 2
        floor = 0.02 * float(np.median(np.abs(observed))) or 1e-12
        ratio = np.maximum(calculated.total, floor) / np.maximum(observed, floor)
        out.append(variance * np.where(observed > floor, np.clip(ratio, 0.05, 20.0), 1.0))
    return Problem(problem.model, problem.values, problem.ties, problem.conditions, tuple(out))


def _solve(problem: Problem, q: np.ndarray, settings: RefineSettings) -> tuple[np.ndarray, int, bool]:
    names = problem.ties.independent
    lower = np.array([_LOWER.get(n.rsplit("/", 1)[1], -np.inf) for n in names])
    scales = np.array(["/scale/" in n for n in names])
    lower[scales] = 0.0
    inside = np.where(np.isfinite(lower), np.maximum(q, lower + 1e-9 * (1 + np.abs(q))), q)

    found = descend(
        lambda p: _residuals(problem, p, True),
        inside,
        lower=lower,
        evaluations=settings.evaluations,
        tolerance=settings.tolerance,
    )
    if not np.isfinite(found.chi2):
        raise NotConverged("the model is not finite at the starting values", partial=problem.at(q))
    return found.parameters, found.evaluations, found.converged


def _residuals(problem: Problem, q: np.ndarray, gradient: bool) -> tuple[np.ndarray, np.ndarray]:
    """Weighted residuals (calculated - observed)/σ with the conditions, and their Jacobian to q."""
    values = problem.at(q)
    names = problem.ties.names if gradient else ()
    shown = calculate(problem.model, values, names)
    parts, blocks = [], []
    for histogram, calculated, variance in zip(
        problem.model.histograms, shown, problem.variance, strict=True
    ):
        root = np.sqrt(variance)
        parts.append((calculated.total - histogram.data.intensity[histogram.used()]) / root)
        if gradient:
            blocks.append(calculated.jacobian / root[:, None])
    if problem.conditions:
        parts.append(_conditions(problem, values))
        if gradient:
            blocks.append(_condition_slopes(problem, values))
    jacobian = np.vstack(blocks) if gradient else np.zeros((0, 0))
    if gradient and problem.ties.names != problem.ties.independent:
        jacobian = jacobian @ problem.ties.matrix
    return np.concatenate(parts), jacobian


def _conditions(problem: Problem, values: Mapping[str, float]) -> np.ndarray:
    phases = {p.name: p for p in phases_at(problem.model, values)}
    return np.array([condition_residual(c, phases, values) for c in problem.conditions])


def _condition_slopes(problem: Problem, values: dict[str, float]) -> np.ndarray:
    columns = []
    for name in problem.ties.names:
        step = 1e-6 * max(abs(values[name]), 1e-3)
        up = _conditions(problem, values | {name: values[name] + step})
        down = _conditions(problem, values | {name: values[name] - step})
        columns.append((up - down) / (2 * step))
    return np.column_stack(columns)


def _final(problem: Problem, q: np.ndarray) -> tuple[tuple[Calculated, ...], tuple[Blind, Blind]]:
    """Curves at the end, and the rank tests with and without the conditions."""
    _, jacobian = _residuals(problem, q, True)
    data_rows = sum(len(x) for x in problem.model.x)
    alone = blind_directions(jacobian[:data_rows])
    whole = blind_directions(jacobian) if problem.conditions else alone
    return calculate(problem.model, problem.at(q)), (alone, whole)


def stated(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """The conditions, one line each."""
    return tuple(condition_text(c) for c in conditions)

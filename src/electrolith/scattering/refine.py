"""Rietveld refinement: least squares on named parameters, with model weights, constraints and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError, NotConverged, nearest

from .conditions import Condition
from .constraints import tie
from .descent import descend
from .identify import blind_directions
from .model import Histogram, Model, calculate, compile_model, parameters
from .phase import Phase
from .problem import Problem, RefineSettings, residuals, reweighted
from .result import RietveldFit
from .summary import Course, summarise

__all__ = ["RefineSettings", "refine", "start_values"]

_USUAL = RefineSettings()


def refine(
    phases: tuple[Phase, ...],
    histograms: tuple[Histogram, ...],
    *,
    free: tuple[str, ...],
    values: Mapping[str, float] | None = None,
    constraints: tuple[str, ...] = (),
    conditions: tuple[Condition, ...] = (),
    settings: RefineSettings = _USUAL,
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
    problem = Problem(model, start, ties, conditions, constraints, variance)
    q = np.array([start[n] for n in ties.independent])
    ends: list[_End] = []
    evaluations, converged = 0, True
    for number in range(settings.rounds if settings.model_weights else 1):
        if number:
            # From the second round on: the first end does not depend on the start, so these weights do not.
            problem = reweighted(problem, q)
        q, used, converged = _solve(problem, q, settings)
        ends.append(_polished(problem, q, settings))
        q, evaluations = ends[-1].parameters, evaluations + used + ends[-1].evaluations
    end = ends[-1]
    alone = blind_directions(end.jacobian[: problem.data_rows])
    whole = blind_directions(end.jacobian) if conditions else alone
    course = Course(evaluations, end.shift < 0.1 if settings.shift else converged, end.shift, settings)
    return summarise(
        problem, end.parameters, calculate(model, problem.at(end.parameters)), (alone, whole), course
    )


def start_values(phases: tuple[Phase, ...], histograms: tuple[Histogram, ...]) -> dict[str, float]:
    """Starting values of all parameters, scales and backgrounds set by linear least squares."""
    model = compile_model(phases, histograms)
    values = parameters(phases, histograms)
    free = tuple(n for n, p in model.catalogue.items() if p.kind in ("scale", "background"))
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


def _solve(problem: Problem, q: np.ndarray, settings: RefineSettings) -> tuple[np.ndarray, int, bool]:
    lower, upper = problem.bounds()
    room = 1e-9 * (1 + np.abs(q))
    inside = np.minimum(np.maximum(q, lower + room), upper - room)
    first = residuals(problem, inside)  # what is wrong at the start is said, not stepped around

    def model(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if p is inside or np.array_equal(p, inside):
            return first
        try:
            return residuals(problem, p)
        except InputError:  # a trial cell without volume, a trial width below nothing
            return np.full_like(first[0], np.inf), first[1]

    found = descend(
        model,
        inside,
        lower=lower,
        upper=upper,
        evaluations=settings.evaluations,
        tolerance=settings.tolerance,
    )
    if not np.isfinite(found.chi2):
        raise NotConverged("the model is not finite at the starting values", partial=problem.at(q))
    return found.parameters, found.evaluations, found.converged


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """Where the last steps led. shift : the largest of the last, over its esd."""

    parameters: np.ndarray
    jacobian: np.ndarray
    shift: float
    evaluations: int


def _polished(problem: Problem, q: np.ndarray, settings: RefineSettings) -> _End:
    """Undamped steps on what is determined, until no parameter moves by a noticeable part of its esd.

    Marquardt's damping crawls along the flat valleys that occupancies make: χ² stands still while the
    parameters are still far, in esds, from where every start should lead.
    """
    lower, upper = problem.bounds()
    residual, jacobian = residuals(problem, q)
    chi2, shift, used = float(residual @ residual), np.inf, 1
    for _ in range(12 if settings.shift else 1):
        step, esd = _newton(q, residual, jacobian, lower, upper)
        shift = float(np.max(np.abs(step / esd), initial=0.0))
        if shift < settings.shift or not settings.shift:
            break
        for part in (1.0, 0.3, 0.1, 0.02):
            trial = np.clip(q + part * step, lower, upper)
            try:
                new, slopes = residuals(problem, trial)
            except InputError:
                continue
            used += 1
            if float(new @ new) <= chi2 * (1 + 1e-12):
                q, residual, jacobian, chi2 = trial, new, slopes, float(new @ new)
                break
        else:
            break
    return _End(q, jacobian, shift, used)


def _newton(
    q: np.ndarray, residual: np.ndarray, jacobian: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The undamped step within the bounds, and the esds, each of shape (n,).

    A parameter that the step would carry over its bound goes to the bound, and the others answer to that.
    """
    gradient = jacobian.T @ residual
    free = ~(((q <= lower) & (gradient > 0)) | ((q >= upper) & (gradient < 0)))
    step, esd = np.zeros_like(q), np.ones_like(q)
    for _ in range(len(q)):
        if not free.any():
            break
        blind = blind_directions(jacobian[:, free])
        rest = residual + jacobian[:, ~free] @ step[~free]
        step[free] = -blind.covariance @ (jacobian[:, free].T @ rest)
        esd[free] = np.sqrt(np.maximum(np.diag(blind.covariance), 1e-60))
        over = free & ((q + step < lower) | (q + step > upper))
        if not over.any():
            break
        step[over] = np.clip(q + step, lower, upper)[over] - q[over]
        free &= ~over
    return step, esd

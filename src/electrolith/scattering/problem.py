"""A refinement as a problem of least squares: residuals and slopes of everything that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError

from .conditions import Condition, condition_residual
from .constraints import Ties
from .model import Model, calculate, phases_at

__all__ = ["Problem", "RefineSettings", "residuals", "reweighted"]


@dataclass(frozen=True, slots=True)
class RefineSettings:
    """How to refine.

    model_weights : take the variances from the model, not from the counts, which would bias weak patterns
    low by about one count. rounds : of weighting, the first with the counts', each next with the model's of
    the one before. evaluations : most model evaluations per round.
    tolerance : relative change of χ² that counts as none. shift : the last shifts over their esd must fall
    below this, or the refinement has not converged; 0 leaves the last steps out.
    draws, seed : of the estimates in the result.
    """

    model_weights: bool = True
    rounds: int = 2
    evaluations: int = 60
    tolerance: float = 1e-8
    shift: float = 0.02
    draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.evaluations < 1 or self.draws < 2:
            raise InputError("rounds and evaluations must be at least 1, draws at least 2")


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Model, ties and conditions of one refinement, and the variances of the points now in force.

    constraints : the texts that the ties were read from.
    """

    model: Model
    values: dict[str, float]
    ties: Ties
    conditions: tuple[Condition, ...]
    constraints: tuple[str, ...]
    variance: tuple[np.ndarray, ...]

    def at(self, q: np.ndarray) -> dict[str, float]:
        """All values at independent parameters q."""
        p = self.ties.matrix @ q + self.ties.offset
        return self.values | dict(zip(self.ties.names, p.tolist(), strict=True))

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest meaningful values of the independent parameters, each of shape (n,)."""
        found = [self.model.catalogue[n] for n in self.ties.independent]
        return np.array([p.lower for p in found]), np.array([p.upper for p in found])

    @property
    def data_rows(self) -> int:
        """Residuals that are points; the conditions follow them."""
        return sum(len(x) for x in self.model.x)


def residuals(problem: Problem, q: np.ndarray, *, gradient: bool = True) -> tuple[np.ndarray, np.ndarray]:
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


def reweighted(problem: Problem, q: np.ndarray) -> Problem:
    """Variances scaled from the observed to the calculated intensity, as counts have them."""
    shown = calculate(problem.model, problem.at(q))
    out = []
    for histogram, calculated in zip(problem.model.histograms, shown, strict=True):
        keep = histogram.used()
        observed, variance = histogram.data.intensity[keep], histogram.data.sigma[keep] ** 2
        floor = 0.02 * float(np.median(np.abs(observed))) or 1e-12
        ratio = np.maximum(calculated.total, floor) / np.maximum(observed, floor)
        out.append(variance * np.where(observed > floor, np.clip(ratio, 0.05, 20.0), 1.0))
    return Problem(
        problem.model, problem.values, problem.ties, problem.conditions, problem.constraints, tuple(out)
    )

r"""Levenberg-Marquardt from many starting points at once, with bounds.

All starts share one evaluation of the model per iteration, so that two dozen starts cost little more than
one.
Damping as in Moré, "The Levenberg-Marquardt algorithm" (1978): every parameter is measured by the largest
column
norm it has had; the damping itself follows Nielsen (1999).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Model = Callable[[Array], tuple[Array, Array]]
STEP_LIMIT = 2.3  # at most a factor of ten in a quantity per iteration


@dataclass(frozen=True, eq=False)
class Descent:
    """Where the starts ended.

    parameters : shape (B, P).
    cost : Σ r², shape (B,).
    converged : shape (B,).
    evaluations : of the model.
    """

    parameters: Array
    cost: Array
    converged: Array
    evaluations: int


@dataclass(eq=False)
class _Walkers:
    """State of the walkers that are still moving; made anew in every iteration."""

    at: Array
    cost: Array
    residual: Array
    jacobian: Array
    scale: Array
    damping: Array
    growth: Array

    def keep(self, which: Array) -> "_Walkers":
        """Only some of them."""
        return _Walkers(
            self.at[which],
            self.cost[which],
            self.residual[which],
            self.jacobian[which],
            self.scale[which],
            self.damping[which],
            self.growth[which],
        )


def descend(
    model: Model, starts: Array, low: Array, high: Array, *, iterations: int, tolerance: float = 1e-10
) -> Descent:
    """Minimise Σ r² from every start.

    Parameters
    ----------
    model : parameters (B, P) -> residuals (B, M) and their derivatives (B, P, M), real.
    starts : shape (B, P).
    low, high : bounds, shape (P,).
    iterations : the evaluation limit.
    tolerance : relative decrease of the cost below which a walker has arrived, twice in a row.
    """
    parameters = np.clip(starts, low, high)
    residual, jacobian = model(parameters)
    cost = np.sum(residual**2, axis=1)
    cost = np.where(np.isfinite(cost), cost, np.inf)
    converged = np.zeros(len(starts), dtype=bool)
    index = np.flatnonzero(np.isfinite(cost))
    walkers = _start(parameters[index], cost[index], residual[index], jacobian[index])
    calm = np.zeros(len(index), dtype=int)
    evaluations = 1
    while len(index) and evaluations < iterations:
        before = walkers.cost
        walkers, moved = _iterate(model, walkers, low, high)
        evaluations += 1
        small = before - walkers.cost <= tolerance * before
        calm = np.where(small & moved, calm + 1, np.where(moved, 0, calm))
        done = (calm >= 2) | (walkers.damping > 1e12) | (walkers.cost == 0)
        parameters[index], cost[index] = walkers.at, walkers.cost
        converged[index[done]] = True
        index, calm, walkers = index[~done], calm[~done], walkers.keep(~done)
    return Descent(parameters, cost, converged, evaluations)


def _start(at: Array, cost: Array, residual: Array, jacobian: Array) -> _Walkers:
    """Walkers before their first step."""
    scale = np.sum(jacobian**2, axis=2)
    return _Walkers(at, cost, residual, jacobian, scale, np.full(len(at), 1e-2), np.full(len(at), 2.0))


def _iterate(model: Model, w: _Walkers, low: Array, high: Array) -> tuple[_Walkers, Array]:
    """One step for every walker; also which of them moved."""
    step, predicted = _step(w, low, high)
    trial = np.clip(w.at + step, low, high)
    residual, jacobian = model(trial)
    cost = np.sum(residual**2, axis=1)
    gain = (w.cost - cost) / np.maximum(predicted, 1e-300)
    moved = np.isfinite(cost) & (gain > 1e-4) & (cost <= w.cost)
    # a step that promises nothing measurable is an arrival, not a failure
    idle = predicted <= 1e-14 * w.cost
    kind = np.maximum(1 / 3, 1 - (2 * np.clip(gain, 0, 1) - 1) ** 3)
    pick = moved[:, None]
    return (
        _Walkers(
            np.where(pick, trial, w.at),
            np.where(moved, cost, w.cost),
            np.where(pick, residual, w.residual),
            np.where(pick[:, :, None], jacobian, w.jacobian),
            np.where(pick, np.maximum(w.scale, np.sum(jacobian**2, axis=2)), w.scale),
            np.where(moved, np.maximum(w.damping * kind, 1e-12), w.damping * w.growth),
            np.where(moved, 2.0, w.growth * 2),
        ),
        moved | idle,
    )


def _step(w: _Walkers, low: Array, high: Array) -> tuple[Array, Array]:
    """Damped Gauss-Newton step within the bounds (B, P), and the decrease it promises (B,)."""
    gradient = np.einsum("bpm,bm->bp", w.jacobian, w.residual)
    normal = w.jacobian @ w.jacobian.transpose(0, 2, 1)
    stuck = ((w.at <= low) & (gradient > 0)) | ((w.at >= high) & (gradient < 0))
    free = ~stuck
    gradient = gradient * free
    normal = normal * (free[:, :, None] & free[:, None, :])
    # the floor keeps a parameter with no influence at all from making the matrix singular
    diagonal = np.where(free, np.maximum(w.scale, 1e-16 * w.scale.max(axis=1, keepdims=True)), 1.0) + 1e-300
    damped = normal + (w.damping[:, None] * diagonal)[:, :, None] * np.eye(w.at.shape[1])
    damped[:, np.arange(w.at.shape[1]), np.arange(w.at.shape[1])] += np.where(stuck, 1.0, 0.0)
    step = -np.linalg.solve(damped, gradient[:, :, None])[:, :, 0]
    largest = np.abs(step).max(axis=1)
    step = step * np.minimum(1.0, STEP_LIMIT / np.maximum(largest, 1e-300))[:, None]
    promised = -2 * np.sum(step * gradient, axis=1) - np.einsum("bp,bpq,bq->b", step, normal, step)
    return step, promised

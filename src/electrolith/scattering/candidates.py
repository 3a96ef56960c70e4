"""Is a further phase there, and since when: the likelihood ratio of one free scale, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.errors import InputError

from .change_point import ChangePoint, onset
from .model import Model, calculate, compile_model
from .phase import Phase, molar_mass, volume

__all__ = ["CandidateTest", "Series", "candidate_tests"]


@dataclass(frozen=True, slots=True, eq=False)
class CandidateTest:
    """Is this phase there, and since when?

    fraction, sigma : weight fraction and its standard deviation, shape (n_frames,); negative values are kept.
    z : amount over its doubt, from the likelihood ratio of one free scale, shape (n_frames,).
    limit : detection limit of one frame, weight fraction (3.29 σ: 5 % missed, 5 % false).
    limit_series : the same for a phase present in the last half of all frames.
    change : onset over the whole series. cell_shift : relative change of its cell that fits best.
    """

    phase: str
    fraction: np.ndarray
    sigma: np.ndarray
    z: np.ndarray
    limit: float
    limit_series: float
    change: ChangePoint
    cell_shift: float


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """What the candidate tests need of the good frames; jacobians weighted and column-scaled.

    time : rising, shape (n_frames,): the axis, or the number of the frame where the axis turns back.
    """

    time: np.ndarray
    model: Model
    reference: dict[str, float]
    names: tuple[str, ...]
    values: np.ndarray
    residuals: np.ndarray
    variances: np.ndarray
    jacobians: tuple[np.ndarray, ...]


def candidate_tests(
    series: Series, candidates: tuple[Phase, ...], shift_range: float
) -> tuple[CandidateTest, ...]:
    """Test all; the clearest detection joins the model and the others are asked again.

    Without this, a phase that overlaps a new one would be called new with it.
    """
    waiting = list(candidates)
    curves: list[np.ndarray] = []
    done: dict[str, CandidateTest] = {}
    while waiting:
        tried = [(*_test(series, c, curves, shift_range), c) for c in waiting]
        done |= {test.phase: test for test, _, _ in tried}
        test, curve, phase = max(
            tried, key=lambda item: item[0].change.gain if item[0].change.detected else -1.0
        )
        if not test.change.detected:
            break
        waiting.remove(phase)
        curves.append(curve)
    return tuple(done[c.name] for c in candidates)


def _test(
    series: Series, candidate: Phase, others: list[np.ndarray], shift_range: float
) -> tuple[CandidateTest, np.ndarray]:
    """Likelihood ratio of one more phase with a free scale, all refined parameters free to answer."""
    histogram, model = series.model.histograms[0], series.model
    if candidate.name in [p.name for p in model.phases]:
        raise InputError(f"candidate {candidate.name} is already one of the phases")
    shifts = np.linspace(-shift_range, shift_range, 9) if shift_range else np.zeros(1)
    tried = []
    for shift in shifts:
        cell = tuple(v * (1 + shift) if i < 3 else v for i, v in enumerate(candidate.cell))
        moved = replace(candidate, cell=cell)
        alone = compile_model((moved,), (histogram,))
        curve = _curve(alone, series.reference, candidate.name)
        amount, error = _amounts(series, curve, others)
        score = float(np.max(np.cumsum((amount / error)[::-1]) / np.sqrt(np.arange(1, len(amount) + 1))))
        tried.append((score, float(shift), amount, error, curve))
    _, shift, amount, error, curve = max(tried, key=lambda item: item[0])
    weight = molar_mass(candidate) * volume(candidate)
    rest = np.zeros(len(amount))
    for p in model.phases:
        column = series.names.index(f"{histogram.name}/scale/{p.name}")
        rest = rest + np.maximum(series.values[:, column], 0) * molar_mass(p) * volume(p)
    whole = rest + np.maximum(amount, 0) * weight
    fraction, sigma = amount * weight / whole, error * weight / whole * rest / whole
    joint = float(np.sum(1 / sigma[len(amount) // 2 :] ** 2) ** -0.5)
    # Several cells are tried for each candidate, so the chance of a false alarm is shared among them too.
    change = onset(series.time, fraction, sigma, level_known=True, false_alarm=1e-3 / len(shifts))
    limit = float(3.29 * np.median(sigma))
    return CandidateTest(
        candidate.name, fraction, sigma, amount / error, limit, 3.29 * joint, change, shift
    ), curve


def _curve(alone: Model, reference: dict[str, float], name: str) -> np.ndarray:
    """Pattern of the candidate at unit scale with the reference's instrument."""
    histogram = alone.histograms[0].name
    values = {n: v for n, v in reference.items() if n.startswith(histogram + "/")}
    return np.asarray(calculate(alone, values | {f"{histogram}/scale/{name}": 1.0})[0].by_phase[0])


def _amounts(series: Series, curve: np.ndarray, others: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Scale of a curve in each frame and its σ, refined parameters and other new phases free to answer."""
    amount, error = np.zeros(len(series.residuals)), np.zeros(len(series.residuals))
    for k, (residual, variance, scaled) in enumerate(
        zip(series.residuals, series.variances, series.jacobians, strict=True)
    ):
        root = np.sqrt(variance)
        column = curve / root
        extra = [c / root / np.linalg.norm(c / root) for c in others]
        rest = np.column_stack([scaled, *extra]) if extra else scaled
        column = column - rest @ np.linalg.lstsq(rest.T @ rest, rest.T @ column, rcond=1e-12)[0]
        norm = float(column @ column)
        weighted = residual / root
        amount[k] = column @ weighted / norm
        # What this phase leaves over is no noise of one σ either: a phase that is there brings χ² down, one
        # that only fills a misfit does not, and is charged for it.
        left = weighted - rest @ np.linalg.lstsq(rest.T @ rest, rest.T @ weighted, rcond=1e-12)[0]
        after = float(left @ left) - amount[k] ** 2 * norm
        error[k] = (max(after / max(len(weighted) - rest.shape[1] - 1, 1), 1.0) / norm) ** 0.5
    return amount, error

r"""Does an interface grow? R(t) of a cell at rest: constant, parabolic R0 + k√t, or saturating R0 + ΔR(1 -
e^(-t/τ)).

A passivating reaction thickens with √t; a stable contact does not. The verdict follows from the
significance of the
growth, not from the look of the curve.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.fit import least_squares

Array = np.ndarray
Verdict = Literal["stable", "growing", "shrinking", "not decided"]
SIGNIFICANT = 3.0  # standard deviations
SMALL = 0.05  # a relative change whose 95 % interval lies below this is called stable


@dataclass(frozen=True, eq=False)
class Growth:
    """Interface resistance against time.

    time : s, (n,).
    resistance, std : ohm, (n,).
    initial : R at t = 0, ohm.
    rate : k of R0 + k√t, ohm/s^0.5.
    significance : k over its standard deviation.
    change : relative change over the record.
    model : best by AICc.
    saturation : ΔR of the saturating law, ohm, and its time constant, s, where that law is best.
    """

    time: Array
    resistance: Array
    std: Array
    initial: Estimate
    rate: Estimate
    significance: float
    change: Estimate
    model: Literal["constant", "parabolic", "saturating"]
    saturation: Estimate | None
    saturation_time: Estimate | None
    fitted: Array
    verdict: Verdict
    text: str


def interface_growth(
    time: Array, resistance: Array, std: Array | None = None, *, diluted: bool = False, seed: int = 0
) -> Growth:
    """Decide whether a resistance grows.

    Parameters
    ----------
    time : s, shape (n,).
    resistance : ohm, shape (n,).
    std : standard deviations, ohm; None takes the scatter.
    diluted : the resistance holds more than the interface, so that a change of ten per cent is not small.
    seed : of the draws.

    Raises
    ------
    InputError
        If there are fewer than four points, or times that repeat or fall.
    """
    time, resistance = np.asarray(time, dtype=float), np.asarray(resistance, dtype=float)
    if time.size < 4:
        raise InputError(f"growth needs at least four points in time, got {time.size}")
    if np.any(np.diff(time) <= 0):
        at = int(np.flatnonzero(np.diff(time) <= 0)[0])
        raise InputError(f"times must rise; {time[at]:g} s is followed by {time[at + 1]:g} s")
    error = (
        np.full(time.size, max(float(np.std(resistance)), 1e-12))
        if std is None
        else np.asarray(std, dtype=float)
    )
    root = np.sqrt(time - time[0])
    design = np.column_stack([np.ones_like(root), root]) / error[:, None]
    solution, covariance = _linear(design, resistance / error, known=std is not None)
    rng = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(covariance)
    spread = rng.standard_normal((2000, 2)) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    drawn = solution + spread
    initial, rate = Estimate(drawn[:, 0], "ohm"), Estimate(drawn[:, 1], "ohm/s^0.5")
    change = rate.through(lambda k, r0: k * root[-1] / r0, initial, unit="1")
    significance = float(solution[1] / np.sqrt(covariance[1, 1]))
    if std is None:
        significance = _gaussian(significance, time.size - 2)
    model, curve, jump, duration = _shape(time - time[0], resistance, error, solution)
    verdict = _verdict(significance, change, diluted=diluted)
    if model == "constant" and verdict in ("growing", "shrinking"):
        model, curve = "parabolic", solution[0] + solution[1] * root
    if verdict == "stable":
        model, jump, duration = "constant", None, None
        curve = np.full(time.size, float(np.average(resistance, weights=1 / error**2)))
    return Growth(
        time,
        resistance,
        error,
        initial,
        rate,
        significance,
        change,
        model,
        jump,
        duration,
        curve,
        verdict,
        _text(verdict, model, change, significance, time[-1] - time[0]),
    )


def _linear(design: Array, target: Array, *, known: bool) -> tuple[Array, Array]:
    """Weighted line; the covariance is widened where the scatter exceeds the stated errors."""
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    covariance = np.linalg.inv(design.T @ design)
    chi2 = float(np.sum((target - design @ solution) ** 2)) / (len(target) - 2)
    return solution, covariance * (max(1.0, chi2) if known else chi2)


def _gaussian(ratio: float, dof: int) -> float:
    """Student's ratio as the normal deviate of equal probability: few points give a vague scatter."""
    from scipy.stats import norm, t

    return float(np.sign(ratio) * norm.isf(max(t.sf(abs(ratio), dof), 1e-300)))


def _verdict(significance: float, change: Estimate, *, diluted: bool) -> Verdict:
    """Growing when significant and not negligible; stable when the change is bounded to be small."""
    low, high = change.interval(0.95)
    if max(abs(low), abs(high)) < SMALL:
        return "stable"
    if significance > SIGNIFICANT:
        return "growing"
    if significance < -SIGNIFICANT:
        return "shrinking"
    return "stable" if max(abs(low), abs(high)) < 2 * SMALL and not diluted else "not decided"


def _text(verdict: Verdict, model: str, change: Estimate, significance: float, duration: float) -> str:
    """The verdict as a sentence."""
    low, high = change.interval(0.95)
    law = "" if verdict == "stable" else f", {model} law"
    return (
        f"{verdict}: {100 * change.value:+.1f} % ({100 * low:+.1f} to {100 * high:+.1f} %) over "
        f"{duration / 3600:.1f} h"
        f"{law} ({abs(significance):.1f} σ)"
    )


def _shape(
    time: Array, resistance: Array, error: Array, line: Array
) -> tuple[Literal["constant", "parabolic", "saturating"], Array, Estimate | None, Estimate | None]:
    """The best of the three laws by AICc, its curve, and the saturating parameters if they win."""
    count = time.size
    mean = float(np.average(resistance, weights=1 / error**2))
    curves = {"constant": np.full(count, mean), "parabolic": line[0] + line[1] * np.sqrt(time)}
    sizes = {"constant": 1, "parabolic": 2, "saturating": 3}
    fit = None
    if count > 5:
        fit = _saturating(time, resistance, error)
        curves["saturating"] = _saturating_law(fit.parameters, time)
    scores = {
        name: _akaike(float(np.sum(((resistance - c) / error) ** 2)), count, sizes[name])
        for name, c in curves.items()
    }
    best = min(scores, key=lambda name: scores[name])
    if best == "saturating" and fit is not None and np.all(np.isfinite(fit.scaled())):
        spread = np.sqrt(np.diag(fit.scaled()))
        rng = np.random.default_rng(0)
        jump = Estimate.normal(float(fit.parameters[1]), float(spread[1]), "ohm", rng=rng)
        duration = Estimate.lognormal(
            float(np.exp(fit.parameters[2])), float(min(spread[2], 20.0)), "s", rng=rng
        )
        return "saturating", curves[best], jump, duration
    if best == "constant":
        return "constant", curves[best], None, None
    return "parabolic", curves["parabolic"], None, None


def _saturating_law(parameters: Array, time: Array) -> Array:
    """R0 + ΔR(1 - exp(-t/τ)) with ln τ as third parameter."""
    return np.asarray(parameters[0] - parameters[1] * np.expm1(-time / np.exp(parameters[2])))


def _saturating(time: Array, resistance: Array, error: Array):  # type: ignore[no-untyped-def]
    """Fit of the saturating law."""
    start = [resistance[0], resistance[-1] - resistance[0] or 1e-9, np.log(time[-1] / 3)]
    low = np.array([-np.inf, -np.inf, np.log(time[1] / 10)])
    high = np.array([np.inf, np.inf, np.log(time[-1] * 30)])
    return least_squares(lambda p: (_saturating_law(p, time) - resistance) / error, start, bounds=(low, high))


def _akaike(chi2: float, count: int, parameters: int) -> float:
    """Corrected Akaike criterion with unknown scale."""
    k = parameters + 1
    return float(count * np.log(max(chi2, 1e-300) / count) + 2 * k + 2 * k * (k + 1) / max(count - k - 1, 1))

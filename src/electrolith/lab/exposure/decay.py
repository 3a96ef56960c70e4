r"""Conductivity against time in an atmosphere: no change, exponential, or with √t; and the time to lose a
tenth.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.fit import LeastSquaresFit, covariance_of, least_squares

Array = np.ndarray
Law = Literal["constant", "exponential", "root"]
LAWS: tuple[Law, ...] = ("constant", "exponential", "root")
REACH = 2.0  # times the exposure; beyond it only a lower bound is given


@dataclass(frozen=True, eq=False)
class Decay:
    """Conductivity during exposure.

    time : s, (n,).
    conductivity, std : S/cm, (n,).
    law : best by AICc.
    initial : S/cm.
    loss : relative loss over the record.
    time_to_lose : s to lose `fraction`, None where the data do not reach so far; then `text` bounds it.
    support : Akaike weights.
    """

    time: Array
    conductivity: Array
    std: Array
    law: Law
    initial: Estimate
    loss: Estimate
    fraction: float
    time_to_lose: Estimate | None
    humidity: float | None
    support: dict[str, float]
    fitted: Array
    text: str


def fit_decay(
    time: Array,
    conductivity: Array,
    std: Array | None = None,
    *,
    fraction: float = 0.1,
    humidity: float | None = None,
    seed: int = 0,
) -> Decay:
    """Fit the laws and keep the best supported.

    Parameters
    ----------
    time : s, (n,), rising.
    conductivity : S/cm, (n,).
    std : S/cm; None takes the scatter.
    fraction : of the initial conductivity whose loss is dated.
    humidity : relative, fraction; only recorded.

    Raises
    ------
    InputError
        If fewer than three points come, times do not rise, or a conductivity is not positive.
    """
    time, sigma = np.asarray(time, dtype=float), np.asarray(conductivity, dtype=float)
    if time.size < 3:
        raise InputError(
            f"a decay needs at least three points, got {time.size}; with two only their difference is known"
        )
    if np.any(np.diff(time) <= 0):
        raise InputError("times of exposure must rise")
    if np.any(~(sigma > 0)):
        raise InputError(f"conductivity must be positive, got {np.min(sigma):g} S/cm")
    error = np.full(time.size, 0.01 * float(sigma.mean())) if std is None else np.asarray(std, dtype=float)
    fits = {
        law: _fit(law, time, sigma, error) for law in LAWS if time.size > _count(law) + 1 or law == "constant"
    }
    known = std is not None
    score = {law: _score(fit, time.size, _count(law), known) for law, fit in fits.items()}
    best = min(fits, key=lambda law: score[law])
    weight = {law: float(np.exp(-(score[law] - score[best]) / 2)) for law in fits}
    draws = _draws(fits[best], known, np.random.default_rng(seed))
    return _result(
        time, sigma, error, best, fits[best], draws, fraction, humidity,
        {law: w / sum(weight.values()) for law, w in weight.items()},
    )  # fmt: skip


def _count(law: Law) -> int:
    """Parameters of a law."""
    return 1 if law == "constant" else 2


def _value(law: Law, parameters: Array, time: Array, span: float) -> Array:
    """σ/σ_unit; parameters are the logarithm of the start and the loss over the record."""
    if law == "constant":
        return np.asarray(np.exp(parameters[0]) + 0 * time)
    reach = time / span
    if law == "exponential":
        return np.asarray(np.exp(parameters[0] - parameters[1] * reach))
    return np.asarray(np.exp(parameters[0]) * (1 - parameters[1] * np.sqrt(reach)))


def _fit(law: Law, time: Array, sigma: Array, error: Array) -> LeastSquaresFit:
    """One law through the data, time from the first point."""
    elapsed, span = time - time[0], float(time[-1] - time[0])
    start = [float(np.log(sigma[0]))] + (
        [float((sigma[0] - sigma[-1]) / sigma[0])] if law != "constant" else []
    )
    return least_squares(lambda p: (_value(law, p, elapsed, span) - sigma) / error, start)


def _score(fit: LeastSquaresFit, count: int, parameters: int, known: bool) -> float:
    """Akaike's criterion, corrected; with known errors χ² itself."""
    k = parameters + (0 if known else 1)
    fitness = fit.chi2 if known else count * np.log(max(fit.chi2, 1e-300) / count)
    return float(fitness + 2 * k + 2 * k * (k + 1) / max(count - k - 1, 0.5))


def _draws(fit: LeastSquaresFit, known: bool, rng: np.random.Generator) -> Array:
    """Draws of the parameters (2000, k), widened by the scatter."""
    covariance, _ = covariance_of(fit.jacobian)
    per_dof = fit.chi2 / fit.dof if fit.dof > 0 else 1.0
    covariance = covariance * (max(1.0, per_dof) if known else per_dof)
    values, vectors = np.linalg.eigh(covariance)
    spread = rng.standard_normal((2000, len(values))) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    return np.asarray(fit.parameters + spread)


def _result(
    time: Array,
    sigma: Array,
    error: Array,
    law: Law,
    fit: LeastSquaresFit,
    draws: Array,
    fraction: float,
    humidity: float | None,
    support: dict[str, float],
) -> Decay:
    """The decay with its dated loss."""
    span = float(time[-1] - time[0])
    lost = draws[:, 1] if law != "constant" else np.zeros(len(draws))
    total = 1 - np.exp(-lost) if law == "exponential" else lost
    loss = Estimate(total, "1")
    when = _dated(law, lost, fraction, span)
    return Decay(
        time=time,
        conductivity=sigma,
        std=error,
        law=law,
        initial=Estimate(np.exp(draws[:, 0]), "S/cm"),
        loss=loss,
        fraction=fraction,
        time_to_lose=when,
        humidity=humidity,
        support=support,
        fitted=_value(law, fit.parameters, time - time[0], span),
        text=_text(law, loss, fraction, when, span),
    )


def _dated(law: Law, lost: Array, fraction: float, span: float) -> Estimate | None:
    """Time to lose a fraction, None beyond the reach of the data or where no loss is certain."""
    if law == "constant" or np.quantile(lost, 0.025) <= 0:
        return None
    rate = -np.log(1 - fraction) / lost if law == "exponential" else (fraction / lost) ** 2
    when = Estimate(span * rate, "s")
    return when if when.value <= REACH * span else None


def _text(law: Law, loss: Estimate, fraction: float, when: Estimate | None, span: float) -> str:
    """One sentence."""
    hours = span / 3600
    if law == "constant":
        return f"no loss seen in {hours:.0f} h"
    low, high = loss.interval(0.95)
    text = (
        f"{100 * loss.value:.1f} % lost in {hours:.0f} h ({100 * low:.1f} to {100 * high:.1f} %), {law} law"
    )
    if when is None:
        beyond = f"{100 * fraction:.0f} % would take longer than {REACH * hours:.0f} h"
        return f"{text}; {beyond}, further the data do not reach"
    return f"{text}; {100 * fraction:.0f} % after {when.value / 3600:.3g} h"

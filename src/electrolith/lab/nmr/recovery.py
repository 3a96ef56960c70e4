r"""Spin-lattice relaxation time from the recovery of the magnetisation.

Forward: S(t) = A - B exp(-(t/T1)^β). Three parameters (A, B, T1) with β = 1 is the norm; the two-parameter
form B = 2A assumes a perfect inversion and is biased where the pulse is not perfect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.core.fit import LeastSquaresFit, least_squares
from electrolith.core.plausible import ring
from electrolith.lab.nmr.read import Recovery

__all__ = ["Form", "RecoveryFit", "fit_recovery", "magnetisation"]

Form = Literal["three-parameter", "two-parameter", "saturation", "stretched"]
_FORMS = ("three-parameter", "two-parameter", "saturation", "stretched")


@dataclass(frozen=True, slots=True, eq=False)
class RecoveryFit:
    """T1 of one recovery.

    relaxation_time : s.
    equilibrium, change : A and B, unit of the signal.
    inversion : B/A, 2 for a perfect inversion, 1 for a perfect saturation.
    stretching : β, exactly 1 unless fitted.
    chi2_per_dof : of the noise the record states; nan where it states none.
    error_from : "noise" or "scatter", whichever is larger decides the doubt.
    two_parameter_bias : relative shift of T1 by the two-parameter form on the same data; nan for saturation.
    reach : longest delay over T1; below 3 the plateau is an extrapolation.
    warnings : what must not be overlooked, in words.
    """

    recovery: Recovery
    form: str
    relaxation_time: Estimate
    equilibrium: Estimate
    change: Estimate
    inversion: Estimate
    stretching: Estimate
    chi2_per_dof: float
    error_from: str
    two_parameter_bias: float
    reach: float
    warnings: tuple[str, ...]

    def curve(self, delays: np.ndarray) -> np.ndarray:
        """The fitted signal at delays in s."""
        return magnetisation(
            delays,
            equilibrium=self.equilibrium.value,
            change=self.change.value,
            relaxation_time=self.relaxation_time.value,
            stretching=self.stretching.value,
        )


def magnetisation(
    delays: np.ndarray, *, equilibrium: float, change: float, relaxation_time: float, stretching: float = 1.0
) -> np.ndarray:
    r"""Signal after recovery delays, S(t) = A - B exp(-(t/T1)^β).

    Parameters
    ----------
    delays : s, shape (n,).
    equilibrium, change : A and B, any unit. B = 2A after a perfect inversion, B = A after saturation.
    relaxation_time : s, positive.
    stretching : β, 0 to 1.

    Returns
    -------
    Unit of A, shape (n,).
    """
    if relaxation_time <= 0:
        raise InputError(f"relaxation_time must be positive, got {relaxation_time} s")
    t = np.asarray(delays, dtype=float)
    return equilibrium - change * np.exp(-((t / relaxation_time) ** stretching))


def _check(record: Recovery, form: str) -> None:
    """Refuse what holds no recovery."""
    if form not in _FORMS:
        raise InputError(f"form {form!r} is not known; one of {', '.join(_FORMS)}")
    wanted = {"two-parameter": 3, "saturation": 3, "three-parameter": 4, "stretched": 5}[form]
    distinct = np.unique(record.delays[record.delays > 0]).size
    if distinct < wanted:
        raise DataError(
            f"{record.source}: {distinct} different delays; the {form} form needs {wanted} or more"
        )
    y = record.signal
    if np.all(y <= 0) and form != "saturation":
        raise DataError(
            f"{record.source}: all {y.size} integrals are negative ({y.min():.3g} to {y.max():.3g}); "
            "the phase is off by 180 degrees or no delay is long enough to recover"
        )
    swing = abs(y[-1] - y[0])
    scatter = _scatter(y)
    noise = record.noise if np.isfinite(record.noise) else scatter
    if swing < 3 * max(noise, scatter) or swing == 0:
        raise DataError(
            f"{record.source}: no recovery seen: the signal changes by {swing:.3g} between "
            f"{record.delays[0]:g} and {record.delays[-1]:g} s, its noise is {max(noise, scatter):.3g}"
        )


def _scatter(y: np.ndarray) -> float:
    """Noise of a smooth curve from its second differences, median based."""
    if y.size < 4:
        return 0.0
    return float(np.median(np.abs(np.diff(y, 2)))) / (0.6745 * np.sqrt(6.0))


def _start(t: np.ndarray, y: np.ndarray, form: str) -> tuple[float, float, float]:
    """A, B, T1 of the best point of a logarithmic grid of T1, A and B being linear."""
    positive = t[t > 0]
    grid = np.geomspace(positive.min() / 3, positive.max() * 5, 120)
    decay = np.exp(-t[None, :] / grid[:, None])
    if form in ("two-parameter", "saturation"):
        factor = 2.0 if form == "two-parameter" else 1.0
        shape = 1 - factor * decay
        a = (shape @ y) / np.sum(shape**2, axis=1)
        b = factor * a
    else:
        mean_e, mean_y = decay.mean(axis=1), y.mean()
        cov = (decay * y).mean(axis=1) - mean_e * mean_y
        var = np.maximum((decay**2).mean(axis=1) - mean_e**2, 1e-300)
        b = -cov / var
        a = mean_y + b * mean_e
    cost = np.sum((a[:, None] - b[:, None] * decay - y) ** 2, axis=1)
    best = int(np.argmin(cost))
    return float(a[best]), float(b[best]), float(grid[best])


def _solve(t: np.ndarray, y: np.ndarray, form: str) -> LeastSquaresFit:
    """Least squares in (A[, B], ln T1[, β]) with its analytic derivatives; unit noise."""
    a0, b0, t0 = _start(t, y, form)
    linked = {"two-parameter": 2.0, "saturation": 1.0}.get(form)
    stretched = form == "stretched"

    def split(p: np.ndarray) -> tuple[float, float, float, float]:
        a = p[0]
        b = linked * a if linked else p[1]
        return a, b, float(np.exp(p[1 if linked else 2])), p[3] if stretched else 1.0

    def residuals(p: np.ndarray) -> np.ndarray:
        a, b, t1, beta = split(p)
        return np.asarray(a - b * np.exp(-((t / t1) ** beta)) - y)

    def jacobian(p: np.ndarray) -> np.ndarray:
        _, b, t1, beta = split(p)
        z = (t / t1) ** beta
        e = np.exp(-z)
        by_time = -b * e * z * beta
        columns = [1 - linked * e, by_time] if linked else [np.ones_like(t), -e, by_time]
        if stretched:
            logs = np.log(np.where(t > 0, t / t1, 1.0))
            columns.append(b * e * z * logs)
        return np.column_stack(columns)

    start = [a0, np.log(t0)] if linked else [a0, b0, np.log(t0)]
    low, high = [-np.inf] * len(start), [np.inf] * len(start)
    low[-1], high[-1] = np.log(t[t > 0].min() / 30), np.log(t.max() * 30)
    if stretched:
        start, low, high = [*start, 0.9], [*low, 0.05], [*high, 1.0]
    return least_squares(residuals, start, bounds=(np.array(low), np.array(high)), jacobian=jacobian)


def _draws(fit: LeastSquaresFit, scale2: float, dof: int | None, rng: np.random.Generator) -> np.ndarray:
    """Draws of the parameters: normal, or Student's t where the noise itself is an estimate."""
    std = fit.std  # roots of the correlation, not of the covariance: draws must not depend on units
    values, vectors = np.linalg.eigh(fit.covariance / np.outer(std, std))
    root = np.sqrt(scale2) * std[:, None] * vectors * np.sqrt(np.clip(values, 0.0, None))
    steps = rng.standard_normal((DRAWS, fit.parameters.size)) @ root.T
    if dof is not None:
        steps *= np.sqrt(dof / rng.chisquare(dof, DRAWS))[:, None]
    return np.asarray(fit.parameters + steps)


def _noise(record: Recovery, fit: LeastSquaresFit) -> tuple[float, int | None, str, float]:
    """Variance of one signal, degrees of freedom if it came from the scatter, its origin, χ²/dof."""
    scatter = fit.chi2 / fit.dof if fit.dof > 0 else np.inf
    if not np.isfinite(record.noise) or record.noise <= 0:
        return scatter, fit.dof, "scatter", float("nan")
    ratio = scatter / record.noise**2
    if ratio > 1:  # model or acquisition is less steady than the receiver's noise
        return scatter, fit.dof, "scatter", float(ratio)
    return record.noise**2, None, "noise", float(ratio)


def fit_recovery(
    record: Recovery, *, form: Form = "three-parameter", rng: np.random.Generator
) -> RecoveryFit:
    """T1 of an inversion or saturation recovery by least squares.

    Parameters
    ----------
    record : delays in s and signals.
    form : "three-parameter" (A, B, T1 free), "two-parameter" (B = 2A), "saturation" (B = A) or "stretched".

    Raises
    ------
    DataError
        If there is no recovery in the record, or the delays do not determine T1.
    """
    _check(record, form)
    fit = _solve(record.delays, record.signal, form)
    if fit.rank < fit.parameters.size or fit.dof <= 0:
        raise DataError(
            f"{record.source}: {record.delays.size} delays do not determine the "
            f"{fit.parameters.size} parameters of the {form} form"
        )
    variance, dof, origin, ratio = _noise(record, fit)
    drawn = _draws(fit, variance, dof, rng)
    linked = {"two-parameter": 2.0, "saturation": 1.0}.get(form)
    a, log_time = drawn[:, 0], drawn[:, 1 if linked else 2]
    b = linked * a if linked else drawn[:, 1]
    t1 = Estimate(np.exp(np.clip(log_time, -60, 60)), "s")
    beta = Estimate(np.clip(drawn[:, 3], 0, 1), "1") if form == "stretched" else Estimate.exact(1.0, "1")
    time = float(np.exp(fit.parameters[1 if linked else 2]))
    return RecoveryFit(
        recovery=record,
        form=form,
        relaxation_time=t1,
        equilibrium=Estimate(a, "1"),
        change=Estimate(np.asarray(b), "1"),
        inversion=Estimate(np.asarray(b) / a, "1"),
        stretching=beta,
        chi2_per_dof=ratio,
        error_from=origin,
        two_parameter_bias=_bias(record, form, time),
        reach=float(record.delays[-1] / time),
        warnings=_warnings(record, time, t1, ratio),
    )


def _bias(record: Recovery, form: str, time: float) -> float:
    """Relative shift of T1 if a perfect inversion were assumed."""
    if form != "three-parameter" or record.signal[0] >= 0:
        return float("nan")
    t, y = record.delays, record.signal
    near = np.log(_start(t, y, "two-parameter")[2])

    def cost(log_time: float) -> float:
        shape = 1 - 2 * np.exp(-t / np.exp(log_time))
        return float(np.sum((y - (shape @ y) / (shape @ shape) * shape) ** 2))

    found = minimize_scalar(cost, bounds=(near - 0.2, near + 0.2), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x)) / time - 1


def _warnings(record: Recovery, time: float, t1: Estimate, ratio: float) -> tuple[str, ...]:
    """Plain words on what the delays do not support."""
    said = []
    if record.delays[-1] < 3 * time:
        said.append(
            f"the longest delay ({record.delays[-1]:g} s) is only {record.delays[-1] / time:.1f} T1: "
            "the plateau is extrapolated"
        )
    if np.count_nonzero((record.delays > 0.1 * time) & (record.delays < 3 * time)) < 3:
        said.append("fewer than three delays lie between 0.1 and 3 T1, where T1 is decided")
    if t1.std > 0.3 * t1.value:
        said.append(f"T1 is known to {100 * t1.std / t1.value:.0f} % only")
    if ratio > 9:
        said.append(
            f"the points scatter {np.sqrt(ratio):.1f} times more than the receiver's noise: "
            "one exponential may not be the whole story"
        )
    if np.isfinite(ratio):
        said += filter(None, (ring("reduced_chi2", ratio, "1", label="χ² per degree of freedom"),))
    return tuple(said)

r"""The next milling condition: a Gaussian process over the conditions tried, and where improvement is
expected.

EI(x) = (m(x) - y*) Φ(z) + s(x) φ(z), z = (m(x) - y*)/s(x), y* the best mean among the conditions tried.

Source: Jones, Schonlau & Welch, J. Global Optimization 13 (1998) 455.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.stats import norm

from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.core.estimate import DRAWS, Estimate

__all__ = ["DesignSettings", "Suggestion", "suggest_next"]


@dataclass(frozen=True, slots=True)
class DesignSettings:
    """What to improve and where it may lie.

    bounds : lowest and highest value of each condition; steps : what can be set (50 rpm, 1 h).
    maximise : whether more is better. logarithm : the property spans decades, as a conductivity does.
    """

    bounds: tuple[tuple[float, float], ...]
    steps: tuple[float, ...]
    maximise: bool = True
    logarithm: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.bounds) != len(self.steps):
            raise InputError(f"{len(self.bounds)} bounds for {len(self.steps)} steps")
        for (low, high), step in zip(self.bounds, self.steps, strict=True):
            if not (low < high and 0 < step <= high - low):
                raise InputError(f"condition from {low:g} to {high:g} in steps of {step:g} is no range")


@dataclass(frozen=True, slots=True, eq=False)
class Suggestion:
    """The next condition and what is expected there.

    condition : one value for each condition. expected : the property there. improvement : expected
    improvement in its unit (of ln where logarithm). best : row of the best condition tried.
    grid : conditions (k, d); mean, std, gain : prediction and expected improvement on it, shape (k,); of
    ln where logarithm.
    """

    condition: tuple[float, ...]
    expected: Estimate
    improvement: float
    best: int
    probability: float
    grid: np.ndarray
    axes: tuple[np.ndarray, ...]
    mean: np.ndarray
    std: np.ndarray
    gain: np.ndarray
    noise: float
    kernel: str
    statement: str
    warnings: tuple[str, ...]


def suggest_next(
    conditions: np.ndarray,
    values: np.ndarray,
    settings: DesignSettings,
    *,
    errors: np.ndarray | None = None,
    unit: str = "1",
) -> Suggestion:
    """Where to measure next.

    Parameters
    ----------
    conditions : shape (n, d).
    values : shape (n,), in `unit`.
    errors : standard deviations, shape (n,), nan where unknown.

    Raises
    ------
    DataError
        If fewer than d + 3 conditions have values, or the values do not vary.
    MissingExtra
        If scikit-learn is not installed.
    """
    x, y = np.atleast_2d(np.asarray(conditions, float)), np.asarray(values, float)
    if x.shape[1] != len(settings.bounds):
        raise InputError(f"{x.shape[1]} conditions for {len(settings.bounds)} bounds")
    good = np.all(np.isfinite(x), axis=1) & np.isfinite(y)
    rows = np.flatnonzero(good)
    x, y = x[good], y[good]
    _check(x, y, settings)
    spread = np.zeros_like(y) if errors is None else np.nan_to_num(np.asarray(errors, float)[good])
    sign = 1.0 if settings.maximise else -1.0
    target = sign * (np.log(y) if settings.logarithm else y)
    low, high = np.array(settings.bounds).T
    axes = tuple(
        np.arange(a, b + 0.5 * s, s) for (a, b), s in zip(settings.bounds, settings.steps, strict=True)
    )
    grid = np.array(list(product(*axes)))
    surface = _fit(
        (x - low) / (high - low), target, spread / y if settings.logarithm else spread, settings.seed
    )
    mean, std = surface.predict((grid - low) / (high - low))
    tried, _ = surface.predict((x - low) / (high - low))
    best = int(np.argmax(tried))
    z = (mean - tried[best]) / std
    gain = (mean - tried[best]) * norm.cdf(z) + std * norm.pdf(z)
    pick = int(np.argmax(gain))
    drawn = sign * (mean[pick] + std[pick] * np.random.default_rng(settings.seed).standard_normal(DRAWS))
    expected = Estimate(np.exp(drawn) if settings.logarithm else drawn, unit)
    again = bool(np.any(np.all(np.isclose(x, grid[pick]), axis=1)))
    where = ", ".join(f"{v:g}" for v in grid[pick])
    chance = float(norm.cdf(z[pick]))
    return Suggestion(
        condition=tuple(float(v) for v in grid[pick]),
        expected=expected,
        improvement=float(gain[pick]),
        best=int(rows[best]),
        probability=chance,
        grid=grid,
        axes=axes,
        mean=sign * mean,
        std=std,
        gain=gain,
        noise=surface.noise,
        kernel=str(surface.model.kernel_),
        statement=(
            f"Next: {where}; expected there {expected.text()}, better than the best so far with a "
            "probability of "
            f"{100 * chance:.0f} %."
        ),
        warnings=_warnings(again, y.size, x.shape[1], std, target),
    )


def _check(x: np.ndarray, y: np.ndarray, settings: DesignSettings) -> None:
    """Refuse what determines no surface."""
    d = x.shape[1]
    if y.size < d + 3:
        raise DataError(f"{y.size} conditions with values; a suggestion over {d} conditions needs {d + 3}")
    if settings.logarithm and np.any(y <= 0):
        raise DataError(f"a logarithm was asked for, but a value is {y.min():g}")
    if not np.ptp(y) > 0:
        raise DataError("the property is the same at every condition; there is nothing to improve")


def _warnings(again: bool, n: int, d: int, std: np.ndarray, target: np.ndarray) -> tuple[str, ...]:
    """Plain words on how far the surface may be trusted."""
    said = []
    if again:
        said.append("the condition suggested was tried already: repeating it tells more than any new one")
    if n < 5 * d:
        said.append(f"{n} conditions for {d} dimensions: the surface is a guide, no map")
    if float(np.median(std)) > 0.8 * float(target.std()):
        said.append("the surface is as uncertain as the values are different: the suggestion explores")
    return tuple(said)


@dataclass(frozen=True)
class _Surface:
    """A fitted process in the target's own unit; `noise` is that of one measurement."""

    model: Any
    centre: float
    scale: float
    noise: float

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the surface, without the measurement's noise."""
        mean, std = self.model.predict(x, return_std=True)
        white = self.model.kernel_.k2.noise_level
        return self.centre + self.scale * mean, self.scale * np.sqrt(np.maximum(std**2 - white, 1e-10))


def _fit(x: np.ndarray, target: np.ndarray, errors: np.ndarray, seed: int) -> _Surface:
    """Gaussian process with a Matérn kernel, one length a condition, and white noise."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
    except ImportError as error:
        raise MissingExtra("design", "scikit-learn") from error
    centre, scale = float(target.mean()), float(target.std())
    lengths = np.full(x.shape[1], 0.5)
    kernel = ConstantKernel(1.0, (0.1, 10.0)) * Matern(lengths, (0.1, 5.0), nu=2.5)
    kernel = kernel + WhiteKernel(0.05, (1e-4, 1.0))
    model = GaussianProcessRegressor(
        kernel, alpha=(errors / scale) ** 2 + 1e-8, n_restarts_optimizer=3, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # a length at its bound is an answer for few points
        model.fit(x, (target - centre) / scale)
    return _Surface(model, centre, scale, float(np.sqrt(model.kernel_.k2.noise_level)) * scale)

"""How lines of ln D against 1/T of several orderings, or of several draws of a potential, differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import BOLTZMANN

__all__ = ["SharedSpread", "lines_apart"]

Array = NDArray[np.float64]
Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class SharedSpread:
    """Variance of the mean line over some units, which all temperatures share.

    level : variance of ln D at `centre`.      tilt : variance of the activation energy, eV².
    centre : of -1/k_B T, 1/eV.      freedom : degrees of freedom it is known with; 0: not known at all.
    """

    level: float
    tilt: float
    centre: float
    freedom: int

    def covariance(self, temperatures: Array) -> Array:
        """Of ln D between temperatures (K), shape (n, n)."""
        x = -1.0 / (BOLTZMANN * np.asarray(temperatures, dtype=float)) - self.centre
        return np.asarray(self.level + self.tilt * np.outer(x, x))

    def at(self, temperature: float) -> float:
        """Variance of ln D at a temperature, K."""
        return float(self.covariance(np.array([temperature]))[0, 0])

    def scaled(self, factor: float) -> SharedSpread:
        """With variances times `factor`."""
        return replace(self, level=self.level * factor, tilt=self.tilt * factor)


def lines_apart(units: Mapping[int, Sequence[Point]]) -> SharedSpread:
    r"""Variance between the lines of several units, beyond what their own errors explain.

    At each temperature the units' mean is taken off; of what is left each unit's level and tilt,

    .. math:: r_u(T) = a_u + b_u (x_T - \bar x), \quad x = -1 / k_B T

    are fitted with the errors of its points. The variance of the a (and b) between units less the mean of
    their own variances is what the units differ by. A run's error is known, so nothing is counted twice.

    Parameters
    ----------
    units : by unit the points (temperature in K, ln D, variance of ln D).

    Returns
    -------
    Variance of one unit; divide by the number of units for that of their mean.
    """
    temperatures = sorted({t for points in units.values() for t, _, _ in points})
    seen = {t: [y for points in units.values() for s, y, _ in points if s == t] for t in temperatures}
    shared = [t for t in temperatures if len(seen[t]) > 1]
    if not shared:
        return SharedSpread(0.0, 0.0, 0.0, 0)
    centre = float(np.mean([-1.0 / (BOLTZMANN * t) for t in shared]))
    levels, tilts = [], []
    for points in units.values():
        rows = [(t, y - float(np.mean(seen[t])), v) for t, y, v in points if t in shared]
        if not rows:
            continue
        t, residual, variance = (np.array(column) for column in zip(*rows, strict=True))
        weight = 1.0 / variance
        levels.append((float(weight @ residual / weight.sum()), float(1.0 / weight.sum())))
        x = -1.0 / (BOLTZMANN * t) - centre
        if len(t) > 2:
            middle = float(weight @ x / weight.sum())
            leverage = float(weight @ (x - middle) ** 2)
            tilts.append((float(weight @ ((x - middle) * residual)) / leverage, 1.0 / leverage))
    return SharedSpread(_beyond(levels), _beyond(tilts), centre, max(len(levels) - 1, 0))


def _beyond(found: list[tuple[float, float]]) -> float:
    """Variance between values beyond the mean of their own."""
    if len(found) < 2:
        return 0.0
    value, own = np.array(found).T
    return max(float(value.var(ddof=1)) - float(own.mean()), 0.0)

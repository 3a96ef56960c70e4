r"""Is ln(σT) a straight line against 1/T? Arrhenius, VTF and two regimes, by evidence.

.. math:: A - E/k_B T, \quad A - B/k_B (T - T_0), \quad
    A - E/k_B T - G\,\max(0, 1/k_B T - 1/k_B T_k)

Each is linear once T₀ or the knee T_k is given; these are scanned. Their evidence is exp(-AICc/2): the
likelihood at the best fit with the price of each parameter, which is high where there are few points. It has
to be: five points that merely scatter lie near some curve.

Source: Hurvich, Tsai, Biometrika 76, 297 (1989).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import BOLTZMANN

__all__ = ["Shape", "Shapes", "compare_shapes"]

Array = NDArray[np.float64]
Name = Literal["Arrhenius", "VTF", "two regimes"]

LEAST_POINTS = {"Arrhenius": 2, "VTF": 5, "two regimes": 6}
GRID = 40  # values of T₀


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One law fitted to ln(σT).

    chi2 : of the best fit.      parameters : their number.      weight : share of the evidence.
    at_target : ln(σT) there.      std : its standard deviation.      energy : -d ln(σT)/d(1/k_B T) there, eV.
    knee : T₀ or the temperature where the regimes meet, K; 0 for a line.
    """

    name: Name
    chi2: float
    parameters: int
    weight: float
    at_target: float
    std: float
    energy: float
    knee: float


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """All laws that the number of points allows, the line first."""

    every: tuple[Shape, ...]

    @property
    def best(self) -> Shape:
        """The one with most evidence."""
        return max(self.every, key=lambda s: s.weight)

    @property
    def curved(self) -> float:
        """Share of the evidence that is not the straight line's."""
        return 1.0 - self.every[0].weight

    @property
    def straight(self) -> bool:
        """Whether the straight line has at least as much evidence as any curve."""
        return self.best is self.every[0]


def compare_shapes(temperature: Array, logarithm: Array, covariance: Array, *, target: float) -> Shapes:
    """Fit the line, VTF and two regimes to ln(σT), by generalised least squares.

    Parameters
    ----------
    temperature : K, shape (n,).      logarithm : ln(σT), shape (n,).      covariance : shape (n, n).
    target : where they are extrapolated to, K.
    """
    root = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    x, to = -1.0 / (BOLTZMANN * temperature), -1.0 / (BOLTZMANN * target)
    one = np.ones_like(x)
    fits = [_fit("Arrhenius", root, np.column_stack([one, x]), logarithm, np.array([1.0, to]), 0.0)]
    number = len(temperature)
    if number >= LEAST_POINTS["VTF"]:
        coldest = min(float(temperature.min()), target)
        vtf = [
            _fit(
                "VTF",
                root,
                np.column_stack([one, -1.0 / (BOLTZMANN * (temperature - zero))]),
                logarithm,
                np.array([1.0, -1.0 / (BOLTZMANN * (target - zero))]),
                float(zero),
                factor=(target / (target - zero)) ** 2,
            )
            for zero in np.linspace(0.02, 0.9, GRID) * coldest
        ]
        fits.append(min(vtf, key=lambda s: s.chi2))
    if number >= LEAST_POINTS["two regimes"]:
        inner = np.sort(temperature)[1:-1]
        broken = [
            _fit(
                "two regimes",
                root,
                np.column_stack([one, x, np.minimum(x + 1.0 / (BOLTZMANN * knee), 0.0)]),
                logarithm,
                np.array([1.0, to, min(to + 1.0 / (BOLTZMANN * knee), 0.0)]),
                float(knee),
            )
            for knee in inner
        ]
        fits.append(min(broken, key=lambda s: s.chi2))
    score = np.array([-0.5 * (s.chi2 + _price(s.parameters, number)) for s in fits])
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    return Shapes(
        tuple(
            Shape(s.name, s.chi2, s.parameters, float(w), s.at_target, s.std, s.energy, s.knee)
            for s, w in zip(fits, weight, strict=True)
        )
    )


def _price(parameters: int, points: int) -> float:
    """What AICc asks for the parameters of a law; that of the line alone does not matter."""
    if points <= parameters + 1:
        return 2.0 * parameters
    return 2.0 * parameters + 2.0 * parameters * (parameters + 1) / (points - parameters - 1)


def _fit(
    name: Name,
    root: Array,
    design: Array,
    logarithm: Array,
    row: Array,
    knee: float,
    *,
    factor: float = 1.0,
) -> Shape:
    """One linear law; `factor` takes its slope to the activation energy at the target."""
    white = np.linalg.solve(root, design)
    target = np.linalg.solve(root, logarithm)
    found = np.linalg.lstsq(white, target, rcond=None)[0]
    left = target - white @ found
    variance = row @ np.linalg.pinv(white.T @ white) @ row
    slope = float(found[1]) * factor + (float(found[2]) if name == "two regimes" else 0.0)
    extra = {"Arrhenius": 2, "VTF": 3, "two regimes": 4}[name]
    return Shape(
        name, float(left @ left), extra, 0.0, float(row @ found), float(np.sqrt(variance)), slope, knee
    )

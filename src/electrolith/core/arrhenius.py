r"""Thermally activated quantities: y = A - E/(k_B T), fitted by weighted linear least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.core.estimate import DRAWS, Estimate

__all__ = ["Arrhenius", "fit_arrhenius"]


@dataclass(frozen=True, slots=True, eq=False)
class Arrhenius:
    """Line of a logarithm against 1/k_B T.

    intercept : A, the logarithm at infinite temperature.
    activation_energy : E, eV.
    covariance : shape (2, 2) of (A, E).
    chi2, dof : of the weighted fit.
    scaled : whether the covariance was multiplied by χ²/dof because the errors were unknown.
    """

    intercept: float
    activation_energy: float
    covariance: np.ndarray
    chi2: float
    dof: int
    scaled: bool
    temperatures: np.ndarray
    logarithms: np.ndarray

    def at(self, temperature: float) -> tuple[float, float]:
        """The logarithm and its standard deviation at a temperature in K, with the full covariance."""
        row = np.array([1.0, -1.0 / (BOLTZMANN * temperature)])
        value = row @ np.array([self.intercept, self.activation_energy])
        return float(value), float(np.sqrt(max(row @ self.covariance @ row, 0.0)))

    def draws(self, rng: np.random.Generator, n: int = DRAWS) -> tuple[Estimate, Estimate]:
        """Intercept and activation energy (eV) as estimates that share their draw index."""
        if not np.all(np.isfinite(self.covariance)):  # two temperatures of unknown error determine no spread
            e = Estimate.unknown_doubt(self.activation_energy, "eV")
            return Estimate.unknown_doubt(self.intercept, "1"), e
        mean = np.array([self.intercept, self.activation_energy])
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        drawn = mean + rng.standard_normal((n, 2)) @ root.T
        return Estimate(drawn[:, 0], "1"), Estimate(drawn[:, 1], "eV")


def fit_arrhenius(
    temperature: np.ndarray,
    logarithm: np.ndarray,
    *,
    covariance: np.ndarray | None = None,
) -> Arrhenius:
    r"""Fit y = A - E/(k_B T) by generalised least squares.

    Parameters
    ----------
    temperature : K, shape (n,).
    logarithm : natural logarithm of the quantity, shape (n,).
    covariance : of the logarithms, shape (n, n) or variances of shape (n,). None: equal unknown
        errors, whose size is taken from the scatter.

    Raises
    ------
    InputError
        If a temperature is not positive, shapes differ, or fewer than two different temperatures come.
    """
    t = np.asarray(temperature, dtype=float)
    y = np.asarray(logarithm, dtype=float)
    if t.shape != y.shape or t.ndim != 1:
        raise InputError(f"temperatures {t.shape} and logarithms {y.shape} must be two lists of one length")
    if np.any(t <= 0):
        raise InputError(f"temperature must be above 0 K, got {t.min():g}")
    if not np.all(np.isfinite(y)):
        raise InputError("an Arrhenius fit needs positive, finite values at every temperature")
    if np.unique(t).size < 2:
        raise InputError(f"an Arrhenius fit needs two different temperatures, got {np.unique(t).tolist()}")
    known = covariance is not None
    sigma = np.eye(t.size) if covariance is None else np.asarray(covariance, dtype=float)
    sigma = np.diag(sigma) if sigma.ndim == 1 else sigma
    root = np.linalg.cholesky(sigma)
    design = np.column_stack([np.ones_like(t), -1.0 / (BOLTZMANN * t)])
    white = np.linalg.solve(root, design)
    target = np.linalg.solve(root, y)
    q, r = np.linalg.qr(white)
    parameters = np.linalg.solve(r, q.T @ target)
    inverse = np.linalg.inv(r)
    spread = inverse @ inverse.T
    chi2 = float(np.sum((target - white @ parameters) ** 2))
    dof = t.size - 2
    if not known:
        spread = spread * (chi2 / dof if dof > 0 else np.inf)
    return Arrhenius(float(parameters[0]), float(parameters[1]), spread, chi2, dof, not known, t, y)

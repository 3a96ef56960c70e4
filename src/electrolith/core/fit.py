"""Least squares with its covariance, and an honest word on what the data do not determine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError

__all__ = ["LeastSquaresFit", "covariance_of", "least_squares"]


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquaresFit:
    """Minimum of ½ Σ r².

    parameters : shape (n,).
    covariance : shape (n, n), (JᵀJ)⁻¹ for residuals in units of their standard deviation; directions
        that the data do not determine carry infinite variance (see `rank`).
    chi2 : Σ r² at the minimum.
    dof : residuals minus rank.
    rank : number of parameter combinations the data determine.
    status : what ended the iteration, in words.
    jacobian : shape (m, n) at the minimum.
    """

    parameters: np.ndarray
    covariance: np.ndarray
    chi2: float
    dof: int
    rank: int
    converged: bool
    status: str
    evaluations: int
    residuals: np.ndarray
    jacobian: np.ndarray

    @property
    def std(self) -> np.ndarray:
        """Standard deviations of the parameters, shape (n,)."""
        return np.sqrt(np.diag(self.covariance))

    def scaled(self) -> np.ndarray:
        """Covariance times χ²/dof, for residuals of unknown common scale; shape (n, n)."""
        return self.covariance * (self.chi2 / self.dof if self.dof > 0 else np.inf)


def covariance_of(jacobian: np.ndarray, *, threshold: float = 1e-10) -> tuple[np.ndarray, int]:
    """(JᵀJ)⁻¹ through the SVD of the column-scaled Jacobian, and its numerical rank.

    A parameter that takes part in an undetermined combination gets infinite variance.

    Parameters
    ----------
    jacobian : shape (m, n).
    threshold : singular values below threshold × largest count as zero.
    """
    n = jacobian.shape[1]
    scale = np.linalg.norm(jacobian, axis=0)
    scale[scale == 0] = 1.0
    _, s, vt = np.linalg.svd(jacobian / scale, full_matrices=False)
    keep = s > threshold * max(s[0], 1e-300) if s.size else np.zeros(0, bool)
    v = vt[keep].T / s[keep]
    covariance = (v @ v.T) / np.outer(scale, scale)
    lost = 1.0 - np.sum(vt[keep] ** 2, axis=0) > 1e-8  # weight of each parameter in the null space
    covariance[np.arange(n)[lost], np.arange(n)[lost]] = np.inf
    return covariance, int(keep.sum())


def least_squares(
    residuals: Callable[[np.ndarray], np.ndarray],
    start: Sequence[float] | np.ndarray,
    *,
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
    max_evaluations: int = 200,
    tolerance: float = 1e-10,
) -> LeastSquaresFit:
    """Minimise ½ Σ r(p)² by trust region from one starting point (scipy, columns scaled by the Jacobian).

    Parameters
    ----------
    residuals : p of shape (n,) to r of shape (m,), in units of their standard deviation.
    start : shape (n,).
    bounds : lower and upper, each of shape (n,).

    Raises
    ------
    InputError
        If the residuals at the start are not finite.
    """
    from scipy.optimize import least_squares as trust_region

    start = np.asarray(start, dtype=float)
    if not np.all(np.isfinite(residuals(start))):
        raise InputError("the model is not finite at the starting parameters")
    box = bounds if bounds is not None else (-np.inf, np.inf)
    found = trust_region(
        residuals,
        start,
        jac=jacobian if jacobian is not None else "2-point",
        bounds=box,
        x_scale="jac",
        max_nfev=max_evaluations,
        ftol=tolerance,
        xtol=tolerance,
        gtol=tolerance,
    )
    covariance, rank = covariance_of(found.jac)
    return LeastSquaresFit(
        parameters=found.x,
        covariance=covariance,
        chi2=float(2 * found.cost),
        dof=int(found.fun.size - rank),
        rank=rank,
        converged=bool(found.status > 0),
        status=str(found.message),
        evaluations=int(found.nfev),
        residuals=found.fun,
        jacobian=found.jac,
    )

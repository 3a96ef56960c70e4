"""Marquardt's descent on the normal equations: many points, few parameters, one call for values
and slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Descent", "descend"]


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """Where a descent ended. parameters : shape (n,). chi2 : Σ r². converged : by tolerance, not
    by number.
    """

    parameters: np.ndarray
    chi2: float
    evaluations: int
    converged: bool


def descend(
    model: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    start: np.ndarray,
    *,
    lower: np.ndarray,
    upper: np.ndarray | None = None,
    evaluations: int,
    tolerance: float,
) -> Descent:
    """Minimise Σ r(p)² by damped Gauss-Newton steps in column-scaled parameters, within bounds.

    The trust-region routine of core decomposes the whole Jacobian in every step; with 5000 points and
    20 parameters that costs ten times the model itself, hence this one, which needs JᵀJ only.

    Parameters
    ----------
    model : p of shape (n,) to residuals, shape (m,), and Jacobian, shape (m, n).
    lower, upper : bounds, shape (n,), infinite for none; a step beyond is cut there.
    tolerance : relative change of Σ r² that counts as none.

    Source: Marquardt, J. SIAM 11 (1963) 431; damping after Nielsen (1999).
    """
    upper = np.full_like(lower, np.inf) if upper is None else upper
    p = np.clip(start, lower, upper)
    residual, jacobian = model(p)
    chi2 = float(residual @ residual)
    damping, growth, used, small = 1e-3, 2.0, 1, 0
    while used < evaluations and np.isfinite(chi2):
        norm = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))
        norm[norm == 0] = 1.0
        scaled = jacobian / norm
        gradient = scaled.T @ residual
        # at its bound and pushed further out
        held = ((p <= lower) & (gradient > 0)) | ((p >= upper) & (gradient < 0))
        moving = ~held
        normal = scaled[:, moving].T @ scaled[:, moving]
        step = np.zeros_like(p)
        step[moving] = -np.linalg.solve(normal + damping * np.eye(moving.sum()), gradient[moving])
        trial = np.clip(p + step / norm, lower, upper)
        cut = bool(np.any(trial != p + step / norm))
        moved = (trial - p) * norm
        expected = -float(2 * gradient @ moved + moved[moving] @ normal @ moved[moving])
        new_residual, new_jacobian = model(trial)
        used += 1
        new = float(new_residual @ new_residual)
        gain = (chi2 - new) / expected if expected > 0 else -1.0
        if np.isfinite(new) and new <= chi2 and np.all(np.isfinite(new_jacobian)):
            small = small + 1 if chi2 - new <= tolerance * chi2 else 0
            p, residual, jacobian, chi2 = trial, new_residual, new_jacobian, new
            damping, growth = damping * max(1 / 3, 1 - (2 * min(gain, 1.5) - 1) ** 3), 2.0
            damping = max(damping, 1e-12)
            if small >= 2 or (small and damping < 1e-4):
                return Descent(p, chi2, used, True)
        else:
            level = expected <= tolerance * chi2 and not cut
            if level or damping > 1e12:
                return Descent(p, chi2, used, level)
            damping, growth = damping * growth, growth * 2
    return Descent(p, chi2, used, False)

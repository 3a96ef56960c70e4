"""Agreement factors and tests of residuals."""

from __future__ import annotations

import numpy as np

__all__ = ["durbin_watson", "r_factors"]


def r_factors(
    observed: np.ndarray, calculated: np.ndarray, sigma: np.ndarray, n_free: int
) -> tuple[float, float, float]:
    """R_wp, R_p and R_exp as fractions, background included.

    R_wp² = Σ w (o-c)²/Σ w o², R_p = Σ |o-c|/Σ |o|, R_exp² = (N-P)/Σ w o².
    """
    weight = 1 / sigma**2
    norm = float(np.sum(weight * observed**2))
    r_wp = np.sqrt(np.sum(weight * (observed - calculated) ** 2) / norm)
    r_p = np.sum(np.abs(observed - calculated)) / np.sum(np.abs(observed))
    return float(r_wp), float(r_p), float(np.sqrt(max(len(observed) - n_free, 1) / norm))


def durbin_watson(residuals: np.ndarray) -> float:
    """Σ (rᵢ - rᵢ₋₁)²/Σ rᵢ²: 2 for independent residuals, towards 0 for serial correlation."""
    total = float(np.sum(residuals**2))
    return float(np.sum(np.diff(residuals) ** 2) / total) if total > 0 else 2.0

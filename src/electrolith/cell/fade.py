"""Capacity fade as an empirical line: it describes measured cycles, it predicts nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError

LABEL = "empirical, fitted to the cycles shown; not a prediction"


@dataclass(frozen=True, slots=True)
class Fade:
    """Q(n) = Q₀ r^n. first: Q₀; kept: r per cycle; cycles: range it was fitted to; label: its honesty."""

    first: float
    kept: float
    cycles: tuple[float, float]
    label: str = LABEL

    def at(self, cycle: np.ndarray) -> np.ndarray:
        """Capacity at `cycle`, in the unit of the fit."""
        return np.asarray(self.first * self.kept ** np.asarray(cycle, float))


def fade(cycle: np.ndarray, capacity: np.ndarray) -> Fade:
    """Least squares of ln Q over the cycle number.

    Raises
    ------
    InputError
        For fewer than two cycles or a capacity that is not positive.
    """
    n, q = np.asarray(cycle, float), np.asarray(capacity, float)
    if n.size < 2 or n.shape != q.shape or np.ptp(n) == 0:
        raise InputError(f"fade: needs capacities at two different cycles or more, got {n.size}")
    if (q <= 0).any():
        raise InputError(f"fade: capacities must be above 0, got {q.min():g}")
    slope, start = np.polyfit(n, np.log(q), 1)
    return Fade(float(np.exp(start)), float(np.exp(slope)), (float(n.min()), float(n.max())))

"""How much of a phase could hide in a pattern that does not show it."""

from __future__ import annotations

import numpy as np

from .phase import molar_mass, volume
from .result import RietveldFit

__all__ = ["upper_limit"]


def upper_limit(fit: RietveldFit, phase: str) -> float:
    """Weight fraction above which the phase would have been seen, 95 %; the least over the histograms.

    The amount found, or nothing where it is negative, and 1.645 of its esd.
    """
    weight = {p.name: molar_mass(p) * volume(p) for p in fit.phases}
    limits = []
    for h in fit.histograms:
        name = f"{h.name}/scale/{phase}"
        variance = fit.covariance[fit.names.index(name), fit.names.index(name)] if name in fit.names else 0.0
        most = (max(fit.all_values[name], 0.0) + 1.645 * float(np.sqrt(max(variance, 0.0)))) * weight[phase]
        rest = sum(
            max(fit.all_values[f"{h.name}/scale/{p}"], 0.0) * w for p, w in weight.items() if p != phase
        )
        limits.append(most / (most + rest))
    return float(min(limits))

"""How χ² rises when one parameter is held away from its best value, all others refined again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError, nearest

from .conditions import Condition
from .model import Histogram, compile_model
from .phase import Phase
from .refine import RefineSettings, refine
from .result import RietveldFit

__all__ = ["Likelihood", "profile_likelihood"]


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """Profile of one parameter.

    values : held values, shape (n,). rise : χ² minus its smallest, in units of the GoF², shape (n,).
    low, high : where the rise is one (68 %), nan if the profile does not get there.
    flat : True when it never rises by one: the data do not determine the parameter.
    """

    name: str
    values: np.ndarray
    rise: np.ndarray
    low: float
    high: float
    flat: bool


def profile_likelihood(
    phases: tuple[Phase, ...],
    histograms: tuple[Histogram, ...],
    fit: RietveldFit,
    name: str,
    *,
    values: np.ndarray,
    conditions: tuple[Condition, ...] = (),
) -> Likelihood:
    """Refine again with `name` held at each of `values`.

    Raises
    ------
    InputError
        If the parameter was not refined.
    """
    if name not in fit.names:
        raise InputError(nearest("profile likelihood", name, fit.names))
    model = compile_model(phases, histograms)
    free = tuple(n for n in fit.names if n != name)
    totals = []
    for value in values:
        held = refine(
            phases,
            histograms,
            free=free,
            values=fit.all_values | {name: float(value)},
            constraints=fit.constraints,
            conditions=conditions,
            settings=RefineSettings(model_weights=False, evaluations=40),
            model=model,
        )
        totals.append(held.chi2 * max(held.points - len(free), 1))
    chi2 = np.array(totals)
    rise = (chi2 - chi2.min()) / max(fit.chi2, 1.0)
    best = int(np.argmin(rise))
    flat = bool(rise.max() < 1.0)
    return Likelihood(
        name,
        np.asarray(values, float),
        rise,
        _crossing(values[: best + 1][::-1], rise[: best + 1][::-1]),
        _crossing(values[best:], rise[best:]),
        flat,
    )


def _crossing(x: np.ndarray, rise: np.ndarray) -> float:
    """Where the rise passes one, walking away from the minimum; nan if it does not."""
    above = np.flatnonzero(rise >= 1.0)
    if not above.size or above[0] == 0:
        return float("nan")
    i = int(above[0])
    # between the points the rise goes as a square of the distance
    a, b = np.sqrt(rise[i - 1]), np.sqrt(rise[i])
    return float(x[i - 1] + (x[i] - x[i - 1]) * (1 - a) / (b - a))

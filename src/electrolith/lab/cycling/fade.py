r"""Retention against a stated reference cycle, and how capacity fades: linear, with √n, or exponential.

Extrapolation is refused beyond twice the cycles that were measured.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.fit import LeastSquaresFit, least_squares

Array = np.ndarray
Law = Literal["linear", "root", "exponential"]
LAWS: tuple[Law, ...] = ("linear", "root", "exponential")


@dataclass(frozen=True, eq=False)
class Fade:
    """A fitted fade law, the best of three by AICc.

    cycle, capacity : the data, (n,), capacity in its own unit.
    law : of capacity against n - n_ref.
    draws : (2000, 2) of the initial capacity and the loss parameter (per cycle, per root cycle, or
        rate).
    spread : standard deviation of single points about the law.
    support : Akaike weights of the three laws.
    """

    cycle: Array
    capacity: Array
    unit: str
    reference: int
    law: Law
    draws: Array
    spread: float
    support: dict[str, float]

    def at(self, cycle: float) -> Estimate:
        """Capacity at a cycle number.

        Raises
        ------
        InputError
            If it lies beyond twice the measured cycles.
        """
        span = float(self.cycle[-1] - self.reference)
        if cycle - self.reference > 2 * span or cycle < self.reference:
            raise InputError(
                f"cycle {cycle:g} is outside {self.reference} to {self.reference + 2 * span:g}: the "
                f"data end at cycle "
                f"{self.cycle[-1]:g}, and a fade law is not carried further than twice its data"
            )
        return Estimate(_law(self.law, self.draws.T, np.array(cycle - self.reference)), self.unit)

    def retention(self, cycle: float) -> Estimate:
        """Capacity at a cycle over that of the law at the reference cycle, fraction."""
        return self.at(cycle).through(lambda q, q0: q / q0, self.at(self.reference), unit="1")


def retention(cycle: Array, capacity: Array, *, reference: int) -> Array:
    """Capacity over that of the stated reference cycle, (n,).

    Raises
    ------
    InputError
        If the reference cycle is not among the cycles.
    """
    at = np.flatnonzero(cycle == reference)
    if not at.size:
        raise InputError(f"reference cycle {reference} is not there; cycles {cycle.min()} to {cycle.max()}")
    return np.asarray(capacity / capacity[at[0]])


def fit_fade(cycle: Array, capacity: Array, *, reference: int, unit: str = "mAh", seed: int = 0) -> Fade:
    """Fit the three laws from a reference cycle on and keep the best supported.

    Raises
    ------
    InputError
        If fewer than five cycles follow the reference.
    """
    keep = (cycle >= reference) & np.isfinite(capacity) & (capacity > 0)
    n, q = np.asarray(cycle[keep], dtype=float) - reference, np.asarray(capacity[keep], dtype=float)
    if n.size < 5:
        raise InputError(f"{n.size} cycles from cycle {reference} on; a fade law needs at least five")
    fits = {law: _fit(law, n, q) for law in LAWS}
    score = {law: n.size * np.log(max(fit.chi2, 1e-300) / n.size) for law, fit in fits.items()}
    best = min(LAWS, key=lambda law: score[law])
    weights = {law: float(np.exp(-(score[law] - score[best]) / 2)) for law in LAWS}
    chosen = fits[best]
    covariance = chosen.scaled()
    rng = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(np.where(np.isfinite(covariance), covariance, 0.0))
    moves = rng.standard_normal((2000, 2)) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    return Fade(
        cycle=cycle[keep],
        capacity=q,
        unit=unit,
        reference=reference,
        law=best,
        draws=chosen.parameters + moves,
        spread=float(np.sqrt(chosen.chi2 / max(chosen.dof, 1))),
        support={law: w / sum(weights.values()) for law, w in weights.items()},
    )


def _law(law: Law, parameters: Array, n: Array) -> Array:
    """Capacity n cycles after the reference; parameters (2, ...)."""
    start, loss = parameters
    if law == "exponential":
        return np.asarray(start * np.exp(-loss * n))
    return np.asarray(start * (1 - loss * (n if law == "linear" else np.sqrt(n))))


def _fit(law: Law, n: Array, q: Array) -> LeastSquaresFit:
    """One law through the data."""
    reach = float(np.sqrt(n.max()) if law == "root" else n.max())
    loss = max((q[0] - q[-1]) / q[0], 1e-6) / reach
    return least_squares(lambda p: _law(law, p, n) - q, [float(q[0]), float(loss)])

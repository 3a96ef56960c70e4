r"""Where the next core hour tells most: which candidate, at which temperature.

A candidate's ln σ(300 K) has the variance V. A further step of its trajectories at the temperature T
lowers V by
:func:`~electrolith.motion.allocate.gain_rates`. What that is worth depends on what is wanted: for
intervals every candidate that misses its target counts alike; for a ranking it is the fall of the
probability that two candidates stand in the wrong order,

.. math:: P = \Phi(-d/s), \quad \partial P/\partial V = \phi(d/s)\, d / 2 s^3, \quad s^2 = V_i + V_j

with d the distance of the two in ln σ. Time is counted in steps times atoms, so that a decision does not
depend on how fast a machine happens to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from electrolith.core.estimate import Estimate

__all__ = ["Front", "Standing", "ahead", "allot", "among_best", "worth"]

Array = NDArray[np.float64]
GROWTH, MOST = 1.25, 2.0  # of the steps at one temperature: one helping, and what one round may add at most


@dataclass(frozen=True, slots=True)
class Front:
    """One temperature of one candidate that may go on.

    steps : of each trajectory so far.      limit : of each.      runs : how many go on together.
    atoms : of each.      rate : fall of the variance of ln σ(300 K) per step of all of them.
    segment : steps come in multiples of it.
    """

    steps: int
    limit: int
    runs: int
    atoms: int
    rate: float
    segment: int


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What is known of one candidate: ln σ(300 K) and its variance (infinite where there is no value yet)."""

    mean: float
    variance: float
    fronts: Mapping[float, Front]


def worth(standings: Mapping[str, Standing], *, best: int, certainty: float) -> dict[str, float]:
    """Fall of the summed probabilities of a wrong order per unit of each candidate's variance.

    Counted are the pairs with at least one of the `best`, as long as their order is less than certain. A
    candidate without a value counts as much as the most telling one: nothing can be said without it.
    """
    known = {n: s for n, s in standings.items() if np.isfinite(s.variance)}
    order = sorted(known, key=lambda n: -known[n].mean)
    total = dict.fromkeys(standings, 0.0)
    for i, one in enumerate(order[:best]):
        for other in order[i + 1 :]:
            spread = float(np.sqrt(known[one].variance + known[other].variance))
            z = (known[one].mean - known[other].mean) / max(spread, 1e-12)
            if norm.cdf(z) < certainty:
                gain = float(norm.pdf(z)) * max(z, 1e-3) / (2 * max(spread, 1e-12) ** 2)
                total[one] += gain
                total[other] += gain
    most = max(total.values(), default=0.0) or 1.0
    return {n: value if n in known else most for n, value in total.items()}


def allot(
    standings: Mapping[str, Standing], weights: Mapping[str, float], *, purse: float
) -> dict[tuple[str, float], int]:
    """Steps that each (candidate, temperature) is to have after this round; those that get nothing are
    left out.

    The most telling helping first, a quarter of what a temperature has at a time; what a helping leaves to
    gain falls with the square of the steps, since the error itself has fallen.

    purse : steps × atoms that this round may cost; the first helping is given even if it costs more.
    """
    granted: dict[tuple[str, float], int] = {}
    while True:
        best, key = 0.0, None
        for name, standing in standings.items():
            for temperature, front in standing.fronts.items():
                now = granted.get((name, temperature), front.steps)
                if front.runs == 0 or _helping(front, now) <= now:
                    continue
                gain = weights[name] * front.rate * (front.steps / now) ** 2 / (front.runs * front.atoms)
                if gain > best:
                    best, key = gain, (name, temperature)
        if key is None:
            return granted
        front = standings[key[0]].fronts[key[1]]
        now = granted.get(key, front.steps)
        cost = (_helping(front, now) - now) * front.runs * front.atoms
        if granted and cost > purse:
            return granted
        granted[key] = _helping(front, now)
        purse -= cost


def _helping(front: Front, now: int) -> int:
    """Steps after one helping more."""
    wanted = -(-int(np.ceil(now * GROWTH)) // front.segment) * front.segment
    most = max(int(front.steps * MOST) // front.segment * front.segment, front.steps + front.segment)
    return min(wanted, most, front.limit)


def ahead(one: Estimate, other: Estimate) -> float:
    """Probability that one value is larger than another, their errors being independent."""
    ranks = np.searchsorted(np.sort(other.draws), one.draws)
    return float(ranks.mean() / len(other.draws))


def among_best(values: Sequence[Estimate], best: int) -> Array:
    """Probability of each value to be one of the `best` largest, shape (n,)."""
    number = min(len(v.draws) for v in values)
    draws = np.stack([v.draws[:number] for v in values])
    place = np.argsort(np.argsort(-draws, axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray((place < best).mean(axis=1))

"""How a property runs over one condition while the others are held: rising, falling, an optimum, or open.

A series with an optimum has a rank coefficient near nothing; it is therefore judged by where its draws have
their extreme, not by its rank alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, rankdata

from electrolith.core.estimate import Estimate

__all__ = ["SERIES", "Trend", "trend_over"]

SERIES = 3
"""Fewest samples of a series."""
SURE = 0.9
"""Share of the draws that has to agree before anything is said."""
DRAWN = 2000


@dataclass(frozen=True, eq=False)
class Trend:
    """One property over one condition.

    x : shape (n,), rising. names : of the samples. low, high : 68 % intervals of `values`.
    rank, rank_low, rank_high : Spearman's coefficient with its 95 % interval over the draws.
    verdict : "rises", "falls", "has a maximum", "has a minimum", "does not change" or "not decided".
    """

    condition: str
    column: str
    x: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rank: float
    rank_low: float
    rank_high: float
    verdict: str
    statement: str


def trend_over(
    x: np.ndarray,
    values: tuple[Estimate, ...],
    names: tuple[str, ...],
    *,
    condition: str,
    column: str,
    rng: np.random.Generator,
) -> Trend:
    """The trend of a property with its doubts; samples are independent of each other.

    Parameters
    ----------
    x : condition, shape (n,), n at least `SERIES`.
    """
    order = np.argsort(x, kind="stable")
    x, names = np.asarray(x, float)[order], tuple(names[i] for i in order)
    values = tuple(values[i] for i in order)
    # Analyses of one seed share their draws; samples are different pieces of matter and must not.
    draws = np.stack([rng.choice(v.draws, DRAWN) for v in values])
    middle = np.array([v.value for v in values])
    low, high = np.array([v.interval() if v.doubt == "known" else (np.nan, np.nan) for v in values]).T
    ranks = _rank(x, draws)
    bounds = np.quantile(ranks, [0.025, 0.975]) if np.isfinite(low).any() else (np.nan, np.nan)
    verdict, statement = _verdict(x, middle, draws, names, np.isfinite(low).all())
    return Trend(
        condition,
        column,
        x,
        names,
        middle,
        low,
        high,
        float(_rank(x, middle[:, None])[0]),
        float(bounds[0]),
        float(bounds[1]),
        verdict,
        f"{column} over {condition}: {statement}",
    )


def _rank(x: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Spearman's coefficient of every draw; 0 where nothing varies. draws: (n, k)."""
    a = rankdata(x)[:, None] - (x.size + 1) / 2
    b = rankdata(draws, axis=0) - (x.size + 1) / 2
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(scale > 0, (a * b).sum(axis=0) / scale, 0.0))


def _verdict(
    x: np.ndarray, middle: np.ndarray, draws: np.ndarray, names: tuple[str, ...], known: bool
) -> tuple[str, str]:
    """What can be said of the course, and in words."""
    ends = f"{x[0]:g} to {x[-1]:g}"
    if known and _alike(middle, draws.std(axis=1)):
        return "does not change", f"no change beyond the doubts over {ends}"
    change = draws[-1] - draws[0]
    top, bottom = np.argmax(draws, axis=0), np.argmin(draws, axis=0)
    for word, place in (("maximum", top), ("minimum", bottom)):
        inside = np.mean((place > 0) & (place < x.size - 1))
        other = bottom if word == "maximum" else top
        best = int(np.bincount(place, minlength=x.size).argmax())
        share = float(np.mean(place == best))
        if inside >= SURE and np.mean((other == 0) | (other == x.size - 1)) >= SURE:
            sure = f", {100 * share:.0f} % of the draws" if known else ""
            return f"has a {word}", f"a {word} at {x[best]:g} ({names[best]}{sure})"
    steps = np.diff(draws, axis=0)
    for word, sign in (("rises", 1.0), ("falls", -1.0)):
        if (
            np.mean(sign * change > 0) >= SURE
            and np.mean(np.all(sign * steps > -_noise(draws), axis=0)) >= SURE
        ):
            return word, f"{word} over {ends}"
    return "not decided", f"no clear course over {ends}"


def _alike(values: np.ndarray, std: np.ndarray) -> bool:
    """Whether one value for all is compatible with the doubts (χ²): of noise alone 1 series in 100 is not."""
    if not np.all(std > 0):
        return False
    weight = 1 / std**2
    mean = np.sum(weight * values) / weight.sum()
    return bool(chi2.sf(np.sum(weight * (values - mean) ** 2), values.size - 1) > 0.01)


def _noise(draws: np.ndarray) -> np.ndarray:
    """Twice the doubt of a step: a smaller one against the trend does not break it. Shape (n - 1, 1)."""
    variance = draws.var(axis=1)
    return np.asarray(2 * np.sqrt(variance[1:] + variance[:-1])[:, None])

"""Which properties go together over a series of few samples, and how little that may mean.

Pearson's r with intervals by Fisher's z, its probability by reshuffling (every order where there are few
samples), and partial correlations that hold other columns fixed. All probabilities are corrected for the
number of pairs looked at (Holm).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from scipy.stats import norm, rankdata

from electrolith.core.errors import DataError, InputError
from electrolith.lab.synthesis.samples import SampleTable

__all__ = ["Correlation", "Correlations", "correlate", "partial_correlation"]


@dataclass(frozen=True, slots=True)
class Correlation:
    """One pair of columns.

    r : Pearson's coefficient; low, high : its 95 % interval.
    rank, rank_low, rank_high : Spearman's coefficient and its 95 % interval, for relations that are no lines.
    probability : of so large an |r| without any relation; corrected : for the number of pairs looked at.
    given : columns held fixed.
    """

    first: str
    second: str
    given: tuple[str, ...]
    n: int
    r: float
    low: float
    high: float
    probability: float
    corrected: float
    statement: str
    rank: float = float("nan")
    rank_low: float = float("nan")
    rank_high: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """All pairs, strongest first, and what must be said beside them."""

    pairs: tuple[Correlation, ...]
    partial: tuple[Correlation, ...]
    columns: tuple[str, ...]
    matrix: np.ndarray
    warnings: tuple[str, ...]


def _r(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if scale > 0 else float("nan")


def _probability(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    """Share of the orders of y that give as large an |r|; every order for up to 7 samples, else 5000 at
    random.
    """
    x, y = (x - x.mean()) / np.linalg.norm(x - x.mean()), (y - y.mean()) / np.linalg.norm(y - y.mean())
    seen = abs(float(x @ y)) - 1e-12
    if x.size <= 7:
        every = np.array(list(permutations(range(x.size))))
        return float(np.mean(np.abs(y[every] @ x) >= seen))
    drawn = np.array([abs(float(rng.permutation(y) @ x)) for _ in range(5000)])
    return float((1 + np.count_nonzero(drawn >= seen)) / 5001)


def _interval(r: float, n: int, fixed: int, *, widen: float = 1.0) -> tuple[float, float]:
    """95 % interval by Fisher's z; (-1, 1) where there are too few samples for one."""
    dof = n - 3 - fixed
    if dof < 1 or abs(r) >= 1:
        return (-1.0, 1.0) if abs(r) < 1 else (r, r)
    half = widen * norm.isf(0.025) / np.sqrt(dof)
    z = np.arctanh(r)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _residual(values: np.ndarray, given: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(len(values)), given])
    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])


def partial_correlation(
    table: SampleTable, first: str, second: str, *, given: tuple[str, ...], rng: np.random.Generator
) -> Correlation:
    """Correlation of what a linear dependence on the `given` columns leaves of two others.

    Raises
    ------
    DataError
        If fewer than 4 + len(given) samples have all values.
    InputError
        If a column is held fixed and correlated at once.
    """
    if first in given or second in given or first == second:
        raise InputError(
            f"{first} and {second} cannot be correlated with themselves or with what is held fixed"
        )
    data = np.column_stack([table.column(c) for c in (first, second, *given)])
    data = data[np.all(np.isfinite(data), axis=1)]
    n, k = data.shape[0], len(given)
    if n < 4 + k:
        raise DataError(f"{n} samples have {', '.join((first, second, *given))}; a correlation needs {4 + k}")
    x, y = data[:, 0], data[:, 1]
    if given:
        x, y = _residual(x, data[:, 2:]), _residual(y, data[:, 2:])
    spread = [np.ptp(c) > 1e-12 * max(np.abs(d).max(), 1e-300) for c, d in ((x, data[:, 0]), (y, data[:, 1]))]
    if not all(spread):
        name = first if not spread[0] else second
        raise DataError(
            f"{name} does not vary{' beyond what is held fixed' if given else ''}; no correlation"
        )
    r = _r(x, y)
    low, high = _interval(r, n, k)
    probability = _probability(x, y, rng)
    rank = _r(rankdata(x), rankdata(y))
    # Bonett and Wright 2000: the variance of z of Spearman's coefficient is (1 + rank²/2)/(n - 3).
    bounds = _interval(rank, n, k, widen=float(np.sqrt(1 + rank**2 / 2)))
    return Correlation(first, second, given, n, r, low, high, probability, probability, "", rank, *bounds)


def correlate(
    table: SampleTable, *, columns: tuple[str, ...] = (), given: tuple[str, ...] = (), seed: int = 0
) -> Correlations:
    """Every pair of columns, and every pair again with `given` held fixed.

    Raises
    ------
    DataError
        If no pair has four samples.
    """
    rng = np.random.default_rng(seed)
    names = columns or table.columns
    pairs, skipped = _every(table, names, (), rng)
    if not pairs:
        raise DataError(f"no two columns vary together over four samples; columns: {', '.join(names)}")
    partial = _every(table, tuple(n for n in names if n not in given), given, rng)[0] if given else []
    matrix = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for p in pairs:
        i, j = names.index(p.first), names.index(p.second)
        matrix[i, j] = matrix[j, i] = p.r
    fewest = min(p.n for p in pairs)
    said = list(skipped)
    if fewest < 10:
        said.append(
            f"{fewest} to {max(p.n for p in pairs)} samples: of unrelated columns one pair in twenty shows "
            f"|r| above {_chance(fewest):.2f} by chance, and {len(pairs)} pairs were looked at"
        )
    return Correlations(_holm(pairs), _holm(partial), tuple(names), matrix, tuple(said))


def _chance(n: int) -> float:
    """|r| that unrelated normal columns of n samples exceed with probability 0.05."""
    from scipy.stats import t

    critical = float(t.isf(0.025, n - 2))
    return critical / float(np.sqrt(critical**2 + n - 2))


def _every(
    table: SampleTable, names: tuple[str, ...], given: tuple[str, ...], rng: np.random.Generator
) -> tuple[list[Correlation], list[str]]:
    """All pairs that can be computed, and why others cannot."""
    found, skipped = [], []
    for first, second in combinations(names, 2):
        try:
            found.append(partial_correlation(table, first, second, given=given, rng=rng))
        except DataError as error:
            skipped.append(str(error))
    return found, list(dict.fromkeys(skipped))


def _holm(pairs: list[Correlation]) -> tuple[Correlation, ...]:
    """Strongest first, probabilities corrected for the number of pairs."""
    from dataclasses import replace

    ordered = sorted(pairs, key=lambda p: p.probability)
    worst, out = 0.0, []
    for rank, pair in enumerate(ordered):
        worst = max(worst, min(1.0, pair.probability * (len(ordered) - rank)))
        fixed = f" at fixed {', '.join(pair.given)}" if pair.given else ""
        said = (
            f"{pair.first} and {pair.second}{fixed}: r = {pair.r:.2f} ({pair.low:.2f} to {pair.high:.2f}, "
            f"n = {pair.n}): {'related' if worst < 0.05 else 'not shown to be related'}"
        )
        out.append(replace(pair, corrected=worst, statement=said))
    return tuple(sorted(out, key=lambda p: -abs(p.r)))

"""Least energy of a given composition among given phases: a small simplex, and the kinks of its value.

The same linear programme gives the decomposition of a phase (closed), its grand-potential equilibrium
(open elements: their rows are dropped and their chemical potential enters the cost), and, along a line
of potentials or of mixtures, everything a window or an interface needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import NotConverged

PERTURBATION = 1e-9
MAX_PIVOTS = 2000


@dataclass(frozen=True)
class Equilibrium:
    """The least-cost assembly of phases.

    value : eV, for the composition asked. basis : columns that take part, (m,).
    amounts : formula units of each basis column, (m,). duals : chemical potentials of the closed
    elements, eV, (m,).
    """

    value: float
    basis: np.ndarray
    amounts: np.ndarray
    duals: np.ndarray


def equilibrium(
    cost: np.ndarray, columns: np.ndarray, composition: np.ndarray, *, start: np.ndarray
) -> Equilibrium:
    r"""Minimise :math:`c\cdot x` with :math:`A x = b`, :math:`x \ge 0`, from a feasible basis.

    Parameters
    ----------
    cost : eV per formula unit, (n,). columns : atoms of each closed element per formula unit, (m, n).
    composition : atoms wanted, (m,), all positive. start : columns of a feasible basis, (m,).

    Raises
    ------
    NotConverged
        If the pivots do not end (they do for finite energies).

    Source: Dantzig, Linear Programming and Extensions (1963); the right-hand side is shifted by
    1e-9 so that no vertex is degenerate.
    """
    basis = start.copy()
    rows = np.arange(1, len(composition) + 1)
    shifted = composition + PERTURBATION * composition.sum() * rows / (rows + 1.618)
    inverse = np.linalg.inv(columns[:, basis])
    if (inverse @ shifted).min() < 0:
        raise NotConverged("equilibrium: the starting phases cannot make up the composition")
    for pivot in range(MAX_PIVOTS):
        duals = cost[basis] @ inverse
        reduced = cost - duals @ columns
        reduced[basis] = 0.0
        entering = int(reduced.argmin()) if pivot < MAX_PIVOTS // 2 else int(np.argmax(reduced < -1e-10))
        if reduced[entering] > -1e-10:
            amounts = np.maximum(inverse @ composition, 0.0)
            return Equilibrium(float(duals @ composition), basis, amounts, duals)
        direction = inverse @ columns[:, entering]
        amounts = inverse @ shifted
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(direction > 1e-11, amounts / direction, np.inf)
        leaving = int(ratio.argmin())
        basis[leaving] = entering
        inverse = np.linalg.inv(columns[:, basis])
    raise NotConverged(f"equilibrium: no optimum after {MAX_PIVOTS} pivots")


def kinks(
    line: Callable[[float], tuple[float, float]], low: float, high: float, *, tolerance: float = 1e-9
) -> tuple[float, ...]:
    """Break points of a piecewise linear, convex or concave function between `low` and `high`.

    `line(t)` returns value and slope at t. Two end pieces that do not meet in a point of the function
    hide further pieces between them: those are sought in both halves.

    Source: Eisner and Severance, J. ACM 23, 619 (1976).
    """

    def between(left: tuple[float, float, float], right: tuple[float, float, float]) -> list[float]:
        (t1, f1, s1), (t2, f2, s2) = left, right
        if abs(s1 - s2) < tolerance or t2 - t1 < tolerance:
            return []
        t = (f2 - f1 + s1 * t1 - s2 * t2) / (s1 - s2)
        if not t1 < t < t2:
            return [min(max(t, t1), t2)] if t1 - tolerance < t < t2 + tolerance else []
        f, s = line(t)
        if abs(f - (f1 + s1 * (t - t1))) < tolerance * (1 + abs(f)):
            return [t]
        middle = (t, f, s)
        return between(left, middle) + between(middle, right)

    found = between((low, *line(low)), (high, *line(high)))
    return tuple(t for i, t in enumerate(found) if i == 0 or t - found[i - 1] > tolerance)

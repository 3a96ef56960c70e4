"""Orderings frozen in at a temperature: swap Monte Carlo on a line through electrostatic energies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.crystal.swap import SwapProblem, begin_walk, swap_step

__all__ = ["Frozen", "StraightLine", "frozen", "straight_line"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StraightLine:
    """y = offset + slope x, the standard deviation of what it leaves, and the correlation."""

    offset: float
    slope: float
    scatter: float
    correlation: float


def straight_line(x: Array, y: Array) -> StraightLine:
    """Ordinary least squares.

    Raises
    ------
    InputError
        If fewer than three points, or points without spread, come.
    """
    if len(x) < 3 or np.ptp(x) <= 0 or np.ptp(y) <= 0:
        raise InputError(f"a line needs three points that differ, got {len(x)}")
    slope, offset = (float(v) for v in np.polyfit(x, y, 1))
    left = y - offset - slope * x
    scatter = float(np.sqrt(np.sum(left**2) / (len(x) - 2)))
    return StraightLine(offset, slope, scatter, float(np.corrcoef(x, y)[0, 1]))


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """Orderings as they would be, frozen in at each temperature.

    temperatures : K, rising, shape (k,).
    electrostatic : mean Ewald energy, eV per supercell, shape (k,).      spread : its standard deviation.
    acceptance : share of swaps taken, shape (k,); where it is small the walk has not forgotten its start.
    """

    temperatures: Array
    electrostatic: Array
    spread: Array
    acceptance: Array


def frozen(
    start: NDArray[np.uint8],
    problem: SwapProblem,
    *,
    slope: float,
    temperatures: Array,
    sweeps: int = 40,
    rng: np.random.Generator,
) -> Frozen:
    r"""Canonical swap Monte Carlo, hottest first, of an energy that is `slope` times the electrostatic one.

    .. math:: p \propto e^{-s E_{Ewald} / k_B T}

    Point charges overrate energy differences; the slope of relaxed energies against electrostatic ones puts
    them on the scale of the engine, and with it the entropy of all decorations is counted as it should be.

    Parameters
    ----------
    start : decorations of the walkers, shape (walkers, n), random ones.
    sweeps : swaps tried per place, walker and temperature; the first half is not counted.
    """
    if not slope > 0:
        raise InputError(f"relaxed energies must rise with electrostatic ones, slope {slope:.3g}")
    order = np.argsort(temperatures)[::-1]
    mean, spread, taken = (np.zeros(len(temperatures)) for _ in range(3))
    walk = begin_walk(start, problem)
    steps = max(2, sweeps * len(problem.places))
    for level in order:
        walk = begin_walk(walk.decorations, problem)
        found, accepted = [], 0
        for step in range(steps):
            walk = swap_step(
                walk, problem, thermal_energy=BOLTZMANN * float(temperatures[level]) / slope, rng=rng
            )
            accepted += int(walk.accepted.sum())
            if step >= steps // 2:
                found.append(walk.energies)
        values = np.concatenate(found)
        mean[level], spread[level] = values.mean(), values.std()
        taken[level] = accepted / steps / len(start)
    return Frozen(np.asarray(temperatures, dtype=float), mean, spread, taken)

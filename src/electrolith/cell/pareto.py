"""Designs of which none is better in everything: by sweep and by an optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.cell.build import Window
from electrolith.cell.energy import Packaging, energy_density
from electrolith.cell.rates import discharged
from electrolith.cell.simulate import FAST
from electrolith.cell.stack import Stack
from electrolith.cell.vary import batch_of, changed, grid
from electrolith.core.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Designs:
    """Many designs and what they give.

    names : the numbers that vary. values : (n, names), SI. rate : in C.
    energy : Wh/kg of the stack at `low_rate`, (n,). power : W/kg of the stack at `rate`, mean over the
    discharge, (n,).
    retained : capacity at `rate` over that at `low_rate`, (n,). best : on the front, (n,).
    """

    names: tuple[str, ...]
    values: np.ndarray
    low_rate: float
    rate: float
    energy: np.ndarray
    power: np.ndarray
    retained: np.ndarray
    best: np.ndarray


def undominated(*goals: np.ndarray) -> np.ndarray:
    """True for each point that no other beats in all of `goals` (more is better), each shape (n,)."""
    points = np.stack(goals, axis=1)
    keep = np.ones(points.shape[0], bool)
    for i, point in enumerate(points):
        better = (points >= point).all(axis=1) & (points > point).any(axis=1)
        keep[i] = not better.any()
    return keep


def evaluated(
    stacks: Sequence[Stack],
    window: Window,
    *,
    low_rate: float,
    rate: float,
    packaging: Packaging | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Wh/kg at `low_rate`, W/kg and retained capacity at `rate`, of every stack, shape (n,) each."""
    cells = batch_of(stacks, window)
    n = cells.size
    both = cells.take(np.tile(np.arange(n), 2))
    charge, energy, _ = discharged(both, np.repeat([low_rate, rate], n), window=window, numerics=FAST)
    per_kg = np.zeros(n)
    power = np.zeros(n)
    for i, stack in enumerate(stacks):
        slow = energy_density(stack, energy=energy[i], charge=max(charge[i], 1e-9), packaging=packaging)
        per_kg[i] = slow.stack_mass
        if charge[n + i] > 0:
            mass = energy[i] / 3600.0 / slow.stack_mass if slow.stack_mass > 0 else np.inf
            power[i] = cells.one_c[i] * rate * energy[n + i] / charge[n + i] / mass
    retained = np.where(charge[:n] > 0, charge[n:] / np.where(charge[:n] > 0, charge[:n], 1.0), 0.0)
    return per_kg, power, retained


def sweep(
    stack: Stack,
    window: Window,
    axes: Mapping[str, np.ndarray],
    *,
    low_rate: float = 0.1,
    rate: float = 1.0,
    packaging: Packaging | None = None,
) -> Designs:
    """Every combination of `axes` (names as in `vary.changed`, values SI), with the front of energy against
    capacity kept.
    """
    stacks = grid(stack, axes)
    mesh = np.stack([m.reshape(-1) for m in np.meshgrid(*axes.values(), indexing="ij")], axis=1)
    energy, power, retained = evaluated(stacks, window, low_rate=low_rate, rate=rate, packaging=packaging)
    return Designs(
        tuple(axes),
        mesh,
        low_rate,
        rate,
        energy,
        power,
        retained,
        undominated(energy, retained) & (energy > 0),
    )


def optimised(
    stack: Stack,
    window: Window,
    bounds: Mapping[str, tuple[float, float]],
    *,
    least_retained: float,
    rng: np.random.Generator,
    low_rate: float = 0.1,
    rate: float = 1.0,
    packaging: Packaging | None = None,
    generations: int = 25,
) -> tuple[dict[str, float], float, float]:
    """The design with the most Wh/kg that keeps `least_retained` of its capacity at `rate`.

    Differential evolution on the logarithms of the variables, a whole generation in one batch.

    Returns
    -------
    The values by name, their Wh/kg, and the retained share.

    Raises
    ------
    InputError
        If a bound is not positive and rising.

    Source: Storn & Price, J. Global Optim. 11 (1997) 341, in scipy.
    """
    from scipy.optimize import differential_evolution

    for name, (low, high) in bounds.items():
        if not 0 < low < high:
            raise InputError(f"optimise: {name}: needs 0 < low < high, got {low:g} and {high:g}")

    def cost(x: np.ndarray) -> np.ndarray:
        stacks = [changed(stack, dict(zip(bounds, np.exp(column), strict=True))) for column in x.T]
        energy, _, retained = evaluated(stacks, window, low_rate=low_rate, rate=rate, packaging=packaging)
        return -energy + 1e4 * np.maximum(least_retained - retained, 0.0)

    found = differential_evolution(
        cost,
        [(np.log(low), np.log(high)) for low, high in bounds.values()],
        vectorized=True,
        updating="deferred",
        polish=False,
        maxiter=generations,
        popsize=8,
        tol=1e-3,
        rng=rng,
    )
    best = dict(zip(bounds, (float(v) for v in np.exp(found.x)), strict=True))
    energy, _, retained = evaluated(
        [changed(stack, best)], window, low_rate=low_rate, rate=rate, packaging=packaging
    )
    return best, float(energy[0]), float(retained[0])

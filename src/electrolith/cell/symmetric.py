"""Stripping and plating of a symmetric lithium cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.cell.materials import LITHIUM
from electrolith.cell.resistance import overpotential
from electrolith.cell.stack import Stack, facts
from electrolith.core.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class StripPlate:
    """Cycling of a symmetric cell: the corners of its square wave.

    time : s. voltage : V. lithium : of the electrode stripped first, kg/m². All (points,).
    exhausted : time at which a foil ran out, s, or None. beyond : current or capacity passed the critical
    one.
    """

    time: np.ndarray
    voltage: np.ndarray
    lithium: np.ndarray
    exhausted: float | None
    beyond: bool


def strip_and_plate(
    stack: Stack,
    current: float,
    *,
    capacity: float,
    cycles: int = 1,
    critical_current: float = np.inf,
    critical_capacity: float = np.inf,
) -> StripPlate:
    """Strip and plate `capacity` C/m² each way at `current` A/m², `cycles` times.

    The voltage of a single-ion conductor is constant within a half cycle; the cell ends when a foil is used
    up.
    Voids, shorts and growing interfaces are not described: a critical current is an input, and passing it is
    noted.

    Raises
    ------
    InputError
        If the cell is not symmetric, or a number is not positive.
    """
    if not (current > 0 and capacity > 0 and cycles > 0):
        raise InputError(
            "strip_and_plate: current, capacity and cycles must be above 0, "
            f"got {current}, {capacity}, {cycles}"
        )
    level = float(overpotential(stack, np.array([current]))[0])
    half = capacity / current
    first, second = (facts(stack.layers[i], stack.area).areal_mass for i in (0, -1))
    store = first * LITHIUM.capacity
    time, voltage, lithium = [], [], []
    exhausted = None
    now = 0.0
    for half_cycle in range(2 * cycles):
        sign = 1.0 if half_cycle % 2 == 0 else -1.0
        left = store if sign > 0 else second * LITHIUM.capacity + (first * LITHIUM.capacity - store)
        span = min(half, left / current)
        for offset in (0.0, span):
            time.append(now + offset)
            voltage.append(sign * level)
            lithium.append((store - sign * current * offset) / LITHIUM.capacity)
        now += span
        store -= sign * current * span
        if span < half:
            exhausted = now
            break
    beyond = current > critical_current or capacity > critical_capacity
    return StripPlate(np.array(time), np.array(voltage), np.array(lithium), exhausted, bool(beyond))

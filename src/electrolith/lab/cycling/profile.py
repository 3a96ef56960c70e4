"""Voltage profiles of single cycles, dQ/dV and dV/dQ."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.lab.cycling.cycles import CycleTable, charge_steps
from electrolith.lab.cycling.record import CyclingRecord

Array = np.ndarray
Half = Literal["charge", "discharge"]


@dataclass(frozen=True, eq=False)
class Profile:
    """Voltage (V) against capacity (mAh) of one half of a cycle, both (n,); capacity rises from zero."""

    cycle: int
    half: Half
    capacity: Array
    voltage: Array


@dataclass(frozen=True, eq=False)
class Differential:
    """dQ/dV (mAh/V) on a grid of voltage (V), and dV/dQ (V/mAh) on a grid of capacity (mAh)."""

    voltage: Array
    dq_dv: Array
    capacity: Array
    dv_dq: Array
    width: float


def profile(record: CyclingRecord, table: CycleTable, cycle: int, half: Half) -> Profile:
    """Voltage profile of a half of a cycle.

    Raises
    ------
    InputError
        If the cycle is not in the table or has no such half.
    """
    at = np.flatnonzero(table.cycle == cycle)
    if not at.size:
        raise InputError(f"no cycle {cycle}; the table has {table.cycle[0]} to {table.cycle[-1]}")
    inside = (record.time >= table.begin[at[0]]) & (record.time <= table.end[at[0]])
    steps = charge_steps(record) / 3.6
    moving = inside & ((steps > 0) if half == "charge" else (steps < 0))
    if moving.sum() < 3:
        raise InputError(f"cycle {cycle} has no {half}")
    return Profile(cycle, half, np.cumsum(np.abs(steps[moving])), record.voltage[moving])


def differential(curve: Profile, *, width: float = 5e-3) -> Differential:
    """Differential capacity and voltage, smoothed over `width` in volt (and the same share of the capacity).

    The charge between two rows is spread evenly over the voltage between them and summed in bins, so
    that the area under dQ/dV is the capacity whatever the noise and however sparse the rows.

    Raises
    ------
    InputError
        If the width is not positive or wider than the profile.
    """
    low, high = float(curve.voltage.min()), float(curve.voltage.max())
    if not 0 < width < high - low:
        raise InputError(f"width {width:g} V must be positive and below the profile's {high - low:.3g} V")
    edges = np.arange(low, high + width, width)
    charge = np.diff(_below(curve, edges))
    grid = np.linspace(curve.capacity[0], curve.capacity[-1], edges.size)
    voltage = np.interp(grid, curve.capacity, curve.voltage)
    return Differential((edges[1:] + edges[:-1]) / 2, charge / width, grid, np.gradient(voltage, grid), width)


def _below(curve: Profile, edges: Array) -> Array:
    """Charge that passed below each voltage, mAh, (k,)."""
    steps = np.diff(curve.capacity, prepend=0.0)
    before = np.concatenate([curve.voltage[:1], curve.voltage[:-1]])
    bottom, top = np.minimum(before, curve.voltage), np.maximum(before, curve.voltage)
    total = np.zeros(edges.size)
    for part in np.array_split(np.arange(steps.size), max(1, steps.size // 2000)):
        span = np.maximum(top[part] - bottom[part], 1e-12)
        share = np.clip((edges[:, None] - bottom[part]) / span, 0.0, 1.0)
        total += share @ steps[part]
    return total

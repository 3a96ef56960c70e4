"""C-rates: from loading and the current that counts as 1C to mA/cm2 and back, and the rate steps of a
test.
"""

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError
from electrolith.lab.cycling.cycles import CycleTable

Array = np.ndarray


@dataclass(frozen=True)
class RateStep:
    """Neighbouring cycles at one discharge current.

    first, last : cycle numbers.
    current : mA.
    c_rate : None without mass.
    capacity : median discharge, mAh.
    specific : mAh/g, None without mass.
    name : "0.1C" or "0.35 mA".
    """

    first: int
    last: int
    current: float
    c_rate: float | None
    capacity: float
    specific: float | None
    name: str


def current_density_from_rate(rate: float, *, loading: float, one_c: float) -> float:
    """Current density in A/m2 of a C-rate (1/h) for a loading in kg/m2 and 1C in A/kg."""
    _positive(loading=loading, one_c=one_c)
    return rate * loading * one_c


def rate_from_current_density(density: float, *, loading: float, one_c: float) -> float:
    """C-rate (1/h) of a current density in A/m2 for a loading in kg/m2 and 1C in A/kg."""
    _positive(loading=loading, one_c=one_c)
    return density / (loading * one_c)


def _positive(**values: float) -> None:
    """Refuse what cannot be divided by."""
    for name, value in values.items():
        if not value > 0:
            raise InputError(f"{name} must be positive, got {value:g}")


def rate_steps(
    table: CycleTable, *, one_c: float | None = None, tolerance: float = 0.15
) -> tuple[RateStep, ...]:
    """Group neighbouring cycles whose discharge current is the same within `tolerance`.

    Parameters
    ----------
    one_c : current at 1C, A/kg (200 mA/g are 200 A/kg); with the table's mass it names the rates.
    """
    current = np.where(np.isfinite(table.discharge_current), table.discharge_current, 0.0)
    larger = np.maximum(current[1:], current[:-1])
    borders = np.flatnonzero(np.abs(np.diff(current)) > tolerance * np.where(larger > 0, larger, 1.0)) + 1
    groups = np.split(np.arange(current.size), borders)
    return tuple(_step(table, group, one_c) for group in groups if current[group].max(initial=0) > 0)


def _step(table: CycleTable, group: Array, one_c: float | None) -> RateStep:
    """One group of cycles."""
    current, capacity = (float(np.median(c[group])) for c in (table.discharge_current, table.discharge))
    mass = table.settings.mass
    rate = current * 1e-3 / (mass * one_c) if mass and one_c else None
    name = f"{_usual(rate):g}C" if rate is not None else f"{current:.3g} mA"
    specific = capacity / (1e3 * mass) if mass else None
    return RateStep(
        int(table.cycle[group[0]]), int(table.cycle[group[-1]]), current, rate, capacity, specific, name
    )


def _usual(rate: float) -> float:
    """The usual C-rate within 8 %, else two digits."""
    usual = np.array([0.02, 0.05, 0.1, 0.2, 0.25, 0.3, 0.33, 0.4, 0.5, 1, 1.5, 2, 3, 4, 5, 10])
    near = usual[np.argmin(np.abs(np.log(usual / rate)))]
    return float(near) if abs(near / rate - 1) < 0.08 else float(f"{rate:.2g}")

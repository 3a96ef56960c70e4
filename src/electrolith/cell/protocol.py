"""What is done to a cell, step after step: discharge, charge, hold, rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.units import Unit


@dataclass(frozen=True, slots=True)
class Discharge:
    """Constant current out of the cell until a voltage, a time or a capacity.

    rate : in C.
    until : V.
    duration : s, if the step may end earlier.
    capacity : of the 1C charge, if the step may end earlier.
    """

    rate: float
    until: Annotated[float, Unit("V")] = 2.7
    duration: Annotated[float, Unit("s")] = np.inf
    capacity: float = np.inf

    def __post_init__(self) -> None:
        _positive("discharge", rate=self.rate, duration=self.duration, capacity=self.capacity)


@dataclass(frozen=True, slots=True)
class Charge:
    """Constant current into the cell until a voltage, a time or a capacity (as `Discharge`)."""

    rate: float
    until: Annotated[float, Unit("V")] = 4.3
    duration: Annotated[float, Unit("s")] = np.inf
    capacity: float = np.inf

    def __post_init__(self) -> None:
        _positive("charge", rate=self.rate, duration=self.duration, capacity=self.capacity)


@dataclass(frozen=True, slots=True)
class Hold:
    """Constant voltage until the current falls to a rate, or a time.

    voltage : V.
    until_rate : in C.
    duration : s, if the step may end earlier.
    """

    voltage: Annotated[float, Unit("V")]
    until_rate: float = 0.05
    duration: Annotated[float, Unit("s")] = np.inf

    def __post_init__(self) -> None:
        _positive("hold", voltage=self.voltage, until_rate=self.until_rate, duration=self.duration)


@dataclass(frozen=True, slots=True)
class Rest:
    """No current for a time, s."""

    duration: Annotated[float, Unit("s")] = 3600.0

    def __post_init__(self) -> None:
        _positive("rest", duration=self.duration)
        if not np.isfinite(self.duration):
            raise InputError("rest: needs a finite duration, for example 1 h")


Step = Discharge | Charge | Hold | Rest


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """A protocol as arrays, one row a cell, one column a step: shapes (n, steps), SI, per cell area.

    held_voltage : True where the voltage is held.
    current : A/m², discharge positive.
    voltage : V, held.
    low, high : V; the step ends when the voltage passes them.
    cutoff : A/m²; a hold ends when |current| falls to it.
    duration : s.
    charge : C/m², always positive; the step ends when it has passed.
    """

    held_voltage: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cutoff: np.ndarray
    duration: np.ndarray
    charge: np.ndarray

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self.current.shape[1])


def schedule(steps: Sequence[Step], one_c: np.ndarray, *, rates: np.ndarray | None = None) -> Schedule:
    """The arrays of a protocol for cells whose 1C currents are `one_c` in A/m², shape (n,).

    `rates`, shape (n,), replaces the rate of every discharge (a different rate for each cell).

    Raises
    ------
    InputError
        If there is no step.
    """
    if not steps:
        raise InputError("protocol: holds no step; give at least one discharge, charge, hold or rest")
    columns = [_column(step, one_c, rates) for step in steps]
    return Schedule(*(np.stack([c[i] for c in columns], axis=1) for i in range(8)))


def _column(step: Step, one_c: np.ndarray, rates: np.ndarray | None) -> tuple[np.ndarray, ...]:
    n = one_c.size

    def every(value: float) -> np.ndarray:
        return np.full(n, float(value))

    no, hour = np.zeros(n, bool), 3600.0
    if isinstance(step, Discharge):
        current = one_c * (rates if rates is not None else step.rate)
        limits = (
            every(step.until),
            every(np.inf),
            every(0),
            every(step.duration),
            one_c * hour * step.capacity,
        )
        return no, current, every(0), *limits
    if isinstance(step, Charge):
        limits = (
            every(-np.inf),
            every(step.until),
            every(0),
            every(step.duration),
            one_c * hour * step.capacity,
        )
        return no, -one_c * step.rate, every(0), *limits
    if isinstance(step, Hold):
        limits = every(-np.inf), every(np.inf), one_c * step.until_rate, every(step.duration), every(np.inf)
        return ~no, every(0), every(step.voltage), *limits
    limits = every(-np.inf), every(np.inf), every(0), every(step.duration), every(np.inf)
    return no, every(0), every(0), *limits


def cc_cv_charge(rate: float, voltage: float, until_rate: float) -> tuple[Step, ...]:
    """Charge at `rate` to `voltage` in V, hold it until the current falls to `until_rate` (both in C)."""
    return Charge(rate, until=voltage), Hold(voltage, until_rate=until_rate)


def rate_test(
    rates: Sequence[float], *, low: float, high: float, charge_rate: float, hold_until: float | None = None
) -> tuple[Step, ...]:
    """Discharge at each of `rates` (in C) to `low` V, each after a charge at `charge_rate` to `high` V.

    With `hold_until` (in C) every charge ends in a hold at `high`.
    """
    steps: list[Step] = []
    for rate in rates:
        steps.append(Charge(charge_rate, until=high))
        if hold_until is not None:
            steps.append(Hold(high, until_rate=hold_until))
        steps.append(Discharge(rate, until=low))
    return tuple(steps)


def gitt(rate: float, *, pulse: float, rest: float, pulses: int, low: float) -> tuple[Step, ...]:
    """Galvanostatic intermittent titration: `pulses` discharge pulses of `pulse` s at `rate` C, each with a
    rest of `rest` s.
    """
    if pulses < 1:
        raise InputError(f"gitt: needs at least one pulse, got {pulses}")
    return tuple(
        step for _ in range(pulses) for step in (Discharge(rate, until=low, duration=pulse), Rest(rest))
    )


def _positive(where: str, **values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise InputError(f"{where}: {name} must be above 0, got {value}")

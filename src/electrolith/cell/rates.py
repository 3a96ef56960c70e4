"""Rate capability, and maps of capacity and energy over rate, thickness, temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.cell.arrays import CellArrays
from electrolith.cell.build import Window
from electrolith.cell.protocol import Charge, Discharge, Hold, Step, schedule
from electrolith.cell.simulate import Numerics, simulate
from electrolith.cell.stack import Stack
from electrolith.cell.vary import batch_of, grid
from electrolith.core.errors import InputError

PROTOCOLS = ("full", "cc", "cc-cv")


@dataclass(frozen=True, slots=True, eq=False)
class RateMap:
    """Capacity over the values of one number of the stack and the rate.

    values : of `name`, (m,). rates : in C, (r,).
    capacity : mAh/g, areal : mAh/cm², energy : J/m², all (m, r). outcome : codes of `record.OUTCOMES`, (m,
    r).
    current : A/m², (m, r).
    """

    name: str
    values: np.ndarray
    rates: np.ndarray
    capacity: np.ndarray
    areal: np.ndarray
    energy: np.ndarray
    current: np.ndarray
    outcome: np.ndarray


def steps_for(protocol: str, rate: float, window: Window, *, until_rate: float = 0.05) -> tuple[Step, ...]:
    """The steps that end in a discharge at `rate`.

    "full" starts at equilibrium with the upper voltage; "cc" charges at the same rate from the discharged
    cell;
    "cc-cv" also holds the upper voltage until the current falls to `until_rate` C.

    Raises
    ------
    InputError
        For another protocol.
    """
    discharge = Discharge(rate, until=window.low)
    if protocol == "full":
        return (discharge,)
    if protocol == "cc":
        return Charge(rate, until=window.high), discharge
    if protocol == "cc-cv":
        return Charge(rate, until=window.high), Hold(window.high, until_rate=until_rate), discharge
    raise InputError(f"protocol {protocol!r}: known are {', '.join(PROTOCOLS)}")


def discharged(
    cells: CellArrays, rates: np.ndarray, *, window: Window, numerics: Numerics | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Charge in C/m², energy in J/m² and outcome of one full discharge of each cell at its rate, shape
    (n,).
    """
    plan = schedule([Discharge(1.0, until=window.low)], cells.one_c, rates=np.asarray(rates, float))
    batch = simulate(cells, plan, numerics=numerics, record=False)
    return batch.charge[:, 0], batch.energy[:, 0], batch.outcome[:, 0]


def rate_map(
    stack: Stack,
    window: Window,
    *,
    name: str,
    values: np.ndarray,
    rates: Sequence[float],
    also: Mapping[str, float] | None = None,
    numerics: Numerics | None = None,
) -> RateMap:
    """Discharge every variation of the stack at every rate, from full.

    Parameters
    ----------
    name : the number that varies, as in `vary.changed`; values in its SI unit, shape (m,).
    rates : in C.
    """
    from electrolith.cell.vary import changed

    base = changed(stack, also) if also else stack
    values, at = np.asarray(values, float), np.asarray(rates, float)
    cells = batch_of(grid(base, {name: values}), window)
    m, r = values.size, at.size
    wide = cells.take(np.repeat(np.arange(m), r))
    every = np.tile(at, m)
    charge, energy, outcome = discharged(wide, every, window=window, numerics=numerics)
    shape = (m, r)
    return RateMap(
        name=name,
        values=values,
        rates=at,
        capacity=(charge / wide.active_mass / 3600.0).reshape(shape),
        areal=(charge / 36000.0).reshape(shape),
        energy=energy.reshape(shape),
        current=(wide.one_c * every).reshape(shape),
        outcome=outcome.reshape(shape),
    )

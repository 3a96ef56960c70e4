"""The cycle table: capacities, efficiencies, energies and mean voltages of every cycle, from the raw rows."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.lab.cycling.counters import current_steps
from electrolith.lab.cycling.record import CyclingRecord, interruptions

Array = np.ndarray
Convention = Literal["discharge/charge", "charge/discharge"]
Counting = Literal["vendor", "own"]
PARTIAL = 0.8  # a first half-cycle with less charge than this share of the next began before the record


@dataclass(frozen=True)
class CycleSettings:
    """How cycles are counted and capacities normalised.

    counting : "vendor" takes the file's numbers where it has them, "own" counts charge and discharge
        pairs.
    convention : of the Coulombic efficiency; "discharge/charge" for a cathode against lithium.
    mass : of active material, kg.
    area : of the electrode, m2; None where unknown.
    smallest : share of the largest half-cycle's charge below which a half-cycle is no cycle of its own.
    """

    counting: Counting = "vendor"
    convention: Convention = "discharge/charge"
    mass: float | None = None
    area: float | None = None
    smallest: float = 0.002

    def __post_init__(self) -> None:
        if self.mass is not None and not 1e-9 < self.mass < 1:
            raise InputError(f"mass {self.mass:g} kg is no electrode's; state the unit, as in '3.5 mg'")
        if self.area is not None and not 1e-7 < self.area < 1:
            raise InputError(f"area {self.area:g} m2 is no electrode's; state the unit, as in '0.785 cm2'")


@dataclass(frozen=True, eq=False)
class CycleTable:
    """One entry per cycle, all arrays (m,).

    cycle : number.
    begin, end : s.
    charge, discharge : mAh.
    efficiency : fraction, by `convention`.
    charge_energy, discharge_energy : mWh.
    charge_voltage, discharge_voltage : mean, weighted by charge, V.
    charge_current, discharge_current : typical size, mA.
    complete : both halves are there and none was interrupted.
    remarks : what was noticed, in words.
    counted_by : "vendor" or "own".
    """

    cycle: Array
    begin: Array
    end: Array
    charge: Array
    discharge: Array
    efficiency: Array
    charge_energy: Array
    discharge_energy: Array
    charge_voltage: Array
    discharge_voltage: Array
    charge_current: Array
    discharge_current: Array
    complete: Array
    convention: Convention
    counted_by: str
    settings: CycleSettings
    source: str
    remarks: tuple[str, ...]

    @property
    def hysteresis(self) -> Array:
        """Mean charge voltage less mean discharge voltage, V."""
        return np.asarray(self.charge_voltage - self.discharge_voltage)

    @property
    def specific_discharge(self) -> Array | None:
        """mAh/g, None without mass."""
        return None if self.settings.mass is None else self.discharge / (1e3 * self.settings.mass)

    @property
    def specific_charge(self) -> Array | None:
        """mAh/g, None without mass."""
        return None if self.settings.mass is None else self.charge / (1e3 * self.settings.mass)

    @property
    def areal_discharge(self) -> Array | None:
        """mAh/cm2, None without area."""
        return None if self.settings.area is None else self.discharge / (1e4 * self.settings.area)

    @property
    def initial_efficiency(self) -> float:
        """Coulombic efficiency of the first complete cycle."""
        whole = np.flatnonzero(self.complete)
        return float(self.efficiency[whole[0]]) if whole.size else float("nan")


def cycle_table(record: CyclingRecord, settings: CycleSettings | None = None) -> CycleTable:
    """Sum charge and energy over every cycle.

    Raises
    ------
    DataError
        If the record never carries current.
    """
    settings = settings or CycleSettings()
    steps = charge_steps(record)
    if not np.any(steps):
        raise DataError(f"{record.source}: the current is zero throughout; nothing was cycled")
    number, counted_by, uncounted = _numbers(record, steps, settings)
    firsts = np.concatenate([[0], np.flatnonzero(np.diff(number)) + 1])
    ends = np.append(firsts[1:], record.rows) - 1
    middle = (record.voltage + np.concatenate([record.voltage[:1], record.voltage[:-1]])) / 2
    up, down = np.maximum(steps, 0), np.maximum(-steps, 0)
    charge, discharge = np.add.reduceat(up, firsts), np.add.reduceat(down, firsts)
    charge_energy, discharge_energy = (
        np.add.reduceat(up * middle, firsts),
        np.add.reduceat(down * middle, firsts),
    )
    # a counter goes on counting where the record has a gap
    gaps = (
        interruptions(record.time, record.current) if record.charge is None else np.zeros(record.rows, bool)
    )
    interrupted = np.logical_or.reduceat(gaps, firsts)
    enough = np.maximum(settings.smallest * np.maximum(charge, discharge), 1e-9 * charge.max() + 1e-15)
    complete = (charge > enough) & (discharge > enough) & ~interrupted
    begun = _begun_before(record, charge, discharge)
    if begun:
        complete[0] = False
    if number[0] == 0 and counted_by == "own":
        half = "charge" if charge[0] > discharge[0] else "discharge"
        begun = f"the record begins inside a {half}: cycle 0, paired with nothing"
    top, bottom = (discharge, charge) if settings.convention == "discharge/charge" else (charge, discharge)
    return CycleTable(
        cycle=number[firsts],
        begin=record.time[firsts],
        end=record.time[ends],
        charge=charge / 3.6,
        discharge=discharge / 3.6,
        efficiency=_ratio(top, bottom),
        charge_energy=charge_energy / 3.6,
        discharge_energy=discharge_energy / 3.6,
        charge_voltage=_ratio(charge_energy, charge),
        discharge_voltage=_ratio(discharge_energy, discharge),
        charge_current=_mean_current(record, firsts, 1),
        discharge_current=_mean_current(record, firsts, -1),
        complete=complete,
        convention=settings.convention,
        counted_by=counted_by,
        settings=settings,
        source=record.source,
        remarks=(
            *record.remarks,
            *filter(None, (uncounted, begun)),
            *_remarks(charge, discharge, complete, interrupted, enough, number[firsts]),
        ),
    )


def charge_steps(record: CyclingRecord) -> Array:
    """Charge that came with each row, C, (n,): the instrument's count, else the trapezoid of the current.

    Where the current changes sign or is switched, and across interruptions, no straight line may be
    drawn.
    """
    if record.charge is not None:
        return np.diff(record.charge, prepend=record.charge[0])
    gaps = interruptions(record.time, record.current)
    return np.asarray(np.where(gaps, 0.0, current_steps(record.time, record.current)))


def _numbers(record: CyclingRecord, steps: Array, settings: CycleSettings) -> tuple[Array, str, str]:
    """Cycle number of every row, who counted, and a word where the vendor's column does not count cycles."""
    own = _own_numbers(record, steps, settings)
    if settings.counting != "vendor" or record.cycle is None:
        return own, "own", ""
    why = _counts_no_cycles(record, own)
    return (own, "own", why) if why else (record.cycle, "vendor", "")


def _active(record: CyclingRecord) -> tuple[Array, Array]:
    """Sign of the current, 0 at rest, (n,); and the rows under current."""
    quiet = np.abs(record.current) <= 1e-3 * np.abs(record.current).max()
    sign = np.sign(np.where(quiet, 0.0, record.current))
    return sign, np.flatnonzero(sign)


def _own_numbers(record: CyclingRecord, steps: Array, settings: CycleSettings) -> Array:
    """Pairs of half-cycles from 1; a first half that began before the record is cycle 0, paired with
    nothing.
    """
    sign, active = _active(record)
    borders = np.concatenate([[0], np.flatnonzero(np.diff(sign[active])) + 1])
    moved = np.add.reduceat(np.abs(steps[active]), borders)
    # a half-cycle too small to be one belongs to what stands before it
    real = moved > settings.smallest * moved.max()
    starts, signs = active[borders[real]], sign[active[borders[real]]]
    turns = np.concatenate([[True], signs[1:] != signs[:-1]])
    group = np.cumsum(turns) - 1
    sizes = np.bincount(group, weights=moved[real])
    partial = sizes.size > 2 and sizes[0] < PARTIAL * sizes[1]
    leading = signs[turns][1] if partial else signs[0]
    begins = starts[turns & (signs == leading)]
    number = np.searchsorted(begins, np.arange(record.rows), side="right")
    return number if partial else np.maximum(number, 1)


def _counts_no_cycles(record: CyclingRecord, own: Array) -> str:
    """Why the vendor's cycle column is no count of cycles; empty where it is one."""
    if record.cycle is None:
        return ""
    sign, active = _active(record)
    vendor = record.cycle[active]
    distinct, pairs = np.unique(vendor).size, np.unique(own[active][own[active] > 0]).size
    if pairs >= 3 and distinct == 1:
        return f"the cycle column is {int(vendor[0])} throughout {pairs} cycles: counted from the record"
    if pairs >= 4 and pairs >= 1.8 * distinct:
        return f"the cycle column counts {distinct}, the record shows {pairs} cycles: counted from the record"
    changes = np.flatnonzero(np.diff(vendor))
    inside = changes[sign[active][changes] == sign[active][changes + 1]]
    if changes.size >= 2 and inside.size > changes.size / 2 and pairs < 0.6 * distinct:
        return "the cycle column changes within half-cycles and counts no cycles: counted from the record"
    return ""


def _begun_before(record: CyclingRecord, charge: Array, discharge: Array) -> str:
    """A word where the first cycle's first half has less charge than its second: it began before the
    record.
    """
    sign, active = _active(record)
    if not active.size or charge.size < 2 or not (charge[0] > 0 and discharge[0] > 0):
        return ""
    first, second = (charge[0], discharge[0]) if sign[active[0]] > 0 else (discharge[0], charge[0])
    if first >= PARTIAL * second:
        return ""
    half = "charge" if sign[active[0]] > 0 else "discharge"
    return (
        f"the first cycle begins inside a {half} ({first / 3.6:.4g} mAh, then {second / 3.6:.4g} mAh "
        f"the other way): "
        "no efficiency from it"
    )


def _mean_current(record: CyclingRecord, firsts: Array, direction: int) -> Array:
    """Mean size of the current in one direction over every cycle, mA, (m,); from the current, not from a
    counter.
    """
    sign, _ = _active(record)
    duration = np.diff(record.time, prepend=record.time[0])
    there = sign == direction
    steady = there & np.concatenate([[False], there[:-1]])
    weight = np.where(steady, duration, np.where(there, 1e-9, 0.0))
    return 1e3 * _ratio(
        np.add.reduceat(weight * np.abs(record.current), firsts), np.add.reduceat(weight, firsts)
    )


def _ratio(top: Array, bottom: Array) -> Array:
    """Quotient, nan where there is nothing to divide by."""
    return np.asarray(top / np.where(bottom > 0, bottom, np.nan))


def _remarks(
    charge: Array, discharge: Array, complete: Array, interrupted: Array, enough: Array, number: Array
) -> tuple[str, ...]:
    """What is missing or odd, in words."""
    said = []
    if not np.any(discharge > enough):
        said.append("only charge was recorded: no efficiency, no retention")
    if not np.any(charge > enough):
        said.append("only discharge was recorded: no efficiency; swapped sign of the current?")
    if interrupted.any():
        said.append(f"cycles interrupted by a gap in time: {_list(number[interrupted])}")
    one_sided = ~complete & ~interrupted
    if one_sided.any() and np.any(discharge > enough) and np.any(charge > enough):
        said.append(f"cycles with one half only: {_list(number[one_sided])}")
    if np.any(np.diff(number) > 1):
        said.append("cycle numbers jump: cycles are missing")
    return tuple(said)


def _list(numbers: Array) -> str:
    """Up to five numbers."""
    shown = ", ".join(str(int(n)) for n in numbers[:5])
    return shown if numbers.size <= 5 else f"{shown}, ... ({numbers.size})"

"""A cycler's table to a record: time that rises, current with its sign, counters held against the current."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from electrolith.core.account import Account, Taken, Witness
from electrolith.core.errors import DataError
from electrolith.core.reading import reader
from electrolith.lab.cycling.clock import Clock, find_clock
from electrolith.lab.cycling.columns import CyclerTable, Quantity, read_columns, without_rows
from electrolith.lab.cycling.counters import Judged, current_steps, judge_counters
from electrolith.lab.cycling.record import CyclingRecord, interruptions, make_record

Array = np.ndarray
TIMES = ("total_time", "time", "step_time")
FACTORS = (60.0, 3600.0, 86400.0, 1e-3, 1e3, 1e-6, 1e6)
NEAR = 0.03


@dataclass(frozen=True, eq=False)
class _Read:
    """What is known while a table is read; factors found by the counters are applied to it."""

    clock: Clock
    current: Array
    current_taken: Taken
    judged: Judged
    doubts: tuple[str, ...] = ()


@reader("a table of cycling")
def read_table(path: Path, *, mass: float | None = None, area: float | None = None) -> CyclingRecord:
    """A table with a header, of any cycler.

    Parameters
    ----------
    mass : kg; area : m2: for columns that state currents or capacities per mass or area.

    Raises
    ------
    DataError
        If the file holds several records, columns contradict each other by a constant factor, or a current
        per
        mass or area comes without that.
    """
    table, joined = _only(read_columns(path), path)
    table, dropped = _usable(table, path)
    clock = find_clock(table, str(path))
    current, taken, signs = _current(table, mass=mass, area=area, source=str(path))
    found = _judged(
        table, _Read(clock, current, taken, Judged(None, (), ())), mass=mass, area=area, source=str(path)
    )
    doubts = (*found.doubts, *signs, *_against_voltage(table, found), *table.further)
    voltage = table.columns["voltage"]
    cycles = [table.columns[n].taken for n in ("cycle", "step") if n in table.columns]
    account = Account(
        str(path),
        _kind(table),
        (found.clock.taken, voltage.taken, found.current_taken, *cycles, *_counters_taken(table)),
        rows=voltage.values.size,
        left_out=(*dropped, *joined),
        ignored=_ignored(table, found.clock),
        witnesses=(*found.clock.witnesses, *found.judged.witnesses),
        doubtful=doubts,
    )
    kelvin = table.get("temperature")
    measured = kelvin is not None and bool(np.any(np.abs(kelvin[np.isfinite(kelvin)] - 273.15) > 1e-9))
    steps = found.judged.steps
    return make_record(
        found.clock.time,
        voltage.values,
        found.current,
        str(path),
        cycle=table.get("cycle"),
        step=table.get("step"),
        temperature=kelvin if measured else None,
        charge=None if steps is None else np.cumsum(steps),
        started=_date(table),
        remarks=found.clock.notes,
        account=account,
    )


def _kind(table: CyclerTable) -> str:
    sheet = f"sheet {table.table.sheet!r} of " if table.table.sheet else ""
    return f"{sheet}a table of cycling"


def _counters_taken(table: CyclerTable) -> tuple[Taken, ...]:
    return tuple(
        table.columns[n].taken
        for n in ("charge_capacity", "discharge_capacity", "capacity", "temperature")
        if n in table.columns
    )


def _ignored(table: CyclerTable, clock: Clock) -> tuple[str, ...]:
    """Columns that nothing was made of."""
    used = {t.column for t in table.taken if t.meaning.replace(" ", "_") not in TIMES} | {clock.taken.column}
    return tuple(n for n in table.table.names if n and n not in used)


def _only(tables: tuple[CyclerTable, ...], path: Path) -> tuple[CyclerTable, tuple[str, ...]]:
    """The one record of a file."""
    if len(tables) == 1:
        return tables[0], ()
    held = "; ".join(
        f"{t.table.columns.shape[0]} rows from line {t.table.first_line}"
        + (f" of sheet {t.table.sheet!r}" if t.table.sheet else "")
        for t in tables
    )
    raise DataError(f"{path}: {len(tables)} records in one file ({held}); save each in a file of its own")


def _usable(table: CyclerTable, path: Path) -> tuple[CyclerTable, tuple[str, ...]]:
    """Only rows that hold time, voltage and current; the others are counted."""
    names = [n for n in TIMES if n in table.columns][:1]
    needed = [table.columns[n].values for n in (*names, "voltage", "current") if n in table.columns]
    if "voltage" not in table.columns or "current" not in table.columns:
        raise DataError(f"{path}: the columns of voltage and current hold no numbers")
    keep = np.all([np.isfinite(c) for c in needed], axis=0)
    if keep.sum() < 2:
        raise DataError(f"{path}: {int(keep.sum())} usable rows; a record needs at least two")
    said = table.table.bad_rows
    if not keep.all():
        count = int((~keep).sum())
        said = (
            *said,
            f"{count} rows that are no numbers dropped" if count > 1 else "1 row that is no number dropped",
        )
    return without_rows(table, keep), said


def _scaled(quantity: Quantity, *, mass: float | None, area: float | None) -> Array | None:
    """Values of the cell: per mass or area times that; None where it is not known."""
    if not quantity.per:
        return quantity.values
    size = mass if quantity.per == "kg" else area
    return None if size is None else quantity.values * size


def _current(
    table: CyclerTable, *, mass: float | None, area: float | None, source: str
) -> tuple[Array, Taken, tuple[str, ...]]:
    """Current in A, positive while charging, what was done, and doubts."""
    quantity = table.columns["current"]
    current = _scaled(quantity, mass=mass, area=area)
    if current is None:
        what, option = ("mass", "mass") if quantity.per == "kg" else ("area", "area")
        raise DataError(
            f"{source}: the current {quantity.taken.column!r} is given per {what}; state the {option} of the "
            "electrode, so that it becomes a current"
        )
    taken = quantity.taken
    if quantity.per:
        taken = replace(taken, note=f"times the {'mass' if quantity.per == 'kg' else 'area'} that was stated")
    status = table.status
    unsigned = not np.any(current < -1e-3 * np.abs(current).max(initial=0.0))
    if status is None or not np.any(status < 0):
        if unsigned and (signed := _signed_by_counters(table, current)) is not None:
            return signed, replace(taken, note="without sign: signed by the counters"), ()
        return current, taken, ()
    known = np.isfinite(status) & (status != 0) & (current != 0)
    if unsigned:
        told = np.isfinite(status) & (status != 0)
        return (
            np.where(told, np.abs(current) * np.where(told, status, 1.0), current),
            replace(taken, note="without sign: signed by the words for charge and discharge"),
            (),
        )
    agree = float(np.mean(np.sign(current[known]) == status[known])) if known.any() else 1.0
    if agree < 0.1:
        return -current, replace(taken, note="positive while discharging: turned"), ()
    if agree < 0.9:
        share = 100 * agree
        said = f"the words for charge and discharge fit the sign of the current in {share:.0f} % of the rows"
        return current, taken, (said,)
    return current, taken, ()


def _signed_by_counters(table: CyclerTable, current: Array) -> Array | None:
    """An unsigned current with the sign of the counter that rises, within stretches of one step."""
    up, down = table.get("charge_capacity"), table.get("discharge_capacity")
    if up is None or down is None:
        return None
    rise = np.maximum(np.diff(np.abs(up), prepend=up[0]), 0) - np.maximum(
        np.diff(np.abs(down), prepend=down[0]), 0
    )
    rests = np.abs(current) <= 1e-3 * np.abs(current).max(initial=0.0)
    border = np.concatenate([[True], rests[1:] != rests[:-1]])
    for name in ("step", "cycle"):
        if (column := table.get(name)) is not None:
            border[1:] |= column[1:] != column[:-1]
    stretch = np.cumsum(border) - 1
    sums = np.bincount(stretch, weights=np.sign(rise))
    if not np.any(sums < 0):
        return None
    # Noise below zero while the other counter rises is a discharge all the same.
    return np.where(sums[stretch] < 0, -np.abs(current), current)


def _judged(
    table: CyclerTable, found: _Read, *, mass: float | None, area: float | None, source: str
) -> _Read:
    """The counters' verdict; a constant factor mends a unit that was only assumed, and is refused
    otherwise.
    """
    both, one = ["charge_capacity", "discharge_capacity"], ["capacity"]
    names: list[str] = next((ns for ns in (both, one) if all(n in table.columns for n in ns)), [])
    if not names:
        return found
    values = [_scaled(table.columns[n], mass=mass, area=area) for n in names]
    if any(v is None for v in values):
        what = "mass" if table.columns[names[0]].per == "kg" else "area"
        text = (
            f"the capacities are given per {what}: not used, the charge is taken from the current over time"
        )
        return replace(found, judged=Judged(None, (Witness("charge", "absent", text),), ()))
    finite = [np.nan_to_num(v) if v is not None else np.zeros(0) for v in values]
    judged = _judge(table, found, finite)
    factor = judged.factor
    if factor is None:
        return replace(found, judged=judged, doubts=(*found.doubts, *judged.doubts))
    if abs(factor + 1) < NEAR:
        turned = replace(found.current_taken, note="positive while discharging by the counters: turned")
        found = replace(found, current=-found.current, current_taken=turned)
        return replace(found, judged=_judge(table, found, finite))
    return _mended(table, found, finite, names, factor, judged, mass=mass, source=source)


def _judge(table: CyclerTable, found: _Read, values: list[Array]) -> Judged:
    """The verdict for the present time and current."""
    border = np.zeros(found.current.size, dtype=bool)
    for name in ("step", "cycle"):
        if (column := table.get(name)) is not None:
            border[1:] |= column[1:] != column[:-1]
    if table.status is not None:
        border[1:] |= table.status[1:] != table.status[:-1]
    up, down, single = (values[0], values[1], None) if len(values) == 2 else (None, None, values[0])
    gaps = interruptions(found.clock.time, found.current)
    return judge_counters(
        found.clock.time,
        found.current,
        up=up,
        down=down,
        single=single,
        border=border,
        gaps=gaps,
        unknown=found.clock.unknown,
    )


def _mended(
    table: CyclerTable,
    found: _Read,
    values: list[Array],
    names: list[str],
    factor: float,
    judged: Judged,
    *,
    mass: float | None,
    source: str,
) -> _Read:
    """What a constant factor between counters and current means."""
    known = next((f for f in FACTORS if abs(factor / f - 1) < NEAR), None)
    if known is not None and found.clock.guessed and known in (60.0, 3600.0, 86400.0, 1e-3):
        unit = {60.0: "min", 3600.0: "h", 86400.0: "days", 1e-3: "ms"}[known]
        taken = replace(found.clock.taken, unit=unit, note=f"no unit stated: {unit}, by the counters")
        clock = replace(found.clock, time=found.clock.time * known, guessed=False, taken=taken)
        found = replace(found, clock=clock)
        return replace(found, judged=_judge(table, found, values))
    if known is not None and table.columns["current"].guessed and known in (1e-3, 1e-6):
        unit = {1e-3: "mA", 1e-6: "uA"}[known]
        taken = replace(found.current_taken, unit=unit, note=f"no unit stated: {unit}, by the counters")
        found = replace(found, current=found.current * known, current_taken=taken)
        return replace(found, judged=_judge(table, found, values))
    if known is not None and all(table.columns[n].guessed for n in names):
        return replace(found, judged=_judge(table, found, [v / known for v in values]))
    per = table.columns[names[0]].per
    if per == "kg" and mass is not None:
        text = (
            f"the file's capacities per gram were made with {1e6 * mass / factor:.4g} mg, "
            f"{1e6 * mass:.4g} mg are "
            "stated: the charge is taken from the current over time"
        )
        return replace(found, judged=Judged(None, (), ()), doubts=(*found.doubts, text))
    if 0.5 < factor < 2:
        text = f"{judged.doubts[0]}: a factor of {factor:.4g} throughout; the charge is that of the current"
        return replace(found, judged=Judged(None, (), ()), doubts=(*found.doubts, text))
    time, current, counter = found.clock.taken, found.current_taken, table.columns[names[0]].taken
    raise DataError(
        f"{source}: {judged.doubts[0]}: a factor of {factor:.4g} in every half-cycle, so a unit is wrong "
        f"({time.column!r} read in {time.unit}, {current.column!r} in {current.unit}, {counter.column!r} in "
        f"{counter.unit})"
    )


def _against_voltage(table: CyclerTable, found: _Read) -> tuple[str, ...]:
    """A charge raises the voltage of any cell; where it falls throughout, the sign of the current is
    doubtful.
    """
    voltage = table.columns["voltage"].values
    steps = current_steps(found.clock.time, found.current)
    change = np.diff(voltage, prepend=voltage[0])
    loud = np.abs(found.current) > 0.05 * np.abs(found.current).max(initial=0.0)
    moving = (
        loud
        & np.concatenate([[False], loud[:-1]])
        & (np.sign(found.current) == np.sign(np.roll(found.current, 1)))
    )
    if moving.sum() < 10:
        return ()
    size = np.abs(steps[moving])
    score = float(
        np.sum(np.sign(found.current[moving]) * np.sign(change[moving]) * size) / max(np.sum(size), 1e-300)
    )
    said = []
    if score < -0.5:
        said.append(
            "the voltage falls while the current is positive and rises while it is negative: is the "
            "current positive "
            "on discharge in this file?"
        )
    if np.median(np.abs(voltage)) > 50:
        said.append(f"voltages around {np.median(voltage):.4g} V: are they in mV?")
    return tuple(said)


def _date(table: CyclerTable) -> str | None:
    """An ISO date in the lines above the table."""
    found = re.search(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}", "\n".join(table.table.header[-200:]))
    return found.group(0).replace(" ", "T") if found else None

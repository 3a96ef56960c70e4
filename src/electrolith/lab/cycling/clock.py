"""The time of a cycler's record: the column that rises, per-step times joined, units held against the
dates.
"""

from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.account import Taken, Witness
from electrolith.core.errors import DataError
from electrolith.lab.cycling.columns import CyclerTable

Array = np.ndarray
ORDER = ("total_time", "time", "step_time")
RATIOS = {60.0: "min", 3600.0: "h", 86400.0: "days", 1e-3: "ms", 1 / 60: "", 1 / 3600: "", 1e3: ""}
NEAR = 0.03


@dataclass(frozen=True, eq=False)
class Clock:
    """Time in s, (n,), rising; whether its unit was only assumed; what was taken and done.

    unknown : rows before which a time per step began anew: what passed between the steps is not recorded.
    """

    time: Array
    guessed: bool
    taken: Taken
    notes: tuple[str, ...]
    witnesses: tuple[Witness, ...]
    unknown: Array | None = None


def find_clock(table: CyclerTable, source: str) -> Clock:
    """The time of a table.

    Raises
    ------
    DataError
        If no column rises and none can be joined, or a unit contradicts the dates beside it.
    """
    there = [name for name in ORDER if name in table.columns]
    date = table.date if table.date is not None and np.isfinite(table.date).all() else None
    for name in there:
        quantity = table.columns[name]
        if np.all(np.diff(quantity.values) >= 0) and quantity.values[-1] > quantity.values[0]:
            return _held_against_dates(table, name, quantity.values, date, (), source)
    for name in there:
        joined, note = _joined(table, table.columns[name].values)
        if joined is not None and joined[-1] > joined[0]:
            clock = _held_against_dates(table, name, joined, date, (note,), source)
            border = np.concatenate([[False], np.diff(table.columns[name].values) < 0])
            return replace(clock, unknown=border)
    if date is not None and np.all(np.diff(date) >= 0):
        taken = Taken("time", "the dates of the rows", "s")
        return Clock(date - date[0], False, taken, (), ())
    if not there:
        raise DataError(f"{source}: no column of time that holds numbers")
    time = table.columns[there[0]].values
    if not np.any(np.diff(time) < 0):
        raise DataError(f"{source}: the time in {table.columns[there[0]].taken.column!r} never passes")
    at = int(np.flatnonzero(np.diff(time) < 0)[0])
    raise DataError(
        f"{source}: time falls from {time[at]:g} s to {time[at + 1]:g} s at row {at + 2}; "
        "two records in one file, or a time of day that passed midnight"
    )


def _joined(table: CyclerTable, time: Array) -> tuple[Array | None, str]:
    """A time that begins anew in every step, or passes midnight, as one that rises; None where it is
    neither.
    """
    steps = np.diff(time)
    falls = np.flatnonzero(steps < 0) + 1
    usual = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 0.0
    day = 86400.0
    over = time[falls] + day - time[falls - 1]
    if np.all((time >= 0) & (time < day)) and np.all((over >= 0) & (over <= max(100 * usual, 60.0))):
        offset = np.zeros(time.size)
        offset[falls] = day
        return time + np.cumsum(offset), "a time of day that passed midnight: days added"
    fresh = time[falls] <= np.maximum(1.5 * usual, 1e-3 * time[falls - 1]) + 1e-9
    known = [c for c in (table.get("step"), table.get("cycle"), table.status) if c is not None]
    border = np.zeros(time.size, dtype=bool)
    for column in known:
        border[1:] |= column[1:] != column[:-1]
    if not np.all(fresh | border[falls]) or not np.all(fresh | (time[falls] < time[falls - 1])):
        return None, ""
    if not known and not np.all(fresh):
        return None, ""
    offset = np.zeros(time.size)
    offset[falls] = time[falls - 1]
    return time + np.cumsum(offset), f"begins anew {falls.size} times: joined"


def _held_against_dates(
    table: CyclerTable, name: str, time: Array, date: Array | None, notes: tuple[str, ...], source: str
) -> Clock:
    """The time with its unit confirmed, found or contradicted by the dates of the rows."""
    quantity = table.columns[name]
    guessed, taken = quantity.guessed, quantity.taken
    witnesses: tuple[Witness, ...] = ()
    span = float(time[-1] - time[0])
    passed = 0.0 if date is None else float(date[-1] - date[0])
    if date is not None and span > 0 and passed > 60 and np.all(np.diff(date) >= 0):
        ratio = passed / span
        if abs(ratio - 1) < NEAR:
            text = f"{taken.column!r} agrees with the dates of the rows"
            witnesses, guessed = (Witness("time", "agrees", text),), False
        else:
            near = next((r for r in RATIOS if abs(ratio / r - 1) < NEAR), None)
            if near is not None and quantity.guessed and RATIOS[near]:
                time, guessed = time * near, False
                said = f"in {RATIOS[near]}, by the dates of the rows"
                taken = Taken(taken.meaning, taken.column, RATIOS[near], said)
                witnesses = (Witness("time", "agrees", f"{taken.column!r} is {said}"),)
            elif near is not None:
                raise DataError(
                    f"{source}: {taken.column!r} in {taken.unit} spans {span:.4g} s, the dates of the rows "
                    f"{passed:.4g} s: a factor of {ratio:.4g}; the unit in the header is wrong"
                )
            else:
                text = (
                    f"{taken.column!r} spans {span / 3600:.4g} h, the dates of the rows {passed / 3600:.4g} h"
                )
                witnesses = (Witness("time", "absent", text),)
    if notes:
        taken = Taken(taken.meaning, taken.column, taken.unit, "; ".join(filter(None, (taken.note, *notes))))
    return Clock(np.asarray(time, dtype=float), guessed, taken, notes, witnesses)

"""Read a table of conductivity against time in an atmosphere."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.account import Account, Taken
from electrolith.core.column_names import is_derived
from electrolith.core.delimited import Delimited, read_only_table
from electrolith.core.errors import DataError, InputError
from electrolith.core.header_units import column_scale, split_header
from electrolith.core.reading import reader

Array = np.ndarray
TIME = re.compile(r"^(t|.*time.*|exposure|age|hours?|days?)$", re.IGNORECASE)
SIGMA = re.compile(r"^(σ|sigma|.*conductiv.*|cond)\b", re.IGNORECASE)
ERROR = re.compile(r"err|std|uncert|±|noise|^d(σ|sigma)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class ExposureRecord:
    """Time in s, conductivity and its standard deviation (None where not given) in S/cm, each (n,)."""

    time: Array
    conductivity: Array
    std: Array | None
    account: Account


@reader("a table of exposure")
def read_exposure(path: Path | str) -> ExposureRecord:
    """A table of time, conductivity and, if known, its standard deviation; without names in h and S/cm.

    Raises
    ------
    DataError
        If the columns are not there, a unit is not known, or names do not fit the table.
    """
    table = read_only_table(path)
    if table.columns.shape[1] < 2:
        raise DataError(
            f"{path}: {table.columns.shape[1]} columns; time in h and conductivity in S/cm wanted"
        )
    if table.misfit:
        raise DataError(f"{path}: the line {table.misfit[:80]!r} reads like names but does not fit the table")
    at, sigma, error = _columns(table)
    try:
        clock = at in table.clocks
        time_scale, time_unit, time_note = column_scale(table.names[at], "s", bare="h") if not clock else (
            None, "hh:mm:ss", "")  # fmt: skip
        sigma_scale, unit, note = column_scale(table.names[sigma], "S/m", bare="S/cm")
        spread = None if error is None else column_scale(table.names[error], "S/m", bare=unit)[0].factor / 100
    except InputError as wrong:
        raise DataError(f"{path}: {wrong}") from wrong
    keep = np.isfinite(table.columns[:, at]) & np.isfinite(table.columns[:, sigma])
    rows = table.columns[keep]
    taken = [Taken("time", table.names[at], time_unit, time_note), Taken("σ", table.names[sigma], unit, note)]
    if error is not None:
        taken.append(Taken("standard deviation", table.names[error]))
    account = Account(str(path), "a table of exposure", tuple(taken), rows=len(rows), left_out=table.bad_rows)
    return ExposureRecord(
        rows[:, at] * (1.0 if time_scale is None else time_scale.factor),
        rows[:, sigma] * sigma_scale.factor / 100,
        None if error is None or spread is None else rows[:, error] * spread,
        account,
    )


def _columns(table: Delimited) -> tuple[int, int, int | None]:
    """Columns of time, conductivity and its error: by name, else in this order."""
    count = table.columns.shape[1]
    if not table.named:
        return 0, 1, 2 if count == 3 else None
    names = [
        "" if is_derived(n) or i in table.words else split_header(n).name for i, n in enumerate(table.names)
    ]
    error = next((i for i, n in enumerate(names) if n and ERROR.search(n)), None)
    sigma = next((i for i, n in enumerate(names) if SIGMA.match(n) and i != error), None)
    time = next((i for i, n in enumerate(names) if TIME.match(n) and i not in (error, sigma)), None)
    time = 0 if time is None and sigma != 0 else time
    sigma = 1 if sigma is None and time == 0 else sigma
    if time is None or sigma is None:
        raise DataError(
            f"{table.path}: no columns of time and conductivity; columns: {', '.join(table.names)}"
        )
    return time, sigma, error

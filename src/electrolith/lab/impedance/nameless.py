"""Tables of impedance without names: what the numbers themselves say of their columns."""

from __future__ import annotations

import numpy as np

from electrolith.core.account import Account, Taken, Witness
from electrolith.core.delimited import Delimited
from electrolith.core.errors import DataError
from electrolith.lab.impedance.sweep import Sweep, kind_of, turned

__all__ = ["nameless"]

Array = np.ndarray
LONGEST = 1000  # rows of a nameless table that may still be a sweep
SAME = 0.01  # relative difference of two columns that say the same


def nameless(table: Delimited) -> Sweep:
    """Columns without names: frequency, then Z' and Z'', or |Z| and phase in degrees where these fit.

    Between the two the phase decides, which follows the slope of log |Z| over log f (Bode).
    More than three columns are read where a further one is |Z|, or Z', of those taken.

    Raises
    ------
    DataError
        If the columns could be anything else.
    """
    columns = table.columns
    if table.misfit:
        raise DataError(
            f"{table.path}: the line {table.misfit[:80]!r} reads like names but does not fit the "
            f"{columns.shape[1]} columns of the table; give every column one name"
        )
    if columns.shape[1] < 3:
        raise DataError(f"{table.path}: {columns.shape[1]} columns; impedance needs frequency, Z' and Z''")
    frequency = columns[:, 0]
    steps = np.diff(frequency)
    counting = steps.size > 1 and np.allclose(steps, steps[0]) and abs(steps[0]) == 1
    witness = _witness(columns)
    if len(columns) > LONGEST or (columns.shape[1] > 3 and witness is None) or counting:
        what = (
            "a first column that only counts"
            if counting
            else f"{len(columns)} rows of {columns.shape[1]} columns"
        )
        raise DataError(
            f"{table.path}: {what} without a header: no impedance spectrum that can be told; name the "
            "columns frequency, Z' and Z''"
        )
    polar = _is_polar(columns) if witness is None else witness[0]
    second, note = turned(columns[:, 2], stated=False)
    if polar:
        impedance = columns[:, 1] * np.exp(1j * np.radians(second))
        named = (("frequency", "Hz"), ("|Z|", "ohm"), ("phase", "deg"))
        said = "no header: columns read as frequency in Hz, |Z| in ohm and phase in degrees, which fit"
    else:
        impedance = columns[:, 1] + 1j * second
        named = (("frequency", "Hz"), ("Z'", "ohm"), ("Z''", "ohm"))
        said = "no header: columns read as frequency in Hz, Z' and Z'' in ohm"
    taken = tuple(
        Taken(n, f"column {i + 1}", u, note.replace("Z''", n) if i == 2 else "")
        for i, (n, u) in enumerate(named)
    )
    account = Account(
        str(table.path),
        kind_of(table),
        taken,
        left_out=table.bad_rows,
        witnesses=() if witness is None else (Witness("a further column", "agrees", witness[1]),),
        doubtful=(said,),
    )
    return Sweep(frequency, impedance, account)


def _witness(columns: Array) -> tuple[bool, str] | None:
    """Whether columns 2 and 3 are |Z| and phase, and the further column that proves it; None without one."""
    for polar, other, what in (
        (False, np.hypot(columns[:, 1], columns[:, 2]), "|Z|"),
        (True, columns[:, 1] * np.cos(np.radians(columns[:, 2])), "Z'"),
    ):
        for index in range(3, columns.shape[1]):
            use = np.isfinite(other) & np.isfinite(columns[:, index])
            size = np.abs(other[use])
            if use.sum() >= 3 and np.all(np.abs(columns[use, index] - other[use]) <= SAME * size + 1e-12):
                return polar, f"column {index + 1} is {what} of the columns taken"
    return None


def _is_polar(columns: Array) -> bool:
    """Whether |Z| and phase fit together, and Z' and Z'' do not."""
    good = (columns[:, 0] > 0) & np.isfinite(columns[:, :3]).all(axis=1)
    f, one, two = columns[good, :3].T
    if f.size < 8 or np.any(one <= 0) or np.any(np.abs(two) > 95):
        return False
    order = np.argsort(f)
    f, one, two = f[order], one[order], two[order]
    if np.any(np.diff(f) <= 0):
        return False
    sign = -1.0 if np.mean(two > 0) > 0.8 else 1.0
    as_polar = _misfit(f, one, np.radians(sign * two))
    as_parts = _misfit(f, np.hypot(one, two), np.arctan2(sign * two, one))
    return as_polar < 0.2 and as_polar < 0.5 * as_parts


def _misfit(frequency: Array, modulus: Array, phase: Array) -> float:
    """Median distance of the phase, in rad, from π/2 times the slope of log |Z| over log f."""
    slope = np.gradient(np.log(modulus), np.log(frequency))
    return float(np.median(np.abs(phase - np.pi / 2 * slope)))

"""Which state of the cell a spectrum belongs to: spectra against an electrochemical record, by clock."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import reader
from electrolith.lab.biologic import VOLTAGES, read_ec_lab

__all__ = ["CellRecord", "at_times", "read_cell_record"]

_STARTED = re.compile(
    r"Acquisition started on\s*:\s*(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})\s+"
    r"(\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d+)?)"
)


@dataclass(frozen=True, slots=True, eq=False)
class CellRecord:
    """Voltage (V) and charge passed (mAh) against seconds since 1970 in the instrument's own clock.

    current : mA, empty where the record has none.
    """

    time: np.ndarray
    voltage: np.ndarray
    charge: np.ndarray
    source: str
    current: np.ndarray = field(default_factory=lambda: np.array([]))


@reader("the record of an operando cell")
def read_cell_record(path: Path | str) -> CellRecord:
    """An EC-Lab text export (.mpt) with its start time, in any decimal mark.

    The date is month/day/year with slashes and day.month.year with points, as EC-Lab writes them.

    Raises
    ------
    DataError
        If the start time or the columns of time and voltage are missing.
    """
    found = _STARTED.search(read_text(path)[:20000])
    if not found:
        raise DataError(
            f"{path}: no line 'Acquisition started on'; spectra cannot be set against it by clock"
        )
    first, mark, second, year, hour, minute, seconds = found.groups()
    month, day = (first, second) if mark == "/" else (second, first)
    if int(month) > 12:
        month, day = day, month
    stamp = dt.datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=dt.UTC)
    start = stamp.timestamp() + float(seconds.replace(",", "."))
    table = read_ec_lab(Path(path))
    time, voltage = table.take("s", "time"), table.take("V", *VOLTAGES)
    if time is None or voltage is None:
        raise DataError(
            f"{path}: no column of time and voltage; columns: {', '.join(list(table.columns)[:12])}"
        )
    charge, current = table.take("C", "(Q-Qo)"), table.take("A", "I", "<I>")
    return CellRecord(
        start + time[0],
        voltage[0],
        np.full(time[0].size, np.nan) if charge is None else charge[0] / 3.6,
        str(path),
        np.array([]) if current is None else 1e3 * current[0],
    )


def at_times(record: CellRecord, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voltage (V) and charge (mAh) at given clock times (s since 1970); nan outside the record.

    Raises
    ------
    DataError
        If no time lies inside the record: the clocks or the files do not belong together.
    """
    t = np.asarray(times, dtype=float)
    inside = (t >= record.time[0]) & (t <= record.time[-1])
    if t.size and not inside.any():
        raise DataError(
            f"{record.source}: none of the {t.size} spectra were taken during this record; the first began "
            f"{(np.nanmin(t) - record.time[0]) / 3600:+.2f} h after its start, it lasted "
            f"{(record.time[-1] - record.time[0]) / 3600:.2f} h"
        )

    def along(values: np.ndarray) -> np.ndarray:
        return np.where(inside, np.interp(t, record.time, values), np.nan)

    return along(record.voltage), along(record.charge)

"""Voltage and current against time, whatever cycler wrote them."""

from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.account import Account
from electrolith.core.errors import DataError

Array = np.ndarray
SHORT_GAP = 600.0  # s; what is shorter is no interruption, whatever the rhythm


@dataclass(frozen=True, eq=False)
class CyclingRecord:
    """One cell's record; positive current charges.

    time : s, shape (n,), rising.
    voltage : V, (n,).
    current : A, (n,).
    cycle, step : the vendor's numbers, (n,), None where the file has none; cycles are counted anew
        anyway.
    temperature : K, (n,), None where not recorded.
    charge : C, (n,), the instrument's own count of the net charge, never reset; None where it has none.
    source : the file.
    started : ISO local time of the instrument, None where the file does not say; `zone` names its zone,
        if it does.
    remarks : what the reader noticed and did, in words.
    account : what was taken for what, None where it did not come from a file.
    """

    time: Array
    voltage: Array
    current: Array
    source: str
    cycle: Array | None = None
    step: Array | None = None
    temperature: Array | None = None
    charge: Array | None = None
    started: str | None = None
    zone: str | None = None
    remarks: tuple[str, ...] = ()
    account: Account | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.time.size)

    def part(self, rows: slice | Array) -> "CyclingRecord":
        """Only some rows."""
        optional = (self.cycle, self.step, self.temperature, self.charge)
        cycle, step, temperature, charge = (None if c is None else c[rows] for c in optional)
        return replace(
            self,
            time=self.time[rows],
            voltage=self.voltage[rows],
            current=self.current[rows],
            cycle=cycle,
            step=step,
            temperature=temperature,
            charge=charge,
        )


def make_record(
    time: Array,
    voltage: Array,
    current: Array,
    source: str,
    *,
    cycle: Array | None = None,
    step: Array | None = None,
    temperature: Array | None = None,
    charge: Array | None = None,
    started: str | None = None,
    zone: str | None = None,
    remarks: tuple[str, ...] = (),
    account: Account | None = None,
) -> CyclingRecord:
    """Check a record: rows that are no numbers are dropped and counted, falling times refused.

    Raises
    ------
    DataError
        If fewer than two rows are left, or time falls.
    """
    time, voltage, current = (np.asarray(c, dtype=float) for c in (time, voltage, current))
    good = np.isfinite(time) & np.isfinite(voltage) & np.isfinite(current)
    record = CyclingRecord(
        time, voltage, current, source, cycle, step, temperature, charge, started, zone, remarks, account
    )
    if not good.all():
        record = replace(
            record.part(good), remarks=(*remarks, f"{int((~good).sum())} rows that are no numbers dropped")
        )
    if record.rows < 2:
        raise DataError(f"{source}: {record.rows} usable rows; a record needs at least two")
    steps = np.diff(record.time)
    if np.any(steps < 0):
        at = int(np.flatnonzero(steps < 0)[0])
        raise DataError(
            f"{source}: time falls from {record.time[at]:g} s to {record.time[at + 1]:g} s at row {at + 2}; "
            "two records in one file, or a time of day that passed midnight"
        )
    if repeated := int(np.sum(steps == 0)):
        record = replace(record, remarks=(*record.remarks, f"{repeated} rows repeat the time before them"))
    return record


def interruptions(time: Array, current: Array) -> Array:
    """Rows under current that come after a gap in the record, bool (n,).

    A gap is judged against the record's own rhythm: many cyclers write a row every ten minutes and, in
    between, one every few millivolts. An interval belongs to the rhythm where others of its length (within a
    fifth) occur, or where those beside it are nearly as long.
    """
    duration = np.diff(time, prepend=time[0])
    loud = np.abs(current) > 1e-3 * np.abs(current).max(initial=0.0)
    long = np.sort(duration[1:])[::-1]
    rhythm = float(np.median(long)) if long.size else 0.0
    often = max(3, round(0.01 * long.size))
    for length in long[: max(100, long.size // 2)]:
        low, high = np.searchsorted(-long, [-1.2 * length, -0.8 * length], side="left")
        if high - low >= often:
            rhythm = max(rhythm, float(length))
            break
    padded = np.pad(duration, 2)
    beside = np.max([padded[:-4], padded[1:-3], padded[3:-1], padded[4:]], axis=0)
    return np.asarray((duration > SHORT_GAP) & (duration > 5 * rhythm) & (duration > 3 * beside) & loud)


def segments(current: Array, *, step: Array | None = None, change: float = 0.05) -> Array:
    """First rows of stretches of one current setting, shape (m,); the first is 0.

    A new stretch begins where the sign changes, where the current moves by more than `change` of its
    size, or where the vendor's step number changes and with it the current or its sign.
    """
    size = np.abs(current)
    floor = 1e-3 * float(size.max(initial=0.0)) + 1e-15
    sign = np.where(size <= floor, 0, np.sign(current)).astype(int)
    jump = np.abs(np.diff(current)) > change * np.maximum(size[1:], size[:-1]) + floor
    cut = (np.diff(sign) != 0) | (jump & (sign[1:] != 0) & (sign[:-1] != 0))
    if step is not None:
        # while the voltage is held the current falls slowly: only a step's border may cut there
        cut = (np.diff(sign) != 0) | (cut & (np.diff(step) != 0))
    return np.concatenate([[0], np.flatnonzero(cut) + 1])

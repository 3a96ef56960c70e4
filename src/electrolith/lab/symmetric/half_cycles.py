"""A symmetric cell's record cut into half-cycles, each with its overpotentials, charge and noise."""

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.lab.cycling.record import CyclingRecord, segments

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class HalfCycles:
    """One entry per stretch of constant current, all arrays (m,).

    first, last : rows.
    density : current density with sign, A/m2.
    duration : s.
    start, plateau, end : size of the overpotential, V: the first tenth, the median of the middle half,
        the last tenth.
    charge : areal, C/m2; `areal_capacity` gives mAh/cm2.
    noise : V, from second differences, so that slow changes do not count.
    """

    first: Array
    last: Array
    density: Array
    begin: Array
    duration: Array
    start: Array
    plateau: Array
    end: Array
    charge: Array
    noise: Array
    area: float

    @property
    def areal_capacity(self) -> Array:
        """mAh/cm2, (m,)."""
        return np.asarray(self.charge / 36000.0)

    @property
    def asymmetry(self) -> Array:
        """(|V+| - |V-|)/mean of neighbouring opposite half-cycles of equal size, nan elsewhere, (m,)."""
        result = np.full(self.density.size, np.nan)
        pair = np.isclose(self.density[1:], -self.density[:-1], rtol=0.02)
        positive = np.where(self.density[1:] > 0, self.plateau[1:], self.plateau[:-1])
        negative = np.where(self.density[1:] > 0, self.plateau[:-1], self.plateau[1:])
        both = (positive + negative) / 2
        result[1:] = np.where(pair, (positive - negative) / np.where(both > 0, both, np.nan), np.nan)
        return result

    def ohmic_share(self, resistance: float) -> Array:
        """Share of the plateau overpotential that is I R for a resistance in ohm from impedance, (m,)."""
        drop = np.abs(self.density) * self.area * resistance
        return np.asarray(drop / np.where(self.plateau > 0, self.plateau, np.nan))


def half_cycles(record: CyclingRecord, *, area: float) -> HalfCycles:
    """Cut a record at every change of current; rest is left out.

    Parameters
    ----------
    area : of one electrode, m2.

    Raises
    ------
    InputError
        If the area is not that of a cell. DataError, if the record never carries current.
    """
    if not 1e-7 < area < 1:
        raise InputError(f"area {area:g} m2 is no cell's; state the unit, as in '0.785 cm2'")
    firsts = segments(record.current)
    ends = np.append(firsts[1:], record.rows)
    largest = float(np.abs(record.current).max())
    if largest == 0:
        raise DataError(f"{record.source}: the current is zero throughout; nothing was cycled")
    rows = [
        (a, b)
        for a, b in zip(firsts, ends, strict=True)
        if b - a >= 3 and abs(middle(record.current[a:b])) > 1e-3 * largest
    ]
    if not rows:
        raise DataError(f"{record.source}: no half-cycle of at least three rows; {record.rows} rows seen")
    return _collect([_one(record, int(a), int(b), area) for a, b in rows], area)


def _one(record: CyclingRecord, a: int, b: int, area: float) -> tuple[float, ...]:
    """Numbers of one half-cycle over rows a to b."""
    time, size = record.time[a:b], np.abs(record.voltage[a:b])
    n = b - a
    tenth = max(1, n // 10)
    density = middle(record.current[a:b]) / area
    # the row before a is where the current was switched on
    before = float(time[0]) - middle(np.diff(time))
    begin = float(record.time[a - 1]) if a else min(max(0.0, before), float(time[0]))
    charge = float(np.trapezoid(np.abs(record.current[a:b]), time)) / area + abs(density) * (
        float(time[0]) - begin
    )
    return (
        a, b, density, begin, float(time[-1]) - begin,
        middle(size[:tenth]), middle(size[n // 4 : max(n // 4 + 1, 3 * n // 4)]),
        middle(size[-tenth:]), charge, noise_of(size),
    )  # fmt: skip


def _collect(rows: list[tuple[float, ...]], area: float) -> HalfCycles:
    """Rows to columns."""
    table = np.array(rows)
    first, last = table[:, 0].astype(int), table[:, 1].astype(int)
    density, begin, duration, start, plateau, end, charge, noise = table[:, 2:].T
    return HalfCycles(first, last, density, begin, duration, start, plateau, end, charge, noise, area)


def middle(values: Array) -> float:
    """Median of a few rows; `np.median` takes ten times as long and is asked 100 000 times per record."""
    ordered = np.sort(values)
    return float(ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2]) / 2


def noise_of(values: Array) -> float:
    """Standard deviation of fast noise: scaled median of the second differences, or the resolution."""
    if values.size < 4:
        return float(np.std(values))
    second = np.diff(values, n=2)
    robust = middle(np.abs(second)) / 0.6745 / np.sqrt(6)
    steps = np.abs(np.diff(values))
    resolution = float(steps[steps > 0].min(initial=np.inf))
    floor = 0.29 * resolution if np.isfinite(resolution) and robust == 0 else 0.0
    return max(robust, floor, 1e-7)

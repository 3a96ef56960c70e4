r"""Current after a voltage step: simulate it, and say what it settles to.

I(t) = I∞ + A e^(-t/τ) + B/√t: the ionic current dies by polarisation, the electronic one stays.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.fit import least_squares
from electrolith.lab.cycling.record import CyclingRecord

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Transient:
    """Current at one voltage. voltage : V. time : s since the step, (n,). current : A, (n,)."""

    voltage: float
    time: Array
    current: Array
    source: str


@dataclass(frozen=True)
class SettleRule:
    """When a current counts as settled.

    share : last part of the transient looked at.
    change : relative change over that part below which it is settled.
    """

    share: float = 0.2
    change: float = 0.03

    def __post_init__(self) -> None:
        if not 0.02 <= self.share <= 0.5 or not 0 < self.change < 0.5:
            raise InputError("share lies between 0.02 and 0.5, change between 0 and 0.5")


@dataclass(frozen=True, eq=False)
class SettledCurrent:
    """What a transient settles to.

    current : A.
    settled : by the rule; otherwise `current` is extrapolated and its doubt holds that of the fit.
    change : relative change over the last part.
    settle_time : s from which on it stays within the rule's change.
    """

    voltage: float
    current: Estimate
    settled: bool
    change: float
    settle_time: float | None
    source: str
    text: str


def simulate_transient(
    voltage: float,
    *,
    conductance: float,
    ionic: float,
    decay: float,
    noise: float,
    rng: np.random.Generator,
    duration: float = 3600.0,
    interval: float = 10.0,
) -> Transient:
    """A transient of known electronic conductance (S), ionic start current (A), decay (s) and noise (A)."""
    time = np.arange(1, round(duration / interval) + 1) * interval
    current = conductance * voltage + ionic * np.exp(-time / decay) + noise * rng.standard_normal(time.size)
    return Transient(voltage, time, current, f"simulated {voltage:g} V")


def open_circuit_of(record: CyclingRecord) -> tuple[str, ...]:
    """A word on each stretch without any current: an open circuit, no polarisation step."""
    said = []
    for level, time, current in _levels(record, 0.02):
        if not np.any(current):
            said.append(
                f"{time.size} rows at {level:.3g} V without any current ({time[-1] - time[0]:.3g} s): "
                f"open circuit, left out"
            )
    return tuple(said)


def transients_of(record: CyclingRecord, *, tolerance: float = 0.02) -> tuple[Transient, ...]:
    """Cut a record into stretches of constant voltage other than zero, under current.

    A stretch whose current is exactly zero in every row is an open circuit: nothing was applied.

    Raises
    ------
    DataError
        If there is no stretch of at least ten rows, or the current is zero in all of them.
    """
    levels = _levels(record, tolerance)
    found = [Transient(v, time, current, record.source) for v, time, current in levels if np.any(current)]
    if not found and levels:
        raise DataError(
            f"{record.source}: the current is zero throughout; no voltage was applied, or it was not recorded"
        )
    if not found:
        raise DataError(f"{record.source}: no stretch of constant voltage with ten rows or more")
    return tuple(found)


def _levels(record: CyclingRecord, tolerance: float) -> list[tuple[float, Array, Array]]:
    """Voltage, time since its step and current of every stretch of constant voltage of ten rows or more."""
    size = np.maximum(np.abs(record.voltage), 1e-3)
    jumps = np.abs(np.diff(record.voltage)) > tolerance * size[1:] + 1e-3
    borders = [0, *(np.flatnonzero(jumps) + 1).tolist(), record.rows]
    found: list[tuple[float, Array, Array]] = []
    for a, b in itertools.pairwise(borders):
        level = float(np.median(record.voltage[a:b]))
        if b - a >= 10 and abs(level) > 5e-3:
            begin = record.time[a - 1] if a else record.time[a]
            found.append((level, record.time[a:b] - begin, record.current[a:b]))
    return found


def settle(transient: Transient, rule: SettleRule | None = None, *, seed: int = 0) -> SettledCurrent:
    """Settled current by the rule, or extrapolated with the error of the fit.

    Raises
    ------
    DataError
        If the transient has fewer than ten rows.
    """
    rule = rule or SettleRule()
    time, current = transient.time, transient.current
    if time.size < 10:
        raise DataError(
            f"{transient.source}: {time.size} rows at {transient.voltage:g} V; a transient needs ten"
        )
    last = time >= time[-1] - rule.share * (time[-1] - time[0])
    mean = float(np.mean(current[last]))
    slope, error = _slope(time[last], current[last])
    span = float(time[last][-1] - time[last][0])
    change = abs(slope * span / mean) if mean else float("inf")
    doubt = error * span / abs(mean) if mean else float("inf")
    rng = np.random.default_rng(seed)
    if change <= rule.change or change <= 2 * doubt:
        count = max(int(last.sum()), 2)
        scatter = float(np.std(current[last], ddof=1)) / np.sqrt(count)
        value = Estimate.normal(mean, float(np.hypot(scatter, abs(slope) * span / np.sqrt(12))), "A", rng=rng)
        when = _settle_time(time, current, mean, rule)
        text = f"settled: {100 * change:.2g} % over the last {span / 60:.0f} min"
        return SettledCurrent(transient.voltage, value, True, change, when, transient.source, text)
    value = _extrapolated(time, current, rng)
    text = f"not settled ({100 * change:.2g} % over the last {span / 60:.0f} min): extrapolated"
    return SettledCurrent(transient.voltage, value, False, change, None, transient.source, text)


def _slope(time: Array, current: Array) -> tuple[float, float]:
    """Slope of a line through the rows and its standard error, A/s."""
    centred = time - time.mean()
    square = float(np.sum(centred**2))
    slope = float(np.sum(centred * current)) / square
    rest = current - current.mean() - slope * centred
    return slope, float(np.sqrt(np.sum(rest**2) / max(time.size - 2, 1) / square))


def _settle_time(time: Array, current: Array, mean: float, rule: SettleRule) -> float:
    """Time from which on the smoothed current stays within the rule's change of its settled value."""
    width = max(3, time.size // 50)
    smooth = np.convolve(np.pad(current, width // 2, mode="edge"), np.ones(width) / width, mode="same")
    smooth = smooth[width // 2 : width // 2 + time.size]
    spread = 3 * float(np.std(current[-max(10, time.size // 5) :])) / np.sqrt(width)
    outside = np.flatnonzero(np.abs(smooth - mean) > rule.change * abs(mean) + spread)
    return float(time[min(outside[-1] + 1, time.size - 1)]) if outside.size else float(time[0])


def _extrapolated(time: Array, current: Array, rng: np.random.Generator) -> Estimate:
    """I∞ of I∞ + A e^(-t/τ) fitted to the last two thirds."""
    keep = time >= time[0] + (time[-1] - time[0]) / 3
    t, i = time[keep] - time[keep][0], current[keep]
    unit = max(float(np.abs(i).max()), 1e-300)
    low = np.array([-np.inf, -np.inf, np.log(t[-1] / 200)])
    high = np.array([np.inf, np.inf, np.log(t[-1] * 20)])
    fit = least_squares(
        lambda p: p[0] + p[1] * np.exp(-t / np.exp(p[2])) - i / unit,
        [float(i[-1] / unit), float((i[0] - i[-1]) / unit), float(np.log(t[-1] / 2))],
        bounds=(low, high),
    )
    spread = float(np.sqrt(fit.scaled()[0, 0]))
    if not np.isfinite(spread):
        return Estimate.unknown_doubt(float(fit.parameters[0]) * unit, "A")
    return Estimate.normal(float(fit.parameters[0]) * unit, spread * unit, "A", rng=rng)

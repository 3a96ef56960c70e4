r"""What the overpotential of a symmetric cell does over its whole life: stable, growing, creeping down, open.

A short by the rule of `shorts` is an event between two rows or two half-cycles. A dendrite that grows for two
hundred hours never makes one: each half-cycle is only a little lower than the last. So the plateaus at the
main current are followed over the record, against what they had reached before:

* creeping short: less than half of the highest level reached before is left, and it stays so;
* growing interface: more than twice the level of the beginning, and it stays so;
* open: no current flows although the voltage is at its limit.

The trend before the failure is a line through the logarithm of the level, with an interval that counts
neighbouring cycles that say the same once; change points are where two lines are better than one.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.symmetric.half_cycles import HalfCycles

Array = np.ndarray
Verdict = Literal["stable", "growing interface", "creeping short", "drifting", "open", "not decided"]
BLOCKS = 200  # medians of neighbouring cycles; more say nothing new about a trend
FEWEST = 10  # cycles at one current below which there is no trend
FLOOR = 0.01  # relative wander of a healthy plateau (temperature, pressure) from block to block


@dataclass(frozen=True)
class TrendRule:
    """The numbers in the rule.

    creep : fraction of the highest earlier level below which a cell has crept into a short.
    growth : factor over the first level above which its interface has failed.
    open_resistance : area-specific resistance, ohm m2, above which no current is said to flow.
    stable : relative change over the record whose 95 % interval a stable cell stays within.
    """

    creep: float = 0.5
    growth: float = 2.0
    open_resistance: float = 100.0
    stable: float = 0.2

    def __post_init__(self) -> None:
        if not 0 < self.creep < 1 < self.growth:
            raise InputError(f"creep must be below 1 and growth above, got {self.creep:g}, {self.growth:g}")
        if self.open_resistance <= 0 or not 0 < self.stable < 1:
            raise InputError("open_resistance must be positive and stable a fraction between 0 and 1")


@dataclass(frozen=True, eq=False)
class Trend:
    """The overpotential over the record.

    density : A/m2, the current most cycles were run at.
    hours, level : of the blocks, h and V, (n,).
    slope : relative change per 100 h until the failure, with its 95 % interval.
    changes : h, where the trend changes.
    failed : h from the start of the record, None where no failure was seen.
    text : one sentence.
    """

    verdict: Verdict
    density: float
    hours: Array
    level: Array
    slope: tuple[float, float, float] | None
    changes: tuple[float, ...]
    failed: float | None
    text: str


def overpotential_trend(record: CyclingRecord, halves: HalfCycles, rule: TrendRule | None = None) -> Trend:
    """Follow the plateau overpotential at the current that most half-cycles were run at.

    Parameters
    ----------
    record : for stretches without current.
    halves : of that record.
    """
    rule = rule or TrendRule()
    begin = float(record.time[0])
    size = np.abs(halves.density)
    usual = _usual(size)
    main = np.isclose(size, usual, rtol=0.02)
    hours, level = _blocks((halves.begin[main] - begin) / 3600, halves.plateau[main])
    resistance = float(np.median(halves.plateau[main])) / usual
    if resistance > rule.open_resistance:
        text = (
            f"no current flows: {usual / 10:.2g} mA/cm2 at {1e3 * np.median(halves.plateau[main]):.3g} mV, "
            f"{1e4 * resistance:.2g} ohm cm2; the cell is open or its electrolyte does not conduct"
        )
        return Trend("open", usual, hours, level, None, (), 0.0, text)
    dead = _dead(record, halves, rule)
    failed, verdict = _failure(hours, level, rule)
    if dead is not None and (failed is None or dead < failed):
        failed, verdict = dead, "open"
    if hours.size < FEWEST:
        text = f"{hours.size} cycles at one current are too few for a trend"
        if verdict == "open" and failed is not None:
            text = f"no current flows from {failed:.1f} h on although the voltage is at its limit"
        return Trend(verdict, usual, hours, level, None, (), failed, text)
    until = hours <= (np.inf if failed is None else failed)
    slope = _slope(hours[until], level[until]) if until.sum() >= FEWEST else None
    if failed is None:
        verdict = _unfailed(slope, float(hours[-1] - hours[0]), rule)
    changes = _changes(hours, np.log(level))
    return Trend(
        verdict, usual, hours, level, slope, changes, failed, _text(verdict, hours, level, slope, failed)
    )


def _usual(size: Array) -> float:
    """The current density most half-cycles were run at; the larger of two equals."""
    kinds, counts = np.unique(np.round(np.log(size) / 0.02), return_counts=True)
    most = kinds[counts == counts.max()].max()
    return float(np.median(size[np.abs(np.log(size) / 0.02 - most) <= 1]))


def _blocks(hours: Array, plateau: Array) -> tuple[Array, Array]:
    """Cycles as pairs of half-cycles, thinned to medians of neighbours; h and V."""
    pairs = plateau.size // 2
    if pairs == 0:
        return hours, np.maximum(plateau, 1e-9)
    levels = plateau[: 2 * pairs].reshape(pairs, 2).mean(axis=1)
    times = hours[: 2 * pairs].reshape(pairs, 2).mean(axis=1)
    groups = np.array_split(np.arange(pairs), min(BLOCKS, pairs))
    return (
        np.array([float(np.mean(times[g])) for g in groups]),
        np.maximum(np.array([float(np.median(levels[g])) for g in groups]), 1e-9),
    )


def _dead(record: CyclingRecord, halves: HalfCycles, rule: TrendRule) -> float | None:
    """Hours from which, to the end, no current flows at the voltage limit; None where none does."""
    tail = record.time > record.time[halves.last[-1] - 1]
    if not tail.any():
        return None
    voltage = np.abs(record.voltage[tail])
    density = np.abs(record.current[tail]) / halves.area
    stuck = voltage > np.maximum(rule.open_resistance * density, 2 * float(halves.plateau.max()))
    lasting = float(record.time[-1] - record.time[halves.last[-1] - 1])
    if np.mean(stuck) < 0.5 or lasting < float(np.median(halves.duration)):
        return None
    return float(record.time[tail][0] - record.time[0]) / 3600


def _smooth(level: Array) -> Array:
    """Running median of five blocks, the ends by shorter ones."""
    return np.array([float(np.median(level[max(0, i - 2) : i + 3])) for i in range(level.size)])


def _failure(hours: Array, level: Array, rule: TrendRule) -> tuple[float | None, Verdict]:
    """The first of growth and creep that lasts; h, and which."""
    if hours.size < FEWEST:
        return None, "not decided"
    smooth = _smooth(level)
    first = float(np.median(level[:3]))
    highest = np.maximum.accumulate(smooth)
    found: list[tuple[float, Verdict]] = []
    low = np.flatnonzero(smooth < rule.creep * highest)
    # it has crept in if it stays down for the rest, give or take
    crept = next((i for i in low if np.median(smooth[i:]) < 1.2 * rule.creep * highest[i]), None)
    if crept is not None:
        found.append((float(hours[crept]), "creeping short"))
    grown = np.flatnonzero(smooth > rule.growth * first)
    if grown.size >= 3 and np.median(smooth[grown[0] : grown[0] + 10]) > 0.9 * rule.growth * first:
        found.append((float(hours[grown[0]]), "growing interface"))
    return min(found) if found else (None, "not decided")


def _slope(hours: Array, level: Array) -> tuple[float, float, float]:
    """Relative change per 100 h and its 95 % interval, by a line through ln level."""
    x = (hours - hours.mean()) / 100
    y = np.log(level)
    slope, middle = np.polyfit(x, y, 1)
    rest = y - middle - slope * x
    spread = max(float(np.std(rest)), FLOOR)
    lag = float(np.sum(rest[1:] * rest[:-1]) / max(float(np.sum(rest**2)), 1e-300))
    repeat = (1 + np.clip(lag, 0, 0.9)) / (1 - np.clip(lag, 0, 0.9))
    error = 1.96 * spread * np.sqrt(repeat / float(np.sum(x**2)))
    low, value, high = np.expm1([slope - error, slope, slope + error])
    return float(value), float(low), float(high)


def _unfailed(slope: tuple[float, float, float] | None, duration: float, rule: TrendRule) -> Verdict:
    """What a cell without a failure does: the interval of its change over the record decides."""
    if slope is None:
        return "not decided"
    low, high = (float((1 + s) ** (duration / 100) - 1) for s in slope[1:])
    if -rule.stable < low and high < rule.stable / (1 - rule.stable):
        return "stable"
    if low > 0:
        return "growing interface"
    return "drifting" if high < 0 else "not decided"


def _changes(hours: Array, logarithm: Array) -> tuple[float, ...]:
    """Where two lines are better than one, by binary search with a penalty for each; h."""
    second = np.abs(np.diff(logarithm, n=2))
    noise = max(float(np.median(second)) / 0.6745 / np.sqrt(6), FLOOR)
    found: list[float] = []

    def misfit(a: int, b: int) -> float:
        line = np.polyfit(hours[a:b] - hours[a], logarithm[a:b], 1)
        return float(np.sum((np.polyval(line, hours[a:b] - hours[a]) - logarithm[a:b]) ** 2))

    def split(a: int, b: int) -> None:
        if b - a < 12 or len(found) >= 6:
            return
        whole = misfit(a, b)
        cuts = range(a + 5, b - 5, max(1, (b - a) // 40))
        best = min(cuts, key=lambda c: misfit(a, c) + misfit(c, b))
        gain = (whole - misfit(a, best) - misfit(best, b)) / noise**2
        jump = abs(float(np.median(logarithm[best : best + 5]) - np.median(logarithm[best - 5 : best])))
        if gain > 8 * np.log(hours.size) and gain > 0.5 * whole / noise**2 and (jump > 0.03 or gain > 50):
            found.append(float(hours[best]))
            split(a, best)
            split(best, b)

    split(0, hours.size)
    return tuple(sorted(found))


def _text(
    verdict: Verdict,
    hours: Array,
    level: Array,
    slope: tuple[float, float, float] | None,
    failed: float | None,
) -> str:
    """The verdict in a sentence."""
    per = (
        ""
        if slope is None
        else f" ({100 * slope[0]:+.2g} % per 100 h, {100 * slope[1]:+.2g} to {100 * slope[2]:+.2g})"
    )
    first = float(np.median(level[:3]))
    highest, last = float(_smooth(level).max()), float(np.median(level[-3:]))
    if verdict == "creeping short" and failed is not None:
        return (
            f"creeping short at {failed:.1f} h: the overpotential had reached {1e3 * highest:.3g} mV and "
            f"ends at {1e3 * last:.3g} mV"
        )
    if verdict == "growing interface" and failed is not None:
        return (
            f"growing interface: the overpotential passes twice its beginning ({1e3 * first:.3g} mV) at "
            f"{failed:.1f} h, highest {1e3 * highest:.3g} mV, last {1e3 * last:.3g} mV{per}"
        )
    if verdict == "open" and failed is not None:
        return f"open at {failed:.1f} h: no current flows although the voltage is at its limit"
    return f"overpotential {verdict} over {hours[-1] - hours[0]:.1f} h{per}"

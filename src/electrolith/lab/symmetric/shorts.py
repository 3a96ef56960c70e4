r"""Shorts in a symmetric cell, by a written rule.

1. Within a half-cycle a jump is the difference between the mean after a row and the straight line through
the rows
   before it, measured in standard deviations of the noise (second differences). Rows 1 to 16 after are tried.
2. Between half-cycles the first rows are compared with what the healthy half-cycles before them foretell:
the same
   current if there was one, else V = jR + a asinh(j/2j₀) fitted to them.
3. A fall of more than 6 σ and of more than 4 % of the overpotential, which the rows after it confirm, is a
short:
   hard if less than 25 % of the overpotential is left, else soft.
4. It has recovered if a later half-cycle comes back to within 10 % of what the healthy ones foretell.
"""

from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np

from electrolith.core.constants import FARADAY, GAS_CONSTANT
from electrolith.core.errors import InputError
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.symmetric.half_cycles import HalfCycles, middle, noise_of

Array = np.ndarray
# rows before and after a jump; the short ones see shorts near the ends of a half-cycle
SAME = 0.02  # currents closer than this are one
WINDOWS = ((3, 2), (3, 4), (5, 4), (5, 8), (12, 1), (12, 2), (12, 4), (12, 8), (12, 16))


@dataclass(frozen=True)
class ShortRule:
    """The numbers in the rule.

    significance : standard deviations a fall must exceed.
    smallest : relative fall that counts.
    hard : fraction left below which a short is hard.
    boundary : relative fall between half-cycles that counts, larger because it leans on a forecast.
    skip : rows at the start of a half-cycle where the current still settles.
    """

    significance: float = 6.0
    smallest: float = 0.04
    hard: float = 0.25
    boundary: float = 0.15
    skip: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.smallest < 1 or not 0 < self.hard < 1 or not 0 < self.boundary < 1:
            raise InputError("smallest, hard and boundary are fractions between 0 and 1")
        if self.significance < 3:
            raise InputError(
                f"significance {self.significance:g} σ would ring in every record; use 3 or more"
            )


@dataclass(frozen=True)
class ShortEvent:
    """A short that was found.

    time : s.
    half_cycle : index.
    left : fraction of the overpotential that is left.
    significance : σ of the fall.
    noise_ratio : fast noise after over before.
    recovered : whether it came back;
    recovery_time : s after the fall.
    """

    kind: Literal["hard", "soft"]
    time: float
    half_cycle: int
    left: float
    significance: float
    noise_ratio: float
    recovered: bool
    recovery_time: float | None
    text: str


@dataclass(eq=False)
class _Healthy:
    """What the half-cycles before were like; grows as the record is walked through.

    levels : last level, V, by signed current density, A/m2.
    shapes : first rows over the rest in the last few half-cycles.
    history : every density and level while few currents were seen; kinetics are fitted to them.
    """

    levels: dict[float, float] = field(default_factory=dict)
    shapes: deque[float] = field(default_factory=lambda: deque(maxlen=4))
    history: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=400))

    def shape(self) -> float:
        """How the first rows compare with the rest, from the last few half-cycles."""
        return middle(np.array(self.shapes))

    def add(self, density: float, size: Array) -> None:
        """One more healthy half-cycle."""
        tail = middle(size[len(size) // 2 :])
        known = next((j for j in self.levels if abs(j - density) <= SAME * abs(density)), density)
        self.levels[known] = tail
        self.shapes.append(middle(size[1:6]) / tail)
        self.history.append((density, tail))

    def level(self, density: float) -> float | None:
        """The last level at a current, of the same sign before the other; None where it was never run."""
        for sign in (1, -1):
            for seen, level in self.levels.items():
                if abs(seen - sign * density) <= SAME * abs(density):
                    return level
        return None


def find_shorts(
    record: CyclingRecord, halves: HalfCycles, rule: ShortRule | None = None
) -> tuple[ShortEvent, ...]:
    """All shorts of a record in the order of time; while one lasts no other is looked for."""
    rule = rule or ShortRule()
    healthy = _Healthy()
    events: list[ShortEvent] = []
    open_event: ShortEvent | None = None
    for i in range(halves.density.size):
        size = np.abs(record.voltage[halves.first[i] : halves.last[i]])
        time = record.time[halves.first[i] : halves.last[i]]
        density = float(halves.density[i])
        expected, trust = _foretell(healthy, density)
        if open_event is not None:
            level = middle(size[len(size) // 2 :])
            if expected is not None and level > (0.9 if trust else 0.8) * expected:
                recovered = _recovered(open_event, float(time[0]), size, time, expected)
                events[-1], open_event = recovered, None
                healthy.add(density, size)
            continue
        noise = float(halves.noise[i])
        found = _at_start(size, time, i, healthy, density, noise, rule) or _within(size, time, i, noise, rule)
        if found is None:
            healthy.add(density, size)
            continue
        events.append(found)
        open_event = None if found.recovered else found
    return tuple(events)


def _foretell(healthy: _Healthy, density: float) -> tuple[float | None, bool]:
    """Overpotential (V) expected at a current density, and whether the same current has been seen."""
    if not healthy.levels:
        return None, False
    if (same := healthy.level(density)) is not None:
        return same, True
    seen, level = np.array(healthy.history).T
    return _extrapolate(np.abs(seen), level, abs(density)), False


def _extrapolate(seen: Array, level: Array, density: float) -> float:
    """V = jR + a asinh(j/2j₀) through the healthy levels, R >= 0, at a density."""
    if np.unique(np.round(seen, 9)).size < 2:
        # kinetics alone would raise the voltage the least
        return float(level[-1] * min(1.0, density / seen[-1]) ** 0.9)
    slope = 2 * GAS_CONSTANT * 298.15 / (0.5 * FARADAY)
    best = (np.inf, 0.0)
    for exchange in np.logspace(-3, 5, 49) * float(np.median(seen)):
        kinetic = slope * np.arcsinh(seen / (2 * exchange))
        resistance = max(0.0, float(np.sum(seen * (level - kinetic)) / np.sum(seen**2)))
        misfit = float(np.sum(((level - kinetic - resistance * seen) / level) ** 2))
        if misfit < best[0]:
            foretold = resistance * density + slope * float(np.arcsinh(density / (2 * exchange)))
            best = (misfit, foretold)
    return best[1]


def _at_start(
    size: Array,
    time: Array,
    index: int,
    healthy: _Healthy,
    density: float,
    noise: float,
    rule: ShortRule,
) -> ShortEvent | None:
    """A short that is there when the half-cycle begins."""
    expected, same = _foretell(healthy, density)
    if expected is None or expected <= 0:
        return None
    rows = size[rule.skip : rule.skip + 5]
    if rows.size == 0:
        return None
    level = middle(rows) / healthy.shape()
    whole = middle(size)
    limit = (1 - rule.smallest * 2 if same else 1 - rule.boundary) * expected
    significance = (expected - level) / max(noise / np.sqrt(rows.size), 0.01 * expected)
    if level >= limit or whole >= limit or significance < rule.significance:
        return None
    return _event(time[0], index, level / expected, significance, 1.0, False, None, rule)


def _within(size: Array, time: Array, index: int, noise: float, rule: ShortRule) -> ShortEvent | None:
    """The most significant lasting fall inside a half-cycle."""
    n = size.size
    if n < 6:
        return None
    size = _without_spikes(size, noise)
    best: tuple[float, int, float, float] | None = None
    for before, after in WINDOWS:
        if n < before + after + rule.skip:
            continue
        weights, norm = _weights(before, after)
        fall = np.correlate(size[rule.skip :], weights, mode="valid")
        score = fall / (noise * norm)
        if score.max() < rule.significance:
            continue
        for at in np.argsort(score)[::-1][:3]:
            row = int(at) + before + rule.skip
            level = float(size[row - before : row].sum()) / before
            if score[at] < rule.significance or fall[at] < rule.smallest * level:
                continue
            if not _confirmed(size, row, level, float(fall[at]), noise, after):
                continue
            if best is None or score[at] > best[0]:
                best = (float(score[at]), row, float(fall[at]), level)
    return None if best is None else _found(size, time, index, best, rule)


def _without_spikes(size: Array, noise: float) -> Array:
    """Lone rows far from both neighbours, which agree, replaced by their mean: they would tilt the lines."""
    middle = (size[:-2] + size[2:]) / 2
    lone = (np.abs(size[1:-1] - middle) > 8 * noise) & (np.abs(size[2:] - size[:-2]) < 6 * noise)
    return np.concatenate([size[:1], np.where(lone, middle, size[1:-1]), size[-1:]])


@cache
def _weights(before: int, after: int) -> tuple[Array, float]:
    """Line through `before` rows carried on to the middle of the next `after`, less their mean; its norm."""
    x = np.arange(before) - (before - 1) / 2
    ahead = before - 1 + (after + 1) / 2 - (before - 1) / 2
    line = 1 / before + ahead * x / float(np.sum(x**2))
    weights = np.concatenate([line, np.full(after, -1 / after)])
    return weights, float(np.linalg.norm(weights))


def _confirmed(size: Array, row: int, level: float, fall: float, noise: float, after: int) -> bool:
    """Whether the rows after the fall stay down; a lone low row is an outlier, unless it is the last one."""
    rest = size[row : row + max(3, 2 * after)]
    left = size.size - row
    if left <= 2:
        return fall > 8 * noise and fall > 0.06 * level
    return bool(np.median(rest) < level - 0.5 * fall)


def _found(
    size: Array, time: Array, index: int, best: tuple[float, int, float, float], rule: ShortRule
) -> ShortEvent:
    """The event at a row, with its noise and whether the half-cycle itself recovers."""
    score, row, _, level = best
    after = size[row : row + 16]
    left = float(np.median(after)) / level
    back = np.flatnonzero(size[row + 1 :] > (1 - 0.3 * (1 - left)) * level)
    tail = float(np.median(size[-max(3, size.size // 20) :]))
    healed = left > rule.hard and tail > (1 - 0.4 * (1 - left)) * level and back.size > 0
    ratio = noise_of(after) / noise_of(size[:row]) if after.size > 5 and row > 5 else 1.0
    when = float(time[row + 1 + back[0]] - time[row]) if healed else None
    return _event(time[row], index, left, score, ratio, healed, when, rule)


def _event(
    time: float,
    index: int,
    left: float,
    significance: float,
    noise_ratio: float,
    recovered: bool,
    recovery_time: float | None,
    rule: ShortRule,
) -> ShortEvent:
    """The event with its sentence."""
    kind: Literal["hard", "soft"] = "hard" if left < rule.hard else "soft"
    louder = f", noise {noise_ratio:.1f} times as large" if noise_ratio > 2 else ""
    fall = f"overpotential falls to {100 * left:.0f} % ({significance:.0f} σ{louder})"
    text = f"{kind} short at {time / 3600:.2f} h: {fall}"
    return ShortEvent(
        kind,
        float(time),
        index,
        float(left),
        float(significance),
        float(noise_ratio),
        recovered,
        recovery_time,
        text,
    )


def _recovered(event: ShortEvent, begin: float, size: Array, time: Array, expected: float) -> ShortEvent:
    """The event, known to have healed."""
    from dataclasses import replace

    back = np.flatnonzero(size > 0.85 * expected)
    when = float(time[back[0]]) if back.size else begin
    return replace(event, recovered=True, recovery_time=when - event.time)

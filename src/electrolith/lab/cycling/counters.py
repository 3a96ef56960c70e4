"""Charge counters against the current over time: resets found, signs checked, sums of half-cycles compared.

A cycler's counter begins anew with a step, a cycle, a loop, a pause or a schedule, and no column says which.
The sign of every increment must be that of the current; a fall of an unsigned counter is a reset.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from electrolith.core.account import Witness

Array = np.ndarray
SHARE = 0.02  # of a half-cycle's charge by which counter and current may differ
CONSTANT = 0.03  # spread of a factor that is the same in every half-cycle
COARSE = 0.005  # share of a half-cycle's charge above which a step of the counter is coarser than the current
STILL = 0.2  # share of the rows under current in which a counter that stands still counts in coarse steps
SMALL = 1e-3  # share of the largest current below which a cell rests


@dataclass(frozen=True, eq=False)
class Judged:
    """Increments of charge with sign, C, (n,), None where no counter is believed; and why.

    factor : counter over current where it is one and the same in every half-cycle and not 1, else None.
    """

    steps: Array | None
    witnesses: tuple[Witness, ...]
    doubts: tuple[str, ...]
    factor: float | None = None


def current_steps(time: Array, current: Array) -> Array:
    """Charge of every row by the trapezoid of the current, C, (n,).

    Where the current changes sign or is switched on, no straight line may be drawn.
    """
    duration = np.diff(time, prepend=time[0])
    before = np.concatenate([current[:1], current[:-1]])
    floor = SMALL * float(np.abs(current).max(initial=0.0))
    now, then = (np.where(np.abs(c) > floor, np.sign(c), 0) for c in (current, before))
    return np.asarray(np.where(now != then, current, (current + before) / 2) * duration)


def halves(current: Array) -> list[tuple[int, int]]:
    """First and last-plus-one row of every stretch of current of one sign; rests belong to none."""
    floor = SMALL * float(np.abs(current).max(initial=0.0))
    sign = np.where(np.abs(current) > floor, np.sign(current), 0)
    cuts = [0, *(np.flatnonzero(np.diff(sign)) + 1).tolist(), sign.size]
    return [(a, b) for a, b in itertools.pairwise(cuts) if sign[a] != 0]


def unsigned_steps(counter: Array, expected: Array, border: Array) -> Array:
    """Increments of a counter that only rises and begins anew: at every fall, and where a step or cycle
    begins if the counter from zero fits the current far better than its difference.

    Parameters
    ----------
    counter : C. expected : |∫I dt| of every row, C. border : rows with a new step or cycle. All (n,).
    """
    change = np.diff(counter, prepend=counter[0])
    tolerance = 1e-6 * float(np.ptp(counter)) + 1e-15
    reset = change < -tolerance
    misses, afresh = np.abs(change - expected), np.abs(counter - expected)
    reset |= border & (misses > 0.5 * expected + tolerance) & (afresh < 0.5 * misses)
    reset[0] = False
    return np.where(reset, counter, np.maximum(change, 0.0))


def judge_counters(
    time: Array,
    current: Array,
    *,
    up: Array | None = None,
    down: Array | None = None,
    single: Array | None = None,
    border: Array | None = None,
    gaps: Array | None = None,
    unknown: Array | None = None,
) -> Judged:
    """Increments of charge by the counters, held against the current over time half-cycle by half-cycle.

    Parameters
    ----------
    time : s. current : A, positive charges.
    up, down : counters of charge and of discharge, C. single : one counter, of the net charge or of each
        step's size, C.
    border : rows with a new step or cycle. gaps : rows after an interruption, where the current says
        nothing. unknown : rows before which an unrecorded time passed. All (n,).
    """
    by_current = current_steps(time, current)
    expected = np.abs(by_current)
    border = np.zeros(time.size, dtype=bool) if border is None else border
    blind = np.zeros(time.size, dtype=bool) if gaps is None else gaps
    options: list[tuple[str, Array]] = []
    if all(c is None or not np.ptp(c) for c in (up, down, single)):
        return Judged(None, (), ())  # a column that never counts says nothing
    if up is not None and down is not None:
        positive, negative = np.maximum(by_current, 0), np.maximum(-by_current, 0)
        options.append(
            (
                "the counters of charge and discharge",
                unsigned_steps(np.abs(up), positive, border) - unsigned_steps(np.abs(down), negative, border),
            )
        )
    elif single is not None:
        options += _single(single, by_current, current, border)
    if not options:
        return Judged(None, (), ())
    bound = _bounds(time, current, by_current)
    if unknown is not None:
        bound = bound + np.where(unknown, np.abs(current) * float(np.median(np.diff(time))), 0.0)
    moved_by = ((up, np.maximum(by_current, 0)), (down, np.maximum(-by_current, 0)), (single, expected))
    grain = max(_grain(counter, charge) for counter, charge in moved_by if counter is not None)
    parts = [(a, b) for a, b in halves(current) if not blind[a:b].any()]
    options = [(name, _lawful(steps, time, current)) for name, steps in options]
    scored = [(_misfit(steps, by_current, parts, bound), name, steps) for name, steps in options]
    _, name, steps = min(scored, key=lambda s: s[0])
    return _verdict(name, steps, by_current, parts, bound, grain)


def _lawful(steps: Array, time: Array, current: Array) -> Array:
    """Increments whose sign is that of the current in their row or, up to what it brought, of the row before.

    What a counter does beside that, at rest or against the current, is no charge.
    """
    floor = SMALL * float(np.abs(current).max(initial=0.0))
    sign = np.where(np.abs(current) > floor, np.sign(current), 0)
    duration = np.diff(time, prepend=time[0])
    before, then = (np.concatenate([c[:1], c[:-1]]) for c in (current, sign))
    brought = 1.1 * np.abs(before) * duration + 1e-12
    late = (np.sign(steps) == then) & (np.abs(steps) <= brought) & (then != 0)
    return np.asarray(np.where((np.sign(steps) == sign) | late, steps, 0.0))


def _grain(counter: Array, expected: Array) -> float:
    """The step in which a counter counts, C, where it stands still in many rows that should move it; else
    0.
    """
    steps = np.abs(np.diff(counter, prepend=counter[0]))
    if not np.any(expected > 0):
        return 0.0
    loud = expected > 0.1 * float(np.median(expected[expected > 0]))
    moved = steps > 1e-12
    still = float(np.mean(~moved[loud]))
    if not moved.any() or still < STILL:
        return 0.0
    return float(np.min(steps[moved]))


def _single(counter: Array, by_current: Array, current: Array, border: Array) -> list[tuple[str, Array]]:
    """Ways to read one counter: net charge; net charge that begins anew; size of the charge of each step."""
    change = np.diff(counter, prepend=counter[0])
    floor = SMALL * float(np.abs(current).max(initial=0.0))
    sign = np.where(np.abs(current) > floor, np.sign(current), np.sign(by_current))
    scale = np.abs(by_current) + 1e-6 * float(np.ptp(counter)) + 1e-15
    fresh = (np.abs(change - by_current) > 3 * scale) & (np.abs(counter - by_current) <= 2 * scale)
    fresh[0] = False
    return [
        ("the counter of the net charge", change),
        ("the counter of the net charge, which begins anew", np.where(fresh, counter, change)),
        ("the counter of each step", sign * unsigned_steps(np.abs(counter), np.abs(by_current), border)),
    ]


def _bounds(time: Array, current: Array, by_current: Array) -> Array:
    """How far the sum over each row may be off because the record is sparse, C, (n,)."""
    duration = np.diff(time, prepend=time[0])
    before = np.concatenate([current[:1], current[:-1]])
    switched = np.sign(before) != np.sign(current)
    between = np.abs(current - before) * duration / 2
    return np.asarray(np.where(switched, np.abs(by_current), between))


def _misfit(steps: Array, by_current: Array, parts: list[tuple[int, int]], bound: Array) -> float:
    """Sum over half-cycles of what counter and current differ beyond the bound, C.

    Free of a common factor, which is a matter of units and must not decide what kind of counter it is.
    """
    counted = np.array([np.sum(steps[a:b]) for a, b in parts])
    summed = np.array([np.sum(by_current[a:b]) for a, b in parts])
    total = float(np.sum(np.abs(counted)))
    if not parts or not total:
        return float(np.sum(np.abs(summed)))
    scaled = counted * float(np.sum(np.abs(summed))) / total
    allowed = np.array([np.sum(bound[a:b]) for a, b in parts])
    return float(np.sum(np.maximum(0.0, np.abs(scaled - summed) - allowed)))


def _verdict(
    name: str, steps: Array, by_current: Array, parts: list[tuple[int, int]], bound: Array, grain: float
) -> Judged:
    """Whether the counters are believed."""
    if not parts:
        return Judged(steps, (), ())
    counted = np.array([np.sum(steps[a:b]) for a, b in parts])
    summed = np.array([np.sum(by_current[a:b]) for a, b in parts])
    allowed = SHARE * np.abs(summed) + np.array([np.sum(bound[a:b]) for a, b in parts]) + 1.01 * grain
    large = np.abs(summed) > 0.01 * np.abs(summed).max()
    if not large.any():
        return Judged(steps, (), ())
    off = (np.abs(counted - summed) > allowed) & large
    if not off.any():
        worst = max(0.01, 100 * float(np.max(np.abs(counted - summed)[large] / np.abs(summed)[large])))
        text = f"{name} and the current over time agree in {int(large.sum())} half-cycles to {worst:.2g} %"
        if grain > COARSE * float(np.median(np.abs(summed)[large])):
            text += f"; it counts in steps of {grain / 3.6:.2g} mAh, so the charge is that of the current"
            return Judged(None, (Witness("charge", "agrees", text),), ())
        return Judged(steps, (Witness("charge", "agrees", text),), ())
    ratio = counted[large] / summed[large]
    middle = float(np.median(ratio))
    spread = float(np.ptp(ratio)) / abs(middle) if middle else float("inf")
    at = int(np.argmax(np.where(large, np.abs(counted - summed), 0)))
    shown = (
        f"{name}: {counted[at] / 3.6:.4g} mAh, the current over time: {summed[at] / 3.6:.4g} mAh, in "
        f"the half-cycle "
        f"of rows {parts[at][0] + 1} to {parts[at][1]}"
    )
    if off.sum() == large.sum() and spread < CONSTANT and abs(middle - 1) > 0.05:
        return Judged(None, (), (shown,), factor=middle)
    text = (
        f"counter and current disagree in {int(off.sum())} of {int(large.sum())} half-cycles "
        f"({shown}): the charge is "
        "taken from the current over time"
    )
    return Judged(None, (Witness("charge", "disagrees", text),), ())

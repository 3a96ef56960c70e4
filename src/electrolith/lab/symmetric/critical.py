"""Critical current density from a test with rising currents, and lifetime at one current; both explain
themselves.
"""

from dataclasses import dataclass

import numpy as np

from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.symmetric.half_cycles import HalfCycles, half_cycles
from electrolith.lab.symmetric.shorts import ShortEvent, ShortRule, find_shorts
from electrolith.lab.symmetric.trend import Trend, TrendRule, overpotential_trend

Array = np.ndarray
MILLIAMPERE_PER_CM2 = 10.0  # A/m2
SLIGHT = 0.75  # fraction left above which a soft short may be the first step of a creep


@dataclass(frozen=True)
class Step:
    """One current of the test.

    density : A/m2.
    halves : indices of its half-cycles.
    time : s per half-cycle.
    areal_capacity : mAh/cm2 per half-cycle.
    overpotential : V, median plateau.
    completed : ran to the end without a short.
    reason : why not.
    """

    density: float
    halves: tuple[int, ...]
    begin: float
    time: float
    areal_capacity: float
    overpotential: float
    completed: bool
    reason: str


@dataclass(frozen=True, eq=False)
class CriticalCurrent:
    """The decision.

    critical : A/m2, the highest current completed before the first failed step; nan if none was.
    reached_end : no step failed: the critical current lies above the test.
    failed : density of the first failed step.
    explanation : the rule and what it saw, in sentences.
    """

    critical: float
    areal_capacity: float
    step_time: float
    failed: float | None
    reached_end: bool
    recovered: bool | None
    steps: tuple[Step, ...]
    events: tuple[ShortEvent, ...]
    halves: HalfCycles
    temperature: float | None
    pressure: float | None
    explanation: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Lifetime:
    """Cycling at one current.

    hours, cycles : until the first failure, or the whole record when none was seen (`censored`).
    kind : "hard short", "soft short", "creeping short", "growing interface", "open"; "" when censored.
    """

    hours: float
    cycles: float
    censored: bool
    kind: str
    event: ShortEvent | None
    trend: Trend
    text: str


def critical_current(
    record: CyclingRecord,
    *,
    area: float,
    rule: ShortRule | None = None,
    temperature: float | None = None,
    pressure: float | None = None,
) -> CriticalCurrent:
    """Critical current density of a step test.

    Parameters
    ----------
    area : of one electrode, m2.
    rule : for shorts.
    temperature : K.
    pressure : Pa; both only recorded.
    """
    halves = half_cycles(record, area=area)
    events = find_shorts(record, halves, rule)
    steps = _steps(halves, events)
    rising = _rising(steps)
    failed = next((k for k in rising if not steps[k].completed), None)
    passed = [steps[k] for k in rising if failed is None or k < failed]
    last = passed[-1] if passed else None
    recovered = events[0].recovered if events else None
    return CriticalCurrent(
        critical=last.density if last else float("nan"),
        areal_capacity=last.areal_capacity if last else float("nan"),
        step_time=last.time if last else float("nan"),
        failed=steps[failed].density if failed is not None else None,
        reached_end=failed is None,
        recovered=recovered,
        steps=steps,
        events=events,
        halves=halves,
        temperature=temperature,
        pressure=pressure,
        explanation=_explain(steps, failed, last, events, temperature, pressure),
    )


def lifetime(
    record: CyclingRecord,
    *,
    area: float,
    rule: ShortRule | None = None,
    trend: TrendRule | None = None,
    decision: CriticalCurrent | None = None,
) -> Lifetime:
    """Time and cycles a cell lived at its current before the first failure of any kind.

    Parameters
    ----------
    decision : of the same record, where it was already searched for shorts.
    """
    halves = decision.halves if decision else half_cycles(record, area=area)
    events = decision.events if decision else find_shorts(record, halves, rule)
    course = overpotential_trend(record, halves, trend)
    begin = float(record.time[0])
    event = events[0] if events else None
    short = np.inf if event is None else (event.time - begin) / 3600
    slow = np.inf if course.failed is None else course.failed
    hours = min(short, slow)
    if not np.isfinite(hours):
        hours, cycles = float(record.time[-1] - begin) / 3600, halves.density.size / 2
        text = (
            f"no failure seen in {hours:.1f} h ({cycles:g} cycles): the lifetime is longer than the record; "
            f"{course.text}"
        )
        return Lifetime(hours, cycles, True, "", None, course, text)
    first_step = event is not None and event.left > SLIGHT and course.verdict == "creeping short"
    if first_step and slow - short < 0.1 * float(record.time[-1] - begin) / 3600:
        short = np.inf  # a tenth that falls within a long creep is part of it
        hours = slow
    cycles = float(np.count_nonzero(halves.begin + halves.duration - begin <= 3600 * hours)) / 2
    if event is not None and short <= slow:
        later = "" if course.failed is None else f"; later {course.text}"
        text = f"{event.text}, after {cycles:g} cycles{later}"
        return Lifetime(hours, cycles, False, f"{event.kind} short", event, course, text)
    after = "" if event is None else f"; later {event.text}"
    text = f"{course.text}, after {cycles:g} cycles{after}"
    return Lifetime(hours, cycles, False, course.verdict, event, course, text)


def _steps(halves: HalfCycles, events: tuple[ShortEvent, ...]) -> tuple[Step, ...]:
    """Neighbouring half-cycles of one size of current."""
    size = np.abs(halves.density)
    borders = np.flatnonzero(np.abs(np.diff(size)) > 0.02 * np.maximum(size[1:], size[:-1])) + 1
    groups = np.split(np.arange(size.size), borders)
    usual = float(np.median(halves.duration))
    return tuple(_step(halves, group, events, usual) for group in groups)


def _step(halves: HalfCycles, group: Array, events: tuple[ShortEvent, ...], usual: float) -> Step:
    """One step and whether it was completed."""
    hit = next((e for e in events if e.half_cycle in group), None)
    lasting = next(
        (e for e in events if e.half_cycle < group[0] and not _over(e, float(halves.begin[group[0]]))), None
    )
    short_half = halves.duration[group].min() < 0.9 * min(usual, float(np.max(halves.duration[group])))
    reason = ""
    if hit is not None:
        reason = hit.text
    elif lasting is not None:
        reason = f"the short at {lasting.time / 3600:.2f} h still lasts"
    elif group.size % 2:
        reason = "only one polarity was run"
    elif short_half:
        reason = f"a half-cycle ended after {halves.duration[group].min():.0f} s"
    return Step(
        density=float(np.median(np.abs(halves.density[group]))),
        halves=tuple(int(g) for g in group),
        begin=float(halves.begin[group[0]]),
        time=float(np.median(halves.duration[group])),
        areal_capacity=float(np.median(halves.areal_capacity[group])),
        overpotential=float(np.median(halves.plateau[group])),
        completed=not reason,
        reason=reason,
    )


def _over(event: ShortEvent, time: float) -> bool:
    """Whether a short has healed by a time."""
    return event.recovered and event.recovery_time is not None and event.time + event.recovery_time <= time


def _rising(steps: tuple[Step, ...]) -> list[int]:
    """Steps up to the largest current; what follows is recovery."""
    top = int(np.argmax([s.density for s in steps]))
    return list(range(top + 1))


def _explain(
    steps: tuple[Step, ...],
    failed: int | None,
    last: Step | None,
    events: tuple[ShortEvent, ...],
    temperature: float | None,
    pressure: float | None,
) -> tuple[str, ...]:
    """The decision in sentences."""
    rule = (
        "rule: the last current completed both ways, without a hard or soft short, before the first failure"
    )
    where = ", ".join(
        [
            f"{temperature - 273.15:.0f} °C" if temperature else "temperature not stated",
            f"{pressure / 1e6:g} MPa" if pressure else "pressure not stated",
        ]
    )
    said = [rule]
    if last is not None:
        said.append(
            f"last completed step {last.density / MILLIAMPERE_PER_CM2:.3g} mA/cm2, {last.time / 60:.0f} "
            f"min per half-cycle,"
            f" {last.areal_capacity:.3g} mAh/cm2, overpotential {1e3 * last.overpotential:.3g} mV ({where})"
        )
    if failed is None:
        said.append("no step failed: the critical current density lies above the test")
    else:
        said.append(
            f"first failed step {steps[failed].density / MILLIAMPERE_PER_CM2:.3g} mA/cm2: "
            f"{steps[failed].reason}"
        )
    if last is None:
        said.append("the first step already failed: the critical current density lies below the test")
    said += [f"the {e.kind} short {'recovered' if e.recovered else 'did not recover'}" for e in events[:1]]
    return tuple(said)

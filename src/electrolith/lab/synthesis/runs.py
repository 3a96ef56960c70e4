"""The run sheet of a series: every combination of speed and time, named, with what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from electrolith.core.errors import InputError
from electrolith.core.units import Unit

__all__ = ["Run", "RunSheet", "RunSheetSettings", "run_sheet"]


@dataclass(frozen=True, slots=True)
class RunSheetSettings:
    """Which runs are planned.

    speeds, hours : all combinations, or with `cross` only those that share one of its two values: a series
        over speed at that time and one over time at that speed.
    cross : (speed, hours) of the reference. product : in the names. break_every : minutes of milling between
        breaks, break_for : of a break; 0 for none.
    atmosphere : in the jar, as the sheet says it.
    break_for : minutes of a break.
    """

    speeds: Annotated[tuple[float, ...], Unit("rpm")]
    hours: Annotated[tuple[float, ...], Unit("h")]
    product: str = "sample"
    cross: tuple[float, float] | None = None
    atmosphere: str = "Ar"
    break_every: Annotated[float, Unit("min")] = 0.0
    break_for: Annotated[float, Unit("min")] = 0.0

    def __post_init__(self) -> None:
        if not self.speeds or not self.hours or min(*self.speeds, *self.hours) <= 0:
            raise InputError("runs: speeds in rpm and hours must be given, all above 0")
        if self.cross is not None and (self.cross[0] not in self.speeds or self.cross[1] not in self.hours):
            raise InputError(f"runs: cross {self.cross} must be one of the speeds and one of the hours")


@dataclass(frozen=True, slots=True)
class Run:
    """One run. duration : h on the clock, breaks included."""

    name: str
    speed: float
    hours: float
    duration: float


@dataclass(frozen=True, slots=True)
class RunSheet:
    """All runs, shortest first. total : h on the clock with one mill."""

    runs: tuple[Run, ...]
    total: float
    atmosphere: str


def run_sheet(settings: RunSheetSettings) -> RunSheet:
    """Name the runs as the samples will be called, `product-500rpm-24h`, and add up their time."""
    pairs = [(s, h) for h in sorted(set(settings.hours)) for s in sorted(set(settings.speeds))]
    if settings.cross is not None:
        speed, hours = settings.cross
        pairs = [(s, h) for s, h in pairs if s == speed or h == hours]
    runs = tuple(Run(f"{settings.product}-{s:g}rpm-{h:g}h", s, h, h + _breaks(h, settings)) for s, h in pairs)
    return RunSheet(runs, sum(r.duration for r in runs), settings.atmosphere)


def _breaks(hours: float, settings: RunSheetSettings) -> float:
    """Hours of breaks; none after the last stretch of milling."""
    if settings.break_every <= 0:
        return 0.0
    stretches = -(-hours * 60 // settings.break_every)
    return float((stretches - 1) * settings.break_for / 60)

"""Opening every data file of a study before anything is computed, and saying how long computing will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from electrolith.core.errors import ElectrolithError
from electrolith.study.printed import Printed
from electrolith.study.section import Results, Study, Table
from electrolith.study.wiring import Stage

__all__ = ["Cost", "Opened", "Probe", "cost_table", "costs_of", "open_files"]

LONG = 24 * 3600.0
"""Seconds from which a cheaper way is named."""


@dataclass(frozen=True)
class Probe:
    """How a measured section is tried out.

    open : reads one file with the settings of its group; what it raises is what `run` would meet.
    seconds : of computing one file of the usual size, on one core of a desktop computer; measured once.
    cheaper : what makes it shorter, where that is worth saying.
    """

    open: Callable[[Path, Any], object]
    seconds: float
    cheaper: str = ""


@dataclass(frozen=True)
class Opened:
    """Files of one group. refused : (file, what it said). seconds : that reading took."""

    where: str
    count: int
    refused: tuple[tuple[str, str], ...]
    seconds: float


@dataclass(frozen=True)
class Cost:
    """Computing of one stage over all its groups. known : from results of this study, else from `Probe`."""

    stage: str
    groups: int
    stored: int
    seconds: float | None
    known: bool
    cheaper: str = ""


def open_files(study: Study, probes: dict[str, Probe]) -> tuple[Opened, ...]:
    """Read every file of every group with the section's own reader."""
    found = []
    for members in study.groups.values():
        for group in members:
            probe = probes.get(group.section)
            files = [Path(f) for f in getattr(group.settings, "files", ())]
            if probe is None or not files:
                continue
            begin = time.perf_counter()
            refused = []
            for file in files:
                try:
                    probe.open(file, group.settings)
                except ElectrolithError as error:
                    refused.append((file.name, str(error)))
            where = " ".join(filter(None, (group.section, group.name)))
            found.append(Opened(where, len(files), tuple(refused), time.perf_counter() - begin))
    return tuple(found)


def costs_of(
    jobs: Iterable[tuple[Stage, Study]], stored: Results, probes: dict[str, Probe]
) -> tuple[Cost, ...]:
    """What is still to compute, stage by stage, and how long it will take.

    Parameters
    ----------
    stored : what is there already; its own timings, on this machine and these data, are believed first.
    """
    timed: dict[str, list[float]] = {}
    for run in stored.runs:
        timed.setdefault(run.stage, []).append(run.seconds)
    groups: dict[str, list[Study]] = {}
    for stage, view in jobs:
        # What several groups share is computed once, and the study itself repeats its reference's groups.
        repeats = stage.name not in _names(view) if view.group is not None else stage in _grouped(view)
        if not repeats or stage.name not in groups:
            groups.setdefault(stage.name, []).append(view)
    out = []
    for name, views in groups.items():
        done = len(timed.get(name, ()))
        open_count = max(len(views) - done, 0)
        out.append(_cost(name, views, open_count, timed.get(name, []), probes))
    return tuple(out)


def _grouped(view: Study) -> list[Stage]:
    """Stages of measured sections: those of the study itself repeat its groups'."""
    return [stage for s in view.sections if s.settings in view.groups for stage in s.stages]


def _cost(
    name: str, views: list[Study], open_count: int, timed: list[float], probes: dict[str, Probe]
) -> Cost:
    done = len(views) - open_count
    if not open_count:
        return Cost(name, len(views), done, 0.0, True)
    own = [v.group for v in views if v.group is not None and name in _names(v)]
    sizes = [len(getattr(g.settings, "files", ())) for g in own]
    probe = probes.get(own[0].section) if own else None
    share = open_count / len(views)
    if timed:
        return Cost(name, len(views), done, median(timed) * open_count, True, probe.cheaper if probe else "")
    if probe is not None:
        return Cost(name, len(views), done, probe.seconds * sum(sizes) * share, False, probe.cheaper)
    return Cost(name, len(views), done, None, False)


def _names(view: Study) -> set[str]:
    """Names of the stages of the group's own section."""
    return {
        stage.name
        for s in view.sections
        if view.group is not None and s.key == view.group.section
        for stage in s.stages
    }


def cost_table(costs: Iterable[Cost]) -> Table:
    """What is to be computed, as a table."""
    rows = []
    total = 0.0
    for cost in costs:
        total += cost.seconds or 0.0
        source = "stored" if cost.stored == cost.groups else "timed here" if cost.known else "a usual file"
        cheaper = cost.cheaper if (cost.seconds or 0.0) > LONG else ""
        rows.append(
            (
                cost.stage,
                f"{cost.stored} of {cost.groups}",
                "not known" if cost.seconds is None else _duration(cost.seconds),
                "–" if cost.seconds is None else source,
                cheaper,
            )
        )
    rows.append(("all that is known", "", _duration(total), "one core", ""))
    return Table(("stage", "there already", "still takes about", "estimated from", "shorter by"), tuple(rows))


def _duration(seconds: float) -> Printed:
    """Seconds for people."""
    if seconds < 90:
        text = f"{seconds:.0f} s"
    else:
        text = f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
    return Printed(seconds, text, unit="s")

"""What a record says about the experiment: contact, drift, loading rate, dwell, unloading, pop-ins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import DataError
from electrolith.lab.indentation.read import Indent

__all__ = ["Course", "contact_point", "course", "drift_rate", "elastic_share", "pop_ins"]

TOUCHING = 0.005  # share of the largest load below which the tip may still be in the air


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Parts of a record as row ranges, and what they show.

    loading, dwell, unloading : first and last row (exclusive).
    rate : displacement rate while loading, m/s; nan without a clock.
    dwell_time : s at the largest load.
    drift : m/s in the hold at low load; nan if there is none.
    pop_ins : depth (m) and size (m) of each sudden burst while loading.
    """

    loading: tuple[int, int]
    dwell: tuple[int, int]
    unloading: tuple[int, int]
    rate: float
    dwell_time: float
    drift: float
    pop_ins: tuple[tuple[float, float], ...]


def contact_point(indent: Indent) -> int:
    """Row at which the tip meets the surface: the last at which the load is still in the approach's noise.

    A record that begins in contact, its load rising from the start, gives row 0; so does one whose file
    names its segments, since such instruments have set depth and load to zero at the surface.
    """
    if indent.segments:
        return next((row for name, row in indent.segments if "surface" in name.lower()), 0)
    load, top = indent.load, int(np.argmax(indent.load))
    count = max(top // 20, 5)
    first = load[:count]
    noise = float(np.median(np.abs(np.diff(first, 2)))) / (0.6745 * np.sqrt(6.0))
    rise = float(np.polyfit(np.arange(count), first, 1)[0]) * count
    if rise > max(6 * noise, 1e-9 * load[top]):
        return 0
    level = float(np.median(first)) + max(5 * noise, 2e-4 * load[top])
    below = np.flatnonzero(load[:top] <= level)
    return int(below[-1]) if below.size and below[-1] >= count else 0


def _named(indent: Indent, part: str) -> tuple[int, int] | None:
    """Row range of a segment the file names; of several, the last, which is the deepest of repeated
    cycles.
    """
    starts = [*(i for _, i in indent.segments), indent.load.size]
    found = None
    for number, (name, start) in enumerate(indent.segments):
        if part in name.lower() and starts[number + 1] - start >= 8:
            found = start, starts[number + 1]
    return found


def course(indent: Indent, *, unloading_needed: bool = True) -> Course:
    """Split a record into loading, dwell and unloading.

    Raises
    ------
    DataError
        If there is no unloading though it is needed.
    """
    load = indent.load
    peak = float(load.max())
    first, top = contact_point(indent), int(np.argmax(load))
    end_of_dwell = _end_of_dwell(indent, top)
    unloading = _named(indent, "unload") or (end_of_dwell, _end_of_unloading(load, end_of_dwell))
    rows = unloading[1] - unloading[0]
    if rows < 8 or load[unloading[0] : unloading[1]].min() > 0.7 * peak:
        if not unloading_needed:
            return _without_unloading(indent, first, top)
        raise DataError(
            f"{indent.source}: no unloading: the load falls to {100 * load[top:].min() / peak:.0f} % of its "
            f"largest value in {load.size - top} points; a modulus needs the unloading below 70 %"
        )
    start_of_dwell = _start_of_dwell(indent, top, peak)
    dwell = _named(indent, "hold segment type") or (start_of_dwell, unloading[0])
    loading = (first, max(dwell[0], first + 1))
    clocked = bool(np.all(np.isfinite(indent.time)))
    rate = float("nan")
    if clocked and loading[1] - loading[0] > 4:
        rate = float(np.polyfit(indent.time[slice(*loading)], indent.depth[slice(*loading)], 1)[0])
    dwell_time = float(indent.time[unloading[0]] - indent.time[dwell[0]]) if clocked else float("nan")
    return Course(
        loading,
        dwell,
        unloading,
        rate,
        dwell_time,
        drift_rate(indent, unloading[1]),
        pop_ins(indent, loading),
    )


def _without_unloading(indent: Indent, first: int, top: int) -> Course:
    """A record that ends at its largest load: enough where the stiffness was measured while loading."""
    clocked = bool(np.all(np.isfinite(indent.time[first:top]))) and top - first > 4
    rate = (
        float(np.polyfit(indent.time[first:top], indent.depth[first:top], 1)[0]) if clocked else float("nan")
    )
    loading = (first, top + 1)
    end = (top + 1, top + 1)
    return Course(loading, end, end, rate, 0.0, float("nan"), pop_ins(indent, loading))


def _end_of_dwell(indent: Indent, top: int) -> int:
    """Last row at the largest depth, which ends the dwell whether load or displacement is held."""
    loaded = np.flatnonzero(indent.load > 0.9 * indent.load[top])
    deepest = float(indent.depth[loaded].max())
    last = int(loaded[indent.depth[loaded] >= deepest - 5e-4 * abs(deepest)][-1])
    first = max(last - 10, top)
    recent = indent.load[first : last + 1]  # the row before the load begins to fall
    return int(first + np.flatnonzero(recent >= (1 - 2e-4) * recent.max())[-1]) if recent.size else last


def _start_of_dwell(indent: Indent, top: int, peak: float) -> int:
    """First row at which the load has reached its largest value within 0.5 %."""
    return int(np.flatnonzero(indent.load[: top + 1] > 0.995 * peak)[0])


def _end_of_unloading(load: np.ndarray, start: int) -> int:
    """Row after which the load no longer falls: the hold for drift, or the end."""
    peak = load[start]
    whole = load[start:]
    width = max(20, whole.size // 20)
    if whole.size > 2 * width:
        seen = np.lib.stride_tricks.sliding_window_view(whole, width)
        held = np.flatnonzero((np.ptp(seen, axis=1) < 0.01 * peak) & (seen[:, 0] < 0.6 * peak))
        if held.size:
            return int(start + held[0]) + 1
    last = int(start + np.argmin(load[start:])) + 1
    rest = load[start:last]
    flat = np.flatnonzero(rest < rest.min() + 0.01 * peak)
    return int(start + flat[0]) + 1 if flat.size else last


def drift_rate(indent: Indent, after: int) -> float:
    """Slope of depth against time in a hold at low load after the unloading, m/s; nan if there is none.

    The first fifth of the hold is creep of the unloaded sample and is left out.
    """
    t, h, p = indent.time[after:], indent.depth[after:], indent.load[after:]
    peak = float(indent.load.max())
    loaded = p[p > 0.02 * peak]
    if loaded.size < 20:
        return float("nan")
    # the load that most rows share: what follows the hold (a last unloading, air) is not part of it
    counts, edges = np.histogram(loaded, bins=np.arange(0.02, 1.03, 0.01) * peak)
    low = float(edges[int(np.argmax(counts))])
    level = float(np.median(loaded[(loaded >= low) & (loaded <= low + 0.01 * peak)]))
    held = _longest(np.abs(p - level) < 0.01 * peak)
    if np.count_nonzero(held) < 20 or not np.all(np.isfinite(t)):
        return float("nan")
    t, h = t[held], h[held]
    late = (t > t[0] + 0.2 * (t[-1] - t[0])) & (t < t[-1] - 0.05 * (t[-1] - t[0]))
    return float(np.polyfit(t[late], h[late], 1)[0])


def _longest(inside: np.ndarray) -> np.ndarray:
    """Only the longest stretch of neighbouring rows that are inside, shape as given."""
    borders = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
    begins, ends = borders[::2], borders[1::2]
    kept = np.zeros(inside.size, bool)
    if begins.size:
        best = int(np.argmax(ends - begins))
        kept[begins[best] : ends[best]] = True
    return kept


def pop_ins(indent: Indent, loading: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    """Bursts of depth in contact, while loading: steps ten times those around them, at hardly more load.

    Before the tip touches, the depth runs without load; that is no burst.
    """
    h, p = indent.depth[slice(*loading)], indent.load[slice(*loading)]
    if h.size < 30:
        return ()
    steps = np.diff(h)
    around = np.array([np.median(np.abs(steps[max(i - 10, 0) : i + 11])) for i in range(steps.size)])
    noise = 1.4826 * float(np.median(np.abs(np.diff(steps))))
    jump = (steps > 10 * around) & (steps > 8 * noise) & (steps > 4e-3 * h.max())
    jump &= (h[:-1] > 0.02 * h.max()) & (np.diff(p) < 0.05 * p.max()) & (p[:-1] > TOUCHING * p.max())
    return tuple((float(h[i]), float(steps[i])) for i in np.flatnonzero(jump))


def elastic_share(indent: Indent, parts: Course) -> float:
    """Work given back by the unloading over the work of the loading; 1 for a purely elastic contact.

    nan where there is no unloading.
    """
    if parts.unloading[1] - parts.unloading[0] < 8:
        return float("nan")
    up, down = slice(parts.loading[0], parts.unloading[0] + 1), slice(*parts.unloading)
    work = float(np.trapezoid(indent.load[up], indent.depth[up]))
    back = -float(np.trapezoid(indent.load[down], indent.depth[down]))
    return back / work if work > 0 else float("nan")

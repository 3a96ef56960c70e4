"""A trajectory as its file has it: paths in lattice coordinates, cells, and the file's own clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame

__all__ = ["Clock", "Recording", "Timed", "joined", "timed"]

Array = NDArray[np.float64]
Clock = Literal["fs", "steps", "unnamed unit", "none"]

SAME = 1e-3  # of a step: two times so near are equal
AGREES = 0.01  # between the interval that the user gives and the one of the file
UNNAMED = {1.0: "fs", 1e3: "ps", 10.180506: "ASE's own unit of time"}  # fs per unit of a bare `time=`


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Frames of a run.

    fractional : in lattice vectors of the frame's own cell, shape (n_frames, n, 3).
    cells : lattice vectors as rows, Å, shape (n_frames, 3, 3), or (1, 3, 3) where they never change.
    numbers : atomic numbers, shape (n,).
    times : of the frames on the file's own clock, shape (n_frames,); bare indices where clock is "none".
    folded : whether the format always stores atoms inside the cell.
    interval : fs between frames where the run's settings say it; temperature : K of the thermostat there.
    charges : of each element (e), where the file states them.      notes : what the reader saw.
    """

    fractional: Array
    cells: Array
    numbers: NDArray[np.int64]
    times: Array
    clock: Clock = "none"
    folded: bool = False
    interval: float | None = None
    temperature: float | None = None
    charges: dict[str, float] | None = None
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no trajectory."""
        frames = len(self.fractional)
        if frames < 2:
            raise DataError(f"{self.source}: {frames} frame; a trajectory needs at least two")
        if not np.all(np.isfinite(self.fractional)) or not np.all(np.isfinite(self.cells)):
            raise DataError(f"{self.source}: a position or a cell is not a finite number")
        if np.abs(np.linalg.det(self.cells)).min() < 1e-6:
            raise DataError(f"{self.source}: the frames have no cell")

    @property
    def cell(self) -> Array:
        """Mean cell, Å, shape (3, 3)."""
        return np.asarray(self.cells.mean(axis=0))

    @property
    def frame(self) -> Frame:
        """The first frame, in the mean cell."""
        return Frame(self.fractional[0] @ self.cell, self.cell, self.numbers)

    @property
    def positions(self) -> Array:
        """Å in the mean cell, shape (n_frames, n, 3)."""
        return np.asarray(self.fractional @ self.cell)

    def taken(self, index: NDArray[np.intp] | slice) -> Recording:
        """Some of the frames."""
        cells = self.cells if len(self.cells) == 1 else self.cells[index]
        return replace(self, fractional=self.fractional[index], cells=cells, times=self.times[index])

    def cell_words(self) -> str:
        """How the cell changed, for a run at constant pressure; empty for a fixed cell."""
        if len(self.cells) == 1:
            return ""
        volume = np.abs(np.linalg.det(self.cells))
        return (
            f"the cell changes (volume {volume.mean():.1f} Å³, standard deviation "
            f"{100 * volume.std() / volume.mean():.2f} %): displacements are taken in lattice coordinates "
            "and stated in the mean cell"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """A recording whose frames are equally far apart: `interval`, fs."""

    recording: Recording
    interval: float


def joined(parts: Sequence[Recording]) -> Recording:
    """Restarts as one run: frames that a restart ran again are replaced, clocks that begin anew go on.

    Raises
    ------
    DataError
        If the parts hold other atoms, other clocks or settings, or one does not begin where the other ended.
    """
    whole = parts[0]
    for part in parts[1:]:
        whole = _appended(whole, part)
    return whole


def _appended(whole: Recording, part: Recording) -> Recording:
    """One restart after what is there."""
    if not np.array_equal(whole.numbers, part.numbers):
        raise DataError(
            f"{part.source} does not go on from {whole.source}: it holds other atoms, or their order"
        )
    for what in ("clock", "interval", "temperature"):
        one, other = getattr(whole, what), getattr(part, what)
        if one != other:
            raise DataError(
                f"{part.source} does not go on from {whole.source}: its {what} is {other}, not {one}"
            )
    step = float(np.median(np.diff(whole.times)))
    begin, first = part.times[0], part.fractional[0]
    before = int(np.searchsorted(whole.times, begin - SAME * step))
    if whole.clock != "none" and before == len(whole.times):
        kept, times, word = whole, part.times, "follows"
    elif (
        whole.clock != "none"
        and before >= 2
        and (
            _distance(whole, whole.fractional[before - 1], first)
            < _distance(whole, whole.fractional[-1], first)
        )
    ):
        kept, times = whole.taken(slice(0, before)), part.times
        word = f"goes on from {begin:g} of the clock; {len(whole.times) - before} frames ran again"
    else:
        again = _distance(whole, whole.fractional[-1], first) < 1e-5
        kept = whole.taken(slice(0, -1)) if again else whole
        times = part.times - begin + whole.times[-1]
        times = times if again else times + float(part.times[1] - begin)
        word = "its clock begins anew and is taken to go on" + (
            " from the last frame of the run before" if again else ""
        )
    _refuse_break(kept, part)
    return replace(
        kept,
        fractional=np.concatenate([kept.fractional, part.fractional]),
        cells=_cells(kept, part),
        times=np.concatenate([kept.times, times]),
        folded=kept.folded or part.folded,
        source=f"{whole.source} + {part.source}",
        notes=(*whole.notes, *(n for n in part.notes if n not in whole.notes), f"{part.source}: {word}"),
    )


def _cells(one: Recording, other: Recording) -> Array:
    """Cells of two parts, one for all frames where they never change."""
    if len(one.cells) == len(other.cells) == 1 and np.allclose(one.cells, other.cells, atol=1e-4):
        return one.cells
    return np.concatenate([np.broadcast_to(p.cells, (len(p.times), 3, 3)) for p in (one, other)])


def _distance(whole: Recording, one: Array, other: Array) -> float:
    """How far the median atom is between two frames, Å; the nearest images."""
    gap = other - one
    return float(np.median(np.linalg.norm((gap - np.round(gap)) @ whole.cell, axis=-1)))


def _refuse_break(whole: Recording, part: Recording) -> None:
    """The framework must stand where it stood: the median atom moves no further than it does within a run."""
    usual = max(_distance(whole, a, b) for a, b in pairwise(whole.fractional[-6:]))
    seam = _distance(whole, whole.fractional[-1], part.fractional[0])
    if seam > 3 * usual + 0.3:
        raise DataError(
            f"{part.source} does not go on from {whole.source}: the median atom is {seam:.2f} Å away from "
            f"where that ended ({usual:.2f} Å between its frames); are these two runs?"
        )


def timed(recording: Recording, *, interval: float | None = None, unit: float | None = None) -> Timed:
    """The recording on an even clock in fs.

    Frames at uneven times are thinned to the widest step if all its multiples are there, else refused.

    Parameters
    ----------
    interval : between frames, fs, as the user says; compared with the file's own clock.
    unit : fs of one step, or of one unit of the file's times, where the file does not say it.

    Raises
    ------
    InputError
        If the file and the user say nothing, or do not agree.
    DataError
        If the frames are at uneven times of which no even grid can be made.
    """
    even = _even(recording)
    step = float(even.times[1] - even.times[0])
    source = recording.source
    if recording.clock == "none":
        own = recording.interval
    elif recording.clock == "fs":
        own = step
    elif unit is not None:
        own = step * unit
    else:
        own = recording.interval
    if own is None:
        return Timed(_with_unit(even, recording, interval, step), interval or 0.0)
    if interval is not None and abs(interval - own) > AGREES * own:
        raise InputError(
            f"{source}: frames are {own:g} fs apart by the file, --interval says {interval:g} fs; "
            "leave the option out, or mend it"
        )
    return Timed(even, own)


def _with_unit(even: Recording, recording: Recording, interval: float | None, step: float) -> Recording:
    """The user's interval, where the file's clock has no unit: it may not contradict that clock."""
    source, clock = recording.source, recording.clock
    ask = "give --interval (time between frames, '100 fs')"
    if clock == "steps":
        ask = f"frames are {step:g} steps apart; give --timestep ('1 fs') or --interval"
    elif clock == "unnamed unit":
        ask = f"frames are {step:g} apart in time without a unit; give --interval ('{step:g} fs'?)"
    if interval is None:
        raise InputError(f"{source}: the file does not say how far apart its frames are: {ask}")
    if interval <= 0:
        raise InputError(f"time between frames must be above 0 fs, got {interval}")
    if clock != "none" and len(even.times) != len(recording.times):
        raise DataError(
            f"{source}: {_words(recording)}; one --interval cannot hold for all frames: give "
            f"--timestep, the time of one {'step' if clock == 'steps' else 'unit of these times'}"
        )
    if clock == "unnamed unit" and not any(abs(step * f / interval - 1) < AGREES for f in UNNAMED):
        raise InputError(
            f"{source}: frames are {step:g} apart by the file's `time`, and --interval says {interval:g} fs; "
            f"that is neither {' nor '.join(UNNAMED.values())}: mend the option, or give --timestep, the "
            "time of one unit of the file"
        )
    return even


def _even(recording: Recording) -> Recording:
    """Frames at equal steps of the file's clock."""
    times = recording.times
    steps = np.diff(times)
    if steps.min() <= 0:
        at = int(np.flatnonzero(steps <= 0)[0])
        raise DataError(
            f"{recording.source}: time does not go on from frame {at} to {at + 1} "
            f"({times[at]:g}, then {times[at + 1]:g}); are two runs in one file?"
        )
    widest = float(steps.max())
    if steps.max() - steps.min() <= SAME * widest * 10:
        return recording
    grid = times[0] + widest * np.arange(int((times[-1] - times[0]) / widest + 1e-6) + 1)
    index = np.searchsorted(times, grid - SAME * widest)
    if np.any(index >= len(times)) or np.abs(times[np.minimum(index, len(times) - 1)] - grid).max() > (
        SAME * widest * 2
    ):
        raise DataError(
            f"{recording.source}: {_words(recording)}, of which no even series can be taken; "
            "a mean square displacement needs frames at equal times"
        )
    note = f"{_words(recording)}: only the {len(grid)} frames that are {widest:g} apart are used"
    return replace(recording.taken(index), notes=(*recording.notes, note))


def _words(recording: Recording) -> str:
    """Unequal steps in words."""
    steps, counts = np.unique(np.round(np.diff(recording.times), 6), return_counts=True)
    order = np.argsort(-counts)[:3]
    unit = {"fs": " fs", "steps": " steps"}.get(recording.clock, "")
    parts = ", ".join(f"{steps[i]:g}{unit} ({counts[i]} times)" for i in order)
    return f"frames are not equally far apart: {parts}" + (", ..." if len(steps) > 3 else "")

"""From the state of a trajectory to its frozen summary, guards included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import NotConverged
from electrolith.motion.diffusivity import IonSquares, he_diffusivity
from electrolith.motion.displacement import Accumulator, Curves, relative_to
from electrolith.motion.guards import (
    Guard,
    conserved_guard,
    framework_guards,
    heating_guard,
    hops_guard,
    range_guard,
    temperature_guards,
    wrapped_guard,
)
from electrolith.motion.motor import masses_of
from electrolith.motion.results import Run
from electrolith.motion.store import read_positions
from electrolith.motion.trajectory import TRAJECTORY, State, Task, framework_spacing, load_state

__all__ = ["diffusion_guards", "framework_curve", "merged_squares", "summarise"]

Array = NDArray[np.float64]

KEPT_BLOCKS = 64
MOST_FRAMES = 8000  # of a path that goes into a result


def framework_curve(curves: Curves, counts: dict[str, int], mobile: str) -> Array:
    """Mean square displacement of all framework atoms together, Å², shape (n_lags,)."""
    rest = [name for name in curves.groups if name != mobile]
    weights = np.array([counts[name] for name in rest], dtype=float)
    return np.asarray(np.stack([curves.of(name) for name in rest], axis=1) @ weights / weights.sum())


def merged_squares(accumulator: Accumulator, interval: float) -> IonSquares:
    """The ion-resolved sums in at most KEPT_BLOCKS blocks."""
    blocks = len(accumulator.ions)
    merge = -(-blocks // KEPT_BLOCKS)
    starts = np.arange(0, blocks, merge)
    return IonSquares(
        lag=np.asarray(accumulator.resolved * interval, dtype=np.float64),
        sums=np.add.reduceat(accumulator.ions, starts, axis=0),
        counts=np.add.reduceat(accumulator.ion_counts, starts, axis=0),
        block=accumulator.block * merge * interval,
        duration=max(accumulator.frames - 1, 1) * interval,
        interval=interval,
    )


def diffusion_guards(
    curves: Curves, *, mobile: str, ions: int, hop_distance: float, duration: float
) -> list[Guard]:
    """Hops and fit range; both fail when the ions never left their sites."""
    try:
        he = he_diffusivity(curves, mobile=mobile, ions=ions, hop_distance=hop_distance, duration=duration)
    except NotConverged:
        reached = float(curves.of(mobile)[curves.lag <= duration / 2].max(initial=0.0))
        return [
            hops_guard(ions * reached / hop_distance**2),
            Guard(
                "fit range",
                False,
                reached,
                0.5 * hop_distance**2,
                "Å²",
                f"the ions' MSD reached {reached:.2f} Å²; diffusion begins at "
                f"{0.5 * hop_distance**2:.2f} Å², which must be passed within a third of the run",
            ),
        ]
    return [hops_guard(he.hops), range_guard(he.fit_from, duration=duration)]


def _guards(task: Task, state: State, curves: Curves, hop_distance: float) -> tuple[Guard, ...]:
    """Every guard of a run that has samples."""
    time, temperature, _, conserved, _, off = np.array(state.rows).T
    symbols = task.frame.symbols
    counts = {name: symbols.count(name) for name in curves.groups}
    duration = time[-1] - time[0]
    inside = curves.lag <= duration / 2 * (1 + 1e-9)
    framework = framework_curve(curves, counts, task.mobile)[inside]
    return (
        heating_guard(float(time[0]), heating=task.dynamics.heating),
        *temperature_guards(temperature, target=task.temperature),
        conserved_guard(time, conserved, atoms=len(symbols)),
        *framework_guards(
            curves.lag[inside],
            framework,
            spacing=framework_spacing(task.frame, task.mobile),
            off=off,
        ),
        wrapped_guard(state.largest_step),
        *diffusion_guards(
            curves,
            mobile=task.mobile,
            ions=counts[task.mobile],
            hop_distance=hop_distance,
            duration=duration,
        ),
    )


def mobile_path(task: Task, size: int) -> tuple[NDArray[np.float32], int]:
    """Path of the mobile ions from the stored trajectory, thinned to MOST_FRAMES, and the thinning."""
    if not size:
        return np.zeros((0, 0, 3), dtype=np.float32), 1
    _, positions, frame = read_positions(Path(task.folder) / TRAJECTORY)
    mobile = np.array([s == task.mobile for s in frame.symbols])
    steady = relative_to(positions, ~mobile, masses_of(frame.numbers))
    every = -(-len(steady) // MOST_FRAMES)
    return steady[::every, mobile].astype(np.float32), every


def summarise(task: Task, *, hop_distance: float, with_path: bool = False) -> Run:
    """The run as its checkpoint has it; `with_path` reads the stored trajectory for the ions' paths.

    Raises
    ------
    DataError
        If there is no sound checkpoint.
    """
    state = load_state(task)
    names = tuple(dict.fromkeys(task.frame.symbols))
    accumulator = state.accumulator
    interval = task.dynamics.interval
    curves = accumulator.curves(interval=interval, names=names)
    rows = np.array(state.rows, dtype=float).reshape(-1, 6)
    guards: tuple[Guard, ...] = ()
    if len(rows) > 20:
        guards = _guards(task, state, curves, hop_distance)
    path, every = mobile_path(task, state.size if with_path else 0)
    reason, stored = state.reason, Path(task.folder) / TRAJECTORY
    return Run(
        temperature=task.temperature,
        ordering=task.ordering,
        seed=task.seed,
        formula=task.frame.to_ase().get_chemical_formula("metal"),
        volume=task.frame.volume,
        curves=curves,
        squares=merged_squares(accumulator, interval),
        time=rows[:, 0],
        temperatures=rows[:, 1],
        conserved=rows[:, 3],
        framework=rows[:, 4],
        guards=guards,
        steps=state.phase.step,
        duration=max(accumulator.frames - 1, 0) * interval,
        seconds=state.seconds,
        status="stopped" if reason else "finished",
        reason=reason,
        file=f"{stored.parent.name}/{stored.name}" if stored.exists() else "",
        path=path,
        path_interval=every * interval,
    )

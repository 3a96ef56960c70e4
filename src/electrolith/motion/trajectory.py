"""One trajectory, in chunks that can be killed at any moment."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrolith.core.archive import fingerprint
from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.core.execution.chunks import Stop, never
from electrolith.core.lease import STALE, InUse, Lock
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine
from electrolith.motion.checkpoint import read_checkpoint, write_checkpoint
from electrolith.motion.displacement import Accumulator, log_lags, relative_to
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.framework import REACH, off_sites
from electrolith.motion.guards import framework_limit
from electrolith.motion.integrate import Phase, Sample, run_segment, thermal_velocities
from electrolith.motion.motor import masses_of, open_motor
from electrolith.motion.store import DIGITS, Digest, append_frames, cut_back, frame_text
from electrolith.motion.thermostat import Chain

__all__ = ["Progress", "State", "Task", "abandon", "advance", "framework_spacing", "load_state"]

Array = NDArray[np.float64]

CHUNK_SECONDS = 45.0  # between checkpoints, at most: the first comes after the first segment,
FIRST_PAUSE = 0.5  # then the pause doubles from this, so that runs killed every few seconds get on too
TOLD = 5.0  # s between two signs of progress on a shared file system
HANDOVER = STALE + 10.0  # s to wait for the lock of a chunk that was lost
BLOCKS = 256  # of time origins, at the full budget
RESOLVED_LAGS = 48
MELTED = 2.5  # times the framework limit, with
LOST = 0.4  # of its atoms off their sites: no use going on

CHECKPOINT, TRAJECTORY, STEPS, STOP = "checkpoint.npz", "trajectory.xyz", "steps.txt", "stop"


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One trajectory to be brought to a number of steps; picklable, so that any executor can take it.

    folder : its own.     root : the folder of all runs; a file `stop` there ends every trajectory early.
    parent : process whose death ends this one; 0: nobody's.
    """

    folder: str
    root: str
    frame: Frame
    engine: Engine
    dynamics: Dynamics
    temperature: float
    ordering: int
    seed: int
    mobile: str
    steps: int
    parent: int = 0
    chunk_seconds: float = CHUNK_SECONDS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a trajectory got."""

    steps: int
    status: str  # "running", "finished" or "stopped"
    reason: str
    notes: tuple[str, ...] = ()
    halted: bool = False  # by the file `stop`: it is not to go on

    @property
    def more(self) -> bool:
        """Whether there is more to do."""
        return self.status == "running" and not self.halted


@dataclass(slots=True, eq=False)
class State:
    """A trajectory in memory; edited by `_take` sample by sample, because copies would cost the run."""

    phase: Phase
    accumulator: Accumulator
    size: int = 0  # bytes of the stored trajectory
    digest_said: str = ""  # of these bytes, by the checkpoint
    seconds: float = 0.0
    reason: str = ""
    largest_step: float = 0.0
    first: Array | None = None
    last: Array | None = None
    rows: list[tuple[float, float, float, float, float, float]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    digest: Digest = field(default_factory=hashlib.sha256)  # of the stored trajectory


def framework_spacing(frame: Frame, mobile: str) -> float:
    """Cube root of the volume per framework atom, Å.

    Raises
    ------
    InputError
        If no atom is mobile, or every atom is.
    """
    moving = np.array([s == mobile for s in frame.symbols])
    if not moving.any():
        raise InputError(
            f"no mobile species: the frame holds no {mobile}; "
            f"elements: {', '.join(sorted(set(frame.symbols)))}"
        )
    if moving.all():
        raise InputError(
            f"every atom is {mobile} and mobile: there is no framework to measure displacements against"
        )
    return float((frame.volume / (~moving).sum()) ** (1 / 3))


def identity(task: Task) -> str:
    """Fingerprint of all that decides the course of the trajectory; its length is no part of it."""
    engine = getattr(task.engine, "potential", task.engine.name)
    parts = (task.frame, engine, task.dynamics, task.temperature, task.ordering, task.seed, task.mobile)
    return fingerprint(parts)


def _new_accumulator(task: Task) -> Accumulator:
    symbols = task.frame.symbols
    names = tuple(dict.fromkeys(symbols))
    longest = task.dynamics.longest_lag
    return Accumulator(
        groups=np.array([names.index(s) for s in symbols]),
        mobile=np.array([s == task.mobile for s in symbols]),
        longest=longest,
        block=max(1, 2 * longest // BLOCKS),
        resolved=log_lags(longest, RESOLVED_LAGS),
    )


def _begin(task: Task) -> State:
    """Random velocities at the start temperature, from a seed that names the trajectory."""
    key = (round(task.temperature * 1000), task.ordering, task.seed)
    rng = np.random.default_rng(np.random.SeedSequence([task.dynamics.seed, *key]))
    velocities = thermal_velocities(
        masses_of(task.frame.numbers), temperature=task.dynamics.start_temperature, rng=rng
    )
    return State(
        Phase(0, np.array(task.frame.positions), velocities, Chain.at_rest()), _new_accumulator(task)
    )


def save_state(task: Task, state: State) -> None:
    """Store the frames, then the checkpoint that knows how many there are."""
    folder = Path(task.folder)
    if state.texts:
        frames = "".join(state.texts).encode()
        state.size = append_frames(folder / TRAJECTORY, frames)
        state.digest.update(frames)
        state.texts = []
    phase = state.phase
    arrays: dict[str, NDArray[np.generic]] = {
        "identity": np.array(identity(task)),
        "step": np.array(phase.step),
        "positions": phase.positions,
        "velocities": phase.velocities,
        "eta": np.array(phase.chain.eta),
        "eta_dot": np.array(phase.chain.eta_dot),
        "size": np.array(state.size),
        "digest": np.array(state.digest.hexdigest()),
        "seconds": np.array(state.seconds),
        "reason": np.array(state.reason),
        "largest_step": np.array(state.largest_step),
        "rows": np.array(state.rows, dtype=float).reshape(-1, 6),
        "first": np.zeros((0, 3)) if state.first is None else state.first,
        "last": np.zeros((0, 3)) if state.last is None else state.last,
    }
    arrays |= {f"msd_{k}": v for k, v in state.accumulator.state().items()}
    write_checkpoint(folder / CHECKPOINT, arrays)


def load_state(task: Task) -> State:
    """What the checkpoint holds.

    Raises
    ------
    DataError
        If there is none, it is damaged, or it belongs to other settings.
    """
    found = read_checkpoint(Path(task.folder) / CHECKPOINT)
    if str(found["identity"]) != identity(task):
        raise DataError(f"{task.folder}: the checkpoint belongs to other settings")
    eta, eta_dot = (tuple(np.asarray(found[k], dtype=float).tolist()) for k in ("eta", "eta_dot"))
    chain = Chain(eta, eta_dot)
    positions, velocities = (np.asarray(found[k], dtype=float) for k in ("positions", "velocities"))
    state = State(Phase(int(found["step"]), positions, velocities, chain), _new_accumulator(task))
    state.accumulator.restore({k[4:]: v for k, v in found.items() if k.startswith("msd_")})
    state.digest_said = str(found["digest"])
    state.size, state.seconds = int(found["size"]), float(found["seconds"])
    state.reason, state.largest_step = str(found["reason"]), float(found["largest_step"])
    state.rows = [tuple(map(float, r)) for r in np.asarray(found["rows"])]  # type: ignore[misc]
    if len(found["first"]):
        state.first = np.asarray(found["first"], dtype=float)
        state.last = np.asarray(found["last"], dtype=float)
    return state


def _resume(task: Task) -> tuple[State, tuple[str, ...]]:
    """The checkpoint's state and stored frames, or a fresh start with a line that says why."""
    folder = Path(task.folder)
    if not (folder / CHECKPOINT).exists():
        (folder / TRAJECTORY).unlink(missing_ok=True)
        return _begin(task), ()
    try:
        state = load_state(task)
        state.digest = cut_back(folder / TRAJECTORY, state.size, state.digest_said)
    except DataError as error:
        (folder / TRAJECTORY).unlink(missing_ok=True)
        return _begin(task), (f"{error}; this trajectory starts again",)
    return state, ()


def _take(task: Task, state: State, sample: Sample, weights: tuple[Array, NDArray[np.bool_]]) -> None:
    """Book one sample; coordinates are rounded as they are stored, so both give the same displacement."""
    masses, framework = weights
    positions = np.round(sample.positions, DIGITS)
    time_fs = sample.step * task.dynamics.timestep
    state.texts.append(
        frame_text(
            task.frame, positions, time=time_fs, temperature=sample.temperature, energy=sample.potential
        )
    )
    if state.last is not None:
        step = (positions - state.last) @ np.linalg.inv(task.frame.cell)
        state.largest_step = max(state.largest_step, float(np.abs(step).max()))
    state.last = positions
    steady = relative_to(positions, framework, masses)
    state.first = steady if state.first is None else state.first
    moved = float(np.mean(np.sum((steady - state.first)[framework] ** 2, axis=1)))
    off = off_sites(
        positions[framework],
        task.frame.positions[framework],
        task.frame.cell,
        reach=REACH * framework_spacing(task.frame, task.mobile),
    )
    state.rows.append((time_fs, sample.temperature, sample.potential, sample.conserved, moved, off))
    state.accumulator.add(steady)


def advance(task: Task, stop: Stop = never) -> Progress:
    """Bring a trajectory to `task.steps` steps from wherever it is; stop early if it cannot be trusted.

    A run that breaks (atoms lost, framework melted) is not an error of the study: it is reported. On a
    cluster `stop` ends a chunk with a checkpoint, and one that was lost may still hold the folder for a
    while.
    """
    folder = Path(task.folder)
    try:
        with Lock(folder / "lock", wait=0.0 if stop is never else HANDOVER) as lock:
            state, notes = _resume(task)
            if not state.reason and state.phase.step < task.steps:
                _advance(task, state, lock, stop)
            steps = state.phase.step
    except InUse:
        if stop is never:
            raise
        return Progress(0, "running", "")
    status = "stopped" if state.reason else "finished" if steps >= task.steps else "running"
    return Progress(steps, status, state.reason, notes, halted=(Path(task.root) / STOP).exists())


def _advance(task: Task, state: State, lock: Lock, stop: Stop) -> None:
    """Segments until the goal; a checkpoint after the first, at growing pauses, and at the end.

    Nothing is written any more once another process has the folder: this one was taken for dead.
    """
    spacing = framework_spacing(task.frame, task.mobile)
    masses = masses_of(task.frame.numbers)
    framework = np.array([s != task.mobile for s in task.frame.symbols])
    limit = MELTED * framework_limit(spacing)
    saved = begun = time.monotonic()
    told = -np.inf
    pause = 0.0
    with open_motor(task.engine, task.frame, task.dynamics.timestep) as motor:
        while state.phase.step < task.steps and not state.reason:
            try:
                state.phase, samples = run_segment(
                    motor,
                    state.phase,
                    dynamics=task.dynamics,
                    temperature=task.temperature,
                    steps=task.dynamics.segment,
                )
            except ElectrolithError as error:  # the last whole segment stays, whenever the checkpoint was
                state.reason, samples = str(error), []
            for sample in samples:
                _take(task, state, sample, (masses, framework))
            if state.rows and not state.reason and state.rows[-1][4] > limit and state.rows[-1][5] > LOST:
                state.reason = (
                    f"the framework melted: its atoms had moved by {state.rows[-1][4]:.1f} Å² "
                    f"{state.rows[-1][0] / 1000:.1f} ps into the run (on their sites below "
                    f"{framework_limit(spacing):.1f} Å²)"
                )
            now = time.monotonic()
            state.seconds += now - begun
            begun = now
            ended = stop()
            if stop is never or now - told > TOLD:  # shared file systems are asked less often
                told = now
                ended = ended or _should_stop(task)
                _tell(task, state)
            if now - saved > min(pause, task.chunk_seconds) or ended or state.reason:
                if not lock.held():
                    raise InUse(f"{task.folder}: another process has gone on with this trajectory")
                save_state(task, state)
                saved = time.monotonic()
                pause = max(2 * pause, FIRST_PAUSE)
            if ended:
                return
    if not lock.held():
        raise InUse(f"{task.folder}: another process has gone on with this trajectory")
    save_state(task, state)
    _tell(task, state)


def abandon(task: Task, reason: str) -> None:
    """Mark a trajectory as stopped for `reason`, keeping what its checkpoint holds."""
    with Lock(Path(task.folder) / "lock", wait=HANDOVER):
        state, _ = _resume(task)
        state.reason = reason
        save_state(task, state)


def _should_stop(task: Task) -> bool:
    """Asked to stop by a file, or orphaned."""
    return (Path(task.root) / STOP).exists() or bool(task.parent and os.getppid() != task.parent)


def _tell(task: Task, state: State) -> None:
    """Steps so far, for whoever shows progress; not needed for anything else."""
    path = Path(task.folder) / STEPS
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{state.phase.step}\n")
    fresh.replace(path)

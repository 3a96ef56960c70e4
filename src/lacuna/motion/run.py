"""All trajectories of a study: planned, run in parallel, looked at, extended until precise enough."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lacuna.core.archive import fingerprint
from lacuna.core.errors import InputError, NotConverged
from lacuna.core.files import Lock, write_atomic
from lacuna.crystal.frame import Frame
from lacuna.energy.engine import Engine
from lacuna.motion.diffusivity import he_diffusivity, least_variance
from lacuna.motion.dynamics import Dynamics
from lacuna.motion.guards import broken
from lacuna.motion.processes import Processes
from lacuna.motion.results import Run, Trajectories
from lacuna.motion.summary import summarise
from lacuna.motion.trajectory import (
    CHUNK_SECONDS,
    STEPS,
    STOP,
    Progress,
    Task,
    abandon,
    advance,
    framework_spacing,
    identity,
)

__all__ = ["ReportProgress", "simulate"]

ReportProgress = Callable[[float, str], None]

PLAN = "plan.json"
ATTEMPTS = 2  # processes that may die over one trajectory
POLL_SECONDS = 0.5
LEAST_GROWTH, MOST_GROWTH = 1.25, 2.0  # of the sampled time, when a temperature needs more


@dataclass(slots=True, eq=False)
class _Campaign:
    """What is planned and what is under way; lives only inside `simulate`."""

    tasks: list[Task]
    hop_distance: float
    folder: Path
    executor: Executor
    report: ReportProgress
    steps: dict[float, int]
    done: set[float] = field(default_factory=set)
    attempts: dict[str, int] = field(default_factory=dict)
    futures: dict[Future[Progress], Task] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)
    begun_steps: int = 0


def simulate(
    frames: Sequence[Frame],
    engine: Engine,
    *,
    dynamics: Dynamics,
    mobile: str,
    hop_distance: float,
    folder: Path | str,
    charge: float = 1.0,
    executor: Executor | None = None,
    progress: ReportProgress | None = None,
    chunk_seconds: float = CHUNK_SECONDS,
) -> Trajectories:
    """Run molecular dynamics of the first `dynamics.orderings` frames at every temperature.

    Called again on the same folder after a kill or Ctrl-C, it goes on from the last checkpoints and gives
    what an undisturbed run gives.

    Parameters
    ----------
    frames : relaxed orderings, best first.
    mobile : symbol of the mobile element.      charge : of its ions, e.
    hop_distance : between neighbouring sites of the mobile ions, Å.
    folder : workspace; checkpoints and trajectories stay there.
    executor : any `concurrent.futures.Executor`; None: one single-threaded process per core.
    progress : called with the share done and a line of text.

    Raises
    ------
    InputError
        If an input is impossible; before anything is run.
    """
    folder = Path(folder)
    _check(frames, engine, dynamics, mobile, hop_distance)
    with Lock(folder / "lock"):
        (folder / STOP).unlink(missing_ok=True)
        local = executor is None
        with Processes() if executor is None else nullcontext(executor) as pool:
            tasks = _tasks(frames, engine, dynamics, mobile, folder, chunk_seconds, local)
            steps = _read_plan(folder, tasks, dynamics)
            campaign = _Campaign(tasks, hop_distance, folder, pool, progress or _silent, steps)
            _drive(campaign)
        runs = tuple(summarise(t, hop_distance=hop_distance) for t in tasks)
    if progress:
        progress(1.0, f"{len(runs)} trajectories, {sum(r.steps for r in runs)} steps")
    return Trajectories(runs, dynamics, engine.name, mobile, charge, hop_distance)


def _silent(_share: float, _text: str) -> None:
    """Nobody watches."""


def _check(frames: Sequence[Frame], engine: Engine, dynamics: Dynamics, mobile: str, hop: float) -> None:
    """Everything that can be wrong before the first step."""
    if len(frames) < dynamics.orderings:
        raise InputError(
            f"dynamics.orderings: {dynamics.orderings} are wanted and {len(frames)} came; "
            "keep more decorations or ask for fewer"
        )
    if hop <= 0:
        raise InputError(f"hop distance must be above 0 Å, got {hop}")
    for frame in frames[: dynamics.orderings]:
        framework_spacing(frame, mobile)
    engine.evaluate(frames[0])  # an element it does not know is refused here, not in every process


def _tasks(
    frames: Sequence[Frame],
    engine: Engine,
    dynamics: Dynamics,
    mobile: str,
    folder: Path,
    chunk_seconds: float,
    local: bool,
) -> list[Task]:
    """One task per temperature, ordering and seed; the hottest first, for they tell most."""
    return [
        Task(
            folder=str(folder / f"{temperature:g}K-ordering{ordering + 1}-seed{seed + 1}"),
            root=str(folder),
            frame=frames[ordering],
            engine=engine,
            dynamics=dynamics,
            temperature=temperature,
            ordering=ordering,
            seed=seed,
            mobile=mobile,
            steps=0,
            parent=os.getpid() if local else 0,
            chunk_seconds=chunk_seconds,
        )
        for temperature in sorted(dynamics.temperatures, reverse=True)
        for ordering in range(dynamics.orderings)
        for seed in range(dynamics.seeds)
    ]


def _read_plan(folder: Path, tasks: list[Task], dynamics: Dynamics) -> dict[float, int]:
    """Steps per temperature decided so far; the first look where nothing is."""
    first = dict.fromkeys(dynamics.temperatures, dynamics.steps_of(dynamics.duration))
    path = folder / PLAN
    if not path.exists():
        return first
    try:
        plan = json.loads(path.read_text())
    except (OSError, ValueError):
        return first
    if plan.get("identity") != _plan_identity(tasks):
        return first
    return {t: max(first[t], int(plan["steps"].get(f"{t:g}", 0))) for t in first}


def _plan_identity(tasks: list[Task]) -> str:
    return fingerprint(tuple(identity(t) for t in tasks))


def _write_plan(campaign: _Campaign) -> None:
    """A decision is stored before it is acted on, so that a restart does not take another one."""
    plan = {
        "identity": _plan_identity(campaign.tasks),
        "steps": {f"{t:g}": n for t, n in campaign.steps.items()},
    }
    write_atomic(campaign.folder / PLAN, json.dumps(plan, indent=1) + "\n")


def _drive(campaign: _Campaign) -> None:
    """Submit, wait, look, extend; on Ctrl-C let every trajectory write its checkpoint first."""
    _write_plan(campaign)
    campaign.begun_steps = sum(_steps_taken(t) for t in campaign.tasks)
    try:
        for task in campaign.tasks:
            _submit(campaign, task)
        while campaign.futures:
            finished, _ = wait(campaign.futures, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in finished:
                _settle(campaign, future)
            _tell(campaign)
    except BaseException:
        (campaign.folder / STOP).touch()
        for future in campaign.futures:
            future.cancel()
        wait(campaign.futures)
        raise


def _submit(campaign: _Campaign, task: Task) -> None:
    goal = replace(task, steps=campaign.steps[task.temperature])
    campaign.futures[campaign.executor.submit(advance, goal)] = task


def _settle(campaign: _Campaign, future: Future[Progress]) -> None:
    """Take in one finished task; decide on its temperature when it was the last there."""
    task = campaign.futures.pop(future)
    try:
        for note in future.result().notes:
            campaign.report(_share(campaign), note)
    except BrokenProcessPool:
        tried = campaign.attempts[task.folder] = campaign.attempts.get(task.folder, 0) + 1
        if tried < ATTEMPTS:
            _submit(campaign, task)
            return
        abandon(task, f"its process died {tried} times (out of memory, or a fault in the engine)")
    temperature = task.temperature
    if any(t.temperature == temperature for t in campaign.futures.values()):
        return
    here = [t for t in campaign.tasks if t.temperature == temperature]
    runs = [summarise(t, hop_distance=campaign.hop_distance) for t in here]
    if any(r.status == "finished" and r.steps < campaign.steps[temperature] for r in runs):
        raise KeyboardInterrupt  # a `stop` file from outside
    more = steps_wanted(runs, task.dynamics, hop_distance=campaign.hop_distance, mobile=task.mobile)
    if more <= campaign.steps[temperature]:
        campaign.done.add(temperature)
        return
    campaign.steps[temperature] = more
    _write_plan(campaign)
    for again, run in zip(here, runs, strict=True):
        if worth_extending(run):
            _submit(campaign, again)


def steps_wanted(runs: Sequence[Run], dynamics: Dynamics, *, hop_distance: float, mobile: str) -> int:
    """Steps the trajectories of one temperature should have, from what they show now.

    The error of a mean falls with the square root of the time; growth is held between 1.25 and 2 times,
    because the error itself is an estimate.
    """
    alive = [r for r in runs if worth_extending(r)]
    if not alive:
        return max((r.steps for r in runs), default=0)
    now = max(r.steps for r in alive)
    growth = _growth_wanted(alive, dynamics, hop_distance, mobile)
    if growth <= 1.0:
        return now
    sampled = now - dynamics.first_sample
    wanted = dynamics.first_sample + sampled * float(np.clip(growth, LEAST_GROWTH, MOST_GROWTH))
    return min(dynamics.steps_of(wanted * dynamics.timestep), dynamics.steps_of(dynamics.budget))


def worth_extending(run: Run) -> bool:
    """Neither stopped nor broken in a way that more time does not mend (only hops and fit range do)."""
    lasting = tuple(g for g in run.guards if g.name not in ("hops", "fit range"))
    return run.status == "finished" and not broken(lasting)


def _growth_wanted(runs: list[Run], dynamics: Dynamics, hop_distance: float, mobile: str) -> float:
    """Factor on the sampled time that would meet the targets."""
    try:
        found = [least_variance(r.squares, hop_distance=hop_distance) for r in runs]
        hops = sum(
            he_diffusivity(
                r.curves,
                mobile=mobile,
                ions=r.squares.ions,
                hop_distance=hop_distance,
                duration=r.duration,
            ).hops
            for r in runs
        )
    except NotConverged:
        return MOST_GROWTH
    mean = sum(f.self_value for f in found)
    error = float(np.sqrt(sum(f.self_std**2 for f in found))) / mean if mean > 0 else np.inf
    growth = (error / dynamics.relative_error) ** 2
    return max(growth, (dynamics.hops or 0.0) / max(hops, 1e-9))


def _steps_taken(task: Task) -> int:
    """Steps a trajectory says it has taken."""
    try:
        return int((Path(task.folder) / STEPS).read_text())
    except (OSError, ValueError):
        return 0


def _share(campaign: _Campaign) -> float:
    total = sum(campaign.steps[t.temperature] for t in campaign.tasks)
    return min(sum(_steps_taken(t) for t in campaign.tasks) / max(total, 1), 1.0)


def _tell(campaign: _Campaign) -> None:
    """Share of the steps planned now, speed, and the time this will still take."""
    total = sum(campaign.steps[t.temperature] for t in campaign.tasks)
    taken = sum(_steps_taken(t) for t in campaign.tasks)
    speed = (taken - campaign.begun_steps) / max(time.monotonic() - campaign.begun, 1e-9)
    picoseconds = campaign.tasks[0].dynamics.timestep / 1000
    text = f"{taken * picoseconds:.0f} of {total * picoseconds:.0f} ps"
    if speed > 0:
        text += f", {speed:.0f} steps/s, about {max(total - taken, 0) / speed / 60:.0f} min"
    campaign.report(min(taken / max(total, 1), 1.0), text)

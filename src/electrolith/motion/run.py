"""All trajectories of a study: planned, run in parallel, looked at, extended until precise enough."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from electrolith.core.archive import fingerprint
from electrolith.core.errors import DataError, InputError
from electrolith.core.execution.chunks import Chunks, Ended
from electrolith.core.files import write_atomic
from electrolith.core.lease import Lock
from electrolith.core.processes import Processes
from electrolith.core.reading import read_bytes
from electrolith.crystal.frame import Frame
from electrolith.crystal.oxidation import charge_of_ion
from electrolith.energy.engine import Engine
from electrolith.motion.allocate import gain_rates, relative_error, share_out, steps_wanted, worth_extending
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.results import Run, Trajectories
from electrolith.motion.summary import summarise
from electrolith.motion.trajectory import (
    CHUNK_SECONDS,
    STEPS,
    STOP,
    Task,
    abandon,
    advance,
    framework_spacing,
    identity,
)

__all__ = ["ReportProgress", "simulate", "starts", "tasks_of"]

ReportProgress = Callable[[float, str], None]

PLAN = "plan.json"
POLL_SECONDS = 0.5
GRACE_SECONDS = 1.0  # for checkpoints on Ctrl-C


@dataclass(slots=True, eq=False)
class _Campaign:
    """What is planned and what is under way; lives only inside `simulate`."""

    tasks: list[Task]
    hop_distance: float
    folder: Path
    chunks: Chunks[str]
    report: ReportProgress
    steps: dict[float, int]
    running: dict[str, Task] = field(default_factory=dict)
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
    charge: float | None = None,
    drawn: Mapping[tuple[int, int], tuple[Frame, Engine]] | None = None,
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
    mobile : symbol of the mobile element.      charge : of its ions, e; that of the element where
        it has only one and none is given.
    hop_distance : between neighbouring sites of the mobile ions, Å.
    folder : workspace; checkpoints and trajectories stay there.
    drawn : by (ordering, seed) the frame and the engine of those runs, where each has a draw of its own from
        the potential's posterior; None: all run with `frames` and `engine`.
    executor : any `concurrent.futures.Executor`; None: one single-threaded process per core.
    progress : called with the share done and a line of text.

    Raises
    ------
    InputError
        If an input is impossible; before anything is run.
    """
    folder = Path(folder) if executor is None else Path(folder).resolve()
    charge = charge_of_ion(mobile) if charge is None else charge
    _check(frames, engine, dynamics, mobile, hop_distance)
    with Lock(folder / "lock"):
        (folder / STOP).unlink(missing_ok=True)
        local = executor is None
        with Processes() if executor is None else nullcontext(executor) as pool:
            own = drawn or {(o, k): (frames[o], engine) for o, k in starts(dynamics)}
            tasks = tasks_of(own, dynamics, mobile, folder, local=local, chunk_seconds=chunk_seconds)
            steps = _read_plan(folder, tasks, dynamics)
            campaign = _Campaign(tasks, hop_distance, folder, Chunks(pool), progress or _silent, steps)
            _drive(campaign)
        runs = tuple(summarise(t, hop_distance=hop_distance, with_path=True) for t in tasks)
    if progress:
        progress(1.0, f"{len(runs)} trajectories, {sum(r.steps for r in runs)} steps")
    return Trajectories(runs, dynamics, engine.name, mobile, charge, hop_distance, drawn is not None)


def starts(dynamics: Dynamics) -> list[tuple[int, int]]:
    """Every ordering and seed."""
    return [(o, k) for o in range(dynamics.orderings) for k in range(dynamics.seeds)]


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


def tasks_of(
    own: Mapping[tuple[int, int], tuple[Frame, Engine]],
    dynamics: Dynamics,
    mobile: str,
    folder: Path,
    *,
    local: bool,
    chunk_seconds: float = CHUNK_SECONDS,
) -> list[Task]:
    """One task per temperature, ordering and seed; the hottest first, for they tell most."""
    return [
        Task(
            folder=str(folder / f"{temperature:g}K-ordering{ordering + 1}-seed{seed + 1}"),
            root=str(folder),
            frame=own[ordering, seed][0],
            engine=own[ordering, seed][1],
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
        for ordering, seed in starts(dynamics)
    ]


def _read_plan(folder: Path, tasks: list[Task], dynamics: Dynamics) -> dict[float, int]:
    """Steps per temperature decided so far; the first look where nothing is."""
    first = {t: dynamics.steps_of(dynamics.duration, t) for t in dynamics.temperatures}
    path = folder / PLAN
    if not path.exists():
        return first
    try:
        plan = json.loads(read_bytes(path))
        stored = {str(k): int(v) for k, v in plan["steps"].items()}
        if plan["check"] != _plan_check(tasks, stored):
            return first
    except (DataError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return first
    return {t: max(first[t], stored.get(f"{t:g}", 0)) for t in first}


def _plan_check(tasks: list[Task], steps: dict[str, int]) -> str:
    """Fingerprint of the runs and what was decided for them: a plan of others, or an altered one, is none."""
    return fingerprint((tuple(identity(t) for t in tasks), tuple(sorted(steps.items()))))


def _write_plan(campaign: _Campaign) -> None:
    """A decision is stored before it is acted on, so that a restart does not take another one."""
    steps = {f"{t:g}": n for t, n in campaign.steps.items()}
    plan = {"check": _plan_check(campaign.tasks, steps), "steps": steps}
    write_atomic(campaign.folder / PLAN, json.dumps(plan, indent=1) + "\n")


def _drive(campaign: _Campaign) -> None:
    """Submit, wait, look, extend; on Ctrl-C let every trajectory write its checkpoint first."""
    _write_plan(campaign)
    campaign.begun_steps = sum(_steps_taken(t) for t in campaign.tasks)
    try:
        for task in campaign.tasks:
            _submit(campaign, task)
        while campaign.running:
            for ended in campaign.chunks.wait(POLL_SECONDS):
                _settle(campaign, ended)
            _tell(campaign)
    except BaseException:
        (campaign.folder / STOP).touch()
        local = isinstance(campaign.chunks.executor, Processes)
        campaign.chunks.stop(GRACE_SECONDS if local else None)
        raise  # what is still in a long segment is killed by its executor; its last checkpoint counts


def _submit(campaign: _Campaign, task: Task) -> None:
    goal = replace(task, steps=campaign.steps[task.temperature])
    campaign.running[task.folder] = task
    campaign.chunks.add(task.folder, advance, goal, lambda: _steps_taken(task))


def _settle(campaign: _Campaign, ended: Ended[str]) -> None:
    """Take in one finished task; decide on its temperature when it was the last there."""
    task = campaign.running.pop(ended.key)
    if ended.gave_up:
        abandon(task, ended.gave_up)
    else:
        for note in ended.answer.notes:
            campaign.report(_share(campaign), note)
    if task.dynamics.total is None:
        _decide(campaign, (task.temperature,))
    else:  # one purse for all: a decision waits for every run, or it would depend on the machine
        _decide(campaign, task.dynamics.temperatures)


def _decide(campaign: _Campaign, temperatures: tuple[float, ...]) -> None:
    """Extend the temperatures that need it, once nothing there is under way."""
    if any(t.temperature in temperatures for t in campaign.running.values()):
        return
    runs = {t: _runs_at(campaign, t) for t in temperatures}
    if any(r.status == "finished" and r.steps < campaign.steps[t] for t in runs for r in runs[t].values()):
        raise KeyboardInterrupt  # a `stop` file from outside
    alive = {t: [k for k, r in runs[t].items() if worth_extending(r)] for t in temperatures}
    granted = _grant(campaign, {t: tuple(r.values()) for t, r in runs.items()})
    campaign.steps |= granted
    _write_plan(campaign)
    for task in campaign.tasks:
        t = task.temperature
        if t in granted and task.folder in alive[t] and granted[t] > runs[t][task.folder].steps:
            _submit(campaign, task)


def _runs_at(campaign: _Campaign, temperature: float) -> dict[str, Run]:
    """Summaries of a temperature's trajectories by folder."""
    here = [t for t in campaign.tasks if t.temperature == temperature]
    return {t.folder: summarise(t, hop_distance=campaign.hop_distance) for t in here}


def _grant(campaign: _Campaign, runs: dict[float, tuple[Run, ...]]) -> dict[float, int]:
    """Steps per temperature from now on."""
    first = campaign.tasks[0]
    dynamics, hop = first.dynamics, campaign.hop_distance
    now = {t: campaign.steps[t] for t in runs}
    wanted = {
        t: max(now[t], steps_wanted(r, dynamics, hop_distance=hop, mobile=first.mobile))
        for t, r in runs.items()
    }
    if dynamics.total is None:
        return wanted
    alive = {t: [x for x in r if worth_extending(x)] for t, r in runs.items()}
    spent = {t: sum(x.steps for x in r) for t, r in runs.items()}
    errors = {t: relative_error(a, hop_distance=hop) for t, a in alive.items() if a}
    rates = dict.fromkeys(runs, 0.0) | gain_rates(errors, spent)
    left = dynamics.steps_of(dynamics.total) - sum(spent.values())
    number = {t: len(a) for t, a in alive.items()}
    return share_out(wanted, now, number, rates, left=max(left, 0), segment=dynamics.segment)


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

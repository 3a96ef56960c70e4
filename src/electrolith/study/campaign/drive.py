"""The driver of a campaign: rounds of chunks and decisions, each stored before it is acted on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.archive import fingerprint, save
from electrolith.core.errors import DataError, InputError
from electrolith.core.execution.chunks import Chunks
from electrolith.core.execution.workers import Workers
from electrolith.core.files import write_atomic
from electrolith.core.lease import Lock
from electrolith.core.reading import read_bytes
from electrolith.motion.trajectory import STEPS, STOP, Task, abandon, advance, identity
from electrolith.study.campaign.candidate import Candidate, opened, prepare
from electrolith.study.campaign.result import CampaignResult, CandidateResult
from electrolith.study.campaign.settings import CampaignFile, candidate_studies
from electrolith.study.campaign.steer import Standing, ahead, allot, among_best, worth

__all__ = ["RESULT", "run_campaign"]

PLAN, RESULT = "campaign.json", "campaign.result"
POLL = 1.0  # s
STORE_EVERY = 30.0  # s between two stored states while a round runs
DISK_PAUSE, DISK_TRIES = 20.0, 30  # s between two tries on a full disk, and how many
GRACE = 2.0  # s for checkpoints on Ctrl-C, on this machine

Told = Callable[[float, str], None]


@dataclass(slots=True, eq=False)
class _Driver:
    """What lives only while a campaign runs."""

    file: CampaignFile
    chunks: Chunks[str]
    told: Told
    candidates: dict[str, Candidate] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    rounds: int = 0
    ended: str = ""
    stored: float = 0.0
    disk: int = 0


def run_campaign(file: CampaignFile, told: Told = lambda share, text: None) -> CampaignResult:
    """Run a campaign until what is wanted is known, or its budget is spent; called again it goes on.

    Raises
    ------
    InputError
        If another driver has the campaign, or where it is to run refuses.
    DataError
        If the disk stays full; nothing is lost.
    """
    studies = candidate_studies(file)
    with Lock(file.folder / ".lock"), Workers(file.execution, file.folder) as workers:
        with workers.pool(len(studies) * 1000) as pool:
            driver = _Driver(file, Chunks(pool, lambda text: told(0.0, text)), told)
            try:
                _prepare(driver, studies)
                _open(driver, studies, remote=workers.remote() is not None)
                _rounds(driver)
            except BaseException:
                for candidate in driver.candidates.values():
                    (_root(candidate) / STOP).touch()
                driver.chunks.stop(GRACE if workers.remote() is None else 0.0)
                raise
        return _store(driver)


def _root(candidate: Candidate) -> Path:
    return Path(candidate.tasks[0].root)


def _prepare(driver: _Driver, studies: dict[str, Path]) -> None:
    """Order and relax every candidate; one that fails is named and the others go on."""
    for name, path in studies.items():
        results = path.parent / "results"
        driver.chunks.add(name, prepare, str(path), partial(_files_in, results))
    _finish(driver, "prepared", lambda name, text: driver.failed.__setitem__(name, text))


def _open(driver: _Driver, studies: dict[str, Path], *, remote: bool) -> None:
    """Every candidate with the steps planned for it so far."""
    for name, path in studies.items():
        if name in driver.failed:
            continue
        try:
            one = opened(name, path, remote=remote, first=lambda d: d.steps_of(d.duration))
        except InputError as error:
            driver.failed[name] = str(error)
            continue
        (_root(one) / STOP).unlink(missing_ok=True)
        driver.candidates[name] = one
    if not driver.candidates:
        raise InputError("campaign: no candidate can run: " + "; ".join(driver.failed.values()))
    _read_plan(driver)


def _rounds(driver: _Driver) -> None:
    """Run what is planned, look, plan more."""
    while True:
        _write_plan(driver)
        tasks = {t.folder: t for c in driver.candidates.values() if not c.dropped for t in c.goals()}
        for key, task in tasks.items():
            driver.chunks.add(key, advance, task, partial(_taken, task))
        _finish(driver, "trajectories", partial(_abandon, tasks))
        for candidate in driver.candidates.values():
            if not candidate.dropped:
                candidate.judge()
        if (reason := _decide(driver)) is not None:
            driver.ended = reason
            _write_plan(driver)
            return
        driver.rounds += 1


def _files_in(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*"))


def _abandon(tasks: dict[str, Task], key: str, reason: str) -> None:
    abandon(tasks[key], reason)


def _taken(task: Task) -> int:
    try:
        return int((Path(task.folder) / STEPS).read_text())
    except (OSError, ValueError):
        return 0


def _finish(driver: _Driver, what: str, give_up: Callable[[str, str], Any]) -> None:
    """Wait for all chunks under way; a full disk is waited for, with a word."""
    total = max(len(driver.chunks.futures), 1)
    while driver.chunks.futures:
        try:
            ended = driver.chunks.wait(POLL)
        except DataError as error:
            driver.disk += 1
            if driver.disk > DISK_TRIES:
                raise
            driver.told(0.0, f"{error}; tried again in {DISK_PAUSE:g} s")
            time.sleep(DISK_PAUSE)
            continue
        for one in ended:
            reason = one.gave_up or getattr(one.answer, "reason", "") if what == "prepared" else one.gave_up
            if reason:
                give_up(one.key, reason)
        left = len(driver.chunks.futures)
        driver.told(1 - left / total, f"round {driver.rounds + 1}: {total - left} of {total} {what}")
        if time.monotonic() - driver.stored > STORE_EVERY:
            _store(driver)


def _decide(driver: _Driver) -> str | None:
    """Plan the next round; why there is none, else None."""
    campaign = driver.file.campaign
    _drop(driver)
    live = {n: c for n, c in driver.candidates.items() if not c.dropped}
    standings = {n: c.standing() for n, c in live.items()}
    weights = _weights(driver, standings)
    if not any(weights.values()):
        return "what is wanted is known"
    spent = sum(c.result("").core_hours for c in driver.candidates.values())
    if campaign.budget is not None and spent >= campaign.budget:
        return f"the budget of {campaign.budget:g} core hours is spent"
    cost = sum(r.steps * len(c.tasks[0].frame) for c in driver.candidates.values() for r in c.runs.values())
    granted = allot(standings, weights, purse=campaign.share * cost)
    if not granted:
        return "every trajectory that could tell more has reached the budget of its study"
    for (name, temperature), steps in granted.items():
        live[name].steps[temperature] = steps
    return None


def _weights(driver: _Driver, standings: dict[str, Standing]) -> dict[str, float]:
    campaign = driver.file.campaign
    if campaign.want == "ranking":
        return worth(standings, best=campaign.best, certainty=campaign.certainty)
    return {n: float(not s.variance <= campaign.relative_error**2) for n, s in standings.items()}


def _drop(driver: _Driver) -> None:
    """Give up what is broken for good, and what is hopeless in a ranking."""
    campaign = driver.file.campaign
    for candidate in driver.candidates.values():
        if not candidate.dropped and candidate.line is None and not candidate.standing().fronts:
            candidate.dropped = candidate.lacking or "no trajectory can go on"
    known = [c for c in driver.candidates.values() if c.line is not None]
    if campaign.want != "ranking" or len(known) <= campaign.best:
        return
    chances = among_best([c.line.extrapolated for c in known if c.line is not None], campaign.best)
    for candidate, chance in zip(known, chances, strict=True):
        if not candidate.dropped and chance < campaign.hopeless:
            candidate.dropped = (
                f"probability {chance:.2g} of being among the best {campaign.best}, "
                f"after round {driver.rounds + 1}"
            )


def _check(driver: _Driver) -> str:
    """Fingerprint of all trajectories: a plan made for others is none."""
    return fingerprint({n: tuple(identity(t) for t in c.tasks) for n, c in driver.candidates.items()})


def _read_plan(driver: _Driver) -> None:
    path = driver.file.folder / PLAN
    if not path.exists():
        return
    try:
        plan = json.loads(read_bytes(path))
        if plan["check"] != _check(driver):
            driver.told(0.0, f"{path}: made for other candidates or settings; planned anew")
            return
        steps = {n: {float(t): int(k) for t, k in row.items()} for n, row in plan["steps"].items()}
        dropped = {str(n): str(text) for n, text in plan["dropped"].items()}
        driver.rounds = int(plan["rounds"])
    except (DataError, ValueError, TypeError, KeyError, AttributeError):
        driver.told(0.0, f"{path}: damaged; planned anew")
        return
    for name, candidate in driver.candidates.items():
        candidate.steps |= {t: max(k, candidate.steps[t]) for t, k in steps[name].items()}
        candidate.dropped = dropped.get(name, "")
        if candidate.dropped:
            candidate.judge()


def _write_plan(driver: _Driver) -> None:
    """A decision is stored before it is acted on, so that a restart does not take another one."""
    plan = {
        "check": _check(driver),
        "rounds": driver.rounds,
        "steps": {n: {f"{t:g}": k for t, k in c.steps.items()} for n, c in driver.candidates.items()},
        "dropped": {n: c.dropped for n, c in driver.candidates.items() if c.dropped},
    }
    write_atomic(driver.file.folder / PLAN, json.dumps(plan, indent=1, ensure_ascii=False) + "\n")
    _store(driver)


def _store(driver: _Driver) -> CampaignResult:
    """The table as it is now, for `status`."""
    state = "done" if driver.ended else "running"
    rows = [c.result(state) for c in driver.candidates.values()]
    rows += [CandidateResult(n, "failed", text) for n, text in driver.failed.items()]
    found = CampaignResult(
        title=driver.file.title,
        candidates=_ranked(rows, driver.file.campaign.best),
        want=driver.file.campaign.want,
        best=driver.file.campaign.best,
        budget=driver.file.campaign.budget,
        rounds=driver.rounds,
        ended=driver.ended,
        passes=driver.chunks.passes,
        lost=driver.chunks.lost,
        crashed=driver.chunks.crashed,
        queue=len(driver.chunks.futures),
    )
    save(driver.file.folder / RESULT, found)
    driver.stored = time.monotonic()
    return found


def _ranked(rows: Iterable[CandidateResult], best: int) -> tuple[CandidateResult, ...]:
    """The highest σ(300 K) first, with the probabilities of this order."""
    rows = list(rows)
    pairs = sorted(
        ((r.conductivity, r) for r in rows if r.conductivity is not None),
        key=lambda pair: -float(np.median(pair[0].draws)),
    )
    chances = among_best([value for value, _ in pairs], best).tolist() if pairs else []
    found = []
    for i, ((value, row), chance) in enumerate(zip(pairs, chances, strict=True)):
        before = ahead(value, pairs[i + 1][0]) if i + 1 < len(pairs) else None
        found.append(replace(row, best=float(chance), ahead=before))
    return (*found, *(r for r in rows if r.conductivity is None))

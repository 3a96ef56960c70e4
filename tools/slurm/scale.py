# ruff: noqa: T201, S311, E501 - a tool, run by hand
"""What the driver of a campaign costs, with dummy tasks, and how busy 200 workers are, by simulation.

    python tools/slurm/scale.py

Times are of the processor, not of the clock, so that a busy machine does not change them. Without SLURM: its commands
are answered in memory; files are real.
"""

from __future__ import annotations

import heapq
import os
import pickle
import random
import resource
import tempfile
import threading
import time
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrolith.core.execution import array
from electrolith.core.execution.chunks import Chunks
from electrolith.core.execution.profile import Execution
from electrolith.core.execution.worker import Driver, stop_time


@dataclass(frozen=True)
class Answer:
    """Of a dummy chunk."""

    more: bool


class Instant(Executor):
    """Answers at once."""

    def submit(self, function: Any, /, *arguments: Any) -> Future[Any]:  # type: ignore[override]
        """Done."""
        future: Future[Any] = Future()
        future.set_result(Answer(False))
        return future


def of_chunks(number: int) -> float:
    """Chunks that the loop of the driver settles per processor second."""
    chunks: Chunks[int] = Chunks(Instant())
    begun = time.process_time()
    for n in range(number):
        chunks.add(n, len, n, lambda: 0)
    while chunks.futures:
        chunks.wait(0.1)
    return number / (time.process_time() - begun)


def of_arrays(number: int, size: int) -> tuple[float, float, int]:
    """The same for job arrays with tasks of `size` bytes: chunks per processor second, MB, files per chunk."""
    counted = 0
    states: dict[str, str] = {}

    def slurm(*command: str) -> str:
        if command[0] == "sbatch":
            numbers = (
                next(c for c in command if c.startswith("--array="))
                .removeprefix("--array=")
                .partition("%")[0]
            )
            states.update(dict.fromkeys(numbers.split(","), "RUNNING"))
            threading.Thread(target=answer, args=(numbers.split(","),), daemon=True).start()
            return "1\n"
        return "\n".join(f"{n} {s}" for n, s in states.items())

    def answer(numbers: list[str]) -> None:
        nonlocal counted
        data = pickle.dumps((True, Answer(False)))
        for n in numbers:
            path = spool / f"{n}.answer"
            path.with_suffix(".new").write_bytes(data)
            path.with_suffix(".new").rename(path)
            states.pop(n, None)
            counted += 1

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        spool = folder / "jobs"
        array.slurm, array.cancel_left, array.stuck = slurm, lambda folder: 0, lambda folder: ""  # type: ignore[assignment]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.process_time()
        executor = array.JobArrays(Execution(kind="sbatch"), folder, Driver.here(folder, "m", chunk=600.0))
        chunks: Chunks[int] = Chunks(executor)
        payload = os.urandom(size)
        for n in range(number):
            chunks.add(n, len, payload, lambda: 0)
        while chunks.futures:
            chunks.wait(0.5)
        spent = time.process_time() - begun
        executor.shutdown()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return number / spent, memory, counted


def busy(
    *, workers: int, walltime: float, chunk: float, deaths: float, startup: float, queue: float,
    trajectories: int, round_seconds: float, rounds: int, seed: int = 1,
) -> tuple[float, float, float]:  # fmt: skip
    """Busy share of simulated workers: (of the time they have, of that without the barriers of rounds, lost).

    deaths : of a job by accident, per hour.  startup : s to begin.  queue : s between two jobs of one slot.
    round_seconds : computing of each trajectory in a round; rounds wait for their last.
    """
    chance = random.Random(seed)
    stop, drain = stop_time(0.0, walltime), stop_time(0.0, walltime) - min(chunk / 2, 30.0)
    pause, handover = 45.0, 90.0  # s between checkpoints, until a dead lock is taken over
    clock = useful = lost = available = idle = 0.0
    ready = [(chance.uniform(0, queue + startup), w) for w in range(workers)]  # when a worker asks for work
    born = {w: t for t, w in ready}
    dies = {w: t + chance.expovariate(deaths / 3600) for t, w in ready}
    for _ in range(rounds):
        todo = [
            (0.0, round_seconds * chance.uniform(0.9, 1.1)) for _ in range(trajectories)
        ]  # (not before, left)
        heapq.heapify(ready)
        last = clock
        waiting = list(todo)
        running = 0
        while waiting:
            now, w = heapq.heappop(ready)
            if now - born[w] >= drain:  # the next job of this slot
                born[w] = now + queue + startup
                dies[w] = born[w] + chance.expovariate(deaths / 3600)
                heapq.heappush(ready, (born[w], w))
                continue
            after, left = waiting.pop(0)
            begin = max(now, after)
            end = min(begin + min(left, chunk), born[w] + stop)
            if dies[w] < end:
                did = max(0.0, dies[w] - begin)
                kept = max(0.0, did - chance.uniform(0, pause))
                useful, lost = useful + kept, lost + did - kept
                waiting.append((dies[w] + handover, left - kept))
                born[w] = max(dies[w], begin) + queue + startup
                dies[w] = born[w] + chance.expovariate(deaths / 3600)
                heapq.heappush(ready, (born[w], w))
                last = max(last, begin)
                continue
            useful += end - begin
            if left - (end - begin) > 1e-6:
                waiting.append((end, left - (end - begin)))
            last = max(last, end)
            heapq.heappush(ready, (end, w))
            running += 1
        idle += sum(last - t for t, _ in ready if t < last)
        ready = [(max(t, last), w) for t, w in ready]
        clock = last
    available = workers * clock
    return useful / available, useful / (available - idle), lost / useful


def main() -> None:
    """Print the tables of docs/cluster.md."""
    for number in (1000, 10_000):
        print(f"driver's loop, {number} chunks: {of_chunks(number):,.0f} per processor second")
    for number in (1000, 10_000):
        rate, memory, _ = of_arrays(number, 20_000)
        print(f"job arrays, {number} chunks of 20 kB: {rate:,.0f} per processor second, {memory:.0f} MB more")
    print("200 workers: walltime, chunk, deaths per hour, s between jobs -> busy, without barriers, lost")
    for walltime, chunk, deaths, queue in (
        (3600, 600, 0.02, 60),
        (3600, 600, 0.2, 60),
        (600, 120, 0.2, 60),
        (14400, 600, 0.2, 600),
    ):
        whole, between, lost = busy(
            workers=200, walltime=walltime, chunk=chunk, deaths=deaths, startup=20.0, queue=queue,
            trajectories=1000, round_seconds=1800.0, rounds=3,
        )  # fmt: skip
        print(
            f"{walltime:6d} s {chunk:4d} s {deaths:5.2f} {queue:4d} s -> {whole:.1%} {between:.1%} {lost:.2%}"
        )


if __name__ == "__main__":
    main()

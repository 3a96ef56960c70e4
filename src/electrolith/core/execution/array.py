"""Job arrays of SLURM as an executor: no pilot, no database, files in one folder.

Calls that came together become one array, one call per element: `N.task` holds it, `N.answer` what came of
it, `.out` what was printed. An element that SLURM requeues takes its call again; one that ended without an
answer is lost, or crashed where SLURM says that it failed by itself.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, TypeVar

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.execution.chunks import Lost
from electrolith.core.execution.profile import Execution
from electrolith.core.execution.slurm import cancel_left, directives, job_name, preamble, python, slurm, stuck
from electrolith.core.execution.worker import Driver, perform
from electrolith.core.files import write_atomic

__all__ = ["JobArrays", "main"]

T = TypeVar("T")

POLL = 2.0  # s between two looks
PATIENCE = 3  # looks without an answer after a job has ended: file servers show new files late
STUCK_EVERY = 5  # looks
WAITING = (
    "PENDING",
    "RUNNING",
    "CONFIGURING",
    "COMPLETING",
    "SUSPENDED",
    "REQUEUED",
    "REQUEUE_HOLD",
    "SIGNALING",
)
CRASHED = ("FAILED", "OUT_OF_MEMORY", "COMPLETED")  # completed without an answer: it fell over on its way out


class JobArrays(Executor):
    """Runs every call as one element of a job array."""

    def __init__(self, execution: Execution, folder: Path, driver: Driver) -> None:
        self.execution, self.folder, self.driver = execution, folder, driver
        self.spool = folder / "jobs"
        self.left = cancel_left(folder)
        shutil.rmtree(self.spool, ignore_errors=True)
        self.spool.mkdir(parents=True)
        self.number = 0
        self.new: list[tuple[int, Future[Any]]] = []
        self.open: dict[int, Future[Any]] = {}
        self.gone: dict[int, int] = {}
        self.guard = threading.Lock()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def submit(self, function: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Queue a call; keyword arguments are not taken."""
        if named:
            raise TypeError("JobArrays.submit takes positional arguments only")
        future: Future[T] = Future()
        with self.guard:
            number, self.number = self.number, self.number + 1
            write_atomic(self.spool / f"{number}.task", pickle.dumps((self.driver, function, arguments)))
            self.new.append((number, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for what runs, or cancel it; no job stays in the queue."""
        while wait and not cancel_futures and (self.new or self.open):
            time.sleep(POLL)
        self.ended.set()
        self.thread.join()
        cancel_left(self.folder)
        for _, future in [*self.new, *self.open.items()]:
            future.cancel()

    def _watch(self) -> None:
        turn = 0
        while not self.ended.wait(POLL):
            try:
                self._begin()
                self._collect()
                turn += 1
                if turn % STUCK_EVERY == 0 and (reason := stuck(self.folder)):
                    raise InputError(reason)
            except ElectrolithError as error:  # told through the calls that wait for an answer
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        with self.guard:
            waiting, self.new = self.new, []
            waiting += self.open.items()
            self.open = {}
        for _, future in waiting:
            if future.running() or future.set_running_or_notify_cancel():
                future.set_exception(error)

    def _begin(self) -> None:
        """Submit all calls that wait as one array."""
        with self.guard:
            batch = [(n, f) for n, f in self.new if not f.cancelled()]
        if not batch:
            return
        script = self.spool / "array.sh"
        write_atomic(script, self._script())
        numbers = ",".join(str(n) for n, _ in batch)
        if slurm("sbatch", "--parsable", f"--array={numbers}%{self.execution.jobs}", str(script)) is None:
            return  # the controller is away: the next look tries again
        with self.guard:
            self.new = [one for one in self.new if one not in batch and not one[1].cancelled()]
            for number, future in batch:
                if future.set_running_or_notify_cancel():
                    self.open[number] = future

    def _script(self) -> str:
        e = self.execution
        minutes, seconds = divmod(int(e.walltime), 60)
        lines = [
            "#!/bin/bash",
            f"#SBATCH --time={minutes}:{seconds:02d}",
            f"#SBATCH --nodes=1 --ntasks=1 --cpus-per-task={e.cores_per_worker}",
            f"#SBATCH --output={self.spool}/%a.out --open-mode=append --requeue",
            *(["#SBATCH --gpus=1"] if e.accelerators else []),
            *directives(e, self.folder),
            preamble(e),
            f'exec {python(e)} -m electrolith.core.execution.array "{self.spool}" "$SLURM_ARRAY_TASK_ID"',
        ]
        return "\n".join(lines) + "\n"

    def _collect(self) -> None:
        """Take in answers; a call whose job has ended without one is lost."""
        if not self.open:
            return
        there = {entry.name for entry in os.scandir(self.spool)}
        for number in [n for n in self.open if f"{n}.answer" in there]:
            path = self.spool / f"{number}.answer"
            good, value = pickle.loads(path.read_bytes())  # noqa: S301 - written by our own worker
            self._end(number, value if good else None, None if good else value)
        name = job_name(self.folder)
        answer = slurm("squeue", "--noheader", "--array", "--states=all", f"--name={name}", "--format=%K %T")
        if answer is None:
            return
        states = dict(line.split()[:2] for line in answer.splitlines() if len(line.split()) > 1)
        for number in list(self.open):
            state = states.get(str(number), "gone")
            self.gone[number] = 0 if state in WAITING else self.gone.get(number, 0) + 1
            if self.gone[number] >= PATIENCE:
                text = f"its job ended as {state} without an answer ({self.spool}/{number}.out)"
                self._end(number, None, BrokenProcessPool(text) if state in CRASHED else Lost(text))

    def _end(self, number: int, value: Any, error: BaseException | None) -> None:
        with self.guard:
            future = self.open.pop(number)
        self.gone.pop(number, None)
        (self.spool / f"{number}.task").unlink(missing_ok=True)
        if error is None or isinstance(error, ElectrolithError):
            for end in ("answer", "out"):
                (self.spool / f"{number}.{end}").unlink(missing_ok=True)
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)


def main(spool: str, number: str) -> None:
    """In the job: perform call `number` and leave its answer."""
    task = Path(spool) / f"{number}.task"
    if not task.exists():  # a job that was requeued after its answer had been taken in
        return
    driver, function, arguments = pickle.loads(task.read_bytes())  # noqa: S301
    try:
        answer: tuple[bool, Any] = (True, perform(driver, function, arguments))
    except Exception as error:
        answer = (False, error)
    write_atomic(Path(spool) / f"{number}.answer", pickle.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])

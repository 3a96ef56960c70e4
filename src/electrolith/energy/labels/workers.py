"""Worker processes that evaluate frames with an engine of their own; the death of one takes nothing else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from multiprocessing import connection
from pickle import PicklingError
from typing import Any, Protocol, runtime_checkable

from electrolith.core.errors import ElectrolithError, InputError, MissingExtra
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine, Evaluation

__all__ = ["Outcome", "Traced", "Work", "evaluated", "evaluated_here"]

SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
DEATHS_AT_START = 3  # a worker that dies before its engine is open is replaced; so many in a row are refused
GRACE = 2.0  # s between asking a process to end and ending it


@runtime_checkable
class Traced(Protocol):
    """An engine that says more of how it came to its numbers: code version, k-points."""

    def provenance(self, frame: Frame) -> dict[str, Any]:
        """Plain values to be stored beside the label."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one frame: its evaluation, or the text of what went wrong.

    index: of the frame in what was asked for.
    seconds: wall time.
    provenance: plain values the engine adds.
    """

    index: int
    evaluation: Evaluation | None
    text: str = ""
    seconds: float = 0.0
    provenance: dict[str, Any] | None = None


class Work:
    """Frames in the order they are begun, until they, the time or the wanted number run out."""

    def __init__(
        self, frames: list[tuple[int, Frame]], *, at_most: int | None = None, seconds: float | None = None
    ) -> None:
        self._frames = frames
        self._at_most = len(frames) if at_most is None else at_most
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._begun = 0
        self._failed = 0

    @property
    def left(self) -> int:
        """Frames not begun."""
        return len(self._frames) - self._begun

    @property
    def open(self) -> bool:
        """Whether another frame may be begun now."""
        late = self._deadline is not None and time.monotonic() >= self._deadline
        return self.room > 0 and not late

    @property
    def room(self) -> int:
        """Frames that may still be begun if time allows."""
        return min(self.left, self._at_most - self._begun + self._failed)

    def begin(self) -> tuple[int, Frame]:
        """The next frame and its index."""
        self._begun += 1
        return self._frames[self._begun - 1]

    def fail(self) -> None:
        """A begun frame gave nothing: another may be begun in its place."""
        self._failed += 1


def evaluated_here(work: Work, open_engine: Callable[[], Engine]) -> Generator[Outcome, None, None]:
    """Outcomes of `work`, one frame after the other, in this process."""
    if work.open:
        engine = open_engine()
        while work.open:
            yield _evaluate(engine, *work.begin())


def _evaluate(engine: Engine, index: int, frame: Frame) -> Outcome:
    """Evaluate one frame; whatever a calculator raises is the text of the outcome.

    Raises
    ------
    InputError, MissingExtra
        If the engine gives no forces, or cannot run at all.
    """
    from ase.calculators.calculator import PropertyNotImplementedError

    start = time.monotonic()
    try:
        out = engine.evaluate(frame)
    except PropertyNotImplementedError as error:
        raise InputError(_no_forces(engine, str(error))) from error
    except MissingExtra:
        raise
    except ElectrolithError as error:
        return Outcome(index, None, str(error))
    except Exception as error:
        return Outcome(index, None, f"{engine.name} stopped: {type(error).__name__}: {error}")
    if out.forces is None:
        raise InputError(_no_forces(engine, "its forces are None"))
    seconds = round(time.monotonic() - start, 1)
    provenance = engine.provenance(frame) if isinstance(engine, Traced) else {}
    return Outcome(index, out, seconds=seconds, provenance=provenance)


def _no_forces(engine: Engine, text: str) -> str:
    return (
        f"engine {engine.name} gives no forces ({text}); a teacher must: label with an engine that has "
        "energies and forces"
    )


def evaluated(
    work: Work, open_engine: Callable[[], Engine], *, processes: int, per_process: int
) -> Generator[Outcome, None, None]:
    """Outcomes of `work` by `processes` workers, each with an engine of its own, as they come.

    A worker is renewed after `per_process` frames. One that is killed loses its frame only. However this
    generator ends, no worker stays.

    Raises
    ------
    InputError
        If `open_engine` cannot be sent to another process, or its engine gives no forces.
    ElectrolithError
        What opening the engine raised, or that workers die before it is open.
    """
    pool: list[_Worker] = []
    deaths = 0
    try:
        while True:
            _renew(pool, work, open_engine, processes, per_process)
            if not pool:
                return
            ready = connection.wait([w.connection for w in pool])
            for worker in [w for w in pool if w.connection in ready]:
                message = worker.receive()
                if isinstance(message, BaseException):
                    raise message
                if isinstance(message, Outcome):
                    worker.job = None
                    yield message
                elif message is not None:
                    worker.ready, deaths = True, 0
                elif worker.job is not None:
                    pool.remove(worker)
                    yield Outcome(worker.job, None, f"its process {worker.epitaph()}; the others went on")
                else:
                    pool.remove(worker)
                    deaths += 1
                    if deaths == DEATHS_AT_START:
                        raise ElectrolithError(
                            f"{deaths} worker processes died before their engine was open, the last one "
                            f"{worker.epitaph()}; is there enough memory for so many? A script of your own "
                            "must call this below `if __name__ == '__main__':`"
                        )
    finally:
        _end(pool)


def _renew(
    pool: list[_Worker], work: Work, open_engine: Callable[[], Engine], processes: int, per_process: int
) -> None:
    """Give every idle worker a frame; replace the spent ones; send home those there is nothing for."""
    for worker in [w for w in pool if w.ready and w.job is None]:
        if not work.open or worker.begun >= per_process:
            pool.remove(worker)
            worker.dismiss()
        else:
            worker.begin(*work.begin())
    if not work.open:
        opening = [w for w in pool if not w.ready]
        for worker in opening:
            pool.remove(worker)
        _end(opening)
        return
    wanted = min(processes, sum(w.job is not None for w in pool) + work.room)
    pool += [_Worker(open_engine) for _ in range(wanted - len(pool))]


def _end(workers: list[_Worker]) -> None:
    """End processes promptly, and what they started."""
    for worker in workers:
        worker.signal(signal.SIGTERM)
    limit = time.monotonic() + GRACE
    for worker in workers:
        worker.process.join(max(0.0, limit - time.monotonic()))
        worker.signal(signal.SIGKILL)
        worker.process.join()
        worker.connection.close()


class _Worker:
    """One process, seen from the parent."""

    def __init__(self, open_engine: Callable[[], Engine]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, open_engine), daemon=True)
        self.ready = False
        self.job: int | None = None
        self.begun = 0
        try:
            with _single_thread():
                self.process.start()
        except (PicklingError, AttributeError, TypeError, ValueError) as error:  # pickle raises any of them
            raise InputError(
                f"{open_engine!r} cannot be sent to another process ({error}); give a function of a module, "
                "or functools.partial of one"
            ) from error
        theirs.close()

    def begin(self, index: int, frame: Frame) -> None:
        """Send a frame; if the process has just died, `receive` says so later."""
        self.job, self.begun = index, self.begun + 1
        with contextlib.suppress(OSError):
            self.connection.send((index, frame))

    def receive(self) -> Any:
        """What the worker says; None if it is dead."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            self.signal(signal.SIGKILL)
            self.process.join()
            self.connection.close()
            return None

    def epitaph(self) -> str:
        """How it died."""
        code = self.process.exitcode or 0
        if code == -signal.SIGKILL:
            return "was killed (signal 9; out of memory?)"
        return f"was ended by signal {-code}" if code < 0 else f"ended by itself (status {code})"

    def dismiss(self) -> None:
        """Let an idle worker go: it ends when its connection closes."""
        self.connection.close()
        self.process.join(GRACE)
        _end([self])

    def signal(self, number: int) -> None:
        """Send a signal to the worker and to what it started."""
        if self.process.pid is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # not yet the head of its group, or gone
            with contextlib.suppress(ProcessLookupError):
                if self.process.is_alive():
                    os.kill(self.process.pid, number)


@contextlib.contextmanager
def _single_thread() -> Iterator[None]:
    """Numerical libraries of a process started inside take one thread: the frames share the cores."""
    before = {name: os.environ.get(name) for name in SINGLE_THREAD}
    os.environ.update(dict.fromkeys(SINGLE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _work(ours: connection.Connection, open_engine: Callable[[], Engine]) -> None:
    """In the worker: open the engine, then evaluate frames until the connection closes."""
    os.setpgrp()  # what the engine starts ends with this process; Ctrl-C is left to the parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.Thread(target=_outlive_no_parent, daemon=True).start()
    try:
        engine = _opened(open_engine)
        ours.send("ready")
        while True:
            ours.send(_evaluate(engine, *ours.recv()))
    except (EOFError, OSError):  # the parent closed the connection
        return
    except ElectrolithError as error:
        ours.send(error)


def _opened(open_engine: Callable[[], Engine]) -> Engine:
    """The engine of this process, on one thread."""
    try:
        engine = open_engine()
    except ElectrolithError:
        raise
    except Exception as error:
        raise ElectrolithError(f"the engine could not be opened: {type(error).__name__}: {error}") from error
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    return engine


def _outlive_no_parent() -> None:
    """End this process and what it started when the parent is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.killpg(0, signal.SIGTERM)
        time.sleep(GRACE)
        os.killpg(0, signal.SIGKILL)

"""An executor that gives every task a process of its own, so that a crash takes nothing else with it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, TypeVar

__all__ = ["CORES", "Processes", "cores"]

T = TypeVar("T")

SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
CORES = "ELECTROLITH_CORES"
"""Of this machine, how many are ours; set in a worker that shares a node with others."""
STOPS = (signal.SIGINT, signal.SIGTERM)  # sent to a whole group by terminals and batch systems


def cores() -> int:
    """How many processes should compute at once on this machine."""
    return int(os.environ.get(CORES) or os.cpu_count() or 1)


def _serve(connection: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """In the new process: run one call, send back what came of it, and do not outlive the parent (Linux).

    Ctrl-C and SIGTERM are the parent's business: it says when to write a checkpoint, and when to end.
    """
    for stop in STOPS:
        signal.signal(stop, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    try:
        answer: tuple[bool, Any] = (True, function(*arguments))
    except BaseException as error:
        error.add_note("in the worker process:\n" + traceback.format_exc())
        answer = (False, error)
    try:
        connection.send(answer)
    except Exception as error:  # what cannot be pickled is at least named
        text = f"{type(error).__name__} while handing back {answer[1]!r:.200}"
        connection.send((False, RuntimeError(text)))
    connection.close()


class Processes(Executor):
    """At most `workers` processes at once, each started afresh, each with one thread.

    Left by an exception (Ctrl-C is one), what still runs is killed; left normally, it is waited for.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or cores()
        self._threads = ThreadPoolExecutor(
            self.workers, thread_name_prefix="trajectory", initializer=_block_stops
        )
        self._before: dict[str, str | None] = {}
        self._running: set[Any] = set()
        self._guard = threading.Lock()
        self._aborted = False

    def __enter__(self) -> Processes:
        self._before = {name: os.environ.get(name) for name in SINGLE_THREAD}
        os.environ.update(dict.fromkeys(SINGLE_THREAD, "1"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abort()
        self.shutdown(wait=True, cancel_futures=kind is not None)

    def submit(self, function: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Queue a call; keyword arguments are not taken."""
        if named:
            raise TypeError("Processes.submit takes positional arguments only")
        return self._threads.submit(self._alone, function, arguments)

    def abort(self) -> None:
        """Kill every process; what they have stored stays, what they hold is lost."""
        with self._guard:
            self._aborted = True
            for process in self._running:
                process.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for what runs; restore the environment."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = {}

    def _alone(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """Run one call in one new process.

        Raises
        ------
        BrokenProcessPool
            If the process ended without an answer: killed, out of memory, or by a fault in native code.
        """
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_serve, args=(theirs, function, arguments))
        with self._guard:
            if self._aborted:
                raise BrokenProcessPool("stopped before it began")
            process.start()
            self._running.add(process)
        theirs.close()  # so that the pipe ends with the process
        try:
            good, answer = ours.recv()
        except EOFError:
            process.join()
            code = process.exitcode
            raise BrokenProcessPool(f"a worker process ended without an answer ({code})") from None
        finally:
            ours.close()
            process.join()
            with self._guard:
                self._running.discard(process)
        if not good:
            raise answer
        return answer  # type: ignore[no-any-return]


def _block_stops() -> None:
    """In a thread that starts processes: these are born deaf, not only deaf once Python is up in them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)

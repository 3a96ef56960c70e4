"""An executor that gives every task a process of its own, so that a crash takes nothing else with it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["Processes"]

T = TypeVar("T")

SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


def _prepare() -> None:
    """In the new process: leave Ctrl-C to the parent, and do not outlive it (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


def _alone(function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """Run one call in one new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_prepare) as pool:
        return pool.submit(function, *arguments).result()


class Processes(Executor):
    """At most `workers` processes at once, each started afresh, each with one thread."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="trajectory")
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> Processes:
        self._before = {name: os.environ.get(name) for name in SINGLE_THREAD}
        os.environ.update(dict.fromkeys(SINGLE_THREAD, "1"))
        return self

    def submit(self, function: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Queue a call; keyword arguments are not taken."""
        if named:
            raise TypeError("Processes.submit takes positional arguments only")
        return self._threads.submit(_alone, function, arguments)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for what runs; restore the environment."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = {}

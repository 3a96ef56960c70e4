"""A chunk in its worker: it knows when its job ends, hears signals, and refuses another version's driver."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from electrolith.core.errors import InputError
from electrolith.core.processes import CORES

__all__ = ["JOB_END", "JOB_START", "Driver", "lifetime", "perform", "sources", "stop_time"]

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SHARE, MARGIN = 0.9, 60.0  # a job stops at the larger of 0.9 of its life and its life less 60 s

JOB_START, JOB_END = "ELECTROLITH_JOB_START", "ELECTROLITH_JOB_END"
"""Seconds since the epoch, exported by the script of a job where SLURM does not say so itself."""

MARK = ".driver"


@dataclass(frozen=True, slots=True)
class Driver:
    """What a worker has to agree with: sources of the package, and the folder that both must see.

    chunk : s after which a chunk is to hand back, so that what matters most can go first.
    cores : that a worker has.
    """

    sources: str
    version: str
    python: str
    folder: str
    mark: str
    chunk: float
    cores: int = 1

    @staticmethod
    def here(folder: Path, mark: str, *, chunk: float, cores: int = 1) -> Driver:
        """That of this process; the mark is stored in the folder."""
        from electrolith import __version__
        from electrolith.core.files import write_atomic

        write_atomic(folder / MARK, mark)
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        return Driver(sources(), __version__, python, str(folder), mark, chunk, cores)


@cache
def sources() -> str:
    """Checksum of every line of this package: equal for two installations that compute the same."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()[:16]


def lifetime() -> tuple[float, float] | None:
    """Start and end of the job (s since the epoch), if there is one: SLURM's own word, or its script's."""
    for start, end in (("SLURM_JOB_START_TIME", "SLURM_JOB_END_TIME"), (JOB_START, JOB_END)):
        try:
            return float(os.environ[start]), float(os.environ[end])
        except (KeyError, ValueError):
            continue
    return None


def stop_time(start: float, end: float) -> float:
    """When chunks of a job have to stop: max(0.9 × lifetime, lifetime - 60 s) after its start."""
    life = end - start
    return start + max(SHARE * life, life - MARGIN)


def perform(driver: Driver, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call `function(*arguments, stop=…)` in a worker.

    `stop()` becomes true when the job is about to end, when the chunk has had its time, and on SIGTERM or
    SIGUSR1.

    Raises
    ------
    InputError
        If the worker is of another version, or does not see the driver's folder.
    """
    _agree(driver)
    os.environ.update({CORES: str(driver.cores), **dict.fromkeys(SINGLE_THREAD, "1")})
    limit = time.time() + driver.chunk
    if (job := lifetime()) is not None:
        limit = min(limit, stop_time(*job))
    with _signalled() as heard:
        return function(*arguments, stop=lambda: heard.is_set() or time.time() >= limit)


def _agree(driver: Driver) -> None:
    from electrolith import __version__

    host = socket.gethostname()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if (driver.sources, driver.python) != (sources(), python):
        raise InputError(
            f"the worker on {host} runs electrolith {__version__} (sources {sources()}, Python {python}), "
            f"the driver {driver.version} (sources {driver.sources}, Python {driver.python}): results "
            f"would mix "
            "two programs; let worker_init of the profile activate the driver's environment"
        )
    try:
        there = (Path(driver.folder) / MARK).read_text()
    except OSError:
        there = ""
    if there != driver.mark:
        raise InputError(
            f"the worker on {host} does not see the driver's folder {driver.folder}: campaigns need a folder "
            "that all nodes share (a home or project file system, no local disk)"
        )


@contextmanager
def _signalled() -> Iterator[threading.Event]:
    """An event that SIGTERM or SIGUSR1 sets; what the signals did before is restored."""
    heard = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before = {number: signal.signal(number, lambda *_: heard.set()) for number in SIGNALS}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

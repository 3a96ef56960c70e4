"""Idempotent chunks on any executor: each goes on, wherever, until it says that it is done.

What a loss costs: a walltime that ran out, a preempted, cancelled or requeued job and a lost node are free; a
process that died by itself (out of memory, a fault in compiled code) is one of `CRASHES` attempts, counted
anew once the chunk has got further. A chunk that is lost `LOSSES` times in a row without getting any further
is given up: something other than bad luck kills it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["CRASHES", "LOSSES", "Chunks", "Ended", "Lost", "Stop", "never"]

CRASHES = 2  # processes that may die over one chunk
LOSSES = 20  # free losses in a row without progress

Stop = Callable[[], bool]
"""Whether a chunk should write its checkpoint and end now."""

K = TypeVar("K", bound=Hashable)


def never() -> bool:
    """The `Stop` of a chunk that nobody will end."""
    return False


class Lost(Exception):
    """The place where a chunk ran is gone, through no fault of the chunk: it goes on elsewhere."""


class Answer(Protocol):
    """What a chunk gives back."""

    @property
    def more(self) -> bool:
        """Whether there is more to do, by the same call."""
        ...


@dataclass(frozen=True, slots=True)
class Ended(Generic[K]):
    """A chunk that will not be submitted again: its last answer, or why it was given up."""

    key: K
    answer: Any
    gave_up: str = ""


@dataclass(slots=True, eq=False)
class _Chunk(Generic[K]):
    key: K
    function: Callable[..., Answer]
    argument: Any
    progress: Callable[[], int]
    crashes: int = 0
    losses: int = 0
    last: int = -1


@dataclass(slots=True, eq=False)
class Chunks(Generic[K]):
    """Chunks under way on an executor.

    executor : takes `submit(function, argument)`.      told : called with a line for people.
    lost, crashed, passes : counted over all chunks, for reports: free losses, crashes, answers "more to do".
    """

    executor: Executor
    told: Callable[[str], None] = lambda text: None
    futures: dict[Future[Answer], _Chunk[K]] = field(default_factory=dict)
    done: SimpleQueue[Future[Answer]] = field(default_factory=SimpleQueue)
    lost: int = 0
    crashed: int = 0
    passes: int = 0

    def add(
        self, key: K, function: Callable[..., Answer], argument: Any, progress: Callable[[], int]
    ) -> None:
        """Begin or go on with a chunk. progress : how far it has got, growing, by what it has stored."""
        self._submit(_Chunk(key, function, argument, progress))

    def _submit(self, chunk: _Chunk[K]) -> None:
        future = self.executor.submit(chunk.function, chunk.argument)
        self.futures[future] = chunk
        future.add_done_callback(self.done.put)

    def wait(self, timeout: float) -> list[Ended[K]]:
        """Chunks that ended within `timeout` seconds; those with more to do, and the lost, are going on."""
        ended: list[Ended[K]] = []
        while True:  # what has come is taken without a look at all that has not: there may be thousands
            try:
                future = self.done.get(timeout=timeout)
            except Empty:
                return ended
            timeout = 0.0
            if (end := self._settle(self.futures.pop(future), future)) is not None:
                ended.append(end)

    def _settle(self, chunk: _Chunk[K], future: Future[Answer]) -> Ended[K] | None:
        try:
            answer = future.result()
        except (Lost, CancelledError) as error:
            self.lost += 1
            return self._again(chunk, str(error) or "cancelled")
        except BrokenProcessPool as error:
            self.crashed += 1
            there = chunk.progress()
            chunk.crashes = 1 if there > chunk.last else chunk.crashes + 1
            chunk.last = max(there, chunk.last)
            if chunk.crashes >= CRASHES:
                return Ended(
                    chunk.key,
                    None,
                    f"its process died {chunk.crashes} times (out of memory, or a fault in the engine)",
                )
            self.told(f"{chunk.key}: {error}; it goes on from its checkpoint")
            self._submit(chunk)
            return None
        if not answer.more:
            return Ended(chunk.key, answer)
        self.passes += 1
        return self._again(chunk, "its time ran out")

    def _again(self, chunk: _Chunk[K], why: str) -> Ended[K] | None:
        """Go on for free, unless nothing moves."""
        there = chunk.progress()
        chunk.losses = chunk.losses + 1 if there <= chunk.last else 0
        chunk.last = max(there, chunk.last)
        if chunk.losses >= LOSSES:
            return Ended(
                chunk.key,
                None,
                f"ended {chunk.losses} times without getting any further ({why}); is the walltime shorter "
                "than the time to begin and one checkpoint?",
            )
        self._submit(chunk)
        return None

    def stop(self, seconds: float | None) -> None:
        """Take back what has not begun and give the others time for a checkpoint."""
        for future in self.futures:
            future.cancel()
        limit = None if seconds is None else time.monotonic() + seconds
        wait(self.futures, timeout=None if limit is None else max(0.0, limit - time.monotonic()))

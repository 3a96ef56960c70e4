"""How far a loop is, told to whoever asked: a room says it, the terminal draws it, nobody else notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["listening", "tracked"]

T = TypeVar("T")
Heard = Callable[[float, str], None]
_LISTENER: ContextVar[Heard | None] = ContextVar("listener", default=None)


def tracked(items: Sequence[T], what: str) -> Iterator[T]:
    """The items one by one, each said as "spectrum 3 of 32" before its turn.

    Parameters
    ----------
    what : one of them, in a word.
    """
    listener = _LISTENER.get()
    for number, item in enumerate(items):
        if listener is not None:
            listener(number / len(items), f"{what} {number + 1} of {len(items)}")
        yield item


@contextmanager
def listening(heard: Heard) -> Iterator[None]:
    """While something runs, `heard` gets the share that is done (0 to 1) and words."""
    token = _LISTENER.set(heard)
    try:
        yield
    finally:
        _LISTENER.reset(token)

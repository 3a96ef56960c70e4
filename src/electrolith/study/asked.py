"""What was asked of this run of the program: known to everything that writes, handed through no signature."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LINE", "Asked", "asked", "asking"]

# The words of the command line, set where they are parsed.
LINE: ContextVar[tuple[str, ...]] = ContextVar("line", default=())


@dataclass(frozen=True)
class Asked:
    """One command as it was given.

    line : the words of the command line, the program's name first; empty when called from Python.
    inputs : files that were read.
    options : every option with its value, defaults included.
    csv, xlsx : where tables go as data. bom : mark CSV as UTF-8 for programs that guess.
    figures : where figures for papers go, of this width (mm), in these formats, in this font.
    """

    line: tuple[str, ...] = ()
    inputs: tuple[Path, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    csv: Path | None = None
    xlsx: Path | None = None
    bom: bool = False
    figures: Path | None = None
    width: float = 86.0
    formats: tuple[str, ...] = ("svg", "pdf")
    font: str = "DejaVu Sans"

    @property
    def command(self) -> str:
        """The line that does it again, quoted for a shell."""
        return shlex.join(self.line)


_NOW: ContextVar[Asked | None] = ContextVar("asked", default=None)


def asked() -> Asked:
    """What was asked; nothing in particular where Python called."""
    return _NOW.get() or Asked()


@contextmanager
def asking(what: Asked) -> Iterator[None]:
    """While one command runs."""
    token = _NOW.set(what)
    try:
        yield
    finally:
        _NOW.reset(token)

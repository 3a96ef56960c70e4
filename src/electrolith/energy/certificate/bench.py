"""Where the pieces of a certificate are measured: each once, stored at once, while there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from electrolith.core.archive import fingerprint, load, save
from electrolith.core.errors import DataError, ElectrolithError
from electrolith.crystal.frame import Frame
from electrolith.crystal.supercell import roundest, supercell
from electrolith.energy.certificate.certificate import Unmeasured
from electrolith.energy.certificate.certification import CertifyMaterial, CertifySettings
from electrolith.energy.engine import Engine, Evaluation
from electrolith.energy.pod.fit import PodFit

__all__ = ["NO_TEACHER", "NO_TIME", "Bench", "Timed", "repeated"]

Value = TypeVar("Value")

NO_TEACHER = "no teacher was given"
NO_TIME = "the time budget was used up"


@dataclass(eq=False)
class Bench:
    """Where pieces are measured: once each, while there is time; what was left out is written down."""

    fit: PodFit
    materials: tuple[CertifyMaterial, ...]
    settings: CertifySettings
    student: Engine
    teacher: Engine | None
    reference: str
    folder: Path
    deadline: float
    tell: Callable[[float, str], None]
    pieces: int
    done: int = 0
    missing: list[Unmeasured] = field(default_factory=list)

    def piece(
        self, name: str, key: Sequence[Any], make: Callable[[], Value], *, who: str | None = None
    ) -> Value | None:
        """The stored piece, or a new one; None if it cannot be had, with the reason noted.

        The student's fingerprint is part of the key, unless `who` says what the piece depends on instead.
        """
        self.begin(name)
        who = self.fit.potential.fingerprint if who is None else who
        path = self.path(name.split(",")[0], who, *key)
        try:
            found: Value = load(path)
            return found
        except DataError:
            pass
        if self.is_late:
            self.miss(name, NO_TIME)
            return None
        try:
            made = make()
        except ElectrolithError as error:
            self.miss(name, _reason(error))
            return None
        save(path, made)
        return made

    def path(self, kind: str, *key: Any) -> Path:
        """Archive of what depends on `key`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{kind.replace(' ', '-')}-{fingerprint(key)[:16]}.res"

    def miss(self, piece: str, reason: str) -> None:
        """Note what was not measured."""
        self.missing.append(Unmeasured(piece, reason))

    def begin(self, text: str) -> None:
        """Tell how far it is."""
        self.tell(min(self.done / max(self.pieces, 1), 1.0), text)
        self.done += 1

    @property
    def is_late(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() >= self.deadline

    @property
    def moving(self) -> tuple[CertifyMaterial, ...]:
        """The materials that are run."""
        return tuple(m for m in self.materials if m.dynamics)

    @property
    def compared(self) -> tuple[CertifyMaterial, ...]:
        """Materials that the teacher looks at."""
        return tuple(m for m in self.materials if m.compared)


class Timed:
    """Engine: another engine that is asked nothing more once the time is used up."""

    def __init__(self, engine: Engine, deadline: float) -> None:
        self.engine = engine
        self.deadline = deadline

    @property
    def name(self) -> str:
        """Name of the engine behind."""
        return self.engine.name

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`.

        Raises
        ------
        ElectrolithError
            If the time is used up.
        """
        if time.monotonic() >= self.deadline:
            raise ElectrolithError(NO_TIME)
        return self.engine.evaluate(frame)


def _reason(error: ElectrolithError) -> str:
    """The first cause in its own words, without the places it passed."""
    while isinstance(error.__cause__, ElectrolithError):
        error = error.__cause__
    return str(error)


def repeated(frame: Frame, atoms: int) -> Frame:
    """The roundest supercell of at least so many atoms."""
    count = -(-atoms // len(frame))
    return frame if count <= 1 else supercell(frame, roundest(frame.cell, count))

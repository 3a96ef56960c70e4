"""Measured series in time: files to a followed series."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.units import Unit

from .data import Abscissa
from .instrument_words import instrument_from
from .model import Histogram
from .operando import Frames, OperandoFit, follow
from .phase import Phase
from .phase_library import candidate
from .read_pattern import read_pattern

__all__ = ["Operando", "OperandoSettings", "run_operando"]


@dataclass(frozen=True, slots=True)
class OperandoSettings:
    """A series of patterns in time.

    files : in order of time. interval : between frames. candidates : phases that might appear.
    """

    files: tuple[Path, ...]
    instrument: str
    interval: Annotated[float, Unit("h")] = 1.0
    bank: int = 1
    abscissa: Abscissa | None = None
    limits: tuple[float, float] | None = None
    background: int = 8
    phases: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ("Li3N", "LiCl", "LiOH", "NH4Cl", "Li")

    def __post_init__(self) -> None:
        if len(self.files) < 5:
            raise InputError(f"operando: {len(self.files)} patterns; a series needs at least five")
        if not self.interval > 0:
            raise InputError(f"operando: the interval must be positive, got {self.interval} h")


@dataclass(frozen=True, slots=True, eq=False)
class Operando:
    """A followed series with its settings."""

    settings: OperandoSettings
    fit: OperandoFit


def run_operando(settings: OperandoSettings, crystal: Phase) -> Operando:
    """Read all frames and follow them."""
    tool = instrument_from(settings.instrument, bank=settings.bank)
    patterns = tuple(read_pattern(p, abscissa=settings.abscissa) for p in settings.files)
    frames = Frames.of(patterns, settings.interval * np.arange(len(patterns)))
    histogram = Histogram(
        "operando", patterns[0], tool, background=settings.background, limits=settings.limits
    )
    phases = (crystal, *(candidate(p) for p in settings.phases))
    wanted = tuple(candidate(c) for c in settings.candidates if c not in settings.phases)
    return Operando(settings, follow(frames, phases, histogram, candidates=wanted))

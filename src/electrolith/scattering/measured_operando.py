"""Measured series in time: files to a followed series."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from electrolith.core.errors import DataError, InputError, nearest
from electrolith.core.units import Unit

from .data import Abscissa
from .follow import Frames
from .instrument_words import instrument_from
from .model import Histogram
from .operando import OperandoFit, follow
from .phase import Phase
from .phase_library import candidate, suspected_names
from .read_pattern import read_pattern
from .tables import element_of

__all__ = ["Operando", "OperandoSettings", "run_operando"]


_BRINGS = {"none": (), "water": ("H", "O"), "air": ("H", "C", "N", "O")}


@dataclass(frozen=True, slots=True)
class OperandoSettings:
    """A series of patterns in time.

    files : in order of time. interval : between frames. axis_file, axis_column : a table with one row per
    frame whose column (temperature, voltage, ...) stands for time.
    candidates : phases that might appear; where none are given, those of the library that hold no other
    elements than the phases and the gas. gas : "none", "water" (H, O) or "air" (H, C, N, O).
    instrument, bank, abscissa, limits : as for single patterns; one for the whole series.
    background : coefficients of its polynomial.     phases : there from the start, besides the crystal.
    """

    files: tuple[Path, ...]
    instrument: str
    interval: Annotated[float, Unit("h")] = 1.0
    bank: int = 1
    abscissa: Abscissa | None = None
    limits: tuple[float, float] | None = None
    background: int = 8
    phases: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    gas: Literal["none", "water", "air"] = "none"
    axis_file: Path | None = None
    axis_column: str | None = None

    def __post_init__(self) -> None:
        if len(self.files) < 5:
            raise InputError(f"operando: {len(self.files)} patterns; a series needs at least five")
        if not self.interval > 0:
            raise InputError(f"operando: the interval must be positive, got {self.interval} h")
        if self.gas not in _BRINGS:
            raise InputError(nearest("operando gas", str(self.gas), _BRINGS))
        if (self.axis_file is None) != (self.axis_column is None):
            raise InputError("operando: axis_file and axis_column belong together")


@dataclass(frozen=True, slots=True, eq=False)
class Operando:
    """A followed series with its settings."""

    settings: OperandoSettings
    fit: OperandoFit


def run_operando(settings: OperandoSettings, crystal: Phase) -> Operando:
    """Read all frames and follow them."""
    tool = instrument_from(settings.instrument, bank=settings.bank)
    patterns = tuple(read_pattern(p, abscissa=settings.abscissa) for p in settings.files)
    frames = Frames.of(patterns, *_axis(settings))
    histogram = Histogram(
        "operando", patterns[0], tool, background=settings.background, limits=settings.limits
    )
    phases = (crystal, *(candidate(p) for p in settings.phases))
    wanted, left_out = _wanted(settings, phases)
    fit = follow(frames, phases, histogram, candidates=wanted)
    return Operando(settings, replace(fit, warnings=(*fit.warnings, *left_out)))


def _axis(settings: OperandoSettings) -> tuple[np.ndarray, str, str]:
    """Values of the axis, their unit and its name."""
    count = len(settings.files)
    if settings.axis_file is None or settings.axis_column is None:
        return settings.interval * np.arange(count), "h", "time"
    with settings.axis_file.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0]) if rows else []
    if settings.axis_column not in names:
        raise InputError(nearest(f"{settings.axis_file}: column", settings.axis_column, names))
    if len(rows) != count:
        raise DataError(f"{settings.axis_file}: {len(rows)} rows for {count} patterns")
    out = []
    for number, row in enumerate(rows, start=2):
        try:
            out.append(float(row[settings.axis_column]))
        except ValueError as error:
            raise DataError(
                f"{settings.axis_file}: line {number}: {row[settings.axis_column]!r} is no number"
            ) from error
    found = re.fullmatch(r"(.*?)\s*[/\[(]\s*([^\])]*)[\])]?", settings.axis_column)
    name, unit = (found.group(1), found.group(2)) if found else (settings.axis_column, "")
    return np.array(out), unit.strip(), name.strip()


def _wanted(
    settings: OperandoSettings, phases: tuple[Phase, ...]
) -> tuple[tuple[Phase, ...], tuple[str, ...]]:
    """Candidates that the elements present allow, and words for those that were asked for but cannot be."""
    there = {element_of(s) for p in phases for s in p.species} | set(_BRINGS[settings.gas])
    mine = {p.name for p in phases}
    out, words = [], []
    for name in settings.candidates or suspected_names():
        phase = candidate(name)
        if phase.name in mine:
            continue
        alien = sorted({element_of(s) for s in phase.species} - there)
        if not alien:
            out.append(phase)
        elif settings.candidates:
            words.append(
                f"candidate {name} was not tested: {', '.join(alien)} is in none of the phases; say what the "
                "gas brings (gas: air; --gas air)"
            )
    return tuple(out), tuple(words)

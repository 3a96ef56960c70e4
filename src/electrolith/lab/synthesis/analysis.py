"""A synthesis series: the batch to weigh, pellets, what goes together, what to try next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate, parse_estimate
from electrolith.core.units import Unit
from electrolith.lab.synthesis.batch import Batch, BatchSettings, plan_batch
from electrolith.lab.synthesis.correlate import Correlations, correlate
from electrolith.lab.synthesis.design import DesignSettings, Suggestion, suggest_next
from electrolith.lab.synthesis.pellet import PelletDensity, pellet_density, pressing_pressure
from electrolith.lab.synthesis.runs import RunSheet, RunSheetSettings, run_sheet
from electrolith.lab.synthesis.samples import SampleTable, read_samples

__all__ = ["Improve", "PelletSettings", "SynthesisResult", "SynthesisSettings", "measure_synthesis"]


@dataclass(frozen=True, slots=True)
class PelletSettings:
    """A pressed pellet: "0.120(1) g", "10.00(2) mm", "0.90(2) mm"; the crystal's density; the load, "3 t".

    mass, diameter, thickness : as text with their uncertainty.
    crystal_density : from the cell, for the relative density.     load : of the press, as text with its unit.
    """

    mass: str
    diameter: str
    thickness: str
    crystal_density: Annotated[float, Unit("g/cm^3")]
    load: str | None = None


@dataclass(frozen=True, slots=True)
class Improve:
    """The column to improve, over which conditions, within which bounds and steps.

    column : of the table.     conditions : columns that can be chosen.
    bounds : lowest and highest of each condition.     steps : to which each is rounded.
    maximise : false where less is better.
    logarithm : model the logarithm of the column, for conductivities.
    """

    column: str
    conditions: tuple[str, ...] = ("speed", "time")
    bounds: tuple[tuple[float, float], ...] = ((200.0, 700.0), (2.0, 70.0))
    steps: tuple[float, ...] = (50.0, 2.0)
    maximise: bool = True
    logarithm: bool = False

    def __post_init__(self) -> None:
        if not len(self.conditions) == len(self.bounds) == len(self.steps):
            raise InputError(
                f"improve: {len(self.conditions)} conditions, {len(self.bounds)} bounds and "
                f"{len(self.steps)} steps; "
                "one of each for every condition"
            )


@dataclass(frozen=True, slots=True)
class SynthesisSettings:
    """Any of: a batch, a pellet, a table of samples, the column to improve, runs to plan.

    columns : those to correlate; empty: all. given : columns held fixed in partial correlations.
    batch : a reaction to balance and weigh.     pellet : whose density is wanted.
    samples : CSV of samples, one a row, conditions and results in columns.
    improve : a column of this table for which the next conditions are proposed.
    runs : a list of runs to mill.
    seed : of permutations and proposals.
    """

    batch: BatchSettings | None = None
    pellet: PelletSettings | None = None
    samples: Path | None = None
    columns: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    improve: Improve | None = None
    runs: RunSheetSettings | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        asked = (self.batch, self.pellet, self.samples, self.improve, self.runs)
        if all(a is None for a in asked):
            raise InputError("synthesis: give a batch, a pellet, runs or a table of samples")


@dataclass(frozen=True, slots=True, eq=False)
class SynthesisResult:
    """What was asked for; None elsewhere."""

    batch: Batch | None
    pellet: PelletDensity | None
    samples: SampleTable | None
    correlations: Correlations | None
    improve: Improve | None
    suggestion: Suggestion | None
    runs: RunSheet | None = None
    pressure: Estimate | None = None


def measure_synthesis(settings: SynthesisSettings, measured: SampleTable | None = None) -> SynthesisResult:
    """Plan the batch, weigh up the pellet and the series.

    Parameters
    ----------
    measured : samples with what was measured of them, for `improve` without a table of its own.

    Raises
    ------
    InputError
        If something is to be improved and there is no table.
    """
    table = read_samples(settings.samples) if settings.samples is not None else None
    if settings.improve is not None and table is None and measured is None:
        raise InputError("synthesis: improve needs a table of samples")
    series = table if table is not None else measured
    return SynthesisResult(
        batch=plan_batch(settings.batch) if settings.batch is not None else None,
        pellet=_pellet(settings.pellet, settings.seed) if settings.pellet is not None else None,
        samples=series if settings.improve is not None else table,
        correlations=correlate(table, columns=settings.columns, given=settings.given, seed=settings.seed)
        if table is not None
        else None,
        improve=settings.improve,
        suggestion=_suggest(series, settings.improve, settings.seed)
        if series is not None and settings.improve is not None
        else None,
        runs=run_sheet(settings.runs) if settings.runs is not None else None,
        pressure=_pressure(settings.pellet, settings.seed),
    )


def _pellet(settings: PelletSettings, seed: int) -> PelletDensity:
    rng = np.random.default_rng(seed)
    return pellet_density(
        parse_estimate(settings.mass, "g", rng=rng),
        parse_estimate(settings.diameter, "mm", rng=rng),
        parse_estimate(settings.thickness, "mm", rng=rng),
        crystal=Estimate.exact(settings.crystal_density, "g/cm^3"),
    )


def _pressure(settings: PelletSettings | None, seed: int) -> Estimate | None:
    """Of the pellet's load, MPa."""
    if settings is None or settings.load is None:
        return None
    rng = np.random.default_rng(seed)
    parse_estimate(settings.mass, "g", rng=rng)  # the same draws of the diameter as the density has
    return pressing_pressure(settings.load, parse_estimate(settings.diameter, "mm", rng=rng))


def _suggest(table: SampleTable, improve: Improve, seed: int) -> Suggestion:
    conditions = np.column_stack([table.column(c) for c in improve.conditions])
    return suggest_next(
        conditions,
        table.column(improve.column),
        DesignSettings(improve.bounds, improve.steps, improve.maximise, improve.logarithm, seed),
        errors=table.error(improve.column),
    )

"""Records of symmetric cells to what was decided about each: shorts, trend, critical current or lifetime."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate, parse_estimate
from electrolith.core.units import Unit
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.symmetric import budget as stack
from electrolith.lab.symmetric.compare import PublishedCell, published_cells, read_cells
from electrolith.lab.symmetric.critical import CriticalCurrent, Lifetime, critical_current, lifetime
from electrolith.lab.symmetric.shorts import ShortRule
from electrolith.lab.symmetric.trend import TrendRule

DRAWN = 6000  # rows of a record drawn; more nobody can see


@dataclass(frozen=True)
class StackLayer:
    """A layer of the stack: its resistance, or thickness and conductivity. All with their uncertainty.

    name : as the report lists it.     resistance : "12.5(5) ohm".
    thickness, conductivity : "0.60(2) mm" and "4.3(2)e-5 S/cm", together instead of the resistance.
    count : how many such layers there are.
    """

    name: str
    resistance: str | None = None
    thickness: str | None = None
    conductivity: str | None = None
    count: int = 1

    def __post_init__(self) -> None:
        if (self.resistance is None) == (self.thickness is None or self.conductivity is None):
            raise InputError(f"layer {self.name}: give its resistance, or both thickness and conductivity")


@dataclass(frozen=True)
class SymmetricSettings:
    """Records of lithium symmetric cells.

    area : of one electrode.
    test : "steps" of rising current, "lifetime" at one current, "auto" by the record.
    resistance : of the cell from impedance, for the ohmic share.
    smallest, significance : of a soft short, see the rule in the report.
    creep : fraction of the highest overpotential reached below which a cell has crept into a short.
    growth : factor over its beginning above which the interface has failed.
    literature : CSV of published cells for the chart, instead of those of this package.
    files : cycler records, one for each cell.
    temperature, pressure : at which the cell ran; shown beside published cells.
    layers : of the stack, for its resistance beside the measured one.
    """

    files: tuple[Path, ...]
    area: Annotated[float, Unit("m2")]
    test: Literal["auto", "steps", "lifetime"] = "auto"
    resistance: Annotated[float | None, Unit("ohm")] = None
    temperature: Annotated[float | None, Unit("K")] = None
    pressure: Annotated[float | None, Unit("Pa")] = None
    smallest: float = 0.04
    significance: float = 6.0
    creep: float = 0.5
    growth: float = 2.0
    layers: tuple[StackLayer, ...] = ()
    literature: Path | None = None

    def __post_init__(self) -> None:
        if not 1e-7 < self.area < 1:
            raise InputError(f"area {self.area:g} m2 is no cell's; state the unit, as in '0.785 cm2'")
        ShortRule(self.significance, self.smallest)
        TrendRule(self.creep, self.growth)


@dataclass(frozen=True, eq=False)
class OneCell:
    """One record: what was decided, and the thinned voltage for the figure (h, V, mA/cm2)."""

    source: str
    decision: CriticalCurrent
    lifetime: Lifetime | None
    time: np.ndarray
    voltage: np.ndarray
    density: np.ndarray
    budget: stack.Budget | None


@dataclass(frozen=True, eq=False)
class SymmetricCells:
    """All cells. failures : (file, reason). published : to stand beside."""

    cells: tuple[OneCell, ...]
    resistance: float | None
    failures: tuple[tuple[str, str], ...]
    published: tuple[PublishedCell, ...] = ()


def measure_symmetric(settings: SymmetricSettings) -> SymmetricCells:
    """Shorts, trend, critical current or lifetime of every record.

    Raises
    ------
    InputError
        If no record can be read.
    """
    cells, failures = [], []
    for path in settings.files:
        try:
            cells.append(judge_cell(read_cycling(path, area=settings.area), settings))
        except ElectrolithError as error:
            failures.append((str(path), str(error)))
    if not cells:
        raise InputError(f"no symmetric cell could be read; {failures[0][1]}")
    published = published_cells() if settings.literature is None else read_cells(settings.literature)
    return SymmetricCells(tuple(cells), settings.resistance, tuple(failures), published)


def judge_cell(record: CyclingRecord, settings: SymmetricSettings) -> OneCell:
    """One record evaluated."""
    rule = ShortRule(settings.significance, settings.smallest)
    decision = critical_current(
        record,
        area=settings.area,
        rule=rule,
        temperature=settings.temperature,
        pressure=settings.pressure,
    )
    steps = settings.test == "steps" or (settings.test == "auto" and len(decision.steps) > 2)
    trend = TrendRule(settings.creep, settings.growth)
    life = None if steps else lifetime(record, area=settings.area, trend=trend, decision=decision)
    rows = np.unique(np.linspace(0, record.rows - 1, min(DRAWN, record.rows)).astype(int))
    return OneCell(
        record.source,
        decision,
        life,
        record.time[rows] / 3600,
        record.voltage[rows],
        record.current[rows] / settings.area / 10,
        _budget(decision, settings),
    )


def _budget(decision: CriticalCurrent, settings: SymmetricSettings) -> stack.Budget | None:
    """The stack's resistance against the plateau of every completed step."""
    rng = np.random.default_rng(0)
    done = [step for step in decision.steps if step.completed]
    if not settings.layers or not done:
        return None
    layers = tuple(_layer(one, settings.area, rng) for one in settings.layers)
    shown = []
    for step in {s.density: s for s in done}.values():
        plateau = decision.halves.plateau[list(step.halves)]
        spread = max(float(np.std(plateau)), 0.01 * step.overpotential)
        shown.append((step.density, Estimate.normal(float(np.mean(plateau)), spread, "V", rng=rng)))
    return stack.resistance_budget(layers, tuple(shown), area=settings.area)


def _layer(one: StackLayer, area: float, rng: np.random.Generator) -> stack.Layer:
    """A layer from the study file."""
    if one.resistance is not None:
        return stack.Layer(one.name, parse_estimate(one.resistance, "ohm", rng=rng), one.count)
    thickness = parse_estimate(one.thickness or "", "m", rng=rng)
    sigma = parse_estimate(one.conductivity or "", "S/m", rng=rng)
    return stack.layer(one.name, thickness=thickness, conductivity=sigma, area=area, count=one.count)

"""Symmetric cells in the study: critical current density, lifetime, overpotentials, published cells beside
them.
"""

from __future__ import annotations

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
from electrolith.lab.symmetric.compare import published_cells
from electrolith.lab.symmetric.critical import CriticalCurrent, Lifetime, critical_current, lifetime
from electrolith.lab.symmetric.shorts import ShortRule
from electrolith.study.figure import Axis, Figure, Layer, Line, Points
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = [
    "SECTION",
    "MeasuredSymmetric",
    "StackLayer",
    "SymmetricCells",
    "evidence_of",
    "symmetric_cells",
    "symmetric_parts",
]

FLOOR = 0.05  # mAh/cm2; where the chart puts cells whose capacity nobody stated
DRAWN = 6000  # rows of a record drawn; more nobody can see


@dataclass(frozen=True)
class StackLayer:
    """A layer of the stack: its resistance, or thickness and conductivity. All with their uncertainty."""

    name: str
    resistance: str | None = None
    thickness: str | None = None
    conductivity: str | None = None
    count: int = 1

    def __post_init__(self) -> None:
        if (self.resistance is None) == (self.thickness is None or self.conductivity is None):
            raise InputError(f"layer {self.name}: give its resistance, or both thickness and conductivity")


@dataclass(frozen=True)
class MeasuredSymmetric:
    """Records of lithium symmetric cells.

    area : of one electrode.
    test : "steps" of rising current, "lifetime" at one current, "auto" by the record.
    resistance : of the cell from impedance, for the ohmic share.
    smallest, significance : of a soft short, see the rule in the report.
    """

    files: Files
    area: Annotated[float, Unit("m2")]
    test: Literal["auto", "steps", "lifetime"] = "auto"
    resistance: Annotated[float | None, Unit("ohm")] = None
    temperature: Annotated[float | None, Unit("K")] = None
    pressure: Annotated[float | None, Unit("Pa")] = None
    smallest: float = 0.04
    significance: float = 6.0
    layers: tuple[StackLayer, ...] = ()

    def __post_init__(self) -> None:
        if not 1e-7 < self.area < 1:
            raise InputError(f"area {self.area:g} m2 is no cell's; state the unit, as in '0.785 cm2'")
        ShortRule(self.significance, self.smallest)


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
    """All cells. failures : (file, reason)."""

    cells: tuple[OneCell, ...]
    resistance: float | None
    failures: tuple[tuple[str, str], ...]


def symmetric_cells(settings: MeasuredSymmetric) -> SymmetricCells:
    """Shorts, critical current or lifetime of every record."""
    cells, failures = [], []
    for path in settings.files:
        try:
            cells.append(_one(read_cycling(path, area=settings.area), settings))
        except ElectrolithError as error:
            failures.append((str(path), str(error)))
    if not cells:
        raise InputError(f"no symmetric cell could be read; {failures[0][1]}")
    return SymmetricCells(tuple(cells), settings.resistance, tuple(failures))


def _one(record: CyclingRecord, settings: MeasuredSymmetric) -> OneCell:
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
    life = None if steps else lifetime(record, area=settings.area, rule=rule)
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


def _budget(decision: CriticalCurrent, settings: MeasuredSymmetric) -> stack.Budget | None:
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


def evidence_of(found: SymmetricCells) -> tuple[Evidence, ...]:
    """Critical current density of each step test; its doubt is the step, of which nobody knows the inside."""
    rows = []
    for cell in found.cells:
        decision = cell.decision
        if cell.lifetime is None and np.isfinite(decision.critical):
            above = "" if decision.failed is None else f", failed at {decision.failed / 10:.3g}"
            note = f"last step without a short{above}; {decision.step_time / 60:.0f} min, {_where(decision)}"
            value = Estimate.unknown_doubt(decision.critical / 10, "mA/cm2")
            label = "Critical current density"
            source = Path(cell.source).name
            rows.append(Evidence("critical_current_density", label, value, "measured", source, note=note))
    return tuple(rows)


def _where(decision: CriticalCurrent) -> str:
    """Temperature as stated."""
    return (
        "temperature not stated"
        if decision.temperature is None
        else f"{decision.temperature - 273.15:.0f} °C"
    )


def evidence(results: Results) -> tuple[Evidence, ...]:
    """The section's rows of the headline."""
    found = results.get(SymmetricCells)
    return () if found is None else evidence_of(found)


def parts(results: Results) -> tuple[Part, ...]:
    """The section's part of the report."""
    found = results.get(SymmetricCells)
    return () if found is None else symmetric_parts(found)


def symmetric_parts(found: SymmetricCells) -> tuple[Part, ...]:
    """One part per cell, then the chart."""
    parts = [_cell_part(cell, found.resistance, number) for number, cell in enumerate(found.cells, start=1)]
    if found.failures:
        warnings = tuple(f"{Path(file).name} left out: {why}" for file, why in found.failures)
        parts.append(
            Part("Records left out", f"{len(found.failures)} files could not be read.", warnings=warnings)
        )
    if any(cell.lifetime is None for cell in found.cells):
        parts.append(_chart_part(found))
    return tuple(parts)


def _cell_part(cell: OneCell, resistance: float | None, number: int) -> Part:
    """One cell: the decision in words, V and j against time, overpotential against half-cycle."""
    name = Path(cell.source).name
    decision = cell.decision
    if cell.lifetime is not None:
        sentence = f"{name}: {cell.lifetime.text}."
    elif np.isfinite(decision.critical):
        more = " or more" if decision.reached_end else ""
        sentence = (
            f"{name}: critical current density {decision.critical / 10:.3g} mA/cm2{more}, "
            f"{decision.areal_capacity:.3g} mAh/cm2 per half-cycle."
        )
    else:
        sentence = f"{name}: the first step already failed."
    figures = (_record(cell, number), _overpotential(cell, number))
    warnings = tuple(e.text + ("; recovered" if e.recovered else "") for e in decision.events)
    notes = decision.explanation if cell.lifetime is None else decision.explanation[:0]
    tables = [_steps(decision, resistance)]
    if cell.budget is not None:
        tables.append(_budget_table(cell.budget))
        notes += cell.budget.findings[-1:] if not cell.budget.one_resistance else ()
    return Part(
        f"Symmetric cell {name}",
        sentence,
        figures,
        tuple(tables),
        warnings,
        notes,
    )


def _record(cell: OneCell, number: int) -> Figure:
    """Voltage against time, with the current density on its own scale drawn behind."""
    largest = float(np.abs(cell.voltage).max()) or 1.0
    scale = 0.5 * largest / (float(np.abs(cell.density).max()) or 1.0)
    layers: list[Layer] = [
        Line(cell.time, cell.density * scale, f"current density, 1 mA/cm2 = {scale:.3g} V", "guide"),
        Line(cell.time, cell.voltage, "voltage", "measured"),
    ]
    for event in cell.decision.events:
        at = np.full(2, event.time / 3600)
        layers.append(Line(at, np.array([-largest, largest]), f"{event.kind} short", "warning", dash=True))
    return Figure(
        f"symmetric-record-{number}",
        "Voltage and current density against time; dashed: shorts found.",
        Axis("time / h"),
        Axis("voltage / V"),
        tuple(layers),
    )


def _overpotential(cell: OneCell, number: int) -> Figure:
    """Start, plateau and end of every half-cycle."""
    halves = cell.decision.halves
    index = np.arange(1, halves.density.size + 1) / 2
    text = tuple(f"{j / 10:.3g} mA/cm2" for j in halves.density)
    layers = (
        Points(index, 1e3 * halves.start, "start", "second", small=True, text=text),
        Points(index, 1e3 * halves.plateau, "plateau", "measured", small=True, text=text),
        Points(index, 1e3 * halves.end, "end", "third", small=True, text=text),
    )
    return Figure(
        f"symmetric-overpotential-{number}",
        "Overpotential at the start, on the plateau and at the end of every half-cycle.",
        Axis("cycle"),
        Axis("overpotential / mV"),
        layers,
    )


def _steps(decision: CriticalCurrent, resistance: float | None) -> Table:
    """The steps and whether they were completed; the ohmic share where a resistance was given."""
    share = None if resistance is None else decision.halves.ohmic_share(resistance)
    asymmetry = decision.halves.asymmetry
    rows = []
    for step in decision.steps[:60]:
        halves = list(step.halves)
        finite = asymmetry[halves][np.isfinite(asymmetry[halves])]
        ohmic = () if share is None else (f"{100 * float(np.median(share[halves])):.0f}",)
        rows.append(
            (
                f"{step.density / 10:.3g}",
                f"{len(step.halves) / 2:g}",
                f"{step.time / 60:.0f}",
                f"{step.areal_capacity:.3g}",
                f"{1e3 * step.overpotential:.4g}",
                *ohmic,
                f"{100 * float(np.median(finite)):+.1f}" if finite.size else "",
                "completed" if step.completed else step.reason,
            )
        )
    ohmic_name = () if share is None else ("iR / %",)
    columns = ("j / mA cm⁻²", "cycles", "half / min", "mAh cm⁻²", "plateau / mV")
    return Table((*columns, *ohmic_name, "asymmetry / %", "outcome"), tuple(rows))


def _budget_table(budget: stack.Budget) -> Table:
    """What each current implies beside the layers."""
    rows = tuple(
        (
            f"{one.density / 10:.3g}",
            f"{1e3 * one.overpotential.value:.4g}",
            f"{one.implied.value:.4g}",
            f"{budget.total.value:.4g}",
            f"{100 * share:.0f}",
        )
        for one, share in zip(budget.shown, budget.share, strict=True)
    )
    columns = (
        "j / mA cm⁻²",
        "overpotential / mV",
        "R implied / Ω",
        "R of the layers / Ω",
        "share of the layers / %",
    )
    names = " + ".join(f"{one.count} × {one.name}" if one.count > 1 else one.name for one in budget.layers)
    return Table(columns, rows, f"Resistance budget: {names}")


def _chart_part(found: SymmetricCells) -> Part:
    """Critical current and areal capacity beside published cells."""
    published = published_cells()
    with_capacity = [c for c in published if c.areal_capacity is not None]
    layers: list[Layer] = [
        Points(
            np.array([c.critical for c in with_capacity]),
            np.array([c.areal_capacity or 0.0 for c in with_capacity]),
            "published",
            "published",
            text=tuple(f"{c.cell}<br>{c.doi}" for c in with_capacity),
        )
    ]
    bare = [c for c in published if c.areal_capacity is None]
    layers.append(
        Points(
            np.array([c.critical for c in bare]),
            np.full(len(bare), FLOOR),
            "published, capacity not stated",
            "published",
            text=tuple(f"{c.cell}<br>{c.doi}" for c in bare),
            small=True,
        )
    )
    own = [c for c in found.cells if c.lifetime is None and np.isfinite(c.decision.critical)]
    if own:
        layers.append(
            Points(
                np.array([c.decision.critical / 10 for c in own]),
                np.array([c.decision.areal_capacity for c in own]),
                "this study",
                "measured",
                text=tuple(Path(c.source).name for c in own),
            )
        )
    figure = Figure(
        "symmetric-chart",
        "Critical current density and areal capacity per half-cycle beside published cells; those that "
        "state no "
        "capacity stand at the lower edge.",
        Axis("critical current density / mA cm⁻²", log=True, range=(0.05, 50.0)),
        Axis("areal capacity / mAh cm⁻²", log=True, range=(0.7 * FLOOR, 50.0)),
        tuple(layers),
    )
    rows = tuple(
        (
            c.cell,
            f"{c.critical:g}",
            "not stated" if c.areal_capacity is None else f"{c.areal_capacity:g}",
            c.temperature,
            c.doi,
            c.note,
        )
        for c in published
    )
    columns = ("cell", "j critical / mA cm⁻²", "mAh cm⁻²", "temperature", "DOI", "remark")
    sentence = "Critical currents depend on step time, pressure and temperature; compare with care."
    return Part("Critical currents beside published ones", sentence, (figure,), (Table(columns, rows),))


SECTION = Section("measured.symmetric_cells", MeasuredSymmetric, (Stage(symmetric_cells),), evidence, parts)

"""Symmetric cells in the study: critical current density, lifetime, overpotentials, published cells beside
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.core.units import Unit
from electrolith.lab.symmetric import budget as stack
from electrolith.lab.symmetric.critical import CriticalCurrent
from electrolith.lab.symmetric.measure import (
    OneCell,
    StackLayer,
    SymmetricCells,
    SymmetricSettings,
    measure_symmetric,
)
from electrolith.study.figure import Axis, Figure, Layer, Line, Panel, Points
from electrolith.study.printed import printed, ranged
from electrolith.study.section import Evidence, Literature, Part, Results, Section
from electrolith.study.sections.symmetric_chart import chart_part
from electrolith.study.settings import Files
from electrolith.study.table import Cell, Table
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


@dataclass(frozen=True)
class MeasuredSymmetric(SymmetricSettings):
    """Records of lithium symmetric cells."""

    files: Files
    area: Annotated[float, Unit("m2")]


def symmetric_cells(settings: MeasuredSymmetric) -> SymmetricCells:
    """Shorts, trend, critical current or lifetime of every record."""
    return measure_symmetric(settings)


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
    alone = len(results.study.groups.get(MeasuredSymmetric, ())) < 2  # several share one chart
    return () if found is None else symmetric_parts(found, chart=alone, tables=results.study.literature)


def together(members: tuple[Results, ...]) -> tuple[Part, ...]:
    """All cells in one chart."""
    found = [(m.group.name, f) for m in members if (f := m.get(SymmetricCells)) is not None]
    stepped = any(cell.lifetime is None for _, f in found for cell in f.cells)
    literature = members[0].study.literature if members else ()
    return (chart_part(tuple(found), literature),) if stepped else ()


def symmetric_parts(
    found: SymmetricCells, *, chart: bool = True, tables: tuple[Literature, ...] = ()
) -> tuple[Part, ...]:
    """One part per cell, then the chart with the study's literature tables."""
    parts = [_cell_part(cell, found.resistance, number) for number, cell in enumerate(found.cells, start=1)]
    if found.failures:
        warnings = tuple(f"{Path(file).name} left out: {why}" for file, why in found.failures)
        parts.append(
            Part("Records left out", f"{len(found.failures)} files could not be read.", warnings=warnings)
        )
    if chart and any(cell.lifetime is None for cell in found.cells):
        parts.append(chart_part((("", found),), tables))
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
    if cell.lifetime is not None and not cell.lifetime.censored and cell.lifetime.trend.failed is not None:
        warnings = (cell.lifetime.trend.text, *warnings)
    notes = decision.explanation if cell.lifetime is None else decision.explanation[:0]
    tables = [_steps(cell, resistance), *_life_table(cell)]
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
    """Voltage against time, the current density below it."""
    largest = float(np.abs(cell.voltage).max()) or 1.0
    layers: list[Layer] = [Line(cell.time, cell.voltage, "", "measured")]
    for event in cell.decision.events:
        at = np.full(2, event.time / 3600)
        layers.append(Line(at, np.array([-largest, largest]), f"{event.kind} short", "warning", dash=True))
    return Figure(
        f"symmetric-record-{number}",
        "Voltage against time, below it the current density; dashed: shorts found.",
        Axis("time / h"),
        Axis("voltage / V"),
        tuple(layers),
        height=420,
        below=Panel(Axis("j / mA cm⁻²"), (Line(cell.time, cell.density, "", "guide"),)),
        wide=True,
        key=True,
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


def _life_table(cell: OneCell) -> tuple[Table, ...]:
    """What the overpotential did over the whole record, and how long the cell lived."""
    life = cell.lifetime
    if life is None:
        return ()
    course = life.trend
    rows: list[tuple[Cell, ...]] = [
        ("outcome", life.kind or "no failure seen"),
        ("lived" + (" at least" if life.censored else "") + " / h", float(life.hours)),
        ("cycles" + (" at least" if life.censored else ""), float(life.cycles)),
        ("overpotential", course.verdict),
    ]
    if course.slope is not None:
        value, low, high = (100 * s for s in course.slope)
        rows.append(("change / % per 100 h", ranged(value, low, high)))
    if course.changes:
        rows.append(("trend changes at / h", ", ".join(f"{h:.0f}" for h in course.changes)))
    return (Table(("what", "value"), tuple(rows), "Lifetime; a cell that did not fail is a lower limit"),)


def _steps(cell: OneCell, resistance: float | None) -> Table:
    """The steps and whether they were completed; the ohmic share where a resistance was given."""
    decision, life = cell.decision, cell.lifetime
    ended = "" if life is None or life.censored else life.kind
    share = None if resistance is None else decision.halves.ohmic_share(resistance)
    asymmetry = decision.halves.asymmetry
    rows = []
    for step in decision.steps[:60]:
        halves = list(step.halves)
        finite = asymmetry[halves][np.isfinite(asymmetry[halves])]
        ohmic = () if share is None else (printed(100 * float(np.median(share[halves])), ".0f"),)
        rows.append(
            (
                printed(step.density / 10, ".3g"),
                printed(len(step.halves) / 2, "g"),
                printed(step.time / 60, ".0f"),
                printed(step.areal_capacity, ".3g"),
                printed(1e3 * step.overpotential, ".4g"),
                *ohmic,
                printed(100 * float(np.median(finite)), "+.1f") if finite.size else "",
                (ended or "completed") if step.completed else step.reason,
            )
        )
    ohmic_name = () if share is None else ("iR / %",)
    columns = ("j / mA cm⁻²", "cycles", "half / min", "areal capacity / mAh cm⁻²", "plateau / mV")
    return Table((*columns, *ohmic_name, "asymmetry / %", "outcome"), tuple(rows))


def _budget_table(budget: stack.Budget) -> Table:
    """What each current implies beside the layers."""
    rows = tuple(
        (
            printed(one.density / 10, ".3g"),
            one.overpotential.through(lambda v: 1e3 * v, unit="mV"),
            one.implied,
            budget.total,
            printed(100 * share, ".0f"),
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


SECTION = Section(
    "measured.symmetric_cells",
    MeasuredSymmetric,
    (Stage(symmetric_cells),),
    evidence,
    parts,
    together=together,
)

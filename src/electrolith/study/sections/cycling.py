"""Full cells in the study: wires the laboratory's result to headline and report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.core.format import number
from electrolith.lab.cycling.measure import CyclingSettings, FullCells, OneFullCell, measure_cycling
from electrolith.study.section import Evidence, Part, Results, Section
from electrolith.study.sections.cycling_parts import cycling_parts
from electrolith.study.sections.cycling_together import cycling_together
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "FullCells", "MeasuredCycling", "cycling_parts", "evidence_of", "full_cells"]


@dataclass(frozen=True)
class MeasuredCycling(CyclingSettings):
    """Records of full cells."""

    files: Files


def full_cells(settings: MeasuredCycling) -> FullCells:
    """Cycle table, rates, retention, fade and profiles of every record."""
    return measure_cycling(settings)


def evidence_of(found: FullCells) -> tuple[Evidence, ...]:
    """Initial efficiency, capacity per named rate, retention."""
    rows = []
    for cell in found.cells:
        source = Path(cell.source).name
        if np.isfinite(cell.table.initial_efficiency):
            value = Estimate.unknown_doubt(100 * cell.table.initial_efficiency, "percent")
            rows.append(Evidence("initial_coulombic_efficiency", "Initial CE", value, "measured", source))
        for step in cell.steps:
            if step.specific is not None and step.c_rate is not None:
                inside = (cell.table.cycle >= step.first) & (cell.table.cycle <= step.last)
                first = float(cell.table.discharge[inside][0] / (1e3 * (cell.table.settings.mass or 1.0)))
                value = Estimate.unknown_doubt(first, "mAh/g")
                key, label = f"capacity_{step.name}", f"Capacity at {step.name}"
                if key not in {r.quantity for r in rows}:
                    note = f"discharge, cycle {step.first}"
                    rows.append(Evidence(key, label, value, "measured", source, note=note))
        areal = cell.table.areal_discharge
        if areal is not None and cell.reference in cell.table.cycle:
            at = int(np.flatnonzero(cell.table.cycle == cell.reference)[0])
            value = Estimate.unknown_doubt(float(areal[at]), "mAh/cm2")
            note = f"discharge, cycle {cell.reference}"
            rows.append(Evidence("areal_capacity", "Areal capacity", value, "measured", source, note=note))
        whole = float(np.count_nonzero(cell.table.complete))
        rows.append(Evidence("cycles", "Cycles", Estimate.exact(whole, "1"), "measured", source))
        rows += _retention_row(cell, source)
    return tuple(rows)


def _retention_row(cell: OneFullCell, source: str) -> list[Evidence]:
    """Retention of the last cycle of the ageing, with its reference and the law's value beside it."""
    kept = cell.retention
    if kept is None or kept.regime != "ageing":
        return []
    note = f"cycle {kept.last} against cycle {kept.reference}, as measured"
    if kept.by_law is None or cell.fade is None:
        value = Estimate.unknown_doubt(100 * kept.measured, "percent")
    else:
        value = kept.by_law.through(lambda x: 100 * x, unit="percent")
        note = (
            f"cycle {kept.last} against cycle {kept.reference}, {cell.fade.law} law; "
            f"{number(100 * kept.measured, 4)} % measured at that cycle"
        )
    return [Evidence("capacity_retention", "Retention", value, "measured", source, note=note)]


def evidence(results: Results) -> tuple[Evidence, ...]:
    """The section's rows of the headline."""
    found = results.get(FullCells)
    return () if found is None else evidence_of(found)


def parts(results: Results) -> tuple[Part, ...]:
    """The section's part of the report."""
    found = results.get(FullCells)
    return () if found is None else cycling_parts(found)


SECTION = Section(
    "measured.cycling",
    MeasuredCycling,
    (Stage(full_cells, version=3),),
    evidence,
    parts,
    together=cycling_together,
)

"""Full cells of several groups side by side: areal, specific and total capacity, what is left."""

from __future__ import annotations

import numpy as np

from electrolith.lab.cycling.measure import FullCells, OneFullCell
from electrolith.study.figure import Axis, Figure, Line, Role
from electrolith.study.section import Part, Results, Table
from electrolith.study.table import Cell

__all__ = ["cycling_together"]

ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published", "warning")


def cycling_together(members: tuple[Results, ...]) -> tuple[Part, ...]:
    """Retention of every cell over its cycles, and its capacities in all units known."""
    cells = [(m.group.name, c) for m in members if (f := m.get(FullCells)) is not None for c in f.cells]
    if len(cells) < 2:
        return ()
    layers = tuple(
        Line(c.table.cycle, 100 * c.kept, name, ROLES[i % len(ROLES)])
        for i, (name, c) in enumerate(cells)
        if c.reference is not None
    )
    figure = Figure(
        "cycling-retention-all",
        "Discharge capacity of every cell over that of its reference cycle.",
        Axis("cycle", log=True),
        Axis("retention / %"),
        layers,
    )
    rows = tuple(_row(name, c) for name, c in cells)
    columns = (
        "cell",
        "rate",
        "cycles",
        "mAh g⁻¹",
        "mAh cm⁻²",
        "mAh",
        "initial CE / %",
        "of cycle",
        "at cycle",
        "left / %",
    )
    caption = "Discharge capacity of the reference cycle, in every unit that mass and area allow."
    return (
        Part("Full cells side by side", f"{len(cells)} cells.", (figure,), (Table(columns, rows, caption),)),
    )


def _row(name: str, cell: OneFullCell) -> tuple[Cell, ...]:
    t = cell.table
    at = int(np.flatnonzero(t.cycle == cell.reference)[0]) if cell.reference in t.cycle else 0
    step = next((s.name for s in cell.steps if s.first <= t.cycle[at] <= s.last), "–")
    specific, areal, kept = t.specific_discharge, t.areal_discharge, cell.retention
    return (
        name,
        step,
        int(t.cycle.size),
        None if specific is None else float(specific[at]),
        None if areal is None else float(areal[at]),
        float(t.discharge[at]),
        float(100 * t.initial_efficiency) if np.isfinite(t.initial_efficiency) else None,
        None if cell.reference is None else int(cell.reference),
        None if kept is None else int(kept.last),
        None if kept is None else 100 * kept.measured,
    )

"""Full cells of several groups side by side: areal, specific and total capacity, what is left."""

from __future__ import annotations

import numpy as np

from electrolith.lab.cycling.fade import retention
from electrolith.study.figure import Axis, Figure, Line, Role
from electrolith.study.printed import printed
from electrolith.study.section import Part, Results, Table
from electrolith.study.sections.cycling_result import FullCells, OneFullCell
from electrolith.study.table import Cell

__all__ = ["cycling_together"]

ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published", "warning")


def cycling_together(members: tuple[Results, ...]) -> tuple[Part, ...]:
    """Retention of every cell over its cycles, and its capacities in all units known."""
    cells = [(m.group.name, c) for m in members if (f := m.get(FullCells)) is not None for c in f.cells]
    if len(cells) < 2:
        return ()
    layers = tuple(
        Line(c.table.cycle, 100 * kept, name, ROLES[i % len(ROLES)])
        for i, (name, c) in enumerate(cells)
        if (kept := _kept(c)) is not None
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
        "discharge / mAh g⁻¹",
        "areal discharge / mAh cm⁻²",
        "charge moved / mAh",
        "initial CE / %",
        "left at the end / %",
    )
    caption = "Discharge capacity of the reference cycle, in every unit that mass and area allow."
    return (
        Part("Full cells side by side", f"{len(cells)} cells.", (figure,), (Table(columns, rows, caption),)),
    )


def _kept(cell: OneFullCell) -> np.ndarray | None:
    t = cell.table
    if cell.reference is None or cell.reference not in t.cycle:
        return None
    return np.asarray(retention(t.cycle, t.discharge, reference=cell.reference))


def _row(name: str, cell: OneFullCell) -> tuple[Cell, ...]:
    t = cell.table
    at = int(np.flatnonzero(t.cycle == cell.reference)[0]) if cell.reference in t.cycle else 0
    step = next((s.name for s in cell.steps if s.first <= t.cycle[at] <= s.last), "–")
    specific, areal, kept = t.specific_discharge, t.areal_discharge, _kept(cell)
    whole = np.flatnonzero(t.complete)
    last = None if kept is None or not whole.size else printed(100 * kept[whole[-1]], ".2f")
    return (
        name,
        step,
        int(t.cycle.size),
        None if specific is None else printed(specific[at], ".1f"),
        None if areal is None else printed(areal[at], ".3f"),
        printed(t.discharge[at], ".3f"),
        printed(100 * t.initial_efficiency, ".2f"),
        last,
    )

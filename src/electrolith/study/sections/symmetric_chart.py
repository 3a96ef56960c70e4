"""Critical currents of symmetric cells beside published ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from electrolith.lab.symmetric.compare import PublishedCell
from electrolith.lab.symmetric.measure import SymmetricCells
from electrolith.study.figure import Axis, Figure, Labels, Layer, Points
from electrolith.study.printed import printed
from electrolith.study.section import Literature, Part, Table

__all__ = ["chart_part"]


def chart_part(groups: tuple[tuple[str, SymmetricCells], ...], tables: tuple[Literature, ...] = ()) -> Part:
    """Critical current and areal capacity beside published cells that state both; the table has all.

    tables : literature of the study, whose critical currents stand in the chart too.
    """
    theirs = (*(c for _, found in groups for c in found.published), *_cells(tables))
    published = tuple(dict.fromkeys(theirs))
    placed = [c for c in published if c.areal_capacity is not None]
    x = np.array([c.critical for c in placed])
    y = np.array([c.areal_capacity or 0.0 for c in placed])
    layers: list[Layer] = [
        Points(x, y, "published", "published", text=tuple(f"{c.cell}<br>{c.doi}" for c in placed)),
        Labels(*_named([(c.critical, c.areal_capacity or 0.0, c.cell) for c in placed])),
    ]
    own = [
        (name, c)
        for name, found in groups
        for c in found.cells
        if c.lifetime is None and np.isfinite(c.decision.critical)
    ]
    if own:
        names = tuple(" ".join(filter(None, (name, Path(c.source).name))) for name, c in own)
        at = np.array([c.decision.critical / 10 for _, c in own])
        capacity = np.array([c.decision.areal_capacity for _, c in own])
        layers.append(Points(at, capacity, "this study", "measured", text=names))
    figure = Figure(
        "symmetric-chart",
        "Critical current density and areal capacity per half-cycle beside published cells that state both.",
        Axis("critical current density / mA cm⁻²", log=True, range=(0.05, 50.0)),
        Axis("areal capacity / mAh cm⁻²", log=True, range=(0.03, 50.0)),
        tuple(layers),
    )
    rows = tuple(
        (
            c.cell,
            printed(c.critical, "g"),
            "not stated" if c.areal_capacity is None else printed(c.areal_capacity, "g"),
            c.temperature,
            c.doi,
            c.note,
        )
        for c in published
    )
    columns = ("cell", "j critical / mA cm⁻²", "areal capacity / mAh cm⁻²", "temperature", "DOI", "remark")
    sentence = "Critical currents depend on step time, pressure and temperature; compare with care."
    return Part("Critical currents beside published ones", sentence, (figure,), (Table(columns, rows),))


def _cells(tables: tuple[Literature, ...]) -> Iterator[PublishedCell]:
    """Cells of literature tables: a critical current, with the areal capacity of the same row."""
    for table in tables:
        capacity = {v.entry: v.value.value for v in table.values if v.quantity == "areal_capacity"}
        for v in table.values:
            if v.quantity == "critical_current_density":
                where = f"{v.file}, row {v.entry}"
                note = "; ".join(filter(None, (v.note, where)))
                yield PublishedCell(v.material, v.value.value, capacity.get(v.entry), "", v.doi, note)


def _named(cells: list[tuple[float, float, str]]) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """One label for each place, however many cells stand there."""
    at: dict[tuple[float, float], list[str]] = {}
    for x, y, name in cells:
        at.setdefault((x, y), []).append(name)
    places = np.array(list(at)).reshape(-1, 2)
    return places[:, 0], places[:, 1], tuple("; ".join(names) for names in at.values())

"""The literature of a study in its report: every number with its source, one's own among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrolith.study.figure import Axis, Figure, Layer, Points
from electrolith.study.section import Evidence, Literature, Part
from electrolith.study.table import Table

__all__ = ["literature_part"]

SIGMA = "conductivity_300K"


def literature_part(tables: Sequence[Literature], own: Sequence[Evidence]) -> Part:
    """All values of the tables, and conductivities of others with those of the study among them."""
    values = [v for t in tables for v in t.values]
    rows = tuple(
        (v.material, v.label, v.value, v.kind, v.note, v.doi or v.source, f"{v.file}, row {v.entry}")
        for v in values
    )
    columns = ("material", "quantity", "value", "kind", "method", "DOI", "stands in")
    theirs = [v for v in values if v.quantity == SIGMA]
    ours = [e for e in own if e.quantity.partition(" ")[0] == SIGMA and not e.published]
    figures = (_rank_figure(theirs, ours),) if theirs else ()
    return Part(
        "Published by others",
        _sentence(values, theirs, ours),
        figures,
        (Table(columns, rows, "Numbers of the literature tables"),),
        notes=tuple(r for t in tables for r in t.remarks),
    )


def _sentence(values: Sequence[Evidence], theirs: Sequence[Evidence], ours: Sequence[Evidence]) -> str:
    """How many numbers, and where the study's own conductivity stands."""
    materials = len({v.material for v in values})
    text = f"{len(values)} numbers of {materials} materials from the literature tables of this study."
    if theirs and ours:
        below = sum(v.value.value < ours[0].value.value for v in theirs)
        text += f" {ours[0].label} is above {below} of {len(theirs)} conductivities at room temperature."
    return text


def _rank_figure(theirs: Sequence[Evidence], ours: Sequence[Evidence]) -> Figure:
    """Share of the published conductivities that are lower, against the conductivity."""
    ordered = sorted(theirs, key=lambda v: v.value.value)
    at = np.array([v.value.value for v in ordered])
    share = 100 * (np.arange(at.size) + 0.5) / at.size
    layers: list[Layer] = [
        Points(at, share, "published", "published", text=tuple(f"{v.material}<br>{v.doi}" for v in ordered))
    ]
    for kind in ("computed", "measured"):
        some = [e for e in ours if e.kind == kind]
        if some:
            x = np.array([e.value.value for e in some])
            y = np.array([100.0 * np.mean(at < v) for v in x])
            layers.append(Points(x, y, f"this study, {kind}", kind, text=tuple(e.label for e in some)))  # type: ignore[arg-type]
    return Figure(
        "literature-conductivity",
        "Conductivities at room temperature in order: the share of published ones that are lower.",
        Axis("σ / S cm⁻¹", log=True),
        Axis("lower published ones / %"),
        tuple(layers),
    )

"""Particle sizes in the report: histogram, the picture with its outlines, diameters and shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.format import number
from electrolith.lab.particles.analysis import Outline, ParticleResult
from electrolith.lab.particles.distribution import SizeDistribution
from electrolith.study.figure import Axis, Bars, Figure, Layer, Line, Photo
from electrolith.study.section import Part, Table
from electrolith.study.table import Cell

__all__ = ["particle_parts", "picture_layers", "window_name"]

COUNTED, CUT = "#e69f00", "#cc79a7"  # outlines on grey


def window_name(window: tuple[float, float]) -> str:
    """A window of diameters: "100–400 nm"."""
    low, high = (number(1e9 * v, 3) for v in window)
    return f"{low}–{high} nm"


def particle_parts(found: ParticleResult) -> tuple[Part, ...]:
    """The part of the report, or of the command's page."""
    s = found.sizes
    sentence = (
        f"{s.count} complete particles ({s.excluded} cut by the edge left out): "
        f"D50 {s.number[1].text()} by number"
    )
    if s.window is not None and s.share is not None:
        sentence += f", {s.share.text()} of them between {window_name(s.window).replace('–', ' and ')}"
    scales = ", ".join(
        f"{number(1e9 * p)} nm per pixel, {w}" for p, w in zip(found.pixels, found.scales_from, strict=True)
    )
    least, most = (number(1e6 * v, 3) for v in s.longest)
    notes = (
        f"Longest extents from {least} to {most} µm.",
        "Intervals hold the number of particles counted, not the choice of the threshold; look at the "
        "outlines.",
        f"Scale: {scales}.",
    )
    warnings = (*s.warnings, *(f"left out: {reason}" for _, reason in found.without))
    figures = (_histogram(s), _picture(found.outline))
    return (Part("Particle sizes", f"{sentence}.", figures, (_table(s),), warnings, notes),)


def _histogram(s: SizeDistribution) -> Figure:
    labels = tuple(f"{1e9 * a:.0f}–{1e9 * b:.0f}" for a, b in zip(s.edges[:-1], s.edges[1:], strict=True))
    layers: tuple[Layer, ...] = (
        Bars(labels, 100 * s.counts, "by number", "measured"),
        Bars(labels, 100 * s.volumes, "by volume", "computed"),
    )
    caption = "Share of the particles in each class of diameter (circle of equal area)."
    return Figure("particle-sizes", caption, Axis("diameter / nm"), Axis("share / %"), layers)


def picture_layers(outline: Outline, *, right: float = 0.0) -> tuple[Layer, ...]:
    """A picture in grey with thin outlines, µm, its left edge at `right`."""
    wide, high = 1e6 * outline.width, 1e6 * outline.height
    layers: list[Layer] = [
        Photo(np.repeat(outline.grey.astype(np.uint8)[:, :, None], 3, axis=2), wide, high, left=right)
    ]
    for x, y, colour in (
        (outline.complete_x, outline.complete_y, COUNTED),
        (outline.cut_x, outline.cut_y, CUT),
    ):
        if x.size:
            layers.append(Line(right + 1e6 * x, high - 1e6 * y, "", colour=colour, thin=True))
    return tuple(layers)


def _picture(outline: Outline) -> Figure:
    caption = (
        f"Convex outlines of the particles found in {Path(outline.source).name}: counted (orange) and "
        "cut by the edge (pink)."
    )
    layers = picture_layers(outline)
    return Figure(
        "particle-outlines", caption, Axis("x / µm"), Axis("y / µm"), layers, equal=True, height=440
    )


def _table(s: SizeDistribution) -> Table:
    rows: list[tuple[Cell, ...]] = [("by number", *s.number), ("by volume", *s.volume)]
    columns: tuple[str, ...] = ("weight", "D10 / nm", "D50 / nm", "D90 / nm")
    if s.window is not None:
        columns = (*columns, f"share {window_name(s.window)} / %")
        rows = [(*row, share) for row, share in zip(rows, (s.share, s.volume_share), strict=True)]
    return Table(columns, tuple(rows))

"""Particle sizes of several samples side by side."""

from __future__ import annotations

import numpy as np

from electrolith.lab.particles.analysis import ParticleResult
from electrolith.lab.particles.distribution import SizeDistribution
from electrolith.study.figure import Axis, Bars, Figure, Labels, Layer, Line, Role
from electrolith.study.section import Part, Results, Table
from electrolith.study.sections.particles_parts import picture_layers, window_name
from electrolith.study.stack import condition_label, in_order
from electrolith.study.table import Cell

__all__ = ["particles_together"]

PICTURES = 4  # more are too small to see
ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published", "warning")


def particles_together(members: tuple[Results, ...]) -> tuple[Part, ...]:
    """Pictures on one scale, shares in the window, cumulative curves, a table."""
    found = [(condition_label(m), f) for m in in_order(members) if (f := m.get(ParticleResult)) is not None]
    if len(found) < 2:
        return ()
    labels = tuple(n for n, _ in found)
    sizes = [f.sizes for _, f in found]
    curves = tuple(
        _cumulative(n, s.diameters, s.weights, role)
        for n, s, role in zip(labels, sizes, ROLES * 5, strict=False)
    )
    cumulative = Figure(
        "particles-cumulative", "Share of the particles below a diameter.", Axis("diameter / nm", log=True),
        Axis("share below / %"), curves,
    )  # fmt: skip
    windows = {s.window for s in sizes}
    window = windows.pop() if len(windows) == 1 else None
    rows: list[tuple[Cell, ...]] = [(n, s.count, *s.number) for n, s in zip(labels, sizes, strict=True)]
    columns: tuple[str, ...] = ("sample", "particles", "D10 / nm", "D50 / nm", "D90 / nm")
    figures = [*_pictures(found), cumulative]
    if window is not None:
        columns = (*columns, f"share {window_name(window)} / %")
        rows = [(*row, s.share) for row, s in zip(rows, sizes, strict=True)]
        figures.insert(1, _shares(labels, sizes, window))
    finest = min(zip(labels, sizes, strict=True), key=lambda p: p[1].number[1].value)[0]
    sentence = f"{len(found)} samples; the finest is {finest}."
    table = Table(columns, tuple(rows), "By number.")
    return (Part("Particle sizes side by side", sentence, tuple(figures), (table,)),)


def _pictures(found: list[tuple[str, ParticleResult]]) -> tuple[Figure, ...]:
    """The first image of every sample in grey with thin outlines, side by side on one scale."""
    layers: list[Layer] = []
    places, tops, right = [], [], 0.0
    for _, one in found[:PICTURES]:
        layers += picture_layers(one.outline, right=right)
        places.append(right + 0.5e6 * one.outline.width)
        tops.append(1e6 * one.outline.height)
        right += 1.04e6 * one.outline.width
    names = tuple(n for n, _ in found[:PICTURES])
    layers.append(Labels(np.array(places), 1.03 * np.array(tops), names))
    caption = "First image of every sample on one scale; outlines: counted (orange), cut by the edge (pink)."
    if len(found) > PICTURES:
        caption += f" {PICTURES} of {len(found)} samples are shown."
    axes = Axis("µm", range=(0.0, right)), Axis("µm", range=(0.0, 1.12 * max(tops)))
    return (Figure("particles-pictures", caption, *axes, tuple(layers), equal=True, height=360),)


def _shares(labels: tuple[str, ...], sizes: list[SizeDistribution], window: tuple[float, float]) -> Figure:
    """Share in the window of every sample."""
    known = [s.share for s in sizes if s.share is not None]
    half = np.array([np.diff(s.interval())[0] / 2 for s in known])
    shares = np.array([s.value for s in known])
    bars = Bars(labels, shares, "", "measured", errors=np.nan_to_num(half), horizontal=True)
    caption = f"Share of the particles, by number, of {window_name(window)}, with 68 % intervals."
    height = 140 + 28 * len(labels)
    return Figure("particles-shares", caption, Axis("share / %"), Axis(""), (bars,), height=height)


def _cumulative(label: str, diameters: np.ndarray, weights: np.ndarray, role: Role) -> Line:
    order = np.argsort(diameters)
    total = np.cumsum(weights[order])
    return Line(1e9 * diameters[order], 100 * total / total[-1], label, role)

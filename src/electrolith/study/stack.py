"""Curves one above the other, each with its label: patterns and spectra of a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.study.figure import Axis, Figure, Labels, Layer, Line, Role
from electrolith.study.section import Results

__all__ = ["Curve", "condition_label", "evenly", "in_order", "stack"]

POINTS = 1200
"""Of a curve, drawn: the extremes of each of half as many stretches, so that no line is lost."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve of a stack. x, y : shape (n,)."""

    x: np.ndarray
    y: np.ndarray
    label: str
    role: Role = "computed"


def stack(
    name: str, caption: str, curves: Sequence[Curve], *, x: Axis, y: str = "intensity", shared: bool = False
) -> Figure:
    """The curves from bottom to top, each with its label above its right end.

    Parameters
    ----------
    shared : one scale for all (spectra that are already normalised) instead of each its own.
    """
    spans = [float(np.nanmax(c.y) - np.nanmin(c.y)) or 1.0 for c in curves]
    if shared:
        spans = [max(spans)] * len(spans)
    step = 0.35 if shared else 1.08
    layers: list[Layer] = []
    heights = []
    for index, (curve, span) in enumerate(zip(curves, spans, strict=True)):
        at, height = _thin(curve.x, (curve.y - np.nanmin(curve.y)) / span)
        layers.append(Line(at, height + step * index, "", curve.role))
        near_end = height[at > at[-1] - 0.25 * (at[-1] - at[0])]
        heights.append(step * index + (float(near_end.max()) if not shared else float(height[-1])))
    right = max(float(c.x[-1]) for c in curves)
    labels = Labels(np.full(len(curves), right), np.array(heights), tuple(c.label for c in curves))
    top = step * len(curves) + (0.9 if shared else 0.15)
    # The scale of a stack means nothing: only its order and its shapes do.
    return Figure(
        name,
        caption,
        x,
        Axis(f"{y} (shifted)", range=(-0.05, top)),
        (*layers, labels),
        height=int(min(200 + 46 * len(curves), 900)),
    )


def _thin(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fewer points, with the lowest and the highest of every stretch kept."""
    if x.size <= POINTS:
        return x, y
    width = -(-x.size // (POINTS // 2))
    kept = []
    for start in range(0, x.size, width):
        part = y[start : start + width]
        kept += sorted({start + int(np.nanargmin(part)), start + int(np.nanargmax(part))})
    return x[kept], y[kept]


def evenly(count: int, most: int) -> list[int]:
    """Indices of at most so many of a series, first and last among them."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(count, most)).round())]


def condition_label(results: Results) -> str:
    """A group by the conditions of its sample, "500 rpm, 24 hours"; by its name where there are none."""
    group, sheet = results.group, results.study.sheet
    if sheet is None or not group.sample or group.family == group.name:
        return group.name
    words = []
    for column, unit in zip(sheet.columns, sheet.units, strict=True):
        text = sheet.text(group.sample, column)
        if text and "(" not in text:
            words.append(text.replace("degC", "°C") if unit or not _bare(text) else f"{text} {column}")
    return ", ".join(words) or group.sample


def _bare(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()


def in_order(members: Sequence[Results]) -> list[Results]:
    """Groups in the order of the conditions of their samples, those without any last."""

    def key(results: Results) -> tuple[float, ...]:
        sheet, sample = results.study.sheet, results.group.sample
        if sheet is None or not sample:
            return (float("inf"),)
        texts = [sheet.text(sample, c) for c in sheet.columns]
        # The last condition first: treatments come after what was treated.
        return tuple(_value(t) for t in texts[::-1] if "(" not in t)

    return sorted(members, key=key)


def _value(text: str) -> float:
    try:
        return float(text.split()[0]) if text else -1.0
    except ValueError:
        return -1.0

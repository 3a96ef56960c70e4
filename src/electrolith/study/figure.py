"""Figures as values; `figure_page` draws them for the page, `figure_paper` for papers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = [
    "COLOURS",
    "Atoms",
    "Axis",
    "Band",
    "Bars",
    "Figure",
    "Heat",
    "Labels",
    "Layer",
    "Line",
    "Points",
    "Role",
    "decades",
]

Role = Literal["computed", "measured", "published", "guide", "second", "third", "fourth", "warning"]

# Okabe and Ito's palette: told apart by everybody, and in grey by its symbols.
COLOURS: dict[str, str] = {
    "computed": "#0072B2",
    "measured": "#D55E00",
    "published": "#333333",
    "guide": "#8a8a8a",
    "second": "#009E73",
    "third": "#CC79A7",
    "fourth": "#E69F00",
    "warning": "#B22222",
}


@dataclass(frozen=True, eq=False)
class Axis:
    """Label with unit, scale, and range where the data should not choose it."""

    label: str
    log: bool = False
    range: tuple[float, float] | None = None
    reverse: bool = False


@dataclass(frozen=True, eq=False)
class Line:
    """A curve: what was computed, or a guide for the eye. x, y: shape (n,)."""

    x: np.ndarray
    y: np.ndarray
    name: str = ""
    role: Role = "computed"
    dash: bool = False


@dataclass(frozen=True, eq=False)
class Points:
    """Symbols: filled for measured (and computed) points, open for published ones.

    x, y : shape (n,). low, high : ends of the error bars in y, shape (n,). text : hover text per point.
    """

    x: np.ndarray
    y: np.ndarray
    name: str = ""
    role: Role = "measured"
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    text: tuple[str, ...] | None = None
    small: bool = False


@dataclass(frozen=True, eq=False)
class Band:
    """An interval along a curve. x, low, high: shape (n,)."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    name: str = ""
    role: Role = "computed"


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars over categories (or from `base` upwards), with error bars. values: shape (n,)."""

    labels: tuple[str, ...]
    values: np.ndarray
    name: str = ""
    role: Role = "computed"
    errors: np.ndarray | None = None
    base: np.ndarray | None = None
    text: tuple[str, ...] | None = None
    horizontal: bool = False


@dataclass(frozen=True, eq=False)
class Heat:
    """A map. x: (n,), y: (m,), z: (m, n)."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    label: str = ""
    diverging: bool = False

    @property
    def reach(self) -> float:
        """Where the colours of a diverging map end, on both sides of zero: one point in 500 lies beyond."""
        finite = np.abs(self.z[np.isfinite(self.z)])
        return float(np.quantile(finite, 0.998)) or 1.0 if finite.size else 1.0


@dataclass(frozen=True, eq=False)
class Atoms:
    """Atoms in space. positions: (n, 3) Å; bonds as pairs of indices are not drawn; cell: (3, 3) Å edges."""

    positions: np.ndarray
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    radii: np.ndarray
    text: tuple[str, ...]
    cell: np.ndarray


@dataclass(frozen=True, eq=False)
class Labels:
    """Words in the figure, each ending at its point, just above it. x, y: shape (n,)."""

    x: np.ndarray
    y: np.ndarray
    text: tuple[str, ...]
    role: Role = "guide"


Layer = Line | Points | Band | Bars | Heat | Atoms | Labels


def decades(layers: Iterable[Layer]) -> tuple[float, float] | None:
    """Whole decades that hold all points with their error bars: a log axis then has two labels at least."""
    shown: list[float] = []
    for layer in layers:
        if isinstance(layer, Points):
            for values in (layer.y, layer.low, layer.high):
                shown += [] if values is None else [float(v) for v in values if v > 0]
    if not shown:
        return None
    return float(10 ** np.floor(np.log10(min(shown)))), float(10 ** np.ceil(np.log10(max(shown))))


@dataclass(frozen=True, eq=False)
class Figure:
    """One figure: what it shows in a sentence, its axes, its layers from back to front.

    name : file name without suffix, unique within a report.
    """

    name: str
    caption: str
    x: Axis
    y: Axis
    layers: tuple[Layer, ...]
    equal: bool = False
    top: Axis | None = None
    top_ticks: tuple[tuple[float, str], ...] = ()
    height: int = 380

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
    "Panel",
    "Photo",
    "Points",
    "Role",
    "colour_of",
    "decades",
    "extent",
    "ordered",
    "stacked",
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


# Dark to light along one path, for conditions that have an order (temperature, time, cycle); it stops before
# the yellow that vanishes on paper. Samples of matplotlib's viridis, equally spaced.
SEQUENCE = ("#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b")


def ordered(count: int) -> tuple[str, ...]:
    """Colours of `count` curves that follow one another."""
    at = np.linspace(0, len(SEQUENCE) - 1.3, max(count, 1))
    low = np.floor(at).astype(int)
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in SEQUENCE], dtype=float)
    mixed = rgb[low] + (at - low)[:, None] * (rgb[np.minimum(low + 1, len(SEQUENCE) - 1)] - rgb[low])
    return tuple("#" + "".join(f"{round(v):02x}" for v in row) for row in mixed)


@dataclass(frozen=True, eq=False)
class Axis:
    """Label with unit, scale, and range where the data should not choose it."""

    label: str
    log: bool = False
    range: tuple[float, float] | None = None
    reverse: bool = False


@dataclass(frozen=True, eq=False)
class Line:
    """A curve: what was computed, or a guide for the eye. x, y: shape (n,).

    colour : in place of the role's. thin : an outline on a picture, which must not hide it.
    """

    x: np.ndarray
    y: np.ndarray
    name: str = ""
    role: Role = "computed"
    dash: bool = False
    colour: str = ""
    thin: bool = False


@dataclass(frozen=True, eq=False)
class Points:
    """Symbols: filled for measured (and computed) points, open for published ones.

    x, y : shape (n,). low, high : ends of the error bars in y, shape (n,). text : hover text per point.
    colour : in place of the role's.
    """

    x: np.ndarray
    y: np.ndarray
    name: str = ""
    role: Role = "measured"
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    text: tuple[str, ...] | None = None
    small: bool = False
    colour: str = ""


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
class Photo:
    """A picture, first row on top. rgb : uint8, shape (rows, columns, 3). left, bottom : of its corner."""

    rgb: np.ndarray
    width: float
    height: float
    left: float = 0.0
    bottom: float = 0.0

    @property
    def x(self) -> np.ndarray:
        """Its ends along x."""
        return self.left + np.array([0.0, self.width])

    @property
    def y(self) -> np.ndarray:
        """Its ends along y."""
        return self.bottom + np.array([0.0, self.height])


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
    """Words in the figure, each ending (or beginning) at its point, just above it. x, y: shape (n,)."""

    x: np.ndarray
    y: np.ndarray
    text: tuple[str, ...]
    role: Role = "guide"
    begin: bool = False


Layer = Line | Points | Band | Bars | Heat | Photo | Atoms | Labels


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
class Panel:
    """A strip below a figure that shares its x: current below voltage."""

    y: Axis
    layers: tuple[Line | Points | Band, ...]


STRIP = 0.24  # of the height that a strip takes


@dataclass(frozen=True, eq=False)
class Figure:
    """One figure: what it shows in a sentence, its axes, its layers from back to front.

    name : file name without suffix, unique within a report. bare : a drawing, without axes.
    below : a second quantity over the same x. wide : as broad as the page. key : stands for the whole beside
        the headline.
    """

    name: str
    caption: str
    x: Axis
    y: Axis
    layers: tuple[Layer, ...]
    equal: bool = False
    bare: bool = False
    top: Axis | None = None
    top_ticks: tuple[tuple[float, str], ...] = ()
    height: int = 380
    below: Panel | None = None
    wide: bool = False
    key: bool = False


def colour_of(layer: Line | Points | Band | Bars | Labels) -> str:
    """The layer's own colour, or that of its role."""
    return getattr(layer, "colour", "") or COLOURS[layer.role]


def stacked(layers: Iterable[Layer]) -> list[Layer]:
    """From back to front: maps and bands, dense small symbols, lines through them, what stands alone."""

    def depth(layer: Layer) -> int:
        if isinstance(layer, Heat | Photo | Band | Bars):
            return 0
        if isinstance(layer, Points) and layer.small:
            return 1
        return 2 if isinstance(layer, Line) else 3

    return sorted(layers, key=depth)


def extent(figure: Figure, along: Literal["x", "y"]) -> tuple[float, float] | None:
    """Smallest and largest finite number drawn along an axis, or its range; above zero on a log axis."""
    axis = figure.x if along == "x" else figure.y
    if axis.range:
        return min(axis.range), max(axis.range)
    found = []
    for layer in figure.layers:
        if isinstance(layer, Atoms | Bars | Labels):
            continue
        names = (along,) if along == "x" or not isinstance(layer, Band) else ("low", "high")
        for values in (getattr(layer, n) for n in names):
            array = np.asarray(values)
            if array.dtype.kind not in "fiu":
                continue  # names along the axis have no extent
            found.append(array[np.isfinite(array) & ((array > 0) | (not axis.log))])
    every = np.concatenate(found) if found else np.array([])
    return (float(every.min()), float(every.max())) if every.size else None

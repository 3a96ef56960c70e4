"""Figures for papers: one or two columns wide, in vectors or pixels, drawn by matplotlib."""

from __future__ import annotations

import io
import textwrap
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import InputError, nearest
from electrolith.core.files import write_atomic
from electrolith.core.format import formulas
from electrolith.core.safe_text import file_name, visible
from electrolith.study.figure import (
    STRIP,
    Atoms,
    Band,
    Bars,
    Figure,
    Heat,
    Labels,
    Layer,
    Line,
    Panel,
    Photo,
    Points,
    colour_of,
    stacked,
)

__all__ = ["Paper", "axes_for", "draw", "drawn", "dress", "write_figure"]

LONGEST = 40  # characters of a name in the legend; a longer one would leave no room for the axes
FORMATS = ("svg", "pdf", "png", "eps", "tiff")
MILLIMETRES = 25.4
GAP = 0.06  # between axes and strip
FEW = 2  # names of curves that find room inside the axes


@dataclass(frozen=True)
class Paper:
    """How figures are printed.

    width : mm; 86 is one column, 178 two.
    formats : of svg, pdf, png, eps, tiff. dpi : of the pixels.
    font : family; what it lacks comes from DejaVu Sans. size : points.
    """

    width: float = 86.0
    formats: tuple[str, ...] = ("svg", "pdf")
    dpi: int = 600
    font: str = "DejaVu Sans"
    size: float = 8.0

    def __post_init__(self) -> None:
        if not 20 <= self.width <= 500:
            raise InputError(f"a figure is 20 to 500 mm wide, got {self.width:g} mm")
        for name in self.formats:
            if name not in FORMATS:
                raise InputError(nearest("figure format", name, FORMATS))

    @property
    def style(self) -> dict[str, Any]:
        """Settings of matplotlib."""
        return {
            "font.size": self.size,
            "font.family": [self.font, "DejaVu Sans"],
            "axes.linewidth": 0.7,
            "svg.fonttype": "none",
            "pdf.fonttype": 42,
            "ps.fonttype": 42,
            "svg.hashsalt": "electrolith",
        }


COLUMN = Paper()


def _safe(name: str) -> str:
    """Text as it is written: between dollars matplotlib reads mathematics, and fails where it is none."""
    return formulas(visible(name)).replace("$", "\\$")


def _text(name: str) -> str:
    """A name in the legend or on a bar."""
    shown = visible(name)
    return _safe(shown if len(shown) <= LONGEST else shown[:LONGEST] + "…")


def _label(name: str, room: int) -> str:
    """An axis title in lines of at most `room` characters; nothing of it is cut."""
    return _safe("\n".join(textwrap.wrap(visible(name), max(room, 12), break_long_words=False)))


def draw(layer: Layer, axes: Any) -> None:
    """One layer on matplotlib axes."""
    if isinstance(layer, Line):
        style, width = "--" if layer.dash else "-", 0.5 if layer.thin else 1.2
        axes.plot(layer.x, layer.y, style, color=colour_of(layer), lw=width, label=_text(layer.name) or None)
    elif isinstance(layer, Points):
        colour = colour_of(layer)
        face = "none" if layer.role == "published" else colour
        error = None
        if layer.low is not None and layer.high is not None:
            # Rounding may leave an end on the wrong side of its point by a hair.
            error = np.clip([layer.y - np.asarray(layer.low), np.asarray(layer.high) - layer.y], 0.0, None)
        axes.errorbar(
            layer.x,
            layer.y,
            yerr=error,
            fmt="o",
            ms=1.8 if layer.small else 4.5,
            mew=0.0 if layer.small else 0.8,
            mfc=face,
            mec=colour,
            ecolor=colour,
            elinewidth=0.9,
            capsize=2,
            label=_text(layer.name) or None,
        )
    elif isinstance(layer, Band):
        colour = colour_of(layer)
        axes.fill_between(
            layer.x, layer.low, layer.high, color=colour, alpha=0.18, lw=0, label=_text(layer.name) or None
        )
    elif isinstance(layer, Bars):
        _bars(layer, axes)
    elif isinstance(layer, Heat):
        ends = (-layer.reach, layer.reach) if layer.diverging else (None, None)
        shades = "RdBu_r" if layer.diverging else "cividis"
        mesh = axes.pcolormesh(
            layer.x,
            layer.y,
            layer.z,
            shading="nearest",
            cmap=shades,
            rasterized=True,
            vmin=ends[0],
            vmax=ends[1],
        )
        axes.figure.colorbar(mesh, ax=axes, label=_text(layer.label))
    elif isinstance(layer, Photo):
        axes.imshow(layer.rgb, extent=(*layer.x, *layer.y), aspect="auto", zorder=0)
    elif isinstance(layer, Labels):
        for x, y, text in zip(layer.x, layer.y, layer.text, strict=True):
            side = "left" if layer.begin else "right"
            axes.text(x, y, _text(text), fontsize=6, color=colour_of(layer), ha=side, va="bottom")
    else:
        _atoms(layer, axes)


def _bars(layer: Bars, axes: Any) -> None:
    options: dict[str, Any] = {"color": colour_of(layer), "label": _text(layer.name) or None}
    base = 0.0 if layer.base is None else layer.base
    if layer.horizontal:
        axes.barh([_text(t) for t in layer.labels], layer.values, left=base, xerr=layer.errors, **options)
    else:
        axes.bar([_text(t) for t in layer.labels], layer.values, bottom=base, yerr=layer.errors, **options)


def _atoms(layer: Atoms, axes: Any) -> None:
    """Atoms with the edges of their cell and a legend of the species, in true proportions."""
    positions, cell = np.asarray(layer.positions), np.asarray(layer.cell)
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    for corner in corners:
        for axis in np.flatnonzero(corner == 0):
            ends = np.array([corner, corner + np.eye(3, dtype=int)[axis]]) @ cell
            axes.plot(*ends.T, color="#888888", lw=0.6)
    for label in dict.fromkeys(layer.labels):
        pick = [i for i, name in enumerate(layer.labels) if name == label]
        axes.scatter(
            *positions[pick].T,
            c=[layer.colours[i] for i in pick],
            s=(0.45 * np.asarray(layer.radii)[pick]) ** 2,
            edgecolors="#444444",
            linewidths=0.25,
            depthshade=False,
            label=_text(label),
        )
    axes.set_box_aspect(np.ptp(corners @ cell, axis=0))
    axes.view_init(elev=18, azim=32)
    axes.set_axis_off()
    axes.legend(frameon=False, fontsize="small", loc="upper left", markerscale=0.9)


def axes_for(figure: Figure, canvas: Any, spec: Any = None) -> tuple[Any, Any]:
    """Axes on a canvas (in a cell of a grid), and those of the strip below them where the figure has one."""
    where = canvas.add_gridspec(1, 1)[0] if spec is None else spec
    if any(isinstance(layer, Atoms) for layer in figure.layers):
        return canvas.add_subplot(where, projection="3d"), None
    if figure.below is None:
        return canvas.add_subplot(where), None
    rows = where.subgridspec(2, 1, height_ratios=(1 - STRIP, STRIP), hspace=0.0)
    upper = canvas.add_subplot(rows[0])
    return upper, canvas.add_subplot(rows[1], sharex=upper)


def drawn(figure: Figure, axes: Any, strip: Any = None, *, legend_outside: bool = False) -> None:
    """A figure on matplotlib axes (three-dimensional ones for atoms).

    Parameters
    ----------
    strip : axes of the strip below; without them it is hung below `axes`.
    """
    for layer in stacked(figure.layers):
        draw(layer, axes)
    if not any(isinstance(layer, Atoms) for layer in figure.layers):
        dress(figure, axes, legend_outside=legend_outside)
    if figure.below is not None:
        height = STRIP / (1 - STRIP)
        _strip(
            figure.below,
            axes,
            axes.inset_axes((0.0, -height - GAP, 1.0, height), sharex=axes) if strip is None else strip,
        )


def _strip(below: Panel, axes: Any, strip: Any) -> None:
    """The strip takes the label of x from the axes above it."""
    for layer in stacked(below.layers):
        draw(layer, strip)
    strip.set_xlabel(axes.get_xlabel())
    strip.set_ylabel(_label(below.y.label, 14))
    strip.tick_params(direction="in", which="both", top=True, right=True)
    axes.set_xlabel("")
    axes.tick_params(labelbottom=False)


def write_figure(
    figure: Figure, folder: Path, formats: tuple[str, ...] | None = None, *, paper: Paper = COLUMN
) -> tuple[Path, ...]:
    """Write a figure for a paper and return the files.

    Parameters
    ----------
    formats : in place of the paper's.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    with rc_context(paper.style), warnings.catch_warnings():
        # A sign that the font lacks is a box in the drawing, and no news for whoever ran the study.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        # A column holds a figure of its page's proportions; over two columns it grows less in height.
        height = 86.0 * figure.height / 460 * (paper.width / 86.0) ** 0.6
        canvas = Canvas(figsize=(paper.width / MILLIMETRES, height / MILLIMETRES), layout="constrained")
        FigureCanvasAgg(canvas)
        drawn(figure, *axes_for(figure, canvas), legend_outside=True)
        paths = []
        for suffix in formats or paper.formats:
            path = folder / f"{file_name(figure.name)}.{suffix}"
            raw = io.BytesIO()
            canvas.savefig(raw, format=suffix, metadata=_dateless(suffix), dpi=paper.dpi, **_packed(suffix))
            write_atomic(path, raw.getvalue())
            paths.append(path)
    return tuple(paths)


def _dateless(suffix: str) -> dict[str, Any] | None:
    """Equal figures give equal files."""
    return {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix)


def _packed(suffix: str) -> dict[str, Any]:
    """A TIFF at 600 dpi is ten times smaller without loss."""
    return {"pil_kwargs": {"compression": "tiff_lzw"}} if suffix == "tiff" else {}


def dress(figure: Figure, axes: Any, *, legend_outside: bool = False) -> None:
    """Labels, scales and ticks.

    Parameters
    ----------
    legend_outside : below the axes where there are more names than find room in them.
    """
    if figure.bare:
        axes.set_axis_off()
    axes.set_xlabel(_label(figure.x.label, 46))
    axes.set_ylabel(_label(figure.y.label, int(figure.height / 11)))
    if figure.x.log:
        axes.set_xscale("log")
    if figure.y.log:
        axes.set_yscale("log")
    if figure.x.range:
        axes.set_xlim(*figure.x.range)
    if figure.y.range:
        axes.set_ylim(*figure.y.range)
    if figure.x.reverse:
        axes.invert_xaxis()
    if figure.y.reverse:
        axes.invert_yaxis()
    if figure.equal:
        # With both ranges given the box gives way, not the ranges.
        axes.set_aspect("equal", adjustable="box" if figure.x.range and figure.y.range else "datalim")
    axes.tick_params(direction="in", which="both", top=not figure.top, right=True)
    if figure.top and figure.top_ticks:
        top = axes.secondary_xaxis("top")
        top.set_xlabel(_text(figure.top.label))
        top.set_xticks([v for v, _ in figure.top_ticks], [_text(t) for _, t in figure.top_ticks])
        top.tick_params(direction="in")
    if any(getattr(layer, "name", "") for layer in figure.layers):
        _legend(figure, axes, legend_outside)


def _legend(figure: Figure, axes: Any, outside: bool) -> None:
    """Names of the curves, never over the data where there are many."""
    names = [n for n in (getattr(layer, "name", "") for layer in figure.layers) if n]
    if not outside or len(names) <= FEW:
        axes.legend(frameon=False, fontsize="small")
        return
    longest = max(len(_text(n)) for n in names)
    columns = 1 if longest > 26 else 2 if longest > 12 else 3
    axes.figure.legend(loc="outside lower center", ncols=columns, frameon=False, fontsize="small")

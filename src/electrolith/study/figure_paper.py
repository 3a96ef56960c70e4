"""Figures for papers: one column wide, SVG and PDF, drawn by matplotlib."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.files import write_atomic
from electrolith.core.safe_text import file_name, visible
from electrolith.study.figure import COLOURS, Atoms, Band, Bars, Figure, Heat, Labels, Layer, Line, Points

__all__ = ["draw", "dress", "write_figure"]

LONGEST = 40  # characters of a label; a longer one would leave no room for the axes


def _text(name: str) -> str:
    """A label as it is written: between dollars matplotlib reads mathematics, and fails where it is none."""
    shown = visible(name)
    return (shown if len(shown) <= LONGEST else shown[:LONGEST] + "…").replace("$", "\\$")


def draw(layer: Layer, axes: Any) -> None:
    """One layer on matplotlib axes."""
    if isinstance(layer, Line):
        style = "--" if layer.dash else "-"
        axes.plot(layer.x, layer.y, style, color=COLOURS[layer.role], lw=1.2, label=_text(layer.name) or None)
    elif isinstance(layer, Points):
        colour = COLOURS[layer.role]
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
            ms=2 if layer.small else 4.5,
            mfc=face,
            mec=colour,
            ecolor=colour,
            elinewidth=0.9,
            capsize=2,
            label=_text(layer.name) or None,
        )
    elif isinstance(layer, Band):
        colour = COLOURS[layer.role]
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
    elif isinstance(layer, Labels):
        for x, y, text in zip(layer.x, layer.y, layer.text, strict=True):
            axes.text(x, y, _text(text), fontsize=6, color=COLOURS[layer.role], ha="right", va="bottom")
    else:
        axes.scatter(*np.asarray(layer.positions).T, c=list(layer.colours), s=np.asarray(layer.radii) ** 2)
        axes.set_axis_off()


def _bars(layer: Bars, axes: Any) -> None:
    options: dict[str, Any] = {"color": COLOURS[layer.role], "label": _text(layer.name) or None}
    base = 0.0 if layer.base is None else layer.base
    if layer.horizontal:
        axes.barh([_text(t) for t in layer.labels], layer.values, left=base, xerr=layer.errors, **options)
    else:
        axes.bar([_text(t) for t in layer.labels], layer.values, bottom=base, yerr=layer.errors, **options)


def write_figure(figure: Figure, folder: Path, formats: tuple[str, ...] = ("svg", "pdf")) -> tuple[Path, ...]:
    """Write a figure for a paper (one column, 86 mm wide) and return the files."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    solid = any(isinstance(layer, Atoms) for layer in figure.layers)
    style = {"font.size": 8, "axes.linewidth": 0.7, "svg.fonttype": "none", "pdf.fonttype": 42}
    with rc_context({**style, "svg.hashsalt": "electrolith"}), warnings.catch_warnings():
        # A sign that the font lacks is a box in the drawing, and no news for whoever ran the study.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas = Canvas(figsize=(3.4, 3.4 * figure.height / 460), layout="constrained")
        FigureCanvasAgg(canvas)
        axes = canvas.add_subplot(projection="3d" if solid else None)
        for layer in figure.layers:
            draw(layer, axes)
        if not solid:
            dress(figure, axes)
        paths = []
        for suffix in formats:
            path = folder / f"{file_name(figure.name)}.{suffix}"
            raw = io.BytesIO()
            when = {"Date": None} if suffix == "svg" else {"CreationDate": None}
            canvas.savefig(raw, format=suffix, metadata=when)
            write_atomic(path, raw.getvalue())
            paths.append(path)
    return tuple(paths)


def dress(figure: Figure, axes: Any) -> None:
    """Labels, scales and ticks."""
    axes.set_xlabel(_text(figure.x.label))
    axes.set_ylabel(_text(figure.y.label))
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
        axes.set_aspect("equal", adjustable="datalim")
    axes.tick_params(direction="in", which="both", top=not figure.top, right=True)
    if figure.top and figure.top_ticks:
        top = axes.secondary_xaxis("top")
        top.set_xlabel(_text(figure.top.label))
        top.set_xticks([v for v, _ in figure.top_ticks], [_text(t) for _, t in figure.top_ticks])
        top.tick_params(direction="in")
    if any(getattr(layer, "name", "") for layer in figure.layers):
        axes.legend(frameon=False, fontsize=7)

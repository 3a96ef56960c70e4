"""Figures on the page: data and layout for plotly.js (hover, zoom, SVG export)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from electrolith.core.format import formulas
from electrolith.study.figure import (
    STRIP,
    Atoms,
    Axis,
    Band,
    Bars,
    Figure,
    Heat,
    Labels,
    Line,
    Panel,
    Photo,
    Points,
    colour_of,
    extent,
    stacked,
)
from electrolith.study.png import data_uri

__all__ = ["to_plotly"]


def _list(values: Any) -> list[Any]:
    """Numbers as JSON takes them: nan becomes a gap."""
    array = np.asarray(values)
    if array.dtype.kind in "US":
        return [str(v) for v in array]
    return [None if not np.isfinite(v) else float(f"{v:.6g}") for v in array.astype(float).ravel()]


def _faint(colour: str, alpha: float = 0.18) -> str:
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{alpha})"


def _line(layer: Line) -> list[dict[str, Any]]:
    style = {
        "color": colour_of(layer),
        "width": 0.8 if layer.thin else 1.4,
        "dash": "dash" if layer.dash else "solid",
    }
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": _list(layer.x),
            "y": _list(layer.y),
            "name": layer.name,
            "line": style,
            "showlegend": bool(layer.name),
        }
    ]


def _points(layer: Points) -> list[dict[str, Any]]:
    colour = colour_of(layer)
    symbol = "circle-open" if layer.role == "published" else "circle"
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "x": _list(layer.x),
        "y": _list(layer.y),
        "name": layer.name,
        "showlegend": bool(layer.name),
        "marker": {
            "color": colour,
            "symbol": symbol,
            "size": 4 if layer.small else 9,
            # A ring of its own colour: plotly's default ring is dark and hides small symbols.
            "line": {"width": 1.6 if symbol == "circle-open" else 0, "color": colour},
        },
    }
    if layer.low is not None and layer.high is not None:
        trace["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": _list(np.asarray(layer.high) - layer.y),
            "arrayminus": _list(np.asarray(layer.y) - layer.low),
            "color": colour,
            "thickness": 1.3,
            "width": 4,
        }
    if layer.text:
        trace |= {"text": list(layer.text), "hovertemplate": "%{text}<extra></extra>"}
    return [trace]


def _band(layer: Band) -> list[dict[str, Any]]:
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": _list(layer.x),
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    fill = {"fill": "tonexty", "fillcolor": _faint(colour_of(layer))}
    return [
        {**edge, "y": _list(layer.low), "showlegend": False},
        {**edge, **fill, "y": _list(layer.high), "name": layer.name, "showlegend": bool(layer.name)},
    ]


def _bars(layer: Bars) -> list[dict[str, Any]]:
    long, short = ("x", "y") if layer.horizontal else ("y", "x")
    trace: dict[str, Any] = {
        "type": "bar",
        long: _list(layer.values),
        short: list(layer.labels),
        "name": layer.name,
        "showlegend": bool(layer.name),
        "marker": {"color": colour_of(layer)},
        "orientation": "h" if layer.horizontal else "v",
    }
    if layer.errors is not None:
        trace[f"error_{long}"] = {
            "type": "data",
            "array": _list(layer.errors),
            "color": "#333333",
            "thickness": 1.2,
        }
    if layer.base is not None:
        trace["base"] = _list(layer.base)
    if layer.text:
        trace |= {"hovertext": list(layer.text), "hovertemplate": "%{hovertext}<extra></extra>"}
    return [trace]


def _heat(layer: Heat) -> list[dict[str, Any]]:
    return [
        {
            "type": "heatmap",
            "x": _list(layer.x),
            "y": _list(layer.y),
            "z": [_list(row) for row in np.asarray(layer.z)],
            **_shades(layer),
        }
    ]


def _shades(layer: Heat) -> dict[str, Any]:
    """Colours: a diverging map is white at zero, blue below and red above, on the page as on paper."""
    bar = {"colorbar": {"title": {"text": formulas(layer.label), "side": "right"}, "thickness": 12}}
    if not layer.diverging:
        return {"colorscale": "Cividis", **bar}
    reach = layer.reach
    return {"colorscale": "RdBu", "reversescale": True, "zmid": 0, "zmin": -reach, "zmax": reach, **bar}


def _photo(layer: Photo) -> list[dict[str, Any]]:
    """Its corners, unseen, so that the axes hold it; the picture itself belongs to the layout."""
    corners = {"x": _list(layer.x), "y": _list(layer.y), "opacity": 0, "hoverinfo": "skip"}
    return [{"type": "scatter", "mode": "markers", "showlegend": False, **corners}]


def _images(figure: Figure) -> list[dict[str, Any]]:
    """Pictures of the layout."""
    return [
        {
            "source": data_uri(layer.rgb),
            "xref": "x",
            "yref": "y",
            "x": layer.left,
            "y": layer.bottom + layer.height,
            "sizex": layer.width,
            "sizey": layer.height,
            "sizing": "stretch",
            "layer": "below",
        }
        for layer in figure.layers
        if isinstance(layer, Photo)
    ]


def _edges(cell: np.ndarray) -> tuple[list[Any], list[Any], list[Any]]:
    """The twelve edges of a cell as one broken line."""
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    xyz: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    for a in corners:
        for axis in range(3):
            if a[axis] == 0:
                b = a.copy()
                b[axis] = 1
                for store, start, end in zip(xyz, a @ cell, b @ cell, strict=True):
                    store += [float(start), float(end), None]
    return xyz


def _atoms(layer: Atoms) -> list[dict[str, Any]]:
    x, y, z = _edges(np.asarray(layer.cell))
    frame = {
        "type": "scatter3d",
        "mode": "lines",
        "x": x,
        "y": y,
        "z": z,
        "showlegend": False,
        "hoverinfo": "skip",
    }
    traces: list[dict[str, Any]] = [{**frame, "line": {"color": "#888888", "width": 2}}]
    for label in dict.fromkeys(layer.labels):
        pick = [i for i, name in enumerate(layer.labels) if name == label]
        at = np.asarray(layer.positions)[pick]
        marker = {
            "size": [float(layer.radii[i]) for i in pick],
            "color": [layer.colours[i] for i in pick],
            "opacity": 1.0,
            "line": {"width": 0.5, "color": "#444444"},
        }
        traces.append(
            {
                "type": "scatter3d",
                "mode": "markers",
                "x": _list(at[:, 0]),
                "y": _list(at[:, 1]),
                "z": _list(at[:, 2]),
                "name": label,
                "marker": marker,
                "text": [layer.text[i] for i in pick],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return traces


def _labels(layer: Labels) -> list[dict[str, Any]]:
    return [
        {
            "type": "scatter",
            "mode": "text",
            "x": _list(layer.x),
            "y": _list(layer.y),
            "text": list(layer.text),
            "textposition": "top right" if layer.begin else "top left",
            "textfont": {"size": 11, "color": colour_of(layer)},
            "showlegend": False,
            "hoverinfo": "skip",
        }
    ]


_DRAW: dict[type, Callable[[Any], list[dict[str, Any]]]] = {
    Line: _line,
    Points: _points,
    Band: _band,
    Bars: _bars,
    Heat: _heat,
    Photo: _photo,
    Atoms: _atoms,
    Labels: _labels,
}
FEW_DECADES = 2.0
MANY = 9  # names above the axes; more stand beside them
MOST_DECADES = 8
BAR = 34  # pixels for the buttons beside the axes


def _log_ticks(ends: tuple[float, float] | None) -> dict[str, Any]:
    """Labels of a log axis: whole decades where there are enough of them, else plotly's own finer ones."""
    decades = 0.0 if ends is None or ends[0] <= 0 else float(np.log10(ends[1] / ends[0]))
    if decades < FEW_DECADES:
        return {"minor": {"ticks": "inside", "ticklen": 2}}
    return {"dtick": int(np.ceil(decades / MOST_DECADES)), "minor": {"ticks": "inside", "ticklen": 2}}


def _exponents(ends: tuple[float, float] | None) -> str:
    """Powers of ten only where numbers would be long: 8345.5 and 50 000, but 2×10⁻⁵."""
    size = 1.0 if ends is None else max(abs(ends[0]), abs(ends[1]))
    return "none" if 1e-2 <= size < 1e6 else "power"


def _axis(axis: Axis, ends: tuple[float, float] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": {"text": formulas(axis.label), "standoff": 8},
        "type": "log" if axis.log else "-",
        "automargin": True,
        "showline": True,
        "mirror": True,
        "ticks": "inside",
        "linecolor": "#444444",
        "gridcolor": "#eeeeee",
        "zeroline": False,
        "exponentformat": "power" if axis.log else _exponents(ends),
        "separatethousands": ends is not None and bool(max(map(abs, ends)) >= 1e4),
    }
    if axis.log:
        found |= _log_ticks(ends)
    if axis.range:
        shown = np.log10(axis.range) if axis.log else np.asarray(axis.range)
        found["range"] = [float(v) for v in (shown[::-1] if axis.reverse else shown)]
    elif axis.reverse:
        found["autorange"] = "reversed"
    return found


def _strip(figure: Figure, below: Panel, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Traces of the strip below; the axes make room for it."""
    ends = extent(replace(figure, layers=below.layers, y=below.y, below=None), "y")
    layout["yaxis"]["domain"] = [STRIP + 0.06, 1.0]
    layout["yaxis2"] = {**_axis(below.y, ends), "domain": [0.0, STRIP], "anchor": "x", "nticks": 4}
    layout["xaxis"] |= {"anchor": "y2", "mirror": "all"}  # a frame round both
    traces = [trace for layer in stacked(below.layers) for trace in _DRAW[type(layer)](layer)]
    for trace in traces:
        trace |= {"yaxis": "y2", "name": formulas(trace.get("name") or "")}
    return traces


def to_plotly(figure: Figure) -> dict[str, Any]:
    """Data and layout for plotly.js."""
    data = [trace for layer in stacked(figure.layers) for trace in _DRAW[type(layer)](layer)]
    for trace in data:
        trace["name"] = formulas(trace["name"]) if trace.get("name") else ""
    solid = any(isinstance(layer, Atoms) for layer in figure.layers)
    layout: dict[str, Any] = {
        "height": figure.height,
        "margin": {"l": 64, "r": BAR, "t": 64 if figure.top else 32, "b": 52},
        # Upright in the margin: neither on the data nor on the names above them.
        "modebar": {"orientation": "v", "bgcolor": "rgba(0,0,0,0)", "color": "#999999"},
        "font": {"family": "Helvetica, Arial, sans-serif", "size": 13, "color": "#222222"},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        # Above the axes: nothing lies there, neither data nor slanted labels.
        "legend": {
            "orientation": "h",
            "y": 1.2 if figure.top else 1.02,
            "yanchor": "bottom",
            "x": 0,
            "font": {"size": 12},
            "itemsizing": "constant",
        },
        "separators": ".\u2009",
        "hoverlabel": {"font": {"size": 12}},
        "barmode": "group",
    }
    if solid:
        blank = {"visible": False}
        layout["scene"] = {
            "xaxis": blank,
            "yaxis": blank,
            "zaxis": blank,
            "aspectmode": "data",
            "camera": {"eye": {"x": 1.75, "y": 1.1, "z": 0.75}},
        }
        layout["margin"] = {"l": 0, "r": 0, "t": 0, "b": 0}
        layout["legend"] = {"orientation": "h", "y": 0.02, "x": 0}
        return {"data": data, "layout": layout}
    if sum(bool(trace.get("showlegend")) for trace in data) > MANY:
        layout["legend"] = {"orientation": "v", "y": 1, "x": 1.02, "font": {"size": 11}}
    layout |= {"xaxis": _axis(figure.x, extent(figure, "x")), "yaxis": _axis(figure.y, extent(figure, "y"))}
    if any(isinstance(layer, Photo) for layer in figure.layers):
        layout["images"] = _images(figure)
        layout["xaxis"]["showgrid"] = layout["yaxis"]["showgrid"] = False
    if figure.bare:
        layout["xaxis"]["visible"] = layout["yaxis"]["visible"] = False
    if figure.equal:
        layout["yaxis"] |= {"scaleanchor": "x", "scaleratio": 1, "constrain": "domain"}
        layout["xaxis"] |= {"constrain": "domain"}
    if figure.below is not None:
        data += _strip(figure, figure.below, layout)
    if figure.top and figure.top_ticks:
        # A second abscissa exists in plotly only with a trace of its own.
        layout["xaxis2"] = {
            **_axis(figure.top),
            "overlaying": "x",
            "matches": "x",
            "side": "top",
            "tickvals": [v for v, _ in figure.top_ticks],
            "ticktext": [t for _, t in figure.top_ticks],
            "showgrid": False,
        }
        layout["xaxis"]["mirror"] = False
        first, last = figure.top_ticks[0][0], figure.top_ticks[-1][0]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [first, last],
                "y": [None, None],
                "xaxis": "x2",
                "showlegend": False,
                "hoverinfo": "skip",
            }
        )
    return {"data": data, "layout": layout}

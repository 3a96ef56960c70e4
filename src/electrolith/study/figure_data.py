"""The data behind a figure: one column per drawn quantity, for a spreadsheet or another plotting program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from electrolith.study.figure import Atoms, Axis, Band, Bars, Figure, Heat, Layer, Photo

__all__ = ["figure_columns", "figure_layers"]


def _plain(values: Any) -> list[Any]:
    """Numbers and text as JSON takes them."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        return [str(v) for v in array.ravel()]
    return [float(v) if np.isfinite(v) else None for v in array.astype(float).ravel()]


def figure_layers(figure: Figure) -> list[dict[str, Any]]:
    """Each layer with its kind, its name and everything drawn of it."""
    found = []
    for layer, axis in _every(figure):
        about = {"kind": type(layer).__name__.lower(), "name": getattr(layer, "name", "")}
        found.append(about | {key: values for key, _, values in _drawn(figure, layer, axis)})
    return found


def _every(figure: Figure) -> list[tuple[Layer, Axis]]:
    """Layers with their ordinate, those of the strip below too."""
    found: list[tuple[Layer, Axis]] = [(layer, figure.y) for layer in figure.layers]
    if figure.below is not None:
        found += [(layer, figure.below.y) for layer in figure.below.layers]
    return found


def _drawn(figure: Figure, layer: Layer, ordinate: Axis) -> Iterator[tuple[str, str, list[Any]]]:
    """Key, label and values of each quantity of a layer."""
    if isinstance(layer, Atoms):
        yield "element", "element", list(layer.labels)
        for index, axis in enumerate("xyz"):
            yield axis, f"{axis} / Å", _plain(np.asarray(layer.positions)[:, index])
        return
    if isinstance(layer, Photo):
        return  # its pixels are those of the file it was read from
    x, y = figure.x.label or "x", ordinate.label or "y"
    if isinstance(layer, Heat):
        across, up = np.meshgrid(np.asarray(layer.x), np.asarray(layer.y))
        yield "x", x, _plain(across)
        yield "y", y, _plain(up)
        yield "z", layer.label or "z", _plain(layer.z)
        return
    if isinstance(layer, Bars):
        yield "label", "label", list(layer.labels)
        yield "value", x if layer.horizontal else y, _plain(layer.values)
        for key in ("errors", "base"):
            if getattr(layer, key) is not None:
                yield key, key, _plain(getattr(layer, key))
        return
    yield "x", x, _plain(layer.x)
    if not isinstance(layer, Band):
        yield "y", y, _plain(layer.y)
    for key in ("low", "high"):
        if getattr(layer, key, None) is not None:
            yield key, f"{y}, {key} end", _plain(getattr(layer, key))


def figure_columns(figure: Figure) -> tuple[list[str], list[list[Any]]]:
    """Names and values of all columns, layer after layer, with unique names."""
    names: list[str] = []
    columns: list[list[Any]] = []
    for number, (layer, axis) in enumerate(_every(figure), start=1):
        name = getattr(layer, "name", "") or f"{type(layer).__name__.lower()} {number}"
        for _, label, values in _drawn(figure, layer, axis):
            head = f"{name}: {label}"
            names.append(head if head not in names else f"{head} ({number})")
            columns.append(values)
    return names, columns

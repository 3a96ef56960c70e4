"""Pictures in the study: photographs, sections with the thickness of their layers, maps of elements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.lab.pictures.analysis import Picture, PictureResult, PictureSettings, look_at_pictures
from electrolith.lab.pictures.elements import ElementMaps
from electrolith.lab.pictures.layers import Layers
from electrolith.study.figure import Axis, Figure, Labels, Layer, Line, Photo
from electrolith.study.printed import Printed, printed
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.settings import Files
from electrolith.study.table import Cell
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "MeasuredPictures", "picture_evidence", "picture_parts"]

MARGIN = 1.45
"""Width of the drawing in widths of the picture, where the names of layers stand beside it."""
HIGH, LOW = 620, 260  # of a figure, pixels
ABREAST = 4


@dataclass(frozen=True)
class MeasuredPictures(PictureSettings):
    """Pictures of one object."""

    files: Files


def pictures(settings: MeasuredPictures) -> PictureResult:
    """Read the pictures, find layers and compare maps where they are named."""
    return look_at_pictures(settings)


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Thickness of the layers that the pictures hold whole."""
    found = results.get(PictureResult)
    return () if found is None else picture_evidence(found)


def picture_evidence(found: PictureResult) -> tuple[Evidence, ...]:
    """Rows of the headline table: each layer from the first picture that shows it whole."""
    rows: dict[str, Evidence] = {}
    for picture, layers in zip(found.pictures, found.layers, strict=False):
        for k, name in enumerate(layers.names if layers is not None else ()):
            if layers is None or layers.cut[k] or name in rows:
                continue
            value = layers.thickness[k].to("um")
            rows[name] = Evidence(
                f"thickness {name}", f"Thickness of {name}", value, "measured", picture.label, note="section"
            )
    return tuple(rows.values())


def parts(results: Results) -> tuple[Part, ...]:
    """The pictures' part of the report."""
    found = results.get(PictureResult)
    return () if found is None else picture_parts(found)


def picture_parts(found: PictureResult) -> tuple[Part, ...]:
    """Every picture, its layers, the maps."""
    layers = found.layers or (None,) * len(found.pictures)
    series = len(found.pictures) > 1 and not found.layers
    figures = [_series(found.pictures)] if series else []
    figures += [
        _figure(p, f"picture-{k}", item, found.upright)
        for k, (p, item) in enumerate(zip(found.pictures, layers, strict=True), start=1)
        if not series
    ]
    figures += [_figure(p, f"picture-map-{p.label.lower()}", None, False) for p in found.maps]
    tables = [
        _layer_table(p, item) for p, item in zip(found.pictures, layers, strict=True) if item is not None
    ]
    if found.elements is not None:
        tables += _map_tables(found.elements)
    scales = [f"{p.label}: scale {p.scale_from}" for p in found.pictures if p.scale_from]
    notes = (*scales, *((_BOUNDS,) if any(layers) else ()))
    return (Part("Pictures", _sentence(found), tuple(figures), tuple(tables), found.refused, tuple(notes)),)


_BOUNDS = (
    "Layers are found in strips across the picture; the thickness is their mean along the normal of the "
    "layers, its interval holds the strips and the pixel, not the scale bar nor a section cut askew."
)


def _sentence(found: PictureResult) -> str:
    words = [found.caption.rstrip(".") + "." if found.caption else ""]
    for picture, layers in zip(found.pictures, found.layers, strict=False):
        if layers is not None:
            each = "; ".join(_said(layers, k) for k in range(len(layers.names)))
            words.append(f"{picture.label}: {each}.")
    if found.elements is not None:
        uneven = [m.element for m in found.elements.maps if m.uneven]
        even = [m.element for m in found.elements.maps if not m.uneven]
        if even:
            words.append(
                f"{', '.join(even)}: spread evenly over blocks of the map, as far as counting tells."
            )
        if uneven:
            words.append(f"{', '.join(uneven)}: not spread evenly.")
    if not any(words):
        words.append(f"{len(found.pictures)} picture{'s' if len(found.pictures) > 1 else ''}.")
    return " ".join(w for w in words if w)


def _said(layers: Layers, k: int) -> str:
    value = layers.thickness[k].to("um")
    bound = "at least " if layers.cut[k] else ""
    return f"{layers.names[k]} {bound}{value.text()}"


def _figure(picture: Picture, name: str, layers: Layers | None, upright: bool) -> Figure:
    """A picture, with the boundaries and names of its layers beside it; in pixels it has no axes."""
    rows, columns = picture.rgb.shape[:2]
    scaled = bool(np.isfinite(picture.width))
    factor, unit = (1e3, "mm") if scaled and picture.width > 2e-3 else (1e6, "µm")
    wide, high = (
        (factor * picture.width, factor * picture.height) if scaled else (float(columns), float(rows))
    )
    drawn: list[Layer] = [Photo(picture.rgb, wide, high)]
    across = (0.0, wide)
    if layers is not None:
        drawn += _boundaries(layers, factor, high, upright)
        if not upright:
            drawn.append(_names(layers, factor, wide, high))
            across = (0.0, MARGIN * wide)
    caption = picture.label + ("" if scaled else "; without a scale") + "."
    if layers is not None:
        caption += " Orange: the boundaries found, strip by strip."
    height = int(np.clip(640 * high / across[1] + 80, LOW, HIGH))
    axes = (Axis(f"x / {unit}", range=across), Axis(f"y / {unit}", range=(0.0, high)))
    return Figure(name, caption, *axes, tuple(drawn), equal=True, bare=not scaled, height=height)


def _series(pictures: tuple[Picture, ...]) -> Figure:
    """Pictures of one object side by side, equally high, what each shows below it."""
    drawn: list[Layer] = []
    at: list[tuple[float, float]] = []
    rows = [pictures[k : k + ABREAST] for k in range(0, len(pictures), ABREAST)]
    widest = 0.0
    for number, row in enumerate(rows):
        left, bottom = 0.0, -1.22 * number
        for picture in row:
            high, wide = picture.rgb.shape[:2]
            drawn.append(Photo(picture.rgb, wide / high, 1.0, left, bottom))
            at.append((left, bottom - 0.17))
            left += wide / high + 0.06
        widest = max(widest, left - 0.06)
    x, y = np.array(at).T
    drawn.append(Labels(x, y, tuple(p.label for p in pictures), "published", begin=True))
    low = -1.22 * (len(rows) - 1) - 0.24
    scales = {f"{1e3 * p.width:.3g} mm wide" for p in pictures if np.isfinite(p.width)}
    caption = "Side by side, " + (scales.pop() if len(scales) == 1 else "without a common scale") + "."
    height = int(np.clip(700 * (1.0 - low) / widest + 70, LOW, 2 * HIGH))
    axes = (Axis("", range=(0.0, widest)), Axis("", range=(low, 1.02)))
    return Figure("pictures", caption, *axes, tuple(drawn), equal=True, bare=True, height=height)


def _boundaries(layers: Layers, factor: float, high: float, upright: bool) -> list[Layer]:
    lines: list[Layer] = []
    for places in layers.boundary:
        along, deep = factor * layers.at, factor * places
        x, y = (deep, high - along) if upright else (along, high - deep)
        lines.append(Line(x, y, "", "measured"))
    return lines


def _names(layers: Layers, factor: float, wide: float, high: float) -> Labels:
    """Names with thickness to the right of the picture, at the middle of each layer."""
    edges = np.concatenate([[0.0], factor * np.nanmean(layers.boundary, axis=1), [high]])
    middle = high - (edges[:-1] + edges[1:]) / 2
    text = tuple(_said(layers, k) for k in range(len(layers.names)))
    return Labels(np.full(len(text), 1.01 * wide), middle - 0.02 * high, text, "published", begin=True)


def _layer_table(picture: Picture, layers: Layers) -> Table:
    rows = tuple(
        (
            name,
            _thickness(layers, k),
            1e6 * float(layers.spread[k]),
            _contact(layers, k),
        )
        for k, name in enumerate(layers.names)
    )
    caption = (
        f"{picture.label}: layers from the first edge of the picture on, inclined by "
        f"{abs(layers.tilt):.1f}°. ≥: cut by the edge of the picture."
    )
    return Table(
        ("layer", "thickness / µm", "spread over the width / µm", "boundary behind it"), rows, caption
    )


def _thickness(layers: Layers, k: int) -> Estimate | Printed:
    """µm; of a layer that the picture's edge cuts a bound."""
    value = layers.thickness[k].to("um")
    return printed(value.value, ".4g", before="≥ ") if layers.cut[k] else value


def _contact(layers: Layers, k: int) -> str:
    """How much of a boundary was found, and how rough it is."""
    if k == len(layers.names) - 1:
        return "–"
    places = layers.boundary[k]
    known = np.isfinite(places)
    flat = places[known] - np.polyval(np.polyfit(layers.at[known], places[known], 1), layers.at[known])
    rough = Estimate.unknown_doubt(1e6 * float(flat.std(ddof=2)), "um")
    return f"seen in {known.sum()} of {len(places)} strips, rough by {rough.number()} µm"


def _map_tables(found: ElementMaps) -> list[Table]:
    edge = f" of {1e6 * found.block:.2g} µm" if np.isfinite(found.block) else ""
    rows = tuple(
        (
            m.element,
            printed(100 * m.share, ".0f"),
            printed(100 * m.scatter, ".1f"),
            printed(100 * m.noise, ".1f"),
            "no" if m.uneven else "yes",
        )
        for m in found.maps
    )
    evenness = Table(
        ("element", "area with signal / %", "scatter / %", "of it by counting / %", "even"),
        rows,
        f"Maps of elements over blocks{edge}: relative standard deviation of the signal, and what counting "
        "alone gives.",
    )
    names = tuple(m.element for m in found.maps)
    matrix: tuple[tuple[Cell, ...], ...] = tuple(
        (name, *(printed(float(c), ".2f") for c in row))
        for name, row in zip(names, found.together, strict=True)
    )
    return [evenness, Table(("element", *names), matrix, "Coefficient between the blocks of two maps.")]


SECTION = Section("measured.pictures", MeasuredPictures, (Stage(pictures),), evidence, parts)

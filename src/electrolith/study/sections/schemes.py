"""Cells as they were built: a drawing of layers and housing, the record of the build, the X-ray's way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import Unit
from electrolith.lab.synthesis.pellet import pressing_pressure
from electrolith.study.anchor import anchor
from electrolith.study.figure import Axis, Band, Figure, Labels, Layer, Line, Role
from electrolith.study.section import Part, Results, Section, Table
from electrolith.study.table import Cell

__all__ = ["SECTION", "BuiltLayer", "Scheme", "Schemes"]

ROLES: tuple[Role, ...] = ("computed", "second", "fourth", "third", "measured", "warning")
FLAT = 0.35
"""Power of the thickness that is drawn: a foil of 5 µm stays visible beside a pellet of 1 mm."""


@dataclass(frozen=True)
class BuiltLayer:
    """A layer from the bottom upwards. mass : of the powder or film put in.

    name : material.     thickness : as built.
    """

    name: str
    thickness: Annotated[float, Unit("um")]
    mass: Annotated[float | None, Unit("mg")] = None

    def __post_init__(self) -> None:
        if not self.thickness > 0:
            raise InputError(f"layer {self.name}: a thickness of {self.thickness:g} um is none")


@dataclass(frozen=True)
class Scheme:
    """One cell.

    diameter, or width and length : of the layers. housing : what holds them, "PTFE die". ends : what closes
        them above and below, "steel piston". steps : of the build, in order. load : of the last pressing.
    beam_angle : of X-rays to the surface of the layer `beam_layer`; attenuation_length : of that layer.
    layers : from the bottom upwards.     beam_layer : the layer that X-rays look at.
    """

    layers: tuple[BuiltLayer, ...]
    diameter: Annotated[float | None, Unit("mm")] = None
    width: Annotated[float | None, Unit("mm")] = None
    length: Annotated[float | None, Unit("mm")] = None
    housing: str = ""
    ends: str = ""
    steps: tuple[str, ...] = ()
    load: str | None = None
    beam_angle: Annotated[float | None, Unit("degree")] = None
    beam_layer: str = ""
    attenuation_length: Annotated[float | None, Unit("um")] = None

    def __post_init__(self) -> None:
        if not self.layers:
            raise InputError("a cell needs layers")
        if (self.diameter is None) == (self.width is None or self.length is None):
            raise InputError("give the diameter, or both width and length")
        if self.load is not None and self.diameter is None:
            raise InputError("a load is said as a pressure on a round die: give its diameter")
        names = [layer.name for layer in self.layers]
        if self.beam_angle is not None and self.beam_layer not in names:
            raise InputError(f"beam_layer {self.beam_layer!r} is none of the layers: {', '.join(names)}")
        if self.beam_angle is not None and not 0 < self.beam_angle <= 90:
            raise InputError(f"beam_angle {self.beam_angle:g} lies outside 0 to 90 degree")

    @property
    def area(self) -> float:
        """cm2."""
        if self.diameter is not None:
            return float(np.pi / 4 * (self.diameter / 10) ** 2)
        return float((self.width or 0.0) * (self.length or 0.0) / 100)


@dataclass(frozen=True)
class Schemes:
    """Cells by name.

    cells : each as it is built.
    """

    cells: dict[str, Scheme]


def parts(results: Results) -> tuple[Part, ...]:
    """A part for each cell."""
    settings = results.get(Schemes)
    return () if settings is None else tuple(_part(name, cell) for name, cell in settings.cells.items())


def penetration(angle: float, attenuation_length: float) -> float:
    """Depth in which the beam has fallen to 1/e on its way in, in the unit of the length: L sin α."""
    return attenuation_length * float(np.sin(np.radians(angle)))


def _part(name: str, cell: Scheme) -> Part:
    """Drawing, layers, build record."""
    whole = sum(layer.thickness for layer in cell.layers)
    size = f"{cell.diameter:g} mm in diameter" if cell.diameter else f"{cell.width:g} mm × {cell.length:g} mm"
    sentence = f"{len(cell.layers)} layers, {size} ({cell.area:.3g} cm²), {whole:.4g} µm thick."
    if cell.load is not None and cell.diameter is not None:
        pressure = pressing_pressure(cell.load, Estimate.exact(cell.diameter, "mm"))
        sentence += f" Pressed with {cell.load}, {pressure.value:.0f} MPa."
    if cell.beam_angle is not None:
        sentence += f" X-rays come in at {cell.beam_angle:g}° to the surface of {cell.beam_layer}"
        if cell.attenuation_length is not None:
            depth = penetration(cell.beam_angle, cell.attenuation_length)
            sentence += f" and fall to 1/e within {depth:.3g} µm of depth"
        sentence += "."
    rows = tuple(_row(layer, cell.area) for layer in reversed(cell.layers))
    tables = [
        Table(
            ("layer (from above)", "thickness / µm", "mass / mg", "loading / mg/cm2", "density / g/cm3"),
            rows,
            "Layers; the density is that of the layer with its pores.",
        )
    ]
    if cell.steps:
        steps = tuple((number, text) for number, text in enumerate(cell.steps, start=1))
        tables.append(Table(("step", "what was done"), steps, "Build record"))
    return Part(f"Cell: {name}", sentence, (_drawing(name, cell),), tuple(tables))


def _row(layer: BuiltLayer, area: float) -> tuple[Cell, ...]:
    if layer.mass is None:
        return (layer.name, layer.thickness, None, None, None)
    loading = layer.mass / area
    return (layer.name, layer.thickness, layer.mass, loading, loading / (layer.thickness * 0.1))


def _drawing(name: str, cell: Scheme) -> Figure:
    """Layers from the bottom upwards between the walls of the housing; thin ones are drawn thicker."""
    heights = np.array([layer.thickness for layer in cell.layers]) ** FLAT
    edges = np.concatenate([[0.0], np.cumsum(heights)]) / heights.sum()
    inside = np.array([0.0, 1.0])
    layers: list[Layer] = []
    words: list[tuple[float, float, str]] = []
    for layer, low, high, role in zip(cell.layers, edges[:-1], edges[1:], ROLES * 9, strict=False):
        layers.append(Band(inside, np.full(2, low), np.full(2, high), "", role))
        layers.append(Line(inside, np.full(2, high), "", "guide"))
        words.append((0.97, (low + high) / 2 - 0.02, f"{layer.name}, {layer.thickness:.4g} µm"))
    if cell.ends:
        for low, high in ((-0.3, 0.0), (1.0, 1.3)):
            layers.append(Band(inside, np.full(2, low), np.full(2, high), "", "guide"))
            words.append((0.97, (low + high) / 2 - 0.02, cell.ends))
    if cell.housing:
        walls = (np.array([-0.12, 0.0]), np.array([1.0, 1.12]))
        layers += [Band(at, np.full(2, -0.3), np.full(2, 1.3), "", "published") for at in walls]
        words.append((1.12, 1.31, cell.housing))
    if cell.beam_angle is not None:
        layers += _beam(cell, edges, words)
    layers.append(
        Line(np.array([0.0, 0.0, 1.0, 1.0, 0.0]), np.array([0.0, 1.0, 1.0, 0.0, 0.0]), "", "published")
    )
    layers.append(
        Labels(
            np.array([w[0] for w in words]),
            np.array([w[1] for w in words]),
            tuple(w[2] for w in words),
            "published",
        )
    )
    caption = f"{name}, from the layers stated; heights are not to scale, thin layers are drawn thicker."
    blank = Axis("", range=(-0.3, 1.3))
    return Figure(
        f"scheme-{anchor(name)}", caption, blank, Axis("", range=(-0.35, 1.45)), tuple(layers), bare=True
    )


def _beam(cell: Scheme, edges: np.ndarray, words: list[tuple[float, float, str]]) -> list[Layer]:
    """The beam on its way in and out, drawn steeper than it is where it grazes."""
    index = [layer.name for layer in cell.layers].index(cell.beam_layer)
    surface = float(edges[index + 1])
    slope = np.tan(np.radians(max(cell.beam_angle or 0.0, 12.0)))
    words.append((0.45, surface + 0.45 * slope, f"X-rays, {cell.beam_angle:g}°"))
    x = np.array([-0.25, 0.4, 1.05])
    return [
        Line(x, np.array([surface + 0.65 * slope, surface, surface + 0.65 * slope]), "", "warning", dash=True)
    ]


SECTION = Section("schemes", Schemes, parts=parts)

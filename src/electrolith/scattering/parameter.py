"""Every parameter of a refinement by name, with its kind: what may be done to it depends on the kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from .histogram import Histogram
from .instrument import TimeOfFlight
from .phase import Phase, layout

__all__ = ["NOT_REFINABLE", "Kind", "Parameter", "catalogue", "parameters"]

Kind = Literal[
    "length",
    "angle",
    "size",
    "strain",
    "texture",
    "coordinate",
    "B",
    "occupancy",
    "scale",
    "background",
    "zero",
    "displacement",
    "gaussian",
    "lorentzian",
    "axial",
    "exponential",
    "absorption",
    "calibration",
]

NOT_REFINABLE = (
    "radiation", "lines", "radius", "unpolarised", "monochromator", "bank_angle", "geometry", "dropped",
    "sq", "betaq", "z",
)  # fmt: skip
_CELL = ("a", "b", "c", "alpha", "beta", "gamma")
_CONSTANT: dict[str, Kind] = {
    "zero": "zero",
    "displacement": "displacement",
    "offset": "displacement",
    "mu_r": "absorption",
    "u": "gaussian",
    "v": "gaussian",
    "w": "gaussian",
    "x": "lorentzian",
    "y": "lorentzian",
    "axial": "axial",
}
_FLIGHT: dict[str, Kind] = {
    "dif_c": "calibration",
    "dif_a": "calibration",
    "dif_b": "calibration",
    "zero": "zero",
    "alpha": "exponential",
    "beta0": "exponential",
    "beta1": "exponential",
    "s0": "gaussian",
    "s1": "gaussian",
    "s2": "gaussian",
    "x": "lorentzian",
    "y": "lorentzian",
    "absorption": "absorption",
}
# Below these a value of that kind means nothing. A coordinate may be negative, a width called x may not.
_LOWEST: dict[Kind, float] = {
    "size": 0.0,
    "strain": 0.0,
    "texture": 0.05,
    "scale": 0.0,
    "lorentzian": 0.0,
    "axial": 1e-4,
}
_UNITS: dict[Kind, str] = {
    "length": "Å",
    "angle": "°",
    "size": "1/Å",
    "B": "Å²",
    "zero": "°",
    "displacement": "mm",
    "gaussian": "°²",
    "lorentzian": "°",
}
_FLIGHT_UNITS: dict[str, str] = {
    "dif_c": "µs/Å",
    "dif_a": "µs/Å²",
    "dif_b": "µs Å",
    "zero": "µs",
    "alpha": "Å/µs",
    "beta0": "1/µs",
    "beta1": "Å⁴/µs",
    "s0": "µs²",
    "s1": "µs²/Å²",
    "s2": "µs²/Å⁴",
    "x": "µs/Å²",
    "y": "µs/Å",
    "absorption": "1/Å",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    value : where it starts. lower, upper : outside it means nothing. owner : its phase or histogram.
    """

    name: str
    kind: Kind
    value: float
    lower: float
    upper: float
    unit: str
    owner: str


def _parameter(name: str, kind: Kind, value: float, unit: str | None = None) -> Parameter:
    lower, upper = _LOWEST.get(kind, -np.inf), np.inf
    if kind == "length":
        lower, upper = 0.7 * value, 1.4 * value
    elif kind == "angle":
        lower, upper = max(value - 25.0, 5.0), min(value + 25.0, 175.0)
    elif kind == "exponential":
        lower = 1e-3 if name.endswith("/alpha") else 0.0
    elif kind == "absorption":
        lower = 0.0 if name.endswith("/mu_r") else -np.inf
    unit = _UNITS.get(kind, "") if unit is None else unit
    return Parameter(name, kind, float(value), lower, upper, unit, name.split("/", 1)[0])


def _of_phase(phase: Phase) -> Iterator[Parameter]:
    symmetry = layout(phase)
    for name in symmetry.ties:
        kind: Kind = "length" if name in _CELL[:3] else "angle"
        yield _parameter(f"{phase.name}/{name}", kind, phase.cell[_CELL.index(name)])
    yield _parameter(f"{phase.name}/inverse_size", "size", phase.inverse_size)
    yield _parameter(f"{phase.name}/strain", "strain", phase.strain)
    yield _parameter(f"{phase.name}/texture", "texture", phase.texture)
    for site, directions in zip(phase.sites, symmetry.directions, strict=True):
        stem = f"{phase.name}/{site.label}"
        for axis in directions:
            yield _parameter(f"{stem}/{axis}", "coordinate", site.position["xyz".index(axis)])
        yield _parameter(f"{stem}/B", "B", site.b_iso)
        for species, share in site.occupancy:
            yield _parameter(f"{stem}/occupancy/{species}", "occupancy", share)


def _of_histogram(histogram: Histogram, phases: tuple[Phase, ...]) -> Iterator[Parameter]:
    flight = isinstance(histogram.instrument, TimeOfFlight)
    kinds = _FLIGHT if flight else _CONSTANT
    for phase in phases:
        yield _parameter(f"{histogram.name}/scale/{phase.name}", "scale", 1.0)
    for k in range(histogram.background):
        yield _parameter(f"{histogram.name}/background/{k}", "background", 0.0)
    for field in fields(histogram.instrument):
        if field.name not in NOT_REFINABLE:
            unit = _FLIGHT_UNITS[field.name] if flight else None
            value = float(getattr(histogram.instrument, field.name))
            yield _parameter(f"{histogram.name}/{field.name}", kinds[field.name], value, unit)


def catalogue(phases: tuple[Phase, ...], histograms: tuple[Histogram, ...]) -> dict[str, Parameter]:
    """Every parameter of these phases and histograms by name.

    Names: "LNC/a", "LNC/Li1/B", "LNC/Li1/occupancy/Li", "LNC/O1/x", "LNC/strain", "lab/scale/LNC",
    "lab/background/0", "lab/zero".
    """
    found = [p for phase in phases for p in _of_phase(phase)]
    found += [p for histogram in histograms for p in _of_histogram(histogram, phases)]
    return {p.name: p for p in found}


def parameters(phases: tuple[Phase, ...], histograms: tuple[Histogram, ...]) -> dict[str, float]:
    """Every parameter by name, with its starting value; names as in `catalogue`."""
    return {name: p.value for name, p in catalogue(phases, histograms).items()}

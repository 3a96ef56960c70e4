"""What a crystallographer looks for: every refined parameter, every reflection, where χ² comes from."""

from __future__ import annotations

import numpy as np

from electrolith.scattering.instrument import ConstantWavelength
from electrolith.scattering.result import FittedHistogram, RietveldFit
from electrolith.study.figure import Axis, Figure, Line, Points
from electrolith.study.printed import doubted, printed
from electrolith.study.section import Table
from electrolith.study.table import Cell

__all__ = ["cumulative", "parameters", "reflections", "weak_lines"]

_MOST = 80  # reflections in the table of one pattern, the strongest
_KINDS = {
    "length": "cell",
    "angle": "cell",
    "coordinate": "position",
    "B": "displacement",
    "occupancy": "occupancy",
    "scale": "scale",
    "zero": "zero",
    "displacement": "specimen displacement",
    "gaussian": "Gaussian width",
    "lorentzian": "Lorentzian width",
    "size": "size",
    "strain": "strain",
    "texture": "texture",
    "axial": "axial divergence",
    "exponential": "pulse shape",
    "absorption": "absorption",
    "calibration": "calibration",
    "background": "background",
}


def parameters(fit: RietveldFit) -> Table:
    """Every refined parameter with its esd; the value of one that is open means nothing and is left out."""
    rows = []
    for name, value, esd in zip(fit.names, fit.values.tolist(), fit.esd.tolist(), strict=True):
        shown: Cell = "not determined" if esd == np.inf else doubted(value, esd)
        rows.append((name, _KINDS[fit.kinds[name]], shown, fit.units[name]))
    order = list(_KINDS.values())
    rows.sort(key=lambda row: order.index(row[1]))
    shift = f"; largest last shift {fit.shift:.2g} esd" if np.isfinite(fit.shift) else ""
    return Table(
        ("parameter", "kind", "value", "unit"), tuple(rows), f"Refined parameters{shift}", minor=("kind",)
    )


def reflections(item: FittedHistogram) -> Table:
    """Peaks with their assignment: the strongest reflections of all phases, in order of position."""
    rows = [
        (float(position), ticks.phase, hkl, float(d), float(strength))
        for ticks in item.ticks
        for hkl, position, d, strength in zip(
            ticks.hkl.astype(int).tolist(), ticks.position, ticks.d, ticks.intensity, strict=True
        )
        if item.x[0] <= position <= item.x[-1]
    ]
    strongest = sorted(rows, key=lambda row: -row[4])[:_MOST]
    cells = tuple(
        (
            phase,
            " ".join(map(str, hkl)),
            printed(position, ".3f"),
            printed(d, ".4f"),
            printed(100 * strength, ".1f"),
        )
        for position, phase, hkl, d, strength in sorted(strongest)
    )
    unit = "°" if item.abscissa == "two_theta" else "µs"
    left = f", the {_MOST} strongest of {len(rows)}" if len(rows) > _MOST else ""
    return Table(
        ("phase", "hkl", f"position / {unit}", "d / Å", "I over the strongest of the phase / %"),
        cells,
        f"Reflections of {item.name}{left}",
    )


def cumulative(item: FittedHistogram, name: str) -> Figure:
    """Where the misfit sits: χ² summed from the left, as share of the whole."""
    rising = np.cumsum(((item.observed - item.calculated) / item.sigma) ** 2)
    even = np.linspace(0, 1, len(item.x))
    return Figure(
        name,
        f"{item.name}: χ² summed from the left; a step is a line that does not fit, dashed an even misfit.",
        Axis("2θ / degree" if item.abscissa == "two_theta" else "time of flight / µs"),
        Axis("share of χ²"),
        (Line(item.x, even, "even", "guide", dash=True), Line(item.x, rising / rising[-1], "χ²", "computed")),
        height=240,
    )


def weak_lines(item: FittedHistogram, name: str) -> Figure:
    """The pattern once more over Q with the root of the intensity, where weak lines can be seen."""
    tool = item.instrument
    if isinstance(tool, ConstantWavelength):
        q = 4 * np.pi * np.sin(np.radians((item.x - tool.zero) / 2)) / tool.wavelength
    else:
        q = 2 * np.pi * tool.dif_c / np.maximum(item.x - tool.zero, 1e-9)
    order = np.argsort(q)
    root = [np.sqrt(np.maximum(v, 0.0))[order] for v in (item.observed, item.calculated)]
    return Figure(
        name,
        f"{item.name}: root of the intensity over Q; weak and foreign lines stand out here.",
        Axis("Q / Å⁻¹"),
        Axis("√ intensity"),
        (
            Points(q[order], root[0], "observed", "measured", small=True),
            Line(q[order], root[1], "calculated", "computed"),
        ),
        height=300,
    )

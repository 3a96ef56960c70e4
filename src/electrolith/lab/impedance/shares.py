"""What each resistance of a fitted circuit was taken for, by its capacitance and the measured window."""

from dataclasses import dataclass

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.lab.impedance.arcs import Arc
from electrolith.lab.impedance.circuit import Leaf
from electrolith.lab.impedance.fit import CircuitFit
from electrolith.lab.impedance.geometry import Geometry

__all__ = ["LATTICE", "Share", "arc_share", "belongs", "permittivity", "ramp", "series_share", "why"]

GRAIN, CONTACT = 3e-9, 5e-8  # F at 1/cm: below the one a grain boundary, above the other none
LATTICE = (60.0, 560.0)  # relative permittivity: below the one a lattice, above the other none


@dataclass(frozen=True, eq=False)
class Share:
    """One resistance of the circuit and what it was taken for.

    resistance : ohm. frequency : of the arc's top, Hz, None for a series resistance.
    capacitance : F, None likewise.
    label : "bulk", "grain boundary", "contact or grain boundary", "electrode", "leads", "interface", ...
    belonging : probability that it belongs to the electrolyte.
    reason : why.
    """

    name: str
    resistance: Estimate
    frequency: float | None
    capacitance: float | None
    label: str
    belonging: float
    reason: str


def permittivity(arc: Arc, geometry: Geometry | None) -> float:
    """Relative permittivity the arc's capacitance means, at 1/cm without geometry."""
    return arc.capacitance * _constant(geometry) / 8.854e-14


def _constant(geometry: Geometry | None) -> float:
    """Cell constant, 1/cm."""
    return geometry.cell_constant.value / 100 if geometry else 1.0


def ramp(size: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, linear in the logarithm between."""
    return float(np.clip(np.log(size / low) / np.log(high / low), 0.0, 1.0))


def belongs(arc: Arc, geometry: Geometry | None) -> float:
    """Probability that an arc inside the window is the electrolyte's, by its capacitance."""
    return 1 - ramp(arc.capacitance * _constant(geometry), GRAIN, CONTACT)


def series_share(fit: CircuitFit, leaf: Leaf, is_leads: float) -> Share:
    """The resistor that stands in series."""
    label, reason = (
        ("leads", "the lattice's own arc was measured, so nothing of it lies above")
        if is_leads > 0.5
        else ("bulk", "faster than the highest frequency; less the leads")
    )
    return Share(leaf.name, fit.parameter(leaf.name), None, None, label, 1 - is_leads, reason)


def arc_share(arc: Arc, geometry: Geometry | None, low: float, high: float, chance: float | None) -> Share:
    """One arc and what it was taken for."""
    if arc.frequency > high:
        label, belonging = "bulk", 1.0
    elif arc.frequency < low:
        label, belonging = "not measured", 0.0
    else:
        belonging = float(chance or 0.0)
        lattice = permittivity(arc, geometry) < LATTICE[1]
        label = (
            "bulk"
            if lattice
            else "grain boundary"
            if belonging > 0.95
            else "contact or grain boundary"
            if belonging > 0.05
            else "interface"
        )
    return Share(
        arc.name,
        arc.resistance,
        arc.frequency,
        arc.capacitance,
        label,
        belonging,
        why(arc, geometry, low, high),
    )


def why(arc: Arc, geometry: Geometry | None, low: float, high: float) -> str:
    """Why an arc counts or not."""
    if arc.frequency > high:
        return f"top at {arc.frequency:.2g} Hz, above the window: only its resistance is seen"
    if arc.frequency < low:
        return f"top at {arc.frequency:.2g} Hz, below the measured window: not measured, not counted"
    size = arc.capacitance * _constant(geometry)
    where = "at the pellet's cell constant" if geometry else "if the cell constant is 1/cm"
    if permittivity(arc, geometry) < LATTICE[1]:
        return f"{size:.2g} F/cm {where}: permittivity {permittivity(arc, geometry):.0f}, a lattice"
    if size < GRAIN:
        return f"{size:.2g} F/cm {where}: a grain boundary"
    if size < CONTACT:
        return f"{size:.2g} F/cm {where}: a grain boundary or a contact"
    return f"{size:.2g} F/cm {where}: an electrode or a contact, not the electrolyte"

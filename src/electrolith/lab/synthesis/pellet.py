"""Density and porosity of a pressed pellet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.constants import STANDARD_GRAVITY
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import convert, split_quantity

__all__ = ["PelletDensity", "crystal_density", "pellet_density", "pressing_pressure"]


@dataclass(frozen=True, slots=True, eq=False)
class PelletDensity:
    """Density (g/cm³), share of the crystal's (%) and porosity (%)."""

    density: Estimate
    relative: Estimate
    porosity: Estimate
    warnings: tuple[str, ...]


def crystal_density(molar_mass: float, *, units_per_cell: float, volume: float) -> float:
    """Density of a crystal, g/cm³, from molar mass (g/mol), formula units and volume (Å³) of a cell."""
    from electrolith.core.constants import AVOGADRO

    return molar_mass * units_per_cell / (AVOGADRO * volume * 1e-24)


def pellet_density(
    mass: Estimate, diameter: Estimate, thickness: Estimate, *, crystal: Estimate
) -> PelletDensity:
    """ρ = 4m/(π d² t) and porosity 1 - ρ/ρ_crystal.

    Parameters
    ----------
    mass : g; diameter, thickness : mm; crystal : density of the dense solid, g/cm³.

    Raises
    ------
    InputError
        If the pellet is denser than its crystal beyond the errors.
    """
    density = mass.through(
        lambda m, d, t: m / (np.pi / 4 * (d / 10) ** 2 * t / 10), diameter, thickness, unit="g/cm^3"
    )
    relative = density.through(lambda r, c: 100 * r / c, crystal, unit="%")
    low = relative.interval(0.99)[0] if relative.doubt == "known" else relative.value - 3.0
    if low > 100:
        raise InputError(
            f"the pellet is {relative.value:.1f} % as dense as its crystal ({crystal.value:.3f} g/cm^3); "
            "check mass, "
            "diameter and thickness"
        )
    said = (f"relative density {relative.text()} exceeds 100 %",) if relative.value > 100 else ()
    return PelletDensity(density, relative, relative.through(lambda r: 100 - r, unit="%"), said)


def pressing_pressure(load: str, diameter: Estimate) -> Estimate:
    """Pressure under a load on a round die, MPa: p = F/(π d²/4), a mass counting as its weight.

    Parameters
    ----------
    load : "3 t", "30 kN". diameter : mm.

    Raises
    ------
    InputError
        If the load is neither a mass nor a force, or not positive.
    """
    number, _, unit = split_quantity(load)
    if not unit:
        raise InputError(f"load {load!r} has no unit; write '3 t' or '30 kN'")
    try:
        newton = STANDARD_GRAVITY * convert(number, unit, "kg")
    except InputError:
        newton = convert(number, unit, "N")
    if not newton > 0:
        raise InputError(f"load {load!r} presses nothing")
    return diameter.through(lambda d: newton / (np.pi / 4 * d**2), unit="MPa")

"""Indicators of dendrite risk: rules of thumb from mechanics, none of them a prediction for a given cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.constants import FARADAY
from electrolith.core.errors import InputError

LITHIUM_SHEAR_MODULUS = 3.4e9
"""Pa, polycrystalline Li, room temperature (Schmidt & Sacci, Phys. Chem. Chem. Phys. 18 (2016) 31640 and
refs)."""

LITHIUM_MOLAR_VOLUME = 1.3e-5
"""m³/mol."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A number beside its threshold. label says that it only indicates; reading says which side it is on."""

    label: str
    value: float
    threshold: float
    unit: str
    reading: str


def monroe_newman(shear_modulus: float) -> Indicator:
    """Shear modulus of the electrolyte in Pa over that of Li: above about 2 a flat interface is stable.

    Source: Monroe & Newman, J. Electrochem. Soc. 152 (2005) A396.
    """
    if not shear_modulus > 0:
        raise InputError(f"monroe_newman: shear modulus must be above 0, got {shear_modulus:g} Pa")
    ratio = shear_modulus / LITHIUM_SHEAR_MODULUS
    reading = "stiff enough for a flat interface" if ratio > 2 else "not stiff enough for a flat interface"
    return Indicator("Monroe-Newman ratio (indicator only)", ratio, 2.0, "", reading)


def flaw_filling(overpotential: float, *, toughness: float, flaw: float) -> Indicator:
    """Pressure of Li driven into a surface flaw, F η / V_Li, against the stress that opens it.

    The stress is K_IC / (1.12 (π a)^½).

    Parameters
    ----------
    overpotential : at the lithium, V.
    toughness : K_IC, Pa m^½. flaw : depth a, m.

    Source: Porz et al., Adv. Energy Mater. 7 (2017) 1701003.
    """
    if not (toughness > 0 and flaw > 0):
        raise InputError(f"flaw_filling: toughness and flaw must be above 0, got {toughness:g} and {flaw:g}")
    pressure = FARADAY * overpotential / LITHIUM_MOLAR_VOLUME
    limit = toughness / (1.12 * np.sqrt(np.pi * flaw))
    reading = "would open the flaw" if pressure > limit else "would not open the flaw"
    return Indicator(
        "pressure in a filled flaw (indicator only)", pressure / 1e9, limit / 1e9, "GPa", reading
    )


def resistance_limited_current(mean_voltage: float, cutoff: float, resistance: float) -> float:
    """The current density in A/m² at which the ohmic drop alone uses up the window: (Ū - V_cut)/R."""
    if not resistance > 0:
        raise InputError(f"resistance_limited_current: resistance must be above 0, got {resistance:g} ohm m²")
    return max(mean_voltage - cutoff, 0.0) / resistance

"""Physical bells: one table of what no measurement or calculation of this field gives.

A bell is a sentence that stands beside the number in the terminal, the JSON document, the page and the
headline; it refuses nothing. The limits are wide on purpose: what rings is a wrong unit, a swapped sign or a
broken file.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.units import convert

__all__ = ["BELLS", "Bell", "all_equal", "ring"]


@dataclass(frozen=True, slots=True)
class Bell:
    """Limits of a quantity.

    quantity : pattern of its key. low, high : in `unit`. below, above : what it means to be outside.
    """

    quantity: str
    unit: str
    low: float
    high: float
    below: str
    above: str


_UNITS = "check the units and the geometry"
_LARGER = "larger than any known; " + _UNITS
BELLS: tuple[Bell, ...] = (
    Bell(
        r"(nmr_)?activation_energy\b.*",
        "eV",
        0.0,
        3.0,
        "below zero: the property falls with temperature; are the temperatures those of the spectra?",
        "above 3 eV: no ion moves so; are the temperatures in the right unit?",
    ),
    Bell(
        r"conductivity_\d.*",
        "S/cm",
        1e-12,
        1.0,
        f"below 1e-12 S/cm, what no impedance of a pellet shows; {_UNITS}",
        f"above 1 S/cm, more than any solid electrolyte; {_UNITS}",
    ),
    Bell(r"electronic_conductivity\b.*", "S/cm", 0.0, 1.0, f"below zero; {_UNITS}", f"{_LARGER}"),
    Bell(
        r"resistance\b.*",
        "ohm",
        1e-3,
        1e12,
        f"below a milliohm, less than the cables have; {_UNITS}",
        f"above 1e12 ohm, more than the instrument can see; {_UNITS}",
    ),
    Bell(
        r"(initial_)?coulombic_efficiency\b.*",
        "percent",
        0.0,
        105.0,
        "below zero: a sign is swapped",
        "above 105 %: more charge came out than went in; was a part of the charge not recorded?",
    ),
    Bell(
        r"(capacity_)?retention\b.*",
        "percent",
        0.0,
        120.0,
        "below zero: a sign is swapped",
        "above 120 %: the cycle it refers to was not whole",
    ),
    Bell(
        r"hysteresis\b.*",
        "V",
        0.0,
        4.0,
        "below zero: the cell gives back more energy per charge than it took; is a sign or a column swapped?",
        "above 4 V: overcharge, or a contact that is broken",
    ),
    Bell(
        "cathode_capacity",
        "mAh/g",
        0.0,
        1675.0,
        "below zero: a sign is swapped",
        "above 1672 mAh/g, that of sulfur, more than any cathode of that mass can hold; check the mass and "
        "the unit of the current (an anode's mass may give more)",
    ),
    Bell(
        r"specific_capacity\b.*",
        "mAh/g",
        0.0,
        3862.0,
        "below zero: a sign is swapped",
        "above 3861 mAh/g, that of lithium metal itself; check the mass and the unit of the current",
    ),
    Bell(
        r"duration\b.*",
        "s",
        0.0,
        1e8,
        "below zero: the time runs backwards",
        "above three years; is the time in the unit that the header states?",
    ),
    Bell(r"reduced_chi2\b.*", "1", 0.2, math.inf, "far below 1: the errors of the data are too large", ""),
    Bell(r"r_w\b.*", "percent", 0.0, 50.0, "below zero", "above 50 %: the model does not describe the data"),
    Bell(
        r"density\b.*",
        "g/cm^3",
        0.05,
        25.0,
        "below 0.05 g/cm3: atoms are missing, or the cell is too large",
        "above 25 g/cm3, more than osmium: atoms stand twice, or the cell is too small",
    ),
    Bell(
        r"relative_density\b.*",
        "percent",
        20.0,
        102.0,
        "below 20 %: a loose powder is no pellet; check mass and lengths",
        "above 102 %: denser than the crystal; check mass, lengths and the density it refers to",
    ),
    Bell(r"lattice_parameter\b.*", "angstrom", 1.5, 200.0, "below any bond", "above any cell refined here"),
    Bell(r"youngs_modulus\b.*", "GPa", 1e-3, 1300.0, f"softer than rubber; {_UNITS}", "stiffer than diamond"),
    Bell(r"hardness\b.*", "GPa", 1e-4, 150.0, f"softer than wax; {_UNITS}", "harder than diamond"),
    Bell(r"particle_d50\b.*", "m", 1e-9, 1e-3, "smaller than a molecule; check the scale", "check the scale"),
    Bell(r"nmr_t1\b.*", "s", 1e-8, 1e5, "shorter than any recovery; check the delays", "check the delays"),
)


@cache
def _bell(quantity: str) -> Bell | None:
    return next((b for b in BELLS if re.fullmatch(b.quantity, quantity)), None)


def ring(quantity: str, value: float, unit: str, *, label: str = "") -> str:
    """What is wrong with a value that no experiment gives, in a sentence that begins with `label`; else "".

    Parameters
    ----------
    quantity : key, "activation_energy"; keys without a bell never ring. unit : of the value.
    """
    bell = _bell(quantity)
    if bell is None:
        return ""
    name = label or quantity.replace("_", " ")
    shown = f"{name} is {value:.4g}{'' if unit in ('', '1') else f' {unit}'}"
    if not math.isfinite(value):
        return f"{shown}: no finite number"
    try:
        here = convert(value, unit or "1", bell.unit)
    except InputError:
        return ""
    if here < bell.low:
        return f"{shown}, {bell.below}"
    return f"{shown}, {bell.above}" if here > bell.high and bell.above else ""


def all_equal(values: np.ndarray, *, label: str) -> str:
    """A word where numbers that should differ are all the same, as in a constant column; else ""."""
    seen = np.asarray(values, dtype=float)
    if seen.size < 3 or not np.all(seen == seen.flat[0]):
        return ""
    return f"{label}: all {seen.size} are {seen.flat[0]:.6g}; is it the right column?"

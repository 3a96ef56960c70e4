"""The materials of a cell, with the source of every number."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from electrolith.cell.ocp import Ocp, ocp_from_function
from electrolith.core.constants import BOLTZMANN, ZERO_CELSIUS
from electrolith.core.errors import InputError, nearest

REFERENCE_TEMPERATURE = ZERO_CELSIUS + 25.0
"""K, at which the library states its values."""


@dataclass(frozen=True, slots=True)
class Electrolyte:
    """A solid electrolyte at 25 °C. density kg/m³, conductivity S/m, activation_energy of σT in eV."""

    name: str
    density: float
    conductivity: float
    activation_energy: float
    source: str


@dataclass(frozen=True, slots=True)
class ActiveMaterial:
    """A cathode material at 25 °C, SI but for the energies in eV.

    capacity : C/kg per unit of the stoichiometry of its open-circuit curve.
    exchange_current : A/m² of particle surface at stoichiometry 1/2.
    caution : what must not be trusted about it.
    """

    name: str
    density: float
    capacity: float
    ocp_name: str
    particle_radius: float
    diffusivity: float
    diffusivity_energy: float
    exchange_current: float
    exchange_energy: float
    electronic_conductivity: float
    source: str
    caution: str


@dataclass(frozen=True, slots=True)
class Metal:
    """A metal anode or collector. density kg/m³; capacity C/kg (0 for a collector)."""

    name: str
    density: float
    capacity: float
    source: str


LITHIUM = Metal("Li", 534.0, 3861.0 * 3600.0, "CRC Handbook; F/M = 3861 mAh/g")
LITHIUM_POTENTIAL = -3.0401
"""V of Li⁺ | Li against the standard hydrogen electrode at 25 °C. Source: CRC Handbook."""

COPPER = Metal("Cu", 8960.0, 0.0, "CRC Handbook")
ALUMINIUM = Metal("Al", 2700.0, 0.0, "CRC Handbook")

LITHIUM_EXCHANGE_CURRENT = 3.0
"""A/m² at Li | LNC and 25 °C: with 430 ohm of layers it gives the published 51 mV at 0.1 and 3.74 V at 10
mA/cm²."""

MAH_PER_G = 3600.0
"""C/kg per mAh/g."""


def scaled(value: float, energy: float, temperature: float) -> float:
    """Arrhenius: `value` at 25 °C carried to `temperature` in K with `energy` in eV."""
    return float(value * np.exp(-energy / BOLTZMANN * (1 / temperature - 1 / REFERENCE_TEMPERATURE)))


def conductivity_at(conductivity: float, energy: float, temperature: float) -> float:
    """The conductivity at `temperature` in K of a material with σT activated by `energy` in eV, from σ(25
    °C).
    """
    return scaled(conductivity, energy, temperature) * REFERENCE_TEMPERATURE / temperature


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("electrolith.cell") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@lru_cache(maxsize=1)
def electrolytes() -> dict[str, Electrolyte]:
    """The library of solid electrolytes, by name and alias."""
    found: dict[str, Electrolyte] = {}
    for row in _rows("electrolytes.csv"):
        material = Electrolyte(
            row["name"],
            float(row["density_kg_m3"]),
            float(row["conductivity_S_m"]),
            float(row["activation_energy_eV"]),
            row["source"],
        )
        for name in (row["name"], *row["aliases"].split()):
            found[name] = material
    return found


@lru_cache(maxsize=1)
def cathodes() -> dict[str, ActiveMaterial]:
    """The library of cathode materials, by name and alias."""
    found: dict[str, ActiveMaterial] = {}
    for row in _rows("cathodes.csv"):
        material = ActiveMaterial(
            name=row["name"],
            density=float(row["density_kg_m3"]),
            capacity=float(row["capacity_mAh_g"]) * MAH_PER_G,
            ocp_name=row["ocp"],
            particle_radius=float(row["particle_radius_m"]),
            diffusivity=float(row["diffusivity_m2_s"]),
            diffusivity_energy=float(row["diffusivity_energy_eV"]),
            exchange_current=float(row["exchange_current_A_m2"]),
            exchange_energy=float(row["exchange_energy_eV"]),
            electronic_conductivity=float(row["electronic_conductivity_S_m"]),
            source=row["source"],
            caution=row["caution"] or "",
        )
        for name in (row["name"], *row["aliases"].split()):
            found[name] = material
    return found


@lru_cache(maxsize=8)
def ocp_named(name: str) -> Ocp:
    """An open-circuit curve of the library.

    Raises
    ------
    InputError
        If there is none of that name, with the nearest.
    """
    rows = _rows("ocp_terms.csv")
    known = dict.fromkeys(row["curve"] for row in rows)
    if name not in known:
        raise InputError(nearest("open-circuit curve", name, known))
    terms = [(r["kind"], float(r["a"]), float(r["b"]), float(r["c"])) for r in rows if r["curve"] == name]
    low, high = next((float(r["low"]), float(r["high"])) for r in rows if r["curve"] == name)

    def potential(s: np.ndarray) -> np.ndarray:
        total = np.zeros_like(s)
        for kind, a, b, c in terms:
            if kind == "power":
                total = total + a * s**b
            elif kind == "tanh":
                total = total + a * np.tanh(b * (s - c))
            else:
                total = total + a * np.exp(b * s + c)
        return total

    return ocp_from_function(potential, name=name, source="data/ocp_terms.csv", low=low, high=high)


def role_of(name: str, *, where: str = "layer") -> str:
    """What a material is in a cell: "anode", "electrolyte" or "cathode".

    Raises
    ------
    InputError
        If the library has no such material, with the nearest.
    """
    if name == LITHIUM.name:
        return "anode"
    if name in electrolytes():
        return "electrolyte"
    if name in cathodes():
        return "cathode"
    raise InputError(nearest(where, name, [LITHIUM.name, *electrolytes(), *cathodes()]))

"""Phases known by tabulated enthalpies only: molecules, liquid water, compounds of which there is no cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from electrolith.core.constants import BOLTZMANN, EV_PER_KJ_PER_MOL, STANDARD_PRESSURE
from electrolith.core.errors import InputError
from electrolith.stability.library import composition_of
from electrolith.stability.tables import compounds_without_cell, element_references, gases

MOLECULAR = ("H2O", "H3N", "HCl", "CO2", "CO", "H2S", "SO2", "H4C", "HBr", "HI", "PH3", "NO2", "HF")
"""Their standard state is no solid: the tabulated gas (liquid water) stands for the cell of the library."""
LIQUID_WATER = (-285.83, 69.95)
"""kJ/mol and J/(mol K): CODATA key values."""


@dataclass(frozen=True)
class Row:
    """One entry before it is put into the arrays: eV per formula unit."""

    formula: str
    id: str
    energy: float
    spread: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Surroundings:
    """Temperature (K; None for enthalpies), pressure of product gases (Pa), number of draws."""

    temperature: float | None
    gas_pressure: float
    draws: int


def element_entropy(element: str) -> float:
    """Entropy of an element in its standard state at 298.15 K, J/(mol K) per atom."""
    table = element_references()
    if element not in table:
        raise InputError(
            f"entropy of the element {element} is not tabulated here; use temperature: none (enthalpies)"
        )
    return table[element].entropy


def gas_term(formula: str, temperature: float | None, pressure: float, *, gas: bool | None = None) -> float:
    """KT ln(p/p0) of a gas, eV per formula unit; 0 for what is none. `gas` overrules the table of gases."""
    if temperature is None or not (formula in gases() if gas is None else gas):
        return 0.0
    return BOLTZMANN * temperature * float(np.log(pressure / STANDARD_PRESSURE))


def _energy(formula: str, enthalpy: float, entropy: float, temperature: float | None) -> float:
    """Formation energy, eV per formula unit, from kJ/mol and J/(mol K)."""
    if temperature is None:
        return enthalpy * EV_PER_KJ_PER_MOL
    elements = sum(n * element_entropy(e) for e, n in composition_of(formula))
    return (enthalpy - temperature * (entropy - elements) * 1e-3) * EV_PER_KJ_PER_MOL


def molecules(elements: Iterable[str], around: Surroundings, rng: np.random.Generator) -> list[Row]:
    """Gases at their pressure, and liquid water."""
    rows: list[Row] = []
    inside = set(elements)
    for formula in MOLECULAR:
        if not set(dict(composition_of(formula))) <= inside:
            continue
        row = gases()[formula]
        error = row.error * EV_PER_KJ_PER_MOL * rng.standard_normal(around.draws)
        energy = _energy(formula, row.enthalpy, row.entropy, around.temperature)
        pressure = gas_term(formula, around.temperature, around.gas_pressure)
        rows.append(Row(formula, "gas", energy + pressure, error))
        if formula == "H2O":
            rows.append(Row(formula, "liquid", _energy(formula, *LIQUID_WATER, around.temperature), error))
    return rows


def compounds(
    elements: Iterable[str], known: set[str], around: Surroundings, rng: np.random.Generator
) -> list[Row]:
    """Tabulated compounds of these elements that are not among the known formulas."""
    rows: list[Row] = []
    inside = set(elements)
    for formula, row in compounds_without_cell().items():
        if formula in known or not set(dict(composition_of(formula))) <= inside:
            continue
        energy = _energy(formula, row.enthalpy, row.entropy, around.temperature)
        energy += gas_term(formula, around.temperature, around.gas_pressure, gas=row.state == "gas")
        doubt = np.hypot(row.error, row.entropy_error * (around.temperature or 0.0) * 1e-3)
        error = doubt * EV_PER_KJ_PER_MOL * rng.standard_normal(around.draws)
        rows.append(Row(formula, "tabulated", float(energy), error))
    return rows

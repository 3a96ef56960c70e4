"""Reaction of a phase with moist air: products, driving force, balance; thermodynamics only.

Two readings are given. `hydrolysis`: water (and carbon dioxide if given) reacts, but nothing is oxidised or
reduced, so nitrogen leaves as ammonia and no N2, O2 or H2 appears: what a powder does in a glove box or a
dry room within hours. `equilibrium`: everything the gases allow, redox included: where it would end.
Neither says how fast: a phase that is driven to react and does not is held by kinetics.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np

from electrolith.core.constants import BOLTZMANN, EV_PER_KJ_PER_MOL, STANDARD_PRESSURE, ZERO_CELSIUS
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import Unit
from electrolith.stability.balance import written
from electrolith.stability.entries import EntrySet, EntrySettings, entries_of
from electrolith.stability.equilibrium import equilibrium
from electrolith.stability.humidity import (
    dew_point_from_pressure,
    pressure_from_dew_point,
    saturation_over_water,
)
from electrolith.stability.library import Library, composition_of, reduced, shown
from electrolith.stability.material import Material, estimate, rivals, with_material
from electrolith.stability.tables import gases
from electrolith.stability.tabulated import LIQUID_WATER, element_entropy

DRY_AIR = {"O2": 20946.0, "N2": 78084.0, "CO2": 42.0}
"""Partial pressures of dry air in Pa at 1 bar."""


@dataclass(frozen=True)
class MoistureSettings:
    """The gas a phase stands in.

    dew_point : of the gas (below 0 °C the frost point). temperature : of the phase.
    reading : "hydrolysis" or "equilibrium" (see the module).
    gases : partial pressures in Pa of further gases that may react, e.g. {"CO2": 42}.
    product_pressure : partial pressure at which product gases (NH3, HCl, ...) leave; 1 ppm of a bar.
    """

    dew_point: Annotated[float, Unit("K")] = 213.15
    temperature: Annotated[float, Unit("K")] = 298.15
    reading: Literal["hydrolysis", "equilibrium"] = "hydrolysis"
    gases: dict[str, float] = field(default_factory=dict)
    product_pressure: Annotated[float, Unit("Pa")] = 0.1
    scheme: Literal["anchored", "engine"] = "anchored"
    draws: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        pressure_from_dew_point(self.dew_point)
        if self.reading not in ("hydrolysis", "equilibrium"):
            raise InputError(f"reading must be 'hydrolysis' or 'equilibrium', got {self.reading!r}")
        if not 150 < self.temperature < 600:
            raise InputError(f"temperature must lie between 150 and 600 K, got {self.temperature:g}")
        if self.product_pressure <= 0 or any(p <= 0 for p in self.gases.values()):
            raise InputError("partial pressures must be above 0 Pa")
        unknown = sorted({reduced(g) for g in self.gases} - set(gases()))
        if unknown:
            raise InputError(f"gases: no table for {', '.join(unknown)}; known: {', '.join(sorted(gases()))}")

    @property
    def pressures(self) -> dict[str, float]:
        """Partial pressures of the gases that may react, Pa."""
        return {"H2O": pressure_from_dew_point(self.dew_point)} | {
            reduced(g): p for g, p in self.gases.items()
        }


@dataclass(frozen=True)
class Moisture:
    """What moist gas does to a phase under one set of conditions.

    driving_force : eV per formula unit, negative when the reaction runs; per_water : eV per H2O taken up.
    reaction : balanced in whole numbers. products : formula units per formula unit of the phase.
    taken_up : gas molecules taken up per formula unit (negative: given off); empty, and `stable` true, where
        the gas does nothing. frequencies : product sets over the draws.
    """

    label: str
    formula: str
    reading: str
    temperature: float
    dew_point: float
    water_pressure: float
    driving_force: Estimate
    per_water: Estimate
    stable: bool
    products: dict[str, float]
    taken_up: dict[str, float]
    reaction: str
    frequencies: dict[str, float]
    scheme: str
    fingerprint: str
    verdict: str


@dataclass(frozen=True)
class MoistureMap:
    """Driving force over dew point and temperature.

    dew_points, temperatures : K, (d,), (t,). driving_force : eV per formula unit, (t, d).
    product_sets : names; product_index : which one, (t, d). dry_room : dew points of dry rooms, K.
    """

    label: str
    reading: str
    dew_points: np.ndarray
    temperatures: np.ndarray
    driving_force: np.ndarray
    product_sets: tuple[str, ...]
    product_index: np.ndarray
    dry_room: tuple[float, float]


FORBIDDEN = 60.0
"""eV per atom, added to products a reading does not allow; far above any reaction energy."""


@dataclass(frozen=True)
class _Chamber:
    """Linear programme of a phase in gases: entries first, then gas taken up, then gas given off."""

    columns: np.ndarray
    start: np.ndarray
    composition: np.ndarray
    names: tuple[str, ...]
    chosen: np.ndarray
    penalty: np.ndarray
    gas_names: tuple[str, ...]

    def solve(
        self, energy: np.ndarray, potentials: np.ndarray
    ) -> tuple[float, dict[str, float], dict[str, float]]:
        """Grand potential, products and gases taken up, for energies and gas potentials, eV."""
        cost = np.concatenate([energy[self.chosen] + self.penalty, potentials, -potentials])
        found = equilibrium(cost, self.columns, self.composition, start=self.start)
        amounts = dict(zip(found.basis.tolist(), found.amounts.tolist(), strict=True))
        n, g = len(self.chosen), len(self.gas_names)
        products: dict[str, float] = {}
        for k, x in amounts.items():
            if k < n and x > 1e-6:
                products[self.names[k]] = products.get(self.names[k], 0.0) + x
        taken = {
            name: amounts.get(n + g + k, 0.0) - amounts.get(n + k, 0.0)
            for k, name in enumerate(self.gas_names)
        }
        return found.value, products, {k: v for k, v in taken.items() if abs(v) > 1e-6}


def moisture(material: Material, library: Library, settings: MoistureSettings | None = None) -> Moisture:
    """What a phase becomes in moist gas, for the best energies and for every draw.

    Raises
    ------
    InputError
        If the library has no energy for the phase, or no product is possible without redox.
    """
    settings = settings or MoistureSettings()
    _refuse_saturated(settings)
    entries = _entries(material, library, settings, settings.temperature)
    full, column, _ = with_material(material, entries)
    room = _chamber(material, full, settings)
    potentials = gas_potentials(settings, settings.temperature, settings.pressures)
    value, products, taken = room.solve(full.energy, potentials)
    if value > FORBIDDEN / 2:
        raise InputError(
            f"{material.label}: no products without redox in the library; ask for the reading 'equilibrium'"
        )
    drawn = [room.solve(d, potentials) for d in full.draws]
    own = _own(full, column, material, full.energy)
    force = np.array(
        [v - _own(full, column, material, d) for (v, _, _), d in zip(drawn, full.draws, strict=True)]
    )
    water = taken.get("H2O", 0.0)
    sets = [_written_set(p) for _, p, _ in drawn] or [_written_set(products)]
    driving = estimate(value - own, force, "eV")
    return Moisture(
        material.label,
        material.formula,
        settings.reading,
        settings.temperature,
        settings.dew_point,
        settings.pressures["H2O"],
        driving,
        driving.through(lambda x: x / water, unit="eV")
        if water > 0
        else Estimate.unknown_doubt(np.nan, "eV"),
        not taken,
        products,
        taken,
        _reaction(material, products, taken),
        {s: sets.count(s) / len(sets) for s in sorted(set(sets), key=sets.count, reverse=True)},
        full.scheme,
        full.fingerprint,
        _verdict(material.label, settings, driving, taken, products),
    )


def _refuse_saturated(settings: MoistureSettings) -> None:
    """A gas cannot hold more water than saturation at the temperature of the phase: it would condense."""
    water, most = settings.pressures["H2O"], saturation_over_water(settings.temperature)
    if water > most * (1 + 1e-6):
        raise InputError(
            f"moisture: a dew point of {settings.dew_point - ZERO_CELSIUS:.4g} °C at "
            f"{settings.temperature - ZERO_CELSIUS:.4g} °C is {water / most:.3g} times saturation: water "
            "condenses; give a dew point below the temperature"
        )


def moisture_map(
    material: Material,
    library: Library,
    settings: MoistureSettings,
    *,
    dew_points: np.ndarray,
    temperatures: np.ndarray,
    dry_room: tuple[float, float] = (213.15, 243.15),
) -> MoistureMap:
    """Driving force and products over dew point and temperature (nominal energies); K.

    `dry_room` is the usual range of dry rooms and glove boxes' antechambers, -60 to -30 °C.
    """
    force = np.zeros((len(temperatures), len(dew_points)))
    index = np.zeros(force.shape, dtype=int)
    sets: list[str] = []
    for i, temperature in enumerate(temperatures):
        full, column, _ = with_material(
            material, _entries(material, library, settings, float(temperature), 0)
        )
        room = _chamber(material, full, settings)
        own = _own(full, column, material, full.energy)
        for j, dew_point in enumerate(dew_points):
            pressures = settings.pressures | {"H2O": pressure_from_dew_point(float(dew_point))}
            value, products, taken = room.solve(
                full.energy, gas_potentials(settings, float(temperature), pressures)
            )
            name = _written_set(products) if taken else "no reaction"
            sets += [] if name in sets else [name]
            force[i, j], index[i, j] = value - own, sets.index(name)
    return MoistureMap(
        material.label, settings.reading, dew_points, temperatures, force, tuple(sets), index, dry_room
    )


def gas_potentials(settings: MoistureSettings, temperature: float, pressures: dict[str, float]) -> np.ndarray:
    r"""Chemical potential of each gas against the elements in their standard states, eV.

    :math:`\mu = \Delta H_f - T\,\Delta S_f + kT \ln(p/p_0)`; water no higher than that of the liquid.
    """
    values = []
    for name, pressure in pressures.items():
        row = gases()[name]
        elements = sum(n * element_entropy(e) for e, n in composition_of(name))
        standard = (row.enthalpy - temperature * (row.entropy - elements) * 1e-3) * EV_PER_KJ_PER_MOL
        value = standard + BOLTZMANN * temperature * float(np.log(pressure / STANDARD_PRESSURE))
        if name == "H2O":
            liquid = (LIQUID_WATER[0] - temperature * (LIQUID_WATER[1] - elements) * 1e-3) * EV_PER_KJ_PER_MOL
            value = min(value, liquid - 1e-6)
        values.append(value)
    return np.array(values)


def _entries(
    material: Material,
    library: Library,
    settings: MoistureSettings,
    temperature: float,
    draws: int | None = None,
) -> EntrySet:
    """Free energies of everything the phase and the gases can make."""
    elements = material.elements | {e for g in settings.pressures for e, _ in composition_of(g)}
    how = EntrySettings(
        scheme=settings.scheme,
        temperature=temperature,
        draws=settings.draws if draws is None else draws,
        seed=settings.seed,
        gas_pressure=settings.product_pressure,
    )
    return entries_of(library, elements, how)


def _chamber(material: Material, entries: EntrySet, settings: MoistureSettings) -> _Chamber:
    """Set up the phase among what it may become."""
    names = tuple(settings.pressures)
    composition = entries.atoms(dict(composition_of(material.formula)))
    gas_rows = np.array([entries.atoms(dict(composition_of(g))) for g in names])
    kept, columns, start, chosen = rivals(entries, composition + gas_rows.sum(axis=0))
    states = oxidation_states(material.formula) if settings.reading == "hydrolysis" else None
    own = entries.index(material.id or material.formula)
    penalty = np.array(
        [
            0.0
            if i == own or _allowed(entries, int(i), gas_rows, states)
            else FORBIDDEN * entries.matrix[:, i].sum()
            for i in chosen
        ]
    )
    gas_columns = gas_rows[:, kept].T
    return _Chamber(
        np.hstack([columns, gas_columns, -gas_columns]),
        start,
        composition[kept],
        tuple(entries.formulas[i] for i in chosen),
        chosen,
        penalty,
        names,
    )


def _allowed(entries: EntrySet, column: int, gas_rows: np.ndarray, states: dict[str, float] | None) -> bool:
    """Whether a product may form: no mixture of the gases themselves, and no redox where none is allowed."""
    amounts = entries.matrix[:, column]
    weights = np.linalg.lstsq(gas_rows.T, amounts, rcond=None)[0]
    if np.allclose(gas_rows.T @ weights, amounts, atol=1e-8):
        return False
    if states is None:
        return True
    pairs = zip(entries.elements, amounts, strict=True)
    return abs(sum(n * states.get(e, np.inf) for e, n in pairs if n)) < 1e-3


def oxidation_states(formula: str) -> dict[str, float]:
    """Oxidation state of each element of a phase and of its environment (H +1, O -2, C +4).

    Raises
    ------
    InputError
        If no usual states balance the formula.
    """
    from pymatgen.core import Composition

    composition = Composition(reduced(formula))
    fixed = {"H": 1.0, "O": -2.0, "C": 4.0}
    if len(composition) == 1:
        return fixed | {next(iter(composition)).symbol: 0.0}
    guesses = composition.oxi_state_guesses(max_sites=-40 if composition.num_atoms > 40 else None)
    if not guesses:
        raise InputError(
            f"{formula}: no usual oxidation states balance it, so hydrolysis without redox is not defined; "
            "ask for the reading 'equilibrium'"
        )
    return fixed | {str(e): float(q) for e, q in guesses[0].items()}


def _own(entries: EntrySet, column: int | None, material: Material, energy: np.ndarray) -> float:
    """Free energy of the phase itself, eV per formula unit as written."""
    composition = entries.atoms(dict(composition_of(material.formula)))
    if column is not None:
        return float(energy[column] * composition.sum() / entries.matrix[:, column].sum())
    kept, columns, start, chosen = rivals(entries, composition)
    return equilibrium(energy[chosen], columns, composition[kept], start=start).value


def _written_set(products: dict[str, float]) -> str:
    """Product set as one text."""
    return " + ".join(sorted(map(shown, products)))


def _reaction(material: Material, products: dict[str, float], taken: dict[str, float]) -> str:
    """The balanced reaction; gases given off stand with the products."""
    reactants = {material.formula: 1.0} | {g: n for g, n in taken.items() if n > 0}
    given_off = {g: -n for g, n in taken.items() if n < 0}
    return written(reactants, products | given_off)


def _verdict(
    label: str,
    settings: MoistureSettings,
    driving: Estimate,
    taken: dict[str, float],
    products: dict[str, float],
) -> str:
    """The result in a sentence, with the driving force and the limits of thermodynamics."""
    dew = dew_point_from_pressure(settings.pressures["H2O"]) - 273.15
    where = f"at a dew point of {dew:.0f} °C and {settings.temperature - 273.15:.0f} °C"
    if not taken:
        return f"{label} {where}: no reaction with the gas ({settings.reading})"
    low, high = driving.interval()
    return (
        f"{label} {where}: driven to {_written_set(products)} by {driving.value:.2f} "
        f"({low:.2f} to {high:.2f}) eV per formula unit ({settings.reading}); "
        "where it does not react in practice, kinetics holds it"
    )

"""Where the resistance of a stack sits: bulk of each layer, what is not bulk, contacts, lithium
interfaces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from electrolith.cell.materials import REFERENCE_TEMPERATURE, conductivity_at, electrolytes, scaled
from electrolith.cell.stack import Layer, Stack, facts
from electrolith.core.constants import FARADAY, GAS_CONSTANT
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate, parse_estimate


@dataclass(frozen=True, slots=True, eq=False)
class LayerResistance:
    """One layer at one temperature; ohm m², a number or one for each draw, shape (n,).

    bulk : thickness over conductivity. beside : the rest of a measured resistance (grain boundaries,
    contacts),
    taken to follow the bulk with temperature, which nobody measured; 0 where nothing was measured.
    """

    name: str
    thickness: float
    bulk: np.ndarray
    beside: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Budget:
    """The resistances of a stack at one temperature, ohm m².

    contacts : name and value. lithium : of one interface at small current, RT/(F i₀). lithium_interfaces : 1
    or 2.
    """

    temperature: float
    area: float
    layers: tuple[LayerResistance, ...]
    contacts: tuple[tuple[str, float], ...]
    lithium: float
    lithium_interfaces: int

    @property
    def separator(self) -> np.ndarray:
        """Bulk of all layers, ohm m²."""
        return np.asarray(sum(layer.bulk for layer in self.layers))

    @property
    def ohmic(self) -> np.ndarray:
        """Everything but the interfaces' kinetics, ohm m²."""
        rest = sum(layer.beside for layer in self.layers) + sum(value for _, value in self.contacts)
        return self.separator + np.asarray(rest)

    @property
    def total(self) -> np.ndarray:
        """At small current, ohm m²."""
        return self.ohmic + self.lithium * self.lithium_interfaces


def layer_conductivity(layer: Layer, *, rng: np.random.Generator | None = None) -> Estimate:
    """σ(25 °C) of a separator layer, S/m: its own (with uncertainty if stated), else the library's.

    Raises
    ------
    InputError
        If the text of the layer's own value is no conductivity.
    """
    if layer.conductivity is None:
        return Estimate.unknown_doubt(electrolytes()[layer.material].conductivity, "S/m")
    if isinstance(layer.conductivity, float | int):
        value = Estimate.unknown_doubt(float(layer.conductivity), "S/m")
    else:
        try:
            value = parse_estimate(layer.conductivity, "S/m", rng=rng or np.random.default_rng(0))
        except InputError as error:
            raise InputError(f"layer {layer.name!r}: conductivity: {error}") from error
    if (value.draws <= 0).any():
        raise InputError(f"layer {layer.name!r}: conductivity must be above 0, got {layer.conductivity}")
    return value


def budget(
    stack: Stack, *, temperature: float | None = None, conductivities: dict[str, np.ndarray] | None = None
) -> Budget:
    """The resistances of a stack at `temperature` in K (default: its own).

    σT = A exp(-Ea/kT) carries each layer's conductivity from 25 °C.

    Parameters
    ----------
    conductivities : S/m at 25 °C by library name, shape (n,), instead of the layers' own.
    """
    temperature = stack.temperature if temperature is None else temperature
    layers = tuple(_layer(layer, stack.area, temperature, conductivities or {}) for layer in stack.separators)
    exchange = scaled(stack.lithium_exchange_current, stack.lithium_energy, temperature)
    return Budget(
        temperature=temperature,
        area=stack.area,
        layers=layers,
        contacts=tuple((c.name, c.resistance) for c in stack.contacts),
        lithium=float(GAS_CONSTANT * temperature / FARADAY / exchange),
        lithium_interfaces=2 if stack.symmetric else 1,
    )


def _layer(layer: Layer, area: float, temperature: float, drawn: dict[str, np.ndarray]) -> LayerResistance:
    material = electrolytes()[layer.material]
    energy = material.activation_energy if layer.activation_energy is None else layer.activation_energy
    value = drawn.get(material.name, np.array([layer_conductivity(layer).value]))
    thickness = facts(layer, area).thickness
    warm = conductivity_at(1.0, energy, temperature)
    bulk = thickness / (value * warm)
    beside = np.zeros_like(bulk)
    if layer.resistance is not None:
        beside = np.maximum(layer.resistance * area - thickness / value, 0.0) / warm
    return LayerResistance(material.name, thickness, bulk, beside)


def budgets(stack: Stack, temperatures: np.ndarray) -> tuple[Budget, ...]:
    """The budget at each of `temperatures` in K, shape (n,)."""
    return tuple(budget(stack, temperature=float(t)) for t in np.atleast_1d(temperatures))


def at_reference(stack: Stack) -> Budget:
    """The budget at 25 °C, where the library's values were measured."""
    return budget(replace(stack, temperature=REFERENCE_TEMPERATURE))


def overpotential(stack: Stack, current: np.ndarray, *, temperature: float | None = None) -> np.ndarray:
    r"""Overpotential of a symmetric Li cell at constant current.

    V = j R + 2 (2RT/F) asinh(j / 2 i₀): a single-ion conductor builds no salt gradient, so that there is no
    limiting current and no Sand time, and the voltage does not change with time.

    Parameters
    ----------
    current : A/m², any shape.

    Returns
    -------
    V, in the shape of `current`.

    Raises
    ------
    InputError
        If the cell is not symmetric.
    """
    if not stack.symmetric:
        raise InputError("overpotential: the cell is not symmetric; put Li at both ends")
    now = budget(stack, temperature=temperature)
    exchange = scaled(stack.lithium_exchange_current, stack.lithium_energy, now.temperature)
    thermal = 2 * GAS_CONSTANT * now.temperature / FARADAY
    j = np.asarray(current, float)
    return np.asarray(j * float(now.ohmic.reshape(-1)[0]) + 2 * thermal * np.arcsinh(j / (2 * exchange)))


def fit_symmetric(current: np.ndarray, voltage: np.ndarray, *, temperature: float) -> tuple[float, float]:
    """Resistance in ohm m² and exchange current in A/m² with which a symmetric cell shows these
    overpotentials.

    Parameters
    ----------
    current, voltage : A/m² and V, at least two points, shape (n,).

    Raises
    ------
    InputError
        For fewer than two different currents.
    """
    from scipy.optimize import least_squares

    j, v = np.asarray(current, float), np.asarray(voltage, float)
    if np.unique(j).size < 2:
        raise InputError(
            f"fit_symmetric: needs overpotentials at two currents or more, got {np.unique(j).size}"
        )
    thermal = 4 * GAS_CONSTANT * temperature / FARADAY

    def misfit(x: np.ndarray) -> np.ndarray:
        resistance, exchange = np.exp(x)
        return (j * resistance + thermal * np.arcsinh(j / (2 * exchange))) / v - 1

    slope = float(v[np.argmax(j)] / j.max())
    found = least_squares(misfit, np.log([slope, 3.0]), bounds=(np.log([1e-8, 1e-6]), np.log([1e4, 1e8])))
    resistance, exchange = np.exp(found.x)
    return float(resistance), float(exchange)

"""A stack as the numbers the solvers take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.cell.arrays import CellArrays
from electrolith.cell.coating import coating_resistance
from electrolith.cell.materials import (
    ActiveMaterial,
    cathodes,
    conductivity_at,
    electrolytes,
    ocp_named,
    scaled,
)
from electrolith.cell.ocp import Ocp
from electrolith.cell.read_ocv import open_circuit_curve
from electrolith.cell.resistance import budget
from electrolith.cell.stack import Layer, Stack, active_of, electrolyte_of, facts, loading
from electrolith.core.errors import InputError

_SIZE_CLASSES = 3


@dataclass(frozen=True, slots=True)
class Window:
    """Voltage limits of a full cell, V, and the current called 1C, A per kg of active material (mA/g)."""

    low: float = 2.7
    high: float = 4.3
    specific_current: float = 200.0

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InputError(
                f"window: the lower voltage {self.low:g} V must lie below the upper {self.high:g} V"
            )
        if not self.specific_current > 0:
            raise InputError(f"window: specific_current must be above 0, got {self.specific_current:g}")


def active_material(layer: Layer) -> ActiveMaterial:
    """The library's active material of a cathode layer."""
    return cathodes()[active_of(layer)[0]]


def open_circuit_of(layer: Layer) -> Ocp:
    """The layer's own open-circuit curve, or that of its material in the library."""
    if layer.open_circuit is not None:
        return open_circuit_curve(layer.open_circuit)
    return ocp_named(active_material(layer).ocp_name)


def caution_of(layer: Layer) -> str:
    """What must not be trusted about the cathode material of a layer."""
    material = active_material(layer)
    if layer.open_circuit is None:
        return material.caution
    own = (layer.diffusivity, layer.exchange_current)
    borrowed = [n for n, v in zip(("D", "i₀"), own, strict=True) if v is None]
    if not borrowed:
        return ""
    return (
        f"{' and '.join(borrowed)} of {material.name} come from the library, where they belong to its own "
        f"open-circuit curve and not to {layer.open_circuit.name}; state diffusivity and exchange_current."
    )


def charged_stoichiometry(stack: Stack, window: Window, ocp: Ocp | None = None) -> float:
    """Stoichiometry of the cathode at equilibrium with the window's upper voltage.

    Raises
    ------
    InputError
        If the window excludes the open-circuit curve.
    """
    curve = ocp or open_circuit_of(stack.cathode)
    where = f"window {window.low:g} to {window.high:g} V"
    charged = curve.stoichiometry_at(window.high, where=where)
    if float(curve(np.array(charged))) <= window.low:
        raise InputError(f"{where}: excludes the open-circuit curve {curve.name!r}")
    return charged


def cell_arrays(
    stack: Stack,
    window: Window,
    *,
    ocp: Ocp | None = None,
    conductivities: dict[str, np.ndarray] | None = None,
    charged: bool = True,
) -> CellArrays:
    """The arrays of a full cell, charged to the window's upper voltage (or, with `charged` False,
    discharged).

    Parameters
    ----------
    conductivities : S/m at 25 °C by material name, shape (n,): a cell for each, instead of the library's
    values.

    Returns
    -------
    CellArrays of n cells (one without `conductivities`).

    Raises
    ------
    InputError
        If the stack has no cathode or the window excludes its open-circuit curve.
    """
    layer, material = stack.cathode, active_material(stack.cathode)
    curve = ocp or open_circuit_of(layer)
    drawn = conductivities or {}
    n = max([1, *(v.size for v in drawn.values())])
    one, temperature = np.ones(n), stack.temperature
    cathode = facts(layer, stack.area)
    _, fraction = active_of(layer)
    volume = cathode.areal_mass * fraction / material.density / cathode.thickness
    share = (
        cathode.areal_mass
        * (layer.composite or {})[electrolyte_of(layer)]
        / electrolytes()[electrolyte_of(layer)].density
        / cathode.thickness
    )
    capacity = layer.capacity or material.capacity
    exchange = layer.exchange_current or material.exchange_current
    diffusivity = layer.diffusivity or material.diffusivity
    electronic = layer.electronic_conductivity or material.electronic_conductivity
    radii, weights = _sizes(layer.particle_radius or material.particle_radius, layer.size_spread)
    full = charged_stoichiometry(stack, window, curve) if charged else discharged_stoichiometry(window, curve)
    resistances = budget(stack, conductivities=drawn)
    return CellArrays(
        cathode_thickness=cathode.thickness * one,
        ionic_conductivity=cathode_conductivity(layer, temperature, drawn) * share**layer.bruggeman * one,
        electronic_conductivity=electronic * volume**layer.bruggeman * one,
        charge_density=volume * layer.utilisation * material.density * capacity * one,
        active_density=material.density * capacity * one,
        particle_radius=np.tile(radii, (n, 1)),
        particle_fraction=np.tile(weights, (n, 1)),
        diffusivity=np.full((n, radii.size), scaled(diffusivity, material.diffusivity_energy, temperature)),
        exchange_current=scaled(exchange, material.exchange_energy, temperature) * one,
        film_resistance=(layer.film_resistance + coating_resistance(layer.coating)) * one,
        layer_resistance=np.stack([r.bulk * one for r in resistances.layers], axis=1),
        contact_resistance=np.stack(
            [r.beside * one for r in resistances.layers] + [c.resistance * one for c in stack.contacts],
            axis=1,
        ),
        lithium_exchange_current=scaled(stack.lithium_exchange_current, stack.lithium_energy, temperature)
        * one,
        temperature=temperature * one,
        stoichiometry=full * one,
        active_mass=loading(stack) * one,
        one_c=loading(stack) * window.specific_current * one,
        ocp=curve,
        layer_names=tuple(r.name for r in resistances.layers),
        contact_names=tuple(f"{r.name}, not bulk" for r in resistances.layers)
        + tuple(c.name for c in stack.contacts),
    )


def discharged_stoichiometry(window: Window, curve: Ocp) -> float:
    """Stoichiometry at equilibrium with the lower voltage, or the end of the curve if it stays above it."""
    end = float(curve(np.array(curve.high)))
    return curve.high - 1e-4 if end >= window.low else curve.stoichiometry_at(window.low)


def cathode_conductivity(layer: Layer, temperature: float, drawn: dict[str, np.ndarray]) -> np.ndarray:
    """σ of the electrolyte in the cathode at `temperature`, S/m, before tortuosity."""
    name = electrolyte_of(layer)
    electrolyte = electrolytes()[name]
    value = drawn.get(electrolyte.name, np.array([electrolyte.conductivity]))
    return np.asarray(value) * conductivity_at(1.0, electrolyte.activation_energy, temperature)


def _sizes(radius: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Radii and volume shares of a log-normal distribution by volume, on Gauss-Hermite points."""
    if spread == 0:
        return np.array([radius]), np.array([1.0])
    points, weights = np.polynomial.hermite_e.hermegauss(_SIZE_CLASSES)
    sigma = np.sqrt(np.log1p(spread**2))
    return radius * np.exp(sigma * points - sigma**2 / 2), weights / weights.sum()

"""Mass, thickness and energy density of a stack and of a pouch around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from electrolith.cell.materials import ALUMINIUM, COPPER, LITHIUM
from electrolith.cell.stack import Stack, facts
from electrolith.core.errors import InputError
from electrolith.core.units import Unit

JOULE_PER_WH = 3600.0


@dataclass(frozen=True, slots=True)
class Packaging:
    """What stands around the active layers; all lengths in m, masses in kg.

    lithium : thickness of Li as assembled, instead of the stack's, m.
    aluminium, copper : collector thickness, m; shared_collectors : each serves two cells, so half counts.
    cells : electrode pairs in the pouch. bag : thickness of the pouch foil, m; bag_density kg/m³ (laminate).
    rim : width of the sealed rim, m. tabs : mass of both tabs, kg.
    bag_density : of the pouch foil, kg/m³.
    """

    lithium: Annotated[float | None, Unit("m")] = None
    aluminium: Annotated[float, Unit("m")] = 12e-6
    copper: Annotated[float, Unit("m")] = 8e-6
    shared_collectors: bool = True
    cells: int = 10
    bag: Annotated[float, Unit("m")] = 113e-6
    bag_density: Annotated[float, Unit("kg/m**3")] = 1620.0
    rim: Annotated[float, Unit("m")] = 5e-3
    tabs: Annotated[float, Unit("kg")] = 0.5e-3

    def __post_init__(self) -> None:
        for name in ("aluminium", "copper", "bag", "bag_density", "rim", "tabs"):
            if getattr(self, name) < 0:
                raise InputError(f"packaging: {name} must not be negative, got {getattr(self, name):g}")
        if self.lithium is not None and not self.lithium > 0:
            raise InputError(f"packaging: lithium must be above 0, got {self.lithium:g} m")
        if self.cells < 1:
            raise InputError(f"packaging: needs at least one cell, got {self.cells}")


@dataclass(frozen=True, slots=True, eq=False)
class EnergyDensity:
    """Energy per mass and volume.

    parts : name, areal mass kg/m², thickness m, of the stack's parts.
    stack_mass, stack_volume : Wh/kg and Wh/L of the repeated stack; pouch_mass, pouch_volume : of the pouch.
    lithium_excess : charge of the Li put in, over the charge of the discharge: the cathode brings its own
    lithium,
        so all of the foil is excess. plated : thickness of Li that charging adds, m, not in the volume.
    """

    parts: tuple[tuple[str, float, float], ...]
    areal_energy: float
    stack_mass: float
    stack_volume: float
    pouch_mass: float
    pouch_volume: float
    lithium_excess: float
    plated: float


def energy_density(
    stack: Stack, *, energy: float, charge: float, packaging: Packaging | None = None
) -> EnergyDensity:
    """Energy densities from the energy in J/m² and charge in C/m² of one discharge.

    The pouch is a square of the stack's area with `cells` electrode pairs, two foils of the bag, a rim, tabs.
    """
    pack = packaging or Packaging()
    parts = _parts(stack, pack)
    mass = sum(m for _, m, _ in parts)
    thickness = sum(t for _, _, t in parts)
    side = stack.area**0.5
    foil = (side + 2 * pack.rim) ** 2
    whole = pack.cells * energy * stack.area
    pouch_mass = pack.cells * mass * stack.area + 2 * foil * pack.bag * pack.bag_density + pack.tabs
    pouch_volume = foil * (pack.cells * thickness + 2 * pack.bag)
    lithium = {name: m for name, m, _ in parts}["Li"] * LITHIUM.capacity
    wh = energy / JOULE_PER_WH
    return EnergyDensity(
        parts=parts,
        areal_energy=energy,
        stack_mass=wh / mass,
        stack_volume=wh / thickness / 1000,
        pouch_mass=whole / JOULE_PER_WH / pouch_mass,
        pouch_volume=whole / JOULE_PER_WH / pouch_volume / 1000,
        lithium_excess=lithium / charge if charge > 0 else float("inf"),
        plated=charge / (LITHIUM.capacity * LITHIUM.density),
    )


def _parts(stack: Stack, pack: Packaging) -> tuple[tuple[str, float, float], ...]:
    parts = []
    for layer in stack.layers:
        known = facts(layer, stack.area)
        if layer.role == "anode" and pack.lithium is not None:
            parts.append((known.name, pack.lithium * LITHIUM.density, pack.lithium))
        else:
            parts.append((known.name, known.areal_mass, known.thickness))
    share = 0.5 if pack.shared_collectors else 1.0
    parts.append(("Al collector", share * pack.aluminium * ALUMINIUM.density, share * pack.aluminium))
    parts.append(("Cu collector", share * pack.copper * COPPER.density, share * pack.copper))
    return tuple(parts)

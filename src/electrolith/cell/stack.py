"""A cell as an ordered list of layers, and what follows from it: masses, porosities, loadings, capacity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.cell.coating import Coating, core_share
from electrolith.cell.materials import LITHIUM, MAH_PER_G, cathodes, electrolytes, role_of
from electrolith.core.errors import InputError
from electrolith.core.units import Unit

_FRACTION_SLACK = 1e-6
_THICKEST = 0.02  # m
DEFAULT_POROSITY = 0.15
"""Assumed where neither a thickness nor a porosity is given: cold-pressed at some hundred MPa."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer. Give one of thickness, mass, areal_mass, loading; two of them fix the porosity.

    material : of the library: "Li", an electrolyte, or, for a cathode, leave it out and give `composite`.
    composite : mass fractions of the cathode by material, summing to 1.
    thickness : of the layer, m. mass : of the layer in this cell, kg. areal_mass : mass over area, kg/m².
    loading : kg of active material per m², for a cathode.
    porosity : volume share of pores; follows from mass and thickness when both are given, else 0.15 (0 for
    Li).
    conductivity : S/m at 25 °C instead of the library's; with uncertainty as text, "4.3(4)e-5 S/cm".
    activation_energy : eV, of σT, instead of the library's.
    resistance : ohm, measured on this cell's layer; what exceeds L/σ is reported as not bulk.
    utilisation : share of the active material that takes part.
    bruggeman : exponent of the effective conductivities in the composite.
    particle_radius, diffusivity, exchange_current, electronic_conductivity, film_resistance : of the active
        material (m, m²/s, A/m² at 25 °C and half filling, S/m, ohm m²), instead of the library's.
    capacity : C/kg per unit of stoichiometry, instead of the library's.
    open_circuit : table of stoichiometry and potential against Li, instead of the library's curve.
    coating : of the particles; the composite's share of active material is then that of the coated powder.
    size_spread : relative standard deviation of the particle radius; 0 for one size.
    """

    material: str = ""
    composite: dict[str, float] | None = None
    thickness: Annotated[float | None, Unit("m")] = None
    mass: Annotated[float | None, Unit("kg")] = None
    areal_mass: Annotated[float | None, Unit("kg/m**2")] = None
    loading: Annotated[float | None, Unit("kg/m**2")] = None
    porosity: float | None = None
    conductivity: str | float | None = None
    activation_energy: Annotated[float | None, Unit("eV")] = None
    resistance: Annotated[float | None, Unit("ohm")] = None
    utilisation: float = 1.0
    bruggeman: float = 1.5
    particle_radius: Annotated[float | None, Unit("m")] = None
    diffusivity: Annotated[float | None, Unit("m**2/s")] = None
    exchange_current: Annotated[float | None, Unit("A/m**2")] = None
    electronic_conductivity: Annotated[float | None, Unit("S/m")] = None
    film_resistance: Annotated[float, Unit("ohm*m**2")] = 0.0
    capacity: Annotated[float | None, Unit("C/kg")] = None
    open_circuit: Path | None = None
    size_spread: float = 0.0
    coating: Coating | None = None

    def __post_init__(self) -> None:
        name = self.material or "cathode composite"
        if bool(self.material) == bool(self.composite):
            raise InputError(f"layer {name!r}: give either a material or a composite, not both or neither")
        for field in ("thickness", "mass", "areal_mass", "loading"):
            value = getattr(self, field)
            if value is not None and not value > 0:
                raise InputError(f"layer {name!r}: {field} must be above 0, got {value:g} (SI)")
        if self.thickness is not None and self.thickness > _THICKEST:
            raise InputError(
                f"layer {name!r}: a thickness of {self.thickness:g} m is no layer of a cell; "
                f"is the unit missing? write '{self.thickness:g} um'"
            )
        if self.mass is not None and self.mass > 1:
            raise InputError(
                f"layer {name!r}: a mass of {self.mass:g} kg is no layer of a cell; is the unit missing? "
                f"write '{self.mass:g} mg'"
            )
        if self.porosity is not None and not 0 <= self.porosity < 1:
            raise InputError(f"layer {name!r}: porosity must lie between 0 and 1, got {self.porosity:g}")
        if not 0 < self.utilisation <= 1:
            raise InputError(
                f"layer {name!r}: utilisation must lie between 0 and 1, got {self.utilisation:g}"
            )
        if not 0 <= self.size_spread < 0.6:
            raise InputError(
                f"layer {name!r}: size_spread must lie between 0 and 0.6, got {self.size_spread:g}"
            )
        if self.coating is not None and self.composite is None:
            raise InputError(f"layer {name!r}: a coating belongs to the particles of a cathode composite")
        if all(v is None for v in (self.thickness, self.mass, self.areal_mass, self.loading)):
            raise InputError(f"layer {name!r}: needs a thickness, a mass, an areal_mass or a loading")
        if self.open_circuit is not None and self.composite is None:
            raise InputError(f"layer {name!r}: open_circuit belongs to the composite of the cathode")
        if self.composite is not None:
            _check_composite(self.composite)
        else:
            role_of(self.material, where="layer")

    @property
    def role(self) -> str:
        """What the layer is: "anode", "electrolyte" or "cathode"."""
        return "cathode" if self.composite else role_of(self.material)

    @property
    def name(self) -> str:
        """The material, or the composite's recipe."""
        if self.composite is None:
            return self.material
        return ":".join(self.composite) + " " + ":".join(f"{100 * f:.3g}" for f in self.composite.values())


def _check_composite(composite: dict[str, float]) -> None:
    total = sum(composite.values())
    if abs(total - 1) > _FRACTION_SLACK:
        raise InputError(f"composite: mass fractions must sum to 1, got {total:.6g}: {composite}")
    if any(not f > 0 for f in composite.values()):
        raise InputError(f"composite: every mass fraction must be above 0, got {composite}")
    roles = [role_of(name, where="composite") for name in composite]
    if roles.count("cathode") != 1 or roles.count("electrolyte") != 1 or len(roles) != 2:
        raise InputError(
            f"composite: needs one cathode material and one electrolyte, got {', '.join(composite)}"
        )


@dataclass(frozen=True, slots=True)
class Contact:
    """A resistance between layers that is not bulk.

    resistance : ohm m². name : where it sits.
    """

    resistance: Annotated[float, Unit("ohm*m**2")]
    name: str = "contact"

    def __post_init__(self) -> None:
        if not self.resistance >= 0:
            raise InputError(
                f"contact {self.name!r}: resistance must not be negative, got {self.resistance:g}"
            )


@dataclass(frozen=True, slots=True)
class Stack:
    """A cell from one electrode to the other.

    layers : in order; a full cell has the cathode at one end and Li at the other, a symmetric cell Li at
    both.
    area : m². temperature : K. contacts : resistances beside the bulk.
    lithium_exchange_current : A/m² at Li and 25 °C; lithium_energy : eV, its activation energy.
    """

    layers: tuple[Layer, ...]
    area: Annotated[float, Unit("m**2")]
    temperature: Annotated[float, Unit("K")] = 298.15
    contacts: tuple[Contact, ...] = ()
    lithium_exchange_current: Annotated[float, Unit("A/m**2")] = 3.0
    lithium_energy: Annotated[float, Unit("eV")] = 0.38

    def __post_init__(self) -> None:
        if self.area > 10:
            raise InputError(
                f"area: {self.area:g} m² is no cell; is the unit missing? write '{self.area:g} cm2'"
            )
        if not self.area > 0:
            raise InputError(f"area must be above 0, got {self.area:g} m²")
        if not self.temperature > 0:
            raise InputError(f"temperature must be above 0 K, got {self.temperature:g} K")
        if not self.lithium_exchange_current > 0:
            raise InputError(
                f"lithium_exchange_current must be above 0, got {self.lithium_exchange_current:g}"
            )
        _check_order(self.layers)

    @property
    def symmetric(self) -> bool:
        """Li on both sides."""
        return self.layers[0].role == self.layers[-1].role == "anode"

    @property
    def separators(self) -> tuple[Layer, ...]:
        """The electrolyte layers, in order."""
        return tuple(layer for layer in self.layers if layer.role == "electrolyte")

    @property
    def cathode(self) -> Layer:
        """The cathode.

        Raises
        ------
        InputError
            If the cell is symmetric.
        """
        for layer in self.layers:
            if layer.role == "cathode":
                return layer
        raise InputError("this is a symmetric Li cell: it has no cathode")


def _check_order(layers: tuple[Layer, ...]) -> None:
    roles = [layer.role for layer in layers]
    shown = " | ".join(layer.name for layer in layers) or "nothing"
    if "anode" not in (roles[:1] + roles[-1:]):
        raise InputError(f"layers: no anode at either end; got {shown}; put Li first or last")
    if "cathode" not in (roles[:1] + roles[-1:]) and roles[:1] + roles[-1:] != ["anode", "anode"]:
        raise InputError(f"layers: no cathode opposite the Li; got {shown}; put a composite at the other end")
    if len(roles) < 3 or any(role != "electrolyte" for role in roles[1:-1]):
        raise InputError(f"layers: between the electrodes stand electrolytes, at least one; got {shown}")


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """What follows for a layer: SI. porosity_from : how the porosity came about."""

    name: str
    role: str
    thickness: float
    areal_mass: float
    density: float
    porosity: float
    porosity_from: str


def solid_density(layer: Layer) -> float:
    """Density of the layer's solid without pores, kg/m³."""
    if layer.composite is None:
        return LITHIUM.density if layer.role == "anode" else electrolytes()[layer.material].density
    parts = [(f, _density_of(name)) for name, f in layer.composite.items() if name not in cathodes()]
    _, active = active_of(layer)
    parts.append((active, _density_of(_active_name(layer))))
    if layer.coating is not None:
        parts.append((1.0 - sum(f for f, _ in parts), layer.coating.density))
    return 1.0 / sum(f / density for f, density in parts)


def _density_of(name: str) -> float:
    return cathodes()[name].density if name in cathodes() else electrolytes()[name].density


def active_of(layer: Layer) -> tuple[str, float]:
    """The active material of a cathode and its mass fraction, a coating left out."""
    assert layer.composite is not None  # noqa: S101 - a cathode has one by construction
    name = _active_name(layer)
    material = cathodes()[name]
    radius = layer.particle_radius or material.particle_radius
    return name, layer.composite[name] * core_share(layer.coating, radius=radius, density=material.density)


def _active_name(layer: Layer) -> str:
    return next(name for name in layer.composite or {} if name in cathodes())


def electrolyte_of(layer: Layer) -> str:
    """The electrolyte of a cathode composite."""
    assert layer.composite is not None  # noqa: S101 - a cathode has one by construction
    return next(name for name in layer.composite if name in electrolytes())


def facts(layer: Layer, area: float) -> LayerFacts:
    """Thickness, areal mass and porosity of a layer in a cell of `area` m².

    Raises
    ------
    InputError
        If mass and thickness together ask for more than the solid's density, or contradict each other.
    """
    density = solid_density(layer)
    areal = layer.areal_mass if layer.areal_mass is not None else None
    if layer.mass is not None:
        areal = _agreed(layer, areal, layer.mass / area)
    if layer.loading is not None:
        if layer.role != "cathode":
            raise InputError(
                f"layer {layer.name!r}: a loading belongs to a cathode; give thickness or areal_mass"
            )
        areal = _agreed(layer, areal, layer.loading / active_of(layer)[1])
    if areal is not None and layer.thickness is not None:
        porosity = 1 - areal / (density * layer.thickness)
        if porosity < -0.05:
            raise InputError(
                f"layer {layer.name!r}: {areal * 100:.4g} mg/cm² in {layer.thickness * 1e6:.4g} µm would be "
                f"denser than the solid ({density:g} kg/m³); it needs at least {areal / density * 1e6:.4g} µm"
            )
        if layer.porosity is not None and abs(layer.porosity - porosity) > 0.02:
            raise InputError(
                f"layer {layer.name!r}: mass and thickness make the porosity {porosity:.3f}, "
                f"not {layer.porosity:g}"
            )
        return LayerFacts(
            layer.name, layer.role, layer.thickness, areal, density, max(porosity, 0.0), "mass and thickness"
        )
    default = 0.0 if layer.role == "anode" else DEFAULT_POROSITY
    porosity = default if layer.porosity is None else layer.porosity
    origin = "assumed" if layer.porosity is None else "given"
    if areal is None:
        assert layer.thickness is not None  # noqa: S101 - the layer was checked
        areal = layer.thickness * density * (1 - porosity)
        return LayerFacts(layer.name, layer.role, layer.thickness, areal, density, porosity, origin)
    return LayerFacts(
        layer.name, layer.role, areal / (density * (1 - porosity)), areal, density, porosity, origin
    )


def _agreed(layer: Layer, old: float | None, new: float) -> float:
    if old is not None and not np.isclose(old, new, rtol=0.02):
        raise InputError(
            f"layer {layer.name!r}: its masses contradict each other: {old * 100:.4g} and "
            f"{new * 100:.4g} mg/cm²"
        )
    return new


def loading(stack: Stack) -> float:
    """Active material per cell area, kg/m²."""
    return facts(stack.cathode, stack.area).areal_mass * active_of(stack.cathode)[1]


def composite_mass(stack: Stack) -> float:
    """Cathode composite in the cell, kg."""
    return facts(stack.cathode, stack.area).areal_mass * stack.area


def one_c(stack: Stack, specific_current: float) -> float:
    """Current density called 1C, A/m², at `specific_current` in A per kg of active material."""
    return loading(stack) * specific_current


def areal_capacity(stack: Stack, specific_capacity: float) -> float:
    """Capacity per area in C/m² at `specific_capacity` in mAh/g."""
    return loading(stack) * specific_capacity * MAH_PER_G

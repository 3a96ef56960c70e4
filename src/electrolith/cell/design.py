"""A design file: the stack, what is done to it, what was published about it, what might be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, get_type_hints

from electrolith.cell.build import Window
from electrolith.cell.energy import Packaging
from electrolith.cell.materials import electrolytes
from electrolith.cell.stack import Contact, Layer, Stack
from electrolith.core.errors import InputError, nearest
from electrolith.core.units import Unit, parse


@dataclass(frozen=True, slots=True)
class Reported:
    """A capacity somebody measured on this cell. rate: in C; capacity: C/kg; source: DOI or file; cell:
    which one.
    error : standard deviation of the capacity.     note : shown beside it.
    """

    rate: float
    capacity: Annotated[float, Unit("C/kg")]
    source: str = ""
    error: Annotated[float, Unit("C/kg")] = 4 * 3600.0
    cell: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReportedOverpotential:
    """An overpotential somebody measured on this symmetric cell: V at a current density in A/m².

    current : density.     low, high : range of the overpotential.     source : DOI or file.
    """

    current: Annotated[float, Unit("A/m**2")]
    low: Annotated[float, Unit("V")]
    high: Annotated[float, Unit("V")]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change to work out. change: numbers by name, "LNC.thickness: 10 um". swap: materials, "LHC: LGPS".

    name : as the table lists it.
    """

    name: str
    change: dict[str, str | float] = field(default_factory=dict)
    swap: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.change and not self.swap:
            raise InputError(f"proposal {self.name!r}: changes nothing; give `change` or `swap`")
        for old, new in self.swap.items():
            for name in (old, new):
                if name not in electrolytes():
                    raise InputError(nearest(f"proposal {self.name!r}: swap", name, electrolytes()))


@dataclass(frozen=True, slots=True)
class CellDesign:
    """Everything `electrolith cell` reads.

    low, high : voltage window, V. specific_current : of 1C, A/kg (mA/g). rates : in C.
    currents : of a symmetric cell, A/m². temperatures : at which the resistance is listed, K.
    critical_current : measured limit of the lithium side, A/m²; none if not given.
    thickness_error : relative doubt of each separator's thickness. map_loadings : kg/m² (the map over
    loading).
    title : of the page.     layers : from the negative to the positive side.     area : of the electrodes.
    temperature : of the cell.     contacts : resistances between layers.
    lithium_exchange_current : of the lithium side, per its area.
    protocol : "full" starts charged, "cc" charges at each rate first, "cc-cv" holds the upper voltage too.
    packaging : what stands around the layers, for the energy density.
    critical_capacity : areal capacity in one half-cycle that the lithium side bears, C/m²; none if not given.
    reported : capacities measured on this cell.     overpotentials : measured on this symmetric cell.
    proposals : changes to work out beside it.     seed : of the draws that carry the uncertainties.
    """

    title: str
    layers: tuple[Layer, ...]
    area: Annotated[float, Unit("m**2")]
    temperature: Annotated[float, Unit("K")] = 298.15
    contacts: tuple[Contact, ...] = ()
    lithium_exchange_current: Annotated[float, Unit("A/m**2")] = 3.0
    low: Annotated[float, Unit("V")] = 2.7
    high: Annotated[float, Unit("V")] = 4.3
    specific_current: Annotated[float, Unit("A/kg")] = 200.0
    protocol: Literal["full", "cc", "cc-cv"] = "full"
    rates: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0)
    currents: Annotated[tuple[float, ...], Unit("A/m**2")] = (1.0, 5.0, 10.0, 50.0, 100.0)
    temperatures: Annotated[tuple[float, ...], Unit("K")] = (273.15, 298.15, 333.15, 353.15)
    packaging: Packaging = field(default_factory=Packaging)
    critical_current: Annotated[float | None, Unit("A/m**2")] = None
    critical_capacity: Annotated[float | None, Unit("C/m**2")] = None
    reported: tuple[Reported, ...] = ()
    overpotentials: tuple[ReportedOverpotential, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    map_loadings: Annotated[tuple[float, ...], Unit("kg/m**2")] = (0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35)
    thickness_error: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.rates or any(not r > 0 for r in self.rates):
            raise InputError(f"rates must be above 0 and at least one, got {self.rates}")
        if any(not c > 0 for c in self.currents):
            raise InputError(f"currents must be above 0, got {self.currents}")
        if any(not t > 0 for t in self.temperatures):
            raise InputError(f"temperatures must be above 0 K, got {self.temperatures}")
        stack = self.stack  # refuses a wrong order before anything runs
        if not stack.symmetric:
            from electrolith.cell.build import charged_stoichiometry

            charged_stoichiometry(stack, self.window)
        for proposal in self.proposals:
            proposed(self, proposal)

    @property
    def stack(self) -> Stack:
        """The cell."""
        return Stack(
            self.layers,
            self.area,
            self.temperature,
            self.contacts,
            lithium_exchange_current=self.lithium_exchange_current,
        )

    @property
    def window(self) -> Window:
        """Its voltage window and 1C."""
        return Window(self.low, self.high, self.specific_current)


def proposed(design: CellDesign, proposal: Proposal) -> Stack:
    """The design's stack with a proposal's changes.

    Raises
    ------
    InputError
        For an unknown name, a unit that does not fit, or a value the stack refuses.
    """
    from electrolith.cell.vary import changed, names

    stack = swapped(design.stack, proposal.swap)
    known = names(stack)
    numbers = {}
    for name, value in proposal.change.items():
        where = f"proposal {proposal.name!r}"
        if name not in known:
            raise InputError(nearest(where, name, known))
        unit = _unit_of(name)
        try:
            numbers[name] = parse(value, unit) if unit else float(value)
        except (InputError, ValueError) as error:
            raise InputError(f"{where}: {name}: {error}") from error
    return changed(stack, numbers)


def _unit_of(name: str) -> str | None:
    """The unit that a stack or layer field is annotated with, None for a bare number."""
    key, _, field_name = name.partition(".")
    hints = get_type_hints(Layer if field_name else Stack, include_extras=True)
    hint = hints.get(field_name or key)
    marks = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Unit)]
    return marks[0].name if marks else None


def swapped(stack: Stack, swap: Mapping[str, str]) -> Stack:
    """The stack with separators (not the cathode's electrolyte) of other materials at the same thickness.

    What was measured on the old layer (resistance, mass, conductivity) no longer counts.
    """
    layers = tuple(
        replace(
            layer,
            material=swap[layer.material],
            thickness=_thickness(layer, stack.area),
            mass=None,
            areal_mass=None,
            resistance=None,
            conductivity=None,
            activation_energy=None,
        )
        if layer.role == "electrolyte" and layer.material in swap
        else layer
        for layer in stack.layers
    )
    return replace(stack, layers=layers)


def _thickness(layer: Layer, area: float) -> float:
    from electrolith.cell.stack import facts

    return facts(layer, area).thickness

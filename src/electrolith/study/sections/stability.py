"""Stability in the study: windows, contacts of the stack, moist gas, the library behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.order import Orderings
from electrolith.stability.check import LibraryCheck, check_library
from electrolith.stability.comparison import Comparison, compare, electrolytes
from electrolith.stability.disorder import ideal_mixing_entropy
from electrolith.stability.entries import EntrySettings, entries_of
from electrolith.stability.library import (
    Library,
    composition_of,
    nearest_formulas,
    reduced,
    shipped_library,
)
from electrolith.stability.material import Material as Phase
from electrolith.stability.material import refuse_unbalanced
from electrolith.stability.moisture import (
    DRY_AIR,
    Moisture,
    MoistureMap,
    MoistureSettings,
    moisture,
    moisture_map,
)
from electrolith.stability.read_entries import read_phases
from electrolith.stability.stack import Stack, StackSettings, stack
from electrolith.stability.window import Window, window
from electrolith.study.section import Evidence, Part, Results, Section, Study
from electrolith.study.sections.contact_parts import interface_part, moisture_part, stack_part
from electrolith.study.sections.stability_parts import check_part, comparison_part, window_part
from electrolith.study.wiring import Progress, Stage

__all__ = ["SECTION", "Stability", "library_with", "phase_in"]


@dataclass(frozen=True)
class Air:
    """Moist gas for the map and the table.

    dew_points : below 0 °C the frost point. gases : partial pressures (Pa) of further gases.
    temperature : of gas and phase.
    product_pressure : partial pressure at which gases that form leave.
    """

    dew_points: Annotated[tuple[float, ...], Unit("K")] = (213.15, 233.15, 273.15)
    temperature: Annotated[float, Unit("K")] = 298.15
    gases: dict[str, float] = field(default_factory=dict)
    product_pressure: Annotated[float, Unit("Pa")] = 0.1


@dataclass(frozen=True)
class Stability:
    """Stability of the material of the study.

    formula : of the phase; the composition of the orderings if there are any, else the crystal's.
    against : layers it touches. potentials : V vs Li/Li⁺ at which contacts are judged.
    configurational_entropy : k per formula unit of a disordered phase, counted at `temperature`;
        "ideal" takes ideal mixing on the sites of the crystal, an upper bound.
    entries : a table of the user's own energies, of the same engine and scheme as the library.
    compare : all electrolytes shipped with the package, or the binaries only.
    moisture : moist gas for the map and the table.
    temperature : at which entropies count.
    draws : of the energies' errors; the intervals come from them.     seed : of these draws.
    """

    formula: str = ""
    against: tuple[str, ...] = ("Li",)
    potentials: Annotated[tuple[float, ...], Unit("V")] = (0.0, 2.5, 4.2)
    moisture: Air = field(default_factory=Air)
    compare: Literal["electrolytes", "binaries"] = "electrolytes"
    temperature: Annotated[float, Unit("K")] = 298.15
    configurational_entropy: float | Literal["ideal"] = 0.0
    draws: int = 200
    seed: int = 0
    entries: Path | None = None

    def __post_init__(self) -> None:
        if self.draws < 2:
            raise InputError(f"stability.draws must be at least 2 for an error bar, got {self.draws}")


@dataclass(frozen=True)
class StudyWindow:
    """Window of the material, as enthalpies and as free energies."""

    cold: Window
    warm: Window


@dataclass(frozen=True)
class StudyMoisture:
    """The material in moist gas: single conditions and the map."""

    points: tuple[Moisture, ...]
    chart: MoistureMap


@cache
def library_with(entries: Path | None) -> Library:
    """The shipped library with the user's entries, if any."""
    library = shipped_library()
    return library if entries is None else library.with_entries(read_phases(entries))


def phase_in(formula: str, library: Library, *, configurational_entropy: float = 0.0) -> Phase:
    """A formula as a phase of the library, or on the hull of its composition where the library lacks it.

    Raises
    ------
    InputError
        If its charges do not balance, or an element is outside the library.
    """
    library.within(Phase(formula).elements)
    if any(p.formula == reduced(formula) for p in library.phases):
        return Phase(formula, configurational_entropy=configurational_entropy)
    refuse_unbalanced(formula)
    return Phase(formula, energy="hull")


def _formula(settings: Stability, crystal: DisorderedCrystal | None, orderings: Orderings | None) -> str:
    """Formula of the material."""
    if settings.formula:
        return settings.formula
    if orderings is not None:
        return reduced(orderings.composition.formula)
    if crystal is None:
        raise InputError("stability.formula: give the formula, or a material with an ordering")
    raise InputError(
        f"stability.formula: give the formula of the phase; the refined composition {crystal.formula} is not "
        "neutral whole numbers (or add an ordering section, whose composition is)"
    )


def _entropy(settings: Stability, formula: str, crystal: DisorderedCrystal | None) -> float:
    """Configurational entropy, k per formula unit."""
    if settings.configurational_entropy != "ideal":
        return settings.configurational_entropy
    if crystal is None:
        raise InputError("stability.configurational_entropy: ideal mixing needs the sites of a material")
    sites = [(s.multiplicity, [x.value for x in s.occupancy.values()]) for s in crystal.sites]
    in_cell = sum(m * sum(shares) for m, shares in sites)
    return ideal_mixing_entropy(sites) * sum(n for _, n in composition_of(formula)) / in_cell


def stability_window(
    settings: Stability, crystal: DisorderedCrystal | None, orderings: Orderings | None
) -> StudyWindow:
    """Window of the material."""
    library = library_with(settings.entries)
    formula = _formula(settings, crystal, orderings)
    phase = phase_in(formula, library, configurational_entropy=_entropy(settings, formula, crystal))
    phase = replace(phase, entropy_temperature=settings.temperature)
    how = EntrySettings(draws=settings.draws, seed=settings.seed)
    elements = phase.elements | {"Li"}
    warm = entries_of(library, elements, replace(how, temperature=settings.temperature))
    return StudyWindow(window(phase, entries_of(library, elements, how)), window(phase, warm))


def stability_comparison(settings: Stability, progress: Progress) -> Comparison:
    """Windows of the materials of the comparison."""
    chosen = [r for r in electrolytes() if settings.compare == "electrolytes" or r.family == "binary"]
    done = iter(range(len(chosen) + 1))
    return compare(
        library_with(settings.entries),
        EntrySettings(draws=settings.draws, seed=settings.seed),
        materials=chosen,
        temperature=settings.temperature,
        progress=lambda name: progress(next(done) / len(chosen), name),
    )


def stability_stack(
    settings: Stability, crystal: DisorderedCrystal | None, orderings: Orderings | None
) -> Stack:
    """Contacts of the material with its neighbours, and of these with each other."""
    library = library_with(settings.entries)
    formulas = dict.fromkeys((_formula(settings, crystal, orderings), *settings.against))
    layers = [phase_in(f, library) for f in formulas]
    return stack(
        layers,
        library,
        StackSettings(settings.potentials),
        EntrySettings(draws=min(settings.draws, 50), seed=settings.seed),
    )


def stability_moisture(
    settings: Stability, crystal: DisorderedCrystal | None, orderings: Orderings | None
) -> StudyMoisture:
    """The material in moist gas."""
    library = library_with(settings.entries)
    phase = phase_in(_formula(settings, crystal, orderings), library)
    air = settings.moisture
    how = MoistureSettings(
        temperature=air.temperature,
        gases=air.gases,
        product_pressure=air.product_pressure,
        draws=settings.draws,
        seed=settings.seed,
    )
    points = [moisture(phase, library, replace(how, dew_point=d)) for d in air.dew_points]
    gases = air.gases or DRY_AIR
    ended = replace(how, dew_point=air.dew_points[0], reading="equilibrium", gases=gases)
    chart = moisture_map(
        phase,
        library,
        how,
        dew_points=np.linspace(193.15, 293.15, 21),
        temperatures=np.linspace(273.15, 333.15, 7),
    )
    return StudyMoisture((*points, moisture(phase, library, ended)), chart)


def stability_library(settings: Stability) -> LibraryCheck:
    """The library against experiment."""
    return check_library(library_with(settings.entries))


def library_fingerprint(settings: Stability) -> str:
    """What every result of this section depends on beyond its settings."""
    return library_with(settings.entries).fingerprint


def check(study: Study) -> None:
    """Formulas, layers and entries are read before anything runs."""
    settings = study.get(Stability)
    if settings is None:
        return
    library = library_with(settings.entries)
    for formula in (*filter(None, [settings.formula]), *settings.against):
        try:
            phase_in(formula, library)
        except InputError as error:
            near = nearest_formulas(reduced(formula), {p.formula for p in library.phases})
            raise InputError(f"stability: {error} ({near})") from error


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Limits of the material and its strongest contact."""
    rows: list[Evidence] = []
    found = results.get(StudyWindow)
    if found is not None:
        source = f"phase library {found.warm.fingerprint}"
        note = "free energies; hull of competing phases"
        rows += [
            Evidence(
                "oxidation_limit", "oxidation limit", found.warm.oxidation, "computed", source, note=note
            ),
            Evidence(
                "reduction_limit", "reduction limit", found.warm.reduction, "computed", source, note=note
            ),
        ]
    return tuple(rows)


def parts(results: Results) -> tuple[Part, ...]:
    """The section of the report."""
    made: list[Part] = []
    if (found := results.get(StudyWindow)) is not None:
        made.append(window_part(found.cold, found.warm))
    if (compared := results.get(Comparison)) is not None:
        made.append(comparison_part(compared))
    if (layers := results.get(Stack)) is not None:
        made.append(stack_part(layers))
        mine = [c.closed for c in layers.contacts if c.first == layers.layers[0]]
        made += [interface_part(i) for i in sorted(mine, key=lambda i: i.mutual.value)[:2]]
    if (air := results.get(StudyMoisture)) is not None:
        made.append(moisture_part(air.points, air.chart))
    if (checked := results.get(LibraryCheck)) is not None:
        made.append(check_part(checked))
    return tuple(made)


SECTION = Section(
    "stability",
    Stability,
    tuple(
        Stage(run, fingerprint=library_fingerprint)
        for run in (
            stability_window,
            stability_comparison,
            stability_stack,
            stability_moisture,
            stability_library,
        )
    ),
    evidence,
    parts,
    check,
)

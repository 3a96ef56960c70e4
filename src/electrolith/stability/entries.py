"""Competing phases on one scale: formation energies of a chemical system, with draws of their errors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np

from electrolith.core.constants import EV_PER_KJ_PER_MOL
from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.stability.calibration import (
    anchored_phase,
    calibration_of,
    formation_per_atom,
    reference_phases,
)
from electrolith.stability.library import Library, Phase, composition_of, reduced
from electrolith.stability.tables import anchors
from electrolith.stability.tabulated import (
    MOLECULAR,
    Row,
    Surroundings,
    compounds,
    element_entropy,
    gas_term,
    molecules,
)

ENTROPY_SLOPE = 1.360
ENTROPY_OFFSET = 15.0
"""J/(mol K Å³) after nm³ → Å³, and J/(mol K): Jenkins and Glasser, Inorg. Chem. 42, 8702 (2003)."""
ENTROPY_DOUBT = 0.10
LARGEST_VOLUME = 60.0
"""Å³ per atom; no solid compound of these chemistries is as open."""


@dataclass(frozen=True)
class EntrySettings:
    """How energies are put on one scale.

    scheme : "anchored" takes the engine's error from tabulated enthalpies (see `calibration`);
        "engine" leaves the engine's energies alone.
    temperature : None for enthalpies, as published windows are; else free energies at that
        temperature, entropies of solids tabulated or estimated from their volume.
    draws : resamples of the energies; 0 for none.
    gas_pressure : partial pressure of product gases, counted when a temperature is given.
    """

    scheme: Literal["anchored", "engine"] = "anchored"
    temperature: Annotated[float | None, Unit("K")] = None
    draws: int = 200
    seed: int = 0
    gas_pressure: Annotated[float, Unit("Pa")] = 1e5

    def __post_init__(self) -> None:
        if self.scheme not in ("anchored", "engine"):
            raise InputError(f"scheme must be 'anchored' or 'engine', got {self.scheme!r}")
        if self.temperature is not None and not 0 < self.temperature < 3000:
            raise InputError(f"temperature must lie between 0 and 3000 K, got {self.temperature}")
        if self.draws < 0:
            raise InputError(f"draws must not be negative, got {self.draws}")
        if self.gas_pressure <= 0:
            raise InputError(f"gas_pressure must be above 0 Pa, got {self.gas_pressure}")


@dataclass(frozen=True)
class EntrySet:
    """Formation energies of phases that may share a hull.

    formulas, ids : (n,). elements : (e,). matrix : atoms per formula unit, (e, n).
    energy : eV per formula unit, (n,). draws : eV per formula unit, (d, n).
    scheme : how the energies came about, in words. fingerprint : of the entries and the scheme.
    of_library : whether they are all that a library has, so that what it lacks can be told.
    """

    formulas: tuple[str, ...]
    ids: tuple[str, ...]
    elements: tuple[str, ...]
    matrix: np.ndarray
    energy: np.ndarray
    draws: np.ndarray
    scheme: str
    fingerprint: str
    temperature: float | None = None
    of_library: bool = False

    def index(self, name: str) -> int | None:
        """Position of a phase by id or formula; None when absent."""
        if name in self.ids:
            return self.ids.index(name)
        try:
            return self.formulas.index(reduced(name))
        except (ValueError, InputError):
            return None

    def atoms(self, composition: dict[str, float]) -> np.ndarray:
        """A composition as a row of atoms per element, (e,)."""
        return np.array([composition.get(e, 0.0) for e in self.elements])

    def terminals(self, elements: Iterable[str]) -> np.ndarray:
        """Columns of the pure elements.

        Raises
        ------
        InputError
            If an element has no entry of its own.
        """
        chosen = []
        for element in elements:
            row = self.elements.index(element)
            pure = [i for i in range(len(self.formulas)) if self.matrix[row, i] == self.matrix[:, i].sum()]
            if not pure:
                raise InputError(
                    f"entries: no entry of the pure element {element}; a hull needs every element"
                )
            chosen.append(min(pure, key=lambda i: self.energy[i] / self.matrix[row, i]))
        return np.array(chosen, dtype=int)

    def with_phase(
        self, formula: str, id: str, energy: float, *, error: float = 0.0, draws: np.ndarray | None = None
    ) -> EntrySet:
        """The set with one more phase of given formation energy and standard error, eV per formula unit."""
        column = self.atoms(dict(composition_of(formula)))[:, None]
        count = len(self.draws)
        if draws is None:
            draws = energy + error * np.random.default_rng(len(self.ids)).standard_normal(count)
        return replace(
            self,
            formulas=(*self.formulas, formula),
            ids=(*self.ids, id),
            matrix=np.hstack([self.matrix, column]),
            energy=np.append(self.energy, energy),
            draws=np.hstack([self.draws, draws[:, None]]),
            fingerprint=_digest([self.fingerprint, f"{formula} {id} {energy:.6f}"]),
        )


def entries_of(library: Library, elements: Iterable[str], settings: EntrySettings) -> EntrySet:
    """All phases of a chemical system on one scale.

    One cell stands for each formula: the tabulated polymorph where there is one (so that an engine's wrong
    order of polymorphs does no harm), else the cell of least energy. Gases and water are tabulated, and
    so are compounds of which the library has no cell (AlCl3, YF3, SiF4), unless the scheme is the engine's.

    Raises
    ------
    InputError
        If an element is not in the library or has no entry of its own.
    """
    elements = tuple(sorted(set(elements)))
    return entries_from_phases(library, library.within(elements), elements, settings)


def entries_from_phases(
    library: Library, phases: Sequence[Phase], elements: tuple[str, ...], settings: EntrySettings
) -> EntrySet:
    """The entry set of `phases`, calibrated by `library`."""
    chosen = [p for p in representative(library, phases) if not is_fluid(p) and not is_vacuum(p)]
    if settings.scheme == "anchored":
        refuse_unlabelled(chosen)
        mean, covariance = calibration_of(library).predict(chosen)
    else:
        mean, covariance = np.zeros(len(chosen)), np.zeros((len(chosen), len(chosen)))
    rng = np.random.default_rng(settings.seed)
    spread = _draw(covariance, settings.draws, rng)
    per_atom = formation_per_atom(chosen, reference_phases(library)) - mean
    rows = []
    for k, phase in enumerate(chosen):
        atoms = sum(phase.amounts.values())
        energy = per_atom[k] * atoms
        doubt = spread[:, k] * atoms
        if settings.temperature is not None:
            free, error = entropy_term(phase, settings.temperature)
            energy += free + gas_term(phase.formula, settings.temperature, settings.gas_pressure)
            doubt = doubt + error * rng.standard_normal(settings.draws)
        rows.append(Row(phase.formula, phase.id, float(energy), doubt))
    known = {row.formula for row in rows}
    surroundings = Surroundings(settings.temperature, settings.gas_pressure, settings.draws)
    rows += molecules(elements, surroundings, rng)
    if settings.scheme == "anchored":  # tabulated enthalpies are on no engine's own scale
        rows += compounds(elements, known | set(MOLECULAR), surroundings, rng)
    return _assemble(rows, elements, settings, library)


def representative(library: Library, phases: Sequence[Phase]) -> list[Phase]:
    """One phase per formula: the tabulated polymorph, the element's reference, or the least energy."""
    references = {p.formula: p for p in reference_phases(library).values()}
    best: dict[str, Phase] = {}
    for phase in phases:
        if phase.formula not in best or phase.energy_per_atom < best[phase.formula].energy_per_atom:
            best[phase.formula] = phase
    for formula in best:
        if formula in references:
            best[formula] = references[formula]
        elif formula in anchors() and (tabulated := anchored_phase(library, formula)) is not None:
            best[formula] = tabulated
    return [best[f] for f in sorted(best)]


def is_vacuum(phase: Phase) -> bool:
    """Whether the cell of a compound is mostly vacuum: isolated molecules or layers are no bulk phase."""
    per_atom = np.nanmin([phase.volume_per_atom, phase.start_volume_per_atom, np.inf])
    return len(phase.amounts) > 1 and bool(LARGEST_VOLUME < per_atom < np.inf)


def refuse_unlabelled(phases: Sequence[Phase]) -> None:
    """Refuse to correct a compound whose bonding species are not known.

    Raises
    ------
    InputError
        Naming the first such phase.
    """
    for phase in phases:
        if not phase.species and len(phase.amounts) > 1:
            raise InputError(
                f"{phase.name}: no bonding species, so its energy cannot be corrected; give the column "
                "species (like 'Cl:6 Y|Cl:1'), or use scheme: engine"
            )


def is_fluid(phase: Phase) -> bool:
    """Whether a phase is a liquid or a gas at room temperature: molecules, acids and their hydrates.

    They hold hydrogen but neither metal nor ammonium, and no table lists them as solids.
    """
    from pymatgen.core import Element

    if phase.formula in MOLECULAR:
        return True
    amounts = phase.amounts
    if "H" not in amounts or len(amounts) == 1 or phase.formula in anchors():
        return False
    metal = any(Element(e).is_metal for e in amounts)
    return not metal and not any(name == "H|NH4" for name, _ in phase.species)


def _draw(covariance: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draws of zero mean with this covariance, (draws, n)."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return rng.standard_normal((draws, len(values))) @ root.T


def entropy_term(phase: Phase, temperature: float) -> tuple[float, float]:
    """-T ΔS of formation of a solid and its standard error, eV per formula unit."""
    elements = sum(n * element_entropy(e) for e, n in phase.amounts.items())
    own, doubt = solid_entropy(phase)
    per_kelvin = EV_PER_KJ_PER_MOL * 1e-3
    return -temperature * (own - elements) * per_kelvin, temperature * doubt * per_kelvin


def solid_entropy(phase: Phase) -> tuple[float, float]:
    r"""Entropy of a solid at 298.15 K and its doubt, J/(mol K): tabulated, or from its volume.

    :math:`S = 1360\,V_m/\mathrm{nm}^3 + 15`, good to about 10 %.

    Source: Jenkins and Glasser, Inorg. Chem. 42, 8702 (2003).
    """
    if len(phase.amounts) == 1:
        (element, n) = next(iter(phase.amounts.items()))
        return n * element_entropy(element), 0.0
    row = anchors().get(phase.formula)
    if row is not None and row.entropy is not None:
        return row.entropy, 0.0
    # an engine without dispersion puffs up layers and molecules: the cell it started from is the better one
    per_atom = np.nanmin([phase.volume_per_atom, phase.start_volume_per_atom, np.inf])
    if not np.isfinite(per_atom):
        raise InputError(
            f"{phase.name}: no volume, so no entropy; give the column volume_per_atom (Å³), "
            "or leave out the temperature"
        )
    volume = float(per_atom) * sum(phase.amounts.values())
    entropy = ENTROPY_SLOPE * volume + ENTROPY_OFFSET
    return entropy, ENTROPY_DOUBT * entropy


def _assemble(
    rows: list[Row], elements: tuple[str, ...], settings: EntrySettings, library: Library
) -> EntrySet:
    """Arrays from rows."""
    matrix = np.array([[dict(composition_of(r.formula)).get(e, 0.0) for r in rows] for e in elements])
    energy = np.array([r.energy for r in rows])
    draws = energy + np.array([r.spread for r in rows]).T if settings.draws else np.empty((0, len(rows)))
    engine = library.phases[0].engine
    kind = "enthalpies" if settings.temperature is None else f"free energies at {settings.temperature:g} K"
    how = "corrected by tabulated enthalpies" if settings.scheme == "anchored" else "as the engine gives them"
    scheme = f"{engine} ({library.phases[0].scheme}), {how}; {kind}"
    lines = [f"{r.formula} {r.id} {r.energy:.5f}" for r in rows]
    return EntrySet(
        tuple(r.formula for r in rows),
        tuple(r.id for r in rows),
        elements,
        matrix,
        energy,
        draws,
        scheme,
        _digest([scheme, *sorted(lines)]),
        settings.temperature,
        of_library=True,
    )


def entries_from_pymatgen(entries: Iterable[Any]) -> EntrySet:
    """An entry set of pymatgen's computed entries: formation energies against their own elements, no draws.

    Raises
    ------
    InputError
        If functionals are mixed, or an element has no entry of its own.
    """
    from pymatgen.analysis.phase_diagram import PhaseDiagram

    entries = list(entries)
    refuse_mixed_runs(entries)
    elements = tuple(sorted({e.symbol for x in entries for e in x.composition.elements}))
    pure = {x.composition.elements[0].symbol for x in entries if len(x.composition.elements) == 1}
    if missing := sorted(set(elements) - pure):
        raise InputError(
            f"entries: no entry of the pure element {', '.join(missing)}; a hull needs every element"
        )
    diagram = PhaseDiagram(entries)
    rows = [
        Row(x.composition.reduced_formula, str(x.entry_id or k), _formation(diagram, x), np.empty(0))
        for k, x in enumerate(diagram.all_entries)
    ]
    matrix = np.array([[dict(composition_of(r.formula)).get(e, 0.0) for r in rows] for e in elements])
    lines = [f"{r.formula} {r.id} {r.energy:.6f}" for r in rows]
    return EntrySet(
        tuple(r.formula for r in rows),
        tuple(r.id for r in rows),
        elements,
        matrix,
        np.array([r.energy for r in rows]),
        np.empty((0, len(rows))),
        "pymatgen entries as given",
        _digest(sorted(lines)),
    )


def _formation(diagram: Any, entry: Any) -> float:
    """Formation energy of an entry, eV per reduced formula unit."""
    _, factor = entry.composition.get_reduced_formula_and_factor()
    return float(diagram.get_form_energy(entry) / factor)


def refuse_mixed_runs(entries: Iterable[Any]) -> None:
    """Refuse GGA and r2SCAN side by side (GGA with GGA+U is one scheme of the Materials Project)."""
    kinds: dict[str, str] = {}
    for entry in entries:
        run = str(entry.parameters.get("run_type") or entry.data.get("run_type") or "")
        family = "GGA" if run in ("GGA", "GGA+U", "GGA_U") else run
        if family:
            kinds.setdefault(family, f"{entry.composition.reduced_formula} ({entry.entry_id}) is {run}")
    if len(kinds) > 1:
        raise InputError(
            "entries: energies of different kinds cannot share a hull: " + "; ".join(sorted(kinds.values()))
        )


def _digest(lines: Iterable[str]) -> str:
    """First 12 hexadecimal digits of the SHA-256 of lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

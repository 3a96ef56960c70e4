"""The phase asked about: its composition, where its energy comes from, its place above or on the hull."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import Unit
from electrolith.stability.entries import EntrySet
from electrolith.stability.equilibrium import equilibrium
from electrolith.stability.library import composition_of, reduced

if TYPE_CHECKING:
    from pymatgen.core import Element


@dataclass(frozen=True)
class Material:
    """A phase to judge.

    formula : as written. name : to print; the formula if empty.
    energy : "library" takes the entry of that formula, or of `id`; "hull" assumes the composition sits on
        the hull (the most a disordered or unlisted phase can lose: its limits are those of its
        decomposition products).
    formation_energy : eV per atom on the entries' scale, for a phase in no library; wins over `energy`.
    formation_error : its standard error, eV per atom.
    configurational_entropy : k per formula unit; lowers the energy by T S at `entropy_temperature`.
    """

    formula: str
    name: str = ""
    id: str = ""
    energy: Literal["library", "hull"] = "library"
    formation_energy: float | None = None
    formation_error: float = 0.0
    configurational_entropy: float = 0.0
    entropy_temperature: Annotated[float, Unit("K")] = 298.15

    def __post_init__(self) -> None:
        composition_of(self.formula)
        if self.configurational_entropy < 0:
            raise InputError(
                f"configurational_entropy must not be negative, got {self.configurational_entropy}"
            )
        if self.entropy_temperature <= 0:
            raise InputError(f"entropy_temperature must be above 0 K, got {self.entropy_temperature}")

    @property
    def label(self) -> str:
        """What to print."""
        return self.name or self.formula

    @property
    def elements(self) -> frozenset[str]:
        """Elements of the formula."""
        return frozenset(e for e, _ in composition_of(self.formula))


def with_material(material: Material, entries: EntrySet) -> tuple[EntrySet, int | None, str]:
    """The entries with the material among them, its column (None on the hull), how its energy was taken.

    Raises
    ------
    InputError
        If the library has no energy for it.
    """
    atoms = sum(n for _, n in composition_of(material.formula))
    entropy = material.configurational_entropy * BOLTZMANN * material.entropy_temperature
    if material.formation_energy is not None:
        energy = material.formation_energy * atoms - entropy
        error = material.formation_error * atoms
        added = entries.with_phase(material.formula, material.id or "given", energy, error=error)
        return added, len(entries.ids), "formation energy given" + _entropy_words(entropy, atoms)
    if material.energy == "hull":
        return (
            entries,
            None,
            "on the hull of its composition: a phase less stable than that has the same limits",
        )
    column = entries.index(material.id or material.formula)
    if column is None:
        raise InputError(_no_entry(material, entries))
    words = f"entry {entries.formulas[column]} ({entries.ids[column]})"
    if not entropy:
        return entries, column, words
    factor = atoms / entries.matrix[:, column].sum()
    return (
        entries.with_phase(
            material.formula,
            f"{entries.ids[column]}+S",
            entries.energy[column] * factor - entropy,
            draws=entries.draws[:, column] * factor - entropy,
        ),
        len(entries.ids),
        words + _entropy_words(entropy, atoms),
    )


def _entropy_words(entropy: float, atoms: float) -> str:
    """How the entropy enters, in words."""
    return f", lowered by {entropy / atoms * 1e3:.1f} meV/atom of configurational entropy" if entropy else ""


def _no_entry(material: Material, entries: EntrySet) -> str:
    """Text for a material without an energy."""
    from electrolith.stability.library import nearest_formulas

    return (
        f"{nearest_formulas(reduced(material.formula), entries.formulas)}. For a phase that is not "
        "listed, give energy: hull (limits of its decomposition products), formation_energy, "
        "or entries of your own"
    )


def refuse_unbalanced(formula: str) -> None:
    """Refuse a compound whose usual oxidation states cannot sum to zero.

    Main-group elements take one of their common states, transition metals and lanthanides any mixture.

    Raises
    ------
    InputError
        Naming the sum nearest to zero.
    """
    from itertools import product

    from pymatgen.core import Composition

    composition = Composition(reduced(formula))
    if len(composition) < 2:
        return
    states = {e.symbol: _states(e) for e in composition}
    mixed = {e.symbol for e in composition if e.is_transition_metal or e.is_rare_earth}
    counts = {e.symbol: float(n) for e, n in composition.items()}
    spread = [sum(counts[e] * end(states[e]) for e in mixed) for end in (min, max)]
    fixed = [e for e in counts if e not in mixed]
    nearest_sum = np.inf
    for chosen in product(*(states[e] for e in fixed)):
        charge = sum(counts[e] * q for e, q in zip(fixed, chosen, strict=True))
        left = max(charge + spread[0], 0.0) + min(charge + spread[1], 0.0)
        nearest_sum = left if abs(left) < abs(nearest_sum) else nearest_sum
    if abs(nearest_sum) > 1e-3 * sum(counts.values()):
        raise InputError(
            f"{formula}: charges do not balance; with usual oxidation states the best sum is "
            f"{nearest_sum:+g} per {reduced(formula)}"
        )


def _states(element: Element) -> tuple[int, ...]:
    """Usual oxidation states; oxygen may be a peroxide."""
    extra = {"O": (-1,), "In": (1,)}.get(element.symbol, ())
    if element.is_transition_metal or element.is_rare_earth:
        extra = element.oxidation_states
    return (*element.common_oxidation_states, *extra) or (0,)


@dataclass(frozen=True)
class HullPlace:
    """Energy above the hull, eV/atom, and what the phase would fall apart into (per formula unit)."""

    formula: str
    energy_above_hull: Estimate
    formation_energy: Estimate
    products: dict[str, float]
    energy_taken: str
    fingerprint: str


def hull_place(material: Material, entries: EntrySet) -> HullPlace:
    """Where a phase sits above the hull of all other phases; negative when it is on the hull itself."""
    full, column, words = with_material(material, entries)
    composition = full.atoms(dict(composition_of(material.formula)))
    kept, columns, start, others = rivals(full, composition, without=column)
    atoms = composition.sum()
    nominal = equilibrium(full.energy[others], columns, composition[kept], start=start)
    values = np.array(
        [equilibrium(d[others], columns, composition[kept], start=start).value for d in full.draws]
    )
    factor = 1.0 if column is None else atoms / full.matrix[:, column].sum()
    own = nominal.value if column is None else full.energy[column] * factor
    own_draws = values if column is None else full.draws[:, column] * factor
    return HullPlace(
        material.formula,
        estimate((own - nominal.value) / atoms, (own_draws - values) / atoms, "eV"),
        estimate(own / atoms, own_draws / atoms, "eV"),
        {
            full.formulas[others[b]]: float(x)
            for b, x in zip(nominal.basis, nominal.amounts, strict=True)
            if x > 1e-6
        },
        words,
        full.fingerprint,
    )


def rivals(
    entries: EntrySet,
    composition: np.ndarray,
    *,
    open_elements: Sequence[str] = (),
    without: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What a composition can become: rows kept, their columns, a feasible start, and which entries those are.

    Open elements lose their rows; entries made of open elements alone are left out.
    """
    opened = [entries.elements.index(e) for e in open_elements]
    kept = np.array([i for i in range(len(entries.elements)) if composition[i] > 0 and i not in opened])
    shut = [i for i in range(len(entries.elements)) if i not in opened and composition[i] <= 0]
    if kept.size == 0:
        raise InputError("a composition of open elements only has no equilibrium to seek")
    allowed = entries.matrix[kept].sum(axis=0) > 0
    if shut:
        allowed &= entries.matrix[shut].sum(axis=0) == 0
    if without is not None:
        allowed[without] = False
    chosen = np.flatnonzero(allowed)
    terminals = entries.terminals([entries.elements[i] for i in kept])
    start = np.searchsorted(chosen, terminals)
    return kept, entries.matrix[np.ix_(kept, chosen)], start, chosen


def estimate(value: float, draws: np.ndarray, unit: str) -> Estimate:
    """An estimate with these draws; without draws its doubt is unknown."""
    return Estimate(draws, unit) if len(draws) else Estimate.unknown_doubt(value, unit)

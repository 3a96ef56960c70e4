"""Reactions where two phases meet, over all mixing ratios, closed or open to elements from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.crystal.oxidation import charge_of_ion
from electrolith.stability.coverage import refuse_gaps
from electrolith.stability.entries import EntrySet
from electrolith.stability.equilibrium import Equilibrium, equilibrium, kinks
from electrolith.stability.library import composition_of, shown
from electrolith.stability.material import Material, estimate, rivals, with_material

END = 1e-6
"""Kinks nearer to an end than this are that end."""


@dataclass(frozen=True)
class InterfaceSettings:
    """Elements free to come and go.

    chemical_potentials : eV of each open element against its pure phase; {"Li": -4.2} is 4.2 V against
        lithium metal. Empty for a closed interface.
    """

    chemical_potentials: dict[str, float] = field(default_factory=dict)

    @classmethod
    def at_volts(cls, potentials: Mapping[str, float]) -> InterfaceSettings:
        """Open elements at potentials in V against the pure element, {"Li": 4.2}."""
        return cls({element: -electrons_of(element) * volts for element, volts in potentials.items()})


def electrons_of(element: str) -> int:
    """Electrons per atom of an open metal; a potential of an anion former is counted per atom."""
    try:
        return max(charge_of_ion(element), 1)
    except InputError:
        return 1


@dataclass(frozen=True)
class Kink:
    """A mixing ratio at which the products change, or an end.

    fraction : share of the atoms that is of the first phase. total, mutual : eV per atom of the mixture
        (atoms of open elements counted as the phases hold them). products : formula units per atom.
    exchanged : atoms of each open element taken up per atom of the mixture.
    """

    fraction: float
    total: float
    mutual: float
    products: dict[str, float]
    exchanged: dict[str, float]


@dataclass(frozen=True)
class Interface:
    """What two phases do to each other.

    total : reaction energy from the phases as they are, decomposition of each on its own included.
    mutual : the part due to the contact, against both phases decomposed on their own; its minimum is the
        driving force of the interface. Both eV per atom, ≤ 0; `per_closed_atom` is their ratio to eV per
        atom of the elements that are not open (pymatgen's unit of open reactions) at the total minimum.
    own_first, own_second : decomposition energy of each phase alone under these conditions.
    """

    first: str
    second: str
    chemical_potentials: dict[str, float]
    kinks: tuple[Kink, ...]
    total: Estimate
    total_fraction: float
    mutual: Estimate
    mutual_fraction: float
    mutual_products: dict[str, float]
    own_first: Estimate
    own_second: Estimate
    per_closed_atom: float
    scheme: str
    fingerprint: str
    verdict: str

    @property
    def volts(self) -> dict[str, float]:
        """Potentials of the open elements against the pure ones, V: what an electrode holds them at."""
        return volts_of(self.chemical_potentials)


def volts_of(potentials: Mapping[str, float]) -> dict[str, float]:
    """Potentials in V of chemical potentials in eV; -0 is 0."""
    return {element: 0.0 - mu / electrons_of(element) for element, mu in potentials.items()}


@dataclass(frozen=True)
class _Mixture:
    """The linear programme of a mixture x of the first phase, 1 - x of the second (per atom)."""

    cost: np.ndarray
    columns: np.ndarray
    start: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def at(self, x: float) -> Equilibrium:
        """Equilibrium of the mixture."""
        composition = x * self.first + (1 - x) * self.second
        return equilibrium(self.cost, self.columns, composition, start=self.start)

    def line(self, x: float) -> tuple[float, float]:
        """Grand potential per atom and its slope in x."""
        found = self.at(x)
        return found.value, float(found.duals @ (self.first - self.second))


def interface(
    first: Material, second: Material, entries: EntrySet, settings: InterfaceSettings | None = None
) -> Interface:
    """Pseudo-binary reactions of two phases at every mixing ratio.

    Raises
    ------
    InputError
        If an open element is not in the entries, or both phases are the same composition.

    Source: Richards et al., Chem. Mater. 28, 266 (2016); Zhu, He and Mo, J. Mater. Chem. A 4, 3253 (2016).
    """
    settings = settings or InterfaceSettings()
    potentials = settings.chemical_potentials
    if unknown := sorted(set(potentials) - set(entries.elements)):
        raise InputError(
            f"interface: the open element {', '.join(unknown)} is not in the entries "
            f"({', '.join(entries.elements)})"
        )
    for phase in (first, second):
        if phase.elements <= set(potentials):
            raise InputError(
                f"interface: {phase.label} is nothing but the open element, so there is no mixture; ask for "
                f"the window of the other phase, or leave {phase.label} closed"
            )
    if above := [e for e, mu in potentials.items() if mu > 0]:
        raise InputError(
            f"interface: a chemical potential of {potentials[above[0]]:+g} eV lies above the pure element "
            f"{above[0]}, which would plate out; expected 0 or below ({above[0]}=4.2 V is -4.2 eV)"
        )
    full, mine, _ = with_material(first, entries)
    full, other, _ = with_material(second, full)
    pair = _Pair.of((first, second), (mine, other), full, potentials)
    points = _kinks(pair)
    totals, mutuals, firsts, seconds = pair.drawn()
    total = min(points, key=lambda k: k.total)
    mutual = min(points, key=lambda k: k.mutual)
    missing = refuse_gaps(
        f"interface of {first.label} and {second.label}", entries, [k.products for k in (total, mutual)]
    )
    closed = 1.0 - float(pair.mixed(total.fraction)[pair.opened].sum())
    return Interface(
        first.label,
        second.label,
        dict(potentials),
        points,
        estimate(total.total, totals, "eV"),
        total.fraction,
        estimate(mutual.mutual, mutuals, "eV"),
        mutual.fraction,
        mutual.products,
        estimate(points[-1].total, firsts, "eV"),
        estimate(points[0].total, seconds, "eV"),
        1 / closed,
        full.scheme,
        full.fingerprint,
        _verdict(first.label, second.label, mutual, potentials)
        + (f"; the library lacks {', '.join(missing)}" if missing else ""),
    )


@dataclass(frozen=True)
class _Pair:
    """Two phases among their entries: compositions per atom, their columns, the linear programme."""

    entries: EntrySet
    compositions: tuple[np.ndarray, np.ndarray]
    columns: tuple[int | None, int | None]
    open_names: tuple[str, ...]
    opened: np.ndarray
    mu: np.ndarray
    kept: np.ndarray
    matrix: np.ndarray
    start: np.ndarray
    chosen: np.ndarray

    @classmethod
    def of(
        cls,
        materials: tuple[Material, Material],
        columns: tuple[int | None, int | None],
        entries: EntrySet,
        potentials: Mapping[str, float],
    ) -> _Pair:
        """Set up the linear programme of all mixtures."""
        a, b = (_per_atom(m, entries) for m in materials)
        opened = np.array([entries.elements.index(e) for e in potentials], dtype=int)
        kept, matrix, start, chosen = rivals(entries, a + b, open_elements=tuple(potentials))
        mu = np.array(list(potentials.values()))
        return cls(entries, (a, b), columns, tuple(potentials), opened, mu, kept, matrix, start, chosen)

    def mixed(self, x: float) -> np.ndarray:
        """Composition per atom of the mixture."""
        return x * self.compositions[0] + (1 - x) * self.compositions[1]

    def mixture(self, energy: np.ndarray) -> _Mixture:
        """The programme for given energies of the entries."""
        cost = energy[self.chosen] - self.mu @ self.entries.matrix[np.ix_(self.opened, self.chosen)]
        first, second = (c[self.kept] for c in self.compositions)
        return _Mixture(cost, self.matrix, self.start, first, second)

    def ends(self, energy: np.ndarray, mixture: _Mixture) -> tuple[float, float]:
        """Grand potential per atom of the two phases as they are; on the hull where one has no entry."""
        values = []
        for column, composition, x in zip(self.columns, self.compositions, (1.0, 0.0), strict=True):
            if column is None:
                values.append(mixture.at(x).value)
            else:
                own = energy[column] / self.entries.matrix[:, column].sum()
                values.append(float(own - self.mu @ composition[self.opened]))
        return values[0], values[1]

    def drawn(self) -> np.ndarray:
        """Minima and ends of every draw: total, mutual, first alone, second alone; eV/atom, (4, draws)."""
        rows = []
        for energy in self.entries.draws:
            mix = self.mixture(energy)
            one, zero = mix.at(1.0).value, mix.at(0.0).value
            first, second = self.ends(energy, mix)
            values = [(x, mix.line(x)[0]) for x in (0.0, *kinks(mix.line, 0.0, 1.0), 1.0)]
            total = min(v - x * first - (1 - x) * second for x, v in values)
            mutual = min(v - x * one - (1 - x) * zero for x, v in values)
            rows.append((total, mutual, one - first, zero - second))
        return np.array(rows).reshape(-1, 4).T


def _per_atom(material: Material, entries: EntrySet) -> np.ndarray:
    """Composition per atom, (e,)."""
    amounts = entries.atoms(dict(composition_of(material.formula)))
    return amounts / amounts.sum()


def _kinks(pair: _Pair) -> tuple[Kink, ...]:
    """Every corner of the reaction energy, ends included, by rising share of the first phase."""
    mix, entries = pair.mixture(pair.entries.energy), pair.entries
    one, zero = mix.at(1.0).value, mix.at(0.0).value
    first, second = pair.ends(entries.energy, mix)
    points = []
    inner = (x for x in kinks(mix.line, 0.0, 1.0) if END < x < 1 - END)
    for x in (0.0, *inner, 1.0):
        found = mix.at(x)
        parts = [(pair.chosen[i], n) for i, n in zip(found.basis, found.amounts, strict=True) if n > 1e-7]
        held = sum((n * entries.matrix[pair.opened, i] for i, n in parts), np.zeros(len(pair.opened)))
        taken = held - pair.mixed(x)[pair.opened]
        points.append(
            Kink(
                x,
                found.value - x * first - (1 - x) * second,
                found.value - x * one - (1 - x) * zero,
                {entries.formulas[i]: float(n) for i, n in parts},
                dict(zip(pair.open_names, map(float, taken), strict=True)),
            )
        )
    return tuple(points)


def _verdict(first: str, second: str, mutual: Kink, potentials: Mapping[str, float]) -> str:
    """The interface in a sentence."""
    where = ", ".join(f"{e} at {v:g} V" for e, v in volts_of(potentials).items())
    under = f" open to {where}" if where else ""
    if mutual.mutual > -1e-3:
        energy = f"mutual {mutual.mutual * 1e3:.1f} meV/atom"
        return f"{first} and {second}{under}: no reaction of their own ({energy})"
    products = " + ".join(sorted(map(shown, mutual.products)))
    return (
        f"{first} and {second}{under} react to {products}: mutual {mutual.mutual * 1e3:.0f} meV/atom "
        f"at {mutual.fraction:.2f} of the atoms from {first}"
    )


def corners(result: Interface) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fractions, total and mutual energies at the kinks, for a figure."""
    return (
        np.array([k.fraction for k in result.kinks]),
        np.array([k.total for k in result.kinks]),
        np.array([k.mutual for k in result.kinks]),
    )

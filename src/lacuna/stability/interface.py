"""Reactions where two phases meet, over all mixing ratios, closed or open to elements from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lacuna.core.errors import InputError
from lacuna.core.estimate import Estimate
from lacuna.stability.entries import EntrySet
from lacuna.stability.equilibrium import Equilibrium, equilibrium, kinks
from lacuna.stability.library import composition_of, shown
from lacuna.stability.material import Material, estimate, rivals, with_material


@dataclass(frozen=True)
class InterfaceSettings:
    """Elements free to come and go.

    chemical_potentials : eV of each open element against its pure phase; {"Li": -4.2} is 4.2 V against
        lithium metal. Empty for a closed interface.
    """

    chemical_potentials: dict[str, float] = field(default_factory=dict)


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
    if missing := sorted(set(potentials) - set(entries.elements)):
        raise InputError(
            f"interface: the open element {', '.join(missing)} is not in the entries ({', '.join(entries.elements)})"
        )
    full, mine, _ = with_material(first, entries)
    full, other, _ = with_material(second, full)
    a, b = (_per_atom(m, full) for m in (first, second))
    opened = [full.elements.index(e) for e in potentials]
    mu = np.array(list(potentials.values()))
    kept, columns, start, chosen = rivals(full, a + b, open_elements=tuple(potentials))

    def mixture(energy: np.ndarray) -> _Mixture:
        cost = energy[chosen] - mu @ full.matrix[np.ix_(opened, chosen)]
        return _Mixture(cost, columns, start, a[kept], b[kept])

    def own(energy: np.ndarray, column: int | None, composition: np.ndarray) -> float | None:
        if column is None:
            return None
        return float(energy[column] / full.matrix[:, column].sum() - mu @ composition[opened])

    nominal = mixture(full.energy)
    ends = (own(full.energy, mine, a), own(full.energy, other, b))
    points = _kinks(nominal, ends, full, chosen, opened, a, b, tuple(potentials))
    totals, mutuals, firsts, seconds = _drawn(full, mixture, own, (mine, other), (a, b))
    total = min(points, key=lambda k: k.total)
    mutual = min(points, key=lambda k: k.mutual)
    closed = 1.0 - float((total.fraction * a + (1 - total.fraction) * b)[opened].sum())
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
        _verdict(first.label, second.label, mutual, potentials),
    )


def _per_atom(material: Material, entries: EntrySet) -> np.ndarray:
    """Composition per atom, (e,)."""
    amounts = entries.atoms(dict(composition_of(material.formula)))
    return amounts / amounts.sum()


def _kinks(
    mixture: _Mixture,
    ends: tuple[float | None, float | None],
    entries: EntrySet,
    chosen: np.ndarray,
    opened: list[int],
    a: np.ndarray,
    b: np.ndarray,
    names: tuple[str, ...],
) -> tuple[Kink, ...]:
    """Every corner of the reaction energy, ends included, by rising share of the first phase."""
    one, zero = mixture.at(1.0).value, mixture.at(0.0).value
    of_first = one if ends[0] is None else ends[0]
    of_second = zero if ends[1] is None else ends[1]
    points = []
    for x in (0.0, *kinks(mixture.line, 0.0, 1.0), 1.0):
        found = mixture.at(x)
        parts = [(chosen[i], n) for i, n in zip(found.basis, found.amounts, strict=True) if n > 1e-7]
        held = sum((n * entries.matrix[opened, i] for i, n in parts), np.zeros(len(opened)))
        taken = held - (x * a + (1 - x) * b)[opened]
        points.append(
            Kink(
                x,
                found.value - x * of_first - (1 - x) * of_second,
                found.value - x * one - (1 - x) * zero,
                {entries.formulas[i]: float(n) for i, n in parts},
                dict(zip(names, map(float, taken), strict=True)),
            )
        )
    return tuple(points)


def _drawn(full, mixture, own, columns, compositions):  # type: ignore[no-untyped-def]
    """Minima and ends of every draw: total, mutual, first alone, second alone, eV/atom."""
    rows = []
    for energy in full.draws:
        mix = mixture(energy)
        one, zero = mix.at(1.0).value, mix.at(0.0).value
        ends = [own(energy, c, x) for c, x in zip(columns, compositions, strict=True)]
        of_first, of_second = (h if e is None else e for h, e in zip((one, zero), ends, strict=True))
        values = [(x, mix.line(x)[0]) for x in (0.0, *kinks(mix.line, 0.0, 1.0), 1.0)]
        rows.append(
            (
                min(v - x * of_first - (1 - x) * of_second for x, v in values),
                min(v - x * one - (1 - x) * zero for x, v in values),
                one - of_first,
                zero - of_second,
            )
        )
    return np.array(rows).reshape(-1, 4).T


def _verdict(first: str, second: str, mutual: Kink, potentials: Mapping[str, float]) -> str:
    """The interface in a sentence."""
    where = ", ".join(f"{e} at {mu:+.2f} eV" for e, mu in potentials.items())
    under = f" open to {where}" if where else ""
    if mutual.mutual > -1e-3:
        return f"{first} and {second}{under}: no reaction of their own (mutual {mutual.mutual * 1e3:.1f} meV/atom)"
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

"""The electrochemical window: what a phase becomes at every potential of the working ion's metal."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.crystal.oxidation import charge_of_ion
from electrolith.stability.coverage import refuse_gaps
from electrolith.stability.entries import EntrySet
from electrolith.stability.equilibrium import Equilibrium, equilibrium, kinks
from electrolith.stability.library import composition_of, shown
from electrolith.stability.material import HullPlace, Material, estimate, hull_place, rivals, with_material

SAME_UPTAKE = 1e-5
EDGE = 1e-4
"""V; how far beside a limit its products are read."""


@dataclass(frozen=True)
class WindowSettings:
    """Range of the ladder, V against the metal of the working ion, and the charge that ion carries.

    charge : e; without it that of the element, where it has only one.
    """

    working_ion: str = "Li"
    charge: int | None = None
    highest: float = 7.0

    @property
    def ion_charge(self) -> int:
        """Charge of the working ion, e."""
        return charge_of_ion(self.working_ion) if self.charge is None else self.charge

    def __post_init__(self) -> None:
        if self.highest <= 0:
            raise InputError(f"highest potential must be above 0 V, got {self.highest}")
        if self.ion_charge < 1:
            raise InputError(
                f"charge of the working ion must be at least 1, got {self.ion_charge:+d} "
                f"for {self.working_ion}: against an anion oxidation and "
                "reduction change sides; give the cation that moves"
            )


@dataclass(frozen=True)
class Plateau:
    """What the phase has become between two potentials.

    low, high : V. uptake : working ions taken up per formula unit (negative: given off).
    products : formula units per formula unit. reaction_energy : eV per atom of the phase in the middle.
    """

    low: float
    high: float
    uptake: float
    products: dict[str, float]


@dataclass(frozen=True)
class Window:
    """Limits of a phase against the metal of the working ion.

    reduction, oxidation : V with doubt; equal where the phase is stable at no potential. An oxidation at
        `highest`, the end of the scan, is no limit but a bound.
    missing : compounds that the library lacks and on which this answer does not stand.
    stable : share of the draws in which the window is open (None without draws).
    reduction_products, oxidation_products : product sets just beyond the limits and how often each appears.
    voltages, decomposition : V and eV per atom (≤ 0) along the ladder's corners, for figures.
    """

    label: str
    formula: str
    working_ion: str
    reduction: Estimate
    oxidation: Estimate
    nominal: tuple[float, float]
    ladder: tuple[Plateau, ...]
    reduction_products: dict[str, float]
    oxidation_products: dict[str, float]
    open_share: float | None
    place: HullPlace
    voltages: np.ndarray
    decomposition: np.ndarray
    energy_at_metal: Estimate
    scheme: str
    fingerprint: str
    verdict: str
    highest: float = 7.0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Ladder:
    """The linear programme of one composition against the potential of the working ion."""

    cost: np.ndarray
    ions: np.ndarray
    columns: np.ndarray
    composition: np.ndarray
    start: np.ndarray
    highest: float

    def at(self, voltage: float) -> Equilibrium:
        """Equilibrium at a potential, V times charge."""
        found = equilibrium(self.cost + voltage * self.ions, self.columns, self.composition, start=self.start)
        self.start[:] = found.basis
        return found

    def line(self, voltage: float) -> tuple[float, float]:
        """Grand potential, eV, and working ions held."""
        found = self.at(voltage)
        return found.value, float(found.amounts @ self.ions[found.basis])

    @cached_property
    def corners(self) -> tuple[float, ...]:
        """Potentials at which the products change."""
        return kinks(self.line, 0.0, self.highest)

    def limits(self, held: float) -> tuple[float, float]:
        """Where the equilibrium holds more than `held` ions, and where less; equal when nowhere as many."""
        reduction, oxidation = 0.0, self.highest
        edges = (0.0, *self.corners, self.highest)
        for low, high in itertools.pairwise(edges):
            ions = self.line((low + high) / 2)[1]
            if ions > held + SAME_UPTAKE:
                reduction = high
            elif ions < held - SAME_UPTAKE:
                return reduction, max(low, reduction)
        return reduction, oxidation


def window(material: Material, entries: EntrySet, settings: WindowSettings | None = None) -> Window:
    """Grand-potential equilibrium of a phase at every potential, for the best energies and for every draw.

    The phase is stable where the equilibrium of its other elements holds as many working ions as the phase;
    for a phase above the hull these are the limits of what it falls apart into at fixed composition.

    Raises
    ------
    InputError
        If the working ion is not in the entries, the material is its metal, or has no energy.

    Source: Zhu, He and Mo, ACS Appl. Mater. Interfaces 7, 23685 (2015).
    """
    settings = settings or WindowSettings()
    if settings.working_ion not in entries.elements:
        raise InputError(
            f"window: the open element {settings.working_ion} is not in the entries "
            f"({', '.join(entries.elements)}); there is no potential to scan"
        )
    if len(composition_of(material.formula)) == 1:
        what = (
            "the metal of the working ion itself"
            if material.elements == {settings.working_ion}
            else "an element"
        )
        raise InputError(
            f"window: {material.formula} is {what}, it has no window; "
            f"expected a compound such as {settings.working_ion}Cl"
        )
    charge = settings.ion_charge
    place = hull_place(material, entries)
    full, column, _ = with_material(material, entries)
    composition = full.atoms(dict(composition_of(material.formula)))
    ion = full.elements.index(settings.working_ion)
    held, atoms = composition[ion], composition.sum()

    def ladder(energy: np.ndarray) -> _Ladder:
        kept, columns, start, chosen = rivals(full, composition, open_elements=(settings.working_ion,))
        ions = full.matrix[ion, chosen] * charge
        return _Ladder(energy[chosen], ions, columns, composition[kept], start, settings.highest)

    names = [full.formulas[i] for i in rivals(full, composition, open_elements=(settings.working_ion,))[3]]
    nominal = ladder(full.energy)
    limits = nominal.limits(held * charge)
    edges = np.array([0.0, *nominal.corners, settings.highest])
    factor = 0.0 if column is None else atoms / full.matrix[:, column].sum()
    own = _hull_energy(full, composition) if column is None else full.energy[column] * factor
    drop = np.array([nominal.line(v)[0] - own - held * charge * v for v in edges]) / atoms
    drawn = [_sample(ladder(d), held * charge, names) for d in full.draws]
    at_metal = [
        (s.at_metal - (_hull_energy(full, composition, d) if column is None else d[column] * factor)) / atoms
        for s, d in zip(drawn, full.draws, strict=True)
    ]
    open_share = float(np.mean([s.limits[1] > s.limits[0] + EDGE for s in drawn])) if drawn else None
    beyond = _sample(nominal, held * charge, names)
    ladder_steps = _plateaus(nominal, edges, names, held, charge)
    beside = [p.products for p in ladder_steps if p.high >= limits[0] - EDGE and p.low <= limits[1] + EDGE]
    if (
        place.energy_above_hull.value > -EDGE
    ):  # a phase on the hull owes nothing to what it would fall apart into
        beside.append(place.products)
    missing = refuse_gaps(f"window of {material.label}", entries, beside)
    return Window(
        label=material.label,
        formula=material.formula,
        working_ion=settings.working_ion,
        reduction=estimate(limits[0], np.array([s.limits[0] for s in drawn]), "V"),
        oxidation=estimate(limits[1], np.array([s.limits[1] for s in drawn]), "V"),
        nominal=limits,
        ladder=ladder_steps,
        reduction_products=_shares([s.below for s in drawn] or [beyond.below]),
        oxidation_products=_shares([s.above for s in drawn] or [beyond.above]),
        open_share=open_share,
        place=place,
        voltages=edges,
        decomposition=np.minimum(drop, 0.0),
        energy_at_metal=estimate(float(drop[0]), np.array(at_metal), "eV"),
        scheme=full.scheme,
        fingerprint=full.fingerprint,
        verdict=_verdict(material.label, limits, place, settings) + _lacking(missing),
        highest=settings.highest,
        missing=missing,
    )


@dataclass(frozen=True)
class _Sample:
    """One draw: limits, product sets beside them, grand potential at the metal."""

    limits: tuple[float, float]
    below: str
    above: str
    at_metal: float


def _sample(ladder: _Ladder, held: float, names: list[str]) -> _Sample:
    """Limits and products of one set of energies."""
    low, high = ladder.limits(held)
    below = _product_set(ladder.at(max(low - EDGE, 0.0)), names) if low > EDGE else "none"
    above = _product_set(ladder.at(high + EDGE), names) if high < ladder.highest - EDGE else "none"
    return _Sample((low, high), below, above, ladder.line(0.0)[0])


def _hull_energy(entries: EntrySet, composition: np.ndarray, energy: np.ndarray | None = None) -> float:
    """Least energy of the closed composition, eV."""
    kept, columns, start, chosen = rivals(entries, composition)
    cost = (entries.energy if energy is None else energy)[chosen]
    return equilibrium(cost, columns, composition[kept], start=start).value


def _product_set(found: Equilibrium, names: list[str]) -> str:
    """Products as one text, "Li2S + LiCl + P"."""
    return " + ".join(
        sorted(shown(names[b]) for b, x in zip(found.basis, found.amounts, strict=True) if x > 1e-6)
    )


def _plateaus(
    ladder: _Ladder, edges: np.ndarray, names: list[str], held: float, charge: int
) -> tuple[Plateau, ...]:
    """The whole ladder, from the metal upwards."""
    plateaus = []
    for low, high in itertools.pairwise(edges):
        found = ladder.at((low + high) / 2)
        ions = float(found.amounts @ ladder.ions[found.basis]) / charge
        products = {names[b]: float(x) for b, x in zip(found.basis, found.amounts, strict=True) if x > 1e-6}
        plateaus.append(Plateau(float(low), float(high), ions - held, products))
    return tuple(plateaus)


def _shares(sets: list[str]) -> dict[str, float]:
    """How often each product set appears, most frequent first."""
    return {name: n / len(sets) for name, n in Counter(sets).most_common()}


def _lacking(missing: tuple[str, ...]) -> str:
    """What the library lacks, as the end of a sentence."""
    return f"; the library lacks {', '.join(missing)}, which could only narrow the window" if missing else ""


def _verdict(label: str, limits: tuple[float, float], place: HullPlace, settings: WindowSettings) -> str:
    """The window in a sentence; says so when there is none."""
    ion = settings.working_ion
    above = place.energy_above_hull.value
    falls = " + ".join(f"{n:.3g} {shown(f)}" for f, n in place.products.items())
    if limits[1] <= limits[0] + EDGE:
        return (
            f"{label} is stable at no potential: reduction and oxidation meet at {limits[0]:.2f} V; "
            f"{above * 1e3:+.0f} meV/atom against {falls}"
        )
    metal = f"stable against {ion} metal" if limits[0] < EDGE else f"reduced below {limits[0]:.2f} V"
    end = limits[1] > settings.highest - EDGE
    upper = (
        f"not oxidised up to {limits[1]:g} V, where the scan ends"
        if end
        else f"oxidised above {limits[1]:.2f} V"
    )
    text = f"{label}: {metal}, {upper}"
    if above > EDGE:
        text += f"; {above * 1e3:.0f} meV/atom above the hull ({falls}), so these are limits of metastability"
    return text

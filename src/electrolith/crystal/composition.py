"""How many atoms of each species a supercell of a disordered crystal gets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError, brief, nearest
from electrolith.core.estimate import Estimate
from electrolith.crystal.crystal import DisorderedCrystal, Site
from electrolith.crystal.neutral import NEUTRAL, least_charged, neutral_fillings, positions_of
from electrolith.crystal.species import element_of

__all__ = [
    "Composition",
    "Filling",
    "composition_with_vacancies",
    "find_composition",
    "given_composition",
    "parse_formula",
]

LONGEST = 300  # characters of a formula
WISH_DOUBT = 1e-4  # tight: a wished occupancy goes before every refined one


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """What one site of the crystal gets in the supercell.

    label, wyckoff: of the site. positions: how many of them the supercell has.
    atoms: integer number of atoms by species; the rest of the positions is vacant.
    refined: occupancy by species, from the crystal.
    vacancy: share of vacant positions here; refined_vacancy: the same in the crystal.
    """

    label: str
    wyckoff: str
    positions: int
    atoms: dict[str, int]
    refined: dict[str, Estimate]
    vacancy: float
    refined_vacancy: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """Integer, charge-neutral content of a supercell and its distance from the refined occupancies.

    formula: "Li54N12Cl18". fillings: site by site. charge: e, 0 within rounding.
    sigmas: root of the sum of squared distances of all partial occupancies, each in its standard uncertainty;
        nan where an uncertainty is not stated.
    percent: largest distance of an occupancy, in percent of the site's positions.
    found: whether it was searched for (or given by the user).
    alternatives: formulas of the next nearest neutral compositions, nearest first, with their distance (the
        number searched by: in units of the standard uncertainties, 0.01 where not stated).
    """

    formula: str
    fillings: tuple[Filling, ...]
    charge: float
    sigmas: float
    percent: float
    found: bool
    alternatives: tuple[tuple[str, float], ...]

    @property
    def atoms(self) -> dict[str, int]:
        """Atoms of each species in the supercell."""
        return _counts([filling.atoms for filling in self.fillings])

    def text(self) -> str:
        """One line for people: the vacancies here against the refined ones."""
        parts = [
            f"{f.label}: {100 * f.vacancy:.4g} % vacant (refined {_percent(f.refined_vacancy)})"
            for f in self.fillings
            if f.vacancy > 0 or f.refined_vacancy.doubt != "exact"
        ]
        distance = "" if np.isnan(self.sigmas) else f"; {self.sigmas:.1f} standard uncertainties in all"
        return f"{self.formula}; " + "; ".join(parts) + distance


def parse_formula(formula: str) -> dict[str, int]:
    """Counts of a formula such as "Li54N12Cl18".

    Raises
    ------
    InputError
        If it is not a row of elements with whole numbers.
    """
    if len(formula) > LONGEST:
        raise InputError(f"composition {brief(formula)} is too long to be a formula; expected 'Li54N12Cl18'")
    found = re.findall(r"([A-Z][a-z]?(?:\d*[+-])?)(\d*)", formula.replace(" ", ""))
    if not found or "".join(a + b for a, b in found) != formula.replace(" ", ""):
        raise InputError(f"composition {formula!r} is no formula with whole numbers; expected 'Li54N12Cl18'")
    counts: dict[str, int] = {}
    for name, number in found:
        element_of(name)
        counts[name] = counts.get(name, 0) + int(number or 1)
    return counts


def find_composition(crystal: DisorderedCrystal, supercell: tuple[int, int, int]) -> Composition:
    r"""Nearest charge-neutral integer composition of a supercell.

    Minimises Σ ((n/M - x)/σ)² over all partial occupancies x ± σ of sites with M positions, with
    Σ n ≤ M on each site and Σ q n = 0; σ is 0.01 where the file states none. The search is exact: the
    fillings near the refined one (at most 12 % away) are listed per site and the sites joined by charge.

    Parameters
    ----------
    crystal : with oxidation states for all its species.
    supercell : repeats along the three vectors.

    Returns
    -------
    The composition, with the next nearest ones.

    Raises
    ------
    InputError
        If no filling within 12 % of the refined occupancies is neutral.
    """
    best = neutral_fillings(crystal, supercell)
    if not best:
        charge, (_, least) = least_charged(crystal, supercell)
        raise InputError(
            f"{crystal.source or 'crystal'}: no charge-neutral composition of a "
            f"{'×'.join(map(str, supercell))} supercell within 12 % of the refined occupancies "
            f"(the nearest to neutral, {_formula(_counts(least))}, has {charge:+g} e); "
            f"check the oxidation states {_states(crystal)} or take a larger supercell"
        )
    (_, first), *others = best
    alternatives = tuple((_formula(_counts(atoms)), float(np.sqrt(cost))) for cost, atoms in others)
    return _composition(crystal, supercell, first, found=True, alternatives=alternatives)


def composition_with_vacancies(
    crystal: DisorderedCrystal, supercell: tuple[int, int, int], *, element: str, vacancy: float
) -> Composition:
    """Neutral composition with a chosen share of vacancies on the sites of one element.

    The number of atoms of the element is the whole number nearest to the wish for which a neutral composition
    exists; everything else stays as near to the refined occupancies as it can.

    Parameters
    ----------
    crystal : with oxidation states for all its species.
    supercell : repeats along the three vectors.
    element : whose partly occupied sites are meant.
    vacancy : share of vacant positions there, 0 to 1.

    Returns
    -------
    The composition; `sigmas` measures it against the refined occupancies, not against the wish.

    Raises
    ------
    InputError
        If the share is impossible, the element has no partly occupied site, or nothing neutral is near.
    """
    if not 0 <= vacancy < 1:
        raise InputError(f"vacancy must be at least 0 and below 1, got {vacancy}")
    wish = tuple(_thinned(site, element, vacancy) for site in crystal.sites)
    if all(new is old for new, old in zip(wish, crystal.sites, strict=True)):
        raise InputError(f"{crystal.source or 'crystal'}: no partly occupied site holds {element}")
    wished = replace(crystal, sites=wish)
    found = find_composition(wished, supercell)
    return _composition(
        crystal, supercell, [f.atoms for f in found.fillings], found=True, alternatives=found.alternatives
    )


def _thinned(site: Site, element: str, vacancy: float) -> Site:
    """The site with its occupancies scaled to the wished vacancies, held tighter than any refined one."""
    if site.is_full or element not in {element_of(name) for name in site.occupancy}:
        return site
    factor = (1 - vacancy) / (1 - site.vacancy.value)
    spread = np.array([-WISH_DOUBT, WISH_DOUBT]) / np.sqrt(2)
    wished = {name: Estimate(share.value * factor + spread, "1") for name, share in site.occupancy.items()}
    return replace(site, occupancy=wished)


def given_composition(
    crystal: DisorderedCrystal, supercell: tuple[int, int, int], formula: str
) -> Composition:
    """The user's composition, shared out over the sites as near to the refined occupancies as it can be.

    Parameters
    ----------
    crystal : with oxidation states for all its species.
    supercell : repeats along the three vectors.
    formula : content of the whole supercell, "Li54N12Cl18".

    Returns
    -------
    The composition.

    Raises
    ------
    InputError
        If it has a species that the crystal has not, lacks one, is charged, or does not fit on the sites.
    """
    wanted = parse_formula(formula)
    for name in wanted:
        if name not in crystal.species:
            raise InputError(nearest(f"composition {formula}", name, crystal.species))
    wanted = {name: wanted.get(name, 0) for name in crystal.species}
    _check_charge(crystal, supercell, formula, wanted)
    atoms = _share_out(crystal, supercell, formula, wanted)
    return _composition(crystal, supercell, atoms, found=False, alternatives=())


def _check_charge(
    crystal: DisorderedCrystal, supercell: tuple[int, int, int], formula: str, wanted: dict[str, int]
) -> None:
    charge = float(np.dot(crystal.charges_of(list(wanted)), list(wanted.values())))
    if abs(charge) > NEUTRAL:
        best = neutral_fillings(crystal, supercell)
        hint = f"; the nearest neutral one is {_formula(_counts(best[0][1]))}" if best else ""
        raise InputError(f"composition {formula} has the charge {charge:+g} e with {_states(crystal)}{hint}")


def _share_out(
    crystal: DisorderedCrystal, supercell: tuple[int, int, int], formula: str, wanted: dict[str, int]
) -> list[dict[str, int]]:
    """Atoms by site: the shares of the refined content, rounded so that the totals are right."""
    positions = positions_of(crystal, supercell)
    atoms: list[dict[str, int]] = [{} for _ in crystal.sites]
    for name, number in wanted.items():
        homes = [i for i, s in enumerate(crystal.sites) if name in s.occupancy]
        expected = np.array([crystal.sites[i].occupancy[name].value * positions[i] for i in homes])
        if len(homes) > 1:
            shares = _round_to(expected * number / expected.sum(), number)
        else:
            shares = np.array([number])
        for i, share in zip(homes, shares, strict=True):
            atoms[i][name] = int(share)
    for i, site in enumerate(crystal.sites):
        if sum(atoms[i].values()) > positions[i]:
            raise InputError(
                f"composition {formula} puts {_formula(atoms[i])} on site {site.label} "
                f"({site.wyckoff}), which has {positions[i]} positions in a "
                f"{'×'.join(map(str, supercell))} supercell"
            )
    _check_size(crystal, supercell, formula, wanted)
    return atoms


def _check_size(
    crystal: DisorderedCrystal, supercell: tuple[int, int, int], formula: str, wanted: dict[str, int]
) -> None:
    """Refuse a formula unit given in place of the whole supercell."""
    cells = int(np.prod(supercell))
    refined = sum(amount.value for amount in crystal.content.values()) * cells
    factor = round(refined / sum(wanted.values()))
    if factor > 1:
        whole = _formula({name: n * factor for name, n in wanted.items()})
        raise InputError(
            f"composition {formula} leaves most sites empty: the supercell has about {refined:.0f} atoms; "
            f"give the content of the whole supercell, perhaps {whole}"
        )


def _round_to(expected: NDArray[np.float64], number: int) -> NDArray[np.int64]:
    """Whole numbers nearest to the expected ones with the given sum (largest remainders)."""
    whole = np.floor(expected).astype(int)
    order = np.argsort(whole - expected)
    whole[order[: number - whole.sum()]] += 1
    return whole


def _composition(
    crystal: DisorderedCrystal,
    supercell: tuple[int, int, int],
    atoms: Sequence[dict[str, int]],
    *,
    found: bool,
    alternatives: tuple[tuple[str, float], ...],
) -> Composition:
    fillings = tuple(
        Filling(
            site.label,
            site.wyckoff,
            positions,
            dict(numbers),
            dict(site.occupancy),
            1 - sum(numbers.values()) / positions,
            site.vacancy,
        )
        for site, positions, numbers in zip(
            crystal.sites, positions_of(crystal, supercell), atoms, strict=True
        )
    )
    partial = [
        (abs(f.atoms[name] / f.positions - x.value), x)
        for f, site in zip(fillings, crystal.sites, strict=True)
        if not site.is_full
        for name, x in f.refined.items()
    ]
    known = all(x.doubt == "known" and x.std > 0 for _, x in partial)
    counts = _counts([f.atoms for f in fillings])
    return Composition(
        formula=_formula(counts),
        fillings=fillings,
        charge=float(np.dot(crystal.charges_of(list(counts)), list(counts.values()))),
        sigmas=float(np.sqrt(sum((d / x.std) ** 2 for d, x in partial))) if known else float("nan"),
        percent=100 * max((d for d, _ in partial), default=0.0),
        found=found,
        alternatives=alternatives,
    )


def _counts(parts: Sequence[dict[str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in parts:
        for name, number in part.items():
            counts[name] = counts.get(name, 0) + number
    return counts


def _formula(counts: dict[str, int]) -> str:
    return "".join(f"{name}{number if number > 1 else ''}" for name, number in counts.items() if number)


def _states(crystal: DisorderedCrystal) -> str:
    return ", ".join(f"{name} {charge:+g}" for name, charge in crystal.oxidation_states.items())


def _percent(share: Estimate) -> str:
    doubt = {"exact": "", "unknown": ", uncertainty not stated"}.get(share.doubt, f" ± {100 * share.std:.2g}")
    return f"{100 * share.value:.3g}{doubt}"

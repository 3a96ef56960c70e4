"""Ordered realisations of a disordered crystal: random decorations ranked by electrostatics, annealed ones.

The lowest and some random of many decorations stand for the disordered material, as in
doi:10.1126/sciadv.adh4626; swap Monte Carlo reaches the arrangements that random sampling never meets.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.crystal.canonical import smallest
from electrolith.crystal.composition import Composition, find_composition, given_composition
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.decorate import VACANT, SupercellSites, frame_of, random_decorations, supercell_sites
from electrolith.crystal.ewald import energies, pair_matrix
from electrolith.crystal.exchange import Seated
from electrolith.crystal.exclusion import exclusions, separate, walled
from electrolith.crystal.frame import Frame
from electrolith.crystal.swap import Annealing, anneal, swap_problem
from electrolith.crystal.symmetry import permutations

__all__ = ["Keep", "Kind", "MonteCarlo", "Ordering", "Orderings", "distinct", "order_crystal", "with_found"]

Kind = Literal["lowest", "random", "monte carlo", "engine"]
SAME_ENERGY = 1e-8  # relative; decorations further apart cannot be the same crystal


@dataclass(frozen=True, slots=True)
class Keep:
    """How many orderings go on: the lowest and some random decorations, and the lowest annealed ones.

    lowest : of the random decorations, by Ewald energy.     random : of the others, drawn at random.
    monte_carlo : of the annealed ones, the lowest.
    """

    lowest: int = 30
    random: int = 20
    monte_carlo: int = 5

    def __post_init__(self) -> None:
        if min(self.lowest, self.random, self.monte_carlo) < 0:
            raise InputError(f"keep: counts must not be negative, got {self}")
        if self.lowest + self.random + self.monte_carlo == 0:
            raise InputError("keep: nothing is kept; give at least one of lowest, random, monte_carlo")


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """Annealing by swaps: walkers, sweeps of all sites, temperature levels.

    hottest, coldest: first and last kT as shares of the standard deviation of the random decorations'
    energies, so that one schedule serves every charge and cell.
    walkers : annealed side by side.     sweeps : of all sites at each level.     levels : of temperature.
    """

    walkers: int = 32
    sweeps: int = 150
    levels: int = 50
    hottest: float = 0.08
    coldest: float = 0.01

    def __post_init__(self) -> None:
        if min(self.walkers, self.sweeps, self.levels) < 1:
            raise InputError(f"monte_carlo: walkers, sweeps and levels must be at least 1, got {self}")
        if not 0 < self.coldest <= self.hottest:
            raise InputError(
                f"monte_carlo: expected 0 < coldest ≤ hottest, got {self.coldest} and {self.hottest}"
            )


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a disordered crystal is turned into frames of atoms.

    supercell: repeats along the three vectors. composition: content of the supercell; without it the nearest
    charge-neutral one. decorations: how many random ones are ranked. shortest: atoms are never closer than
    this, which keeps split positions from being filled together. seed: of all randomness.
    keep : how many orderings go on, by kind.
    monte_carlo : the annealing by swaps.
    """

    supercell: tuple[int, int, int] = (2, 2, 2)
    composition: str | None = None
    decorations: int = 3000
    keep: Keep = field(default_factory=Keep)
    monte_carlo: MonteCarlo = field(default_factory=MonteCarlo)
    shortest: Annotated[float, Unit("angstrom")] = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        if len(self.supercell) != 3 or any(n < 1 for n in self.supercell):
            raise InputError(f"supercell must be three positive whole numbers, got {list(self.supercell)}")
        if self.decorations < 1:
            raise InputError(f"decorations must be at least 1, got {self.decorations}")
        if not 0 < self.shortest < 2:
            raise InputError(f"shortest must lie between 0 and 2 Å, got {self.shortest:g} Å")


@dataclass(frozen=True, slots=True, eq=False)
class Orderings:
    """Ordered realisations that go on, and what they were chosen from.

    frames: atoms, by species; those of kind "engine" as the search relaxed them. kinds: why each was kept.
    energies: Ewald, eV per supercell, shape (k,).
    decorations: species codes of the kept ones on `sites`, shape (k, n).
    site_of_atom: for each frame the site that each atom sits on, shape (atoms,).
    indices: place among the random decorations; -1 for Monte Carlo and the engine's, shape (k,).
    random_energies: of all random decorations, eV, shape (m,). annealing: course and result, if any ran.
    duplicates: random decorations that are symmetry copies of an earlier one.
    operations: of the supercell's symmetry group, lattice translations inside the supercell included.
    notes: what could not be done as asked.
    """

    settings: Ordering
    composition: Composition
    sites: SupercellSites
    frames: tuple[Frame, ...]
    kinds: tuple[Kind, ...]
    energies: NDArray[np.float64]
    decorations: NDArray[np.uint8]
    site_of_atom: tuple[NDArray[np.int64], ...]
    indices: NDArray[np.int64]
    random_energies: NDArray[np.float64]
    annealing: Annealing | None
    duplicates: int
    operations: int
    notes: tuple[str, ...]


def order_crystal(crystal: DisorderedCrystal, settings: Ordering) -> Orderings:
    """Rank random decorations of a supercell by Ewald energy; keep the lowest, some random, some annealed.

    Parameters
    ----------
    crystal : with oxidation states for all its species. One without disorder gives one frame.
    settings : supercell, composition, how many.

    Returns
    -------
    The orderings that go on, no two of them symmetry copies of each other.

    Raises
    ------
    InputError
        If oxidation states are missing or the composition is charged or does not fit.
    NotConverged
        If split positions cannot hold the composition.
    """
    rng = np.random.default_rng(settings.seed)
    composition = composition_of(crystal, settings)
    sites = _with_vacancies(supercell_sites(crystal, settings.supercell), composition)
    single = bool(np.all(sites.allowed.sum(axis=1) == 1))
    exclusive = exclusions(sites, shortest=settings.shortest)
    random = random_decorations(sites, composition, 1 if single else settings.decorations, rng=rng)
    if exclusive.any():
        random = separate(random, sites, exclusive, rng=rng)
    matrix = pair_matrix(sites.positions, sites.cell)
    random_energies = energies(matrix, sites.charges[random])
    group = permutations(sites.cell, sites.fractional, sites.orbit.tolist())
    unique = distinct(random, random_energies, group)
    lowest, others = _choose(unique, settings.keep, rng)
    annealing = (
        None if single else _annealed(random, random_energies, matrix, sites, exclusive, settings, rng)
    )
    chosen = np.concatenate([lowest, others]).astype(np.int64)
    found, found_energies = _new(annealing, random[chosen], random_energies[chosen], group, settings.keep)
    decorations = np.concatenate([random[chosen], found])
    atoms = [frame_of(sites, decoration) for decoration in decorations]
    kinds: list[Kind] = ["lowest"] * len(lowest)
    kinds += ["random"] * len(others)
    kinds += ["monte carlo"] * len(found)
    return Orderings(
        settings=settings,
        composition=composition,
        sites=sites,
        frames=tuple(frame for frame, _ in atoms),
        kinds=tuple(kinds),
        energies=np.concatenate([random_energies[chosen], found_energies]),
        decorations=decorations,
        site_of_atom=tuple(places for _, places in atoms),
        indices=np.concatenate([chosen, np.full(len(found), -1)]),
        random_energies=random_energies,
        annealing=annealing,
        duplicates=len(random) - len(unique),
        operations=len(group),
        notes=_notes(settings.keep, kinds, single=single),
    )


def with_found(
    orderings: Orderings, found: tuple[Seated, ...], matrix: NDArray[np.float64], group: NDArray[np.int64]
) -> Orderings:
    """Add orderings found by other means, the most wanted first, without symmetry copies of what is there.

    Parameters
    ----------
    found : relaxed or not.      matrix : Ewald pair matrix, eV/e², shape (n, n).
    group : permutations of the sites, shape (operations, n).
    """
    seen = {smallest(d, group).tobytes() for d in orderings.decorations}
    new = []
    for one in found:
        key = smallest(one.decoration, group).tobytes()
        if key not in seen:
            seen.add(key)
            new.append(one)
    if not new:
        return orderings
    kinds: list[Kind] = ["engine"] * len(new)
    decorations = np.array([one.decoration for one in new])
    return replace(
        orderings,
        frames=(*orderings.frames, *(one.frame for one in new)),
        kinds=(*orderings.kinds, *kinds),
        energies=np.append(orderings.energies, energies(matrix, orderings.sites.charges[decorations])),
        decorations=np.concatenate([orderings.decorations, decorations]),
        site_of_atom=(*orderings.site_of_atom, *(one.places for one in new)),
        indices=np.append(orderings.indices, np.full(len(new), -1)),
    )


def _with_vacancies(sites: SupercellSites, composition: Composition) -> SupercellSites:
    """Allow vacancies also where only the composition has them."""
    allowed = sites.allowed.copy()
    for index, filling in enumerate(composition.fillings):
        if filling.vacancy > 0:
            allowed[sites.orbit == index, VACANT] = True
    return replace(sites, allowed=allowed)


def composition_of(crystal: DisorderedCrystal, settings: Ordering) -> Composition:
    """The composition that the settings give, or the nearest neutral one."""
    if settings.composition is None:
        return find_composition(crystal, settings.supercell)
    return given_composition(crystal, settings.supercell, settings.composition)


def distinct(
    decorations: NDArray[np.uint8], energy: NDArray[np.float64], group: NDArray[np.int64]
) -> NDArray[np.int64]:
    """One of each set of decorations that symmetry turns into each other, lowest energy first.

    Only decorations of equal energy are compared, by the smallest row that the group makes of them.

    Parameters
    ----------
    decorations : species codes, shape (m, n).
    energy : eV, shape (m,).
    group : permutations of the sites, shape (operations, n).

    Returns
    -------
    Indices, sorted by energy; of equals the first, shape (k,).
    """
    order = np.lexsort((np.arange(len(energy)), energy))
    level = np.concatenate([[0], np.cumsum(np.diff(energy[order]) > SAME_ENERGY * np.abs(energy).max())])
    kept = []
    for start, stop in _runs(level):
        members = np.sort(order[start:stop])
        if len(members) == 1:
            kept.append(int(members[0]))
            continue
        seen = set()
        for index in members:
            key = smallest(decorations[index], group).tobytes()
            if key not in seen:
                seen.add(key)
                kept.append(int(index))
    return np.array(kept, dtype=np.int64)


def _runs(level: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Beginning and end of each run of equal numbers."""
    edges = np.flatnonzero(np.diff(level)) + 1
    return list(zip([0, *edges.tolist()], [*edges.tolist(), len(level)], strict=True))


def _choose(
    unique: NDArray[np.int64], keep: Keep, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lowest decorations, and random ones among the rest."""
    lowest, rest = unique[: keep.lowest], unique[keep.lowest :]
    return lowest, rng.choice(rest, size=min(keep.random, len(rest)), replace=False)


def _annealed(
    random: NDArray[np.uint8],
    random_energies: NDArray[np.float64],
    matrix: NDArray[np.float64],
    sites: SupercellSites,
    exclusive: NDArray[np.bool_],
    settings: Ordering,
    rng: np.random.Generator,
) -> Annealing | None:
    """Anneal from random decorations, at temperatures measured by the spread of their energies."""
    spread = float(random_energies.std())
    if settings.keep.monte_carlo == 0 or spread <= SAME_ENERGY * np.abs(random_energies).max():
        return None
    options = settings.monte_carlo
    begin = random[np.arange(options.walkers) % len(random)]
    levels = np.geomspace(options.hottest * spread, options.coldest * spread, options.levels)
    problem = swap_problem(walled(matrix, sites, exclusive), charges=sites.charges, allowed=sites.allowed)
    return anneal(begin, problem, sweeps=options.sweeps, thermal_energies=levels, rng=rng)


def _new(
    annealing: Annealing | None,
    chosen: NDArray[np.uint8],
    chosen_energies: NDArray[np.float64],
    group: NDArray[np.int64],
    keep: Keep,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The lowest annealed decorations that are not among the chosen ones."""
    if annealing is None:
        return chosen[:0], chosen_energies[:0]
    every = np.concatenate([chosen, annealing.decorations])
    energy = np.concatenate([chosen_energies, annealing.energies])
    unique = distinct(every, energy, group)
    new = unique[unique >= len(chosen)][: keep.monte_carlo]
    return every[new], energy[new]


def _notes(keep: Keep, kinds: list[Kind], *, single: bool) -> tuple[str, ...]:
    """Say where fewer orderings exist than were asked for."""
    if single:
        return ("the crystal has no disorder: one ordering",)
    wanted: dict[Kind, int] = {"lowest": keep.lowest, "random": keep.random, "monte carlo": keep.monte_carlo}
    return tuple(
        f"asked for {number} orderings of kind {kind}, only {kinds.count(kind)} distinct ones were found"
        for kind, number in wanted.items()
        if kinds.count(kind) < number
    )

"""Neutral vacancies: what taking one atom out of a crystal and putting it into its metal costs.

E_f = E(one atom fewer) + E(metal, per atom) - E(perfect), the cell held at that of the perfect crystal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np

from lacuna.core.errors import InputError, LacunaError, NotConverged
from lacuna.core.units import Unit
from lacuna.crystal.frame import Frame
from lacuna.crystal.library import shipped_crystal, shipped_names
from lacuna.crystal.site import DistinctAtom, distinct_atoms, surroundings, without_atom
from lacuna.crystal.supercell import primitive, roundest, supercell
from lacuna.energy.dft import Gpaw
from lacuna.energy.engine import Engine
from lacuna.energy.lammps import LammpsPod
from lacuna.energy.recorded import Recorded
from lacuna.energy.relax import Relaxation, relax

__all__ = [
    "HOSTS",
    "CellVacancies",
    "Host",
    "SiteVacancy",
    "VacancySettings",
    "anions_around",
    "formation_energy",
    "formula",
    "host_cell",
    "metal_energy",
    "perfect_unit",
    "spread_over",
    "vacancies_of",
]

SAME_SITE = 0.05  # Å; relaxed atoms closer than this to symmetry count as equivalent
TETRAHEDRON = 4
METAL_KPOINTS = 59.5  # Å; 20 k-points along each vector of the primitive cell of lithium
UNIT_FORCE = 0.01  # eV/Å; how far the small perfect cell is relaxed


@dataclass(frozen=True, slots=True)
class Host:
    """A crystal whose vacancies are published: its largest cell and what it is called among the labels.

    size : formula units of the published supercell.     kind : of labels.
    repeats : of the shipped conventional cell that give the published supercell.
    """

    size: int
    kind: str
    repeats: tuple[int, int, int]


HOSTS = {"LiCl": Host(32, "LiCl", (2, 2, 2)), "beta-Li3N": Host(36, "bLi3N", (3, 3, 2))}  # 64 and 144 atoms


@dataclass(frozen=True, slots=True)
class VacancySettings:
    """How vacancies of a crystal are computed.

    element : what is missing.
    sites : all symmetry-distinct sites, or how many, spread over the atoms.
    force : largest force at which a cell counts as relaxed.     steps : most steps.
    """

    element: str = "Li"
    sites: int | Literal["all"] = "all"
    force: Annotated[float, Unit("eV/angstrom")] = 0.05
    steps: int = 100

    def __post_init__(self) -> None:
        if self.sites != "all" and self.sites < 1:
            raise InputError(f"sites must be at least 1, got {self.sites}")
        if not self.force > 0 or self.steps < 1:
            raise InputError(f"force and steps must be above 0, got {self.force:g} eV/Å and {self.steps}")


@dataclass(frozen=True, slots=True)
class SiteVacancy:
    """One vacancy.

    index : of the atom taken out.     copies : equivalent sites.     wyckoff, surrounding : of the site.
    unrelaxed, relaxed : formation energy with the other atoms in place and where they end, eV; nan where
        it is not known.
    largest_force : of the relaxed cell, eV/Å.     points : evaluations it took.
    failure : why there is no relaxed energy; empty where there is one.
    """

    index: int
    copies: int
    wyckoff: str
    surrounding: str
    unrelaxed: float
    relaxed: float
    largest_force: float
    points: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class CellVacancies:
    """Vacancies of one crystal in one supercell.

    host : name of the crystal.     formula, atoms : of the perfect supercell.     size : formula units.
    perfect : energy of the perfect supercell, eV.     metal : energy per atom of the metal, eV.
    closest : distance of a vacancy from its own periodic images, Å.
    engine : fingerprint of its settings.
    """

    host: str
    formula: str
    atoms: int
    size: int
    perfect: float
    metal: float
    closest: float
    engine: str
    sites: tuple[SiteVacancy, ...]


def formation_energy(vacancy: float, *, perfect: float, metal: float) -> float:
    """Energy of taking one atom out of a crystal and putting it into its metal.

    E_f = E(vacancy) + E(metal) - E(perfect)

    Parameters
    ----------
    vacancy, perfect : energy of the supercell without and with the atom, eV.
    metal : energy of the metal, eV per atom.

    Returns
    -------
    eV.
    """
    return vacancy + metal - perfect


def formula(frame: Frame) -> str:
    """Composition of the whole cell, elements in their order of appearance: Li32Cl32."""
    return "".join(f"{s}{frame.symbols.count(s)}" for s in dict.fromkeys(frame.symbols))


def formula_units(frame: Frame) -> int:
    """Formula units in the cell."""
    return math.gcd(*(frame.symbols.count(s) for s in set(frame.symbols)))


def perfect_unit(name: str, engine: Engine) -> Frame:
    """Small cell of a shipped structure, relaxed with its cell.

    Raises
    ------
    NotConverged
        If the relaxation did not end.
    """
    start = shipped_crystal(name).to_frame()
    found = relax(start, engine, settings=Relaxation(force=UNIT_FORCE))
    if not found.converged:
        raise NotConverged(f"{name} did not relax with {engine.name}; its vacancies are left out", found)
    return found.frame


def host_cell(unit: Frame, size: int, *, name: str = "") -> Frame:
    """Supercell of `size` formula units in which images are furthest apart, or the published one.

    Parameters
    ----------
    unit : any cell of the crystal.
    size : formula units.
    name : of a host in `HOSTS`, whose published size has its published shape.

    Raises
    ------
    InputError
        If no whole number of primitive cells has this many formula units.
    """
    small = primitive(unit)
    units = formula_units(small)
    if size < 1 or size % units:
        raise InputError(
            f"vacancies: {name or formula(unit)} in {size} formula units: its primitive cell holds {units}, "
            f"so {units}, {2 * units}, {3 * units}, ... are possible"
        )
    known = HOSTS.get(name)
    if (
        known is not None
        and known.size == size
        and len(unit) * math.prod(known.repeats) == size * len(small) // units
    ):
        return supercell(unit, np.diag(known.repeats))
    return supercell(small, roundest(small.cell, size // units))


def spread_over(atoms: tuple[DistinctAtom, ...], number: int | Literal["all"]) -> tuple[DistinctAtom, ...]:
    """Some of the atoms, evenly over their order."""
    if number == "all" or number >= len(atoms):
        return atoms
    return tuple(atoms[i] for i in np.linspace(0, len(atoms) - 1, number).round().astype(int))


def anions_around(frame: Frame, atoms: tuple[DistinctAtom, ...], element: str) -> tuple[str, ...]:
    """The nearest four atoms of other elements around each atom: "N3Cl", "N2Cl□"."""
    around = [i for i, symbol in enumerate(frame.symbols) if symbol != element]
    labels = [frame.symbols[i] for i in around]
    centres = frame.positions[[atom.index for atom in atoms]]
    return surroundings(centres, frame.positions[around], labels, frame.cell, number=TETRAHEDRON)


def metal_energy(engine: Engine, element: str) -> float | None:
    """Energy per atom of the metal, eV.

    An engine that knows the metal relaxes it; a fitted potential says it in its provenance
    (`reference_energies: {Li: -1.9}`) where its labels hold cells that lack an atom. GPAW takes the k-points
    that a metal needs.

    Returns
    -------
    None where the engine cannot know: the labels of a potential balanced their charges, so that one atom
    more or less is not among what it has learned; or the structure of the metal does not ship.
    """
    if isinstance(engine, LammpsPod):
        stated = engine.potential.provenance.get("reference_energies") or {}
        return float(stated[element]) if element in stated else None
    if element not in shipped_names():
        return None
    if isinstance(engine, Gpaw):
        engine = Gpaw(replace(engine.settings, kpoint_length=METAL_KPOINTS))
    found = relax(primitive(shipped_crystal(element).to_frame()), engine)
    return found.energy / len(found.frame)


def vacancies_of(
    name: str,
    frame: Frame,
    engine: Engine,
    *,
    metal: float,
    size: int,
    settings: VacancySettings | None = None,
    kind: str = "",
    start: Engine | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Iterator[CellVacancies]:
    """Take each distinct atom out in turn and relax what stays, the cell held.

    Parameters
    ----------
    name : of the crystal.
    frame : perfect supercell; atoms that feel more than the force limit are relaxed first.
    engine : energies and forces; a `Recorded` one makes the run resumable.
    metal : energy per atom of the metal with the same settings, eV.
    size : formula units of the supercell.
    settings : which atoms, how far.
    kind : of the material, written with each label.
    start : a cheap engine that relaxes a vacancy first, to save steps of the dear one.
    tell : called with a line before each part.

    Yields
    ------
    What is known after each site: the last one is whole. A site whose evaluation fails is kept with the
    reason; the others go on.

    Raises
    ------
    LacunaError
        If the perfect crystal itself fails.
    """
    settings = settings or VacancySettings()
    held = Relaxation(force=settings.force, cell=False, steps=settings.steps)
    title = f"{name}, {size} formula units"
    tell(f"{title}: perfect")
    perfect = relax(frame, _about(engine, kind, f"{title}, perfect"), settings=held)
    if not perfect.converged:
        raise NotConverged(
            f"{title}: the perfect crystal did not relax within {settings.steps} steps", perfect
        )
    atoms = spread_over(distinct_atoms(perfect.frame, settings.element, tolerance=SAME_SITE), settings.sites)
    near = anions_around(perfect.frame, atoms, settings.element)
    done: tuple[SiteVacancy, ...] = ()
    for atom, around in zip(atoms, near, strict=True):
        label = f"{title}, without {settings.element} {atom.index} ({atom.wyckoff})"
        tell(label)
        model = _about(engine, f"{kind}, one {settings.element} missing", label)
        left = without_atom(perfect.frame, atom.index)
        done += (_one_site(left, atom, around, model, perfect.energy, metal, held, start),)
        yield CellVacancies(
            host=name,
            formula=formula(frame),
            atoms=len(frame),
            size=size,
            perfect=perfect.energy,
            metal=metal,
            closest=_closest_image(frame),
            engine=engine.name,
            sites=done,
        )


def _about(engine: Engine, kind: str, origin: str) -> Engine:
    """The engine, told what the frames are where it writes that down."""
    return engine.about(kind=kind, origin=origin) if isinstance(engine, Recorded) else engine


def _one_site(
    left: Frame,
    atom: DistinctAtom,
    around: str,
    engine: Engine,
    perfect: float,
    metal: float,
    held: Relaxation,
    start: Engine | None,
) -> SiteVacancy:
    """Energies of one vacancy before and after relaxation."""
    unrelaxed = relaxed = force = math.nan
    points, failure = 0, ""
    try:
        unrelaxed = formation_energy(engine.evaluate(left).energy, perfect=perfect, metal=metal)
        first = left if start is None else relax(left, start, settings=replace(held, steps=300)).frame
        end = relax(first, engine, settings=held)
        points, force = len(end.energies) + (start is not None), end.largest_force
        if end.converged:
            relaxed = formation_energy(end.energy, perfect=perfect, metal=metal)
        else:
            failure = f"{force:.3f} eV/Å after {held.steps} steps; the limit is {held.force:g}"
    except LacunaError as error:
        failure = str(error)
    return SiteVacancy(
        atom.index, atom.copies, atom.wyckoff, around, unrelaxed, relaxed, force, points, failure
    )


def _closest_image(frame: Frame) -> float:
    """Shortest lattice vector, Å."""
    steps = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    lengths = np.linalg.norm(steps[np.any(steps, axis=1)] @ frame.cell, axis=1)
    return float(lengths.min())

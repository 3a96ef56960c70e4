"""Neutral vacancies: what taking one atom out of a crystal and putting it into its metal costs.

E_f = E(one atom fewer) + E(metal, per atom) - E(perfect), the cell held at that of the perfect crystal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError, NotConverged
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.crystal.library import shipped_crystal, shipped_names
from electrolith.crystal.periodic import images_near, wrap
from electrolith.crystal.site import DistinctAtom, distinct_atoms, surroundings, without_atom
from electrolith.crystal.supercell import primitive, roundest, supercell
from electrolith.energy.dft.gpaw import Gpaw
from electrolith.energy.engine import Engine
from electrolith.energy.labels.recorded import Recorded
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.relax import Relaxation, Relaxed, relax
from electrolith.energy.vacancy.cell import CellVacancies, SiteVacancy, perfect_title, vacancy_title

__all__ = [
    "HOSTS",
    "Host",
    "VacancySettings",
    "anions_around",
    "formation_energy",
    "gathered",
    "host_cell",
    "metal_energy",
    "perfect_unit",
    "site_vacancy",
    "spread_over",
    "vacancies_of",
]

SAME_SITE = 0.05  # Å; relaxed atoms closer than this to symmetry count as equivalent
TETRAHEDRON = 4
SHELL = 1.33  # atoms within this times the nearest distance are neighbours
REACH = 4.0  # Å; further than any first neighbour
METAL_KPOINTS = 59.5  # Å; 20 k-points along each vector of the primitive cell of lithium
START_STEPS = 300
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
    unrelaxed : whether the energy before relaxation is wanted too; one point more where a cheap engine
        relaxes first.
    """

    element: str = "Li"
    sites: int | Literal["all"] = "all"
    force: Annotated[float, Unit("eV/angstrom")] = 0.05
    steps: int = 100
    unrelaxed: bool = True

    def __post_init__(self) -> None:
        if self.sites != "all" and self.sites < 1:
            raise InputError(f"sites must be at least 1, got {self.sites}")
        if not self.force > 0 or self.steps < 1:
            raise InputError(f"force and steps must be above 0, got {self.force:g} eV/Å and {self.steps}")


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


def frame_formula(frame: Frame) -> str:
    """Composition of the whole cell, the most frequent element first: Li108N36."""
    counts = {s: frame.symbols.count(s) for s in dict.fromkeys(frame.symbols)}
    most = max(counts, key=lambda s: counts[s])
    return "".join(f"{s}{n}" for s, n in ({most: counts[most]} | counts).items())


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
            f"vacancies: {name or frame_formula(unit)} in {size} formula units: its primitive cell holds "
            f"{units}, so {units}, {2 * units}, {3 * units}, ... are possible"
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


def anions_around(
    frame: Frame, atoms: tuple[DistinctAtom, ...], element: str, *, number: int | None = TETRAHEDRON
) -> tuple[str, ...]:
    """Atoms of other elements around each atom: "N3Cl", "N2Cl□".

    Parameters
    ----------
    frame : atoms in a periodic cell.     atoms : the centres.     element : that does not count.
    number : how many sites there are around each; where fewer atoms are near, the rest is empty. None counts
        the atoms that are less than a third further away than the nearest.
    """
    around = [i for i, symbol in enumerate(frame.symbols) if symbol != element]
    labels = [frame.symbols[i] for i in around]
    centres = frame.positions[[atom.index for atom in atoms]]
    points = frame.positions[around]
    if number is not None:
        return surroundings(centres, points, labels, frame.cell, number=number)
    images, owner = images_near(wrap(points, frame.cell), frame.cell, REACH)
    found = []
    for centre in wrap(centres, frame.cell):
        distance = np.linalg.norm(images - centre, axis=1)
        near = [labels[j] for j in owner[distance < SHELL * distance.min()]]
        found.append("".join(f"{n}{near.count(n) if near.count(n) > 1 else ''}" for n in dict.fromkeys(near)))
    return tuple(found)


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
    ElectrolithError
        If the perfect crystal itself fails.
    """
    settings = settings or VacancySettings()
    held = Relaxation(force=settings.force, cell=False, steps=settings.steps)
    title = perfect_title(name, size)
    tell(title)
    perfect = relax(frame, _about(engine, kind, title), settings=held)
    if not perfect.converged:
        raise NotConverged(f"{title}: did not relax within {settings.steps} steps", perfect)
    atoms = spread_over(distinct_atoms(perfect.frame, settings.element, tolerance=SAME_SITE), settings.sites)
    number = None if name in HOSTS else TETRAHEDRON
    near = anions_around(perfect.frame, atoms, settings.element, number=number)
    done: tuple[SiteVacancy, ...] = ()
    for atom, around in zip(atoms, near, strict=True):
        label = vacancy_title(name, size, atom.index, atom.wyckoff)
        tell(label)
        model = _about(engine, f"{kind}, one {settings.element} missing", label)
        left = without_atom(perfect.frame, atom.index)
        done += (_one_site(left, atom, around, model, perfect.energy, metal, settings, start),)
        yield gathered(
            name, perfect.frame, done, perfect=perfect.energy, metal=metal, size=size, engine=engine
        )


def gathered(
    name: str,
    frame: Frame,
    sites: tuple[SiteVacancy, ...],
    *,
    perfect: float,
    metal: float | None,
    size: int,
    engine: Engine,
) -> CellVacancies:
    """Sites of one supercell together; without a metal their energies are taken from their mean.

    Parameters
    ----------
    name : of the crystal.     frame : perfect supercell.     sites : with energies for a metal of 0 eV where
        it is not known.     perfect : energy of `frame`, eV.     metal : eV per atom, or None.
    size : formula units.     engine : that gave the energies.
    """
    found = CellVacancies(
        host=name,
        formula=frame_formula(frame),
        atoms=len(frame),
        size=size,
        perfect=perfect,
        metal=metal,
        closest=_closest_image(frame),
        engine=engine.name,
        sites=sites,
    )
    if metal is not None:
        return found
    zero = found.mean
    shifted = (replace(s, relaxed=s.relaxed - zero, unrelaxed=s.unrelaxed - zero) for s in sites)
    return replace(found, sites=tuple(shifted))


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
    settings: VacancySettings,
    start: Engine | None,
) -> SiteVacancy:
    """Energies of one vacancy before and after relaxation."""
    held = Relaxation(force=settings.force, cell=False, steps=settings.steps)
    unrelaxed = math.nan
    try:
        if settings.unrelaxed:
            unrelaxed = engine.evaluate(left).energy
        first = left if start is None else relax(left, start, settings=replace(held, steps=START_STEPS)).frame
        end = relax(first, engine, settings=held)
    except ElectrolithError as error:
        unrelaxed = formation_energy(unrelaxed, perfect=perfect, metal=metal)
        return SiteVacancy(
            atom.index, atom.copies, atom.wyckoff, around, unrelaxed, math.nan, math.nan, 0, str(error)
        )
    found = site_vacancy(
        atom, around, end, unrelaxed=unrelaxed, perfect=perfect, metal=metal, force=held.force
    )
    return found if start is None else replace(found, points=found.points + settings.unrelaxed)


def site_vacancy(
    atom: DistinctAtom,
    around: str,
    end: Relaxed,
    *,
    perfect: float,
    metal: float,
    force: float,
    unrelaxed: float | None = None,
) -> SiteVacancy:
    """One vacancy from its relaxation.

    Parameters
    ----------
    atom, around : what was taken out, and its surrounding.
    end : relaxation of what stayed.
    perfect : energy of the perfect supercell, eV.     metal : eV per atom.     force : the limit, eV/Å.
    unrelaxed : energy before relaxation, eV; without it that of the relaxation's first step.
    """
    energy = end.energies[0] if unrelaxed is None else unrelaxed
    missed = f"{end.largest_force:.3f} eV/Å after {len(end.energies) - 1} steps; the limit is {force:g}"
    relaxed = formation_energy(end.energy, perfect=perfect, metal=metal) if end.converged else math.nan
    return SiteVacancy(
        index=atom.index,
        copies=atom.copies,
        wyckoff=atom.wyckoff,
        surrounding=around,
        unrelaxed=formation_energy(float(energy), perfect=perfect, metal=metal),
        relaxed=relaxed,
        largest_force=end.largest_force,
        points=len(end.energies),
        failure="" if end.converged else missed,
    )


def _closest_image(frame: Frame) -> float:
    """Shortest lattice vector, Å."""
    steps = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    lengths = np.linalg.norm(steps[np.any(steps, axis=1)] @ frame.cell, axis=1)
    return float(lengths.min())

"""Neutral vacancies of the mobile element: what each site of the ordered crystal and of known hosts costs.

E_f = E(one atom fewer) + E(metal, per atom) - E(perfect), the cell held at that of the perfect crystal.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from lacuna.core.archive import load
from lacuna.core.errors import InputError, NotConverged
from lacuna.core.estimate import Estimate
from lacuna.core.units import Unit
from lacuna.crystal.frame import Frame
from lacuna.crystal.library import shipped_crystal, shipped_names
from lacuna.crystal.site import EMPTY, DistinctAtom, distinct_atoms, repeat, surroundings, without_atom
from lacuna.energy.engine import Engine
from lacuna.energy.lammps import LammpsPod
from lacuna.energy.relax import Relaxation, relax
from lacuna.study.figure import Axis, Bars, Figure, Line, Role
from lacuna.study.section import Evidence, Part, Results, Section, Study, Table
from lacuna.study.sections.engine import EngineChoice, engine_fingerprint, open_engine
from lacuna.study.sections.material import Material
from lacuna.study.sections.relaxation import RelaxedOrderings, relax_all
from lacuna.study.wiring import Progress, Stage, Workspace

__all__ = ["SECTION", "Vacancies", "VacancyEnergies", "VacancyHost"]

HOSTS = {"LiCl": (2, 2, 2), "beta-Li3N": (3, 3, 2)}  # repeats of the conventional cell: 64 and 144 atoms
SAME_SITE = 0.05  # Å; relaxed atoms closer than this to symmetry count as equivalent
TETRAHEDRON = 4


@dataclass(frozen=True)
class Vacancies:
    """Vacancies of the mobile element in the ground state and in hosts to stand beside.

    sites : all symmetry-distinct sites of the ground state, or how many, spread over its atoms.
    compare : shipped structures, LiCl and beta-Li3N.
    engine : other than the study's; a potential that never saw a cell lacking a lone atom cannot give the
        absolute energy of one, a universal one or DFT can.
    force : largest force at which a cell with a vacancy counts as relaxed. steps : most steps.
    """

    sites: int | Literal["all"] = "all"
    compare: tuple[str, ...] = ()
    engine: EngineChoice | None = None
    force: Annotated[float, Unit("eV/angstrom")] = 0.03
    steps: int = 300

    def __post_init__(self) -> None:
        if self.sites != "all" and self.sites < 1:
            raise InputError(f"sites must be at least 1, got {self.sites}")
        for name in self.compare:
            if name not in HOSTS:
                shipped_crystal(name)  # names the nearest
                raise InputError(f"compare: {name} has no supercell for vacancies; known: {', '.join(HOSTS)}")


@dataclass(frozen=True, eq=False)
class VacancyHost:
    """Vacancies of one crystal.

    name, formula : of the perfect supercell.
    energies : formation energy by symmetry-distinct site, eV, shape (m,); nan where the relaxation did not
        end. Without an absolute zero they are taken from their mean.
    copies : equivalent sites of each, shape (m,).     wyckoff, surroundings : of each site.
    """

    name: str
    formula: str
    energies: np.ndarray
    copies: np.ndarray
    wyckoff: tuple[str, ...]
    surroundings: tuple[str, ...]

    @property
    def mean(self) -> float:
        """Mean over all sites that ended, eV."""
        good = np.isfinite(self.energies)
        return (
            float(np.average(self.energies[good], weights=self.copies[good])) if good.any() else float("nan")
        )


@dataclass(frozen=True, eq=False)
class VacancyEnergies:
    """Vacancy formation energies of the ground state (first) and of the hosts to stand beside.

    engine : its name.     element : what is missing.
    metal : energy per atom of the metal with this engine, eV; None where the engine has no meaningful one.
    """

    hosts: tuple[VacancyHost, ...]
    engine: str
    element: str
    metal: float | None


def metal_energy(engine: Engine, element: str) -> float | None:
    """Energy per atom of the relaxed metal, eV.

    None for a fitted potential: its labels balance their charges, so that the energy of one atom more or less
    is not among what it has learned.
    """
    if isinstance(engine, LammpsPod) or element not in shipped_names():
        return None
    found = relax(shipped_crystal(element).to_frame(), engine)
    return found.energy / len(found.frame)


def _perfect(name: str, engine: Engine) -> Frame:
    """Supercell of a shipped structure, relaxed with its cell.

    Raises
    ------
    NotConverged
        If the relaxation did not end.
    """
    found = relax(shipped_crystal(name).to_frame(), engine, settings=Relaxation(force=0.01))
    if not found.converged:
        raise NotConverged(f"{name} did not relax with {engine.name}; its vacancies are left out", found)
    return repeat(found.frame, HOSTS[name])


def _spread(atoms: tuple[DistinctAtom, ...], number: int | Literal["all"]) -> tuple[DistinctAtom, ...]:
    """Some of the atoms, evenly over their order."""
    if number == "all" or number >= len(atoms):
        return atoms
    return tuple(atoms[i] for i in np.linspace(0, len(atoms) - 1, number).round().astype(int))


def vacancy_energies(
    vacancies: Vacancies,
    relaxed: RelaxedOrderings,
    material: Material,
    engine: EngineChoice,
    workspace: Workspace,
    progress: Progress,
) -> VacancyEnergies:
    """Take out each distinct atom in turn and relax; each is kept as soon as it is done."""
    model = open_engine(vacancies.engine or engine)
    element = material.mobile
    ground = relaxed.frames[0]
    if vacancies.engine is not None:
        ground = relax(ground, model, settings=Relaxation(force=vacancies.force)).frame
    frames = {"ground state": ground} | {name: _perfect(name, model) for name in vacancies.compare}
    sites = {name: distinct_atoms(frame, element, tolerance=SAME_SITE) for name, frame in frames.items()}
    sites["ground state"] = _spread(sites["ground state"], vacancies.sites)
    tasks = {
        workspace.folder / f"{name.replace(' ', '-')}-{atom.index}": without_atom(frames[name], atom.index)
        for name, some in sites.items()
        for atom in some
    }
    settings = Relaxation(force=vacancies.force, cell=False, steps=vacancies.steps)
    relax_all(tasks, model, settings, progress)
    metal = metal_energy(model, element)
    hosts = tuple(
        _host(name, frame, sites[name], model.evaluate(frame).energy, metal, element, workspace.folder)
        for name, frame in frames.items()
    )
    return VacancyEnergies(hosts, model.name, element, metal)


def _host(
    name: str,
    frame: Frame,
    atoms: tuple[DistinctAtom, ...],
    perfect: float,
    metal: float | None,
    element: str,
    folder: Path,
) -> VacancyHost:
    """Gather the energies of one host."""
    ends = [load(folder / f"{name.replace(' ', '-')}-{atom.index}") for atom in atoms]
    energies = np.array([end.energy - perfect if end.converged else np.nan for end in ends])
    copies = np.array([atom.copies for atom in atoms])
    good = np.isfinite(energies)
    if metal is not None:
        energies = energies + metal
    elif good.any():
        energies = energies - np.average(energies[good], weights=copies[good])
    around = [i for i, symbol in enumerate(frame.symbols) if symbol != element]
    labels = [frame.symbols[i] for i in around]
    centres = frame.positions[[atom.index for atom in atoms]]
    near = surroundings(centres, frame.positions[around], labels, frame.cell, number=TETRAHEDRON)
    counts = {s: frame.symbols.count(s) for s in dict.fromkeys(frame.symbols)}
    formula = "".join(f"{s}{n}" for s, n in counts.items())
    return VacancyHost(name, formula, energies, copies, tuple(a.wyckoff for a in atoms), near)


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Mean over the sites of the ground state and the sites of other hosts, where they have a zero."""
    found = results.get(VacancyEnergies)
    if found is None or found.metal is None:
        return ()
    host = found.hosts[0]
    good = np.isfinite(host.energies)
    if good.sum() < 2:
        return ()
    value = Estimate(np.repeat(host.energies[good], host.copies[good]), "eV")
    note = f"{int(good.sum())} sites of {host.formula}; interval: spread over sites"
    label = f"{found.element} vacancy formation energy"
    mean = Evidence("vacancy_formation_energy", label, value, "computed", found.engine, note=note)
    others = [
        Evidence(
            f"vacancy_formation_energy_{other.name}_{letter}",
            f"the same in {other.name}, {letter}",
            Estimate.unknown_doubt(float(energy), "eV"),
            "computed",
            found.engine,
            note=other.formula,
        )
        for other in found.hosts[1:]
        for energy, letter in zip(other.energies, other.wyckoff, strict=True)
        if np.isfinite(energy)
    ]
    return (mean, *others)


def _comparable(found: VacancyEnergies) -> tuple[VacancyHost, ...]:
    """The ground state and the hosts that say something: without a zero those with several sites."""
    others = [h for h in found.hosts[1:] if found.metal is not None or len(h.energies) > 1]
    return (found.hosts[0], *others)


def _share_figure(found: VacancyEnergies) -> Figure:
    """Share of sites below an energy, by host."""
    roles: tuple[Role, ...] = ("computed", "second", "third", "fourth")
    layers = []
    for host, role in zip(_comparable(found), roles, strict=False):
        good = np.isfinite(host.energies)
        order = np.argsort(host.energies[good])
        energies = np.repeat(host.energies[good][order], 2)
        share = np.cumsum(host.copies[good][order]) / host.copies[good].sum()
        steps = np.concatenate([[0.0], np.repeat(share, 2)[:-1]])
        layers.append(Line(energies, 100 * steps, f"{host.name} {host.formula}", role))
    zero = "" if found.metal is not None else ", from the mean of each crystal"
    return Figure(
        "vacancies",
        f"Share of {found.element} sites whose vacancy costs less than an energy.",
        Axis(f"vacancy formation energy{zero} / eV"),
        Axis("share of sites / %"),
        tuple(layers),
    )


def by_surrounding(host: VacancyHost) -> dict[str, tuple[int, float, float]]:
    """Sites, mean and standard deviation of the energy (eV) by surrounding, N4 before N3Cl before Cl4."""
    elements = [name for name, _ in re.findall(r"([A-Z][a-z]?)(\d*)", host.formula)]

    def richness(text: str) -> list[int]:
        counts = {name: int(n or 1) for name, n in re.findall(rf"([A-Z][a-z]?|{EMPTY})(\d*)", text)}
        return [-counts.get(name, 0) for name in elements]

    found = {}
    for name in sorted(set(host.surroundings), key=richness):
        pick = [i for i, s in enumerate(host.surroundings) if s == name and np.isfinite(host.energies[i])]
        if pick:
            values = np.repeat(host.energies[pick], host.copies[pick])
            found[name] = (len(values), float(values.mean()), float(values.std()))
    return found


def _surrounding_figure(found: VacancyEnergies) -> Figure:
    """Mean energy of the ground state's sites by their surrounding."""
    rows = by_surrounding(found.hosts[0])
    bars = Bars(
        tuple(rows),
        np.array([mean for _, mean, _ in rows.values()]),
        "mean, and spread of the sites",
        errors=np.array([spread for _, _, spread in rows.values()]),
        text=tuple(f"{name}: {n} sites<br>{mean:.3f} ± {s:.3f} eV" for name, (n, mean, s) in rows.items()),
    )
    zero = "" if found.metal is not None else " from the mean"
    return Figure(
        "vacancy_surroundings",
        f"What surrounds the {found.element} that is taken out, and what that costs; □ is a vacant anion "
        "site.",
        Axis("nearest four anion sites"),
        Axis(f"formation energy{zero} / eV"),
        (bars,),
    )


def shipped_rows() -> tuple[dict[str, str], ...]:
    """Precomputed DFT vacancies that ship with the package, one row per site."""
    text = (files("lacuna.energy") / "vacancies_dft.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _dft_table() -> Table:
    columns = ("host", "site", "atoms", "formation energy / eV", "before relaxation / eV", "settings")
    rows = tuple(
        (r["host"], r["site"], r["atoms"], r["formation_energy"], r["unrelaxed"], r["settings"])
        for r in shipped_rows()
    )
    return Table(columns, rows, "Small cells by DFT, precomputed")


def _site_rows(found: VacancyEnergies) -> tuple[tuple[str, ...], ...]:
    rows = []
    for host in _comparable(found):
        good = host.energies[np.isfinite(host.energies)]
        if good.size:
            spread = f"{good.min():.3f} to {good.max():.3f}"
            mean = f"{host.mean:.3f}" if found.metal is not None else "not known"
            rows.append((host.name, host.formula, str(int(host.copies.sum())), mean, spread))
    for host in _comparable(found)[1:]:
        for energy, copies, letter in zip(host.energies, host.copies, host.wyckoff, strict=True):
            rows.append((f"{host.name}, {letter}", host.formula, str(int(copies)), f"{energy:.3f}", ""))
    return tuple(rows)


def parts(results: Results) -> tuple[Part, ...]:
    """The vacancies' part of the report."""
    found = results.get(VacancyEnergies)
    if found is None:
        return ()
    warnings = []
    if found.metal is None:
        warnings.append(
            f"{found.engine} was fitted to charge-balanced cells only: the energy of a cell that lacks one "
            f"neutral {found.element} is not fixed by them. Differences between sites of one crystal stand; "
            "the mean and differences between crystals do not, and are not given. An engine that knows such "
            "cells gives them: vacancies: {engine: chgnet}."
        )
    lost = sum(int(np.isnan(host.energies).sum()) for host in found.hosts)
    if lost:
        warnings.append(f"{lost} cells with a vacancy did not reach the force criterion; left out.")
    columns = ("crystal", "supercell", "sites", "mean / eV", "lowest to highest / eV")
    host = found.hosts[0]
    good = host.energies[np.isfinite(host.energies)]
    spread = f"{np.ptp(good):.2f} eV" if good.size else "unknown"
    sentence = (
        f"One neutral {found.element} taken out of each of {len(host.energies)} distinct sites of "
        f"{host.formula} with {found.engine}, the cell held; the sites differ by {spread}."
    )
    figures = (_share_figure(found), _surrounding_figure(found))
    tables = [Table(columns, _site_rows(found), "Neutral vacancies")]
    if shipped_rows():
        tables.append(_dft_table())
    return (Part("Vacancies", sentence, figures, tuple(tables), tuple(warnings)),)


def check(study: Study) -> None:
    """Another engine must exist."""
    settings = study.get(Vacancies)
    if settings is not None and settings.engine is not None:
        open_engine(settings.engine)


SECTION = Section(
    "vacancies",
    Vacancies,
    (Stage(vacancy_energies, fingerprint=lambda **s: _engines(**s)),),
    evidence,
    parts,
    check,
)


def _engines(**settings: object) -> str:
    """Fingerprint of the engine that is used."""
    own = next(s.engine for s in settings.values() if isinstance(s, Vacancies))
    return engine_fingerprint(engine=own) if own else engine_fingerprint(**settings)

"""Neutral vacancies of the mobile element: what each site of the ordered crystal and of known hosts costs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from electrolith.core.archive import load
from electrolith.core.errors import InputError
from electrolith.core.execution.workers import Workers
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.crystal.library import shipped_crystal
from electrolith.crystal.site import distinct_atoms, without_atom
from electrolith.energy.dft.gpaw import gpaw_engine
from electrolith.energy.engine import Engine
from electrolith.energy.labels.recorded import Recorded
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.relax import Relaxation, relax
from electrolith.energy.vacancy.cell import CellVacancies
from electrolith.energy.vacancy.shipped import (
    metal_reference,
    recompute,
    shipped_labels,
    shipped_rows,
    shipped_text,
)
from electrolith.energy.vacancy.table import VacancyRow
from electrolith.energy.vacancy.vacancies import (
    HOSTS,
    SAME_SITE,
    anions_around,
    formula_units,
    gathered,
    host_cell,
    metal_energy,
    perfect_unit,
    site_vacancy,
    spread_over,
)
from electrolith.study.section import Evidence, Part, Results, Section, Study
from electrolith.study.sections import vacancy_dft_parts, vacancy_parts
from electrolith.study.sections.engine import EngineChoice, engine_fingerprint, open_engine
from electrolith.study.sections.material import Material
from electrolith.study.sections.relaxation import relax_all
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.wiring import Progress, Stage, Workspace

__all__ = ["SECTION", "DftVacancies", "Vacancies", "VacancyEnergies"]

GROUND = "ground state"
FEWEST = 2


@dataclass(frozen=True)
class Vacancies:
    """Vacancies of the mobile element in the ground state and in hosts to stand beside.

    sites: all symmetry-distinct sites, or how many in all, spread over the atoms of the orderings.
    orderings: how many, the ground state and those that carry most of the canonical weight; a mean over sites
        is canonical over them.
    compare: shipped structures, LiCl and beta-Li3N.
    engine: other than the study's; a potential that never saw a cell lacking a lone atom cannot give the
        absolute energy of one, a universal one or DFT can.
    force: largest force at which a cell with a vacancy counts as relaxed. steps: most steps.
    dft: the DFT vacancies of small cells that ship with the package, computed again here (hours, extra dft),
        or left out.
    """

    sites: int | Literal["all"] = "all"
    orderings: int = 3
    compare: tuple[str, ...] = ()
    engine: EngineChoice | None = None
    force: Annotated[float, Unit("eV/angstrom")] = 0.03
    steps: int = 300
    dft: Literal["shipped", "recompute", "none"] = "shipped"

    def __post_init__(self) -> None:
        if self.sites != "all" and self.sites < 1:
            raise InputError(f"sites must be at least 1, got {self.sites}")
        if self.orderings < 1:
            raise InputError(f"orderings must be at least 1, got {self.orderings}")
        for name in self.compare:
            if name not in HOSTS:
                shipped_crystal(name)  # names the nearest
                raise InputError(f"compare: {name} has no supercell for vacancies; known: {', '.join(HOSTS)}")


@dataclass(frozen=True, eq=False)
class VacancyEnergies:
    """Vacancy formation energies of the ground state (first) and of the hosts to stand beside.

    engine : its name.     element : what is missing.
    metal : energy per atom of the metal with this engine, eV; None where the engine has no meaningful one.
    further : of other orderings.      shares : canonical, of the ground state and these.
    """

    hosts: tuple[CellVacancies, ...]
    engine: str
    element: str
    metal: float | None
    further: tuple[CellVacancies, ...] = ()
    shares: tuple[float, ...] = (1.0,)


@dataclass(frozen=True, eq=False)
class DftVacancies:
    """DFT vacancies of small cells.

    rows : as the report shows them.     shipped : those of the package, where `rows` were computed here.
    failures : of recomputed points, by text.
    """

    rows: tuple[VacancyRow, ...]
    shipped: tuple[VacancyRow, ...] = ()
    failures: tuple[str, ...] = ()


def vacancy_energies(
    vacancies: Vacancies,
    relaxed: RelaxedOrderings,
    material: Material,
    engine: EngineChoice,
    workspace: Workspace,
    progress: Progress,
    workers: Workers,
) -> VacancyEnergies:
    """Take out each distinct atom in turn and relax; each is kept as soon as it is done."""
    model = open_engine(vacancies.engine or engine)
    element = material.mobile
    picked = _orderings(relaxed, vacancies.orderings)
    shares = relaxed.shares_of(list(picked.values()))
    frames = _frames(vacancies, relaxed, picked, model)
    sites = {name: distinct_atoms(frame, element, tolerance=SAME_SITE) for name, frame in frames.items()}
    for name, share in zip(picked, shares, strict=True):
        sites[name] = spread_over(sites[name], _of_all(vacancies.sites, share))
    tasks = {
        _file(workspace.folder, name, atom.index): without_atom(frames[name], atom.index)
        for name, some in sites.items()
        for atom in some
    }
    settings = Relaxation(force=vacancies.force, cell=False, steps=vacancies.steps)
    relax_all(tasks, model, settings, progress, workers)
    metal = metal_energy(model, element)
    hosts = []
    for name, frame in frames.items():
        perfect = model.evaluate(frame).energy
        around = anions_around(frame, sites[name], element, number=None if name in HOSTS else 4)
        ends = [load(_file(workspace.folder, name, atom.index)) for atom in sites[name]]
        found = tuple(
            site_vacancy(atom, near, end, perfect=perfect, metal=metal or 0.0, force=vacancies.force)
            for atom, near, end in zip(sites[name], around, ends, strict=True)
        )
        size = HOSTS[name].size if name in HOSTS else formula_units(frame)
        hosts.append(gathered(name, frame, found, perfect=perfect, metal=metal, size=size, engine=model))
    further = tuple(h for h in hosts if h.host in picked and h.host != GROUND)
    others = tuple(h for h in hosts if h not in further)
    return VacancyEnergies(others, model.name, element, metal, further, tuple(shares.tolist()))


def _orderings(relaxed: RelaxedOrderings, number: int) -> dict[str, int]:
    """The ground state and the orderings that carry most weight besides, by name."""
    others = [i for i in relaxed.chosen if i != relaxed.lowest][: number - 1]
    return {GROUND: relaxed.lowest, **{f"ordering {i + 1}": i for i in others}}


def _of_all(sites: int | Literal["all"], share: float) -> int | Literal["all"]:
    """Sites of one ordering: its share of all, and never fewer than two, which show a spread."""
    return sites if sites == "all" else max(round(sites * share), min(sites, FEWEST))


def _file(folder: Path, name: str, index: int) -> Path:
    """Where the relaxation of a vacancy is kept."""
    return folder / f"{name.replace(' ', '-')}-{index}"


def _frames(
    vacancies: Vacancies, relaxed: RelaxedOrderings, picked: dict[str, int], model: Engine
) -> dict[str, Frame]:
    """Perfect supercells: the ground state first, relaxed again where another engine is asked."""
    own = {name: relaxed.relaxed[index].frame for name, index in picked.items()}
    if vacancies.engine is not None:
        settings = Relaxation(force=vacancies.force)
        own = {name: relax(frame, model, settings=settings).frame for name, frame in own.items()}
    hosts = {
        name: host_cell(perfect_unit(name, model), HOSTS[name].size, name=name) for name in vacancies.compare
    }
    return {**own, **hosts}


def dft_vacancies(vacancies: Vacancies, workspace: Workspace, progress: Progress) -> DftVacancies:
    """The shipped DFT vacancies, or the same points computed here."""
    rows = shipped_rows() if vacancies.dft != "none" else ()
    if vacancies.dft != "recompute" or not rows:
        return DftVacancies(rows)
    from importlib.metadata import version

    engine = gpaw_engine()
    code = f"gpaw {version('gpaw')}"
    recorded = Recorded(engine, workspace.folder / "labels.xyz", settings=engine.name, source={"code": code})
    metal = metal_reference(engine.name, "Li")
    metal = metal_energy(engine, "Li") if metal is None else metal
    if metal is None:
        raise InputError(f"{engine.name} has no energy of lithium metal")
    again = recompute(rows, recorded, labels=shipped_labels(), metal=metal, code=code, tell=progress)
    return DftVacancies(again.rows, rows, again.failures)


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Mean over the sites of the ground state, sites of other hosts, limits of DFT, the paper's values."""
    found, dft = results.get(VacancyEnergies), results.get(DftVacancies)
    own: tuple[Evidence, ...] = ()
    if found is not None:
        own = vacancy_parts.own_evidence(
            found.hosts, found.engine, found.element, found.metal, found.further, found.shares
        )
    if dft is not None:
        own += vacancy_dft_parts.dft_evidence(dft.rows)
    return own + vacancy_dft_parts.published_evidence(own)


def parts(results: Results) -> tuple[Part, ...]:
    """The vacancies' part of the report."""
    found, dft = results.get(VacancyEnergies), results.get(DftVacancies)
    parts: list[Part] = []
    if found is not None:
        parts.append(
            vacancy_parts.own_part(
                found.hosts, found.engine, found.element, found.metal, found.further, found.shares
            )
        )
    if dft is not None and dft.rows:
        values = () if found is None or found.metal is None else found.hosts
        parts.append(
            vacancy_dft_parts.dft_part(dft.rows, shipped=dft.shipped, others=values, warnings=dft.failures)
        )
    return tuple(parts)


def check(study: Study) -> None:
    """Another engine must exist, and so must GPAW where it is to run."""
    settings = study.get(Vacancies)
    if settings is None:
        return
    if settings.engine is not None:
        open_engine(settings.engine)
    if settings.dft == "recompute":
        gpaw_engine()


def _engines(**settings: object) -> str:
    """Fingerprint of the engine that is used, and of what its metal is said to be."""
    own = next(s.engine for s in settings.values() if isinstance(s, Vacancies))
    choice = own or next(s for s in settings.values() if isinstance(s, EngineChoice))
    model = open_engine(choice)
    stated = model.potential.provenance.get("reference_energies") if isinstance(model, LammpsPod) else None
    return f"{engine_fingerprint(engine=choice)} {stated or ''}".strip()


def _shipped(**settings: object) -> str:
    """Fingerprint of the table that ships."""
    return hashlib.sha256(shipped_text().encode()).hexdigest()


SECTION = Section(
    "vacancies",
    Vacancies,
    (Stage(vacancy_energies, version=3, fingerprint=_engines), Stage(dft_vacancies, fingerprint=_shipped)),
    evidence,
    parts,
    check,
)

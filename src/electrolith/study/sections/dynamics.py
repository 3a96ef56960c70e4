"""Molecular dynamics to conductivity: trajectories with their guards, diffusivities, the Arrhenius line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.archive import save
from electrolith.core.errors import InputError
from electrolith.core.execution.workers import Workers
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.decorate import SupercellSites
from electrolith.crystal.frame import Frame
from electrolith.crystal.order import Ordering, Orderings
from electrolith.crystal.species import element_of
from electrolith.energy.engine import Engine
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.pod.potential import load_draws
from electrolith.energy.relax import relax
from electrolith.motion.conductivity import Conductivity
from electrolith.motion.conductivity import conductivity as conductivity_of
from electrolith.motion.diffusivities import Diffusivities
from electrolith.motion.diffusivities import diffusivities as diffusivities_of
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.results import Trajectories
from electrolith.motion.run import simulate, starts
from electrolith.study.section import Section, Study
from electrolith.study.sections.dynamics_parts import evidence, parts
from electrolith.study.sections.engine import (
    EngineChoice,
    draws_fingerprint,
    engine_fingerprint,
    open_engine,
)
from electrolith.study.sections.engine import check as check_engine
from electrolith.study.sections.material import Material, crystal
from electrolith.study.sections.relaxation import stored_relaxation
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.wiring import Progress, Stage, Workspace

__all__ = ["SECTION", "check_width", "hop_distance", "own_starts"]


def hop_distance(sites: SupercellSites, mobile: str) -> float:
    """Shortest distance between two sites of the mobile element, Å."""
    from scipy.spatial import cKDTree

    codes = [c for c, name in enumerate(sites.species) if name and element_of(name) == mobile]
    places = np.flatnonzero(sites.allowed[:, codes].any(axis=1))
    fractional = sites.fractional[places] % 1.0
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    images = (shifts[:, None, :] + fractional[None]).reshape(-1, 3) @ sites.cell
    distance, _ = cKDTree(images).query(fractional @ sites.cell, k=2)
    return float(distance[:, 1].min())


def trajectories(
    dynamics: Dynamics,
    material: Material,
    crystal: DisorderedCrystal,
    orderings: Orderings,
    relaxed: RelaxedOrderings,
    engine: EngineChoice,
    workspace: Workspace,
    progress: Progress,
    workers: Workers,
) -> Trajectories:
    """Run the trajectories until each temperature is precise enough."""
    species = [name for name in crystal.species if element_of(name) == material.mobile]
    model = open_engine(engine)
    return simulate(
        relaxed.frames,
        model,
        drawn=own_starts(dynamics, relaxed, engine, model, workspace.folder) if dynamics.posterior else None,
        dynamics=dynamics,
        mobile=material.mobile,
        hop_distance=hop_distance(orderings.sites, material.mobile),
        charge=crystal.charges_of(species)[0],
        folder=workspace.folder,
        executor=workers.remote(),
        progress=progress,
    )


def own_starts(
    dynamics: Dynamics, relaxed: RelaxedOrderings, choice: EngineChoice, model: Engine, folder: Path
) -> dict[tuple[int, int], tuple[Frame, Engine]]:
    """For each ordering and seed the frame it starts from and the engine that moves it."""
    if dynamics.posterior:
        return _drawn(dynamics, relaxed, choice, folder)
    return {(o, k): (relaxed.frames[o], model) for o, k in starts(dynamics)}


def _drawn(
    dynamics: Dynamics, relaxed: RelaxedOrderings, choice: EngineChoice, folder: Path
) -> dict[tuple[int, int], tuple[Frame, Engine]]:
    """For each ordering and seed a draw of the potential, and the ordering as that draw relaxes it.

    A relaxed frame is stored as soon as it is there, so that a run that goes on elsewhere has the same one.
    """
    draws = load_draws(choice.potential or choice.name)
    picks = np.random.default_rng([dynamics.seed, len(draws)]).permutation(len(draws))
    own: dict[tuple[int, int], tuple[Frame, Engine]] = {}
    for ordering in range(dynamics.orderings):
        for seed in range(dynamics.seeds):
            engine = LammpsPod(draws[picks[(ordering * dynamics.seeds + seed) % len(draws)]])
            path = folder / f"draw-{ordering + 1}-{seed + 1}"
            end = stored_relaxation(path)
            if end is None:
                end = relax(relaxed.frames[ordering], engine)
                save(path, end)
            own[ordering, seed] = end.frame, engine
            engine.close()
    return own


def _trajectories_fingerprint(**settings: object) -> str:
    """The engine's, and the draws of its posterior where they are used."""
    dynamics = next(value for value in settings.values() if isinstance(value, Dynamics))
    return draws_fingerprint(**settings) if dynamics.posterior else engine_fingerprint(**settings)


def diffusivities(trajectories: Trajectories, relaxed: RelaxedOrderings) -> Diffusivities:
    """Diffusivity of each temperature whose runs can be trusted, orderings by their canonical weight."""
    orderings = 1 + max(r.ordering for r in trajectories.runs)
    wanted = orderings if trajectories.dynamics is None else trajectories.dynamics.orderings
    return diffusivities_of(trajectories, shares=relaxed.shares(wanted))


def conductivity(diffusivities: Diffusivities, dynamics: Dynamics) -> Conductivity:
    """Arrhenius line of σT and σ(300 K)."""
    return conductivity_of(diffusivities, rng=np.random.default_rng(dynamics.seed))


def check(study: Study) -> None:
    """The engine must serve, the cell be wide enough, and there must be as many orderings as are wanted."""
    check_engine(study)
    dynamics, ordering = study.get(Dynamics), study.get(Ordering)
    if dynamics is not None and dynamics.posterior:
        picked = study.get(EngineChoice) or EngineChoice()
        if not isinstance(open_engine(picked), LammpsPod):
            raise InputError(
                f"study.dynamics.posterior: {picked.name} has no posterior of its coefficients; only fitted "
                "potentials have one"
            )
        load_draws(picked.potential or picked.name)
    material, choice = study.get(Material), study.get(EngineChoice)
    if material is not None and ordering is not None and choice is not None:
        check_width(crystal(material), ordering, open_engine(choice))
    if dynamics is not None and ordering is not None:
        kept = ordering.keep.lowest + ordering.keep.random + ordering.keep.monte_carlo
        if dynamics.orderings > kept:
            raise InputError(
                f"study.dynamics.orderings: {dynamics.orderings} are wanted, "
                f"study.ordering.keep leaves {kept}"
            )


def check_width(average: DisorderedCrystal, ordering: Ordering, engine: Engine) -> None:
    """Refuse a supercell in which an ion would feel its own image.

    Raises
    ------
    InputError
        If the supercell is narrower than the reach of the engine's potential.
    """
    reach = float(getattr(getattr(getattr(engine, "potential", None), "settings", None), "cutoff", 0.0))
    cell = np.diag(ordering.supercell) @ average.cell
    normals = np.linalg.inv(cell).T
    width = float((1.0 / np.linalg.norm(normals, axis=1)).min())
    if width < reach:
        size = "×".join(map(str, ordering.supercell))
        raise InputError(
            f"study.ordering.supercell: {size} is {width:.2f} Å wide, {engine.name} reaches {reach:.2f} Å, "
            "so that an ion would feel its own image; take a larger supercell"
        )


SECTION = Section(
    "dynamics",
    Dynamics,
    (
        Stage(trajectories, version=3, fingerprint=_trajectories_fingerprint),
        Stage(diffusivities, version=3),
        Stage(conductivity, version=3),
    ),
    evidence,
    parts,
    check,
)

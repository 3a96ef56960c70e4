"""Orderings that the engine finds, what disorder frozen in at a higher temperature would mean."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from electrolith.core.processes import Processes, cores
from electrolith.crystal.canonical import arrangements, copies
from electrolith.crystal.ewald import pair_matrix
from electrolith.crystal.exchange import Seated
from electrolith.crystal.exclusion import exclusions
from electrolith.crystal.order import Ordering, Orderings, with_found
from electrolith.crystal.species import element_of
from electrolith.crystal.symmetry import permutations
from electrolith.energy.engine import Engine
from electrolith.energy.search import Course, Lattice, Search, walk
from electrolith.study.figure import Axis, Figure, Line, Role
from electrolith.study.printed import printed
from electrolith.study.section import Part, Results, Section, Table
from electrolith.study.sections.engine import EngineChoice, check, engine_fingerprint, open_engine
from electrolith.study.sections.material import Material
from electrolith.study.wiring import Progress, Stage, Workspace

__all__ = ["SECTION", "Found"]

ROLES: tuple[Role, ...] = ("computed", "second", "third", "fourth", "measured")


@dataclass(frozen=True, eq=False)
class Found:
    """The orderings that go on, those of the engine's search among them.

    orderings : all.      copies : symmetry copies of each, shape (k,).
    arrangements : number of each one's arrangement of the immobile ions, shape (k,).
    lowest : lowest energy of each walk after each trial, eV.      ended : why each walk ended.
    accepted, evaluations : trials taken and calls of the engine by walk.
    """

    orderings: Orderings
    copies: np.ndarray
    arrangements: np.ndarray
    lowest: tuple[np.ndarray, ...]
    ended: tuple[str, ...]
    accepted: tuple[int, ...]
    evaluations: tuple[int, ...]


def search(
    search: Search,
    ordering: Ordering,
    orderings: Orderings,
    material: Material,
    engine: EngineChoice,
    workspace: Workspace,
    progress: Progress,
) -> Found:
    """Exchange sites of the lowest electrostatic orderings until the engine's energy falls no more."""
    sites = orderings.sites
    group = permutations(sites.cell, sites.fractional, sites.orbit.tolist())
    lattice = Lattice(
        sites=sites,
        matrix=pair_matrix(sites.positions, sites.cell),
        exclusive=exclusions(sites, shortest=ordering.shortest),
        spread=float(orderings.random_energies.std()),
    )
    courses = _walks(orderings, lattice, open_engine(engine), search, workspace.folder, progress)
    every = [(e, one) for c in courses for e, one in zip(c.seen_energies, c.seen, strict=True)]
    every.sort(key=lambda row: float(row[0]))
    found = with_found(orderings, tuple(one for _, one in every), lattice.matrix, group)
    found = _first(found, len(orderings.frames) + search.keep)
    mobile = [c for c, name in enumerate(sites.species) if name and element_of(name) == material.mobile]
    return Found(
        orderings=found,
        copies=np.array([copies(d, group) for d in found.decorations]),
        arrangements=arrangements(found.decorations, tuple(mobile), group),
        lowest=tuple(c.lowest for c in courses),
        ended=tuple(c.ended for c in courses),
        accepted=tuple(c.accepted for c in courses),
        evaluations=tuple(c.evaluations for c in courses),
    )


def _first(orderings: Orderings, number: int) -> Orderings:
    """The first so many orderings."""
    return replace(
        orderings,
        frames=orderings.frames[:number],
        kinds=orderings.kinds[:number],
        energies=orderings.energies[:number],
        decorations=orderings.decorations[:number],
        site_of_atom=orderings.site_of_atom[:number],
        indices=orderings.indices[:number],
    )


def _walks(
    orderings: Orderings,
    lattice: Lattice,
    engine: Engine,
    settings: Search,
    folder: Path,
    progress: Progress,
) -> tuple[Course, ...]:
    """All walks, as many at once as there are cores."""
    starts = np.argsort(orderings.energies, kind="stable")[: settings.walkers]
    if not lattice.spread > 0 or not len(starts):
        return ()
    engine.evaluate(orderings.frames[0])  # refuse an element it does not know here, not in every process
    paths = [folder / f"walk-{n + 1}" for n in range(len(starts))]
    with Processes(min(cores(), len(starts))) as pool:
        waiting = {
            pool.submit(
                walk,
                Seated(orderings.frames[i], orderings.decorations[i], orderings.site_of_atom[i]),
                lattice,
                engine,
                settings,
                n,
                paths[n],
            ): n
            for n, i in enumerate(starts)
        }
        done: dict[int, Course] = {}
        while waiting:
            ended, _ = wait(waiting, timeout=1.0)
            for future in ended:
                done[waiting.pop(future)] = future.result()
            _tell(paths, set(done), settings, progress)
    return tuple(done[n] for n in sorted(done))


def _tell(paths: list[Path], done: set[int], settings: Search, progress: Progress) -> None:
    """Trials so far and the lowest energy."""
    trials, lowest = [], []
    for n, path in enumerate(paths):
        try:
            count, energy = path.with_suffix(".trials").read_text().split()
        except (OSError, ValueError):
            trials.append(0)
            continue
        trials.append(settings.trials if n in done else int(count))
        lowest.append(float(energy))
    text = f"{sum(trials)} of at most {settings.trials * len(paths)} trials"
    progress(
        sum(trials) / (settings.trials * len(paths)), text + (f", {min(lowest):.3f} eV" if lowest else "")
    )


def parts(results: Results) -> tuple[Part, ...]:
    """The search's part of the report: how far each walk fell, and whether it had stopped falling."""
    found = results.get(Found)
    if found is None or not found.lowest:
        return ()
    atoms = len(found.orderings.frames[0])
    bottom = min(float(w[-1]) for w in found.lowest)
    layers = tuple(
        Line(np.arange(len(w)), 1000 * (w - bottom) / atoms, f"walk {n + 1}", ROLES[n % len(ROLES)])
        for n, w in enumerate(found.lowest)
    )
    figure = Figure(
        "search",
        "Lowest relaxed energy of each walk above the lowest of all, against the exchanges tried.",
        Axis("trials"),
        Axis("energy / meV per atom"),
        layers,
    )
    rows = tuple(
        (
            n + 1,
            len(w) - 1,
            int(found.accepted[n]),
            int(found.evaluations[n]),
            printed(1000 * (w[0] - w[-1]) / atoms, ".2f"),
            printed(1000 * (w[-1] - bottom) / atoms, ".2f"),
            found.ended[n],
        )
        for n, w in enumerate(found.lowest)
    )
    columns = (
        "walk",
        "trials",
        "taken",
        "engine calls",
        "fell by / meV per atom",
        "above the lowest / meV per atom",
        "ended because",
    )
    number = found.orderings.kinds.count("engine")
    sentence = (
        f"{len(found.lowest)} walks with the engine in the loop, from the lowest electrostatic orderings: "
        f"{sum(len(w) - 1 for w in found.lowest)} exchanges relaxed; {number} new orderings go on."
    )
    short = [n + 1 for n, why in enumerate(found.ended) if why == "the trials were used up"]
    warnings = (
        (
            f"Walks {', '.join(map(str, short))} used up their trials before their lowest energy had rested "
            "for as many as asked; a lower ordering may exist (search.trials, search.patience)",
        )
        if short
        else ()
    )
    return (Part("Search", sentence, (figure,), (Table(columns, rows),), warnings),)


STAGE = Stage(search, fingerprint=engine_fingerprint)
SECTION = Section("search", Search, (STAGE,), parts=parts, check=check, implicit=True)

"""Relaxation of every ordering, and the share of each in the canonical ensemble."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.archive import load, save
from electrolith.core.errors import DataError, NotConverged
from electrolith.core.execution.chunks import Chunks, Stop, never
from electrolith.core.execution.workers import Workers
from electrolith.crystal.canonical import canonical_weights, effective_number
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.frame import Frame
from electrolith.crystal.order import Kind
from electrolith.energy.engine import Engine
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.relax import Relaxation, Relaxed, relax
from electrolith.energy.search import Search
from electrolith.study.section import Section
from electrolith.study.sections.engine import EngineChoice, check, draws_fingerprint, open_draws, open_engine
from electrolith.study.sections.frozen_in import frozen_in
from electrolith.study.sections.relaxation_parts import evidence, parts
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.sections.search import Found
from electrolith.study.wiring import Progress, Stage, Workspace

__all__ = ["SECTION", "RelaxedOrderings", "by_turns", "by_weight", "relax_all", "stored_relaxation"]


WEIGHED = 16  # draws of the potential that are asked for energies
NEAR = 0.015  # eV per atom above the lowest: orderings beyond carry no weight with any draw
BATCH = 4  # frames per process: a new process costs about a second


@dataclass(frozen=True, slots=True)
class _Batch:
    """A few frames with the files their relaxations go to."""

    work: tuple[tuple[Path, Frame], ...]
    engine: Engine
    settings: Relaxation

    def there(self) -> int:
        """How many are relaxed."""
        return sum(path.exists() for path, _ in self.work)


@dataclass(frozen=True, slots=True)
class _Done:
    """Whether frames of a batch are left."""

    more: bool


def _relax_some(batch: _Batch, stop: Stop = never) -> _Done:
    """Relax a few frames in a process of its own; each result is a file as soon as it is there."""
    for path, frame in batch.work:
        if stop():
            return _Done(True)
        if stored_relaxation(path) is None:
            save(path, relax(frame, batch.engine, settings=batch.settings))
    return _Done(False)


def stored_relaxation(path: Path) -> Relaxed | None:
    """A relaxation that is already there; a damaged one counts as not there."""
    try:
        found = load(path)
    except DataError:
        return None
    return found if isinstance(found, Relaxed) else None


def relax_all(
    work: dict[Path, Frame], engine: Engine, settings: Relaxation, progress: Progress, workers: Workers
) -> tuple[Relaxed, ...]:
    """Relax frames, as many at once as there are workers; each is a file as soon as it is done.

    Called again after a kill it relaxes what is missing.

    Raises
    ------
    NotConverged
        If the processes of some frames die again and again.
    """
    missing = [(path, frame) for path, frame in work.items() if stored_relaxation(path) is None]
    batches = [missing[i : i + BATCH] for i in range(0, len(missing), BATCH)]
    with workers.pool(len(batches)) as pool:
        chunks: Chunks[str] = Chunks(pool)
        for some in batches:
            batch = _Batch(tuple((path.resolve(), frame) for path, frame in some), engine, settings)
            chunks.add(some[0][0].name, _relax_some, batch, batch.there)
        while chunks.futures:
            for ended in chunks.wait(1.0):
                if ended.gave_up:
                    raise NotConverged(f"relaxations from {ended.key} on: {ended.gave_up}")
            there = sum(path.exists() for path in work)
            progress(there / len(work), f"{there} of {len(work)} relaxed")
    return tuple(load(path) for path in work)


def relaxations(
    relaxation: Relaxation,
    search: Search,
    found: Found,
    crystal: DisorderedCrystal,
    engine: EngineChoice,
    workspace: Workspace,
    progress: Progress,
    workers: Workers,
) -> RelaxedOrderings:
    """Relax every ordering and weigh it."""
    model = open_engine(engine)
    orderings = found.orderings
    model.evaluate(orderings.frames[0])  # refuse an element it does not know here, not in every process
    work = {workspace.folder / f"ordering-{i + 1}": frame for i, frame in enumerate(orderings.frames)}
    relaxed = relax_all(work, model, relaxation, progress, workers)
    if not any(r.converged for r in relaxed):
        raise NotConverged(
            f"none of {len(relaxed)} orderings relaxed to {relaxation.force:g} eV/Å within "
            f"{relaxation.steps} steps; raise relaxation.steps or relaxation.force",
            partial=relaxed,
        )
    cells = round(abs(np.linalg.det(orderings.sites.cell)) / abs(np.linalg.det(crystal.cell)))
    energies = np.array([r.energy if r.converged else np.inf for r in relaxed])
    weights = canonical_weights(energies, found.copies, temperature=search.temperature)
    doubtful = _by_draws(relaxed, energies, open_draws(engine), found.copies, search.temperature)
    return RelaxedOrderings(
        relaxed=relaxed,
        kinds=orderings.kinds,
        engine=model.name,
        chosen=by_weight(energies, weights, found.arrangements),
        lattice_parameters=np.array([(r.frame.volume / cells) ** (1 / 3) for r in relaxed]),
        weights=weights if doubtful is None else doubtful,
        thermal=effective_number(weights),
        arrangements=found.arrangements,
        temperature=search.temperature,
    )


def _by_draws(
    relaxed: tuple[Relaxed, ...],
    energies: np.ndarray,
    draws: tuple[LammpsPod, ...],
    copies: np.ndarray,
    temperature: float,
) -> np.ndarray | None:
    """Weights averaged over draws of the potential, shape (k,); None where it has no posterior.

    A few meV per atom that the potential leaves open are several k_B T of a whole cell: which ordering is
    lowest is itself known with doubt. Each draw is asked for the energies at the minima of the fit, which to
    first order are those of its own.
    """
    if not draws:
        return None
    near = energies < np.min(energies) + NEAR * len(relaxed[0].frame)
    table = np.full((min(len(draws), WEIGHED), len(relaxed)), np.inf)
    for row, draw in zip(table, draws, strict=False):
        row[near] = [draw.evaluate(r.frame).energy for r, n in zip(relaxed, near, strict=True) if n]
        draw.close()
    return np.asarray(canonical_weights(table, copies, temperature=temperature).mean(axis=0))


def by_weight(energies: np.ndarray, weights: np.ndarray, arrangements: np.ndarray) -> tuple[int, ...]:
    """The order in which dynamics takes orderings, shape (k,).

    First the lowest of each arrangement of the immobile ions, the arrangement of largest summed weight
    first: mobile ions find their own places at the temperatures of dynamics. Then all others by energy.
    """
    total = np.bincount(arrangements, weights=weights)
    best = {a: int(np.where(arrangements == a, energies, np.inf).argmin()) for a in range(len(total))}
    first = [best[a] for a in sorted(best, key=lambda a: (-total[a], energies[best[a]]))]
    rest = [int(i) for i in np.argsort(energies, kind="stable") if int(i) not in first]
    return tuple(i for i in first + rest if np.isfinite(energies[i]))


def by_turns(relaxed: tuple[Relaxed, ...], kinds: tuple[Kind, ...]) -> tuple[int, ...]:
    """The ground state, then the lowest left of each kind in turn."""
    queues: dict[str, list[int]] = defaultdict(list)
    for index in np.argsort([r.energy for r in relaxed]):
        if relaxed[index].converged:
            queues[kinds[index]].append(int(index))
    order: list[int] = []
    waiting = list(queues.values())
    while waiting:
        order += [queue.pop(0) for queue in waiting]
        waiting = [queue for queue in waiting if queue]
    return tuple(order)


STAGE = Stage(relaxations, version=3, fingerprint=draws_fingerprint)
SECTION = Section("relaxation", Relaxation, (STAGE, Stage(frozen_in)), evidence, parts, check, implicit=True)

"""Relaxation of every ordering: the ground state, the spread of energies and lattice parameters."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.archive import load, save
from electrolith.core.errors import DataError
from electrolith.core.estimate import Estimate
from electrolith.core.processes import Processes
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.frame import Frame
from electrolith.crystal.order import Kind, Orderings
from electrolith.energy.engine import Engine
from electrolith.energy.relax import Relaxation, Relaxed, relax
from electrolith.study.figure import Axis, Figure, Points, Role
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.sections.engine import EngineChoice, check, engine_fingerprint, open_engine
from electrolith.study.wiring import Progress, Stage, Workspace

__all__ = ["SECTION", "RelaxedOrderings", "by_turns", "relax_all"]


BATCH = 4  # frames per process: a new process costs about a second


@dataclass(frozen=True, eq=False)
class RelaxedOrderings:
    """Every ordering at its minimum.

    relaxed, kinds : in the order of the orderings.     engine : its name.
    chosen : indices in the order in which dynamics takes them: the ground state first, then by turns the
        lowest of each kind, so that few trajectories still span order and disorder.
    lattice_parameters : cube root of the volume per crystallographic cell, Å, shape (k,).
    """

    relaxed: tuple[Relaxed, ...]
    kinds: tuple[Kind, ...]
    engine: str
    chosen: tuple[int, ...]
    lattice_parameters: np.ndarray

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Relaxed frames in the order in which dynamics takes them."""
        return tuple(self.relaxed[i].frame for i in self.chosen)


def _relax_some(work: list[tuple[Path, Frame]], engine: Engine, settings: Relaxation) -> None:
    """Relax a few frames in a process of its own; each result is a file as soon as it is there."""
    for path, frame in work:
        save(path, relax(frame, engine, settings=settings))


def _stored(path: Path) -> Relaxed | None:
    """A relaxation that is already there; a damaged one counts as not there."""
    try:
        found = load(path)
    except DataError:
        return None
    return found if isinstance(found, Relaxed) else None


def relax_all(
    work: dict[Path, Frame], engine: Engine, settings: Relaxation, progress: Progress
) -> tuple[Relaxed, ...]:
    """Relax frames, as many at once as there are cores; each is a file as soon as it is done.

    Called again after a kill it relaxes what is missing.
    """
    missing = [(path, frame) for path, frame in work.items() if _stored(path) is None]
    batches = [missing[i : i + BATCH] for i in range(0, len(missing), BATCH)]
    with Processes(min(os.cpu_count() or 1, max(len(batches), 1))) as pool:
        waiting = {pool.submit(_relax_some, batch, engine, settings) for batch in batches}
        while waiting:
            ended, waiting = wait(waiting, timeout=1.0)
            for future in ended:
                future.result()
            there = sum(path.exists() for path in work)
            progress(there / len(work), f"{there} of {len(work)} relaxed")
    return tuple(load(path) for path in work)


def relaxations(
    relaxation: Relaxation,
    orderings: Orderings,
    crystal: DisorderedCrystal,
    engine: EngineChoice,
    workspace: Workspace,
    progress: Progress,
) -> RelaxedOrderings:
    """Relax every ordering."""
    model = open_engine(engine)
    model.evaluate(orderings.frames[0])  # refuse an element it does not know here, not in every process
    work = {workspace.folder / f"ordering-{i + 1}": frame for i, frame in enumerate(orderings.frames)}
    relaxed = relax_all(work, model, relaxation, progress)
    cells = round(abs(np.linalg.det(orderings.frames[0].cell)) / abs(np.linalg.det(crystal.cell)))
    sizes = np.array([(r.frame.volume / cells) ** (1 / 3) for r in relaxed])
    return RelaxedOrderings(relaxed, orderings.kinds, model.name, by_turns(relaxed, orderings.kinds), sizes)


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


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Lattice parameter with the spread over orderings."""
    found = results.get(RelaxedOrderings)
    if found is None:
        return ()
    good = found.lattice_parameters[[r.converged for r in found.relaxed]]
    if good.size < 2:
        return ()
    value = Estimate(good, "angstrom")
    note = f"0 K, {good.size} orderings"
    return (Evidence("lattice_parameter", "Lattice parameter a", value, "computed", found.engine, note=note),)


def _figure(found: RelaxedOrderings, atoms: int) -> Figure:
    """Energy against lattice parameter, by kind."""
    energies = np.array([r.energy for r in found.relaxed]) / atoms
    energies = 1000 * (energies - energies.min())
    roles: dict[Kind, Role] = {"lowest": "computed", "random": "measured", "monte carlo": "second"}
    layers = []
    for kind, role in roles.items():
        pick = [i for i, k in enumerate(found.kinds) if k == kind]
        if pick:
            text = tuple(
                f"ordering {i + 1} ({kind})<br>{energies[i]:.2f} meV/atom<br>"
                f"a {found.lattice_parameters[i]:.4f} Å"
                for i in pick
            )
            layers.append(
                Points(
                    found.lattice_parameters[pick], energies[pick], f"{kind} ({len(pick)})", role, text=text
                )
            )
    return Figure(
        "relaxations",
        "Energy of the relaxed orderings above the lowest, against the lattice parameter of a cubic cell of "
        "the same volume.",
        Axis("lattice parameter / Å"),
        Axis("energy above the lowest / meV per atom"),
        tuple(layers),
    )


def parts(results: Results) -> tuple[Part, ...]:
    """Relaxation's part of the report."""
    found = results.get(RelaxedOrderings)
    if found is None:
        return ()
    atoms = len(found.relaxed[0].frame)
    energies = 1000 * np.array([r.energy for r in found.relaxed]) / atoms
    lowest = int(np.argmin(energies))
    rows = []
    for kind in dict.fromkeys(found.kinds):
        pick = [i for i, k in enumerate(found.kinds) if k == kind]
        a = found.lattice_parameters[pick]
        e = energies[pick] - energies[lowest]
        furthest = max(found.relaxed[i].furthest for i in pick)
        rows.append(
            (
                kind,
                str(len(pick)),
                f"{e.mean():.2f} ± {e.std():.2f}",
                f"{e.min():.2f}",
                f"{a.mean():.4f} ± {a.std():.4f}",
                f"{furthest:.1f}",
            )
        )
    columns = (
        "kind",
        "number",
        "mean energy above the lowest / meV per atom",
        "least",
        "lattice parameter / Å",
        "furthest move of an atom / Å",
    )
    failed = [i + 1 for i, r in enumerate(found.relaxed) if not r.converged]
    names = ", ".join(map(str, failed))
    warnings = (f"Orderings {names} did not reach the force criterion; left out.",) if failed else ()
    sentence = (
        f"{len(found.relaxed)} orderings relaxed with {found.engine}, cell and positions; the ground state "
        f"is ordering {lowest + 1} ({found.kinds[lowest]}), the energies spread by {energies.std():.1f} meV "
        "per atom."
    )
    return (Part("Relaxation", sentence, (_figure(found, atoms),), (Table(columns, tuple(rows)),), warnings),)


STAGE = Stage(relaxations, fingerprint=engine_fingerprint)
SECTION = Section("relaxation", Relaxation, (STAGE,), evidence, parts, check, implicit=True)

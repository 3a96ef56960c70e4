"""Where a potential goes when it is let run, and where it does not know what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.processes import Processes
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.domain import force_spread
from electrolith.energy.certificate.promises import SPREAD_LIMIT
from electrolith.energy.certificate.trial import TrialSettings, run_trial
from electrolith.energy.distil.select import d_optimal, information
from electrolith.energy.distil.start import Base, deformed
from electrolith.energy.pod.descriptors import pod_descriptors
from electrolith.energy.pod.equations import NormalEquations
from electrolith.energy.pod.fit import PodFit
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.relax import Relaxation, relax

__all__ = ["Exploration", "Explore", "Visit", "explore", "most_informative"]

CLOSEST = 0.55  # of the sum of the covalent radii: closer atoms teach nothing but the repulsive core


@dataclass(frozen=True, slots=True)
class Explore:
    """How a potential is let run between two fits.

    temperatures: K, taken in turn.
    runs: in every round.
    duration: of each, fs. frames: looked at in each.
    volume: largest random change of the starting volume, relative.
    """

    temperatures: tuple[Annotated[float, Unit("K")], ...] = (600.0, 800.0, 1000.0)
    runs: int = 12
    duration: Annotated[float, Unit("fs")] = 8e3
    frames: int = 16
    volume: float = 0.03

    def __post_init__(self) -> None:
        if not self.temperatures or min(self.temperatures) <= 0:
            raise InputError(f"explore: temperatures must be above 0 K, got {list(self.temperatures)}")
        if self.runs < 1 or self.frames < 1:
            raise InputError(f"explore: runs and frames must be at least 1, got {self.runs}, {self.frames}")
        if self.duration < 100:
            raise InputError(f"explore: a duration of {self.duration} fs visits nothing; give picoseconds")


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """A frame that the potential visited.

    spread: of the committee's forces on its worst atom, eV/Å; above 0.2 the potential does not know.
    source: what a label of it would say of where it came from.
    """

    frame: Frame
    spread: float
    source: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """What one round of runs saw.

    broken: why runs ended early, one text each.
    outside: share of the visited frames on which the committee disagrees by more than 0.2 eV/Å.
    """

    visits: tuple[Visit, ...]
    broken: tuple[str, ...]
    runs: int

    @property
    def outside(self) -> float:
        """Share of the visited frames outside the training domain."""
        if not self.visits:
            return float("nan")
        return float(np.mean([v.spread > SPREAD_LIMIT for v in self.visits]))


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """One run, as a worker process gets it."""

    fit: PodFit
    base: Base
    temperature: float
    seed: int
    source: dict[str, Any]
    settings: Explore


def explore(
    fit: PodFit,
    bases: Sequence[Base],
    settings: Explore,
    *,
    round_number: int,
    seed: int,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Exploration:
    """Relax cells of the materials with the potential and run it in them; look at what it visits.

    Parameters
    ----------
    fit : the potential and its committee.
    bases : cells to run in; those without dynamics are only relaxed.
    settings : how long and how hot.
    round_number, seed : decide which cells, which volumes and which velocities.
    processes : runs at once; a run that kills its process is a broken run.
    progress : called with (runs done, runs in all).

    Raises
    ------
    InputError
        If there is no cell.
    """
    if not bases:
        raise InputError("explore: no cell to run in")
    rng = np.random.default_rng([seed, round_number])
    order = rng.permutation(len(bases))
    walks = []
    for number in range(settings.runs):
        base = bases[int(order[number % len(bases)])]
        temperature = settings.temperatures[(number + round_number) % len(settings.temperatures)]
        swollen = deformed(base.frame, rng.uniform(-settings.volume, settings.volume), 0.01, 0.02, rng=rng)
        source = {
            "kind": base.material,
            "T": temperature,
            "run": f"round-{round_number}-{number}",
            "round": round_number,
        }
        start = Base(base.material, swollen, base.dynamics)
        walks.append(_Walk(fit, start, temperature, int(rng.integers(1, 100_000)), source, settings))
    visits: list[Visit] = []
    broken: list[str] = []
    for done, (found, failure) in enumerate(_walked(walks, processes)):
        visits += found
        if failure:
            source = walks[done].source
            broken.append(f"{source['kind']} at {source['T']:g} K: {failure}")
        if progress is not None:
            progress(done + 1, len(walks))
    return Exploration(tuple(visits), tuple(broken), len(walks))


def _walked(walks: Sequence[_Walk], processes: int) -> Iterator[tuple[tuple[Visit, ...], str]]:
    """Outcomes of the runs in their order; several processes at once, or this one."""
    if processes == 1:
        yield from (_walk(walk) for walk in walks)
        return
    with Processes(processes) as pool:
        for future in [pool.submit(_walk, walk) for walk in walks]:
            try:
                yield future.result()
            except BrokenProcessPool as error:
                yield (), f"its process died ({error})"


def _walk(walk: _Walk) -> tuple[tuple[Visit, ...], str]:
    """Relax, run, and judge what was visited."""
    potential, settings = walk.fit.potential, walk.settings
    engine = LammpsPod(potential)
    failure, frames = "", list[tuple[Frame, str]]()
    try:
        relaxed = relax(walk.base.frame, engine, settings=Relaxation(force=0.1, cell=True, steps=80)).frame
    except ElectrolithError as error:
        return (), f"relaxation: {str(error).splitlines()[0]}"
    finally:
        engine.close()
    if not 0.7 < relaxed.volume / walk.base.frame.volume < 1.4:
        return (), f"relaxation: the volume changed to {relaxed.volume / walk.base.frame.volume:.2f} times"
    frames.append((relaxed, "relaxed by the student"))
    if walk.base.dynamics:
        trial = TrialSettings(duration=settings.duration, heating=min(1e3, settings.duration))
        outcome, visited = run_trial(
            potential,
            relaxed,
            temperature=walk.temperature,
            seed=walk.seed,
            settings=trial,
            frames=settings.frames,
        )
        failure = outcome.failure
        frames += [(frame, "student MD") for frame in visited]
    sane = [(frame, origin) for frame, origin in frames if _closest(frame) > CLOSEST]
    spread = force_spread(walk.fit, [frame for frame, _ in sane])
    visits = tuple(
        Visit(frame, float(s), {**walk.source, "origin": origin})
        for (frame, origin), s in zip(sane, spread, strict=True)
    )
    return visits, failure


def _closest(frame: Frame) -> float:
    """Smallest distance over the sum of the covalent radii; 0 for frames that are not finite."""
    from ase.data import covalent_radii
    from ase.neighborlist import neighbor_list

    if not np.all(np.isfinite(frame.positions)):
        return 0.0
    i, j, distance = neighbor_list("ijd", frame.to_ase(), 2.5)
    radii = covalent_radii[frame.numbers]
    return float((distance / (radii[i] + radii[j])).min(initial=np.inf))


def most_informative(
    visits: Sequence[Visit], fit: PodFit, known: NormalEquations, number: int, *, pool: int = 96
) -> tuple[Visit, ...]:
    """The visits whose labels would teach most, none of them a twin of another.

    The `pool` visits of largest spread stand for election; log det of the information
    decides (see `d_optimal`).

    Parameters
    ----------
    visits : of one exploration.
    fit : the potential they were visited by.
    known : normal equations of its labels.
    number : how many are wanted.
    pool : how many are considered.
    """
    ranked = sorted(visits, key=lambda v: -v.spread)[:pool]
    designs = [
        pod_descriptors(v.frame, fit.potential.settings, stress=False).forces.reshape(3 * len(v.frame), -1)
        for v in ranked
    ]
    chosen = d_optimal(designs, information(known, fit.potential.settings), number)
    return tuple(ranked[i] for i in chosen)

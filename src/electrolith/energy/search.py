"""Ordering with the engine in the loop: exchanges of two sites judged by relaxed energies.

Point charges rank decorations of one crystal well enough to find where to look, and not well enough to say
which is lowest. From each start a walk tries exchanges (two species change places, an atom moves to a
vacancy), relaxes what comes out and takes it by the rule of Metropolis, until the lowest energy has not
fallen for a stated number of trials. Electrostatics choose which exchanges are worth a relaxation.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from electrolith.core.archive import fingerprint, load, save
from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import DataError, InputError
from electrolith.core.files import write_atomic
from electrolith.core.units import Unit
from electrolith.crystal.decorate import SupercellSites
from electrolith.crystal.exchange import Seated, exchange, exchange_costs, reseat
from electrolith.energy.engine import Engine
from electrolith.energy.relax import Relaxation, relax

__all__ = ["Course", "Lattice", "Search", "begin_walk", "step_walk", "walk"]

Array = NDArray[np.float64]

FALL = 1e-3  # eV; the lowest energy has fallen when it fell by more
# What nine of ten relaxations fall by after so many steps, eV: one that is further above what would be taken
# is given up. Measured on 150 exchanges in Li54N12Cl18; it halves the cost of a trial.
FALLS_LEFT = {8: 1.4, 12: 0.9, 18: 0.6, 25: 0.45, 40: 0.3, 60: 0.2}
CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Search:
    """How the engine looks for low orderings, and at which temperature orderings are weighed.

    walkers : walks, from as many of the lowest electrostatic orderings; 0: no search.
    trials : most relaxations of one walk.
    patience : a walk ends when its lowest energy has not fallen for so many trials.
    temperature : at which averages over orderings are canonical: that at which the sample's ordering froze
        in. A milled sample may keep a higher one.
    heat : temperature of the rule by which exchanges are taken; high enough to leave a minimum again.
    force : at which a trial counts as relaxed; what is kept is relaxed further with all others.
    cell : whether the cell relaxes too; not with an engine that gives no stress.
    keep : how many of the lowest distinct orderings go on.
    guess : electrostatic temperature of the choice of exchanges, as a share of the standard deviation of
        random decorations' energies.
    seed : of the exchanges.
    """

    walkers: int = 4
    trials: int = 120
    patience: int = 60
    temperature: Annotated[float, Unit("K")] = 600.0
    heat: Annotated[float, Unit("K")] = 1200.0
    force: Annotated[float, Unit("eV/angstrom")] = 0.05
    cell: bool = True
    keep: int = 8
    guess: float = 0.05
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be searched with."""
        if self.walkers < 0:
            raise InputError(f"search.walkers: must not be negative, got {self.walkers}")
        for name in ("trials", "patience", "keep"):
            if getattr(self, name) < 1:
                raise InputError(f"search.{name}: must be at least 1, got {getattr(self, name)}")
        for name in ("temperature", "heat", "force", "guess"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(f"search.{name}: must be above 0, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """What a walk needs of the crystal.

    matrix : Ewald pair matrix, eV/e², shape (n, n).      exclusive : pairs not both filled, shape (n, n).
    spread : standard deviation of the electrostatic energies of random decorations, eV.
    """

    sites: SupercellSites
    matrix: Array
    exclusive: NDArray[np.bool_]
    spread: float


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One walk so far.

    here : where it stands.      energy : of it, eV.
    tried : exchanges tried since it came here, as i · n + j, shape (k,).
    seen, seen_energies : every state taken, with its energy (eV).
    lowest : lowest energy after each trial, the start first, eV, shape (trials + 1,).
    accepted : trials taken.      evaluations : of the engine.
    ended : why it ended; empty while it goes on.
    """

    here: Seated
    energy: float
    tried: NDArray[np.int64]
    seen: tuple[Seated, ...]
    seen_energies: Array
    lowest: Array
    accepted: int
    evaluations: int
    ended: str = ""

    @property
    def trials(self) -> int:
        """Trials so far."""
        return len(self.lowest) - 1

    @property
    def idle(self) -> int:
        """Trials since the lowest energy fell."""
        return int(self.trials - np.flatnonzero(self.lowest > self.lowest[-1] + FALL).max(initial=-1) - 1)


def begin_walk(start: Seated, lattice: Lattice, engine: Engine, settings: Search) -> Course:
    """Relax the start."""
    found = relax(start.frame, engine, settings=_relaxation(settings))
    here = reseat(replace(start, frame=found.frame), lattice.sites)
    return Course(
        here=here,
        energy=found.energy,
        tried=np.zeros(0, dtype=np.int64),
        seen=(here,),
        seen_energies=np.array([found.energy]),
        lowest=np.array([found.energy]),
        accepted=0,
        evaluations=len(found.energies),
    )


def step_walk(
    course: Course, lattice: Lattice, engine: Engine, settings: Search, *, rng: np.random.Generator
) -> Course:
    """One trial; returns a new course.

    The exchange is drawn with exp(-max(ΔE, 0)/kT) of its electrostatic cost among those not tried from
    here, relaxed, and taken with exp(-max(ΔE, 0)/kT) of the engine's; what is taken is drawn beforehand, so
    that a relaxation which will not get there is given up early.
    """
    costs = exchange_costs(course.here.decoration, lattice.matrix, lattice.sites, lattice.exclusive).ravel()
    costs[course.tried] = np.inf
    if not np.isfinite(costs).any():
        return replace(course, ended="every exchange from here was tried")
    costs -= max(float(costs.min()), 0.0)
    weights = np.exp(-np.maximum(costs, 0.0) / (settings.guess * lattice.spread))
    pick = int(rng.choice(len(weights), p=weights / weights.sum()))
    trial = exchange(course.here, lattice.sites, *divmod(pick, len(lattice.sites)))
    most = course.energy + BOLTZMANN * settings.heat * float(rng.exponential())
    found = relax(
        trial.frame,
        engine,
        settings=_relaxation(settings),
        abandon=lambda step, energy: step in FALLS_LEFT and energy > most + FALLS_LEFT[step],
    )
    taken = found.converged and found.energy <= most
    low = min(float(course.lowest[-1]), found.energy if found.converged else np.inf)
    after = replace(
        course,
        tried=np.append(course.tried, pick),
        lowest=np.append(course.lowest, low),
        evaluations=course.evaluations + len(found.energies),
    )
    if taken:
        here = reseat(replace(trial, frame=found.frame), lattice.sites)
        after = replace(
            after,
            here=here,
            energy=found.energy,
            tried=after.tried[:0],
            seen=(*after.seen, here),
            seen_energies=np.append(after.seen_energies, found.energy),
            accepted=after.accepted + 1,
        )
    return _ended(after, settings)


def _ended(course: Course, settings: Search) -> Course:
    """The course with the reason why it ends here, if it does."""
    if course.idle >= settings.patience:
        return replace(course, ended="the lowest energy did not fall any more")
    if course.trials >= settings.trials:
        return replace(course, ended="the trials were used up")
    return course


def walk(
    start: Seated, lattice: Lattice, engine: Engine, settings: Search, number: int, path: Path
) -> Course:
    """A whole walk; killed at any moment it goes on from its file, trial by trial as if it had not been.

    Parameters
    ----------
    number : of the walk; its random numbers are those of the seed, this number and the trial's.
    path : where its course is kept; `path` with ".trials" says how far it is.
    """
    key = fingerprint((settings, number, start.decoration, getattr(engine, "potential", engine.name)))
    course = _stored(path, key)
    saved = time.monotonic()
    if course is None:
        course = begin_walk(start, lattice, engine, settings)
    while not course.ended:
        rng = np.random.default_rng([settings.seed, number, course.trials])
        course = step_walk(course, lattice, engine, settings, rng=rng)
        if course.ended or time.monotonic() - saved > CHECKPOINT_SECONDS:
            save(path, (key, course))
            saved = time.monotonic()
        write_atomic(path.with_suffix(".trials"), f"{course.trials} {course.lowest[-1]:.6f}\n")
    return course


def _stored(path: Path, key: str) -> Course | None:
    """The course so far, if there is a sound one of the same walk."""
    try:
        found = load(path)
    except DataError:
        return None
    if isinstance(found, tuple) and len(found) == 2 and found[0] == key and isinstance(found[1], Course):
        return found[1]
    return None


def _relaxation(settings: Search) -> Relaxation:
    return Relaxation(force=settings.force, cell=settings.cell, steps=150)

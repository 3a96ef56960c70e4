"""One candidate of a campaign: prepared by its own study, simulated, judged after every round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from electrolith.core.errors import InputError, NotConverged
from electrolith.core.execution.chunks import Stop, never
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.order import Orderings
from electrolith.crystal.species import element_of
from electrolith.motion.allocate import gain_rates, relative_error, worth_extending
from electrolith.motion.conductivity import Conductivity, conductivity
from electrolith.motion.diffusivities import diffusivities
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.results import Run, Trajectories
from electrolith.motion.run import tasks_of
from electrolith.motion.summary import summarise
from electrolith.motion.trajectory import Task
from electrolith.study.campaign.result import CandidateResult
from electrolith.study.campaign.steer import Front, Standing
from electrolith.study.run import reached
from electrolith.study.section import Study
from electrolith.study.sections.dynamics import hop_distance, own_starts
from electrolith.study.sections.engine import EngineChoice, open_engine
from electrolith.study.sections.material import Material
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.study import read_study

__all__ = ["NEEDED", "Candidate", "opened", "prepare"]

NEEDED = (DisorderedCrystal, Orderings, RelaxedOrderings)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of preparing a candidate; empty where all is there."""

    reason: str = ""
    more: bool = False


def prepare(path: str, stop: Stop = never) -> Prepared:
    """Order and relax a candidate; what is stored is not computed again.

    A job that ends in its midst loses what is under way; every relaxation and walk that ended is kept.
    """
    if stop():
        return Prepared(more=True)
    found = reached(read_study(Path(path), execution="local"), *NEEDED, compute=True)
    return Prepared(found.lacking)


@dataclass(slots=True, eq=False)
class Candidate:
    """A candidate whose trajectories can run. steps : planned for each trajectory, by temperature."""

    name: str
    study: Study
    dynamics: Dynamics
    tasks: list[Task]
    distance: float
    charge: float
    shares: np.ndarray
    mobile: str
    engine: str
    steps: dict[float, int]
    runs: dict[str, Run] = field(default_factory=dict)
    line: Conductivity | None = None
    lacking: str = ""
    dropped: str = ""

    def goals(self) -> list[Task]:
        """Every trajectory with the steps it is to reach, but those that broke."""
        live = [
            t
            for t in self.tasks
            if self.runs.get(t.folder) is None or self.runs[t.folder].status != "stopped"
        ]
        return [replace(t, steps=self.steps[t.temperature]) for t in live]

    def judge(self) -> None:
        """Take in what the trajectories have, and draw the line through it."""
        for task in self.tasks:
            old = self.runs.get(task.folder)
            if old is None or (old.status != "stopped" and old.steps < self.steps[task.temperature]):
                self.runs[task.folder] = summarise(task, hop_distance=self.distance)
        runs = tuple(self.runs[t.folder] for t in self.tasks)
        whole = Trajectories(
            runs, self.dynamics, self.engine, self.mobile, self.charge, self.distance, self.dynamics.posterior
        )
        rng = np.random.default_rng(
            [self.dynamics.seed, *self.name.encode()]
        )  # errors of candidates are independent
        try:
            self.line, self.lacking = conductivity(diffusivities(whole, shares=self.shares), rng=rng), ""
        except NotConverged as error:
            self.line, self.lacking = None, str(error)

    def standing(self) -> Standing:
        """What is known, and where more steps would tell how much."""
        fronts: dict[float, Front] = {}
        errors: dict[float, float] = {}
        live: dict[float, list[Run]] = {}
        for t in self.dynamics.temperatures:
            here = [self.runs[k.folder] for k in self.tasks if k.temperature == t]
            live[t] = [r for r in here if worth_extending(r)]
            if live[t]:
                errors[t] = relative_error(live[t], hop_distance=self.distance)
        rates = gain_rates(errors, {t: float(self.steps[t]) for t in errors})
        for t, rate in rates.items():
            if not self.dropped:
                fronts[t] = Front(
                    self.steps[t],
                    self.dynamics.steps_of(self.dynamics.budget),
                    len(live[t]),
                    len(self.tasks[0].frame),
                    rate,
                    self.dynamics.segment,
                )
        if self.line is None:
            return Standing(0.0, np.inf, fronts)
        logarithm = np.log(self.line.extrapolated.draws)
        return Standing(float(logarithm.mean()), float(logarithm.var()), fronts)

    def result(self, state: str) -> CandidateResult:
        """The row of the table."""
        runs = list(self.runs.values())
        return CandidateResult(
            name=self.name,
            state="dropped" if self.dropped else state,
            reason=self.dropped or self.lacking,
            conductivity=None if self.line is None else self.line.extrapolated,
            activation_energy=None if self.line is None else self.line.activation_energy,
            picoseconds=sum(r.steps for r in runs) * self.dynamics.timestep / 1000,
            core_hours=sum(r.seconds for r in runs) / 3600,
            trajectories=len(self.tasks),
            stopped=sum(r.status == "stopped" for r in runs),
        )


def opened(name: str, path: Path, *, remote: bool, first: Callable[[Dynamics], int]) -> Candidate:
    """A prepared candidate with its trajectories, which lie where `electrolith run` of its study has them.

    Raises
    ------
    InputError
        If the study has no dynamics, or something it needs was not computed.
    """
    study = read_study(path, execution="local")
    dynamics, material = study.get(Dynamics), study.get(Material)
    if dynamics is None or material is None:
        raise InputError(f"campaign: candidate {name}: {path} has no dynamics; a campaign compares σ(300 K)")
    found = reached(study, *NEEDED, compute=False)
    if found.lacking:
        raise InputError(f"campaign: candidate {name}: {found.lacking}")
    crystal, orderings, relaxed = (found.values[kind] for kind in NEEDED)
    engine = study.get(EngineChoice) or EngineChoice()
    model = open_engine(engine)
    folder = found.workspace(Trajectories)
    folder.mkdir(parents=True, exist_ok=True)
    species = [s for s in crystal.species if element_of(s) == material.mobile]
    return Candidate(
        name=name,
        study=study,
        dynamics=dynamics,
        tasks=tasks_of(
            own_starts(dynamics, relaxed, engine, model, folder),
            dynamics,
            material.mobile,
            folder.resolve(),
            local=not remote,
        ),
        distance=hop_distance(orderings.sites, material.mobile),
        charge=crystal.charges_of(species)[0],
        shares=relaxed.shares(dynamics.orderings),
        mobile=material.mobile,
        engine=model.name,
        steps=dict.fromkeys(dynamics.temperatures, first(dynamics)),
    )

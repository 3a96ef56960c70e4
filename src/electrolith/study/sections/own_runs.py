"""Trajectories of other programs in the study: the same guards, line and σ(300 K) as for runs of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from electrolith.core.errors import InputError, NotConverged
from electrolith.core.units import Unit
from electrolith.motion.conductivity import Conductivity
from electrolith.motion.conductivity import conductivity as conductivity_of
from electrolith.motion.diffusivities import Diffusivities
from electrolith.motion.diffusivities import diffusivities as diffusivities_of
from electrolith.motion.recorded import HowRead, recordings_of
from electrolith.motion.recorded import own_runs as read_runs
from electrolith.motion.results import Trajectories
from electrolith.study.section import Evidence, Part, Results, Section, Study
from electrolith.study.sections.dynamics_parts import runs_and_line
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "OwnDynamics", "OwnLine"]


@dataclass(frozen=True)
class OwnDynamics:
    """Runs of other programs by temperature.

    runs : files or folders of each temperature, restarts in order.
    mobile : element that moves.      hop_distance : between neighbouring sites.
    charge : of its ion, e; without it the element's, where it has only one.
    interval : between frames.     timestep : of one step of the file; both where the files do not say them.
    types : elements of LAMMPS types.      unwrap : unfold folded coordinates.
    skip : frames left out at the beginning of each run.
    seed : of the draws that carry the uncertainties.
    """

    runs: dict[Annotated[float, Unit("K")], Files]
    mobile: str
    hop_distance: Annotated[float, Unit("angstrom")]
    charge: float | None = None
    interval: Annotated[float | None, Unit("fs")] = None
    timestep: Annotated[float | None, Unit("fs")] = None
    types: tuple[str, ...] = ()
    unwrap: bool = False
    skip: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what no line can be drawn through."""
        if not self.runs or not all(self.runs.values()):
            raise InputError("trajectories.runs: expected files or folders by temperature, {600 K: [600K]}")
        if not self.hop_distance > 0:
            raise InputError(f"trajectories.hop_distance: must be above 0 Å, got {self.hop_distance}")


@dataclass(frozen=True, eq=False)
class OwnLine:
    """Runs, diffusivities, and the line (None where too few temperatures passed; `lacking` says why)."""

    trajectories: Trajectories
    diffusivities: Diffusivities
    line: Conductivity | None
    lacking: str
    said: tuple[str, ...]


def own_trajectories(settings: OwnDynamics) -> OwnLine:
    """Read the runs, judge them, and draw the Arrhenius line."""
    how = HowRead(settings.interval, settings.timestep, settings.types, settings.unwrap, settings.skip)
    own = read_runs(
        recordings_of(settings.runs, types=settings.types),
        mobile=settings.mobile,
        hop_distance=settings.hop_distance,
        charge=settings.charge,
        how=how,
    )
    found = diffusivities_of(own.trajectories)
    try:
        line, lacking = conductivity_of(found, rng=np.random.default_rng(settings.seed)), ""
    except NotConverged as error:
        line, lacking = None, str(error)
    without_paths = tuple(replace(r, path=r.path[:0]) for r in own.trajectories.runs)
    return OwnLine(replace(own.trajectories, runs=without_paths), found, line, lacking, own.said)


def evidence(results: Results) -> tuple[Evidence, ...]:
    """σ(300 K), activation energy and Haven ratio of the user's own runs."""
    found = results.get(OwnLine)
    if found is None or found.line is None:
        return ()
    line, source = found.line, "own trajectories"
    note = "runs of another program, Nernst-Einstein"
    rows = [
        Evidence("conductivity_300K", "σ(300 K), own runs", line.extrapolated, "computed", source, note=note),
        Evidence(
            "activation_energy",
            "Activation energy of σT, own runs",
            line.activation_energy,
            "computed",
            source,
        ),
    ]
    if line.haven_ratio is not None:
        rows.append(Evidence("haven_ratio", "Haven ratio, own runs", line.haven_ratio, "computed", source))
    return tuple(rows)


def parts(results: Results) -> tuple[Part, ...]:
    """Runs, guards and the line."""
    found = results.get(OwnLine)
    if found is None:
        return ()
    notes = (*found.said, "Temperature and conserved quantity cannot be checked from positions alone.")
    made = runs_and_line(found.trajectories, found.diffusivities, found.line, results.study.published, notes)
    if found.lacking:
        made = (replace(made[0], warnings=(*made[0].warnings, found.lacking)), *made[1:])
    return tuple(replace(p, title=f"{p.title}, own trajectories") for p in made)


def check(study: Study) -> None:
    """Every run is there before anything begins; their content is judged when they are read."""
    settings = study.get(OwnDynamics)
    for temperature, several in (settings.runs if settings is not None else {}).items():
        for path in several:
            if not path.exists():
                raise InputError(f"study.trajectories.runs: {temperature:g} K: no such file or folder {path}")


SECTION = Section("trajectories", OwnDynamics, (Stage(own_trajectories, version=2),), evidence, parts, check)

"""Runs of nanoseconds with a fitted potential: do atoms stay, does the framework hold, does it melt."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from electrolith.core.archive import load, save
from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.pod.lammps import Session, open_lammps
from electrolith.energy.pod.potential import Potential

__all__ = ["LongRun", "LongRunSettings", "long_run"]

Array = NDArray[np.float64]

PS = 1e-3  # LAMMPS "metal" counts ps, we fs
MELTED = 0.5  # share of the framework away from its sites


@dataclass(frozen=True, slots=True)
class LongRunSettings:
    """A long run at constant volume.

    duration, timestep, heating, chunk : fs; the state is stored after every chunk.
    mobile : the element that may leave its sites; every other one belongs to the framework.
    seed : of the velocities.
    """

    duration: Annotated[float, Unit("fs")] = 2e6
    timestep: Annotated[float, Unit("fs")] = 2.0
    heating: Annotated[float, Unit("fs")] = 2e3
    chunk: Annotated[float, Unit("fs")] = 1e4
    mobile: str = "Li"
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse runs that measure nothing."""
        for name in ("duration", "timestep", "chunk"):
            if not getattr(self, name) > 0:
                raise InputError(f"long run: {name} must be above 0 fs, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class LongRun:
    """What became of a long run.

    temperature : K.     asked, duration : fs; the run is not at its end while duration < asked.
    framework_msd : mean square displacement of the framework at the end, Å².
    moved : framework atoms further than half a framework spacing from where they began, of `framework`.
    melted : whether at some moment more than half of them were.
    failure : why it ended early (atoms lost, energy not finite), empty if it did not.
    """

    material: str
    temperature: float
    asked: float
    duration: float
    framework_msd: float
    moved: int
    framework: int
    mobile_msd: float
    melted: bool
    failure: str

    @property
    def is_complete(self) -> bool:
        """Whether it ran to its end, or failed."""
        return bool(self.failure) or self.duration >= self.asked * (1 - 1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Where a long run is: positions (unwrapped, Å) and velocities (Å/fs), shape (n, 3)."""

    outcome: LongRun
    positions: Array
    velocities: Array


def long_run(
    potential: Potential,
    frame: Frame,
    *,
    temperature: float,
    material: str,
    path: Path,
    settings: LongRunSettings | None = None,
    deadline: float = np.inf,
    progress: Callable[[float], None] | None = None,
) -> LongRun:
    """Run `frame` (Nosé-Hoover, 0.1 ps) from where the archive at `path` ends.

    Parameters
    ----------
    potential : under trial.
    frame : relaxed; displacements are counted from here.
    temperature : K.
    material : its name in the certificate.
    path : archive of this run, rewritten after every chunk; the caller names it after all it depends on.
    deadline : moment (`time.monotonic`) at which the run pauses after a chunk.
    progress : told the share that is done.

    Raises
    ------
    InputError
        If the temperature is not positive.
    """
    settings = settings or LongRunSettings()
    if not temperature > 0:
        raise InputError(f"long run: temperature must be above 0 K, got {temperature}")
    state = _stored(path)
    if state is not None and (state.outcome.is_complete or time.monotonic() >= deadline):
        return state.outcome
    start = frame if state is None else Frame(state.positions, frame.cell, frame.numbers)
    outcome = (
        LongRun(
            material,
            temperature,
            settings.duration,
            0.0,
            0.0,
            0,
            int(_framework(frame, settings.mobile).sum()),
            0.0,
            False,
            "",
        )
        if state is None
        else state.outcome
    )
    with open_lammps(potential, start) as session:
        try:
            _set_up(session, settings, temperature, None if state is None else state.velocities)
            while not outcome.is_complete and time.monotonic() < deadline:
                steps = _steps(settings, outcome.duration)
                session.command(f"run {steps}")
                outcome = _look(session, frame, outcome, steps * settings.timestep, settings.mobile)
                save(path, _State(outcome, session.unwrapped(), session.atoms("v") * PS))
                if progress is not None:
                    progress(outcome.duration / settings.duration)
        except ElectrolithError as error:
            reason = str(error).splitlines()[0]
            outcome = replace(outcome, failure=f"atoms lost or energy not finite: {reason}")
            save(path, _State(outcome, np.array(frame.positions), np.zeros((len(frame), 3))))
    return outcome


def _stored(path: Path) -> _State | None:
    """Where the run is; a damaged file counts as nowhere."""
    try:
        found = load(path)
    except DataError:
        return None
    return found if isinstance(found, _State) else None


def _framework(frame: Frame, mobile: str) -> NDArray[np.bool_]:
    """Which atoms belong to the framework, shape (n,)."""
    return np.array([s != mobile for s in frame.symbols])


def _set_up(
    session: Session, settings: LongRunSettings, temperature: float, velocities: Array | None
) -> None:
    """Thermostat; heating where the run begins, the stored velocities where it goes on."""
    session.commands(
        [
            "neighbor 1.0 bin",
            "neigh_modify every 2 delay 0 check yes",
            "thermo 1000000",
            "thermo_style custom step pe temp press etotal vol",
            f"timestep {settings.timestep * PS}",
        ]
    )
    if velocities is None:
        steps = int(settings.heating / settings.timestep)
        session.commands(
            [
                f"velocity all create 100 {settings.seed * 7919 + 13} mom yes dist gaussian",
                f"fix hold all nvt temp 100 {temperature} 0.1",
                f"run {steps}",
                "unfix hold",
            ]
        )
    else:
        turned = (velocities / PS @ session.rotation).ravel()
        session.lammps.scatter_atoms("v", 1, 3, (ctypes.c_double * turned.size)(*turned))
    session.command(f"fix hold all nvt temp {temperature} {temperature} 0.1")


def _steps(settings: LongRunSettings, done: float) -> int:
    """Of the next chunk."""
    return max(1, round(min(settings.chunk, settings.duration - done) / settings.timestep))


def _look(session: Session, frame: Frame, before: LongRun, ran: float, mobile: str) -> LongRun:
    """The outcome after `ran` more fs."""
    if not np.isfinite(session.thermo("pe")):
        raise ElectrolithError("the energy is not finite")
    framework = _framework(frame, mobile)
    away = session.unwrapped() - frame.positions
    away -= away[framework].mean(axis=0) if framework.any() else away.mean(axis=0)
    square = np.sum(away**2, axis=1)
    moved = int(np.count_nonzero(square[framework] > (_spacing(frame, framework) / 2) ** 2))
    return replace(
        before,
        duration=min(before.duration + ran, before.asked),
        framework_msd=float(square[framework].mean()) if framework.any() else 0.0,
        mobile_msd=float(square[~framework].mean()) if not framework.all() else 0.0,
        moved=moved,
        melted=before.melted or moved > MELTED * max(int(framework.sum()), 1),
    )


def _spacing(frame: Frame, framework: NDArray[np.bool_]) -> float:
    """Nearest distance between two framework atoms, images included, Å."""
    fractional = frame.fractional[framework]
    shifts = np.stack(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    nearest = np.inf
    for shift in shifts:
        between = (fractional[None] - fractional[:, None] + shift) @ frame.cell
        lengths = np.linalg.norm(between, axis=-1)
        nearest = min(nearest, float(lengths[lengths > 1e-6].min(initial=np.inf)))
    return nearest

r"""The same run with student and teacher: one cell, one set of velocities, one thermostat.

Velocity Verlet with stochastic velocity rescaling; the random numbers of a step depend on the seed and the
step alone, so a run that was killed goes on as if it had not been, and two engines see the same ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from electrolith.core.archive import load, save
from electrolith.core.constants import ACCELERATION, BOLTZMANN
from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine

__all__ = ["CommonRun", "CommonRunSettings", "common_run"]

Array = NDArray[np.float64]

SAVE_SECONDS = 20.0
BROKEN_HEAT = 10.0  # times the temperature asked for: the atoms fly


@dataclass(frozen=True, slots=True)
class CommonRunSettings:
    """A run at constant volume and temperature that any engine can do.

    duration, timestep, sampling, period : fs; `period` of the thermostat, `sampling` between kept frames.
    settling : left out at the beginning, fs.
    seed : of the velocities and of the thermostat.
    """

    duration: Annotated[float, Unit("fs")] = 10_000.0
    timestep: Annotated[float, Unit("fs")] = 2.0
    sampling: Annotated[float, Unit("fs")] = 40.0
    period: Annotated[float, Unit("fs")] = 100.0
    settling: Annotated[float, Unit("fs")] = 1_000.0
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse runs that sample nothing."""
        for name in ("duration", "timestep", "sampling", "period"):
            if not getattr(self, name) > 0:
                raise InputError(f"common run: {name} must be above 0 fs, got {getattr(self, name)}")
        if self.duration < self.settling + 10 * self.sampling:
            raise InputError(
                f"common run: {self.duration:g} fs leave nothing after {self.settling:g} fs of settling; "
                f"at least {self.settling + 10 * self.sampling:g} fs are needed"
            )

    @property
    def every(self) -> int:
        """Steps between kept frames."""
        return max(1, round(self.sampling / self.timestep))

    @property
    def steps(self) -> int:
        """Steps in all, a multiple of `every`."""
        return max(1, round(self.duration / self.timestep / self.every)) * self.every


@dataclass(frozen=True, slots=True, eq=False)
class CommonRun:
    """A run, finished or not.

    path : positions without jumps at the cell's faces, Å, shape (frames, n, 3); the start is the first.
    velocities : at the end, Å/fs, shape (n, 3).     temperatures : of the kept frames, K, shape (frames,).
    interval : between kept frames, fs.     steps : taken.     failure : why it ended, empty if it did not.
    """

    path: Array
    velocities: Array
    temperatures: Array
    interval: float
    steps: int
    failure: str

    def settled(self, settling: float) -> Array:
        """The path without its first `settling` fs."""
        return np.asarray(self.path[int(np.ceil(settling / self.interval)) :], dtype=np.float64)


def common_run(
    engine: Engine,
    frame: Frame,
    *,
    temperature: float,
    settings: CommonRunSettings,
    path: Path,
    deadline: float = np.inf,
    progress: Callable[[float], None] | None = None,
) -> CommonRun:
    """Run `frame` at constant volume, from where the file at `path` ends; it is written as the run goes on.

    Parameters
    ----------
    engine : gives the forces.
    frame : positions at the start; the velocities are drawn for twice the temperature, half of which the
        potential energy takes.
    temperature : K.
    path : archive of this run; the caller names it after everything the run depends on.
    deadline : moment (`time.monotonic`) at which the run pauses; it is then shorter than asked for.
    progress : told the share that is done.

    Returns
    -------
    The run so far; `steps` says how far that is.

    Source: Bussi, Donadio, Parrinello, J. Chem. Phys. 126 (2007) 014101.
    """
    if not temperature > 0:
        raise InputError(f"common run: temperature must be above 0 K, got {temperature}")
    run = _stored(path) or _start(frame, temperature, settings)
    saved = time.monotonic()
    forces: Array | None = None
    while run.steps < settings.steps and not run.failure and time.monotonic() < deadline:
        run, forces = _advance(run, forces, engine, frame, temperature, settings)
        if progress is not None:
            progress(run.steps / settings.steps)
        if time.monotonic() - saved > SAVE_SECONDS:
            save(path, run)
            saved = time.monotonic()
    save(path, run)
    return run


def _stored(path: Path) -> CommonRun | None:
    """The run so far; a damaged file counts as none."""
    try:
        found = load(path)
    except DataError:
        return None
    return found if isinstance(found, CommonRun) else None


def _masses(frame: Frame) -> Array:
    from ase.data import atomic_masses

    return np.asarray(atomic_masses[frame.numbers], dtype=np.float64)[:, None]


def _temperature(velocities: Array, masses: Array) -> float:
    """Instantaneous temperature, K; the centre of mass is at rest."""
    kinetic = 0.5 * float(np.sum(masses * velocities**2)) / ACCELERATION
    return 2 * kinetic / (3 * (len(masses) - 1) * BOLTZMANN)


def _start(frame: Frame, temperature: float, settings: CommonRunSettings) -> CommonRun:
    """The frame with thermal velocities."""
    masses = _masses(frame)
    rng = np.random.default_rng([settings.seed, 0])
    velocities = rng.standard_normal((len(frame), 3)) / np.sqrt(masses)
    velocities -= np.sum(masses * velocities, axis=0) / masses.sum()
    velocities *= np.sqrt(2 * temperature / _temperature(velocities, masses))
    first = np.array(frame.positions)[None]
    now = np.array([2 * temperature])
    return CommonRun(first, velocities, now, settings.every * settings.timestep, 0, "")


def _advance(
    run: CommonRun,
    forces: Array | None,
    engine: Engine,
    frame: Frame,
    temperature: float,
    settings: CommonRunSettings,
) -> tuple[CommonRun, Array | None]:
    """The run one kept frame further, and the forces there."""
    masses, dt = _masses(frame), settings.timestep
    x, v = np.array(run.path[-1]), np.array(run.velocities)
    rng = np.random.default_rng([settings.seed, 1 + run.steps])
    failure = ""
    try:
        if forces is None:
            forces = _forces(engine, frame, x)
        for _ in range(settings.every):
            v += 0.5 * dt * ACCELERATION * forces / masses
            x += dt * v
            forces = _forces(engine, frame, x)
            v += 0.5 * dt * ACCELERATION * forces / masses
            v -= np.sum(masses * v, axis=0) / masses.sum()  # rescaling would feed a drift of rounding errors
            v *= _rescaling(
                _temperature(v, masses), temperature, 3 * (len(frame) - 1), dt / settings.period, rng
            )
    except ElectrolithError as error:
        failure = str(error).splitlines()[0]
    now = _temperature(v, masses)
    if not failure and not now < BROKEN_HEAT * temperature:
        failure = f"the temperature rose to {now:.0f} K"
    if failure:
        return CommonRun(run.path, run.velocities, run.temperatures, run.interval, run.steps, failure), None
    kept = np.concatenate([run.path, x[None]])
    heat = np.append(run.temperatures, now)
    return CommonRun(kept, v, heat, run.interval, run.steps + settings.every, ""), forces


def _forces(engine: Engine, frame: Frame, positions: Array) -> Array:
    """Forces without a net force, eV/Å; not finite ones end the run."""
    forces = engine.evaluate(Frame(positions, frame.cell, frame.numbers)).forces
    if not np.all(np.isfinite(forces)):
        raise ElectrolithError("a force is not finite")
    return np.asarray(forces - forces.mean(axis=0), dtype=np.float64)


def _rescaling(now: float, wanted: float, freedom: int, share: float, rng: np.random.Generator) -> float:
    """Factor on the velocities that samples the canonical kinetic energy."""
    decay, ratio = np.exp(-share), wanted / (freedom * now)
    first, rest = rng.standard_normal(), 2 * rng.standard_gamma((freedom - 1) / 2)
    square = (
        decay + ratio * (1 - decay) * (first**2 + rest) + 2 * first * np.sqrt(ratio * decay * (1 - decay))
    )
    return float(np.sqrt(max(square, 0.0)))

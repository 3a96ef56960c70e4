"""Settings of molecular dynamics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.core.units import Unit

__all__ = ["Dynamics"]

MOST_ACTIVATION = 2.0  # eV; beyond, the coldest run would never end


@dataclass(frozen=True, slots=True)
class Dynamics:
    """NVT molecular dynamics of several orderings at several temperatures, run until precise enough.

    Every trajectory is heated from `start_temperature` over `heating`, settles for `settling`, and is
    sampled from then on. After `duration` (heating included) the diffusivity of each temperature is
    looked at; where it misses `relative_error` (or `hops`) all its trajectories go on, up to `budget`.
    With a `total` for all trajectories together, temperatures that narrow σ(300 K) most go on first.

    duration, budget : of a trajectory at the highest temperature. With an `activation` (eV) colder ones are
        longer by exp(E/k_B (1/T - 1/T_highest)), so that all see about as many jumps; 0: all equally long.
    orderings : how many of the decorations are used.       seeds : velocity seeds per ordering.
    relative_error : wanted one-standard-deviation error of D at each temperature.
    hops : wanted number of hops n max(MSD)/a² per temperature; None: not asked for.
    thermostat_period : τ of the Nosé-Hoover chain.         sampling : time between stored frames.
    seed : of the random velocities, and of the choice among the potential's draws.
    posterior : each ordering and seed runs, at all temperatures, with a draw of its own from the posterior of
        the potential's coefficients, in the cell that this draw relaxes to.
    temperatures : of the runs; three that pass their guards are needed for σ(300 K).
    duration : of each trajectory before the error is first looked at, heating included.
    budget : longest trajectory.
    total : of all trajectories together; without it every one may use the budget.
    timestep : of the integration.
    activation : by which colder trajectories may run longer; 0 gives every temperature the same.
    start_temperature : from which runs are heated.     heating : time of it.
    settling : time before sampling.
    """

    temperatures: tuple[Annotated[float, Unit("K")], ...] = (500.0, 550.0, 600.0, 650.0, 700.0)
    duration: Annotated[float, Unit("fs")] = 40_000.0
    budget: Annotated[float, Unit("fs")] = 400_000.0
    relative_error: float = 0.2
    hops: float | None = None
    orderings: int = 2
    seeds: int = 1
    timestep: Annotated[float, Unit("fs")] = 2.0
    start_temperature: Annotated[float, Unit("K")] = 100.0
    heating: Annotated[float, Unit("fs")] = 2_000.0
    settling: Annotated[float, Unit("fs")] = 2_000.0
    thermostat_period: Annotated[float, Unit("fs")] = 100.0
    sampling: Annotated[float, Unit("fs")] = 100.0
    seed: int = 1
    posterior: bool = False
    activation: Annotated[float, Unit("eV")] = 0.0
    total: Annotated[float | None, Unit("fs")] = None

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        object.__setattr__(self, "temperatures", tuple(float(t) for t in self.temperatures))
        if not self.temperatures:
            raise InputError("dynamics.temperatures: at least one temperature is needed")
        for t in (*self.temperatures, self.start_temperature):
            if not (np.isfinite(t) and t > 0):
                raise InputError(f"dynamics.temperatures: a temperature must be above 0 K, got {t:g} K")
        if len(set(self.temperatures)) < len(self.temperatures):
            raise InputError(f"dynamics.temperatures: {list(self.temperatures)} K holds one value twice")
        for name in ("timestep", "thermostat_period", "sampling", "duration", "budget", "relative_error"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(f"dynamics.{name}: must be above 0, got {getattr(self, name)}")
        if not 0 <= self.activation <= MOST_ACTIVATION:
            raise InputError(
                f"dynamics.activation: expected 0 to {MOST_ACTIVATION:g} eV, got {self.activation:g} eV"
            )
        for name in ("heating", "settling"):
            if getattr(self, name) < 0:
                raise InputError(f"dynamics.{name}: must not be negative, got {getattr(self, name)} fs")
        for name in ("orderings", "seeds"):
            if getattr(self, name) < 1:
                raise InputError(f"dynamics.{name}: at least one is needed, got {getattr(self, name)}")
        if self.sampling < self.timestep:
            raise InputError(
                f"dynamics.sampling: {self.sampling:g} fs is shorter than the timestep, {self.timestep:g} fs"
            )
        if self.thermostat_period < 10 * self.timestep:
            raise InputError(
                f"dynamics.thermostat_period: {self.thermostat_period:g} fs cannot be followed with a "
                f"timestep of {self.timestep:g} fs; at least ten steps are needed"
            )
        if self.duration <= self.heating + self.settling + 10 * self.sampling:
            raise InputError(
                f"dynamics.duration: {self.duration:g} fs leaves nothing to sample after heating "
                f"({self.heating:g} fs) and settling ({self.settling:g} fs); make it longer than "
                f"{self.heating + self.settling + 10 * self.sampling:g} fs"
            )
        if self.budget < self.duration:
            raise InputError(
                f"dynamics.budget: {self.budget:g} fs is shorter than dynamics.duration, {self.duration:g} fs"
            )

        first = sum(self.longer(t) for t in self.temperatures) * self.duration * self.orderings * self.seeds
        if self.total is not None and self.total < first:
            raise InputError(
                f"dynamics.total: {self.total:g} fs is less than the first look at every trajectory needs, "
                f"{first:g} fs; shorten dynamics.duration or run fewer trajectories"
            )

    @property
    def every(self) -> int:
        """Steps between samples."""
        return max(1, round(self.sampling / self.timestep))

    @property
    def first_sample(self) -> int:
        """Step of the first sample: heating and settling lie before it."""
        steps = int(np.ceil((self.heating + self.settling) / self.timestep - 1e-9))
        return -(-steps // self.every) * self.every

    @property
    def segment(self) -> int:
        """Steps between two moments at which the whole state is written out and set up afresh."""
        return self.every * -(-100 // self.every)

    @property
    def interval(self) -> float:
        """Time between samples, fs."""
        return self.every * self.timestep

    @property
    def longest_lag(self) -> int:
        """Longest lag of the displacement, frames: half the longest sampled run."""
        longest = self.steps_of(self.budget, min(self.temperatures))
        return max(4, int((longest - self.first_sample) // self.every // 2))

    def longer(self, temperature: float) -> float:
        """How much longer a trajectory at `temperature` (K) is than one at the highest."""
        cold = 1.0 / temperature - 1.0 / max(self.temperatures)
        return float(np.exp(self.activation / BOLTZMANN * cold))

    def steps_of(self, duration: float, temperature: float | None = None) -> int:
        """Whole segments that make up `duration` (fs), or what it becomes at `temperature` (K), in steps."""
        duration = duration if temperature is None else duration * self.longer(temperature)
        return -(-int(np.ceil(duration / self.timestep - 1e-9)) // self.segment) * self.segment

    def target_temperature(self, step: float, temperature: float) -> float:
        """Thermostat target at a step, K: a linear ramp, then constant; it cannot repeat on a restart."""
        time = step * self.timestep
        if time >= self.heating:
            return temperature
        return self.start_temperature + (temperature - self.start_temperature) * time / self.heating

"""A stretch of molecular dynamics: Nosé-Hoover chain around velocity Verlet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import ACCELERATION, BOLTZMANN
from electrolith.core.errors import ElectrolithError
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.motor import Motor
from electrolith.motion.thermostat import Chain, chain_energy, half_step

__all__ = ["Phase", "Sample", "run_segment", "thermal_velocities"]

Array = NDArray[np.float64]

EXPLODED = 5.0  # times the target temperature: the run is beyond saving


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """Everything the next step depends on: positions (Å, unwrapped), velocities (Å/fs), thermostat."""

    step: int
    positions: Array
    velocities: Array
    chain: Chain


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One stored frame: positions (Å), temperature (K), potential energy and conserved quantity (eV)."""

    step: int
    positions: Array
    temperature: float
    potential: float
    conserved: float


def thermal_velocities(masses: Array, *, temperature: float, rng: np.random.Generator) -> Array:
    """Maxwell velocities without net momentum, scaled to the temperature exactly; Å/fs, shape (n, 3)."""
    raw = (
        rng.standard_normal((len(masses), 3))
        * np.sqrt(BOLTZMANN * temperature * ACCELERATION / masses)[:, None]
    )
    raw -= masses @ raw / masses.sum()
    kinetic = 0.5 * float(masses @ np.einsum("ij,ij->i", raw, raw)) / ACCELERATION
    wanted = 0.5 * (3 * len(masses) - 3) * BOLTZMANN * temperature
    return np.asarray(raw * np.sqrt(wanted / kinetic))


def run_segment(
    motor: Motor, phase: Phase, *, dynamics: Dynamics, temperature: float, steps: int
) -> tuple[Phase, list[Sample]]:
    """Advance by `steps` steps; samples fall on multiples of `dynamics.every` after heating and settling.

    Raises
    ------
    ElectrolithError
        If the atoms or the energy run away; the text says when.
    """
    atoms = len(phase.positions)
    freedom = 3 * atoms - 3
    chain = phase.chain
    period, dt = dynamics.thermostat_period, dynamics.timestep
    motor.place(phase.positions, phase.velocities)
    kinetic = motor.kinetic()
    samples = []
    for step in range(phase.step, phase.step + steps):
        target = dynamics.target_temperature(step + 0.5, temperature)
        try:
            chain, before = half_step(
                chain, kinetic, temperature=target, freedom=freedom, period=period, timestep=dt
            )
            motor.scale(before)
            motor.step()
            kinetic = motor.kinetic()
            chain, after = half_step(
                chain, kinetic, temperature=target, freedom=freedom, period=period, timestep=dt
            )
        except OverflowError:  # so hot that the thermostat's exponentials have no number
            raise ElectrolithError(_flown(step, dt, 2.0 * kinetic / (freedom * BOLTZMANN), target)) from None
        motor.scale(after)
        kinetic *= after * after
        now = 2.0 * kinetic / (freedom * BOLTZMANN)
        if not now < EXPLODED * max(temperature, dynamics.start_temperature):
            raise ElectrolithError(_flown(step, dt, now, target))
        if (step + 1) % dynamics.every == 0 and step + 1 >= dynamics.first_sample:
            potential = motor.potential()
            bath = chain_energy(chain, temperature=target, freedom=freedom, period=period)
            samples.append(Sample(step + 1, motor.phase()[0], now, potential, kinetic + potential + bath))
    positions, velocities = motor.phase()
    return Phase(phase.step + steps, positions, velocities, chain), samples


def _flown(step: int, dt: float, now: float, target: float) -> str:
    """Where a run flew apart, and what that means."""
    return (
        f"the atoms flew apart at {(step + 1) * dt / 1000:.2f} ps: temperature {now:.3g} K with the "
        f"thermostat at {target:.0f} K; the potential does not hold here or the timestep, {dt:g} fs, "
        "is too large"
    )

r"""Nosé-Hoover chain: the canonical ensemble from deterministic equations.

.. math::
    Q_1 = g k_B T \tau^2, \quad Q_{j>1} = k_B T \tau^2, \quad
    \dot v_i = F_i/m_i - \dot\eta_1 v_i, \quad
    H' = K + U + \sum_j Q_j \dot\eta_j^2/2 + g k_B T \eta_1 + k_B T \sum_{j>1} \eta_j

Source: Martyna, Tuckerman, Tobias, Klein, Mol. Phys. 87, 1117 (1996), eqs. 2-3 and section 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from electrolith.core.constants import BOLTZMANN

__all__ = ["Chain", "chain_energy", "half_step"]

_CUBE = 2.0 ** (1.0 / 3.0)
_WEIGHTS = (1.0 / (2.0 - _CUBE), -_CUBE / (2.0 - _CUBE), 1.0 / (2.0 - _CUBE))  # Yoshida, fourth order


@dataclass(frozen=True, slots=True)
class Chain:
    """State of the thermostat: positions (dimensionless) and velocities (1/fs) of its links."""

    eta: tuple[float, ...]
    eta_dot: tuple[float, ...]

    @classmethod
    def at_rest(cls, links: int = 3) -> Chain:
        """A chain that has not acted yet."""
        return cls((0.0,) * links, (0.0,) * links)


def half_step(
    chain: Chain, kinetic: float, *, temperature: float, freedom: int, period: float, timestep: float
) -> tuple[Chain, float]:
    """Move the chain by half a time step.

    Parameters
    ----------
    kinetic : kinetic energy of the atoms, eV.
    temperature : target, K.
    freedom : number of degrees of freedom g.
    period : τ, fs.
    timestep : the full step, fs.

    Returns
    -------
    The new chain, and the factor all velocities are to be multiplied by.
    """
    thermal = BOLTZMANN * temperature
    links = len(chain.eta)
    mass = [thermal * period**2] * links
    mass[0] *= freedom
    eta, rate = list(chain.eta), list(chain.eta_dot)
    scale = 1.0
    twice = 2.0 * kinetic

    def push(j: int) -> float:
        drive = twice - freedom * thermal if j == 0 else mass[j - 1] * rate[j - 1] ** 2 - thermal
        return drive / mass[j]

    for weight in _WEIGHTS:
        dt = weight * timestep / 2.0
        rate[-1] += push(links - 1) * dt / 2.0
        for j in range(links - 2, -1, -1):
            damp = math.exp(-rate[j + 1] * dt / 4.0)
            rate[j] = (rate[j] * damp + push(j) * dt / 2.0) * damp
        factor = math.exp(-rate[0] * dt)
        scale *= factor
        twice *= factor * factor
        for j in range(links):
            eta[j] += rate[j] * dt
        for j in range(links - 1):
            damp = math.exp(-rate[j + 1] * dt / 4.0)
            rate[j] = (rate[j] * damp + push(j) * dt / 2.0) * damp
        rate[-1] += push(links - 1) * dt / 2.0
    return Chain(tuple(eta), tuple(rate)), scale


def chain_energy(chain: Chain, *, temperature: float, freedom: int, period: float) -> float:
    """What the chain adds to the conserved quantity, eV."""
    thermal = BOLTZMANN * temperature
    mass = thermal * period**2
    total = 0.5 * mass * freedom * chain.eta_dot[0] ** 2 + freedom * thermal * chain.eta[0]
    for eta, rate in zip(chain.eta[1:], chain.eta_dot[1:], strict=True):
        total += 0.5 * mass * rate**2 + thermal * eta
    return total

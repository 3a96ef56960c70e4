"""A single particle with ohmic losses: closed form in time, for very many designs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.cell.arrays import CellArrays
from electrolith.cell.particle import particle_modes
from electrolith.cell.protocol import Discharge, schedule
from electrolith.cell.record import BAD, INFEASIBLE, MAH_PER_G, VOLTAGE
from electrolith.cell.simulate import FAST, simulate

LIGHT = 0.10
"""kg/m² (10 mg/cm²): above this loading the reaction is no longer even across the cathode."""

SMALL_DROP = 0.05
"""V along the cathode's electrolyte, I L/(3κ): above this the screening model is not used either."""

_MODES = 8
_BISECTIONS = 36
_CHUNK = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Screened:
    """Capacity of n designs at one rate each.

    capacity : mAh per g of active material, (n,). mean_voltage : V, (n,); nan without capacity.
    outcome : codes of `record.OUTCOMES`, (n,). full_model : True where the porous-electrode model was used,
    (n,).
    """

    capacity: np.ndarray
    mean_voltage: np.ndarray
    outcome: np.ndarray
    full_model: np.ndarray


def screen(cells: CellArrays, rates: np.ndarray, *, cutoff: float, route: bool = True) -> Screened:
    """Discharge capacity of every cell at its own rate to `cutoff` V, by the cheapest model that is valid.

    The screening model takes the reaction as even across the cathode. It is used up to a loading of 10
    mg/cm² and
    a drop I L/(3κ) of 0.05 V, where it stays within 2.5 % of capacity of the full model (typically 0.1
    mAh/g);
    other designs go to `simulate` unless `route` is False.

    Parameters
    ----------
    rates : in C, shape (n,).
    """
    current = cells.one_c * rates
    with np.errstate(all="ignore"):
        good = cells.sound() & np.isfinite(current) & (current > 0)
        drop = current * cells.cathode_thickness / (3 * cells.ionic_conductivity)
        thick = (cells.active_mass > LIGHT) | (drop > SMALL_DROP) | (cells.particle_radius.shape[1] > 1)
    full = good & thick & route
    n = cells.size
    capacity, voltage = np.zeros(n), np.full(n, np.nan)
    outcome = np.full(n, BAD)
    simple = np.nonzero(good & ~full)[0]
    for start in range(0, simple.size, _CHUNK):
        rows = simple[start : start + _CHUNK]
        capacity[rows], voltage[rows], outcome[rows] = _single_particle(
            cells.take(rows), current[rows], cutoff
        )
    if full.any():
        some = cells.take(full)
        plan = schedule([Discharge(1.0, until=cutoff)], some.one_c, rates=rates[full])
        batch = simulate(some, plan, numerics=FAST, record=False)
        capacity[full], voltage[full] = batch.capacity[:, 0], batch.mean_voltage[:, 0]
        outcome[full] = batch.outcome[:, 0]
    return Screened(capacity, voltage, outcome, full)


def _single_particle(
    cells: CellArrays, current: np.ndarray, cutoff: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Capacity in mAh/g, mean voltage in V and outcome of valid cells at `current` in A/m²."""
    rate = current / cells.capacity
    latest = (cells.ocp.high + 0.01 - cells.stoichiometry) / rate
    early, late = np.zeros_like(latest), latest
    for _ in range(_BISECTIONS):
        middle = 0.5 * (early + late)
        above = _voltage(cells, current, rate, middle) >= cutoff
        early, late = np.where(above, middle, early), np.where(above, late, middle)
    feasible = _voltage(cells, current, rate, np.zeros_like(latest)) >= cutoff
    end = np.where(feasible, early, 0.0)
    points, weights = np.polynomial.legendre.leggauss(16)
    # the points crowd at both ends, where the voltage moves fast
    mean = np.zeros_like(end)
    for x, w in zip(points, weights, strict=True):
        place = 0.5 * (1 + np.sin(np.pi * x / 2))
        mean += w * np.pi / 4 * np.cos(np.pi * x / 2) * _voltage(cells, current, rate, place * end)
    capacity = current * end / cells.active_mass * MAH_PER_G
    return capacity, np.where(feasible, mean, np.nan), np.where(feasible, VOLTAGE, INFEASIBLE)


def _voltage(cells: CellArrays, current: np.ndarray, rate: np.ndarray, time: np.ndarray) -> np.ndarray:
    r"""V at `time` in s of constant current: s = s₀ + r t + (r R²/3D) Σ w/λ (1 - exp(-λDt/R²)), V = U(s) -
    losses.
    """
    modes = particle_modes(_MODES)
    radius, diffusivity = cells.particle_radius[:, 0], cells.diffusivity[:, 0]
    slow = radius**2 / diffusivity
    shape = np.zeros_like(time)
    for decay, weight in zip(modes.decay[1:], modes.weight[1:], strict=True):
        shape += weight / decay * -np.expm1(-decay * time / slow)
    surface = cells.stoichiometry + rate * time + rate * slow / 3 * shape
    inside = np.clip(surface, 1e-6, 1 - 1e-6)
    particle = rate * radius * cells.active_density / 3
    drive = particle / (4 * cells.exchange_current * np.sqrt(inside * (1 - inside)))
    lithium = np.arcsinh(current / (2 * cells.lithium_exchange_current))
    third = cells.cathode_thickness / 3
    ohmic = cells.series_resistance + third / cells.ionic_conductivity + third / cells.electronic_conductivity
    kinetics = cells.thermal_voltage * (np.arcsinh(drive) + lithium) + cells.film_resistance * particle
    return np.asarray(cells.ocp(surface) - kinetics - current * ohmic)

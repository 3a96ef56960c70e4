"""Work a design out: resistances, curves, limits, maps, energy densities, proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from electrolith.cell.arrays import joined
from electrolith.cell.build import caution_of, cell_arrays
from electrolith.cell.design import CellDesign, proposed
from electrolith.cell.doubt import Sensitivities, Uncertain, monte_carlo, sensitivities
from electrolith.cell.energy import EnergyDensity, energy_density
from electrolith.cell.limits import Limit, what_limits
from electrolith.cell.pareto import Designs, sweep
from electrolith.cell.protocol import schedule
from electrolith.cell.rates import RateMap, discharged, rate_map, steps_for
from electrolith.cell.record import Curve
from electrolith.cell.resistance import Budget, budget, budgets, overpotential
from electrolith.cell.simulate import FAST, simulate
from electrolith.cell.stack import LayerFacts, composite_mass, facts, loading
from electrolith.core.estimate import Estimate

_MAP_TEMPERATURES = np.array([273.15, 298.15, 313.15, 333.15, 353.15])


@dataclass(frozen=True, slots=True, eq=False)
class ProposalResult:
    """A proposal worked out: separator resistance ohm m², capacity mAh/g per rate, energy density, what
    limits it.
    """

    name: str
    separator: float
    capacity: np.ndarray
    density: EnergyDensity
    limit: Limit


@dataclass(frozen=True, slots=True, eq=False)
class SymmetricResult:
    """A symmetric cell: overpotential in V at currents in A/m²; parts: ohmic layers, not bulk, lithium, in
    V.
    """

    current: np.ndarray
    voltage: np.ndarray
    parts: dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class FullResult:
    """A full cell at every rate of its design.

    loading : kg/m²; composite_mass : kg; one_c : A/m².
    curves : the last discharge per rate (empty arrays where the cell is infeasible). capacity : mAh/g;
    mean_voltage : V; energy : J/m²; outcome : codes; all (rates,).
    density : at the slowest rate. ragone : Wh/kg and W/kg of the stack per rate, (rates, 2).
    beyond_current, beyond_capacity : where a stated critical current or areal capacity is passed, (rates,).
    """

    loading: float
    composite_mass: float
    one_c: float
    rates: np.ndarray
    curves: tuple[Curve, ...]
    capacity: np.ndarray
    mean_voltage: np.ndarray
    energy: np.ndarray
    outcome: np.ndarray
    density: EnergyDensity
    ragone: np.ndarray
    beyond_current: np.ndarray
    beyond_capacity: np.ndarray
    limits: tuple[Limit, ...]
    by_loading: RateMap
    by_temperature: RateMap
    uncertain: Uncertain
    sensitivity: Sensitivities
    designs: Designs
    proposals: tuple[ProposalResult, ...]
    caution: str


@dataclass(frozen=True, slots=True, eq=False)
class CellResult:
    """A design, worked out."""

    design: CellDesign
    layers: tuple[LayerFacts, ...]
    resistances: tuple[Budget, ...]
    here: Budget
    separator: Estimate
    full: FullResult | None
    symmetric: SymmetricResult | None


def work_out(design: CellDesign, *, conductivities: Mapping[str, Estimate] | None = None) -> CellResult:
    """Everything the report shows of one design.

    Parameters
    ----------
    conductivities : σ(25 °C) in S/m by material from elsewhere, with their doubt; they replace the library's.
    """
    design = _with_conductivities(design, conductivities or {})
    stack = design.stack
    here = budget(stack)
    full = None if stack.symmetric else _full(design, conductivities or {})
    asr = (
        full.uncertain.separator
        if full
        else Estimate.unknown_doubt(float(np.median(here.ohmic)) * 1e4, "ohm cm2")
    )
    return CellResult(
        design=design,
        layers=tuple(facts(layer, stack.area) for layer in stack.layers),
        resistances=budgets(stack, np.array(design.temperatures)),
        here=here,
        separator=asr,
        full=full,
        symmetric=_symmetric(design) if stack.symmetric else None,
    )


def _with_conductivities(design: CellDesign, given: Mapping[str, Estimate]) -> CellDesign:
    if not given:
        return design
    layers = tuple(
        replace(layer, conductivity=given[layer.material].value)
        if layer.role == "electrolyte" and layer.material in given and layer.conductivity is None
        else layer
        for layer in design.layers
    )
    return replace(design, layers=layers)


def _symmetric(design: CellDesign) -> SymmetricResult:
    stack, current = design.stack, np.array(design.currents)
    now = budget(stack)
    voltage = overpotential(stack, current)
    bulk = current * float(now.separator.reshape(-1)[0])
    beside = current * float(now.ohmic.reshape(-1)[0]) - bulk
    return SymmetricResult(
        current,
        voltage,
        {"layers": bulk, "not bulk": beside, "lithium kinetics": voltage - bulk - beside},
    )


def _full(design: CellDesign, given: Mapping[str, Estimate]) -> FullResult:
    stack, window, rates = design.stack, design.window, np.array(design.rates)
    start = cell_arrays(stack, window, charged=design.protocol == "full")
    wide = start.take(np.zeros(rates.size, int))
    plan = schedule(steps_for(design.protocol, 1.0, window), wide.one_c * rates)
    batch = simulate(wide, plan, parts=True)
    energy = batch.energy[:, -1]
    charge = batch.charge[:, -1]
    slow = int(np.argmin(rates))
    density = energy_density(
        stack, energy=float(energy[slow]), charge=float(charge[slow]), packaging=design.packaging
    )
    full = cell_arrays(stack, window)
    middle = float(rates[np.argsort(rates)[rates.size // 2]])
    return FullResult(
        loading=loading(stack),
        composite_mass=composite_mass(stack),
        one_c=float(start.one_c[0]),
        rates=rates,
        curves=tuple(batch.curve(i) for i in range(rates.size)),
        capacity=batch.capacity[:, -1],
        mean_voltage=batch.mean_voltage[:, -1],
        energy=energy,
        outcome=batch.outcome[:, -1],
        density=density,
        ragone=_ragone(density, energy, batch.duration[:, -1]),
        beyond_current=wide.one_c * rates > (design.critical_current or np.inf),
        beyond_capacity=charge > (design.critical_capacity or np.inf),
        limits=tuple(what_limits(full, float(r), window, numerics=FAST) for r in rates),
        by_loading=rate_map(
            stack,
            window,
            name="cathode.loading",
            values=np.array(design.map_loadings),
            rates=design.rates,
            numerics=FAST,
        ),
        by_temperature=rate_map(
            stack, window, name="temperature", values=_MAP_TEMPERATURES, rates=design.rates, numerics=FAST
        ),
        uncertain=monte_carlo(
            stack,
            window,
            middle,
            rng=np.random.default_rng(design.seed),
            conductivities=given,
            thickness_error=design.thickness_error,
        ),
        sensitivity=sensitivities(stack, window, middle),
        designs=_designs(design),
        proposals=_proposals(design),
        caution=caution_of(stack.cathode),
    )


def _ragone(density: EnergyDensity, energy: np.ndarray, duration: np.ndarray) -> np.ndarray:
    mass = density.areal_energy / 3600.0 / density.stack_mass if density.stack_mass > 0 else np.inf
    safe = np.where(duration > 0, duration, np.inf)
    return np.stack([energy / 3600.0 / mass, energy / safe / mass], axis=1)


def _designs(design: CellDesign) -> Designs:
    """Loading against separator thickness: the sweep behind the Pareto front."""
    stack = design.stack
    axes = {"cathode.loading": np.array(design.map_loadings)}
    for layer in dict.fromkeys(layer.material for layer in stack.separators):
        now = next(facts(la, stack.area).thickness for la in stack.separators if la.material == layer)
        axes[f"{layer}.thickness"] = now * np.array([0.1, 0.3, 1.0])
    return sweep(
        stack,
        design.window,
        axes,
        low_rate=min(design.rates),
        rate=max(design.rates),
        packaging=design.packaging,
    )


def _proposals(design: CellDesign) -> tuple[ProposalResult, ...]:
    if not design.proposals:
        return ()
    rates, window = np.array(design.rates), design.window
    stacks = [proposed(design, p) for p in design.proposals]
    each = [cell_arrays(stack, window) for stack in stacks]
    out = []
    for proposal, stack, cell in zip(design.proposals, stacks, each, strict=True):
        wide = joined([cell] * rates.size)
        charge, energy, _ = discharged(wide, rates, window=window, numerics=FAST)
        slow = int(np.argmin(rates))
        density = energy_density(
            stack, energy=float(energy[slow]), charge=float(charge[slow]), packaging=design.packaging
        )
        limit = what_limits(cell, float(rates.max()), window, numerics=FAST)
        out.append(
            ProposalResult(
                proposal.name,
                float(cell.layer_resistance[0].sum()),
                charge / wide.active_mass / 3600.0,
                density,
                limit,
            )
        )
    return tuple(out)

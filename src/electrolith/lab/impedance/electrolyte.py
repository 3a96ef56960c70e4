r"""Which resistances of a fitted circuit belong to the electrolyte, and what that leaves in doubt.

Blocking electrodes let no direct current pass: what carries the name "resistance" in a good fit may be the
lattice, a grain boundary, a contact, the cables, or a rough electrode's slow relaxation. They are told
apart by

* the capacitance at a cell constant of 1/cm (Irvine, Sinclair, West, Adv. Mater. 2 (1990) 132): picofarads
  are the lattice, nanofarads grain boundaries, above 50 nF nothing of a dense electrolyte;
* the top of the arc: one below the measured window was not measured and never counts;
* what stands above the window: a series resistance is the lattice, unless the lattice's own arc was seen,
  and then it is the leads.

Circuits of similar evidence, arcs that could be two things and leads that nobody measured are drawn from, so
that they widen the interval instead of being decided in silence. So does what a circuit idealises: on
synthetic pellets whose electrodes no circuit here describes, the errors left over were
`IDEAL` of R and `SLOPE` of the electrode's part at the plateau.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.lab.impedance.arcs import Arc, read_arcs
from electrolith.lab.impedance.circuit import Circuit, Leaf
from electrolith.lab.impedance.fit import CircuitFit, arcs_of, correlation_time
from electrolith.lab.impedance.geometry import Geometry, conductivity_warning
from electrolith.lab.impedance.leads import Leads, lead_draws
from electrolith.lab.impedance.shares import (
    LATTICE,
    Share,
    arc_share,
    belongs,
    permittivity,
    ramp,
    series_share,
    why,
)

Array = np.ndarray
IDEAL, SLOPE = 0.002, 0.02
COMMON = 2402  # seed of what all spectra of a series have in common
# What a depressed grain boundary hides: with even odds nothing (it is depressed by itself), else a contact
# or an electrode's pores, FOREIGN (1 - n)² of its resistance times a half-normal; set on 111 pellets.
FOREIGN, HIDING = 1.5, 0.03
SUPPORT = 0.02  # circuits with less relative support are not drawn from


@dataclass(frozen=True, eq=False)
class Electrolyte:
    """The electrolyte's resistance in one spectrum.

    resistance : ohm; draws hold the fit's noise, the rival circuits, ambiguous arcs and the leads.
    bulk, grain_boundary : ohm, where both were seen.
    interface : ohm, of arcs whose top was measured and that are not the electrolyte's; None without.
    shares : of the best circuit.
    hidden : share of the resistance that a depressed grain boundary may wrongly hold, one standard deviation.
    circuits : drawn from, with their weights.
    leads : ohm, what was allowed for after the correction.
    doubts : what must not be trusted, in words.
    """

    resistance: Estimate
    bulk: Estimate | None
    grain_boundary: Estimate | None
    interface: Estimate | None
    shares: tuple[Share, ...]
    hidden: float
    circuits: tuple[tuple[str, float], ...]
    leads: Estimate
    doubts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Reading:
    """One circuit read: draws of the electrolyte (DRAWS,), its grain boundary, the interface, the leads."""

    total: Array
    grain: Array | None
    interface: Array | None
    leads: Array
    shares: tuple[Share, ...]
    hidden: float


def electrolyte_of(
    fits: tuple[CircuitFit, ...],
    weights: tuple[float, ...],
    *,
    geometry: Geometry | None = None,
    leads: Leads | None = None,
    seed: int = 0,
    usual: Mapping[str, float] | None = None,
) -> Electrolyte:
    """What of a spectrum is the electrolyte.

    Parameters
    ----------
    fits : of one spectrum, by the circuits compared, best first; weights: their relative support.
    geometry : for the capacitances; 1/cm without.
    leads : cables and contacts; those of a usual holder are allowed for without.
    seed : of what is drawn between alternatives.
    usual : capacitance, F, of the best circuit's arcs over a series, so that an arc is one thing throughout.

    Raises
    ------
    InputError
        If no resistance of the best circuit can belong to the electrolyte.
    """
    leads = leads or Leads()
    rng = np.random.default_rng(seed)
    kept, share = _similar(fits, weights)
    readings, used = [], []
    for fit, weight in zip(kept, share, strict=True):
        try:
            readings.append(_read(fit, geometry, leads, rng, (usual or {}) if fit is kept[0] else {}))
            used.append(weight)
        except InputError:
            if fit is kept[0]:
                raise
    portion = np.array(used) / sum(used)
    pick = rng.choice(len(readings), DRAWS, p=portion)
    total = np.choose(pick, [r.total for r in readings])
    # One set of draws for all spectra: the same pellet and electrodes are idealised at every temperature,
    # and what is common to a series moves σ and leaves Eₐ.
    common = np.random.default_rng(COMMON).standard_normal(DRAWS)
    total = total * (1 + _idealised(float(np.median(total)), fits[0]) * common)
    best = readings[0]
    resistance = Estimate(total, "ohm")
    return Electrolyte(
        resistance=resistance,
        bulk=None if best.grain is None else Estimate(best.total - best.grain, "ohm"),
        grain_boundary=None if best.grain is None else Estimate(best.grain, "ohm"),
        interface=None if best.interface is None else Estimate(best.interface, "ohm"),
        shares=best.shares,
        hidden=_hidden_share(best),
        circuits=tuple((f.circuit, float(p)) for f, p in zip(kept, portion, strict=False)),
        leads=Estimate(best.leads, "ohm"),
        doubts=_doubts(resistance, readings, fits[0]),
    )


def electrolytes_of(
    series: tuple[tuple[CircuitFit, ...], ...],
    weights: tuple[float, ...],
    *,
    geometry: Geometry | None = None,
    leads: Leads | None = None,
    seed: int = 0,
    common: bool = False,
) -> tuple[list[Electrolyte | None], tuple[tuple[str, str], ...]]:
    """The electrolyte of every spectrum of one cell, and (source, reason) where it was not seen.

    Parameters
    ----------
    series : per spectrum the fits by the circuits compared, best first.
    common : the draws of all spectra belong together (one fit made them all); else they are independent.
    """
    usual = _usual(tuple(fits[0] for fits in series))
    found: list[Electrolyte | None] = []
    lost = []
    for i, fits in enumerate(series):
        try:
            found.append(
                electrolyte_of(
                    fits,
                    weights,
                    geometry=geometry,
                    leads=leads,
                    seed=seed if common else seed + 1009 * i,
                    usual=usual,
                )
            )
        except InputError as error:
            found.append(None)
            lost.append((fits[0].source, str(error)))
    return found, tuple(lost)


def _usual(fits: tuple[CircuitFit, ...]) -> dict[str, float]:
    """Middle capacitance, F, of each arc over the spectra in whose window its top lies."""
    seen: dict[str, list[float]] = {}
    for fit in fits:
        low, high = float(fit.frequency.min()), float(fit.frequency.max())
        for arc in read_arcs(fit):
            if low <= arc.frequency <= high and arc.name not in fit.undetermined:
                seen.setdefault(arc.name, []).append(arc.capacitance)
    return {name: float(np.median(sizes)) for name, sizes in seen.items()} if len(fits) > 1 else {}


def _similar(
    fits: tuple[CircuitFit, ...], weights: tuple[float, ...]
) -> tuple[list[CircuitFit], list[float]]:
    """The fits that have a share of the support worth drawing from."""
    pairs = [(f, w) for f, w in zip(fits, weights, strict=True) if w > SUPPORT * max(weights)]
    return [f for f, _ in pairs], [w for _, w in pairs]


def _read(
    fit: CircuitFit,
    geometry: Geometry | None,
    leads: Leads,
    rng: np.random.Generator,
    usual: Mapping[str, float],
) -> _Reading:
    """One circuit: which of its resistances belong, and the draws of their sum."""
    circuit = Circuit.parse(fit.circuit)
    drawn = _widened(fit, rng)
    root = circuit.root
    branches = (root,) if isinstance(root, Leaf) or root.parallel else root.branches
    plain = [leaf for leaf in branches if isinstance(leaf, Leaf) and leaf.element.role == "resistance"]
    arcs = [replace(a, capacitance=usual.get(a.name, a.capacitance)) for a in read_arcs(fit, geometry)]
    low, high = float(fit.frequency.min()), float(fit.frequency.max())
    above = [arc for arc in arcs if arc.frequency > high]
    inside = [arc for arc in arcs if low <= arc.frequency <= high]
    column = {leaf.name: leaf.first for leaf in circuit.leaves}
    series = np.sum([drawn[:, leaf.first] for leaf in plain], axis=0) if plain else np.zeros(DRAWS)
    series = series + np.sum([drawn[:, column[a.name]] for a in above], axis=0) if above else series
    chance = {a.name: belongs(a, geometry) for a in inside}
    if not plain and not above and not any(chance.values()):
        raise InputError(
            f"{fit.source}: no resistance of {fit.circuit} can be the electrolyte's: "
            + ("; ".join(why(a, geometry, low, high) for a in arcs) or "the circuit has none")
            + _units(fit, geometry)
        )
    uniform = rng.random((len(inside), DRAWS))
    member = {a.name: uniform[i] < chance[a.name] for i, a in enumerate(inside)}
    counted = np.zeros(DRAWS)
    for arc in inside:
        counted = counted + np.where(member[arc.name], drawn[:, column[arc.name]], 0.0)
    lattice = [a for a in inside if permittivity(a, geometry) < LATTICE[1]]
    total, taken, is_leads = _sum(series, counted, lattice, bool(plain), geometry, leads, rng)
    grains = [a for a in inside if chance[a.name] > 0.5 and a not in lattice]
    seen = [
        float(np.median(drawn[:, column[a.name]])) for a in (*above, *inside) if chance.get(a.name, 1) > 0
    ]
    seen += [(1 - is_leads) * float(np.median(series))] if plain else []
    hidden = _hidden(fit, circuit, grains, sum(r > 0.02 * float(np.median(total)) for r in seen))
    total = total - np.where(rng.random(DRAWS) < 0.5, 0.0, hidden * np.abs(rng.standard_normal(DRAWS)))
    outer = [a for a in inside if chance[a.name] <= 0.5]
    return _Reading(
        total,
        np.sum([drawn[:, column[a.name]] for a in grains], axis=0)
        if grains and (lattice or plain or above)
        else None,
        np.sum([drawn[:, column[a.name]] for a in outer], axis=0) if outer else None,
        taken,
        (
            *(series_share(fit, leaf, is_leads) for leaf in plain),
            *(arc_share(a, geometry, low, high, chance.get(a.name)) for a in arcs),
        ),
        hidden,
    )


def _hidden(fit: CircuitFit, circuit: Circuit, grains: list[Arc], parts: int) -> float:
    """Resistance, ohm, of what a depressed grain boundary may hold beside itself, one standard deviation.

    Where three resistances or more were told apart, what it held has an arc of its own.
    """
    exponents = dict(zip(circuit.names, fit.values, strict=True))
    storage = {r.name: s.name for r, s in arcs_of(circuit)}
    if parts > 2:
        return 0.0
    return float(
        sum(
            FOREIGN * a.resistance.value * (1 - exponents.get(f"{storage[a.name]}_n", 1.0)) ** 2
            for a in grains
        )
    )


def _units(fit: CircuitFit, geometry: Geometry | None) -> str:
    """What to check first where the geometry makes a conductivity that no electrolyte has."""
    try:
        sigma = geometry.conductivity(fit.total_resistance).value if geometry else 0.0
    except InputError:
        return ""
    text = conductivity_warning(sigma, geometry) if geometry else None
    return f"; {text}" if text else ""


def _widened(fit: CircuitFit, rng: np.random.Generator) -> Array:
    """The fit's draws in an order of their own, spread by the correlation of its residuals."""
    wide = np.sqrt(correlation_time(fit.residuals))
    linear = np.array([unit == "ohm" for unit in fit.units])
    moved = np.where(linear, fit.values + wide * (fit.draws - fit.values), fit.draws)
    return np.asarray(moved[rng.permutation(len(moved))])


def _sum(
    series: Array,
    counted: Array,
    lattice: list[Arc],
    resistor: bool,
    geometry: Geometry | None,
    leads: Leads,
    rng: np.random.Generator,
) -> tuple[Array, Array, float]:
    """Draws of the electrolyte and of the leads, and how likely the series resistance is leads only.

    Where the lattice's arc was seen the series resistance is the leads: they are what the holder is known to
    have *and* what the fit says. Else it is the lattice behind the leads.
    """
    before, _ = lead_draws(leads)
    behind = series + counted - before
    spread = float(series.std())
    if not (lattice and resistor and spread > 0):
        return behind, before, 0.0
    middle = float(np.median(series))
    taken, evidence = lead_draws(leads, measured=middle, spread=spread)
    lean = float(np.cov(counted, series)[0, 1]) / spread**2
    alone = counted + lean * (taken - series)
    fastest = max(lattice, key=lambda a: a.frequency)
    likely = 1 - ramp(permittivity(fastest, geometry), *LATTICE)
    odds = np.log(max(likely, 1e-3) / max(1 - likely, 1e-3)) + evidence - _lattice_evidence(middle, spread)
    chance = float(1 / (1 + np.exp(-np.clip(odds, -50, 50))))
    only = rng.random(DRAWS) < chance
    return np.where(only, alone, behind), np.where(only, taken, before), chance


def _lattice_evidence(measured: float, spread: float) -> float:
    """Logarithm of the evidence for a lattice resistance of any size, 0.1 ohm to 100 Mohm, log-uniform."""
    grid = measured + spread * np.linspace(-6, 6, 121)
    grid = grid[grid > 0.1]
    if grid.size < 2:
        return -50.0
    density = np.exp(-0.5 * ((grid - measured) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
    return float(np.log(max(np.trapezoid(density / (grid * np.log(1e9)), grid), 1e-20)))


def _hidden_share(reading: _Reading) -> float:
    """What a depressed grain boundary may hold, over the electrolyte's resistance."""
    return reading.hidden / max(abs(float(np.median(reading.total))), 1e-300)


def _idealised(value: float, fit: CircuitFit) -> float:
    """Relative error that comes from what a circuit idealises: more where the plateau leans."""
    at = int(np.argmin(np.abs(np.log(np.maximum(fit.fitted.real, 1e-300) / max(value, 1e-300)))))
    lean = abs(float(fit.fitted[at].imag)) / max(abs(float(fit.fitted[at].real)), 1e-300)
    return float(np.hypot(IDEAL, SLOPE * min(lean, 1.0)))


def _doubts(resistance: Estimate, readings: list[_Reading], fit: CircuitFit) -> tuple[str, ...]:
    """What must not be trusted about the electrolyte's resistance."""
    value, spread = resistance.value, resistance.std
    said = []
    if not spread < 0.5 * abs(value):
        said.append(f"R electrolyte is not determined: {value:.3g} ± {spread:.2g} ohm")
    said += [
        f"{s.name} ({s.resistance.value:.3g} ohm) may or may not be the electrolyte's: {s.reason}"
        for s in readings[0].shares
        if 0.05 < s.belonging < 0.95 and s.resistance.value > 0.1 * abs(value)
    ]
    if (hidden := _hidden_share(readings[0])) > HIDING:
        said.append(
            "the grain boundary's arc is depressed: a spread of boundaries, or a contact or pores of the "
            f"electrode within it; R electrolyte may be {100 * hidden:.0f} % too large"
        )
    middles = np.array([float(np.median(r.total)) for r in readings])
    if np.ptp(middles) > 0.2 * abs(value):
        said.append(
            f"circuits of similar evidence give {middles.min():.3g} to {middles.max():.3g} ohm for the "
            "electrolyte"
        )
    return (*said, *_against_plateau(value, fit))


def _against_plateau(value: float, fit: CircuitFit) -> tuple[str, ...]:
    """A witness without a circuit: where the phase is nearest to zero, Z′ is about a sum of resistances."""
    phase = -np.angle(fit.fitted)
    inner = np.flatnonzero((phase[1:-1] <= phase[:-2]) & (phase[1:-1] <= phase[2:])) + 1
    near = [float(fit.fitted[i].real) for i in (*inner, 0 if phase[0] < phase[1] else len(phase) - 1)]
    if any(0.6 < value / z < 1.67 for z in near if z > 0):
        return ()
    if not inner.size:
        return ("the spectrum shows no plateau: the electrolyte's resistance rests on the circuit alone",)
    shown = ", ".join(f"{z:.3g}" for z in near)
    return (f"the spectrum's own plateaus ({shown} ohm) are not the electrolyte's {value:.3g} ohm",)

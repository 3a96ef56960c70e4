"""Fit of an equivalent circuit without a starting guess, with covariance and what stays undetermined."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.errors import InputError, nearest
from electrolith.core.estimate import Estimate
from electrolith.core.fit import covariance_of
from electrolith.lab.impedance.circuit import Circuit, Group, Leaf, Node
from electrolith.lab.impedance.constraints import NOTHING_KNOWN, Constraints
from electrolith.lab.impedance.descent import Descent, Model, descend
from electrolith.lab.impedance.objective import WALL, admittance_model, walled, weighted_model
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.starts import Scales, bounds_of, draw_starts

Array = np.ndarray
DRAWS = 2000
VAGUE = 0.7  # a log-parameter with this standard deviation is known to a factor of two only


@dataclass(frozen=True)
class FitSettings:
    """How a circuit is fitted.

    circuit : circuit string.
    weights : "modulus" divides residuals by |Z|, "unit" does not.
    frequency_low, frequency_high : Hz; points outside are left out.
    starts : random starting points; the best quarter is followed to the end.
    iterations : evaluation limit of one descent.
    drop_inductive : leave out points with a positive imaginary part.
    constraints : parameters that are held, bounded or ordered.
    admittance : fit Y = 1/Z with weights 1/|Y|; points far from the curve then pull differently.
    seed : of the random starts and of the draws.
    """

    circuit: str
    weights: Literal["modulus", "unit"] = "modulus"
    frequency_low: float = 0.0
    frequency_high: float = float("inf")
    starts: int = 96
    iterations: int = 400
    drop_inductive: bool = False
    constraints: Constraints = NOTHING_KNOWN
    admittance: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        self.constraints.check(Circuit.parse(self.circuit))
        if self.starts < 4:
            raise InputError(f"starts must be at least 4, got {self.starts}")
        if self.iterations < 10:
            raise InputError(f"iterations must be at least 10, got {self.iterations}")
        if not self.frequency_low < self.frequency_high:
            raise InputError(
                f"frequency_low {self.frequency_low:g} must be below frequency_high {self.frequency_high:g}"
            )


@dataclass(frozen=True, eq=False)
class CircuitFit:
    """A fitted circuit.

    names, units, values : of the parameters, in the order of the circuit string, (P,).
    covariance : of the internal parameters (logarithms of the positive ones), (P, P); infinite where
        undetermined.
    chi2 : Σ |w ΔZ|².
    dof : real residuals minus determined parameters.
    noise : √(χ²/dof), relative for modulus weights.
    agreement : share of the followed starts that reached this optimum.
    undetermined : what the data do not fix, in words, by parameter.
    frequency, measured, fitted : Hz and ohm, (F,), the points used.
    draws : (n, P) from the joint distribution; resistances linear, other positive quantities lognormal.
    """

    circuit: str
    source: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Array
    covariance: Array
    chi2: float
    dof: int
    noise: float
    agreement: float
    converged: bool
    evaluations: int
    undetermined: dict[str, str]
    frequency: Array
    measured: Array
    fitted: Array
    draws: Array
    temperature: float | None
    time: float | None
    settings: FitSettings

    @property
    def std(self) -> Array:
        """Standard deviations of the parameters in their own units, (P,)."""
        spread = np.sqrt(np.diag(self.covariance))
        logarithmic = Circuit.parse(self.circuit).logarithmic
        return np.where(logarithmic, self.values * spread, spread)

    @property
    def residuals(self) -> Array:
        """(measured - fitted)/|measured|, complex, (F,)."""
        return np.asarray((self.measured - self.fitted) / np.abs(self.measured))

    @property
    def outliers(self) -> Array:
        """Points whose residual exceeds 4.5 robust standard deviations, bool (F,)."""
        size = np.abs(self.residuals)
        # the median of a Rayleigh variable is 1.1774 σ
        return np.asarray(size > 4.5 * np.median(size) / 1.1774 + 1e-12)

    def parameter(self, name: str) -> Estimate:
        """One parameter with its doubt; unknown where the data do not determine it.

        Raises
        ------
        InputError
            If the circuit has no such parameter.
        """
        if name not in self.names:
            raise InputError(nearest(f"fit of {self.circuit}", name, self.names))
        at = self.names.index(name)
        if name in self.undetermined:
            return Estimate.unknown_doubt(float(self.values[at]), self.units[at])
        return Estimate(self.draws[:, at], self.units[at])

    @property
    def total_resistance(self) -> Estimate:
        """Resistance of the direct-current path without diffusion and blocking elements, ohm.

        The draws carry the correlation of the arcs, so that the sum is known better than its terms.

        """
        drawn = direct_resistance(Circuit.parse(self.circuit).root, self.draws)
        if drawn is None:
            raise InputError(f"circuit {self.circuit!r} has no resistance that carries direct current")
        return Estimate(drawn, "ohm")


def fit_circuit(spectrum: Spectrum, settings: FitSettings, *, near: Array | None = None) -> CircuitFit:
    r"""Find the global minimum of Σ|w (Z - Z_fit)|² over the parameters of a circuit.

    Random starts drawn from the spectrum's own sizes, Levenberg-Marquardt on log-parameters from all of
    them together, the best quarter followed to the end, arcs sorted by time constant.

    Parameters
    ----------
    near : parameters (P,) of a neighbour in a series; one start more, and a sixth of the random ones.

    Raises
    ------
    InputError
        If there are not more real data than parameters.
    """
    circuit = Circuit.parse(settings.circuit)
    used = _selected(spectrum, settings)
    if 2 * used.frequency.size <= len(circuit.names):
        raise InputError(
            f"{spectrum.source}: {used.frequency.size} points cannot determine the {len(circuit.names)} "
            f"parameters "
            f"of {settings.circuit}"
        )
    omega = 2 * np.pi * used.frequency
    weight = 1 / np.abs(used.impedance) if settings.weights == "modulus" else np.ones(used.frequency.size)
    model = weighted_model(circuit, omega, used.impedance, weight)
    if settings.admittance:
        model = admittance_model(circuit, omega, used.impedance)
    scales = Scales.of(omega, used.impedance)
    known = settings.constraints
    low, high = known.box(circuit, *bounds_of(circuit, scales))
    rng = np.random.default_rng(settings.seed)
    count = settings.starts if near is None else max(settings.starts // 6, 4)
    starts = known.inside(circuit, draw_starts(circuit, scales, count, rng=rng), low, high, rng)
    if near is not None:
        starts = np.vstack([starts, circuit.to_internal(near[None])])
    height = WALL * (1.0 if settings.weights == "modulus" else float(np.median(np.abs(used.impedance))))
    pushed = walled(model, known.pairs(circuit), height)
    scouts = descend(pushed, starts, low, high, iterations=min(20, settings.iterations))
    best = np.argsort(scouts.cost)[: max(count // 4, 2)]
    ends = descend(pushed, scouts.parameters[best], low, high, iterations=settings.iterations)
    return _result(circuit, used, settings, model, ends, (low, high), rng)


def direct_resistance(node: Node, values: Array) -> Array | None:
    """Resistance (n,) of a node at zero frequency for parameters (n, P); None when no direct current passes.

    Diffusion and series blocking elements count as shorts, storage elements beside a resistance as open.

    """
    if isinstance(node, Leaf):
        if node.element.role == "resistance":
            return np.asarray(values[:, node.first])
        return None if node.element.role == "storage" else np.zeros(len(values))
    parts = [direct_resistance(branch, values) for branch in node.branches]
    if not node.parallel:
        carrying = [p for p in parts if p is not None]
        return np.sum(carrying, axis=0) if carrying else None
    blocked = [_blocked(branch) for branch in node.branches]
    open_parts = [p for p, closed in zip(parts, blocked, strict=True) if p is not None and not closed]
    if not open_parts:
        return None
    if len(open_parts) == 1:
        return open_parts[0]
    if any(np.any(p == 0) for p in open_parts):
        return np.zeros(len(values))
    return np.asarray(1 / np.sum([1 / p for p in open_parts], axis=0))


def _blocked(node: Node) -> bool:
    """Whether a branch holds a storage element in series."""
    if isinstance(node, Leaf):
        return node.element.role == "storage"
    if node.parallel:
        return all(_blocked(b) for b in node.branches)
    return any(_blocked(b) for b in node.branches)


def correlation_time(residuals: Array) -> float:
    """Neighbouring points that say the same, at least 1: (1 + ρ)/(1 - ρ) of complex residuals (F,).

    Noise has none; a circuit that is not quite right, or drift, leaves residuals that follow each other, and
    so many data fewer stand behind the fit.
    """
    parts = (residuals.real, residuals.imag)
    size = sum(float(np.sum(p**2)) for p in parts)
    lagged = sum(float(np.sum(p[1:] * p[:-1])) for p in parts)
    correlation = np.clip(lagged / max(size, 1e-300), 0.0, 0.95)
    return float(np.clip((1 + correlation) / (1 - correlation), 1.0, max(residuals.size / 6, 1.0)))


def _selected(spectrum: Spectrum, settings: FitSettings) -> Spectrum:
    """The points the settings ask for."""
    used = spectrum
    if settings.frequency_low > 0 or np.isfinite(settings.frequency_high):
        used = used.between(settings.frequency_low, settings.frequency_high)
    if settings.drop_inductive:
        used = used.without(used.impedance.imag > 0)
    return used


def _result(
    circuit: Circuit,
    used: Spectrum,
    settings: FitSettings,
    model: Model,
    ends: Descent,
    bounds: tuple[Array, Array],
    rng: np.random.Generator,
) -> CircuitFit:
    """The best end with its covariance, arcs sorted."""
    winner = int(np.argmin(ends.cost))
    internal = ends.parameters[winner]
    known = settings.constraints
    if not known:  # a parameter of which something is known belongs to its arc
        internal = sort_arcs(circuit, internal)
    residual, slopes = model(internal[None])
    at_bound = (internal <= bounds[0] + 1e-9) | (internal >= bounds[1] - 1e-9)
    # a parameter at its limit could still move the others: holding it would make them look too well known
    held = np.array([name in dict(known.fixed) for name in circuit.names])
    at_bound &= ~held
    pressed = {
        name
        for (a, b), pair in zip(known.pairs(circuit), known.order, strict=True)
        if internal[a] > internal[b] - 1e-6
        for name in pair
    }
    covariance, rank, direction = _covariance(slopes[0].T, held)
    chi2 = float(np.sum(residual[0] ** 2))
    dof = residual.shape[1] - rank
    covariance = covariance * (chi2 / dof)
    values = circuit.from_internal(internal[None])[0]
    return CircuitFit(
        circuit=settings.circuit,
        source=used.source,
        names=circuit.names,
        units=circuit.units,
        values=values,
        covariance=covariance,
        chi2=chi2,
        dof=dof,
        noise=float(np.sqrt(chi2 / dof)),
        agreement=float(np.mean(ends.cost <= ends.cost[winner] * (1 + 1e-5))),
        converged=bool(ends.converged[winner]),
        evaluations=ends.evaluations,
        undetermined=_undetermined(circuit, values, covariance, at_bound, known.bounded, pressed),
        frequency=used.frequency,
        measured=used.impedance,
        fitted=circuit.impedance(values, used.frequency),
        draws=_draw(circuit, internal, direction * np.sqrt(chi2 / dof), rng),
        temperature=used.temperature,
        time=used.time,
        settings=settings,
    )


def _covariance(jacobian: Array, held: Array) -> tuple[Array, int, Array]:
    """Covariance (P, P), rank, and the covariance's factor (P, r) over the determined directions.

    Held parameters have no variance.
    """
    free = np.flatnonzero(~held)
    covariance, factor = np.zeros((held.size, held.size)), np.zeros((held.size, free.size))
    own, rank = covariance_of(jacobian[:, free])
    covariance[np.ix_(free, free)] = own
    scale = np.linalg.norm(jacobian[:, free], axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    _, singular, rows = np.linalg.svd(jacobian[:, free] / scale, full_matrices=False)
    keep = singular > 1e-10 * singular[0]
    factor = factor[:, : int(keep.sum())]
    factor[free] = (rows[keep].T / singular[keep]) / scale[:, None]
    return covariance, rank, factor


def _draw(circuit: Circuit, internal: Array, factor: Array, rng: np.random.Generator) -> Array:
    """Joint draws (DRAWS, P) in natural units; resistances linear, because they are added up."""
    moves = rng.standard_normal((DRAWS, factor.shape[1])) @ factor.T
    values = circuit.from_internal(internal[None])[0]
    linear = np.array([unit == "ohm" for unit in circuit.units])
    moves = np.where(linear, moves, np.clip(moves, -50, 50))
    return np.where(
        linear, values * (1 + moves), circuit.from_internal(internal + np.where(linear, 0.0, moves))
    )


def _undetermined(
    circuit: Circuit,
    values: Array,
    covariance: Array,
    at_bound: Array,
    bounded: frozenset[str],
    pressed: set[str],
) -> dict[str, str]:
    """What cannot be trusted, by parameter name; bounded, pressed: by a bound or an order somebody stated."""
    said: dict[str, str] = {}
    spread = np.sqrt(np.diag(covariance))
    for i, name in enumerate(circuit.names):
        unit = circuit.units[i]
        if at_bound[i] and name in bounded:
            shown = f"{values[i]:.3g} {unit}".removesuffix(" 1")
            said[name] = f"ended at the stated bound {shown}: the data ask for a value beyond it"
        elif name in pressed:
            said[name] = "ended on the stated order: the data ask for the other one"
        elif at_bound[i] and not (circuit.units[i] == "ohm" and np.isfinite(spread[i])):
            said[name] = f"ended at the limit {values[i]:.3g} {unit}".removesuffix(" 1")
        elif circuit.logarithmic[i] and unit == "ohm" and spread[i] > VAGUE:
            said[name] = (
                f"not determined; below {values[i] * (1 + 2 * spread[i]):.3g} {unit} with 95 % confidence"
            )
        elif spread[i] > (VAGUE if circuit.logarithmic[i] else 0.2):
            said[name] = f"not determined (standard deviation {spread[i]:.2g})"
    return said


def arcs_of(circuit: Circuit) -> tuple[tuple[Leaf, Leaf], ...]:
    """(resistance, storage) pairs of the arcs that stand in series, in the order of the string."""
    root = circuit.root
    series = root.branches if isinstance(root, Group) and not root.parallel else (root,)
    return tuple(pair for node in series if (pair := _arc(node)) is not None)


def _arc(node: Node) -> tuple[Leaf, Leaf] | None:
    """A resistance beside one storage element."""
    if not (isinstance(node, Group) and node.parallel and len(node.branches) == 2):
        return None
    leaves = [b for b in node.branches if isinstance(b, Leaf)]
    resistances = [leaf for leaf in leaves if leaf.element.role == "resistance"]
    storages = [leaf for leaf in leaves if leaf.element.role == "storage"]
    return (resistances[0], storages[0]) if len(resistances) == 1 and len(storages) == 1 else None


def time_constant(values: Array, resistance: Leaf, storage: Leaf) -> float:
    """(R Q)^(1/n) of an arc, s."""
    product = float(values[resistance.first] * values[storage.first])
    exponent = float(values[storage.first + 1]) if len(storage.element.quantities) == 2 else 1.0
    return float(product ** (1 / exponent))


def sort_arcs(circuit: Circuit, internal: Array) -> Array:
    """Swap the parameters of equal arcs so that time constants rise along the string, (P,)."""
    values = circuit.from_internal(internal[None])[0]
    result = internal.copy()
    for kind in ("C", "CPE"):
        arcs = [a for a in arcs_of(circuit) if a[1].element.symbol == kind]
        ranked = sorted(arcs, key=lambda arc: time_constant(values, *arc))
        for target, origin in zip(arcs, ranked, strict=True):
            for to, of in zip(target, origin, strict=True):
                result[to.columns] = internal[of.columns]
    return result

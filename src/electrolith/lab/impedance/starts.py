"""Starting parameters for an impedance fit, drawn from the spectrum itself: nobody has to guess."""

from dataclasses import dataclass

import numpy as np

from electrolith.lab.impedance.circuit import Circuit, Group, Leaf, Node

Array = np.ndarray


@dataclass(frozen=True)
class Scales:
    """Sizes read off a spectrum.

    smallest, largest : modulus of the impedance, ohm.
    omega_low, omega_high : angular frequencies, rad/s.
    low_end, high_end : modulus at the lowest and the highest frequency, ohm.
    """

    smallest: float
    largest: float
    omega_low: float
    omega_high: float
    low_end: float
    high_end: float

    @classmethod
    def of(cls, omega: Array, impedance: Array) -> "Scales":
        """Read the sizes of a spectrum (F,)."""
        modulus = np.abs(impedance)
        low, high = np.argmin(omega), np.argmax(omega)
        return cls(
            float(modulus.min()),
            float(modulus.max()),
            float(omega[low]),
            float(omega[high]),
            float(modulus[low]),
            float(modulus[high]),
        )


def draw_starts(circuit: Circuit, scales: Scales, count: int, *, rng: np.random.Generator) -> Array:
    """Random internal parameters (count, P), log-uniform over what the spectrum can show.

    A storage element beside a resistive one gets the charge that puts their time constant inside the
    measured window; one standing in series gets the charge that explains the low-frequency end.
    """
    values = np.ones((count, len(circuit.names)))
    _draw(circuit.root, None, values, scales, rng)
    return circuit.to_internal(values)


def bounds_of(circuit: Circuit, scales: Scales) -> tuple[Array, Array]:
    """Lower and upper internal bounds (P,): far outside what the spectrum can show, exponents 0.3 to 1."""
    low, high = np.empty(len(circuit.names)), np.empty(len(circuit.names))
    for leaf in circuit.leaves:
        for offset, quantity in enumerate(leaf.element.quantities):
            kind = quantity or leaf.element.symbol
            low[leaf.first + offset], high[leaf.first + offset] = _range(kind, scales)
    return circuit.to_internal(low), circuit.to_internal(high)


def _range(kind: str, s: Scales) -> tuple[float, float]:
    """Natural bounds of one quantity."""
    resistance = (1e-5 * s.smallest, 1e4 * s.largest)
    if kind == "R":
        return resistance
    if kind in ("C", "Q"):
        return 1e-4 / (s.largest * s.omega_high), 1e5 / (s.smallest * min(s.omega_low, 1.0))
    if kind == "n":
        return 0.3, 1.0
    if kind == "tau":
        return 1e-4 / s.omega_high, 1e4 / s.omega_low
    if kind == "L":
        return 1e-7 * s.smallest / s.omega_high, 1e3 * s.largest / s.omega_low
    return 1e-5 * s.smallest * s.omega_low**0.5, 1e3 * s.largest * s.omega_high**0.5


def _draw(
    node: Node, tau_of: "tuple[Array, Array] | None", values: Array, s: Scales, rng: np.random.Generator
) -> None:
    """Fill the columns of a node; `tau_of` is (resistance, time constant) of the parallel group it is in."""
    if isinstance(node, Group):
        inner = _partner(len(values), s, rng) if node.parallel else tau_of
        for branch in node.branches:
            _draw(branch, inner, values, s, rng)
        return
    values[:, node.columns] = _leaf(node, tau_of, len(values), s, rng)


def _partner(count: int, s: Scales, rng: np.random.Generator) -> tuple[Array, Array]:
    """Resistance and time constant of one arc."""
    resistance = _log_uniform(0.3 * s.smallest, s.largest, count, rng)
    return resistance, _log_uniform(0.3 / s.omega_high, 3 / s.omega_low, count, rng)


def _leaf(
    leaf: Leaf, arc: "tuple[Array, Array] | None", count: int, s: Scales, rng: np.random.Generator
) -> Array:
    """Starting values of one element, (count, k)."""
    kind = leaf.element.symbol
    exponent = rng.uniform(0.55, 1.0, count)
    if kind == "R":
        return (arc[0] if arc else _log_uniform(0.05 * s.smallest, s.high_end, count, rng))[:, None]
    if kind == "C":
        return _charge(arc, np.ones(count), count, s, rng)[:, None]
    if kind == "CPE":
        return np.column_stack([_charge(arc, exponent, count, s, rng), exponent])
    if kind == "L":
        return _log_uniform(1e-3 * s.high_end, s.high_end, count, rng)[:, None] / s.omega_high
    if kind == "W":
        return _log_uniform(0.03 * s.low_end, s.low_end, count, rng)[:, None] * s.omega_low**0.5
    resistance, tau = _partner(count, s, rng)
    if kind == "TLM":
        return np.column_stack([resistance, tau**exponent / resistance, exponent])
    return np.column_stack([resistance, tau])


def _charge(
    arc: "tuple[Array, Array] | None", exponent: Array, count: int, s: Scales, rng: np.random.Generator
) -> Array:
    """Q of a storage element: from its arc's time constant, or from the low-frequency end."""
    if arc:
        return np.asarray(arc[1] ** exponent / arc[0])
    return np.asarray(1 / (_log_uniform(0.05 * s.low_end, s.low_end, count, rng) * s.omega_low**exponent))


def _log_uniform(low: float, high: float, count: int, rng: np.random.Generator) -> Array:
    """Numbers with uniform logarithm between two sizes."""
    return np.exp(rng.uniform(np.log(low), np.log(max(high, low * 1.001)), count))

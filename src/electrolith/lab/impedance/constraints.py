"""What is known of a circuit's parameters before the fit: held values, bounds, and an order among them.

Written as one would write them: `CPE1_n = 1`, `10 ohm < R1 < 10 kohm`, `R1 = 10 : 1e4 ohm`, `R1 < R2`.
"""

import itertools
import re
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError, nearest
from electrolith.core.units import convert, split_quantity
from electrolith.lab.impedance.circuit import Circuit

Array = np.ndarray
EXAMPLE = "'CPE1_n = 1', '10 ohm < R1 < 10 kohm', 'R1 = 10 : 1e4 ohm' or 'R1 < R2'"
_SIGN = re.compile(r"(<=|>=|<|>|=|≤|≥)")
_NAME = re.compile(r"[A-Za-z]+\d*(?:_[A-Za-z]+)?")


@dataclass(frozen=True)
class Constraints:
    """Of the parameters of one circuit, in their own units.

    fixed : (parameter, value) that are held.
    bounds : (parameter, low, high), 0 and inf where one side is open.
    order : (smaller, larger) parameters.
    """

    fixed: tuple[tuple[str, float], ...] = ()
    bounds: tuple[tuple[str, float, float], ...] = ()
    order: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fixed or self.bounds or self.order)

    @property
    def bounded(self) -> frozenset[str]:
        """Parameters that somebody bounded."""
        return frozenset(name for name, _, _ in self.bounds)

    def check(self, circuit: Circuit) -> None:
        """Refuse names the circuit does not have, and values that cannot be.

        Raises
        ------
        InputError
            With the nearest name, or both ends of the bounds.
        """
        named = (
            [n for n, _ in self.fixed] + [n for n, _, _ in self.bounds] + [n for p in self.order for n in p]
        )
        for name in named:
            if name not in circuit.names:
                raise InputError(nearest(f"constraints of {circuit.text}", name, circuit.names))
        for name, value in self.fixed:
            if not value > 0:
                raise InputError(f"constraints: {name} must be positive, got {value:g}")
        for name, low, high in self.bounds:
            if not 0 <= low < high:
                raise InputError(f"constraints: {name} between {low:g} and {high:g} leaves nothing")
        for smaller, larger in self.order:
            units = [circuit.units[circuit.names.index(n)] for n in (smaller, larger)]
            if units[0] != units[1]:
                raise InputError(
                    f"constraints: {smaller} ({units[0]}) and {larger} ({units[1]}) cannot be compared"
                )

    def box(self, circuit: Circuit, low: Array, high: Array) -> tuple[Array, Array]:
        """Internal bounds (P,) narrowed to the stated ones; a held parameter has equal ends."""
        low, high = low.copy(), high.copy()
        for name, least, most in self.bounds:
            at = circuit.names.index(name)
            log = bool(circuit.logarithmic[at])
            if least > 0:
                low[at] = np.log(least) if log else least
                high[at] = max(high[at], low[at] + 1e-9)
            if np.isfinite(most):
                high[at] = np.log(most) if log else most
                low[at] = min(low[at], high[at] - 1e-9)
        for name, value in self.fixed:
            at = circuit.names.index(name)
            low[at] = high[at] = np.log(value) if circuit.logarithmic[at] else value
        return low, high

    def inside(
        self, circuit: Circuit, starts: Array, low: Array, high: Array, rng: np.random.Generator
    ) -> Array:
        """Internal starts (B, P) with the bounded parameters drawn anew where they lay outside."""
        starts = starts.copy()
        for name in self.bounded:
            at = circuit.names.index(name)
            out = (starts[:, at] < low[at]) | (starts[:, at] > high[at])
            starts[out, at] = rng.uniform(low[at], high[at], int(out.sum()))
        return starts

    def pairs(self, circuit: Circuit) -> tuple[tuple[int, int], ...]:
        """Columns of the ordered parameters."""
        return tuple((circuit.names.index(a), circuit.names.index(b)) for a, b in self.order)


NOTHING_KNOWN = Constraints()


def parse_constraints(texts: tuple[str, ...], circuit: Circuit) -> Constraints:
    """Constraints from their texts.

    Raises
    ------
    InputError
        If a text is none, a name is not in the circuit, or a unit does not fit.
    """
    fixed: list[tuple[str, float]] = []
    limits: dict[str, tuple[float, float]] = {}
    order: list[tuple[str, str]] = []
    for text in texts:
        operands, signs = _split(text)
        if signs == ["="]:
            name, value = operands
            _known(name, circuit, text)
            if ":" in value:
                _limit(limits, name, *_range(value, name, circuit, text))
            else:
                fixed.append((name, _number(value, name, circuit, text)))
            continue
        if len({s in "<≤" or s == "<=" for s in signs}) > 1 or "=" in signs:
            raise InputError(f"constraint {text!r}: the signs point different ways; expected {EXAMPLE}")
        if signs[0] in (">", ">=", "≥"):
            operands = operands[::-1]
        unit = next((u for o in operands if not _is_name(o) and (u := split_quantity(o)[2])), "")
        for small, large in itertools.pairwise(operands):
            if _is_name(small) and _is_name(large):
                order.append((small, large))
            elif _is_name(small):
                _limit(limits, small, 0.0, _number(large, small, circuit, text, unit))
            elif _is_name(large):
                _limit(limits, large, _number(small, large, circuit, text, unit), np.inf)
            else:
                raise InputError(f"constraint {text!r} compares two numbers; expected {EXAMPLE}")
    found = Constraints(tuple(fixed), tuple((n, *ends) for n, ends in limits.items()), tuple(order))
    found.check(circuit)
    return found


def _split(text: str) -> tuple[list[str], list[str]]:
    """Operands and the signs between them."""
    pieces = [p.strip() for p in _SIGN.split(text)]
    operands, signs = pieces[::2], pieces[1::2]
    if not signs or not all(operands) or (signs == ["="] and not _is_name(operands[0])):
        raise InputError(f"constraint {text!r} is none; expected {EXAMPLE}")
    return operands, signs


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _known(name: str, circuit: Circuit, text: str) -> None:
    """Refuse a parameter the circuit does not have."""
    if name not in circuit.names:
        raise InputError(nearest(f"constraint {text!r} of {circuit.text}", name, circuit.names))


def _number(text: str, name: str, circuit: Circuit, whole: str, unit: str = "") -> float:
    """A number in the parameter's unit; a bare one is in that unit, or in the one its neighbour states."""
    _known(name, circuit, whole)
    own = circuit.units[circuit.names.index(name)]
    value, _, given = split_quantity(text)
    given = given or unit
    if not given:
        return value
    if own in ("1", "F s^(n-1)"):
        raise InputError(f"constraint {whole!r}: {name} is a bare number (in {own}), got {text!r}")
    return convert(value, given, own)


def _range(text: str, name: str, circuit: Circuit, whole: str) -> tuple[float, float]:
    """Both ends of "10 : 1e4 ohm"."""
    low, _, high = text.partition(":")
    unit = split_quantity(high.strip())[2]
    return _number(low.strip(), name, circuit, whole, unit), _number(high.strip(), name, circuit, whole)


def _limit(limits: dict[str, tuple[float, float]], name: str, low: float, high: float) -> None:
    """Narrow what is known of a parameter."""
    before = limits.get(name, (0.0, np.inf))
    limits[name] = max(before[0], low), min(before[1], high)

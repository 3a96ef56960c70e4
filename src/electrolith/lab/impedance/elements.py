"""Circuit elements: impedance and its derivatives for many parameter sets at once.

Every law takes the angular frequency and a batch of parameters and returns the impedance and its
derivative with respect to the *internal* parameters: the logarithm of a positive quantity, the bare value of
an exponent. A fitter works in those coordinates because the quantities span twelve decades.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

Array = np.ndarray
Law = Callable[[Array, Array], tuple[Array, Array]]
Role = Literal["resistance", "storage", "diffusion", "relaxation", "inductance", "line"]


@dataclass(frozen=True, slots=True)
class Element:
    """One kind of circuit element.

    symbol: what the circuit string says, "CPE".
    quantities: names of its parameters; a single-parameter element has one empty name.
    units: unit of each parameter.
    logarithmic: whether a parameter is positive and fitted through its logarithm.
    law: (omega (F,), values (B, k)) -> impedance (B, F), derivatives (B, k, F), ohm.

    """

    symbol: str
    quantities: tuple[str, ...]
    units: tuple[str, ...]
    logarithmic: tuple[bool, ...]
    law: Law
    role: Role
    title: str


def resistor(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = R."""
    impedance = np.broadcast_to(values, (len(values), len(omega))).astype(complex)
    return impedance, impedance[:, None, :]


def capacitor(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = 1/(iωC)."""
    impedance = 1 / (1j * omega * values)
    return impedance, -impedance[:, None, :]


def inductor(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = iωL."""
    impedance = 1j * omega * values
    return impedance, impedance[:, None, :]


def constant_phase(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = 1/(Q (iω)^n)."""
    charge, exponent = values[:, :1], values[:, 1:]
    logarithm = np.log(omega) + 0.5j * np.pi
    impedance = np.exp(-exponent * logarithm) / charge
    return impedance, np.stack([-impedance, -impedance * logarithm], axis=1)


def warburg(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = A (1 - i)/√ω, semi-infinite diffusion."""
    impedance = values * (1 - 1j) / np.sqrt(omega)
    return impedance, impedance[:, None, :]


def warburg_open(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = R coth(x)/x with x = √(iωτ): diffusion against a blocking wall."""
    root = np.sqrt(1j * omega * values[:, 1:])
    coth, slope = _coth(root)
    impedance = values[:, :1] * coth / root
    by_root = values[:, :1] * (slope / root - coth / root**2)
    return impedance, np.stack([impedance, by_root * root / 2], axis=1)


def warburg_short(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = R tanh(x)/x with x = √(iωτ): diffusion through a layer to a sink."""
    root = np.sqrt(1j * omega * values[:, 1:])
    coth, slope = _coth(root)
    tanh = 1 / coth
    impedance = values[:, :1] * tanh / root
    by_root = values[:, :1] * (-slope / coth**2 / root - tanh / root**2)
    return impedance, np.stack([impedance, by_root * root / 2], axis=1)


def gerischer(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = R/√(1 + iωτ): diffusion with a first-order reaction."""
    turn = 1j * omega * values[:, 1:]
    impedance = values[:, :1] / np.sqrt(1 + turn)
    return impedance, np.stack([impedance, -0.5 * impedance * turn / (1 + turn)], axis=1)


def transmission_line(omega: Array, values: Array) -> tuple[Array, Array]:
    """Z = R coth(x)/x with x² = R Q (iω)^n: a pore with ionic resistance R and a blocking wall Q, n."""
    resistance, charge, exponent = values[:, :1], values[:, 1:2], values[:, 2:]
    logarithm = np.log(omega) + 0.5j * np.pi
    root = np.sqrt(resistance * charge * np.exp(exponent * logarithm))
    coth, slope = _coth(root)
    impedance = resistance * coth / root
    by_log_root = resistance * (slope - coth / root)
    return impedance, np.stack(
        [impedance + by_log_root / 2, by_log_root / 2, by_log_root / 2 * logarithm], axis=1
    )


def _coth(root: Array) -> tuple[Array, Array]:
    """Coth and its derivative, safe where exp would overflow."""
    decay = np.exp(-2 * root)
    coth = (1 + decay) / -np.expm1(-2 * root)
    return coth, 1 - coth**2


ELEMENTS: Final[dict[str, Element]] = {
    e.symbol: e
    for e in (
        Element("R", ("",), ("ohm",), (True,), resistor, "resistance", "resistor"),
        Element("C", ("",), ("F",), (True,), capacitor, "storage", "capacitor"),
        Element("L", ("",), ("H",), (True,), inductor, "inductance", "inductor"),
        Element(
            "CPE",
            ("Q", "n"),
            ("F s^(n-1)", "1"),
            (True, False),
            constant_phase,
            "storage",
            "constant phase element",
        ),
        Element("W", ("",), ("ohm/s^0.5",), (True,), warburg, "diffusion", "Warburg, infinite"),
        Element("Wo", ("R", "tau"), ("ohm", "s"), (True, True), warburg_open, "relaxation", "Warburg, open"),
        Element(
            "Ws", ("R", "tau"), ("ohm", "s"), (True, True), warburg_short, "relaxation", "Warburg, short"
        ),
        Element("G", ("R", "tau"), ("ohm", "s"), (True, True), gerischer, "relaxation", "Gerischer"),
        Element(
            "TLM",
            ("R", "Q", "n"),
            ("ohm", "F s^(n-1)", "1"),
            (True, True, False),
            transmission_line,
            "line",
            "transmission line with blocking wall",
        ),
    )
}

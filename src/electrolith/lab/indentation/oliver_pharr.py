r"""Modulus and hardness from stiffness, load and depth.

h_c = h - ε P/S, A = A(h_c), H = P/A, E_r = √π S/(2 β √A), 1/E_r = (1-ν²)/E + (1-ν_i²)/E_i.

β and the area function belong together: an area function calibrated with one β must be used with it.
Source: Oliver & Pharr, J. Mater. Res. 7 (1992) 1564 and 19 (2004) 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.fit import least_squares

__all__ = ["BERKOVICH", "Contact", "Unloading", "contact_area", "fit_unloading", "sample_modulus", "simulate"]

BERKOVICH = (24.5,)
"""Coefficients of the ideal Berkovich pyramid, A = 24.5 h²."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What turns stiffness into modulus.

    area : coefficients of A(h) = C0 h² + C1 h + C2 h^½ + C3 h^¼ + ..., h in nm, A in nm².
    frame_compliance : m/N, of the machine, to be taken off.
    tip_modulus : Pa and tip_poisson of the tip; diamond.
    """

    area: tuple[float, ...] = BERKOVICH
    beta: float = 1.034
    epsilon: float = 0.75
    frame_compliance: float = 0.0
    tip_modulus: float = 1141e9
    tip_poisson: float = 0.07


@dataclass(frozen=True, slots=True, eq=False)
class Unloading:
    """Power law of the unloading, P = B (h - h_f)^m, and the stiffness at its top.

    stiffness : N/m, frame compliance not yet taken off; stiffness_error : its standard deviation.
    """

    stiffness: float
    stiffness_error: float
    exponent: float
    final_depth: float
    top_depth: float
    top_load: float
    rms: float


def contact_area(depth: np.ndarray | float, coefficients: tuple[float, ...]) -> np.ndarray:
    """A(h_c) in m² for contact depths in m: C0 h² + C1 h + C2 h^½ + ... in nm.

    Raises
    ------
    InputError
        If no coefficient is given or the area is not positive.
    """
    if not coefficients:
        raise InputError("an area function needs at least one coefficient, 24.5 for a Berkovich tip")
    h = np.asarray(depth, dtype=float) * 1e9
    area = coefficients[0] * h**2
    for power, value in enumerate(coefficients[1:]):
        area = area + value * np.abs(h) ** (0.5**power)
    return np.asarray(area * 1e-18)


def reduced_modulus(stiffness: np.ndarray | float, area: np.ndarray | float, *, beta: float) -> np.ndarray:
    """E_r = √π S/(2 β √A); S in N/m, A in m², Pa."""
    return np.asarray(np.sqrt(np.pi) * np.asarray(stiffness) / (2 * beta * np.sqrt(area)))


def sample_modulus(
    reduced: np.ndarray | float, *, poisson: np.ndarray | float, contact: Contact
) -> np.ndarray:
    """Young's modulus E of the sample from the reduced modulus, Pa.

    Raises
    ------
    InputError
        If the reduced modulus exceeds what any sample can give under this tip.
    """
    rest = 1 / np.asarray(reduced) - (1 - contact.tip_poisson**2) / contact.tip_modulus
    if np.any(np.asarray(rest) <= 0):
        raise InputError(
            f"a reduced modulus of {np.max(reduced) / 1e9:.0f} GPa is stiffer than the tip "
            f"({contact.tip_modulus / 1e9:.0f} GPa); check the area function and the frame compliance"
        )
    return np.asarray((1 - np.asarray(poisson) ** 2) / rest)


def fit_unloading(
    depth: np.ndarray, load: np.ndarray, *, low: float = 0.4, high: float = 0.98, source: str = "unloading"
) -> Unloading:
    """Fit P = B (h - h_f)^m between two fractions of the largest load; stiffness at the top.

    Parameters
    ----------
    depth : m, load : N, of the unloading, from its top.

    Raises
    ------
    DataError
        If fewer than eight points lie between the fractions or depth does not recover.
    """
    peak = float(load.max())
    part = (load >= low * peak) & (load <= high * peak)
    if np.count_nonzero(part) < 8:
        raise DataError(
            f"{source}: {np.count_nonzero(part)} points between {100 * low:.0f} and {100 * high:.0f} % "
            "of the "
            "largest load; the unloading needs 8 or more"
        )
    h, p = depth[part], load[part]
    if np.ptp(h) <= 0 or np.polyfit(h, p, 1)[0] <= 0:
        raise DataError(
            f"{source}: depth does not recover while the load falls; creep or drift hides the unloading"
        )
    top = float(depth[np.argmax(load)])
    x, y = h / top, p / peak  # parameters in units of the top: ln B, x_f, m

    def model(q: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(q[0]) * np.maximum(x - q[1], 1e-9) ** q[2])

    start = _start(x, y)
    fit = least_squares(
        lambda q: model(q) - y,
        start,
        bounds=(np.array([-50.0, -5.0, 1.0]), np.array([80.0, float(x.min()) - 1e-6, 3.0])),
        max_evaluations=300,
    )
    log_b, final, exponent = fit.parameters
    at = _top_of_law(1.0, log_b, final, exponent)

    def stiffness(q: np.ndarray) -> float:
        return float(q[2] / (_top_of_law(1.0, q[0], q[1], q[2]) - q[1]))

    value = stiffness(fit.parameters)
    steps = 1e-6 * np.maximum(np.abs(fit.parameters), 1e-3)
    gradient = np.array([(stiffness(fit.parameters + d) - value) / d.sum() for d in np.diag(steps)])
    covariance = np.where(np.isfinite(fit.covariance), fit.covariance, 0.0)
    variance = gradient @ covariance @ gradient * fit.chi2 / max(fit.dof, 1)
    factor = peak / top
    return Unloading(
        stiffness=value * factor,
        stiffness_error=float(np.sqrt(max(variance, 0.0))) * factor,
        exponent=float(exponent),
        final_depth=float(final) * top,
        top_depth=float(at) * top,
        top_load=peak,
        rms=float(np.sqrt(fit.chi2 / fit.residuals.size)) * peak,
    )


def _start(x: np.ndarray, y: np.ndarray) -> list[float]:
    """Best of many final depths, the law being a line in logarithms for each."""
    best, start = np.inf, [0.0, 0.0, 1.4]
    for final in float(x.min()) - np.geomspace(2e-3, 3.0, 60):
        exponent, log_b = np.polyfit(np.log(x - final), np.log(y), 1, w=y)
        exponent = float(np.clip(exponent, 1.01, 2.99))
        log_b = float(np.mean(np.log(y) - exponent * np.log(x - final)))
        cost = float(np.sum((np.exp(log_b) * (x - final) ** exponent - y) ** 2))
        if cost < best:
            best, start = cost, [log_b, float(final), exponent]
    return start


def _top_of_law(load: float, log_b: float, final: float, exponent: float) -> float:
    """Depth at which the fitted law reaches a load, in units of the top."""
    return float(final + (load / np.exp(log_b)) ** (1 / exponent))


def simulate(
    *,
    modulus: float,
    hardness: float,
    poisson: float,
    depth: float,
    contact: Contact,
    points: int = 400,
    exponent: float = 1.5,
    rate: float = 5e-9,
    dwell: float = 5.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forward model: time (s), depth (m) and load (N) of an ideal indent to a depth (m) and back.

    Loading follows P ∝ h², unloading P = B (h - h_f)^m with the stiffness that modulus and area give; the
    compliance of the frame is added to the depth.
    """
    reduced = 1 / ((1 - poisson**2) / modulus + (1 - contact.tip_poisson**2) / contact.tip_modulus)

    def top(at: float) -> tuple[float, float]:
        area = float(contact_area(at, contact.area))
        return hardness * area, 2 * contact.beta * reduced * np.sqrt(area / np.pi)

    low, high = 0.0, depth
    for _ in range(200):  # bisection for the contact depth under this total depth
        at = 0.5 * (low + high)
        load, stiffness = top(at)
        low, high = (at, high) if at + contact.epsilon * load / stiffness < depth else (low, at)
    load, stiffness = top(0.5 * (low + high))
    up = np.linspace(0, depth, points)
    final = depth - exponent * load / stiffness
    down = np.linspace(depth, final, points)
    loads_up = load * (up / depth) ** 2
    loads_down = load * ((down - final) / (depth - final)) ** exponent
    held = max(int(points * dwell * rate / depth), 2)
    h = np.concatenate([up, np.full(held, depth), down])
    p = np.concatenate([loads_up, np.full(held, load), loads_down])
    t = np.concatenate(
        [up / rate, depth / rate + np.linspace(0, dwell, held), depth / rate + dwell + (depth - down) / rate]
    )
    return t, h + contact.frame_compliance * p, p

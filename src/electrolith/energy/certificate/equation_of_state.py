r"""Energy against volume: a curve from any engine, and the Birch-Murnaghan equation of state through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine

__all__ = ["EquationOfState", "birch_murnaghan", "energy_volume", "scaled"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EquationOfState:
    """Birch-Murnaghan parameters.

    volume : V0, where the pressure is zero, in the unit of the volumes given (Å³, or Å³/atom).
    energy : E0, eV (or eV/atom).     bulk_modulus : B0, eV/Å³.     derivative : dB/dp at zero pressure.
    residual : root mean square distance of the points from the curve, eV (or eV/atom).
    """

    volume: float
    energy: float
    bulk_modulus: float
    derivative: float
    residual: float

    def at(self, volumes: Array) -> Array:
        """Energies of the curve at volumes in the unit of `volume`."""
        return _energy(np.asarray(volumes), self.volume, self.energy, self.bulk_modulus, self.derivative)


def scaled(frame: Frame, volume_ratio: float) -> Frame:
    """The frame with cell and positions stretched alike to `volume_ratio` times its volume."""
    factor = volume_ratio ** (1 / 3)
    return Frame(frame.positions * factor, frame.cell * factor, frame.numbers)


def energy_volume(
    frame: Frame, engine: Engine, *, span: float = 0.06, points: int = 7
) -> tuple[Array, Array]:
    """Energies of uniformly scaled copies of `frame`, fractional positions held.

    Parameters
    ----------
    frame : near its equilibrium volume.
    span : largest relative change of the volume, both ways.
    points : number of volumes, evenly spread.

    Returns
    -------
    Volumes (Å³/atom) and energies (eV/atom), each of shape (points,).

    Raises
    ------
    InputError
        If fewer than five volumes or no span is asked for.
    """
    if points < 5 or not 0 < span < 0.5:
        raise InputError(
            f"energy-volume curve: at least 5 points and a span between 0 and 0.5 are needed, got {points} "
            f"and {span:g}"
        )
    ratios = np.linspace(1 - span, 1 + span, points)
    energies = [engine.evaluate(scaled(frame, float(ratio))).energy for ratio in ratios]
    return ratios * frame.volume / len(frame), np.array(energies) / len(frame)


def _energy(volumes: Array, v0: float, e0: float, b0: float, derivative: float) -> Array:
    """Birch-Murnaghan energy, third order."""
    x = (v0 / volumes) ** (2 / 3)
    return np.asarray(
        e0 + 9 * v0 * b0 / 16 * ((x - 1) ** 3 * derivative + (x - 1) ** 2 * (6 - 4 * x)), dtype=np.float64
    )


def birch_murnaghan(volumes: Array, energies: Array) -> EquationOfState:
    r"""Equation of state through points.

    .. math:: E(V) = E_0 + \frac{9 V_0 B_0}{16} [(x-1)^3 B_0' + (x-1)^2 (6 - 4x)], \quad x = (V_0/V)^{2/3}

    Parameters
    ----------
    volumes : Å³ (or Å³/atom), shape (n,), n at least 5.
    energies : eV (or eV/atom), shape (n,).

    Raises
    ------
    DataError
        If the curve has no minimum inside the volumes widened by half their span: nothing to fit.

    Source: Birch, Phys. Rev. 71 (1947) 809.
    """
    volumes, energies = np.asarray(volumes, dtype=float), np.asarray(energies, dtype=float)
    if volumes.ndim != 1 or volumes.shape != energies.shape or len(volumes) < 5:
        raise InputError(
            f"equation of state: at least 5 volumes with one energy each, got {volumes.shape} "
            f"and {energies.shape}"
        )
    # In y = V^(-2/3) the curve is a cubic, so the fit is linear and has one answer.
    cubic = np.polynomial.Polynomial.fit(volumes ** (-2 / 3), energies, 3)
    y = _minimum(cubic)
    width = float(np.ptp(volumes)) / 2
    if y is None or not volumes.min() - width <= y ** (-3 / 2) <= volumes.max() + width:
        raise DataError(
            f"equation of state: the energies at {volumes.min():.2f} to {volumes.max():.2f} Å³ have no "
            "minimum there; start from a cell closer to equilibrium"
        )
    v0, second = y ** (-3 / 2), float(cubic.deriv(2)(y))
    bulk = 4 / 9 * v0 ** (-7 / 3) * second
    third = -20 / 9 * v0 ** (-13 / 3) * second - 8 / 27 * v0**-5 * float(cubic.deriv(3)(y))
    derivative = -1 - v0 * v0 * third / bulk
    residual = float(np.sqrt(np.mean((cubic(volumes ** (-2 / 3)) - energies) ** 2)))
    return EquationOfState(v0, float(cubic(y)), bulk, derivative, residual)


def _minimum(cubic: np.polynomial.Polynomial) -> float | None:
    """Where a cubic is lowest; the formula holds for a vanishing cubic term, too."""
    offset, scale = cubic.mapparms()
    _, first, second, third = (*(float(c) for c in cubic.coef), 0.0, 0.0, 0.0)[:4]
    discriminant = (2 * second) ** 2 - 12 * third * first
    if discriminant <= 0 or 2 * second + np.sqrt(discriminant) <= 0:
        return None
    inside = -2 * first / (2 * second + np.sqrt(discriminant))
    y = float((inside - offset) / scale)
    return y if y > 0 else None

"""Energy of the nearest stationary point, from forces of a costly method and the curvature of a cheap one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine

__all__ = ["Stationary", "curvature", "stationary_energy"]

Array = NDArray[np.float64]

SOFTEST = 0.05  # eV/Å²: below it a direction counts as free; 45 cm⁻¹ for lithium


@dataclass(frozen=True, slots=True)
class Stationary:
    """Where the quadratic form has no force.

    energy : there, eV.      change : from the frame, eV (negative downhill).
    furthest : longest way an atom goes there, Å.      negative : directions that fall, 1 at a saddle.
    """

    energy: float
    change: float
    furthest: float
    negative: int


def curvature(
    frame: Frame,
    engine: Engine,
    *,
    step: float = 0.01,
    progress: Callable[[int, int], None] | None = None,
) -> Array:
    """Second derivatives of the energy by central differences of the forces, eV/Å², shape (3 n, 3 n).

    Parameters
    ----------
    step : displacement of each atom along each axis, Å.
    """
    if not step > 0:
        raise InputError(f"curvature: step must be above 0 Å, got {step}")
    size = 3 * len(frame)
    found = np.empty((size, size))
    for k in range(size):
        forces = []
        for sign in (1, -1):
            moved = frame.positions.copy()
            moved[k // 3, k % 3] += sign * step
            forces.append(engine.evaluate(Frame(moved, frame.cell, frame.numbers)).forces.ravel())
        found[k] = -(forces[0] - forces[1]) / (2 * step)
        if progress:
            progress(k + 1, size)
    return np.asarray((found + found.T) / 2)


def stationary_energy(
    energy: float, forces: Array, hessian: Array, *, softest: float = SOFTEST
) -> Stationary:
    r"""Energy of the stationary point of a quadratic form: a minimum's, or a saddle's next to a saddle.

    .. math:: E_0 = E - \tfrac12 F^T H^{-1} F

    The form has the energy and forces of one method and the curvature of another, so that three single points
    of a costly method estimate its own barrier. Directions with a curvature below `softest` are left as they
    are, translations among them.

    Parameters
    ----------
    energy : eV.      forces : eV/Å, shape (n, 3).      hessian : eV/Å², shape (3 n, 3 n).
    """
    if hessian.shape != (forces.size, forces.size):
        raise InputError(f"stationary point: {forces.size} forces and a curvature of shape {hessian.shape}")
    values, vectors = np.linalg.eigh(hessian)
    stiff = np.abs(values) > softest
    along = vectors.T @ np.asarray(forces, dtype=float).ravel()
    way = np.where(stiff, along / np.where(stiff, values, 1.0), 0.0)
    change = -0.5 * float(along @ way)
    moved = (vectors @ way).reshape(-1, 3)
    return Stationary(
        energy=energy + change,
        change=change,
        furthest=float(np.linalg.norm(moved, axis=1).max()),
        negative=int(np.sum(values < -softest)),
    )

"""Static relaxation of a frame: positions, and the cell unless it is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.ase_engine import to_calculator
from electrolith.energy.engine import Engine

__all__ = ["Relaxation", "Relaxed", "relax"]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """How far a frame is relaxed.

    force : largest force (and stress times volume per atom) at which the frame counts as relaxed.
    cell : whether the cell relaxes too.
    steps : most steps; what is not relaxed by then is said so.
    """

    force: Annotated[float, Unit("eV/angstrom")] = 0.03
    cell: bool = True
    steps: int = 400

    def __post_init__(self) -> None:
        if not self.force > 0:
            raise InputError(f"relaxation.force must be above 0, got {self.force:g} eV/Å")
        if self.steps < 1:
            raise InputError(f"relaxation.steps must be at least 1, got {self.steps}")


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """A relaxed frame and the way there.

    frame : where it ended.     energy : eV.     largest_force : eV/Å.
    stress : eV/Å³, shape (3, 3), or None.
    energies : eV, shape (steps + 1,).     volumes : Å³, shape (steps + 1,).
    furthest : longest way an atom went from its site, strain taken out, Å.
    """

    frame: Frame
    energy: float
    largest_force: float
    stress: NDArray[np.float64] | None
    converged: bool
    energies: NDArray[np.float64]
    volumes: NDArray[np.float64]
    furthest: float


def relax(
    frame: Frame,
    engine: Engine,
    *,
    settings: Relaxation | None = None,
    abandon: Callable[[int, float], bool] | None = None,
) -> Relaxed:
    """Follow the forces of `engine` to the next minimum (quasi-Newton, cell as a deformation of the first).

    Parameters
    ----------
    frame : where to start.
    engine : gives energies, forces and, if the cell relaxes, stress.
    settings : how far.
    abandon : called with (steps so far, energy in eV) after every step; true ends the relaxation there.

    Returns
    -------
    The relaxed frame; `converged` says whether the force criterion was met.

    Raises
    ------
    InputError
        If the cell is to relax and the engine has no stress.

    Source: ASE's LBFGS and its unit cell filter. The matrix logarithms of the exponential one reach the same
    minima in as many steps and cost more than a fitted potential does.
    """
    from ase.filters import UnitCellFilter
    from ase.optimize import LBFGS

    settings = settings or Relaxation()
    if settings.cell and engine.evaluate(frame).stress is None:
        raise InputError(
            f"engine {engine.name} gives no stress, so the cell cannot relax; set relaxation.cell: false"
        )
    atoms = frame.to_ase()
    atoms.calc = to_calculator(engine)
    energies: list[float] = []
    volumes: list[float] = []

    def note() -> None:
        energies.append(float(atoms.get_potential_energy()))
        volumes.append(float(atoms.get_volume()))

    target = UnitCellFilter(atoms) if settings.cell else atoms
    optimiser = LBFGS(target, logfile=None, maxstep=0.1)
    optimiser.attach(note)
    converged = False
    for step, met in enumerate(optimiser.irun(fmax=settings.force, steps=settings.steps)):
        converged = bool(met)
        if not converged and abandon is not None and abandon(step, energies[-1]):
            break
    end = Frame.from_ase(atoms)
    out = engine.evaluate(end)
    moved = end.fractional - frame.fractional
    moved -= moved.mean(axis=0)
    return Relaxed(
        frame=end,
        energy=out.energy,
        largest_force=float(np.linalg.norm(out.forces, axis=1).max()),
        stress=out.stress,
        converged=converged,
        energies=np.array(energies),
        volumes=np.array(volumes),
        furthest=float(np.linalg.norm(moved @ end.cell, axis=1).max()),
    )

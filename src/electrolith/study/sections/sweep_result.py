"""What a sweep over compositions found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from electrolith.core.estimate import Estimate

__all__ = ["SweepCurve", "SweepPoint", "SweepResult", "Variable"]

Variable = Literal["framework vacancies", "mobile vacancies", "x"]


@dataclass(frozen=True, eq=False)
class SweepPoint:
    """One composition.

    mobile_vacancies, framework_vacancies : of the supercell, %.     lattice_parameter : relaxed, Å.
    temperatures : K, those that passed their guards.     diffusivities, conductivities : at each.
    bounds : upper bounds of σ (S/cm) at temperatures (K) at which ions hardly moved.
    excluded : temperature (K) to reason.
    at_300k, activation_energy : extrapolated from three temperatures or more, else None.
    runs : trajectories.      simulated : in all, fs.
    """

    formula: str
    mobile_vacancies: float
    framework_vacancies: float
    lattice_parameter: float
    temperatures: NDArray[np.float64]
    diffusivities: tuple[Estimate, ...]
    conductivities: tuple[Estimate, ...]
    bounds: dict[float, float]
    excluded: dict[float, str]
    at_300k: Estimate | None
    activation_energy: Estimate | None
    runs: int
    simulated: float
    warnings: tuple[str, ...]

    def at(self, temperature: float) -> Estimate | None:
        """σ at a temperature (K), None where it was not trusted."""
        for t, value in zip(self.temperatures, self.conductivities, strict=True):
            if t == temperature:
                return value
        return None


@dataclass(frozen=True, eq=False)
class SweepCurve:
    """Compositions along one variable, in rising order. values : %, or the share x."""

    variable: Variable
    values: tuple[float, ...]
    points: tuple[SweepPoint, ...]


@dataclass(frozen=True, eq=False)
class SweepResult:
    """All curves. element : that x counts.     failures : formula to reason."""

    curves: tuple[SweepCurve, ...]
    element: str
    mobile: str
    engine: str
    failures: dict[str, str]

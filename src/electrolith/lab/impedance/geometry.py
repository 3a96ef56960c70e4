"""Pellet geometry and what resistance and capacitance mean through it."""

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate

VACUUM_PERMITTIVITY = 8.8541878188e-12  # F/m, CODATA 2022
SANE_CONDUCTIVITY = (1e-13, 1e3)  # S/m; outside it a length was most likely given in another unit


@dataclass(frozen=True, eq=False)
class Geometry:
    """A disc between two electrodes.

    diameter : of the electrode or pellet, m.
    thickness : m.
    density : kg/m3, None if not given; it does not enter the conductivity, only the record (relative
        density is stated beside σ).
    """

    diameter: Estimate
    thickness: Estimate
    density: Estimate | None = None

    def __post_init__(self) -> None:
        for name, size, largest in (("diameter", self.diameter, 0.5), ("thickness", self.thickness, 0.05)):
            if not 0 < size.value < np.inf:
                raise InputError(f"{name} must be positive, got {size.value:g} m")
            if size.value > largest:
                raise InputError(
                    f"{name} {size.value:g} m is no laboratory cell; state the unit, as in "
                    f"'{size.value:g} mm'"
                )

    @property
    def area(self) -> Estimate:
        """Electrode area, m2."""
        return self.diameter.through(lambda d: np.pi * d**2 / 4, unit="m2")

    @property
    def cell_constant(self) -> Estimate:
        """Thickness over area, 1/m; its doubt is common to every measurement on this pellet."""
        return self.thickness.through(lambda t, d: 4 * t / (np.pi * d**2), self.diameter, unit="1/m")

    def conductivity(self, resistance: Estimate) -> Estimate:
        """σ = t/(A R), S/m."""
        return resistance.through(lambda r, k: k / r, self.cell_constant, unit="S/m")


def conductivity_warning(conductivity: float, geometry: Geometry) -> str | None:
    """What to check when a conductivity (S/m) is outside any solid electrolyte's range, else None."""
    low, high = SANE_CONDUCTIVITY
    if low < conductivity < high:
        return None
    return (
        f"σ = {conductivity / 100:.2g} S/cm is outside the range of solid electrolytes; check the units "
        f"of the "
        f"geometry: diameter {geometry.diameter.value * 1e3:.4g} mm, thickness "
        f"{geometry.thickness.value * 1e3:.4g} mm"
    )


def relative_permittivity(capacitance: float, geometry: Geometry) -> float:
    """ε_r = C t/(ε0 A) of a capacitance in F."""
    return capacitance * geometry.cell_constant.value / VACUUM_PERMITTIVITY


def effective_capacitance(resistance: float, charge: float, exponent: float) -> float:
    """Hsu-Mansfeld: C = Q^(1/n) R^((1-n)/n), F, the capacitance at the arc's own frequency.

    Source: Hsu, Mansfeld, Corrosion 57 (2001) 747.

    """
    return float(charge ** (1 / exponent) * resistance ** ((1 - exponent) / exponent))


def surface_capacitance(resistance: float, charge: float, exponent: float, *, series: float) -> float:
    """Brug: C = Q^(1/n) (1/R_s + 1/R)^((n-1)/n), F, for time constants spread along a surface.

    Source: Brug et al., J. Electroanal. Chem. 176 (1984) 275.

    """
    return float(charge ** (1 / exponent) * (1 / series + 1 / resistance) ** ((exponent - 1) / exponent))

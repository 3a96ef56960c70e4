"""A coating as a layer of the particles: what it weighs, what it leaves of the material, its resistance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from electrolith.core.errors import InputError
from electrolith.core.units import Unit

__all__ = ["Coating", "coating_resistance", "core_share"]


@dataclass(frozen=True, slots=True)
class Coating:
    """A shell of even thickness on every particle of the active material.

    name : of the coating, "LiNbO3". thickness : of the shell, m. density : kg/m³.
    conductivity : of ions, S/m at 25 °C;
        without it the coating weighs and does not resist, which is said.
    """

    name: str
    thickness: Annotated[float, Unit("m")]
    density: Annotated[float, Unit("kg/m**3")]
    conductivity: Annotated[float | None, Unit("S/m")] = None

    def __post_init__(self) -> None:
        if not 0 < self.thickness < 1e-6:
            raise InputError(
                f"coating {self.name}: a thickness of {self.thickness:g} m is no coating of a particle; "
                "write '5 nm'"
            )
        if not 100 < self.density < 25000:
            raise InputError(f"coating {self.name}: {self.density:g} kg/m³ is no solid; write '4.6 g/cm3'")
        if self.conductivity is not None and not self.conductivity > 0:
            raise InputError(
                f"coating {self.name}: conductivity must be above 0, got {self.conductivity:g} S/m"
            )


def core_share(coating: Coating | None, *, radius: float, density: float) -> float:
    """Mass fraction of the active material in the coated powder.

    m_shell / m_core = ρ_c/ρ [(1 + t/R)³ − 1] for a sphere of radius R (m) and density ρ (kg/m³) under a shell
    of thickness t and density ρ_c.
    """
    if coating is None:
        return 1.0
    shell = coating.density / density * ((1 + coating.thickness / radius) ** 3 - 1)
    return float(1 / (1 + shell))


def coating_resistance(coating: Coating | None) -> float:
    """t/σ in ohm m² of particle surface; 0 where the conductivity is not stated. A shell much thinner than
    its particle is flat.
    """
    if coating is None or coating.conductivity is None:
        return 0.0
    return float(coating.thickness / coating.conductivity)

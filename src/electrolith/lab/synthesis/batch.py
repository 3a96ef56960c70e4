"""What to weigh for a batch, how many balls to add, how full the jar is."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi
from typing import Annotated

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.lab.synthesis.formula import Reaction, balance, formula_mass

__all__ = ["Batch", "BatchSettings", "Weighing", "plan_batch"]


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """A batch of a product from its precursors. The defaults are those of 10.1126/sciadv.adh4626.

    purity : mass share of each precursor, 0 to 1; 1 where not named. Impurities are taken as inert.
    excess : molar share added of a precursor, such as 0.02 for volatile lithium.
    ball_ratio : mass of balls over mass of powder.
    ball_density : kg/m³, zirconia; powder_density : kg/m³ of the solid, for the filling of the jar.
    jar_volume : m³; 0: not known.
    product : formula.     precursors : formulas.     byproducts : that leave with the reaction.
    mass : of the product.     ball_diameter : for how many balls that is.
    """

    product: str = "Li9N2Cl3"
    precursors: tuple[str, ...] = ("Li3N", "LiCl")
    byproducts: tuple[str, ...] = ()
    mass: Annotated[float, Unit("kg")] = 1e-3
    purity: dict[str, float] = field(default_factory=dict)
    excess: dict[str, float] = field(default_factory=dict)
    ball_ratio: float = 40.0
    ball_diameter: Annotated[float, Unit("m")] = 5e-3
    ball_density: Annotated[float, Unit("kg/m^3")] = 6000.0
    powder_density: Annotated[float, Unit("kg/m^3")] = 0.0
    jar_volume: Annotated[float, Unit("m^3")] = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.mass < 100:
            raise InputError(f"batch: mass {self.mass} kg is no batch")
        for name, value in self.purity.items():
            if name not in self.precursors:
                raise InputError(
                    f"batch: purity of {name}, which is no precursor ({', '.join(self.precursors)})"
                )
            if not 0 < value <= 1:
                raise InputError(f"batch: purity of {name} must lie above 0 and at most 1, got {value}")
        for name, value in self.excess.items():
            if name not in self.precursors:
                raise InputError(
                    f"batch: excess of {name}, which is no precursor ({', '.join(self.precursors)})"
                )
            if not 0 <= value < 1:
                raise InputError(f"batch: excess of {name} must lie between 0 and 1, got {value}")
        if self.ball_ratio < 0 or self.ball_diameter <= 0 or self.ball_density <= 0:
            raise InputError("batch: ball_ratio, ball_diameter and ball_density must be positive")


@dataclass(frozen=True, slots=True)
class Weighing:
    """One precursor: coefficient, moles of the substance, mass to weigh (kg) with its impurities."""

    formula: str
    coefficient: float
    moles: float
    mass: float
    purity: float
    excess: float


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The recipe.

    powder : kg of all precursors. balls : kg, ball_count whole balls. filling : share of the jar's volume
    taken by balls and powder as solids; nan where the jar is not known.
    """

    reaction: Reaction
    equation: str
    molar_mass: float
    moles: float
    weighings: tuple[Weighing, ...]
    powder: float
    balls: float
    ball_count: int
    filling: float
    warnings: tuple[str, ...]


def plan_batch(settings: BatchSettings) -> Batch:
    """Masses for a batch from the balanced reaction.

    mᵢ = n (cᵢ/c) Mᵢ (1 + eᵢ)/pᵢ for n mol of product of coefficient c; purity pᵢ, molar excess eᵢ.

    Raises
    ------
    InputError
        If the reaction cannot be balanced.
    """
    reaction = balance(settings.precursors, (settings.product, *settings.byproducts))
    coefficient = dict(reaction.products)[settings.product]
    molar = formula_mass(settings.product)
    moles = settings.mass * 1e3 / molar
    weighings = []
    for name, count in reaction.reactants:
        purity, excess = settings.purity.get(name, 1.0), settings.excess.get(name, 0.0)
        amount = moles * count / coefficient * (1 + excess)
        weighings.append(
            Weighing(name, count, amount, amount * formula_mass(name) / purity / 1e3, purity, excess)
        )
    powder = sum(w.mass for w in weighings)
    one = settings.ball_density * pi / 6 * settings.ball_diameter**3
    count = round(settings.ball_ratio * powder / one)
    filling = float("nan")
    if settings.jar_volume > 0:
        solid = powder / settings.powder_density if settings.powder_density > 0 else 0.0
        filling = (count * one / settings.ball_density + solid) / settings.jar_volume
    return Batch(
        reaction=reaction,
        equation=reaction.text(),
        molar_mass=molar,
        moles=moles,
        weighings=tuple(weighings),
        powder=powder,
        balls=count * one,
        ball_count=count,
        filling=filling,
        warnings=_warnings(settings, filling, count),
    )


def _warnings(settings: BatchSettings, filling: float, count: int) -> tuple[str, ...]:
    said = []
    if filling > 0.66:
        said.append(f"balls and powder fill {100 * filling:.0f} % of the jar; above two thirds nothing moves")
    if 0 < filling < 0.1:
        said.append(
            f"balls and powder fill {100 * filling:.0f} % of the jar; balls will hit the wall, not the powder"
        )
    if settings.ball_ratio > 0 and count < 10:
        said.append(f"{count} balls only; the ratio is coarse")
    impure = [p for p in settings.precursors if p not in settings.purity]
    if impure:
        said.append(f"no purity given for {', '.join(impure)}; taken as pure")
    return tuple(said)

"""One pattern and what measured it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError

from .data import PowderData
from .instrument import Instrument, TimeOfFlight

__all__ = ["Histogram"]


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """One pattern and what measured it.

    background : number of Chebyshev coefficients. limits : part of the abscissa to use.
    excluded : (from, to) intervals left out. ions, lengths : other form factors, other scattering lengths.
    """

    name: str
    data: PowderData
    instrument: Instrument
    background: int = 6
    limits: tuple[float, float] | None = None
    excluded: tuple[tuple[float, float], ...] = ()
    ions: tuple[tuple[str, str], ...] = ()
    lengths: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        wanted = "tof" if isinstance(self.instrument, TimeOfFlight) else "two_theta"
        if self.data.abscissa != wanted:
            raise InputError(
                f"histogram {self.name}: the data are in {self.data.abscissa}, the "
                f"instrument works in {wanted}; "
                "convert them or give the right instrument"
            )
        if self.background < 1:
            raise InputError(f"histogram {self.name}: the background needs at least one term")
        if self.used().sum() < 10:
            raise InputError(
                f"histogram {self.name}: limits {self.limits} leave {int(self.used().sum())} of "
                f"{len(self.data.x)} points ({self.data.x[0]:g} to {self.data.x[-1]:g})"
            )

    def used(self) -> np.ndarray:
        """Mask of the points that take part, shape (n,)."""
        x = self.data.x
        keep = np.ones(len(x), dtype=bool)
        if self.limits is not None:
            keep &= (x >= self.limits[0]) & (x <= self.limits[1])
        for low, high in self.excluded:
            keep &= (x < low) | (x > high)
        return keep

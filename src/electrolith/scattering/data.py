"""A measured powder pattern as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.errors import DataError

__all__ = ["Abscissa", "PowderData", "check_pattern"]

Abscissa = Literal["two_theta", "tof", "q", "d"]
UNITS = {"two_theta": "degrees", "tof": "µs", "q": "1/Å", "d": "Å"}


@dataclass(frozen=True, slots=True, eq=False)
class PowderData:
    """A powder pattern.

    x : shape (n,), rising; degrees, µs, 1/Å or Å as `abscissa` says. intensity : shape (n,).
    sigma : shape (n,), standard deviations; from the file, or the root of the counts.
    ordinate : "counts", "rate" or "unknown". sigma_from : "file", "counts" or "assumed counts".
    wavelength : Å as stated in the file, else None. source : file name. notes : what the reader saw.
    """

    x: np.ndarray
    intensity: np.ndarray
    sigma: np.ndarray
    abscissa: Abscissa
    ordinate: Literal["counts", "rate", "unknown"] = "unknown"
    sigma_from: str = "file"
    wavelength: float | None = None
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_pattern(self.x, self.intensity, self.sigma, self.source or "pattern")


def check_pattern(x: np.ndarray, intensity: np.ndarray, sigma: np.ndarray, where: str) -> None:
    """Refuse a pattern that cannot be one.

    Raises
    ------
    DataError
        For fewer than ten points, an abscissa that does not rise, values that are not finite,
        standard deviations that are not positive.
    """
    if not x.shape == intensity.shape == sigma.shape or x.ndim != 1:
        raise DataError(
            f"{where}: abscissa {x.shape}, intensity {intensity.shape}, sigma {sigma.shape} differ"
        )
    if len(x) < 10:
        raise DataError(f"{where}: {len(x)} point(s); a powder pattern needs at least ten")
    for name, column in (("abscissa", x), ("intensity", intensity), ("standard deviation", sigma)):
        bad = np.flatnonzero(~np.isfinite(column))
        if bad.size:
            raise DataError(
                f"{where}: the {name} of point {bad[0] + 1} is {column[bad[0]]} ({bad.size} such points)"
            )
    falls = np.flatnonzero(np.diff(x) <= 0)
    if falls.size:
        i = falls[0]
        hint = _swapped(x, intensity)
        raise DataError(
            f"{where}: the abscissa does not rise at point {i + 2} ({x[i]:g} then {x[i + 1]:g}){hint}"
        )
    bad = np.flatnonzero(sigma <= 0)
    if bad.size:
        raise DataError(
            f"{where}: the standard deviation of point {bad[0] + 1} is {sigma[bad[0]]:g} "
            f"({bad.size} such points); "
            "it must be positive: leave the column out if it is not known"
        )


def _swapped(x: np.ndarray, intensity: np.ndarray) -> str:
    """A hint if the second column is what a first column should be."""
    return (
        "; the second column rises evenly: are the two columns swapped?"
        if np.all(np.diff(intensity) > 0)
        else ""
    )

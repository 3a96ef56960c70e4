"""A number with its doubt: draws from its distribution, so that correlation survives arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.units import convert, split_quantity

__all__ = ["Estimate", "parse_estimate"]

DRAWS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A scalar known through draws from its distribution.

    draws : shape (n_draws,). Estimates from one analysis share the draw index, so that their
        correlation survives `through`. A single draw is a value without spread.
    unit : unit of the draws, "S/cm".
    doubt : "known" when the spread of the draws is the uncertainty, "exact" for definitions,
        "unknown" where nobody stated an uncertainty; then the report says so instead of printing 0.
    """

    draws: np.ndarray
    unit: str
    doubt: str = "known"

    def __post_init__(self) -> None:
        draws = np.array(self.draws, dtype=float, ndmin=1)  # a copy: a caller's later edits must not reach in
        if draws.ndim != 1 or draws.size == 0:
            raise InputError(f"an estimate needs draws of shape (n,), got {draws.shape}")
        if self.doubt not in ("known", "exact", "unknown"):
            raise InputError(f"doubt must be known, exact or unknown, got {self.doubt!r}")
        draws.setflags(write=False)
        object.__setattr__(self, "draws", draws)

    @classmethod
    def exact(cls, value: float, unit: str) -> Estimate:
        """A definition: no doubt at all."""
        return cls(np.array([value]), unit, "exact")

    @classmethod
    def unknown_doubt(cls, value: float, unit: str) -> Estimate:
        """A value whose uncertainty nobody stated."""
        return cls(np.array([value]), unit, "unknown")

    @classmethod
    def normal(
        cls, mean: float, std: float, unit: str, *, rng: np.random.Generator, n: int = DRAWS
    ) -> Estimate:
        """Normally distributed draws with the given mean and standard deviation.

        Raises
        ------
        InputError
            If the standard deviation is negative or not finite.
        """
        if not (np.isfinite(std) and std >= 0):
            raise InputError(f"standard deviation must be finite and not negative, got {std}")
        return cls(mean + std * rng.standard_normal(n), unit)

    @classmethod
    def lognormal(
        cls, median: float, log_std: float, unit: str, *, rng: np.random.Generator, n: int = DRAWS
    ) -> Estimate:
        """Draws whose natural logarithm is normal; `log_std` is its standard deviation."""
        if not (median > 0 and np.isfinite(log_std) and log_std >= 0):
            raise InputError(f"lognormal needs a positive median and log_std ≥ 0, got {median}, {log_std}")
        return cls(median * np.exp(log_std * rng.standard_normal(n)), unit)

    @property
    def value(self) -> float:
        """Median of the draws."""
        return float(np.median(self.draws))

    @property
    def std(self) -> float:
        """Standard deviation of the draws; nan where the doubt is unknown."""
        if self.doubt == "unknown":
            return float("nan")
        return float(self.draws.std(ddof=1)) if self.draws.size > 1 else 0.0

    def interval(self, level: float = 0.68) -> tuple[float, float]:
        """Central interval holding the share `level` of the draws; (nan, nan) where doubt is unknown."""
        if not 0 < level < 1:
            raise InputError(f"level must lie between 0 and 1, got {level}")
        if self.doubt == "unknown":
            return float("nan"), float("nan")
        low, high = np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def through(self, law: Callable[..., Any], *others: Estimate, unit: str) -> Estimate:
        """Carry the draws, one by one, through a pure law.

        Single-valued estimates broadcast; the result's doubt is unknown if any input's is.

        Raises
        ------
        InputError
            If two estimates have different numbers of draws (they were not drawn together).
        """
        every = (self, *others)
        sizes = {e.draws.size for e in every if e.draws.size > 1}
        if len(sizes) > 1:
            raise InputError(f"estimates with {sorted(sizes)} draws cannot be combined draw by draw")
        n = max(e.draws.size for e in every)
        draws = np.broadcast_to(np.asarray(law(*(e.draws for e in every)), dtype=float), (n,))
        doubts = {e.doubt for e in every}
        doubt = "unknown" if "unknown" in doubts else "exact" if doubts == {"exact"} else "known"
        return Estimate(draws, unit, doubt)

    def to(self, unit: str) -> Estimate:
        """The same estimate in another unit (linear and offset conversions)."""
        if unit == self.unit:
            return self
        zero, one = convert(0.0, self.unit, unit), convert(1.0, self.unit, unit)
        return Estimate(zero + (one - zero) * self.draws, unit, self.doubt)

    def digits(self, level: float = 0.68) -> tuple[str, str, str]:
        """Value, low and high end of the interval as text, with two digits on the interval.

        The ends are empty where there is no interval: for exact values and for unknown doubt.
        """
        if self.doubt != "known":
            return f"{self.value:.6g}", "", ""
        low, high = self.interval(level)
        n = _digits(self.value, low, high)
        return f"{self.value:.{n}g}", f"{low:.{n}g}", f"{high:.{n}g}"

    def text(self, level: float = 0.68) -> str:
        """Value, interval and unit for people: "4.3e-05 (3.9e-05 to 4.8e-05) S/cm"."""
        unit = "" if self.unit in ("1", "") else f" {self.unit}"
        value, low, high = self.digits(level)
        if low:
            return f"{value} ({low} to {high}){unit}"
        return f"{value}{unit}" + (" (uncertainty not stated)" if self.doubt == "unknown" else "")

    def __repr__(self) -> str:
        return f"Estimate({self.text()})"


def _digits(value: float, low: float, high: float) -> int:
    """Significant digits of `value` that show the interval with two digits."""
    width = high - low
    if not (np.isfinite(width) and width > 0 and value != 0):
        return 4
    return int(np.clip(np.ceil(np.log10(abs(value) / width)) + 2, 2, 9))


def parse_estimate(text: str | float, unit: str, *, rng: np.random.Generator, n: int = DRAWS) -> Estimate:
    """Read "0.90(2) mm" or "0.9 mm" as an estimate in `unit`; without (2) the doubt is unknown.

    Raises
    ------
    InputError
        If it is no quantity or its unit is of another kind.
    """
    number, error, given = split_quantity(str(text))
    value = convert(number, given or unit, unit)
    if error is None:
        return Estimate.unknown_doubt(value, unit)
    width = abs(convert(number + error, given or unit, unit) - value)
    return Estimate.normal(value, width, unit, rng=rng, n=n)

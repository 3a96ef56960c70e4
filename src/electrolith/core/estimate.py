"""A number with its doubt: draws from its distribution, so that correlation survives arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.core.format import as_stated, between, ends, interval, with_unit
from electrolith.core.units import convert, split_quantity

__all__ = ["Estimate", "parse_estimate"]

DRAWS = 2000
STANDARD = 0.68  # share of a normal distribution within one standard uncertainty


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

    @classmethod
    def weighted(cls, values: NDArray[np.float64], weights: NDArray[np.float64], unit: str) -> Estimate:
        """The distribution of values that carry weights, shape (k,) each, as evenly spaced quantiles."""
        order = np.argsort(values, kind="stable")
        ends = np.cumsum(np.asarray(weights, dtype=float)[order])
        if not (ends.size and ends[-1] > 0):
            raise InputError("weighted values: at least one weight must be above 0")
        steps = (np.arange(DRAWS) + 0.5) / DRAWS
        return cls(
            np.asarray(values)[order][np.searchsorted(ends, steps * ends[-1]).clip(0, ends.size - 1)], unit
        )

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

    def interval(self, level: float = STANDARD) -> tuple[float, float]:
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

    def number(self) -> str:
        """Value and one standard uncertainty without the unit: "1.200(14)e-4", "2.16 (+0.15/-0.08)"."""
        if self.doubt != "known":
            return as_stated(self.value)
        return interval(self.value, *self.interval())

    def digits(self, level: float = STANDARD) -> tuple[str, str, str]:
        """Value, low and high end of the interval as text.

        The ends are empty where there is no interval: for exact values and for unknown doubt.
        """
        low, high = self.interval(level)
        if self.doubt != "known" or not high > low:
            return self.number(), "", ""
        return ends(self.value, low, high)

    def text(self, level: float = STANDARD) -> str:
        """Value, doubt and unit for people: "4.30(45)e-5 S/cm".

        At another level than 68 % the ends stand in words, "4.3e-5 (3.5e-5 to 5.3e-5) S/cm", since a
        parenthesis means one standard uncertainty.
        """
        if level == STANDARD or self.doubt != "known":
            text = self.number()
        else:
            text = between(self.value, *self.interval(level))
        return with_unit(text, self.unit) + (" (uncertainty not stated)" if self.doubt == "unknown" else "")

    def __float__(self) -> float:
        """The value, for what takes bare numbers; its doubt is left behind."""
        return self.value

    def __add__(self, other: Estimate | float) -> Estimate:
        """Sum with another of the same unit, draw by draw, or with a number in it."""
        if isinstance(other, Estimate):
            return self.through(np.add, other.to(self.unit), unit=self.unit)
        return self.through(lambda x: x + other, unit=self.unit)

    def __sub__(self, other: Estimate | float) -> Estimate:
        return self + (-other)

    def __rsub__(self, other: float) -> Estimate:
        return -self + other

    def __neg__(self) -> Estimate:
        return self.through(np.negative, unit=self.unit)

    def __mul__(self, other: Estimate | float) -> Estimate:
        """Product with a number, or with another estimate, draw by draw; units side by side."""
        if isinstance(other, Estimate):
            return self.through(np.multiply, other, unit=_times(self.unit, other.unit))
        return self.through(lambda x: x * other, unit=self.unit)

    def __truediv__(self, other: Estimate | float) -> Estimate:
        """Quotient with a number, or with another estimate; of two of one kind it has no unit."""
        if not isinstance(other, Estimate):
            return self.through(lambda x: x / other, unit=self.unit)
        try:
            return self.through(np.divide, other.to(self.unit), unit="1")
        except InputError:
            return self.through(np.divide, other, unit=_times(self.unit, f"({other.unit})**-1"))

    __radd__ = __add__
    __rmul__ = __mul__

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Estimate({self.text()})"


def _times(one: str, other: str) -> str:
    """Unit of a product."""
    return other if one in ("", "1") else one if other in ("", "1") else f"{one}*{other}"


def parse_estimate(text: str | float, unit: str, *, rng: np.random.Generator, n: int = DRAWS) -> Estimate:
    """Read "0.90(2) mm", "2.16 (+0.15/-0.08) V" or "0.9 mm" in `unit`; without (2) the doubt is unknown.

    An interval that leans to one side, or "1e-6 (2e-8 to 4e-5)", is where the middle 68 % of the draws lie.

    Raises
    ------
    InputError
        If it is no quantity, or its unit is missing or of another kind.
    """
    found = _INTERVAL.match(str(text))
    if found is None:
        number, error, given = split_quantity(str(text))
    else:
        number, error, given = split_quantity(f"{found[1]}{found[6] or ''} {found[7]}")
    if isinstance(text, str) and not given and unit not in ("1", "", "dimensionless"):
        raise InputError(f"{text!r} states no unit; write it as '{text.strip()} {unit}'")
    value = convert(number, given or unit, unit)
    if found is not None:
        low, high = (convert(x, given or unit, unit) for x in _ends(number, found))
        return Estimate(_leaning(value, low, high, rng.standard_normal(n)), unit)
    if error is None:
        return Estimate.unknown_doubt(value, unit)
    width = abs(convert(number + error, given or unit, unit) - value)
    return Estimate.normal(value, width, unit, rng=rng, n=n)


_SIZE = r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_INTERVAL = re.compile(
    rf"^\s*([-+]?{_SIZE})\s*\((?:\+({_SIZE})\s*/\s*-({_SIZE})|([-+]?{_SIZE}) to ([-+]?{_SIZE}))\)"
    r"([eE][-+]?\d+)?\s*(.*?)\s*$"
)


def _ends(number: float, found: re.Match[str]) -> tuple[float, float]:
    """Low and high end of an interval that was read."""
    scale = float(f"1{found[6] or 'e0'}")
    if found[2]:
        return number - scale * float(found[3]), number + scale * float(found[2])
    low, high = scale * float(found[4]), scale * float(found[5])
    if not low <= number <= high:
        raise InputError(f"{found[0].strip()!r}: the value does not lie in its interval")
    return low, high


def _leaning(value: float, low: float, high: float, normal: np.ndarray) -> np.ndarray:
    """Draws with this median and these ends of their middle 68 %: two halves of normal distributions.

    Where value and ends are above zero, and the interval is wide, the halves are of the logarithm.
    """
    if low > 0 and high > 2 * low:
        return np.asarray(np.exp(_leaning(np.log(value), np.log(low), np.log(high), normal)))
    return np.asarray(value + np.where(normal > 0, high - value, value - low) * normal)

"""Cells of a table that say how they are printed and stay numbers: a spreadsheet gets every digit.

printed(0.12345, ".2f", "V")       0.12 V
printed(0.031, ".2g", before="≤ ")  ≤ 0.031
doubted(902.1, 1.1)                902.1(1.1)
ranged(1e-6, 2e-8, 4e-5)           1e-6 (2e-8 to 4e-5)
span(1.72, 2.28, ".2f")            1.72 to 2.28
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from electrolith.core import format as digits
from electrolith.core.format import pm, with_unit

__all__ = ["Printed", "Span", "doubted", "printed", "ranged", "span"]

MISSING = "–"


@dataclass(frozen=True, slots=True)
class Printed:
    """A number and its form in print.

    std : standard deviation, None where unknown. unit : printed behind it; empty where the head has it.
    note : what the form says beside the number ("BROKEN", "kept"), a column of its own in the data.
    """

    value: float
    text: str
    std: float | None = None
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """From here to there; in the data two columns."""

    low: float
    high: float
    text: str
    unit: str = ""


def printed(value: float, form: str, unit: str = "", *, before: str = "", after: str = "") -> Printed:
    """A number by a format of Python's: ".2f", "+.3g". before, after : words that belong to it."""
    if not math.isfinite(value):
        return Printed(value, MISSING if math.isnan(value) else digits.number(value), unit=unit)
    shown = format(value, form)
    if form.endswith("g"):  # 5e-05 is 5e-5 wherever we write it
        mantissa, e, power = shown.partition("e")
        shown = f"{mantissa}e{int(power)}" if e else shown
    note = " ".join(filter(None, (before.strip(" :"), after.strip(" ,()"))))
    return Printed(value, f"{before}{with_unit(shown, unit)}{after}", None, unit, note)


def doubted(value: float, std: float, unit: str = "") -> Printed:
    """Value with its standard deviation; without one where it is zero or not finite."""
    known = math.isfinite(std) and std > 0
    return Printed(value, with_unit(pm(value, std), unit), std if known else None, unit)


def ranged(value: float, low: float, high: float, unit: str = "") -> Printed:
    """Value with its interval of one standard deviation; half its width goes into the data."""
    return Printed(value, with_unit(digits.between(value, low, high), unit), (high - low) / 2, unit)


def span(low: float, high: float, form: str, unit: str = "") -> Span | None:
    """An interval without a value in it; None where it has no ends."""
    if math.isnan(low) or math.isnan(high):
        return None
    ends = " to ".join(printed(v, form).text for v in (low, high))
    return Span(low, high, with_unit(ends, unit), unit)

"""Cells of a text table: numbers with either decimal mark, clocks, dates, marks of a missing value."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Literal

__all__ = ["CellKind", "clock_seconds", "date_seconds", "kind_of", "number"]

CellKind = Literal["number", "empty", "clock", "date", "missing", "word"]

_LONGEST = 64  # digits; no instrument writes a longer number
_MISSING = {
    "nan", "inf", "-inf", "+inf", "infinity", "-infinity", "na", "n/a", "n.a.", "null", "none", "--",
    "---", "-",
    "–", "ovl", "ovld", "overload", "overflow", "ovrflw", "over", "ol", "o.l.", "err", "error", "#num!",
    "#n/a",
    "#value!", "#div/0!", "#ref!", "?", "invalid", "#####", "********",
}  # fmt: skip
_INDEFINITE = re.compile(r"[-+]?\d\.#(?:ind|inf|qnan|snan)\d*", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+)\s*d?[- ]\s*)?(\d+):(\d{1,2}):(\d{1,2}(?:[.,:]\d+)?)")
_GROUPED = {
    ".": re.compile(r"[-+]?\d{1,3}(?:,\d{3})+\.\d+"),
    ",": re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+,\d+"),
}
_DATE = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?\s*([AaPp][Mm])?Z?"
)


def number(text: str, decimal: str = ".") -> float | None:
    """The number a cell holds, None where it holds none or none that is finite."""
    if not text or len(text) > _LONGEST or "_" in text:
        return None
    plain = text
    if _GROUPED[decimal].fullmatch(plain):
        plain = plain.replace("," if decimal == "." else ".", "")
    if decimal == ",":
        if "." in plain and "," in plain:
            return None
        plain = plain.replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        if not re.fullmatch(r"[-+]?[\d.]+[dD][-+]?\d+", plain):
            return None
        value = float(re.sub("[dD]", "e", plain))
    return value if math.isfinite(value) else None


def clock_seconds(text: str) -> float | None:
    """Seconds of "hh:mm:ss.xxx", "3-02:00:00" or "0d 02:00:00.0"; None where it is no clock."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return None
    days, hours, minutes, seconds = found.groups()
    if int(minutes) > 59:
        return None
    whole = float(re.sub(r"[,:]", ".", seconds))
    return 86400.0 * int(days or 0) + 3600.0 * int(hours) + 60.0 * int(minutes) + whole


def date_seconds(text: str) -> float | None:
    """Seconds since 1970 of a date with a time of day, by the instrument's clock; None if it is none.

    Slashes are month/day (unless the first is above 12), points day.month.
    """
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    first, second, third, hour, minute, seconds, half = found.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    else:
        month, day, year = int(first), int(second), int(third)
        if "." in text.split(":")[0] or month > 12:
            month, day = day, month
        year += 2000 if year < 100 else 0
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    try:
        stamp = datetime(year, month, day, hours, int(minute), tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return stamp + float((seconds or "0").replace(",", "."))


def kind_of(text: str, decimal: str = ".") -> CellKind:
    """What a cell holds."""
    if not text:
        return "empty"
    if number(text, decimal) is not None:
        return "number"
    if text.lower() in _MISSING or _INDEFINITE.fullmatch(text):
        return "missing"
    if number(text) is None and ":" in text and len(text) < _LONGEST:
        if clock_seconds(text) is not None:
            return "clock"
        if date_seconds(text) is not None:
            return "date"
    return "missing" if _is_infinite(text) else "word"


def _is_infinite(text: str) -> bool:
    """Whether a text is a number too large to be one, "1e999"."""
    try:
        return len(text) <= _LONGEST and "_" not in text and not math.isfinite(float(text))
    except ValueError:
        return False

"""Any result as plain nested data for programs: names and numbers, no tags of ours.

`core/archive.py` keeps results so that they come back equal; this is the form for everybody else.
"""

from __future__ import annotations

import dataclasses
import math
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import DataError
from electrolith.core.estimate import Estimate

__all__ = ["flat", "flat_estimate", "untagged"]


def flat_estimate(value: Estimate) -> dict[str, Any]:
    """Value, standard deviation, unit, both intervals; null where there is no doubt to state."""
    known = value.doubt == "known"
    return {
        "value": _finite(value.value),
        "std": _finite(value.std) if known else None,
        "unit": value.unit,
        "doubt": value.doubt,
        "interval_68": [_finite(v) for v in value.interval(0.68)] if known else None,
        "interval_95": [_finite(v) for v in value.interval(0.95)] if known else None,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def flat(value: Any) -> Any:
    """Dataclasses as objects, arrays and tuples as lists, estimates as numbers with doubt and unit.

    JSON has no infinity: such numbers become null. Complex numbers become [real, imaginary].

    Raises
    ------
    DataError
        If something in it has no such form.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, Estimate):
        return flat_estimate(value)
    if isinstance(value, complex):
        return [_finite(value.real), _finite(value.imag)]
    if isinstance(value, Enum):
        return flat(value.value)
    if isinstance(value, np.ndarray | np.generic):
        return flat(value.tolist())
    if isinstance(value, Path):
        return value.as_posix()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: flat(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {_key(k): flat(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [flat(v) for v in value]
    if isinstance(value, frozenset | set):
        return sorted((flat(v) for v in value), key=str)
    raise DataError(f"a {type(value).__name__} has no form for programs")


def _key(key: Any) -> str:
    """Text of a key; of a compound one its pieces, "Li1 100"."""
    return " ".join(map(_key, key)) if isinstance(key, tuple | list) else str(getattr(key, "value", key))


def untagged(data: Any) -> Any:
    """What `core.archive.plain` made of settings, without its tags."""
    if isinstance(data, list):
        return [untagged(v) for v in data]
    if not isinstance(data, dict):
        return data
    if "fields" in data and "__type__" in data:
        return untagged(data["fields"])
    for tag in ("__tuple__", "__set__", "__array__", "__path__"):
        if tag in data:
            return untagged(data[tag])
    if "__dict__" in data:
        return {_key(untagged(k)): untagged(v) for k, v in data["__dict__"]}
    if "__float__" in data:
        return None
    if set(data) == {"__type__", "value"}:
        return data["value"]
    return {k: untagged(v) for k, v in data.items()}

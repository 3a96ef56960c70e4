"""Numbers with doubt, units, constants, errors, fitting, provenance, registry."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrolith.core.errors import DataError, ElectrolithError, InputError, MissingExtra, NotConverged
    from electrolith.core.estimate import Estimate, parse_estimate
    from electrolith.core.units import Unit, convert, parse

__all__ = [
    "DataError",
    "ElectrolithError",
    "Estimate",
    "InputError",
    "MissingExtra",
    "NotConverged",
    "Unit",
    "convert",
    "parse",
    "parse_estimate",
]

# Loaded when asked for: an error's text needs no numpy, and `electrolith --help` must not wait for it.
_WHERE = {
    "Estimate": "estimate",
    "parse_estimate": "estimate",
    "Unit": "units",
    "convert": "units",
    "parse": "units",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE.get(name, 'errors')}"), name)

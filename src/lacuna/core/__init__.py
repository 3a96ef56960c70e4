"""Numbers with doubt, units, constants, errors, fitting, provenance, registry."""

from lacuna.core.errors import DataError, InputError, LacunaError, MissingExtra, NotConverged
from lacuna.core.estimate import Estimate, parse_estimate
from lacuna.core.units import Unit, convert, parse

__all__ = [
    "DataError",
    "Estimate",
    "InputError",
    "LacunaError",
    "MissingExtra",
    "NotConverged",
    "Unit",
    "convert",
    "parse",
    "parse_estimate",
]

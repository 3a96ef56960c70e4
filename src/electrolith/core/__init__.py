"""Numbers with doubt, units, constants, errors, fitting, provenance, registry."""

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

"""Units are parsed here, once, at the edge; inside the package numbers are bare.

Atomistic rooms use Å, eV, fs, K, e and amu; the macroscopic rooms (`lab`, `cell`) use SI.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from electrolith.core.errors import InputError, brief

if TYPE_CHECKING:
    import pint

__all__ = ["Unit", "convert", "parse", "parse_list", "split_quantity"]

_ODD_UNIT = re.compile(r"\d{3}|(\*\*|\^)\s*[\d.]+\s*(\*\*|\^)|[()]{5}")  # it would be computed
LONGEST_UNIT = 60
LONGEST = 200  # characters of a quantity; what is longer is none

_VALUE = r"\d+[.,]?\d*|[.,]\d+"
_NUMBER = re.compile(rf"^\s*([-+−]?(?:{_VALUE}))(?:\(({_VALUE})\))?([eE][-+−]?\d+)?\s*(.*?)\s*$")
_PLUS_MINUS = re.compile(rf"^(?:±|\+/-|\+-)\s*((?:{_VALUE})(?:[eE][-+−]?\d+)?)\s*(.*)$")
_BRACKETED = re.compile(
    rf"^\s*\(\s*([-+−]?(?:{_VALUE}))\s*(?:±|\+/-|\+-)\s*({_VALUE})\s*\)\s*([eE][-+−]?\d+)?\s*(.*)$"
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")  # 1,200 is two numbers in two countries


@dataclass(frozen=True, slots=True)
class Unit:
    """Marks a settings field with the unit its bare number has: `Annotated[float, Unit("K")]`."""

    name: str


@cache
def _registry() -> pint.UnitRegistry[Any]:
    """Pint, with the spellings that instruments and papers use."""
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    registry.define("rpm = revolution / minute")
    return registry


def _spelling(unit: str) -> str:
    """Pint's spelling of a unit as people write it."""
    text = unit.strip().replace("°C", "degC").replace("º", "°").replace("Ω", "ohm").replace("·", "*")
    text = text.replace("µ", "u").replace("μ", "u").replace("−", "-")
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda m: "**" + m[0].translate(_SUPERSCRIPTS), text)
    text = re.sub(r"\bA\^-1", "1/angstrom", text)
    text = re.sub(r"(?<=[A-Za-z])([23])\b", r"**\1", text)  # cm2, nm3
    return "dimensionless" if text in ("", "1", "none") else text.replace("%", "percent")


def convert(value: float, unit: str, to: str) -> float:
    """Express `value` given in `unit` in the unit `to`.

    Raises
    ------
    InputError
        If either unit is unknown or they measure different things.
    """
    import pint

    if unit == to:
        return float(value)
    if any(_ODD_UNIT.search(u) or len(u) > LONGEST_UNIT for u in (unit, to)):
        raise InputError(f"unit {brief(unit)} is not known; expected something like {to!r}")
    ureg = _registry()
    try:
        return float(ureg.Quantity(float(value), _spelling(unit)).to(_spelling(to)).magnitude)
    except pint.DimensionalityError as error:
        raise InputError(f"{value:g} {unit} is not a quantity in {to}") from error
    except Exception as error:  # pint evaluates what it is given, and raises whatever that leads it to
        raise InputError(f"unit {brief(unit)} is not known; expected something like {to!r}") from error


def split_quantity(text: str) -> tuple[float, float | None, str]:
    """Split "0.90(2) mm" into value, standard uncertainty (or None) and unit.

    The uncertainty counts the last digits, or has a point of its own, "76.6(1.1) GPa"; "0.90 ± 0.02 mm" and
    "(0.90 ± 0.02) mm" say it in full. An exponent holds for both, "1.200(14)e-4 S/cm".

    Raises
    ------
    InputError
        If the text does not begin with a number.
    """
    found = _NUMBER.match(_unbracketed(text)) if len(text) <= LONGEST else None
    if not found:
        raise InputError(f"{brief(text)} is not a quantity; expected a number and a unit, like '300 K'")
    mantissa, doubt, exponent, unit = (g and g.replace("−", "-") for g in found.groups())
    if unit.startswith(","):
        raise InputError(f"{brief(text)} is not one quantity; expected a number and a unit, like '300 K'")
    if _THOUSANDS.fullmatch(mantissa):
        raise InputError(
            f"{brief(text)}: is {mantissa} a decimal comma or a mark of thousands? write "
            f"{mantissa.replace(',', '.')} or {mantissa.replace(',', '')}"
        )
    mantissa = mantissa.replace(",", ".")
    power = int((exponent or "e0")[1:])
    value, error = float(f"{mantissa}e{power}"), None
    if doubt is not None:
        places = 0 if re.search("[.,]", doubt) else len(mantissa.partition(".")[2])
        error = float(f"{doubt.replace(',', '.')}e{power - places}")
    elif stated := _PLUS_MINUS.match(unit):
        error, unit = float(stated[1].replace(",", ".")), stated[2]
    unit = unit.removesuffix("(uncertainty not stated)").strip()  # as our own tables say it
    if not math.isfinite(value) or (error is not None and not math.isfinite(error)):
        raise InputError(f"{text!r} is beyond all numbers; expected a finite quantity, like '300 K'")
    return value, error, unit


def _unbracketed(text: str) -> str:
    """The exponent of "(1.2 ± 0.1)e-4 S/cm" written at both numbers; other texts as they are."""
    found = _BRACKETED.match(text) if len(text) <= LONGEST else None
    if not found:
        return text
    value, error, power, unit = found.groups()
    return f"{value}{power or ''} ± {error}{power or ''} {unit}"


def parse(value: str | float, unit: str) -> float:
    """The bare number, in `unit`, of a quantity written with its unit; what is no text is in that unit.

    Raises
    ------
    InputError
        If it is no quantity, or its unit is missing, unknown or of another kind.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(f"expected a quantity in {unit}, got {brief(value)}")
    if not isinstance(value, str):
        return float(value)
    number, _, given = split_quantity(value)
    if not given and unit not in ("1", "", "dimensionless"):
        raise InputError(f"{value!r} states no unit; write it as '{value.strip()} {unit}'")
    return convert(number, given, unit) if given else number


def parse_list(text: str, unit: str) -> tuple[float, ...]:
    """Bare numbers, in `unit`, of quantities set apart by commas: each with its unit, or one unit at the end.

    Raises
    ------
    InputError
        As `parse`; also where some have units and others have none.
    """
    parts = [part.strip() for part in text.split(",")]
    stated = [split_quantity(part)[2] for part in parts]
    common = stated[-1] if not any(stated[:-1]) else ""
    return tuple(
        parse(f"{p} {common}" if not s and common else p, unit) for p, s in zip(parts, stated, strict=True)
    )

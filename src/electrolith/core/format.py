"""Numbers, units and formulas as people read them: the one place where digits are decided.

    1.200(14)e-4 S/cm        value with its standard uncertainty in the last digits
    2.16 (+0.15/-0.08) V     where the interval leans to one side
    1e-6 (2e-8 to 4e-5)      where it spans more than the value itself
    0.19 mm, 60.2 pF         a prefix instead of an exponent

`uncertainties` writes the first form too (the tests hold this file against it); it has no lopsided intervals
and its import alone takes the time of a small command.
"""

from __future__ import annotations

import math
import re

__all__ = [
    "as_stated",
    "between",
    "ends",
    "formula",
    "formulas",
    "interval",
    "is_formula",
    "number",
    "pm",
    "prefixed",
    "unit",
    "with_unit",
]

DOUBT_DIGITS = 2
LOPSIDED = 0.1  # |up - down| / (up + down): two thousand draws of a normal stay below it
MOST_DIGITS = 8  # an interval narrower than this is the solver's, not the world's
_PREFIXES = (
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
    (1e-12, "p"),
)
_SUPER = str.maketrans("0123456789-+.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺·")
_SUB = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _exponent(size: float) -> int:
    """Power of ten of the first digit."""
    return math.floor(math.log10(abs(size))) if size else 0


def _rounded_exponent(size: float, digits: int) -> int:
    """Power of ten of the first digit after rounding to `digits` digits: 9.96 rounds to 10."""
    return _exponent(float(f"{size:.{digits - 1}e}")) if size else 0


def _fixed(value: float, places: int) -> str:
    """Positional, `places` decimals (negative: tens), without a negative zero."""
    text = f"{round(value, places):.{max(places, 0)}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def _scientific(power: int, places: int) -> bool:
    """Whether a number whose first digit stands at `power` and last at `-places` wants an exponent."""
    return power < -3 or power > 5 or places < 0 or (power < 0 and places > 6)


def number(value: float, digits: int = 4) -> str:
    """A number without doubt in `digits` significant digits; 1.21e3 only where zeros would be counted.

    Trailing zeros after the point go: 0.50 is 0.5, because nothing says that its zero is known.
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "-∞"
    power = _rounded_exponent(value, digits)
    if power < -3 or power > 5:
        mantissa = f"{value / 10.0**power:.{digits - 1}f}"
        return f"{_no_tail(mantissa)}e{power}"
    return _no_tail(_fixed(value, digits - 1 - power) if digits - 1 >= power else f"{value:.0f}")


def _no_tail(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_stated(value: float, digits: int = 4) -> str:
    """A number somebody wrote keeps its digits (4.15689); a computed one gets `digits` of them."""
    short = f"{value:.12g}"
    stated = short.partition("e")[0].replace("-", "").replace(".", "").strip("0")
    return number(value, max(digits, len(stated)) if len(stated) <= 7 else digits)


def pm(value: float, std: float) -> str:
    """Value with its standard uncertainty, two digits of it: 1.200(14)e-4; 76.6(1.1); 1.235(23)e5."""
    if not (math.isfinite(value) and math.isfinite(std)) or std <= 0:
        return number(value)
    last = _rounded_exponent(std, DOUBT_DIGITS) - (DOUBT_DIGITS - 1)  # power of the last digit shown
    power = max(_rounded_exponent(value, max(1, _exponent(value) - last + 1)) if value else last, last)
    if power - last >= MOST_DIGITS:
        return number(value, MOST_DIGITS)
    shift = power if _scientific(max(power, last + 1), -last) else 0
    places = shift - last
    tail = f"e{shift}" if shift else ""
    scaled, doubt = value / 10.0**shift, std / 10.0**shift
    # The uncertainty stands in units of the last digit unless the decimal point runs through it.
    inside = (
        _fixed(doubt, places)
        if _rounded_exponent(doubt, DOUBT_DIGITS) >= 0
        else f"{doubt * 10.0**places:.0f}"
    )
    return f"{_fixed(scaled, places)}({inside}){tail}"


def interval(value: float, low: float, high: float) -> str:
    """Value with the interval around it, in the shortest form that hides nothing.

    Symmetric: 1.20(14). Leaning: 2.16 (+0.15/-0.08). An end on the value, or ends far apart:
    1e-6 (2e-8 to 4e-5).
    """
    up, down = high - value, value - low
    if not (math.isfinite(up) and math.isfinite(down)) or up + down <= 0:
        return number(value)
    if min(up, down) > 0 and abs(up - down) <= LOPSIDED * (up + down):
        return pm(value, (up + down) / 2)
    wide = min(up, down) <= 0 or max(up, down) > 10 * min(up, down) or max(up, down) > abs(value)
    return between(value, low, high) if wide else _leaning(value, up, down)


def _leaning(value: float, up: float, down: float) -> str:
    """2.16 (+0.15/-0.08); 4.30 (+0.52/-0.38)e-5."""
    last = _rounded_exponent(max(up, down), DOUBT_DIGITS) - (DOUBT_DIGITS - 1)
    power = max(_exponent(value), last)
    if power - last >= MOST_DIGITS:
        return number(value, MOST_DIGITS)
    shift = power if _scientific(power, -last) else 0
    shown = [_fixed(v / 10.0**shift, shift - last) for v in (value, up, down)]
    return f"{shown[0]} (+{shown[1]}/-{shown[2]})" + (f"e{shift}" if shift else "")


def ends(value: float, low: float, high: float) -> tuple[str, str, str]:
    """Value, low and high end, each to the digits that the width gives it: ("1e-6", "2e-8", "4e-5")."""

    def shown(x: float) -> str:
        size = abs(x) or 1.0
        half = (high - low) / 2 or size
        return number(x, min(MOST_DIGITS, max(2, _exponent(size) - _exponent(half) + DOUBT_DIGITS)))

    return shown(value), shown(low), shown(high)


def between(value: float, low: float, high: float) -> str:
    """Value with its ends in words: "1e-6 (2e-8 to 4e-5)"; the value alone where they do not differ."""
    if not high > low:
        return number(value)
    middle, first, last = ends(value, low, high)
    return f"{middle} ({first} to {last})"


_UNITS = {
    "": "", "1": "", "dimensionless": "", "percent": "%", "share": "", "degC": "°C", "angstrom": "Å",
    "um": "µm", "ohm": "Ω", "micrometer": "µm", "count": "", "celsius": "°C",
}  # fmt: skip
_WORD = re.compile(r"(?<![A-Za-zµΩÅ])(angstrom|ohm|percent|degC|um|uA|uS|uF)(?=[\d\s/*^·²³)]|$)")
_WORDS = {
    "angstrom": "Å",
    "ohm": "Ω",
    "percent": "%",
    "degC": "°C",
    "um": "µm",
    "uA": "µA",
    "uS": "µS",
    "uF": "µF",
}
_POWER = re.compile(r"(?<=[A-Za-zµΩÅ])(?:\^|\*\*)?([-−]?\d(?:\.\d)?)(?![\d(.,])")


def unit(name: str) -> str:
    """A unit as it is printed: "ohm cm2" → "Ω cm²", "angstrom^3" → "Å³", "cm^-1" → "cm⁻¹"."""
    if name in _UNITS:
        return _UNITS[name]
    text = _WORD.sub(lambda m: _WORDS[m[1]], name)
    return _POWER.sub(lambda m: m[1].replace("−", "-").translate(_SUPER), text).replace("*", " ")


def with_unit(text: str, name: str) -> str:
    """A number's text and its unit: "76.6(1.1)", "GPa" → "76.6(1.1) GPa"."""
    shown = unit(name)
    return f"{text} {shown}" if shown else text


def prefixed(value: float, name: str, *, digits: int = 3) -> str:
    """A number in an SI unit with the prefix that needs no exponent: 1.9e-4 m → "0.19 mm".

    Lengths go down to a tenth of a prefix, as people say 0.19 mm; everything else starts at one.
    """
    if not math.isfinite(value) or value == 0:
        return with_unit(number(value, digits), name)
    least = 0.1 if name == "m" else 1.0
    size = abs(float(f"{value:.{digits - 1}e}"))
    for scale, prefix in _PREFIXES:
        if size >= least * scale * 0.9999999 and not (name == "m" and scale > 1):
            return f"{number(value / scale, digits)} {prefix}{unit(name)}"
    return with_unit(number(value, digits), name)


_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br "
    "Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho "
    "Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Th U"
)
_ELEMENT = "(?:" + "|".join(sorted(_SYMBOLS.split(), key=len, reverse=True)) + ")"
_COUNT = r"(?:\d{1,2}(?:\.\d+)?)?"
_GROUP = rf"(?:{_ELEMENT}{_COUNT}|\((?:{_ELEMENT}{_COUNT})+\){_COUNT})"
_FORMULA = re.compile(rf"(?<![\w/.\-@])(?:{_GROUP}){{1,}}(?![\w@]|[./]\w|-[\dA-Z]|-[\w-]*\.\w)")
_TWO = re.compile(rf"{_ELEMENT}")


def formula(text: str) -> str:
    """A chemical formula with lowered numbers: "Li6PS5Cl" → "Li₆PS₅Cl"."""
    return re.sub(r"\d+(?:\.\d+)?", lambda m: m[0].translate(_SUB), text)


def is_formula(text: str) -> bool:
    """Whether a word is nothing but elements with their numbers: "Cl2", "LiCl"; "K" and "Pa" are units."""
    return bool(_FORMULA.fullmatch(text))


def formulas(text: str) -> str:
    """Prose with the formulas in it lowered; file names, site labels ("Li1") and names like SUS316 stay."""

    def lowered(found: re.Match[str]) -> str:
        word = found[0]
        compound = len(set(_TWO.findall(word))) > 1 and any(c.isdigit() for c in word)
        return formula(word) if compound else word

    return _FORMULA.sub(lowered, text)

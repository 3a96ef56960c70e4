"""Units as instruments write them into the names of columns: one table for every room.

A name such as "Current density (mA/cm2)", "-Z'' / kΩ", "Voltage_V" or "Time (h:min:s)" is split into what is
measured and its unit; a unit becomes a factor to the one wanted, or a refusal, never silently 1.
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from electrolith.core.errors import InputError

__all__ = ["CLOCK", "ColumnName", "Scale", "column_scale", "is_unit", "scale_to", "split_header"]

CLOCK = "clock"  # hh:mm:ss, whatever words stand around it
Dimensions = tuple[tuple[str, int], ...]

_PREFIX = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
_PREFIX_WORDS = {"pico": "p", "nano": "n", "micro": "u", "milli": "m", "kilo": "k", "mega": "M", "giga": "G"}
# symbol: (factor in A, V, s, m, kg, K, rad; their powers)
_BASE: dict[str, tuple[float, dict[str, int]]] = {
    "A": (1.0, {"A": 1}),
    "V": (1.0, {"V": 1}),
    "s": (1.0, {"s": 1}),
    "Hz": (1.0, {"s": -1}),
    "ohm": (1.0, {"V": 1, "A": -1}),
    "S": (1.0, {"A": 1, "V": -1}),
    "F": (1.0, {"A": 1, "s": 1, "V": -1}),
    "C": (1.0, {"A": 1, "s": 1}),
    "Ah": (3600.0, {"A": 1, "s": 1}),
    "W": (1.0, {"A": 1, "V": 1}),
    "Wh": (3600.0, {"A": 1, "V": 1, "s": 1}),
    "J": (1.0, {"A": 1, "V": 1, "s": 1}),
    "eV": (1.602176634e-19, {"A": 1, "V": 1, "s": 1}),
    "m": (1.0, {"m": 1}),
    "g": (1e-3, {"kg": 1}),
    "N": (1.0, {"A": 1, "V": 1, "s": 1, "m": -1}),
    "Pa": (1.0, {"A": 1, "V": 1, "s": 1, "m": -3}),
    "K": (1.0, {"K": 1}),
    "rad": (1.0, {"rad": 1}),
}
# without prefixes
_PLAIN: dict[str, tuple[float, dict[str, int]]] = {
    "min": (60.0, {"s": 1}),
    "h": (3600.0, {"s": 1}),
    "d": (86400.0, {"s": 1}),
    "cm": (1e-2, {"m": 1}),
    "dm": (1e-1, {"m": 1}),
    "Å": (1e-10, {"m": 1}),
    "deg": (math.pi / 180, {"rad": 1}),
    "%": (1e-2, {}),
    "1": (1.0, {}),
    "L": (1e-3, {"m": 3}),
}
_WORDS = {
    "ampere": "A", "amperes": "A", "amp": "A", "amps": "A", "volt": "V", "volts": "V",
    "second": "s", "seconds": "s", "sec": "s", "secs": "s", "minute": "min", "minutes": "min", "mins": "min",
    "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "std": "h", "day": "d", "days": "d",
    "hertz": "Hz", "ohms": "ohm", "siemens": "S", "farad": "F", "coulomb": "C", "coulombs": "C",
    "watt": "W", "watts": "W", "joule": "J", "metre": "m", "metres": "m", "meter": "m", "meters": "m",
    "centimetre": "cm", "centimetres": "cm", "centimeter": "cm", "centimeters": "cm",
    "gram": "g", "grams": "g", "newton": "N", "newtons": "N", "pascal": "Pa", "kelvin": "K", "kelvins": "K",
    "angstrom": "Å", "angstroms": "Å", "ang": "Å", "°": "deg", "degree": "deg", "degrees": "deg",
    "radian": "rad",
    "radians": "rad", "percent": "%", "amperehour": "Ah", "amphr": "Ah", "amphour": "Ah", "ahr": "Ah",
    "watthr": "Wh", "whr": "Wh", "electronvolt": "eV",
}  # fmt: skip
_CELSIUS = {"c", "°c", "degc", "celsius", "degreecelsius", "degreescelsius", "deg.c", "ºc", "deg c", "° c"}
_NO_UNIT = {"", "-", "1", "none", "a.u.", "au", "arb", "arb.", "arb. units", "arb.u.", "#", "dimensionless"}
_NEVER_MEGA = {
    "A",
    "V",
    "Ah",
    "Wh",
    "W",
    "g",
    "s",
    "m",
    "C",
    "F",
    "K",
    "rad",
}  # no laboratory has a megampere
_MEANT = {"H": "h", "S": "s", "v": "V"}  # single letters that are taken in the other case too
_HERTZ: Dimensions = (("s", -1),)
_ANGULAR: Dimensions = (("rad", 1), ("s", -1))
_PER = {"m2": {"m": -2}, "kg": {"kg": -1}, "1/m2": {"m": 2}, "1/m": {"m": 1}, "m": {"m": -1}}


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column's name without its unit, and the unit as written; None where none stands there.

    aside : what stood in brackets at the end and is no unit, "Ω?" or "real".
    """

    name: str
    unit: str | None
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """value × factor + offset is in the wanted unit, divided by `per` ("m2", "kg" or "")."""

    factor: float
    offset: float = 0.0
    per: str = ""


def _plain_text(text: str) -> str:
    """One spelling of micro, ohm, minus, powers."""
    folded = unicodedata.normalize("NFKC", text.replace("\ufffd", "µ").replace("º", "°")).strip()
    for old, new in (("Ω", "ohm"), ("μ", "u"), ("−", "-"), ("–", "-"), ("·", "*"), ("⋅", "*"), ("∙", "*"),
                     ("×", "*"), ("**", "^"), ("⁄", "/"), ("∕", "/"), ("Å", "Å")):  # fmt: skip
        folded = folded.replace(old, new)
    return folded


@cache
def _symbols() -> dict[str, tuple[float, Dimensions]]:
    """Every symbol with every prefix."""
    found = {s: (f, _sorted(d)) for s, (f, d) in _PLAIN.items()}
    for symbol, (factor, dims) in _BASE.items():
        for prefix, size in {"": 1.0, **_PREFIX}.items():
            if prefix in ("M", "G") and symbol in _NEVER_MEGA:
                continue
            found.setdefault(prefix + symbol, (size * factor, _sorted(dims)))
    return found


@cache
def _folded() -> dict[str, tuple[str, ...]]:
    """Symbols by their lower case: "khz" is kHz, "mhz" could be two things."""
    table: dict[str, tuple[str, ...]] = {}
    for symbol in _symbols():
        table[symbol.lower()] = (*table.get(symbol.lower(), ()), symbol)
    return table


def _sorted(dims: dict[str, int]) -> Dimensions:
    return tuple(sorted((k, v) for k, v in dims.items() if v))


def _readings(token: str) -> list[str]:
    """Symbols a token may stand for, likeliest first."""
    if token in _symbols():
        others = {"A": ["Å"], **{k: [v] for k, v in _MEANT.items()}}
        return [token, *others.get(token, [])]
    if len(token) == 1:
        return [_MEANT[token]] if token in _MEANT else [_WORDS[token]] if token in _WORDS else []
    word = token.lower()
    if word in _WORDS:
        return [_WORDS[word]]
    for long, short in _PREFIX_WORDS.items():
        rest = word.removeprefix(long)
        if rest != word and (rest in _WORDS or rest in _folded()):
            base = _WORDS.get(rest) or _folded()[rest][0]
            return [short + base]
    if len(word) > 3 and word[0] in "munpk" and word[1:] in _WORDS:  # msec, mamp
        return [word[0] + _WORDS[word[1:]]]
    near = _folded().get(word) or (
        _folded().get(word[:-1], ()) if word.endswith("s") and len(word) > 3 else ()
    )
    same = [s for s in near if s[0] == token[0]]
    if len(near) > 1 and same and token not in (token.upper(), token.lower()):
        return same  # MOhm, mHZ: the prefix is written as meant
    return list(near)


_TOKEN = re.compile(r"([A-Za-zÅ°%]+|1)\s*\^?\s*\(?([-+]?\d+)?\)?")


def _factors(unit: str) -> list[tuple[list[str], int]]:
    """Symbols (with their readings) and powers of a written unit; [] where it is none."""
    text = _plain_text(unit)
    low = text.lower()
    inverse = re.fullmatch(r"(?:inverse|reciprocal|per|1\s*/)\s*(.+)", low)
    if inverse and not low.startswith("1"):
        return [(readings, -power) for readings, power in _factors(text[inverse.start(1) :])]
    text = re.sub(r"\bper\b", "/", text)
    text = re.sub(r"\b(?:sq|square)\.?\s*([A-Za-z]+)", r"\g<1>2", text)
    text = re.sub(r"\b(amp|ampere|watt)s?[\s.-]?(?:hours?|hrs?)\b", r"\1hr", text, flags=re.IGNORECASE)
    found: list[tuple[list[str], int]] = []
    for index, part in enumerate(text.split("/")):
        sign = -1 if index else 1
        for piece in re.split(r"[\s*.]+", part.strip()):
            if not piece:
                continue
            match = _TOKEN.fullmatch(piece)
            readings = _readings(match.group(1)) if match else []
            if not match or not readings:
                return []
            found.append((readings, sign * int(match.group(2) or 1)))
    return found


def _sizes(unit: str) -> list[tuple[float, Dimensions]]:
    """Factor and dimensions of every reading of a unit."""
    factors = _factors(unit)
    if not factors:
        return []
    sizes = []
    for choice in itertools.product(*(readings for readings, _ in factors)):
        size, dims = 1.0, {}  # type: float, dict[str, int]
        for symbol, (_, power) in zip(choice, factors, strict=True):
            factor, mine = _symbols()[symbol]
            size *= factor**power
            for name, value in mine:
                dims[name] = dims.get(name, 0) + value * power
        sizes.append((size, _sorted(dims)))
    return sizes


def _is_clock(text: str) -> bool:
    low = text.lower()
    return bool(re.search(r"h{1,2}\s*:\s*m", low))


def is_unit(text: str) -> bool:
    """Whether a text reads as a unit, a clock or the sign of no unit."""
    low = _plain_text(text).lower()
    return low in _NO_UNIT or low in _CELSIUS or _is_clock(text) or bool(_sizes(text))


def scale_to(unit: str, target: str, *, per: tuple[str, ...] = ()) -> Scale:
    """How a number in a written unit becomes one in `target`.

    Parameters
    ----------
    unit : as written, "mA/cm²". target : "A", "ohm", "s", "Hz", "V", "C", "rad", "K", "m", "N", "1/m", ...
    per : normalisations that are welcome, "m2", "kg", "m", "1/m" or "1/m2": "mA/cm²" then is A per m2,
    "ohm cm²" ohm per 1/m2, "ohm cm" ohm per 1/m.

    Raises
    ------
    InputError
        If the unit is not known, measures something else, or could be two things.
    """
    if _is_clock(unit):
        if target == "s":
            return Scale(1.0)
        raise InputError(f"{unit!r} is a clock, not a quantity in {target}")
    low = _plain_text(unit).lower()
    if target == "K" and low in _CELSIUS:
        return Scale(1.0, 273.15)
    if low in _NO_UNIT:
        if target == "1":
            return Scale(1.0)
        raise InputError(f"the unit is given as {unit!r}; expected one like {target!r}")
    wanted_size, wanted = _sizes(target)[0]
    sizes = _sizes(unit)
    if target == "Hz":  # an angular frequency
        sizes = [(f / (2 * math.pi), _HERTZ) if d == _ANGULAR else (f, d) for f, d in sizes]
    if not sizes:
        raise InputError(f"unit {unit!r} is not known; expected one like {target!r}")
    for normalised in ("", *per):
        dims = dict(wanted)
        for name, power in _PER.get(normalised, {}).items():
            dims[name] = dims.get(name, 0) + power
        fits = {size for size, found in sizes if found == _sorted(dims)}
        if len(fits) > 1:
            names = " or ".join(f"{f / wanted_size:g}" for f in sorted(fits))
            raise InputError(f"unit {unit!r} could mean {names} {target}; write the prefix as m or M")
        if fits:
            return Scale(fits.pop() / wanted_size, 0.0, normalised)
    raise InputError(f"{unit!r} is no unit of a quantity in {target}")


_SNAKE = {
    "a": "A", "ma": "mA", "ua": "uA", "na": "nA", "v": "V", "mv": "mV", "ah": "Ah", "mah": "mAh", "wh": "Wh",
    "mwh": "mWh", "w": "W", "c": "°C", "k": "K", "ev": "eV", "kev": "keV", "hz": "Hz", "khz": "kHz",
    "kohm": "kohm",
}  # fmt: skip
_ONLY_UNITS = re.compile(r"[nuµmk]?(S|A|Ah|Wh) ?/ ?(c?m[²2]?|k?g)")  # a title that is nothing but its unit
_BRACKETS = re.compile(r"^(.*?)[\s_]*[(\[{<]([^()\[\]{}]*)[)\]}>]\s*$")
_BARE_UNITS = re.compile(r"^(.+?)[\s_]+([^\s_]+)$")


def split_header(text: str) -> ColumnName:
    """The name and the unit of a column: "Z' (kOhm)", "<I>/mA", "Voltage_V", "Current [A]", "f / Hz",
    "Hz".
    """
    name = _without_tex(re.sub(r"\s+", " ", text.replace("\ufeff", "")).strip())
    if name.count('"') >= 2:
        name = name.strip('"').strip()
    if name.startswith("<") and name.endswith(">") and name.count("<") == 1:  # <Ewe/V>
        inner = split_header(name[1:-1])
        return ColumnName(f"<{inner.name}>", inner.unit, inner.aside)
    found = _BRACKETS.match(name)
    if found and re.search(r"(?i)(^|[^a-z])(re|im|log|lg|log10|ln|abs|mod)$", found.group(1).strip()):
        return ColumnName(name, None)
    if found and found.group(1).strip():
        inside = found.group(2).strip().strip(",")
        if is_unit(inside):
            return ColumnName(found.group(1).strip().rstrip(",/").strip(), inside)
        last = re.split(r"\bin\b|,", inside)[-1].strip()
        if last != inside and last and is_unit(last):
            return ColumnName(found.group(1).strip(), last)
        before = split_header(found.group(1))
        return ColumnName(before.name, before.unit, inside)
    if _ONLY_UNITS.fullmatch(name):
        return ColumnName("", name)
    for at in (i for i, c in enumerate(name) if c == "/"):
        unit = name[at + 1 :].strip()
        if unit and name[:at].strip() and is_unit(unit) and not name[:at].rstrip().endswith("("):
            return ColumnName(name[:at].strip(), unit)
    words = re.match(r"^(.+?)[\s,_]+in[\s_]+(.+)$", name)
    if words and is_unit(words.group(2)):
        return ColumnName(words.group(1).strip(), words.group(2).strip())
    snake = re.fullmatch(r"([a-z0-9_]*[a-z0-9])_([a-z]+)", name)
    if snake and snake.group(2) in _SNAKE:
        return ColumnName(snake.group(1), _SNAKE[snake.group(2)])
    bare = _BARE_UNITS.match(name)
    if bare and _is_bare_unit(bare.group(2)):
        return ColumnName(bare.group(1).strip().rstrip(",").strip(), bare.group(2))
    if _is_bare_unit(name) and (len(name) > 1):
        return ColumnName("", name)
    return ColumnName(name, None)


def _without_tex(name: str) -> str:
    r"""A name without the marks of mathematics: "r($\\AA$)", "G ($\\AA^{-2}$)"."""
    if "$" not in name:
        return name
    for old, new in (("\\AA", "Å"), ("\\Omega", "ohm"), ("\\mu", "u"), ("\\mathrm", ""), ("\\theta", "θ")):
        name = name.replace(old, new)
    return re.sub(r"[${}\\]", "", name)


def _is_bare_unit(word: str) -> bool:
    """A unit that stands without brackets: written exactly, or as a word; "Z" and "no" are none."""
    low, plain = word.lower(), _plain_text(word)
    if low in _NO_UNIT or low in ("std", "ang"):
        return False
    if low in ("degc", "celsius", "°c"):
        return True
    if plain in _symbols() or low in _WORDS or (len(plain) > 2 and plain.isalpha() and _readings(plain)):
        return True
    return len(word) > 1 and word != word.upper() and _exact_case(word)


def _exact_case(word: str) -> bool:
    """Compound units as written, "mA/cm2", "mAh/g": each symbol in its right case."""
    parts = [t for t in re.split(r"[/*.\s]+", _plain_text(word)) if t]
    return len(parts) > 0 and all(
        (m := _TOKEN.fullmatch(p)) is not None and m.group(1) in _symbols() for p in parts
    )


_ASIDES = {
    "real", "re", "imag", "imaginary", "im", "z", "a", "b", "abs", "mod", "raw", "meas", "measured", "exp",
    "data", "calibrated", "we", "ce", "cell", "dc", "ac", "rms", "avg", "mean", "average", "total", "phase",
}  # fmt: skip


def column_scale(
    title: str, target: str, *, per: tuple[str, ...] = (), bare: str | None = None
) -> tuple[Scale, str, str]:
    """Scale of a column by its title, its unit as read, and what had to be assumed ("" for nothing).

    Parameters
    ----------
    bare : the unit taken where the title states none; None refuses.

    Raises
    ------
    InputError
        If the unit is unknown, ambiguous, of another kind, or missing where it must be there.
    """
    column = split_header(title)
    if column.unit is not None:
        try:
            return scale_to(column.unit, target, per=per), column.unit, ""
        except InputError as error:
            raise InputError(f"column {title!r}: {error}") from error
    aside = column.aside.lower()
    if aside and aside not in _ASIDES and not re.search(r"[\s\d]", aside):
        raise InputError(
            f"column {title!r}: {column.aside!r} is no unit that is known; expected one like {target!r}"
        )
    if bare is None:
        raise InputError(f"column {title!r} states no unit; write it as '{column.name} ({target})'")
    return scale_to(bare, target), bare, f"no unit stated: {bare} assumed"

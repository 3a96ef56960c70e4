"""Temperatures written in file names: "pellet_25C", "s04147-140deg", "T25", "298K", "minus5C"; a C-rate
is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["NamedTemperatures", "temperature_from_name", "temperatures_from_names"]

Form = Literal["degree", "kelvin", "letter", "bare"]
_SIGNED = (
    r"(?:(?:(?:^|(?<=[^A-Za-z0-9]))(?P<minus>minus|neg|m)[ -]?|(?:^|(?<=\s))(?P<dash>[-−]))"
    r"|(?<![A-Za-z0-9.]))(?P<number>\d+(?:[.,p]\d+)?)"
)
_DEGREES = r"[ -]?(?:°[ ]?C?|deg(?:rees?)?[ ]?C?|celsius|grad(?:C)?)(?![A-Za-z])"
_LETTER = r"(?<![A-Za-z])T(?:emp)?[ =-]?(?P<number>\d{2,3}(?:[.,p]\d+)?)(?![\d.]|[ ]?[A-JL-Za-z])"
_FORMS: tuple[tuple[Form, re.Pattern[str]], ...] = (
    ("degree", re.compile(_SIGNED + _DEGREES, re.IGNORECASE)),
    ("kelvin", re.compile(r"(?<![A-Za-z0-9.])(?P<number>\d{2,4}(?:[.,p]\d+)?)[ ]?K(?![A-Za-z0-9])")),
    ("letter", re.compile(_LETTER)),
    ("bare", re.compile(_SIGNED + r"[ ]?C(?![A-Za-z0-9])")),
)
_RATES = {0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.33, 0.4, 0.5, 0.7, 0.75, 0.8, 1, 1.5, 2,
2.5, 3, 4, 5, 6,
          8, 10}  # fmt: skip
_CYCLED = re.compile(r"after|rate|cycl|charg|crate|format|lith", re.IGNORECASE)


@dataclass(frozen=True)
class NamedTemperatures:
    """Temperatures of a series in K, None where a name tells none; what was understood, and what is
    doubtful.
    """

    kelvin: tuple[float | None, ...]
    notes: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """One number in a name that may be a temperature. celsius : of it, or the number itself. text : as
    written.
    """

    form: Form
    celsius: float
    text: str
    signed: bool

    @property
    def may_be_rate(self) -> bool:
        """A bare "2C" says nothing else than a usual rate does."""
        return self.form == "bare" and not self.signed and self.celsius in _RATES


def temperature_from_name(name: str) -> float | None:
    """Temperature in K written in a file name; None without one, and where it could be a C-rate."""
    return temperatures_from_names((name,)).kelvin[0]


def temperatures_from_names(names: Sequence[str]) -> NamedTemperatures:
    """Temperatures of a series of files, understood together: a number that varies counts, a C-rate does
    not.
    """
    stems = [_stem(n) for n in names]
    found = [_candidates(s) for s in stems]
    bare = [f for each in found for f in each if f.form == "bare"]
    rates = bool(bare) and all(f.may_be_rate for f in bare)
    doubts = []
    if rates:
        shown = ", ".join(dict.fromkeys(f.text for f in bare))
        sure = any(f.celsius < 1 for f in bare) or any(_CYCLED.search(s) for s in stems)
        doubts.append(
            f"{shown} in the names "
            f"{'are C-rates, not temperatures' if sure else 'could be C-rates or temperatures'}: "
            "not used; state the temperatures where they are known"
        )
        found = [[f for f in each if f.form != "bare"] for each in found]
    else:
        found = [[f for f in each if not (f.may_be_rate and f.celsius < 5)] or each for each in found]
    best = [_best(each) for each in found]
    column = _varying(best)
    values: list[float | None] = []
    notes = []
    for stem, each in zip(stems, best, strict=True):
        kelvin, note, doubt = _kelvin(each, column)
        values.append(kelvin)
        if kelvin is not None:
            notes.append(f"{note} in {stem!r}")
        if doubt:
            doubts.append(f"{stem!r}: {doubt}")
    doubts += _unread(stems, values, rates=rates)
    shown = "; ".join(notes[:6]) + ("; ..." if len(notes) > 6 else "")
    return NamedTemperatures(
        tuple(values), (f"temperatures from names: {shown}",) if notes else (), tuple(dict.fromkeys(doubts))
    )


def _stem(name: str) -> str:
    """File name without folder, suffix and the number of the spectrum."""
    file = Path(name.partition(" [")[0]).name
    return re.sub(r"\.[A-Za-z]\w{0,4}$", "", file)


def _candidates(stem: str) -> list[_Found]:
    """Every number of a name that may be a temperature, in the order they stand."""
    text = stem.replace("_", " ")
    found: list[tuple[int, _Found]] = []
    taken: list[tuple[int, int]] = []
    for form, pattern in _FORMS:
        for match in pattern.finditer(text):
            if any(a < match.end() and match.start() < b for a, b in taken):
                continue
            taken.append(match.span())
            groups = match.groupdict()
            minus = bool(groups.get("minus") or groups.get("dash"))
            value = float(groups["number"].replace(",", ".").replace("p", "."))
            celsius = (value - 273.15) if form == "kelvin" else -value if minus else value
            found.append((match.start(), _Found(form, celsius, match.group(0).strip(), minus)))
    return [f for _, f in sorted(found, key=lambda x: x[0])]


def _best(found: list[_Found]) -> list[_Found]:
    """Candidates of the clearest form that a name holds."""
    for form, _ in _FORMS:
        mine = [f for f in found if f.form == form]
        if mine:
            return mine
    return []


def _varying(best: list[list[_Found]]) -> int:
    """Which of several temperatures in every name counts: the one that varies over the series, else the
    last.
    """
    sizes = {len(b) for b in best if b}
    if len(sizes) != 1 or len(best) < 2:
        return -1
    size = sizes.pop()
    varies = [i for i in range(size) if len({b[i].celsius for b in best if b}) > 1]
    return varies[0] if len(varies) == 1 else -1


def _kelvin(found: list[_Found], column: int) -> tuple[float | None, str, str]:
    """Temperature in K of one name, the note, and a doubt."""
    if not found:
        return None, "", ""
    one = found[column]
    celsius = one.celsius
    if one.form == "letter" and celsius >= 200:
        if not 220 <= celsius <= 400:
            return None, "", f"{one.text!r} could be K or °C; write the unit, or state the temperatures"
        celsius -= 273.15
    if not -200 < celsius < 1300:
        return None, "", f"{one.text!r} is no temperature of such a measurement"
    note = f"{celsius:.4g} °C ({one.text})"
    if len(found) > 1 and column == -1 and len({f.celsius for f in found}) > 1:
        return celsius + 273.15, note, f"several temperatures in the name, {one.text!r} taken"
    return celsius + 273.15, note, ""


def _unread(stems: list[str], values: list[float | None], *, rates: bool) -> list[str]:
    """A word where a series was plainly meant and not, or only partly, understood."""
    missing = [s for s, v in zip(stems, values, strict=True) if v is None]
    distinct = len(set(stems))
    if not missing or distinct < 2 or rates:
        return []
    if len(missing) < len(stems):
        shown = ", ".join(dict.fromkeys(missing[:4]))
        return [
            f"no temperature in the names {shown}: no σ(T) and no Eₐ without them; state the temperatures"
        ]
    skeletons = {re.sub(r"\d+(?:[.,p]\d+)?", "#", s) for s in stems}
    if len(skeletons) == 1:
        return [
            f"the names differ by a number only ({stems[0]!r}, {stems[1]!r}) and none was understood "
            f"as a temperature; "
            "write '25C' or '298K', or state the temperatures"
        ]
    return []

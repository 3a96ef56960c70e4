"""Tables of literature: conductivities, activation energies and critical currents of other materials.

A table is CSV with one row per material. Its columns are known by their names, as OBELiX writes them
("Reduced Composition", "Ionic conductivity (S cm-1)", "DOI") or in words of one's own; a quantity needs a
unit in its column's name. Columns that end in `low` and `high` are the ends of what was published.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from electrolith.core.constants import ZERO_CELSIUS
from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError, brief
from electrolith.core.estimate import Estimate
from electrolith.core.header_units import split_header
from electrolith.core.reading import reader
from electrolith.core.units import convert
from electrolith.study.section import Evidence, Literature

__all__ = ["read_literature"]

ROOM = (285.0, 310.0)  # K, taken together as room temperature
DRAWS = 400
_DOI = re.compile(r"10\.\d{4,9}/[^\s,;|]+")
_SNAKES = (
    (re.compile(r"_(m?S)_cm$"), r" (\1/cm)"),
    (re.compile(r"_(m?eV)$"), r" (\1)"),
    (re.compile(r"_(mA)_cm2$"), r" (\1/cm2)"),
    (re.compile(r"_(mAh)_cm2$"), r" (\1/cm2)"),
)
_ABOUT = {
    "material": re.compile(r"(reduced )?composition|material|electrolyte|compound|formula|cell|name"),
    "method": re.compile(r"method|technique"),
    "kind": re.compile(r"kind"),
    "doi": re.compile(r"doi|dois|sources?|references?"),
    "note": re.compile(r"note|remark|comment"),
}
_END = re.compile(r"\b(low|lower|min|high|upper|max|std|uncertainty|error)\b")
_ENDS = {"lower": "low", "min": "low", "upper": "high", "max": "high", "uncertainty": "std", "error": "std"}


@dataclass(frozen=True)
class _Quantity:
    """A quantity of such tables. key, label : as in the headline. unit : in which it is kept."""

    key: str
    label: str
    unit: str
    pattern: re.Pattern[str]


QUANTITIES = (
    _Quantity(
        "conductivity", "σ", "S/cm", re.compile(r"(ionic )?conductivity|(sigma|σ)( rt| total)?|ic total")
    ),
    _Quantity("activation_energy", "Eₐ", "eV", re.compile(r"e ?a|eₐ|activation energy")),
    _Quantity(
        "critical_current_density",
        "critical current density",
        "mA/cm2",
        re.compile(r"critical( current( density)?)?|ccd"),
    ),
    _Quantity("areal_capacity", "areal capacity", "mAh/cm2", re.compile(r"areal capacity")),
    _Quantity("temperature", "temperature", "K", re.compile(r"temperature|t")),
)


@dataclass(frozen=True, eq=False)
class _Columns:
    """Columns by what they mean. numbers : (quantity, "" or low, high, std) to column and its scale."""

    about: Mapping[str, str]
    numbers: Mapping[tuple[str, str], tuple[str, float, float]]
    ignored: tuple[str, ...] = field(default=())


@reader("a table of literature")
def read_literature(path: Path, *, name: str = "") -> Literature:
    """Read a table of published values. name : of the file as the study sees it.

    Raises
    ------
    DataError
        If it has no material, no quantity or no source that is known, or a cell is no number.
    """
    text = read_text(path)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    table = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns = _columns(path, tuple(n for n in table.fieldnames or () if n))
    values: list[Evidence] = []
    limits = nameless = 0
    for number, row in enumerate(table, 1):
        cells = {
            k: (v or "").strip() for k, v in row.items() if isinstance(k, str) and not isinstance(v, list)
        }
        if not any(cells.values()):
            continue
        if not cells.get(columns.about["material"]):
            nameless += 1
            continue
        found, left = _row(path, number, cells, columns, name or path.name)
        values += found
        limits += left
    if not values:
        raise DataError(f"{path}: no row with a material and a number")
    said = []
    if limits:
        said.append(f"{limits} cells of {path.name} are limits ('<…'), no values: left out")
    if nameless:
        said.append(f"{nameless} rows of {path.name} name no material: left out")
    without = sum(1 for v in values if not v.doi)
    if without:
        said.append(f"{without} of {len(values)} values of {path.name} have no DOI")
    return Literature(name or path.name, tuple(values), tuple(said))


def _columns(path: Path, names: tuple[str, ...]) -> _Columns:
    """What each column means; the first of a kind counts."""
    about: dict[str, str] = {}
    numbers: dict[tuple[str, str], tuple[str, float, float]] = {}
    ignored = []
    for name in names:
        title = name
        for pattern, text in _SNAKES:
            title = pattern.sub(text, title)
        plain = re.sub(r"[\s_(),]+", " ", re.sub(r"\([^)]*\)$|\s/\s.*$", "", title)).strip().lower()
        end = _END.search(plain)
        kind = _ENDS.get(end[1], end[1]) if end else ""
        bare = re.sub(r"\s+", " ", _END.sub("", plain)).strip()
        meaning = next((m for m, p in _ABOUT.items() if p.fullmatch(plain)), None)
        quantity = next((q for q in QUANTITIES if q.pattern.fullmatch(bare)), None)
        if meaning is not None:
            about.setdefault(meaning, name)
        elif quantity is not None and (quantity.key, kind) not in numbers:
            if quantity.key == "temperature" and not re.search(r"[([/]", title):
                ignored.append(name)
                continue
            factor, shift = _scale(path, title, quantity)
            numbers[quantity.key, kind] = (name, factor, shift)
        else:
            ignored.append(name)
    shown = ", ".join(names[:12])
    if "material" not in about:
        raise DataError(f"{path}: no column that names a material (composition, material); columns: {shown}")
    if not any(k[0] != "temperature" for k in numbers):
        raise DataError(
            f"{path}: no column with a conductivity, an activation energy or a critical current; "
            f"columns: {shown}; one reads 'Ionic conductivity (S/cm)'"
        )
    if "doi" not in about:
        raise DataError(f"{path}: no column DOI; every published number needs its source; columns: {shown}")
    return _Columns(about, numbers, tuple(ignored))


def _scale(path: Path, title: str, quantity: _Quantity) -> tuple[float, float]:
    """Factor and shift from the unit in a column's name to the quantity's."""
    column = split_header(title)
    given = column.unit or column.aside
    if not given:
        raise DataError(f"{path}: column {title!r} states no unit; write it as '{title} ({quantity.unit})'")
    unit = re.sub(r"(?<=[A-Za-z])\^?[-−](\d)", r"**-\1", given)
    try:
        shift = convert(0.0, unit, quantity.unit)
        return convert(1.0, unit, quantity.unit) - shift, shift
    except InputError as error:
        raise DataError(f"{path}: column {title!r}: {error}") from error


def _row(
    path: Path, number: int, cells: Mapping[str, str], columns: _Columns, name: str
) -> tuple[list[Evidence], int]:
    """The numbers of one row, and how many cells hold only a limit."""
    found: dict[tuple[str, str], float] = {}
    limits = 0
    for key, (column, factor, shift) in columns.numbers.items():
        text = cells.get(column, "")
        if text.lower() in ("", "-", "–", "na", "n/a", "nan", "none"):
            continue
        if text[0] in "<>≤≥":
            limits += 1
            continue
        found[key] = _number(path, number, column, text) * factor + (0.0 if key[1] == "std" else shift)
    dois = [d.rstrip(").") for d in _DOI.findall(cells.get(columns.about["doi"], ""))]
    kelvin = found.get(("temperature", ""))
    method = cells.get(columns.about.get("method", ""), "")
    note = cells.get(columns.about.get("note", ""), "")
    out = []
    for quantity in QUANTITIES[:-1]:
        value = _estimate(quantity, found, f"{path}, row {number}")
        if value is None:
            continue
        name_of, label = _named(quantity, kelvin)
        said = [method, "range of several sources" if (quantity.key, "low") in found else "", note]
        out.append(
            Evidence(
                name_of,
                label,
                value,
                _kind(cells.get(columns.about.get("kind", ""), "")),
                "; ".join(f"doi:{d}" for d in dois) or cells.get(columns.about["doi"], "") or name,
                True,
                ", ".join(filter(None, said)),
                doi=dois[0] if dois else "",
                file=name,
                entry=number,
                material=cells[columns.about["material"]],
            )
        )
    return out, limits


def _kind(text: str) -> Literal["computed", "measured"]:
    """Measured, where the table does not say otherwise."""
    return "computed" if text.lower().startswith(("comp", "calc", "sim", "theor")) else "measured"


def _named(quantity: _Quantity, kelvin: float | None) -> tuple[str, str]:
    """Key and label; a conductivity says its temperature, that of the room where the table has none."""
    if quantity.key != "conductivity":
        return quantity.key, quantity.label
    if kelvin is None or ROOM[0] <= kelvin <= ROOM[1]:
        return "conductivity_300K", "σ(room temperature)"
    return f"conductivity_{kelvin:.0f}K", f"σ({kelvin - ZERO_CELSIUS:.0f} °C)"


def _number(path: Path, row: int, column: str, text: str) -> float:
    """A cell as a number."""
    try:
        value = float(text.replace("−", "-").replace("×10^", "e").replace("x10^", "e"))
    except ValueError as error:
        raise DataError(f"{path}, row {row}: {column} is {brief(text)}, no number") from error
    if not math.isfinite(value):
        raise DataError(f"{path}, row {row}: {column} is {brief(text)}; expected a finite number")
    return value


def _estimate(quantity: _Quantity, found: Mapping[tuple[str, str], float], where: str) -> Estimate | None:
    """Value with its doubt: a standard deviation, the ends of a range, or not stated."""
    value, low, high, std = (found.get((quantity.key, k)) for k in ("", "low", "high", "std"))
    for number in (value, low, high):
        if number is not None and number <= 0 and quantity.key != "temperature":
            raise DataError(
                f"{where}: {quantity.label} is {number:g} {quantity.unit}; expected a number above 0"
            )
    if low is not None and high is not None:
        if low > high:
            raise DataError(
                f"{where}: {quantity.label} from {low:g} to {high:g}; expected the lower end first"
            )
        return (
            Estimate.unknown_doubt(low, quantity.unit)
            if low == high
            else Estimate(_even(low, high), quantity.unit)
        )
    known = next((v for v in (value, low, high) if v is not None), None)
    if known is None:
        return None
    if std:
        return Estimate(known + std * _normal(), quantity.unit)
    return Estimate.unknown_doubt(known, quantity.unit)


def _even(low: float, high: float) -> np.ndarray:
    """Draws spread evenly over the range, over its logarithm where it spans more than a factor of two."""
    share = (np.arange(DRAWS) + 0.5) / DRAWS
    return low * (high / low) ** share if high > 2 * low else low + (high - low) * share


def _normal() -> np.ndarray:
    """Standard normal quantiles: the same draws each time."""
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(DRAWS) + 0.5) / DRAWS))

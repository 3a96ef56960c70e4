"""Columns of a cycler's table by what they mean, whatever they are called and in whatever unit."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from electrolith.core.account import Taken
from electrolith.core.delimited import Delimited, read_tables
from electrolith.core.errors import DataError, InputError
from electrolith.core.header_units import ColumnName, column_scale, split_header
from electrolith.core.reading import reader
from electrolith.lab.versastudio import is_versastudio, read_par

Array = np.ndarray
NOT_DATA = r"(?!.*\b(set|setpoint|control|applied|range|max|min|limit|aux|counter|err|error|internal|ir)\b)"
MEANINGS: tuple[tuple[str, "re.Pattern[str]"], ...] = (
    (
        "date",
        re.compile(
            r"date|absolute time|real ?time|dpt ?time|unix|time ?stamp|sys ?time|clock|iso( string)?$"
        ),
    ),
    ("step_time", re.compile(r"^(step ?time|time in step|t-step|relative time|step time.*|step)$")),
    (
        "total_time",
        re.compile(r"^(test|total|cumulative|cum\.?|elapsed|overall|running?|record) ?time\b|^test$"),
    ),
    ("time", re.compile(r"^(time|t|zeit)$")),
    (
        "voltage",
        re.compile(
            r"^(<?(ewe|ecell|ewe-ece)>?|(cell |terminal |battery |working "
            r")?(voltage|potential|spannung)|u|v|e|volt|e we)\b" + NOT_DATA
        ),
    ),
    ("current", re.compile(r"^(<?i>?|(cell |total )?current( density)?|curr?|strom|j)\b" + NOT_DATA)),
    ("discharge_capacity", re.compile(r"^(q |cap\w* )?(dis|dchg|dch)\w*\.? ?(spec\w*\.? ?)?(cap\w*\.?|q)?$")),
    ("discharge_capacity", re.compile(r"^(capacity|cap|q|ah)[ -]?(of )?(dis\w*|dchg|dch)$")),
    ("charge_capacity", re.compile(r"^(q |cap\w* )?(chg|cha)\w*\.? ?(spec\w*\.? ?)?(cap\w*\.?|q)?$")),
    ("charge_capacity", re.compile(r"^(capacity|cap|q|ah)[ -]?(of )?(cha\w*|chg|ch)$")),
    (
        "capacity",
        re.compile(
            r"^(spec\w*\.? |step |net "
            r")?(cap\.?|capacity)$|^\(?q-qo\)?$|^q$|^amp-?hrs?$|^ah$|^charge$|^capacity step$"
        ),
    ),
    ("cycle", re.compile(r"^cyc(le)?s?( ?(index|number|no\.?|id|count|c|#|nr\.?)|#|-count)?$")),
    ("cycle_procedure", re.compile(r"^cycle p$")),
    ("step", re.compile(r"^(step( ?(index|number|no\.?|id|count|#|nr\.?))?|ns|line|step#)$")),
    (
        "status",
        re.compile(r"^(state|status|md|mode|step ?(type|name|state|status)|command|type|work ?mode)$"),
    ),
    ("temperature", re.compile(r"^(ambient|cell|surface|chamber|aux)? ?(temp\w*\.?( ?\d)?|t1)$")),
)
TARGETS = {
    "step_time": ("s", ()), "total_time": ("s", ()), "time": ("s", ()), "voltage": ("V", ()),
    "current": ("A", ("m2", "kg")), "charge_capacity": ("C", ("m2", "kg")),
    "discharge_capacity": ("C", ("m2", "kg")), "capacity": ("C", ("m2", "kg")), "temperature": ("K", ()),
}  # fmt: skip
BARE = {"s": "s", "V": "V", "A": "A", "C": "Ah", "K": "°C"}
READERS = (
    "Readers: BioLogic .mpr/.mpt, Neware .nda/.ndax, VersaStudio .par, and tables (text, .xlsx, "
    ".ods) of Landt, "
    "Arbin, Neware, Maccor, PEC, Basytec, the Battery Data Format, or any other with such a header"
)
WHOLE = ("cycle", "step")
DISCHARGING = re.compile(r"dis|dchg|dch\b|entlad|(^|[^a-z])d$|^-$", re.IGNORECASE)
CHARGING = re.compile(r"chg|char|cha\b|\blad|(^|[^a-z])c$|^\+$", re.IGNORECASE)
RESTING = re.compile(r"rest|ocv|open|paus|relax|wait|idle|(^|[^a-z])[rps]$|^0$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Quantity:
    """A column in SI. per : "m2" or "kg" where it is per area or mass. guessed : no unit stood there."""

    values: Array
    taken: Taken
    per: str = ""
    guessed: bool = False
    clock: bool = False


@dataclass(frozen=True, eq=False)
class CyclerTable:
    """Known columns of a table by meaning, in s, V, A, C, K; whole numbers of cycle and step as they are.

    status : +1, -1, 0 or nan where words say charge, discharge or rest; None without such a column.
    date : s since 1970, None without. further : tables of the file that were not read, in words.
    """

    columns: dict[str, Quantity]
    status: Array | None
    date: Array | None
    table: Delimited
    further: tuple[str, ...] = ()

    def get(self, name: str) -> Array | None:
        """Values of a meaning, None without."""
        return self.columns[name].values if name in self.columns else None

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What was taken for what."""
        return tuple(q.taken for q in self.columns.values())


@reader("a table of cycling")
def read_columns(path: Path) -> tuple[CyclerTable, ...]:
    """Every table of a file that names time, voltage and current, its understood columns in SI.

    Raises
    ------
    DataError
        If no table does, or a unit is not known; the text shows what was seen.
    """
    with path.open("rb") as file:
        head = file.read(2048)
    try:
        tables = read_par(path) if is_versastudio(head) else read_tables(path)
    except DataError as error:
        raise DataError(f"{error}: no header with time, voltage and current. {READERS}") from error
    found = []
    for table in tables:
        meanings = _meanings(table)
        timed = {"time", "total_time", "step_time", "date"} & set(meanings)
        if table.named and timed and {"voltage", "current"} <= set(meanings):
            try:
                found.append(_quantities(table, meanings))
            except InputError as error:
                raise DataError(f"{path}: {error}") from error
    if found:
        read = {id(t.table) for t in found}
        others = tuple(
            f"a further table of {len(t.columns)} rows from line {t.first_line} was not read; its columns: "
            f"{', '.join(t.names[:8])}"
            for t in tables
            if id(t) not in read and len(t.columns) > 0.02 * sum(len(f.table.columns) for f in found)
        )
        return tuple(replace(t, further=others) for t in found)
    longest = max(tables, key=lambda t: len(t.columns))
    if longest.misfit:
        raise DataError(
            f"{path}: the line {longest.misfit[:80]!r} reads like names but does not fit the "
            f"{longest.columns.shape[1]} columns of the table"
        )
    shown = f"columns: {', '.join(longest.names[:14])}" if longest.named else _begins(longest)
    raise DataError(f"{path}: no header with time, voltage and current; {shown}. {READERS}")


def _begins(table: Delimited) -> str:
    lines = table.header or ("a row of numbers",)
    return f"the file begins with: {' | '.join(line.strip()[:60] for line in lines[:3])}"


def _plain(column: ColumnName) -> str:
    """A name as it is compared."""
    return re.sub(r"[\s_]+", " ", column.name).strip().lower()


def _meanings(table: Delimited) -> dict[str, int]:
    """Column of each meaning; the first match counts, but "Cycle C" before others."""
    found: dict[str, int] = {}
    for index, title in enumerate(table.names):
        column = split_header(title)
        name = _plain(column)
        if not name and column.unit is not None:
            name = {
                "amps": "current",
                "volts": "voltage",
                "a": "current",
                "v": "voltage",
                "ma": "current",
            }.get(column.unit.lower(), "")
        meaning = next((m for m, pattern in MEANINGS if pattern.search(name)), None)
        if meaning == "step_time" and name == "step" and (column.unit is None or index in table.words):
            meaning = "step"
        if meaning == "total_time" and name == "test" and column.unit is None:
            meaning = None
        if index in table.dates:
            meaning = "date"
        if meaning is None or (index in table.words) != (meaning == "status"):
            continue
        if meaning not in found or (meaning == "cycle" and name == "cycle c"):
            found[meaning] = index
    return found


def _quantities(table: Delimited, meanings: dict[str, int]) -> CyclerTable:
    """Columns of known meaning in SI."""
    columns: dict[str, Quantity] = {}
    for meaning, index in meanings.items():
        title, values = table.names[index], table.columns[:, index]
        if meaning in ("status", "date", "cycle_procedure"):
            continue
        if not np.isfinite(values).any():
            continue  # an empty optional column says nothing
        if meaning in WHOLE:
            columns[meaning] = Quantity(filled(values), Taken(meaning, title))
        elif index in table.clocks:
            taken = Taken(meaning.replace("_", " "), title, "hh:mm:ss")
            columns[meaning] = Quantity(values, taken, clock=True)
        else:
            target, per = TARGETS[meaning]
            scale, unit, note = column_scale(title, target, per=per, bare=BARE[target])
            if unit.lower().startswith(("h:", "hh:")):
                raise InputError(
                    f"column {title!r} promises a clock and holds plain numbers: hours or seconds?"
                )
            taken = Taken(meaning.replace("_", " "), title, unit, note)
            scaled = values * scale.factor + scale.offset
            columns[meaning] = Quantity(scaled, taken, scale.per, guessed=bool(note))
    status = _status(table.words[meanings["status"]]) if "status" in meanings else None
    date = table.columns[:, meanings["date"]] if meanings.get("date") in table.dates else None
    return CyclerTable(columns, status, date, table)


def filled(values: Array) -> Array:
    """Whole numbers; an empty cell takes the number before it, at the beginning the one after."""
    known = np.flatnonzero(np.isfinite(values))
    before = np.searchsorted(known, np.arange(values.size), side="right") - 1
    return np.round(values[known[np.maximum(before, 0)]]).astype(int)


def _status(words: tuple[str, ...]) -> Array:
    """+1 where a word says charge, -1 discharge, 0 rest, nan where it says none of these."""
    known: dict[str, float] = {}
    for word in set(words):
        text = word.strip()
        if DISCHARGING.search(text):
            known[word] = -1.0
        elif CHARGING.search(text):
            known[word] = 1.0
        else:
            known[word] = 0.0 if RESTING.search(text) or not text else float("nan")
    return np.array([known[w] for w in words])


def without_rows(table: CyclerTable, keep: Array) -> CyclerTable:
    """Only the rows marked, bool (n,)."""
    columns = {m: replace(q, values=q.values[keep]) for m, q in table.columns.items()}
    status = None if table.status is None else table.status[keep]
    date = None if table.date is None else table.date[keep]
    return replace(table, columns=columns, status=status, date=date)

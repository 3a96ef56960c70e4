"""Columns of an impedance table: frequency, Z' and Z'' or |Z| and phase, each with its unit and its sign."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from electrolith.core.account import Account, Taken, Witness
from electrolith.core.delimited import Delimited
from electrolith.core.errors import DataError, InputError
from electrolith.core.header_units import column_scale, split_header

Array = np.ndarray
LONGEST = 1000  # rows of a nameless table that may still be a sweep
_LABEL = r"(?P<label>[\s_.(\[:].*)?$"
_PATTERNS = {
    "frequency": re.compile(r"^(f|ν|nu|fr|freq\w*\.?|.*\bfrequenc\w*)" + _LABEL),
    "omega": re.compile(r"^(ω|omega|w|angular freq\w*)$"),
    "real": re.compile(
        r"^(z\w{0,2}'(?!')|z1|zr|re|real|realteil|z ?re(al)?|re(al)? ?\(?z\w*\)?|z ?\(re(al)?\)|z ?prime(?! "
        r"?(2|prime))|"
        r"real (part|impedance|component)( of z)?|impedance (real|re)( part)?)" + _LABEL
    ),
    "imaginary": re.compile(
        r"^(z\w{0,2}''|z2|zi|im|imag\w*|imaginärteil|z ?im(ag\w*)?|im(ag\w*)? ?\(?z\w*\)?|z ?\(im(ag\w*)?\)|"
        r"z ?(double ?prime|dprime|prime ?2|prime ?prime)|"
        r"imag\w* (part|impedance|component)( of z)?|impedance (imag\w*|im)( part)?)" + _LABEL
    ),
    "modulus": re.compile(
        r"^(\|z\w*\|?|z|z ?mod\w*|mod(ulus)?( of z)?|abs ?\(?z\)?|z ?abs|.*magnitude.*|mag "
        r"?\(?z?\)?|impedance)" + _LABEL
    ),
    "phase": re.compile(r"^(.*phase.*|z?phz|z?theta|θ|φ|ϕ|phi|arg ?\(?z\)?)$"),
    "temperature": re.compile(r"^(t|temp\w*\.?|.*temperature.*)$"),
    "time": re.compile(r"^(t|(elapsed|test|total)? ?time( .*)?)$"),
    "mark": re.compile(r"^(cycle|scan|run|loop|sweep|spectrum|measurement|sample|segment|repeat)\b.*"),
}
_DERIVED = re.compile(
    r"fit|calc|model|simul|\berr\b|error|resid|weight|sigma|\bstd|stdev|delta|Δ|theor|%|kramers|\bkk\b|uncert|noise",
    re.IGNORECASE,
)
_MINUS = re.compile(r"^\s*(?:\(?[-−–]\s*1?\)?\s*[*×]?|neg(?:ative)?\.?\s|minus\s)\s*", re.IGNORECASE)
_LOG = re.compile(r"^(?:log(?:10|₁₀)?|lg)\s*[(\[_ ]*(.+?)[)\]]*$", re.IGNORECASE)


@dataclass(frozen=True)
class _Column:
    """A column's meaning with its sign; `inner` is the title under a logarithm, or the title."""

    index: int
    title: str
    inner: str
    minus: bool
    logarithm: bool
    label: str


@dataclass(frozen=True, eq=False)
class Sweep:
    """Rows of one measurement as read, before they are cut into spectra.

    frequency : Hz. impedance : ohm, or ohm m2 where `per_area`. marks : columns whose change begins a new
        one.
    time : s, temperature : K, or None. label : of the columns, where a table holds several side by side.
    """

    frequency: Array
    impedance: Array
    account: Account
    per_area: bool = False
    marks: tuple[Array, ...] = ()
    time: Array | None = None
    temperature: Array | None = None
    label: str = ""


def _folded(title: str) -> str:
    """One spelling of primes, blanks and case."""
    text = title.replace("’", "'").replace("′", "'").replace("`", "'").replace("″", "''").replace("”", "''")
    return re.sub(r"[\s_]+", " ", text.replace('"', "''")).strip().lower()


def _meanings(table: Delimited) -> dict[str, list[_Column]]:
    """Columns by meaning; derived ones (fits, errors, weights) belong to none."""
    found: dict[str, list[_Column]] = {name: [] for name in _PATTERNS}
    for index, title in enumerate(table.names):
        if _DERIVED.search(title) or index in table.words:
            continue
        signed = _MINUS.match(title)
        plain = title[signed.end() :] if signed else title
        logarithm = _LOG.match(split_header(plain).name)
        inner = logarithm.group(1) if logarithm else plain
        if logarithm and split_header(inner).unit is None and split_header(plain).unit is not None:
            inner = f"{inner} ({split_header(plain).unit})"
        column = split_header(inner)
        name = _folded(column.name)
        if not name and column.unit is not None:
            name = {"hz": "f", "ohm": "z"}.get(column.unit.lower().lstrip("kmg"), "")
        for meaning, pattern in _PATTERNS.items():
            match = pattern.match(name) or (
                pattern.match(f"{name} {_folded(column.aside)}")
                if column.aside and name == "impedance"
                else None
            )
            if match:
                label = (match.groupdict().get("label") or column.aside or "").strip(" _.()[]:")
                found[meaning].append(_Column(index, title, inner, bool(signed), bool(logarithm), label))
                if meaning not in ("time", "temperature") or name != "t":
                    break
    if any(split_header(c.title).unit in ("s", "h", "min") for c in found["temperature"]):
        found["temperature"] = [
            c for c in found["temperature"] if split_header(c.title).unit not in ("s", "h", "min")
        ]
    return found


def sweeps_of(table: Delimited) -> tuple[Sweep, ...]:
    """Every impedance measurement that the columns of a table hold.

    Raises
    ------
    DataError
        If columns are missing or could be two things, or a unit is not known; the text names them.
    """
    if not table.named:
        return (_nameless(table),)
    found = _meanings(table)
    try:
        return _named(table, found)
    except InputError as error:
        raise DataError(f"{table.path}: {error}") from error


def _nameless(table: Delimited) -> Sweep:
    """Three columns without names, in the usual order; anything else is refused."""
    columns = table.columns
    if table.misfit:
        raise DataError(
            f"{table.path}: the line {table.misfit[:80]!r} reads like names but does not fit the "
            f"{columns.shape[1]} "
            "columns of the table; give every column one name"
        )
    if columns.shape[1] < 3:
        raise DataError(f"{table.path}: {columns.shape[1]} columns; impedance needs frequency, Z' and Z''")
    frequency = columns[:, 0]
    steps = np.diff(frequency)
    counting = steps.size > 1 and np.allclose(steps, steps[0]) and abs(steps[0]) == 1
    if len(columns) > LONGEST or columns.shape[1] > 3 or counting:
        what = (
            "a first column that only counts"
            if counting
            else f"{len(columns)} rows of {columns.shape[1]} columns"
        )
        raise DataError(
            f"{table.path}: {what} without a header: no impedance spectrum that can be told; name the "
            f"columns "
            "frequency, Z' and Z''"
        )
    imaginary, note = _turned(columns[:, 2], stated=False)
    names = ("frequency", "Z'", "Z''")
    taken = tuple(
        Taken(n, f"column {i + 1}", u, note if i == 2 else "")
        for i, (n, u) in enumerate(zip(names, ("Hz", "ohm", "ohm"), strict=True))
    )
    account = Account(
        str(table.path), _kind(table), taken, left_out=table.bad_rows,
        doubtful=("no header: columns read as frequency in Hz, Z' and Z'' in ohm",),
    )  # fmt: skip
    return Sweep(frequency, columns[:, 1] + 1j * imaginary, account)


def _kind(table: Delimited) -> str:
    """Format in words."""
    marks = {"\t": "tabs", ";": "semicolons", ",": "commas"}
    sheet = f"sheet {table.sheet!r}, " if table.sheet else ""
    return f"a table ({sheet}{marks.get(table.delimiter, table.delimiter)}, decimal {table.decimal!r})"


def _turned(imaginary: Array, *, stated: bool) -> tuple[Array, str]:
    """Z'' negative for a capacitor: a column that states no sign and is mostly positive is turned."""
    seen = imaginary[np.isfinite(imaginary)]
    if not stated and seen.size and np.mean(seen > 0) > 0.8:
        return -imaginary, "mostly positive: read as -Z''"
    return imaginary, ""


def _values(table: Delimited, column: _Column, target: str, *, bare: str) -> tuple[Array, str, str, str]:
    """Values in `target`, the unit as read, what was done, and the normalisation."""
    per = ("1/m2",) if target == "ohm" else ()
    scale, unit, note = column_scale(column.inner, target, per=per, bare=bare)
    values = table.columns[:, column.index]
    notes = [note] if note else []
    if column.logarithm:
        values = 10.0**values
        notes.append("10 to the power of it")
    values = values * scale.factor
    if column.minus:
        values = -values
        notes.append("the name has a minus: turned")
    return values, unit, "; ".join(notes), scale.per


def _named(table: Delimited, found: dict[str, list[_Column]]) -> tuple[Sweep, ...]:
    """Sweeps of a table with names."""
    frequency = found["frequency"] or found["omega"]
    if not frequency:
        raise InputError(f"no column for the frequency among: {', '.join(table.names)}")
    real, imaginary = (_plain_ohms(table, found[k]) for k in ("real", "imaginary"))
    if real and imaginary:
        if len(real) != len(imaginary) or len(frequency) not in (1, len(real)):
            raise InputError(
                f"{len(frequency)} columns could be the frequency, {len(real)} Z' ({_titles(real)}) and "
                f"{len(imaginary)} Z'' ({_titles(imaginary)}); keep one of each, or as many of each"
            )
        several = len(real) > 1
        return tuple(
            _cartesian(table, found, frequency[i % len(frequency)], re_, im_, several)
            for i, (re_, im_) in enumerate(zip(real, imaginary, strict=True))
        )
    modulus, phase = found["modulus"], found["phase"]
    if len(modulus) == 1 and len(phase) == 1 and len(frequency) == 1:
        return (_polar(table, found, frequency[0], modulus[0], phase[0]),)
    if len(modulus) > 1 or len(phase) > 1:
        raise InputError(
            f"several columns could be |Z| or the phase: {_titles([*modulus, *phase])}; keep one of each"
        )
    raise InputError(f"no columns for frequency, Z' and Z'' among: {', '.join(table.names)}")


def _titles(columns: list[_Column]) -> str:
    return ", ".join(repr(c.title) for c in columns) or "none"


def _plain_ohms(table: Delimited, columns: list[_Column]) -> list[_Column]:
    """Columns that are not copies of one before them, nor the same per area beside a plain one."""
    kept: list[_Column] = []
    for column in columns:
        mine = table.columns[:, column.index]
        if any(np.allclose(mine, table.columns[:, k.index], equal_nan=True) for k in kept):
            continue
        kept.append(column)
    plain = [c for c in kept if not column_scale(c.inner, "ohm", per=("1/m2",), bare="ohm")[0].per]
    return plain or kept


def _base(table: Delimited, found: dict[str, list[_Column]], at: _Column) -> tuple[Array, list[Taken]]:
    """Frequency in Hz."""
    bare = "rad/s" if found["omega"] and not found["frequency"] else "Hz"
    frequency, unit, note, _ = _values(table, at, "Hz", bare=bare)
    return frequency, [Taken("frequency", at.title, unit, note)]


def _cartesian(
    table: Delimited,
    found: dict[str, list[_Column]],
    at: _Column,
    real: _Column,
    imaginary: _Column,
    several: bool,
) -> Sweep:
    """From Z' and Z''; |Z| and phase beside them are the second witness."""
    frequency, taken = _base(table, found, at)
    re_values, re_unit, re_note, re_per = _values(table, real, "ohm", bare="ohm")
    im_values, im_unit, im_note, im_per = _values(table, imaginary, "ohm", bare="ohm")
    if re_per != im_per:
        raise InputError(f"{real.title!r} and {imaginary.title!r}: one is per area, the other is not")
    im_values, turned = _turned(im_values, stated=imaginary.minus)
    taken.append(Taken("Z'", real.title, re_unit, re_note))
    taken.append(Taken("Z''", imaginary.title, im_unit, "; ".join(filter(None, (im_note, turned)))))
    impedance = re_values + 1j * im_values
    witnesses = () if several else _witness(table, found, impedance)
    label = imaginary.label or real.label if several else ""
    return _sweep(table, found, frequency, impedance, taken, bool(re_per), label, witnesses)


def _polar(
    table: Delimited, found: dict[str, list[_Column]], at: _Column, modulus: _Column, phase: _Column
) -> Sweep:
    """From |Z| and phase."""
    frequency, taken = _base(table, found, at)
    size, unit, note, per = _values(table, modulus, "ohm", bare="ohm")
    angle, angle_unit, angle_note = _angle(table, phase)
    angle, turned = _turned(angle, stated=phase.minus)
    turned = turned.replace("Z''", "phase")
    taken += [
        Taken("|Z|", modulus.title, unit, note),
        Taken("phase", phase.title, angle_unit, "; ".join(filter(None, (angle_note, turned)))),
    ]
    return _sweep(table, found, frequency, size * np.exp(1j * angle), taken, bool(per), "", ())


def _angle(table: Delimited, phase: _Column) -> tuple[Array, str, str]:
    """Phase in rad; without a unit degrees, unless no value tells."""
    raw = table.columns[:, phase.index]
    largest = float(np.nanmax(np.abs(raw), initial=0.0))
    if split_header(phase.inner).unit is None and largest < 2:
        raise InputError(
            f"the phase {phase.title!r} states no unit and stays within ±{largest:.2g}: degrees or "
            f"radians? write it "
            "into the name, 'Phase (deg)'"
        )
    values, unit, note, _ = _values(table, phase, "rad", bare="deg")
    return values, unit, note


def _witness(table: Delimited, found: dict[str, list[_Column]], impedance: Array) -> tuple[Witness, ...]:
    """|Z| beside Z' and Z'': do they say the same?"""
    if len(found["modulus"]) != 1:
        return ()
    title = found["modulus"][0].title
    try:
        size, _, _, per = _values(table, found["modulus"][0], "ohm", bare="ohm")
    except InputError:
        return ()
    good = np.isfinite(size) & np.isfinite(impedance) & (size > 0)
    if per or good.sum() < 3:
        return ()
    ratio = float(np.median(np.abs(impedance[good]) / size[good]))
    if abs(ratio - 1) < 0.02:
        return (Witness("|Z|", "agrees", f"{title!r} agrees with Z' and Z''"),)
    text = (
        f"|Z| in {title!r} and |Z| of the columns taken differ by a factor of {ratio:.3g}; check their units"
    )
    return (Witness("|Z|", "disagrees", text),)


def _sweep(
    table: Delimited,
    found: dict[str, list[_Column]],
    frequency: Array,
    impedance: Array,
    taken: list[Taken],
    per_area: bool,
    label: str,
    witnesses: tuple[Witness, ...],
) -> Sweep:
    """A sweep with time, temperature and the columns that tell measurements apart."""
    time, temperature = (
        _optional(table, found["time"], "s", taken),
        _optional(table, found["temperature"], "K", taken),
    )
    used = {t.column for t in taken}
    marks = tuple(table.columns[:, c.index] for c in found["mark"])
    taken += [Taken("one measurement or another", c.title) for c in found["mark"]]
    account = Account(
        str(table.path) + (f" [{label}]" if label else ""),
        _kind(table),
        tuple(taken),
        left_out=table.bad_rows,
        ignored=tuple(n for n in table.names if n not in used and n),
        witnesses=witnesses,
    )
    if not np.any(frequency > 0):
        raise InputError(
            f"the column read as frequency has no positive numbers; columns: {', '.join(table.names)}"
        )
    return Sweep(frequency, impedance, account, per_area, marks, time, temperature, label)


def _optional(table: Delimited, columns: list[_Column], target: str, taken: list[Taken]) -> Array | None:
    """Time or temperature, where exactly one column says it with a unit."""
    if len(columns) != 1:
        return None
    values = table.columns[:, columns[0].index]
    if not np.isfinite(values).any():
        return None
    if columns[0].index in table.clocks:
        taken.append(Taken("time", columns[0].title, "hh:mm:ss"))
        return values
    try:
        scale, unit, _ = column_scale(columns[0].title, target)
    except InputError:
        return None
    taken.append(Taken({"s": "time", "K": "temperature"}[target], columns[0].title, unit))
    return np.asarray(values * scale.factor + scale.offset)

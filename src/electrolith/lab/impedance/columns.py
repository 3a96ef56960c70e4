"""Columns of an impedance table: frequency, Z' and Z'' or |Z| and phase, each with its unit and its sign."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from electrolith.core.account import Account, Taken, Witness
from electrolith.core.delimited import Delimited
from electrolith.core.errors import DataError, InputError
from electrolith.core.header_units import column_scale, split_header
from electrolith.lab.impedance.nameless import nameless
from electrolith.lab.impedance.spectrum import GivenAs
from electrolith.lab.impedance.sweep import Sweep, kind_of, turned

Array = np.ndarray
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
    "admittance real": re.compile(
        r"^(y\w{0,2}'(?!')|σ'(?!')|re(al)? ?\(?y\w*\)?|y ?\(?re(al)?\)?|g|conductance|"
        r"admittance (real|re)( part)?|real (part|component)? ?of (y|admittance))" + _LABEL
    ),
    "admittance imaginary": re.compile(
        r"^(y\w{0,2}''|σ''|im(ag\w*)? ?\(?y\w*\)?|y ?\(?im(ag\w*)?\)?|b|susceptance|"
        r"admittance (imag\w*|im)( part)?|imag\w* (part|component)? ?of (y|admittance))" + _LABEL
    ),
    "admittance modulus": re.compile(r"^(\|y\w*\|?|abs ?\(?y\)?|y|admittance)" + _LABEL),
    "modulus": re.compile(
        r"^(\|z\w*\|?|z|z ?mod\w*|mod(ulus)?( of z)?|abs ?\(?z\)?|z ?abs|.*magnitude.*|mag "
        r"?\(?z?\)?|impedance)" + _LABEL
    ),
    "phase": re.compile(r"^(.*phase.*|z?phz|z?theta|θ|φ|ϕ|phi|arg ?\(?z\)?)$"),
    "temperature": re.compile(r"^(t|temp\w*\.?|.*temperature.*)$"),
    "time": re.compile(r"^(t|(elapsed|test|total)? ?time( .*)?)$"),
    "mark": re.compile(r"^(cycle|scan|run|loop|sweep|spectrum|measurement|sample|segment|repeat)\b.*"),
}
_GIVEN_AS: dict[str, GivenAs] = {
    "": "impedance", "1/m2": "area-specific", "1/m": "resistivity", "m2": "area-specific", "m": "resistivity",
}  # fmt: skip
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
        return (nameless(table),)
    found = _meanings(table)
    try:
        return _named(table, found)
    except InputError as error:
        raise DataError(f"{table.path}: {error}") from error


def _values(table: Delimited, column: _Column, target: str, *, bare: str) -> tuple[Array, str, str, str]:
    """Values in `target`, the unit as read, what was done, and the normalisation."""
    per = {"ohm": ("1/m2", "1/m"), "S": ("m2", "m")}.get(target, ())
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
    if found["admittance real"] or found["admittance modulus"]:
        return (_admittance(table, found, frequency[0]),)
    modulus, phase = found["modulus"], found["phase"]
    if len(modulus) == 1 and len(phase) == 1 and len(frequency) == 1:
        return (_polar(table, found, frequency[0], modulus[0], phase[0]),)
    if len(modulus) > 1 or len(phase) > 1:
        raise InputError(
            f"several columns could be |Z| or the phase: {_titles([*modulus, *phase])}; keep one of each"
        )
    raise InputError(f"no columns for frequency, Z' and Z'' among: {', '.join(table.names)}")


def _admittance(table: Delimited, found: dict[str, list[_Column]], at: _Column) -> Sweep:
    """From Y' and Y'', or |Y| and its phase, in S, S/cm2 or S/cm: Z = 1/Y."""
    parts = [found["admittance real"], found["admittance imaginary"]]
    polar = not (parts[0] and parts[1])
    if polar:
        parts = [found["admittance modulus"], found["phase"]]
    if [len(p) for p in parts] != [1, 1]:
        raise InputError(
            f"an admittance needs one column of each part, found {_titles([*parts[0], *parts[1]])}; columns: "
            f"{', '.join(table.names)}"
        )
    frequency, taken = _base(table, found, at)
    one, two = parts[0][0], parts[1][0]
    first, unit, note, per = _values(table, one, "S", bare="S")
    if polar:
        second, second_unit, second_note = _angle(table, two)
        names = ("|Y|", "phase of Y")
    else:
        second, second_unit, second_note, other = _values(table, two, "S", bare="S")
        names = ("Y'", "Y''")
        if other != per:
            raise InputError(f"{one.title!r} and {two.title!r}: the two have different normalisations")
    seen = second[np.isfinite(second)]
    if not two.minus and seen.size and np.mean(seen < 0) > 0.8:
        second = -second
        second_note = "; ".join(
            filter(None, (second_note, "mostly negative: turned, as a capacitor has it above"))
        )
    taken += [Taken(names[0], one.title, unit, note), Taken(names[1], two.title, second_unit, second_note)]
    admittance = first * np.exp(1j * second) if polar else first + 1j * second
    with np.errstate(divide="ignore", invalid="ignore"):
        impedance = 1.0 / admittance
    return _sweep(table, found, frequency, impedance, taken, _GIVEN_AS[per], "", ())


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
    plain = [c for c in kept if not column_scale(c.inner, "ohm", per=("1/m2", "1/m"), bare="ohm")[0].per]
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
        raise InputError(f"{real.title!r} and {imaginary.title!r}: the two have different normalisations")
    im_values, way = turned(im_values, stated=imaginary.minus)
    taken.append(Taken("Z'", real.title, re_unit, re_note))
    taken.append(Taken("Z''", imaginary.title, im_unit, "; ".join(filter(None, (im_note, way)))))
    impedance = re_values + 1j * im_values
    witnesses = () if several else _witness(table, found, impedance)
    label = imaginary.label or real.label if several else ""
    return _sweep(table, found, frequency, impedance, taken, _GIVEN_AS[re_per], label, witnesses)


def _polar(
    table: Delimited, found: dict[str, list[_Column]], at: _Column, modulus: _Column, phase: _Column
) -> Sweep:
    """From |Z| and phase."""
    frequency, taken = _base(table, found, at)
    size, unit, note, per = _values(table, modulus, "ohm", bare="ohm")
    angle, angle_unit, angle_note = _angle(table, phase)
    angle, way = turned(angle, stated=phase.minus)
    way = way.replace("Z''", "phase")
    taken += [
        Taken("|Z|", modulus.title, unit, note),
        Taken("phase", phase.title, angle_unit, "; ".join(filter(None, (angle_note, way)))),
    ]
    return _sweep(table, found, frequency, size * np.exp(1j * angle), taken, _GIVEN_AS[per], "", ())


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
    given_as: GivenAs,
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
        kind_of(table),
        tuple(taken),
        left_out=table.bad_rows,
        ignored=tuple(n for n in table.names if n not in used and n),
        witnesses=witnesses,
    )
    if not np.any(frequency > 0):
        raise InputError(
            f"the column read as frequency has no positive numbers; columns: {', '.join(table.names)}"
        )
    return Sweep(frequency, impedance, account, given_as, marks, time, temperature, label)


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

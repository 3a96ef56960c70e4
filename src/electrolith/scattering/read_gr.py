"""G(r) files: columns by their names, lengths in any unit, other functions of r or Q told apart from G(r)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from electrolith.core.account import Account, Taken
from electrolith.core.delimited import Delimited, read_text, tables_in
from electrolith.core.errors import DataError, InputError
from electrolith.core.header_units import column_scale, split_header
from electrolith.core.reading import reader

from .pdf_functions import function_of, g_of, refused_by_name
from .tables import Radiation

__all__ = ["PdfData", "read_gr", "stated_number", "stated_radiation"]

LEAST = 20  # points of a G(r)
# what the name of a column says of it, without blanks; upper and lower case of "G(r)" and "g(r)" differ
_DISTANCE = re.compile(r"^(r|x|dist\w*|radius|.*distance.*)$", re.IGNORECASE)
_ERROR = re.compile(
    r"^(d[_.]?g\w*|(d|s|σ|sig\w*|e|unc\w*)[_.( ]?(g\w*)?(\(r\))?\)?|dy|.*(esd|err|sigma|std).*)$",
    re.IGNORECASE,
)
_DISTANCE_ERROR = re.compile(r"^(d_?r|d_?x|sig_?r|err_?r)$", re.IGNORECASE)
_DERIVED = re.compile(r"calc|fit|model|simul|diff|resid|delta|obs-|theor|rmc|weight", re.IGNORECASE)
_MEASURED = re.compile(r"obs|exp|meas|data", re.IGNORECASE)
_START = re.compile(r"\s*#+\s*start data")


@dataclass(frozen=True, slots=True, eq=False)
class PdfData:
    """A measured G(r).

    r : Å, shape (n,). g : 1/Å², shape (n,). sigma : shape (n,), or nan where the file has none.
    q_max, q_min : 1/Å as stated in the file, else None. radiation : as stated, else None.
    account : what was taken for what; None where it did not come from a file.
    """

    r: np.ndarray
    g: np.ndarray
    sigma: np.ndarray
    q_max: float | None
    q_min: float | None
    radiation: Radiation | None
    source: str
    notes: tuple[str, ...] = ()
    account: Account | None = None


@reader("a G(r)")
def read_gr(path: Path | str) -> PdfData:
    """Read the G(r) of PDFgetN, PDFgetX2, PDFgetX3, Gudrun, diffpy, or of a table with or without names.

    Calculated and difference curves are left alone. g(r) and Keen's G(r) and D(r) become G(r) up to a factor
    that the scale takes, which is said; S(Q), F(Q), T(r) and radial distributions are refused in words.

    Raises
    ------
    DataError
        If no rising distances with G(r) are found, or the columns could be two things.
    """
    path = Path(path)
    text = read_text(path)
    lines = text.split("\n")
    start = max((i for i, line in enumerate(lines) if _START.match(line)), default=0)
    try:
        tables = tables_in(path, "\n".join(lines[start:]))
    except DataError as error:
        raise DataError(f"{path}: no table of numbers; a G(r) needs at least twenty rows") from error
    table = _only(path, tables)
    return _data(path, table, "\n".join(lines[:start] or table.header))


def _only(path: Path, tables: tuple[Delimited, ...]) -> Delimited:
    """The table of the file; two that could both be it are refused."""
    long = [t for t in tables if len(t.columns) >= LEAST and t.columns.shape[1] >= 2]
    if not long:
        most = max(len(t.columns) for t in tables)
        raise DataError(f"{path}: {most} rows of numbers; a G(r) needs at least twenty")
    largest = max(len(t.columns) for t in long)
    like = [t for t in long if len(t.columns) > largest / 2]
    if len(like) > 1:
        where = ", ".join(f"{len(t.columns)} rows from line {t.first_line}" for t in like)
        raise DataError(f"{path}: {len(like)} tables in one file ({where}); keep the wanted G(r) in its own")
    return like[0]


def _data(path: Path, table: Delimited, head: str) -> PdfData:
    """Columns, units and masked points of the table."""
    names = _names(table)
    if refused := refused_by_name(names, path.name):
        raise DataError(f"{path}: {refused}")
    distance, curve, error = _columns(path, table, names)
    r, r_unit, r_note = _lengths(path, table, names, distance)
    g, g_unit, g_note = _heights(path, table, names, curve, r_unit)
    sigma = np.full(len(r), np.nan)
    taken = [Taken("r", names[distance], r_unit, r_note), Taken("G", names[curve], g_unit, g_note)]
    left = list(table.bad_rows)
    if error is not None:
        sigma = table.columns[:, error] * _per(g, table.columns[:, curve])
        taken.append(Taken("standard deviation of G", names[error]))
    r, g, sigma = _kept(path, r, g, sigma, left)
    function = function_of(names[curve], path.name, head, r, g)
    if function.refused:
        raise DataError(f"{path}: {function.refused}")
    g, said = g_of(function, r, g)
    if said:
        taken[1] = replace(taken[1], note="; ".join(filter(None, (taken[1].note, said))))
        sigma = sigma * np.nan
    ignored = tuple(n for i, n in enumerate(names) if i not in (distance, curve, error))
    account = Account(
        str(path), "a G(r)", tuple(taken), len(r), tuple(left), ignored, doubtful=_doubts(r, g, r_note)
    )
    q_max, q_min, radiation = stated_number(head, "qmax"), stated_number(head, "qmin"), stated_radiation(head)
    notes = (
        f"q_max {q_max if q_max else 'not stated'} 1/Å, radiation {radiation or 'not stated'}",
        "standard deviations in the file"
        if np.isfinite(sigma).any()
        else "no standard deviations in the file",
        *account.notes,
        *account.doubtful,
    )
    return PdfData(r, g, sigma, q_max, q_min, radiation, path.name, notes, account)


def _names(table: Delimited) -> tuple[str, ...]:
    """Names of the columns; PDFgetN's four above a table that was cut to two are its first two."""
    if table.named:
        return table.names
    width = table.columns.shape[1]
    for line in reversed(table.header[-40:]):
        cells = line.removeprefix("#L").split() if line.startswith("#L") else []
        if len(cells) > width and cells[0].lower().startswith("r") and cells[1].startswith("G"):
            return tuple(cells[:width])
    return table.names


def _role(title: str) -> str:
    """What a column's name says of it: "r", "esd", "dr", "derived", "measured", or "" for nothing."""
    plain = re.sub(r"[\s\"'$]", "", split_header(title).name or title)
    if _DISTANCE.match(plain):
        return "r"
    if _DISTANCE_ERROR.match(plain):
        return "dr"
    if _DERIVED.search(plain):
        return "derived"
    if _ERROR.match(plain) and not _MEASURED.search(plain):
        return "esd"
    return "measured" if _MEASURED.search(plain) else ""


def _columns(path: Path, table: Delimited, names: tuple[str, ...]) -> tuple[int, int, int | None]:
    """Places of r, G and its standard deviation."""
    if not table.named and names == table.names:
        return _by_place(path, table)
    roles = [_role(n) for n in names]
    distance = roles.index("r") if "r" in roles else 0
    rest = [i for i in range(len(names)) if i != distance]
    curves = [i for i in rest if roles[i] == "measured"] or [i for i in rest if not roles[i]]
    derived = [names[i] for i in rest if roles[i] == "derived"]
    esd = next((i for i in rest if roles[i] == "esd"), None)
    if not curves and len(rest) == 1:
        curves = rest
    if not curves or roles[distance] not in ("r", ""):
        raise DataError(
            f"{path}: no measured G(r) among the columns {', '.join(names)}; name them r, G and dG"
        )
    if len(curves) > 1:
        raise DataError(
            f"{path}: several columns could be the measured G(r): {', '.join(names[i] for i in curves)}; "
            "name one of them Gobs, or keep one"
        )
    if any(re.search("diff|resid", n, re.IGNORECASE) for n in derived) and not (
        roles[curves[0]] == "measured" or any(re.search("calc|fit", n, re.IGNORECASE) for n in derived)
    ):
        raise DataError(
            f"{path}: columns {', '.join(names)} are of a fit: {names[curves[0]]!r} beside a difference may "
            "be the calculated curve (so PDFgui exports it); give the measured file, or name the column Gobs"
        )
    return distance, curves[0], esd


def _by_place(path: Path, table: Delimited) -> tuple[int, int, int | None]:
    """Columns without names: r and G, then dr and dG or dG alone; a third curve is refused."""
    columns = table.columns
    width = columns.shape[1]
    if table.misfit:
        raise DataError(
            f"{path}: the line {table.misfit[:80]!r} reads like names of columns and does not fit the "
            f"{width} of the table; mend it or take it out"
        )
    for other in range(2, width):
        both = np.isfinite(columns[:, 1]) & np.isfinite(columns[:, other])
        if both.sum() < LEAST or np.ptp(columns[both, other]) == 0 or np.ptp(columns[both, 1]) == 0:
            continue
        alike = float(np.corrcoef(columns[both, 1], columns[both, other])[0, 1])
        if alike > 0.6 and np.any(columns[both, other] < 0):
            raise DataError(
                f"{path}: columns 2 and {other + 1} without names look alike: which is the measured G(r), "
                "which a calculated one? name them (r Gobs Gcalc)"
            )
    place = {3: 2, 4: 3, 5: 3}.get(width)
    if place is None:
        return 0, 1, None
    esd = columns[:, place]
    fits = np.all(esd[np.isfinite(esd)] >= 0) and float(np.nanmedian(esd)) < float(
        np.nanmax(np.abs(columns[:, 1]))
    )
    return 0, 1, place if fits and np.any(esd > 0) else None


def _lengths(path: Path, table: Delimited, names: tuple[str, ...], at: int) -> tuple[np.ndarray, str, str]:
    """The distances in Å, their unit as read, what was assumed."""
    try:
        scale, unit, note = column_scale(names[at], "m", bare="Å")
    except InputError as error:
        raise DataError(f"{path}: {error}") from error
    return table.columns[:, at] * (scale.factor * 1e10), unit, note


def _heights(
    path: Path, table: Delimited, names: tuple[str, ...], at: int, length: str
) -> tuple[np.ndarray, str, str]:
    """G in 1/Å², in the unit of its own name or that of r."""
    values = table.columns[:, at]
    title = names[at]
    if split_header(title).unit is None:
        try:
            scale, _, _ = column_scale("r", "m", bare=length)
        except InputError:  # a length that is only known by the name of r
            return values, "", ""
        factor = (scale.factor * 1e10) ** -2
        return values * factor, f"1/{length}²", "" if factor == 1.0 else "in the unit of r"
    try:
        scale, unit, note = column_scale(title, "1/m2")
    except InputError:
        if split_header(title).unit in ("1", "-", "a.u."):
            return values, "", ""
        try:
            scale, unit, note = column_scale(title, "1/m")  # g times 1/r, as some write it
        except InputError as error:
            raise DataError(f"{path}: {error}") from error
        return values, unit, "the unit of another function than G(r): 1/Å² assumed"
    return values * (scale.factor * 1e-20), unit, note


def _per(scaled: np.ndarray, raw: np.ndarray) -> float:
    """Factor between two copies of a column."""
    use = np.isfinite(raw) & (raw != 0)
    return float(scaled[use][0] / raw[use][0]) if use.any() else 1.0


def _kept(
    path: Path, r: np.ndarray, g: np.ndarray, sigma: np.ndarray, left: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Finite points above r = 0 in rising order; those of standard deviation 0 are masked in the file."""
    good = np.isfinite(r) & np.isfinite(g)
    if not good.any():
        raise DataError(f"{path}: no finite G(r)")
    if bad := int((~good).sum()):
        left.append(f"{bad} points without a finite r or G left out")
    if np.all(sigma[good] == 0):
        sigma = np.full(len(r), np.nan)
        left.append("the standard deviations are all 0 and not used")
    masked = good & (sigma == 0)
    if masked.sum() > good.sum() / 2:
        raise DataError(f"{path}: {masked.sum()} of {good.sum()} points have a standard deviation of 0")
    if masked.any():
        left.append(f"{masked.sum()} points with zero standard deviation are masked and left out")
    if np.any(sigma[good] < 0):
        raise DataError(f"{path}: a standard deviation of G is {np.nanmin(sigma):g}; is it another column?")
    keep = good & ~masked & (r > 0)
    r, g, sigma = r[keep], g[keep], sigma[keep]
    if len(r) > 1 and np.all(np.diff(r) < 0):
        r, g, sigma = r[::-1], g[::-1], sigma[::-1]
        left.append("r falls: turned round")
    if len(r) < LEAST:
        raise DataError(f"{path}: {len(r)} usable points; a G(r) needs at least twenty")
    falls = np.flatnonzero(np.diff(r) <= 0)
    if len(falls) == 1 and falls[0] > LEAST:
        raise DataError(
            f"{path}: r goes from {r[falls[0]]:g} back to {r[falls[0] + 1]:g} at row {falls[0] + 2}: "
            "two curves in one file? keep one"
        )
    if falls.size or r[-1] > 1000:
        raise DataError(f"{path}: the first column does not rise evenly in Å ({r[0]:g} to {r[-1]:g})")
    return r, g, sigma


def _doubts(r: np.ndarray, g: np.ndarray, assumed: str) -> tuple[str, ...]:
    """Where an assumed Å would put neighbours closer than any are."""
    weight = np.cumsum(np.where(r > 0.1, g**2, 0.0))
    if not assumed or weight[-1] <= 0:
        return ()
    middle = float(r[np.searchsorted(weight, 0.5 * weight[-1])])
    if r[-1] > 10 or middle > 1.5:
        return ()
    return (
        f"half of what G shows lies below {middle:.2g} Å, closer than atoms come: is r in nm? "
        "name the column",
    )


def stated_number(text: str, name: str) -> float | None:
    """A number that a header states, `qmax = 24.0`, in 1/Å."""
    found = re.findall(
        rf"\b{name}\b[ \t]*(?:[(\[][^)\]]*[)\]])?[ \t]*[=:][ \t]*([-+.\dEe]+)[ \t]*(nm|1/nm)?",
        text,
        re.IGNORECASE,
    )
    for value, unit in reversed(found):
        try:
            number = float(value) * (0.1 if unit else 1.0)
        except ValueError:
            continue
        if number > 0:
            return number
    return None


def stated_radiation(text: str) -> Radiation | None:
    """What a header says of the radiation."""
    low = text.lower()
    if "mode = xray" in low or "get_xpdf" in low or "x-ray pdf" in low or "stype = x" in low:
        return "xray"
    neutron = ("mode = neutron", "stype = n", "machine=npdf", "vanadium", "gudrunn", "pdfgetn")
    return "neutron" if any(word in low for word in neutron) else None

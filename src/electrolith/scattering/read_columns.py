"""Patterns in text columns: columns by their names, else by what they are; FullProf's free format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from electrolith.core.delimited import Delimited
from electrolith.core.errors import DataError

from .data import UNITS, Abscissa, PowderData, check_pattern

__all__ = ["pattern_of_columns", "pattern_of_free_format"]

Ordinate = Literal["counts", "rate", "unknown"]

# what a column's name, in lower case without blanks and marks, says of it
ROLES: tuple[tuple[str, str], ...] = (
    ("residual", r"diff|resid|delta|obs-?calc|yobs-ycalc"),
    ("calculated", r"calc|fit$|^fit|model|bkg|back"),
    ("time", r"time(perstep)?$|countingtime|seconds|^t$|livetime"),
    ("weight", r"^w$|weight|^wt$"),
    ("sigma", r"esd|e\.s\.d|sigma|σ|err|std|uncert|^e$|^s$|^di$|^dy$|^sig"),
    ("two_theta", r"2-?_?th|two-?_?theta|tth|2θ|angle|^deg"),
    ("tof", r"tof|timeofflight|microsec"),
    ("q", r"^q|scatteringvector"),
    ("d", r"^d$|d-?_?spac|^d\(|^d\["),
    ("intensity", r"intens|y_?obs|i_?obs|obs|counts?|cps|^i$|^y$|^i\b|signal|^i[(\[]|^y[(\[]|det"),
    ("two_theta", r"^x$"),
)
NANO = re.compile(r"nm|nano", re.IGNORECASE)
ABSCISSAE = ("two_theta", "tof", "q", "d")
NEIGHBOURS = 0.4549  # median of χ² with one degree of freedom
FEW = 200  # points below which the scatter of neighbours says nothing


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """Columns as they are used, and how that was decided."""

    x: np.ndarray
    y: np.ndarray
    sigma: np.ndarray | None
    abscissa: Abscissa | None
    nano: bool
    words: str


def pattern_of_columns(
    table: Delimited, path: Path, abscissa: Abscissa | None, ordinate: Literal["counts", "rate"] | None
) -> PowderData:
    """Abscissa, intensity and standard deviation of a table.

    Raises
    ------
    DataError
        If the names do not say which columns these are, or the values cannot be a pattern.
    """
    columns = table.columns
    if columns.shape[1] < 2:
        raise DataError(
            f"{path}: one column of numbers; a pattern needs an abscissa and intensities (of formats "
            "with counts alone FullProf's free format and GSAS are read, powder CIF is not)"
        )
    text = " ".join((*table.header[-40:], *table.names)).lower()
    taken = _by_name(path, table) if table.named else _by_place(path, table)
    notes = [taken.words, *table.bad_rows]
    x, y, sigma = _cleaned(path, taken, notes)
    from_scatter = False
    if sigma is None:
        sigma, from_scatter = _deviations(path, y, ordinate or _ordinate(y, text), notes)
    check_pattern(x, y, sigma, str(path))
    if abscissa:
        kind, why = abscissa, "as given"
    elif taken.abscissa:
        kind, why = taken.abscissa, "by the column's name"
    else:
        kind, why = _abscissa(x, text, path)
    if kind == "q" and (taken.nano or _in_nanometres(text)):
        x, why = x / 10.0, why + ", 1/nm turned into 1/Å"
    _refuse_impossible(path, kind, abscissa, x, y)
    found: Ordinate = ordinate or _ordinate(y, text)
    wave = _wavelength(" ".join(table.header))
    notes = [f"abscissa {kind} in {UNITS[kind]} ({why})", f"intensity: {found}", *notes]
    if wave is None and kind == "two_theta":
        notes.append("no wavelength in the file: it must come with the instrument")
    if taken.sigma is not None and not from_scatter:
        source = "file"
    elif from_scatter:
        source = "scatter"
    else:
        source = "counts" if found == "counts" else "assumed counts"
    return PowderData(x, y, sigma, kind, found, source, wave, path.name, tuple(notes))


def _role(name: str) -> str | None:
    plain = re.sub(r"[\s\"']", "", name.lower())
    return next((role for role, pattern in ROLES if re.search(pattern, plain)), None)


def _by_name(path: Path, table: Delimited) -> _Taken:
    """Columns as the file names them."""
    roles = [_role(n) for n in table.names]
    places = [i for i, r in enumerate(roles) if r in ABSCISSAE]
    heights = [i for i, r in enumerate(roles) if r == "intensity"]
    x = places[0] if places else 0
    rest = [i for i in range(len(roles)) if i != x]
    if not heights and len(rest) == 1:
        heights = rest  # two columns: one is the other
    if not heights and roles[rest[0]] is None:
        heights = rest[:1]
    if not heights or (not places and roles[0] is not None):
        raise DataError(
            f"{path}: the columns are named {', '.join(table.names)}, and none is an observed intensity (or "
            "an abscissa): name them, as in '2theta intensity esd'"
        )
    y = next((i for i in heights if "obs" in table.names[i].lower()), heights[0])
    sigmas = [i for i, r in enumerate(roles) if r == "sigma"]
    weights = [i for i, r in enumerate(roles) if r == "weight"]
    sigma, how = None, "none"
    if sigmas:
        sigma, how = table.columns[:, sigmas[0]], table.names[sigmas[0]]
    elif weights:
        w = table.columns[:, weights[0]]
        sigma = np.where(w > 0, 1.0 / np.sqrt(np.where(w > 0, w, 1.0)), 0.0)
        how = f"1/sqrt of {table.names[weights[0]]}"
    unused = [
        n
        for i, n in enumerate(table.names)
        if i not in (x, y, *sigmas[:1], *(weights[:1] if not sigmas else []))
    ]
    words = f"columns: abscissa {table.names[x]!r}, intensity {table.names[y]!r}, standard deviation {how!r}"
    words += f"; not used: {', '.join(unused)}" if unused else ""
    kind = roles[x] if roles[x] in ABSCISSAE and table.names[x].strip().lower() != "x" else None
    return _Taken(
        table.columns[:, x],
        table.columns[:, y],
        sigma,
        kind,  # type: ignore[arg-type]
        bool(NANO.search(table.names[x])),
        words,
    )


def _by_place(path: Path, table: Delimited) -> _Taken:
    """Columns without names: the third is taken for standard deviations only if it behaves like them."""
    if table.misfit:
        raise DataError(
            f"{path}: the line {table.misfit[:80]!r} reads like names of columns and does not fit the "
            f"{table.columns.shape[1]} of the table; mend it or take it out"
        )
    x, y = table.columns[:, 0], table.columns[:, 1]
    if table.columns.shape[1] == 2:
        return _Taken(x, y, None, None, False, "columns without names: abscissa, intensity")
    third = table.columns[:, 2]
    slope = _slope(y, third)
    if slope is not None and not -0.25 < slope < 0.8:
        raise DataError(
            f"{path}: the third column grows as the intensity to the power {slope:.1f}, and standard "
            "deviations as its root: is it a calculated pattern or a weight? Name the columns "
            "('2theta intensity esd') or leave it out"
        )
    return _Taken(x, y, third, None, False, "columns without names: abscissa, intensity, standard deviation")


def _slope(y: np.ndarray, other: np.ndarray) -> float | None:
    """Power with which one positive column grows with another; None where the intensities hardly differ."""
    use = (y > 0) & (other > 0) & np.isfinite(y) & np.isfinite(other)
    if use.sum() < 50:
        return None
    one, two = np.log(y[use]), np.log(other[use])
    place = np.clip(((one - one.min()) / max(float(np.ptp(one)), 1e-9) * 8).astype(int), 0, 7)
    bins = [place == k for k in range(8) if np.sum(place == k) >= 3]  # few points lie on peaks
    low, high = (np.array([np.median(v[b]) for b in bins]) for v in (one, two))
    if len(bins) < 3 or np.ptp(low) < 1.0:
        return None
    return float(np.polyfit(low, high, 1)[0])


def _cleaned(path: Path, taken: _Taken, notes: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Rising abscissa; points of standard deviation 0 are masked in the file and left out."""
    x, y, sigma = taken.x, taken.y, taken.sigma
    if len(x) > 1 and np.all(np.diff(x) < 0):
        x, y, sigma = x[::-1], y[::-1], None if sigma is None else sigma[::-1]
        notes.append("the abscissa falls: turned round")
    if sigma is not None and np.all(sigma == 0):
        notes.append("the column of standard deviations is all 0 and not used")
        return x, y, None
    if sigma is not None and (masked := int(np.sum(sigma == 0))):
        if masked > len(sigma) / 2:
            raise DataError(f"{path}: {masked} of {len(sigma)} points have a standard deviation of 0")
        notes.append(f"{masked} points with zero standard deviation are masked and left out")
        keep = sigma != 0
        x, y, sigma = x[keep], y[keep], sigma[keep]
    return x, y, sigma


def _deviations(path: Path, y: np.ndarray, found: Ordinate, notes: list[str]) -> tuple[np.ndarray, bool]:
    """Standard deviations of a pattern without them: roots of counts, else from the scatter of neighbours."""
    if np.any(y < 0):
        bad = int(np.flatnonzero(y < 0)[0])
        raise DataError(
            f"{path}: intensity {y[bad]:g} at point {bad + 1} and no standard deviations; "
            "counts are not negative: give a third column"
        )
    scale = _noise_scale(y)
    if found != "unknown" or scale is None:
        notes.append("no standard deviations in the file: roots of the intensity, right only for counts")
        if found == "counts" and scale is not None and not 0.3 < scale < 3.0:
            notes.append(
                f"neighbours scatter by {scale:.2g} times the variance of counts: scaled or smoothed?"
            )
        return np.asarray(np.sqrt(np.maximum(y, 1.0))), False
    floor = float(np.quantile(y[y > 0], 0.01)) if np.any(y > 0) else 1.0
    notes.append(
        f"no standard deviations in the file, and the intensities are no counts: variance {scale:.3g} times "
        "the intensity, from the scatter of neighbouring points; χ² of about 1 then says nothing"
    )
    return np.asarray(np.sqrt(scale * np.maximum(y, floor))), True


def _noise_scale(y: np.ndarray) -> float | None:
    """Variance over intensity from second differences of neighbours: 1 for counts; None if untold."""
    if len(y) < FEW:
        return None
    second = y[2:] - 2 * y[1:-1] + y[:-2]
    level = (y[2:] + 4 * y[1:-1] + y[:-2]) / 6
    use = level > 0
    if use.sum() < FEW / 2:
        return None
    scale = float(np.median(second[use] ** 2 / (6 * level[use]))) / NEIGHBOURS
    return scale if scale > 0 else None


def _refuse_impossible(
    path: Path, kind: Abscissa, given: Abscissa | None, x: np.ndarray, y: np.ndarray
) -> None:
    if kind == "two_theta" and x[-1] > 180:
        if given is None or x[-1] > 18000:
            raise DataError(f"{path}: 2θ reaches {x[-1]:g}")
        raise DataError(
            f"{path}: 2θ reaches {x[-1]:g} degrees; is it in centidegrees (divide by 100) or time of flight?"
        )
    if np.mean(y < 0) > 0.2:
        raise DataError(
            f"{path}: {100 * np.mean(y < 0):.0f} % of the intensities are negative; a pattern whose "
            "background was subtracted cannot be weighted: give the pattern as measured"
        )


def _in_nanometres(text: str) -> bool:
    """Whether a header gives the scattering vector in 1/nm."""
    return bool(re.search(r"1/nm|nm\s*\^?\s*\(?-\s*1|nm⁻¹|inverse\s+nano|nano-?met\w+\^?-1", text))


def _abscissa(x: np.ndarray, text: str, path: Path) -> tuple[Abscissa, str]:
    """What the first column is: by what the header says, else by its range, else refused."""
    says: list[Abscissa] = []
    if re.search(r"theta|2θ|tth|2th|\bdeg", text):
        says.append("two_theta")
    if re.search(r"tof|microsec|µs|time-of-flight|time of flight", text):
        says.append("tof")
    if any(
        w in text for w in ("1/a", "a^-1", "å^-1", "1/å", "q(", "q [", "q_", "angstrom^-1")
    ) or _in_nanometres(text):
        says.append("q")
    if "d-spacing" in text or "d (a" in text or "d_spacing" in text:
        says.append("d")
    if len(says) == 1:
        return says[0], "stated in the header"
    if x[-1] > 500:
        if x[-1] <= 18000 and x[0] < 1500 and np.ptp(np.diff(x)) < 1e-6 * x[-1]:
            raise DataError(
                f"{path}: the abscissa runs from {x[0]:g} to {x[-1]:g} in equal steps; "
                "centidegrees or time of flight? say abscissa=two_theta after dividing by 100, or "
                "abscissa=tof"
            )
        return "tof", "values of thousands, so time of flight"
    if x[-1] > 40:
        return "two_theta", "range of degrees"
    raise DataError(
        f"{path}: the abscissa runs from {x[0]:g} to {x[-1]:g} and the file does not say what it is; give "
        "abscissa = two_theta, q (1/Å) or d (Å)"
    )


def _ordinate(y: np.ndarray, text: str) -> Ordinate:
    if "cps" in text or "counts/s" in text or "per second" in text:
        return "rate"
    if np.all(y == np.round(y)) or "counts" in text:
        return "counts"
    return "unknown"


def _wavelength(text: str) -> float | None:
    """A wavelength stated in a header, Å; pyFAI writes it in metres."""
    match = re.search(r"(?:wavelength|lambda)\D{0,20}?(\d\.\d{2,})(e-1[01])?", text, re.IGNORECASE)
    if match is None:
        return None
    value = float(match.group(1) + (match.group(2) or ""))
    return value * 1e10 if value < 1e-8 else value


def pattern_of_free_format(path: Path, text: str) -> PowderData | None:
    """FullProf's free format: start, step, end, then counts in lines of any length; None if it is none.

    The first line may carry words after its three numbers; further such lines above it are skipped.
    """
    lines = text.split("\n")
    for index, line in enumerate(lines[:10]):
        cells = line.replace(",", " ").split()[:3]
        try:
            start, step, end = map(float, cells)
        except ValueError:
            continue
        if not (0 < step < end - start):
            continue
        rest = " ".join(lines[index + 1 :]).split()
        count = round((end - start) / step) + 1
        if len(rest) < count or len(rest) > count + 20 or len(lines[index + 1].split()) < 4:
            continue
        try:
            y = np.array(rest[:count], dtype=float)
        except ValueError:
            continue
        notes = [f"FullProf's free format: {start:g} to {end:g} by {step:g}", "intensity: counts"]
        sigma, _ = _deviations(path, y, "counts", notes)
        return PowderData(
            start + step * np.arange(count),
            y,
            sigma,
            "two_theta",
            "counts",
            "counts",
            None,
            path.name,
            tuple(notes),
        )
    return None

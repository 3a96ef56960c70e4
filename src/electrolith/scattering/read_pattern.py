"""Any powder pattern file: the content decides, the ending does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from electrolith.core.delimited import Delimited, read_delimited
from electrolith.core.errors import DataError, InputError, nearest
from electrolith.core.reading import reader

from .data import UNITS, Abscissa, PowderData, check_pattern
from .read_bruker import read_brml, read_bruker_raw
from .read_gsas import is_gsas, read_gsas
from .read_vendor import read_ras, read_xrdml

__all__ = ["convert", "read_pattern", "restated"]

_MOST_BYTES = 500_000_000


@reader("a powder pattern")
def read_pattern(
    path: Path | str,
    *,
    abscissa: Abscissa | None = None,
    ordinate: Literal["counts", "rate"] | None = None,
    bank: int | None = None,
) -> PowderData:
    """Read a powder pattern: .xy .xye .dat .csv .gsa .fxye .xrdml .brml .ras, Bruker RAW1.01.

    Parameters
    ----------
    abscissa : what the first column is, where the file does not say; degrees 2θ, µs, 1/Å or Å.
    ordinate : counts or rate, where the file does not say. bank : number in a file with several.

    Raises
    ------
    DataError
        If the file is missing, too large, of no known kind, or holds values that cannot be a pattern;
        also when the abscissa is not stated and its values fit more than one kind.
    """
    path = Path(path)
    if abscissa is not None and abscissa not in UNITS:
        raise InputError(nearest("abscissa", abscissa, UNITS))
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise DataError(
            f"{path}: {size / 1e9:.2g} GB; a powder pattern is at most {_MOST_BYTES / 1e6:.0f} MB"
        )
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(b"RAW1.01"):
        return read_bruker_raw(path)
    if head[:4] in (b"RAW ", b"RAW2", b"RAW4", b"FI"):
        raise DataError(
            f"{path}: Bruker {head[:7].decode('latin-1').strip()} is not read; only RAW1.01 is; export .xy"
        )
    if head.startswith(b"PK"):
        return read_brml(path)
    if b"<xrdMeasurement" in head or b"xrdml" in head.lower():
        return read_xrdml(path)
    if head.lstrip().startswith(b"*RAS"):
        return read_ras(path)
    if is_gsas(head):
        return read_gsas(path, bank=bank, abscissa=abscissa)
    return _columns(read_delimited(path, comments="#%!;*'"), path, abscissa, ordinate)


def _columns(
    table: Delimited, path: Path, abscissa: Abscissa | None, ordinate: Literal["counts", "rate"] | None
) -> PowderData:
    """Two or three columns: abscissa, intensity, standard deviation."""
    columns = table.columns
    if columns.shape[1] < 2:
        raise DataError(f"{path}: one column of numbers; a pattern needs an abscissa and intensities")
    text = " ".join((*table.header[-40:], *table.names)).lower()
    x, y = columns[:, 0], columns[:, 1]
    third = columns.shape[1] > 2
    sigma = columns[:, 2] if third else _poisson(y, path)
    check_pattern(x, y, sigma, str(path))
    kind, why = (abscissa, "as given") if abscissa else _abscissa(x, text, path)
    if kind == "two_theta" and x[-1] > 180:
        if abscissa is None or x[-1] > 18000:
            raise DataError(f"{path}: 2θ reaches {x[-1]:g}")
        raise DataError(
            f"{path}: 2θ reaches {x[-1]:g} degrees; is it in centidegrees (divide by 100) or time of flight?"
        )
    if np.mean(y < 0) > 0.2:
        raise DataError(
            f"{path}: {100 * np.mean(y < 0):.0f} % of the intensities are negative; a "
            "pattern whose background "
            "was subtracted cannot be weighted: give the pattern as measured"
        )
    found: Literal["counts", "rate", "unknown"] = ordinate or _ordinate(y, text)
    notes = [f"abscissa {kind} in {UNITS[kind]} ({why})", f"intensity: {found}"]
    if not third:
        notes.append("no standard deviations in the file: roots of the intensity, right only for counts")
    wave = _wavelength(" ".join(table.header))
    if wave is None and kind == "two_theta":
        notes.append("no wavelength in the file: it must come with the instrument")
    source = "file" if third else "counts" if found == "counts" else "assumed counts"
    return PowderData(x, y, sigma, kind, found, source, wave, path.name, tuple(notes))


def _poisson(y: np.ndarray, path: Path) -> np.ndarray:
    if np.any(y < 0):
        bad = int(np.flatnonzero(y < 0)[0])
        raise DataError(
            f"{path}: intensity {y[bad]:g} at point {bad + 1} and no standard deviations; "
            "counts are not negative: "
            "give a third column"
        )
    return np.asarray(np.sqrt(np.maximum(y, 1.0)))


def _abscissa(x: np.ndarray, text: str, path: Path) -> tuple[Abscissa, str]:
    """What the first column is: by what the header says, else by its range, else refused."""
    says: list[Abscissa] = []
    if "theta" in text or "2θ" in text or "tth" in text or "deg" in text:
        says.append("two_theta")
    if (
        "tof" in text
        or "microsec" in text
        or "µs" in text
        or "time-of-flight" in text
        or "time of flight" in text
    ):
        says.append("tof")
    if any(w in text for w in ("1/a", "a^-1", "å^-1", "1/å", "q(", "q [", "q_", "angstrom^-1", "1/nm")):
        says.append("q")
    if "d-spacing" in text or "d (a" in text or "d_spacing" in text:
        says.append("d")
    if len(says) == 1:
        return says[0], "stated in the header"
    if x[-1] > 500:
        if x[-1] <= 18000 and x[0] < 1500 and np.ptp(np.diff(x)) < 1e-6 * x[-1]:
            raise DataError(
                f"{path}: the abscissa runs from {x[0]:g} to {x[-1]:g} in equal steps; "
                "centidegrees or time of "
                "flight? say abscissa=two_theta after dividing by 100, or abscissa=tof"
            )
        return "tof", "values of thousands, so time of flight"
    if x[-1] > 40:
        return "two_theta", "range of degrees"
    raise DataError(
        f"{path}: the abscissa runs from {x[0]:g} to {x[-1]:g} and the file does not say what it is; give "
        "abscissa = two_theta, q (1/Å) or d (Å)"
    )


def _ordinate(y: np.ndarray, text: str) -> Literal["counts", "rate", "unknown"]:
    if "cps" in text or "counts/s" in text or "per second" in text:
        return "rate"
    if np.all(y == np.round(y)) or "counts" in text:
        return "counts"
    return "unknown"


def _wavelength(text: str) -> float | None:
    """A wavelength stated in a header, Å."""
    import re

    match = re.search(r"(?:wavelength|lambda)\D{0,20}?(\d\.\d{2,})", text, re.IGNORECASE)
    return float(match.group(1)) if match else None


def convert(data: PowderData, to: Abscissa, *, wavelength: float | None = None) -> PowderData:
    """The pattern on another abscissa: Q = 4π sin θ/λ, d = 2π/Q; intensities unchanged, points
    reversed if needed.

    Raises
    ------
    InputError
        If a wavelength is needed and not given, or time of flight is involved, which needs a calibration.
    """
    if to == data.abscissa:
        return data
    if "tof" in (to, data.abscissa):
        raise InputError(
            "time of flight becomes d only through an instrument calibration; give the instrument file"
        )
    if "two_theta" in (to, data.abscissa) and wavelength is None:
        raise InputError(f"from {data.abscissa} to {to} needs the wavelength in Å; it is never assumed")
    q = {
        "two_theta": lambda x: 4 * np.pi * np.sin(np.radians(x / 2)) / (wavelength or 1.0),
        "q": lambda x: x,
        "d": lambda x: 2 * np.pi / x,
    }[data.abscissa](data.x)
    if to == "two_theta":
        sine = q * (wavelength or 1.0) / 4 / np.pi
        if np.any(sine >= 1):
            raise InputError(
                f"Q reaches {q.max():.3g} 1/Å, beyond 4π/λ = {4 * np.pi / (wavelength or 1.0):.3g}"
            )
        x = np.degrees(2 * np.arcsin(sine))
    else:
        x = q if to == "q" else 2 * np.pi / q
    order = np.argsort(x)
    return replace(
        data,
        x=x[order],
        intensity=data.intensity[order],
        sigma=data.sigma[order],
        abscissa=to,
        wavelength=wavelength or data.wavelength,
        notes=(*data.notes, f"converted from {data.abscissa} to {to}"),
    )


def restated(data: PowderData, *, seconds_per_step: float) -> PowderData:
    """A rate turned to counts, so that the roots are standard deviations."""
    if data.ordinate != "rate":
        raise InputError(f"{data.source}: the intensities are {data.ordinate}, not a rate")
    if not seconds_per_step > 0:
        raise InputError(f"seconds per step must be positive, got {seconds_per_step}")
    y = data.intensity * seconds_per_step
    return replace(
        data, intensity=y, sigma=np.sqrt(np.maximum(y, 1.0)), ordinate="counts", sigma_from="counts"
    )

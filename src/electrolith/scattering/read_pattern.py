"""Any powder pattern file: the content decides, the ending does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from electrolith.core.delimited import read_delimited, read_text
from electrolith.core.errors import DataError, InputError, nearest
from electrolith.core.reading import reader

from .data import UNITS, Abscissa, PowderData
from .read_bruker import read_brml, read_bruker_raw
from .read_columns import pattern_of_columns, pattern_of_free_format
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
    if (free := pattern_of_free_format(path, read_text(path))) is not None:
        return free
    return pattern_of_columns(read_delimited(path, comments="#%!;*'"), path, abscissa, ordinate)


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

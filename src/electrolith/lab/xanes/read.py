"""X-ray absorption spectra from beamline and analysis files: XDI, Athena columns, headers of all kinds."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from electrolith.core.delimited import Delimited, read_delimited
from electrolith.core.errors import DataError, InputError, nearest
from electrolith.core.reading import reader

__all__ = ["Columns", "Mode", "Spectrum", "read_spectrum", "start_time"]

Mode = Literal["auto", "mu", "transmission", "fluorescence"]

_ENERGY = ("energy", "e", "ev", "energy_ev", "mono", "shifted energy", "enc", "energy (ev)", "mono_energy")
_MU = ("mu", "xmu", "mutrans", "mufluor", "mu_trans", "mu_fluor", "norm", "normalized", "normalised", "flat",
       "absorption", "absorbance", "munorm", "mux", "xanes")  # fmt: skip
_INCIDENT = ("i0", "io", "i_0", "monitor", "mon", "ion0", "ic0")
_TRANSMITTED = ("itrans", "it", "i1", "itr", "trans", "i_t", "ic1")
_FLUORESCENCE = ("ifluor", "if", "iff", "fluor", "fluorescence", "tfy", "pfy", "ify", "sdd", "i_f")
_STAMP = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns to use, by name or by number from 1; empty: found by name."""

    energy: str = ""
    mu: str = ""
    incident: str = ""
    signal: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Absorption against photon energy.

    energy : eV, ascending, shape (n,).
    mu : absorption in any unit, shape (n,).
    mode : how µ was measured: "mu" (as the file has it), "transmission" or "fluorescence".
    start : start of the measurement, seconds since 1970 in the instrument's own clock; nan where not stated.
    """

    energy: np.ndarray
    mu: np.ndarray
    name: str
    mode: str = "mu"
    start: float = float("nan")
    source: str = ""

    def __post_init__(self) -> None:
        e, m = np.asarray(self.energy, float), np.asarray(self.mu, float)
        where = self.source or self.name
        if e.shape != m.shape or e.ndim != 1:
            raise DataError(f"{where}: {e.size} energies for {m.size} values of mu")
        keep = np.isfinite(e) & np.isfinite(m)
        e, m = e[keep], m[keep]
        order = np.argsort(e, kind="stable")
        e, m = e[order], m[order]
        first = (
            np.concatenate([[True], np.diff(e) > 5e-4]) if e.size else np.zeros(0, bool)
        )  # repeated points
        e, m = e[first], m[first]
        if e.size < 10:
            raise DataError(f"{where}: {e.size} usable points; a spectrum needs at least 10")
        if e[-1] < 150 and e[0] > 0:
            raise DataError(
                f"{where}: energies from {e[0]:g} to {e[-1]:g} look like keV; expected eV "
                "(give energy_unit: keV)"
            )
        object.__setattr__(self, "energy", e)
        object.__setattr__(self, "mu", m)


def start_time(text: str) -> float:
    """Seconds since 1970 of the first ISO time stamp in a text; nan if there is none."""
    found = _STAMP.search(text)
    if not found:
        return float("nan")
    year, month, day, hour, minute = (int(g) for g in found.groups()[:5])
    stamp = dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)
    return stamp.timestamp() + float(found.group(6))


def _names(table: Delimited) -> list[str]:
    """Column names, from XDI's Column.n lines where there are any."""
    names = [n.lower() for n in table.names]
    for line in table.header:
        found = re.match(r"#\s*column\.(\d+):\s*(\S+)", line, re.IGNORECASE)
        if found and 1 <= int(found.group(1)) <= len(names):
            names[int(found.group(1)) - 1] = found.group(2).lower()
    return names


def _find(names: list[str], wanted: tuple[str, ...]) -> int | None:
    """Index of the first name that is one of `wanted`, in their order."""
    bare = [re.sub(r"^[<\[\"']+|[>\]\"']+$", "", n) for n in names]
    for want in wanted:
        if want in bare:
            return bare.index(want)
    for want in wanted:  # xmu(trans), energy[ev], mu_1
        for index, name in enumerate(bare):
            if len(want) > 1 and re.match(rf"{re.escape(want)}[^a-z0-9]", name):
                return index
    return None


def _chosen(names: list[str], choice: str, wanted: tuple[str, ...], what: str, source: str) -> int:
    """Index of the column the user or the names point to."""
    if choice.isdigit():
        if not 1 <= int(choice) <= len(names):
            raise InputError(
                f"{source}: no column {choice} for the {what}; the file has {len(names)} columns"
            )
        return int(choice) - 1
    if choice:
        if choice.lower() not in names:
            raise InputError(nearest(f"{source}, column of the {what}", choice.lower(), names))
        return names.index(choice.lower())
    found = _find(names, wanted)
    if found is None:
        raise DataError(f"{source}: no column for the {what} found; columns: {', '.join(names)}")
    return found


def _ratio(table: np.ndarray, top: int, bottom: int, source: str, what: str) -> np.ndarray:
    """Quotient of two detectors, both of which must count."""
    upper, lower = table[:, top], table[:, bottom]
    bad = np.flatnonzero(~(lower > 0))
    if bad.size:
        raise DataError(f"{source}: I0 is {lower[bad[0]]:g} in row {bad[0] + 1}; it must be positive")
    ratio = upper / lower
    wrong = np.flatnonzero(~(ratio > 0)) if what == "transmission" else np.flatnonzero(ratio < 0)
    if wrong.size:
        raise DataError(
            f"{source}: the {what} signal is {upper[wrong[0]]:g} in row {wrong[0] + 1}, which gives a "
            "negative or infinite mu; is a dark current subtracted twice?"
        )
    return np.asarray(ratio)


@reader("an absorption spectrum")
def read_spectrum(
    path: Path | str,
    *,
    mode: Mode = "auto",
    columns: Columns | None = None,
    energy_unit: Literal["eV", "keV"] = "eV",
) -> Spectrum:
    """One spectrum from a text file with any header.

    Transmission is µ = ln(I0/I1), fluorescence µ = If/I0. In "auto" a column named as µ wins, then
    transmission, then fluorescence; without any such name the second column is µ.

    Raises
    ------
    DataError
        If the columns are not there, energies look like keV, or detector counts make no µ.
    """
    table = read_delimited(path)
    choice = columns or Columns()
    names, source = _names(table), str(path)
    if table.columns.shape[1] < 2:
        raise DataError(f"{source}: one column of numbers; expected energy and mu")
    unnamed = all(n.startswith("column ") for n in names)
    energy = 0 if unnamed and not choice.energy else _energy_column(names, choice, source)
    data = table.columns
    if np.unique(data[:, energy]).size < min(10, data.shape[0]):
        raise DataError(
            f"{source}: column {energy + 1} ({names[energy]!r}) holds {np.unique(data[:, energy]).size} "
            "different "
            f"values and is no energy; choose one of the {data.shape[1]} columns by number (columns: energy)"
        )
    if mode == "auto":
        mode = _guess(names, choice)
    if mode == "mu":
        index = 1 if unnamed and not choice.mu else _chosen(names, choice.mu, _MU, "absorption mu", source)
        mu = data[:, index]
        measured = (
            "fluorescence" if "fluor" in names[index] else "transmission" if "trans" in names[index] else "mu"
        )
    else:
        incident = _chosen(names, choice.incident, _INCIDENT, "incident intensity I0", source)
        wanted = _TRANSMITTED if mode == "transmission" else _FLUORESCENCE
        signal = _chosen(names, choice.signal, wanted, f"{mode} signal", source)
        ratio = _ratio(data, signal, incident, source, mode)
        mu = -np.log(ratio) if mode == "transmission" else ratio
        measured = mode
    stated_kev = any(re.match(r"#\s*column\.1:.*\bkev\b", h, re.IGNORECASE) for h in table.header)
    factor = 1000.0 if energy_unit == "keV" or stated_kev or "kev" in names[energy] else 1.0
    return Spectrum(
        energy=data[:, energy] * factor,
        mu=mu,
        name=Path(path).stem,
        mode=measured,
        start=start_time("\n".join(table.header)),
        source=source,
    )


def _energy_column(names: list[str], choice: Columns, source: str) -> int:
    """Column of the energy; a first column of another name is taken only if nothing is named energy."""
    if choice.energy:
        return _chosen(names, choice.energy, _ENERGY, "energy", source)
    found = _find(names, _ENERGY)
    if found is not None:
        return found
    return next((i for i, n in enumerate(names) if "energy" in n), 0)


def _guess(names: list[str], choice: Columns) -> Mode:
    """The likeliest mode from the names."""
    if choice.mu or _find(names, _MU) is not None or all(n.startswith("column ") for n in names):
        return "mu"
    if _find(names, _INCIDENT) is not None and _find(names, _TRANSMITTED) is not None:
        return "transmission"
    if _find(names, _INCIDENT) is not None and _find(names, _FLUORESCENCE) is not None:
        return "fluorescence"
    return "mu"

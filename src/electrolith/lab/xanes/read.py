"""X-ray absorption spectra from beamline and analysis files: XDI, Athena columns, headers of all kinds."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from electrolith.core.account import Account, Taken
from electrolith.core.delimited import Delimited, read_tables
from electrolith.core.errors import DataError, InputError
from electrolith.core.header_units import column_scale, split_header
from electrolith.core.reading import reader
from electrolith.lab.xanes.channels import ENERGY, Columns, Mode, choose_channel, column_at, find

__all__ = ["Columns", "Mode", "Spectrum", "read_spectra", "read_spectrum", "start_time"]

_STAMP = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Absorption against photon energy.

    energy : eV, ascending, shape (n,).
    mu : absorption in any unit, shape (n,).
    mode : how µ was measured: "mu" (as the file has it), "transmission" or "fluorescence".
    start : start of the measurement, seconds since 1970 in the instrument's own clock; nan where not stated.
    account : what was taken for what, None where it did not come from a file.
    """

    energy: np.ndarray
    mu: np.ndarray
    name: str
    mode: str = "mu"
    start: float = float("nan")
    source: str = ""
    account: Account | None = None

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


def _titles(table: Delimited) -> list[str]:
    """Titles of the columns with their units, from XDI's Column.n lines where there are any."""
    titles = list(table.names)
    for line in table.header:
        found = re.match(r"#\s*column\.(\d+):\s*(.+)", line, re.IGNORECASE)
        if found and 1 <= int(found.group(1)) <= len(titles):
            titles[int(found.group(1)) - 1] = found.group(2).partition("||")[0].strip()
    return titles


@reader("an absorption spectrum")
def read_spectrum(
    path: Path | str,
    *,
    mode: Mode = "auto",
    columns: Columns | None = None,
    energy_unit: Literal["eV", "keV"] = "eV",
) -> Spectrum:
    """The one spectrum of a text file; as `read_spectra`.

    Raises
    ------
    DataError
        Also if the file holds several.
    """
    found = read_spectra(path, mode=mode, columns=columns, energy_unit=energy_unit)
    if len(found) > 1:
        raise DataError(
            f"{path}: {len(found)} spectra in one file: {', '.join(s.name for s in found)}; read them all"
        )
    return found[0]


@reader("absorption spectra")
def read_spectra(
    path: Path | str,
    *,
    mode: Mode = "auto",
    columns: Columns | None = None,
    energy_unit: Literal["eV", "keV"] = "eV",
) -> tuple[Spectrum, ...]:
    """Every spectrum of a text file or workbook with any header.

    Transmission is µ = ln(I0/I1), fluorescence µ = If/I0. In "auto" a column named as µ wins, then
    transmission, then fluorescence, unless the other of the two is far less noisy; a bare table of two
    columns is
    energy and µ.

    Raises
    ------
    DataError
        If the columns are not there, energies look like keV, or detector counts make no µ.
    """
    tables = read_tables(path)
    choice = columns or Columns()
    largest = max(len(t.columns) for t in tables)
    found = [
        _spectrum(t, choice, mode, energy_unit) for t in tables if len(t.columns) >= max(10, largest // 20)
    ]
    if not found:
        found = [_spectrum(max(tables, key=lambda t: len(t.columns)), choice, mode, energy_unit)]
    if len(found) == 1:
        return (found[0],)
    return tuple(
        replace(s, name=f"{s.name} [{i}]", source=f"{s.source} [{i}]") for i, s in enumerate(found, 1)
    )


def _spectrum(table: Delimited, choice: Columns, mode: Mode, energy_unit: str) -> Spectrum:
    """The spectrum of one table."""
    source, titles = str(table.path), _titles(table)
    named = table.named or any(t != n for t, n in zip(titles, table.names, strict=True))
    data = table.columns
    if data.shape[1] < 2:
        raise DataError(f"{source}: one column of numbers; expected energy and mu")
    names = [_plain(t) for t in titles]
    energy, unit, factor, note = _energy(titles, names, data, choice, energy_unit, source, named=named)
    if not named and mode == "auto" and not choice.mu:
        mode, choice = _nameless(table, choice, energy)
    values = data[:, energy] * factor
    channel, said = choose_channel(names, values, data, mode=mode, choice=choice, source=source)
    account = Account(
        source,
        "a table of absorption",
        (Taken("energy", titles[energy], unit, note), *channel.taken),
        rows=int(np.isfinite(channel.mu).sum()),
        left_out=(*table.bad_rows, *channel.left_out),
        ignored=tuple(
            t for t in titles if t.lower() not in {c.column for c in channel.taken} and t != titles[energy]
        ),
        doubtful=said,
    )
    return Spectrum(
        energy=values,
        mu=channel.mu,
        name=Path(table.path).stem,
        mode=channel.mode,
        start=start_time("\n".join(table.header)),
        source=source,
        account=account,
    )


def _plain(title: str) -> str:
    """A title as names are compared: without its unit where it has a real one, in lower case."""
    column = split_header(title)
    known = column.unit is not None and column.name and column.unit.lower() not in ("i", "e", "a")
    return (column.name if known else title).lower().strip()


def _nameless(table: Delimited, choice: Columns, energy: int) -> tuple[Mode, Columns]:
    """A table without names: two columns are energy and µ, more must be chosen."""
    if table.misfit:
        raise DataError(
            f"{table.path}: the line {table.misfit[:80]!r} reads like names but does not fit the "
            f"{table.columns.shape[1]} columns; choose columns by number (columns: energy=1, mu=2)"
        )
    others = [i for i in range(table.columns.shape[1]) if i != energy]
    if len(others) > 1:
        raise DataError(
            f"{table.path}: {table.columns.shape[1]} columns without names; choose them by number "
            "(columns: energy=1, mu=2, or energy=1, incident=3, signal=4 with a mode)"
        )
    return "mu", replace(choice, mu=str(others[0] + 1))


def _energy(
    titles: list[str],
    names: list[str],
    data: np.ndarray,
    choice: Columns,
    usual: str,
    source: str,
    *,
    named: bool,
) -> tuple[int, str, float, str]:
    """Column of the energy, its unit, the factor to eV, and what was assumed."""
    if not named and not choice.energy:
        at = 0
    elif choice.energy:
        at = column_at(names, choice.energy, ENERGY, "energy", source)
    else:
        found = find(names, ENERGY)
        at = found if found is not None else next((i for i, n in enumerate(names) if "energy" in n), 0)
    different = np.unique(data[np.isfinite(data[:, at]), at]).size
    if different < min(10, data.shape[0]):
        raise DataError(
            f"{source}: column {at + 1} ({names[at]!r}) holds {different} different values and is no "
            f"energy; choose "
            f"one of the {data.shape[1]} columns by number (columns: energy)"
        )
    try:
        scale, unit, note = column_scale(titles[at], "eV", bare=usual)
    except InputError as error:
        raise DataError(f"{source}: {error}") from error
    return at, unit, scale.factor, note

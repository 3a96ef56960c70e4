"""Read an open-circuit curve of one's own from a table."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import numpy as np

from electrolith.cell.ocp import Ocp, ocp_from_table
from electrolith.core.delimited import read_delimited
from electrolith.core.errors import DataError, InputError
from electrolith.core.header_units import column_scale, split_header
from electrolith.core.reading import reader

__all__ = ["open_circuit_curve", "read_ocv"]

STOICHIOMETRY = re.compile(r"^(s|x|y|sto|stoich.*|x\(li\)|x_li|lithium content)$", re.IGNORECASE)
VOLTAGE = re.compile(r"^(u|e|v|ocv|ocp|u_v|.*(potential|voltage).*)$", re.IGNORECASE)
RAISED = "between 0 (delithiated) and 1 (as the capacity of the material counts it)"


@reader("an open-circuit curve")
def read_ocv(path: Path | str) -> Ocp:
    """A table of stoichiometry (0 to 1, 1 the discharged cathode) and potential against Li; without names in
    this order, in V.

    Raises
    ------
    DataError
        If the columns are not there, or the curve is none: fewer than four rows, a stoichiometry that comes
        twice or lies outside 0 to 1.
    """
    table = read_delimited(path)
    names = [split_header(n).name for n in table.names]
    at = _column(path, names, STOICHIOMETRY, "stoichiometry", 0, table.named)
    volts = _column(path, names, VOLTAGE, "potential", 1, table.named)
    scale = column_scale(table.names[volts], "V", bare="V")[0].factor
    rows = table.columns[np.isfinite(table.columns[:, [at, volts]]).all(axis=1)]
    s, u = rows[:, at], scale * rows[:, volts]
    order = np.argsort(s, kind="stable")
    if s.size and (s.min() < 0 or s.max() > 1):
        raise DataError(f"{path}: stoichiometry from {s.min():.4g} to {s.max():.4g}; it must lie {RAISED}")
    if s.size and u[order[0]] <= u[order[-1]]:
        raise DataError(
            f"{path}: the potential rises with the stoichiometry ({u[order[0]]:.3g} V at {s[order[0]]:.3g}, "
            f"{u[order[-1]]:.3g} V at {s[order[-1]]:.3g}); it must be the share of lithium in the cathode, "
            "not the state of charge"
        )
    name = Path(path).name
    try:
        return ocp_from_table(s[order], u[order], name=name, source=name, where=str(path))
    except InputError as wrong:
        raise DataError(str(wrong)) from wrong


def _column(
    path: Path | str, names: list[str], wanted: re.Pattern[str], what: str, order: int, named: bool
) -> int:
    if len(names) < 2:
        raise DataError(f"{path}: {len(names)} column; stoichiometry and potential in V wanted")
    if not named:
        return order
    found = [i for i, n in enumerate(names) if wanted.match(n.strip())]
    if not found:
        raise DataError(f"{path}: no column of {what} among {', '.join(names)}")
    return found[0]


def open_circuit_curve(path: Path) -> Ocp:
    """The curve of a file, read once while it does not change: a design builds hundreds of cells."""
    stat = path.stat() if path.exists() else None
    return _read(path, stat and stat.st_mtime_ns, stat and stat.st_size)


@lru_cache(maxsize=16)
def _read(path: Path, changed: int | None, size: int | None) -> Ocp:
    return read_ocv(path)

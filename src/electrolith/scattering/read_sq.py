"""Structure functions of total scattering: S(Q), or F(Q) = Q [S(Q) − 1]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import reader

from .read_gr import stated_number, stated_radiation
from .tables import Radiation

__all__ = ["StructureFunction", "is_structure_function", "read_sq"]

SUFFIXES = (".sq", ".fq", ".soq")
TAIL = 0.15  # of the points, at large Q, where S is 1 and F is 0


@dataclass(frozen=True, slots=True, eq=False)
class StructureFunction:
    """A measured S(Q). q : 1/Å, s : shape (n,). sigma : of s, nan where the file has none."""

    q: np.ndarray
    s: np.ndarray
    sigma: np.ndarray
    radiation: Radiation | None
    q_max: float | None
    source: str
    notes: tuple[str, ...]


def is_structure_function(path: Path) -> bool:
    """Whether the name says S(Q) or F(Q)."""
    return path.suffix.lower() in SUFFIXES


@reader("an S(Q)")
def read_sq(path: Path | str, *, kind: Literal["S", "F"] | None = None) -> StructureFunction:
    """Two or three columns: Q, S(Q) or F(Q), its standard deviation.

    Parameters
    ----------
    kind : what the second column is; otherwise the name says it (.fq), and the end of the data must agree.

    Raises
    ------
    DataError
        If there are no columns, Q does not rise, or the end of the data is neither 1 nor 0.
    """
    path = Path(path)
    lines = read_text(path).split("\n")
    rows, head = _rows(lines)
    if len(rows) < 50:
        raise DataError(f"{path}: {len(rows)} rows of numbers; an S(Q) needs at least fifty")
    table = np.array(rows)
    q, values = table[:, 0], table[:, 1]
    if np.any(np.diff(q) <= 0) or q[0] < 0 or q[-1] > 200 or not np.all(np.isfinite(table[:, :2])):
        raise DataError(f"{path}: the first column does not rise as Q in 1/Å does ({q[0]:g} to {q[-1]:g})")
    sigma = table[:, 2] if table.shape[1] >= 3 and np.all(table[:, 2] > 0) else np.full(len(q), np.nan)
    seen = _seen(q, values, path, kind or ("F" if path.suffix.lower() == ".fq" else None))
    if seen == "F":
        with np.errstate(divide="ignore", invalid="ignore"):
            values, sigma = np.where(q > 0, 1 + values / q, 1.0), np.where(q > 0, sigma / q, np.nan)
    notes = (
        f"{'Q [S(Q) − 1]' if seen == 'F' else 'S(Q)'} from {q[0]:.3g} to {q[-1]:.4g} 1/Å, {len(q)} points",
        "standard deviations in the file" if np.isfinite(sigma[-1]) else "no standard deviations in the file",
    )
    text = "\n".join(head)
    return StructureFunction(
        q, values, sigma, stated_radiation(text), stated_number(text, "qmax"), path.name, notes
    )


def _rows(lines: list[str]) -> tuple[list[list[float]], list[str]]:
    """The longest run of rows of equally many numbers, and the lines before it."""
    best: list[list[float]] = []
    rows: list[list[float]] = []
    start = at = 0
    for index, line in enumerate([*lines, "end"]):
        words = re.split(r"[\s,;]+", line.strip())
        try:
            row = [float(w) for w in words if w]
        except ValueError:
            row = []
        if len(row) >= 2 and (not rows or len(row) == len(rows[0])):
            at = index if not rows else at
            rows.append(row)
            continue
        if len(rows) > len(best):
            best, start = rows, at
        rows = []
    return best, lines[:start]


def _seen(q: np.ndarray, values: np.ndarray, path: Path, kind: Literal["S", "F"] | None) -> Literal["S", "F"]:
    """What the column is, by its end: S oscillates about 1, F about 0."""
    tail = values[int(len(values) * (1 - TAIL)) :]
    level, scatter = float(tail.mean()), float(tail.std())
    near_one, near_zero = abs(level - 1) <= 0.3, abs(level) <= max(0.3, scatter)
    if kind == "S" and not near_one:
        raise DataError(f"{path}: S(Q) is 1 at large Q, this one ends at {level:.3g}; is it F(Q), or I(Q)?")
    if kind == "F" and near_one and not near_zero:
        raise DataError(f"{path}: F(Q) = Q [S(Q) − 1] is 0 at large Q, this one ends at {level:.3g}")
    if kind is not None:
        return kind
    if near_one and scatter <= 0.3:
        return "S"
    if near_zero:
        return "F"
    raise DataError(
        f"{path}: neither S(Q), which is 1 at large Q, nor F(Q) = Q [S(Q) − 1], which is 0: it ends at "
        f"{level:.3g}; normalise it, or say structure_function: S or F"
    )

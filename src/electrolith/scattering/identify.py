"""What the data cannot tell: a rank test on the scaled Jacobian, and the null combinations in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["Blind", "NullCombination", "blind_directions", "null_combinations"]

THRESHOLD = 1e-7  # of the largest singular value; the structural null of a scale sits at 1e-12 to 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class NullCombination:
    """A change of parameters that leaves every calculated point as it is.

    names : parameters that take part. change : their relative (or, near zero, absolute) change, the
    largest being one; shape (n,). words : the same in a sentence.
    """

    names: tuple[str, ...]
    change: np.ndarray
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Blind:
    """Rank test of one Jacobian.

    singular_values : of the column-scaled Jacobian over the largest, shape (n,). covariance : on the
    identified space, shape (n, n). null : shape (n_null, n), rows in the parameters' own units.
    """

    rank: int
    singular_values: np.ndarray
    covariance: np.ndarray
    null: np.ndarray


def blind_directions(jacobian: np.ndarray, *, threshold: float = THRESHOLD) -> Blind:
    """Rank, covariance and null space of a Jacobian of weighted residuals, shape (m, n)."""
    norm = np.linalg.norm(jacobian, axis=0)
    norm = np.where(norm > 0, norm, 1.0)
    # QR first: the singular values of R are those of J, and R is small.
    small = np.linalg.qr(jacobian / norm, mode="r")
    _, s, vt = np.linalg.svd(small)
    n = jacobian.shape[1]
    s = np.concatenate([s, np.zeros(n - len(s))])
    relative = s / max(s[0], 1e-300)
    keep = relative > threshold
    v = vt[keep].T / s[keep]
    covariance = (v @ v.T) / np.outer(norm, norm)
    null = vt[~keep] / norm
    return Blind(int(keep.sum()), relative, covariance, null)


def null_combinations(
    blind: Blind, names: tuple[str, ...], values: Mapping[str, float]
) -> tuple[NullCombination, ...]:
    """Null space as few-membered combinations, each in words."""
    if not len(blind.null):
        return ()
    size = np.array([values[n] if abs(values[n]) > 1e-12 else 1.0 for n in names])
    rows = _reduced(blind.null / size)
    out = []
    for row in rows:
        row = row / np.abs(row).max()
        members = np.flatnonzero(np.abs(row) > 1e-3)
        chosen = tuple(names[i] for i in members)
        out.append(NullCombination(chosen, row[members], _words(chosen, row[members])))
    return tuple(out)


def _reduced(rows: np.ndarray) -> np.ndarray:
    """Row-reduced echelon form with column pivoting: each row alone in its pivot."""
    rows = rows.copy()
    for i in range(len(rows)):
        pivot = int(np.argmax(np.abs(rows[i])))
        rows[i] /= rows[i, pivot]
        for j in range(len(rows)):
            if j != i:
                rows[j] -= rows[j, pivot] * rows[i]
    return rows


def _words(names: tuple[str, ...], change: np.ndarray) -> str:
    """One sentence for one null combination."""
    if len(names) == 1:
        return f"{names[0]} has no influence on the data"
    occupancy = np.array(["/occupancy/" in n for n in names])
    scale = np.array(["/scale/" in n for n in names])
    if occupancy.any() and scale.any() and np.all(occupancy | scale):
        unit = change[occupancy][0]
        powers = change / unit
        if np.allclose(powers[occupancy], 1, atol=0.02) and np.allclose(powers[scale], -2, atol=0.04):
            scales = ", ".join(n for n, s in zip(names, scale, strict=True) if s)
            parts = ", ".join(n for n, o in zip(names, occupancy, strict=True) if o)
            return (
                f"all occupancies together against scale: {parts} multiplied by k and {scales} by 1/k² "
                "leave every point unchanged; only ratios of occupancies are determined"
            )
    parts = ", ".join(f"{n} {c:+.3g}" for n, c in zip(names, change, strict=True))
    return f"these relative changes together leave every point unchanged: {parts}"

"""What the data cannot tell: a rank test on the scaled Jacobian, and the null combinations in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["Blind", "NullCombination", "Unseen", "blind_directions", "null_combinations"]

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


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """Changes of the parameters that leave every calculated point as it is, and what else they change.

    rows : shape (n_null, n_names), each with its largest change as large as the parameter itself.
    """

    values: Mapping[str, float]
    names: tuple[str, ...]
    rows: np.ndarray

    @classmethod
    def of(
        cls, values: Mapping[str, float], names: tuple[str, ...], rows: np.ndarray, esd: np.ndarray
    ) -> Unseen:
        """From the null space, rows in the parameters' own units, and the esds of the identified space."""
        size = np.abs([values[n] for n in names]) + esd + 1e-12
        top = np.maximum(np.abs(rows / size).max(axis=1, initial=0.0, keepdims=True), 1e-300)
        return cls(values, names, np.where(np.abs(rows / size) / top > 1e-6, rows / top, 0.0))

    def moves(self, name: str) -> bool:
        """Does this parameter take part in any of the changes?"""
        return bool(np.any(self.rows[:, self.names.index(name)])) if name in self.names else False

    def changes(self, quantity: Callable[[dict[str, float]], float]) -> bool:
        """Does any of the changes alter a quantity that is made of the parameters?"""
        now = quantity(dict(self.values))
        for row in self.rows:
            up, down = (
                quantity(
                    dict(self.values)
                    | {n: self.values[n] + s * v for n, v in zip(self.names, row.tolist(), strict=True)}
                )
                for s in (1e-4, -1e-4)
            )
            if abs(up - down) / 2e-4 > 1e-4 * (abs(now) + 1e-9):
                return True
        return False


def null_combinations(
    blind: Blind, names: tuple[str, ...], values: Mapping[str, float], kinds: Mapping[str, str]
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
        out.append(NullCombination(chosen, row[members], _words(chosen, row[members], kinds)))
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


def _words(names: tuple[str, ...], change: np.ndarray, kinds: Mapping[str, str]) -> str:
    """One sentence for one null combination."""
    if len(names) == 1:
        return f"{names[0]} has no influence on the data"
    occupancy = np.array([kinds[n] == "occupancy" for n in names])
    scale = np.array([kinds[n] == "scale" for n in names])
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

"""Which reflections a phase has: unique indices, multiplicities, absences, d spacings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError

from .phase import Phase, cell_matrix

__all__ = ["Reflections", "d_spacings", "reflections"]

_MOST = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Reflections:
    """Unique reflections, by falling d.

    hkl : shape (n, 3), integers. multiplicity : shape (n,), Friedel mates included. d : Å at the
    phase's cell.
    """

    hkl: np.ndarray
    multiplicity: np.ndarray
    d: np.ndarray


def d_spacings(hkl: np.ndarray, cell: tuple[float, ...] | np.ndarray) -> np.ndarray:
    """1/|h a* + k b* + l c*|, Å; hkl of shape (n, 3)."""
    reciprocal = np.linalg.inv(cell_matrix(cell)).T
    return np.asarray(1.0 / np.linalg.norm(hkl @ reciprocal, axis=1))


def reflections(phase: Phase, *, d_min: float, d_max: float = np.inf) -> Reflections:
    """Unique reflections with d_min ≤ d ≤ d_max (Å), systematic absences left out.

    Raises
    ------
    InputError
        If d_min is not positive or asks for more than four million indices.
    """
    if not d_min > 0:
        raise InputError(f"phase {phase.name}: d_min must be above 0 Å, got {d_min}")
    matrix = cell_matrix(phase.cell)
    most = np.floor(np.linalg.norm(matrix, axis=1) / d_min).astype(int)
    if np.prod(2.0 * most + 1) > _MOST:
        raise InputError(
            f"phase {phase.name}: {np.prod(2.0 * most + 1):.0f} indices down to {d_min:.3g} Å; "
            "is the abscissa or the wavelength right?"
        )
    grid = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1).reshape(-1, 3)
    grid = grid[np.any(grid != 0, axis=1)]
    d = d_spacings(grid, phase.cell)
    grid = grid[(d >= d_min) & (d <= d_max)]
    point = np.unique(phase.rotations.astype(int), axis=0)
    base = 2 * int(most.max()) + 3
    weights = np.array([base**2, base, 1])
    keys = np.zeros((2 * len(point), len(grid)), dtype=np.int64)
    for index, rotation in enumerate(point):
        image = grid @ rotation
        keys[2 * index] = image @ weights
        keys[2 * index + 1] = -keys[2 * index]
    leader = keys.max(axis=0)
    _, count = np.unique(leader, return_counts=True)
    own = grid @ weights
    chosen = np.flatnonzero(own == leader)  # the representative is the image with the largest key
    order = np.argsort(leader[chosen])
    hkl = grid[chosen[order]]
    keep = ~_absent(hkl, phase)
    hkl, count = hkl[keep], count[keep]
    d = d_spacings(hkl, phase.cell)
    by_d = np.argsort(-d, kind="stable")
    return Reflections(hkl[by_d], count[by_d], d[by_d])


def _absent(hkl: np.ndarray, phase: Phase) -> np.ndarray:
    """True where an operation that keeps hkl shifts its phase by a fraction."""
    out = np.zeros(len(hkl), dtype=bool)
    for rotation, shift in zip(phase.rotations.astype(int), phase.translations, strict=True):
        kept = np.all(hkl @ rotation == hkl, axis=1)
        phase_shift = hkl @ shift
        out |= kept & (np.abs(phase_shift - np.round(phase_shift)) > 1e-4)
    return out

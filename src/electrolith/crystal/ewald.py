r"""Electrostatics of point charges in a periodic cell, as one matrix per lattice.

The energy of any charges on the same sites is a quadratic form, so the lattice sums are done once:

E = ½ qᵀ A q,  A_ij = k Σ_n' erfc(α|r_ij + n|)/|r_ij + n| + k (4π/V) Σ_k exp(-k²/4α²)/k² cos(k·r_ij)
                      - k (2α/√π) δ_ij - k π/(V α²),  k = e²/4πε₀.

Conventions: no surface term (the crystal is surrounded by a conductor), and the average potential is zero,
so that a cell with net charge Q stands in a uniform neutralising background; its energy is then independent
of α and carries the usual -k π Q²/(2 V α²) inside A.

Source: P. P. Ewald, Ann. Phys. 369, 253 (1921); the background: J. E. Roberts and J. Schnitker,
J. Chem. Phys. 101, 5024 (1994).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import erfc

from electrolith.core.constants import COULOMB
from electrolith.core.errors import InputError
from electrolith.crystal.periodic import images_near, wrap

__all__ = ["energies", "pair_matrix"]

DECAY = 5.9  # both sums stop where their terms have fallen by erfc(5.9) = 7e-17
RECIPROCAL_COST = 0.02  # cost of one cosine term in a matrix product, relative to one erfc of a neighbour
LARGEST_CUTOFF = 18.0  # Å; bounds the neighbour lists of large cells
BLOCK = 2048  # wave vectors, and decorations, treated at once


def pair_matrix(positions: NDArray[np.float64], cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coulomb energy between unit charges on every pair of sites, images and background included.

    Parameters
    ----------
    positions : Cartesian, Å, shape (n, 3); need not be wrapped into the cell.
    cell : lattice vectors as rows, Å, shape (3, 3).

    Returns
    -------
    A in eV/e², shape (n, n), symmetric; E = ½ qᵀ A q.

    Raises
    ------
    InputError
        If two sites coincide.

    Source: see the module.
    """
    cell = np.asarray(cell, dtype=float)
    wrapped = wrap(positions, cell)
    volume = abs(np.linalg.det(cell))
    alpha = DECAY / _cutoff(volume)
    matrix = _real_space(wrapped, cell, alpha=alpha)
    matrix += _reciprocal_space(wrapped, cell, alpha=alpha)
    matrix -= np.pi / (volume * alpha**2)
    matrix[np.diag_indices_from(matrix)] -= 2 * alpha / np.sqrt(np.pi)
    return COULOMB * (matrix + matrix.T) / 2


def energies(matrix: NDArray[np.float64], charges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Electrostatic energy of many charge assignments on the same sites.

    Parameters
    ----------
    matrix : from `pair_matrix`, eV/e², shape (n, n).
    charges : e, shape (..., n); a vacancy has charge 0.

    Returns
    -------
    ½ qᵀ A q in eV, shape (...).
    """
    rows = np.atleast_2d(np.asarray(charges, dtype=float)).reshape(-1, len(matrix))
    out = np.empty(len(rows))
    for start in range(0, len(rows), BLOCK):
        q = rows[start : start + BLOCK]
        out[start : start + BLOCK] = np.einsum("mi,mi->m", q @ matrix, q) / 2
    return out.reshape(np.shape(charges)[:-1])


def _cutoff(volume: float) -> float:
    """Real-space cutoff (Å) at which both sums cost the same."""
    balance = (RECIPROCAL_COST / (16 * np.pi**3)) ** (1 / 6)
    return float(min(np.sqrt(2) * DECAY * balance * volume ** (1 / 3), LARGEST_CUTOFF))


def _real_space(
    positions: NDArray[np.float64], cell: NDArray[np.float64], *, alpha: float
) -> NDArray[np.float64]:
    """Σ_n' erfc(αr)/r over the images within the cutoff, 1/Å, shape (n, n)."""
    n = len(positions)
    cutoff = DECAY / alpha
    images, owner = images_near(positions, cell, cutoff)
    tree = cKDTree(images)
    neighbours = max(1.0, len(images) / n * 4 / 3 * np.pi * cutoff**3 / abs(np.linalg.det(cell)))
    rows = max(1, int(2e6 / neighbours))
    matrix = np.zeros((n, n))
    for start in range(0, n, rows):
        block = positions[start : start + rows]
        pairs = cKDTree(block).sparse_distance_matrix(tree, cutoff, output_type="ndarray")
        i, j, distance = pairs["i"], owner[pairs["j"]], pairs["v"]
        itself = distance < 1e-6
        if np.any(itself & (i + start != j)):
            first = np.flatnonzero(itself & (i + start != j))[0]
            raise InputError(
                f"sites {i[first] + start} and {j[first]} lie on one point; a site is listed twice"
            )
        i, j, distance = i[~itself], j[~itself], distance[~itself]
        terms = erfc(alpha * distance) / distance
        matrix[start : start + rows] = np.bincount(i * n + j, terms, minlength=len(block) * n).reshape(-1, n)
    return matrix


def _reciprocal_space(
    positions: NDArray[np.float64], cell: NDArray[np.float64], *, alpha: float
) -> NDArray[np.float64]:
    """(4π/V) Σ_k exp(-k²/4α²)/k² cos(k·r_ij), 1/Å, shape (n, n)."""
    matrix = np.zeros((len(positions), len(positions)))
    vectors = _wave_vectors(cell, 2 * alpha * DECAY)
    for start in range(0, len(vectors), BLOCK):
        k = vectors[start : start + BLOCK]
        square = np.einsum("ki,ki->k", k, k)
        weight = np.sqrt(8 * np.pi / abs(np.linalg.det(cell)) * np.exp(-square / (4 * alpha**2)) / square)
        phase = positions @ k.T
        wave = np.concatenate([np.cos(phase) * weight, np.sin(phase) * weight], axis=1)
        matrix += wave @ wave.T
    return matrix


def _wave_vectors(cell: NDArray[np.float64], longest: float) -> NDArray[np.float64]:
    """Half of the reciprocal lattice vectors up to `longest` (1/Å), without zero, shape (m, 3)."""
    reciprocal = 2 * np.pi * np.linalg.inv(cell).T
    most = np.floor(longest * np.linalg.norm(cell, axis=1) / (2 * np.pi)).astype(int)
    ranges = [np.arange(0, most[0] + 1), *(np.arange(-m, m + 1) for m in most[1:])]
    index = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    a, b, c = index.T
    index = index[(a > 0) | ((a == 0) & (b > 0)) | ((a == 0) & (b == 0) & (c > 0))]
    vectors = index @ reciprocal
    return vectors[np.einsum("ki,ki->k", vectors, vectors) <= longest**2]

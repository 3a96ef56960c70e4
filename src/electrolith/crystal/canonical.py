"""Canonical averages over the orderings of one crystal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError

__all__ = ["arrangements", "canonical_weights", "copies", "effective_number"]

Array = NDArray[np.float64]


def canonical_weights(energies: Array, copies: NDArray[np.int64], *, temperature: float) -> Array:
    r"""Share of each ordering in the canonical ensemble of all of them.

    .. math:: w_i = g_i e^{-E_i / k_B T} / \sum_j g_j e^{-E_j / k_B T}

    Orderings that nobody looked at are missing from the sum: the weights are right where the low ones are
    known, that is at low temperature.

    Parameters
    ----------
    energies : of the whole supercell, eV, shape (..., k); infinite ones get no weight.
    copies : symmetry copies g of each, shape (k,).
    temperature : K.

    Returns
    -------
    Shape (..., k); each row sums to 1.
    """
    if not temperature > 0:
        raise InputError(f"canonical weights need a temperature above 0 K, got {temperature:g}")
    energy = np.asarray(energies, dtype=float)
    if not np.isfinite(energy).any(axis=-1).all():
        raise InputError("canonical weights need at least one ordering of finite energy")
    lowest = energy.min(axis=-1, keepdims=True)
    factors = np.asarray(copies) * np.exp((lowest - energy) / (BOLTZMANN * temperature))
    return np.asarray(factors / factors.sum(axis=-1, keepdims=True))


def effective_number(weights: Array) -> float:
    """How many equally weighted ones would know as much: 1 / Σ w²."""
    w = np.asarray(weights, dtype=float)
    return float(w.sum() ** 2 / np.sum(w**2))


def copies(decoration: NDArray[np.uint8], group: NDArray[np.int64]) -> int:
    """Number of different decorations that symmetry makes of one.

    Parameters
    ----------
    decoration : species codes, shape (n,).      group : permutations, shape (operations, n).
    """
    return len(np.unique(decoration[group], axis=0))


def arrangements(
    decorations: NDArray[np.uint8], ignored: tuple[int, ...], group: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number of each decoration's arrangement when some species count as nothing, shape (k,).

    Two orderings whose immobile ions sit alike, up to symmetry, have the same number, wherever the mobile
    ions are: they turn into each other at the temperatures of dynamics.

    Parameters
    ----------
    decorations : species codes, shape (k, n).      ignored : codes of the species that do not count.
    """
    seen: dict[bytes, int] = {}
    rest = np.where(np.isin(decorations, ignored), 0, decorations).astype(np.uint8)
    return np.array([seen.setdefault(smallest(row, group).tobytes(), len(seen)) for row in rest])


def smallest(decoration: NDArray[np.uint8], group: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The smallest of all rows that symmetry makes of a decoration, shape (n,)."""
    images = decoration[group]
    for column in range(images.shape[1]):
        images = images[images[:, column] == images[:, column].min()]
        if len(images) == 1:
            break
    return np.asarray(images[0])

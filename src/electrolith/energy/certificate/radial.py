r"""Radial distribution functions of frames, by pair of elements, and how far two of them lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame

__all__ = ["Radial", "integrated_difference", "radial_distribution"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Radial:
    """g(r) of one pair of elements, mean over frames.

    pair : "Li-N".     weight : share of all ordered pairs of atoms that are such pairs.
    edges : of the bins, Å, one more than values.     values : 1 in a gas.
    """

    pair: str
    weight: float
    edges: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def centres(self) -> Array:
        """Middle of each bin, Å."""
        edges = np.array(self.edges)
        return np.asarray((edges[1:] + edges[:-1]) / 2, dtype=np.float64)


def radial_distribution(
    frames: Sequence[Frame], *, reach: float = 6.0, bins: int = 120
) -> tuple[Radial, ...]:
    r"""g(r) for every pair of elements.

    .. math:: g_{ab}(r) = \frac{V}{N_a N_b} \frac{n_{ab}(r)}{\frac{4}{3}\pi (r_{k+1}^3 - r_k^3)}

    with n the mean number of ordered pairs in the bin, every periodic image counted, so that `reach` may be
    longer than half the cell. Pairs come in alphabetical order; a lone atom's own images count as pairs.

    Parameters
    ----------
    frames : of the same atoms.
    reach : longest distance, Å.
    bins : number of them.

    Raises
    ------
    InputError
        If there are no frames, or the frames hold different atoms.
    """
    if not frames:
        raise InputError("radial distribution: no frames")
    if not reach > 0 or bins < 2:
        raise InputError(f"radial distribution: reach {reach:g} Å and {bins} bins make no histogram")
    numbers = frames[0].numbers
    if any(not np.array_equal(f.numbers, numbers) for f in frames):
        raise InputError("radial distribution: the frames hold different atoms")
    symbols = np.array(frames[0].symbols)
    elements = sorted(set(symbols.tolist()))
    edges = np.linspace(0.0, reach, bins + 1)
    shells = 4 / 3 * np.pi * np.diff(edges**3)
    sums: dict[tuple[str, str], Array] = {}
    for frame in frames:
        distances, first, second = _distances(frame, reach)
        for a, b in ((a, b) for i, a in enumerate(elements) for b in elements[i:]):
            chosen = (symbols[first] == a) & (symbols[second] == b)
            count = np.histogram(distances[chosen], edges)[0]
            ideal = shells * np.count_nonzero(symbols == a) * np.count_nonzero(symbols == b) / frame.volume
            sums[a, b] = sums.get((a, b), np.zeros(bins)) + count / ideal
    return tuple(
        Radial(
            f"{a}-{b}",
            float(np.mean(symbols == a) * np.mean(symbols == b) * (1 if a == b else 2)),
            tuple(edges.round(6).tolist()),
            tuple((total / len(frames)).round(5).tolist()),
        )
        for (a, b), total in sums.items()
    )


def _distances(frame: Frame, reach: float) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    """Every ordered pair of atoms (images included) nearer than `reach`."""
    heights = frame.volume / np.linalg.norm(np.cross(frame.cell[[1, 2, 0]], frame.cell[[2, 0, 1]]), axis=1)
    most = np.ceil(reach / heights).astype(int)
    shifts = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), axis=-1).reshape(
        -1, 3
    )
    wrapped = (frame.fractional % 1.0) @ frame.cell
    between = wrapped[None, :, :] - wrapped[:, None, :]
    found: list[Array] = []
    pairs: list[NDArray[np.int64]] = []
    for shift in shifts @ frame.cell:
        square = np.einsum("ijk,ijk->ij", between + shift, between + shift)
        i, j = np.nonzero((square < reach**2) & (square > 1e-12))
        found.append(np.sqrt(square[i, j]))
        pairs.append(np.stack([i, j]))
    both = np.concatenate(pairs, axis=1)
    return np.concatenate(found), both[0], both[1]


def integrated_difference(one: Sequence[Radial], other: Sequence[Radial]) -> float:
    r"""How far two sets of g(r) lie apart: the mean over the pairs, weighted by their number, of

    .. math:: \int |g - g'| dr \Big/ \int \tfrac12 (g + g') dr

    0 for equal ones, 2 where no distance is shared.

    Raises
    ------
    InputError
        If the sets hold different pairs or bins.
    """
    if [r.pair for r in one] != [r.pair for r in other] or any(
        a.edges != b.edges for a, b in zip(one, other, strict=True)
    ):
        raise InputError("radial distributions of different pairs or bins cannot be compared")
    total = weight = 0.0
    for a, b in zip(one, other, strict=True):
        both = (np.sum(a.values) + np.sum(b.values)) / 2
        if both > 0:
            total += a.weight * float(np.abs(np.subtract(a.values, b.values)).sum() / both)
            weight += a.weight
    return total / weight if weight > 0 else 0.0

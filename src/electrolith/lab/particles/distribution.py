r"""Size distributions of counted particles.

Large particles are cut by the image's edge more often than small ones. Each complete particle therefore
counts with the inverse of the probability that its bounding box fits into the image, H W / ((H - h)(W - w)).

Source: Miles & Lantuéjoul; Russ, The Image Processing Handbook.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import Unit
from electrolith.lab.particles.segment import Particles

__all__ = ["SizeDistribution", "SizeSettings", "size_distribution", "weighted_quantile"]


@dataclass(frozen=True, slots=True)
class SizeSettings:
    """What to say about sizes.

    window : share of the particles between these diameters is asked for, m; none without.
    bins : edges of the histogram, m; empty: 12 logarithmic bins.
    resamples : bootstrap samples behind the intervals.     seed : of them.
    """

    window: Annotated[tuple[float, float] | None, Unit("m")] = None
    bins: Annotated[tuple[float, ...], Unit("m")] = ()
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.window is not None and not 0 <= self.window[0] < self.window[1]:
            raise InputError(f"window of diameters {self.window} m is empty; expected two rising diameters")
        if self.bins and np.any(np.diff(self.bins) <= 0):
            raise InputError("edges of the histogram must rise")


@dataclass(frozen=True, slots=True, eq=False)
class SizeDistribution:
    """Sizes with the doubt of having counted that many particles; lengths in nm.

    number : D10, D50, D90 by number; volume : by volume (d³).
    share, volume_share : of the particles in the window, %; None where none was asked for.
    edges : m, shape (k + 1,); counts : weighted, summing to 1; volumes : the same by volume.
    """

    count: int
    excluded: int
    mean: Estimate
    longest: tuple[float, float]
    number: tuple[Estimate, Estimate, Estimate]
    volume: tuple[Estimate, Estimate, Estimate]
    share: Estimate | None
    volume_share: Estimate | None
    window: tuple[float, float] | None
    edges: np.ndarray
    counts: np.ndarray
    volumes: np.ndarray
    diameters: np.ndarray
    weights: np.ndarray
    sources: tuple[str, ...]
    warnings: tuple[str, ...]


def weighted_quantile(values: np.ndarray, weights: np.ndarray, level: float) -> float:
    """Value below which the share `level` of the weight lies."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(np.interp(level * total[-1], total - 0.5 * weights[order], values[order]))


def size_distribution(
    images: tuple[Particles, ...], settings: SizeSettings | None = None
) -> SizeDistribution:
    """Distribution over the complete particles of one or more images of a sample.

    The intervals come from resampling particles; they hold counting, not the choice of the threshold.

    Raises
    ------
    DataError
        If fewer than ten complete particles were found.
    """
    s = settings or SizeSettings()
    diameter = np.concatenate([p.diameter[p.complete] for p in images])
    if diameter.size < 10:
        raise DataError(
            f"{images[0].source if images else 'particles'}: {diameter.size} complete particles; "
            "a distribution needs at least 10"
        )
    weight = np.concatenate([_edge_weight(p) for p in images])
    rng = np.random.default_rng(s.seed)
    picks = rng.integers(0, diameter.size, (s.resamples, diameter.size))
    drawn = [_numbers(diameter[i], weight[i], s.window) for i in picks]
    table = np.array(drawn).T

    def nm(row: int) -> Estimate:
        return Estimate(table[row] * 1e9, "nm")

    edges = np.array(s.bins) if s.bins else np.geomspace(diameter.min() * 0.999, diameter.max() * 1.001, 13)
    counts = np.histogram(diameter, edges, weights=weight)[0] / weight.sum()
    cubes = weight * diameter**3
    length = np.concatenate([p.length[p.complete] for p in images])
    return SizeDistribution(
        count=int(diameter.size),
        excluded=int(sum((~p.complete).sum() for p in images)),
        mean=nm(0),
        longest=(float(length.min()), float(length.max())),
        number=(nm(1), nm(2), nm(3)),
        volume=(nm(4), nm(5), nm(6)),
        share=None if s.window is None else Estimate(100 * table[7], "%"),
        volume_share=None if s.window is None else Estimate(100 * table[8], "%"),
        window=s.window,
        edges=edges,
        counts=counts,
        volumes=np.histogram(diameter, edges, weights=cubes)[0] / cubes.sum(),
        diameters=diameter,
        weights=weight,
        sources=tuple(p.source for p in images),
        warnings=tuple(w for p in images for w in p.warnings),
    )


def _edge_weight(found: Particles) -> np.ndarray:
    """Inverse probability that a particle of this size lies wholly in the image."""
    rows, columns = found.shape
    box = found.box[found.complete]
    room = np.maximum((rows - box[:, 0]) * (columns - box[:, 1]), 1)
    return np.asarray(rows * columns / room)


def _numbers(
    diameter: np.ndarray, weight: np.ndarray, window: tuple[float, float] | None
) -> tuple[float, ...]:
    """Mean, D10/50/90 by number and by volume, shares in the window."""
    low, high = window or (0.0, np.inf)
    inside = (diameter >= low) & (diameter < high)
    cubes = weight * diameter**3
    return (
        float(np.average(diameter, weights=weight)),
        *(weighted_quantile(diameter, weight, q) for q in (0.1, 0.5, 0.9)),
        *(weighted_quantile(diameter, cubes, q) for q in (0.1, 0.5, 0.9)),
        float(weight[inside].sum() / weight.sum()),
        float(cubes[inside].sum() / cubes.sum()),
    )

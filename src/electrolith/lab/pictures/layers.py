"""Thickness of the layers in the picture of a cross-section.

Each strip of the picture, across the layers, is cut into as many pieces as there are layers so that grey
value and grain differ as little as possible within a piece (optimal partition by dynamic programming). Where
a boundary is one, the strips agree on its place; where there is none, each strip puts it elsewhere, and the
layers are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import DRAWS, Estimate

__all__ = ["Layers", "find_layers"]

STRIPS = 24
ROWS = 360  # of the reduced picture, along the stack
APART = 3.0
"""A strip further off the others' line than so many robust deviations is a crack or a grain, left out."""
AGREED = 0.25
"""A boundary whose places scatter by more of the thinner layer beside it than this is none."""
LEAST = 4  # rows of a layer
LEFT = 0.7  # share of the strips that must agree


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Layers of a section, in the order of the names.

    thickness : mean over the width, along the normal of the layers, m. spread : standard deviation of the
        local thickness over the width, m, shape (layers,).
    boundary : place of each boundary at each strip, m from the top, nan where left out, shape (layers - 1,
        strips). at : middle of the strips, m from the left, shape (strips,). tilt : of the layers, degrees.
    """

    names: tuple[str, ...]
    thickness: tuple[Estimate, ...]
    spread: np.ndarray
    boundary: np.ndarray
    at: np.ndarray
    tilt: float
    cut: tuple[bool, ...]


def find_layers(
    grey: np.ndarray,
    names: tuple[str, ...],
    *,
    pixel: float,
    rng: np.random.Generator,
    source: str = "section",
    whole: bool = False,
) -> Layers:
    """Boundaries between named layers, from the top of the picture to its bottom.

    Parameters
    ----------
    grey : 0 to 1, shape (rows, columns), the layers lying flat. pixel : edge of a pixel, m.
    whole : the first and the last layer end at the picture's edge; otherwise they are cut by it and their
        thickness is only a lower bound.

    Raises
    ------
    DataError
        If the strips do not agree on a boundary.
    """
    if len(names) < 2:
        raise InputError(f"{source}: layers names {len(names)} layer; a boundary needs two")
    step = max(1, grey.shape[0] // ROWS)
    rows, count = grey.shape[0] // step, min(STRIPS, grey.shape[1] // 8)
    if rows < LEAST * len(names) * 2 or count < 6:
        raise DataError(f"{source}: {grey.shape[0]} × {grey.shape[1]} pixels hold no {len(names)} layers")
    small = grey[: rows * step].reshape(rows, step, -1).mean(axis=1)
    strips = np.array_split(np.arange(grey.shape[1]), count)
    places = np.array([_cut(small[:, s], len(names)) for s in strips], dtype=float).T * step
    at = np.array([s.mean() + 0.5 for s in strips])
    places, slope = _agreed(places, at, names, grey.shape[0], source)
    edges = np.vstack([np.zeros(count), places, np.full(count, float(grey.shape[0]))])
    # Rows between boundaries lie along the picture's edge; the layer's normal is tilted by the common slope.
    local = np.diff(edges, axis=0) * np.cos(np.arctan(slope)) * pixel
    thickness, spread = [], []
    for values in local:
        known = values[np.isfinite(values)]
        thickness.append(_mean(known, pixel, rng))
        spread.append(float(known.std(ddof=1)))
    ends = (not whole, *(False,) * (len(names) - 2), not whole)
    return Layers(
        names, tuple(thickness), np.array(spread), places * pixel, at * pixel,
        float(np.degrees(np.arctan(slope))), ends,
    )  # fmt: skip


def _mean(values: np.ndarray, pixel: float, rng: np.random.Generator) -> Estimate:
    """Mean over the strips: neighbours are alike, so blocks of strips are drawn again; plus the pixel."""
    size = max(1, len(values) // 8)
    starts = rng.integers(0, len(values), (DRAWS, -(-len(values) // size)))
    index = (starts[:, :, None] + np.arange(size)) % len(values)
    means = values[index.reshape(DRAWS, -1)[:, : len(values)]].mean(axis=1)
    edge = pixel / np.sqrt(12) * np.sqrt(2)
    return Estimate(means + edge * rng.standard_normal(DRAWS), "m")


def _features(strip: np.ndarray) -> np.ndarray:
    """Grey value and grain of each row, each in units of its own row-to-row noise, shape (rows, 2)."""
    grain = np.log(strip.std(axis=1) + 1e-3)
    out = np.column_stack([strip.mean(axis=1), grain])
    noise = 1.4826 * np.median(np.abs(np.diff(out, axis=0) - np.median(np.diff(out, axis=0), axis=0)), axis=0)
    return np.asarray(out / np.maximum(noise / np.sqrt(2), 1e-3))


def _cut(strip: np.ndarray, count: int) -> np.ndarray:
    """Rows at which `count` pieces part with the least scatter within them, shape (count - 1,)."""
    values = _features(strip)
    n = len(values)
    one = np.vstack([np.zeros(2), np.cumsum(values, axis=0)])
    two = np.concatenate([[0.0], np.cumsum((values**2).sum(axis=1))])
    start, stop = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    length = np.maximum(stop - start, 1)
    cost = two[stop] - two[start] - ((one[stop] - one[start]) ** 2).sum(axis=-1) / length
    cost[stop - start < LEAST] = np.inf
    best, trace = cost[0], []
    for _ in range(count - 1):
        total = best[:, None] + cost
        trace.append(np.argmin(total, axis=0))
        best = np.min(total, axis=0)
    found, end = [], n
    for back in reversed(trace):
        end = int(back[end])
        found.append(end)
    return np.array(found[::-1])


def _agreed(
    places: np.ndarray, at: np.ndarray, names: tuple[str, ...], rows: int, source: str
) -> tuple[np.ndarray, float]:
    """The places without strips that stand apart, and the common slope.

    Raises
    ------
    DataError
        If the places of a boundary scatter too much to be one.
    """
    pairs = np.triu_indices(len(at), 1)
    rise = (places[:, pairs[1]] - places[:, pairs[0]]) / (at[pairs[1]] - at[pairs[0]])
    slope = float(np.median(rise))
    flat = places - slope * at
    middle = np.median(flat, axis=1, keepdims=True)
    scatter = 1.4826 * np.median(np.abs(flat - middle), axis=1, keepdims=True)
    kept = np.abs(flat - middle) <= APART * np.maximum(scatter, 2.0)
    edges = np.concatenate([[0.0], np.median(places, axis=1), [float(rows)]])
    for k in range(len(places)):
        thin = min(edges[k + 1] - edges[k], edges[k + 2] - edges[k + 1])
        if kept[k].mean() < LEFT or flat[k, kept[k]].std() > AGREED * thin:
            raise DataError(
                f"{source}: {', '.join(names)} are {len(names)} layers, the picture does not show as many "
                f"over its width (boundary {k + 1} scatters by {flat[k].std():.0f} pixels, the thinner layer "
                f"beside it would have {thin:.0f}); crop the picture to the layers named, or name those "
                "it shows"
            )
    return np.where(kept, places, np.nan), slope

"""Maps of elements (EDS): how evenly each is spread, and which go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import DataError

__all__ = ["ElementMap", "ElementMaps", "element_maps"]

BLOCKS = 16  # along the shorter edge


@dataclass(frozen=True, slots=True)
class ElementMap:
    """One element.

    share : of the area in which it stands above its background. scatter : relative standard deviation of the
        signal between blocks of the map. noise : what counting alone would give, from neighbouring pixels.
    """

    element: str
    share: float
    scatter: float
    noise: float

    @property
    def uneven(self) -> bool:
        """Whether the blocks differ by more than twice what counting gives."""
        return self.scatter > 2 * self.noise


@dataclass(frozen=True, slots=True, eq=False)
class ElementMaps:
    """All maps of one area. together : Pearson's coefficient of blocks, shape (n, n). block : edge, m."""

    maps: tuple[ElementMap, ...]
    together: np.ndarray
    block: float


def element_maps(maps: dict[str, np.ndarray], *, pixel: float, source: str = "maps") -> ElementMaps:
    """Evenness of each element and coefficients between them, over blocks of the map.

    Parameters
    ----------
    maps : grey values by element, all of one shape (rows, columns). pixel : edge, m; nan where unknown.

    Raises
    ------
    DataError
        If the maps differ in shape, or one is empty.
    """
    shapes = {name: m.shape for name, m in maps.items()}
    if len(set(shapes.values())) != 1:
        said = ", ".join(f"{n} {s[1]} × {s[0]}" for n, s in shapes.items())
        raise DataError(f"{source}: maps of one area have as many pixels, got {said}")
    edge = max(2, min(next(iter(shapes.values()))) // BLOCKS)
    found, columns = [], []
    for name, values in maps.items():
        if not values.max() > 0:
            raise DataError(f"{source}: the map of {name} is empty")
        blocks = _blocks(values, edge)
        mean = float(blocks.mean())
        # Neighbouring pixels share what is there and differ by what was counted.
        apart = np.diff(values, axis=1)
        noise = float(np.sqrt(np.mean(apart**2) / 2)) / edge / mean
        columns.append(blocks.ravel())
        found.append(ElementMap(name, _share(blocks), float(blocks.std()) / mean, noise))
    together = np.corrcoef(np.array(columns)) if len(columns) > 1 else np.ones((1, 1))
    return ElementMaps(tuple(found), np.atleast_2d(together), edge * pixel)


def _blocks(values: np.ndarray, edge: int) -> np.ndarray:
    rows, columns = (n // edge for n in values.shape)
    cut = values[: rows * edge, : columns * edge].reshape(rows, edge, columns, edge)
    return np.asarray(cut.mean(axis=(1, 3)))


def _share(blocks: np.ndarray) -> float:
    """Share of the blocks above a fifth of the strong ones."""
    return float(np.mean(blocks > 0.2 * np.quantile(blocks, 0.95)))

"""Forward model: micrographs of particles of known size, to test what segmentation makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError
from electrolith.lab.particles.read import Micrograph

__all__ = ["Rendered", "render"]


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A rendered micrograph and what is in it.

    diameters : m, equivalent circle, shape (n,). inside : whether a particle lies wholly in the image,
        shape (n,).
    """

    micrograph: Micrograph
    diameters: np.ndarray
    inside: np.ndarray


def render(
    *,
    shape: tuple[int, int],
    pixel: float,
    median: float,
    log_std: float,
    count: int,
    overlap: float = 0.0,
    elongation: float = 1.0,
    noise: float = 0.04,
    gradient: float = 0.1,
    rng: np.random.Generator,
) -> Rendered:
    """Shaded particles of lognormal size on a darker ground with noise and uneven lighting.

    Parameters
    ----------
    shape : rows and columns; pixel : m.
    median : m, of the equivalent diameter; log_std : of its logarithm.
    count : particles wanted; fewer where they find no place.
    overlap : largest share of the smaller diameter that a neighbour may cover, 0 to 0.5. Above 0, about
        half of the
        particles are placed touching another with this overlap.
    elongation : ratio of the axes.
    """
    if not 0 <= overlap <= 0.5:
        raise InputError(f"overlap must lie between 0 and 0.5, got {overlap}")
    rows, columns = shape
    diameters = median * np.exp(log_std * rng.standard_normal(count)) / pixel
    radii = np.sort(diameters / 2)[::-1]
    placed = _place(radii, shape, overlap, rng)
    height = np.zeros(shape, dtype=np.float32)
    for x, y, r in placed:
        _draw(height, x, y, r, elongation, float(rng.uniform(0, np.pi)) if elongation > 1 else 0.0)
    light = 1 + gradient * (np.linspace(-0.5, 0.5, columns)[None, :] + np.linspace(-0.5, 0.5, rows)[:, None])
    grey = (0.2 + 0.5 * (height > 0) + 0.15 * height) * light + noise * rng.standard_normal(shape)
    kept = np.array(placed).reshape(-1, 3)
    reach = kept[:, 2] * np.sqrt(elongation)
    inside = (
        (kept[:, 0] > reach + 1) & (kept[:, 0] < columns - reach - 2)
        & (kept[:, 1] > reach + 1) & (kept[:, 1] < rows - reach - 2)
    )  # fmt: skip
    picture = Micrograph(np.clip(grey, 0, 1).astype(np.float32), pixel, "rendered", "given")
    return Rendered(picture, 2 * kept[:, 2] * pixel, inside)


def _place(
    radii: np.ndarray, shape: tuple[int, int], overlap: float, rng: np.random.Generator
) -> list[tuple[float, float, float]]:
    """Centres (x, y) and radii: largest first, at random or touching one already there."""
    placed: list[tuple[float, float, float]] = []
    for r in radii:
        for _ in range(60):
            if placed and overlap > 0 and rng.random() < 0.5:
                x0, y0, r0 = placed[rng.integers(len(placed))]
                distance, angle = r + r0 - 2 * overlap * min(r, r0), rng.uniform(0, 2 * np.pi)
                x, y = x0 + distance * np.cos(angle), y0 + distance * np.sin(angle)
            else:
                x, y = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
            if not (0 <= x < shape[1] and 0 <= y < shape[0]):
                continue
            others = np.array(placed).reshape(-1, 3)
            gap = np.hypot(others[:, 0] - x, others[:, 1] - y) - (r + others[:, 2])
            allowed = -2 * overlap * np.minimum(r, others[:, 2]) - 1e-6
            # apart by three pixels, or overlapping no more than allowed
            if np.all((gap > 3) | ((gap >= allowed) & (overlap > 0))):
                placed.append((float(x), float(y), float(r)))
                break
    return placed


def _draw(height: np.ndarray, x: float, y: float, r: float, elongation: float, angle: float) -> None:
    """A dome of unit height, the higher of it and what is there."""
    a, b = r * np.sqrt(elongation), r / np.sqrt(elongation)
    reach = int(np.ceil(a)) + 1
    left, right = max(int(x) - reach, 0), min(int(x) + reach + 2, height.shape[1])
    low, high = max(int(y) - reach, 0), min(int(y) + reach + 2, height.shape[0])
    if left >= right or low >= high:
        return
    dx, dy = np.meshgrid(np.arange(left, right) - x, np.arange(low, high) - y)
    u, v = dx * np.cos(angle) + dy * np.sin(angle), -dx * np.sin(angle) + dy * np.cos(angle)
    dome = np.sqrt(np.clip(1 - (u / a) ** 2 - (v / b) ** 2, 0, None))
    height[low:high, left:right] = np.maximum(height[low:high, left:right], dome)

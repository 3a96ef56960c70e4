"""Particles in a micrograph: threshold, split where they touch, leave out what the edge cuts.

A particle that touches another is split where the distance to the ground has a neck: two summits belong to
one particle unless the saddle between them is lower than a stated share of the smaller summit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from scipy import ndimage

from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.core.units import Unit
from electrolith.lab.particles.read import Micrograph

__all__ = ["Particles", "Segmentation", "overlay", "segment"]

# share of the variance between Otsu's classes: 2/π of one normal hump, 0.74 and more of particles on a ground
_ONE_HUMP = 0.68
_SATURATED = 0.25  # share of the pixels at the top value beyond which an image cannot be thresholded


@dataclass(frozen=True, slots=True)
class Segmentation:
    """How particles are found.

    smoothing : Gaussian, pixels.
    threshold : "global" (Otsu), "local" (against the surroundings, for uneven light) or a grey value 0 to 1.
    bright : whether particles are brighter than the ground.
    neck : a saddle below this share of the smaller summit splits.
    smallest : equivalent diameter below which a spot is noise, m; at least 6 pixels count in any case.
    """

    smoothing: float = 1.2
    threshold: Literal["global", "local"] | float = "global"
    bright: bool = True
    neck: float = 0.93
    smallest: Annotated[float, Unit("m")] = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.neck < 1:
            raise InputError(f"neck must lie between 0 and 1, got {self.neck}")
        if isinstance(self.threshold, float | int) and not 0 < self.threshold < 1:
            raise InputError(
                f"threshold must be 'global', 'local' or a grey value between 0 and 1, got {self.threshold}"
            )
        if self.smoothing < 0:
            raise InputError(f"smoothing must not be negative, got {self.smoothing}")


@dataclass(frozen=True, slots=True, eq=False)
class Particles:
    """Particles of one image.

    labels : shape of the image; 0 is ground.
    diameter : of the circle of equal area, m, shape (n,). length : largest extent, m.
    solidity : area over that of the convex hull; complete : not cut by the image's edge.
    box : rows and columns of the bounding box, pixels, shape (n, 2).
    """

    labels: np.ndarray
    diameter: np.ndarray
    length: np.ndarray
    solidity: np.ndarray
    complete: np.ndarray
    box: np.ndarray
    shape: tuple[int, int]
    pixel: float
    source: str
    warnings: tuple[str, ...]


def _skimage() -> Any:
    """The image library, loaded when wanted."""
    try:
        from skimage import feature, filters, measure, segmentation
    except ImportError as error:
        raise MissingExtra("sem", "scikit-image") from error
    return feature, filters, measure, segmentation


def segment(image: Micrograph, settings: Segmentation | None = None) -> Particles:
    """Find, split and measure particles.

    Raises
    ------
    DataError
        If the image is saturated, has no contrast, or holds no particle.
    MissingExtra
        If scikit-image is not installed.
    """
    s = settings or Segmentation()
    _, _, measure, _ = _skimage()
    if image.saturated > _SATURATED:
        raise DataError(
            f"{image.source}: saturated: {100 * image.saturated:.0f} % of the pixels are at the largest "
            "grey value; "
            "record it again with less contrast"
        )
    mask = _mask(image, s)
    labels = _split(mask, s)
    fewest = max(6.0**2 * np.pi / 4, np.pi / 4 * (s.smallest / image.pixel) ** 2)
    table = measure.regionprops_table(labels, properties=("label", "area", "bbox"))
    keep = table["area"] >= fewest
    if not keep.any():
        raise DataError(
            f"{image.source}: no particle of {np.sqrt(4 * fewest / np.pi) * image.pixel * 1e9:.0f} nm or "
            "more found; "
            "are the particles brighter than the ground (bright)?"
        )
    labels, table = _renumbered(labels, table, keep)
    length, solidity = _shapes(labels, table)
    low_r, low_c, high_r, high_c = (table[f"bbox-{i}"] for i in range(4))
    complete = (low_r > 0) & (low_c > 0) & (high_r < labels.shape[0]) & (high_c < labels.shape[1])
    covered = float(np.mean(labels > 0))
    return Particles(
        labels=labels,
        diameter=np.sqrt(4 * table["area"] / np.pi) * image.pixel,
        length=length * image.pixel,
        solidity=solidity,
        complete=complete,
        box=np.column_stack([high_r - low_r, high_c - low_c]),
        shape=(int(labels.shape[0]), int(labels.shape[1])),
        pixel=image.pixel,
        source=image.source,
        warnings=_warnings(image, complete, covered, np.sqrt(4 * table["area"] / np.pi), solidity),
    )


def _warnings(
    image: Micrograph, complete: np.ndarray, covered: float, pixels: np.ndarray, solidity: np.ndarray
) -> tuple[str, ...]:
    """Plain words on what the picture does not support."""
    said = []
    if image.saturated > 0.02:
        said.append(f"{100 * image.saturated:.0f} % of the pixels are saturated; edges may be displaced")
    if covered > 0.7:
        said.append(
            f"particles cover {100 * covered:.0f} % of the image; where they lie on each other only the "
            "uppermost count"
        )
    if np.median(pixels) < 10:
        said.append(
            f"the median particle is {np.median(pixels):.0f} pixels wide; sizes are uncertain by a pixel "
            "or two"
        )
    ragged = int(np.count_nonzero(solidity[complete] < 0.88))
    if ragged > 0.05 * complete.sum():
        said.append(
            f"{ragged} particles have a ragged outline: aggregates that were not split; look at the overlay"
        )
    if complete.sum() < 100:
        said.append(f"{int(complete.sum())} complete particles; shares are known poorly below some hundred")
    return tuple(said)


def _mask(image: Micrograph, s: Segmentation) -> np.ndarray:
    """What is particle."""
    _, filters, _, _ = _skimage()
    grey = image.grey if s.bright else 1 - image.grey
    smooth = ndimage.gaussian_filter(grey, s.smoothing) if s.smoothing else grey
    if not np.ptp(smooth) > 0.02:
        raise DataError(f"{image.source}: no contrast: grey values differ by {np.ptp(smooth):.3f}")
    if isinstance(s.threshold, float | int):
        level: Any = s.threshold if s.bright else 1 - s.threshold
    else:
        level = filters.threshold_otsu(smooth)
        even = smooth
        if s.threshold == "local":
            # uneven light is slow: the ground is what the darker half of a wide neighbourhood shows
            wide = max(min(image.grey.shape) // 4, 8)
            coarse = ndimage.zoom(smooth, 1 / 8, order=1) if min(smooth.shape) > 256 else smooth
            step = smooth.shape[0] / coarse.shape[0]
            mean = ndimage.gaussian_filter(coarse, wide / step / 2)
            rows, columns = (
                np.linspace(0, n - 1, m) for n, m in zip(coarse.shape, smooth.shape, strict=True)
            )
            mean = ndimage.map_coordinates(mean, np.meshgrid(rows, columns, indexing="ij"), order=1)
            even = smooth - (mean - mean.mean())
            level = level + mean - mean.mean()
        if (share := _between(even)) < _ONE_HUMP:
            raise DataError(
                f"{image.source}: no particles to see: the grey values make one hump, as of noise or of "
                f"a bare ground (two classes explain {100 * share:.0f} % of their variance; of noise 64 %)"
            )
    mask = ndimage.binary_opening(smooth > level, iterations=1)
    return np.asarray(_filled(mask))


def _between(grey: np.ndarray) -> float:
    """Share of the variance of grey values that lies between the two classes of Otsu's threshold."""
    _, filters, _, _ = _skimage()
    above = grey > filters.threshold_otsu(grey)
    share = float(above.mean())
    if not 0 < share < 1:
        return 0.0
    apart = float(grey[above].mean() - grey[~above].mean())
    return share * (1 - share) * apart**2 / max(float(grey.var()), 1e-300)


def _filled(mask: np.ndarray) -> np.ndarray:
    """Holes inside particles closed; ground enclosed by a ring of particles, which is larger, stays."""
    ground, count = ndimage.label(~mask)
    if count <= 1:
        return mask
    sizes = np.bincount(ground.ravel())
    bodies, number = ndimage.label(mask)
    typical = float(np.median(np.bincount(bodies.ravel())[1:])) if number else 0.0
    small = sizes < max(0.2 * typical, 4)
    small[0] = False
    return np.asarray(mask | small[ground])


def _split(mask: np.ndarray, s: Segmentation) -> np.ndarray:
    """Watershed on the distance to the ground, then rejoin basins without a neck between them."""
    feature, _, _, segmentation = _skimage()
    distance = ndimage.distance_transform_edt(mask).astype(np.float32)
    smooth = ndimage.gaussian_filter(distance, 1.0)
    peaks = feature.peak_local_max(smooth, min_distance=2, threshold_abs=1.5, exclude_border=False)
    markers = np.zeros(mask.shape, dtype=np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    basins = segmentation.watershed(-smooth, markers, mask=mask)
    return np.asarray(_rejoin(basins, smooth, len(peaks), s.neck))


def _rejoin(basins: np.ndarray, height: np.ndarray, count: int, neck: float) -> np.ndarray:
    """Join neighbouring basins, highest saddle first, where the saddle exceeds `neck` times the smaller
    summit.
    """
    first, second, saddle = _saddles(basins, height)
    summit = np.zeros(count + 1, dtype=np.float32)
    np.maximum.at(summit, basins.ravel(), height.ravel())
    parent = np.arange(count + 1)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for k in np.argsort(-saddle):
        a, b = root(int(first[k])), root(int(second[k]))
        if a != b and saddle[k] > neck * min(summit[a], summit[b]):
            low, high = (a, b) if summit[a] < summit[b] else (b, a)
            parent[low] = high
    roots = np.array([root(i) for i in range(count + 1)])
    _, compact = np.unique(roots, return_inverse=True)
    return np.asarray(compact[basins])


def _saddles(basins: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of touching basins and the highest point of their border."""
    pairs, values = [], []
    for axis in (0, 1):
        a, b = np.moveaxis(basins, axis, 0)[:-1], np.moveaxis(basins, axis, 0)[1:]
        h = np.moveaxis(height, axis, 0)
        border = (a != b) & (a > 0) & (b > 0)
        pairs.append(np.sort(np.column_stack([a[border], b[border]]), axis=1))
        values.append(np.minimum(h[:-1][border], h[1:][border]))
    table, level = np.concatenate(pairs), np.concatenate(values)
    if not table.size:
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    unique, inverse = np.unique(table, axis=0, return_inverse=True)
    highest = np.zeros(len(unique), dtype=np.float32)
    np.maximum.at(highest, inverse.ravel(), level)
    return unique[:, 0], unique[:, 1], highest


def _renumbered(
    labels: np.ndarray, table: dict[str, np.ndarray], keep: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Labels 1..n of the particles kept."""
    new = np.zeros(int(labels.max()) + 1, dtype=np.int32)
    new[table["label"][keep]] = np.arange(1, int(keep.sum()) + 1)
    return new[labels], {name: values[keep] for name, values in table.items()}


def _shapes(labels: np.ndarray, table: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Largest extent (pixels) and solidity, from each particle's outline."""
    from scipy.spatial import ConvexHull, QhullError

    length, solidity = np.zeros(table["area"].size), np.ones(table["area"].size)
    for index, where in enumerate(ndimage.find_objects(labels)):
        own = labels[where] == index + 1
        rim = own & ~ndimage.binary_erosion(own)
        corners = np.argwhere(rim)[:, None, :] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        points = corners.reshape(-1, 2)
        try:
            hull = ConvexHull(points)
        except QhullError:  # a line of pixels
            length[index] = float(np.ptp(points, axis=0).max())
            continue
        outer = points[hull.vertices]
        length[index] = float(np.sqrt(((outer[:, None] - outer[None]) ** 2).sum(-1)).max())
        solidity[index] = min(float(own.sum()) / float(hull.volume), 1.0)
    return length, solidity


def overlay(image: Micrograph, found: Particles) -> np.ndarray:
    """Picture for the eye: outlines of counted particles in blue, of those the edge cuts in orange; uint8
    (h, w, 3).
    """
    grey = (255 * np.clip(image.grey, 0, 1)).astype(np.uint8)
    picture = np.repeat(grey[:, :, None], 3, axis=2)
    labels = found.labels
    rim = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        step = np.diff(labels, axis=axis) != 0
        pad = [(0, 0), (0, 0)]
        pad[axis] = (0, 1)
        rim |= np.pad(step, pad)
        pad[axis] = (1, 0)
        rim |= np.pad(step, pad)
    rim &= labels > 0
    whole = np.concatenate([[False], found.complete])[labels]
    picture[rim & whole] = (0, 114, 178)
    picture[rim & ~whole] = (230, 159, 0)
    return picture

"""Micrographs of one sample to its size distribution, with a picture for the eye."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.progress import tracked
from electrolith.core.units import Unit
from electrolith.lab.particles.distribution import SizeDistribution, SizeSettings, size_distribution
from electrolith.lab.particles.read import Micrograph, read_micrograph
from electrolith.lab.particles.segment import Particles, Segmentation, overlay, segment

__all__ = ["Outline", "ParticleResult", "ParticleSettings", "measure_particles"]

_SHOWN = 360  # pixels of the longer side of the picture kept with the result


@dataclass(frozen=True, slots=True)
class ParticleSettings:
    """Images of one sample.

    pixel : m, where the files carry no scale; or the scale bar's length (m) and its length in pixels.
    crop_bottom : rows of a data bar to cut off.
    files : micrographs.
    bar_length, bar_pixels : of the scale bar, together, instead of `pixel`.
    segmentation : how particles are found.     sizes : what is said about them.
    """

    files: tuple[Path | str, ...]
    pixel: Annotated[float, Unit("m")] | None = None
    bar_length: Annotated[float, Unit("m")] | None = None
    bar_pixels: float | None = None
    crop_bottom: int = 0
    segmentation: Segmentation = field(default_factory=Segmentation)
    sizes: SizeSettings = field(default_factory=SizeSettings)

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("particles: no files given")
        if (self.bar_length is None) != (self.bar_pixels is None):
            raise InputError("particles: bar_length and bar_pixels belong together")
        for name, size in (("pixel", self.pixel), ("bar_length", self.bar_length)):
            if size is not None and not 1e-11 < size < 1e-3:
                raise InputError(
                    f"particles: {name} {size:g} m is no micrograph's; state the unit, as in '12.4 nm'"
                )
        if self.crop_bottom < 0:
            raise InputError(f"particles: crop_bottom must not be negative, got {self.crop_bottom}")


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A reduced picture of one image with the particles found, for the eye.

    grey : 0 to 255, shape (h, w). x, y : outlines in m, broken by nan; complete and cut particles apart.
    """

    grey: np.ndarray
    width: float
    height: float
    complete_x: np.ndarray
    complete_y: np.ndarray
    cut_x: np.ndarray
    cut_y: np.ndarray
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class ParticleResult:
    """Sizes over all images, and the first image with its outlines.

    without : images that show no particles, (file, reason); the others count.
    """

    sizes: SizeDistribution
    outline: Outline
    pixels: tuple[float, ...]
    scales_from: tuple[str, ...]
    without: tuple[tuple[str, str], ...] = ()


def measure_particles(
    settings: ParticleSettings, *, pictures: list[np.ndarray] | None = None
) -> ParticleResult:
    """Read, segment and measure every image.

    Parameters
    ----------
    pictures : list that receives the full overlay of each image, uint8 (h, w, 3), where it is wanted.
    """
    images = [
        read_micrograph(
            f,
            pixel=settings.pixel,
            bar_length=settings.bar_length,
            bar_pixels=settings.bar_pixels,
            crop_bottom=settings.crop_bottom,
        )
        for f in settings.files
    ]
    seen, without = [], []
    for image in tracked(images, "image"):
        try:
            seen.append((image, segment(image, settings.segmentation)))
        except DataError as error:
            without.append((image.source, str(error)))
    if not seen:
        raise DataError(without[0][1] if len(without) == 1 else f"{len(without)} images: {without[0][1]}")
    if pictures is not None:
        pictures += [overlay(i, p) for i, p in seen]
    return ParticleResult(
        sizes=size_distribution(tuple(p for _, p in seen), settings.sizes),
        outline=_outline(*seen[0]),
        pixels=tuple(i.pixel for i, _ in seen),
        scales_from=tuple(i.scale_from for i, _ in seen),
        without=tuple(without),
    )


def _outline(image: Micrograph, found: Particles) -> Outline:
    """The image reduced to a few hundred pixels, and outlines of its particles as polygons."""
    step = max(1, -(-max(image.grey.shape) // _SHOWN))
    rows, columns = (n // step * step for n in image.grey.shape)
    small = image.grey[:rows, :columns].reshape(rows // step, step, columns // step, step).mean(axis=(1, 3))
    complete, cut = _polygons(found, complete=True), _polygons(found, complete=False)
    return Outline(
        grey=np.round(255 * small).astype(np.uint8),
        width=columns * image.pixel,
        height=rows * image.pixel,
        complete_x=complete[0] * image.pixel,
        complete_y=complete[1] * image.pixel,
        cut_x=cut[0] * image.pixel,
        cut_y=cut[1] * image.pixel,
        source=image.source,
    )


def _polygons(found: Particles, *, complete: bool) -> tuple[np.ndarray, np.ndarray]:
    """Convex outlines of the particles, pixels, broken by nan; at most the 600 largest."""
    from scipy import ndimage
    from scipy.spatial import ConvexHull, QhullError

    wanted = np.flatnonzero(found.complete == complete)
    wanted = wanted[np.argsort(-found.diameter[wanted])][:600]
    boxes = ndimage.find_objects(found.labels)
    xs, ys = [np.zeros(0)], [np.zeros(0)]
    for index in wanted:
        box = boxes[index]
        points = np.argwhere(found.labels[box] == index + 1) + np.array([box[0].start, box[1].start])
        try:
            corners = points[ConvexHull(points).vertices]
        except QhullError:
            continue
        corners = np.vstack([corners, corners[:1]])
        xs.append(np.append(corners[:, 1], np.nan))
        ys.append(np.append(corners[:, 0], np.nan))
    return np.concatenate(xs), np.concatenate(ys)

"""Pictures of one object to what the report shows: the pictures, their scale, layers, maps of elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import reader
from electrolith.core.units import Unit
from electrolith.lab.particles.read import read_micrograph
from electrolith.lab.pictures.elements import ElementMaps, element_maps
from electrolith.lab.pictures.layers import Layers, find_layers

__all__ = ["Picture", "PictureResult", "PictureSettings", "look_at_pictures", "read_picture"]

SHOWN = 640
"""Pixels of the longer side of a picture kept with the result."""


@dataclass(frozen=True, slots=True)
class PictureSettings:
    """Photographs or micrographs of one object.

    files : pictures, in the order in which they are shown.
    labels : what each shows ("0 h", "30 h on Li"); the file names otherwise. caption : a sentence on all.
    pixel : its size, where the files carry no scale; photographs may have none.
    bar_length, bar_pixels : instead, the length of the scale bar and its pixels.
    seed : of the draws of the doubt.
    crop_bottom : rows of a data bar to cut off.
    layers : names of the layers of a cross-section from the top of the picture to its bottom.
    upright : the layers stand side by side instead, named from left to right.
    whole : the outer layers end with the picture; else the picture cuts them and they are lower bounds.
    elements : maps of elements of the first picture's area, {Cl: map_Cl.png, …}.
    """

    files: tuple[Path, ...]
    labels: tuple[str, ...] = ()
    caption: str = ""
    pixel: Annotated[float | None, Unit("m")] = None
    bar_length: Annotated[float | None, Unit("m")] = None
    bar_pixels: float | None = None
    crop_bottom: int = 0
    layers: tuple[str, ...] = ()
    upright: bool = False
    whole: bool = False
    elements: dict[str, Path] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("pictures: no files given")
        if self.labels and len(self.labels) != len(self.files):
            raise InputError(f"pictures: {len(self.labels)} labels for {len(self.files)} files")
        if (self.bar_length is None) != (self.bar_pixels is None):
            raise InputError("pictures: bar_length and bar_pixels belong together")
        if len(self.layers) == 1:
            raise InputError("pictures: one layer has no boundary; name what lies on both sides")
        if len(set(self.layers)) != len(self.layers):
            raise InputError(
                f"pictures: a name stands twice in layers ({', '.join(self.layers)}); "
                "number them, LNC 1, LNC 2"
            )
        if self.crop_bottom < 0:
            raise InputError(f"pictures: crop_bottom must not be negative, got {self.crop_bottom}")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture, reduced for the eye.

    rgb : uint8, shape (rows, columns, 3). width, height : m, nan without scale. scale_from : where it stood.
    """

    label: str
    rgb: np.ndarray
    width: float
    height: float
    scale_from: str


@dataclass(frozen=True, slots=True, eq=False)
class PictureResult:
    """All pictures, the layers of each where they are asked for (None where refused, with the reason)."""

    pictures: tuple[Picture, ...]
    layers: tuple[Layers | None, ...]
    refused: tuple[str, ...]
    elements: ElementMaps | None
    maps: tuple[Picture, ...]
    caption: str
    upright: bool


def look_at_pictures(settings: PictureSettings) -> PictureResult:
    """Read every picture; find the layers and compare the maps where they are named."""
    labels = settings.labels or tuple(Path(f).stem for f in settings.files)
    pictures = tuple(_picture(Path(f), n, settings) for f, n in zip(settings.files, labels, strict=True))
    layers: list[Layers | None] = []
    refused: list[str] = []
    for file in settings.files if settings.layers else ():
        try:
            layers.append(_layers(Path(file), settings))
        except DataError as error:
            layers.append(None)
            refused.append(str(error))
    if settings.layers and not any(layers):
        raise DataError("; ".join(refused))
    maps: tuple[Picture, ...] = ()
    found = None
    if settings.elements:
        grey = {name: _grey(Path(file)) for name, file in settings.elements.items()}
        shape = next(iter(grey.values())).shape
        pixel = pictures[0].width / shape[1]
        found = element_maps(grey, pixel=pixel, source=str(settings.files[0]))
        maps = tuple(_picture(Path(f), n, settings) for n, f in settings.elements.items())
    return PictureResult(
        pictures, tuple(layers), tuple(refused), found, maps, settings.caption, settings.upright
    )


def _layers(file: Path, settings: PictureSettings) -> Layers:
    """Layers of a section; of an upright one turned, so that they lie flat."""
    image = read_micrograph(
        file,
        pixel=settings.pixel,
        bar_length=settings.bar_length,
        bar_pixels=settings.bar_pixels,
        crop_bottom=settings.crop_bottom,
    )
    grey = image.grey.T if settings.upright else image.grey
    rng = np.random.default_rng(settings.seed)
    return find_layers(
        grey, settings.layers, pixel=image.pixel, rng=rng, source=str(file), whole=settings.whole
    )


def _picture(file: Path, label: str, settings: PictureSettings) -> Picture:
    """A picture with its scale where it has one."""
    rgb = read_picture(file)
    rgb = rgb[: rgb.shape[0] - settings.crop_bottom]
    pixel, origin = _pixel(file, settings)
    step = max(1, -(-max(rgb.shape[:2]) // SHOWN))
    rows, columns = (n // step * step for n in rgb.shape[:2])
    blocks = rgb[:rows, :columns].reshape(rows // step, step, columns // step, step, 3)
    small = np.round(blocks.mean(axis=(1, 3))).astype(np.uint8)
    return Picture(label, small, columns * pixel, rows * pixel, origin)


def _pixel(file: Path, settings: PictureSettings) -> tuple[float, str]:
    """Size of a pixel in m and where it stood; nan where a photograph has none."""
    if settings.pixel is not None:
        return settings.pixel, "given"
    if settings.bar_length is not None and settings.bar_pixels is not None:
        return settings.bar_length / settings.bar_pixels, "given bar"
    try:
        found = read_micrograph(file, crop_bottom=settings.crop_bottom)
    except DataError as error:
        if "carries no scale" not in str(error):
            raise
        return float("nan"), ""
    return found.pixel, found.scale_from


@reader("a picture")
def read_picture(path: Path) -> np.ndarray:
    """Colours of a picture, uint8, shape (rows, columns, 3).

    Raises
    ------
    DataError
        If the file is no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            refuse_above("pixels", image.size[0] * image.size[1], path)
            if image.mode.startswith(("I", "F")):
                values = np.array(image, dtype=float)
                shade = np.round(255 * values / max(float(values.max()), 1e-9)).astype(np.uint8)
                return np.repeat(shade[:, :, None], 3, axis=2)
            return np.array(image.convert("RGB"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"{path}: no picture that can be read ({error})") from error


def _grey(path: Path) -> np.ndarray:
    """Signal of a map, 0 to 1: the brightest of its colours, as maps are coloured black to one colour."""
    return np.asarray(read_picture(path).max(axis=2) / 255.0)

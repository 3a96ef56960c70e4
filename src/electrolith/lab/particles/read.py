"""Micrographs with their scale: Zeiss, FEI/Thermo, Hitachi and JEOL metadata, or a bar given by the user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import reader
from electrolith.core.units import convert

__all__ = ["Micrograph", "read_micrograph"]

_ZEISS, _FEI, _FEI_HELIOS = 34118, 34682, 34680
_DESCRIPTION, _X_RESOLUTION = 270, 282
_QUANTITY = r"\s*=\s*([-+0-9.eE]+)\s*([a-zA-Zµμ]*)"


@dataclass(frozen=True, slots=True, eq=False)
class Micrograph:
    """A grey image and the size of its pixels.

    grey : 0 to 1, shape (rows, columns); the data bar below the scanned area is cut off.
    pixel : edge of a pixel, m.
    scale_from : where the scale was found.
    saturated : share of the pixels at the largest value the file can hold.
    """

    grey: np.ndarray
    pixel: float
    source: str
    scale_from: str
    saturated: float = 0.0

    def __post_init__(self) -> None:
        if np.asarray(self.grey).ndim != 2 or min(np.asarray(self.grey).shape) < 16:
            raise DataError(
                f"{self.source}: an image of shape {np.asarray(self.grey).shape}; expected rows and columns"
            )
        if not self.pixel > 0:
            raise InputError(f"{self.source}: a pixel of {self.pixel} m has no size")


def _metres(value: str, unit: str) -> float:
    """A length from a metadata line; without unit it is in metres."""
    return float(value) * (convert(1.0, unit.replace("μ", "µ"), "m") if unit else 1.0)


@dataclass(frozen=True, slots=True)
class _Scale:
    """What metadata say.

    pixel : m, nan where nothing. rows : scanned ones, 0 where not said. width, height : of the image, m, nan.
    """

    pixel: float
    rows: int = 0
    width: float = float("nan")
    height: float = float("nan")
    origin: str = ""


def _length(text: str, name: str) -> float:
    """A length named in a header, m; nan where it is not there."""
    found = re.search(rf"(?mi)^{name}{_QUANTITY}", text)
    if found is None or re.match(r"[^\s\x00]", text[found.end() : found.end() + 1]):
        return float("nan")  # a unit that is not understood is no unit
    return _metres(found.group(1), found.group(2))


def _zeiss(text: str) -> _Scale:
    """A Zeiss header; its images carry no separate bar."""
    width, height = _length(text, "Width"), _length(text, "Height")
    for name in ("Image Pixel Size", "Pixel Size"):
        if np.isfinite(pixel := _length(text, name)):
            return _Scale(pixel, 0, width, height)
    first = re.match(r"(?:\s*[-+0-9.eE]+\s*\n){3}\s*([-+0-9.eE]+)", text)
    return _Scale(float(first.group(1)) if first else float("nan"), 0, width, height)


def _fei(text: str) -> _Scale:
    """An FEI header: pixel, scanned rows, and the width of the scan."""
    pixel = re.search(r"(?mi)^PixelWidth\s*=\s*([-+0-9.eE]+)", text)
    sizes = [re.search(rf"(?mi)^Resolution{axis}\s*=\s*(\d+)", text) for axis in "XY"]
    if pixel is None:
        return _Scale(float("nan"))
    edge = float(pixel.group(1))
    columns, rows = (int(found.group(1)) if found else 0 for found in sizes)
    return _Scale(edge, rows, edge * columns if columns else float("nan"))


def _companion(path: Path) -> _Scale:
    """Scale from the text file Hitachi and JEOL microscopes write beside an image."""
    for name in (path.with_suffix(".txt"), Path(f"{path}.txt")):
        if not name.exists():
            continue
        text = read_text(name)
        hitachi = re.search(r"(?mi)^PixelSize\s*=\s*([-+0-9.eE]+)", text)
        size = re.search(r"(?mi)^DataSize\s*=\s*(\d+)\s*x\s*(\d+)", text)
        if hitachi:
            edge = float(hitachi.group(1)) * 1e-9
            columns, rows = (int(size.group(1)), int(size.group(2))) if size else (0, 0)
            width = edge * columns if columns else float("nan")
            return _Scale(edge, rows, width, origin=f"{name.name} (Hitachi)")
        bar = re.search(r"(?mi)^\$\$SM_MICRON_BAR\s+(\d+)", text)
        marker = re.search(r"(?mi)^\$\$SM_MICRON_MARKER\s+([0-9.]+)\s*([nuµ]m)", text)
        full = re.search(r"(?mi)^\$CM_FULL_SIZE\s+(\d+)\s+(\d+)", text)
        if bar and marker:
            edge = _metres(*marker.groups()) / int(bar.group(1))
            width = edge * int(full.group(1)) if full else float("nan")
            return _Scale(edge, 0, width, origin=f"{name.name} (JEOL)")
    return _Scale(float("nan"))


_IMAGEJ_UNITS = {"micron": "um", "microns": "um", "\\u00b5m": "um", "inch": "inch", "pixel": "", "pixels": ""}


def _imagej(tags: dict[int, object]) -> _Scale:
    """The scale that ImageJ writes: pixels per unit as resolution, the unit in the description."""
    text = str(tags.get(_DESCRIPTION, ""))
    unit = re.search(r"(?m)^unit=(.+)$", text)
    per_unit = tags.get(_X_RESOLUTION)
    if not text.startswith("ImageJ") or unit is None or per_unit is None or not float(str(per_unit)) > 0:
        return _Scale(float("nan"))
    name = _IMAGEJ_UNITS.get(unit.group(1).strip().lower(), unit.group(1).strip())
    if not name:
        return _Scale(float("nan"))
    try:
        return _Scale(convert(1.0 / float(str(per_unit)), name, "m"), origin="the scale ImageJ wrote")
    except InputError:
        return _Scale(float("nan"))


def _of_stored(scale: _Scale, shape: tuple[int, ...], path: Path) -> tuple[float, int, str]:
    """Pixel and scanned rows of the image as it is stored, which may have fewer pixels than the scan had.

    Raises
    ------
    DataError
        If the metadata contradict the image and do not tell whether it was resized or cropped.
    """
    rows, columns = shape
    if not np.isfinite(scale.pixel) or not np.isfinite(scale.width):
        return scale.pixel, scale.rows, scale.origin
    stored = scale.width / columns
    ratio = stored / scale.pixel
    if abs(ratio - 1) < 0.02:
        return scale.pixel, scale.rows, scale.origin
    upright = scale.height / rows if np.isfinite(scale.height) else float("nan")
    halved = abs(np.log2(ratio) - np.round(np.log2(ratio))) < 0.02
    if abs(stored / upright - 1) < 0.02 or (not np.isfinite(upright) and halved):
        said = f"{scale.origin}: its {1e9 * scale.pixel:.4g} nm belong to {columns * ratio:.0f} columns, "
        return stored, round(scale.rows / ratio), said + f"{columns} are stored"
    raise DataError(
        f"{path}: the metadata say {1e9 * scale.pixel:.4g} nm per pixel and a width of "
        f"{1e6 * scale.width:.4g} µm, over the {columns} columns stored {1e9 * stored:.4g} nm; resized or "
        "cropped? give the pixel"
    )


def _scale(tags: dict[int, object], path: Path) -> _Scale:
    """What the metadata say of the scale; nan if nothing."""
    for code, read, maker in ((_ZEISS, _zeiss, "Zeiss"), (_FEI, _fei, "FEI"), (_FEI_HELIOS, _fei, "FEI")):
        raw = tags.get(code)
        if raw is None:
            continue
        raw = raw[0] if isinstance(raw, tuple) else raw
        text = raw.decode("latin-1") if isinstance(raw, bytes) else str(raw)
        found = read(text.replace("\r\n", "\n").replace("Âµ", "µ"))
        if np.isfinite(found.pixel):
            return replace(found, origin=f"tag {code} ({maker})")
    found = _companion(path)
    return found if np.isfinite(found.pixel) else _imagej(tags)


@contextmanager
def _unlimited() -> Iterator[None]:
    """Pillow's own limit off: the ceiling of this package is asked before anything is unpacked."""
    from PIL import Image

    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


@reader("a micrograph")
def read_micrograph(
    path: Path | str,
    *,
    pixel: float | None = None,
    bar_length: float | None = None,
    bar_pixels: float | None = None,
    crop_bottom: int = 0,
) -> Micrograph:
    """An image in grey with its pixel size.

    Parameters
    ----------
    pixel : m; wins over metadata.
    bar_length, bar_pixels : length of the scale bar in m and in pixels, where the file says nothing.
    crop_bottom : rows of the data bar to cut off; those the metadata names are cut anyway.

    Raises
    ------
    DataError
        If the file is no image or carries no scale.
    """
    from PIL import Image, UnidentifiedImageError

    path = Path(path)
    try:
        with _unlimited(), Image.open(path) as image:
            refuse_above("pixels", image.size[0] * image.size[1], path)
            tags = dict(getattr(image, "tag_v2", {}))
            grey, top = _grey(image)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"{path}: no image that can be read ({error})") from error
    found = _scale(tags, path)
    if pixel is not None:
        size, rows, origin = pixel, found.rows, "given"
    elif bar_length is not None and bar_pixels is not None:
        size, rows, origin = bar_length / bar_pixels, found.rows, "given bar"
    else:
        size, rows, origin = _of_stored(found, grey.shape, path)
    if not np.isfinite(size):
        raise DataError(
            f"{path}: the image carries no scale; give pixel ('12.4 nm') or bar_length and bar_pixels of "
            "its scale bar"
        )
    keep = min(rows or grey.shape[0], grey.shape[0] - crop_bottom)
    if keep < 16:
        raise InputError(f"{path}: crop_bottom {crop_bottom} leaves {keep} rows of {grey.shape[0]}")
    grey = grey[:keep]
    return Micrograph(grey, float(size), str(path), origin, float(np.mean(grey >= top)))


def _grey(image: object) -> tuple[np.ndarray, float]:
    """Grey values 0 to 1 and the largest the file can hold."""
    mode = image.mode  # type: ignore[attr-defined]
    if mode.startswith(("I", "F")):
        values = np.array(image, dtype=np.float32)
        values /= 65535.0 if mode.startswith("I") else float(values.max())
        return values, 1.0
    grey = np.array(image.convert("L"), dtype=np.float32)  # type: ignore[attr-defined]
    grey /= 255.0  # in place: images may be large
    return grey, 1.0

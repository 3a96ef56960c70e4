"""Micrographs with their scale: Zeiss, FEI/Thermo, Hitachi and JEOL metadata, or a bar given by the user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import reader
from electrolith.core.units import convert

__all__ = ["Micrograph", "read_micrograph"]

_ZEISS, _FEI, _FEI_HELIOS = 34118, 34682, 34680
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


def _zeiss(text: str) -> tuple[float, int]:
    """Pixel size (m) of a Zeiss header; its images carry no separate bar."""
    for name in ("Image Pixel Size", "Pixel Size"):
        found = re.search(rf"(?m)^{name}{_QUANTITY}", text)
        if found:
            return _metres(found.group(1), found.group(2)), 0
    first = re.match(r"(?:\s*[-+0-9.eE]+\s*\n){3}\s*([-+0-9.eE]+)", text)
    return (float(first.group(1)), 0) if first else (float("nan"), 0)


def _fei(text: str) -> tuple[float, int]:
    """Pixel size (m) and number of scanned rows of an FEI header."""
    pixel = re.search(r"(?mi)^PixelWidth\s*=\s*([-+0-9.eE]+)", text)
    rows = re.search(r"(?mi)^ResolutionY\s*=\s*(\d+)", text)
    return (float(pixel.group(1)) if pixel else float("nan")), (int(rows.group(1)) if rows else 0)


def _companion(path: Path) -> tuple[float, int, str]:
    """Scale from the text file Hitachi and JEOL microscopes write beside an image."""
    for name in (path.with_suffix(".txt"), Path(f"{path}.txt")):
        if not name.exists():
            continue
        text = read_text(name)
        hitachi = re.search(r"(?mi)^PixelSize\s*=\s*([-+0-9.eE]+)", text)
        rows = re.search(r"(?mi)^DataSize\s*=\s*\d+\s*x\s*(\d+)", text)
        if hitachi:
            return float(hitachi.group(1)) * 1e-9, int(rows.group(1)) if rows else 0, f"{name.name} (Hitachi)"
        bar = re.search(r"(?mi)^\$\$SM_MICRON_BAR\s+(\d+)", text)
        marker = re.search(r"(?mi)^\$\$SM_MICRON_MARKER\s+([0-9.]+)\s*([nuµ]m)", text)
        if bar and marker:
            return _metres(*marker.groups()) / int(bar.group(1)), 0, f"{name.name} (JEOL)"
    return float("nan"), 0, ""


def _scale(tags: dict[int, object], path: Path) -> tuple[float, int, str]:
    """Pixel size (m), scanned rows and where they were found; nan if nowhere."""
    for code, read, maker in ((_ZEISS, _zeiss, "Zeiss"), (_FEI, _fei, "FEI"), (_FEI_HELIOS, _fei, "FEI")):
        raw = tags.get(code)
        if raw is None:
            continue
        raw = raw[0] if isinstance(raw, tuple) else raw
        text = raw.decode("latin-1") if isinstance(raw, bytes) else str(raw)
        pixel, rows = read(text.replace("\r\n", "\n"))
        if np.isfinite(pixel):
            return pixel, rows, f"tag {code} ({maker})"
    return _companion(path)


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
    size, rows, origin = _scale(tags, path)
    if pixel is not None:
        size, origin = pixel, "given"
    elif bar_length is not None and bar_pixels is not None:
        size, origin = bar_length / bar_pixels, "given bar"
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
        values = np.asarray(image, dtype=float)
        limit = 65535.0 if mode.startswith("I") else float(values.max())
        return values / limit, 1.0
    return np.asarray(image.convert("L"), dtype=np.float32) / 255.0, 1.0  # type: ignore[attr-defined]

"""Synthetic pictures: lithium that turns black, cross-sections of cells, maps of elements."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.errors import MissingExtra
from electrolith.study.synthetic.truth import MARK, Truth

__all__ = ["note", "save_picture", "write_pictures"]

Section = tuple[tuple[str, float, float, float], ...]  # name, thickness in µm, grey value, grain

NMC, LHC, LNC, LITHIUM = (0.80, 0.13), (0.62, 0.05), (0.42, 0.05), (0.20, 0.02)
SECTIONS: dict[str, tuple[float, Section]] = {
    "pellet": (2.0, (
        ("NCM83:LHC", 60.0, *NMC), ("LHC", 450.0, *LHC), ("LNC", 100.0, *LNC), ("Li", 250.0, *LITHIUM),
    )),
    "high-loading": (2.0, (
        ("NCM83:LHC", 120.0, *NMC), ("LHC", 450.0, *LHC), ("LNC", 100.0, *LNC), ("Li", 250.0, *LITHIUM),
    )),
    "film-LHC": (0.5, (("LHC film", 100.0, *LHC), ("support", 60.0, 0.05, 0.02))),
    "film-LNC": (0.5, (("LNC film", 100.0, *LNC), ("support", 60.0, 0.05, 0.02))),
    "pouch": (1.0, (
        ("NCM83:LHC film", 120.0, *NMC), ("LHC film", 100.0, *LHC), ("LNC film", 100.0, *LNC),
        ("Li", 150.0, *LITHIUM),
    )),
}  # fmt: skip
"""µm per pixel and layers from above, as the paper states them where it does."""

HOURS = (0, 10, 30, 60)
BLACK = 12.0
"""Hours after which the foil under LHC has lost 1 − 1/e of its lustre."""


def note() -> object:
    """Words inside a PNG file."""
    from PIL.PngImagePlugin import PngInfo

    found = PngInfo()
    found.add_text("Comment", MARK)
    return found


def save_picture(path: Path, values: np.ndarray) -> None:
    """Values of 0 to 1, grey (rows, columns) or coloured (rows, columns, 3)."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtra("sem", "Pillow") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((255 * np.clip(values, 0, 1)).astype(np.uint8)).save(path, pnginfo=note())


def write_pictures(folder: Path, rng: np.random.Generator) -> list[Truth]:
    """Sections, photographs and maps; the thicknesses as truths."""
    truths = []
    for name, (pixel, layers) in SECTIONS.items():
        save_picture(folder / f"section-{name}.png", _section(pixel, layers, rng))
        cut = () if len(layers) > 2 else (len(layers) - 1,)
        truths += [
            Truth("", f"thickness {layer[0]} section {name}", layer[1], "um")
            for k, layer in enumerate(layers)
            if k not in cut
        ]
    for hours in HOURS:
        save_picture(folder / "lithium" / f"LHC-{hours:02d}h.png", _foil(np.exp(-hours / BLACK), rng))
        save_picture(folder / "lithium" / f"LNC-{hours:02d}h.png", _foil(1.0, rng))
    _maps(folder / "maps", rng)
    return truths


def _section(pixel: float, layers: Section, rng: np.random.Generator, columns: int = 420) -> np.ndarray:
    """Layers with edges that wander by a micrometre or two, as broken pellets have."""
    edges = np.cumsum([layer[1] / pixel for layer in layers])
    rows = np.arange(round(float(edges[-1])))[:, None]
    index = np.zeros((len(rows), columns), dtype=int)
    for edge in edges[:-1]:
        index += rows + 0.5 >= edge + _wander(columns, rng) / pixel
    grey = np.array([layer[2] for layer in layers])[index]
    grain = np.array([layer[3] for layer in layers])[index]
    return np.asarray(grey + grain * rng.standard_normal(grey.shape))


def _wander(count: int, rng: np.random.Generator) -> np.ndarray:
    """A line of zero mean that wanders by 1.5 µm."""
    walk = np.convolve(rng.standard_normal(count + 24), np.ones(25) / 5.0, "valid")
    return np.asarray(1.5 * (walk - walk.mean()))


def _foil(lustre: float, rng: np.random.Generator, size: int = 240) -> np.ndarray:
    """A round foil on a dark bench; with its lustre goes its brightness, last at the rim."""
    y, x = (np.mgrid[:size, :size] - size / 2) / (size / 2)
    radius = np.hypot(x, y)
    rim = np.clip((radius - 0.5) / 0.35, 0, 1)
    bright = 0.10 + 0.68 * (lustre + (1 - lustre) * 0.3 * rim) + 0.03 * rng.standard_normal(radius.shape)
    inside = (radius < 0.85)[:, :, None]
    foil = bright[:, :, None] * np.array([0.97, 0.98, 1.0])
    bench = 0.18 + 0.02 * rng.standard_normal((size, size, 1)) * np.ones(3) + np.array([0.02, 0.03, 0.08])
    return np.where(inside, foil, bench)


def _maps(folder: Path, rng: np.random.Generator) -> None:
    """A particle bed with N and Cl counted in the same places."""
    rows, columns = 240, 360
    y, x = np.mgrid[:rows, :columns]
    bed = np.zeros((rows, columns))
    for _ in range(420):
        centre, radius = rng.uniform((0, 0), (rows, columns)), rng.uniform(5, 14)
        bed = np.maximum(bed, np.clip(1.2 - np.hypot(y - centre[0], x - centre[1]) / radius, 0, 1) ** 0.5)
    save_picture(folder / "bed.png", 0.1 + 0.8 * bed + 0.04 * rng.standard_normal(bed.shape))
    for name, colour, rate in (("N", (0.2, 0.9, 0.4), 3.0), ("Cl", (1.0, 0.6, 0.1), 9.0)):
        seen = rng.poisson(rate * np.clip(bed, 0.05, None)) / (3.0 * rate)
        save_picture(folder / f"{name}.png", seen[:, :, None] * np.array(colour))

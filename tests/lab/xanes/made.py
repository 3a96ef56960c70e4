"""Spectra of the project's own making, shaped like the Cl K edge of a chloride and of a by-product."""

from __future__ import annotations

import numpy as np

from electrolith.lab.xanes.normalise import Normalised, normalise
from electrolith.lab.xanes.peaks import edge_and_peaks
from electrolith.lab.xanes.read import Spectrum

GRID = np.concatenate([np.arange(2780, 2815, 2.0), np.arange(2815, 2850, 0.2), np.arange(2850, 2930, 1.0)])
SAMPLE = np.array([2825, 0.8, 1, 2826.0, 1.2, 1.4, 2828.7, 0.9, 2.5, 2840, 0.2, 8])
PRODUCT = np.array([2825.5, 0.8, 1, 2827.7, 1.6, 1.3, 2835, 0.3, 6])


def shape(share: float = 0.0, *, shift: float = 0.0, grid: np.ndarray = GRID) -> np.ndarray:
    """Edge-step normalised absorption with a share of the by-product."""
    sample = edge_and_peaks(grid - shift, SAMPLE, "gaussian")
    return np.asarray((1 - share) * sample + share * edge_and_peaks(grid - shift, PRODUCT, "gaussian"))


def spectrum(
    share: float = 0.0,
    *,
    rng: np.random.Generator | None = None,
    noise: float = 0.005,
    shift: float = 0.0,
    scale: float = 1.0,
    start: float = float("nan"),
    name: str = "made",
    grid: np.ndarray = GRID,
) -> Spectrum:
    """As measured: with background, edge step, noise and start time."""
    y = shape(share, shift=shift, grid=grid)
    y = y if rng is None else y + noise * rng.standard_normal(grid.size)
    return Spectrum(grid, scale * y + 0.3 - 1e-4 * (grid - 2800), name, start=start)


def series(
    share: float, rng: np.random.Generator, *, n: int = 40, noise: float = 0.005, drift: float = 0.0
) -> list[Normalised]:
    """Spectra every ten minutes; the by-product appears half-way; energy and intensity jitter."""
    return [
        normalise(
            spectrum(
                share * (i >= n // 2),
                rng=rng,
                noise=noise,
                shift=0.02 * rng.standard_normal() + drift * i / n,
                scale=1 + 0.01 * rng.standard_normal(),
                start=600.0 * i,
            )
        )
        for i in range(n)
    ]


COURSES = {
    "step": lambda x: float(x >= 0.5),
    "ramp": lambda x: x,
    "fast": lambda x: np.expm1(-x / 0.1) / np.expm1(-10),
    "slow": lambda x: np.expm1(-x / 0.3) / np.expm1(-1 / 0.3),
}


def growing_peak(
    course: str, count: int, centre: float, height: float, rng: np.random.Generator
) -> list[Normalised]:
    """Spectra every ten minutes; a peak of 1.2 eV comes; energy, intensity and points jitter."""
    spectra = []
    for i in range(count):
        peak = (
            height * COURSES[course](i / (count - 1)) * np.exp(-4 * np.log(2) * ((GRID - centre) / 1.2) ** 2)
        )
        y = (1 + 0.01 * rng.standard_normal()) * (shape() + peak) + 0.005 * rng.standard_normal(GRID.size)
        energy = GRID + 0.02 * rng.standard_normal()
        raw = Spectrum(energy, y + 0.3 - 1e-4 * (GRID - 2800), "made", start=600.0 * i)
        spectra.append(normalise(raw))
    return spectra

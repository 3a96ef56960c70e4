"""Peaks that come in a series of absorption spectra: found or not, at which energy, how large.

Steps, ramps and two saturating growths over 6 to 60 spectra, and series without a change.
Run: python benchmarks/lab_change.py [series of each kind]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

import numpy as np

from electrolith.lab.xanes.change import ChangeTest, find_feature
from electrolith.lab.xanes.normalise import normalise
from electrolith.lab.xanes.peaks import edge_and_peaks
from electrolith.lab.xanes.read import Spectrum
from electrolith.lab.xanes.series import SpectrumSeries, spectrum_series

GRID: Final = np.concatenate(
    [np.arange(2780, 2815, 2.0), np.arange(2815, 2850, 0.2), np.arange(2850, 2930, 1.0)]
)
SAMPLE: Final = np.array([2825, 0.8, 1, 2826.0, 1.2, 1.4, 2828.7, 0.9, 2.5, 2840, 0.2, 8])
COURSES: Final[dict[str, Callable[[float], float]]] = {
    "step": lambda x: float(x >= 0.5),
    "ramp": lambda x: x,
    "saturating in a tenth": lambda x: float(np.expm1(-x / 0.1) / np.expm1(-10)),
    "saturating in a third": lambda x: float(np.expm1(-x / 0.3) / np.expm1(-1 / 0.3)),
    "none": lambda x: 0.0,
}


def made(course: str, count: int, centre: float, height: float, rng: np.random.Generator) -> SpectrumSeries:
    base = edge_and_peaks(GRID, SAMPLE, "gaussian")
    spectra = []
    for i in range(count):
        share = height * COURSES[course](i / (count - 1))
        peak = share * np.exp(-4 * np.log(2) * ((GRID - centre) / 1.2) ** 2)
        y = (1 + 0.01 * rng.standard_normal()) * (base + peak) + 0.005 * rng.standard_normal(GRID.size)
        energy = GRID + 0.02 * rng.standard_normal()
        spectra.append(normalise(Spectrum(energy, y + 0.3 - 1e-4 * (GRID - 2800), "made", start=600.0 * i)))
    return spectrum_series(spectra)


def main(series: int = 10) -> None:
    for course in COURSES:
        for count in (6, 13, 24, 60):
            hits, away, sizes = 0, [], []
            for seed in range(series):
                rng = np.random.default_rng(100 * seed + count)
                centre, height = rng.uniform(2823, 2835), rng.uniform(0.1, 0.5)
                found = find_feature(made(course, count, centre, height, rng), ChangeTest(permutations=299))
                hits += found.found
                if found.found and found.energy is not None:
                    away.append(abs(found.energy.value - centre))
                    sizes.append(found.size.value / height)
            text = f"{course}, {count} spectra: found {hits} of {series}"
            if away and course != "none":
                text += (
                    f", energy off by at most {max(away):.2f} eV, size {np.median(sizes):.2f} of the truth"
                )
            print(text, flush=True)


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))

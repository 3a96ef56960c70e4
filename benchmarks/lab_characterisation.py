"""Characterisation against its limits: spectra, recoveries, images; seconds and the share of the limit."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from electrolith.core.errors import MissingExtra
from electrolith.lab.nmr.read import Recovery
from electrolith.lab.nmr.recovery import fit_recovery, magnetisation
from electrolith.lab.particles.distribution import size_distribution
from electrolith.lab.particles.render import render
from electrolith.lab.particles.segment import segment
from electrolith.lab.xanes.normalise import normalise
from electrolith.lab.xanes.peaks import edge_and_peaks
from electrolith.lab.xanes.read import Spectrum
from electrolith.lab.xanes.series import principal_components, spectrum_series


def spectra() -> Callable[[], object]:
    """1000 spectra of 500 points: normalised, mapped, decomposed."""
    rng = np.random.default_rng(0)
    grid = np.concatenate(
        [np.arange(2780, 2815, 1.0), np.arange(2815, 2850, 0.1), np.arange(2850, 2930, 0.7)]
    )
    mu = edge_and_peaks(grid, np.array([2825, 0.8, 1, 2826.0, 1.2, 1.4, 2828.7, 0.9, 2.5]), "gaussian")
    made = [
        Spectrum(grid, mu + 0.005 * rng.standard_normal(grid.size), f"{i}", start=60.0 * i)
        for i in range(1000)
    ]
    return lambda: principal_components(spectrum_series([normalise(s) for s in made]))


def recoveries() -> Callable[[], object]:
    """1000 inversion recoveries of 16 delays, three parameters."""
    rng = np.random.default_rng(0)
    delays = np.geomspace(1e-3, 2, 16)
    made = [
        Recovery(
            delays,
            magnetisation(delays, equilibrium=1.0, change=1.8, relaxation_time=0.05 + 0.2 * rng.random())
            + 0.02 * rng.standard_normal(16),
            0.02,
            "made",
        )
        for _ in range(1000)
    ]
    return lambda: [fit_recovery(r, rng=rng) for r in made]


def image() -> Callable[[], object]:
    """An image of 4096 x 4096 pixels with some 4000 particles, a third of them touching."""
    made = render(
        shape=(4096, 4096), pixel=10e-9, median=300e-9, log_std=0.35, count=4000, overlap=0.15,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    return lambda: size_distribution((segment(made.micrograph),))


LIMITS = {
    "1000 spectra normalised and mapped": (spectra, 10.0),
    "1000 inversion recoveries": (recoveries, 5.0),
    "image of 4096 x 4096": (image, 30.0),
}


def main() -> None:
    """Print what each takes beside its limit, in seconds of this machine."""
    for name, (prepare, limit) in LIMITS.items():
        run = prepare()
        start, used = time.perf_counter(), time.process_time()
        try:
            run()
        except MissingExtra as error:
            print(f"{name:40s} not measured: {error}")
            continue
        wall, cpu = time.perf_counter() - start, time.process_time() - used
        print(f"{name:40s} {wall:7.2f} s wall, {cpu:6.2f} s cpu, limit {limit:.0f} s: {wall / limit:.2f}")


if __name__ == "__main__":
    main()

"""What a by-product's share is worth beyond the points' noise: reference, energy scale, residuals.

The points of a spectrum may be quiet while the reference stands a fifth of an electronvolt off or does not
quite describe the phase. Both move the share; neither is in the noise.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from electrolith.core.errors import DataError
from electrolith.core.estimate import Estimate
from electrolith.lab.xanes.change import Change, ChangeTest, find_byproduct
from electrolith.lab.xanes.normalise import Normalised
from electrolith.lab.xanes.series import SpectrumSeries

__all__ = ["CALIBRATION", "judged_byproduct"]

CALIBRATION = 0.2  # eV, one standard deviation between the energy scales of two measurements of one edge
FEW = 6  # spectra below which their scatter cannot be seen
STEP = 0.02  # relative error of an edge step: it scales every share


def judged_byproduct(
    series: SpectrumSeries, reference: Normalised, settings: ChangeTest | None = None
) -> Change:
    """The search of `find_byproduct`, its size with the doubt of reference, energy scale and normalisation.

    Raises
    ------
    DataError
        As `find_byproduct`.
    """
    settings = settings or ChangeTest()
    found = find_byproduct(series, reference, settings)
    moved = [_size(series, _shifted(reference, by), settings, found) for by in (-CALIBRATION, CALIBRATION)]
    seen = [m for m in moved if m is not None]
    scale = max((abs(m - found.size.value) for m in seen), default=0.0)
    structure = _structure(series, reference, found) if series.mu.shape[0] < FEW else 1.0
    width = float(np.sqrt((structure * found.size.std) ** 2 + scale**2 + (STEP * found.size.value) ** 2))
    rng = np.random.default_rng(settings.seed + 3)
    size = Estimate.normal(found.size.value, width, "1", rng=rng)
    if not found.found:
        return replace(found, size=size, limit=max(found.limit, abs(size.value) + 1.96 * width))
    said = (
        f" With a reference {CALIBRATION:g} eV off, residuals that are not noise and the edge steps: "
        f"{size.through(lambda v: 100 * v, unit='percent').text()}."
    )
    return replace(
        found,
        size=size,
        limit=max(found.limit, abs(size.value) + 1.96 * width),
        statement=found.statement + said,
    )


def _shifted(reference: Normalised, by: float) -> Normalised:
    """The reference on an energy scale that is `by` eV off."""
    return replace(reference, energy=reference.energy + by)


def _size(series: SpectrumSeries, reference: Normalised, settings: ChangeTest, found: Change) -> float | None:
    """Share over the course that was found, with another reference; None where it does not reach."""
    try:
        other = find_byproduct(series, reference, settings)
    except DataError:
        return None
    before, after = other.amplitudes[: found.at_index], other.amplitudes[found.at_index :]
    if found.drifts or not before.size or not after.size:
        return other.size.value
    return float(after.mean() - before.mean())


def _structure(series: SpectrumSeries, reference: Normalised, found: Change) -> float:
    """How much larger than white noise what a few spectra differ by, beside the by-product, makes the error.

    √(χ²/dof × correlation of neighbouring energies) of the difference between after and before, at least one.
    """
    k = max(found.at_index, 1)
    near = np.abs(series.energy - float(np.median(series.edge))) < 30
    energy, mu = series.energy[near], series.mu[:, near]
    change, mean = mu[k:].mean(axis=0) - mu[:k].mean(axis=0), mu.mean(axis=0)
    noise = float(np.sqrt(np.mean(series.noise**2) * (1 / k + 1 / (len(mu) - k))))
    shape = np.interp(energy, reference.energy, reference.flat)
    centred = (energy - energy.mean()) / np.ptp(energy)
    design = np.column_stack([shape, mean, np.gradient(mean, energy), np.ones_like(energy), centred])
    rest = change - design @ np.linalg.lstsq(design, change, rcond=None)[0]
    lag = float(np.clip(np.sum(rest[1:] * rest[:-1]) / max(float(np.sum(rest**2)), 1e-300), 0.0, 0.9))
    chi2 = float(np.sum(rest**2)) / max(rest.size - design.shape[1], 1) / max(noise, 1e-12) ** 2
    return float(np.sqrt(max(1.0, chi2 * (1 + lag) / (1 - lag))))

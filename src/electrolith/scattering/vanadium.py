"""Time-of-flight counts to what the sample scattered: containers off, divided by the spectrum that came in.

Vanadium scatters the same in all directions and at all wavelengths, so what it sends into a bank is the
incident spectrum times the bank's efficiency.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from electrolith.core.errors import DataError

from .data import PowderData

__all__ = ["normalised"]

SMOOTH = 0.02
"""Width over which the vanadium is averaged, in parts of the abscissa: its spectrum is smooth."""
ROOM = 3.0  # standard deviations that the vanadium must stand above zero


def normalised(
    sample: PowderData,
    vanadium: PowderData,
    *,
    container: PowderData | None = None,
    background: PowderData | None = None,
) -> PowderData:
    """(sample − container) / (vanadium − background), in units of the mean of the divisor.

    Parameters
    ----------
    container : counts of the empty container, for the same beam as the sample. background : of the empty
        instrument, for the beam of the vanadium.

    Raises
    ------
    DataError
        If a pattern has another abscissa or does not cover the sample's, or where the vanadium does not stand
        above its background.
    """
    x = sample.x
    top, variance = sample.intensity.astype(float), sample.sigma.astype(float) ** 2
    if container is not None:
        less, error = _at(container, sample, "container")
        top, variance = top - less, variance + error**2
    spectrum, spread = _at(vanadium, sample, "vanadium")
    spread = spread**2
    if background is not None:
        less, error = _at(background, sample, "background")
        spectrum, spread = spectrum - less, spread + error**2
    smooth, error = _smoothed(x, spectrum, np.sqrt(spread))
    low = np.flatnonzero(smooth <= ROOM * error)
    if low.size:
        raise DataError(
            f"{vanadium.source}: does not stand above its background at {x[low[0]]:.6g} ({low.size} of "
            f"{x.size} points of the sample); narrow the limits"
        )
    divisor = smooth / smooth.mean()
    sigma = np.sqrt(variance / divisor**2 + (top / divisor * error / smooth) ** 2)
    return replace(sample, intensity=top / divisor, sigma=sigma, sigma_from="file", ordinate="counts")


def _at(other: PowderData, sample: PowderData, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Intensity and standard deviation of another pattern at the sample's points."""
    if other.abscissa != sample.abscissa:
        raise DataError(
            f"{other.source}: the {what} is a function of {other.abscissa}, the sample of {sample.abscissa}"
        )
    step = float(np.median(np.diff(sample.x)))
    if other.x[0] > sample.x[0] + step or other.x[-1] < sample.x[-1] - step:
        raise DataError(
            f"{other.source}: the {what} goes from {other.x[0]:.6g} to {other.x[-1]:.6g}, the sample from "
            f"{sample.x[0]:.6g} to {sample.x[-1]:.6g}"
        )
    return np.interp(sample.x, other.x, other.intensity), np.interp(sample.x, other.x, other.sigma)


def _smoothed(x: np.ndarray, y: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted straight lines over SMOOTH of the abscissa on each side, and the doubt of their middles."""
    out, error = np.empty(len(x)), np.empty(len(x))
    first = np.searchsorted(x, x * (1 - SMOOTH))
    last = np.searchsorted(x, x * (1 + SMOOTH), side="right")
    for k, (a, b) in enumerate(zip(first, last, strict=True)):
        weight = 1 / np.maximum(sigma[a:b], 1e-12) ** 2
        d = x[a:b] - x[k]
        s0, s1, s2 = weight.sum(), (weight * d).sum(), (weight * d**2).sum()
        t0, t1 = (weight * y[a:b]).sum(), (weight * d * y[a:b]).sum()
        det = s0 * s2 - s1**2
        if det <= 1e-12 * s0 * s2 or b - a < 4:
            out[k], error[k] = t0 / s0, s0**-0.5
            continue
        out[k], error[k] = (s2 * t0 - s1 * t1) / det, float(np.sqrt(s2 / det))
    return out, error

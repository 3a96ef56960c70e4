"""From free induction decays to one signal per delay: transform, phase, integrate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.units import Unit
from electrolith.lab.nmr.read import FidArray, Recovery

__all__ = ["Integration", "Spectra", "integrate", "spectra"]


@dataclass(frozen=True, slots=True)
class Integration:
    """How decays become integrals.

    line_broadening : exponential apodisation, Hz.
    low, high : integration region relative to the carrier, Hz; both None: found from the line.
    phase : zero-order phase, degrees; None: the phase that puts most of the signal into the real part.
    first_order : first-order phase across the whole width, degrees.
    threshold : the region reaches out to this fraction of the line's height.
    """

    line_broadening: Annotated[float, Unit("Hz")] = 20.0
    low: Annotated[float, Unit("Hz")] | None = None
    high: Annotated[float, Unit("Hz")] | None = None
    phase: float | None = None
    first_order: float = 0.0
    threshold: float = 0.3  # near the best signal-to-noise of a flat window on a Lorentzian

    def __post_init__(self) -> None:
        if self.line_broadening < 0:
            raise InputError(f"line_broadening must not be negative, got {self.line_broadening} Hz")
        if (self.low is None) != (self.high is None):
            raise InputError("give both ends of the integration region, low and high, or neither")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise InputError(f"integration region from {self.low} to {self.high} Hz is empty")
        if not 0 < self.threshold < 1:
            raise InputError(f"threshold must lie between 0 and 1, got {self.threshold}")


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """Phased spectra of all delays and where they are integrated.

    frequency : Hz relative to the carrier, ascending, shape (m,).
    real : shape (n, m).
    region : low and high end, Hz.
    phase : zero-order phase applied, degrees.
    """

    delays: np.ndarray
    frequency: np.ndarray
    real: np.ndarray
    region: tuple[float, float]
    phase: float
    source: str


def _transform(decays: FidArray, settings: Integration) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and complex spectra, zero-filled twice, the receiver's offset removed."""
    n = decays.fids.shape[1]
    time = np.arange(n) * decays.dwell
    tail = decays.fids[:, -max(n // 10, 1) :].mean(axis=1, keepdims=True)
    damped = (decays.fids - tail) * np.exp(-np.pi * settings.line_broadening * time)
    damped[:, 0] /= 2  # the first point counts half in a one-sided transform, or the baseline lifts
    points = 2 * 2 ** int(np.ceil(np.log2(n)))
    values = np.fft.fftshift(np.fft.fft(damped, points, axis=1), axes=1)
    frequency = np.fft.fftshift(np.fft.fftfreq(points, decays.dwell))
    ramp = np.exp(-1j * np.deg2rad(settings.first_order) * frequency * decays.dwell)
    return frequency, values * ramp


def _region(
    frequency: np.ndarray, values: np.ndarray, settings: Integration, source: str
) -> tuple[float, float]:
    """The line's extent: from its summit out to the threshold, in power averaged over the delays."""
    if settings.low is not None and settings.high is not None:
        if settings.low > frequency[-1] or settings.high < frequency[0]:
            raise InputError(
                f"integration region {settings.low} to {settings.high} Hz lies outside the spectrum "
                f"({frequency[0]:.0f} to {frequency[-1]:.0f} Hz)"
            )
        return settings.low, settings.high
    height = np.sqrt(np.mean(np.abs(values) ** 2, axis=0))
    floor = float(np.median(height))
    summit = int(np.argmax(height))
    if height[summit] < 4 * floor:
        raise DataError(
            f"{source}: no line stands out of the noise (highest point {height[summit] / floor:.1f} times "
            "the median); give the integration region"
        )
    outside = height < floor + settings.threshold * (height[summit] - floor)
    left = np.flatnonzero(outside[:summit])
    right = np.flatnonzero(outside[summit:])
    low = frequency[left[-1]] if left.size else frequency[0]
    high = frequency[summit + right[0]] if right.size else frequency[-1]
    return float(low), float(high)


def spectra(decays: FidArray, settings: Integration) -> Spectra:
    """Fourier transform and phase all decays alike.

    The zero-order phase φ maximises Σ Re(A e^{-iφ})² of the line's complex integrals A, φ = ½ arg Σ A²; its
    sign makes the longest delay positive.
    """
    frequency, values = _transform(decays, settings)
    low, high = _region(frequency, values, settings, decays.source)
    inside = (frequency >= low) & (frequency <= high)
    areas = values[:, inside].sum(axis=1)
    if settings.phase is None:
        phase = 0.5 * float(np.angle(np.sum(areas**2)))
        if (areas[np.argmax(decays.delays)] * np.exp(-1j * phase)).real < 0:
            phase += np.pi
    else:
        phase = float(np.deg2rad(settings.phase))
    real = (values * np.exp(-1j * phase)).real
    return Spectra(decays.delays, frequency, real, (low, high), float(np.rad2deg(phase)), decays.source)


def _window_noise(found: Spectra, width: int, areas: np.ndarray) -> float:
    """Standard deviation of integrals over signal-free windows as wide as the line.

    The tails of the line follow its area from delay to delay; that share of each window is taken out first.
    """
    low, high = found.region
    margin = 2 * (high - low)
    free = (found.frequency < low - margin) | (found.frequency > high + margin)
    edge = 0.05 * (found.frequency[-1] - found.frequency[0])  # the receiver's filter rolls off there
    free &= (found.frequency > found.frequency[0] + edge) & (found.frequency < found.frequency[-1] - edge)
    starts = np.arange(0, found.frequency.size - width, width)
    sums = np.array([found.real[:, s : s + width].sum(axis=1) for s in starts if free[s : s + width].all()])
    dof = areas.size - 2
    if sums.shape[0] < 3 or dof < 1:
        return float("nan")
    tails = np.column_stack([np.ones_like(areas), areas])
    rest = sums.T - tails @ np.linalg.lstsq(tails, sums.T, rcond=None)[0]
    return float(np.sqrt(np.sum(rest**2) / (dof * sums.shape[0])))


def integrate(decays: FidArray, settings: Integration) -> tuple[Recovery, Spectra]:
    """One real integral per delay, with the noise of an integral from signal-free windows.

    Raises
    ------
    DataError
        If no line stands out and no region is given.
    """
    found = spectra(decays, settings)
    low, high = found.region
    inside = (found.frequency >= low) & (found.frequency <= high)
    areas = found.real[:, inside].sum(axis=1)
    scale = float(np.abs(areas).max())
    recovery = Recovery(
        delays=decays.delays,
        signal=areas / scale,
        noise=_window_noise(found, int(inside.sum()), areas) / scale,
        source=decays.source,
        temperature=decays.temperature,
        larmor_frequency=decays.larmor_frequency,
        nucleus=decays.nucleus,
        account=decays.account,
    )
    return recovery, found

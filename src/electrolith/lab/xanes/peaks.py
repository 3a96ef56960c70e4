r"""White line and peaks: µ(E) = edge + Σ peaks, the edge an arctangent, the peaks Gaussian or Lorentzian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.signal import find_peaks

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.core.fit import least_squares
from electrolith.lab.xanes.normalise import Normalised

__all__ = ["Peak", "PeakFit", "WhiteLine", "edge_and_peaks", "fit_peaks", "white_line"]

Shape = Literal["gaussian", "lorentzian"]


@dataclass(frozen=True, slots=True, eq=False)
class WhiteLine:
    """Highest point of the spectrum within 30 eV above the edge: energy in eV, height in edge steps."""

    energy: Estimate
    height: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """One fitted peak: centre and full width in eV, height in edge steps, area in eV times edge step."""

    centre: Estimate
    height: Estimate
    width: Estimate
    area: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class PeakFit:
    """Peaks over an arctangent edge.

    rms : root mean square of the residual, edge steps.
    """

    peaks: tuple[Peak, ...]
    edge: Estimate
    energy: np.ndarray
    measured: np.ndarray
    fitted: np.ndarray
    background: np.ndarray
    rms: float
    shape: str


def white_line(spectrum: Normalised, *, rng: np.random.Generator) -> WhiteLine:
    """Energy and height of the white line, from a parabola through its summit.

    Raises
    ------
    DataError
        If the highest point is the last one: the spectrum ends before its white line.
    """
    above = np.flatnonzero((spectrum.energy > spectrum.edge - 2) & (spectrum.energy < spectrum.edge + 30))
    if above.size < 4:
        raise DataError(
            f"{spectrum.name}: {above.size} points within 30 eV above the edge; no white line to see"
        )
    top = int(above[np.argmax(spectrum.flat[above])])
    if top >= spectrum.energy.size - 2 or top == above[-1]:
        raise DataError(
            f"{spectrum.name}: mu still rises at {spectrum.energy[top]:.1f} eV; no white line to see"
        )
    half = 2
    while (
        top + half < spectrum.energy.size - 1
        and spectrum.energy[top + half] - spectrum.energy[top - half] < 1.0
    ):
        half += 1
    window = slice(top - half, top + half + 1)
    x = spectrum.energy[window] - spectrum.energy[top]
    noise = max(spectrum.noise, 1e-9)
    draws = spectrum.flat[window] + noise * rng.standard_normal((DRAWS, x.size))
    curvature, slope, level = np.polyfit(x, draws.T, 2)
    at = np.clip(-slope / (2 * np.where(curvature < 0, curvature, -np.inf)), x[0], x[-1])
    return WhiteLine(
        Estimate(spectrum.energy[top] + at, "eV"), Estimate(level + slope * at + curvature * at**2, "1")
    )


def edge_and_peaks(energy: np.ndarray, parameters: np.ndarray, shape: Shape) -> np.ndarray:
    """Forward model. parameters: edge energy, width and height, then centre, height, width of each peak."""
    edge, width, height = parameters[:3]
    y = height * (0.5 + np.arctan((energy - edge) / width) / np.pi)
    for centre, top, full in parameters[3:].reshape(-1, 3):
        x = 2 * (energy - centre) / full
        y = y + top * (np.exp(-np.log(2) * x**2) if shape == "gaussian" else 1 / (1 + x**2))
    return np.asarray(y)


def fit_peaks(
    spectrum: Normalised,
    *,
    centres: tuple[float, ...] = (),
    low: float | None = None,
    high: float | None = None,
    shape: Shape = "gaussian",
    rng: np.random.Generator,
) -> PeakFit:
    """Fit peaks over the edge between `low` and `high` (default: 10 eV below to 15 eV above it).

    Parameters
    ----------
    centres : starting energies, eV; empty: the maxima seen.

    Raises
    ------
    InputError
        If a centre lies outside the range.
    DataError
        If no peak is seen or the points do not determine the peaks.
    """
    low = spectrum.edge - 10 if low is None else low
    high = spectrum.edge + 15 if high is None else high
    inside = (spectrum.energy >= low) & (spectrum.energy <= high)
    e, y = spectrum.energy[inside], spectrum.flat[inside]
    for centre in centres:
        if not low < centre < high:
            raise InputError(
                f"peak centre {centre:g} eV lies outside the fitted range {low:g} to {high:g} eV"
            )
    if not centres:
        found = find_peaks(y, prominence=max(5 * spectrum.noise, 0.02))[0]
        if not found.size:
            raise DataError(
                f"{spectrum.name}: no peak seen between {low:.1f} and {high:.1f} eV; give centres"
            )
        centres = tuple(float(v) for v in e[found])
    if e.size < 3 + 3 * len(centres) + 3:
        raise DataError(
            f"{spectrum.name}: {e.size} points cannot determine {len(centres)} peaks and the edge"
        )
    start = [spectrum.edge, 1.0, 1.0]
    lows, highs = [low, 0.05, 0.2], [high, 10.0, 2.0]
    for centre in centres:
        start += [centre, max(float(np.interp(centre, e, y)) - 0.5, 0.05), 1.5]
        lows += [centre - 3, 0.0, 0.2]
        highs += [centre + 3, 20.0, 12.0]
    scale = max(spectrum.noise, 1e-6)
    fit = least_squares(
        lambda p: (edge_and_peaks(e, p, shape) - y) / scale,
        np.array(start),
        bounds=(np.array(lows), np.array(highs)),
        max_evaluations=500,
    )
    drawn = _draws(fit.parameters, fit.covariance * max(fit.chi2 / max(fit.dof, 1), 1.0), rng)
    factor = np.sqrt(np.pi / np.log(2)) / 2 if shape == "gaussian" else np.pi / 2
    peaks = tuple(
        Peak(
            centre=Estimate(drawn[:, i], "eV"),
            height=Estimate(drawn[:, i + 1], "1"),
            width=Estimate(drawn[:, i + 2], "eV"),
            area=Estimate(factor * drawn[:, i + 1] * drawn[:, i + 2], "eV"),
        )
        for i in range(3, fit.parameters.size, 3)
    )
    fitted = edge_and_peaks(e, fit.parameters, shape)
    background = edge_and_peaks(e, fit.parameters[:3], shape)
    rms = float(np.sqrt(np.mean((fitted - y) ** 2)))
    return PeakFit(peaks, Estimate(drawn[:, 0], "eV"), e, y, fitted, background, rms, shape)


def _draws(mean: np.ndarray, covariance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Normal draws; directions that the points leave open keep a wide but finite spread."""
    safe = np.where(np.isfinite(covariance), covariance, 0.0)
    lost = ~np.isfinite(np.diag(covariance))
    safe[lost, lost] = (0.5 * np.abs(mean[lost]) + 1.0) ** 2
    values, vectors = np.linalg.eigh(safe)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return np.asarray(mean + rng.standard_normal((DRAWS, mean.size)) @ root.T)

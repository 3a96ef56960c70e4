r"""Edge position, pre-edge and post-edge lines, edge step, normalised and flattened absorption.

The default ranges follow the convention of Athena's successor xraylarch, with which the results agree.
Source: Ravel & Newville, J. Synchrotron Rad. 12 (2005) 537.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.ndimage import gaussian_filter1d

from electrolith.core.errors import DataError, InputError
from electrolith.core.units import Unit
from electrolith.lab.xanes.read import Spectrum

__all__ = ["Normalisation", "Normalised", "crossing", "derivative", "edge_energy", "normalise"]


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Ranges relative to the edge, eV; None: from the extent of the spectrum.

    already : the spectra are normalised as they come; only the edge is looked for.
    degree : of the post-edge polynomial.
    edge : energy of the edge; None: found.
    pre_start, pre_end : line before the edge, relative to it.
    post_start, post_end : polynomial behind the edge, relative to it.
    """

    edge: Annotated[float, Unit("eV")] | None = None
    pre_start: Annotated[float, Unit("eV")] | None = None
    pre_end: Annotated[float, Unit("eV")] | None = None
    post_start: Annotated[float, Unit("eV")] | None = None
    post_end: Annotated[float, Unit("eV")] | None = None
    degree: int | None = None
    already: bool = False

    def __post_init__(self) -> None:
        if self.degree is not None and not 0 <= self.degree <= 3:
            raise InputError(f"degree of the post-edge polynomial must be 0 to 3, got {self.degree}")
        for name in ("pre_start", "pre_end"):
            value = getattr(self, name)
            if value is not None and value > 0:
                raise InputError(f"{name} is relative to the edge and must be negative, got {value} eV")


@dataclass(frozen=True, slots=True, eq=False)
class Normalised:
    """A spectrum on the scale of its edge step.

    edge : energy of the steepest rise, eV.
    edge_step : unit of µ.
    mu : normalised absorption, shape (n,).
    flat : the same with the post-edge curvature taken out above the edge, shape (n,).
    half : energy at which the normalised absorption first passes 0.5, eV.
    noise : standard deviation of one normalised point, from second differences of the smooth parts.
    ranges : pre-edge and post-edge ranges used, eV relative to the edge.
    half_doubt : how far `half` depends on where the points of the grid lie, eV.
    """

    energy: np.ndarray
    mu: np.ndarray
    flat: np.ndarray
    edge: float
    edge_step: float
    half: float
    noise: float
    ranges: tuple[float, float, float, float]
    degree: int
    name: str
    mode: str
    start: float
    half_doubt: float = 0.0


def derivative(energy: np.ndarray, mu: np.ndarray) -> np.ndarray:
    """dµ/dE by central differences on the grid as it is; shape (n,)."""
    return np.asarray(np.gradient(mu) / np.gradient(energy))


def _steepest(energy: np.ndarray, slope: np.ndarray) -> int:
    """Index of the largest derivative whose neighbours are high as well, away from the ends."""
    n = energy.size
    margin = max(3, int(0.02 * n))
    inner = slope[margin:-margin]
    if inner.size < 3 or not np.ptp(inner) > 0:
        return n // 2
    scaled = (slope - inner.min()) / np.ptp(inner)
    for share in (0.6 if n > 20 else 0.3, 0.3, 0.15, 0.0):
        high = scaled > share
        both = high.copy()
        both[1:] &= high[:-1]
        both[:-1] &= high[1:]
        both[:margin] = both[n - margin :] = False
        if both.any():
            return int(np.flatnonzero(both)[np.argmax(slope[both])])
    return int(margin + np.argmax(inner))


def edge_energy(energy: np.ndarray, mu: np.ndarray) -> float:
    """Energy of the steepest rise, on the grid, eV.

    First without, then within 75 points with a Gaussian smoothing of the derivative over about one step.
    """
    slope = derivative(energy, mu)
    first = _steepest(energy, slope)
    low, high = max(3, first - 75), min(first + 75, energy.size - 3)
    if first < 0.05 * energy.size:  # glitches live at the very beginning of a scan
        low, high = max(3, first - 20), energy.size - 3
    e, m = energy[low:high], mu[low:high]
    if e.size < 8:
        return float(energy[first])
    steps = np.sort(np.diff(energy))
    skip = int(0.01 * energy.size)
    step = 0.5 * (
        np.clip(steps[skip : skip + 10].mean(), 0.01, 1.0) + np.clip(energy[first] / 25000, 0.01, 1.0)
    )
    grid = np.arange(e[0], e[-1] + step, step)
    smooth = gaussian_filter1d(np.interp(grid, e, derivative(e, m)), 1.0, mode="nearest")
    return float(e[_steepest(e, np.interp(e, grid, smooth))])


def crossing(energy: np.ndarray, mu: np.ndarray, *, level: float = 0.5, near: float | None = None) -> float:
    """Energy at which µ first rises through `level`, linear between points; nan if it never does.

    near : look no more than 50 eV below this energy, eV.
    """
    rises = (mu[:-1] < level) & (mu[1:] >= level)
    if near is not None:
        rises &= energy[:-1] > near - 50
    found = np.flatnonzero(rises)
    if not found.size:
        return float("nan")
    i = found[0]
    return float(energy[i] + (level - mu[i]) / (mu[i + 1] - mu[i]) * (energy[i + 1] - energy[i]))


def _half_doubt(energy: np.ndarray, mu: np.ndarray, at: int, settings: Normalisation) -> float:
    """How far the energy at half the step moves with the grid: the edge one point off, a parabola for a line.

    The edge is one of the grid's own points and carries the ranges of the normalisation with it, so that two
    grids give two halves of one spectrum.
    """
    if settings.already:
        normal = mu
        moved = []
    else:
        moved = [_normal(energy, mu, k, settings)[0] for k in (at - 1, at + 1)]
        normal = _normal(energy, mu, at, settings)[0]
    halves = [crossing(energy, m, near=float(energy[at])) for m in (normal, *moved)]
    i = int(np.clip(np.searchsorted(energy, halves[0]), 1, energy.size - 2)) if np.isfinite(halves[0]) else 0
    if i == 0:
        return 0.0
    bend = abs(float(mu[i + 1] - 2 * mu[i] + mu[i - 1])) / max(abs(float(mu[i] - mu[i - 1])), 1e-300)
    line = bend / 8 * float(energy[i] - energy[i - 1])  # h² µ''/8 over µ'
    shifted = [abs(h - halves[0]) for h in halves[1:] if np.isfinite(h)]
    return float(np.hypot(min(line, float(energy[i] - energy[i - 1])), max(shifted, default=0.0)))


def _ranges(energy: np.ndarray, at: int, s: Normalisation) -> tuple[float, float, float, float]:
    """Pre- and post-edge ranges relative to the edge, eV."""
    edge, rounded = energy[at], 5.0 if at > 20 else 2.0
    pre_start = s.pre_start if s.pre_start is not None else rounded * round((energy[1] - edge) / rounded)
    pre_start = max(pre_start, energy[0] - edge)
    pre_end = s.pre_end if s.pre_end is not None else 0.5 * pre_start
    reach = energy[-1] - edge
    post_end = min(s.post_end if s.post_end is not None else 5.0 * round(reach / 5.0), reach)
    post_start = s.post_start if s.post_start is not None else min(25.0, 5.0 * round(post_end / 15.0))
    return (
        float(min(pre_start, pre_end)),
        float(max(pre_start, pre_end)),
        float(min(post_start, post_end - 10)),
        float(post_end),
    )


def _slice(energy: np.ndarray, low: float, high: float, fewest: int) -> slice:
    """Points from the last at or below `low` to the one before the nearest to `high`."""
    start = max(int(np.searchsorted(energy, low, side="right")) - 1, 0)
    stop = int(np.argmin(np.abs(energy - high)))
    return slice(start, max(stop, min(start + fewest, energy.size)))


def _noise(energy: np.ndarray, mu: np.ndarray, edge: float) -> float:
    """Point noise from second differences outside the edge region, median based."""
    quiet = np.abs(energy - edge) > 30
    if np.count_nonzero(quiet) < 8:
        quiet = np.ones(energy.size, bool)
    second = np.diff(mu, 2)[quiet[1:-1]]
    return float(np.median(np.abs(second)) / (0.6745 * np.sqrt(6.0)))


def normalise(spectrum: Spectrum, settings: Normalisation | None = None) -> Normalised:
    """Subtract the pre-edge line, divide by the edge step; flatten above the edge.

    The step is the difference, at the edge, of a polynomial through the post-edge and a line through the
    pre-edge.

    Raises
    ------
    DataError
        If no edge lies inside the spectrum or the step is negative.
    """
    s = settings or Normalisation()
    energy, mu = spectrum.energy, spectrum.mu
    where = spectrum.source or spectrum.name
    edge = s.edge if s.edge is not None else edge_energy(energy, mu)
    at = int(np.argmin(np.abs(energy - edge)))
    if at < 3 or at > energy.size - 4:
        raise DataError(
            f"{where}: no absorption edge inside {energy[0]:.1f} to {energy[-1]:.1f} eV "
            f"(steepest at {edge:.1f} eV)"
        )
    normal, flat, step, ranges, degree = _normal(energy, mu, at, s, where)
    edge = float(energy[at])
    return Normalised(
        energy=energy,
        mu=normal,
        flat=flat,
        edge=edge,
        edge_step=step,
        half=crossing(energy, normal, near=edge),
        noise=_noise(energy, normal, edge),
        ranges=ranges,
        degree=degree,
        name=spectrum.name,
        mode=spectrum.mode,
        start=spectrum.start,
        half_doubt=_half_doubt(energy, mu, at, s),
    )


def _normal(
    energy: np.ndarray, mu: np.ndarray, at: int, s: Normalisation, where: str = ""
) -> tuple[np.ndarray, np.ndarray, float, tuple[float, float, float, float], int]:
    """µ in edge steps, the same flattened, the step, its ranges and degree, with the edge at a point.

    A step that is none is refused where `where` names the spectrum.
    """
    if s.already:
        return mu, mu.copy(), 1.0, (0.0, 0.0, 0.0, 0.0), 0
    edge = float(energy[at])
    ranges = _ranges(energy, at, s)
    width = ranges[3] - ranges[2]
    degree = s.degree if s.degree is not None else 0 if width < 30 else 1 if width < 300 else 2
    pre = _slice(energy, edge + ranges[0], edge + ranges[1], 2)
    post = _slice(energy, edge + ranges[2], edge + ranges[3], degree + 2)
    line = np.polynomial.Polynomial.fit(energy[pre], mu[pre], 1)
    above = mu - line(energy)
    curve = np.polynomial.Polynomial.fit(energy[post], above[post], degree)
    step = float(curve(edge))
    if where:
        _check_step(step, above[pre], where)
    normal = above / step
    flat = np.where(energy < edge, normal, normal - (curve(energy) - step) / step)
    return normal, flat, step, ranges, degree


def _check_step(step: float, below: np.ndarray, where: str) -> None:
    """Refuse a step that goes down or drowns in the pre-edge's scatter."""
    scatter = float(below.std())
    if step <= 0:
        raise DataError(
            f"{where}: the edge step is {step:.3g}, mu falls at the edge; are I0 and the signal exchanged?"
        )
    if step < 3 * scatter:
        raise DataError(
            f"{where}: no absorption edge: the step {step:.3g} is below three times the pre-edge scatter "
            f"{scatter:.3g}"
        )

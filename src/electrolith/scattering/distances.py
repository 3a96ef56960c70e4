"""Which distance a peak of G(r) is: pairs of the fitted crystal, or the ripple of a cut at q_max."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .model import Model, phases_at
from .parameter import catalogue
from .pdf import PdfSettings, pdf_on, sampled, shell_table, shells, terminated
from .pdf_fit import PdfFit, PdfRange
from .phase import Phase, Site, layout

__all__ = ["Distance", "PeakOfG", "assign_peaks"]

NEAR = 6.5
"""Å; beyond, several shells lie under each peak."""
CLEAR = 4.0  # standard deviations of the noise that a peak must stand above its surroundings
REACH = 0.2  # Å between a peak and a distance that makes it, at most


@dataclass(frozen=True, slots=True)
class Distance:
    """Pairs of two sites at one distance.

    count : neighbours of an atom on the first site, vacancies left out. share : of the scattering by pairs
        within NEAR.
    """

    pair: str
    r: float
    count: float
    share: float


@dataclass(frozen=True, slots=True)
class PeakOfG:
    """A maximum of the measured G(r).

    r, sigma : its place, Å. height : above the higher of the minima beside it, 1/Å². calculated : place of
    the fitted curve's maximum there, Å, nan where it has none. pairs : distances that make it.
    ripple : the fitted crystal has it only because of the cut at q_max.
    """

    r: float
    sigma: float
    height: float
    calculated: float
    pairs: tuple[Distance, ...]
    ripple: bool

    @property
    def known(self) -> bool:
        """Whether the crystal or the cut explains it."""
        return bool(self.pairs) or self.ripple


def assign_peaks(fit: PdfFit) -> tuple[PeakOfG, ...]:
    """Every clear maximum of the measured curve up to NEAR, with what makes it.

    A maximum that the fitted crystal shows, as high as it was measured, with the cut of Q at q_max and not
    without it is a termination ripple: it belongs to no distance, and a window on S(Q) takes it away.
    """
    item = min(fit.ranges, key=lambda k: (k.low, -k.high))
    near = item.r <= NEAR
    r, observed = item.r[near], item.observed[near]
    if len(r) < 20:
        return ()
    phase, settings = _fitted(fit, item)
    cut = item.calculated[near]
    smooth = _without_cut(phase, settings, r, item.values["scale"])
    noise = float(np.std(np.diff(item.observed - item.calculated)) / np.sqrt(2))
    width = np.pi / settings.q_max  # of what the data resolve
    kept = _maxima(r, observed, noise, width)
    distances = _distances(phase, settings)
    peaks = []
    for place, sigma, height in kept:
        pairs = tuple(d for d in distances if _belongs(d.r, place, [k[0] for k in kept]))
        calculated = _nearest(r, cut, place, width)
        # What remains of the peak without the cut, in parts of what the cut curve has there.
        whole, rest = _rise(r, cut, place, width), _rise(r, smooth, place, width)
        seen = _rise(r, observed, place, width)
        ripple = bool(np.isfinite(calculated) and rest < 0.25 * whole and 0.5 * whole < seen < 2 * whole)
        peaks.append(PeakOfG(place, sigma, height, calculated, () if ripple else pairs, ripple))
    return tuple(peaks)


def _fitted(fit: PdfFit, item: PdfRange) -> tuple[Phase, PdfSettings]:
    """Crystal and settings with the values of a fit."""
    phase = fit.phase
    model = Model((phase,), (), (layout(phase),), (), (), (), catalogue((phase,), ()))
    phase = phases_at(model, {f"{phase.name}/{n}": v for n, v in item.values.items()})[0]
    found = {n: max(v, 0.0) for n, v in item.values.items()}
    return phase, replace(
        fit.settings,
        q_damp=found["q_damp"],
        q_broad=found["q_broad"],
        delta1=found["delta1"],
        delta2=found["delta2"],
        diameter=found["diameter"],
    )


def _without_cut(phase: Phase, settings: PdfSettings, r: np.ndarray, scale: float) -> np.ndarray:
    """The fitted crystal's G(r) as data to four times q_max would show it."""
    far = replace(settings, q_max=4 * settings.q_max)
    step = min(float(np.min(np.diff(r))), 0.02)
    grid = step * np.arange(1, int(np.ceil((r[-1] + 2.0) / step)) + 1)
    curve = pdf_on(grid, phase, shells(phase, r_max=grid[-1] + 1.0), far)
    return np.asarray(scale * sampled(grid, terminated(grid, curve, far), r))


def _maxima(r: np.ndarray, g: np.ndarray, noise: float, width: float) -> list[tuple[float, float, float]]:
    """Place, its error, and height of each clear maximum; parabolas over half the resolved width."""
    from scipy.signal import find_peaks

    step = float(np.median(np.diff(r)))
    span = max(2, round(0.35 * width / step))
    kernel = np.ones(2 * (span // 2) + 1)
    padded = np.pad(g, len(kernel) // 2, mode="edge")
    soft = np.convolve(padded, kernel / kernel.sum(), "valid")
    places, about = find_peaks(soft, prominence=max(CLEAR * noise, 0.02 * float(np.ptp(soft))))
    found = []
    for k, height in zip(places, about["prominences"], strict=True):
        near = slice(max(k - span, 0), k + span + 1)
        x = r[near] - r[k]
        coefficients, cov = _parabola(x, g[near], noise)
        top = -coefficients[1] / (2 * coefficients[0])
        if coefficients[0] >= 0 or abs(top) > span * step:
            continue
        slope = np.array([coefficients[1] / (2 * coefficients[0] ** 2), -1 / (2 * coefficients[0]), 0.0])
        found.append((float(r[k] + top), float(np.sqrt(slope @ cov @ slope)), float(height)))
    return found


def _parabola(x: np.ndarray, y: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients, highest power first, and their covariance for points of that noise."""
    design = np.vander(x, 3)
    inverse = np.linalg.inv(design.T @ design)
    return inverse @ design.T @ y, inverse * max(noise, 1e-9) ** 2


def _nearest(r: np.ndarray, curve: np.ndarray, place: float, width: float) -> float:
    """The curve's own maximum within the resolved width; nan where it has none."""
    tops = [k for k in range(1, len(r) - 1) if curve[k - 1] < curve[k] >= curve[k + 1]]
    near = [float(r[k]) for k in tops if abs(r[k] - place) <= width]
    return min(near, key=lambda v: abs(v - place)) if near else float("nan")


def _rise(r: np.ndarray, curve: np.ndarray, place: float, width: float) -> float:
    """How far the curve stands at a place above the straight line between half a ripple on each side."""
    left, middle, right = np.interp([place - width, place, place + width], r, curve)
    return float(middle - (left + right) / 2)


def _belongs(distance: float, place: float, places: list[float]) -> bool:
    return abs(distance - place) <= REACH and min(places, key=lambda v: abs(v - distance)) == place


def _distances(phase: Phase, settings: PdfSettings) -> list[Distance]:
    """All pairs up to NEAR, by rising distance."""
    pairs = shells(phase, r_max=NEAR)
    r, weight, _, _ = shell_table(phase, pairs, settings)
    atoms = np.array([sum(o for _, o in s.occupancy) for s in phase.sites])
    counts = np.array(layout(phase).multiplicities)
    total = float(np.abs(weight).sum())
    found = []
    for k in np.argsort(r):
        i, j = int(pairs.first[k]), int(pairs.second[k])
        both = 1.0 if i == j else 2.0
        neighbours = pairs.count[k] / both / counts[j] * atoms[i]
        name = f"{_who(phase.sites[j])}–{_who(phase.sites[i])}"
        found.append(Distance(name, float(r[k]), float(neighbours), float(abs(weight[k])) / total))
    return found


def _who(site: Site) -> str:
    """The species of a site: "Li", "N/Cl"."""
    return "/".join(dict.fromkeys(s for s, _ in site.occupancy))

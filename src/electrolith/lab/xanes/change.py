r"""Has a series of spectra changed? Either answer is a statement with a number.

The spectra are first aligned in energy. Each is then written as α S0 + δ dS0/dE + a + b E + c X: S0 the
mean spectrum, δ what is left of a shift, a and b a background, X the feature looked for: the spectrum of
a by-product, or a Gaussian at every energy in turn. The amplitudes c are searched for a step at any time,
a steady drift and a growth that levels off; their significance comes from reshuffling the order of the
spectra or, where these are too few, from Student's t, so that looking everywhere is paid for.

Where a peak stands is another question than whether anything changed: it is the energy whose peak explains
most of the change in units of the points' noise, among those that changed significantly. The largest t would
favour energies where a little of a large change spills over and little else scatters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import make_interp_spline

from electrolith.core.errors import DataError
from electrolith.core.estimate import Estimate
from electrolith.lab.xanes.change_search import FEW, ChangeTest, Found, strongest_change
from electrolith.lab.xanes.normalise import Normalised
from electrolith.lab.xanes.series import SpectrumSeries

__all__ = ["Change", "ChangeTest", "find_byproduct", "find_feature", "find_shift"]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Outcome of the search for one kind of change.

    amplitudes : of each spectrum, shape (n,); the strongest feature's where many were searched.
    error : standard deviation of one amplitude.
    drifts : whether a steady or levelling course describes the change better than a step.
    course : which of the three, "step", "steady" or "levelling off"; "" where none was found.
    size : step of the amplitude at `at_time`, or the whole course, if found; else the second half of the
        series minus the first.
    limit : largest change compatible with the data at 95 %.
    detectable : the step half-way through the series that would have been found half the time.
    energy : of the strongest feature, eV; None for a by-product or a shift.
    """

    kind: str
    unit: str
    found: bool
    drifts: bool
    probability: float
    amplitudes: np.ndarray
    error: float
    size: Estimate
    limit: float
    detectable: float
    at_time: float
    at_index: int
    energy: Estimate | None
    statement: str
    course: str = ""


def find_byproduct(
    series: SpectrumSeries, reference: Normalised, settings: ChangeTest | None = None
) -> Change:
    """Look for a known by-product; amplitudes are its share of the spectrum.

    Raises
    ------
    DataError
        If the reference does not cover the energies, or cannot be told from the series' own spectrum.
    """
    s = settings or ChangeTest()
    mask = _window(series, s)
    energy = series.energy[mask]
    if reference.energy[0] > energy[0] or reference.energy[-1] < energy[-1]:
        raise DataError(
            f"{reference.name}: covers {reference.energy[0]:.1f} to {reference.energy[-1]:.1f} eV; "
            f"the search needs {energy[0]:.1f} to {energy[-1]:.1f} eV"
        )
    shape = np.interp(energy, reference.energy, reference.flat)
    amplitudes, gain = _amplitudes(series, mask, shape[None, :])
    if gain[0] < 1e-3 * np.linalg.norm(shape):
        raise DataError(f"{reference.name}: its spectrum cannot be told from that of the series")
    series = replace(series, noise=np.hypot(series.noise, series.between))
    found = strongest_change(series, amplitudes, gain, s, one_sided=True)
    return _report(series, found, s, kind=f"by-product {reference.name}", unit="share")


def find_feature(series: SpectrumSeries, settings: ChangeTest | None = None) -> Change:
    """Look for a peak that comes or goes at any energy; amplitudes are heights in edge steps."""
    s = settings or ChangeTest()
    mask = _window(series, s)
    energy = series.energy[mask]
    centres = np.arange(energy[0] + s.feature_width, energy[-1] - s.feature_width, s.feature_width / 2)
    if centres.size == 0:
        raise DataError(
            f"{energy[-1] - energy[0]:.1f} eV of spectrum cannot hold a {s.feature_width} eV wide feature"
        )
    shapes = np.exp(-4 * np.log(2) * ((energy - centres[:, None]) / s.feature_width) ** 2)
    amplitudes, gain = _amplitudes(series, mask, shapes)
    series = replace(series, noise=np.hypot(series.noise, series.between))
    found = strongest_change(series, amplitudes, gain, s, one_sided=False)
    rng = np.random.default_rng(s.seed + 1)
    # neighbouring features and the shape assumed pull the summit by a fraction of its width
    pulled = s.feature_width / 8
    sharpness = s.feature_width / 2.355 / max(float(found.profile.max()), 1.0)
    at = Estimate.normal(_summit(centres, found.profile), float(np.hypot(sharpness, pulled)), "eV", rng=rng)
    return _report(series, found, s, kind="new or vanishing peak", unit="edge steps", energy=at)


def find_shift(series: SpectrumSeries, settings: ChangeTest | None = None) -> Change:
    """Look for a shift of the edge (energy at µ = 0.5), eV."""
    s = settings or ChangeTest()
    if not np.all(np.isfinite(series.half)):
        raise DataError("a spectrum of the series never passes half its edge step; no shift can be measured")
    slope = np.array([np.interp(h, series.energy, d) for h, d in zip(series.half, series.slope, strict=True)])
    gain = np.array([float(np.median(np.abs(slope)))])  # σ(E) = σ(µ)/|dµ/dE|
    series = replace(series, noise=np.hypot(series.noise, series.half_doubt * gain))
    found = strongest_change(series, series.half[:, None], gain, s, one_sided=False)
    return _report(series, found, s, kind="edge shift", unit="eV")


def _window(series: SpectrumSeries, s: ChangeTest) -> np.ndarray:
    edge = float(np.median(series.edge))
    mask = (series.energy >= edge + s.low) & (series.energy <= edge + s.high)
    if np.count_nonzero(mask) < 12:
        raise DataError(
            f"{np.count_nonzero(mask)} energies between {edge + s.low:.1f} and {edge + s.high:.1f} eV; "
            "a search for changes needs 12"
        )
    return np.asarray(mask)


def _nuisance(energy: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """What changes without a change of the sample: intensity, energy scale, background; shape (m, 4)."""
    centred = (energy - energy.mean()) / np.ptp(energy)
    return np.column_stack([mean, np.gradient(mean, energy), np.ones_like(energy), centred])


def _aligned(series: SpectrumSeries, mask: np.ndarray) -> np.ndarray:
    """The searched part of the spectra, each moved in energy onto the mean; shape (n, m)."""
    energy = series.energy[mask]
    shifts = np.zeros(len(series.mu))
    splines = [make_interp_spline(series.energy, row, k=3) for row in series.mu]
    y = series.mu[:, mask]
    for _ in range(3):
        found = np.linalg.lstsq(_nuisance(energy, y.mean(axis=0)), y.T, rcond=None)[0]
        step = -found[1] / np.where(np.abs(found[0]) > 0.1, found[0], 1.0)
        if np.max(np.abs(shifts + step)) > 5.0:  # not a shift of the scale: leave it to the derivative
            break
        shifts = shifts + step - np.mean(step)
        if np.max(np.abs(shifts)) < 0.1 * float(np.median(np.diff(energy))):
            return np.asarray(series.mu[:, mask])  # too small to be worth smoothing the noise by a spline
        at = np.clip(energy + shifts[:, None], series.energy[0], series.energy[-1])
        y = np.array([f(x) for f, x in zip(splines, at, strict=True)])
    return y


def _amplitudes(
    series: SpectrumSeries, mask: np.ndarray, shapes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes (n, q) of each shape beside the nuisances, and the norm of what they leave of it."""
    energy, y = series.energy[mask], _aligned(series, mask)
    q, _ = np.linalg.qr(_nuisance(energy, y.mean(axis=0)))
    clean = shapes - (shapes @ q) @ q.T
    gain = np.linalg.norm(clean, axis=1)
    return (y @ clean.T) / np.maximum(gain, 1e-300) ** 2, gain


def _summit(centres: np.ndarray, profile: np.ndarray) -> float:
    """Centre of the strongest feature, refined by a parabola through its neighbours."""
    i = int(np.argmax(profile))
    if 0 < i < centres.size - 1:
        a, b, c = profile[i - 1 : i + 2]
        curvature = a - 2 * b + c
        if curvature < 0:
            return float(centres[i] + 0.5 * (a - c) / curvature * (centres[1] - centres[0]))
    return float(centres[i])


def _report(
    series: SpectrumSeries,
    found: Found,
    s: ChangeTest,
    *,
    kind: str,
    unit: str,
    energy: Estimate | None = None,
) -> Change:
    """The outcome in numbers and in words."""
    n = found.amplitudes.size
    yes = found.probability <= s.false_alarm
    drifts = found.course != "step"
    k = found.index if yes and not drifts else n // 2
    width = found.error * float(np.sqrt(1 / k + 1 / (n - k)))
    size = float(found.amplitudes[k:].mean() - found.amplitudes[:k].mean())
    if yes and n >= FEW:
        size, width = found.size, max(found.size_error, 1e-12)
    rng = np.random.default_rng(s.seed + 2)
    # a step of the critical t, its noise being the channel's own
    detectable = found.critical * found.error * float(np.sqrt(1 / (n // 2) + 1 / (n - n // 2)))
    estimate = Estimate.normal(size, width, "eV" if unit == "eV" else "1", rng=rng)
    at = f"{series.time[k] / 3600:.2f} h" if series.timed else f"spectrum {k + 1}"
    when = {"step": f"from {at} on", "steady": "steadily over the series"}.get(
        found.course, "growing at first and levelling off"
    )
    where = f" at {energy.text()}" if energy is not None else ""
    if yes:
        said = (
            f"Changed: {kind}{where}, {when}, by {_amount(size, unit)} ± {_amount(width, unit)} "
            f"(probability without a change at most {found.probability:.2g})."
        )
    else:
        said = (
            f"No change found ({kind}): the largest change compatible with the data (95 %) is "
            f"{_amount(found.largest, unit)}; a step of {_amount(detectable, unit)} half-way would have been "
            "found half the time."
        )
    return Change(
        kind=kind,
        unit=unit,
        found=bool(yes),
        drifts=bool(yes and drifts),
        course=found.course if yes else "",
        probability=found.probability,
        amplitudes=found.amplitudes,
        error=found.error,
        size=estimate,
        limit=max(found.largest, abs(size) + 1.96 * width) if yes else found.largest,
        detectable=detectable,
        at_time=float(series.time[k]),
        at_index=k,
        energy=energy if yes else None,
        statement=said,
    )


def _amount(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:.2g} %"
    return f"{value:.2g} {unit}"

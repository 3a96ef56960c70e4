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

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.stats import norm
from scipy.stats import t as student

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import Unit
from electrolith.lab.xanes.normalise import Normalised
from electrolith.lab.xanes.series import SpectrumSeries

_TIMES = (0.1, 0.25, 0.6)  # of a growth that levels off, in lengths of the series
_ALONE = 1e-3  # probability with which one channel is taken to have changed
_FEW = 6  # below this many spectra their orders cannot be shuffled

__all__ = ["Change", "ChangeTest", "find_byproduct", "find_feature", "find_shift"]


@dataclass(frozen=True, slots=True)
class ChangeTest:
    """How to look for a change.

    feature_width : full width at half height of the peak looked for, eV.
    low, high : energies searched, eV relative to the mean edge.
    false_alarm : probability with which an unchanged series may be called changed.
    permutations : of the order of the spectra, by which chance is judged.     seed : of the permutations.
    """

    feature_width: Annotated[float, Unit("eV")] = 1.0
    low: Annotated[float, Unit("eV")] = -10.0
    high: Annotated[float, Unit("eV")] = 30.0
    false_alarm: float = 0.01
    permutations: int = 999
    seed: int = 0

    def __post_init__(self) -> None:
        if self.feature_width <= 0:
            raise InputError(f"feature_width must be positive, got {self.feature_width} eV")
        if self.low >= self.high:
            raise InputError(f"the range searched, {self.low} to {self.high} eV, is empty")
        if not 2 / (self.permutations + 1) <= self.false_alarm < 0.5:
            raise InputError(
                f"false_alarm {self.false_alarm} cannot be told from {self.permutations} permutations; "
                "it must be at least 2/(permutations + 1) and below 0.5"
            )


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
    found = _scan(series, amplitudes, gain, s, one_sided=True)
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
    found = _scan(series, amplitudes, gain, s, one_sided=False)
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
    found = _scan(series, series.half[:, None], gain, s, one_sided=False)
    return _report(series, found, s, kind="edge shift", unit="eV")


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Strongest change of any channel.

    amplitudes : of the channel chosen, (n,). error : of one amplitude.
    index : of the step. course : of `_COURSES`, or "step". size : of the whole course, in amplitude.
    size_error : standard deviation of the size, from what the course leaves over.
    profile : what the change explains at every channel, in standard deviations of the points' noise, (q,).
    """

    amplitudes: np.ndarray
    error: float
    index: int
    course: str
    size: float
    size_error: float
    probability: float
    critical: float
    profile: np.ndarray
    largest: float


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


def _channel_errors(series: SpectrumSeries, amplitudes: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Standard deviation of one amplitude a channel: from successive spectra, else from the points' noise."""
    points = float(np.sqrt(np.mean(series.noise**2))) / np.maximum(gain, 1e-300)
    if amplitudes.shape[0] < _FEW:
        return np.asarray(points)
    steps = np.abs(np.diff(amplitudes, axis=0))
    return np.maximum(np.median(steps, axis=0) / (0.6745 * np.sqrt(2.0)), 1e-3 * points)


def _steps(amplitudes: np.ndarray) -> np.ndarray:
    """Mean after minus mean before each time; shape (n-1, q)."""
    n = amplitudes.shape[0]
    k = np.arange(1, n)[:, None]
    below = np.cumsum(amplitudes, axis=0)[:-1]
    return np.asarray((amplitudes.sum(axis=0) - below) / (n - k) - below / k)


def _courses(n: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Courses over n spectra beside a step, each from 0 to 1, centred; shape (c, n), and their names."""
    time = np.arange(n) / (n - 1)
    levelling = [np.expm1(-time / tau) / np.expm1(-1 / tau) for tau in _TIMES]
    rows = np.array([time, *levelling])
    return rows - rows.mean(axis=1, keepdims=True), ("steady", *("levelling off",) * len(_TIMES))


def _student(scaled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Student's t of a step at every time, shape (n-1, q), and of every course, shape (c, q).

    The noise is what the step or the course leaves over, so that a real change does not hide itself.
    """
    n = scaled.shape[0]
    k = np.arange(1, n)[:, None]
    total = np.sum((scaled - scaled.mean(axis=0)) ** 2, axis=0)
    steps = _steps(scaled)
    part = steps**2 * (k * (n - k) / n)
    floor = 1e-12 * np.maximum(total, 1e-300)
    t_step = np.sign(steps) * np.sqrt(part * (n - 2) / np.maximum(total - part, floor))
    t_step[[0, -1]] = 0.0  # one odd spectrum at an end is no change of the sample
    courses, _ = _courses(n)
    along = courses @ scaled
    share = along**2 / np.sum(courses**2, axis=1)[:, None]
    t_course = np.sign(along) * np.sqrt(share * (n - 2) / np.maximum(total - share, floor))
    return t_step, t_course


def _few(
    scaled: np.ndarray, s: ChangeTest, *, one_sided: bool
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Steps of too few spectra to shuffle: normal tails of the points' noise, all places paid for."""
    n, q = scaled.shape
    k = np.arange(1, n)[:, None]
    z = _steps(scaled) / np.sqrt(1 / k + 1 / (n - k))
    trials = q * (n - 1) * (1 if one_sided else 2)
    peak = float((z if one_sided else np.abs(z)).max())
    probability = float(min(1.0, trials * norm.sf(peak)))
    return z, np.zeros((len(_TIMES) + 1, q)), probability, float(norm.isf(s.false_alarm / trials))


def _many(
    scaled: np.ndarray, s: ChangeTest, *, one_sided: bool
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Steps and drifts, their probability from reshuffled orders and from Student's t."""

    def strongest(table: np.ndarray) -> float:
        both = np.concatenate([part.ravel() for part in _student(table)])
        return float((both if one_sided else np.abs(both)).max())

    rng = np.random.default_rng(s.seed)
    shuffled = np.array([strongest(scaled[rng.permutation(len(scaled))]) for _ in range(s.permutations)])
    t_step, t_course = _student(scaled)
    peak = strongest(scaled)
    by_order = float((1 + np.count_nonzero(shuffled >= peak)) / (s.permutations + 1))
    # ten spectra have too few orders to show a clear step; Student's t, paid for every place, then decides
    trials = (t_step.size + t_course.size) * (1 if one_sided else 2)
    by_size = float(min(1.0, trials * student.sf(peak, len(scaled) - 2)))
    half = s.false_alarm / 2  # either of two tests may find it
    needed = min(np.quantile(shuffled, 1 - half), student.isf(half / trials, len(scaled) - 2))
    return t_step, t_course, min(1.0, 2 * min(by_order, by_size)), float(needed)


def _scan(
    series: SpectrumSeries, amplitudes: np.ndarray, gain: np.ndarray, s: ChangeTest, *, one_sided: bool
) -> _Found:
    """Strongest step or drift of any channel, and its probability under no change."""
    errors = _channel_errors(series, amplitudes, gain)
    scaled = (amplitudes - amplitudes.mean(axis=0)) / errors
    n = scaled.shape[0]
    test = _few if n < _FEW else _many
    t_step, t_course, probability, critical = test(scaled, s, one_sided=one_sided)
    every = np.vstack([t_step, t_course])
    signed = _signed_max(every)
    points = float(np.sqrt(np.mean(series.noise**2)))
    explained = _explained(amplitudes, every) * gain / max(points, 1e-300)
    # that something changed is settled by `critical`; a channel alone need not pay for all the others
    alone = norm.isf(_ALONE) if n < _FEW else student.isf(_ALONE, n - 2)
    level = min(critical, float(alone)) if probability <= s.false_alarm else critical
    profile, channel = _place(signed, explained, level, one_sided=one_sided)
    course, size, size_error = _sized(amplitudes[:, channel], every[:, channel])
    middle = _steps(amplitudes)[n // 2 - 1]
    width = errors * np.sqrt(1 / (n // 2) + 1 / (n - n // 2))
    largest = np.maximum(middle, 0) + 1.645 * width if one_sided else np.abs(middle) + 1.96 * width
    return _Found(
        amplitudes=amplitudes[:, channel],
        error=float(errors[channel]),
        index=int(np.argmax(np.abs(t_step[:, channel]))) + 1,
        course=course,
        size=size,
        size_error=size_error,
        probability=probability,
        critical=critical,
        profile=profile,
        largest=float(largest.max()),
    )


def _explained(amplitudes: np.ndarray, every: np.ndarray) -> np.ndarray:
    """Root of the sum of squares (q,) that each channel's strongest step or course explains, in amplitude."""
    n = amplitudes.shape[0]
    k = np.arange(1, n)
    steps = np.where(np.arange(n)[None, :] >= k[:, None], 1.0, 0.0)
    courses, _ = _courses(n)
    rows = np.vstack([steps - steps.mean(axis=1, keepdims=True), courses])
    best = np.argmax(np.abs(every), axis=0)
    unit = rows[best] / np.linalg.norm(rows[best], axis=1)[:, None]
    return np.asarray(np.abs(np.sum(unit.T * (amplitudes - amplitudes.mean(axis=0)), axis=0)))


def _place(
    signed: np.ndarray, explained: np.ndarray, level: float, *, one_sided: bool
) -> tuple[np.ndarray, int]:
    """What counts at every channel, (q,), and the channel that explains most among the significant ones.

    A gain is named before a loss. Where no channel is significant the strongest t is shown.
    """
    gain = signed > level
    sure = gain if one_sided or gain.any() else np.abs(signed) > level
    if not sure.any():
        strength = signed if one_sided else np.abs(signed)
        return np.maximum(strength, 0.0), int(np.argmax(strength))
    profile = np.where(sure, explained, 0.0)
    return profile, int(np.argmax(profile))


def _sized(amplitude: np.ndarray, every: np.ndarray) -> tuple[str, float, float]:
    """Course, whole size and its standard deviation of one channel (n,), by its strongest t."""
    n = amplitude.size
    courses, names = _courses(n)
    best = int(np.argmax(np.abs(every)))
    if best < n - 1:
        k = best + 1
        rest = np.concatenate([amplitude[:k] - amplitude[:k].mean(), amplitude[k:] - amplitude[k:].mean()])
        noise = float(np.sqrt(np.sum(rest**2) / max(n - 2, 1)))
        return (
            "step",
            float(amplitude[k:].mean() - amplitude[:k].mean()),
            noise * float(np.sqrt(1 / k + 1 / (n - k))),
        )
    row = courses[best - (n - 1)]
    whole = float(np.ptp(row))
    slope = float(row @ amplitude / np.sum(row**2))
    rest = amplitude - amplitude.mean() - slope * row
    noise = float(np.sqrt(np.sum(rest**2) / max(n - 2, 1)))
    return names[best - (n - 1)], slope * whole, noise * whole / float(np.linalg.norm(row))


def _signed_max(t: np.ndarray) -> np.ndarray:
    """The entry of largest size in each column, with its sign."""
    return np.asarray(t[np.argmax(np.abs(t), axis=0), np.arange(t.shape[1])])


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
    found: _Found,
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
    if yes and n >= _FEW:
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

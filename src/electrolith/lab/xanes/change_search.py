"""The strongest change of a series: a step, a drift or a growth of any channel, and how sure it is.

The noise of a channel comes from successive spectra or, where these are too few, from that of the points;
what is found is judged by reshuffled orders or by tails, so that looking everywhere is paid for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.lab.xanes.series import SpectrumSeries

__all__ = ["FEW", "ChangeTest", "Found", "strongest_change"]

_TIMES = (0.1, 0.25, 0.6)  # of a growth that levels off, in lengths of the series
_ALONE = 1e-3  # probability with which one channel is taken to have changed
FEW = 6  # below this many spectra their orders cannot be shuffled


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
class Found:
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


def _channel_errors(series: SpectrumSeries, amplitudes: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Standard deviation of one amplitude a channel: from successive spectra, else from the points' noise."""
    points = float(np.sqrt(np.mean(series.noise**2))) / np.maximum(gain, 1e-300)
    if amplitudes.shape[0] < FEW:
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


def strongest_change(
    series: SpectrumSeries, amplitudes: np.ndarray, gain: np.ndarray, s: ChangeTest, *, one_sided: bool
) -> Found:
    """Strongest step or drift of any channel, and its probability under no change."""
    errors = _channel_errors(series, amplitudes, gain)
    scaled = (amplitudes - amplitudes.mean(axis=0)) / errors
    n = scaled.shape[0]
    test = _few if n < FEW else _many
    t_step, t_course, probability, critical = test(scaled, s, one_sided=one_sided)
    every = np.vstack([t_step, t_course])
    signed = _signed_max(every)
    points = float(np.sqrt(np.mean(series.noise**2)))
    explained = _explained(amplitudes, every) * gain / max(points, 1e-300)
    # that something changed is settled by `critical`; a channel alone need not pay for all the others
    alone = norm.isf(_ALONE) if n < FEW else student.isf(_ALONE, n - 2)
    level = min(critical, float(alone)) if probability <= s.false_alarm else critical
    profile, channel = _place(signed, explained, level, one_sided=one_sided)
    course, size, size_error = _sized(amplitudes[:, channel], every[:, channel])
    middle = _steps(amplitudes)[n // 2 - 1]
    width = errors * np.sqrt(1 / (n // 2) + 1 / (n - n // 2))
    largest = np.maximum(middle, 0) + 1.645 * width if one_sided else np.abs(middle) + 1.96 * width
    return Found(
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

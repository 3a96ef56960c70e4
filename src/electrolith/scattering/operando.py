"""Hundreds of patterns of one sample in time: sequential fits, new phases, change points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.errors import DataError, InputError

from .change_point import ChangePoint, onset
from .data import PowderData
from .model import Histogram, Model, calculate, compile_model, parameters
from .phase import Phase, molar_mass, volume
from .recipe import Recipe, run_recipe

__all__ = ["CandidateTest", "Excess", "Frames", "OperandoFit", "follow"]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Patterns on one abscissa.

    x : shape (n,). intensity, sigma : shape (n_frames, n). time : shape (n_frames,), any unit, rising.
    """

    x: np.ndarray
    intensity: np.ndarray
    sigma: np.ndarray
    time: np.ndarray
    time_unit: str = "h"

    def __post_init__(self) -> None:
        shape = (len(self.time), len(self.x))
        if self.intensity.shape != shape or self.sigma.shape != shape:
            raise DataError(
                f"operando: intensities {self.intensity.shape} for {shape[0]} times and {shape[1]} points"
            )
        if len(self.time) < 5 or np.any(np.diff(self.time) <= 0):
            raise DataError("operando: needs at least five frames at rising times")

    @classmethod
    def of(cls, patterns: tuple[PowderData, ...], time: np.ndarray, unit: str = "h") -> Frames:
        """Frames from single patterns, which must share their abscissa."""
        first = patterns[0]
        for item in patterns:
            if item.x.shape != first.x.shape or np.abs(item.x - first.x).max() > 1e-6:
                raise DataError(f"operando: {item.source} has another abscissa than {first.source}")
        return cls(
            first.x,
            np.array([p.intensity for p in patterns]),
            np.array([p.sigma for p in patterns]),
            np.asarray(time, float),
            unit,
        )


@dataclass(frozen=True, slots=True, eq=False)
class CandidateTest:
    """Is this phase there, and since when?

    fraction, sigma : weight fraction and its standard deviation, shape (n_frames,); negative values are kept.
    z : amount over its doubt, from the likelihood ratio of one free scale, shape (n_frames,).
    limit : detection limit of one frame, weight fraction (3.29 σ: 5 % missed, 5 % false).
    limit_series : the same for a phase present in the last half of all frames.
    change : onset over the whole series. cell_shift : relative change of its cell that fits best.
    """

    phase: str
    fraction: np.ndarray
    sigma: np.ndarray
    z: np.ndarray
    limit: float
    limit_series: float
    change: ChangePoint
    cell_shift: float


@dataclass(frozen=True, slots=True)
class Excess:
    """Intensity where no known phase has a reflection: position, d (Å) and its significance in the sum."""

    position: float
    d: float
    z: float


@dataclass(frozen=True, slots=True, eq=False)
class OperandoFit:
    """A followed series.

    names : refined parameters; values, sigma : shape (n_frames, n_names). r_wp : shape (n_frames,).
    changes : change points of cell parameters. heat : residual intensity over σ, shape (n_frames, n_points).
    """

    time: np.ndarray
    time_unit: str
    x: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    sigma: np.ndarray
    r_wp: np.ndarray
    chi2: np.ndarray
    heat: np.ndarray
    observed: np.ndarray
    candidates: tuple[CandidateTest, ...]
    changes: dict[str, ChangePoint]
    excess: tuple[Excess, ...]
    warnings: tuple[str, ...]


def follow(
    frames: Frames,
    phases: tuple[Phase, ...],
    instrument: Histogram,
    *,
    candidates: tuple[Phase, ...] = (),
    recipe: Recipe | None = None,
    shift_range: float = 0.004,
) -> OperandoFit:
    """Fit all frames from the reference, then ask of each candidate phase whether and when it appeared.

    The reference is the recipe's fit of the mean of the first frames (a tenth, at least three). Each frame
    then refines scale, cell and background by Gauss-Newton steps on the reference's derivatives, renewed
    when the cell has moved by more than a tenth of a peak width.

    Parameters
    ----------
    instrument : a histogram whose data are replaced by each frame's; its limits, background order and
        instrument are used.
    candidates : phases to test for. shift_range : relative range in which their cells may differ.
    """
    count = max(3, len(frames.time) // 10)
    mean = frames.intensity[:count].mean(axis=0)
    error = np.sqrt((frames.sigma[:count] ** 2).mean(axis=0) / count)
    reference = replace(
        instrument,
        data=PowderData(frames.x, mean, error, instrument.data.abscissa, source="mean of the first frames"),
    )
    start = run_recipe(phases, (reference,), recipe=recipe or Recipe(positions=False)).fit
    model = compile_model(phases, (reference,))
    names = _moving(phases, reference)
    values, sigma, residuals, variances, jacobians = _sequential(frames, model, dict(start.all_values), names)
    name = instrument.name
    series = _Series(
        frames, model, dict(start.all_values), names, values, residuals, variances, tuple(jacobians)
    )
    tests = _tests(series, candidates, shift_range)
    used = reference.used()
    weighted = residuals / np.sqrt(variances)
    dof = max(int(used.sum()) - len(names), 1)
    norm = np.sum(frames.intensity[:, used] ** 2 / variances, axis=1)
    changes = {
        n: onset(frames.time, values[:, i], sigma[:, i], level_known=False)
        for i, n in enumerate(names)
        if n.rsplit("/", 1)[1] in ("a", "b", "c")
    }
    chi2 = np.sum(weighted**2, axis=1) / dof
    warnings = [f"frame {i + 1}: χ² {chi2[i]:.2f}" for i in np.flatnonzero(chi2 > 3 * np.median(chi2))[:5]]
    return OperandoFit(
        frames.time,
        frames.time_unit,
        model.x[0],
        names,
        values,
        sigma,
        np.sqrt(np.sum(weighted**2, axis=1) / norm),
        chi2,
        weighted,
        frames.intensity[:, used],
        tests,
        changes,
        _excess(model, start, weighted, phases, name),
        (*start.warnings, *warnings),
    )


def _moving(phases: tuple[Phase, ...], histogram: Histogram) -> tuple[str, ...]:
    """Parameters that each frame refines."""
    known = parameters(phases, (histogram,))
    cell = [
        n
        for p in phases
        for n in (f"{p.name}/{k}" for k in ("a", "b", "c", "alpha", "beta", "gamma"))
        if n in known
    ]
    scale = [f"{histogram.name}/scale/{p.name}" for p in phases]
    return (*scale, *cell, *(n for n in known if "/background/" in n))


def _sequential(
    frames: Frames, model: Model, values: dict[str, float], names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """Values, σ, residuals and variances of each frame, and the weighted Jacobians."""
    used = model.histograms[0].used()
    out_values, out_sigma, out_residual, out_variance, out_jacobian = [], [], [], [], []
    now = dict(values)
    floor = 0.0
    for intensity, sigma in zip(frames.intensity[:, used], frames.sigma[:, used], strict=True):
        for _ in range(4):
            shown = calculate(model, now, names)[0]
            floor = 0.02 * float(np.median(np.abs(intensity))) or 1e-12
            ratio = np.clip(np.maximum(shown.total, floor) / np.maximum(intensity, floor), 0.05, 20)
            variance = sigma**2 * ratio
            weighted = shown.jacobian / np.sqrt(variance)[:, None]
            norm = np.sqrt(np.einsum("ij,ij->j", weighted, weighted))
            norm[norm == 0] = 1.0
            scaled = weighted / norm
            normal = scaled.T @ scaled
            target = (intensity - shown.total) / np.sqrt(variance)
            inverse = np.linalg.pinv(normal, rcond=1e-12, hermitian=True)
            step = inverse @ (scaled.T @ target)
            for name, change in zip(names, step / norm, strict=True):
                now[name] += float(change)
            if np.abs(step).max() < 0.05:  # all changes below a twentieth of their σ
                break
        out_values.append([now[n] for n in names])
        out_sigma.append(np.sqrt(np.maximum(np.diag(inverse), 0)) / norm)
        out_residual.append(intensity - shown.total - shown.jacobian @ (step / norm))
        out_variance.append(variance)
        out_jacobian.append(scaled)
    return (
        np.array(out_values),
        np.array(out_sigma),
        np.array(out_residual),
        np.array(out_variance),
        out_jacobian,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """What the candidate tests need of the fitted frames; jacobians weighted and column-scaled."""

    frames: Frames
    model: Model
    reference: dict[str, float]
    names: tuple[str, ...]
    values: np.ndarray
    residuals: np.ndarray
    variances: np.ndarray
    jacobians: tuple[np.ndarray, ...]


def _tests(series: _Series, candidates: tuple[Phase, ...], shift_range: float) -> tuple[CandidateTest, ...]:
    """Test all; the clearest detection joins the model and the others are asked again.

    Without this, a phase that overlaps a new one would be called new with it.
    """
    waiting = list(candidates)
    curves: list[np.ndarray] = []
    done: dict[str, CandidateTest] = {}
    while waiting:
        tried = [(*_test(series, c, curves, shift_range), c) for c in waiting]
        done |= {test.phase: test for test, _, _ in tried}
        test, curve, phase = max(
            tried, key=lambda item: item[0].change.gain if item[0].change.detected else -1.0
        )
        if not test.change.detected:
            break
        waiting.remove(phase)
        curves.append(curve)
    return tuple(done[c.name] for c in candidates)


def _test(
    series: _Series, candidate: Phase, others: list[np.ndarray], shift_range: float
) -> tuple[CandidateTest, np.ndarray]:
    """Likelihood ratio of one more phase with a free scale, all refined parameters free to answer."""
    histogram, model = series.model.histograms[0], series.model
    if candidate.name in [p.name for p in model.phases]:
        raise InputError(f"candidate {candidate.name} is already one of the phases")
    shifts = np.linspace(-shift_range, shift_range, 9) if shift_range else np.zeros(1)
    tried = []
    for shift in shifts:
        cell = tuple(v * (1 + shift) if i < 3 else v for i, v in enumerate(candidate.cell))
        moved = replace(candidate, cell=cell)
        alone = compile_model((moved,), (histogram,))
        curve = _curve(alone, series.reference, candidate.name)
        amount, error = _amounts(series, curve, others)
        score = float(np.max(np.cumsum((amount / error)[::-1]) / np.sqrt(np.arange(1, len(amount) + 1))))
        tried.append((score, float(shift), amount, error, curve))
    _, shift, amount, error, curve = max(tried, key=lambda item: item[0])
    weight = molar_mass(candidate) * volume(candidate)
    rest = np.zeros(len(amount))
    for p in model.phases:
        column = series.names.index(f"{histogram.name}/scale/{p.name}")
        rest = rest + np.maximum(series.values[:, column], 0) * molar_mass(p) * volume(p)
    whole = rest + np.maximum(amount, 0) * weight
    fraction, sigma = amount * weight / whole, error * weight / whole * rest / whole
    joint = float(np.sum(1 / sigma[len(amount) // 2 :] ** 2) ** -0.5)
    # Several cells are tried for each candidate, so the chance of a false alarm is shared among them too.
    change = onset(series.frames.time, fraction, sigma, level_known=True, false_alarm=1e-3 / len(shifts))
    limit = float(3.29 * np.median(sigma))
    return CandidateTest(
        candidate.name, fraction, sigma, amount / error, limit, 3.29 * joint, change, shift
    ), curve


def _curve(alone: Model, reference: dict[str, float], name: str) -> np.ndarray:
    """Pattern of the candidate at unit scale with the reference's instrument."""
    histogram = alone.histograms[0].name
    values = {n: v for n, v in reference.items() if n.startswith(histogram + "/")}
    return np.asarray(calculate(alone, values | {f"{histogram}/scale/{name}": 1.0})[0].by_phase[0])


def _amounts(series: _Series, curve: np.ndarray, others: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Scale of a curve in each frame and its σ, refined parameters and other new phases free to answer."""
    amount, error = np.zeros(len(series.residuals)), np.zeros(len(series.residuals))
    for k, (residual, variance, scaled) in enumerate(
        zip(series.residuals, series.variances, series.jacobians, strict=True)
    ):
        root = np.sqrt(variance)
        column = curve / root
        extra = [c / root / np.linalg.norm(c / root) for c in others]
        rest = np.column_stack([scaled, *extra]) if extra else scaled
        column = column - rest @ np.linalg.lstsq(rest.T @ rest, rest.T @ column, rcond=1e-12)[0]
        norm = float(column @ column)
        amount[k] = column @ (residual / root) / norm
        error[k] = norm**-0.5
    return amount, error


def _excess(
    model: Model, start: object, weighted: np.ndarray, phases: tuple[Phase, ...], name: str
) -> tuple[Excess, ...]:
    """Peaks in the residual, summed over the last quarter of the frames, away from known reflections."""
    x = model.x[0]
    fitted = start.histograms[0]  # type: ignore[attr-defined]
    known = np.sort(np.concatenate([t.position for t in fitted.ticks]))
    last = weighted[-max(3, len(weighted) // 4) :]
    total = last.sum(axis=0) / np.sqrt(len(last))
    width = _width_points(fitted)
    kernel = np.exp(-0.5 * (np.arange(-3 * width, 3 * width + 1) / width) ** 2)
    kernel /= np.sqrt(np.sum(kernel**2))
    signal = np.convolve(total, kernel, mode="same")
    step = float(np.median(np.diff(x)))
    index = np.clip(np.searchsorted(known, x), 1, max(len(known) - 1, 1))
    gap = np.minimum(np.abs(x - known[index - 1]), np.abs(x - known[np.minimum(index, len(known) - 1)]))
    free = gap > 6 * width * step
    out = []
    signal = np.where(free, signal, 0.0)
    for _ in range(8):
        peak = int(np.argmax(signal))
        if signal[peak] < 5.5:
            break
        out.append(Excess(float(x[peak]), _d_at(model, float(x[peak])), float(signal[peak])))
        signal[max(0, peak - 6 * width) : peak + 6 * width + 1] = 0
    return tuple(out)


def _width_points(fitted: object) -> int:
    """Half width of the strongest calculated peak in points."""
    curve = fitted.calculated - fitted.background  # type: ignore[attr-defined]
    peak = int(np.argmax(curve))
    above = curve > curve[peak] / 2
    left, right = peak, peak
    while left > 0 and above[left - 1]:
        left -= 1
    while right < len(curve) - 1 and above[right + 1]:
        right += 1
    return max(1, int((right - left + 1) / 2.35))


def _d_at(model: Model, position: float) -> float:
    tool = model.histograms[0].instrument
    wavelength: Mapping[str, float] | float = getattr(tool, "wavelength", 0.0)
    if isinstance(wavelength, float) and wavelength:
        return float(wavelength / 2 / np.sin(np.radians(position / 2)))
    return float(position / getattr(tool, "dif_c", 1.0))

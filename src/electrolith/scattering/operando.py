"""Hundreds of patterns of one sample in time: sequential fits, new phases, change points."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .candidates import CandidateTest, Series, candidate_tests
from .change_point import ChangePoint, onset
from .data import PowderData
from .follow import Followed, Frames, follow_frames
from .foreign import d_at, half_width, peaks_above, positions
from .model import Histogram, Model, compile_model
from .parameter import catalogue
from .phase import Phase
from .recipe import Recipe, run_recipe
from .result import RietveldFit

__all__ = ["CandidateTest", "Excess", "Frames", "OperandoFit", "follow"]


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
    axis, time, time_unit : what the series runs over. good : frames whose lattice was found.
    changes : change points of cell parameters, at values of the axis. heat : residual intensity over σ,
    shape (n_frames, n_points).
    """

    time: np.ndarray
    time_unit: str
    axis: str
    x: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    sigma: np.ndarray
    r_wp: np.ndarray
    chi2: np.ndarray
    good: np.ndarray
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

    The reference is the recipe's fit of the mean of the first frames (a tenth, at least three), or of the
    first alone where these differ. Each frame
    then refines scale, cell and background (`follow_frames`); where the lattice is lost nothing is tested.

    Parameters
    ----------
    instrument : a histogram whose data are replaced by each frame's; its limits, background order and
        instrument are used.
    candidates : phases to test for. shift_range : relative range in which their cells may differ.
    """
    start, reference, model = _reference(frames, phases, instrument, recipe or Recipe(positions=False))
    names = _moving(phases, reference)
    found = follow_frames(frames, model, dict(start.all_values), names)
    good = np.flatnonzero(found.good)
    rising = bool(np.all(np.diff(frames.time) > 0))
    clock = frames.time if rising else np.arange(len(frames.time), dtype=float)
    series = Series(
        clock[good],
        model,
        dict(start.all_values),
        names,
        found.values[good],
        found.residuals[good],
        found.variances[good],
        tuple(found.jacobians[k] for k in good),
    )
    enough = len(good) >= 5
    tests = candidate_tests(series, candidates, shift_range) if enough else ()
    used = reference.used()
    weighted = found.residuals / np.sqrt(found.variances)
    norm = np.sum(frames.intensity[:, used] ** 2 / found.variances, axis=1)
    changes = {
        n: onset(clock[good], found.values[good, i], found.sigma[good, i], level_known=False)
        for i, n in enumerate(names)
        if enough and model.catalogue[n].kind in ("length", "angle")
    }
    if not rising:
        tests = tuple(replace(t, change=_on_axis(t.change, frames.time)) for t in tests)
        changes = {n: _on_axis(c, frames.time) for n, c in changes.items()}
    return OperandoFit(
        frames.time,
        frames.time_unit,
        frames.axis,
        model.x[0],
        names,
        found.values,
        found.sigma,
        np.sqrt(np.sum(weighted**2, axis=1) / norm),
        found.chi2,
        found.good,
        weighted,
        frames.intensity[:, used],
        tuple(_over_all(t, found.good) for t in tests),
        changes,
        _excess(start, weighted[good]) if enough else (),
        (*start.warnings, *_said(frames, found, candidates)),
    )


_BLURRED = 2.0  # χ² of the mean from which the first frame alone is the better reference


def _reference(
    frames: Frames, phases: tuple[Phase, ...], instrument: Histogram, recipe: Recipe
) -> tuple[RietveldFit, Histogram, Model]:
    """The recipe's fit of the mean of the first frames; of the first alone where the sample moves."""
    count = max(3, len(frames.time) // 10)
    kind = instrument.data.abscissa
    error = np.sqrt((frames.sigma[:count] ** 2).mean(axis=0) / count)
    mean = PowderData(
        frames.x, frames.intensity[:count].mean(axis=0), error, kind, source="mean of the first frames"
    )
    first = PowderData(frames.x, frames.intensity[0], frames.sigma[0], kind, source="first frame")
    reference = replace(instrument, data=mean)
    fit = run_recipe(phases, (reference,), recipe=recipe).fit
    if fit.chi2 > _BLURRED:
        alone = replace(instrument, data=first)
        other = run_recipe(phases, (alone,), recipe=recipe).fit
        if other.chi2 < fit.chi2:
            fit, reference = other, alone
    return fit, reference, compile_model(phases, (reference,))


def _on_axis(change: ChangePoint, axis: np.ndarray) -> ChangePoint:
    """A change point counted in frames, at the values that the axis has there."""
    low, at, high = (float(axis[round(v)]) for v in (change.low, change.time, change.high))
    return replace(change, time=at, low=min(low, high), high=max(low, high))


def _over_all(test: CandidateTest, good: np.ndarray) -> CandidateTest:
    """A test over the good frames spread over all; where the lattice is lost nothing is claimed."""

    def spread(column: np.ndarray) -> np.ndarray:
        out = np.full(len(good), np.nan)
        out[good] = column
        return out

    return replace(test, fraction=spread(test.fraction), sigma=spread(test.sigma), z=spread(test.z))


def _said(frames: Frames, found: Followed, candidates: tuple[Phase, ...]) -> tuple[str, ...]:
    """What a reader must know of the frames."""
    lost = np.flatnonzero(~found.good)
    out = []
    if lost.size:
        shown = ", ".join(f"{k + 1} ({frames.time[k]:.4g} {frames.time_unit})" for k in lost[:6])
        more = f" and {lost.size - 6} more" if lost.size > 6 else ""
        out.append(
            f"{lost.size} of {len(found.good)} frames are not described by the phases of the start, from any "
            f"start that was tried: {shown}{more}; they are left out of change points and tests of new phases"
        )
    if found.good.sum() < 5 and candidates:
        out.append("fewer than five frames are described: no new phase was tested for")
    return tuple(out)


def _moving(phases: tuple[Phase, ...], histogram: Histogram) -> tuple[str, ...]:
    """Parameters that each frame refines."""
    known = catalogue(phases, (histogram,))
    return tuple(
        n
        for kinds in (("scale",), ("length", "angle"), ("background",))
        for n, p in known.items()
        if p.kind in kinds
    )


def _excess(start: RietveldFit, weighted: np.ndarray) -> tuple[Excess, ...]:
    """Peaks in the residual, summed over the last quarter of the frames, away from known reflections."""
    fitted = start.histograms[0]
    last = weighted[-max(3, len(weighted) // 4) :]
    total = last.sum(axis=0) / np.sqrt(len(last))
    known = np.concatenate([positions(fitted.instrument, t.d, t.position) for t in fitted.ticks])
    width = half_width(fitted.x, fitted.calculated - fitted.background)
    found = peaks_above(fitted.x, total, known, width, least=5.5, most=8)
    at = [(float(fitted.x[k]), z) for k, z in found]
    return tuple(Excess(p, d_at(fitted.instrument, p), z) for p, z in at)

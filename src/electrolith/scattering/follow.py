"""Frames of a series, and each fitted from its neighbour without losing the lattice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import DataError, InputError

from .data import PowderData
from .descent import descend
from .model import Model, calculate

__all__ = ["Followed", "Frames", "follow_frames"]

_MOST_MOVED = 0.03  # relative change of a cell length that is a lost lattice, not a phase transition
_REACH, _STEP = 0.02, 0.0015  # of the search where neither neighbour leads on
_WORSE = 1.5  # χ² over that of the frame before from which another start is tried
_EXPLAINED = 0.6  # of what the phases explain of their own lines in the reference; less is a lost lattice


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Patterns on one abscissa.

    x : shape (n,). intensity, sigma : shape (n_frames, n). time : shape (n_frames,), the axis of the series:
    time, temperature, voltage; it need not rise (heating and cooling), the order of the frames counts.
    """

    x: np.ndarray
    intensity: np.ndarray
    sigma: np.ndarray
    time: np.ndarray
    time_unit: str = "h"
    axis: str = "time"

    def __post_init__(self) -> None:
        shape = (len(self.time), len(self.x))
        if self.intensity.shape != shape or self.sigma.shape != shape:
            raise DataError(
                f"operando: intensities {self.intensity.shape} for {shape[0]} times and {shape[1]} points"
            )
        if len(self.time) < 5 or not np.all(np.isfinite(self.time)):
            raise DataError("operando: needs at least five frames, each with a value on the axis")

    @classmethod
    def of(
        cls, patterns: tuple[PowderData, ...], time: np.ndarray, unit: str = "h", axis: str = "time"
    ) -> Frames:
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
            axis,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Fits of all frames.

    names : refined parameters. values, sigma : shape (n_frames, n_names). residuals, variances : observed
    minus calculated and σ², shape (n_frames, n_points). jacobians : weighted, column-scaled, one each.
    chi2 : per degree of freedom. good : frames whose lattice was found, shape (n_frames,). A new phase raises
    χ² and leaves a frame good; what counts is how much of the pattern the known phases still explain.
    """

    names: tuple[str, ...]
    values: np.ndarray
    sigma: np.ndarray
    residuals: np.ndarray
    variances: np.ndarray
    jacobians: tuple[np.ndarray, ...]
    chi2: np.ndarray
    good: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """One frame."""

    values: np.ndarray
    sigma: np.ndarray
    residual: np.ndarray
    variance: np.ndarray
    scaled: np.ndarray
    chi2: float
    explained: float


def follow_frames(
    frames: Frames, model: Model, reference: dict[str, float], names: tuple[str, ...]
) -> Followed:
    """Fit every frame from the one before; what got worse is tried from elsewhere, or left as lost.

    A step is taken only where it lowers χ² (damped). A frame clearly worse than the one before is fitted
    again from the reference and from a search of its cells around the reference, and, once all are done,
    from the next good frame behind it. Only frames whose lattice was found hand their cell on.

    Parameters
    ----------
    reference : values of all parameters.
    """
    start = np.array([reference[n] for n in names])
    fit = _Fitter(frames, model, reference, names)
    first = fit(0, start)
    lengths = np.array([model.catalogue[n].kind == "length" for n in names])

    def good(one: _Fitted) -> bool:
        moved = np.abs(one.values[lengths] / start[lengths] - 1).max(initial=0.0)
        return bool(one.explained > _EXPLAINED * first.explained and moved < _MOST_MOVED)

    found, last = [first], first
    for k in range(1, len(frames.time)):
        one = fit(k, last.values)
        if one.chi2 > _WORSE * max(last.chi2, 1.0) or not good(one):
            one = min((one, fit(k, start), fit(k, fit.searched(k, start))), key=lambda f: f.chi2)
        found.append(one)
        last = one if good(one) else last
    for k in reversed(range(len(found) - 1)):
        behind = found[k + 1]
        if found[k].chi2 > _WORSE * max(behind.chi2, 1.0) and good(behind):
            found[k] = min((found[k], fit(k, behind.values)), key=lambda f: f.chi2)
    return Followed(
        names,
        np.array([f.values for f in found]),
        np.array([f.sigma for f in found]),
        np.array([f.residual for f in found]),
        np.array([f.variance for f in found]),
        tuple(f.scaled for f in found),
        np.array([f.chi2 for f in found]),
        np.array([good(f) for f in found]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fitter:
    """Fits of single frames."""

    frames: Frames
    model: Model
    reference: dict[str, float]
    names: tuple[str, ...]

    def __call__(self, k: int, start: np.ndarray) -> _Fitted:
        """One frame by damped steps from `start`, with variances of the model."""
        frames, model, reference, names = self.frames, self.model, self.reference, self.names
        used = model.histograms[0].used()
        intensity, sigma = frames.intensity[k, used], frames.sigma[k, used]
        lower = np.array([model.catalogue[n].lower for n in names])
        upper = np.array([model.catalogue[n].upper for n in names])
        lower[
            [model.catalogue[n].kind == "scale" for n in names]
        ] = -np.inf  # what vanishes may scatter around 0
        variance = sigma**2

        def rows(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            shown = calculate(model, reference | dict(zip(names, p.tolist(), strict=True)), names)[0]
            root = np.sqrt(variance)
            return (shown.total - intensity) / root, shown.jacobian / root[:, None]

        def safe(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            try:
                return rows(p)
            except InputError:
                return np.full(len(intensity), np.inf), np.zeros((len(intensity), len(names)))

        p = start
        for steps, tolerance in ((8, 1e-3), (8, 1e-5)):
            p = descend(safe, p, lower=lower, upper=upper, evaluations=steps, tolerance=tolerance).parameters
            residual, jacobian = rows(p)
            total = intensity + residual * np.sqrt(variance)
            floor = 0.02 * float(np.median(np.abs(intensity))) or 1e-12
            ratio = np.clip(np.maximum(total, floor) / np.maximum(intensity, floor), 0.05, 20)
            weight = np.sqrt(variance / (sigma**2 * ratio))
            variance = sigma**2 * ratio
        residual, jacobian = residual * weight, jacobian * weight[:, None]
        norm = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))
        norm[norm == 0] = 1.0
        scaled = jacobian / norm
        inverse = np.linalg.pinv(scaled.T @ scaled, rcond=1e-12, hermitian=True)
        error = np.sqrt(np.maximum(np.diag(inverse), 0)) / norm
        chi2 = float(residual @ residual) / max(len(residual) - len(names), 1)
        shown = calculate(model, reference | dict(zip(names, p.tolist(), strict=True)))[0]
        peaks = shown.total - shown.background
        here = np.abs(peaks) > 0.1 * np.abs(peaks).max()  # lines of new phases stand elsewhere
        above = float(np.sum((intensity - shown.background)[here] ** 2 / variance[here]))
        explained = 1 - float(np.sum(residual[here] ** 2)) / max(above, 1e-300)
        return _Fitted(p, error, -residual * np.sqrt(variance), variance, scaled, chi2, explained)

    def searched(self, k: int, start: np.ndarray) -> np.ndarray:
        """Where the cells of this frame might be: each phase's scaled within the reach of the search.

        Scales and background follow by linear least squares.
        """
        frames, model, reference, names = self.frames, self.model, self.reference, self.names
        used = model.histograms[0].used()
        intensity, sigma = frames.intensity[k, used], frames.sigma[k, used]
        kinds = [model.catalogue[n].kind for n in names]
        linear = np.array([kind in ("scale", "background") for kind in kinds])
        best, least = start, np.inf
        for phase in model.phases:
            mine = np.array(
                [
                    kind == "length" and n.startswith(phase.name + "/")
                    for n, kind in zip(names, kinds, strict=True)
                ]
            )
            for factor in 1 + np.arange(-_REACH, _REACH + _STEP / 2, _STEP):
                trial = best.copy()
                trial[mine] = start[mine] * factor
                values = reference | dict(zip(names, trial.tolist(), strict=True))
                free = tuple(n for n, is_linear in zip(names, linear, strict=True) if is_linear)
                rows = calculate(model, values, free)[0].jacobian / sigma[:, None]
                norm = np.linalg.norm(rows, axis=0)
                norm[norm == 0] = 1.0
                found = np.linalg.lstsq(rows / norm, intensity / sigma, rcond=1e-9)[0]
                misfit = float(np.sum((rows / norm @ found - intensity / sigma) ** 2))
                if misfit < least:
                    trial[linear] = found / norm
                    best, least = trial, misfit
        return best

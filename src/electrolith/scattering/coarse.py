"""Where to start: cells and widths by search, scales and backgrounds by linear least squares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .model import Model, calculate
from .phase import Phase

__all__ = ["Linear", "linear_fit", "search_cell", "search_cells"]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Best scales and backgrounds at fixed shapes.

    misfit : Σ (o - c)²/σ². values : scales and backgrounds. z : amount over its doubt of each phase,
    the largest over the histograms, shape (n_phases,).
    """

    misfit: float
    values: dict[str, float]
    z: np.ndarray


def linear_fit(model: Model, values: Mapping[str, float]) -> Linear:
    """Weighted misfit with the best scales and backgrounds, and these."""
    kinds = {n: p.kind for n, p in model.catalogue.items()}
    unit = {n: float(kinds[n] == "scale") for n in kinds if kinds[n] in ("scale", "background")}
    total, out = 0.0, {}  # type: float, dict[str, float]
    z = np.full(len(model.phases), -np.inf)
    for histogram, basis, shown in zip(
        model.histograms, model.basis, calculate(model, {**values, **unit}), strict=True
    ):
        keep = histogram.used()
        weight = 1 / histogram.data.sigma[keep]
        columns = np.column_stack([*shown.by_phase, basis])
        norm = np.linalg.norm(columns, axis=0)
        norm[norm == 0] = 1.0
        scaled = columns / norm * weight[:, None]
        target = histogram.data.intensity[keep] * weight
        normal = scaled.T @ scaled
        inverse = np.linalg.inv(normal + 1e-10 * np.trace(normal) * np.eye(len(normal)))
        found = inverse @ (scaled.T @ target)
        count = len(model.phases)
        left = float(np.sum((scaled @ found - target) ** 2))
        spread = max(1.0, left / max(len(target) - len(found), 1))
        z = np.maximum(z, found[:count] / np.sqrt(np.diag(inverse)[:count] * spread))
        total += float(target @ target) if np.all(found[:count] < 0) else left
        found = found / norm
        top = float(np.abs(found[:count]).max()) or 1.0
        for phase, value in zip(model.phases, found, strict=False):
            out[f"{histogram.name}/scale/{phase.name}"] = float(value) if value > 0 else 1e-3 * top
        for k, value in enumerate(found[count:]):
            out[f"{histogram.name}/background/{k}"] = float(value)
    return Linear(total, out, z)


def search_cells(model: Model, now: dict[str, float], reach: float) -> dict[str, float]:
    """Isotropic search of each cell and of the widths; scales and backgrounds follow."""
    best, score = now, linear_fit(model, now).misfit
    for broad in (1.0, 4.0, 16.0):
        for phase in model.phases:
            widened = best | {
                n: now[n] * broad for n, p in model.catalogue.items() if p.kind == "gaussian" and n in now
            }
            best, score = search_cell(model, phase, widened, reach, (best, score))
    return best | linear_fit(model, best).values


def search_cell(
    model: Model,
    phase: Phase,
    now: dict[str, float],
    reach: float,
    best: tuple[dict[str, float], float],
) -> tuple[dict[str, float], float]:
    """The cell of one phase within ±reach (relative) of `now` that fits best, if better than `best`."""
    factors = np.array([1.0])
    if reach:
        steps = int(np.ceil(reach / 0.0015))
        factors = 1 + reach * np.arange(-steps, steps + 1) / steps
    kept, score = best
    for factor in factors:
        trial = now | {key: now[key] * factor for key in (f"{phase.name}/{n}" for n in "abc") if key in now}
        found = linear_fit(model, trial).misfit
        if found < 0.999 * score:
            kept, score = trial, found
    return kept, score

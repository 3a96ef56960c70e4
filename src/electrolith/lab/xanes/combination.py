r"""Linear combination of reference spectra, µ(E) = Σ wᵢ µᵢ(E) with wᵢ ≥ 0 and Σ wᵢ = 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.optimize import nnls

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import Unit
from electrolith.lab.xanes.normalise import Normalised

__all__ = ["Combination", "CombinationRange", "common_grid", "fit_combination", "on_grid"]

_SUM_ROW = 1e4  # weight of the row that asks for Σ w = 1, in units of the largest column


@dataclass(frozen=True, slots=True)
class CombinationRange:
    """Energies that a linear combination is fitted over.

    low, high : eV, relative to the edge.
    """

    low: Annotated[float, Unit("eV")] = -20.0
    high: Annotated[float, Unit("eV")] = 60.0

    def __post_init__(self) -> None:
        if not self.high - self.low >= 5:
            raise InputError(
                f"the range of a linear combination goes from {self.low:g} to {self.high:g} eV; expected two "
                "rising energies relative to the edge, five eV apart or more"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Combination:
    """Shares of the references in a spectrum.

    best : of the best fit, summing to one, (k,).
    weights : the same with their doubt, from resampled residuals.
    low, high : eV, ends of the fitted range.
    r_factor : Σ (y - fit)² / Σ y².
    """

    names: tuple[str, ...]
    best: tuple[float, ...]
    weights: tuple[Estimate, ...]
    low: float
    high: float
    energy: np.ndarray
    measured: np.ndarray
    fitted: np.ndarray
    r_factor: float
    name: str


def common_grid(
    spectra: list[Normalised], *, low: float | None = None, high: float | None = None
) -> np.ndarray:
    """The coarsest of the energy grids, cut to where all spectra have points; eV.

    Raises
    ------
    DataError
        If the spectra share no range that holds an edge.
    """
    start = max([s.energy[0] for s in spectra] + ([low] if low is not None else []))
    stop = min([s.energy[-1] for s in spectra] + ([high] if high is not None else []))
    if not spectra or start >= stop:
        shown = ", ".join(f"{s.name} {s.energy[0]:.0f}-{s.energy[-1]:.0f} eV" for s in spectra[:4])
        raise DataError(f"the spectra share no energy range: {shown}")
    inside = [s.energy[(s.energy >= start) & (s.energy <= stop)] for s in spectra]
    grid = min(inside, key=lambda e: e.size)
    if grid.size < 10:
        raise DataError(
            f"the spectra share {grid.size} energies between {start:.1f} and {stop:.1f} eV; 10 are needed"
        )
    return grid


def on_grid(spectra: list[Normalised], grid: np.ndarray) -> np.ndarray:
    """Flattened spectra on one grid by cubic splines; shape (n_spectra, n_energies)."""
    return np.array([_resampled(s.energy, s.flat, grid) for s in spectra])


def _resampled(energy: np.ndarray, mu: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """One spectrum on another grid; untouched where the grid's points are its own."""
    at = np.clip(np.searchsorted(energy, grid - 1e-6), 0, energy.size - 1)
    if np.allclose(energy[at], grid, atol=1e-4, rtol=0):
        return np.asarray(mu[at])
    return np.asarray(make_interp_spline(energy, mu, k=3)(grid))


def _shares(references: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Non-negative weights that sum to one; references of shape (k, n)."""
    weight = _SUM_ROW * max(float(np.abs(references).max()), 1e-12)
    design = np.vstack([references.T, np.full(references.shape[0], weight)])
    w = nnls(design, np.append(y, weight))[0]
    return np.asarray(w / w.sum())


def fit_combination(
    spectrum: Normalised,
    references: list[Normalised],
    *,
    over: CombinationRange | None = None,
    rng: np.random.Generator,
    resamples: int = 200,
) -> Combination:
    """Shares of normalised references in a normalised spectrum.

    The doubt comes from refitting with residuals resampled in blocks, whose length keeps their correlation
    between neighbouring energies.

    Raises
    ------
    InputError
        If fewer than two references come or two of them are the same.
    DataError
        If they share no range with the spectrum.
    """
    if len(references) < 2:
        raise InputError(f"{len(references)} reference(s) for a linear combination; it needs two or more")
    over = over or CombinationRange()
    grid = common_grid([spectrum, *references], low=spectrum.edge + over.low, high=spectrum.edge + over.high)
    table = on_grid(references, grid)
    y = on_grid([spectrum], grid)[0]
    singular = np.linalg.svd(table - table.mean(axis=0), compute_uv=False)
    if singular[len(references) - 2] < 1e-9 * np.abs(table).max():
        raise InputError("two references are the same spectrum; their shares cannot be told apart")
    best = _shares(table, y)
    fitted = best @ table
    drawn = _bootstrap(table, fitted, y - fitted, best.size, rng, resamples)
    weights = tuple(Estimate(drawn[:, i], "1") for i in range(best.size))
    r_factor = float(np.sum((y - fitted) ** 2) / np.sum(y**2))
    names = tuple(r.name for r in references)
    return Combination(
        names,
        tuple(float(b) for b in best),
        weights,
        float(grid[0]),
        float(grid[-1]),
        grid,
        y,
        fitted,
        r_factor,
        spectrum.name,
    )


def _bootstrap(
    table: np.ndarray, fitted: np.ndarray, residual: np.ndarray, k: int, rng: np.random.Generator, times: int
) -> np.ndarray:
    """Weights of refits with residuals drawn in blocks; shape (times, k)."""
    n = residual.size
    block = max(1, min(n // 8, _correlation_length(residual)))
    residual = (residual - residual.mean()) * np.sqrt(n / max(n - k + 1, 1))
    out = np.empty((times, k))
    for row in range(times):
        starts = rng.integers(0, n - block + 1, -(-n // block))
        picked = np.concatenate([residual[s : s + block] for s in starts])[:n]
        out[row] = _shares(table, fitted + picked * rng.choice([-1.0, 1.0]))
    return out


def _correlation_length(residual: np.ndarray) -> int:
    """First lag at which the autocorrelation falls below 1/e."""
    r = residual - residual.mean()
    power = float(r @ r)
    if power == 0:
        return 1
    for lag in range(1, r.size // 4):
        if float(r[:-lag] @ r[lag:]) / power < 1 / np.e:
            return lag
    return r.size // 4

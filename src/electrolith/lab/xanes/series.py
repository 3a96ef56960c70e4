"""A series of spectra on one grid: map of first derivatives, edge against time, principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import DataError
from electrolith.lab.xanes.combination import common_grid, on_grid
from electrolith.lab.xanes.normalise import Normalised

__all__ = ["PrincipalComponents", "SpectrumSeries", "principal_components", "spectrum_series"]


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumSeries:
    """Normalised spectra in order of time.

    energy : eV, shape (m,).
    mu : flattened normalised absorption, shape (n, m).
    slope : dµ/dE, 1/eV, shape (n, m).
    time : s since the first spectrum, or 0, 1, 2, ... where the files state no time, shape (n,).
    clock : s since 1970, shape (n,); nan where not stated.
    edge, half : eV, shape (n,): steepest rise and µ = 0.5.
    noise : standard deviation of one point, shape (n,).
    between : what rests on how the curve runs between the points, shape (n,); 0 where all have one grid.
    half_doubt : how far `half` depends on the grids, eV, shape (n,); 0 where all have one grid and one edge.
    """

    energy: np.ndarray
    mu: np.ndarray
    slope: np.ndarray
    time: np.ndarray
    clock: np.ndarray
    timed: bool
    edge: np.ndarray
    half: np.ndarray
    noise: np.ndarray
    names: tuple[str, ...]
    regridded: bool
    between: np.ndarray
    half_doubt: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalComponents:
    """Singular value decomposition of a series about its mean.

    shares : variance explained, descending.
    components : shape (k, m); scores : shape (n, k).
    significant : how many stand above the points' noise.
    """

    shares: np.ndarray
    components: np.ndarray
    scores: np.ndarray
    significant: int
    energy: np.ndarray


def spectrum_series(
    spectra: list[Normalised],
    *,
    times: np.ndarray | None = None,
    low: float | None = None,
    high: float | None = None,
) -> SpectrumSeries:
    """Order spectra in time and bring them onto one grid.

    Parameters
    ----------
    times : s, one a spectrum; None: from the files' own clocks, else the order given.

    Raises
    ------
    DataError
        If the spectra share no energy range, or do not share one edge.
    """
    if len(spectra) < 2:
        raise DataError(f"{len(spectra)} spectrum; a series needs two or more")
    edges = np.array([s.edge for s in spectra])
    far = int(np.argmax(np.abs(edges - np.median(edges))))
    if abs(edges[far] - np.median(edges)) > 30:
        raise DataError(
            f"{spectra[far].name}: its edge at {edges[far]:.1f} eV is not that of the others "
            f"({np.median(edges):.1f} eV)"
        )
    clock = np.array([s.start for s in spectra])
    stamps = np.asarray(times, float) if times is not None else clock
    if stamps.size != len(spectra):
        raise DataError(f"{stamps.size} times for {len(spectra)} spectra")
    timed = bool(np.all(np.isfinite(stamps)))
    order = np.argsort(stamps, kind="stable") if timed else np.arange(len(spectra))
    ordered = [spectra[i] for i in order]
    grid = common_grid(ordered, low=low, high=high)
    mu = on_grid(ordered, grid)
    first = ordered[0].energy
    regridded = any(s.energy.size != first.size or not np.allclose(s.energy, first) for s in ordered)
    doubt = np.array([s.half_doubt for s in ordered])
    return SpectrumSeries(
        energy=grid,
        mu=mu,
        slope=np.gradient(mu, axis=1) / np.gradient(grid),
        time=stamps[order] - stamps[order][0] if timed else np.arange(float(len(spectra))),
        clock=clock[order],
        timed=timed,
        edge=edges[order],
        half=np.array([s.half for s in ordered]),
        noise=np.array([s.noise for s in ordered]),
        names=tuple(s.name for s in ordered),
        regridded=regridded,
        between=np.array([_between_points(s, grid) if regridded else 0.0 for s in ordered]),
        half_doubt=doubt if regridded or np.ptp(edges) > 0 else np.zeros(len(ordered)),
    )


def _between_points(spectrum: Normalised, grid: np.ndarray) -> float:
    """What rests on how a curve runs between the points, in edge steps: a line against the curve.

    Every second point is predicted by a line through its neighbours; on the full grid a quarter of that is
    missed. Noise is taken off.
    """
    inside = (spectrum.energy >= grid[0]) & (spectrum.energy <= grid[-1])
    e, mu = spectrum.energy[inside], spectrum.flat[inside]
    if e.size < 16:
        return 0.0
    missed = np.abs(np.interp(e[1:-1:2], e[::2], mu[::2]) - mu[1:-1:2])
    return max(0.0, float(missed.max()) - 5 * spectrum.noise) / 4


def principal_components(series: SpectrumSeries, *, keep: int = 6) -> PrincipalComponents:
    """Components of a series about its mean, and how many stand above the noise.

    A component counts when its singular value exceeds the largest that white noise of the points' own size
    gives, σ(√n + √m).
    """
    centred = series.mu - series.mu.mean(axis=0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    n, m = centred.shape
    noise = float(np.sqrt(np.mean(series.noise**2)))
    count = int(np.count_nonzero(s > noise * (np.sqrt(n) + np.sqrt(m))))
    k = min(keep, s.size)
    total = float(np.sum(s**2)) or 1.0
    return PrincipalComponents(s[:k] ** 2 / total, vt[:k], u[:, :k] * s[:k], count, series.energy)

"""PDF averaged over computed frames: orderings, or snapshots of molecular dynamics."""

from __future__ import annotations

import numpy as np

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame

from .pdf import PdfSettings, envelope, sampled, terminated
from .tables import scatterers

__all__ = ["pdf_of_frames"]

_B_PER_U = 8 * np.pi**2


def pdf_of_frames(
    frames: tuple[Frame, ...],
    r: np.ndarray,
    settings: PdfSettings,
    *,
    b_iso: dict[str, float] | float = 0.0,
    weights: tuple[float, ...] | None = None,
) -> np.ndarray:
    """G(r) of the mean over frames, 1/Å², shape (n,).

    Pairs are sorted into bins of the calculation grid and broadened afterwards; static orderings need a
    displacement B to stand for vibration, snapshots of dynamics need none beyond a little smoothing.

    Parameters
    ----------
    frames : all of the same elements. r : Å, rising.
    b_iso : Å², one number or by element. weights : of the frames, default equal.

    Raises
    ------
    InputError
        If there is no frame, or the range would need more than a billion pairs.
    """
    if not frames:
        raise InputError("a pair distribution function needs at least one frame")
    step = 0.01
    margin = 6 * 2 * np.pi / settings.q_max if settings.q_max else 2.0
    grid = step * np.arange(1, int(np.ceil((r[-1] + margin) / step)) + 1)
    share = np.array(weights or (1.0,) * len(frames), dtype=float)
    share /= share.sum()
    curve = sum(
        (w * _one(frame, grid, settings, b_iso) for w, frame in zip(share, frames, strict=True)),
        np.zeros_like(grid),
    )
    return sampled(grid, terminated(grid, np.asarray(curve), settings), np.asarray(r, float))


def _one(
    frame: Frame, grid: np.ndarray, settings: PdfSettings, b_iso: dict[str, float] | float
) -> np.ndarray:
    """G(r) of one frame before termination."""
    symbols = np.array(frame.symbols)
    kinds = tuple(dict.fromkeys(frame.symbols))
    table = scatterers(kinds, radiation=settings.radiation)
    power = np.array([float(table[s].real(np.zeros(1))[0]) for s in symbols])
    mean = power.mean()
    end, step = grid[-1] + 0.5, grid[0]
    reciprocal = np.linalg.inv(frame.cell).T
    most = np.ceil(end * np.linalg.norm(reciprocal, axis=1)).astype(int) + 1
    cells = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1).reshape(-1, 3)
    near = np.linalg.norm(cells @ frame.cell, axis=1) < end + 2 * np.linalg.norm(frame.cell, axis=1).sum()
    shifts = cells[near] @ frame.cell
    if len(shifts) * len(symbols) ** 2 > 1e9:
        raise InputError(f"{len(symbols)} atoms up to {end:.0f} Å are too many pairs; use a shorter range")
    fractional = frame.fractional % 1.0
    positions = fractional @ frame.cell
    total = np.zeros_like(grid)
    for i, one in enumerate(kinds):
        for other in kinds[i:]:
            bins = np.zeros(len(grid) + 2)
            for centre in positions[symbols == one]:
                gap = (positions[symbols == other] - centre)[:, None, :] + shifts[None]
                distance = np.sqrt(np.einsum("abi,abi->ab", gap, gap)).ravel()
                distance = distance[(distance > 1e-6) & (distance < grid[-1])]
                place = (
                    distance / step - 1
                )  # shared between the two nearest grid points, which keeps the mean
                low = np.floor(place).astype(int)
                part = place - low
                bins += np.bincount(low + 1, weights=1 - part, minlength=len(bins))[: len(bins)]
                bins += np.bincount(low + 2, weights=part, minlength=len(bins))[: len(bins)]
            weight = power[symbols == one][0] * power[symbols == other][0] / mean**2 / len(symbols)
            weight *= 1.0 if one == other else 2.0
            u = sum(b_iso if isinstance(b_iso, float) else b_iso.get(s, 0.0) for s in (one, other)) / _B_PER_U
            total += weight * _broadened(bins[1 : len(grid) + 1], grid, max(u, 1e-4), settings)
    density = len(symbols) / frame.volume
    radial = total / step / grid
    return np.asarray((radial - 4 * np.pi * grid * density) * envelope(grid, settings))


def _broadened(bins: np.ndarray, grid: np.ndarray, u: float, settings: PdfSettings) -> np.ndarray:
    """Bins convolved with Gaussians whose width depends on r, by blending a few fixed widths."""
    factor = 1 - settings.delta1 / grid - settings.delta2 / grid**2 + (settings.q_broad * grid) ** 2
    sigma = np.sqrt(u * np.maximum(factor, 0.02))
    step = grid[0]
    if np.ptp(sigma) < 1e-9:
        return _smooth(bins, float(sigma[0]), step)
    levels = np.linspace(sigma.min(), sigma.max(), 16)
    out = np.zeros_like(bins)
    for level in levels:
        width = levels[1] - levels[0]
        part = np.clip(1 - np.abs(sigma - level) / width, 0, 1)
        if np.any(part > 0):
            out += _smooth(bins * part, float(level), step)
    return out


def _smooth(values: np.ndarray, sigma: float, step: float) -> np.ndarray:
    reach = max(1, int(np.ceil(5 * sigma / step)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma) ** 2)
    from scipy.signal import fftconvolve

    return np.asarray(fftconvolve(values, kernel / kernel.sum(), mode="same"))

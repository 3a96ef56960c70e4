"""Pair distribution function of a crystal, as sums over shells of neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from scipy.interpolate import CubicSpline

from electrolith.core.errors import InputError, nearest
from electrolith.core.units import Unit

from .phase import Phase, cell_matrix, layout
from .tables import Radiation, scatterers

__all__ = [
    "PdfSettings",
    "Shells",
    "Split",
    "envelope",
    "pair_weights",
    "pdf",
    "pdf_on",
    "sampled",
    "shell_table",
    "shells",
    "terminated",
]

Convention = Literal["pdffit", "srreal"]
_B_PER_U = 8 * np.pi**2
_REACH = 5.0  # standard deviations on each side of a shell


@dataclass(frozen=True, slots=True)
class PdfSettings:
    """How the pair distribution function was measured and is to be calculated.

    q_min, q_max : range of the measured structure function, 1/Å; q_max 0 for no termination.
    q_damp : resolution damping exp(-(r q_damp)²/2), 1/Å. q_broad : broadening with distance, 1/Å.
    delta1 : Å, delta2 : Å², correlated motion; width² = σ′² (1 - δ1/r - δ2/r² + q_broad² r²).
    diameter : of spherical particles, Å; 0 for large crystals.
    convention : "pdffit" draws a shell in the radial distribution and divides by r at each point, as pdffit2
    does; "srreal" divides it by its own distance.
    """

    radiation: Radiation = "xray"
    q_min: Annotated[float, Unit("1/angstrom")] = 0.0
    q_max: Annotated[float, Unit("1/angstrom")] = 25.0
    q_damp: Annotated[float, Unit("1/angstrom")] = 0.0
    q_broad: Annotated[float, Unit("1/angstrom")] = 0.0
    delta1: Annotated[float, Unit("angstrom")] = 0.0
    delta2: Annotated[float, Unit("angstrom^2")] = 0.0
    diameter: Annotated[float, Unit("angstrom")] = 0.0
    convention: Convention = "pdffit"

    def __post_init__(self) -> None:
        if self.radiation not in ("xray", "neutron"):
            raise InputError(f"radiation must be xray or neutron, got {self.radiation!r}")
        if self.convention not in ("pdffit", "srreal"):
            raise InputError(f"convention must be pdffit or srreal, got {self.convention!r}")
        if self.q_min < 0 or self.q_max < 0 or (self.q_max and self.q_min >= self.q_max):
            raise InputError(f"q_min {self.q_min} and q_max {self.q_max} make no range")
        if min(self.q_damp, self.q_broad, self.delta1, self.delta2, self.diameter) < 0:
            raise InputError("q_damp, q_broad, delta1, delta2 and diameter must not be negative")


@dataclass(frozen=True, slots=True, eq=False)
class Shells:
    """Distinct pairs of sites by distance; valid while the cell changes a little and the symmetry holds.

    first, second : indices of asymmetric sites, shape (n,). rotation : shape (n, 3, 3), shift : shape (n, 3);
    the pair vector is R x₂ + t - x₁. count : pairs per cell.
    """

    first: np.ndarray
    second: np.ndarray
    rotation: np.ndarray
    shift: np.ndarray
    count: np.ndarray
    r_max: float


def shells(phase: Phase, *, r_max: float) -> Shells:
    """All pairs up to r_max (Å), equal ones gathered.

    Raises
    ------
    InputError
        If r_max is not positive or the list would exceed fifty million pairs.
    """
    matrix = cell_matrix(phase.cell)
    reciprocal = np.linalg.inv(matrix).T
    if not r_max > 0:
        raise InputError(f"r_max must be above 0 Å, got {r_max}")
    most = np.ceil(r_max * np.linalg.norm(reciprocal, axis=1)).astype(int) + 1
    if np.prod(2.0 * most + 1) * len(phase.sites) ** 2 > 5e7:
        raise InputError(f"phase {phase.name}: too many pairs up to {r_max:g} Å; lower r_max")
    cells = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1).reshape(-1, 3)
    counts = layout(phase).multiplicities
    parts = []
    for i, one in enumerate(phase.sites):
        for j, other in enumerate(
            phase.sites[: i + 1]
        ):  # a pair of sites once, counted twice where they differ
            ops = _images(phase, np.asarray(other.position))
            base = phase.rotations[ops] @ np.asarray(other.position) + phase.translations[ops]
            gap = base - np.asarray(one.position)
            wrap = -np.round(gap)
            vectors = (gap + wrap)[:, None, :] + cells[None, :, :]
            distance = np.sqrt(np.einsum("oci,oci->oc", vectors @ matrix, vectors @ matrix))
            near = (distance > 1e-3) & (distance < r_max)
            op, place = np.nonzero(near)
            key = np.round(distance[near], 5)
            _, where, number = np.unique(key, return_index=True, return_counts=True)
            shift = (phase.translations[ops] + wrap)[op[where]] + cells[place[where]]
            size = len(where)
            parts.append(
                (
                    np.full(size, i),
                    np.full(size, j),
                    phase.rotations[ops][op[where]].astype(float),
                    shift,
                    counts[i] * number.astype(float) * (1 if i == j else 2),
                )
            )
    first, second, rotation, shift, count = (np.concatenate(c) for c in zip(*parts, strict=True))
    return Shells(first, second, rotation, shift, count, r_max)


def _images(phase: Phase, position: np.ndarray) -> np.ndarray:
    """Indices of operations that give the distinct images of a position."""
    images = (phase.rotations @ position + phase.translations) % 1.0
    _, first = np.unique(np.round(images, 4) % 1.0, axis=0, return_index=True)
    kept: list[int] = []
    for index in np.sort(first):
        gaps = [np.abs((images[index] - images[k] + 0.5) % 1.0 - 0.5).max() for k in kept]
        if not gaps or min(gaps) > 1e-3:
            kept.append(int(index))
    return np.array(kept)


def pair_weights(
    phase: Phase, radiation: Radiation, lengths: Mapping[str, float] | None = None
) -> tuple[np.ndarray, float, float]:
    """Scattering power of each site (occupancies included), and the mean power per atom and atoms per cell.

    X-rays: f0 at Q = 0. Neutrons: fm.
    """
    table = scatterers(phase.species, radiation=radiation, lengths=lengths)
    zero = np.zeros(1)
    power = np.array(
        [sum(o * float(table[s].real(zero)[0]) for s, o in site.occupancy) for site in phase.sites]
    )
    atoms = np.array([sum(o for _, o in site.occupancy) for site in phase.sites])
    counts = np.array(layout(phase).multiplicities)
    total = float(np.sum(counts * atoms))
    return power, float(np.sum(counts * power)) / total, total


def shell_table(
    phase: Phase, pairs: Shells, settings: PdfSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Distance, weight, variance of each shell, and the number density in atoms/Å³."""
    position = np.array([s.position for s in phase.sites])
    vector = (
        np.einsum("nij,nj->ni", pairs.rotation, position[pairs.second]) + pairs.shift - position[pairs.first]
    )
    matrix = cell_matrix(phase.cell)
    r = np.linalg.norm(vector @ matrix, axis=1)
    power, mean, total = pair_weights(phase, settings.radiation)
    weight = pairs.count * power[pairs.first] * power[pairs.second] / (total * mean**2)
    u = np.array([s.b_iso for s in phase.sites]) / _B_PER_U
    static = u[pairs.first] + u[pairs.second]
    factor = 1 - settings.delta1 / r - settings.delta2 / r**2 + (settings.q_broad * r) ** 2
    variance = np.maximum(static * np.maximum(factor, 0.02), 1e-5)
    return r, weight, variance, total / float(np.linalg.det(matrix))


@dataclass(frozen=True, slots=True)
class Split:
    """Nearest distance between two sites split by species of the second.

    difference : distance to the last species minus distance to the first, Å; their mean is kept.
    """

    first: str
    second: str
    difference: float


def _with_split(
    phase: Phase,
    pairs: Shells,
    table: tuple[np.ndarray, np.ndarray, np.ndarray],
    radiation: Radiation,
    split: Split,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The shell table with the nearest shell of the two sites resolved by species."""
    labels = [s.label for s in phase.sites]
    for name in (split.first, split.second):
        if name not in labels:
            raise InputError(nearest(f"split distance in {phase.name}", name, labels))
    i, j = labels.index(split.first), labels.index(split.second)
    r, weight, variance = table
    mine = ((pairs.first == i) & (pairs.second == j)) | ((pairs.first == j) & (pairs.second == i))
    if not mine.any():
        raise InputError(f"split distance: no pairs between {split.first} and {split.second}")
    near = mine & (r < r[mine].min() + 0.05)
    site = phase.sites[j]
    if len(site.occupancy) != 2:
        raise InputError(
            f"split distance: site {site.label} must hold two species, it holds {len(site.occupancy)}"
        )
    scatter = scatterers(phase.species, radiation=radiation)
    share = np.array([o for _, o in site.occupancy])
    power = np.array([o * float(scatter[s].real(np.zeros(1))[0]) for s, o in site.occupancy])
    moves = split.difference * np.array([-share[1], share[0]]) / share.sum()
    parts = [(r[~near], weight[~near], variance[~near])]
    parts += [
        (r[near] + m, weight[near] * p / power.sum(), variance[near])
        for m, p in zip(moves, power, strict=True)
    ]
    out = [np.concatenate(c) for c in zip(*parts, strict=True)]
    return out[0], out[1], out[2]


def pdf_on(
    r: np.ndarray, phase: Phase, pairs: Shells, settings: PdfSettings, split: Split | None = None
) -> np.ndarray:
    """G(r) before termination on an even grid r, shape (n,), 1/Å²."""
    distance, weight, variance, density = shell_table(phase, pairs, settings)
    if split is not None:
        distance, weight, variance = _with_split(
            phase, pairs, (distance, weight, variance), settings.radiation, split
        )
    sigma = np.sqrt(variance)
    start = np.searchsorted(r, distance - _REACH * sigma)
    count = np.searchsorted(r, distance + _REACH * sigma) - start
    ends = np.cumsum(count)
    shell = np.repeat(np.arange(len(count)), count)
    point = np.arange(ends[-1]) - np.repeat(ends - count - start, count)
    delta = (r[point] - distance[shell]) / sigma[shell]
    height = weight / sigma / np.sqrt(2 * np.pi)
    if settings.convention == "srreal":
        height = height / distance
    total = np.bincount(point, weights=height[shell] * np.exp(-0.5 * delta**2), minlength=len(r))
    if settings.convention == "pdffit":
        total = total / r
    return np.asarray((total - 4 * np.pi * r * density) * envelope(r, settings))


def envelope(r: np.ndarray, settings: PdfSettings) -> np.ndarray:
    """Resolution damping times the shape function of a sphere."""
    damp = np.exp(-0.5 * (settings.q_damp * r) ** 2)
    if not settings.diameter:
        return np.asarray(damp)
    x = np.minimum(r / settings.diameter, 1.0)
    return np.asarray(damp * (1 - 1.5 * x + 0.5 * x**3))


def terminated(r: np.ndarray, curve: np.ndarray, settings: PdfSettings) -> np.ndarray:
    """The curve as seen through q_min < Q < q_max; r = dr, 2 dr, ...; curve of shape (n,) or (k, n)."""
    if not settings.q_max and not settings.q_min:
        return curve
    step = r[1] - r[0]
    size = 1 << int(np.ceil(np.log2(2 * len(r) + 2)))
    padded = np.zeros((*curve.shape[:-1], size))
    padded[..., 1 : len(r) + 1] = curve
    padded[..., -1 : -len(r) - 1 : -1] = -curve  # odd in r
    wave = np.fft.rfft(padded)
    q = 2 * np.pi * np.arange(wave.shape[-1]) / (size * step)
    wave[..., (q > (settings.q_max or np.inf)) | (q < settings.q_min)] = 0
    return np.asarray(np.fft.irfft(wave, size)[..., 1 : len(r) + 1])


def _grid(r: np.ndarray, settings: PdfSettings) -> np.ndarray:
    """Even grid dr, 2 dr, ... beyond the last point by six ripples."""
    step = float(np.min(np.diff(r))) if len(r) > 1 else 0.01
    step = min(step, 0.02)
    margin = 6 * 2 * np.pi / settings.q_max if settings.q_max else 2.0
    return step * np.arange(1, int(np.ceil((r[-1] + margin) / step)) + 1)


def pdf(
    phase: Phase,
    r: np.ndarray,
    settings: PdfSettings = PdfSettings(),
    *,
    scale: float = 1.0,
    pairs: Shells | None = None,
    split: Split | None = None,
) -> np.ndarray:
    """G(r) = s · envelope · [Σ w/(r …) Gaussian - 4πrρ], ripples of finite Q included.

    Parameters
    ----------
    r : distances, Å, rising, shape (n,). pairs : shells made before for the same phase, for fits.

    Returns
    -------
    1/Å², shape (n,).

    Source: Egami and Billinge, Underneath the Bragg Peaks (2003); Proffen and Billinge, J. Appl. Cryst.
    32 (1999) 572.
    """
    r = np.asarray(r, dtype=float)
    if r.ndim != 1 or not len(r) or r[0] <= 0 or np.any(np.diff(r) <= 0):
        raise InputError("distances must be positive and rising")
    grid = _grid(r, settings)
    pairs = pairs or shells(phase, r_max=grid[-1] + 1.0)
    curve = terminated(grid, pdf_on(grid, phase, pairs, settings, split), settings)
    return scale * sampled(grid, curve, r)


def sampled(grid: np.ndarray, curve: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The curve, shape (..., n_grid), at r: by index where r lies on the grid, else by cubic spline."""
    index = r / grid[0] - 1
    near = np.round(index).astype(int)
    if np.all(np.abs(index - near) < 1e-3) and near[0] >= 0 and near[-1] < len(grid):
        return np.asarray(curve[..., near])
    return np.asarray(CubicSpline(grid, curve, axis=-1)(r))

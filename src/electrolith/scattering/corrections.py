"""Lorentz, polarisation, absorption, axial divergence, background: what stands between |F|² and counts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

__all__ = ["axial_counts", "axial_nodes", "background", "capillary_transmission", "lorentz_polarisation"]


def lorentz_polarisation(
    theta: np.ndarray, *, unpolarised: float, monochromator: float, neutron: bool
) -> np.ndarray:
    """(1 - K + K cos² 2θₘ cos² 2θ)/(sin² θ cos θ); for neutrons 1/(sin² θ cos θ).

    Parameters
    ----------
    theta : Bragg angles, radians, any shape. unpolarised : K. monochromator : 2θₘ, degrees.

    Source: International Tables C, 6.2.
    """
    lorentz = 1.0 / (np.sin(theta) ** 2 * np.cos(theta))
    if neutron:
        return np.asarray(lorentz)
    crystal = np.cos(np.radians(monochromator)) ** 2
    weight = unpolarised * crystal
    total = (1 - unpolarised) + weight
    return np.asarray(((1 - unpolarised) + weight * np.cos(2 * theta) ** 2) / total * lorentz)


def capillary_transmission(theta: np.ndarray, mu_r: float) -> np.ndarray:
    """Mean of exp(-μ (path in + path out)) over the cross section of a cylinder.

    For small μR it is 1 - (16/3π) μR at every angle.

    Parameters
    ----------
    theta : Bragg angles, radians, shape (n,). mu_r : absorption coefficient times radius.
    """
    if mu_r == 0:
        return np.ones_like(theta)
    nodes = np.linspace(0.0, np.pi / 2, 46)
    radius2, weight = np.polynomial.legendre.leggauss(24)
    r = np.sqrt((radius2 + 1) / 2)[:, None, None]
    phi = (np.arange(64) + 0.5)[None, :, None] * (2 * np.pi / 64)
    along_in = r * np.cos(phi)
    path_in = along_in + np.sqrt(1 - (r * np.sin(phi)) ** 2)
    turned = phi - 2 * nodes[None, None, :]
    path_out = -r * np.cos(turned) + np.sqrt(1 - (r * np.sin(turned)) ** 2)
    mean = np.einsum("rpt,r->t", np.exp(-mu_r * (path_in + path_out)), weight / 2) / 64
    return np.interp(theta, nodes, mean)


def axial_counts(two_theta: np.ndarray, divergence: float, width: np.ndarray) -> np.ndarray:
    """Nodes that draw each peak to about 3e-4 of its height, shape (n,).

    What counts is how far the divergence moves a peak against its width: at 90 degrees one node will do.

    Parameters
    ----------
    two_theta : radians, shape (n,). divergence : S/L. width : full widths of the peaks, radians, shape (n,).
    """
    if divergence <= 0:
        return np.ones(len(two_theta), dtype=int)
    ratio = np.abs(_shift(two_theta, np.array([2 * divergence]))[:, 0]) / width
    smooth = np.ceil(2.2 + 2.4 * ratio)
    sharp = np.minimum(np.ceil(6.0 + 3.5 * ratio), _MOST_NODES)
    return np.where(ratio < 0.01, 1, np.where(ratio <= _SMOOTH, smooth, sharp)).astype(int)


_SMOOTH = 3.0  # shift over width up to which nodes for a polynomial in the shift need fewer points
_MOST_NODES = 60


def axial_nodes(two_theta: np.ndarray, divergence: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Shifts and weights that split a peak as axial divergence does (S/L = H/L).

    With cos 2φ = cos 2θ √(1+h²), h from 0 to 2 S/L, weight (2S/L - h)/((1+h²) sin 2φ), summing to one.
    The shift grows as h²: Gauss nodes for polynomials in h² need a third of the points that nodes in h do.

    Parameters
    ----------
    two_theta : radians, shape (n,). divergence : S/L. count : nodes of each peak, from `axial_counts`.

    Returns
    -------
    Shifts in radians and weights, both of shape (n, count); no shift for no divergence.

    Source: Finger, Cox, Jephcoat, J. Appl. Cryst. 27 (1994) 892; quadrature after Golub and Welsch.
    """
    if divergence <= 0:
        return np.zeros((len(two_theta), 1)), np.ones((len(two_theta), 1))
    part, weight = _quadrature(count)
    h = 2 * divergence * part
    moved = _shift(two_theta, h)
    share = weight / ((1 + h**2) * np.sin(two_theta[:, None] + moved))
    return moved, share / share.sum(axis=1, keepdims=True)


def _shift(two_theta: np.ndarray, h: np.ndarray) -> np.ndarray:
    """2φ - 2θ in radians, shape (n, k)."""
    cosine = np.clip(np.cos(two_theta)[:, None] * np.sqrt(1 + h[None, :] ** 2), -0.999999, 0.999999)
    return np.asarray(np.arccos(cosine) - two_theta[:, None])


@lru_cache(maxsize=64)
def _quadrature(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes in t = h/(2 S/L) from 0 to 1 and weights for the density 2(1 - t), each of shape (count,)."""
    node, weight = np.polynomial.legendre.leggauss(200)
    t = (node + 1) / 2
    density = weight * (1 - t)
    if count > np.ceil(2.2 + 2.4 * _SMOOTH):
        node, weight = np.polynomial.legendre.leggauss(count)
        t = (node + 1) / 2
        return t, weight * (1 - t)
    u = t**2
    below, here, before = np.zeros_like(u), np.ones_like(u), 1.0
    diagonal, beside = [], []
    for order in range(count):
        norm = float(np.sum(density * here**2))
        diagonal.append(float(np.sum(density * u * here**2)) / norm)
        beside.append(norm / before)
        before = norm
        step = (u - diagonal[-1]) * here - (beside[-1] if order else 0.0) * below
        below, here = here, step
    off = np.sqrt(beside[1:])
    value, vector = np.linalg.eigh(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1))
    return np.sqrt(np.maximum(value, 0.0)), vector[0] ** 2


def background(x: np.ndarray, order: int) -> np.ndarray:
    """Chebyshev polynomials of the abscissa scaled to -1..1, shape (n, order)."""
    span = float(x[-1] - x[0]) or 1.0
    scaled = 2 * (x - x[0]) / span - 1
    return np.polynomial.chebyshev.chebvander(scaled, order - 1)

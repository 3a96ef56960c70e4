"""Lorentz, polarisation, absorption, axial divergence, background: what stands between |F|² and counts."""

from __future__ import annotations

import numpy as np

__all__ = ["axial_nodes", "background", "capillary_transmission", "lorentz_polarisation"]


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


def axial_nodes(two_theta: np.ndarray, divergence: float) -> tuple[np.ndarray, np.ndarray]:
    """Shifts and weights that split a peak as axial divergence does (S/L = H/L).

    With cos 2φ = cos 2θ √(1+h²), h from 0 to 2 S/L, weight (2S/L - h)/((1+h²) sin 2φ), summing to one.

    Parameters
    ----------
    two_theta : radians, shape (n,). divergence : S/L.

    Returns
    -------
    Shifts in radians and weights, both of shape (n, k); one node without shift for no divergence.

    Source: Finger, Cox, Jephcoat, J. Appl. Cryst. 27 (1994) 892.
    """
    if divergence <= 0:
        return np.zeros((len(two_theta), 1)), np.ones((len(two_theta), 1))
    node, weight = np.polynomial.legendre.leggauss(10)
    h = divergence * (node + 1)[None, :]
    cosine = np.clip(np.cos(two_theta)[:, None] * np.sqrt(1 + h**2), -0.999999, 0.999999)
    phi = np.arccos(cosine)
    share = weight * (2 * divergence - h) / ((1 + h**2) * np.sin(phi))
    return phi - two_theta[:, None], share / share.sum(axis=1, keepdims=True)


def background(x: np.ndarray, order: int) -> np.ndarray:
    """Chebyshev polynomials of the abscissa scaled to -1..1, shape (n, order)."""
    span = float(x[-1] - x[0]) or 1.0
    scaled = 2 * (x - x[0]) / span - 1
    return np.polynomial.chebyshev.chebvander(scaled, order - 1)

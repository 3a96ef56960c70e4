"""Peak shapes: pseudo-Voigt of Thompson, Cox and Hastings, and back-to-back exponentials with a pseudo-Voigt."""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, exp1

__all__ = ["back_to_back", "gaussian_lorentzian", "pseudo_voigt"]

_LN2 = float(np.log(2.0))


def gaussian_lorentzian(gaussian: np.ndarray, lorentzian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Full width H and mixing η of a pseudo-Voigt from the two full widths.

    H⁵ = G⁵ + 2.69269 G⁴L + 2.42843 G³L² + 4.47163 G²L³ + 0.07842 G L⁴ + L⁵,
    η = 1.36603 q - 0.47719 q² + 0.11116 q³ with q = L/H.

    Source: Thompson, Cox, Hastings, J. Appl. Cryst. 20 (1987) 79.
    """
    g, lo = gaussian, lorentzian
    fifth = (
        g**5 + 2.69269 * g**4 * lo + 2.42843 * g**3 * lo**2 + 4.47163 * g**2 * lo**3 + 0.07842 * g * lo**4 + lo**5
    )
    width = fifth**0.2
    q = lo / width
    return width, 1.36603 * q - 0.47719 * q**2 + 0.11116 * q**3


def pseudo_voigt(
    delta: np.ndarray, width: np.ndarray, eta: np.ndarray, *, gradient: bool = False
) -> tuple[np.ndarray, ...]:
    """Pseudo-Voigt of unit area, and its derivatives to centre, width and mixing.

    P = η L + (1-η) G, L and G of the same full width at half maximum.

    Parameters
    ----------
    delta : x minus centre; width : full width at half maximum; eta : mixing; one shape.

    Returns
    -------
    (P,) or (P, dP/dcentre, dP/dwidth, dP/deta).
    """
    t = (delta / width) ** 2
    lorentz = (2 / np.pi) / width / (1 + 4 * t)
    gauss = np.sqrt(4 * _LN2 / np.pi) / width * np.exp(-4 * _LN2 * t)
    value = eta * lorentz + (1 - eta) * gauss
    if not gradient:
        return (value,)
    # dL/ddelta = -8 delta/width² L/(1+4t), dG/ddelta = -8 ln2 delta/width² G
    slope_l = lorentz * 8 / (1 + 4 * t)
    slope_g = gauss * 8 * _LN2
    slope = eta * slope_l + (1 - eta) * slope_g
    return value, slope * delta / width**2, (slope * t - value) / width, lorentz - gauss


def back_to_back(
    delta: np.ndarray, alpha: np.ndarray, beta: np.ndarray, variance: np.ndarray, lorentzian: np.ndarray
) -> np.ndarray:
    """Rising and falling exponentials convolved with a pseudo-Voigt, unit area.

    Gaussian part: N [e^u erfc(y) + e^v erfc(z)], N = αβ/2(α+β), u = α(ασ²+2Δ)/2, y = (ασ²+Δ)/√(2σ²),
    v = β(βσ²-2Δ)/2, z = (βσ²-Δ)/√(2σ²). Lorentzian part: -(2N/π) Im[e^p E₁(p) + e^q E₁(q)],
    p = αΔ + iαH/2, q = -βΔ + iβH/2; mixed with η, H and Gaussian width matched to H.

    Parameters
    ----------
    delta : t minus centre, µs. alpha, beta : 1/µs. variance : µs². lorentzian : full width, µs; one shape.

    Returns
    -------
    1/µs.

    Source: Von Dreele, Jorgensen, Windsor, J. Appl. Cryst. 15 (1982) 581.
    """
    norm = 0.5 * alpha * beta / (alpha + beta)
    if not np.any(lorentzian > 0):
        return np.asarray(norm * (_expo(delta, alpha, variance) + _expo(-delta, beta, variance)))
    gauss_width = np.sqrt(8 * _LN2 * variance)
    width, eta = gaussian_lorentzian(gauss_width, lorentzian)
    matched = width**2 / (8 * _LN2)
    gauss = norm * (_expo(delta, alpha, matched) + _expo(-delta, beta, matched))
    p = alpha * delta + 0.5j * alpha * width
    q = -beta * delta + 0.5j * beta * width
    lorentz = -(2 * norm / np.pi) * (_scaled_e1(p).imag + _scaled_e1(q).imag)
    return np.asarray(eta * lorentz + (1 - eta) * gauss)


def _expo(delta: np.ndarray, rate: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """e^u erfc(y) without overflow; e^u erfc(y) = exp(-Δ²/2σ²) erfcx(y)."""
    y = (rate * variance + delta) / np.sqrt(2 * variance)
    far = y < -4.0  # there erfc(y) is 2 to 1e-8 and erfcx overflows in the end
    safe = np.where(far, 0.0, y)
    near_value = np.exp(-(delta**2) / (2 * variance)) * erfcx(safe)
    u = 0.5 * rate * (rate * variance + 2 * delta)
    far_value = 2.0 * np.exp(np.where(far, u, -np.inf)) - np.exp(-(delta**2) / (2 * variance)) * erfcx(np.abs(y))
    return np.where(far, far_value, near_value)


def _scaled_e1(z: np.ndarray) -> np.ndarray:
    """e^z E₁(z); asymptotic series where the factors would overflow."""
    big = np.abs(z) > 40.0
    inner = np.where(big, 1.0, z)
    series = np.zeros_like(z)
    outer = np.where(big, z, 1.0)
    term = 1.0 / outer
    for k in range(1, 12):
        series = series + term
        term = -term * k / outer
    return np.where(big, series, np.exp(inner) * exp1(inner))

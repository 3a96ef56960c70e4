"""Peak shapes: pseudo-Voigt of Thompson, Cox and Hastings, and back-to-back exponentials with a
pseudo-Voigt.
"""

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
        g**5
        + 2.69269 * g**4 * lo
        + 2.42843 * g**3 * lo**2
        + 4.47163 * g**2 * lo**3
        + 0.07842 * g * lo**4
        + lo**5
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
    delta: np.ndarray,
    alpha: np.ndarray,
    beta: np.ndarray,
    width: np.ndarray,
    eta: np.ndarray,
    *,
    gradient: bool = False,
) -> tuple[np.ndarray, ...]:
    """Rising and falling exponentials convolved with a pseudo-Voigt, unit area.

    Gaussian part: N [e^u erfc(y) + e^v erfc(z)], N = αβ/2(α+β), u = α(ασ²+2Δ)/2, y = (ασ²+Δ)/√(2σ²),
    v = β(βσ²-2Δ)/2, z = (βσ²-Δ)/√(2σ²), σ² = H²/8 ln 2. Lorentzian part: -(2N/π) Im[e^p E₁(p) + e^q E₁(q)],
    p = αΔ + iαH/2, q = -βΔ + iβH/2. Mixed with η.

    Parameters
    ----------
    delta : t minus centre, µs. alpha, beta : 1/µs. width : H, µs. eta : mixing; one shape.

    Returns
    -------
    (P,) in 1/µs, or (P, dP/dcentre, dP/dα, dP/dβ, dP/dH, dP/dη).

    Source: Von Dreele, Jorgensen, Windsor, J. Appl. Cryst. 15 (1982) 581.
    """
    norm = 0.5 * alpha * beta / (alpha + beta)
    variance = width**2 / (8 * _LN2)
    bell = np.exp(-(delta**2) / (2 * variance))
    rise, fall = _expo(delta, alpha, variance, bell), _expo(-delta, beta, variance, bell)
    gauss = norm * (rise + fall)
    pure = not gradient and not np.any(eta > 0)  # the slope to η needs the Lorentzian also at η = 0
    p, q = alpha * (delta + 0.5j * width), beta * (-delta + 0.5j * width)
    fp, fq = (np.zeros(1), np.zeros(1)) if pure else (_scaled_e1(p), _scaled_e1(q))
    lorentz = -(2 * norm / np.pi) * (fp.imag + fq.imag)
    value = np.asarray(eta * lorentz + (1 - eta) * gauss)
    if not gradient:
        return (value,)
    edge = np.sqrt(2 / (np.pi * variance)) * bell
    d_alpha, d_beta = beta / alpha / (alpha + beta), alpha / beta / (alpha + beta)  # of ln N
    by_rise = (alpha * variance + delta) * rise - variance * edge
    by_fall = (beta * variance - delta) * fall - variance * edge
    by_variance = 0.5 * (alpha**2 * rise + beta**2 * fall) - 0.5 * edge * (alpha + beta)
    g = [
        norm * (beta * fall - alpha * rise),
        gauss * d_alpha + norm * by_rise,
        gauss * d_beta + norm * by_fall,
        norm * by_variance * 2 * variance / width,
    ]
    sp, sq = fp - 1 / p, fq - 1 / q  # derivative of e^z E₁(z)
    k = -2 * norm / np.pi
    slopes = [
        -k * (alpha * sp - beta * sq).imag,
        lorentz * d_alpha + k * (sp * (delta + 0.5j * width)).imag,
        lorentz * d_beta + k * (sq * (-delta + 0.5j * width)).imag,
        k * (0.5j * (alpha * sp + beta * sq)).imag,
    ]
    mixed = [eta * a + (1 - eta) * b for a, b in zip(slopes, g, strict=True)]
    return (value, *mixed, lorentz - gauss)


def _expo(delta: np.ndarray, rate: np.ndarray, variance: np.ndarray, bell: np.ndarray) -> np.ndarray:
    """e^u erfc(y) without overflow: exp(-Δ²/2σ²) erfcx(y)."""
    y = (rate * variance + delta) / np.sqrt(2 * variance)
    far = y < -4.0  # there erfc(y) is 2 to 1e-8, and erfcx overflows in the end
    out = bell * erfcx(np.where(far, 0.0, y))
    if np.any(far):
        u = 0.5 * rate * (rate * variance + 2 * delta)
        out = np.where(far, 2.0 * np.exp(np.where(far, u, 0.0)) - bell * erfcx(np.abs(y)), out)
    return np.asarray(out)


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

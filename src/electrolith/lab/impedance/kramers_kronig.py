r"""Linear Kramers-Kronig test: a causal, linear, stable spectrum is a sum of relaxations.

Z = R0 + Σ R_k/(1 + iωτ_k) + iωL + 1/(iωC), with fixed τ_k, fitted linearly. What this cannot follow is drift,
non-linearity or an artefact. R_k may be negative. Their number is the one with the smallest corrected Akaike
criterion; the usual measure μ = 1 - Σ|R_k<0|/Σ|R_k>0| is reported, not used to stop, because it stops at
three
relaxations on spectra with an inductive loop.

Source: Schönleber, Klotz, Ivers-Tiffée, Electrochim. Acta 131 (2014) 20; Boukamp, J. Electrochem. Soc. 142
(1995) 1885.
"""

from dataclasses import dataclass

import numpy as np

from electrolith.lab.impedance.spectrum import Spectrum

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class KramersKronig:
    """Outcome of the test.

    residuals : (Z - Z_fit)/|Z|, complex, (F,).
    elements : number of relaxations used.
    mu : measure at that number.
    noise : root mean square residual per real datum.
    correlation : of neighbouring residuals.
    passed : whether the residuals look like noise of less than `limit`.
    verdict : in words.
    """

    frequency: Array
    residuals: Array
    elements: int
    mu: float
    noise: float
    correlation: float
    passed: bool
    verdict: str


def kramers_kronig(spectrum: Spectrum, *, limit: float = 0.01) -> KramersKronig:
    """Test a spectrum for causality, linearity and stability.

    Parameters
    ----------
    limit : largest root mean square residual, relative to |Z|, that passes.
    """
    frequency, impedance = spectrum.frequency, spectrum.impedance
    counts = range(3, min(frequency.size, 40) + 1)
    tried = [_fit(frequency, impedance, count) for count in counts]
    best = int(
        np.argmin([_akaike(residuals, count) for (residuals, _), count in zip(tried, counts, strict=True)])
    )
    (residuals, mu), count = tried[best], counts[best]
    noise = float(np.sqrt(np.mean(np.abs(residuals) ** 2) / 2))
    correlation = _correlation(residuals)
    # three standard errors of a lag-one correlation of white noise
    structured = correlation > 3 / np.sqrt(2 * frequency.size) + 0.25
    passed = bool(noise <= limit and not (structured and noise > limit / 4))
    return KramersKronig(
        frequency,
        residuals,
        count,
        mu,
        noise,
        correlation,
        passed,
        _verdict(passed, noise, structured, limit),
    )


def _akaike(residuals: Array, count: int) -> float:
    """Corrected Akaike criterion of a fit with `count` relaxations."""
    n, k = 2 * residuals.size, count + 4
    if n - k - 1 <= 0:
        return float("inf")
    return float(n * np.log(max(np.sum(np.abs(residuals) ** 2), 1e-300) / n) + 2 * k * n / (n - k - 1))


def _verdict(passed: bool, noise: float, structured: bool, limit: float) -> str:
    """One sentence."""
    size = f"residual {100 * noise:.2g} % of |Z|"
    if passed:
        return f"consistent with Kramers-Kronig ({size})"
    if structured:
        return (
            f"violates Kramers-Kronig: {size}, systematic with frequency; drift, non-linearity or an artefact"
        )
    return f"too noisy for the test: {size}, limit {100 * limit:.2g} %"


def _correlation(residuals: Array) -> float:
    """Lag-one correlation of the residuals, mean of real and imaginary part."""
    parts = [residuals.real, residuals.imag]
    return float(np.mean([np.sum(p[1:] * p[:-1]) / max(float(np.sum(p**2)), 1e-300) for p in parts]))


def _fit(frequency: Array, impedance: Array, count: int) -> tuple[Array, float]:
    """Residuals and μ with `count` relaxations."""
    omega = 2 * np.pi * frequency
    taus = np.logspace(np.log10(1 / omega.max()), np.log10(1 / omega.min()), count)
    columns = [np.ones_like(omega) + 0j, 1j * omega / omega.max(), omega.min() / (1j * omega)]
    design = np.column_stack([*columns, *(1 / (1 + 1j * omega * tau) for tau in taus)])
    weight = 1 / np.abs(impedance)
    real = np.concatenate([(design * weight[:, None]).real, (design * weight[:, None]).imag])
    target = np.concatenate([(impedance * weight).real, (impedance * weight).imag])
    solution = np.linalg.lstsq(real, target, rcond=1e-12)[0]
    found = solution[3:]
    positive = np.sum(found[found > 0])
    mu = 1 - float(-np.sum(found[found < 0]) / positive) if positive > 0 else 0.0
    return np.asarray((impedance - design @ solution) * weight), mu

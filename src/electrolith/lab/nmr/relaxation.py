r"""Relaxation rate against temperature: the BPP law, its flanks and its maximum.

1/T1 = C [J(ω) + 4 J(2ω)], J(ω) = τ / (1 + (ωτ)^{1+β}), τ = τ0 exp(E/k_B T). β = 1 is the law of Bloembergen,
Purcell and Pound; β < 1 lowers the slope of the cold flank (ωτ ≫ 1) to βE, where ions are seen over single,
often returning jumps; the hot flank (ωτ ≪ 1) shows E, as long-range transport does.

Source: Bloembergen, Purcell, Pound, Phys. Rev. 73 (1948) 679; Beckmann, Phys. Rep. 171 (1988) 85.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from scipy.optimize import brentq

from electrolith.core.arrhenius import fit_arrhenius
from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import DataError, InputError, NotConverged
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.core.fit import LeastSquaresFit, least_squares
from electrolith.core.units import Unit

__all__ = [
    "ActivationComparison",
    "Relaxation",
    "RelaxationLaw",
    "analyse_relaxation",
    "compare_activation",
    "correlation_time",
    "jump_diffusivity",
    "maximum_condition",
    "relaxation_rate",
]

Flank = Literal["cold", "hot", "both", "undecided"]


@dataclass(frozen=True, slots=True)
class RelaxationLaw:
    """Settings of the analysis.

    larmor_frequency : Hz; needed only for correlation times and the BPP fit.
    stretched : fit β as well; needs points on both sides of the maximum.
    hop_distance : m, to turn a jump rate into a diffusivity.
    seed : of the draws that carry the uncertainties.
    """

    larmor_frequency: Annotated[float, Unit("Hz")] | None = None
    stretched: bool = False
    hop_distance: Annotated[float, Unit("m")] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.larmor_frequency is not None and not self.larmor_frequency > 0:
            raise InputError(f"larmor_frequency must be positive, got {self.larmor_frequency} Hz")
        if self.hop_distance is not None and not 0 < self.hop_distance < 1e-8:
            raise InputError(
                f"hop_distance {self.hop_distance:g} m is no distance between sites; about 2e-10 m is"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Relaxation:
    """What T1 against temperature says about motion.

    maximum : "inside", "not reached" or "undecided".
    flank : which flank the points lie on; of a single flank only its own slope may be claimed.
    activation_energy : slope of that flank of ln(1/T1) against 1/T, eV (cold flank when both are seen).
    hot_activation_energy : slope of the hot flank, eV; None unless the maximum lies inside.
    jump_rate : 1/τ at `maximum_temperature`, 1/s, from ωτ at the maximum; None unless inside.
    bpp : fitted C (1/s²), τ0 (s), E (eV), β; None unless the maximum lies inside and the frequency is known.
    """

    temperatures: np.ndarray
    rates: np.ndarray
    log_errors: np.ndarray
    maximum: str
    flank: str
    activation_energy: Estimate
    hot_activation_energy: Estimate | None
    maximum_temperature: Estimate | None
    jump_rate: Estimate | None
    diffusivity: Estimate | None
    bpp: tuple[Estimate, Estimate, Estimate, Estimate] | None
    bpp_chi2_per_dof: float
    line: tuple[float, float]
    statement: str


@dataclass(frozen=True, slots=True, eq=False)
class ActivationComparison:
    """Local against long-range activation energy, eV.

    difference : long-range minus local.
    ratio : local over long-range; β of a BPP law if both describe one process.
    separated : whether the 95 % interval of the difference excludes 0.
    """

    local: Estimate
    long_range: Estimate
    difference: Estimate
    ratio: Estimate
    separated: bool
    statement: str


def correlation_time(temperature: np.ndarray, *, prefactor: float, activation_energy: float) -> np.ndarray:
    """τ = τ0 exp(E/k_B T); prefactor τ0 in s, E in eV, T in K; s."""
    return prefactor * np.exp(activation_energy / (BOLTZMANN * np.asarray(temperature, dtype=float)))


def relaxation_rate(
    time: np.ndarray, *, coupling: float, larmor_frequency: float, stretching: float = 1.0
) -> np.ndarray:
    r"""1/T1 = C [J(ω) + 4 J(2ω)] with J(ω) = τ/(1 + (ωτ)^{1+β}).

    Parameters
    ----------
    time : correlation time τ, s, any shape.
    coupling : C, 1/s².
    larmor_frequency : ω/2π, Hz.
    stretching : β, above 0 to 1.

    Returns
    -------
    1/s, shape of `time`.
    """
    if not 0 < stretching <= 1:
        raise InputError(f"stretching must lie above 0 and at most 1, got {stretching}")
    tau = np.asarray(time, dtype=float)
    omega = 2 * np.pi * larmor_frequency
    single = tau / (1 + (omega * tau) ** (1 + stretching))
    double = tau / (1 + (2 * omega * tau) ** (1 + stretching))
    return np.asarray(coupling * (single + 4 * double))


def maximum_condition(stretching: float = 1.0) -> float:
    """ωτ at the maximum of 1/T1: 0.616 for β = 1."""

    def slope(x: float) -> float:
        p = 1 + stretching
        return sum(w * (1 + (1 - p) * (n * x) ** p) / (1 + (n * x) ** p) ** 2 for w, n in ((1, 1), (4, 2)))

    return float(brentq(slope, 1e-3, 1e3))


def jump_diffusivity(jump_rate: Estimate, *, hop_distance: float) -> Estimate:
    """D = a²/(6τ) of uncorrelated hops over a (m) in three dimensions; m²/s."""
    return jump_rate.through(lambda rate: hop_distance**2 * rate / 6, unit="m^2/s")


def analyse_relaxation(
    temperatures: np.ndarray,
    times: tuple[Estimate, ...],
    settings: RelaxationLaw,
) -> Relaxation:
    """Activation energies from T1(T), only those the points support.

    Parameters
    ----------
    temperatures : K, shape (n,).
    times : T1 in s, n estimates.

    Raises
    ------
    DataError
        If fewer than three temperatures come.
    """
    t = np.asarray(temperatures, dtype=float)
    if t.size != len(times):
        raise InputError(f"{t.size} temperatures for {len(times)} relaxation times")
    if np.unique(t).size < 3:
        raise DataError(f"T1 at {np.unique(t).size} temperatures; an activation energy needs 3 or more")
    if np.any(~np.isfinite(t)) or np.any(t <= 0):
        raise InputError(f"temperatures must be finite and above 0 K, got {t.tolist()}")
    order = np.argsort(t)
    t = t[order]
    logs = np.array([-np.log(times[i].value) for i in order])
    errors = np.array(
        [np.log(times[i].draws).std(ddof=1) if times[i].draws.size > 1 else np.nan for i in order]
    )
    rng = np.random.default_rng(settings.seed)
    where, summit = _maximum(t, logs, errors)
    if where == "inside":
        return _both_flanks(t, logs, errors, summit, settings, rng)
    return _one_flank(t, logs, errors, where, rng)


def _variances(errors: np.ndarray) -> np.ndarray | None:
    return errors**2 if np.all(np.isfinite(errors) & (errors > 0)) else None


def _maximum(t: np.ndarray, logs: np.ndarray, errors: np.ndarray) -> tuple[str, int]:
    """Whether the rate falls on both sides of its largest value by more than twice the errors."""
    summit = int(np.argmax(logs))
    noise = np.where(np.isfinite(errors), errors, 0.0)

    def falls(side: slice) -> bool:
        drop = logs[summit] - logs[side]
        return bool(drop.size and np.max(drop - 2 * np.hypot(noise[side], noise[summit])) > 0)

    cold, hot = falls(slice(0, summit)), falls(slice(summit + 1, None))
    if cold and hot:
        return "inside", summit
    if not cold and not hot:
        return "undecided", summit
    return "not reached", summit


def _one_flank(
    t: np.ndarray, logs: np.ndarray, errors: np.ndarray, where: str, rng: np.random.Generator
) -> Relaxation:
    """Slope of the only flank seen."""
    law = fit_arrhenius(t, logs, covariance=_inflated(t, logs, errors))
    slope = law.draws(rng)[1]  # ln(1/T1) = A - E/kT: E > 0 on the cold flank
    cold = law.activation_energy > 0
    flank = "undecided" if where == "undecided" else "cold" if cold else "hot"
    energy = slope if cold else slope.through(np.negative, unit="eV")
    span = f"{t[0]:.0f} to {t[-1]:.0f} K"
    if flank == "undecided":
        said = f"1/T1 does not change beyond its errors over {span}: no activation energy may be claimed."
    else:
        said = (
            f"The maximum of 1/T1 was not reached over {span}; only the {flank} flank's activation energy, "
            f"{energy.text()}, may be claimed" + (", which belongs to short-range motion." if cold else ".")
        )
    return Relaxation(
        temperatures=t, rates=np.exp(logs), log_errors=errors, maximum=where, flank=flank,
        activation_energy=energy, hot_activation_energy=None, maximum_temperature=None, jump_rate=None,
        diffusivity=None, bpp=None, bpp_chi2_per_dof=float("nan"),
        line=(law.intercept, law.activation_energy), statement=said,
    )  # fmt: skip


def _inflated(t: np.ndarray, logs: np.ndarray, errors: np.ndarray) -> np.ndarray | None:
    """Stated variances, raised by χ²/dof when the points scatter more than they say."""
    variances = _variances(errors)
    if variances is None or t.size < 3:
        return variances
    first = fit_arrhenius(t, logs, covariance=variances)
    return variances * max(first.chi2 / first.dof, 1.0) if first.dof > 0 else variances


def _both_flanks(
    t: np.ndarray,
    logs: np.ndarray,
    errors: np.ndarray,
    summit: int,
    settings: RelaxationLaw,
    rng: np.random.Generator,
) -> Relaxation:
    """BPP fit when the frequency is known, else the slopes of the outer thirds."""
    if settings.larmor_frequency is None:
        raise InputError("the maximum of 1/T1 lies inside the record: give larmor_frequency to use it")
    fit = _fit_bpp(t, logs, errors, settings)
    noise = 1.0 if _variances(errors) is not None else fit.chi2 / max(fit.dof, 1)
    ratio = fit.chi2 / fit.dof if fit.dof > 0 else float("nan")
    scale = max(ratio, 1.0) if _variances(errors) is not None and fit.dof > 0 else noise
    values, vectors = np.linalg.eigh(fit.covariance * scale)
    drawn = (
        fit.parameters
        + rng.standard_normal((DRAWS, fit.parameters.size)) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    )
    beta = Estimate(np.clip(drawn[:, 3], 0.05, 1), "1") if settings.stretched else Estimate.exact(1.0, "1")
    coupling, prefactor = Estimate(np.exp(drawn[:, 0]), "1/s^2"), Estimate(np.exp(drawn[:, 1]), "s")
    energy = Estimate(drawn[:, 2], "eV")
    omega = 2 * np.pi * settings.larmor_frequency
    at_maximum = maximum_condition(beta.value)
    rate = Estimate.exact(omega / at_maximum, "1/s")
    hottest = energy.through(
        lambda e, tau0: e / (BOLTZMANN * np.log(np.maximum(at_maximum / omega / tau0, 1.0001))),
        prefactor,
        unit="K",
    )
    cold = energy.through(np.multiply, beta, unit="eV")
    hop = settings.hop_distance
    return Relaxation(
        temperatures=t, rates=np.exp(logs), log_errors=errors, maximum="inside", flank="both",
        activation_energy=cold, hot_activation_energy=energy, maximum_temperature=hottest, jump_rate=rate,
        diffusivity=jump_diffusivity(rate, hop_distance=hop) if hop else None,
        bpp=(coupling, prefactor, energy, beta), bpp_chi2_per_dof=ratio, line=(float("nan"), float("nan")),
        statement=(
            f"1/T1 passes its maximum at {hottest.text()}, where the jump rate is {rate.value:.3g} 1/s; "
            f"the law gives {energy.text()}."
        ),
    )  # fmt: skip


def _fit_bpp(t: np.ndarray, logs: np.ndarray, errors: np.ndarray, settings: RelaxationLaw) -> LeastSquaresFit:
    """Least squares in (ln C, ln τ0, E[, β]); the start puts the maximum where the points have it."""
    wanted = 4 if settings.stretched else 3
    if t.size <= wanted:
        raise DataError(f"{t.size} temperatures cannot determine the {wanted} parameters of the BPP law")
    frequency = settings.larmor_frequency or float("nan")
    omega = 2 * np.pi * frequency
    sigma = errors if _variances(errors) is not None else np.ones_like(t)
    summit = int(np.argmax(logs))

    def model(p: np.ndarray) -> np.ndarray:
        tau = np.exp(np.clip(p[1] + p[2] / (BOLTZMANN * t), -80, 40))
        beta = p[3] if settings.stretched else 1.0
        return np.log(relaxation_rate(tau, coupling=1.0, larmor_frequency=frequency, stretching=beta)) + p[0]

    best: LeastSquaresFit | None = None
    for energy in (0.1, 0.2, 0.35, 0.6):
        log_tau0 = np.log(maximum_condition() / omega) - energy / (BOLTZMANN * t[summit])
        start = [0.0, log_tau0, energy] + ([0.8] if settings.stretched else [])
        start[0] = float(logs[summit] - model(np.array(start))[summit])
        low = [-np.inf, -80.0, 1e-3] + ([0.05] if settings.stretched else [])
        high = [np.inf, -5.0, 5.0] + ([1.0] if settings.stretched else [])
        fit = least_squares(
            lambda p: (model(p) - logs) / sigma, start, bounds=(np.array(low), np.array(high))
        )
        best = fit if best is None or fit.chi2 < best.chi2 else best
    if best is None or best.rank < wanted:
        raise NotConverged("the BPP law: the points do not determine its parameters", best)
    return best


def compare_activation(local: Estimate, long_range: Estimate, *, seed: int = 0) -> ActivationComparison:
    """Local (NMR) against long-range (conductivity, molecular dynamics) activation energy, both eV.

    The two come from different measurements: their draws are shuffled against each other.
    """
    rng = np.random.default_rng(seed)

    def draws(e: Estimate) -> np.ndarray:
        return rng.choice(e.draws, DRAWS) if e.draws.size > 1 else np.full(DRAWS, e.value)

    a, b = draws(local), draws(long_range)
    doubt = "unknown" if "unknown" in (local.doubt, long_range.doubt) else "known"
    difference, ratio = Estimate(b - a, "eV", doubt), Estimate(a / b, "1", doubt)
    if doubt == "unknown":
        apart, said = False, "one of them carries no stated error, so that no more can be said"
    else:
        low, high = difference.interval(0.95)
        apart = low > 0 or high < 0
        said = "they differ" if apart else "they agree within their 95 % intervals"
    text = f"Local {local.text()} against long-range {long_range.text()}: {said}."
    return ActivationComparison(local, long_range, difference, ratio, apart, text)

r"""Distribution of relaxation times: Z = R∞ + iωL + 1/(iωC) + ∫ γ(ln τ)/(1 + iωτ) d ln τ.

Tikhonov regularisation of the second derivative with γ >= 0. λ is chosen by generalised cross-validation
on the
unconstrained problem, and stated; an own λ can be given.

Source: Wan et al., Electrochim. Acta 184 (2015) 483; Golub, Heath, Wahba, Technometrics 21 (1979) 215.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError, NotConverged
from electrolith.lab.impedance.circuit import Circuit, Group, Leaf
from electrolith.lab.impedance.fit import CircuitFit
from electrolith.lab.impedance.spectrum import Spectrum

Array = np.ndarray
ENDLESS = ("inductance", "storage", "diffusion", "line")  # roles of what rises without end in series


@dataclass(frozen=True, eq=False)
class Peak:
    """A peak of the distribution: its time constant (s), and the resistance below it (ohm)."""

    time_constant: float
    resistance: float


@dataclass(frozen=True, eq=False)
class RelaxationTimes:
    """The distribution.

    tau : s, (M,).
    gamma : ohm per unit of ln τ, (M,).
    regularisation : λ used.
    chosen_by : how.
    series_resistance : ohm.
    inductance : H.
    blocking_capacitance : F, inf where none is needed.
    residuals : complex, relative to |Z|, (F,).
    stripped : what was taken off before, in words.
    """

    tau: Array
    gamma: Array
    regularisation: float
    chosen_by: str
    series_resistance: float
    inductance: float
    blocking_capacitance: float
    peaks: tuple[Peak, ...]
    residuals: Array
    stripped: tuple[str, ...] = ()

    @property
    def polarisation_resistance(self) -> float:
        """∫ γ d ln τ, ohm."""
        return float(np.trapezoid(self.gamma, np.log(self.tau)))


def relaxation_times(
    spectrum: Spectrum,
    *,
    regularisation: float | None = None,
    points_per_decade: int = 10,
    blocking: bool = True,
    size: Array | None = None,
) -> RelaxationTimes:
    """Distribution of relaxation times of a spectrum.

    Parameters
    ----------
    regularisation : λ; None chooses it by generalised cross-validation.
    points_per_decade : of the grid of τ, which reaches half a decade beyond the measured window.
    blocking : include a series capacitance (blocking electrodes).
    size : ohm, (F,), what the noise of every point is relative to; |Z| without. A spectrum that was
        stripped of its electrode keeps the noise it was measured with.

    Raises
    ------
    InputError
        If λ is not positive.
    NotConverged
        If the non-negative solution was not found.
    """
    from scipy.optimize import nnls

    if regularisation is not None and regularisation <= 0:
        raise InputError(f"regularisation must be positive, got {regularisation}")
    omega = 2 * np.pi * spectrum.frequency
    low, high = np.log10(1 / omega.max()) - 0.5, np.log10(1 / omega.min()) + 0.5
    tau = np.logspace(low, high, max(int((high - low) * points_per_decade), 8))
    weight = 1 / (np.abs(spectrum.impedance) if size is None else size)
    design = _design(omega, tau, blocking)
    matrix = np.concatenate([(design * weight[:, None]).real, (design * weight[:, None]).imag])
    target = np.concatenate([(spectrum.impedance * weight).real, (spectrum.impedance * weight).imag])
    unit = float(np.median(np.abs(spectrum.impedance)))  # unknowns of order one
    matrix = matrix * unit
    roughness = _roughness(design.shape[1] - tau.size, tau.size)
    chosen = "given" if regularisation else "generalised cross-validation"
    strength = regularisation or _cross_validated(matrix, target, roughness)
    stacked = np.vstack([matrix, np.sqrt(strength) * roughness])
    try:
        solution, _ = nnls(
            stacked, np.append(target, np.zeros(len(roughness))), maxiter=20 * stacked.shape[1]
        )
    except RuntimeError as error:
        raise NotConverged(
            f"{spectrum.source}: no distribution of relaxation times was found at λ = {strength:.2g}; "
            "give another regularisation"
        ) from error
    solution = solution * unit
    extra = design.shape[1] - tau.size
    gamma = solution[extra:] / np.log(tau[1] / tau[0])
    reach = solution[2] * omega.min() if blocking else 0.0
    return RelaxationTimes(
        tau=tau,
        gamma=gamma,
        regularisation=float(strength),
        chosen_by=chosen,
        series_resistance=float(solution[0]),
        inductance=float(solution[1] / omega.max()),
        blocking_capacitance=float(1 / reach) if reach > 0 else float("inf"),
        peaks=_peaks(tau, gamma, np.interp(np.log(tau), -np.log(omega), np.abs(spectrum.impedance))),
        residuals=np.asarray((spectrum.impedance - design @ solution) * weight),
    )


def relaxing_part(fit: CircuitFit) -> Spectrum:
    """The measured points of a fit less what stands in series and is no relaxation between two resistances.

    A cable's inductance, a blocking electrode (constant phase, pores) and diffusion rise without end at one
    edge of the window; in a distribution they make peaks of their own and bend the arcs beside them.
    """
    root = Circuit.parse(fit.circuit).root
    branches = root.branches if isinstance(root, Group) and not root.parallel else (root,)
    omega = 2 * np.pi * fit.frequency
    endless = np.zeros(omega.size, dtype=complex)
    taken = []
    for leaf in branches:
        if isinstance(leaf, Leaf) and leaf.element.role in ENDLESS:
            endless += leaf.element.law(omega, fit.values[None, leaf.columns])[0][0]
            taken.append(leaf.name)
    said = (f"{', '.join(taken)} of {fit.circuit} taken off",) if taken else ()
    return Spectrum(fit.frequency, fit.measured - endless, fit.source, remarks=said)


def _design(omega: Array, tau: Array, blocking: bool) -> Array:
    """Columns: resistance, inductance at the top, capacitance at the bottom, one relaxation per τ; ohm."""
    columns = [np.ones_like(omega) + 0j, 1j * omega / omega.max()]
    if blocking:
        columns.append(omega.min() / (1j * omega))
    return np.column_stack([*columns, *(1 / (1 + 1j * omega * t) for t in tau)])


def _roughness(extra: int, count: int) -> Array:
    """Second differences of γ; the other unknowns are free."""
    second = np.diff(np.eye(count), n=2, axis=0)
    return np.hstack([np.zeros((len(second), extra)), second])


def _cross_validated(matrix: Array, target: Array, roughness: Array) -> float:
    """λ with the smallest generalised cross-validation score."""
    normal, side, right = matrix.T @ matrix, roughness.T @ roughness, matrix.T @ target
    tiny = 1e-12 * np.trace(normal) / len(normal) * np.eye(len(normal))

    def score(strength: float) -> float:
        inverse = np.linalg.inv(normal + strength * side + tiny)
        misfit = target - matrix @ (inverse @ right)
        freedom = len(target) - np.trace(inverse @ normal)
        return float(len(target) * np.sum(misfit**2) / freedom**2)

    candidates = np.logspace(-5, 2, 36)
    return float(candidates[np.argmin([score(c) for c in candidates])])


def _peaks(tau: Array, gamma: Array, modulus: Array) -> tuple[Peak, ...]:
    """Local maxima with the area between the neighbouring minima, those above 2 % of |Z| there."""
    inner = np.flatnonzero((gamma[1:-1] > gamma[:-2]) & (gamma[1:-1] >= gamma[2:])) + 1
    if not len(inner):
        return ()
    cuts: list[int] = [
        0,
        *(a + int(np.argmin(gamma[a:b])) for a, b in itertools.pairwise(inner.tolist())),
        len(tau) - 1,
    ]
    log_tau = np.log(tau)
    areas = [float(np.trapezoid(gamma[a : b + 1], log_tau[a : b + 1])) for a, b in itertools.pairwise(cuts)]
    return tuple(Peak(float(tau[i]), a) for i, a in zip(inner, areas, strict=True) if a > 0.02 * modulus[i])

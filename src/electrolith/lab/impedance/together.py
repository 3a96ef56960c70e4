"""One fit of all temperatures: every resistance on an Arrhenius line of its own, the rest free at each
one.
"""

from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.fit import least_squares
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.fit import DRAWS, CircuitFit, correlation_time

Array = np.ndarray
REJECTED = 0.01  # probability of the F test below which the data refuse straight lines


@dataclass(frozen=True, eq=False)
class Together:
    """All temperatures at once, held against the single fits.

    fits : whose resistances lie on the lines.
    energies : (resistance, Ea in eV) of every line, ln(T/R) against 1/kT.
    chi2_single, chi2_together : Σ χ² over the spectra, each in units of its single fit's noise.
    constraints : parameters saved by the lines; dof: data less parameters of the single fits.
    f, probability : F test of the lines; the data that repeat their neighbours do not count.
    """

    fits: tuple[CircuitFit, ...]
    energies: tuple[tuple[str, Estimate], ...]
    chi2_single: float
    chi2_together: float
    constraints: int
    dof: int
    f: float
    probability: float

    @property
    def rejected(self) -> bool:
        """Whether the data refuse the lines."""
        return self.probability < REJECTED

    @property
    def text(self) -> str:
        """One sentence."""
        verdict = (
            "the data reject one straight line for each resistance: trust the single fits"
            if self.rejected
            else "straight lines are compatible with the data"
        )
        return (
            f"simultaneous fit: χ² {self.chi2_together:.4g} against {self.chi2_single:.4g} of the single "
            f"fits, {self.constraints} parameters fewer, F = {self.f:.3g}, p = {self.probability:.2g}; "
            f"{verdict}"
        )


def fit_together(fits: tuple[CircuitFit, ...]) -> Together:
    r"""Refit all spectra with R_k(T) = T exp(a_k + E_k/kT), starting from the single fits.

    Parameters
    ----------
    fits : of one circuit, each with a temperature; at least three.

    Raises
    ------
    InputError
        If there are fewer than three temperatures, or a resistance is undetermined everywhere.
    """
    temperature = np.array([fit.temperature for fit in fits], dtype=float)
    if np.unique(temperature).size < 3:
        raise InputError(
            f"a simultaneous fit needs three temperatures, got {np.unique(temperature).tolist()}"
        )
    circuit = Circuit.parse(fits[0].circuit)
    ohmic = np.array([leaf.first for leaf in circuit.leaves if leaf.element.role == "resistance"])
    shared = _Shared(circuit, fits, temperature, ohmic)
    found = least_squares(shared.residuals, shared.start(), jacobian=shared.jacobian, max_evaluations=300)
    covariance = np.where(np.isfinite(found.covariance), found.covariance, 0.0) * found.chi2 / found.dof
    values, vectors = np.linalg.eigh(covariance)
    rng = np.random.default_rng(fits[0].settings.seed)
    # one set of moves for all temperatures: their errors are common, and the draws keep that
    moves = rng.standard_normal((DRAWS, len(values))) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    joint = tuple(shared.result(i, found.parameters, covariance, moves) for i in range(len(fits)))
    energies = tuple(
        (
            circuit.names[column],
            Estimate(found.parameters[2 * k + 1] + moves[:, 2 * k + 1], "eV"),
        )
        for k, column in enumerate(ohmic)
    )
    return _compared(fits, joint, energies, constraints=len(ohmic) * (len(fits) - 2))


def _compared(
    single: tuple[CircuitFit, ...],
    joint: tuple[CircuitFit, ...],
    energies: tuple[tuple[str, Estimate], ...],
    *,
    constraints: int,
) -> Together:
    """The F test of the lines."""
    from scipy.stats import f as fisher

    repeat = float(np.median([correlation_time(fit.residuals) for fit in single]))
    before = sum(fit.chi2 / fit.noise**2 for fit in single)
    after = sum(two.chi2 / one.noise**2 for one, two in zip(single, joint, strict=True))
    dof = sum(fit.dof for fit in single)
    ratio = max(after - before, 0.0) / constraints / (before / dof) / repeat
    return Together(
        joint,
        energies,
        float(before),
        float(after),
        constraints,
        dof,
        float(ratio),
        float(fisher.sf(ratio, constraints, dof / repeat)),
    )


class _Shared:
    """The map from shared parameters (2 per resistance, the rest per temperature) to every spectrum."""

    def __init__(
        self, circuit: Circuit, fits: tuple[CircuitFit, ...], temperature: Array, ohmic: Array
    ) -> None:
        self.circuit, self.fits, self.temperature, self.ohmic = circuit, fits, temperature, ohmic
        self.others = np.setdiff1d(np.arange(len(circuit.names)), ohmic)
        self.reciprocal = 1 / (BOLTZMANN * temperature)
        self.centre = float(np.mean(self.reciprocal))
        self.size = 2 * len(ohmic) + len(fits) * len(self.others)

    def start(self) -> Array:
        """Lines through the single resistances that are known, the other parameters as they were."""
        start = np.zeros(self.size)
        for k, column in enumerate(self.ohmic):
            name = self.circuit.names[column]
            known = np.array([name not in fit.undetermined for fit in self.fits])
            if known.sum() < 2:
                raise InputError(
                    f"{name} is undetermined at all temperatures but one; leave it out of the circuit"
                )
            values = np.log(
                [fit.values[column] / t for fit, t in zip(self.fits, self.temperature, strict=True)]
            )
            slope, level = np.polyfit((self.reciprocal - self.centre)[known], values[known], 1)
            start[2 * k : 2 * k + 2] = level, slope
        for i, fit in enumerate(self.fits):
            start[self._own(i)] = self.circuit.to_internal(fit.values[None])[0][self.others]
        return start

    def _own(self, i: int) -> slice:
        """Where the free parameters of spectrum i stand."""
        first = 2 * len(self.ohmic) + i * len(self.others)
        return slice(first, first + len(self.others))

    def map(self, i: int) -> Array:
        """Derivative of the internal parameters of spectrum i, (P, size)."""
        matrix = np.zeros((len(self.circuit.names), self.size))
        for k, column in enumerate(self.ohmic):
            matrix[column, 2 * k : 2 * k + 2] = 1.0, self.reciprocal[i] - self.centre
        matrix[self.others, self._own(i)] = np.eye(len(self.others))
        return matrix

    def internal(self, i: int, parameters: Array) -> Array:
        """Internal parameters of spectrum i; exponents kept within their limits."""
        values = self.map(i) @ parameters
        values[self.ohmic] += np.log(self.temperature[i])
        return np.where(self.circuit.logarithmic, values, np.clip(values, 0.3, 1.0))

    def _one(self, i: int, parameters: Array) -> tuple[Array, Array]:
        """Weighted residuals and their derivatives for spectrum i."""
        fit = self.fits[i]
        weight = (
            1 / np.abs(fit.measured) if fit.settings.weights == "modulus" else np.ones(fit.frequency.size)
        )
        z, slopes = self.circuit.batch(self.internal(i, parameters)[None], 2 * np.pi * fit.frequency)
        residual, slopes = (z[0] - fit.measured) * weight, slopes[0] * weight
        return np.concatenate([residual.real, residual.imag]), np.concatenate(
            [slopes.real, slopes.imag], axis=1
        )

    def residuals(self, parameters: Array) -> Array:
        """All spectra."""
        return np.concatenate([self._one(i, parameters)[0] for i in range(len(self.fits))])

    def jacobian(self, parameters: Array) -> Array:
        """All spectra."""
        return np.concatenate([self._one(i, parameters)[1].T @ self.map(i) for i in range(len(self.fits))])

    def result(self, i: int, parameters: Array, covariance: Array, common: Array) -> CircuitFit:
        """The fit of spectrum i within the whole."""
        fit = self.fits[i]
        internal = self.internal(i, parameters)
        values = self.circuit.from_internal(internal[None])[0]
        own = self.map(i) @ covariance @ self.map(i).T
        residual = self._one(i, parameters)[0]
        chi2 = float(np.sum(residual**2))
        moves = common @ self.map(i).T
        linear = np.array([unit == "ohm" for unit in self.circuit.units])
        drawn = self.circuit.from_internal(internal + np.where(linear, 0.0, moves))
        return replace(
            fit,
            values=values,
            covariance=own,
            chi2=chi2,
            noise=float(np.sqrt(chi2 / fit.dof)),
            fitted=self.circuit.impedance(values, fit.frequency),
            draws=np.where(linear, values * (1 + moves), drawn),
            undetermined={},
        )

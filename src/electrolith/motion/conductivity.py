r"""From diffusivities to σ(T), its activation energy and σ(300 K), with the budget of the interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.arrhenius import Arrhenius, fit_arrhenius
from electrolith.core.constants import BOLTZMANN, CM2_PER_S, SIEMENS_PER_CM
from electrolith.core.errors import InputError, NotConverged
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.motion.curvature import Shapes, compare_shapes
from electrolith.motion.diffusivities import Diffusivities

__all__ = ["Conductivity", "conductivity", "extrapolate", "nernst_einstein"]

Array = NDArray[np.float64]

MOST = 300.0  # of ln σT


def nernst_einstein(
    diffusivity: Array | float, *, density: float, charge: float, temperature: Array | float
) -> Array:
    r"""Conductivity of ions that hop without correlation.

    .. math:: \sigma = n q^2 D / k_B T

    Divide by the Haven ratio before comparing with impedance.

    Parameters
    ----------
    diffusivity : D of the mobile ions, Å²/fs (0.1 cm²/s).
    density : n, mobile ions per Å³.
    charge : q, in units of e.
    temperature : K.

    Returns
    -------
    S/cm.
    """
    if np.any(np.asarray(temperature) <= 0):
        raise InputError(f"temperature must be above 0 K, got {temperature}")
    if density <= 0:
        raise InputError(f"density of mobile ions must be above 0 per Å³, got {density}")
    return np.asarray(
        density * charge**2 * np.asarray(diffusivity) / (BOLTZMANN * np.asarray(temperature)) * SIEMENS_PER_CM
    )


@dataclass(frozen=True, slots=True, eq=False)
class Conductivity:
    """σ(T), its Arrhenius line, and σ at the wanted temperature.

    temperatures : K, those used.      values : σ at each, S/cm.
    activation_energy : of σT, eV.     extrapolated : σ at `target`, S/cm; all share draws.
    corrected : the same divided by the Haven ratio.      haven_ratio : pooled over the runs.
    budget : variance of ln σ(target) by cause, as shares that sum to 1: "thermal" (finite runs),
        "orderings", "seeds", "fit" (start of the fit range; scatter about the line beyond the errors).
    chi2, dof : of the Arrhenius line.
    excluded : temperatures left out, and why.      warnings : what else a reader must know.
    """

    temperatures: Array
    values: tuple[Estimate, ...]
    activation_energy: Estimate
    target: float
    extrapolated: Estimate
    corrected: Estimate | None
    haven_ratio: Estimate | None
    budget: dict[str, float]
    chi2: float
    dof: int
    excluded: dict[float, str]
    warnings: tuple[str, ...]
    shapes: Shapes
    otherwise: dict[str, float]


def _exp(logarithm: Array) -> Array:
    """Of draws; Student's t with two degrees of freedom has some beyond what a number can hold."""
    return np.asarray(np.exp(np.clip(logarithm, -MOST, MOST)))


def extrapolate(line: Arrhenius, temperature: float) -> tuple[float, float, float]:
    """σ (S/cm) at a temperature from a line through ln(σT): value, one standard deviation down, and up."""
    logarithm, std = line.at(temperature)
    value = float(np.exp(logarithm) / temperature)
    return value, value * float(np.exp(-std)), value * float(np.exp(std))


def conductivity(
    diffusivities: Diffusivities,
    *,
    rng: np.random.Generator,
    target: float = 300.0,
    draws: int = DRAWS,
) -> Conductivity:
    r"""Conductivity from the self diffusivities by Nernst-Einstein, and its Arrhenius line.

    .. math:: \ln(\sigma T) = A - E_a / k_B T

    is fitted by generalised least squares with the full covariance of the points: the thermal error of
    each temperature, the spread between seeds, and what orderings and draws of the potential differ by, which
    all temperatures share (level and slope, with the tails that few of them leave). Where the points scatter
    more about the line than these allow (χ²/dof > 1) the excess is added as "fit". What other verdicts on
    runs near a guard's limit would give is added as "guards". Where a curve has more evidence than the line,
    σ at the target is drawn from line and curves by their evidence.

    Raises
    ------
    NotConverged
        If fewer than two temperatures passed their guards; `partial` holds the reasons.
    """
    good = diffusivities.trusted
    if len(good) < 2:
        raise NotConverged(
            f"σ({target:g} K) needs two temperatures that passed their guards, {len(good)} did: "
            + "; ".join(f"{t:g} K: {why}" for t, why in diffusivities.excluded.items()),
            partial=diffusivities,
        )
    temperature, logarithm = _points(diffusivities)
    parts = _causes(diffusivities, temperature)
    covariance = np.sum(list(parts.values()), axis=0)
    line = fit_arrhenius(temperature, logarithm, covariance=covariance)
    excess = max(line.chi2 / line.dof - 1.0, 0.0) if line.dof > 0 else 0.0
    independent = parts["thermal"] + parts["seeds"]
    shapes = compare_shapes(temperature, logarithm, covariance, target=target)
    parts["fit"] = excess * independent + diffusivities.start_doubt**2 * np.ones_like(covariance)
    operator = _operator(temperature, covariance + excess * independent)
    freedom = {name: spread.freedom for name, spread in diffusivities.shared.items()}
    noise = {name: _noise(part, rng, draws, freedom=freedom.get(name)) for name, part in parts.items()}
    row = np.array([1.0, -1.0 / (BOLTZMANN * target)]) @ operator
    variance = {name: float(row @ part @ row) for name, part in parts.items()}
    points = logarithm[:, None] + np.sum(list(noise.values()), axis=0)
    a, energy = operator @ points
    at_target = a - energy / (BOLTZMANN * target)
    otherwise = _otherwise(diffusivities, target)
    moved = [float(np.log(other / np.exp(row @ logarithm) * target)) for other in otherwise.values()]
    variance["guards"] = max((m**2 for m in moved), default=0.0) / 3.0
    at_target = at_target + np.sqrt(variance["guards"]) * rng.standard_normal(draws)
    if not shapes.straight:
        variance["curvature"] = float(
            sum(s.weight * (s.at_target - row @ logarithm) ** 2 for s in shapes.every[1:])
        )
        at_target, energy = _mixed(shapes, at_target, energy, float(row @ logarithm), rng)
    total = sum(variance.values())
    haven = diffusivities.haven_ratio(rng=rng, draws=draws)
    out = Estimate(_exp(at_target) / target, "S/cm")
    return Conductivity(
        temperatures=temperature,
        values=tuple(Estimate(_exp(y) / t, "S/cm") for y, t in zip(points, temperature, strict=True)),
        activation_energy=Estimate(energy, "eV"),
        target=target,
        extrapolated=out,
        corrected=None if haven is None else out.through(lambda s, h: s / h, haven, unit="S/cm"),
        haven_ratio=haven,
        budget={name: v / total for name, v in variance.items()} if total > 0 else variance,
        chi2=line.chi2,
        dof=line.dof,
        excluded=diffusivities.excluded,
        warnings=diffusivities.warnings,
        shapes=shapes,
        otherwise=otherwise,
    )


def _points(diffusivities: Diffusivities) -> tuple[Array, Array]:
    """Temperatures (K) and ln(σT), shape (n,)."""
    good = diffusivities.trusted
    temperature = np.array([p.temperature for p in good])
    sigma = nernst_einstein(
        np.array([p.value for p in good]) / CM2_PER_S,
        density=diffusivities.density,
        charge=diffusivities.charge,
        temperature=temperature,
    )
    return temperature, np.log(sigma * temperature)


def _causes(diffusivities: Diffusivities, temperature: Array) -> dict[str, Array]:
    """Covariance of ln(σT) by cause, shape (n, n) each."""
    good = diffusivities.trusted
    shared = {name: spread.covariance(temperature) for name, spread in diffusivities.shared.items()}
    return {
        "thermal": np.diag([p.thermal**2 for p in good]),
        "seeds": np.diag([p.between_seeds**2 for p in good]),
        **shared,
    }


def _otherwise(diffusivities: Diffusivities, target: float) -> dict[str, float]:
    """σ at the target (S/cm) when runs near a guard's limit are judged otherwise."""
    found = {}
    for name, other in diffusivities.alternatives.items():
        if len(other.trusted) < 2:
            continue
        temperature, logarithm = _points(other)
        covariance = np.sum(list(_causes(other, temperature).values()), axis=0)
        line = fit_arrhenius(temperature, logarithm, covariance=covariance)
        found[name] = extrapolate(line, target)[0]
    return found


def _mixed(
    shapes: Shapes, at_target: Array, energy: Array, centre: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draws of ln(σT) and of the activation energy at the target from line and curves, by their evidence.

    A curve's draws keep the scatter of the line's and add what the curve itself leaves open.
    """
    weights = np.array([s.weight for s in shapes.every])
    which = rng.choice(len(weights), size=len(at_target), p=weights / weights.sum())
    shifts = np.array([0.0, *(s.at_target - centre for s in shapes.every[1:])])
    wider = np.array([0.0, *(s.std for s in shapes.every[1:])])
    bends = np.array([0.0, *(s.energy - shapes.every[0].energy for s in shapes.every[1:])])
    moved = at_target + shifts[which] + wider[which] * rng.standard_normal(len(at_target))
    return moved, energy + bends[which]


def _operator(temperature: Array, covariance: Array) -> Array:
    """Matrix that takes ln(σT) to (A, E), shape (2, n)."""
    design = np.column_stack([np.ones_like(temperature), -1.0 / (BOLTZMANN * temperature)])
    weight = np.linalg.solve(covariance, design)
    return np.asarray(np.linalg.solve(design.T @ weight, weight.T))


def _noise(covariance: Array, rng: np.random.Generator, draws: int, *, freedom: int | None = None) -> Array:
    """Draws with a covariance that may be singular, shape (n, draws).

    Normal, or Student's t where the covariance is itself known from `freedom` degrees of freedom.
    """
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    out = root @ rng.standard_normal((len(covariance), draws))
    if freedom:
        out = out / np.sqrt(rng.chisquare(freedom, size=draws) / freedom)
    return np.asarray(out)

"""What is known besides the pattern, and can close the gap that the pattern leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from electrolith.core.errors import InputError, nearest

from .phase import Phase, density, molar_mass, multiplicity, volume

__all__ = [
    "AbsoluteScale",
    "ChargeNeutrality",
    "Condition",
    "FixedTotal",
    "InternalStandard",
    "Known",
    "MeasuredDensity",
    "condition_residual",
    "condition_text",
]


@dataclass(frozen=True, slots=True)
class ChargeNeutrality:
    """Σ multiplicity × occupancy × charge = 0. Homogeneous: it ties ratios, never the level."""

    phase: str
    charges: tuple[tuple[str, float], ...]
    sigma: float = 0.001


@dataclass(frozen=True, slots=True)
class MeasuredDensity:
    """Mass density of the phase, g/cm³ (a pycnometer, not a pellet)."""

    phase: str
    density: float
    sigma: float


@dataclass(frozen=True, slots=True)
class FixedTotal:
    """The occupancies of one site add up to `total`."""

    phase: str
    site: str
    total: float = 1.0
    sigma: float = 0.001


@dataclass(frozen=True, slots=True)
class InternalStandard:
    """Weight fraction of the phase in a mixture, known from weighing in a standard."""

    phase: str
    histogram: str
    fraction: float
    sigma: float


@dataclass(frozen=True, slots=True)
class AbsoluteScale:
    """Scale factor of a phase, known from an instrument calibrated absolutely."""

    phase: str
    histogram: str
    scale: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Known:
    """Any parameter by name, with its standard deviation."""

    name: str
    value: float
    sigma: float


Condition = ChargeNeutrality | MeasuredDensity | FixedTotal | InternalStandard | AbsoluteScale | Known


def _phase(name: str, phases: Mapping[str, Phase]) -> Phase:
    if name not in phases:
        raise InputError(nearest("condition", name, phases))
    return phases[name]


def condition_residual(
    condition: Condition, phases: Mapping[str, Phase], values: Mapping[str, float]
) -> float:
    """(model - known)/sigma of one condition at the present phases and values.

    Raises
    ------
    InputError
        If it names a phase, site, species, histogram or parameter that is not there.
    """
    if not condition.sigma > 0:
        raise InputError(f"{condition_text(condition)}: sigma must be positive, got {condition.sigma}")
    if isinstance(condition, Known):
        return (_value(condition.name, values) - condition.value) / condition.sigma
    phase = _phase(condition.phase, phases)
    if isinstance(condition, ChargeNeutrality):
        return _charge(phase, dict(condition.charges)) / condition.sigma
    if isinstance(condition, MeasuredDensity):
        return (density(phase) - condition.density) / condition.sigma
    if isinstance(condition, FixedTotal):
        sites = {s.label: s for s in phase.sites}
        if condition.site not in sites:
            raise InputError(nearest(f"condition on {phase.name}", condition.site, sites))
        return (sum(o for _, o in sites[condition.site].occupancy) - condition.total) / condition.sigma
    scale = _value(f"{condition.histogram}/scale/{phase.name}", values)
    if isinstance(condition, AbsoluteScale):
        return (scale - condition.scale) / condition.sigma
    parts = {
        name: _value(f"{condition.histogram}/scale/{name}", values) * molar_mass(p) * volume(p)
        for name, p in phases.items()
    }
    return (parts[phase.name] / sum(parts.values()) - condition.fraction) / condition.sigma


def _value(name: str, values: Mapping[str, float]) -> float:
    if name not in values:
        raise InputError(nearest("condition", name, values))
    return values[name]


def _charge(phase: Phase, charges: Mapping[str, float]) -> float:
    """Charge per cell relative to the positive charge."""
    net = positive = 0.0
    for site in phase.sites:
        for species, share in site.occupancy:
            if species not in charges:
                raise InputError(nearest(f"charges of {phase.name}", species, charges))
            part = multiplicity(phase, site) * share * charges[species]
            net += part
            positive += max(part, 0.0)
    return net / positive if positive else net


def condition_text(condition: Condition) -> str:
    """One line for the result."""
    match condition:
        case ChargeNeutrality():
            charges = ", ".join(f"{s} {q:+g}" for s, q in condition.charges)
            return f"{condition.phase} is neutral with {charges} (ties ratios, does not fix the level)"
        case MeasuredDensity():
            return (
                f"density of {condition.phase} measured as {condition.density:g} ± {condition.sigma:g} g/cm³"
            )
        case FixedTotal():
            return (
                f"site {condition.site} of {condition.phase} holds "
                f"{condition.total:g} ± {condition.sigma:g} atoms"
            )
        case InternalStandard():
            return (
                f"{condition.phase} is {100 * condition.fraction:g} ± {100 * condition.sigma:g} wt % "
                f"of {condition.histogram}"
            )
        case AbsoluteScale():
            return (
                f"scale of {condition.phase} in {condition.histogram}: "
                f"{condition.scale:g} ± {condition.sigma:g}"
            )
        case Known():
            return f"{condition.name} = {condition.value:g} ± {condition.sigma:g}"

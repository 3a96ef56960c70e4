"""The promises a potential must keep to be trusted, each with its limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from electrolith.energy.certificate.comparison import (
    ActivationCheck,
    CommonCheck,
    ElasticCheck,
    Interval,
    VolumeCheck,
)
from electrolith.energy.certificate.lattice import LatticeCheck
from electrolith.energy.certificate.long_run import LongRun
from electrolith.energy.certificate.trial import Trial
from electrolith.energy.labels.errors import FitErrors

__all__ = [
    "ENERGY_LIMIT",
    "FORCE_LIMIT",
    "SHARE_LIMIT",
    "SPREAD_LIMIT",
    "Criterion",
    "State",
    "criteria_of",
    "stayed",
]

State = Literal["kept", "not kept", "not measured", "not measured well enough"]

ENERGY_LIMIT = 3e-3  # eV/atom
FORCE_LIMIT = 0.05  # eV/Å, up to 700 K
LENGTH_LIMIT = 0.01  # of the lattice parameter
FRAMEWORK_LIMIT = 1.5  # Å²: thermal motion at 700 K is 0.3 to 0.6, one anion in five on a new site is 3
DRIFT_LIMIT = 1e-4  # eV per atom and ps
SPREAD_LIMIT = 0.2  # eV/Å, committee spread on the worst atom of a frame; four times the force error
SHARE_LIMIT = 0.05
LONG_ENOUGH = 50e3  # fs
BULK_LIMIT = 0.10  # of the bulk modulus from the energy-volume curve
VOLUME_LIMIT = 0.03  # of its volume: 1 % of a length
ELASTIC_LIMIT = 0.15  # mean over the elastic constants
RADIAL_LIMIT = 0.10  # integrated difference of g(r), mean over the pairs
RATIO_LIMIT = 1.5  # D over that of the teacher, or its inverse, where the interval does not hold 1
RATIO_WIDTH = 4.0  # high over low end of the ratio's 95 % interval; wider ones say nothing
ACTIVATION_LIMIT = 0.05  # eV
ACTIVATION_WIDTH = 0.2  # eV, width of the 95 % interval of the difference


@dataclass(frozen=True, slots=True)
class Criterion:
    """One promise: what was asked, what was reached, whether it is kept.

    state : in words; only "kept" counts as trusted.     where : what reached it.
    """

    name: str
    reached: float
    limit: float
    unit: str
    trusted: bool
    state: State = "not kept"
    where: str = ""


def criteria_of(
    *,
    held_out: Sequence[FitErrors],
    lattice: Sequence[LatticeCheck],
    trials: Sequence[Trial],
    longest: float,
    drift: float,
    outside_share: float,
    volume_curves: Sequence[VolumeCheck],
    elastic: Sequence[ElasticCheck],
    common: Sequence[CommonCheck],
    activation: Sequence[ActivationCheck],
    long_runs: Sequence[LongRun],
) -> tuple[Criterion, ...]:
    """Every promise, kept or not; see `Certificate` for the parameters."""
    compared = [e for e in elastic if e.teacher is not None]
    return (
        *_errors(held_out),
        _worst("largest error of a lattice parameter", lattice, lambda x: x.length_error, LENGTH_LIMIT, "1"),
        _worst(
            "equilibrium volume against the teacher",
            volume_curves,
            lambda x: x.volume_error,
            VOLUME_LIMIT,
            "1",
        ),
        _worst("bulk modulus against the teacher", volume_curves, lambda x: x.bulk_error, BULK_LIMIT, "1"),
        _worst(
            "elastic constants against the teacher",
            compared,
            lambda x: x.error,
            ELASTIC_LIMIT,
            "1",
        ),
        *_trials(trials, longest, [c for c in common if c.student.failure]),
        *((_long(long_runs),) if long_runs else ()),
        _below("energy drift", abs(drift), DRIFT_LIMIT, "eV/atom/ps"),
        _below("visited frames outside the training domain", outside_share, SHARE_LIMIT, "1"),
        _radial(common),
        _diffusivity(common),
        _activation(activation),
    )


def stayed(trial: Trial) -> bool:
    """Whether the framework of a run kept its sites."""
    return not trial.failure and trial.framework_msd <= FRAMEWORK_LIMIT


def _below(name: str, reached: float, limit: float, unit: str, where: str = "") -> Criterion:
    """A promise to stay at or below a limit; a value that is not a number keeps no promise."""
    if np.isnan(reached):
        return Criterion(name, float("nan"), float(limit), unit, False, "not measured", where)
    kept = bool(reached <= limit)
    return Criterion(name, float(reached), float(limit), unit, kept, "kept" if kept else "not kept", where)


def _worst(
    name: str, checks: Sequence[Any], of: Callable[[Any], float], limit: float, unit: str
) -> Criterion:
    """A promise that the largest size over some checks stays below a limit."""
    if not checks:
        return _below(name, float("nan"), limit, unit)
    sizes = [abs(of(check)) for check in checks]
    worst = int(np.nanargmax(sizes)) if np.isfinite(sizes).any() else 0
    if any(np.isnan(size) for size in sizes):
        worst = int(np.argmax(np.isnan(sizes)))
    return _below(name, sizes[worst], limit, unit, checks[worst].material)


def _errors(held_out: Sequence[FitErrors]) -> tuple[Criterion, Criterion]:
    """Energy of all, forces of the cool ones."""
    cool = [e for e in held_out if e.temperature is None or e.temperature <= 700]
    cool = [e for e in cool if e.kind not in ("all", "far from equilibrium")]
    forces = float("nan")
    if cool:
        forces = float(np.average([e.forces for e in cool], weights=[e.labels for e in cool]))
    energy = held_out[0].energy if held_out else float("nan")
    return (
        _below("held-out energy error", energy, ENERGY_LIMIT, "eV/atom"),
        _below("held-out force error up to 700 K", forces, FORCE_LIMIT, "eV/Å"),
    )


def _trials(
    trials: Sequence[Trial], longest: float, exploded: Sequence[CommonCheck]
) -> tuple[Criterion, Criterion, Criterion]:
    """Framework displacement, broken runs, longest stable run."""
    name = "longest stable run"
    long = Criterion(name, longest, LONG_ENOUGH, "fs", longest >= LONG_ENOUGH * (1 - 1e-9))
    if not trials and longest == 0:
        long = Criterion(name, float("nan"), LONG_ENOUGH, "fs", False, "not measured")
    elif long.trusted:
        long = Criterion(name, longest, LONG_ENOUGH, "fs", True, "kept")
    failed = float(sum(bool(t.failure) for t in trials) + len(exploded))
    failed = failed if trials or exploded else float("nan")
    cool = [t for t in trials if not t.hot]
    moved = [np.inf if np.isnan(t.framework_msd) else t.framework_msd for t in cool]
    worst = int(np.argmax(moved)) if moved else 0
    where = f"{cool[worst].material}, {cool[worst].temperature:g} K" if moved else ""
    return (
        _below(
            "largest framework displacement",
            moved[worst] if moved else float("nan"),
            FRAMEWORK_LIMIT,
            "Å²",
            where,
        ),
        _below("runs that broke", failed, 0, "runs"),
        long,
    )


def _long(runs: Sequence[LongRun]) -> Criterion:
    """Atoms lost in long runs; melting is physics."""
    broken = [r for r in runs if r.failure]
    where = f"{broken[0].material}, {broken[0].temperature:g} K" if broken else ""
    name = "long runs that lost atoms"
    if not broken and any(not r.is_complete for r in runs):
        return Criterion(name, 0.0, 0.0, "runs", False, "not measured well enough", "a run is not at its end")
    return _below(name, len(broken), 0, "runs", where)


def _radial(common: Sequence[CommonCheck]) -> Criterion:
    """g(r) of common runs."""
    name = "radial distribution against the teacher"
    measured = [c for c in common if np.isfinite(c.radial_difference)]
    if not measured:
        return _below(name, float("nan"), RADIAL_LIMIT, "1")
    worst = max(measured, key=lambda c: c.radial_difference)
    found = _below(name, worst.radial_difference, RADIAL_LIMIT, "1", _where(worst))
    if not found.trusted and worst.radial_difference - worst.radial_noise <= RADIAL_LIMIT:
        return _doubtful(found)
    return found


def _diffusivity(common: Sequence[CommonCheck]) -> Criterion:
    """D over that of the teacher, as a factor above 1 whichever is larger.

    No temperature may surely disagree, and all of one material together must be known well enough to agree.
    """
    name = "D against the teacher, factor"
    measured = [c for c in common if c.ratio is not None]
    if not measured:
        found = _below(name, float("nan"), RATIO_LIMIT, "times")
        return _doubtful(found) if common else found
    materials = tuple(dict.fromkeys(c.material for c in measured))
    judged = [(_where(c), c.ratio) for c in measured if c.ratio is not None]
    judged += [(m, _pooled([c for c in measured if c.material == m])) for m in materials]
    wrong = [j for j in judged if _says_enough(j[1]) and not _agrees(j[1])]
    together = judged[len(measured) :]
    unsure = [j for j in together if not _says_enough(j[1])]
    where, ratio = max(wrong or unsure or together, key=lambda j: _factor(j[1]))
    found = Criterion(name, _factor(ratio), RATIO_LIMIT, "times", not wrong, "not kept", where)
    if wrong:
        return found
    if missing := [c for c in common if c.ratio is None]:
        return _doubtful(replace(found, where=_where(missing[0])))
    return _doubtful(found) if unsure else replace(found, state="kept")


def _pooled(checks: Sequence[CommonCheck]) -> Interval:
    """Weighted mean of the ratios of one material, in the logarithm."""
    ratios = [c.ratio for c in checks if c.ratio is not None]
    logs = np.log([r.value for r in ratios])
    weights = np.array([(3.92 / max(np.log(r.high / r.low), 1e-9)) ** 2 for r in ratios])
    mean, error = float(logs @ weights / weights.sum()), 1.96 / float(np.sqrt(weights.sum()))
    return Interval(float(np.exp(mean)), float(np.exp(mean - error)), float(np.exp(mean + error)))


def _factor(ratio: Interval) -> float:
    return max(ratio.value, 1 / ratio.value)


def _says_enough(ratio: Interval) -> bool:
    """Whether the interval is narrow enough to say anything, or excludes agreement whatever its width."""
    return ratio.high <= RATIO_WIDTH * ratio.low or ratio.low > RATIO_LIMIT or ratio.high < 1 / RATIO_LIMIT


def _agrees(ratio: Interval) -> bool:
    return ratio.low <= 1 <= ratio.high or _factor(ratio) <= RATIO_LIMIT


def _activation(activation: Sequence[ActivationCheck]) -> Criterion:
    """Activation energies."""
    name = "activation energy against the teacher"
    if not activation:
        return _below(name, float("nan"), ACTIVATION_LIMIT, "eV")
    worst = max(activation, key=lambda a: abs(a.difference.value))
    found = _below(name, abs(worst.difference.value), ACTIVATION_LIMIT, "eV", worst.material)
    low, high = worst.difference.low, worst.difference.high
    decided = low > ACTIVATION_LIMIT or high < -ACTIVATION_LIMIT
    vague = [a for a in activation if a.difference.high - a.difference.low > ACTIVATION_WIDTH]
    if found.trusted:
        return _doubtful(found) if vague else found
    return found if decided or not vague else _doubtful(found)


def _doubtful(found: Criterion) -> Criterion:
    """The same promise, not measured well enough to be kept or broken."""
    return Criterion(
        found.name, found.reached, found.limit, found.unit, False, "not measured well enough", found.where
    )


def _where(check: CommonCheck) -> str:
    return f"{check.material}, {check.temperature:g} K"

"""Diffusivity at every temperature, from all runs that can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import NotConverged
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.motion.diffusivity import (
    HeDiffusivity,
    SlopeEstimate,
    he_diffusivity,
    least_variance,
    moving_together,
    settled_start,
    too_slow,
)
from electrolith.motion.guards import SLOW, broken, narrowly
from electrolith.motion.results import Run, Trajectories
from electrolith.motion.spread import SharedSpread, lines_apart

__all__ = ["AtTemperature", "Diffusivities", "RunDiffusivity", "diffusivities", "pooled"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RunDiffusivity:
    """Both estimates of one run, or why there are none.

    refused : why the run is left out.      slow : why its D is known as a bound only, within a factor of e.
    """

    temperature: float
    ordering: int
    seed: int
    he: HeDiffusivity | None
    slope: SlopeEstimate | None
    refused: str
    slow: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AtTemperature:
    """D at one temperature: the mean over its trusted runs, on the logarithmic scale of errors.

    value : cm²/s, orderings by their shares.
    thermal, between_seeds : standard deviations of ln D of the mean.
    he_value : mean of the estimates of He et al., cm²/s, with its relative error.      hops : in all runs.
    """

    temperature: float
    value: float
    thermal: float
    between_seeds: float
    he_value: float
    he_relative_error: float
    hops: float
    runs: int

    def estimate(self, *, rng: np.random.Generator, draws: int = DRAWS) -> Estimate:
        """D with its thermal error and the spread between seeds, cm²/s."""
        std = float(np.hypot(self.thermal, self.between_seeds))
        return Estimate.lognormal(self.value, std, "cm²/s", rng=rng, n=draws)


@dataclass(frozen=True, slots=True, eq=False)
class Diffusivities:
    """Diffusivities of a study.

    trusted : per temperature.      runs : every run's own estimates.
    excluded : temperature (K) to reason.
    shared : by cause, what all temperatures share: variance of the mean over orderings, over draws of the
        potential.
    start, start_doubt : where the fits begin (in a²), and the relative change of D that choice leaves.
    together : factor by which ions that move together raise the variance of D.
    density : mobile ions per Å³.      charge : e.
    alternatives : the same judged otherwise: with the runs that missed a guard narrowly, without those that
        met one narrowly.
    """

    trusted: tuple[AtTemperature, ...]
    runs: tuple[RunDiffusivity, ...]
    excluded: dict[float, str]
    warnings: tuple[str, ...]
    shared: dict[str, SharedSpread]
    start: float
    start_doubt: float
    together: float
    density: float
    charge: float
    alternatives: dict[str, Diffusivities] = field(default_factory=dict)

    @property
    def shared_variance(self) -> float:
        """Variance of ln D that all temperatures share, at their middle."""
        return sum(s.level for s in self.shared.values())

    def haven_ratio(self, *, rng: np.random.Generator, draws: int = DRAWS) -> Estimate | None:
        """Self over collective diffusivity, pooled over the runs used; None if the data cannot tell.

        The collective displacement is one path where the self displacement is many, so this ratio is
        known far less well than D; it is taken as the same at all temperatures.
        """
        used = {p.temperature for p in self.trusted}
        found = [
            r.slope for r in self.runs if r.slope and not r.refused and not r.slow and r.temperature in used
        ]
        if not found:
            return None
        ratio = np.array([s.collective_value / s.self_value for s in found])
        relative = np.array([np.hypot(s.collective_relative, s.self_std / s.self_value) for s in found])
        weight = 1.0 / relative**2
        mean, std = float(weight @ ratio / weight.sum()), float(weight.sum() ** -0.5)
        if mean <= 0 or std > 0.5:
            return None
        if len(found) > 2:  # runs may scatter more than each can know
            scatter = weight @ (ratio / mean - 1.0) ** 2 / (len(found) - 1)
            std *= max(1.0, float(np.sqrt(scatter)))
        return Estimate.lognormal(1.0 / mean, std, "1", rng=rng, n=draws)


def diffusivities(trajectories: Trajectories, *, shares: Array | None = None) -> Diffusivities:
    """Diffusivity of every temperature whose runs pass their guards.

    A run with a broken guard is left out; a temperature without a run left is excluded, with the reasons. A
    run that was only too slow for its length (hops, fit range) counts with the bound that it gives, where
    another run at its temperature passed: left out it would leave the mean to the faster ones.

    Parameters
    ----------
    shares : weight of each ordering in averages, shape (orderings,); None: equal ones.
    """
    if shares is None:
        number = 1 + max(r.ordering for r in trajectories.runs)
        shares = np.full(number, 1.0 / number)
    verdicts = [_verdict(r) for r in trajectories.runs]
    found = _judged(trajectories, verdicts, shares)
    return replace(found, alternatives=_alternatives(trajectories, verdicts, shares))


def _alternatives(
    trajectories: Trajectories, verdicts: list[_Verdict], shares: Array
) -> dict[str, Diffusivities]:
    """What other verdicts on the runs near a limit would give; nothing where no run is near one."""
    near = [narrowly(r.guards) and r.status == "finished" for r in trajectories.runs]
    others = {
        "with the runs that narrowly missed a guard": [
            _Verdict() if n else v for n, v in zip(near, verdicts, strict=True)
        ],
        "without the runs that narrowly met their guards": [
            _Verdict("near the limit of a guard") if n and v == _Verdict() else v
            for n, v in zip(near, verdicts, strict=True)
        ],
        "without the runs that were too slow for more than a bound": [
            _Verdict(v.slow) if v.slow else v for v in verdicts
        ],
    }
    return {
        name: _judged(trajectories, other, shares)
        for name, other in others.items()
        if other != verdicts and not all(v.refused for v in other)
    }


def _judged(trajectories: Trajectories, verdicts: list[_Verdict], shares: Array) -> Diffusivities:
    """Diffusivities when the runs are judged so."""
    distance, every = trajectories.hop_distance, trajectories.runs
    sound = [r.squares for r, v in zip(every, verdicts, strict=True) if v == _Verdict()]
    start, doubt = settled_start(sound, hop_distance=distance)
    together = moving_together(sound, hop_distance=distance, start=start)
    runs = tuple(_of_run(r, trajectories, start, together, v) for r, v in zip(every, verdicts, strict=True))
    found = pooled(runs, shares, posterior=trajectories.posterior)
    warnings = list(found.warnings)
    if abs(doubt) > 0.1:
        warnings.append(
            f"D still changes by {doubt:+.0%} when the fit begins at twice the displacement; the ions' jumps "
            "are correlated over longer than these runs can show"
        )
    return replace(
        found,
        warnings=tuple(warnings),
        start=start,
        start_doubt=abs(doubt),
        together=together,
        density=every[0].squares.ions / every[0].volume,
        charge=trajectories.charge,
    )


def pooled(
    runs: Sequence[RunDiffusivity],
    shares: Array,
    *,
    posterior: bool = False,
    density: float = 1.0,
    charge: float = 1.0,
) -> Diffusivities:
    """Mean over orderings at each temperature where a run passed, and what all temperatures share.

    Parameters
    ----------
    shares : weight of each ordering in averages, shape (orderings,).
    posterior : whether each run's seed stands for a draw of its own from the potential's posterior.
    density : mobile ions per Å³.      charge : e.
    """
    trusted, excluded, warnings = [], {}, []
    for temperature in sorted({r.temperature for r in runs}):
        here = [r for r in runs if r.temperature == temperature]
        used = [r for r in here if not r.refused]
        if any(not r.slow for r in used):
            trusted.append(_pool(temperature, used, shares, posterior=posterior))
            warnings += [f"{_label(r)} left out: {r.refused}" for r in here if r.refused]
            warnings += [f"{_label(r)} counts as a bound only: {r.slow}" for r in used if r.slow]
        else:
            excluded[temperature] = "; ".join(f"{_label(r)}: {r.refused or r.slow}" for r in here)
    usable = {p.temperature for p in trusted}
    used = [r for r in runs if not r.refused and r.temperature in usable]
    if len({r.ordering for r in used}) == 1:
        warnings.append("one ordering only: the spread between orderings is unknown and not in the interval")
    return Diffusivities(
        trusted=tuple(trusted),
        runs=tuple(runs),
        excluded=excluded,
        warnings=tuple(warnings),
        shared=_shared(used, shares, posterior=posterior),
        start=0.0,
        start_doubt=0.0,
        together=1.0,
        density=density,
        charge=charge,
    )


def _label(run: RunDiffusivity) -> str:
    return f"{run.temperature:g} K, ordering {run.ordering + 1}, seed {run.seed + 1}"


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Why a run is left out, or counts as a bound only; both empty for a sound one."""

    refused: str = ""
    slow: str = ""


def _verdict(run: Run) -> _Verdict:
    """What the guards of a run say of it."""
    if run.status == "stopped":
        return _Verdict(run.reason)
    if not run.guards:
        return _Verdict("stopped before it was long enough to be checked")
    hard = broken(tuple(g for g in run.guards if g.name not in SLOW))
    slow = broken(tuple(g for g in run.guards if g.name in SLOW))
    return _Verdict("; ".join(hard + slow)) if hard else _Verdict(slow="; ".join(slow))


def _of_run(
    run: Run, trajectories: Trajectories, start: float, together: float, verdict: _Verdict
) -> RunDiffusivity:
    """Both estimates; computed for refused runs too where possible, so that the report can show them."""
    distance, refused, late = trajectories.hop_distance, verdict.refused, verdict.slow
    he = slope = None
    try:
        he = he_diffusivity(
            run.curves,
            mobile=trajectories.mobile,
            ions=run.squares.ions,
            hop_distance=distance,
            duration=run.duration,
        )
        slope = least_variance(run.squares, hop_distance=distance, start=start, together=together)
        if not (refused or late) and slope.self_value <= 2 * slope.self_std:
            late = f"D {slope.self_value:.1e} cm²/s is not distinct from 0 (error {slope.self_std:.1e})"
    except NotConverged as error:
        late = late or str(error)
    if late and not refused:
        try:
            slope = too_slow(run.squares, hop_distance=distance)
        except NotConverged as error:
            slope, refused = None, f"{late}; {error}"
    return RunDiffusivity(
        run.temperature, run.ordering, run.seed, he, slope, refused, "" if refused else late
    )


def _pool(temperature: float, runs: list[RunDiffusivity], shares: Array, *, posterior: bool) -> AtTemperature:
    """Mean over orderings, by their shares, of the mean over seeds; errors of the logarithm."""
    slopes = {(r.ordering, r.seed): r.slope for r in runs if r.slope is not None}
    hes = [r.he for r in runs if r.he is not None]
    groups: dict[int, list[SlopeEstimate]] = {}
    for (ordering, _), slope in slopes.items():
        groups.setdefault(ordering, []).append(slope)
    means = np.array([np.mean([s.self_value for s in g]) for g in groups.values()])
    errors = np.array([np.sqrt(sum(s.self_std**2 for s in g)) / len(g) for g in groups.values()])
    weight = _among(shares, list(groups))
    value = float(weight @ means)
    thermal = float(np.sqrt(np.sum((weight * errors) ** 2))) / value
    return AtTemperature(
        temperature=temperature,
        value=value,
        thermal=thermal,
        # Draws of the potential differ by more than chance, and alike at all temperatures: see `_shared`.
        between_seeds=0.0 if posterior else _between_seeds(list(groups.values()), weight, value),
        he_value=float(np.mean([h.value for h in hes])) if hes else np.nan,
        he_relative_error=float(3.43 / np.sqrt(sum(h.hops for h in hes))) + 0.04 if hes else np.nan,
        hops=float(sum(h.hops for h in hes)),
        runs=len(runs),
    )


def _among(shares: Array, orderings: list[int]) -> Array:
    """Shares of some of the orderings, of those alone; equal where none of them has any."""
    weight = shares[orderings]
    return weight / weight.sum() if weight.sum() > 0 else np.full(len(orderings), 1.0 / len(orderings))


def _between_seeds(groups: list[list[SlopeEstimate]], weight: Array, value: float) -> float:
    """Spread of equal runs with different seeds beyond their stated errors, of ln D of the mean."""
    excess = freedom = 0.0
    for group in groups:
        if len(group) > 1:
            d = np.array([s.self_value for s in group])
            excess += float(np.sum((d - d.mean()) ** 2))
            excess -= (len(group) - 1) / len(group) * sum(s.self_std**2 for s in group)
            freedom += len(group) - 1
    if not freedom or excess <= 0:
        return 0.0
    spread = sum(w**2 / len(g) for w, g in zip(weight, groups, strict=True))
    return float(np.sqrt(excess / freedom * spread)) / value


def _shared(runs: list[RunDiffusivity], shares: Array, *, posterior: bool) -> dict[str, SharedSpread]:
    """Variance of the mean line by cause: orderings, and draws of the potential where there are several.

    Where each run has a draw of its own, what orderings differ by holds what their draws differ by; repeated
    draws within orderings tell the two apart.
    """
    used = [r for r in runs if r.slope is not None and not r.refused]
    orderings = sorted({r.ordering for r in used})
    if not orderings:
        return {}
    weight = _among(shares, orderings)
    whole = lines_apart({o: _points([r for r in used if r.ordering == o]) for o in orderings})
    whole = whole.scaled(float(np.sum(weight**2)))
    if not posterior:
        return {"orderings": whole}
    within, number = [], []
    for o in orderings:
        seeds = sorted({r.seed for r in used if r.ordering == o})
        number.append(max(len(seeds), 1))
        if len(seeds) > 1:
            here = {k: _points([r for r in used if r.ordering == o and r.seed == k]) for k in seeds}
            within.append(lines_apart(here))
    if not within:
        return {"orderings and potential": whole}
    mean = float(np.sum(weight**2 / np.array(number)))
    freedom = sum(w.freedom for w in within)
    level = sum(w.level * w.freedom for w in within) / max(freedom, 1) * mean
    tilt = sum(w.tilt * w.freedom for w in within) / max(freedom, 1) * mean
    potential = SharedSpread(level, tilt, whole.centre, freedom)
    rest = replace(whole, level=max(whole.level - level, 0.0), tilt=max(whole.tilt - tilt, 0.0))
    return {"potential": potential, "orderings": rest}


def _points(runs: list[RunDiffusivity]) -> list[tuple[float, float, float]]:
    """Temperature, ln D of the mean over seeds, and its variance."""
    points = []
    for temperature in sorted({r.temperature for r in runs}):
        slopes = [r.slope for r in runs if r.temperature == temperature and r.slope]
        mean = float(np.mean([s.self_value for s in slopes]))
        error = float(np.sqrt(sum(s.self_std**2 for s in slopes))) / len(slopes)
        points.append((temperature, float(np.log(mean)), (error / mean) ** 2))
    return points

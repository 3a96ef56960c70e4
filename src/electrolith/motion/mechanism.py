r"""Local jumps against long-range diffusion: rates by surroundings, back-jumps, both activation energies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.arrhenius import fit_arrhenius
from electrolith.core.constants import CM2_PER_S
from electrolith.core.errors import InputError, NotConverged
from electrolith.core.estimate import Estimate
from electrolith.motion.diffusivities import Diffusivities
from electrolith.motion.jumps import CORE, Jumps, SiteSet, count_jumps, site_history
from electrolith.motion.results import Run, Trajectories

__all__ = ["CoreCheck", "Mechanism", "MechanismResult", "mechanism"]

Array = NDArray[np.float64]

FEWEST = 10  # jumps at a temperature, before its rate goes into an activation energy


@dataclass(frozen=True, slots=True)
class Mechanism:
    """How jumps are counted.

    core : radius within which an ion has arrived at a site, over the shortest distance between sites.
    other_cores : the same counts once more with these, to show what depends on that choice.
    """

    core: float = CORE
    other_cores: tuple[float, ...] = (0.25, 0.35)

    def __post_init__(self) -> None:
        """Cores must not overlap."""
        for core in (self.core, *self.other_cores):
            if not 0 < core < 0.5:
                raise InputError(f"core must lie between 0 and 0.5 site distances, got {core}")


@dataclass(frozen=True, slots=True, eq=False)
class CoreCheck:
    """What another radius of the sites' cores would have counted: rates per ion and ps, share undone."""

    core: float
    rates: Array
    back: Array
    local_energy: Estimate | None
    lasting_energy: Estimate | None


@dataclass(frozen=True, slots=True, eq=False)
class MechanismResult:
    """Jumps at every temperature, all trusted runs together.

    temperatures : K.      jumps : at each.      labels : kinds of sites, most frequent first.
    rates : jumps per ion and ps out of each kind, shape (n_temperatures, n_labels); nan where none stayed.
    correlation : D over that of uncorrelated jumps, 6 D / Γ l², at each temperature.
    local_energy : activation energy of all jumps, eV.      lasting_energy : of jumps that are not undone.
    by_label : activation energies of jumps out of each kind, eV; those with too few jumps are left out.
    diffusion_energy : of D over the same temperatures, eV.
    diffusivities, relative_errors : D of the mean square displacement, cm²/s, and its relative error.
    holes : share of the time that ions spend in holes which are no sites, at each temperature; nan where
        none were given.      through : share of the changes of site that stop in a hole on the way.
    hole_times : share of the time by the kind of hole, all temperatures.
    cores : what other radii of the cores would have counted.      interval : longest time between frames, fs.
    """

    temperatures: Array
    jumps: tuple[Jumps, ...]
    labels: tuple[str, ...]
    rates: Array
    correlation: Array
    local_energy: Estimate | None
    lasting_energy: Estimate | None
    by_label: dict[str, Estimate]
    diffusion_energy: Estimate | None
    diffusivities: Array
    relative_errors: Array
    holes: Array
    through: Array
    hole_times: dict[str, float]
    cores: tuple[CoreCheck, ...]
    interval: float

    @property
    def of_jumps(self) -> Array:
        """Diffusivity that the jumps would give if each went anywhere, Γ⟨l²⟩/6, cm²/s."""
        return np.array([j.rate * j.length for j in self.jumps]) / 6000 * CM2_PER_S

    @property
    def of_lasting(self) -> Array:
        """The same of the jumps that are not undone, cm²/s."""
        share = [j.lasting.sum() / max(j.counts.sum(), 1) for j in self.jumps]
        return self.of_jumps * np.array(share)


def mechanism(
    trajectories: Trajectories,
    diffusivities: Diffusivities,
    sites: Sequence[SiteSet],
    holes: Sequence[SiteSet] | None = None,
    *,
    settings: Mechanism,
    rng: np.random.Generator,
) -> MechanismResult:
    r"""Count jumps in every trusted run.

    .. math:: f = 6 D / (\Gamma \langle l^2 \rangle)

    with Γ the rate of jumps per ion and l their length: the share of local motion that becomes diffusion.
    The error of a rate is that of counting.

    Parameters
    ----------
    sites : one set per ordering.
    holes : other places an ion may stay in (octahedra), one set per ordering.

    Raises
    ------
    NotConverged
        If no run can be trusted or none holds a path.
    """
    trusted = {p.temperature for p in diffusivities.trusted}
    used = {
        (r.temperature, r.ordering, r.seed)
        for r in diffusivities.runs
        if not r.refused and r.temperature in trusted
    }
    runs = [r for r in trajectories.runs if (r.temperature, r.ordering, r.seed) in used and len(r.path) > 1]
    if not runs:
        raise NotConverged("jumps: no run passed its guards, so there is nothing to count")
    temperatures = np.array(sorted({r.temperature for r in runs}))
    found = _counted(runs, sites, temperatures, settings.core)
    labels = _by_frequency(found)
    rates = np.array([[_rate(j, name) for name in labels] for j in found])
    diffusion = {p.temperature: p for p in diffusivities.trusted}
    value = np.array([diffusion[t].value for t in temperatures])
    error = np.array([diffusion[t].thermal for t in temperatures])
    motion = np.array([j.rate * j.length for j in found])  # Å²/ps
    local, lasting = _both_energies(temperatures, found, rng)
    stays = _stays(runs, temperatures, sites, holes, settings)
    return MechanismResult(
        temperatures=temperatures,
        jumps=tuple(found),
        labels=labels,
        rates=rates,
        correlation=6 * value / CM2_PER_S * 1000 / np.where(motion > 0, motion, np.nan),
        local_energy=local,
        lasting_energy=lasting,
        by_label=_energies(temperatures, found, labels, rng),
        diffusion_energy=_energy(temperatures, value, error**-2.0, rng),
        diffusivities=value,
        relative_errors=error,
        holes=np.array([s.share for s in stays]),
        through=np.array([s.through for s in stays]),
        hole_times=_mean_times(stays),
        cores=tuple(_core_check(runs, sites, temperatures, core, rng) for core in settings.other_cores),
        interval=max(r.path_interval for r in runs),
    )


def _counted(
    runs: Sequence[Run], sites: Sequence[SiteSet], temperatures: Array, core: float
) -> tuple[Jumps, ...]:
    """Jumps at each temperature, all runs there together."""
    return tuple(
        merge(
            [
                count_jumps(r.path.astype(float), sites[r.ordering], interval=r.path_interval, core=core)
                for r in runs
                if r.temperature == temperature
            ]
        )
        for temperature in temperatures
    )


def _both_energies(
    temperatures: Array, found: Sequence[Jumps], rng: np.random.Generator
) -> tuple[Estimate | None, Estimate | None]:
    """Activation energies of every jump and of those not undone."""
    number = np.array([j.counts.sum() for j in found])
    lasting = np.array([j.lasting.sum() for j in found])
    every = np.array([j.rate for j in found])
    return (
        _energy(temperatures, every, number, rng),
        _energy(temperatures, every * lasting / np.maximum(number, 1), lasting, rng),
    )


def _core_check(
    runs: Sequence[Run],
    sites: Sequence[SiteSet],
    temperatures: Array,
    core: float,
    rng: np.random.Generator,
) -> CoreCheck:
    """The counts once more with another core."""
    found = _counted(runs, sites, temperatures, core)
    return CoreCheck(
        core,
        np.array([j.rate for j in found]),
        np.array([j.back_fraction for j in found]),
        *_both_energies(temperatures, found, rng),
    )


@dataclass(frozen=True, slots=True)
class _Stays:
    """Time in holes (share, and by kind), and the share of changes of site that stop in one."""

    share: float
    through: float
    times: dict[str, float]


def _stays(
    runs: Sequence[Run],
    temperatures: Array,
    sites: Sequence[SiteSet],
    holes: Sequence[SiteSet] | None,
    settings: Mechanism,
) -> list[_Stays]:
    """What holes do at each temperature, when they count as sites too."""
    if holes is None:
        return [_Stays(float("nan"), float("nan"), {}) for _ in temperatures]
    found = []
    for temperature in temperatures:
        times: dict[str, float] = {}
        changes = stopping = total = 0
        for run in (r for r in runs if r.temperature == temperature):
            proper, other = sites[run.ordering], holes[run.ordering]
            both = SiteSet(
                np.concatenate([proper.positions, other.positions]), proper.cell, proper.labels + other.labels
            )
            index, _ = site_history(run.path.astype(float), both, core=settings.core)
            first = len(proper.labels)
            number = np.bincount(index.ravel(), minlength=len(both.labels))[first:]
            for name, n in zip(other.labels, number, strict=True):
                times[name] = times.get(name, 0.0) + float(n)
            total += index.size
            moves = _changes(index, first)
            changes, stopping = changes + moves[0], stopping + moves[1]
        found.append(
            _Stays(
                sum(times.values()) / total,
                stopping / changes if changes else float("nan"),
                {name: n / total for name, n in times.items()},
            )
        )
    return found


def _changes(index: NDArray[np.int64], first_hole: int) -> tuple[int, int]:
    """Changes from one site to another, and those of them with a hole between."""
    changes = stopping = 0
    for column in index.T:
        states = column[np.concatenate([[True], column[1:] != column[:-1]])]
        proper = states < first_hole
        at = np.flatnonzero(proper)
        other = states[at[1:]] != states[at[:-1]]
        changes += int(other.sum())
        stopping += int((other & (np.diff(at) > 1)).sum())
    return changes, stopping


def _mean_times(stays: Sequence[_Stays]) -> dict[str, float]:
    """Share of the time by kind of hole, over all temperatures, longest first."""
    names = {name for s in stays for name in s.times}
    mean = {name: float(np.mean([s.times.get(name, 0.0) for s in stays])) for name in names}
    return dict(sorted(mean.items(), key=lambda item: (-item[1], item[0])))


def merge(every: Sequence[Jumps]) -> Jumps:
    """Jumps of several runs taken together."""
    labels = tuple(dict.fromkeys(name for j in every for name in j.labels))
    size = len(labels)
    time, counts = np.zeros(size), np.zeros((size, size), dtype=np.int64)
    back, lasting = np.zeros(size, np.int64), np.zeros(size, np.int64)
    sites, seen, squares = np.zeros(size, np.int64), np.zeros(size), 0.0
    for j in every:
        at = np.array([labels.index(name) for name in j.labels])
        time[at] += j.time
        counts[np.ix_(at, at)] += j.counts
        back[at] += j.back
        lasting[at] += j.lasting
        sites[at] += j.sites
        seen[at] += j.visited * j.sites
        squares += j.length * float(j.counts.sum())
    total = max(float(counts.sum()), 1.0)
    ways = [min(getattr(j, name) for j in every) for name in ("dimensions", "lasting_dimensions")]
    return Jumps(labels, time, counts, back, lasting, sites, seen / sites, squares / total, *ways)


def _by_frequency(found: Sequence[Jumps]) -> tuple[str, ...]:
    """Kinds of sites by the time spent on them."""
    total: dict[str, float] = {}
    for j in found:
        for name, time in zip(j.labels, j.time, strict=True):
            total[name] = total.get(name, 0.0) + float(time)
    return tuple(sorted(total, key=lambda name: -total[name]))


def _rate(jumps: Jumps, label: str) -> float:
    return float(jumps.rates[jumps.labels.index(label)]) if label in jumps.labels else float("nan")


def _energies(
    temperatures: Array, found: Sequence[Jumps], labels: tuple[str, ...], rng: np.random.Generator
) -> dict[str, Estimate]:
    """Activation energy of the jumps out of each kind of site that jumped often enough."""
    energies = {}
    for name in labels:
        rate = np.array([_rate(j, name) for j in found])
        number = np.array(
            [j.counts[j.labels.index(name)].sum() if name in j.labels else 0 for j in found], dtype=float
        )
        energy = _energy(temperatures, rate, number, rng)
        if energy is not None:
            energies[name] = energy
    return energies


def _energy(temperatures: Array, rate: Array, number: Array, rng: np.random.Generator) -> Estimate | None:
    """Activation energy of a rate whose relative variance is 1/number, eV; None if too little is known."""
    good = (number >= FEWEST) & (rate > 0) & np.isfinite(rate)
    if good.sum() < 2:
        return None
    variance = 1.0 / number[good]
    line = fit_arrhenius(temperatures[good], np.log(rate[good]), covariance=variance)
    if line.dof > 0 and line.chi2 > line.dof:
        line = fit_arrhenius(
            temperatures[good], np.log(rate[good]), covariance=variance * line.chi2 / line.dof
        )
    return line.draws(rng)[1]

r"""Diffusivity of one trajectory: the rule of He et al., and a least-variance estimate with an honest error.

Both fit MSD = c + 6 D t from the lag at which the MSD passes half the square of the hop distance, below
which ions only rattle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from electrolith.core.constants import CM2_PER_S
from electrolith.core.errors import InputError, NotConverged
from electrolith.motion.covariance import brownian_covariance, gls_weights
from electrolith.motion.displacement import Curves

__all__ = [
    "LATEST",
    "HeDiffusivity",
    "IonSquares",
    "SlopeEstimate",
    "he_diffusivity",
    "least_variance",
    "moving_together",
    "one_run",
    "settled_start",
    "too_slow",
]

Array = NDArray[np.float64]

LATEST = 1 / 3
"""Of a run: the lag by which diffusion must have begun for its slope to be seen."""
RATTLING = 0.5  # of a²: below it ions have not left their sites (He et al.)
SPAN = 4.0  # the fit ends at this multiple of its first lag; later points add almost nothing
SETTLED = 0.03  # relative change of D on doubling the start that is small enough anyhow
ONE_SIGMA = 0.8413447460685429  # share of a normal distribution below its mean plus one standard deviation
BATCHES = 8  # parts of a run whose scatter shows whether ions move together
HOP_DOUBT = 0.2  # of the hop distance: how far people's choices of it lie apart
STARTS = (0.5, 1.0, 2.0, 4.0)  # of a²: candidates for the lag at which correlations have died out


@dataclass(frozen=True, slots=True)
class HeDiffusivity:
    """D as in He, Zhu, Epstein, Mo, npj Comput. Mater. 4, 18 (2018).

    value : cm²/s.      relative_error : 3.43/√N + 0.04.     hops : N = n max(MSD)/a².
    fit_from, fit_to : lags of the fit range, fs.
    """

    value: float
    relative_error: float
    hops: float
    fit_from: float
    fit_to: float


@dataclass(frozen=True, slots=True, eq=False)
class IonSquares:
    """Squared displacements of every mobile ion, by block of time origins and by lag.

    lag : fs, shape (k,).   sums : Å², summed over origins, shape (n_blocks, n_ions + 1, k); the last row
        of ions is the square of their summed displacement.
    counts : origins, shape (n_blocks, k).   block, duration : time per block and in all, fs.
    interval : time between frames, fs.
    """

    lag: Array
    sums: Array
    counts: NDArray[np.int64]
    block: float
    duration: float
    interval: float

    @property
    def ions(self) -> int:
        """Number of mobile ions."""
        return self.sums.shape[1] - 1


@dataclass(frozen=True, slots=True)
class SlopeEstimate:
    """Self and collective diffusivity of one trajectory; their errors are nearly independent.

    self_value, collective_value : cm²/s.     self_std, collective_std : one standard deviation, cm²/s.
    collective_relative : relative error of the collective part, were it as large as the self part.
    hops : 6 D t n / a².
    fit_from, fit_to : lags, fs.
    """

    self_value: float
    self_std: float
    collective_value: float
    collective_std: float
    collective_relative: float
    hops: float
    fit_from: float
    fit_to: float


def fit_start(lag: Array, msd: Array, *, hop_distance: float, duration: float) -> int:
    """Index of the first lag whose MSD passes half the square of the hop distance."""
    if hop_distance <= 0:
        raise InputError(f"hop distance must be above 0 Å, got {hop_distance}")
    passed = np.flatnonzero(msd >= RATTLING * hop_distance**2)
    if not len(passed) or lag[passed[0]] > LATEST * duration:
        reached = float(msd[lag <= duration / 2].max(initial=0.0))
        raise NotConverged(
            f"ions moved too little: MSD {reached:.2f} Å² against {RATTLING * hop_distance**2:.2f} Å², "
            f"where diffusion begins (half the square of the hop distance, {hop_distance:.2f} Å), within a "
            "third of the run; run longer or hotter",
            partial=reached,
        )
    return int(passed[0])


def he_diffusivity(
    curves: Curves, *, mobile: str, ions: int, hop_distance: float, duration: float
) -> HeDiffusivity:
    r"""D from the ordinary least squares line through MSD(t) between 0.5 a² and half the time.

    .. math:: \sigma_D/D = 3.43/\sqrt{N} + 0.04, \quad N = n \max(MSD)/a^2

    Parameters
    ----------
    ions : number n of mobile ions.
    hop_distance : a, between neighbouring sites, Å.
    duration : of the sampled run, fs.

    Raises
    ------
    NotConverged
        If the MSD never leaves the rattling regime within a third of the time.

    Source: He, Zhu, Epstein, Mo, npj Comput. Mater. 4, 18 (2018), eqs. 6-8.
    """
    msd = curves.of(mobile)
    first = fit_start(curves.lag, msd, hop_distance=hop_distance, duration=duration)
    last = int(np.searchsorted(curves.lag, duration / 2, side="right"))
    lag, square = curves.lag[first:last], msd[first:last]
    if len(lag) < 3:
        raise NotConverged(f"the fit range holds {len(lag)} lags; sample more often or run longer")
    slope = float(np.polyfit(lag, square, 1)[0])
    hops = ions * float(square.max()) / hop_distance**2
    return HeDiffusivity(
        value=slope / 6.0 * CM2_PER_S,
        relative_error=float(3.43 / np.sqrt(hops) + 0.04),
        hops=hops,
        fit_from=float(lag[0]),
        fit_to=float(lag[-1]),
    )


def least_variance(
    squares: IonSquares, *, hop_distance: float, start: float = RATTLING, together: float | None = None
) -> SlopeEstimate:
    r"""D by generalised least squares, with the error its data show.

    The weights are those of least variance for Brownian motion with rattling
    (:func:`~electrolith.motion.covariance.brownian_covariance`); any weights give the right slope, these
    waste least. The error does not rest on that model: it is the scatter between the ions, raised where
    ions that move together make the scatter between blocks of time larger; and it is never less than the
    counting error of the hops, 1/√N.

    Parameters
    ----------
    hop_distance : a, between neighbouring sites, Å.
    start : the fit begins where MSD = start · a². Where a run is too short for that it begins as late as
        an eighth of the run allows.
    together : factor on the variance from ions that move together, best from many runs
        (:func:`moving_together`); None: what exceeds its own noise in this run.

    Raises
    ------
    NotConverged
        If the MSD does not pass 0.5 a² within a third of the run.

    Source: Aitken (1935) for the slope; Cameron, Gelbach, Miller, J. Bus. Econ. Stat. 29, 238 (2011) for
    errors clustered by ion and by time.
    """
    slope = _slope(squares, _begin(squares, hop_distance, start), hop_distance)
    if together is None:
        all_ions, each = _batches(slope.influence)
        together = max(1.0, all_ions / max(each, 1e-300) - np.sqrt(2.0 / (BATCHES - 1)))
    return _estimate(slope, squares, hop_distance, together)


def too_slow(squares: IonSquares, *, hop_distance: float) -> SlopeEstimate:
    """About how fast the ions of a run are at most that was too short to see them diffuse.

    The slope over the last quarter of its lags: jumps that will be undone are still in it, so it is too large
    rather than too small. Its error is made as large as itself. Left out altogether such a run would leave
    the mean to those whose ions happened to be fast.

    Raises
    ------
    NotConverged
        If the run holds fewer than three such lags.
    """
    slope = _slope(squares, squares.duration / 4, hop_distance)
    found = _estimate(slope, squares, hop_distance, 1.0)
    most = max(found.self_value, found.self_std)
    return replace(found, self_value=most, self_std=most)


def one_run(squares: IonSquares, *, hop_distance: float) -> tuple[SlopeEstimate, float]:
    """D of a run that stands alone, and the relative doubt that the start of its fit leaves.

    The start is settled as for many runs. What is left is the larger of what twice the start would change
    and of what a hop distance 20 % shorter or longer would: ions that jump back make the MSD bend, and a
    short run cannot show where that ends.

    Raises
    ------
    NotConverged
        If the MSD does not pass 0.5 a² within a third of the run.
    """
    found: list[SlopeEstimate] = []
    doubts: list[float] = []
    for factor in (1.0, 1.0 - HOP_DOUBT, 1.0 + HOP_DOUBT):
        distance = factor * hop_distance
        try:
            start, change = settled_start([squares], hop_distance=distance)
            found.append(least_variance(squares, hop_distance=distance, start=start))
        except NotConverged:
            if not found:
                raise
            continue
        doubts.append(abs(change))
    value = found[0].self_value
    moved = [abs(float(np.log(max(f.self_value, 1e-30) / value))) for f in found[1:]] if value > 0 else []
    return found[0], max([doubts[0], *moved])


def moving_together(every: Sequence[IonSquares], *, hop_distance: float, start: float = RATTLING) -> float:
    r"""Factor by which ions that move together raise the variance of D, at least 1.

    .. math:: \sum_b \Big(\sum_i x_{bi}\Big)^2 \Big/ \sum_b \sum_i x_{bi}^2

    with x the deviation of ion i's contribution in the batch b of a run (an eighth) from its mean: 1 for
    independent ions. One run knows this to 50 %; the runs of a study know it together.
    """
    all_ions = each = 0.0
    for squares in every:
        try:
            slope = _slope(squares, _begin(squares, hop_distance, start), hop_distance)
        except NotConverged:
            continue
        joint, single = _batches(slope.influence / slope.values[0])
        all_ions, each = all_ions + joint * squares.ions, each + single * squares.ions
    return max(1.0, all_ions / each) if each > 0 else 1.0


def settled_start(every: Sequence[IonSquares], *, hop_distance: float) -> tuple[float, float]:
    """Where the fits of many runs of one material should begin, and by how much that choice still matters.

    Ions that jump back make the MSD bend over several hops. Of the starts 0.5, 1, 2, 4 a² the first is
    taken whose D, over all runs together, agrees with that of twice the start within one standard
    deviation of their difference.

    Returns
    -------
    The start in a², and the relative change of D on doubling it (the doubt the choice leaves).
    """
    change = 0.0
    for start in STARTS:
        found, spread, used = _doubling(every, hop_distance, start)
        if not used:
            break  # no run is long enough to look further: the last change seen is the doubt
        change = found
        if abs(change) <= max(spread, SETTLED):
            break
    return start, float(change)


def _doubling(every: Sequence[IonSquares], hop_distance: float, start: float) -> tuple[float, float, int]:
    """Relative change of D from `start` to twice it over all runs that reach it, its error, their number."""
    weight = total = variance = 0.0
    used = 0
    for squares in every:
        try:
            early, late = (_begin(squares, hop_distance, s) for s in (start, 2 * start))
            if late < 1.2 * early:
                continue
            first, second = (_slope(squares, b, hop_distance) for b in (early, late))
        except NotConverged:
            continue
        d = first.values[0]
        scatter = _between_ions(second.influence - first.influence) / d**2
        total += (second.values[0] - d) / d / scatter
        weight += 1.0 / scatter
        variance += 1.0 / scatter
        used += 1
    return (total / weight, variance**-0.5, used) if used else (0.0, 0.0, 0)


def _begin(squares: IonSquares, hop_distance: float, start: float) -> float:
    """Lag (fs) at which the fit begins."""
    total = squares.counts.sum(axis=0)
    seen = total > 0
    lag = squares.lag[seen]
    msd = squares.sums[:, :-1][:, :, seen].sum(axis=(0, 1)) / total[seen] / squares.ions
    first = fit_start(lag, msd, hop_distance=hop_distance, duration=squares.duration)
    passed = np.flatnonzero(msd >= start * hop_distance**2)
    wanted = lag[passed[0]] if len(passed) else np.inf
    last = lag[max(int(np.searchsorted(lag, squares.duration / 8, side="right")) - 1, 0)]
    return float(min(wanted, max(lag[first], last)))


@dataclass(frozen=True, slots=True, eq=False)
class _Slope:
    """Self and collective slope/6 (Å²/fs), and what each ion and block contributed to the deviation."""

    values: Array
    single: float  # variance of the slope of one Brownian path
    influence: Array  # (n_blocks, n_ions)
    fit_from: float
    fit_to: float


def _slope(squares: IonSquares, begin: float, hop_distance: float) -> _Slope:
    """Weighted slope over the lags from `begin` to SPAN times it."""
    total = squares.counts.sum(axis=0)
    inside = (squares.lag >= begin * (1 - 1e-9)) & (squares.lag <= SPAN * begin * (1 + 1e-9))
    inside &= (total > 0) & (squares.lag <= squares.duration / 2 * (1 + 1e-9))
    chosen = np.flatnonzero(inside)
    if len(chosen) < 3:
        raise NotConverged(
            f"only {len(chosen)} lags lie in the fit range that begins at {begin:g} fs; sample more often"
        )
    lag = squares.lag[chosen]
    number = total[chosen].astype(float)
    sums = squares.sums[:, :, chosen]
    msd = sums[:, :-1].sum(axis=(0, 1)) / number / squares.ions
    collective = sums[:, -1].sum(axis=0) / number / squares.ions
    rise, intercept = np.polyfit(lag, msd, 1)
    rise = max(rise, msd[-1] / lag[-1] / 10.0)
    frames = round(squares.duration / squares.interval) + 1
    covariance = brownian_covariance(
        np.round(lag / squares.interval).astype(np.int64),
        frames=frames,
        slope=rise * squares.interval,
        intercept=float(np.clip(intercept, 0.0, RATTLING * hop_distance**2)),
    )
    weights = gls_weights(lag, covariance) / 6.0
    deviation = sums[:, :-1] - squares.counts[:, None, chosen] * msd
    return _Slope(
        values=np.array([weights @ msd, weights @ collective]),
        single=float(weights @ covariance @ weights),
        influence=deviation @ (weights / number) / squares.ions,
        fit_from=float(lag[0]),
        fit_to=float(lag[-1]),
    )


def _estimate(slope: _Slope, squares: IonSquares, hop_distance: float, together: float) -> SlopeEstimate:
    """Errors and units.

    The summed displacement of many ions is a Brownian path whatever each of them does, so its relative
    error is that of one such path. A single path knows its own size badly; the size that error refers to
    is therefore taken between its own and that of the self part.
    """
    d, collective = (float(v) for v in slope.values)
    hops = max(6.0 * d * squares.duration * squares.ions / hop_distance**2, 1e-9)
    variance = max(_scatter(slope.influence, together), d**2 / hops)
    relative = np.sqrt(slope.single) / max(abs(d), 1e-300)
    return SlopeEstimate(
        self_value=d * CM2_PER_S,
        self_std=float(np.sqrt(variance)) * CM2_PER_S,
        collective_value=collective * CM2_PER_S,
        collective_std=float(relative * np.sqrt((d**2 + collective**2) / 2)) * CM2_PER_S,
        collective_relative=float(relative),
        hops=hops,
        fit_from=slope.fit_from,
        fit_to=slope.fit_to,
    )


def _scatter(influence: Array, together: float) -> float:
    """Variance of the slope, from what ions and parts of the run show together.

    One ion has no scatter between ions, and two hardly any: the parts of the run weigh in with their degrees
    of freedom, and few of both widen the interval as Student's t does.
    """
    between_ions, freedom = influence.shape[1] - 1, influence.shape[1] + BATCHES - 2
    parts, _ = _batches(influence)
    variance = (between_ions * _between_ions(influence) * together + (BATCHES - 1) * parts) / freedom
    return variance * (float(stdtrit(freedom, ONE_SIGMA)) / float(ndtri(ONE_SIGMA))) ** 2


def _between_ions(influence: Array) -> float:
    """Variance of a sum over ions that are alike and independent."""
    ions = influence.shape[1]
    return float(np.sum(influence.sum(axis=0) ** 2)) * ions / max(ions - 1, 1)


def _batches(influence: Array) -> tuple[float, float]:
    """Variance between BATCHES parts of a run: of the sum over ions, and summed over the ions."""
    parts = np.array([part.sum(axis=0) for part in np.array_split(influence, BATCHES)])
    parts = parts - parts.mean(axis=0)
    scale = BATCHES / (BATCHES - 1)
    return float(np.sum(parts.sum(axis=1) ** 2)) * scale, float(np.sum(parts**2)) * scale

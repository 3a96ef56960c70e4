"""How long each temperature is to run: until precise enough, and first where σ(300 K) gains most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import NotConverged
from electrolith.motion.diffusivity import he_diffusivity, least_variance
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.guards import broken
from electrolith.motion.results import Run

__all__ = ["gain_rates", "share_out", "steps_wanted", "worth_extending"]

LEAST_GROWTH, MOST_GROWTH = 1.25, 2.0  # of the sampled time, when a temperature needs more
ROOM = 300.0  # K


def worth_extending(run: Run) -> bool:
    """Neither stopped nor broken in a way that more time does not mend (only hops and fit range do)."""
    lasting = tuple(g for g in run.guards if g.name not in ("hops", "fit range"))
    return run.status == "finished" and not broken(lasting)


def steps_wanted(runs: Sequence[Run], dynamics: Dynamics, *, hop_distance: float, mobile: str) -> int:
    """Steps the trajectories of one temperature should have, from what they show now.

    The error of a mean falls with the square root of the time; growth is held between 1.25 and 2 times,
    because the error itself is an estimate.
    """
    alive = [r for r in runs if worth_extending(r)]
    if not alive:
        return max((r.steps for r in runs), default=0)
    now = max(r.steps for r in alive)
    growth = _growth_wanted(alive, dynamics, hop_distance, mobile)
    if growth <= 1.0:
        return now
    sampled = now - dynamics.first_sample
    wanted = dynamics.first_sample + sampled * float(np.clip(growth, LEAST_GROWTH, MOST_GROWTH))
    return min(
        dynamics.steps_of(wanted * dynamics.timestep),
        dynamics.steps_of(dynamics.budget, alive[0].temperature),
    )


def relative_error(runs: Sequence[Run], *, hop_distance: float) -> float:
    """Of the mean D over runs; infinite where the ions have not begun to diffuse."""
    try:
        found = [least_variance(r.squares, hop_distance=hop_distance) for r in runs]
    except NotConverged:
        return np.inf
    mean = sum(f.self_value for f in found)
    return float(np.sqrt(sum(f.self_std**2 for f in found))) / mean if mean > 0 else np.inf


def _growth_wanted(runs: list[Run], dynamics: Dynamics, hop_distance: float, mobile: str) -> float:
    """Factor on the sampled time that would meet the targets."""
    error = relative_error(runs, hop_distance=hop_distance)
    if not np.isfinite(error):
        return MOST_GROWTH
    growth = (error / dynamics.relative_error) ** 2
    return max(growth, _hop_growth(runs, dynamics, hop_distance, mobile))


def _hop_growth(runs: list[Run], dynamics: Dynamics, hop_distance: float, mobile: str) -> float:
    """Factor on the sampled time that would give the hops wanted."""
    if dynamics.hops is None:
        return 0.0
    hops = 0.0
    for r in runs:
        try:
            hops += he_diffusivity(
                r.curves,
                mobile=mobile,
                ions=r.squares.ions,
                hop_distance=hop_distance,
                duration=r.duration,
            ).hops
        except NotConverged:
            return MOST_GROWTH
    return dynamics.hops / max(hops, 1e-9)


def gain_rates(errors: Mapping[float, float], cost: Mapping[float, float]) -> dict[float, float]:
    r"""Fall of the variance of ln σ(300 K) per unit of further cost, for each temperature.

    .. math:: -\partial V / \partial t_T = w_T^2 \varepsilon_T^2 / t_T

    with w the weights of the extrapolated Arrhenius line, ε the relative error of D (it falls as 1/√t) and
    t the cost spent so far. A temperature without a value counts as known to a factor of e.

    Parameters
    ----------
    errors : relative error of D by temperature (K).      cost : spent so far, any unit.
    """
    temperature = np.array(sorted(errors))
    error = np.array([min(errors[t], 1.0) for t in temperature])
    if len(temperature) < 2:
        return dict.fromkeys(errors, 1.0)
    design = np.column_stack([np.ones_like(temperature), -1.0 / (BOLTZMANN * temperature)])
    weighted = design / error[:, None] ** 2
    operator = np.linalg.solve(design.T @ weighted, weighted.T)
    row = np.array([1.0, -1.0 / (BOLTZMANN * ROOM)]) @ operator
    return {t: float(w**2 * e**2 / cost[t]) for t, w, e in zip(temperature, row, error, strict=True)}


def share_out(
    wanted: Mapping[float, int],
    now: Mapping[float, int],
    runs: Mapping[float, int],
    rates: Mapping[float, float],
    *,
    left: int,
    segment: int,
) -> dict[float, int]:
    """Steps per temperature that can be afforded, the most telling first.

    Parameters
    ----------
    wanted, now : steps of each trajectory by temperature.      runs : trajectories that would go on.
    rates : worth of a step.      left : steps of the total budget not yet spent.
    """
    granted = dict(now)
    for temperature in sorted(wanted, key=lambda t: -rates[t]):
        number = runs[temperature]
        ask = wanted[temperature] - now[temperature]
        if number == 0 or ask <= 0:
            continue
        give = min(ask, left // number // segment * segment)
        granted[temperature] += give
        left -= give * number
    return granted

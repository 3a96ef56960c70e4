"""Run a protocol on a batch of cells with the single-ion porous-electrode model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.cell.arrays import CellArrays
from electrolith.cell.march import State, advance, merged, started, switched, taken
from electrolith.cell.particle import ParticleModes, particle_modes
from electrolith.cell.porous import Control, Geometry, reduced
from electrolith.cell.protocol import Schedule
from electrolith.cell.record import (
    BAD,
    CHARGE,
    CURRENT,
    DURATION,
    INFEASIBLE,
    STUCK,
    VOLTAGE,
    Batch,
    Recorder,
)
from electrolith.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Numerics:
    """How finely the cell is solved.

    slices : of the cathode, across its thickness.
    modes : of each particle.
    step_tolerance : error of the surface stoichiometry in one time step.
    potential_tolerance : misfit of any potential, V.
    bend_tolerance : distance of the voltage from a straight line within one time step, V.
    event_tolerance : distance from a voltage limit at which a step may end, V.
    first_change : of the surface stoichiometry in the first step after a switch.
    """

    slices: int = 12
    modes: int = 10
    step_tolerance: float = 2e-4
    potential_tolerance: float = 1e-10
    bend_tolerance: float = 2e-3
    event_tolerance: float = 1e-4
    first_change: float = 3e-4

    def __post_init__(self) -> None:
        if self.slices < 2 or self.modes < 2:
            raise InputError(
                f"numerics: needs 2 slices and 2 modes or more, got {self.slices} and {self.modes}"
            )
        for name in (
            "step_tolerance",
            "potential_tolerance",
            "bend_tolerance",
            "event_tolerance",
            "first_change",
        ):
            if not getattr(self, name) > 0:
                raise InputError(f"numerics: {name} must be above 0, got {getattr(self, name)}")


FAST = Numerics(
    slices=10,
    modes=8,
    step_tolerance=1e-3,
    potential_tolerance=1e-6,
    bend_tolerance=4e-3,
    event_tolerance=3e-4,
    first_change=2e-3,
)

_MAX_TRIALS = 20_000
_GROWTH = 2.0  # below 1 + 2^½, where variable-step BDF2 loses stability


def simulate(
    cells: CellArrays,
    plan: Schedule,
    *,
    numerics: Numerics | None = None,
    record: bool = True,
    parts: bool = False,
) -> Batch:
    """Voltage, capacity and energy of every cell in every step of the protocol.

    Parameters
    ----------
    cells : n cells, at rest and at equilibrium.
    plan : of shape (n, steps).
    numerics : default `Numerics()`.
    record : keep the curves; without it only capacities, energies and outcomes.
    parts : also keep the voltage components (needs `record`).

    Returns
    -------
    Batch; a cell that cannot be run or finishes at once has zero capacity and says so in `outcome`; nothing
    is
    raised for it, and the others are computed.

    Raises
    ------
    InputError
        If the plan is for another number of cells.
    """
    numerics = numerics or Numerics()
    if plan.current.shape[0] != cells.size:
        raise InputError(f"protocol for {plan.current.shape[0]} cells, but there are {cells.size} cells")
    recorder = Recorder(cells, plan.steps, record=record, parts=parts)
    good = cells.sound() & np.isfinite(plan.current).all(axis=1)
    recorder.outcome[~good] = BAD
    if good.any():
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            _run(cells, plan, numerics, recorder, np.nonzero(good)[0])
    return recorder.batch()


@dataclass(slots=True, eq=False)
class _Active:
    """The cells still running; only the driver changes it."""

    index: np.ndarray  # into the batch
    geometry: Geometry
    speed: np.ndarray
    total: np.ndarray  # C/m² from stoichiometry 0 to 1
    state: State
    leg: np.ndarray  # protocol step of each cell
    begun: np.ndarray  # time at which it began
    charge_begun: np.ndarray
    next_step: np.ndarray
    ceiling: np.ndarray  # a step this long overshot a limit
    overshoot: np.ndarray  # by this margin
    margin: np.ndarray  # of the last accepted state
    refused: np.ndarray

    def take(self, which: np.ndarray) -> _Active:
        """The cells `which` (mask)."""
        return _Active(
            self.index[which],
            self.geometry.take(which),
            self.speed[which],
            self.total[which],
            taken(self.state, which),
            self.leg[which],
            self.begun[which],
            self.charge_begun[which],
            self.next_step[which],
            self.ceiling[which],
            self.overshoot[which],
            self.margin[which],
            self.refused[which],
        )


def _run(
    cells: CellArrays, plan: Schedule, numerics: Numerics, recorder: Recorder, index: np.ndarray
) -> None:
    """The driver: one trial step for all running cells at a time, each with its own length."""
    modes = particle_modes(numerics.modes)
    chosen = cells.take(index)
    share = np.full(numerics.slices, 1.0 / numerics.slices)
    n, zero = index.size, np.zeros(index.size)
    shape = (n, numerics.slices, cells.particle_radius.shape[1], numerics.modes)
    run = _Active(
        index,
        reduced(chosen, share),
        chosen.diffusivity / chosen.particle_radius**2,
        chosen.capacity,
        started(chosen.stoichiometry, shape),
        np.zeros(n, int),
        zero,
        zero,
        zero,
        np.full(n, np.inf),
        zero,
        zero,
        np.zeros(n, int),
    )
    for _ in range(_MAX_TRIALS * plan.steps):
        run = _trial(run, plan, numerics, modes, recorder)
        if run.index.size == 0:
            return
    recorder.outcome[run.index, run.leg] = STUCK


def _trial(
    run: _Active, plan: Schedule, numerics: Numerics, modes: ParticleModes, recorder: Recorder
) -> _Active:
    """Try one step for every running cell; accept, refuse or end protocol steps; drop finished cells."""
    here = (run.index, run.leg)
    held = plan.held_voltage[here]
    fresh = run.state.taken < 0
    target = plan.current[here]
    control = Control(held, np.where(held, run.state.current, target), plan.voltage[here])
    remaining = _remaining(run, plan, held, target)
    step = np.where(fresh, 0.0, np.minimum(run.next_step, remaining))
    trial = advance(
        run.state, step, run.geometry, run.speed, modes, control, tolerance=numerics.potential_tolerance
    )
    error = trial.error / numerics.step_tolerance
    margin = _margin(trial.state, plan, here, numerics)
    solved = trial.solved.converged
    fine = solved & ~(error > 4.0) & ~(trial.bend > 1.5 * numerics.bend_tolerance)
    crossed = solved & (margin < 0)
    near = np.abs(margin) < 1.0
    accept = fine & (~crossed | near | fresh)
    ends = accept & (crossed | (near & ~fresh) | (~fresh & (step >= remaining)))
    run.state = merged(run.state, trial.state, accept)
    run.margin = np.where(accept, margin, run.margin)
    recorder.add(run.index[accept], run.leg[accept], trial, accept, run.geometry)
    _schedule_next(
        run, step, error, trial.bend / numerics.bend_tolerance, margin, accept, crossed, solved, numerics
    )
    stuck = run.refused > 60
    if ends.any() or stuck.any():
        run = _finish(run, plan, recorder, ends, stuck, crossed & fresh, margin)
    return run


def _remaining(run: _Active, plan: Schedule, held: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Time left until the step's duration or charge is reached, s."""
    here = (run.index, run.leg)
    left = run.begun + plan.duration[here] - run.state.time
    passed = np.abs(run.state.charge - run.charge_begun)
    by_charge = np.where(held | (target == 0), np.inf, (plan.charge[here] - passed) / np.abs(target))
    return np.minimum(left, by_charge)


def _margin(
    state: State, plan: Schedule, here: tuple[np.ndarray, np.ndarray], numerics: Numerics
) -> np.ndarray:
    """Distance from the nearest limit in units of its tolerance; negative once passed."""
    voltage = np.minimum(state.voltage - plan.low[here], plan.high[here] - state.voltage)
    cutoff = plan.cutoff[here]
    current = (np.abs(state.current) - cutoff) / (1e-3 * np.where(cutoff > 0, cutoff, 1.0))
    return np.where(cutoff > 0, current, voltage / numerics.event_tolerance)


def _schedule_next(
    run: _Active,
    step: np.ndarray,
    error: np.ndarray,
    bend: np.ndarray,
    margin: np.ndarray,
    accept: np.ndarray,
    crossed: np.ndarray,
    solved: np.ndarray,
    numerics: Numerics,
) -> None:
    """Choose the next step length of each cell: by its error, its limits, or the reason of its refusal."""
    by_error = np.maximum(np.where(np.isnan(error), 0.0, error), 1e-12) ** (-1 / 3)
    by_bend = np.maximum(np.where(np.isnan(bend), 0.0, bend), 1e-12) ** (-1 / 2)
    factor = np.clip(0.9 * np.minimum(by_error, by_bend), 0.3, _GROWTH)
    length = np.where(accept, step * factor, step * np.where(solved, np.minimum(factor, 0.5), 0.25))
    at_switch = accept & (run.state.taken == 0)
    if at_switch.any():
        length = np.where(at_switch, _first_step(run, numerics), length)
    run.refused = np.where(accept, 0, run.refused + 1)
    # a limit was overshot: aim at it by regula falsi between the last accepted state and the overshoot
    passed = crossed & ~accept
    # the shorter steps are more accurate and may still stand before the limit where the long one was beyond
    # it
    left = np.where(run.ceiling - step > 0.1 * step, run.ceiling - step, np.inf)
    run.ceiling = np.where(passed, step, np.where(accept, left, run.ceiling))
    run.overshoot = np.where(passed, -margin, np.where(accept, 0.6 * run.overshoot, run.overshoot))
    aiming = np.isfinite(run.ceiling)
    if aiming.any():
        share = np.clip(run.margin / (run.margin + run.overshoot), 0.3, 0.95)
        length = np.where(aiming, np.minimum(length, run.ceiling * share), length)
    run.next_step = length


def _first_step(run: _Active, numerics: Numerics) -> np.ndarray:
    """Length of the first step after a switch: a set change of the surface by the square-root law, s."""
    rate = np.maximum(np.abs(run.state.rate), np.abs(run.state.old_rate)).max(axis=1)
    law = np.pi * run.speed * (1.5 * numerics.first_change / np.maximum(rate, 1e-30)) ** 2
    mean = 1e-3 * run.total / np.maximum(np.abs(run.state.current), 1e-30)
    relax = 1e-2 / run.speed.max(axis=1)
    return np.minimum(law.min(axis=1), np.minimum(mean, relax))


def _finish(
    run: _Active,
    plan: Schedule,
    recorder: Recorder,
    ends: np.ndarray,
    stuck: np.ndarray,
    at_once: np.ndarray,
    margin: np.ndarray,
) -> _Active:
    """Note how each ended step ended and move its cell to the next step, or out."""
    here = (run.index, run.leg)
    by_limit = np.where(plan.cutoff[here] > 0, CURRENT, VOLTAGE)
    timed = np.where(run.state.time >= run.begun + plan.duration[here] * (1 - 1e-12), DURATION, CHARGE)
    how = np.where(margin < 1.0, by_limit, timed)
    how = np.where(at_once & (by_limit == VOLTAGE), INFEASIBLE, how)
    how = np.where(stuck & ~ends, STUCK, how)
    over = ends | stuck
    rows = (run.index[over], run.leg[over])
    recorder.outcome[rows] = how[over]
    recorder.charge[rows] = (run.state.charge - run.charge_begun)[over]
    recorder.duration[rows] = (run.state.time - run.begun)[over]
    run.leg = run.leg + over
    run.begun = np.where(over, run.state.time, run.begun)
    run.charge_begun = np.where(over, run.state.charge, run.charge_begun)
    run.ceiling = np.where(over, np.inf, run.ceiling)
    run.refused = np.where(over, 0, run.refused)
    run.state = switched(run.state, over)
    keep = (run.leg < plan.steps) & ~stuck
    return run if keep.all() else run.take(keep)

"""The state of a batch in time and its second-order step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.cell.particle import ParticleModes
from electrolith.cell.porous import Control, Geometry, Solved, solve


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where n cells stand; k slices, p particle classes, m modes.

    time, charge : s, C/m² since the start, (n,).
    modes, old_modes : of the particles now and one step ago, (n, k, p, m).
    old_charge : C/m² one step ago, (n,).
    step : last step length, s, (n,); 0 just after a switch.
    taken : steps since the last switch, (n,); -1 when the switch itself is still to be solved.
    rate, old_rate : of stoichiometry, 1/s, (n, k, p).
    surface : stoichiometry at the surfaces, (n, k, p).
    first, second : its divided differences over the last steps, (n, k, p); old_step the step before the
    last, (n,).
    current, voltage : A/m², V, (n,). voltage_slope : its last divided difference, V/s, (n,).
    """

    time: np.ndarray
    charge: np.ndarray
    old_charge: np.ndarray
    modes: np.ndarray
    old_modes: np.ndarray
    step: np.ndarray
    old_step: np.ndarray
    taken: np.ndarray
    rate: np.ndarray
    old_rate: np.ndarray
    surface: np.ndarray
    first: np.ndarray
    second: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    voltage_slope: np.ndarray


_NAMES = tuple(State.__dataclass_fields__)


def started(stoichiometry: np.ndarray, shape: tuple[int, int, int, int]) -> State:
    """Cells at rest with every particle at `stoichiometry`, shape (n,); `shape` is (n, k, p, m)."""
    n = shape[0]
    modes = np.zeros(shape)
    modes[..., 0] = stoichiometry[:, None, None]
    flat, zero = np.zeros(shape[:3]), np.zeros(n)
    surface = np.broadcast_to(stoichiometry[:, None, None], shape[:3]).copy()
    return State(
        time=zero,
        charge=zero,
        old_charge=zero,
        modes=modes,
        old_modes=modes,
        step=zero,
        old_step=zero,
        taken=np.full(n, -1),
        rate=flat,
        old_rate=flat,
        surface=surface,
        first=flat,
        second=flat,
        current=zero,
        voltage=zero,
        voltage_slope=zero,
    )


def taken(state: State, which: np.ndarray) -> State:
    """The cells `which` of a state."""
    return State(*(getattr(state, name)[which] for name in _NAMES))


def merged(old: State, new: State, accept: np.ndarray) -> State:
    """`new` where `accept`, else `old`."""
    if accept.all():
        return new
    return State(
        *(
            np.where(accept.reshape((-1,) + (1,) * (b.ndim - 1)), b, a)
            for a, b in ((getattr(old, name), getattr(new, name)) for name in _NAMES)
        )
    )


def switched(state: State, which: np.ndarray) -> State:
    """The state after the control of the cells `which` (mask) changed: their history is forgotten."""
    values = {name: getattr(state, name) for name in _NAMES}
    values["taken"] = np.where(which, -1, state.taken)
    values["step"] = np.where(which, 0.0, state.step)
    return State(**values)


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A step that was tried: the state it leads to, the electrode solution, and its error.

    error : estimated error of the surface stoichiometry in this step, (n,); nan while the history is too
    short.
    bend : how far the voltage strays from a straight line within this step, V, (n,); nan likewise.
    """

    state: State
    solved: Solved
    error: np.ndarray
    bend: np.ndarray


def advance(
    state: State,
    step: np.ndarray,
    geometry: Geometry,
    speed: np.ndarray,
    modes: ParticleModes,
    control: Control,
    *,
    tolerance: float,
) -> Trial:
    r"""Try a step of BDF2 with variable length (backward Euler right after a switch; length 0 solves the
    switch).

    y₁ = ((1+ω)² y₀ - ω² y₋₁)/(1+2ω) + h (1+ω)/(1+2ω) f₁ with ω = h/h₋₁, for the modes of the particles and
    for
    the charge passed alike, so that lithium is conserved to rounding.

    Parameters
    ----------
    step : s, (n,).
    speed : D/R², 1/s, (n, p).

    Returns
    -------
    Trial. Its error is h²(h+h₋₁)²/(2h+h₋₁) times the third divided difference of the surface stoichiometry.

    Source: Hairer & Wanner, Solving Ordinary Differential Equations I, III.5, for the formula and its error.
    """
    fresh = state.taken <= 0
    ratio = np.where(fresh, 0.0, step / np.where(state.step > 0, state.step, 1.0))
    now = (1 + ratio) ** 2 / (1 + 2 * ratio)
    before = ratio**2 / (1 + 2 * ratio)
    span = step * (1 + ratio) / (1 + 2 * ratio)
    wide = (slice(None), None, None, None)
    history = now[wide] * state.modes - before[wide] * state.old_modes
    decay = 1.0 / (1.0 + (span[:, None] * speed)[:, None, :, None] * modes.decay)
    history *= decay
    pull = (span[:, None, None, None] / 3) * modes.weight * decay
    base, gain = history.sum(axis=-1), pull.sum(axis=-1)
    guess = state.rate + ratio[:, None, None] * (state.rate - state.old_rate)
    solved = solve(geometry, control, base, gain, guess, tolerance=tolerance)
    new_modes = history + pull * solved.rate[..., None]
    first, second, error = _differences(state, step, solved.surface)
    voltage_slope = (solved.voltage - state.voltage) / np.where(step > 0, step, 1.0)
    bend = (
        np.abs(voltage_slope - state.voltage_slope)
        * step**2
        / (4 * np.where(step > 0, step + state.step, 1.0))
    )
    charge = now * state.charge - before * state.old_charge + span * solved.current
    new = State(
        time=state.time + step,
        charge=charge,
        old_charge=state.charge,
        modes=new_modes,
        old_modes=state.modes,
        step=step,
        old_step=state.step,
        taken=state.taken + 1,
        rate=solved.rate,
        old_rate=state.rate,
        surface=solved.surface,
        first=first,
        second=second,
        current=solved.current,
        voltage=solved.voltage,
        voltage_slope=voltage_slope,
    )
    return Trial(new, solved, error, np.where(state.taken >= 1, bend, np.nan))


def _differences(
    state: State, step: np.ndarray, surface: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and second divided differences of the surface stoichiometry, and the step's error."""
    h = np.where(step > 0, step, 1.0)
    first = (surface - state.surface) / h[:, None, None]
    second = (first - state.first) / (h + state.step)[:, None, None]
    last = np.where(state.taken >= 1, state.step, 1.0)
    third = np.abs(second - state.second).reshape(step.size, -1).max(axis=1) / (h + last + state.old_step)
    error = h**2 * (h + last) ** 2 / (2 * h + last) * third
    return first, second, np.where(state.taken >= 2, error, np.nan)

"""What a simulation leaves behind: outcomes, capacities, energies, curves, voltage components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.cell.arrays import CellArrays
from electrolith.cell.components import PARTS, components
from electrolith.cell.march import Trial
from electrolith.cell.porous import Geometry
from electrolith.core.errors import InputError

SKIPPED, VOLTAGE, DURATION, CHARGE, CURRENT, INFEASIBLE, BAD, STUCK = range(8)

OUTCOMES = (
    "not reached",
    "voltage limit reached",
    "time reached",
    "capacity reached",
    "current limit reached",
    "infeasible: the voltage passes its limit as soon as the current flows",
    "bad input: a value is missing, not finite, not positive or outside the open-circuit curve",
    "not solved: the time step became too small",
)
"""Text of each outcome code."""

MAH_PER_G = 1.0 / 3600.0  # C/kg is 1/3600 Ah/kg, and Ah/kg is mAh/g


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One cell through one protocol step; arrays of shape (points,).

    time : s since the step began. charge : C/m² passed in it, discharge positive. capacity : mAh/g of active
    material.
    current : A/m². voltage : V.
    parts : V, the components of the voltage by name; they add up to it. Empty unless asked for.
    """

    time: np.ndarray
    charge: np.ndarray
    capacity: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    parts: dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """n cells through a protocol of s steps.

    outcome : code of how each step ended, (n, s); its text in `OUTCOMES`.
    charge : C/m² passed, discharge positive, (n, s). energy : J/m² delivered, (n, s). duration : s, (n, s).
    active_mass : kg/m², (n,).
    rows : sorted record of all accepted points: cell, step, (points,).
    time, points_charge, current, voltage : (points,); time since the start of the protocol, s.
    parts : voltage components in V by name, each (points,).
    """

    outcome: np.ndarray
    charge: np.ndarray
    energy: np.ndarray
    duration: np.ndarray
    active_mass: np.ndarray
    rows: np.ndarray
    time: np.ndarray
    points_charge: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    parts: dict[str, np.ndarray]

    @property
    def capacity(self) -> np.ndarray:
        """Capacity in mAh per g of active material, always positive, (n, s)."""
        return np.abs(self.charge) / self.active_mass[:, None] * MAH_PER_G

    @property
    def mean_voltage(self) -> np.ndarray:
        """Energy over charge, V, (n, s); nan where no charge passed."""
        safe = np.where(self.charge == 0, np.nan, self.charge)
        return self.energy / safe

    def text(self, cell: int, step: int = -1) -> str:
        """How `step` of `cell` ended, in words."""
        return OUTCOMES[int(self.outcome[cell, step])]

    def curve(self, cell: int, step: int = -1) -> Curve:
        """The record of one cell in one step.

        Raises
        ------
        InputError
            If there is none: the step was not reached, or nothing was recorded.
        """
        step = step % self.outcome.shape[1]
        mine = np.nonzero((self.rows[:, 0] == cell) & (self.rows[:, 1] == step))[0]
        if mine.size == 0:
            raise InputError(f"cell {cell}, step {step}: nothing recorded; outcome: {self.text(cell, step)}")
        time = self.time[mine] - self.time[mine[0]]
        charge = self.points_charge[mine] - self.points_charge[mine[0]]
        capacity = np.abs(charge) / self.active_mass[cell] * MAH_PER_G
        parts = {name: values[mine] for name, values in self.parts.items()}
        return Curve(time, charge, capacity, self.current[mine], self.voltage[mine], parts)


class Recorder:
    """Collects what the driver accepts."""

    def __init__(self, cells: CellArrays, steps: int, *, record: bool, parts: bool) -> None:
        n = cells.size
        self.cells, self.record, self.parts = cells, record, parts and record
        self.outcome = np.full((n, steps), SKIPPED)
        self.charge, self.energy, self.duration = (np.zeros((n, steps)) for _ in range(3))
        self._power, self._time, self._step = np.zeros(n), np.zeros(n), np.zeros(n)
        self._slope = np.full(n, np.nan)
        self._points: list[tuple[np.ndarray, ...]] = []
        self._parts: list[np.ndarray] = []

    def add(
        self, index: np.ndarray, leg: np.ndarray, trial: Trial, accept: np.ndarray, geometry: Geometry
    ) -> None:
        """Note the accepted cells of a trial; `index` and `leg` are those of the accepted ones."""
        if index.size == 0:
            return
        state = trial.state
        time, voltage, current = state.time[accept], state.voltage[accept], state.current[accept]
        power = voltage * current
        self.energy[index, leg] += self._work(index, time, power)
        if self.record:
            self._points.append((index, leg, time, state.charge[accept], current, voltage))
        if self.parts:
            chosen = geometry if accept.all() else geometry.take(accept)
            self._parts.append(components(self.cells, index, chosen, trial, accept))

    def _work(self, index: np.ndarray, time: np.ndarray, power: np.ndarray) -> np.ndarray:
        """Energy since the last point: trapezoid, less h³P''/12 with P'' the mean of both ends."""
        step = time - self._time[index]
        moved = step > 0
        slope = np.where(moved, (power - self._power[index]) / np.where(moved, step, 1.0), np.nan)
        curvature = 2 * (slope - self._slope[index]) / (step + self._step[index])
        correction = np.where(
            np.isfinite(curvature), (step**3 + self._step[index] ** 3) * curvature / 24, 0.0
        )
        work = 0.5 * (power + self._power[index]) * step - correction
        self._power[index], self._time[index], self._slope[index], self._step[index] = (
            power,
            time,
            slope,
            step,
        )
        return work

    def batch(self) -> Batch:
        """Everything, sorted by cell and step."""
        empty: tuple[np.ndarray, ...] = (np.zeros(0, int),) * 2 + (np.zeros(0),) * 4
        columns = (
            [np.concatenate(c) for c in zip(*self._points, strict=True)] if self._points else list(empty)
        )
        order = np.lexsort((np.arange(columns[0].size), columns[1], columns[0]))
        cell, leg, time, charge, current, voltage = (c[order] for c in columns)
        parts: dict[str, np.ndarray] = {}
        if self._parts:
            table = np.concatenate(self._parts)[order]
            names = (*PARTS, *self.cells.layer_names, *self.cells.contact_names)
            parts = {name: table[:, i] for i, name in enumerate(names)}
        return Batch(
            self.outcome,
            self.charge,
            self.energy,
            self.duration,
            self.cells.active_mass,
            np.stack([cell, leg], axis=1),
            time,
            charge,
            current,
            voltage,
            parts,
        )

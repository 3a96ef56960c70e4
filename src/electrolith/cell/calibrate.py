"""Fit chosen parameters to measured capacities and curves, and say what stays undetermined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.cell.arrays import CellArrays, joined
from electrolith.cell.build import Window, cell_arrays
from electrolith.cell.protocol import schedule
from electrolith.cell.rates import steps_for
from electrolith.cell.simulate import FAST, Numerics, simulate
from electrolith.cell.stack import Stack
from electrolith.cell.vary import changed
from electrolith.core.errors import InputError
from electrolith.core.fit import least_squares

_STEP = 4e-3  # of the logarithms; large against the solver's own noise
_CLOSE = 1e-3
_LEVELS = 4  # of a profile, on each side
_REFITS = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """One measured discharge.

    label : for the report. stack, window : the cell. rate : in C. capacity : mAh/g; error : its standard
    deviation.
    mean_voltage : V, and its standard deviation, where known.
    protocol : "full", "cc" or "cc-cv". cell : which physical cell it was; each may have its own utilisation.
    """

    label: str
    stack: Stack
    window: Window
    rate: float
    capacity: float
    error: float = 4.0
    mean_voltage: float | None = None
    voltage_error: float = 0.02
    protocol: str = "full"
    cell: str = "cell"


@dataclass(frozen=True, slots=True)
class Free:
    """A parameter to fit.

    name : as in `vary.changed`, "cathode.diffusivity"; or "utilisation of CELL" for one physical cell.
    start, low, high : in the parameter's own unit; positive ones are fitted as logarithms.
    """

    name: str
    start: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high or not self.low <= self.start <= self.high:
            raise InputError(
                f"calibrate: {self.name}: needs 0 < low <= start <= high, got {self.low:g}, {self.start:g}, "
                f"{self.high:g}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Likelihood along one parameter, the others refitted. values: (n,); chi2: above the minimum, (n,)."""

    name: str
    values: np.ndarray
    chi2: np.ndarray
    interval: tuple[float, float]
    determined: bool


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The fit, and its honesty.

    names, values : the fitted parameters. chi2, dof : of the fit. rank : independent directions the data fix.
    labels, measured, fitted, pull : per point; pull is the residual over its error.
    undetermined : sentences on what the data do not fix.
    verdict : one sentence on whether one set describes all points.
    """

    names: tuple[str, ...]
    values: np.ndarray
    chi2: float
    dof: int
    rank: int
    labels: tuple[str, ...]
    measured: np.ndarray
    fitted: np.ndarray
    pull: np.ndarray
    profiles: tuple[Profile, ...]
    undetermined: tuple[str, ...]
    verdict: str


def calibrate(
    points: Sequence[Measured],
    free: Sequence[Free],
    *,
    profiles: bool = True,
    numerics: Numerics | None = None,
) -> Calibration:
    """Least squares of capacities (and mean voltages) over the free parameters.

    All points and all perturbed parameters are solved in one batch per iteration. The fit starts where
    `free` says;
    a profile is taken along every parameter over its whole range.

    Raises
    ------
    InputError
        Without points or parameters, or for an unknown parameter.
    """
    if not points or not free:
        raise InputError("calibrate: needs at least one measured point and one free parameter")
    model = _Model(tuple(points), tuple(free), numerics or FAST)
    bounds = (np.log([f.low for f in free]), np.log([f.high for f in free]))
    start = np.log([f.start for f in free])
    best = least_squares(
        model.residuals, start, bounds=bounds, jacobian=model.jacobian, tolerance=_CLOSE, max_evaluations=15
    )
    x = np.asarray(best.parameters)
    residual = model.residuals(x)
    chi2 = float(residual @ residual)
    jacobian = model.jacobian(x)
    sizes = np.linalg.svd(jacobian, compute_uv=False)
    rank = int((sizes > 1e-2).sum())  # below, a factor e in the parameters moves no point by 1 % of its error
    shown = _profiles(model, x, chi2, bounds) if profiles else ()
    fitted = model.capacities(x)
    measured = np.array([p.capacity for p in points])
    dof = residual.size - len(free)
    return Calibration(
        names=tuple(f.name for f in free),
        values=np.exp(x),
        chi2=chi2,
        dof=dof,
        rank=rank,
        labels=tuple(p.label for p in points),
        measured=measured,
        fitted=fitted,
        pull=residual,
        profiles=shown,
        undetermined=_undetermined(shown, rank, len(free)),
        verdict=_verdict(points, fitted, measured, residual, dof),
    )


class _Model:
    """Capacities of all points as a function of the logarithms of the free parameters."""

    def __init__(self, points: tuple[Measured, ...], free: tuple[Free, ...], numerics: Numerics) -> None:
        self.points, self.free, self.numerics = points, free, numerics
        cells = {p.cell for p in points}
        for f in free:
            if f.name.startswith("utilisation of "):
                wanted = f.name.removeprefix("utilisation of ")
                if wanted not in cells:
                    raise InputError(f"calibrate: {f.name}: no such cell; known: {', '.join(sorted(cells))}")
        self._arrays(np.log([f.start for f in free]))  # unknown names are refused before anything runs

    def _arrays(self, x: np.ndarray) -> list[CellArrays]:
        values = dict(zip((f.name for f in self.free), np.exp(x), strict=True))
        shared = {k: float(v) for k, v in values.items() if not k.startswith("utilisation of ")}
        out = []
        for point in self.points:
            mine = dict(shared)
            if (share := values.get(f"utilisation of {point.cell}")) is not None:
                mine["cathode.utilisation"] = float(share)
            out.append(
                cell_arrays(changed(point.stack, mine), point.window, charged=point.protocol == "full")
            )
        return out

    def _simulate(self, many: list[np.ndarray]) -> np.ndarray:
        """Capacity and mean voltage of every point for every parameter vector, (vectors, points, 2)."""
        out = np.zeros((len(many), len(self.points), 2))
        every = [self._arrays(x) for x in many]
        kinds = dict.fromkeys((p.protocol, p.window) for p in self.points)
        for protocol, window in kinds:
            rows = [i for i, p in enumerate(self.points) if (p.protocol, p.window) == (protocol, window)]
            cells = joined([arrays[i] for arrays in every for i in rows])
            one = cells.one_c * np.tile([self.points[i].rate for i in rows], len(many))
            plan = schedule(steps_for(protocol, 1.0, window), one)
            batch = simulate(cells, plan, numerics=self.numerics, record=False)
            shape = (len(many), len(rows))
            out[:, rows, 0] = batch.capacity[:, -1].reshape(shape)
            out[:, rows, 1] = batch.mean_voltage[:, -1].reshape(shape)
        return out

    def _residuals(self, found: np.ndarray) -> np.ndarray:
        capacity = [(found[i, 0] - p.capacity) / p.error for i, p in enumerate(self.points)]
        voltage = [
            (np.nan_to_num(found[i, 1]) - p.mean_voltage) / p.voltage_error
            for i, p in enumerate(self.points)
            if p.mean_voltage is not None
        ]
        return np.array([*capacity, *voltage])

    def capacities(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self._simulate([x])[0, :, 0])

    def residuals(self, x: np.ndarray) -> np.ndarray:
        return self._residuals(self._simulate([np.asarray(x)])[0])

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Forward differences, all in one batch (backward at an upper bound)."""
        return self.many(np.asarray(x)[None])[1][0]

    def many(self, x: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Residuals and Jacobian of every row of `x`, all in one batch."""
        top = np.log([f.high for f in self.free])
        signs = np.where(x + _STEP > top, -1.0, 1.0)
        k = len(self.free)
        every = [
            row + shift for row, s in zip(x, signs, strict=True) for shift in (0 * s, *np.diag(_STEP * s))
        ]
        found = self._simulate(every)
        residuals, jacobians = [], []
        for w in range(x.shape[0]):
            mine = [self._residuals(found[w * (k + 1) + i]) for i in range(k + 1)]
            residuals.append(mine[0])
            rows = [(r - mine[0]) / (_STEP * s) for r, s in zip(mine[1:], signs[w], strict=True)]
            jacobians.append(np.array(rows).T)
        return residuals, jacobians


def _profiles(
    model: _Model, best: np.ndarray, chi2: float, bounds: tuple[np.ndarray, np.ndarray]
) -> tuple[Profile, ...]:
    """χ² along every parameter with the others refitted, walking outwards from the best fit.

    All walkers (two a parameter) move together: one batch serves the residuals and slopes of all of them.
    """
    k = best.size
    index = np.repeat(np.arange(k), 2)
    ends = np.stack([bounds[0], bounds[1]], axis=1).reshape(-1)
    x = np.tile(best, (2 * k, 1))
    rises = np.zeros((_LEVELS + 1, 2 * k))
    for level in range(1, _LEVELS + 1):
        x[np.arange(2 * k), index] = best[index] + (ends - best[index]) * level / _LEVELS
        x, found = _refitted(model, x, index, bounds)
        rises[level] = np.maximum(found - chi2, 0.0)
    shares = np.arange(_LEVELS + 1) / _LEVELS
    out = []
    for i in range(k):
        down = best[i] + (bounds[0][i] - best[i]) * shares
        up = best[i] + (bounds[1][i] - best[i]) * shares
        grid = np.concatenate([down[:0:-1], up])
        rise = np.concatenate([rises[:0:-1, 2 * i], rises[:, 2 * i + 1]])
        low, high = _crossing(down, rises[:, 2 * i]), _crossing(up, rises[:, 2 * i + 1])
        determined = bool(rises[-1, 2 * i] > 1 and rises[-1, 2 * i + 1] > 1)
        out.append(
            Profile(
                model.free[i].name, np.exp(grid), rise, (float(np.exp(low)), float(np.exp(high))), determined
            )
        )
    return tuple(out)


def _crossing(path: np.ndarray, rise: np.ndarray) -> float:
    """Where χ² first rises by 1 along a path outwards, as on a parabola; its end if it never does."""
    above = np.nonzero(rise > 1.0)[0]
    if above.size == 0:
        return float(path[-1])
    j = int(above[0])
    share = (1 - np.sqrt(rise[j - 1])) / (np.sqrt(rise[j]) - np.sqrt(rise[j - 1]))
    return float(path[j - 1] + share * (path[j] - path[j - 1]))


def _refitted(
    model: _Model, x: np.ndarray, held: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """A few damped Gauss-Newton steps of every walker, each with its parameter `held` fixed; x and χ²."""
    walkers, k = x.shape
    best, least = x.copy(), np.full(walkers, np.inf)
    damping = np.full(walkers, 1e-2)
    trial = x.copy()
    slopes: list[tuple[np.ndarray, np.ndarray]] = [(np.zeros(0), np.zeros((0, 0)))] * walkers
    for _ in range(_REFITS):
        residuals, jacobians = model.many(trial)
        for w in range(walkers):
            chi2 = float(residuals[w] @ residuals[w])
            if chi2 < least[w]:
                least[w], best[w], slopes[w] = chi2, trial[w], (residuals[w], jacobians[w])
                damping[w] *= 0.3
            else:
                damping[w] *= 10.0
            r, j = slopes[w]
            j = np.delete(j, held[w], axis=1)
            square = j.T @ j
            push = np.linalg.solve(
                square + damping[w] * np.diag(np.diag(square) + 1e-9) + 1e-12 * np.eye(k - 1), -j.T @ r
            )
            others = [i for i in range(k) if i != held[w]]
            trial[w] = best[w]
            trial[w, others] = np.clip(best[w, others] + push, bounds[0][others], bounds[1][others])
    return best, least


def _undetermined(profiles: tuple[Profile, ...], rank: int, free: int) -> tuple[str, ...]:
    out = [
        f"{p.name}: not determined; chi² rises by less than 1 from {p.interval[0]:.3g} to {p.interval[1]:.3g}"
        for p in profiles
        if not p.determined
    ]
    if rank < free:
        out.append(f"the data fix {rank} of {free} directions in parameter space")
    return tuple(out)


def _verdict(
    points: Sequence[Measured], fitted: np.ndarray, measured: np.ndarray, residual: np.ndarray, dof: int
) -> str:
    worst = np.argsort(-np.abs(residual[: len(points)]))[:2]
    texts = [f"{points[i].label} {fitted[i]:.0f} for {measured[i]:.0f} mAh/g" for i in worst]
    chi2 = float(residual @ residual)
    if dof <= 0:
        return f"as many parameters as points: the fit proves nothing; largest misfits: {', '.join(texts)}"
    if chi2 > dof + 3 * np.sqrt(2.0 * dof):
        return (
            f"no single set of these parameters describes all points (chi² {chi2:.0f} for {dof} degrees "
            f"of freedom); largest misfits: {', '.join(texts)}"
        )
    return f"one set describes all points within their errors (chi² {chi2:.1f} for {dof} degrees of freedom)"

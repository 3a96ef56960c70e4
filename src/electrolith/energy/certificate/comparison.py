"""Student against teacher: energy-volume curves, elastic constants, common runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from electrolith.core.arrhenius import Arrhenius, fit_arrhenius
from electrolith.core.errors import ElectrolithError
from electrolith.core.estimate import Estimate
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.common_runs import CommonRun, CommonRunSettings
from electrolith.energy.certificate.elastic import ElasticConstants
from electrolith.energy.certificate.equation_of_state import EquationOfState
from electrolith.energy.certificate.radial import Radial, integrated_difference, radial_distribution

__all__ = [
    "ActivationCheck",
    "CommonCheck",
    "DiffusivityOf",
    "ElasticCheck",
    "Interval",
    "Side",
    "VolumeCheck",
    "compare_activation",
    "compare_runs",
]

Array = NDArray[np.float64]

LEVEL = 0.95


class DiffusivityOf(Protocol):
    """Diffusivity of one run, cm²/s, with its doubt; a ElectrolithError says why there is none."""

    def __call__(
        self, positions: Array, frame: Frame, *, mobile: str, interval: float, temperature: float
    ) -> Estimate:
        """Of the element `mobile` along unwrapped positions, Å, shape (frames, n, 3).

        Kept every `interval` fs in a run at a temperature in K.
        """
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, estimate: Estimate) -> Interval:
        """Median and 95 % interval of an estimate."""
        return cls(estimate.value, *estimate.interval(LEVEL))


@dataclass(frozen=True, slots=True)
class VolumeCheck:
    """Energy against volume with both, at the same frames.

    volumes : Å³/atom.     student, teacher : eV/atom.
    student_fit, teacher_fit : Birch-Murnaghan per atom.
    """

    material: str
    volumes: tuple[float, ...]
    student: tuple[float, ...]
    teacher: tuple[float, ...]
    student_fit: EquationOfState
    teacher_fit: EquationOfState

    @property
    def volume_error(self) -> float:
        """(V0 - V0 of the teacher) over the latter."""
        return self.student_fit.volume / self.teacher_fit.volume - 1

    @property
    def bulk_error(self) -> float:
        """(B0 - B0 of the teacher) over the latter."""
        return self.student_fit.bulk_modulus / self.teacher_fit.bulk_modulus - 1


@dataclass(frozen=True, slots=True)
class ElasticCheck:
    """Elastic constants of one frame with both; `ions` says whether the atoms followed the strain."""

    material: str
    ions: str
    student: ElasticConstants
    teacher: ElasticConstants | None

    @property
    def error(self) -> float:
        """Mean relative error, Σ|C - C of the teacher| / Σ|C of the teacher|; nan without a teacher.

        Over all constants, over C11 to C33 and over C44 to C66: the worst of the three, so that a crystal
        that is soft in shear alone, or along one axis, does not hide behind the rest.
        """
        if self.teacher is None:
            return float("nan")
        ours, theirs = self.student.matrix, self.teacher.matrix
        upper, axes = np.triu_indices(6), np.arange(3)
        normal, shear = (axes, axes), (axes + 3, axes + 3)
        sums = [(np.abs(ours[k] - theirs[k]).sum(), np.abs(theirs[k]).sum()) for k in (upper, normal, shear)]
        return max(float(apart / size) for apart, size in sums)


@dataclass(frozen=True, slots=True)
class Side:
    """One engine's half of a common run.

    duration : analysed, fs.     mean_temperature : K.
    framework_msd : from the settled start to the end, Å².
    diffusivity : cm²/s; None where `reason` says why.     log_std : standard deviation of its logarithm.
    radial : g(r) by pair.     failure : why the run ended early.
    """

    duration: float
    mean_temperature: float
    framework_msd: float
    diffusivity: Interval | None
    log_std: float
    reason: str
    radial: tuple[Radial, ...]
    failure: str


@dataclass(frozen=True, slots=True)
class CommonCheck:
    """The same run with both.

    ratio : D over that of the teacher; None where one of them has none.
    radial_difference : see `radial.integrated_difference`.
    radial_noise : what chance alone makes of it, from the two halves of the teacher's run.
    """

    material: str
    temperature: float
    atoms: int
    student: Side
    teacher: Side
    ratio: Interval | None
    radial_difference: float
    radial_noise: float


@dataclass(frozen=True, slots=True)
class ActivationCheck:
    """Activation energies of D over the common runs of one material, eV."""

    material: str
    student: Interval
    teacher: Interval
    difference: Interval


def compare_runs(
    student: CommonRun,
    teacher: CommonRun,
    frame: Frame,
    *,
    material: str,
    temperature: float,
    settings: CommonRunSettings,
    mobile: str,
    diffusivity: DiffusivityOf | None,
    reach: float = 6.0,
) -> CommonCheck:
    """Put two runs of one frame side by side, over the time that both of them ran.

    Parameters
    ----------
    student, teacher : as `common_run` gave them.
    frame : where both began.
    mobile : element that diffuses.
    diffusivity : of a path; None: not measured.
    reach : of g(r), Å.
    """
    length = min(len(student.path), len(teacher.path))
    sides, estimates, paths = [], [], []
    for run in (student, teacher):
        path = run.settled(settings.settling)[: max(length - _skipped(run, settings), 0)]
        estimate, reason = _diffusivity(path, frame, mobile, run.interval, temperature, diffusivity)
        sides.append(_side(run, path, frame, settings, mobile, estimate, reason, reach))
        estimates.append(estimate)
        paths.append(path)
    ratio = None
    if estimates[0] is not None and estimates[1] is not None:
        ratio = _ratio(estimates[0], estimates[1])
    comparable = min(len(path) for path in paths) > 1
    return CommonCheck(
        material,
        temperature,
        len(frame),
        sides[0],
        sides[1],
        ratio,
        integrated_difference(sides[0].radial, sides[1].radial) if comparable else float("nan"),
        _noise(paths[1], frame, reach) if comparable else float("nan"),
    )


def _noise(path: Array, frame: Frame, reach: float) -> float:
    """Difference of g(r) between two runs of this length of one engine.

    Two halves of a run differ √2 times as much as two whole ones.
    """
    half = len(path) // 2
    halves = (_radial(path[:half], frame, reach), _radial(path[half:], frame, reach))
    return integrated_difference(*halves) / float(np.sqrt(2))


def _skipped(run: CommonRun, settings: CommonRunSettings) -> int:
    """Kept frames that lie before the settled part."""
    return int(np.ceil(settings.settling / run.interval))


def _diffusivity(
    path: Array, frame: Frame, mobile: str, interval: float, temperature: float, of: DiffusivityOf | None
) -> tuple[Estimate | None, str]:
    """D with its doubt, or why there is none."""
    if of is None:
        return None, "no estimator of D was given"
    if len(path) < 10:
        return None, f"only {len(path)} frames after settling"
    try:
        found = of(path, frame, mobile=mobile, interval=interval, temperature=temperature)
    except ElectrolithError as error:
        return None, str(error).splitlines()[0]
    if found.doubt != "known" or not found.value > 0:
        return None, f"D is {found.value:.2g} cm²/s without a known, positive value"
    return found, ""


def _log_std(estimate: Estimate) -> float:
    """Standard deviation of ln D: half the central 68 % of a lognormal of the same relative error."""
    return float(np.sqrt(np.log1p((estimate.std / estimate.value) ** 2)))


def _side(
    run: CommonRun,
    path: Array,
    frame: Frame,
    settings: CommonRunSettings,
    mobile: str,
    estimate: Estimate | None,
    reason: str,
    reach: float,
) -> Side:
    """One engine's half."""
    rest = np.array([s != mobile for s in frame.symbols])
    heat = run.temperatures[_skipped(run, settings) :][: len(path)]
    moved = 0.0
    if len(path) and rest.any():
        away = path[-1] - path[0]
        away = away[rest] - away[rest].mean(axis=0)
        moved = float(np.mean(np.sum(away**2, axis=1)))
    return Side(
        duration=max(len(path) - 1, 0) * run.interval,
        mean_temperature=float(np.mean(heat)) if len(heat) else float("nan"),
        framework_msd=moved,
        diffusivity=None if estimate is None else _lognormal_interval(estimate.value, _log_std(estimate)),
        log_std=float("nan") if estimate is None else _log_std(estimate),
        reason=reason,
        radial=_radial(path, frame, reach) if len(path) else (),
        failure=run.failure,
    )


def _radial(path: Array, frame: Frame, reach: float) -> tuple[Radial, ...]:
    """g(r) of at most a hundred frames of a path, in bins of 0.05 Å."""
    chosen = path[:: max(1, len(path) // 100)]
    frames = [Frame(x, frame.cell, frame.numbers) for x in chosen]
    return radial_distribution(frames, reach=reach, bins=round(reach / 0.05))


def _lognormal_interval(value: float, log_std: float) -> Interval:
    """Median and 95 % interval of a positive quantity known to a relative error."""
    return Interval(value, float(value * np.exp(-1.96 * log_std)), float(value * np.exp(1.96 * log_std)))


def _ratio(student: Estimate, teacher: Estimate) -> Interval:
    """Of two independent positive values; the common velocities are forgotten within a picosecond."""
    spread = np.hypot(_log_std(student), _log_std(teacher))
    return _lognormal_interval(student.value / teacher.value, float(spread))


def compare_activation(checks: Sequence[CommonCheck]) -> ActivationCheck | None:
    """Activation energies of D of one material; None with fewer than three temperatures where both have D."""
    both = [c for c in checks if c.student.diffusivity is not None and c.teacher.diffusivity is not None]
    if len({c.temperature for c in both}) < 3:
        return None
    temperatures = np.array([c.temperature for c in both])
    lines = [_line(temperatures, sides) for sides in ([c.student for c in both], [c.teacher for c in both])]
    energies = [line.activation_energy for line in lines]
    spreads = [float(np.sqrt(line.covariance[1, 1])) for line in lines]
    return ActivationCheck(
        both[0].material,
        _normal_interval(energies[0], spreads[0]),
        _normal_interval(energies[1], spreads[1]),
        _normal_interval(energies[0] - energies[1], float(np.hypot(spreads[0], spreads[1]))),
    )


def _line(temperatures: Array, sides: Sequence[Side]) -> Arrhenius:
    """The logarithm of D against 1/kT."""
    logs = np.array([np.log(s.diffusivity.value) for s in sides if s.diffusivity is not None])
    return fit_arrhenius(temperatures, logs, covariance=np.array([s.log_std**2 for s in sides]))


def _normal_interval(value: float, std: float) -> Interval:
    return Interval(value, value - 1.96 * std, value + 1.96 * std)

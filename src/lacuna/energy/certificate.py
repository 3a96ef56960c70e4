"""What a potential may be trusted with: measured, stored beside its coefficients, printed with results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.core.errors import DataError, InputError
from lacuna.core.files import write_atomic
from lacuna.crystal.frame import Frame
from lacuna.energy.descriptors import pod_descriptors
from lacuna.energy.fit import FitErrors, PodFit
from lacuna.energy.labels import Label
from lacuna.energy.potential import MANIFEST, Potential
from lacuna.energy.trial import Trial

__all__ = [
    "Certificate",
    "Criterion",
    "LatticeCheck",
    "certificate_of",
    "force_spread",
    "lattice_check",
    "load_certificate",
    "save_certificate",
]

FILE = "certificate.json"
ENERGY_LIMIT = 3e-3  # eV/atom
FORCE_LIMIT = 0.05  # eV/Å, up to 700 K
LENGTH_LIMIT = 0.01  # of the lattice parameter
FRAMEWORK_LIMIT = 1.5  # Å²: thermal motion at 700 K is 0.3 to 0.6, one anion in five on a new site is 3
DRIFT_LIMIT = 1e-4  # eV per atom and ps
SPREAD_LIMIT = 0.2  # eV/Å, committee spread on the worst atom of a frame; four times the force error
SHARE_LIMIT = 0.05
LONG_ENOUGH = 50e3  # fs


@dataclass(frozen=True, slots=True)
class LatticeCheck:
    """The potential's relaxed cell against the reference, from the reference's pressure there.

    length_error: (a - a_reference)/a_reference, mean over the cell's directions.
    pressure: of the reference method in the cell that the potential relaxed, eV/Å³.
    bulk_modulus: of the potential, eV/Å³.
    volume: of that cell per atom, Å³.
    """

    material: str
    volume: float
    pressure: float
    bulk_modulus: float
    length_error: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One promise: what was asked, what was reached, whether it is kept."""

    name: str
    reached: float
    limit: float
    unit: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """Measured quality of one potential.

    fingerprint: of the coefficients it speaks of.
    training, reference, labels: fingerprint of the labels, their method's settings, their number.
    held_out: mean absolute errors on labels left out, by kind and temperature; the first is all.
    lattice: cells against the reference.
    trials: runs at constant temperature.
    drift: of the total energy at constant energy, eV per atom and ps.
    outside_share: of the visited frames, the part on which a committee of fits disagrees by more than
        0.2 eV/Å on some atom.
    """

    potential: str
    fingerprint: str
    training: str
    reference: str
    labels: int
    held_out: tuple[FitErrors, ...]
    lattice: tuple[LatticeCheck, ...]
    trials: tuple[Trial, ...]
    drift: float
    outside_share: float

    @property
    def hottest(self) -> float:
        """Highest temperature at which every run stayed together, with all cooler ones, K; 0 if none did."""
        bad = [t.temperature for t in self.trials if not _stayed(t)]
        good = {t.temperature for t in self.trials if t.temperature < min(bad, default=np.inf)}
        return max(good, default=0.0)

    @property
    def longest(self) -> float:
        """Longest run that stayed together, fs."""
        return max((t.duration for t in self.trials if _stayed(t)), default=0.0)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every promise, kept or not."""
        cool = [e for e in self.held_out if e.temperature is None or e.temperature <= 700]
        cool = [e for e in cool if e.kind not in ("all", "far from equilibrium")]
        forces = (
            float(np.average([e.forces for e in cool], weights=[e.labels for e in cool])) if cool else np.inf
        )
        energy = self.held_out[0].energy if self.held_out else np.inf
        length = max((abs(x.length_error) for x in self.lattice), default=np.inf)
        moved = max((t.framework_msd for t in self.trials), default=np.inf)
        failed = sum(bool(t.failure) for t in self.trials)
        return (
            _below("held-out energy error", energy, ENERGY_LIMIT, "eV/atom"),
            _below("held-out force error up to 700 K", forces, FORCE_LIMIT, "eV/Å"),
            _below("largest error of a lattice parameter", length, LENGTH_LIMIT, "1"),
            _below("largest framework displacement", moved, FRAMEWORK_LIMIT, "Å²"),
            _below("runs that broke", failed, 0, "runs"),
            Criterion("longest stable run", self.longest, LONG_ENOUGH, "fs", self.longest >= LONG_ENOUGH),
            _below("energy drift", abs(self.drift), DRIFT_LIMIT, "eV/atom/ps"),
            _below("visited frames outside the training domain", self.outside_share, SHARE_LIMIT, "1"),
        )

    @property
    def trusted(self) -> bool:
        """Whether every promise is kept."""
        return all(c.trusted for c in self.criteria)


def _stayed(trial: Trial) -> bool:
    """Whether the framework of a run kept its sites."""
    return not trial.failure and trial.framework_msd <= FRAMEWORK_LIMIT


def _below(name: str, reached: float, limit: float, unit: str) -> Criterion:
    """A promise to stay at or below a limit; a value that is not a number keeps no promise."""
    return Criterion(name, float(reached), float(limit), unit, bool(reached <= limit))


def lattice_check(material: str, label: Label, potential: Potential) -> LatticeCheck:
    """Compare cells through the reference's pressure in the cell the potential relaxed.

    Δa/a = -p / (3 K), with K the potential's bulk modulus: positive when the potential's cell is too wide,
    that is when the reference is under tension there.

    Parameters
    ----------
    material : its name in the certificate.
    label : of the frame relaxed by a potential; the potential's own remaining pressure there is taken off.
    potential : to be judged.

    Raises
    ------
    InputError
        If the label has no stress.
    """
    from lacuna.energy.lammps import LammpsPod

    if label.stress is None:
        raise InputError(f"{material}: the label has no stress, so the cells cannot be compared")
    engine = LammpsPod(potential)
    frame = label.frame

    def pressure(scale: float) -> float:
        scaled = Frame(frame.positions * scale, frame.cell * scale, frame.numbers)
        stress = engine.evaluate(scaled).stress
        return float(-np.trace(stress) / 3) if stress is not None else np.nan

    step = 5e-3
    bulk = -(pressure(1 + step) - pressure(1 - step)) / (6 * step)
    engine.close()
    reference = float(-np.trace(label.stress) / 3)
    here = pressure_of_label(potential, frame)
    error = (here - reference) / (3 * bulk)
    return LatticeCheck(material, frame.volume / len(frame), reference, bulk, error)


def pressure_of_label(potential: Potential, frame: Frame) -> float:
    """Pressure of the potential in `frame`, eV/Å³."""
    from lacuna.energy.lammps import LammpsPod

    engine = LammpsPod(potential)
    stress = engine.evaluate(frame).stress
    engine.close()
    return float(-np.trace(stress) / 3) if stress is not None else np.nan


def force_spread(fit: PodFit, frames: Sequence[Frame]) -> NDArray[np.float64]:
    """Spread of the committee's forces on the worst atom of each frame, eV/Å, shape (frames,).

    The members of the committee each left one fold of the training runs out.
    """
    worst = []
    for frame in frames:
        descriptors = pod_descriptors(frame, fit.potential.settings, stress=False)
        forces = descriptors.forces @ fit.committee.T
        spread = np.sqrt(((forces - forces.mean(axis=-1, keepdims=True)) ** 2).sum(axis=1).mean(axis=-1))
        worst.append(float(spread.max()))
    return np.array(worst)


def certificate_of(
    fit: PodFit,
    labels: tuple[Label, ...],
    *,
    lattice: tuple[LatticeCheck, ...],
    trials: tuple[Trial, ...],
    visited: Sequence[Frame],
    drift: float,
) -> Certificate:
    """Put together what was measured of a fit."""
    spread = force_spread(fit, visited)
    share = float(np.mean(spread > SPREAD_LIMIT)) if len(spread) else float("nan")
    return Certificate(
        fit.potential.name,
        fit.potential.fingerprint,
        fit.potential.training,
        labels[0].settings,
        len(labels),
        fit.held_out,
        lattice,
        trials,
        drift,
        share,
    )


def save_certificate(certificate: Certificate, folder: Path) -> None:
    """Write the certificate beside the coefficients in `folder`."""
    write_atomic(folder / FILE, json.dumps(asdict(certificate), indent=1, ensure_ascii=False) + "\n")


def load_certificate(potential: Potential, folder: Path | None = None) -> Certificate | None:
    """The certificate of `potential`; None if it has none.

    Parameters
    ----------
    potential : as loaded.
    folder : where its files lie; without it, the potentials of the package are searched by name.

    Raises
    ------
    DataError
        If the certificate is damaged, or speaks of other coefficients.
    """
    if folder is None:
        folder = Path(str(files("lacuna.energy") / "potentials" / potential.name))
        if not (folder / MANIFEST).is_file():
            return None
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        data: dict[str, Any] = json.loads(path.read_text())
        certificate = Certificate(
            **{
                **data,
                "held_out": tuple(FitErrors(**x) for x in data["held_out"]),
                "lattice": tuple(LatticeCheck(**x) for x in data["lattice"]),
                "trials": tuple(Trial(**x) for x in data["trials"]),
            }
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: not a certificate of this version ({error}); certify again") from error
    if certificate.fingerprint != potential.fingerprint:
        raise DataError(
            f"{path}: speaks of coefficients {certificate.fingerprint}, those of {potential.name} here are "
            f"{potential.fingerprint}; a certificate is worth nothing for other coefficients: certify again"
        )
    return certificate

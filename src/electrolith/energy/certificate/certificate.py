"""What a potential may be trusted with: measured, stored beside its coefficients, printed with results."""

from __future__ import annotations

import json
import types
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from electrolith.core.errors import DataError
from electrolith.core.files import write_atomic
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.comparison import ActivationCheck, CommonCheck, ElasticCheck, VolumeCheck
from electrolith.energy.certificate.domain import Domain, domain_of, force_spread
from electrolith.energy.certificate.lattice import LatticeCheck, lattice_check
from electrolith.energy.certificate.long_run import LongRun
from electrolith.energy.certificate.promises import (
    ENERGY_LIMIT,
    FORCE_LIMIT,
    SHARE_LIMIT,
    SPREAD_LIMIT,
    Criterion,
    criteria_of,
    stayed,
)
from electrolith.energy.certificate.trial import Trial
from electrolith.energy.labels.errors import FitErrors
from electrolith.energy.labels.labels import Label
from electrolith.energy.pod.fit import PodFit
from electrolith.energy.pod.potential import MANIFEST, Potential

__all__ = [
    "ENERGY_LIMIT",
    "FORCE_LIMIT",
    "SHARE_LIMIT",
    "SPREAD_LIMIT",
    "Certificate",
    "Criterion",
    "LatticeCheck",
    "Unmeasured",
    "certificate_of",
    "force_spread",
    "lattice_check",
    "load_certificate",
    "save_certificate",
]

FILE = "certificate.json"


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A piece of the certificate that was not measured, and why."""

    piece: str
    reason: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """Measured quality of one potential; what is empty, None or not a number was not measured.

    fingerprint : of the coefficients it speaks of.
    training, reference, labels : fingerprint of the labels, their method's settings, their number.
    held_out : mean absolute errors on labels left out, by kind and temperature; the first is all.
    lattice : cells against the reference.
    trials : runs at constant temperature.
    drift : of the total energy at constant energy, eV per atom and ps.
    outside_share : of the visited frames, the part on which a committee of fits disagrees by more than
        0.2 eV/Å on some atom.
    teacher : engine it was compared with, empty if none.
    volume_curves, elastic, common, activation : against the teacher.
    long_runs : nanoseconds.
    domain : what the labels span.
    unmeasured : what was left out, and why.
    code : version of the program that measured.
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
    teacher: str = ""
    volume_curves: tuple[VolumeCheck, ...] = ()
    elastic: tuple[ElasticCheck, ...] = ()
    common: tuple[CommonCheck, ...] = ()
    activation: tuple[ActivationCheck, ...] = ()
    long_runs: tuple[LongRun, ...] = ()
    domain: Domain | None = None
    unmeasured: tuple[Unmeasured, ...] = ()
    code: str = ""

    @property
    def hottest(self) -> float:
        """Highest temperature at which every run stayed together, with all cooler ones, K; 0 if none did."""
        bad = [t.temperature for t in self.trials if not stayed(t)]
        good = {t.temperature for t in self.trials if t.temperature < min(bad, default=np.inf)}
        return max(good, default=0.0)

    @property
    def longest(self) -> float:
        """Longest run that stayed together, fs."""
        trials = [t.duration for t in self.trials if stayed(t)]
        long = [r.duration for r in self.long_runs if not r.failure and not r.melted]
        return max((*trials, *long), default=0.0)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every promise, kept or not."""
        return criteria_of(
            held_out=self.held_out,
            lattice=self.lattice,
            trials=self.trials,
            longest=self.longest,
            drift=self.drift,
            outside_share=self.outside_share,
            volume_curves=self.volume_curves,
            elastic=self.elastic,
            common=self.common,
            activation=self.activation,
            long_runs=self.long_runs,
        )

    @property
    def trusted(self) -> bool:
        """Whether every promise is kept; one that was not measured is not kept."""
        return all(c.trusted for c in self.criteria)


def certificate_of(
    fit: PodFit,
    labels: tuple[Label, ...],
    *,
    lattice: tuple[LatticeCheck, ...] = (),
    trials: tuple[Trial, ...] = (),
    visited: Sequence[Frame] = (),
    drift: float = float("nan"),
) -> Certificate:
    """Put together what a fit says of itself and what its own runs showed."""
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
        domain=domain_of(labels, far_force=fit.potential.settings.far_force),
    )


def save_certificate(certificate: Certificate, folder: Path) -> None:
    """Write the certificate beside the coefficients in `folder`; what is not a number becomes null."""
    text = json.dumps(_without_nan(asdict(certificate)), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(folder / FILE, text + "\n")


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
        folder = Path(str(files("electrolith.energy") / "potentials" / potential.name))
        if not (folder / MANIFEST).is_file():
            return None
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        certificate: Certificate = _build(Certificate, json.loads(path.read_text()))
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: not a certificate of this version ({error}); certify again") from error
    if certificate.fingerprint != potential.fingerprint:
        raise DataError(
            f"{path}: speaks of coefficients {certificate.fingerprint}, those of {potential.name} here are "
            f"{potential.fingerprint}; a certificate is worth nothing for other coefficients: certify again"
        )
    return certificate


def _without_nan(value: Any) -> Any:
    """Plain data in which a number that is none is null, as JSON wants it."""
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _build(kind: Any, data: Any) -> Any:
    """Plain data as a value of the annotated type `kind`; fields that the data lack take their defaults."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        return _build(next(a for a in arguments if a is not type(None)), data)
    if origin is tuple:
        inner = arguments[:1] * len(data) if arguments[-1] is Ellipsis else arguments
        return tuple(_build(a, v) for a, v in zip(inner, data, strict=True))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        if unknown := set(data) - {f.name for f in fields(kind)}:
            raise ValueError(f"unknown field {sorted(unknown)[0]!r}")
        return kind(**{k: _build(hints[k], v) for k, v in data.items()})
    if kind is float:
        return float("nan") if data is None else float(data)
    return data

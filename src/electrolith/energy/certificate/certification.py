"""What is measured of a potential, and on what: the settings of a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.common_runs import CommonRunSettings
from electrolith.energy.certificate.elastic import ElasticSettings
from electrolith.energy.certificate.trial import TrialSettings

__all__ = ["CertifyMaterial", "CertifySettings"]


POSITIVE = (
    "hot_temperature",
    "drift_temperature",
    "duration",
    "hot_duration",
    "drift_duration",
    "timestep",
    "common_duration",
    "long_duration",
)


@dataclass(frozen=True, slots=True, eq=False)
class CertifyMaterial:
    """A crystal on which a potential is measured.

    name : in the certificate.
    frame : its atoms; see `CertifySettings.start` for where they are taken to.
    dynamics : whether it is run, too, or only looked at.
    compared : whether the teacher looks at it, too; a cell may be too large for that.
    """

    name: str
    frame: Frame
    dynamics: bool = True
    compared: bool = True


@dataclass(frozen=True, slots=True)
class CertifySettings:
    """How much is measured.

    temperatures, duration : of the trial runs of every material with dynamics; its relaxed cell is
        repeated to at least `atoms` atoms.
    hot_temperature, hot_duration : of a run in which only lost atoms count as failure.
    drift_temperature, drift_duration : of the run at constant energy.
    heating : before every run of the student.
    timestep, seed, mobile : of all runs; `mobile` is the element that may leave its sites.
    span, points : energy-volume curve, relative change of the volume.
    strain : of the elastic constants, wide enough to pass over the ripples of a learned teacher.
    ions : "clamped", or "relaxed": the atoms follow the strain, with both engines.
    teacher_elastic : whether the teacher gives elastic constants, too (13 evaluations a material).
    start : at whose minimum curves and elastic constants are taken and runs begin: the "teacher" relaxes each
        material first (a teacher that is too expensive for that: "given", the frames as they came, or
        "student"). Only from the teacher's minimum is its lattice known; otherwise its pressure in the
        student's cell stands for that.
    common_temperatures, common_duration, common_settling, common_sampling, common_atoms : runs done with
        both; no temperatures for a teacher that is too expensive.
    long_temperatures, long_duration : runs of the student alone over nanoseconds.
    atoms : least of a cell that is run.
    """

    temperatures: tuple[Annotated[float, Unit("K")], ...] = (500.0, 600.0, 700.0)
    duration: Annotated[float, Unit("fs")] = 50e3
    hot_temperature: Annotated[float, Unit("K")] = 1000.0
    hot_duration: Annotated[float, Unit("fs")] = 10e3
    heating: Annotated[float, Unit("fs")] = 2e3
    atoms: int = 80
    timestep: Annotated[float, Unit("fs")] = 2.0
    mobile: str = "Li"
    seed: int = 1
    drift_temperature: Annotated[float, Unit("K")] = 600.0
    drift_duration: Annotated[float, Unit("fs")] = 5e3
    span: float = 0.06
    points: int = 7
    strain: float = 1e-2
    ions: Literal["clamped", "relaxed"] = "clamped"
    teacher_elastic: bool = True
    start: Literal["teacher", "given", "student"] = "teacher"
    common_temperatures: tuple[Annotated[float, Unit("K")], ...] = (700.0, 850.0, 1000.0)
    common_duration: Annotated[float, Unit("fs")] = 10e3
    common_settling: Annotated[float, Unit("fs")] = 1e3
    common_sampling: Annotated[float, Unit("fs")] = 40.0
    common_atoms: int = 20
    long_temperatures: tuple[Annotated[float, Unit("K")], ...] = ()
    long_duration: Annotated[float, Unit("fs")] = 2e6

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name in ("temperatures", "common_temperatures", "long_temperatures"):
            values = tuple(float(t) for t in getattr(self, name))
            object.__setattr__(self, name, values)
            for t in values:
                if not t > 0:
                    raise InputError(f"certify.{name}: a temperature must be above 0 K, got {t:g} K")
        for name in POSITIVE:
            if not getattr(self, name) > 0:
                raise InputError(f"certify.{name}: must be above 0, got {getattr(self, name)}")
        for name in ("atoms", "common_atoms"):
            if getattr(self, name) < 1:
                raise InputError(f"certify.{name}: at least one atom is needed, got {getattr(self, name)}")
        if self.points < 5 or not 0 < self.span < 0.5:
            raise InputError(
                f"certify: at least 5 points and a span between 0 and 0.5, got {self.points}, {self.span:g}"
            )
        for duration in (self.duration, self.hot_duration):
            TrialSettings(duration, self.timestep)
        _ = self.elastic, self.common

    @property
    def elastic(self) -> ElasticSettings:
        """How elastic constants are measured."""
        return ElasticSettings(strain=self.strain, ions=self.ions)

    @property
    def common(self) -> CommonRunSettings:
        """The runs done with both."""
        return CommonRunSettings(
            self.common_duration,
            self.timestep,
            self.common_sampling,
            settling=self.common_settling,
            seed=self.seed,
        )

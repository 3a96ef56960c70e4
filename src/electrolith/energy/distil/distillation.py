"""What is distilled, from whom, and how much it may cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.energy.distil.explore import Explore
from electrolith.energy.distil.start import Start, StartMaterial
from electrolith.energy.pod.potential import PodSettings

__all__ = ["Distillation", "SecondTeacher"]


@dataclass(frozen=True, slots=True)
class SecondTeacher:
    """A cheaper method beside the teacher: many labels of little weight, or what the fit is held to.

    engine: its name. labels: how many of them in every round.
    weight: of its rows against one of the teacher.
    prior: instead of mixing, fit the cheap labels alone and hold the student's coefficients to that fit,
        so that the teacher's labels only teach the difference.
    """

    engine: str = "chgnet"
    labels: int = 60
    weight: float = 0.1
    prior: bool = False

    def __post_init__(self) -> None:
        if self.labels < 1 or not 0 < self.weight <= 1:
            raise InputError(
                f"second teacher: labels at least 1 and 0 < weight <= 1, got {self.labels}, {self.weight}"
            )


@dataclass(frozen=True, slots=True)
class Distillation:
    """What is distilled, from whom, and how much it may cost.

    materials: crystals that the potential must know. teacher: engine.
    shapes: potentials to choose from; their elements are those of the materials. regularisations: to choose
        from. slower: held-out force error that is given away for speed, relative.
    labels: budget. per_round: labels in every round.
    hours: budget of all runs together. certificate_hours: of that, kept for the certificate.
    processes: frames labelled and runs made at once.
    name : of the potential.     second_teacher : a cheaper one beside the first.
    start : frames before the first fit.     explore : how the student is let run between fits.
    seed : of all randomness.
    """

    materials: tuple[StartMaterial, ...]
    name: str = "student"
    teacher: str = "chgnet"
    second_teacher: SecondTeacher | None = None
    shapes: tuple[PodSettings, ...] = (
        PodSettings(),
        PodSettings(three_body=6, three_angular=4, four_body=0, four_angular=0),
        PodSettings(three_body=5, three_angular=3, four_body=0, four_angular=0),
    )
    regularisations: tuple[float, ...] = (1e-7, 1e-6, 1e-5)
    slower: float = 0.1
    start: Start = field(default_factory=Start)
    explore: Explore = field(default_factory=Explore)
    labels: int = 400
    per_round: int = 32
    hours: Annotated[float, Unit("hour")] = 1.3
    certificate_hours: Annotated[float, Unit("hour")] = 0.5
    processes: int = 2
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.materials:
            raise InputError("distil: materials must name at least one crystal")
        if len({m.name for m in self.materials}) < len(self.materials):
            raise InputError(
                f"distil: materials need different names, got {[m.name for m in self.materials]}"
            )
        if not self.shapes or not self.regularisations:
            raise InputError("distil: give at least one shape and one regularisation")
        if min(self.labels, self.per_round, self.processes) < 1:
            raise InputError(
                "distil: labels, per_round and processes must be at least 1, got "
                f"{self.labels}, {self.per_round}, {self.processes}"
            )
        if not 0 <= self.certificate_hours < self.hours:
            raise InputError(
                f"distil: certificate_hours must be at least 0 and below hours ({self.hours:g}), "
                f"got {self.certificate_hours:g}"
            )

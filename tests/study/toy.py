"""A study of three stages small enough to see through."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core import Estimate
from electrolith.core.errors import InputError
from electrolith.study.figure import Axis, Figure, Line
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.sections.samples import SECTION as SAMPLES
from electrolith.study.settings import Files
from electrolith.study.wiring import Progress, Stage, Workspace

CALLS: list[str] = []


@dataclass(frozen=True)
class Source:
    """Where the numbers come from."""

    file: Path


@dataclass(frozen=True)
class Scale:
    """What they are multiplied with."""

    factor: float = 2.0


@dataclass(frozen=True)
class Offset:
    """What is added."""

    amount: float = 0.0


@dataclass(frozen=True, eq=False)
class Numbers:
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Scaled:
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Total:
    total: Estimate


def numbers(source: Source) -> Numbers:
    CALLS.append("numbers")
    return Numbers(np.loadtxt(source.file))


def scaled(scale: Scale, given: Numbers, workspace: Workspace, progress: Progress) -> Scaled:
    CALLS.append("scaled")
    if scale.factor == 13:
        raise InputError("factor 13 is refused")
    (workspace.folder / "touched").write_text("1")
    progress(0.5, "half")
    return Scaled(scale.factor * given.values)


def total(offset: Offset, given: Scaled) -> Total:
    CALLS.append("total")
    return Total(Estimate(given.values.sum() + offset.amount + np.linspace(-1, 1, 11), "S/cm"))


def evidence(results: Results) -> tuple[Evidence, ...]:
    found = results.get(Total)
    return (Evidence("total", "Total <σ>", found.total, "computed", "toy"),) if found else ()


def parts(results: Results) -> tuple[Part, ...]:
    table = Table(("a", "b"), ((1.5, "x<y"),), "rows")
    return (Part("Toy & part", "All of it.", tables=(table,), warnings=("do not trust <this>",)),)


STAGES = [Stage(numbers), Stage(scaled), Stage(total)]
SECTIONS = (
    Section("source", Source, (STAGES[0],)),
    Section("scale", Scale, (STAGES[1],), implicit=True),
    Section("offset", Offset, (STAGES[2],), evidence=evidence, parts=parts),
)


@dataclass(frozen=True)
class Weighing:
    """Files of numbers to add up."""

    files: Files
    scale: float = 1.0
    label: str = ""


@dataclass(frozen=True, eq=False)
class Weight:
    total: Estimate
    label: str


@dataclass(frozen=True)
class Comparing:
    """What is put beside a weight."""

    files: Files


@dataclass(frozen=True, eq=False)
class Compared:
    beside: float


def weigh(settings: Weighing) -> Weight:
    CALLS.append("weigh " + settings.files[0].stem)
    values = np.concatenate([np.atleast_1d(np.loadtxt(f)) for f in settings.files])
    if values[0] < 0:
        raise ZeroDivisionError("a foreign error")
    draws = settings.scale * values.sum() + 0.01 * np.random.default_rng(0).standard_normal(100)
    return Weight(Estimate(draws, "g"), settings.label)


def compare(settings: Comparing, weight: Weight | None) -> Compared:
    CALLS.append("compare " + settings.files[0].stem)
    return Compared(float("nan") if weight is None else weight.total.value)


def weight_evidence(results: Results) -> tuple[Evidence, ...]:
    found = results.get(Weight)
    if found is None:
        return ()
    if found.label == "no evidence":
        raise IndexError("evidence broke")
    return (Evidence("weight", "Weight", found.total, "measured", "balance"),)


def weight_parts(results: Results) -> tuple[Part, ...]:
    table = Table(("weight",), ((results.get(Weight).total,),))
    ends = np.arange(3.0 if results.get(Weight).label == "no figure" else 2.0)  # more ends than values
    figure = Figure("weight", "W.", Axis("x"), Axis("y"), (Line(ends, np.arange(2.0)),))
    return (Part("Weight", "Weighed.", (figure,), (table,), warnings=("a balance drifts",)),)


def weight_together(members: tuple[Results, ...]) -> tuple[Part, ...]:
    samples = [m.group.sample for m in members if m.group.sample]
    return (Part("Weights", ", ".join(samples)),) if samples else ()


WEIGH, COMPARE = Stage(weigh), Stage(compare)
GROUPED = (
    Section("measured.weight", Weighing, (WEIGH,), weight_evidence, weight_parts, together=weight_together),
    Section("measured.compared", Comparing, (COMPARE,)),
    SAMPLES,
)

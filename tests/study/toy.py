"""A study of three stages small enough to see through."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core import Estimate
from electrolith.core.errors import InputError
from electrolith.study.section import Evidence, Part, Results, Section, Table
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
    table = Table(("a", "b"), (("1.5", "x<y"),), "rows")
    return (Part("Toy & part", "All of it.", tables=(table,), warnings=("do not trust <this>",)),)


STAGES = [Stage(numbers), Stage(scaled), Stage(total)]
SECTIONS = (
    Section("source", Source, (STAGES[0],)),
    Section("scale", Scale, (STAGES[1],), implicit=True),
    Section("offset", Offset, (STAGES[2],), evidence=evidence, parts=parts),
)

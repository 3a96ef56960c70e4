"""What a section of a study is: a key of the study file, its stages, its evidence, its part of the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from electrolith.core.estimate import Estimate
from electrolith.study.figure import Figure
from electrolith.study.wiring import Stage

__all__ = ["Evidence", "Part", "Results", "Section", "StageRun", "Study", "Table"]

Kind = TypeVar("Kind")


@dataclass(frozen=True, eq=False)
class Evidence:
    """One number of the headline table.

    quantity : key that joins computed, measured and published values, "conductivity_300K".
    label : how the quantity is called in the table.
    value : the number with its doubt.
    kind : computed or measured.
    source : stage, file or DOI it comes from.
    published : whether somebody else published it.
    note : method in a few words.
    """

    quantity: str
    label: str
    value: Estimate
    kind: Literal["computed", "measured"]
    source: str
    published: bool = False
    note: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of text under a caption; numeric columns are aligned right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the report: one sentence that answers, figures, tables, what must not be trusted."""

    title: str
    sentence: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Section:
    """A section of the study file.

    key : its name in the file; "measured.impedance" stands below `measured:`.
    settings : frozen dataclass read from the file.
    stages : what it computes; run when the section is in the file.
    evidence, parts : pure functions of the results; they return nothing where a result is missing.
    check : raises InputError for what can be seen to be wrong before anything runs.
    implicit : the settings' defaults stand in when another section's stage wants them.
    """

    key: str
    settings: type
    stages: tuple[Stage, ...] = ()
    evidence: Callable[[Results], tuple[Evidence, ...]] = lambda results: ()
    parts: Callable[[Results], tuple[Part, ...]] = lambda results: ()
    check: Callable[[Study], None] = lambda study: None
    implicit: bool = False


@dataclass(frozen=True, eq=False)
class Study:
    """A study file, read and checked.

    settings : by their type, those in the file and the implicit ones.
    sections : those in the file, in the order of the report.
    """

    title: str
    file: Path
    settings: dict[type, Any]
    sections: tuple[Section, ...]
    published: tuple[Evidence, ...] = ()

    @property
    def folder(self) -> Path:
        """Folder of the study file; everything is written beside it."""
        return self.file.parent

    def get(self, kind: type[Kind]) -> Kind | None:
        """The settings of a type, or None."""
        return self.settings.get(kind)


@dataclass(frozen=True)
class StageRun:
    """How a result came about."""

    stage: str
    key: str
    seconds: float
    stored: bool
    provenance: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Results:
    """Everything a report may use.

    values : results by type. failures : texts by stage name.
    """

    study: Study
    values: dict[type, Any]
    runs: tuple[StageRun, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)

    def get(self, kind: type[Kind]) -> Kind | None:
        """The result (or settings) of a type, or None."""
        return self.values[kind] if kind in self.values else self.study.get(kind)

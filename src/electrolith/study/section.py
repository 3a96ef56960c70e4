"""What a section of a study is: a key of the study file, its stages, its evidence, its part of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from electrolith.core.estimate import Estimate
from electrolith.core.execution.profile import LOCAL, Execution
from electrolith.lab.synthesis.sheet import SampleSheet
from electrolith.study.figure import Figure
from electrolith.study.table import Table
from electrolith.study.wiring import Stage

__all__ = [
    "Evidence",
    "Group",
    "Literature",
    "Numbered",
    "Part",
    "Results",
    "Section",
    "StageRun",
    "Study",
    "Table",
]

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
    sample : of a published number, the sample it stands beside; "" the reference.
    group : the group it comes from where that belongs to no sample.
    doi : of the publication. file, entry : where a published number stands: the file as seen from the study,
        and its row there, counted from 1 (in a table the first row under the names).
    material : what a number of a literature table is about.
    """

    quantity: str
    label: str
    value: Estimate
    kind: Literal["computed", "measured"]
    source: str
    published: bool = False
    note: str = ""
    sample: str = ""
    group: str = ""
    doi: str = ""
    file: str = ""
    entry: int = 0
    material: str = ""


@dataclass(frozen=True, eq=False)
class Literature:
    """A table of others' numbers about other materials.

    values : each with material, DOI and the row it stands in. remarks : what was left out, in words.
    """

    name: str
    values: tuple[Evidence, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the report: one sentence that answers, figures, tables, what must not be trusted.

    data : tables too long to read, which only go into files (CSV, workbook, JSON).
    """

    title: str
    sentence: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    data: tuple[Table, ...] = ()


@dataclass(frozen=True, eq=False)
class Section:
    """A section of the study file.

    key : its name in the file; "measured.impedance" stands below `measured:`.
    settings : frozen dataclass read from the file.
    stages : what it computes; run when the section is in the file.
    evidence, parts : pure functions of the results; they return nothing where a result is missing.
    check : raises InputError for what can be seen to be wrong before anything runs.
    implicit : the settings' defaults stand in when another section's stage wants them.
    together : parts that show several groups side by side; it gets the results of all of them in order.

    A section below `measured:` may hold several named groups. Nothing in it hears of them: stages, evidence
    and parts are called once for each group, with the study narrowed to that group.
    """

    key: str
    settings: type
    stages: tuple[Stage, ...] = ()
    evidence: Callable[[Results], tuple[Evidence, ...]] = lambda results: ()
    parts: Callable[[Results], tuple[Part, ...]] = lambda results: ()
    check: Callable[[Study], None] = lambda study: None
    implicit: bool = False
    together: Callable[[tuple[Results, ...]], tuple[Part, ...]] = lambda members: ()

    @property
    def grouped(self) -> bool:
        """Whether the file may give it several named groups."""
        return self.key.startswith("measured.")


@dataclass(frozen=True, eq=False)
class Group:
    """What one measured section holds once: files with their settings.

    name : in the file; "" where the section holds one group without a name.
    sample : in the table of samples; "" where the study does not say.
    family : name in the file before a pattern made one group per sample of it.
    """

    section: str
    name: str
    settings: Any
    sample: str = ""
    family: str = ""


@dataclass(frozen=True)
class Numbered:
    """A figure or table of a paper.

    name : "Fig 1", "Table S16". panels : (letter, name of a figure or title of a part, with * where it
        varies); the letter is empty where the whole is one.
    """

    name: str
    panels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Study:
    """A study file, read and checked.

    settings : by their type, those in the file and the implicit ones; of a section with groups, that of the
        reference sample, or of the sample the study is narrowed to.
    sections : those in the file, in the order of the report.
    groups : of every measured section, by the type of its settings.
    sheet : the table of samples. group : the one this study is narrowed to. notes : what reading has to say.
    numbered : figures and tables by the numbers of a paper. literature : tables of other materials.
    published_files : lists and tables of published numbers, as the study names them.
    execution : where long work runs.
    """

    title: str
    file: Path
    settings: dict[type, Any]
    sections: tuple[Section, ...]
    published: tuple[Evidence, ...] = ()
    groups: dict[type, tuple[Group, ...]] = field(default_factory=dict)
    sheet: SampleSheet | None = None
    group: Group | None = None
    notes: tuple[str, ...] = ()
    numbered: tuple[Numbered, ...] = ()
    literature: tuple[Literature, ...] = ()
    published_files: tuple[str, ...] = ()
    execution: Execution = LOCAL

    @property
    def reference(self) -> str:
        """Name of the sample the headline is about; empty without a table of samples."""
        return self.sheet.reference if self.sheet is not None else ""

    def narrowed(self, group: Group | None) -> Study:
        """The study as a group's stages see it: of every section the group of the same sample, or none."""
        name, sample = ("", self.reference) if group is None else (group.name, group.sample)
        settings = dict(self.settings)
        for kind, members in self.groups.items():
            if group is not None and kind is type(group.settings):
                found: Group | None = group
            else:
                found = _partner(members, name, sample)
            settings.pop(kind, None)
            if found is not None:
                settings[kind] = found.settings
        return replace(self, settings=settings, group=group)

    def views(self) -> Iterator[tuple[Section, Study]]:
        """Every section with the study narrowed to each of its groups, in the order of the report."""
        narrowed = [self.narrowed(g) for members in self.groups.values() for g in members]
        for section in self.sections:
            if section.settings in self.groups:
                yield from ((section, v) for v in narrowed if v.group and v.group.section == section.key)
            else:
                yield section, self

    @property
    def folder(self) -> Path:
        """Folder of the study file; everything is written beside it."""
        return self.file.parent

    def get(self, kind: type[Kind]) -> Kind | None:
        """The settings of a type, or None."""
        return self.settings.get(kind)


def _partner(members: tuple[Group, ...], name: str, sample: str) -> Group | None:
    """The group that belongs to another section's group: of its name, else the first of its sample.

    Two groups that both leave their sample open belong together only where there is no choice.
    """
    named = [g for g in members if name and g.name == name]
    alike = [g for g in members if sample and g.sample == sample]
    lone = [g for g in members if len(members) == 1 and not g.sample and not sample]
    return next(iter((*named, *alike, *lone)), None)


@dataclass(frozen=True)
class StageRun:
    """How a result came about. group : the one it was first wanted for."""

    stage: str
    key: str
    seconds: float
    stored: bool
    provenance: dict[str, Any] = field(default_factory=dict)
    group: str = ""


@dataclass(frozen=True, eq=False)
class Results:
    """Everything a report may use.

    values : results by type, those of the reference sample where there are several groups.
    failures : texts by stage name and group.
    groups : the same for every group, each with the study narrowed to it.
    damaged : stages whose stored result cannot be believed and was not computed again.
    keys : fingerprints of the results by their type.
    """

    study: Study
    values: dict[type, Any]
    runs: tuple[StageRun, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)
    groups: tuple[Results, ...] = ()
    damaged: tuple[str, ...] = ()
    keys: dict[type, str] = field(default_factory=dict)

    def each(self) -> Iterator[tuple[Section, tuple[Results, ...]]]:
        """Every section with the results it is to show: its groups', or the study's."""
        for section in self.study.sections:
            if section.settings in self.study.groups:
                yield section, tuple(r for r in self.groups if r.group.section == section.key)
            else:
                yield section, (self,)

    @property
    def group(self) -> Group:
        """The group these results are of; one without a name for those of the study."""
        return self.study.group or Group("", "", None)

    def get(self, kind: type[Kind]) -> Kind | None:
        """The result (or settings) of a type, or None."""
        return self.values[kind] if kind in self.values else self.study.get(kind)

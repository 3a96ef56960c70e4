"""Reading a study file: title, sections, published numbers; all of it checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from electrolith.core.errors import InputError, brief, nearest
from electrolith.core.execution.profile import LOCAL, Execution, named
from electrolith.core.reading import reader
from electrolith.lab.synthesis.sheet import SampleSheet
from electrolith.study.contents import read_numbered
from electrolith.study.groups import group_schema, groups_of
from electrolith.study.properties import SampleProperties
from electrolith.study.published import SCHEMA, Published, published_of
from electrolith.study.section import Group, Section, Study
from electrolith.study.seed import reseeded, seed_of
from electrolith.study.settings import load_yaml, pointing, read, schema
from electrolith.study.wiring import Stage, needs, plan

# Keys that belong to no section: what they take, what they are without, what they are for.
TOP_LEVEL = {
    "title": ("text", "the folder's name", "of the report"),
    "seed": (
        "whole number",
        "each section's own",
        "of everything that is drawn, in place of every `seed:` below",
    ),
    "published": (
        "file name, or list",
        "none",
        "numbers of others: YAML lists, tables of literature (.csv), values as they stand",
    ),
    "figures": (
        "mapping",
        "none",
        "figures and tables by a paper's numbers: names of figures or parts, by panel",
    ),
    "execution": (
        "name, or mapping",
        "local",
        "where long work runs: local, a profile of electrolith.toml, or its settings",
    ),
}

__all__ = ["TOP_LEVEL", "execution_of", "jobs_of", "read_study", "study_schema"]


def _at(data: dict[str, Any], key: str) -> tuple[bool, Any]:
    """Whether a dotted key is in the file, and what it holds."""
    here: Any = data
    for part in key.split("."):
        if not isinstance(here, dict) or part not in here:
            return False, None
        here = here[part]
    return True, here


def _refuse_unknown(data: dict[str, Any], sections: Iterable[Section], path: str) -> None:
    """Every key of the file must be a section's."""
    keys = [s.key for s in sections]
    groups = {k.partition(".")[0] for k in keys if "." in k}
    known = {*TOP_LEVEL, *(k for k in keys if "." not in k), *groups}
    for key, value in data.items():
        if key not in known:
            raise InputError(nearest(path, str(key), known))
        if key in groups:
            below = {k.partition(".")[2] for k in keys if k.startswith(f"{key}.")}
            if not isinstance(value, dict):
                raise InputError(
                    f"{path}.{key}: expected a mapping of {', '.join(sorted(below))}, got {brief(value)}"
                )
            for name in value:
                if name not in below:
                    raise InputError(nearest(f"{path}.{key}", str(name), below))


@reader("a study")
def read_study(
    path: Path | str,
    sections: tuple[Section, ...] | None = None,
    *,
    seed: int | None = None,
    execution: str | None = None,
) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    seed : in place of every seed of what is computed (orderings, search, velocities, potential); None: those
        of the file, where `seed:` at its top level stands for all sections.
    execution : name of a profile, in place of what the file says.

    Raises
    ------
    InputError
        For anything that can be seen to be wrong without computing.
    """
    if sections is None:
        from electrolith.study.sections import SECTIONS

        sections = SECTIONS
    path = Path(path)
    path = path / "study.yaml" if path.is_dir() else path
    data = load_yaml(path)
    if not isinstance(data, dict):
        raise InputError(f"{path}: expected a study (a mapping with title, material, …), got {brief(data)}")
    with pointing():
        _refuse_unknown(data, sections, "study")
    title = data.get("title", path.parent.resolve().name)
    if not isinstance(title, str):
        raise InputError(f"study.title: expected text, got {brief(title)}")
    number = seed_of(data, seed)
    settings: dict[type, Any] = {}
    groups: dict[type, tuple[Group, ...]] = {}
    active = []
    notes: list[str] = []
    sheet = _sheet(data, sections, path.parent)
    for section in sections:
        present, value = _at(data, section.key)
        if present and section.grouped:
            with pointing(section.key):
                found, said = groups_of(
                    section, value, f"study.{section.key}", folder=path.parent, sheet=sheet
                )
            groups[section.settings] = found
            notes += said
            active.append(section)
        elif present:
            with pointing(section.key):
                settings[section.settings] = read(
                    section.settings, value, f"study.{section.key}", folder=path.parent
                )
            active.append(section)
        elif section.implicit:
            settings[section.settings] = section.settings()
        if number is not None and section.settings in settings:
            settings[section.settings] = reseeded(settings[section.settings], number)
    if not active:
        keys = ", ".join(s.key for s in sections)
        raise InputError(f"{path}: the study asks for nothing; add one of its sections: {keys}")
    published = published_of(data["published"], path) if "published" in data else Published()
    for one in published.values:
        if one.sample and (sheet is None or one.sample not in sheet.names):
            raise InputError(nearest(f"{one.file}: sample", one.sample, sheet.names if sheet else ()))
    known = [s for s in sections if s in active or s.implicit]
    numbered = read_numbered(data["figures"]) if "figures" in data else ()
    draft = Study(
        title,
        path,
        settings,
        tuple(active),
        published.values,
        groups,
        sheet,
        notes=tuple(notes),
        numbered=numbered,
        literature=published.tables,
        published_files=published.files,
        execution=execution_of(data.get("execution") if execution is None else execution, path.parent),
    ).narrowed(None)
    stages = [stage for section in sections for stage in section.stages]
    planned = [stage for stage, _ in jobs_of(draft, stages)]
    wanted = {need.kind for stage in planned for need in needs(stage.run)}
    # An implicit section joins in when its stages run or its settings are taken, and only then.
    joined = [s for s in known if s in active or set(s.stages) & set(planned) or s.settings in wanted]
    used = {k: v for k, v in draft.settings.items() if k in groups or k in {s.settings for s in joined}}
    study = replace(draft, settings=used, sections=tuple(joined))
    for section, view in study.views():
        section.check(view)
    return study


def execution_of(data: Any, folder: Path, where: str = "study.execution") -> Execution:
    """Where long work runs: a profile by name, or settings.

    Raises
    ------
    InputError
        If there is no such profile, or its settings do not fit.
    """
    if data is None:
        return LOCAL
    settings = named(data, folder, where) if isinstance(data, str) else data
    found: Execution = read(Execution, settings, where)
    return found


def _sheet(data: dict[str, Any], sections: Iterable[Section], folder: Path) -> SampleSheet | None:
    """The table of samples; it is read before the groups that refer to it."""
    for section in sections:
        make = getattr(section.settings, "sheet", None)
        present, value = _at(data, section.key)
        if present and make is not None:
            with pointing(section.key):
                settings = read(section.settings, value, f"study.{section.key}", folder=folder)
            found: SampleSheet = settings.sheet()
            return found
    return None


def jobs_of(study: Study, stages: Iterable[Stage]) -> tuple[tuple[Stage, Study], ...]:
    """Every stage the study asks for, with the study as it sees it, in an order in which all needs are met.

    What reads the samples' properties comes last: it waits for every group. The study itself sees the group
    of its reference sample, whose results are then there already.
    """
    stages = list(stages)
    late: set[type] = {SampleProperties}
    for stage in plan(stages, stages, _everything(stages)):
        if {need.kind for need in needs(stage.run)} & late:
            late.add(stage.gives)
    first: list[tuple[Stage, Study]] = []
    last: list[tuple[Stage, Study]] = []
    own = [(s, study) for s in study.sections if s.settings in study.groups and s.settings in study.settings]
    for section, view in (*study.views(), *own):
        given = {*view.settings, SampleProperties} if study.sheet is not None else {*view.settings}
        for stage in plan(section.stages, stages, given, taken=_taken(view)):
            jobs = last if stage.gives in late else first
            if not any(s is stage and v is view for s, v in jobs):
                jobs.append((stage, view))
    return (*first, *last)


def _everything(stages: Iterable[Stage]) -> set[type]:
    """Types that no stage gives: settings."""
    stages = list(stages)
    return {need.kind for s in stages for need in needs(s.run)} - {s.gives for s in stages}


def _taken(view: Study) -> set[type]:
    """Results that fill optional parameters; those about the study's material only beside its reference."""
    own = view.group is None or view.group.sample in ("", view.reference)
    return {
        stage.gives
        for section in view.sections
        if section.settings in view.settings and (own or section.grouped)
        for stage in section.stages
    }


def study_schema(sections: tuple[Section, ...]) -> dict[str, Any]:
    """JSON Schema of the study file, for editors."""
    properties: dict[str, Any] = {
        "title": {"type": "string", "description": TOP_LEVEL["title"][2]},
        "seed": {"type": "integer", "minimum": 0, "description": TOP_LEVEL["seed"][2]},
        "published": SCHEMA,
        "execution": {"anyOf": [{"type": "string", "description": "a profile by name"}, schema(Execution)]},
        "figures": {
            "type": "object",
            "description": TOP_LEVEL["figures"][2],
            "additionalProperties": {
                "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]
            },
        },
    }
    for section in sections:
        group, _, name = section.key.rpartition(".")
        if group:
            empty = {"type": "object", "properties": {}, "additionalProperties": False}
            properties.setdefault(group, empty)["properties"][name] = (
                group_schema(section.settings) if section.grouped else schema(section.settings)
            )
        else:
            properties[section.key] = schema(section.settings)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Electrolith study",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }

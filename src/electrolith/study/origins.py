"""Where the numbers of the headline come from: stages, files, and the columns and rows that were read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from electrolith.core.account import Account
from electrolith.study.section import Evidence, Results, Section, StageRun

__all__ = ["Origin", "Place", "beside", "files_of", "origin_of", "stage_id"]

_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file numbers were read.

    file : as it is seen from the study. part : which data set in it, "" where it holds one.
    columns : what was taken for what, "Z'' from 'Im(Z)' in Ohm". rows : used, 0 where nobody counted.
    """

    file: str
    part: str = ""
    columns: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where one number comes from.

    stages : ids of the results it rests on, its own first, then those that they were computed from.
    files : inputs of all of them, as seen from the study. places : what was read of them, where known.
    """

    evidence: Evidence
    stages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


def stage_id(name: str, key: str) -> str:
    """Name of a stored result: that of its folder."""
    return f"{name}-{key[:12]}"


def beside(path: Path, folder: Path) -> str:
    """A file as it is seen from the study; one outside by its name."""
    here, root = path.resolve(), folder.resolve()
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else path.name


def origin_of(evidence: Evidence, section: Section, member: Results, runs: Mapping[str, StageRun]) -> Origin:
    """Origin of a number of one section.

    Parameters
    ----------
    member : the results of the group it belongs to.
    runs : every run of the study by its id.
    """
    own = [
        stage_id(stage.name, member.keys[stage.gives])
        for stage in reversed(section.stages)
        if stage.gives in member.keys
    ]
    stages = _upstream(own, runs)
    files = tuple(dict.fromkeys(f for s in stages if s in runs for f in files_of(runs[s])))
    values = [member.values[s.gives] for s in section.stages if s.gives in member.values]
    places = tuple(dict.fromkeys(p for v in values for a in _accounts(v) for p in _place(a, files)))
    return Origin(evidence, stages, files, places)


def _upstream(own: Iterable[str], runs: Mapping[str, StageRun]) -> tuple[str, ...]:
    """Results and those that they were computed from, each once."""
    found: dict[str, None] = {}
    waiting = list(own)
    while waiting:
        here = waiting.pop(0)
        if here in found:
            continue
        found[here] = None
        run = runs.get(here)
        waiting += list(run.provenance.get("after", {}).values()) if run is not None else []
    return tuple(found)


def files_of(run: StageRun) -> tuple[str, ...]:
    """Input files of a stage, as seen from the study."""
    return tuple(run.provenance.get("inputs", {})) or tuple(_paths(run.provenance.get("settings", {})))


def _paths(settings: Any) -> Iterable[str]:
    """Files that the note on a result names in its settings."""
    if isinstance(settings, dict) and "__path__" in settings:
        yield str(settings["__path__"])
    elif isinstance(settings, dict):
        for value in settings.values():
            yield from _paths(value)
    elif isinstance(settings, list):
        for value in settings:
            yield from _paths(value)


def _accounts(value: Any, depth: int = 0) -> Iterable[Account]:
    """Every account of reading that a result carries."""
    if isinstance(value, Account):
        yield value
    elif depth > _DEEPEST:
        return
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _accounts(getattr(value, field.name), depth + 1)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _accounts(item, depth + 1)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _accounts(item, depth + 1)


def _place(account: Account, files: Iterable[str]) -> Iterable[Place]:
    """What an account says of one of the files; nothing where none of them is meant."""
    fits = [f for f in files if PurePath(f).name in account.source]
    if not fits:
        return
    file = max(fits, key=lambda f: (f in account.source, len(f)))
    part = account.source.rpartition(PurePath(file).name)[2].strip(" ,:;")
    yield Place(file, part, tuple(t.text for t in account.taken), account.rows)

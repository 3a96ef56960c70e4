"""The groups of a measured section: one as it stands, several by name, or one for each sample by a pattern.

impedance: {files: eis/*.csv, diameter: 10 mm, …}                      # one group without a name
impedance: {LNC: {files: …, sample: LNC-24h}, LHC: {files: …}}         # named groups
impedance: {milling: {files: "eis/{sample}/*.csv", thickness: "{thickness}"}}   # one per sample of the table
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any

from electrolith.core.errors import InputError, nearest
from electrolith.lab.synthesis.sheet import SampleSheet
from electrolith.study.section import Group, Section
from electrolith.study.settings import read, schema

__all__ = ["group_schema", "groups_of"]

_FIELD = re.compile(r"\{(\w+)\}")


def groups_of(
    section: Section, data: Any, path: str, *, folder: Path, sheet: SampleSheet | None
) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """Groups of a section, and what is to be said about samples without files.

    Raises
    ------
    InputError
        For an unknown sample, a group without files, a name or a file that two groups share.
    """
    fields = {f.name for f in dataclasses.fields(section.settings) if f.init}
    named = (
        isinstance(data, dict)
        and bool(data)
        and all(isinstance(v, dict) or v is None for v in data.values())
        and not {str(k) for k in data} & (fields | {"sample"})
    )
    pieces = {str(k): v for k, v in data.items()} if named else {"": data}
    groups: list[Group] = []
    notes: list[str] = []
    for name, value in pieces.items():
        here = f"{path}.{name}" if name else path
        if named and not value:
            raise InputError(f"{here}: the group holds nothing; give it files")
        groups += _read_one(section, name, value, here, folder, sheet, notes)
    _refuse_shared(groups, path)
    return tuple(groups), tuple(notes)


def _read_one(
    section: Section,
    name: str,
    data: Any,
    path: str,
    folder: Path,
    sheet: SampleSheet | None,
    notes: list[str],
) -> Iterator[Group]:
    """The group of that name, or one for each sample that has files."""
    has_own = "sample" in {f.name for f in dataclasses.fields(section.settings)}
    stated = None
    if isinstance(data, dict) and not has_own:
        stated = data.get("sample")
        data = {k: v for k, v in data.items() if k != "sample"}
    sample = _sample(name, stated, path, sheet)
    wanted = sorted(set(_placeholders(data)))
    if not wanted:
        yield _group(section, name, data, path, folder, sample, name)
        return
    if sheet is None:
        raise InputError(
            f"{path}: {{{wanted[0]}}} stands for a column of samples, and the study has no samples"
        )
    for field in wanted:
        if field != "sample" and field not in sheet.columns:
            raise InputError(nearest(f"{path}: {{{field}}}", field, ("sample", *sheet.columns)))
    if stated is not None or (name and sample == name):
        yield _group(section, name, _filled(data, sample, sheet, path), path, folder, sample, name)
        return
    yield from _per_sample(section, name, data, path, folder, sheet, notes)


def _per_sample(
    section: Section,
    name: str,
    data: Any,
    path: str,
    folder: Path,
    sheet: SampleSheet,
    notes: list[str],
) -> Iterator[Group]:
    """One group for each sample of the table that has files."""
    pattern = data.get("files") if isinstance(data, dict) else None
    patterns = [p for p in (pattern if isinstance(pattern, list) else [pattern]) if isinstance(p, str)]
    if not any("{" in p for p in patterns):
        raise InputError(f"{path}: the files must tell the samples apart, as in 'eis/{{sample}}/*.csv'")
    without = []
    for sample in sheet.names:
        names = [_fill(p, sample, sheet, None) for p in patterns]
        if not any(n is not None and glob(str(folder / n)) for n in names):  # noqa: PTH207 - as in settings
            without.append(sample)
            continue
        label = f"{name} {sample}" if name else sample
        yield _group(section, label, _filled(data, sample, sheet, path), path, folder, sample, name)
    if len(without) == len(sheet.names):
        raise InputError(f"{path}: no file of any sample matches {patterns[0]!r} in {folder.resolve()}")
    if without:
        notes.append(f"{path.removeprefix('study.')}: no files for {', '.join(without)}")


def _sample(name: str, stated: Any, path: str, sheet: SampleSheet | None) -> str:
    """The sample of a group: as stated, of its own name, the reference where it has none."""
    if stated is not None:
        if sheet is None:
            raise InputError(f"{path}.sample: the study has no table of samples; add samples:")
        if stated not in sheet.names:
            raise InputError(nearest(f"{path}.sample", str(stated), sheet.names))
        return str(stated)
    if sheet is None:
        return ""
    return name if name in sheet.names else ("" if name else sheet.reference)


def _group(
    section: Section, name: str, data: Any, path: str, folder: Path, sample: str, family: str
) -> Group:
    where = path if not name or path.endswith(name) else f"{path} ({sample})"
    settings = read(section.settings, data, where, folder=folder)
    if getattr(settings, "files", True) == ():
        raise InputError(f"{where}: the group has no files")
    return Group(section.key, name, settings, sample, family)


def _placeholders(data: Any) -> Iterator[str]:
    """Columns that texts stand for."""
    if isinstance(data, str):
        yield from _FIELD.findall(data)
    elif isinstance(data, dict):
        for value in data.values():
            yield from _placeholders(value)
    elif isinstance(data, list):
        for value in data:
            yield from _placeholders(value)


def _filled(data: Any, sample: str, sheet: SampleSheet, path: str) -> Any:
    """The data with the sample's conditions in place of `{column}`."""
    if isinstance(data, str):
        return _fill(data, sample, sheet, path)
    if isinstance(data, dict):
        return {k: _filled(v, sample, sheet, path) for k, v in data.items()}
    if isinstance(data, list):
        return [_filled(v, sample, sheet, path) for v in data]
    return data


def _fill(text: str, sample: str, sheet: SampleSheet, path: str | None) -> Any:
    """One text filled; without a path None where the sample lacks the condition, else refused."""

    def cell(field: str) -> str | None:
        return sample if field == "sample" else sheet.text(sample, field) or None

    values = {field: cell(field) for field in _FIELD.findall(text)}
    empty = [field for field, value in values.items() if value is None]
    if empty and path is None:
        return None
    if empty:
        raise InputError(f"{path}: {sample} has no {empty[0]} in the table of samples")
    return _FIELD.sub(lambda m: str(values[m[1]]), text)


def _refuse_shared(groups: list[Group], path: str) -> None:
    """Two groups must not have one name, nor one file."""
    names = [g.name for g in groups]
    if double := next((n for n in names if names.count(n) > 1), None):
        raise InputError(f"{path}: two groups are called {double!r}")
    holder: dict[Path, str] = {}
    for group in groups:
        for file in getattr(group.settings, "files", ()):
            other = holder.setdefault(Path(file), group.name)
            if other != group.name:
                raise InputError(f"{path}: {file.name} stands in two groups, {other} and {group.name}")


def group_schema(settings: type) -> dict[str, Any]:
    """JSON Schema of a measured section: one group, or several by name."""
    one = schema(settings)
    if "properties" in one and "sample" not in one["properties"]:
        text = {"type": "string", "description": "name in the table of samples"}
        one = {**one, "properties": {**one["properties"], "sample": text}}
    several = {"type": "object", "minProperties": 1, "additionalProperties": one}
    return {"anyOf": [one, several]}

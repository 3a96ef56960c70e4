"""Every settings file the program reads, key by key: what a key is for, what it takes, what it is without.

`electrolith settings` prints it, the documentation is generated from it, and a test walks over it.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from electrolith.core import format as written
from electrolith.core.errors import InputError, nearest
from electrolith.core.units import Unit
from electrolith.study.described import descriptions, summary
from electrolith.study.settings import Pattern

__all__ = ["Chapter", "Key", "chapter", "chapters", "keys"]

# Files other than the study: name, class, and who reads it.
_FILES = (
    (
        "published",
        "electrolith.study.published:PublishedValue",
        "each entry of the list that `published:` names",
    ),
    ("design", "electrolith.cell.design:CellDesign", "the file of `electrolith cell` and `cell: designs:`"),
    ("distil", "electrolith.energy.distil.files:DistilFile", "the file of `electrolith distil`"),
    ("certify", "electrolith.energy.distil.files:CertifyFile", "the file of `electrolith certify`"),
    ("train", "electrolith.energy.neural.train:TrainSettings", "`electrolith train --settings`"),
    ("fit", "electrolith.energy.pod.potential:PodSettings", "`electrolith fit --settings`"),
    ("gpaw", "electrolith.energy.dft.gpaw:GpawSettings", "`electrolith label --settings` with GPAW"),
    ("cp2k", "electrolith.energy.dft.cp2k:Cp2kSettings", "`electrolith label --settings` with CP2K"),
    ("espresso", "electrolith.energy.dft.espresso:EspressoSettings", "the same with Quantum ESPRESSO"),
    ("vasp", "electrolith.energy.dft.vasp:VaspSettings", "the same with VASP"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a settings file.

    path : dotted, below its chapter.     takes : what may stand there.
    default : what it is without; "required" where there is none.     words : what it is for.
    """

    path: str
    takes: str
    default: str
    words: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """The keys of a section of the study, or of another file.

    name : as `electrolith settings NAME` takes it.     place : where such settings stand.
    """

    name: str
    place: str
    words: str
    keys: tuple[Key, ...]


@cache
def chapters() -> tuple[Chapter, ...]:
    """The study's own keys, its sections in the order of the report, then the other files."""
    from electrolith.study.sections import SECTIONS

    found = [_study()]
    for section in SECTIONS:
        place = f"`{section.key.replace('.', ': ')}:` in study.yaml"
        place += ", or below it by the name of a group" if section.grouped else ""
        found.append(_chapter(section.key, place, section.settings))
    for name, where, place in _FILES:
        module, _, kind = where.partition(":")
        found.append(_chapter(name, place, getattr(import_module(module), kind)))
    return tuple(found)


def chapter(name: str) -> Chapter:
    """The chapter of that name; the last part is enough where it is one chapter's ("impedance").

    Raises
    ------
    InputError
        If there is none.
    """
    known = {c.name: c for c in chapters()}
    short = [c for c in known.values() if c.name.rpartition(".")[2] == name]
    if name not in known and len(short) != 1:
        raise InputError(nearest("settings", name, known))
    return known.get(name) or short[0]


def _study() -> Chapter:
    from electrolith.study.study import TOP_LEVEL

    rows = tuple(Key(name, takes, default, words) for name, (takes, default, words) in TOP_LEVEL.items())
    return Chapter("study", "study.yaml", "What stands at the top of a study, beside its sections.", rows)


def _chapter(name: str, place: str, kind: type) -> Chapter:
    return Chapter(name, place, summary(kind), tuple(keys(kind)))


def keys(kind: type, above: str = "", seen: tuple[type, ...] = ()) -> Iterator[Key]:
    """Keys of a settings class and of those inside it, in their order; lists of settings as `name[].key`."""
    hints, told = get_type_hints(kind, include_extras=True), descriptions(kind)
    for field in dataclasses.fields(kind):
        if not field.init:
            continue
        hint, path = hints[field.name], f"{above}{field.name}"
        yield Key(path, _takes(hint), _default(field), told.get(field.name, ""))
        for inner, mark in _inside(hint):
            if inner not in seen:
                yield from keys(inner, f"{path}{mark}.", (*seen, kind))


def _inside(hint: Any, mark: str = "") -> Iterator[tuple[type, str]]:
    """Settings classes within a type, and what stands between its key and theirs."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        yield hint, mark
        return
    origin = get_origin(hint)
    further = mark + {tuple: "[]", list: "[]", dict: ".NAME"}.get(origin, "")  # type: ignore[call-overload]
    for inner in get_args(hint):
        if not isinstance(inner, str | int | float):
            yield from _inside(inner, further)


def _takes(hint: Any, unit: str = "") -> str:
    """What a type takes, in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        for mark in inner[1:]:
            if isinstance(mark, Pattern):
                return "file name or pattern, or a list of them"
            if isinstance(mark, Unit):
                return _takes(inner[0], mark.name)
        return _takes(inner[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_takes(a, unit) for a in inner if a is not type(None)))
    if origin is Literal:
        return " or ".join(repr(a) if isinstance(a, str) else str(a) for a in inner)
    if origin in (tuple, list):
        if inner[-1] is Ellipsis or len(inner) == 1:
            return f"list of {_takes(inner[0], unit)}"
        if len(set(inner)) == 1:
            return f"list of {len(inner)}: {_takes(inner[0], unit)}"
        return f"list: {', '.join(_takes(a, unit) for a in inner)}"
    if origin is dict:
        return f"mapping of {_takes(inner[0])} to {_takes(inner[1], unit)}"
    if dataclasses.is_dataclass(hint):
        short = getattr(hint, "SHORTHAND", None)
        return f"{short}, or a mapping" if short else "mapping"
    words = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "file name"}
    unit = written.unit(unit).removeprefix("delta_").replace("deg_C", "K")
    return f"quantity in {unit}" if unit else words.get(hint, "anything")


def _default(field: Any) -> str:
    """What a field is where nobody sets it."""
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "required"
    return _plain(value)


def _plain(value: Any) -> str:
    """A default as a settings file would have it; the defaults of inner settings stand at their own keys."""
    if value is None or (isinstance(value, str | tuple | list | dict) and not value):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "no limit" if np.isinf(value) else f"{value:g}"
    if dataclasses.is_dataclass(value):
        return "below"
    if isinstance(value, tuple | list):
        return "below" if dataclasses.is_dataclass(value[0]) else f"[{', '.join(map(_plain, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_plain(v)}" for k, v in value.items()) + "}"
    return str(value)

"""Plain data (YAML) to frozen settings, strictly: what is wrong is named with its path."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from glob import glob
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from electrolith.core.errors import DataError, InputError, brief, nearest
from electrolith.core.reading import read_bytes, reader
from electrolith.core.units import Unit, parse
from electrolith.core.yaml_data import parse_yaml
from electrolith.study.described import descriptions, summary

__all__ = ["Files", "load_yaml", "pointing", "read", "schema"]


@dataclasses.dataclass(frozen=True, slots=True)
class Pattern:
    """Marks a field that takes file names or glob patterns."""


Files = Annotated[tuple[Path, ...], Pattern()]
"""File names and glob patterns, resolved against the study's folder."""


@reader("settings")
def load_yaml(path: Path | str) -> Any:
    """Plain data of a YAML file.

    Raises
    ------
    InputError
        If the file is missing, is no YAML, or gives a key twice.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file")
    try:
        raw = read_bytes(path, ceiling_name="text_bytes")
        text = raw.decode("utf-8-sig")
    except DataError as error:
        raise InputError(str(error)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: cannot be read as text ({error}); save it as UTF-8") from error
    return parse_yaml(text, path)


@contextmanager
def pointing(chapter: str = "") -> Iterator[None]:
    """What is refused inside ends with the command that describes every key of `chapter`."""
    try:
        yield
    except InputError as error:
        command = f"electrolith settings {chapter}".rstrip()
        raise InputError(f"{error} (`{command}` describes every key)") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Types of the fields a settings class takes, with their unit markers."""
    hints = get_type_hints(kind, include_extras=True)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind) if f.init}


def _required(kind: type) -> list[str]:
    missing = dataclasses.MISSING
    return [
        f.name
        for f in dataclasses.fields(kind)
        if f.init and f.default is missing and f.default_factory is missing
    ]


def read(kind: type, data: Any, path: str = "study", *, folder: Path = Path()) -> Any:
    """Build the settings class `kind` from plain data; refuse unknown, missing and mistyped keys.

    A class with `SHORTHAND = "name"` may be given as a bare value, which goes to that field.

    Raises
    ------
    InputError
        With the path in the file, what came and what would be right.
    """
    short = getattr(kind, "SHORTHAND", None)
    if short and data is not None and not isinstance(data, dict):
        data = {short: data}
    data = {} if data is None else data
    if not isinstance(data, dict):
        raise InputError(f"{path}: expected a mapping of settings, got {brief(data)}")
    hints = _hints(kind)
    for key in data:
        if key not in hints:
            raise InputError(nearest(path, str(key), hints))
    if missing := [name for name in _required(kind) if name not in data]:
        raise InputError(f"{path}: missing {', '.join(missing)}")
    values = {k: _value(hints[k], v, f"{path}.{k}", folder) for k, v in data.items()}
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _value(kind: Any, data: Any, path: str, folder: Path) -> Any:
    """`data` as a value of the annotated type `kind`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:], data, path, folder)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, data, path, folder)
    if origin is Literal:
        return _literal(arguments, data, path)
    if origin in (tuple, list):
        return _sequence(arguments, data, path, folder)
    if origin is dict:
        return _dictionary(arguments, data, path, folder)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return read(kind, data, path, folder=folder)
    return _plain(kind, data, path, folder)


def _annotated(kind: Any, marks: tuple[Any, ...], data: Any, path: str, folder: Path) -> Any:
    for mark in marks:
        if isinstance(mark, Pattern):
            return _files(data, path, folder)
        if isinstance(mark, Unit):
            return _quantity(kind, mark, data, path, folder)
    return _value(kind, data, path, folder)


def _quantity(kind: Any, unit: Unit, data: Any, path: str, folder: Path) -> Any:
    """A number with a unit, or a tuple of such, or None where that is allowed."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if data is None and type(None) in arguments:
            return None
        rest = [a for a in arguments if a is not type(None)]
        return _quantity(rest[0], unit, data, path, folder)
    if origin is tuple:
        items = data if isinstance(data, list | tuple) else [data]
        if arguments[-1] is not Ellipsis and len(items) != len(arguments):
            raise InputError(
                f"{path}: expected {len(arguments)} quantities in {unit.name}, got {brief(data)}"
            )
        return tuple(_quantity(arguments[0], unit, v, f"{path}[{i}]", folder) for i, v in enumerate(items))
    try:
        return parse(data, unit.name)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _one_of(choices: tuple[Any, ...], data: Any, path: str, folder: Path) -> Any:
    if data is None and type(None) in choices:
        return None
    complaints = []
    for choice in choices:
        if choice is type(None):
            continue
        try:
            return _value(choice, data, path, folder)
        except InputError as error:
            complaints.append(str(error))
    raise InputError("; or ".join(dict.fromkeys(complaints)))


def _literal(choices: tuple[Any, ...], data: Any, path: str) -> Any:
    if data in choices and not (isinstance(data, bool) and True not in choices and False not in choices):
        return data
    if isinstance(data, str):
        raise InputError(nearest(path, data, [str(c) for c in choices]))
    raise InputError(f"{path}: expected one of {', '.join(map(repr, choices))}, got {brief(data)}")


def _sequence(arguments: tuple[Any, ...], data: Any, path: str, folder: Path) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        raise InputError(f"{path}: expected a list, got {brief(data)}")
    if (len(arguments) == 2 and arguments[1] is Ellipsis) or len(arguments) == 1:
        return tuple(_value(arguments[0], v, f"{path}[{i}]", folder) for i, v in enumerate(data))
    if len(arguments) != len(data):
        raise InputError(f"{path}: expected a list of {len(arguments)}, got {len(data)}: {brief(data)}")
    return tuple(
        _value(kind, v, f"{path}[{i}]", folder)
        for i, (kind, v) in enumerate(zip(arguments, data, strict=True))
    )


def _dictionary(arguments: tuple[Any, ...], data: Any, path: str, folder: Path) -> dict[Any, Any]:
    if not isinstance(data, dict):
        raise InputError(f"{path}: expected a mapping, got {brief(data)}")
    return {
        _value(arguments[0], k, path, folder): _value(arguments[1], v, f"{path}.{k}", folder)
        for k, v in data.items()
    }


def _files(data: Any, path: str, folder: Path) -> tuple[Path, ...]:
    names = data if isinstance(data, list) else [data]
    found: list[Path] = []
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"{path}: expected a file name or pattern, got {brief(name)}")
        hits = sorted(glob(str(folder / name)))  # noqa: PTH207 - absolute patterns too, which Path.glob refuses
        if not hits:
            raise InputError(f"{path}: no file matches {brief(name)} in {folder.resolve()}")
        found += [Path(hit) for hit in hits]
    return tuple(dict.fromkeys(found))


def _plain(kind: Any, data: Any, path: str, folder: Path) -> Any:
    """A bare bool, int, float, str or Path."""
    if kind is Path:
        if not isinstance(data, str):
            raise InputError(f"{path}: expected a file name, got {brief(data)}")
        file = folder / data
        if not file.exists():
            raise InputError(f"{path}: no such file: {brief(data)} in {folder.resolve()}")
        return file
    if kind is float and isinstance(data, str):
        data = _number(data, path)
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if kind is int and isinstance(data, float) and data.is_integer():
        return int(data)
    if kind is Any or (isinstance(data, kind) and not (kind is not bool and isinstance(data, bool))):
        return data
    wanted = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}.get(
        kind, str(kind)
    )
    raise InputError(f"{path}: expected {wanted}, got {brief(data)}")


def _number(text: str, path: str) -> float:
    """YAML 1.1 reads 1e-5 as text; people mean the number."""
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{path}: expected a number, got {text!r}") from error


def schema(kind: Any) -> dict[str, Any]:
    """JSON Schema of an annotated type or a settings class."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated_schema(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema(a) for a in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (tuple, list):
        if (len(arguments) == 2 and arguments[1] is not Ellipsis) or len(arguments) > 2:
            return {"type": "array", "prefixItems": [schema(a) for a in arguments], "items": False}
        return {"type": "array", "items": schema(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema(arguments[1])}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _class_schema(kind)
    names = {
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        Path: "string",
        type(None): "null",
    }
    return {"type": names[kind]} if kind in names else {}


def _annotated_schema(kind: Any, marks: tuple[Any, ...]) -> dict[str, Any]:
    for mark in marks:
        if isinstance(mark, Pattern):
            return _one_or_many({"type": "string", "description": "file name or pattern"})
        if isinstance(mark, Unit):
            one = {"type": ["number", "string"], "description": f"in {mark.name}, or text with a unit"}
            if get_origin(kind) is tuple:
                return _one_or_many(one)
            return {"anyOf": [one, {"type": "null"}]} if type(None) in get_args(kind) else one
    return schema(kind)


def _one_or_many(one: dict[str, Any]) -> dict[str, Any]:
    """A value or a list of such."""
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _told(found: dict[str, Any], words: str) -> dict[str, Any]:
    """The schema of a key with the words of its class before those of its type."""
    own = found.get("description", "")
    both = "; ".join(text for text in (words.rstrip("."), own) if text)
    return {**found, "description": both} if both else found


def _class_schema(kind: type) -> dict[str, Any]:
    told = descriptions(kind)
    properties = {name: _told(schema(hint), told.get(name, "")) for name, hint in _hints(kind).items()}
    for field in dataclasses.fields(kind):
        default = field.default
        if field.init and isinstance(default, bool | int | float | str):
            properties[field.name] = {**properties[field.name], "default": default}
    found: dict[str, Any] = {
        "type": "object",
        "description": summary(kind),
        "properties": properties,
        "additionalProperties": False,
    }
    if required := _required(kind):
        found["required"] = required
    short = getattr(kind, "SHORTHAND", None)
    return {"anyOf": [properties[short], found]} if short else found

"""Frozen results on disk: one file, checksummed, written whole, read back equal.

The file is a zip of `result.json` (the tree of dataclasses) and one `.npy` per array; its SHA-256 stands
beside it in `<name>.sha256`, so that a truncated or altered file is noticed before it is believed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import io
import json
import math
import zipfile
import zlib
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import write_atomic
from electrolith.core.reading import read_bytes, reader

__all__ = ["fingerprint", "load", "pack", "plain", "save", "unpack"]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # equal results give equal bytes


def plain(value: Any, arrays: list[np.ndarray] | None = None) -> Any:
    """The value as JSON-ready data; arrays go to `arrays` when given, inline otherwise.

    Raises
    ------
    DataError
        If something in it has no faithful form.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"__float__": repr(value)}
    if isinstance(value, Enum):
        return {"__type__": _name(type(value)), "value": value.value}
    if isinstance(value, np.generic):
        return plain(value.item(), arrays)
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise DataError(f"an array of {value.dtype} cannot be stored; use numbers or text")
        if arrays is None:
            return {"__array__": plain(value.tolist()), "dtype": value.dtype.str, "shape": list(value.shape)}
        arrays.append(value)
        return {"__npy__": len(arrays) - 1}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
        return {"__type__": _name(type(value)), "fields": fields}
    if isinstance(value, tuple | list):
        return {"__tuple__": [plain(v, arrays) for v in value]}
    if isinstance(value, frozenset | set):
        return {"__set__": sorted((plain(v, arrays) for v in value), key=str)}
    if isinstance(value, dict):
        return {"__dict__": [[plain(k, arrays), plain(v, arrays)] for k, v in value.items()]}
    if isinstance(value, Path):
        return {"__path__": value.as_posix()}
    raise DataError(f"a {type(value).__name__} cannot be stored in a result")


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _rebuild(data: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Inverse of `plain`."""
    if not isinstance(data, dict):
        return data
    if "__float__" in data:
        return float(data["__float__"])
    if "__npy__" in data:
        return arrays[f"{data['__npy__']}.npy"]
    if "__array__" in data:
        return np.array(_rebuild_list(data["__array__"]), dtype=data["dtype"]).reshape(data["shape"])
    if "__tuple__" in data:
        return tuple(_rebuild(v, arrays) for v in data["__tuple__"])
    if "__set__" in data:
        return frozenset(_rebuild(v, arrays) for v in data["__set__"])
    if "__dict__" in data:
        return {_rebuild(k, arrays): _rebuild(v, arrays) for k, v in data["__dict__"]}
    if "__path__" in data:
        return Path(data["__path__"])
    kind = _kind(data["__type__"])
    if issubclass(kind, Enum):
        return kind(data["value"])
    return kind(**{k: _rebuild(v, arrays) for k, v in data["fields"].items()})


def _rebuild_list(data: Any) -> Any:
    """Nested lists from nested tuples-in-JSON."""
    if isinstance(data, dict) and "__tuple__" in data:
        return [_rebuild_list(v) for v in data["__tuple__"]]
    return _rebuild(data, {})


def _kind(name: str) -> type:
    """A class of this package by name; nothing else is ever imported from a file."""
    module, _, qualified = name.partition(":")
    if module.split(".")[0] != "electrolith":
        raise DataError(f"{name} does not belong to this package; the file was not written by it")
    try:
        found: Any = importlib.import_module(module)
        for part in qualified.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise DataError(f"{name} is unknown to this version; the result is of an older format") from error
    if not (isinstance(found, type) and (dataclasses.is_dataclass(found) or issubclass(found, Enum))):
        raise DataError(f"{name} is not a result type")
    return found


def fingerprint(value: Any) -> str:
    """SHA-256 over the value itself: equal values, equal fingerprints, on any machine."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def pack(result: Any) -> bytes:
    """A frozen result as the bytes of its file; equal results give equal bytes.

    Raises
    ------
    DataError
        If the result holds something without a faithful form.
    """
    arrays: list[np.ndarray] = []
    tree = json.dumps(plain(result, arrays), ensure_ascii=False)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(zipfile.ZipInfo("result.json", _EPOCH), tree, zipfile.ZIP_DEFLATED)
        for index, array in enumerate(arrays):
            raw = io.BytesIO()
            np.save(raw, np.ascontiguousarray(array) if array.ndim else array, allow_pickle=False)
            bundle.writestr(zipfile.ZipInfo(f"{index}.npy", _EPOCH), raw.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def save(path: Path | str, result: Any) -> None:
    """Write a frozen result with its checksum; the old file stays whole if anything fails.

    Raises
    ------
    DataError
        If the result holds something without a faithful form, or the disk refuses.
    """
    data = pack(result)
    path = Path(path)
    write_atomic(path, data)
    write_atomic(path.with_name(path.name + ".sha256"), hashlib.sha256(data).hexdigest() + "\n")


@reader("a stored result")
def load(path: Path | str) -> Any:
    """Read a result written by `save`.

    Raises
    ------
    DataError
        If the file is missing, truncated, altered, or of an older format.
    """
    path = Path(path)
    note = path.with_name(path.name + ".sha256")
    data, expected = read_bytes(path), read_bytes(note)  # the note as bytes: it may be damaged too
    found = hashlib.sha256(data).hexdigest()
    if found.encode() != expected.strip():
        said = expected[:12].decode("ascii", "replace")
        raise DataError(f"{path}: checksum {found[:12]} instead of {said}; truncated or altered")
    return unpack(data, path)


def unpack(data: bytes, path: object) -> Any:
    """The result in the bytes of a file whose checksum is right; `path` is for messages.

    Raises
    ------
    DataError
        If the file is of an older format.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            arrays = {
                name: np.load(io.BytesIO(bundle.read(name)), allow_pickle=False)
                for name in bundle.namelist()
                if name.endswith(".npy")
            }
            tree = json.loads(bundle.read("result.json"))
        return _rebuild(tree, arrays)
    except (KeyError, TypeError, ValueError, InputError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: the result is of an older format ({error})") from error

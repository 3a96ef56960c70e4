"""Results of stages in the folder of a study: a folder per stage and fingerprint, sealed, checked on reading.

A result is three files: `result`, `provenance.json` and the seal `result.sha256`, which holds the checksums
of both and the key they belong to (`sha256sum -c result.sha256` checks them by hand). The seal is written
last: what has none was never finished.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from electrolith.core.archive import pack, plain, unpack
from electrolith.core.errors import DataError, InputError
from electrolith.core.files import sha256, write_atomic
from electrolith.core.reading import read_bytes

__all__ = ["DAMAGED", "FORMAT", "Store", "key_of", "with_contents"]

FORMAT = 1
"""Raised when folders written before can no longer be read."""

RESULT, NOTE, SEAL = "result", "provenance.json", "result.sha256"
DAMAGED = "damaged"
"""Key of a note on the origin that cannot be believed; its value says why."""


def with_contents(value: Any) -> Any:
    """The value with every file path replaced by the file's checksum, so that moved folders stay valid."""
    if isinstance(value, Path):
        return _content(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: with_contents(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"": type(value).__name__, **fields}
    if isinstance(value, tuple | list):
        return [with_contents(v) for v in value]
    if isinstance(value, dict):
        return {str(k): with_contents(v) for k, v in value.items()}
    return plain(value)


def _content(path: Path) -> str:
    """Checksum of a file, or of all files of a folder (a spectrometer's experiment) with their names."""
    if path.is_file():
        return f"sha256:{sha256(path)}"
    if not path.is_dir():
        return path.name
    inside = sorted(p for p in path.rglob("*") if p.is_file())
    lines = [f"{p.relative_to(path).as_posix()} {sha256(p)}" for p in inside]
    return f"sha256:{_digest(chr(10).join(lines).encode())}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def key_of(
    stage: str, version: int, settings: Mapping[str, Any], earlier: Mapping[str, str], extra: str
) -> str:
    """Fingerprint of a result: the stage, its version, settings and files, the keys it builds on.

    settings : by the name of their type, each through `with_contents`.
    """
    tree = {
        "stage": stage,
        "version": version,
        "settings": dict(settings),
        "earlier": dict(earlier),
        "extra": extra,
    }
    return _digest(json.dumps(tree, sort_keys=True).encode())


class Store:
    """The `results/` folder of a study."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def open(self) -> str:
        """Make the folder, or refuse one of another format; a remark where its note had to be written anew.

        Raises
        ------
        InputError
            If the folder was written by another format of results.
        DataError
            If it cannot be written.
        """
        path = self.folder / "format.json"
        if not path.exists():
            write_atomic(path, _format_note(FORMAT))
            return ""
        found = _format_of(read_bytes(path))
        if found is None:
            # The note holds one number, and every result is sealed by itself: nothing is lost with it.
            write_atomic(path, _format_note(FORMAT))
            return f"{path}: was damaged, written anew; every result is checked by its own seal"
        if found != FORMAT:
            raise InputError(
                f"{self.folder}: results of format {found}, this version writes format {FORMAT}; "
                "move the folder away (its results stay readable with the version that wrote them)"
            )
        return ""

    def place(self, stage: str, key: str) -> Path:
        """Folder of one result."""
        return self.folder / f"{stage}-{key[:12]}"

    def get(self, stage: str, key: str) -> Any:
        """The stored result, or None if there is none.

        Raises
        ------
        DataError
            If there is one but it is truncated, altered, of another study or of an older format.
        """
        place = self.place(stage, key)
        path = place / RESULT
        if not path.exists() and not (place / SEAL).exists():
            return None
        sums = _read_seal(place / SEAL, key)
        data = read_bytes(path)
        if _digest(data) != sums[RESULT]:
            raise DataError(
                f"{path}: checksum {_digest(data)[:12]} instead of {sums[RESULT][:12]}; truncated or altered"
            )
        return unpack(data, path)

    def put(self, stage: str, key: str, result: Any, provenance: Mapping[str, Any]) -> None:
        """Write a result, the note on its origin, and the seal over both last of all."""
        place = self.place(stage, key)
        data = pack(result)
        note = (json.dumps(dict(provenance), indent=1, sort_keys=True) + "\n").encode()
        write_atomic(place / NOTE, note)
        write_atomic(place / RESULT, data)
        write_atomic(place / SEAL, _seal(key, {RESULT: _digest(data), NOTE: _digest(note)}))

    def provenance(self, stage: str, key: str) -> dict[str, Any]:
        """Note on the origin of a result; where it cannot be believed, only `DAMAGED` with the reason."""
        place = self.place(stage, key)
        try:
            sums = _read_seal(place / SEAL, key)
            data = read_bytes(place / NOTE)
        except DataError as error:
            return {DAMAGED: str(error)}
        if _digest(data) != sums[NOTE]:
            return {DAMAGED: f"{place / NOTE}: does not fit its checksum; truncated or altered"}
        return dict(json.loads(data))


def _read_seal(path: Path, key: str) -> dict[str, str]:
    """Checksums by file of a seal that belongs to this key.

    Raises
    ------
    DataError
        If it is missing, damaged or speaks of another result.
    """
    if not path.exists():
        raise DataError(f"{path}: missing; the result was not finished, or its seal was deleted")
    raw = read_bytes(path)
    lines = raw.decode("ascii", "replace").split("\n")
    if lines[0] != f"# key {key}":
        raise DataError(f"{path}: damaged, or the seal of another result (of another study, or moved here)")
    parts = [line.split("  ", 1) for line in lines[1:-1]]
    sums = {part[1]: part[0] for part in parts if len(part) == 2}
    if _seal(key, sums).encode() != raw or set(sums) != {RESULT, NOTE}:
        raise DataError(f"{path}: damaged")
    return sums


def _seal(key: str, sums: Mapping[str, str]) -> str:
    """The text of a seal."""
    return "".join([f"# key {key}\n", *(f"{digest}  {name}\n" for name, digest in sums.items())])


def _format_note(number: int) -> str:
    """The number with a check, so that a flipped bit is no other format."""
    return json.dumps({"format": number, "check": _check(number)}) + "\n"


def _check(number: int) -> str:
    return _digest(f"electrolith results {number}".encode())[:8]


def _format_of(data: bytes) -> int | None:
    """The number in a note, or None where the note is damaged."""
    try:
        note = json.loads(data)
        number = note["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = isinstance(number, int) and note.get("check", _check(number)) == _check(number)
    return number if whole else None

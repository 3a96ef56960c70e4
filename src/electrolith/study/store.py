"""Results of stages in the folder of a study: one folder per stage and fingerprint, checked when read."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from electrolith.core.archive import load, plain, save
from electrolith.core.errors import InputError
from electrolith.core.files import sha256, write_atomic

__all__ = ["FORMAT", "Store", "key_of", "with_contents"]

FORMAT = 1
"""Raised when folders written before can no longer be read."""


def with_contents(value: Any) -> Any:
    """The value with every file path replaced by the file's checksum, so that moved folders stay valid."""
    if isinstance(value, Path):
        return f"sha256:{sha256(value)}" if value.is_file() else value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: with_contents(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"": type(value).__name__, **fields}
    if isinstance(value, tuple | list):
        return [with_contents(v) for v in value]
    if isinstance(value, dict):
        return {str(k): with_contents(v) for k, v in value.items()}
    return plain(value)


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
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()


class Store:
    """The `results/` folder of a study."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def open(self) -> None:
        """Make the folder, or refuse one of another format.

        Raises
        ------
        InputError
            If the folder was written by another format of results.
        DataError
            If it cannot be written.
        """
        note = self.folder / "format.json"
        if note.exists():
            try:
                found = json.loads(note.read_text())["format"]
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"{note}: not a note of this program; move {self.folder} away") from error
            if found != FORMAT:
                raise InputError(
                    f"{self.folder}: results of format {found}, this version writes format {FORMAT}; "
                    "move the folder away (its results stay readable with the version that wrote them)"
                )
        else:
            write_atomic(note, json.dumps({"format": FORMAT}) + "\n")

    def place(self, stage: str, key: str) -> Path:
        """Folder of one result."""
        return self.folder / f"{stage}-{key[:12]}"

    def get(self, stage: str, key: str) -> Any:
        """The stored result, or None if there is none.

        Raises
        ------
        DataError
            If there is one but it is truncated, altered or of an older format.
        """
        path = self.place(stage, key) / "result"
        return load(path) if path.exists() else None

    def put(self, stage: str, key: str, result: Any, provenance: Mapping[str, Any]) -> None:
        """Write a result; the note on its origin first, so that a result is never without one."""
        place = self.place(stage, key)
        write_atomic(place / "provenance.json", json.dumps(dict(provenance), indent=1, sort_keys=True) + "\n")
        save(place / "result", result)

    def provenance(self, stage: str, key: str) -> dict[str, Any]:
        """Note on the origin of a result; empty if unreadable."""
        try:
            found = json.loads((self.place(stage, key) / "provenance.json").read_text())
        except (OSError, ValueError):
            return {}
        return dict(found)

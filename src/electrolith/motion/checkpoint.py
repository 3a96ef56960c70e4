"""The state of one trajectory on disk: one file, replaced whole, with its own checksum."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError
from electrolith.core.files import write_atomic
from electrolith.core.reading import reader

__all__ = ["read_checkpoint", "write_checkpoint"]

MAGIC = b"electrolith checkpoint 2\n"


def write_checkpoint(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Replace the checkpoint; a kill leaves the old one or the new one."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    data = buffer.getvalue()
    write_atomic(path, MAGIC + hashlib.sha256(data).digest() + data)


@reader("a checkpoint")
def read_checkpoint(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read it back.

    Raises
    ------
    DataError
        If it is missing, truncated, altered or of another version.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    head, data = raw[: len(MAGIC) + 32], raw[len(MAGIC) + 32 :]
    if not head.startswith(MAGIC):
        raise DataError(f"{path}: not a checkpoint of this version")
    if hashlib.sha256(data).digest() != head[len(MAGIC) :]:
        raise DataError(f"{path}: the checkpoint is truncated or altered")
    with np.load(io.BytesIO(data), allow_pickle=False) as bundle:
        return {name: bundle[name] for name in bundle.files}

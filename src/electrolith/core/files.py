"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from pathlib import Path

from electrolith.core.errors import DataError

__all__ = ["disk_text", "sha256", "write_atomic"]


def write_atomic(path: Path | str, data: bytes | str) -> None:
    """Write `data` so that `path` holds the old content or the new, never a part.

    Raises
    ------
    DataError
        If the disk is full, the folder cannot be written or the name is none; the old content stays.
    """
    path = Path(path)
    raw = data.encode() if isinstance(data, str) else data
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
        ) as handle:
            temporary = Path(handle.name)
            handle.write(raw)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        temporary = None
        _settle(path.parent)
    except OSError as error:
        raise DataError(disk_text(path, error)) from error
    except ValueError as error:  # a NUL in the name
        raise DataError(f"{str(path)!r}: no name of a file ({error})") from error
    finally:  # also on Ctrl-C: nothing half-written is left
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Make a renaming survive a loss of power, where the system allows folders to be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def disk_text(path: Path, error: OSError) -> str:
    """What went wrong with the disk, and that nothing earlier was touched."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path}: the disk is full; earlier results are intact. Free some space and run again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path}: no permission to write here; earlier results are intact. Choose a writable folder"
    return f"{path}: could not be written ({error.strerror}); earlier results are intact"


def sha256(path: Path | str) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

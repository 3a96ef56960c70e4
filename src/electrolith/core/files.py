"""Files that are written whole or not at all, and a lock that names its holder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import socket
import tempfile
from pathlib import Path
from types import TracebackType

from electrolith.core.errors import DataError, InputError

__all__ = ["Lock", "sha256", "write_atomic"]


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
        raise DataError(_disk_text(path, error)) from error
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


def _disk_text(path: Path, error: OSError) -> str:
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


class Lock:
    """Exclusive use of a folder by one process; a second one is refused by the name of the holder.

    The operating system releases the lock when the holder dies, so a killed run never blocks the next.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._handle: int | None = None

    def __enter__(self) -> Lock:
        import fcntl

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise DataError(_disk_text(self.path, error)) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._handle, 4096).decode(errors="replace").strip() or "an unnamed process"
            os.close(self._handle)
            self._handle = None
            raise InputError(
                f"{self.path.parent}: in use by {holder}; wait for it to end or stop it, then run again"
            ) from error
        who = {"process": os.getpid(), "machine": socket.gethostname()}
        with contextlib.suppress(OSError):  # a full disk: the lock holds without the name of its holder
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, json.dumps(who).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

"""A lock on a folder that holds on shared file systems too: a file that names its holder and is kept fresh.

It needs nothing of the file system but that a hard link is made by one of two who try, and that a file can be
renamed: NFS, Lustre and GPFS give that without a lock daemon. A holder that died is recognised on its own
machine at once, by its process; from another machine by a file that nobody has freshened for `STALE` seconds,
by the clock of the file server alone.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import socket
import threading
import time
from functools import cache
from pathlib import Path
from types import TracebackType

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import disk_text

__all__ = ["REFRESH", "STALE", "InUse", "Lock"]

REFRESH = 15.0  # s between two signs of life of a holder
STALE = 90.0  # s without one after which a holder on another machine counts as dead
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)  # of file systems without hard links
PAUSE = 0.25  # s between two tries while waiting


@cache
def _machine() -> str:
    """The machine and, on Linux, its boot and its space of processes: within it a number names a process."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8])
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def _born(pid: int) -> str:
    """When a process began, in ticks since boot; empty for one that is gone, "?" where it cannot be known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return ""
        except OSError:
            pass
        return "?"
    return "" if fields[0] in "ZX" else fields[19]


class InUse(InputError):
    """Another process holds the lock."""


class Lock:
    """Exclusive use of a folder by one process; a second one is refused by the name of the holder.

    A holder that was killed never blocks the next one on the same machine, and one on another machine for
    `STALE` seconds at most.

    wait : s to wait for a holder to end before it is refused.
    """

    def __init__(self, path: Path | str, *, wait: float = 0.0) -> None:
        self.path = Path(path)
        self.wait = wait
        self._said = ""
        self._ended = threading.Event()

    def __enter__(self) -> Lock:
        limit = time.monotonic() + self.wait
        while not self._take():
            if time.monotonic() >= limit:
                raise InUse(
                    f"{self.path.parent}: in use by {self._holder()}; wait for it to end or stop it, "
                    "then run again"
                )
            time.sleep(PAUSE)
        self._ended.clear()
        threading.Thread(target=self._freshen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self.held():
            with contextlib.suppress(OSError):
                self.path.unlink()

    def held(self) -> bool:
        """Whether the lock is still this holder's: it is not after a sleep so long that another took it."""
        for _ in range(2):
            try:
                return self.path.read_text() == self._said
            except FileNotFoundError:
                time.sleep(0.05)  # another may look at it just now, and put it back
            except OSError:
                return False
        return False

    def _take(self) -> bool:
        """One try: a file of one's own, linked to the name that only one can have."""
        who = {"process": os.getpid(), "machine": socket.gethostname()}
        whole = {**who, "where": _machine(), "born": _born(os.getpid()), "mark": secrets.token_hex(8)}
        mine = self.path.with_name(f".{self.path.name}.{whole['mark']}")
        said = json.dumps(whole)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                mine.write_text(said)
                taken = _linked(mine, self.path, said)
                now = mine.stat().st_mtime
            finally:
                mine.unlink(missing_ok=True)
        except OSError as error:
            raise DataError(disk_text(self.path, error)) from error
        if taken:
            self._said = said
            return True
        return self._break(now) and self._take()

    def _break(self, now: float) -> bool:
        """Remove the lock of a dead holder: whoever renames it removes it, and nobody removes a fresh one."""
        try:
            seen, age = self.path.read_text(), now - self.path.stat().st_mtime
        except FileNotFoundError:
            return True
        except OSError:
            return False
        if not _dead(seen, age):
            return False
        aside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        with contextlib.suppress(OSError):
            self.path.rename(aside)
            if aside.read_text() != seen:  # another was faster, and this is its own
                with contextlib.suppress(FileExistsError):
                    os.link(aside, self.path)
            aside.unlink()
        return True

    def _holder(self) -> str:
        try:
            who = json.loads(self.path.read_text())
            return json.dumps({"process": who["process"], "machine": who["machine"]})
        except (OSError, ValueError, KeyError, TypeError):
            return "an unnamed process"

    def _freshen(self) -> None:
        """Show that the holder lives."""
        while not self._ended.wait(REFRESH):
            if not self.held():
                return
            with contextlib.suppress(OSError):
                os.utime(self.path)


def _linked(mine: Path, name: Path, said: str) -> bool:
    """Whether one's own file now has the name that only one can have."""
    try:
        os.link(mine, name)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        try:
            with name.open("x") as handle:
                handle.write(said)
        except FileExistsError:
            return False
        return True
    return mine.stat().st_nlink == 2  # an answer can be lost on its way from a file server; the count is not


def _dead(said: str, age: float) -> bool:
    """Whether a holder is gone."""
    try:
        who = json.loads(said)
        where, pid, born = who["where"], int(who["process"]), who["born"]
    except (ValueError, KeyError, TypeError):
        return age > STALE  # damaged, or of an older version
    return bool(_born(pid) != born) if where == _machine() else age > STALE

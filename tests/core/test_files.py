import errno
import os
import subprocess
import sys

import pytest

from electrolith.core import DataError, InputError
from electrolith.core.files import write_atomic
from electrolith.core.lease import Lock


def test_a_failed_write_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "r"
    write_atomic(path, "old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="the disk is full; earlier results are intact"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_permission_is_said_in_words(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    with pytest.raises(DataError, match="no permission to write here"):
        write_atomic(tmp_path / "r", "new")


def test_a_second_run_is_refused_by_the_name_of_the_holder(tmp_path):
    path = tmp_path / ".lock"
    with Lock(path), pytest.raises(InputError, match=rf"in use by .*{os.getpid()}"), Lock(path):
        pass
    with Lock(path):  # free again
        pass


def test_a_lock_dies_with_its_holder(tmp_path):
    path = tmp_path / ".lock"
    code = f"from electrolith.core.lease import Lock\nLock({str(path)!r}).__enter__()\nimport os\nos._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    with Lock(path):
        pass

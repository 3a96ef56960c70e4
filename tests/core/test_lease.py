import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from electrolith.core import InputError, lease
from electrolith.core.lease import STALE, Lock

HOLD = (
    "import sys, time; from electrolith.core.lease import Lock\n"
    "with Lock(sys.argv[1]): print('held', flush=True); time.sleep(60)"
)


def elsewhere(path, age):
    """The lock of a process on another machine that gave its last sign of life `age` seconds ago."""
    said = {"process": 1, "machine": "node7", "where": "node7 boot", "born": "5", "mark": "a"}
    path.write_text(json.dumps(said))
    then = time.time() - age
    os.utime(path, (then, then))


def test_nothing_is_left_in_the_folder_after_a_lock(tmp_path):
    with Lock(tmp_path / "lock"):
        assert [p.name for p in tmp_path.iterdir()] == ["lock"]
    assert list(tmp_path.iterdir()) == []


def test_a_holder_on_another_machine_that_gives_signs_of_life_is_respected(tmp_path):
    elsewhere(tmp_path / "lock", STALE - 10)
    with (
        pytest.raises(InputError, match=r'in use by {"process": 1, "machine": "node7"}'),
        Lock(tmp_path / "lock"),
    ):
        pass


def test_a_holder_on_another_machine_without_signs_of_life_is_replaced(tmp_path):
    elsewhere(tmp_path / "lock", STALE + 10)
    with Lock(tmp_path / "lock") as mine:
        assert mine.held()


def test_a_number_that_another_process_has_now_is_no_holder(tmp_path):
    """Numbers of processes come again; the time of birth tells them apart."""
    said = {"process": os.getpid(), "machine": "here", "where": lease._machine(), "born": "1", "mark": "a"}
    (tmp_path / "lock").write_text(json.dumps(said))
    with Lock(tmp_path / "lock") as mine:
        assert mine.held()


def test_the_same_number_in_another_container_is_another_process(tmp_path):
    said = {"process": os.getpid(), "machine": "here", "where": "here boot pid:[1]", "born": "1", "mark": "a"}
    (tmp_path / "lock").write_text(json.dumps(said))
    with pytest.raises(InputError, match="in use"), Lock(tmp_path / "lock"):
        pass


def test_one_who_slept_so_long_that_another_took_the_lock_knows_it_and_leaves_the_other_alone(tmp_path):
    first = Lock(tmp_path / "lock")
    with first:
        elsewhere(tmp_path / "lock", 0)
        assert not first.held()
    assert (tmp_path / "lock").exists()


def test_waiting_ends_when_the_holder_does(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGKILL)
    with Lock(tmp_path / "lock", wait=10):
        pass
    holder.wait()
    holder.stdout.close()


def _count(folder, turns):
    """Add to a number in a file without any protection but the lock."""
    for _ in range(turns):
        with Lock(folder / "lock", wait=60):
            number = int((folder / "number").read_text())
            time.sleep(0.001)
            (folder / "number").write_text(str(number + 1))


def test_of_several_that_find_a_dead_holder_at_once_one_at_a_time_gets_in(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "PAUSE", 0.002)
    (tmp_path / "number").write_text("0")
    elsewhere(tmp_path / "lock", STALE + 10)
    context = multiprocessing.get_context("fork")
    crowd = [context.Process(target=_count, args=(tmp_path, 20)) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert (tmp_path / "number").read_text() == "80"


def test_a_file_system_without_hard_links_serves_too(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with Lock(tmp_path / "lock") as mine:
        assert mine.held()
        with pytest.raises(InputError, match="in use"), Lock(tmp_path / "lock"):
            pass

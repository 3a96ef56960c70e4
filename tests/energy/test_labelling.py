import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.core.lease import Lock
from electrolith.energy.labels.labelling import label_frames
from electrolith.energy.labels.labels import read_labels

HERE = Path(__file__).parent


@pytest.fixture
def toys(monkeypatch):
    """The module of toy engines, importable by worker processes too."""
    monkeypatch.syspath_prepend(str(HERE))
    import labelling_toys

    return labelling_toys


@pytest.fixture
def calls(tmp_path):
    (tmp_path / "calls").mkdir()
    return tmp_path / "calls"


def processes_of(calls):
    return {name.name.split("-")[1] for name in calls.iterdir()}


def alive(pid):
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition, limit=30.0):
    until = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.02)


@pytest.mark.parametrize("processes", [1, 2])
def test_every_frame_is_labelled_once_with_where_it_came_from(toys, calls, tmp_path, processes):
    path, frames, seen = tmp_path / "a.xyz", toys.numbered(6), []
    run = label_frames(
        (*frames, frames[2]),
        path,
        open_engine=partial(toys.Toy, calls),
        settings="toy",
        processes=processes,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert (run.done, run.already, run.failed, run.left) == (6, 1, (), 0)
    assert seen == [(i, 7) for i in range(2, 8)]
    found = {x.source["key"]: x for x in read_labels(path)}
    assert sorted(found) == [s["key"] for _, s in frames]
    for frame, source in frames:
        label = found[source["key"]]
        assert label.energy == pytest.approx((frame.positions**2).sum())
        np.testing.assert_allclose(label.forces, -2 * frame.positions, atol=1e-7)
        assert label.source["code"].startswith("toy 1")
        assert label.source["seconds"] < 60


def test_workers_take_one_thread_each_and_are_renewed(toys, calls, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    path = tmp_path / "a.xyz"
    run = label_frames(
        toys.numbered(6),
        path,
        open_engine=partial(toys.Toy, calls),
        settings="toy",
        processes=2,
        per_process=2,
    )
    assert run.done == 6
    each = Counter(name.name.split("-")[1] for name in calls.iterdir())
    assert max(each.values()) == 2
    assert str(os.getpid()) not in processes_of(calls)
    assert {x.source["code"] for x in read_labels(path)} == {"toy 1 with 1 thread"}
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_killed_workers_lose_their_frames_only_and_these_are_named(toys, calls, tmp_path):
    path, frames = tmp_path / "a.xyz", toys.numbered(6)
    engine = partial(toys.Toy, calls, "killed", (1, 2))
    run = label_frames(frames, path, open_engine=engine, settings="toy", processes=2)
    assert (run.done, run.left) == (4, 0)
    assert [index for index, _ in run.failed] == [0, 1]
    for number, (_, text) in enumerate(run.failed):
        assert f"frame {number + 1} of 6 (ClLi, key k{number})" in text
        assert "was killed (signal 9; out of memory?)" in text
    assert len(processes_of(calls)) >= 3, "new workers took over"
    again = label_frames(frames, path, open_engine=partial(toys.Toy, calls), settings="toy")
    assert (again.done, again.already, len(read_labels(path))) == (2, 4, 6)


def test_one_isolated_worker_is_renewed_and_may_be_killed(toys, calls, tmp_path):
    run = label_frames(
        toys.numbered(4),
        tmp_path / "a.xyz",
        open_engine=partial(toys.Toy, calls, "killed", (3,)),
        settings="toy",
        per_process=2,
        isolated=True,
    )
    assert (run.done, [index for index, _ in run.failed]) == (3, [2])
    assert len(processes_of(calls)) == 3
    assert str(os.getpid()) not in processes_of(calls)


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("fate", "text"),
    [
        ("diverges", "did not converge in 150 iterations"),
        ("raises", "toy stopped: RuntimeError: isolated atoms"),
    ],
)
def test_a_diverging_frame_is_named_and_the_rest_kept(toys, calls, tmp_path, processes, fate, text):
    run = label_frames(
        toys.numbered(4),
        tmp_path / "a.xyz",
        open_engine=partial(toys.Toy, calls, fate, (2,)),
        settings="toy",
        processes=processes,
    )
    assert run.done == 3
    assert run.failed[0][0] == 1
    assert run.failed[0][1].startswith("frame 2 of 4 (ClLi, key k1): ")
    assert text in run.failed[0][1]
    assert len(read_labels(tmp_path / "a.xyz")) == 3


def test_a_label_that_is_not_finite_is_never_written(toys, calls, tmp_path):
    path = tmp_path / "a.xyz"
    run = label_frames(
        toys.numbered(3), path, open_engine=partial(toys.NotFinite, calls, at=(1,)), settings="toy"
    )
    assert run.failed == ((0, "frame 1 of 3 (ClLi, key k0): not finite: the forces"),)
    assert len(read_labels(path)) == 2


@pytest.mark.parametrize("processes", [1, 2])
def test_a_teacher_without_forces_is_refused_by_name(toys, calls, tmp_path, processes):
    for maker, text in (
        (partial(toys.Forceless, calls), r"engine toy gives no forces"),
        (toys.energy_only, r"engine EnergyOnly gives no forces .*label with an engine that has"),
    ):
        with pytest.raises(InputError, match=text):
            label_frames(
                toys.numbered(2), tmp_path / "a.xyz", open_engine=maker, settings="x", processes=processes
            )
    assert not (tmp_path / "a.xyz").exists()


def test_an_engine_that_cannot_be_opened_ends_the_run_with_the_reason(toys, tmp_path):
    with pytest.raises(ElectrolithError, match=r"could not be opened: FileNotFoundError: weights.pt"):
        label_frames(
            toys.numbered(2), tmp_path / "a.xyz", open_engine=toys.missing, settings="x", processes=2
        )
    with pytest.raises(ElectrolithError, match=r"3 worker processes died before .*killed \(signal 9"):
        label_frames(toys.numbered(2), tmp_path / "a.xyz", open_engine=toys.dies, settings="x", processes=2)
    with pytest.raises(InputError, match=r"cannot be sent to another process .*functools\.partial"):
        label_frames(
            toys.numbered(2), tmp_path / "a.xyz", open_engine=lambda: None, settings="x", processes=2
        )


@pytest.mark.parametrize("processes", [1, 2])
def test_labels_wanted_and_time_bound_what_is_begun(toys, calls, tmp_path, processes):
    path, frames = tmp_path / "a.xyz", toys.numbered(8)
    more = {"settings": "toy", "processes": processes}
    failing = partial(toys.Toy, calls, "diverges", (1,))
    run = label_frames(frames, path, open_engine=failing, at_most=3, **more)
    assert (run.done, len(run.failed), run.left) == (3, 1, 4)
    none = label_frames(frames, path, open_engine=failing, seconds=0.0, **more)
    assert (none.done, none.already, none.left) == (0, 3, 5)
    slow = partial(toys.Toy, calls, pause=1.5)
    some = label_frames(frames, path, open_engine=slow, seconds=1.4, **more)
    assert some.done + some.left == 5
    assert some.left >= 3
    rest = label_frames(frames, path, open_engine=partial(toys.Toy, calls), **more)
    assert (rest.left, len(read_labels(path))) == (0, 8)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_full_disk_keeps_the_labels_made_before_and_ends_the_workers(toys, calls, tmp_path, processes):
    """The file may grow to 1200 bytes: the operating system refuses the rest."""
    path = tmp_path / "a.xyz"
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1200, kept[1]))
    try:
        with pytest.raises(DataError, match=r"could not be written .*the earlier labels are intact"):
            label_frames(
                toys.numbered(9),
                path,
                open_engine=partial(toys.Toy, calls),
                settings="toy",
                processes=processes,
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        signal.signal(signal.SIGXFSZ, handler)
    before = len(read_labels(path))
    assert 0 < before < 9
    run = label_frames(
        toys.numbered(9), path, open_engine=partial(toys.Toy, calls), settings="toy", processes=processes
    )
    assert (run.already, run.done) == (before, 9 - before)
    assert processes == 1 or not any(map(alive, processes_of(calls)))


@pytest.fixture
def interruptible():
    """Ctrl-C as in a terminal: a test run started in the background is told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupting_ends_the_workers_and_keeps_the_labels(toys, calls, tmp_path):
    path = tmp_path / "a.xyz"

    def interrupt():
        wait_for(lambda: path.exists() and path.stat().st_size > 0)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        label_frames(
            toys.numbered(6),
            path,
            open_engine=partial(toys.Toy, calls, "hangs", (2,)),
            settings="toy",
            processes=2,
        )
    assert not any(map(alive, processes_of(calls)))
    assert len(read_labels(path)) > 0
    run = label_frames(toys.numbered(6), path, open_engine=partial(toys.Toy, calls), settings="toy")
    assert run.done + run.already == 6


def test_a_killed_parent_loses_what_is_in_flight_and_its_workers_end(toys, tmp_path):
    path = tmp_path / "labels.xyz"
    command = [sys.executable, str(HERE / "labelling_toys.py"), str(tmp_path), "2"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as parent:
        wait_for(lambda: path.exists() and path.read_text().count("key") >= 2)
        parent.kill()
    wait_for(lambda: not any(map(alive, processes_of(tmp_path / "calls"))))
    run = label_frames(
        toys.numbered(40), path, open_engine=partial(toys.Toy, tmp_path / "calls"), settings="toy"
    )
    begun = {int(name.name.split("-")[0]) for name in (tmp_path / "calls").iterdir()}
    assert begun == set(range(1, 41))
    assert run.already >= 2
    assert run.done + run.already == 40
    assert len(list((tmp_path / "calls").iterdir())) <= 42, "only the two in flight were evaluated again"


def test_a_half_written_label_is_cut_off_and_made_again(toys, calls, tmp_path):
    path, frames = tmp_path / "a.xyz", toys.numbered(3)
    label_frames(frames, path, open_engine=partial(toys.Toy, calls), settings="toy", at_most=2)
    path.write_bytes(path.read_bytes() + b"2\nLattice=")
    run = label_frames(frames, path, open_engine=partial(toys.Toy, calls), settings="toy")
    assert (run.done, run.already, len(read_labels(path))) == (1, 2, 3)


def test_labels_of_other_settings_are_not_added_to_a_file(toys, calls, tmp_path):
    path = tmp_path / "a.xyz"
    label_frames(toys.numbered(1), path, open_engine=partial(toys.Toy, calls), settings="one")
    with pytest.raises(InputError, match=r"holds labels of one, this run would add two"):
        label_frames(toys.numbered(2), path, open_engine=partial(toys.Toy, calls), settings="two")


def test_two_runs_never_write_to_one_file(toys, calls, tmp_path):
    with Lock(tmp_path / ".a.xyz.lock"), pytest.raises(InputError, match="in use by"):
        label_frames(
            toys.numbered(1), tmp_path / "a.xyz", open_engine=partial(toys.Toy, calls), settings="one"
        )


def test_no_processes_are_refused(toys, calls, tmp_path):
    with pytest.raises(InputError, match="must be 1 or more, got 0 and 12"):
        label_frames((), tmp_path / "a.xyz", open_engine=partial(toys.Toy, calls), settings="x", processes=0)

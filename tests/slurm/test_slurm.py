"""A real SLURM on this machine: chunks survive whatever takes their jobs away."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from electrolith.core import InputError
from electrolith.core.execution.chunks import Chunks
from electrolith.core.execution.profile import Execution
from electrolith.core.execution.workers import Workers

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools" / "slurm")]

import cluster as loopback  # noqa: E402
import sleepers  # noqa: E402

pytestmark = [
    pytest.mark.skipif(bool(loopback.missing()), reason=f"no SLURM: {loopback.missing()}"),
    pytest.mark.skipif("ELECTROLITH_SLURM" not in os.environ, reason="minutes of waiting: make slurm-test"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    started = loopback.Cluster(tmp_path_factory.mktemp("slurm"), cpus=8)
    try:
        started.start()
    except Exception as error:  # some containers forbid what the daemons need
        started.stop()
        pytest.skip(f"no SLURM: it does not start here ({error})")
    before = {name: os.environ.get(name) for name in ("SLURM_CONF", "PATH")}
    os.environ.update({name: started.environment[name] for name in before})
    yield started
    started.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def settings(**changes):
    path = ":".join([str(HERE), *(p for p in sys.path if p)])
    base = Execution(
        kind="sbatch",
        partition="short",
        walltime=60,
        chunk=20,
        jobs=6,
        worker_init=f"export PYTHONPATH={path}",
    )
    return replace(base, **changes)


def run(folder, execution, work, disturb=lambda: None):
    """Drive sleepers to their end; the counters of what happened."""
    with Workers(execution, folder) as workers:
        chunks = Chunks(workers.remote())
        for name, one in work.items():
            chunks.add(name, sleepers.count, one, one.there)
        thread = threading.Thread(target=disturb)
        thread.start()
        ended = []
        while chunks.futures:
            ended += chunks.wait(1.0)
        thread.join()
    return ended, chunks


def sleep(folder, name, goal=12, seconds=0.5, **more):
    return sleepers.Sleep(str(folder / name), goal, seconds, **more)


def pids_of(text):
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            try:
                if text in (path / "cmdline").read_bytes().replace(b"\0", b" ").decode():
                    found.append(int(path.name))
            except OSError:
                continue
    return found


def until(truth, seconds=60.0):
    limit = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.1)


def test_chunks_go_on_over_walltimes_cancelled_requeued_and_killed_jobs_and_a_killed_node(cluster, tmp_path):
    work = {name: sleep(tmp_path, name, 30, 1.0) for name in "abcd"}

    def disturb():
        until(lambda: all(w.there() > 1 for w in work.values()))
        jobs = cluster.ask("squeue", "-h", "-r", "-t", "R", "-o", "%i").split()
        cluster.ask("scancel", jobs[0])
        cluster.ask("scontrol", "requeue", jobs[1])
        for pid in pids_of("electrolith.core.execution.array")[-1:]:
            os.kill(pid, signal.SIGKILL)
        cluster.kill("slurmd")
        cluster.start_node()

    ended, chunks = run(tmp_path, settings(), work, disturb)
    assert all(not e.gave_up for e in ended)
    assert [w.there() for w in work.values()] == [30] * 4
    assert chunks.passes >= 4  # a chunk is 20 s, and each counts for 30
    assert cluster.ask("squeue", "-h") == ""


def test_a_job_that_falls_over_twice_is_given_up_and_the_others_go_on(cluster, tmp_path):
    work = {"good": sleep(tmp_path, "good", 2), "bad": sleep(tmp_path, "bad", die=True)}
    ended, chunks = run(tmp_path, settings(), work)
    why = {e.key: e.gave_up for e in ended}
    assert why["good"] == ""
    assert why["bad"].startswith("its process died 2 times")
    assert chunks.crashed == 2


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"partition": "nowhere"}, "SLURM refuses: .*invalid partition"),
        ({"partition": "closed"}, "will not begin them .PartitionDown"),
        ({"walltime": 7200.0}, "will not begin them .PartitionTimeLimit"),
        ({"scheduler_options": ("--nonsense=1",)}, "SLURM refuses: .*unrecognized option"),
    ],
)
def test_what_slurm_refuses_is_told(cluster, tmp_path, changes, text):
    with pytest.raises(InputError, match=text):
        run(tmp_path, settings(**changes), {"a": sleep(tmp_path, "a")})
    assert cluster.ask("squeue", "-h") == ""


def test_a_new_driver_ends_what_a_killed_one_left_in_the_queue(cluster, tmp_path):
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\nimport test_slurm as t, sleepers\nfrom pathlib "
        f"import Path\n"
        f"f = Path({str(tmp_path)!r})\nt.run(f, t.settings(), {{'a': t.sleep(f, 'a', 20, 1.0)}})"
    )
    driver = subprocess.Popen([sys.executable, "-c", code])
    work = sleep(tmp_path, "a", 20, 1.0)
    until(lambda: work.there() > 2)
    driver.kill()
    driver.wait()
    assert cluster.ask("squeue", "-h").strip()
    ended, _ = run(tmp_path, settings(), {"a": work})
    assert not ended[0].gave_up
    assert work.there() == 20


def test_pilots_of_parsl_do_the_same(cluster, tmp_path):
    pytest.importorskip("parsl")
    work = {name: sleep(tmp_path, name, 25, 1.0) for name in "abc"}
    pilots = settings(kind="parsl", partition="long", walltime=300, jobs=1, workers_per_node=3)

    def disturb():
        until(lambda: all(w.there() > 1 for w in work.values()), 400)
        cluster.ask("scancel", *cluster.ask("squeue", "-h", "-o", "%i").split())

    ended, chunks = run(tmp_path, pilots, work, disturb)
    assert all(not e.gave_up for e in ended)
    assert [w.there() for w in work.values()] == [25] * 3
    assert chunks.lost + chunks.passes >= 3
    assert cluster.ask("squeue", "-h") == ""


def test_trajectories_are_those_of_this_machine_bit_by_bit(cluster, tmp_path):
    """Two temperatures, jobs cancelled in their midst."""
    atoms = str(HERE.parent / "motion")
    sys.path.insert(0, atoms)
    import toys

    from electrolith.motion.run import simulate

    frame, wells = toys.wells()
    given = {
        "dynamics": toys.short(temperatures=(500.0, 600.0), duration=8000.0, budget=8000.0),
        "mobile": "Li",
        "hop_distance": 3.0,
    }
    with ThreadPoolExecutor(1) as pool:
        calm = simulate([frame], wells, folder=tmp_path / "calm", executor=pool, **given)
    with Workers(settings(), tmp_path) as workers:
        before = sorted((tmp_path / "jobs").glob("*/steps.txt"))
        assert before == []

        def disturb():
            until(lambda: list((tmp_path / "jobs").glob("*/steps.txt")), 200)
            cluster.ask("scancel", *cluster.ask("squeue", "-h", "-r", "-t", "R", "-o", "%i").split())

        thread = threading.Thread(target=disturb)
        thread.start()
        stormy = simulate([frame], wells, folder=tmp_path / "jobs", executor=workers.remote(), **given)
        thread.join()
    assert toys.digest(stormy, tmp_path / "jobs") == toys.digest(calm, tmp_path / "calm")

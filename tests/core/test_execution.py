import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from electrolith.core import InputError, MissingExtra
from electrolith.core.execution import slurm as slurm_commands
from electrolith.core.execution import worker
from electrolith.core.execution.array import JobArrays, main
from electrolith.core.execution.chunks import CRASHES, LOSSES, Chunks, Lost
from electrolith.core.execution.profile import Execution, named
from electrolith.core.execution.slurm import Refused, cancel_left, job_name, preamble, stuck
from electrolith.core.execution.worker import JOB_END, JOB_START, Driver, perform, stop_time
from electrolith.core.execution.workers import Workers


@dataclass(frozen=True)
class Answer:
    more: bool
    value: int = 0


class Script(Executor):
    """Gives back one prepared outcome after the other."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.calls = 0

    def submit(self, function, /, *arguments):
        self.calls += 1
        future = Future()
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        return future


def driven(*outcomes, progress=lambda: 0):
    executor = Script(*outcomes)
    chunks = Chunks(executor)
    chunks.add("c", len, None, progress)
    ended = []
    while chunks.futures:
        ended += chunks.wait(0.1)
    return ended[0], executor.calls, chunks


def test_a_chunk_goes_on_until_it_has_no_more_to_do():
    ended, calls, chunks = driven(Answer(True), Answer(True), Answer(False, 7))
    assert (ended.answer.value, ended.gave_up, calls, chunks.passes) == (7, "", 3, 2)


def test_lost_places_cost_nothing_while_the_chunk_gets_on():
    steps = iter(range(1000))
    ended, calls, chunks = driven(*[Lost("gone")] * (3 * LOSSES), Answer(False), progress=lambda: next(steps))
    assert ended.gave_up == ""
    assert (calls, chunks.lost, chunks.crashed) == (3 * LOSSES + 1, 3 * LOSSES, 0)


def test_losses_without_any_progress_end_the_chunk_with_what_may_be_wrong():
    ended, calls, _ = driven(Lost("its pilot is gone"), progress=lambda: 5)
    assert calls == LOSSES + 1
    assert "without getting any further (its pilot is gone); is the walltime shorter" in ended.gave_up


def test_a_crash_counts_and_a_second_one_at_the_same_place_ends_the_chunk():
    crash = BrokenProcessPool("died")
    ended, calls, _ = driven(crash, Lost("gone"), Answer(True), crash, Answer(False), progress=lambda: 5)
    assert calls == 4
    assert ended.gave_up.startswith(f"its process died {CRASHES} times")


def test_crashes_far_apart_do_not_add_up():
    steps = iter(range(1000))
    crash = BrokenProcessPool("died")
    ended, calls, chunks = driven(crash, crash, crash, Answer(False), progress=lambda: next(steps))
    assert (ended.gave_up, calls, chunks.crashed) == ("", 4, 3)


def test_a_refusal_of_the_chunk_itself_is_raised():
    with pytest.raises(InputError, match="wrong"):
        driven(InputError("wrong"))


@pytest.mark.parametrize(("life", "stops"), [(60, 54), (600, 540), (3600, 3540), (86400, 86340)])
def test_a_job_stops_at_nine_tenths_of_its_life_or_a_minute_before_its_end(life, stops):
    assert stop_time(1000.0, 1000.0 + life) == 1000.0 + stops


@pytest.fixture
def driver(tmp_path):
    return Driver.here(tmp_path, "mark", chunk=600.0)


def ask(stop):
    return stop()


@pytest.mark.parametrize("left", [5.0, 100.0])
def test_a_worker_knows_when_its_job_ends(driver, monkeypatch, left):
    now = 1_000_000.0
    monkeypatch.setattr(worker.time, "time", lambda: now)
    monkeypatch.setenv(JOB_START, str(now - 100 + left))
    monkeypatch.setenv(JOB_END, str(now + left))
    assert perform(driver, ask, ()) is (left == 5.0)


def test_slurms_own_word_on_the_end_of_a_job_goes_first(monkeypatch):
    monkeypatch.setenv(JOB_START, "1")
    monkeypatch.setenv(JOB_END, "2")
    monkeypatch.setenv("SLURM_JOB_START_TIME", "10")
    monkeypatch.setenv("SLURM_JOB_END_TIME", "20")
    assert worker.lifetime() == (10.0, 20.0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_signals_ask_for_a_checkpoint_and_do_afterwards_what_they_did_before(driver, number):
    def hear(stop):
        before = stop()
        os.kill(os.getpid(), number)
        return before, stop()

    earlier = signal.getsignal(number)
    assert perform(driver, hear, ()) == (False, True)
    assert signal.getsignal(number) is earlier


def test_a_chunk_hands_back_after_its_time(driver):
    assert perform(replace(driver, chunk=0.0), ask, ())


def test_a_worker_of_another_version_is_refused(driver):
    with pytest.raises(InputError, match=r"the driver .*sources 0123.*two programs; let worker_init"):
        perform(replace(driver, sources="0123"), ask, ())


def test_a_worker_without_the_shared_folder_is_refused(driver):
    with pytest.raises(InputError, match=r"does not see the driver's folder .*elsewhere.*all nodes share"):
        perform(replace(driver, folder="/elsewhere"), ask, ())


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"walltime": 60.0, "chunk": 100.0}, "walltime: 60 s is shorter than one chunk of 100 s"),
        ({"jobs": 0}, "execution.jobs: at least one is needed, got 0"),
        ({"accelerators": 2, "workers_per_node": 4}, "4 workers for 2 accelerators"),
        ({"kind": "sbatch", "config": "a:b"}, "execution.config: belongs to kind 'parsl', this is 'sbatch'"),
    ],
)
def test_settings_that_cannot_be(settings, text):
    with pytest.raises(InputError, match=text):
        Execution(**{"kind": "parsl", **settings})


def test_profiles_are_found_by_name_the_nearest_file_first(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "electrolith").mkdir(parents=True)
    (tmp_path / "home" / "electrolith" / "electrolith.toml").write_text(
        '[execution.hpc]\nkind = "parsl"\npartition = "main"\n[execution.other]\nkind = "sbatch"\n'
    )
    study = tmp_path / "work" / "study"
    study.mkdir(parents=True)
    (tmp_path / "work" / "electrolith.toml").write_text('[execution.hpc]\nkind = "sbatch"\n')
    assert named("hpc", study, "study.execution") == {"kind": "sbatch"}
    assert named("other", study, "study.execution") == {"kind": "sbatch"}
    assert named("local", study, "study.execution") == {}
    with pytest.raises(
        InputError, match=r"study.execution: no 'hcp'; did you mean 'hpc'\? known: hpc, local, other"
    ):
        named("hcp", study, "study.execution")
    (tmp_path / "work" / "electrolith.toml").write_text("[execution\n")
    with pytest.raises(InputError, match=r"electrolith\.toml: cannot be read as TOML"):
        named("hpc", study, "study.execution")


def test_parsl_that_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "parsl", None)
    monkeypatch.setattr("electrolith.core.execution.pilots.cancel_left", lambda folder: 0)
    with (
        Workers(Execution(kind="parsl"), tmp_path) as workers,
        pytest.raises(MissingExtra, match=r"\.\[parsl\]"),
    ):
        workers.remote()


@pytest.mark.parametrize(
    ("config", "text"),
    [("no.such:thing", "cannot be had"), ("os:sep", "is a str, not a parsl.Config"), ("os", "cannot be had")],
)
def test_a_parsl_configuration_that_is_none(config, text):
    pytest.importorskip("parsl")
    from electrolith.core.execution.pilots import configuration

    with pytest.raises(InputError, match=text):
        configuration(Execution(kind="parsl", config=config), Path())


def test_one_accelerator_goes_to_each_worker(tmp_path):
    pytest.importorskip("parsl")
    from electrolith.core.execution.pilots import configuration

    gpus = Execution(kind="parsl", accelerators=4, workers_per_node=4, cores_per_worker=8)
    executor = configuration(gpus, tmp_path).executors[0]
    assert executor.available_accelerators == ["0", "1", "2", "3"]
    assert executor.max_workers_per_node == 4
    assert "--gpus-per-node=4" in executor.provider.scheduler_options
    assert "--cpus-per-task=32" in executor.provider.scheduler_options


class Slurm:
    """A queue in memory that answers like SLURM's commands."""

    def __init__(self):
        self.answers = {"squeue": "", "sbatch": "7\n", "scancel": ""}
        self.asked = []

    def __call__(self, command, **_):
        self.asked.append(command)
        answer = self.answers[command[0]]
        failed = isinstance(answer, Exception)
        return subprocess.CompletedProcess(command, int(failed), "" if failed else answer, str(answer))


@pytest.fixture
def queue(monkeypatch):
    found = Slurm()
    monkeypatch.setattr(slurm_commands.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(slurm_commands.subprocess, "run", found)
    return found


def test_a_machine_without_slurm_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(slurm_commands.shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="squeue is not found: this machine submits to no SLURM"):
        cancel_left(tmp_path)


def test_what_slurm_refuses_is_told_in_its_words(queue):
    queue.answers["sbatch"] = Exception("sbatch: error: invalid partition specified: nope")
    with pytest.raises(Refused, match=r"SLURM refuses: sbatch: error: invalid partition.*look at partition"):
        slurm_commands.slurm("sbatch", "x")


def test_a_controller_that_is_away_is_no_refusal(queue):
    queue.answers["sbatch"] = Exception("error: Unable to contact slurm controller (connect failure)")
    assert slurm_commands.slurm("sbatch", "x") is None


def test_jobs_that_will_never_begin_are_noticed(queue, tmp_path):
    queue.answers["squeue"] = "7_1 PENDING PartitionDown\n7_2 PENDING PartitionDown\n"
    assert "will not begin them (PartitionDown)" in stuck(tmp_path)
    queue.answers["squeue"] = "7_1 PENDING PartitionDown\n7_2 RUNNING None\n"
    assert stuck(tmp_path) == ""
    queue.answers["squeue"] = "7_1 PENDING Resources\n"
    assert stuck(tmp_path) == ""


def test_a_job_that_a_failing_node_left_on_hold_is_cancelled_and_one_that_its_owner_holds_is_not(
    queue, tmp_path
):
    """SLURM holds what it requeued from a node that failed at its start: the chunk waited for ever."""
    queue.answers["squeue"] = "7_1 PENDING launch failed requeued held\n7_2 PENDING JobHeldUser\n"
    assert stuck(tmp_path) == ""
    assert [c[1] for c in queue.asked if c[0] == "scancel"] == ["7_1"]


def test_a_job_exports_its_end_and_its_interpreter():
    lines = preamble(
        Execution(kind="sbatch", walltime=7200.0, worker_init="module load x", python="/env/bin/python")
    )
    assert lines.splitlines()[0] == "module load x"
    assert "export PATH=/env/bin:$PATH" in lines
    out = subprocess.run(["bash", "-c", lines.split("\n", 1)[1] + f"echo $(( {JOB_END} - {JOB_START} ))"],
                         capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert out == "7200\n"


def call(value, stop):
    return Answer(False, value)


def refuse(value, stop):
    raise InputError("no")


@pytest.fixture
def arrays(queue, tmp_path, monkeypatch, driver):
    monkeypatch.setattr("electrolith.core.execution.array.POLL", 0.01)
    executor = JobArrays(Execution(kind="sbatch", partition="p", jobs=3), tmp_path, driver)
    yield executor
    queue.answers["squeue"] = ""
    executor.shutdown(cancel_futures=True)


def until(truth):
    for _ in range(500):
        if truth():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_calls_become_an_array_and_answers_come_back(arrays, queue, tmp_path):
    queue.answers["squeue"] = "0 RUNNING\n1 RUNNING\n"
    good, bad = arrays.submit(call, 5), arrays.submit(refuse, 5)
    until(lambda: len(arrays.open) == 2)
    assert any(c[2].endswith("%3") for c in queue.asked if c[0] == "sbatch")
    for number in "01":
        main(str(tmp_path / "jobs"), number)
    assert good.result(10).value == 5
    with pytest.raises(InputError, match="no"):
        bad.result(10)
    script = (tmp_path / "jobs" / "array.sh").read_text()
    assert f"#SBATCH --job-name={job_name(tmp_path)}" in script
    assert "#SBATCH --time=60:00" in script


@pytest.mark.parametrize(
    ("state", "error"),
    [("TIMEOUT", Lost), ("PREEMPTED", Lost), ("CANCELLED", Lost), ("NODE_FAIL", Lost), ("", Lost),
     ("FAILED", BrokenProcessPool), ("OUT_OF_MEMORY", BrokenProcessPool)],
)  # fmt: skip
def test_what_slurm_says_of_a_job_without_answer_decides_what_it_costs(arrays, queue, state, error):
    queue.answers["squeue"] = "0 RUNNING\n"
    future = arrays.submit(call, 5)
    until(lambda: arrays.open)
    queue.answers["squeue"] = f"0 {state}\n" if state else ""
    with pytest.raises(error, match="without an answer"):
        future.result(10)


def test_a_job_that_slurm_takes_up_again_is_waited_for(arrays, queue, tmp_path):
    queue.answers["squeue"] = "0 NODE_FAIL\n0 PENDING\n"
    future = arrays.submit(call, 5)
    until(lambda: arrays.open)
    time.sleep(0.2)
    assert not future.done()
    main(str(tmp_path / "jobs"), "0")
    assert future.result(10).value == 5


def test_a_refused_array_is_told_to_whoever_waits(arrays, queue):
    queue.answers["sbatch"] = Exception("sbatch: error: Invalid account")
    with pytest.raises(InputError, match="Invalid account"):
        arrays.submit(call, 5).result(10)


def test_jobs_that_will_never_begin_are_told_to_whoever_waits(arrays, queue, monkeypatch):
    queue.answers["squeue"] = "0 PENDING PartitionDown\n"
    future = arrays.submit(call, 5)
    with pytest.raises(InputError, match="will not begin them"):
        future.result(10)


def test_local_work_uses_processes_of_this_machine(tmp_path):
    with Workers(folder=tmp_path) as workers:
        assert workers.remote() is None
        with workers.pool(2) as pool:
            assert pool.submit(abs, -3).result() == 3
    assert list(tmp_path.iterdir()) == []


def test_answers_and_refusals_survive_their_way_back():
    for one in (Lost("gone"), Answer(True, 3)):
        assert str(pickle.loads(pickle.dumps(one))) == str(one)  # noqa: S301


def test_threads_serve_as_an_executor_too():
    with ThreadPoolExecutor(2) as pool:
        chunks = Chunks(pool)
        chunks.add("a", lambda value: Answer(False, value), 3, lambda: 0)
        ended = []
        while chunks.futures:
            ended += chunks.wait(0.1)
    assert ended[0].answer.value == 3

import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from electrolith.core.archive import load, save
from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.motion import trajectory
from electrolith.motion.checkpoint import read_checkpoint, write_checkpoint
from electrolith.motion.displacement import msd_fft, relative_to
from electrolith.motion.guards import broken
from electrolith.motion.motor import masses_of
from electrolith.motion.run import simulate
from electrolith.motion.store import read_positions
from electrolith.motion.trajectory import CHECKPOINT, STOP, TRAJECTORY, Task, advance

SCRIPT = Path(__file__).with_name("toys.py")


@pytest.fixture
def run(toys, tmp_path):
    """Simulate the toy wells in threads."""

    def start(frames=None, engine=None, folder="runs", **changes):
        frame, wells = toys.wells()
        with ThreadPoolExecutor(1) as pool:
            return simulate(
                frames or [frame],
                engine or wells,
                dynamics=toys.short(**changes),
                mobile="Li",
                hop_distance=3.0,
                folder=tmp_path / folder,
                executor=pool,
            )

    return start


def script(folder, chunk, *more):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return [sys.executable, str(SCRIPT), str(folder), str(chunk), *more], environment


def test_killed_twice_and_resumed_gives_bit_for_bit_what_an_undisturbed_run_gives(tmp_path):
    command, environment = script(tmp_path / "undisturbed", 100)
    calm = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    folder = tmp_path / "killed"
    command, environment = script(folder, 0.0)
    for kill in range(2):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        steps = [0]
        while process.poll() is None and max(steps) < 200 * (kill + 1):
            time.sleep(0.02)
            steps = [int(p.read_text()) for p in folder.glob("*/steps.txt")] or [0]
        assert process.poll() is None, "the run ended before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert again.stdout == calm.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel to end orphans")
def test_no_process_outlives_a_killed_run(tmp_path):
    command, environment = script(tmp_path / "runs", 0.0)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while not list((tmp_path / "runs").glob("*/steps.txt")):
        time.sleep(0.02)
    process.kill()
    process.wait()
    time.sleep(0.5)
    before = {p: p.read_text() for p in (tmp_path / "runs").glob("*/steps.txt")}
    time.sleep(0.5)
    assert before == {p: p.read_text() for p in (tmp_path / "runs").glob("*/steps.txt")}


def test_process_that_dies_takes_one_trajectory_and_not_the_study(tmp_path):
    command, environment = script(tmp_path / "runs", 100, "crash")
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "finished" in out
    assert "stopped its process died 2 times" in out


def test_displacement_while_running_equals_fft_of_the_stored_trajectory_in_a_skewed_cell(run, tmp_path):
    found = run().runs[0]
    times, positions, frame = read_positions(tmp_path / "runs" / found.file)
    assert times == pytest.approx(found.time)
    symbols = np.array(frame.symbols)
    steady = relative_to(positions, symbols != "Li", masses_of(frame.numbers))
    for name in ("Li", "Cl"):
        longest = len(found.curves.lag)
        reference = msd_fft(steady[:, symbols == name], longest=longest)[1:]
        assert found.curves.of(name) == pytest.approx(reference, rel=1e-10)


def test_stored_trajectory_is_read_by_other_tools(run, tmp_path):
    from ase.io import read

    found = run().runs[0]
    frames = read(tmp_path / "runs" / found.file, index=":")
    times, positions, first = read_positions(tmp_path / "runs" / found.file)
    assert len(frames) == len(times)
    assert np.array(frames[-1].cell) == pytest.approx(first.cell)
    assert frames[-1].positions == pytest.approx(positions[-1])
    assert frames[-1].info["time"] == times[-1]


def test_settings_that_change_nothing_find_everything_done(run, tmp_path):
    first = run()
    stamp = (tmp_path / "runs" / first.runs[0].file).stat().st_mtime_ns
    again = run()
    assert (tmp_path / "runs" / again.runs[0].file).stat().st_mtime_ns == stamp
    assert np.array_equal(first.runs[0].curves.msd, again.runs[0].curves.msd)


def test_another_seed_gives_another_path_and_the_same_seed_the_same(run):
    a, b, c = run(folder="a"), run(folder="b"), run(folder="c", seed=2)
    assert np.array_equal(a.runs[0].curves.msd, b.runs[0].curves.msd)
    assert not np.array_equal(a.runs[0].curves.msd, c.runs[0].curves.msd)


def test_results_go_through_the_archive(run, tmp_path):
    found = run()
    save(tmp_path / "stored.zip", found)
    back = load(tmp_path / "stored.zip")
    assert np.array_equal(back.runs[0].curves.msd, found.runs[0].curves.msd)
    assert back.runs[0].guards == found.runs[0].guards


def test_heating_happens_once_even_when_interrupted_in_its_midst(toys, tmp_path):
    frame, engine = toys.wells()
    dynamics = toys.short(heating=800.0)
    whole = Task(
        str(tmp_path / "a"), str(tmp_path), frame, engine, dynamics, 500.0, 0, 0, "Li", 800, chunk_seconds=0.0
    )
    advance(whole)
    parts = replace(whole, folder=str(tmp_path / "b"), steps=200)
    advance(parts)  # a quarter into the heating
    advance(replace(parts, steps=800))
    a, b = (read_checkpoint(tmp_path / x / CHECKPOINT) for x in "ab")
    assert np.array_equal(a["positions"], b["positions"])
    assert np.array_equal(a["rows"], b["rows"])
    assert a["rows"][0, 0] >= 800.0


def test_damaged_checkpoint_is_said_and_the_trajectory_starts_again(toys, tmp_path):
    frame, engine = toys.wells()
    task = Task(str(tmp_path / "a"), str(tmp_path), frame, engine, toys.short(), 500.0, 0, 0, "Li", 200)
    advance(task)
    sound = read_checkpoint(tmp_path / "a" / CHECKPOINT)["positions"]
    path = tmp_path / "a" / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-7])
    progress = advance(task)
    assert "truncated or altered; this trajectory starts again" in progress.notes[0]
    assert np.array_equal(read_checkpoint(path)["positions"], sound)


def test_frames_after_the_checkpoint_are_cut_and_missing_ones_start_the_trajectory_again(toys, tmp_path):
    frame, engine = toys.wells()
    task = Task(str(tmp_path / "a"), str(tmp_path), frame, engine, toys.short(), 500.0, 0, 0, "Li", 400)
    advance(task)
    path = tmp_path / "a" / TRAJECTORY
    sound = path.read_bytes()
    path.write_bytes(sound + b"16\nhalf a fra")
    assert advance(task).notes == ()
    assert path.read_bytes() == sound
    path.write_bytes(sound[:-40])
    assert "shorter than its checkpoint says" in advance(task).notes[0]
    assert path.read_bytes() == sound


@pytest.mark.parametrize("at", [30, -12])
@pytest.mark.parametrize("bit", [0, 7])
def test_one_altered_character_of_a_stored_trajectory_is_noticed(toys, tmp_path, at, bit):
    """It went into the diffusivity unseen, or blocked every later run by a traceback."""
    frame, engine = toys.wells()
    task = Task(str(tmp_path / "a"), str(tmp_path), frame, engine, toys.short(), 500.0, 0, 0, "Li", 400)
    advance(task)
    path = tmp_path / "a" / TRAJECTORY
    sound = path.read_bytes()
    raw = bytearray(sound)
    raw[at] ^= 1 << bit
    path.write_bytes(raw)
    assert "altered since it was written" in advance(task).notes[0]
    assert path.read_bytes() == sound


def test_the_first_checkpoint_comes_at_once_and_the_pauses_grow_to_their_limit(toys, tmp_path, monkeypatch):
    """Runs killed more often than every 45 s lost every step."""
    frame, engine = toys.wells()
    dynamics = toys.short()
    steps, clock = [], itertools.count()
    save = trajectory.save_state
    monkeypatch.setattr(
        trajectory, "save_state", lambda task, state: (steps.append(state.phase.step), save(task, state))
    )
    monkeypatch.setattr(trajectory.time, "monotonic", lambda: 2.0 * next(clock))  # 2 to 4 s a segment
    task = Task(str(tmp_path / "a"), str(tmp_path), frame, engine, dynamics, 500.0, 0, 0, "Li", 0)
    advance(replace(task, steps=60 * dynamics.segment, chunk_seconds=16.0))
    assert steps[0] == dynamics.segment
    gaps = np.diff(steps) // dynamics.segment
    assert gaps.tolist()[:3] == [1, 1, 2]  # pauses of 0.5, 1, 2, 4 … s
    assert max(gaps) <= 9
    assert np.all(np.diff(gaps[:-1]) >= 0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "[1]",
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"steps": {', '"steps": {"500": 1e999, "x": '),
        lambda text: text.replace("800", "900"),
        lambda text: "\udcff",
    ],
)
def test_a_damaged_plan_is_no_plan(run, tmp_path, damage):
    """Altered steps would have made the runs longer, and every later result another one."""
    before = run()
    path = tmp_path / "runs" / "plan.json"
    whole = path.read_text()
    path.write_text(damage(whole), errors="surrogateescape")
    after = run()
    assert path.read_text() == whole
    assert np.array_equal(before.runs[0].curves.msd, after.runs[0].curves.msd)


def test_checkpoint_of_other_settings_is_not_continued(toys, tmp_path):
    frame, engine = toys.wells()
    task = Task(str(tmp_path / "a"), str(tmp_path), frame, engine, toys.short(), 500.0, 0, 0, "Li", 200)
    advance(task)
    progress = advance(replace(task, temperature=600.0))
    assert "belongs to other settings" in progress.notes[0]


def test_checkpoint_of_another_version_is_refused(tmp_path):
    (tmp_path / "c").write_bytes(b"something else")
    with pytest.raises(DataError, match="not a checkpoint of this version"):
        read_checkpoint(tmp_path / "c")
    write_checkpoint(tmp_path / "c", {"a": np.arange(3)})
    assert read_checkpoint(tmp_path / "c")["a"].tolist() == [0, 1, 2]


def test_melting_framework_stops_its_run_only_and_says_so(run, toys):
    frame, engine = toys.wells(spring=0.0)
    found = run([frame], engine, temperatures=(500.0, 900.0)).runs
    for r in found:
        assert r.status == "stopped"
        assert "the framework melted: its atoms had moved by" in r.reason


def test_thermostat_that_does_not_act_breaks_the_temperature_guard(run):
    found = run(thermostat_period=1e6).runs[0]
    texts = " ".join(broken(found.guards))
    assert "with the thermostat at 500 K" in texts


def test_too_large_a_timestep_is_stopped_or_breaks_the_conserved_quantity(run, toys):
    frame, engine = toys.wells(spring=2000.0)
    found = run([frame], engine, timestep=6.0, sampling=60.0).runs[0]
    assert found.status == "stopped"
    assert "timestep, 6 fs, is too large" in found.reason


def test_engine_that_fails_sinks_its_trajectory_only(run, toys):
    frame, engine = toys.wells()
    other = replace_first(frame)

    @dataclass(frozen=True)
    class Failing:
        name: str = "failing"
        calls = [0]  # noqa: RUF012

        def evaluate(self, f):
            if np.abs(f.positions[0, 0] - other.positions[0, 0]) < 1e-9:
                self.calls[0] += 1
                raise ElectrolithError("forces are not finite")
            return engine.evaluate(f)

    found = run([frame, other], Failing(), orderings=2).runs
    assert [r.status for r in found] == ["finished", "stopped"]
    assert found[1].reason == "forces are not finite"


def replace_first(frame):
    positions = frame.positions.copy()
    positions[0, 0] += 0.05
    return replace(frame, positions=positions)


def test_runs_go_on_until_the_error_is_met_or_the_budget_is_used(run, toys):
    frame, engine = toys.wells(barrier=0.02)
    easy = run([frame], engine, relative_error=10.0, duration=3200.0, budget=12_800.0, folder="a").runs[0]
    hard = run([frame], engine, relative_error=1e-3, duration=3200.0, budget=12_800.0, folder="b").runs[0]
    assert easy.steps == 1600
    assert hard.steps == 6400


def test_hop_target_alone_makes_a_run_longer(run, toys):
    frame, engine = toys.wells(barrier=0.02)
    found = run([frame], engine, relative_error=10.0, hops=1e9, duration=3200.0, budget=6400.0).runs[0]
    assert found.steps == 3200


def test_progress_grows_to_one(toys, tmp_path):
    frame, engine = toys.wells()
    seen = []
    with ThreadPoolExecutor(1) as pool:
        simulate(
            [frame],
            engine,
            dynamics=toys.short(),
            mobile="Li",
            hop_distance=3.0,
            folder=tmp_path,
            executor=pool,
            progress=lambda share, text: seen.append((share, text)),
        )
    shares = [s for s, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


class Waiting:
    """An engine that holds its 600th evaluation until the run was told to stop: no race."""

    def __init__(self, engine, stop):
        self.engine, self.stop, self.calls = engine, stop, 0

    @property
    def name(self):
        return self.engine.name

    def evaluate(self, frame):
        self.calls += 1
        for _ in range(600 if self.calls == 600 else 0):
            if self.stop.exists():
                break
            time.sleep(0.05)
        return self.engine.evaluate(frame)


def test_interrupt_leaves_checkpoints_and_the_next_call_goes_on(toys, tmp_path):
    frame, engine = toys.wells()
    waiting = Waiting(engine, tmp_path / "a" / STOP)

    def press_ctrl_c(share, _text):
        if 0 < share < 1:
            raise KeyboardInterrupt

    settings = {
        "dynamics": toys.short(duration=6400.0, budget=6400.0),
        "mobile": "Li",
        "hop_distance": 3.0,
    }
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            simulate(
                [frame], waiting, folder=tmp_path / "a", executor=pool, progress=press_ctrl_c, **settings
            )
        assert (tmp_path / "a" / STOP).exists()
        (checkpoint,) = (tmp_path / "a").glob(f"*/{CHECKPOINT}")
        assert 0 < int(read_checkpoint(checkpoint)["step"]) < 3200
        again = simulate([frame], engine, folder=tmp_path / "a", executor=pool, **settings)
        calm = simulate([frame], engine, folder=tmp_path / "b", executor=pool, **settings)
    assert toys.digest(again, tmp_path / "a") == toys.digest(calm, tmp_path / "b")


def test_second_run_on_a_folder_is_refused_by_name_of_the_holder(run, tmp_path):
    from electrolith.core.lease import Lock

    with Lock(tmp_path / "runs" / "lock"), pytest.raises(InputError, match=rf"in use by .*{os.getpid()}"):
        run()


@pytest.mark.parametrize(
    ("lithium", "chlorine", "text"),
    [(8, 0, "every atom is Li and mobile: there is no framework"), (0, 8, "no mobile species: .* no Li")],
)
def test_cells_without_framework_or_without_mobile_ions_are_refused(run, toys, lithium, chlorine, text):
    frame, engine = toys.wells(lithium=lithium, chlorine=chlorine)
    with pytest.raises(InputError, match=text):
        run([frame], engine)


def test_more_orderings_than_came_are_refused(run):
    with pytest.raises(InputError, match=r"dynamics\.orderings: 3 are wanted and 1 came"):
        run(orderings=3)


def test_trajectory_file_cut_in_a_frame_is_refused(run, tmp_path):
    found = run().runs[0]
    path = tmp_path / "runs" / found.file
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-3]))
    with pytest.raises(DataError, match="no whole number of frames of 16 atoms"):
        read_positions(path)


def test_full_disk_is_said_and_the_next_call_ends_as_if_nothing_had_happened(toys, tmp_path, monkeypatch):
    frame, engine = toys.wells()
    settings = {"dynamics": toys.short(), "mobile": "Li", "hop_distance": 3.0, "chunk_seconds": 0.0}
    calls = []

    def full(_descriptor):
        calls.append(1)
        if len(calls) > 8:
            raise OSError(errno.ENOSPC, "No space left on device")

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(
            DataError, match=r"disk is full|No space left on device\); what was stored is intact"
        ):
            simulate([frame], engine, folder=tmp_path / "a", executor=pool, **settings)
        monkeypatch.undo()
        again = simulate([frame], engine, folder=tmp_path / "a", executor=pool, **settings)
        calm = simulate([frame], engine, folder=tmp_path / "b", executor=pool, **settings)
    assert toys.digest(again, tmp_path / "a") == toys.digest(calm, tmp_path / "b")


def test_each_ordering_and_seed_runs_with_its_own_draw_and_says_so(toys, tmp_path):
    """Two seeds with unlike wells: each repeats, bit by bit, what its engine gives alone with that seed."""
    frame, soft = toys.wells(barrier=0.05)
    _, hard = toys.wells(barrier=0.6)
    settings = toys.short(seeds=2)
    assert (settings.orderings, len(settings.temperatures)) == (1, 1)

    def start(folder, engine, drawn=None):
        with ThreadPoolExecutor(1) as pool:
            return simulate(
                [frame],
                engine,
                dynamics=settings,
                mobile="Li",
                hop_distance=3.0,
                folder=tmp_path / folder,
                executor=pool,
                drawn=drawn,
            )

    both = start("drawn", soft, {(0, 0): (frame, soft), (0, 1): (frame, hard)})
    only_soft, only_hard = start("soft", soft), start("hard", hard)
    assert both.posterior
    assert not only_soft.posterior
    lithium = [r.curves.of("Li") for r in both.runs]
    assert np.array_equal(lithium[0], only_soft.runs[0].curves.of("Li"))
    assert np.array_equal(lithium[1], only_hard.runs[1].curves.of("Li"))
    assert not np.array_equal(lithium[1], only_soft.runs[1].curves.of("Li"))

# ruff: noqa: T201, S101, S311, S603, E501 - a tool, run by hand
"""Chunks on a SLURM of this machine while drivers, jobs and daemons are killed at random.

    python tools/slurm/storm.py --kills 60

Each chunk counts in a file of its own, one byte at a time, so that work that is lost shows as too little
and work that is done twice as too much; what is in flight when a job dies is one count. Killed are: the
driver (SIGKILL of it, or SIGTERM), a job (scancel), a job (scontrol requeue), a worker process (SIGKILL,
as out of memory does), slurmd and slurmctld (SIGKILL, then started again). A driver that died is started
again on the same folder. At the end every count must be the wanted one, each counted once, no chunk given
up, no job left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parents[1] / "tests" / "slurm"
sys.path[:0] = [str(HERE), str(TESTS)]

from cluster import Cluster, missing  # noqa: E402

HOW = ("driver", "terminate", "cancel", "requeue", "worker", "slurmd", "slurmctld")
DRIVER = """
import json, sys
sys.path[:0] = json.loads(sys.argv[2])
import sleepers
from pathlib import Path
from electrolith.core.execution.chunks import Chunks
from electrolith.core.execution.profile import Execution
from electrolith.core.execution.workers import Workers
folder, chunks_wanted, goal = Path(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
path = "export PYTHONPATH=" + ":".join(p for p in sys.path if p)
where = Execution(kind="sbatch", partition="short", walltime=60, chunk=20, jobs=8, worker_init=path)
with Workers(where, folder) as workers:
    chunks = Chunks(workers.remote())
    for n in range(chunks_wanted):
        work = sleepers.Sleep(str(folder / f"count-{n}"), goal, 1.0)
        chunks.add(n, sleepers.count, work, work.there)
    given_up = []
    while chunks.futures:
        given_up += [e.gave_up for e in chunks.wait(1.0) if e.gave_up]
        found = {"passes": chunks.passes, "lost": chunks.lost, "crashed": chunks.crashed, "given_up": given_up}
        (folder / "driver.json").write_text(json.dumps(found))
"""


def workers(folder: Path) -> list[int]:
    """Processes that compute chunks of this folder."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                line = (path / "cmdline").read_bytes()
                if b"electrolith.core.execution.array" in line and str(folder).encode() in line:
                    found.append(int(path.name))
            except OSError:
                continue
    return found


class Storm:
    """One set of chunks and whoever drives it."""

    def __init__(self, cluster: Cluster, folder: Path, chunks: int, goal: int) -> None:
        self.cluster, self.folder, self.chunks, self.goal = (
            cluster,
            folder,
            chunks,
            goal,
        )
        self.driver: subprocess.Popen[bytes] | None = None
        self.totals: Counter[str] = Counter()
        self.given_up: list[str] = []

    def start(self) -> None:
        """A driver on the folder."""
        arguments = [
            str(self.folder),
            json.dumps([p for p in sys.path if p]),
            str(self.chunks),
            str(self.goal),
        ]
        with (self.folder / "driver.out").open("ab") as out:
            self.driver = subprocess.Popen(
                [sys.executable, "-c", DRIVER, *arguments],
                env=self.cluster.environment,
                stdout=out,
                stderr=out,
            )

    def collect(self) -> None:
        """Take in what the last driver counted."""
        path = self.folder / "driver.json"
        if path.exists():
            found = json.loads(path.read_text() or "{}")
            self.totals.update({k: found.get(k, 0) for k in ("passes", "lost", "crashed")})
            self.given_up += found.get("given_up", [])
            path.unlink()

    def counts(self) -> list[int]:
        """What every chunk has counted so far."""
        paths = [self.folder / f"count-{n}" for n in range(self.chunks)]
        return [p.stat().st_size if p.exists() else 0 for p in paths]

    def kill(self, how: str, chance: random.Random) -> bool:
        """One blow; whether there was anything to hit."""
        running = self.cluster.ask("squeue", "-h", "-r", "-t", "R", "-o", "%i").split()
        if how in ("driver", "terminate"):
            assert self.driver is not None
            if self.driver.poll() is not None:
                return False
            self.driver.send_signal(signal.SIGKILL if how == "driver" else signal.SIGTERM)
            self.driver.wait()
            self.collect()
            self.start()
        elif how in ("cancel", "requeue"):
            if not running:
                return False
            command = ("scancel",) if how == "cancel" else ("scontrol", "requeue")
            self.cluster.ask(*command, chance.choice(running))
        elif how == "worker":
            victims = workers(self.folder)
            if not victims:
                return False
            os.kill(chance.choice(victims), signal.SIGKILL)
        else:
            self.cluster.kill(how)
            time.sleep(chance.uniform(0, 3))
            if how == "slurmd":
                self.cluster.start_node()
            else:
                self.cluster.start_controller()
        return True


def main() -> None:
    """Storm until the number of kills is reached, then let the chunks end; exit 1 where anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--pause", type=float, default=8.0, help="seconds between two kills, at most")
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("slurm-storm.json"))
    given = parser.parse_args()
    if reason := missing():
        sys.exit(f"no SLURM here: {reason}")
    chance = random.Random(given.seed)
    kills: Counter[str] = Counter()
    begun, fell = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="storm-", ignore_cleanup_errors=True) as place:
        cluster = Cluster(Path(place) / "slurm", cpus=8)
        cluster.start()
        try:
            goal = int(given.kills * given.pause * 0.75)
            storm = Storm(cluster, Path(place), given.chunks, goal)
            storm.start()
            while sum(kills.values()) < given.kills and min(storm.counts()) < goal:
                time.sleep(chance.uniform(0.5, given.pause))
                how = chance.choice(HOW)
                if storm.kill(how, chance):
                    kills[how] += 1
                    print(
                        f"{sum(kills.values())} {how}; counted {storm.counts()}",
                        flush=True,
                    )
                if storm.driver is not None and storm.driver.poll() is not None:
                    if storm.driver.returncode == 0:
                        break
                    fell += 1
                    storm.collect()
                    storm.start()
            assert storm.driver is not None
            while storm.driver.wait() != 0 and fell < 5:
                fell += 1
                storm.collect()
                storm.start()
            storm.collect()
            counts = storm.counts()
            left = cluster.ask("squeue", "-h").strip()
            said = (Path(place) / "driver.out").read_text()
        finally:
            cluster.stop()
    wrong = [n for n, count in enumerate(counts) if count != goal]
    found = {
        "kills": dict(kills),
        "chunks": given.chunks,
        "goal": goal,
        "lost_or_doubled": len(wrong),
        "counts": counts,
        "given_up": storm.given_up,
        "jobs_left": left,
        "drivers_that_ended_by_themselves": fell,
        "seconds": round(time.monotonic() - begun),
        **storm.totals,
    }
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    if wrong or storm.given_up or left or fell:
        print(said[-3000:])
        sys.exit(1)


if __name__ == "__main__":
    main()

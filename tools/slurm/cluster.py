# ruff: noqa: T201, S603 - a tool, run by hand and by tests
"""A SLURM of this machine alone, for tests: munged, slurmctld and slurmd on loopback, from nothing.

    python tools/slurm/cluster.py start FOLDER     prints what to export
    python tools/slurm/cluster.py stop FOLDER

Debian's packages `slurm-wlm` and `munge` are enough: no systemd, no accounting, no root. All files lie in
FOLDER.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")
CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={other}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
KillWait=5
MinJobAge=300
MessageTimeout=20
UnkillableStepTimeout=20
SlurmdTimeout=20
ReturnToService=2
SlurmdParameters=config_overrides
OverTimeLimit=0
JobRequeue=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=short Nodes={host} Default=YES MaxTime=1:00 State=UP
PartitionName=long Nodes={host} MaxTime=60:00 State=UP
PartitionName=closed Nodes={host} MaxTime=60:00 State=DOWN
"""


def missing() -> str:
    """Why no SLURM can be started here; empty if one can."""
    where = os.environ["PATH"] + ":/usr/sbin:/sbin"
    lacking = [name for name in PROGRAMS if shutil.which(name, path=where) is None]
    if lacking:
        return f"{', '.join(lacking)} not found (Debian: apt-get install slurm-wlm munge)"
    return ""


class Cluster:
    """One node, its daemons children of this process or found by their pid files."""

    def __init__(self, folder: Path, *, cpus: int = 4) -> None:
        self.folder = folder.resolve()
        self.cpus = cpus
        self.environment = {
            **os.environ,
            "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
            "SLURM_CONF": str(self.folder / "slurm.conf"),
        }

    def start(self) -> None:
        """Write the configuration and start all three daemons; wait until the node is idle."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(256))
        key.chmod(0o400)
        port, other = _free_ports()
        text = CONFIGURATION.format(
            host=socket.gethostname(), port=port, other=other, cpus=self.cpus, folder=self.folder,
            user=pwd.getpwuid(os.getuid()).pw_name,
        )  # fmt: skip
        (self.folder / "slurm.conf").write_text(text)
        self.start_munged()
        self.start_controller()
        self.start_node()

    def start_munged(self) -> None:
        """The daemon that signs messages."""
        f = self.folder
        self._run(
            "munged", "--force", f"--key-file={f}/munge.key", f"--socket={f}/munge.socket",
            f"--pid-file={f}/munged.pid", f"--log-file={f}/munged.log", f"--seed-file={f}/munge.seed",
            "--num-threads=2",
        )  # fmt: skip

    def start_controller(self) -> None:
        """The daemon that holds the queue."""
        self._run("slurmctld")

    def start_node(self) -> None:
        """The daemon that runs jobs; returns when it is ready for them."""
        self._run("slurmd", "-N", socket.gethostname())
        self.wait_for_node()

    def wait_for_node(self, seconds: float = 60.0) -> None:
        """Until the node takes jobs."""
        limit = time.monotonic() + seconds
        state = ""
        while time.monotonic() < limit:
            state = self.ask("sinfo", "-h", "-p", "short", "-o", "%t").strip()
            if state in ("idle", "mix", "alloc", "comp"):
                return
            if state.startswith(("dr", "down")):  # as an administrator would
                self.ask(
                    "scontrol",
                    "update",
                    f"nodename={socket.gethostname()}",
                    "state=resume",
                )
            time.sleep(0.3)
        raise RuntimeError(f"the node is {state!r} after {seconds:g} s: {self.folder}/slurmd.log")

    def ask(self, *command: str) -> str:
        """Output of a SLURM command, empty where it failed."""
        done = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout

    def pid(self, name: str) -> int:
        """Process of a daemon, 0 where it is gone."""
        try:
            pid = int((self.folder / f"{name}.pid").read_text())
            return pid if name in Path(f"/proc/{pid}/cmdline").read_text() else 0
        except (OSError, ValueError):
            return 0

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """End a daemon."""
        if pid := self.pid(name):
            os.kill(pid, number)
            limit = time.monotonic() + 10
            while self.pid(name) and time.monotonic() < limit:
                time.sleep(0.05)

    def stop(self) -> None:
        """Cancel what runs and end all daemons."""
        if self.pid("slurmctld"):
            self.ask(
                "scancel",
                "--full",
                "--signal=KILL",
                "-u",
                pwd.getpwuid(os.getuid()).pw_name,
            )
            self.ask("scancel", "-u", pwd.getpwuid(os.getuid()).pw_name)
            time.sleep(1.0)
        for name in ("slurmd", "slurmctld", "munged"):
            self.kill(name, signal.SIGTERM)
            self.kill(name)

    def _run(self, *command: str) -> None:
        subprocess.run(command, env=self.environment, check=True, timeout=60, capture_output=True)


def _free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


if __name__ == "__main__":
    if reason := missing():
        sys.exit(reason)
    what, where = sys.argv[1:]
    if what == "start":
        Cluster(Path(where)).start()
        print(f"export SLURM_CONF={Path(where).resolve()}/slurm.conf")
    else:
        Cluster(Path(where)).stop()

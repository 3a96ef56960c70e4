"""SLURM's own commands: what a job asks for, what became of jobs, and what an earlier driver left behind."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from electrolith.core.errors import InputError
from electrolith.core.execution.profile import Execution
from electrolith.core.execution.worker import JOB_END, JOB_START

__all__ = ["Refused", "cancel_left", "directives", "job_name", "preamble", "python", "slurm", "stuck"]

SECONDS = 60.0  # for a command of SLURM to answer
AWAY = (
    "contact slurm controller",
    "Socket timed out",
    "Connection refused",
    "Zero Bytes",
    "Connection timed out",
    "missing socket",
    "Transport endpoint",
    "connection failure",
)
HOPELESS = (
    "PartitionDown", "PartitionInactive", "PartitionTimeLimit", "PartitionNodeLimit", "AccountNotAllowed",
    "QOSNotAllowed", "InvalidAccount", "InvalidQOS", "BadConstraints",
)  # fmt: skip
"""Reasons of a waiting job that time alone does not mend."""
HELD = "launch failed requeued held"


class Refused(InputError):
    """SLURM will not take a job."""


def slurm(*command: str) -> str | None:
    """What a command of SLURM prints; None where its controller does not answer now.

    Raises
    ------
    InputError
        If there is no SLURM here.
    Refused
        If it refuses; with its own words.
    """
    if shutil.which(command[0]) is None:
        raise InputError(
            f"execution: {command[0]} is not found: this machine submits to no SLURM; try kind: local"
        )
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return None
    if done.returncode == 0:
        return done.stdout
    if command[0] != "sbatch" or any(text in done.stderr for text in AWAY):
        return None  # only jobs are refused; all else fails because a daemon is away
    raise Refused(
        f"execution: SLURM refuses: {done.stderr.strip() or f'{command[0]} ended with {done.returncode}'}; "
        "look at partition, account, qos, walltime and scheduler_options of the profile"
    )


def job_name(folder: Path) -> str:
    """Name of all jobs of the driver of a folder."""
    return f"electrolith-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:10]}"


def directives(execution: Execution, folder: Path) -> list[str]:
    """Lines #SBATCH that the pilot jobs of Parsl and job arrays have in common."""
    named = {"partition": execution.partition, "account": execution.account, "qos": execution.qos}
    options = [f"--{key}={value}" for key, value in named.items() if value]
    options += [f"--job-name={job_name(folder)}", *execution.scheduler_options]
    return [f"#SBATCH {option}" for option in options]


def preamble(execution: Execution) -> str:
    """Shell lines at the beginning of a job: the environment, and when the job will end."""
    programs = shlex.quote(str(Path(execution.python or sys.executable).parent))
    return (
        f"{execution.worker_init.strip()}\n"
        f"export PATH={programs}:$PATH\n"
        f"export {JOB_START}=$(date +%s)\n"
        f"export {JOB_END}=$(( {JOB_START} + {int(execution.walltime)} ))\n"
    )


def python(execution: Execution) -> str:
    """The interpreter on a node, as a word of the shell."""
    return shlex.quote(execution.python or sys.executable)


def cancel_left(folder: Path, *, seconds: float = 60.0) -> int:
    """Cancel jobs that an earlier driver of this folder left, and wait until they are gone; how many.

    They are told by SIGTERM and write their checkpoints, so that nothing of them is lost.
    """
    limit = time.monotonic() + seconds
    name, left = job_name(folder), -1
    while time.monotonic() < limit:
        answer = slurm("squeue", "--noheader", f"--name={name}", "--format=%i")
        if answer is not None:
            count = len(answer.split())
            if count == 0:
                return max(left, 0)
            if left < 0:
                slurm("scancel", f"--name={name}")
            left = max(left, count)
        time.sleep(1.0)
    return max(left, 0)


def stuck(folder: Path) -> str:
    """Why none of the driver's jobs can ever begin; empty where one runs or may.

    A job that SLURM requeued and holds because its node failed at its start is cancelled: another takes its
    place.
    """
    answer = slurm("squeue", "--noheader", "--array", f"--name={job_name(folder)}", "--format=%i %T %r")
    reasons = []
    for line in (answer or "").splitlines():
        number, _, rest = line.partition(" ")
        state, _, reason = rest.partition(" ")
        if state in ("PENDING", "REQUEUE_HOLD") and HELD in reason:
            slurm("scancel", number)
        reasons.append(reason)
    if reasons and all(reason in HOPELESS for reason in reasons):
        return (
            f"execution: SLURM took the jobs but will not begin them ({reasons[0]}); look at partition, "
            "account, qos and walltime of the profile"
        )
    return ""

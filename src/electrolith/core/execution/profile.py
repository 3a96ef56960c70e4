"""Where and how long work runs: the settings of `execution:` and of a profile in `electrolith.toml`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from electrolith.core.errors import InputError, brief, nearest
from electrolith.core.execution.worker import stop_time
from electrolith.core.units import Unit

__all__ = ["FILE", "LOCAL", "Execution", "profiles"]

FILE = "electrolith.toml"


@dataclass(frozen=True, slots=True)
class Execution:
    """Where long work runs.

    kind : local (one process per core of this machine), parsl (pilot jobs under SLURM, or whatever
        `config` says) or sbatch (job arrays of SLURM, one chunk each, for sites where no pilot may run).
    config : parsl only: "package.module:name" of a `parsl.Config`, or of a function that gives one.
    partition, account, qos : as the site names them.      scheduler_options : further #SBATCH options.
    walltime : of one job.      chunk : after which a piece of work is handed back, so that the next can be
    chosen. jobs : at once.      nodes : of a job, workers_per_node : on each of its nodes (parsl; sbatch
    runs one chunk a job). cores_per_worker : of one worker.     accelerators : GPUs of a node, each given
    to one worker of its own. worker_init : shell lines that make this Electrolith available on a node.
    python : that runs there; that of the driver if none is given.
    """

    kind: Literal["local", "parsl", "sbatch"] = "local"
    config: str = ""
    partition: str = ""
    account: str = ""
    qos: str = ""
    scheduler_options: tuple[str, ...] = ()
    walltime: Annotated[float, Unit("s")] = 3600.0
    chunk: Annotated[float, Unit("s")] = 600.0
    jobs: int = 10
    nodes: int = 1
    workers_per_node: int = 1
    cores_per_worker: int = 1
    accelerators: int = 0
    worker_init: str = ""
    python: str = ""

    def __post_init__(self) -> None:
        """Refuse what no chunk fits into."""
        for name in ("jobs", "nodes", "workers_per_node", "cores_per_worker"):
            if getattr(self, name) < 1:
                raise InputError(f"execution.{name}: at least one is needed, got {getattr(self, name)}")
        if self.accelerators < 0:
            raise InputError(f"execution.accelerators: not below 0, got {self.accelerators}")
        if self.accelerators and self.workers_per_node > self.accelerators:
            raise InputError(
                f"execution.workers_per_node: {self.workers_per_node} workers for {self.accelerators} "
                f"accelerators; "
                "each worker is given one of its own: ask for as many workers as there are accelerators"
            )
        if self.config and self.kind != "parsl":
            raise InputError(f"execution.config: belongs to kind 'parsl', this is {self.kind!r}")
        if not self.chunk > 0 or not self.walltime > 0:
            raise InputError(
                f"execution: walltime and chunk must be above 0 s, got {self.walltime:g} s and "
                f"{self.chunk:g} s"
            )
        if self.kind != "local" and not self.config and stop_time(0.0, self.walltime) < self.chunk:
            raise InputError(
                f"execution.walltime: {self.walltime:g} s is shorter than one chunk of {self.chunk:g} s and "
                f"the time for its checkpoint (a job stops after {stop_time(0.0, self.walltime):g} s); "
                f"raise walltime or "
                "lower execution.chunk"
            )


LOCAL = Execution()


def profiles(folder: Path) -> Mapping[str, Any]:
    """Plain settings by name, of every `electrolith.toml` from the user's own down to the study's folder.

    Raises
    ------
    InputError
        If one of the files is no TOML, or `execution` in it is no table of tables.
    """
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "electrolith"
    places = [home, *reversed(folder.resolve().parents), folder.resolve()]
    found: dict[str, Any] = {}
    for path in (place / FILE for place in places):
        if not path.is_file():
            continue
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8")).get("execution", {})
        except (OSError, ValueError) as error:  # TOML and UTF-8 both raise kinds of ValueError
            raise InputError(f"{path}: cannot be read as TOML ({error})") from error
        if not isinstance(data, dict) or not all(isinstance(v, dict) for v in data.values()):
            raise InputError(f"{path}: expected tables [execution.NAME], got {brief(data)}")
        found |= data
    return found


def named(name: str, folder: Path, where: str) -> Any:
    """Plain settings of a profile.

    Raises
    ------
    InputError
        If no `electrolith.toml` has it.
    """
    known = profiles(folder)
    if name == "local":
        return {}
    if name not in known:
        raise InputError(
            f"{nearest(where, name, ['local', *known])} (profiles stand in {FILE} as [execution.NAME])"
        )
    return known[name]

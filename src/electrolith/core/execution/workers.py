"""The executor of a run: opened when something long first asks for it, closed with the run."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from electrolith.core.execution.profile import LOCAL, Execution
from electrolith.core.execution.worker import Driver
from electrolith.core.processes import Processes, cores

__all__ = ["FOLDER", "Workers"]

FOLDER = ".execution"


class Workers:
    """Workers as `execution:` says; a stage that takes them runs its long parts there.

    folder : in which jobs, their scripts and logs are kept (below `.execution`); all nodes must see it.
    """

    def __init__(self, execution: Execution = LOCAL, folder: Path = Path()) -> None:
        self.execution = execution
        self.folder = folder / FOLDER
        self._remote: Executor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._remote is not None:
            self._remote.shutdown(wait=True, cancel_futures=kind is not None)

    def remote(self) -> Executor | None:
        """The executor of a cluster, the same for the whole run; None where work stays on this machine.

        Raises
        ------
        InputError
            If there is no SLURM here, or what is asked for is refused.
        MissingExtra
            If Parsl is wanted and not installed.
        """
        if self.execution.kind != "local" and self._remote is None:
            folder = self.folder.resolve()
            driver = Driver.here(
                folder,
                secrets.token_hex(8),
                chunk=self.execution.chunk,
                cores=self.execution.cores_per_worker,
            )
            if self.execution.kind == "sbatch":
                from electrolith.core.execution.array import JobArrays

                self._remote = JobArrays(self.execution, folder, driver)
            else:
                from electrolith.core.execution.pilots import Pilots

                self._remote = Pilots(self.execution, folder, driver)
        return self._remote

    @contextmanager
    def pool(self, at_most: int) -> Iterator[Executor]:
        """The executor for `at_most` pieces of work at once; on this machine no more than it has cores."""
        if (remote := self.remote()) is not None:
            yield remote
            return
        with Processes(max(1, min(cores(), at_most))) as pool:
            yield pool

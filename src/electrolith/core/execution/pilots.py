"""Parsl as an executor: pilot jobs that take one chunk after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from electrolith.core.errors import InputError, MissingExtra
from electrolith.core.execution.chunks import Lost
from electrolith.core.execution.profile import Execution
from electrolith.core.execution.slurm import cancel_left, directives, preamble, stuck
from electrolith.core.execution.worker import Driver, perform, stop_time

__all__ = ["Pilots", "configuration"]

T = TypeVar("T")

HEARTBEAT, SILENCE = (
    5,
    20,
)  # s between two signs of life of a pilot, and without one until its chunks are lost
POLL = 10  # s between two looks at the queue
LAST = 30.0  # s of a pilot's life in which no chunk is begun
IDLE = 60.0  # s after which a pilot without work is ended


class Pilots(Executor):
    """Runs every call in the next free worker of a pilot job."""

    def __init__(self, execution: Execution, folder: Path, driver: Driver) -> None:
        try:
            from parsl import DataFlowKernel
            from parsl.app.python import PythonApp
        except ImportError as error:
            raise MissingExtra("parsl", "parsl") from error
        self.driver, self.folder = driver, folder
        self.own = bool(execution.config)
        self.left = 0 if self.own else cancel_left(folder)
        logging.getLogger("parsl").setLevel(logging.WARNING)
        self.kernel = DataFlowKernel(configuration(execution, folder))
        self.app: Any = PythonApp(perform, data_flow_kernel=self.kernel)

    def submit(self, function: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Queue a call; keyword arguments are not taken."""
        if named:
            raise TypeError("Pilots.submit takes positional arguments only")
        mine: Future[T] = Future()
        mine.set_running_or_notify_cancel()  # Parsl cannot take a call back

        def settle(theirs: Future[T]) -> None:
            error = theirs.exception()
            if error is None:
                mine.set_result(theirs.result())
            else:
                mine.set_exception(_translated(error))

        self.app(self.driver, function, arguments).add_done_callback(settle)
        return mine

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the pilots; their chunks write checkpoints."""
        if wait and not cancel_futures:
            self.kernel.wait_for_current_tasks()
        self.kernel.cleanup()
        if not self.own:
            cancel_left(self.folder)  # also what Parsl sent off in its last moment


def _translated(error: BaseException) -> BaseException:
    """Parsl's errors in our words: a lost pilot is free, a worker that died is not."""
    from parsl.executors.errors import BadStateException
    from parsl.executors.high_throughput.errors import ManagerLost, WorkerLost

    if isinstance(error, ManagerLost):
        return Lost(f"its pilot on {error.hostname} is gone")
    if isinstance(error, WorkerLost):
        return BrokenProcessPool(f"its worker process on {error.hostname} died")
    if isinstance(error, BadStateException):
        return InputError(f"execution: no pilot could be started: {_last_words(str(error))}")
    return error


def _last_words(text: str) -> str:
    """What SLURM said of a job that it refused, out of Parsl's account."""
    said = [line.strip() for line in text.splitlines() if "error:" in line]
    return said[-1] if said else " ".join(text.split())[:300]


def configuration(execution: Execution, folder: Path) -> Any:
    """Parsl's configuration: the user's own, or pilots under SLURM.

    Raises
    ------
    InputError
        If the user's own cannot be imported or is none.
    """
    if execution.config:
        return _users(execution.config)
    from parsl import Config
    from parsl.addresses import address_by_hostname
    from parsl.executors import HighThroughputExecutor
    from parsl.launchers import SimpleLauncher, SrunLauncher
    from parsl.providers import SlurmProvider

    class Watched(SlurmProvider):  # type: ignore[misc]
        """Looks oftener than once a minute, so that a pilot that ended is soon replaced."""

        status_polling_interval = POLL

    minutes, seconds = divmod(int(execution.walltime), 60)
    options = [*directives(execution, folder), f"#SBATCH --cpus-per-task={_cores(execution)}"]
    provider = Watched(
        walltime=f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}",
        nodes_per_block=execution.nodes,
        init_blocks=1,
        min_blocks=0,
        max_blocks=execution.jobs,
        gpus_per_node=execution.accelerators or None,
        scheduler_options="\n".join(options),
        worker_init=preamble(execution),
        exclusive=False,
        launcher=SrunLauncher() if execution.nodes > 1 else SimpleLauncher(),
        cmd_timeout=60,
    )
    executor = HighThroughputExecutor(
        label="electrolith",
        provider=provider,
        address=address_by_hostname(),
        max_workers_per_node=execution.workers_per_node,
        cores_per_worker=execution.cores_per_worker,
        available_accelerators=execution.accelerators,
        prefetch_capacity=0,
        heartbeat_period=HEARTBEAT,
        heartbeat_threshold=SILENCE,
        drain_period=_drain(execution),
        block_error_handler=lambda executor, status: _refused(executor, status, folder),
        worker_logdir_root=str(folder / "parsl"),
    )
    return Config(
        executors=[executor],
        run_dir=str(folder / "parsl"),
        retries=0,
        strategy="simple",
        strategy_period=2,
        max_idletime=IDLE,
        initialize_logging=False,
        usage_tracking=0,
    )


def _drain(execution: Execution) -> int:
    """Seconds after which a pilot takes no more chunks: too little of its life is left."""
    return max(1, int(stop_time(0.0, execution.walltime) - min(execution.chunk / 2, LAST)))


def _cores(execution: Execution) -> int:
    return execution.cores_per_worker * execution.workers_per_node


def _refused(executor: Any, status: dict[str, Any], folder: Path) -> None:
    """Give up where SLURM has refused a job or will never begin any; anything else is tried again."""
    words = [str(s.message) for s in status.values() if s.message and "error:" in str(s.message)]
    reason = words[-1] if words and not _away(words[-1]) else stuck(folder)
    if reason:
        executor.set_bad_state_and_fail_all(InputError(reason))


def _away(text: str) -> bool:
    from electrolith.core.execution.slurm import AWAY

    return any(word in text for word in AWAY)


def _users(path: str) -> Any:
    """The `parsl.Config` at "package.module:name", made where it is a function."""
    from parsl import Config

    module, _, name = path.partition(":")
    try:
        found = getattr(import_module(module), name)
        found = found() if callable(found) and not isinstance(found, Config) else found
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"execution.config: {path!r} cannot be had ({error}); write 'package.module:name' of a "
            f"parsl.Config, or "
            "of a function that gives one"
        ) from error
    if not isinstance(found, Config):
        raise InputError(f"execution.config: {path!r} is a {type(found).__name__}, not a parsl.Config")
    return found

"""Entry point of the command line, empty until called.

Worker processes import the script that started them; what they do not need must not be loaded with it.
"""

import contextlib
import os
import signal
import sys
from types import FrameType

__all__ = ["main"]

INTERRUPTED, TERMINATED, UNFORESEEN = 130, 143, 3
STOPPED = "stopped; what is computed is kept: run the same command again and it goes on from here"
TRACEBACK = "--traceback"


class _Stop:
    """Which signal asked for the end; SIGTERM is answered as Ctrl-C is, with its own exit status."""

    def __init__(self) -> None:
        self.status = INTERRUPTED

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second one would only disturb what is being put away
        self.status = TERMINATED if number == signal.SIGTERM else INTERRUPTED
        raise KeyboardInterrupt


def main() -> None:
    """Run the command line: exit 2 for a refusal, 3 for the unforeseen, 130 for Ctrl-C, 143 for SIGTERM."""
    # Cells of a hundred atoms gain nothing from threads, and lose much where trajectories share the cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    stop = _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # A parent that ignores a signal (nohup, a job in the background) wants it ignored.
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, stop)
    tracebacks = TRACEBACK in sys.argv
    sys.argv = [word for word in sys.argv if word != TRACEBACK]
    try:
        from electrolith.study.commands import main as run

        run()
    except SystemExit as end:
        _leave(stop.status if end.code == INTERRUPTED else end.code)
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            print(STOPPED, flush=True)  # noqa: T201 - nothing else may be loaded by now
        _leave(stop.status)
    except BrokenPipeError:  # the reader of our output (`| head`) has seen enough
        _leave(INTERRUPTED)
    except Exception as error:
        if tracebacks:
            raise
        from electrolith.study.unforeseen import tell

        tell(error, sys.argv)
        _leave(UNFORESEEN)


def _leave(status: object) -> None:
    """End the program; output that nobody reads any more is no reason for a traceback."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)  # type: ignore[arg-type]

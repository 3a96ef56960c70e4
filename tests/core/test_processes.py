"""Processes of their own: answers and errors come back, crashes stay inside, a stop ends them at once."""

import os
import signal
import time
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.processes import Processes


def test_answers_come_back_from_processes_with_one_thread():
    with Processes(2) as pool:
        waiting = [pool.submit(pow, 2, k) for k in range(3)]
        threads = pool.submit(os.getenv, "OMP_NUM_THREADS")
        big = pool.submit(np.zeros, 3_000_000)
        assert [f.result() for f in waiting] == [1, 2, 4]
        assert threads.result() == "1"
        assert big.result().size == 3_000_000
        with pytest.raises(TypeError, match="positional arguments only"):
            pool.submit(pow, base=2, exp=2)


@pytest.mark.parametrize(
    ("function", "argument", "kind", "text"),
    [(read_text, "nowhere.txt", DataError, "nowhere.txt: no such file"), (int, "k", ValueError, "'k'")],
)
def test_an_error_comes_back_as_itself_with_the_place_where_it_was_raised(function, argument, kind, text):
    with Processes(1) as pool:
        found = pool.submit(function, argument).exception()
    assert type(found) is kind
    assert text in str(found)
    assert "in the worker process:" in found.__notes__[0]


def test_what_cannot_be_handed_back_is_named():
    with Processes(1) as pool:
        assert "while handing back" in str(pool.submit(eval, "lambda: 0").exception())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_crash_is_told_and_takes_nothing_else_with_it(number):
    with Processes(1) as pool:
        with pytest.raises(BrokenProcessPool, match=rf"ended without an answer \(-{int(number)}\)"):
            pool.submit(signal.raise_signal, number).result()
        assert pool.submit(pow, 2, 3).result() == 8


def test_ctrl_c_and_sigterm_are_the_parents_business():
    with Processes(1) as pool:
        for number in (signal.SIGINT, signal.SIGTERM):
            assert pool.submit(signal.raise_signal, number).result() is None


def test_a_stop_kills_what_runs_and_drops_what_waits():
    begun = time.monotonic()
    pool = Processes(1)
    pool.__enter__()
    running, waiting = pool.submit(time.sleep, 60), pool.submit(time.sleep, 60)
    time.sleep(0.5)
    pool.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert time.monotonic() - begun < 10.0
    assert isinstance(running.exception(), BrokenProcessPool)
    assert waiting.cancelled() or isinstance(waiting.exception(), BrokenProcessPool)

"""How a command ends: by a sentence and a status, whatever happens and whenever it is stopped."""

import signal
import subprocess
import sys
import time

import pytest

from electrolith.study.unforeseen import LOG, sentence

START = "import sys; from electrolith.study.main import main; sys.argv[0] = 'electrolith'; main()"


def _begin(code=START, *words, **how):
    how |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen([sys.executable, "-c", code, *words], **how)


BROKEN = """
import sys, types
commands = types.ModuleType("electrolith.study.commands")
def fail():
    raise KeyError("no such spool")
commands.main = fail
sys.modules["electrolith.study.commands"] = commands
"""


def test_what_nobody_foresaw_is_a_sentence_with_its_file_and_a_log(tmp_path):
    (tmp_path / "reel.tap").write_text("")
    run = _begin(BROKEN + START, "wind", "reel.tap", cwd=tmp_path)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 3
    assert out.count("\n") == 1
    assert "wind of reel.tap ended in an error that the program did not foresee: KeyError: 'no such" in out
    assert f"its traceback is in {tmp_path / LOG}. Results that were stored are intact" in out
    assert 'raise KeyError("no such spool")' not in out
    log = (tmp_path / LOG).read_text()
    assert "electrolith 0" in log.split("\n")[0]
    assert "wind reel.tap" in log.split("\n")[0]
    assert "KeyError: 'no such spool'" in log


def test_the_traceback_is_shown_where_it_is_asked_for(tmp_path):
    run = _begin(BROKEN + START, "wind", "--traceback", cwd=tmp_path)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "Traceback (most recent call last)" in out
    assert not (tmp_path / LOG).exists()


def test_a_log_that_cannot_be_written_is_no_second_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / LOG).mkdir()
    (tmp_path / "full").mkdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "full" / "\0"))
    assert "run again with --traceback to see where" in sentence(ValueError("x"), ["electrolith", "wind"])


WAITING = """
import sys, time, types
commands = types.ModuleType("electrolith.study.commands")
def wait():
    print("here", flush=True)
    time.sleep(60)
commands.main = wait
sys.modules["electrolith.study.commands"] = commands
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_is_one_line_and_a_status(number, status):
    run = _begin(WAITING + START)
    assert run.stdout.readline() == "here\n"
    begun = time.monotonic()
    run.send_signal(number)
    out, _ = run.communicate(timeout=30)
    assert out == ("stopped; what is computed is kept: run the same command again and it goes on from here\n")
    assert run.returncode == status
    assert time.monotonic() - begun < 2.0


def test_a_signal_that_the_parent_ignores_stays_ignored():
    """Under nohup, and for jobs in the background of a shell."""
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    run = _begin(ignored + WAITING.replace("60", "0.5") + START)
    assert run.stdout.readline() == "here\n"
    run.send_signal(signal.SIGINT)
    assert run.communicate(timeout=30)[0] == ""
    assert run.returncode == 0


@pytest.mark.parametrize("wait", [0.3, 1.0, 2.0])
def test_a_stop_while_the_program_is_loading_is_no_traceback(wait):
    code = "print('up', flush=True)\n" + START
    run = _begin(code, "engines")
    assert run.stdout.readline() == "up\n"
    time.sleep(wait)
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=60)
    assert "Traceback" not in out
    if run.poll() != 0:  # on a fast machine the command may have ended before the signal came
        assert run.returncode == 130
        assert out.strip().split("\n")[-1].startswith("stopped; ")


def test_a_reader_that_has_seen_enough_is_no_error():
    done = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" schema | head -1', sys.executable, START],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception" not in done.stdout + done.stderr

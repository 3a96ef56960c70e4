"""Damage to what is stored, 600 times over, and every write made to fail once: noticed, said, never used."""

import errno
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import toy

from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.core.lease import Lock
from electrolith.study.report import write_report
from electrolith.study.run import Listener, run_study, stored_results
from electrolith.study.study import read_study

STUDY = "title: Toy\nsource: {file: data.txt}\noffset: {amount: 1}\n"
FLIPS, CUTS = 45, 10  # of each file


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's own promise is not what is tried here


def _make(folder):
    folder.mkdir(exist_ok=True)
    (folder / "data.txt").write_text("1\n2\n3\n")
    (folder / "study.yaml").write_text(STUDY)
    return folder


def _run(folder, lines=None):
    say = (lines if lines is not None else []).append
    return run_study(read_study(folder, toy.SECTIONS), Listener(say=say), stages=toy.STAGES)


def _value(results):
    found = results.get(toy.Total)
    return None if found is None else found.total.draws.tobytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = _make(tmp_path_factory.mktemp("whole") / "study")
    results = _run(folder)
    return folder, _value(results)


def _damages(raw: bytes, others: list[bytes], chance: random.Random):
    """Contents that one file may have after an accident; None: it is gone; ...: a folder in its place."""
    for _ in range(FLIPS):
        at = chance.randrange(len(raw))
        yield raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]
    for _ in range(CUTS):
        yield raw[: chance.randrange(len(raw))]
    yield from (b"", bytes(len(raw)), raw + raw, raw[::-1], b"[1, 2]", b"{}", b"\xff\xfe\x00\xd8", None, ...)
    yield from others


FILES = ["format.json", *(f"{s}/{n}" for s in ("numbers", "scaled", "total") for n in
         ("result", "result.sha256", "provenance.json"))]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_no_damage_to_a_stored_file_is_believed_or_ends_in_a_traceback(whole, tmp_path, name):
    """Per file 45 flipped bits, 10 cuts, 9 odd contents, the files of other stages: 640 and more in all."""
    original, truth = whole
    folder = tmp_path / "study"
    shutil.copytree(original, folder)
    stage, _, file = name.rpartition("/")
    path = next(folder.glob(f"results/{stage}-*/{file}")) if stage else folder / "results" / file
    raw = path.read_bytes()
    others = [p.read_bytes() for p in sorted(folder.glob(f"results/*/{file}")) if p.read_bytes() != raw]
    tried = 0
    for damage in _damages(raw, others, random.Random(name)):
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        if damage is ...:
            path.mkdir()
        elif damage is not None:
            path.write_bytes(damage)
        seen = stored_results(read_study(folder, toy.SECTIONS), stages=toy.STAGES)
        assert _value(seen) in (None, truth)
        if _value(seen) is None:
            assert seen.failures
        said = ""
        try:
            assert _value(_run(folder)) == truth
        except ElectrolithError as refusal:  # a folder in place of a file, or results of another format
            said = str(refusal)
            shutil.rmtree(path) if path.is_dir() else path.write_bytes(raw)
        if said:
            assert str(path.parent) in said
            assert damage is ... or file == "format.json"
        tried += 1
    assert tried >= FLIPS + CUTS + 9
    if path.is_dir():
        path.rmdir()
    assert _value(_run(folder)) == truth


def test_a_result_of_another_study_in_place_of_ours_is_noticed(whole, tmp_path):
    """The same stage, sealed and whole, of other settings."""
    original, truth = whole
    other = _make(tmp_path / "other")
    (other / "data.txt").write_text("4\n5\n6\n")
    _run(other)
    folder = tmp_path / "study"
    shutil.copytree(original, folder)
    for stage in ("numbers", "scaled", "total"):
        (mine,), (theirs,) = (list(f.glob(f"results/{stage}-*")) for f in (folder, other))
        shutil.rmtree(mine)
        shutil.copytree(theirs, mine)
    lines = []
    assert _value(_run(folder, lines)) == truth
    assert sum("the seal of another result" in line for line in lines) == 3


class _Failing:
    """Temporary files of which the n-th write fails."""

    def __init__(self, at: int, how: str) -> None:
        self.left, self.how, self.make = at, how, tempfile.NamedTemporaryFile

    def __call__(self, *args, **kwargs):
        handle = self.make(*args, **kwargs)
        self.left -= 1
        if self.left == 0:
            write = handle.write

            def fail(data):
                if self.how == "short":
                    write(data[: len(data) // 2])
                    raise OSError(errno.EIO, "Input/output error")
                if self.how == "stopped":
                    write(data[: len(data) // 2])
                    raise KeyboardInterrupt
                raise OSError(getattr(errno, self.how), os.strerror(getattr(errno, self.how)))

            handle.write = fail
        return handle


SAID = {
    "ENOSPC": "the disk is full; earlier results are intact. Free some space and run again",
    "EACCES": "no permission to write here; earlier results are intact. Choose a writable folder",
    "short": r"could not be written \(Input/output error\); earlier results are intact",
}


def _all(folder):
    results = _run(folder)
    write_report(results)
    return results


def _content(folder):
    """Every file a run leaves, but for what tells of the time."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and path.name not in (
            "provenance.json",
            "result.sha256",
            "report.html",
            "results.json",
        ):
            found[name] = path.read_bytes() if path.suffix not in (".svg", ".pdf") else None
    return found


@pytest.mark.parametrize("how", ["ENOSPC", "EACCES", "short", "stopped"])
def test_every_write_fails_once_and_the_same_command_goes_on_afterwards(tmp_path, monkeypatch, how):
    calm = _make(tmp_path / "calm")
    _all(calm)
    expected = _content(calm)
    count = 0
    for at in itertools.count(1):
        folder = _make(tmp_path / f"tried{at}")
        with monkeypatch.context() as patch:
            failing = _Failing(at, how)
            patch.setattr(tempfile, "NamedTemporaryFile", failing)
            try:
                _all(folder)
            except KeyboardInterrupt:
                said = ""
            except DataError as refusal:
                said = str(refusal)
            else:
                break
        if how != "stopped":
            assert re.fullmatch(rf"{re.escape(str(folder))}\S+: {SAID[how]}", said)
        assert not list(folder.rglob("*.tmp"))
        _all(folder)
        assert _content(folder) == expected
        shutil.rmtree(folder)
        count += 1
    assert count >= 12  # the note of the format, three files for each stage, the page, data, tables


def test_a_failed_write_leaves_the_old_report_as_it_was(tmp_path, monkeypatch):
    folder = _make(tmp_path / "study")
    results = _run(folder)
    before = write_report(results).read_bytes()
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", _Failing(1, "short"))
    with pytest.raises(DataError, match=r"report\.html: could not be written"):
        write_report(results)
    assert (folder / "report.html").read_bytes() == before


def test_a_report_beside_a_run_reads_what_is_there_and_a_second_run_is_refused(tmp_path):
    folder = _make(tmp_path / "study")
    _run(folder)
    study = read_study(folder, toy.SECTIONS)
    with Lock(folder / ".lock"):
        assert _value(stored_results(study, stages=toy.STAGES)) is not None
    code = (
        "import sys, time; from pathlib import Path; from electrolith.core.lease import Lock\n"
        "with Lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(folder / ".lock")]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf'in use by .*"process": {holder.pid}'):
            _run(folder)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert _value(_run(folder)) is not None  # the lock died with its holder


@pytest.mark.parametrize("years", [-30, 30])
def test_a_clock_that_was_set_makes_nothing_stale_or_fresh(whole, tmp_path, years):
    folder = tmp_path / "study"
    shutil.copytree(whole[0], folder)
    for path in folder.rglob("*"):
        when = path.stat().st_mtime + years * 3.15e7
        os.utime(path, (when, when))
    toy.CALLS.clear()
    assert _value(_run(folder)) == whole[1]
    assert toy.CALLS == []


def test_results_moved_to_another_study_of_equal_settings_are_taken(whole, tmp_path):
    folder = _make(tmp_path / "elsewhere")
    shutil.copytree(whole[0] / "results", folder / "results")
    toy.CALLS.clear()
    results = _run(folder)
    assert np.array_equal(results.get(toy.Numbers).values, [1.0, 2.0, 3.0])
    assert toy.CALLS == []

"""A short, fixed run of `make fuzz`, and everything it ever found, tried again."""

import importlib.util
import random
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "tools" / "reliability" / "fuzz.py"
spec = importlib.util.spec_from_file_location("fuzz", TOOL)
fuzz = importlib.util.module_from_spec(spec)
sys.modules["fuzz"] = fuzz
spec.loader.exec_module(fuzz)

FAMILIES = fuzz.families()
COUNT = 60  # inputs of a family here; `make fuzz` goes on from there
FOUND = sorted(p for p in fuzz.SEEDS.rglob("*") if p.is_file())


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_valid_files_are_taken_and_damaged_ones_refused_in_a_sentence(name, tmp_path):
    family = FAMILIES[name]
    files = dict(family.made) or fuzz.corpus(
        family, (fuzz.ROOT / "tests" / "reference", fuzz.ROOT / "examples")
    )
    assert files
    for file, raw in files.items():
        (tmp_path / file).write_bytes(raw)
        assert fuzz._outcome(family, tmp_path / file) == ("taken", "")
    faults = []
    for number in range(COUNT):
        file, raw = fuzz.example(files, name, number)
        (tmp_path / file).write_bytes(raw)
        outcome, words = fuzz._outcome(family, tmp_path / file)
        if outcome in fuzz.FAULTS:
            faults.append((number, file, outcome, words))
    assert not faults


@pytest.mark.parametrize("path", FOUND, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_what_was_once_found_is_refused_in_a_sentence(path, tmp_path):
    copy = tmp_path / path.name.split("-", 1)[1]
    copy.write_bytes(path.read_bytes())
    assert fuzz._outcome(FAMILIES[path.parent.name], copy)[0] not in fuzz.FAULTS


def test_an_input_is_the_same_for_its_number_and_differs_from_its_file():
    files = FAMILIES["crystals"].made
    assert fuzz.example(files, "crystals", 7) == fuzz.example(files, "crystals", 7)
    different = [fuzz.example(files, "crystals", n)[1] not in files.values() for n in range(200)]
    assert sum(different) > 180


def _never(path):
    while True:  # a loop of Python: one call into C would hear no signal
        pass


@pytest.mark.parametrize(
    ("read", "outcome"),
    [
        (lambda path: 1 / 0, "exception"),
        (lambda path: sys.exit(1), "exception"),
        (lambda path: None, "taken"),
        (_never, "hang"),
    ],
)
def test_the_tool_sees_what_breaks_the_promise(read, outcome, tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "HANG_SECONDS", 0.3)
    assert fuzz._outcome(fuzz.Family(read, (), {}), tmp_path)[0] == outcome


def test_accidents_happen_inside_packed_files_too():
    packed = FAMILIES["labels"].made["a.xyz.xz"]
    inside = [fuzz._unpacked(fuzz.mutate(packed, random.Random(n))) for n in range(40)]
    assert sum(x is not None and x[0] != fuzz.LABELS for x in inside) > 10

"""docs/paper.md: every row of the paper has its place, and every place that it names exists."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from electrolith.study.commands import COMMANDS
from electrolith.study.sections import SECTIONS

ROOT = Path(__file__).resolve().parents[2]
FIGURES = (
    "Fig 1A",
    "Fig 1B / 1C",
    "Fig 1D / 1E / 1F",
    "Fig 1G / 1H / 1I",
    "Fig 2A-E",
    "Fig 3A-D",
    "Fig 4A-F",
    "Fig 5A",
    "Fig 5B / 5D / 5F",
    "Fig 5C",
    "Fig 5E",
    "Fig 6A / 6B",
    "Fig 6C / 6D",
    "Fig 6E",
    "Fig 6F / 6G",
    "S1",
    "S2",
    "S3",
    "S4",
    "S5",
    "S6",
    "S7",
    "S8",
    "S9A / S9B",
    "S10A / S10B",
    "S11",
    "S12",
    "S13",
    "S14",
    "S15",
    "S16A / S16B-D",
    "S17A / S17B-D",
    "S18A-E",
    "S19, S20",
    "S21",
    "S22",
    "S23",
    "S24",
    "S25",
    "S26",
    "Tables S1-S15",
    "Table S16",
    "Table S17",
    "Table S18",
)
IDS = (
    *(f"A{i}" for i in range(1, 32)),
    *(f"B{i}" for i in range(1, 64)),
    *(f"C{i}" for i in range(1, 9)),
    *FIGURES,
)


def _rows():
    text = (ROOT / "docs" / "paper.md").read_text()
    lines = [line for line in text.split("\n") if line.startswith("| ")][1:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if "---" not in line]


def _example(name):
    return yaml.safe_load((ROOT / "examples" / name / "study.yaml").read_text())


def test_every_row_of_the_paper_is_there_once():
    assert [row[0] for row in _rows()] == list(IDS)
    assert len(IDS) == 146


def test_the_count_in_words_is_that_of_the_table():
    count = Counter(row[3] for row in _rows())
    assert set(count) <= {"whole", "partly", "no"}
    text = " ".join((ROOT / "docs" / "paper.md").read_text().split())
    assert (
        f"Of 146 rows {count['whole']} are there as a whole, {count['partly']} partly, {count['no']} not"
        in text
    )


@pytest.mark.parametrize("row", _rows(), ids=lambda r: r[0])
def test_every_place_exists(row):
    paper, material = _example("paper"), _example("li9n2cl3")
    keys = {s.key for s in SECTIONS}
    places = re.findall(r"`([^`]+)`", row[2])
    assert bool(places) == (row[3] != "no"), "what is there names its place, what is not has none"
    assert row[3] == "whole" or row[4], "what is missing is said"
    for place in places:
        if place.startswith("electrolith "):
            assert place.split()[1] in COMMANDS
        elif place in paper["figures"]:
            continue
        else:
            key, _, group = place.partition(": ")
            assert key in keys, place
            top, _, below = key.partition(".")
            asked = paper[top][below] if below else paper.get(top, material.get(top))
            assert asked is not None, f"{key} is in neither example"
            if group:
                assert group in asked, place

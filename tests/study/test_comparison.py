"""Tables of works, targets, and figures found by their numbers."""

import json

import numpy as np
import pytest
import toy

from electrolith.core.errors import InputError
from electrolith.study.compose import parts_of
from electrolith.study.contents import find_numbered, read_numbered
from electrolith.study.figure import Axis, Figure, Line
from electrolith.study.figure_composite import write_composite
from electrolith.study.report import write_report
from electrolith.study.run import run_study
from electrolith.study.section import Part
from electrolith.study.sections.comparison import COMPARISON, TARGETS
from electrolith.study.study import read_study
from electrolith.study.table import text_rows

SECTIONS = (*toy.GROUPED, COMPARISON, TARGETS)
STAGES = [s for section in SECTIONS for s in section.stages]


@pytest.fixture
def results(tmp_path):
    (tmp_path / "A.txt").write_text("4\n")
    (tmp_path / "published.yaml").write_text(
        "- {quantity: weight, value: 3900(50) mg, kind: measured, source: a book, note: old}\n"
    )
    (tmp_path / "study.yaml").write_text(
        """
measured: {weight: {files: A.txt}}
published: published.yaml
comparison: {tables: {Works: [weight, height]}}
figures:
  Fig 1: {A: weight, B: "wei*"}
  Table S1: weight
  Fig 2: {A: wieght}
targets:
  - {name: heavy, quantity: weight, at_least: 3 g, source: a wish}
  - {name: light, quantity: weight, at_most: 3.5 g}
  - {name: on the edge, quantity: weight, at_least: 4000 mg}
  - {name: tall, quantity: height, at_least: 1 m}
"""
    )
    return run_study(read_study(tmp_path, SECTIONS), stages=STAGES)


def test_works_are_rows_in_one_unit(results):
    part = next(p for p in parts_of(results) if p.title == "Works")
    (table,) = part.tables
    assert table.columns == ("work", "kind", "Weight / g", "remark")
    assert [row[0] for row in table.rows] == ["this study", "a book"]
    assert table.rows[1][2].value == pytest.approx(3.9, abs=0.01)
    assert part.notes == ("No number for height.",)


def test_targets_are_reached_missed_or_open_with_numbers(results):
    part = next(p for p in parts_of(results) if p.title == "Targets")
    rows = {row[0]: row for row in text_rows(part.tables[0])}
    assert rows["heavy"][5] == "reached"
    assert rows["heavy"][4] == "1.33"
    assert rows["light"][5] == "missed"
    assert rows["on the edge"][5].startswith("open (")
    assert part.notes == ("tall: this study has no number for height.",)
    assert part.sentence == "1 of 3 numbers reach their target."


def test_a_target_without_a_limit_is_refused(tmp_path):
    (tmp_path / "A.txt").write_text("4\n")
    (tmp_path / "study.yaml").write_text(
        "measured: {weight: {files: A.txt}}\ntargets: [{name: x, quantity: weight}]\n"
    )
    with pytest.raises(InputError, match="give at_least or at_most"):
        read_study(tmp_path, SECTIONS)


def test_figures_are_found_by_the_numbers_of_a_paper(results):
    found = find_numbered(results.study.numbered, parts_of(results))
    assert [(f.name, [(p[0], p[1]) for p in f.panels]) for f in found] == [
        ("Fig 1", [("A", "weight"), ("B", "weight")]),
        ("Table S1", [("", "weight")]),
        ("Fig 2", []),
    ]
    assert (
        found[2]
        .missing[0]
        .startswith("figures.Fig 2.A: no figure or part 'wieght' in this report; nearest: weight")
    )


def test_the_page_lists_them_and_the_folder_holds_the_composite(results):
    path = write_report(results)
    text = path.read_text()
    assert '<dt>Fig 1</dt><dd><a href="#weight">A: W.</a>' in text
    assert "nearest: weight" in text
    assert (path.parent / "figures" / "fig-1.svg").read_text().count(">A<") >= 1
    json.loads((path.parent / "results.json").read_text())


@pytest.mark.parametrize("wrong", ["[1]", "{Fig 1: 3}", "{Fig 1: {A: [x]}}"])
def test_panels_that_are_none_are_refused(wrong):
    import yaml

    with pytest.raises(InputError, match=r"study\.figures.*expected"):
        read_numbered(yaml.safe_load(wrong))


def test_parts_are_found_by_their_title_too():
    part = Part("Symmetric cell trilayer-steps.csv", "")
    (found,) = find_numbered(read_numbered({"Table S16": "symmetric cell trilayer-steps.csv"}), [part])
    assert found.panels == (("", "symmetric-cell-trilayer-steps-csv", part.title, None),)


def test_many_panels_make_one_page(tmp_path):
    figure = Figure("f", "", Axis("x"), Axis("y"), (Line(np.arange(3.0), np.arange(3.0)),))
    paths = write_composite("fig", [(c, figure) for c in "ABCDEFG"], tmp_path)
    assert [p.suffix for p in paths] == [".svg", ".pdf"]
    assert 'width="510' in paths[0].read_text()[:2000]  # 180 mm in points

"""Named groups of one section: what each computes, how they are named, none takes another with it."""

import json

import numpy as np
import pytest
import toy

from electrolith.core.errors import InputError
from electrolith.study.compose import evidence_of, headline_of, parts_of
from electrolith.study.report import results_json, write_report
from electrolith.study.run import run_study, stored_results
from electrolith.study.sections.samples import SampleResults
from electrolith.study.study import read_study, study_schema

STAGES = [s for section in toy.GROUPED for s in section.stages]
TABLE = """
samples:
  reference: B
  table:
    A: {hours: 2, rpm: 500}
    B: {hours: 8, rpm: 500}
    C: {hours: 24, rpm: 500}
    D: {hours: 8, rpm: 300}
"""


@pytest.fixture
def folder(tmp_path):
    toy.CALLS.clear()
    for name, value in zip("ABCD", (1.0, 4.0, 2.0, 7.0), strict=True):
        (tmp_path / f"{name}.txt").write_text(f"{value}\n")
    return tmp_path


def _study(folder, text):
    (folder / "study.yaml").write_text(text)
    return read_study(folder, toy.GROUPED)


def _run(folder, text):
    return run_study(_study(folder, text), stages=STAGES)


NAMED = "measured: {weight: {one: {files: A.txt}, two: {files: B.txt, scale: 2}}}"


def test_every_group_runs_with_its_own_files_and_settings(folder):
    results = _run(folder, NAMED)
    found = {r.group.name: r.get(toy.Weight).total.value for r in results.groups}
    assert found == {"one": pytest.approx(1.0, abs=0.01), "two": pytest.approx(8.0, abs=0.01)}
    assert results.get(toy.Weight) is None  # no group is the study's own without a reference


def test_one_group_without_a_name_is_the_studys_own(folder):
    results = _run(folder, "measured: {weight: {files: [A.txt, B.txt]}}")
    assert results.get(toy.Weight).total.value == pytest.approx(5.0, abs=0.01)
    assert [p.title for p in parts_of(results)] == ["Weight"]
    assert [e.quantity for e in evidence_of(results)] == ["weight"]


def test_a_new_group_recomputes_only_itself(folder):
    _run(folder, NAMED)
    toy.CALLS.clear()
    _run(
        folder,
        "measured: {weight: {one: {files: A.txt}, more: {files: C.txt}, two: {files: B.txt, scale: 2}}}",
    )
    assert toy.CALLS == ["weigh C"]
    toy.CALLS.clear()
    _run(folder, "measured: {weight: {renamed: {files: A.txt}}}")
    assert toy.CALLS == []  # a name is no setting


def test_groups_of_equal_settings_are_computed_once(folder):
    (folder / "A2.txt").write_text("1.0\n")
    results = _run(folder, "measured: {weight: {one: {files: A.txt}, copy: {files: A2.txt}}}")
    assert toy.CALLS == ["weigh A"]
    assert all(r.get(toy.Weight) is not None for r in results.groups)


def test_a_foreign_exception_is_that_groups_failure_with_its_traceback_in_a_file(folder):
    (folder / "A.txt").write_text("-1\n")
    results = _run(folder, NAMED)
    assert results.failures.keys() == {"weigh (one)"}
    assert results.failures["weigh (one)"].startswith("ZeroDivisionError: a foreign error (not foreseen")
    log = folder / "log" / "weigh-one.log"
    assert "log/weigh-one.log" in results.failures["weigh (one)"]
    assert "in weigh" in log.read_text()
    assert results.groups[1].get(toy.Weight).total.value == pytest.approx(8.0, abs=0.01)
    write_report(results)
    text = (folder / "report.html").read_text()
    assert "a foreign error" in text
    assert "Weight – two" in text


def test_a_figure_that_cannot_be_drawn_says_so_and_the_report_is_written(folder):
    results = _run(folder, "measured: {weight: {one: {files: A.txt, label: no figure}, two: {files: B.txt}}}")
    text = write_report(results).read_text()
    assert "figure weight-one: ValueError" in text
    assert "in _draw_one" in next((folder / "log").glob("figure*weight-one.log")).read_text()
    assert (folder / "figures" / "weight-two.svg").exists()


def test_a_part_that_cannot_be_made_says_so_and_the_others_stand(folder):
    results = _run(
        folder, "measured: {weight: {one: {files: A.txt, label: no evidence}, two: {files: B.txt}}}"
    )
    titles = [p.title for p in parts_of(results)]
    assert titles == ["measured.weight one", "Weight – two"]
    assert "IndexError: evidence broke" in parts_of(results)[0].warnings[0]
    assert "evidence broke" in (folder / "log" / "part-measured-weight-one.log").read_text()
    assert [e.quantity for e in evidence_of(results)] == ["weight two"]


def test_names_of_parts_anchors_figures_and_tables_never_collide(folder):
    results = _run(
        folder, "measured: {weight: {'a b': {files: A.txt}, 'a-b': {files: B.txt}, A-B: {files: C.txt}}}"
    )
    parts = parts_of(results)
    assert [p.title for p in parts] == ["Weight – a b", "Weight – a-b (2)", "Weight – A-B (3)"]
    write_report(results)
    tables = sorted(folder.glob("tables/weight*.csv"))
    assert len(tables) == 3
    assert {f.read_text().split("\n")[1][0] for f in tables} == {"1", "4", "2"}
    assert len(list(folder.glob("figures/*.svg"))) == 3
    text = (folder / "report.html").read_text()
    anchors = [p.split('"')[0] for p in text.split('<h2 id="')[1:]]
    assert len(anchors) == len(set(anchors)) >= 3


def test_without_samples_no_group_stands_for_another_in_the_headline(folder):
    results = _run(folder, NAMED)
    assert [(e.quantity, e.label) for e in evidence_of(results)] == [
        ("weight one", "Weight, one"),
        ("weight two", "Weight, two"),
    ]


def test_the_headline_is_about_the_reference_sample(folder):
    (folder / "E.txt").write_text("9\n")
    text = 'measured: {weight: {all: {files: "{sample}.txt"}, loose: {files: E.txt}}}'
    results = _run(folder, TABLE + text)
    rows = [(e.quantity, e.source) for e in evidence_of(results)]
    assert rows == [("weight", "all B: balance"), ("weight loose", "balance")]
    assert [e.quantity for e in headline_of(results)] == ["weight"]
    part = next(p for p in parts_of(results) if p.title == "Groups without a sample")
    assert [row[:2] for row in part.tables[0].rows] == [("loose", "Weight")]
    assert results.get(toy.Weight).total.value == pytest.approx(4.0, abs=0.01)


def test_a_pattern_makes_one_group_for_every_sample_that_has_files(folder):
    (folder / "D.txt").unlink()
    study = _study(folder, TABLE + 'measured: {weight: {files: "{sample}.txt", scale: "{hours}"}}')
    (members,) = study.groups.values()
    assert [(g.name, g.sample, g.settings.scale) for g in members] == [
        ("A", "A", 2),
        ("B", "B", 8),
        ("C", "C", 24),
    ]
    assert study.notes == ("measured.weight: no files for D",)


def test_the_properties_of_all_groups_flow_into_one_table_and_its_trends(folder):
    results = _run(folder, TABLE + 'measured: {weight: {files: "{sample}.txt"}}')
    found = results.get(SampleResults)
    assert found.table.columns == ("hours", "rpm", "Weight / g")
    assert np.allclose(found.table.column("Weight / g"), [1, 4, 2, 7], atol=0.01)
    (trend,) = found.trends  # over hours at 500 rpm only: D was milled at another speed
    assert trend.names == ("A", "B", "C")
    assert trend.verdict == "has a maximum"
    titles = [p.title for p in parts_of(results)]
    assert titles[0] == "Weights"  # the family side by side, then each
    assert "Samples over hours" in titles


def test_a_changed_sample_recomputes_itself_and_what_is_drawn_from_it(folder):
    text = TABLE + 'measured: {weight: {files: "{sample}.txt"}}'
    _run(folder, text)
    (folder / "C.txt").write_text("3\n")
    toy.CALLS.clear()
    results = _run(folder, text)
    assert toy.CALLS == ["weigh C"]
    assert results.get(SampleResults).table.column("Weight / g")[2] == pytest.approx(3.0, abs=0.01)


def test_groups_of_one_sample_belong_together_across_sections(folder):
    (folder / "x.txt").write_text("0\n")
    (folder / "y.txt").write_text("1\n")
    text = TABLE + (
        "measured:\n"
        '  weight: {files: "{sample}.txt"}\n'
        "  compared: {first: {files: x.txt, sample: C}, second: {files: y.txt}}\n"
    )
    results = _run(folder, text)
    beside = {
        r.group.name: r.get(toy.Compared).beside for r in results.groups if r.group.section.endswith("red")
    }
    assert beside["first"] == pytest.approx(2.0, abs=0.01)
    assert np.isnan(beside["second"])  # it says no sample: no weight is taken for its own


def test_two_lone_groups_of_a_study_without_samples_belong_together(folder):
    results = _run(folder, "measured: {weight: {files: A.txt}, compared: {files: B.txt}}")
    assert results.get(toy.Compared).beside == pytest.approx(1.0, abs=0.01)


def test_stored_groups_are_read_without_computing(folder):
    _run(folder, NAMED)
    toy.CALLS.clear()
    study = _study(folder, NAMED + "\n")
    assert [r.get(toy.Weight).label for r in stored_results(study, stages=STAGES).groups] == ["", ""]
    assert toy.CALLS == []
    fresh = _study(folder, NAMED.replace("scale: 2", "scale: 3"))
    assert stored_results(fresh, stages=STAGES).failures == {"weigh (two)": "not computed yet"}


def test_programs_are_told_the_group_of_every_stage(folder):
    found = results_json(_run(folder, NAMED))
    assert [(s["stage"], s["group"]) for s in found["stages"]] == [("weigh", "one"), ("weigh", "two")]
    json.dumps(found)


def test_a_published_number_of_another_sample_stands_beside_that_sample(folder):
    (folder / "published.yaml").write_text(
        "- {quantity: weight, value: 2.1(2) g, kind: measured, source: a book, sample: C}\n"
        "- {quantity: weight, value: 4.0(1) g, kind: measured, source: a paper}\n"
    )
    results = _run(folder, TABLE + 'published: published.yaml\nmeasured: {weight: {files: "{sample}.txt"}}')
    assert [e.source for e in evidence_of(results) if e.published] == ["a paper"]
    part = next(p for p in parts_of(results) if p.title == "Samples")
    assert [(r[0], r[4]) for r in part.tables[1].rows] == [("B", "a paper"), ("C", "a book")]


M = "measured: {weight: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (M + "{one: {files: A.txt, sample: A}}}", r"one\.sample: the study has no table of samples"),
        (TABLE.replace("C:", "Coal:") + M + "{files: A.txt, sample: Coel}}", r"you mean 'Coal'\?"),
        (TABLE + M + '{files: "{sampel}.txt"}}', r"no 'sampel'; did you mean 'sample'\?"),
        (M + '{files: "{sample}.txt"}}', r"\{sample\} stands for a column of samples"),
        (TABLE + M + '{files: "x/{sample}.txt"}}', r"no file of any sample matches 'x/\{sample\}"),
        (TABLE + M + '{files: A.txt, label: "{rpm}"}}', r"the files must tell the samples apart"),
        (M + "{one: {}, two: {files: A.txt}}}", r"weight\.one: the group holds nothing"),
        (M + "{one: {files: []}}}", r"weight\.one: the group has no files"),
        (M + "{one: {files: A.txt}, two: {files: [B.txt, A.txt]}}}", r"A\.txt stands in two groups"),
        (M + "{one: {files: A.txt}, one: {files: B.txt}}}", r"'one' is given twice"),
        (TABLE + M + '{x: {files: "{sample}.txt"}, x A: {files: E.txt}}}', r"called 'x A'"),
        (M + "{one: {fiels: A.txt}}}", r"weight\.one: no 'fiels'; did you mean 'files'\?"),
        (TABLE.replace("reference: B", "reference: E") + M + "{files: A.txt}}", r"reference: no 'E'"),
        (TABLE.replace("  reference: B\n", "") + M + "{files: A.txt}}", r"which of 4 samples is the"),
        (TABLE.replace("hours: 8", "hours: 8 h") + M + "{files: A.txt}}", r"hours of B is in h, that"),
        (TABLE.replace("hours: 24", "hours: long") + M + "{files: A.txt}}", r"that of the others a num"),
        (TABLE.replace("2,", "2 h,").replace("8,", "8 g,").replace("24,", "24 h,")
         + M + "{files: A.txt}}", r"hours of B: 8 g is not a quantity in h"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_groups_and_samples_is_said_before_anything_runs(folder, text, message):
    (folder / "E.txt").write_text("1\n")
    with pytest.raises(InputError, match=message):
        _study(folder, text)
    assert toy.CALLS == []


def test_a_group_may_be_given_in_the_schema(folder):
    found = study_schema(toy.GROUPED)["properties"]["measured"]["properties"]["weight"]
    one, several = found["anyOf"]
    assert "sample" in one["properties"]
    assert several["additionalProperties"] == one

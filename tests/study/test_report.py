import json
import re

import numpy as np
import pytest
import toy

from electrolith.core import Estimate
from electrolith.study.figure import Atoms, Axis, Band, Bars, Figure, Heat, Line, Points
from electrolith.study.figure_page import to_plotly
from electrolith.study.figure_paper import write_figure
from electrolith.study.report import disagreements, page, results_json, write_report
from electrolith.study.run import run_study
from electrolith.study.section import Evidence, Part
from electrolith.study.study import read_study

X = np.linspace(1, 3, 5)
FIGURES = [
    Figure(
        "lines", "c", Axis("x / Å"), Axis("y", log=True), (Line(X, X, "l"), Band(X, X - 0.5, X + 0.5, "b"))
    ),
    Figure(
        "points",
        "c",
        Axis("x"),
        Axis("y"),
        (Points(X, X, "p", low=X - 0.1, high=X + 0.2), Points(X, 2 * X, "q", "published", text=("a",) * 5)),
        equal=True,
    ),
    Figure(
        "bars",
        "c",
        Axis("x"),
        Axis("y"),
        (Bars(("a", "b"), np.array([1.0, 2]), errors=np.array([0.1, 0.2])),),
    ),
    Figure("heat", "c", Axis("x"), Axis("y", reverse=True), (Heat(X, X[:2], np.ones((2, 5)), "z"),)),
    Figure(
        "arrhenius",
        "c",
        Axis("1000/T"),
        Axis("y"),
        (Line(X, X),),
        top=Axis("T / °C"),
        top_ticks=((1.0, "727"), (3.0, "60")),
    ),
    Figure(
        "atoms",
        "c",
        Axis(""),
        Axis(""),
        (Atoms(np.eye(3), ("Li", "Li", "N"), ("#ff0000",) * 3, np.full(3, 5.0), ("a", "b", "c"), np.eye(3)),),
    ),
]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.name)
def test_every_kind_of_figure_is_drawn_for_the_page_and_for_papers(figure, tmp_path):
    json.dumps(to_plotly(figure), allow_nan=False)
    svg, pdf = write_figure(figure, tmp_path)
    assert svg.read_text().lstrip().startswith("<?xml")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_a_point_that_is_not_finite_is_a_gap_and_not_invalid_json():
    figure = Figure("f", "", Axis("x"), Axis("y"), (Line(X, np.array([1, np.nan, np.inf, 2, 3])),))
    assert to_plotly(figure)["data"][0]["y"] == [1.0, None, None, 2.0, 3.0]


@pytest.fixture
def results(tmp_path):
    (tmp_path / "data.txt").write_text("1\n2\n")
    (tmp_path / "published.yaml").write_text(
        "- {quantity: total, value: 4.3(2) S/cm, kind: measured, source: 'doi <1>', note: ac}\n"
        "- {quantity: total, value: 500 S/m, kind: computed, source: doi2}\n"
        "- {quantity: other, value: 1 eV, kind: computed, source: doi3}\n"
    )
    (tmp_path / "study.yaml").write_text(
        "title: 'Toy <study>'\nsource: {file: data.txt}\noffset: {}\npublished: published.yaml\n"
    )
    return run_study(read_study(tmp_path, toy.SECTIONS), stages=toy.STAGES)


def test_the_page_opens_offline_and_escapes_what_it_shows(results):
    text = write_report(results).read_text()
    body = re.sub(r"<script>.*?</script>", "", text, flags=re.S)
    assert not re.search(r"(src|href)=[\"']?https?:", body)
    assert "Toy &lt;study&gt;" in body
    assert "do not trust &lt;this&gt;" in body
    assert "x&lt;y" in body


def test_the_headline_puts_published_numbers_beside_ours_in_our_unit(results):
    data = results_json(results)
    assert [e["published"] for e in data["evidence"]] == [False, True, True, True]
    text = write_report(results).read_text()
    assert "68 %: 5.32 to 6.68" in text  # 2·(1+2) with the toy's spread of ±1
    assert re.search(r"<b>5</b> S/cm<span class=interval>uncertainty not stated", text)  # 500 S/m in S/cm
    assert "doi3" not in text  # the study has no number of its own for it


def test_settings_defaults_inputs_and_timings_are_in_the_report(results):
    text = write_report(results).read_text()
    for word in ("factor", "2.0", "data.txt", "Provenance", results.runs[0].key[:12], "numpy"):
        assert word in text


def test_results_for_programs_and_tables_are_written_beside(results):
    path = write_report(results)
    data = json.loads((path.parent / "results.json").read_text())
    assert data["format"] == 2
    assert data["evidence"][0]["interval_68"][0] < data["evidence"][0]["value"]
    assert (path.parent / "tables" / "toy-part.csv").read_text() == "a,b\n1.5,x<y\n"


def test_a_failed_stage_stands_among_the_warnings(results, tmp_path):
    (tmp_path / "study.yaml").write_text("source: {file: data.txt}\nscale: {factor: 13}\noffset: {}\n")
    failed = run_study(read_study(tmp_path, toy.SECTIONS), stages=toy.STAGES)
    assert "scaled: factor 13 is refused" in write_report(failed).read_text()


def test_a_closing_tag_in_data_cannot_end_the_script():
    layer = Points(X, X, "</script><b>", text=("</script>",) * 5)
    text = page("t", [Part("p", "s", figures=(Figure("f", "c", Axis("x"), Axis("y"), (layer,)),))])
    inner = re.findall(r'<script type="application/json">(.*?)</script>', text, flags=re.S)
    assert json.loads(inner[0])["data"][0]["name"] == "&lt;/script>&lt;b>"


def test_unknown_doubt_is_written_as_words():
    e = Evidence("q", "Q", Estimate.unknown_doubt(3.0, "eV"), "computed", "s")
    assert "uncertainty not stated" in page("t", [], evidence=[e])


def test_a_published_number_outside_the_interval_is_named_and_one_inside_is_not(rng):
    own = Evidence("q", "Q", Estimate.normal(1.0, 0.1, "V", rng=rng), "computed", "s")

    def published(millivolt: float) -> Evidence:
        return Evidence("q", "Q", Estimate.unknown_doubt(millivolt, "mV"), "measured", "doi", published=True)

    (text,) = disagreements([own, published(1050.0), published(1500.0)])
    assert "published measured 1.5 V" in text
    assert "do not agree within the stated uncertainties" in text

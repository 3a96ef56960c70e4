"""Whom a study cites."""

import re

import toy

from electrolith.study.exports.cite import _uses, bibtex, citations, references
from electrolith.study.run import run_study
from electrolith.study.section import Results, StageRun, Study
from electrolith.study.sections import SECTIONS
from electrolith.study.study import read_study


def _with(tmp_path, *stages, versions=()):
    study = Study("t", tmp_path / "study.yaml", {}, ())
    note = {"versions": dict.fromkeys(versions, "1")}
    return Results(study, {}, tuple(StageRun(s, "k", 0.0, True, note) for s in stages))


def test_every_key_of_the_table_has_an_entry_and_every_entry_a_use():
    used = {k for _, _, keys, _ in _uses() for k in keys}
    assert used == set(references())


def test_every_stage_of_the_table_exists():
    known = {stage.name for section in SECTIONS for stage in section.stages}
    assert {name for kind, name, _, _ in _uses() if kind == "stage"} <= known


def test_every_entry_has_a_doi_a_year_and_balanced_braces():
    for key, entry in references().items():
        assert re.search(r"doi=\{10\.\d{4,9}/\S+\}", entry), key
        assert re.search(r"year=\{(19|20)\d\d\}", entry), key
        assert entry.count("{") == entry.count("}"), key


def test_a_study_cites_what_it_used_and_nothing_else(tmp_path):
    keys = [c.key for c in citations(_with(tmp_path, "indents", versions=("numpy", "lammps")))]
    assert keys == ["electrolith", "oliver1992", "numpy"]
    keys = [c.key for c in citations(_with(tmp_path, "trajectories", "conductivity", versions=("lammps",)))]
    assert keys == ["electrolith", "bussi2007", "he2018", "lammps"]


def test_the_sources_of_published_numbers_are_cited_by_doi(tmp_path):
    (tmp_path / "numbers.txt").write_text("1\n2\n")
    row = '- {quantity: total, value: 2(1), kind: measured, source: "A paper, 10.1000/xyz.123."}\n'
    (tmp_path / "published.yaml").write_text(row)
    text = "source: {file: numbers.txt}\noffset: {}\npublished: published.yaml\n"
    (tmp_path / "study.yaml").write_text(text)
    results = run_study(read_study(tmp_path, toy.SECTIONS), stages=toy.STAGES)
    text = bibtex(citations(results))
    assert "% published: total\n@misc{10_1000_xyz_123, doi={10.1000/xyz.123}}" in text

"""Archives of a study: written, judged by other programs, read back, run again; and two studies compared."""

import csv
import dataclasses
import json
import shutil
import zipfile

import pytest
import toy

from electrolith.core.errors import DataError, InputError
from electrolith.study.exports.bundle import altered, read_bundle, write_bundle
from electrolith.study.exports.crate import METADATA, crate_of
from electrolith.study.exports.diff import difference
from electrolith.study.report import write_report
from electrolith.study.run import run_study, stored_results
from electrolith.study.sections.metadata import SECTION, Person
from electrolith.study.study import read_study

SECTIONS = (SECTION, *toy.SECTIONS)
WHO = """
metadata:
  authors:
    - {name: Ada Example, orcid: 0000-0002-1825-0097, affiliation: Institute of Examples <https://example.org>}
    - {name: Bo Example, affiliation: Institute of Examples <https://example.org>}
  publisher: Institute of Examples <https://example.org>
  licence: CC-BY-4.0
  description: A toy.
  private: [secret*]
"""
ROW = '- {quantity: total, value: 2(1), kind: measured, source: "Some paper, doi:10.1000/xyz.123"}\n'


def _study(folder, text="source: {file: numbers.txt}\noffset: {}\npublished: published.yaml\n"):
    folder.mkdir(exist_ok=True)
    (folder / "numbers.txt").write_text("1\n2\n3\n")
    (folder / "published.yaml").write_text(ROW)
    (folder / "study.yaml").write_text("title: Toy <study>\n" + text + WHO)
    return folder


def _run(folder):
    results = run_study(read_study(folder, SECTIONS), stages=toy.STAGES)
    write_report(results)
    return results


def _graph(crate):
    return {e["@id"]: e for e in json.loads(crate.text())["@graph"]}


def test_an_archive_describes_every_file_value_and_stage(tmp_path):
    crate = crate_of(_run(_study(tmp_path / "s")))
    graph = _graph(crate)
    root = graph["./"]
    assert root["name"] == "Toy <study>"
    assert root["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    assert [graph[a["@id"]]["name"] for a in root["author"]] == ["Ada Example", "Bo Example"]
    assert {p["@id"] for p in root["hasPart"]} == {f.name for f in crate.files}
    assert {"study.yaml", "numbers.txt", "published.yaml", "report.html", "results.json"} <= set(graph)
    values = [e for e in graph.values() if e["@type"] == "PropertyValue"]
    own = next(v for v in values if not v["measurementTechnique"].startswith("published"))
    assert own["minValue"] <= own["value"] <= own["maxValue"]
    other = next(v for v in values if v["measurementTechnique"].startswith("published"))
    assert other["isBasedOn"] == [{"@id": "published.yaml"}, {"@id": "published.yaml#/0"}]
    assert graph["published.yaml#/0"]["isPartOf"] == {"@id": "published.yaml"}
    assert other["citation"] == {"@id": "https://doi.org/10.1000/xyz.123"}
    # The number rests on all three stages and on the input of the first.
    based = [e["@id"] for e in own["isBasedOn"]]
    assert [b.partition("-")[0] for b in based[:3]] == ["results/total", "results/scaled", "results/numbers"]
    assert based[3:] == ["numbers.txt"]
    actions = [e for e in graph.values() if e["@type"] == "CreateAction"]
    assert {a["name"] for a in actions} == {"numbers", "scaled", "total"}
    assert all(a["result"]["@id"] in graph for a in actions)
    scaled = next(a for a in actions if a["name"] == "scaled")
    assert any(e["@id"].startswith("results/numbers-") for e in scaled["object"])
    assert {"@id": "numbers.txt"} in next(a for a in actions if a["name"] == "numbers")["object"]
    # A flat graph refers only to what it holds, or to the outside.
    named = json.loads(crate.text())["@graph"]
    refers = {
        r["@id"]
        for e in named
        for v in e.values()
        for r in (v if isinstance(v, list) else [v])
        if isinstance(r, dict)
    }
    assert {r for r in refers if not r.startswith("http")} <= set(graph)


def test_no_path_of_the_machine_leaves(tmp_path):
    """The notes on the origin of each result name files as they are seen from the study."""
    crate = crate_of(_run(_study(tmp_path / "s")))
    for file in crate.files:
        assert str(tmp_path).encode() not in file.path.read_bytes(), file.name
    assert str(tmp_path) not in crate.text()


def test_two_archives_of_one_study_are_the_same_bytes(tmp_path):
    results = _run(_study(tmp_path / "s"))
    for name in ("a.zip", "b.zip"):
        write_bundle(crate_of(results), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("name", ["crate", "crate.zip", "crate.eln"])
def test_an_archive_is_read_back_and_nothing_is_computed_again(tmp_path, name):
    before = _run(_study(tmp_path / "s"))
    write_bundle(crate_of(before), tmp_path / name)
    names = read_bundle(tmp_path / name, tmp_path / "back")
    assert "study.yaml" in names
    assert altered(tmp_path / "back") == ()
    after = run_study(read_study(tmp_path / "back", SECTIONS), stages=toy.STAGES)
    assert after.runs
    assert all(r.stored for r in after.runs)
    assert [r.key for r in after.runs] == [r.key for r in before.runs]


def test_an_eln_file_holds_one_folder_of_its_name(tmp_path):
    write_bundle(crate_of(_run(_study(tmp_path / "s"))), tmp_path / "toy.eln")
    with zipfile.ZipFile(tmp_path / "toy.eln") as archive:
        assert {n.partition("/")[0] for n in archive.namelist()} == {"toy"}
        assert f"toy/{METADATA}" in archive.namelist()


def test_an_input_changed_after_unpacking_is_named_and_recomputed(tmp_path):
    write_bundle(crate_of(_run(_study(tmp_path / "s"))), tmp_path / "crate")
    read_bundle(tmp_path / "crate", tmp_path / "back")
    (tmp_path / "back" / "numbers.txt").write_text("1\n2\n4\n")
    assert altered(tmp_path / "back") == ("numbers.txt",)
    assert altered(tmp_path / "s") == ()  # no archive
    again = run_study(read_study(tmp_path / "back", SECTIONS), stages=toy.STAGES)
    assert not all(r.stored for r in again.runs)


def test_an_archive_whose_file_was_altered_is_refused_and_writes_nothing(tmp_path):
    write_bundle(crate_of(_run(_study(tmp_path / "s"))), tmp_path / "crate")
    (tmp_path / "crate" / "numbers.txt").write_text("9\n")
    with pytest.raises(DataError, match=r"not what the metadata describes: numbers\.txt"):
        read_bundle(tmp_path / "crate", tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a\\..\\evil.txt", "C:evil"])
def test_a_name_that_leads_outside_is_refused(tmp_path, name):
    graph = {"@graph": [{"@id": name, "@type": "File", "sha256": "0"}]}
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(METADATA, json.dumps(graph))
    with pytest.raises(DataError, match="leads outside the archive"):
        read_bundle(tmp_path / "bad.zip", tmp_path / "back")


@pytest.mark.parametrize(("content", "text"), [(b"rubbish", "not a ZIP archive"), (None, "no such archive")])
def test_what_is_no_archive_is_refused(tmp_path, content, text):
    path = tmp_path / "x.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((DataError, InputError), match=text):
        read_bundle(path, tmp_path / "back")


def test_private_files_are_left_out_and_said(tmp_path):
    folder = _study(tmp_path / "s")
    (folder / "numbers.txt").rename(folder / "secret.txt")
    text = (folder / "study.yaml").read_text().replace("numbers.txt", "secret.txt")
    (folder / "study.yaml").write_text(text)
    crate = crate_of(_run(folder))
    assert crate.left_out == ("secret.txt",)
    assert "secret.txt" not in _graph(crate)


def test_a_study_that_does_not_say_whose_it_is_or_was_not_run_is_refused(tmp_path):
    folder = _study(tmp_path / "s")
    with pytest.raises(InputError, match="nothing is computed yet"):
        crate_of(stored_results(read_study(folder, SECTIONS), stages=toy.STAGES))
    (folder / "study.yaml").write_text("source: {file: numbers.txt}\nmetadata: {authors: [{name: Ada}]}\n")
    with pytest.raises(InputError, match=r"needs metadata\.licence, metadata\.description"):
        crate_of(_run(folder))


def test_files_outside_the_folder_are_refused(tmp_path):
    folder = _study(tmp_path / "s")
    (folder / "numbers.txt").rename(tmp_path / "numbers.txt")
    text = (folder / "study.yaml").read_text().replace("numbers.txt", "../numbers.txt")
    (folder / "study.yaml").write_text(text)
    with pytest.raises(InputError, match="outside the study's folder"):
        crate_of(_run(folder))


@pytest.mark.parametrize("orcid", ["0000-0002-1825-0098", "0000000218250097", "abcd"])
def test_an_orcid_is_held_against_its_check_figure(orcid):
    assert Person("Ada", "0000-0002-1825-0097").orcid
    assert Person("Bo", "0000-0002-1694-233X").orcid
    with pytest.raises(InputError, match="is no ORCID"):
        Person("Ada", orcid)


def test_an_unknown_licence_names_the_nearest(tmp_path):
    folder = _study(tmp_path / "s")
    (folder / "study.yaml").write_text((folder / "study.yaml").read_text().replace("CC-BY-4.0", "CC-BY-4"))
    with pytest.raises(InputError, match=r"did you mean 'CC-BY-4\.0'"):
        read_study(folder, SECTIONS)


def test_a_study_that_does_not_differ_says_so(tmp_path):
    one, two = _study(tmp_path / "one"), _study(tmp_path / "two")
    _run(one), _run(two)
    same = difference(one, two)
    assert same.causes == ()
    assert [(m.sigmas, m.because) for m in same.moved] == [(0.0, ())]


def _changed_file(folder):
    (folder / "numbers.txt").write_text("1\n2\n30\n")


def _changed_setting(folder):
    text = (folder / "study.yaml").read_text().replace("offset: {}", "offset: {amount: 5}")
    (folder / "study.yaml").write_text(text)


def _changed_code(folder):
    return dataclasses.replace(toy.STAGES[2], version=2)


def _changed_library(folder):
    return dataclasses.replace(toy.STAGES[1], fingerprint=lambda **_: "new")


@pytest.mark.parametrize(
    ("change", "kind", "name", "moves"),
    [
        (_changed_file, "input", "numbers.txt", True),
        (_changed_setting, "setting", "total.offset.amount", True),
        (_changed_code, "code", "total", False),
        (_changed_library, "library", "scaled", False),
    ],
)
def test_what_moved_a_number_is_named(tmp_path, change, kind, name, moves):
    one, two = _study(tmp_path / "one"), _study(tmp_path / "two")
    _run(one)
    other = change(two)
    sections, stages = SECTIONS, toy.STAGES
    if other is not None:
        stages = [other if s.name == other.name else s for s in stages]
        sections = tuple(
            dataclasses.replace(s, stages=tuple(t for t in stages if t.name in {o.name for o in s.stages}))
            for s in SECTIONS
        )
    write_report(run_study(read_study(two, sections), stages=stages))
    if not moves:  # the toy gives the same number by other code: what a real change would have moved
        _move(two)
    found = difference(one, two)
    assert [(c.kind, c.name) for c in found.causes if c.kind != "version"] == [(kind, name)]
    (moved,) = found.moved
    assert moved.before != moved.after
    assert [b.partition(":")[0] for b in moved.because] == [f"{kind} {name}"]


def _move(folder, versions=None):
    """Move the number of a results.json, and the version of a package with it."""
    data = json.loads((folder / "results.json").read_text())
    data["evidence"][0]["value"] += 1
    for stage in data["stages"]:
        stage["versions"] |= versions or {}
    (folder / "results.json").write_text(json.dumps(data))


def test_a_package_explains_what_nothing_nearer_does(tmp_path):
    one, two = _study(tmp_path / "one"), _study(tmp_path / "two")
    _run(one), _run(two)
    _move(two)
    assert difference(one, two).moved[0].because == ()
    _move(two, {"numpy": "9.9"})
    (text,) = difference(one, two).moved[0].because
    assert text.startswith("version numpy: ")
    assert text.endswith("→ 9.9")


def test_a_cause_that_enters_no_stage_of_a_number_does_not_explain_it(tmp_path):
    """Two numbers, two settings: each is explained by its own."""

    def write(name, amounts):
        folder = tmp_path / name
        folder.mkdir()
        base = {
            "kind": "computed",
            "published": False,
            "source": "x",
            "unit": "1",
            "doubt": "known",
            "std": 1.0,
        }
        rows = [
            base | {"quantity": q, "label": q, "value": v, "stages": [f"{q}-0"]} for q, v in amounts.items()
        ]
        stages = [
            {"id": f"{q}-0", "stage": q, "key": str(v), "settings": {"s": {"amount": v}}}
            for q, v in amounts.items()
        ]
        (folder / "results.json").write_text(json.dumps({"evidence": rows, "stages": stages}))
        return folder

    found = difference(write("a", {"p": 1.0, "q": 2.0}), write("b", {"p": 3.0, "q": 2.5}))
    assert {m.label: m.because for m in found.moved} == {
        "p": ("setting p.s.amount: 1.0 → 3.0",),
        "q": ("setting q.s.amount: 2.0 → 2.5",),
    }


def test_the_distance_is_counted_in_standard_deviations_and_units_are_converted(tmp_path):
    def write(name, value, std, unit):
        folder = tmp_path / name
        folder.mkdir()
        row = {"quantity": "a", "kind": "computed", "label": "a", "published": False, "source": "x"}
        row |= {"value": value, "std": std, "unit": unit, "doubt": "known"}
        (folder / "results.json").write_text(json.dumps({"evidence": [row], "stages": []}))
        return folder

    found = difference(write("a", 10.0, 0.3, "mm"), write("b", 1.05, 0.04, "cm")).moved[0]
    assert found.after == pytest.approx(10.5)
    assert found.sigmas == pytest.approx(0.5 / 0.5)


def test_an_independent_library_reads_the_archive(tmp_path):
    """The reference library of RO-Crate finds root, authors, files and values."""
    ROCrate = pytest.importorskip("rocrate.rocrate", reason="rocrate is not installed").ROCrate

    write_bundle(crate_of(_run(_study(tmp_path / "s"))), tmp_path / "crate")
    found = ROCrate(str(tmp_path / "crate"))
    assert found.name == "Toy <study>"
    assert found.get("numbers.txt").type == "File"
    assert [e["name"] for e in found.get_by_type("PropertyValue")]
    assert found.root_dataset["author"][0]["name"] == "Ada Example"


def test_every_number_names_its_row_in_the_headline_table(tmp_path):
    folder = _study(tmp_path / "s")
    graph = _graph(crate_of(_run(folder)))
    rows = list(csv.reader((folder / "tables" / "headline.csv").read_text().splitlines()))
    values = [e for e in graph.values() if e["@type"] == "PropertyValue"]
    assert len(values) == 2
    for value in values:
        file, _, row = value["subjectOf"]["@id"].partition("#row=")
        assert file == "tables/headline.csv"
        here = dict(zip(rows[0], rows[int(row) - 1], strict=True))  # RFC 7111 counts from 1, names included
        assert float(here["value"]) == pytest.approx(value["value"])
        assert here["label"] == value["name"]


# By the name of their folder: with a blank in it the validator loses the root of any archive.
BROKEN = {
    "no-date": (lambda root, graph: root.pop("datePublished"), "datePublished"),
    "no-licence": (lambda root, graph: root.pop("license"), "license"),
    "no-root": (lambda root, graph: graph.remove(root), "root data entity uri must end"),
}


def _broken(crate, name):
    """A copy of an archive with something wrong in its metadata."""
    target = crate.parent / name
    shutil.copytree(crate, target)
    data = json.loads((target / METADATA).read_text())
    root = next(e for e in data["@graph"] if e["@id"] == "./")
    BROKEN[name][0](root, data["@graph"])
    (target / METADATA).write_text(json.dumps(data))
    return target


def test_the_validator_of_ro_crate_finds_nothing_in_ours_and_something_in_broken_ones(tmp_path, validator):
    """roc-validator, profile ro-crate-1.1, recommendations included; its context comes from the library
    rocrate instead of the web. No validator of .eln exists: its specification asks for a ZIP with one folder
    that is an RO-Crate, and that folder is judged.
    """
    folder = _study(tmp_path / "s")
    (folder / "numbers.txt").rename(folder / "Zahlen für alle.txt")
    text = (folder / "study.yaml").read_text().replace("numbers.txt", "Zahlen für alle.txt")
    (folder / "study.yaml").write_text(text)
    crate = crate_of(_run(folder))
    write_bundle(crate, tmp_path / "crate")
    write_bundle(crate, tmp_path / "toy.eln")
    with zipfile.ZipFile(tmp_path / "toy.eln") as archive:
        archive.extractall(tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["toy"]
    lacks = tmp_path / "lacks-a-file"
    shutil.copytree(tmp_path / "crate", lacks)
    (lacks / "Zahlen für alle.txt").unlink()
    broken = [_broken(tmp_path / "crate", name) for name in BROKEN]
    ours, eln, less, *others = validator(
        "rocrate_validator_offline.py", tmp_path / "crate", tmp_path / "out" / "toy", lacks, *broken
    )
    for found in (ours, eln):
        assert found["issues"] == []
        assert found["checks"] > 50
    assert any("Zahlen" in i["text"] for i in less["issues"]), less
    for (_, words), found in zip(BROKEN.values(), others, strict=True):
        required = [i["text"].lower() for i in found["issues"] if i["severity"] == "REQUIRED"]
        assert any(words.lower() in t for t in required), found
    # The names with blanks and umlauts come back.
    assert "Zahlen für alle.txt" in read_bundle(tmp_path / "crate", tmp_path / "back")
    assert altered(tmp_path / "back") == ()


def test_settings_of_metadata_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Person("Ada").name = "Bo"

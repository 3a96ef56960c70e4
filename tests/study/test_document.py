import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

from electrolith.core import DataError, Estimate
from electrolith.core.archive import plain
from electrolith.core.flat import flat, untagged
from electrolith.study.asked import Asked, asking
from electrolith.study.commands import app
from electrolith.study.commands.outputs import expanded
from electrolith.study.document import document, document_schema, write_csv, write_xlsx
from electrolith.study.figure import Axis, Bars, Figure, Heat, Line, Points
from electrolith.study.section import Evidence, Part
from electrolith.study.table import Table

DRAWS = 1.2e-4 + 1.4e-6 * np.random.default_rng(3).standard_normal(500)
X = np.linspace(0.1, 1.0, 7)
LONG = Table(("t / s", "U / V"), tuple((float(i), float(np.sqrt(i))) for i in range(90)), "record")
PARTS = (
    Part(
        "Cell [1]/a",
        "It works.",
        (
            Figure(
                "curve",
                "A curve.",
                Axis("x / Å"),
                Axis("y / eV", log=True),
                (Line(X, X**2, "model"), Points(X, X, "", low=X - 0.1, high=X + 0.1)),
            ),
            Figure(
                "map",
                "A map.",
                Axis("a"),
                Axis("b"),
                (Heat(np.arange(2.0), np.arange(3.0), np.arange(6.0).reshape(3, 2)),),
            ),
            Figure(
                "bars", "Bars.", Axis("n"), Axis("E"), (Bars(("Li3N", "=LiCl"), np.array([1.0, np.nan])),)
            ),
        ),
        (Table(("name", "σ / S/cm"), (("=cmd()", Estimate(DRAWS, "S/cm")), ("b\x00", None))),),
        ("Look twice.",),
        ("A note.",),
        (LONG,),
    ),
    Part("Cell [1]/A", "Its sheet has the same name but for capitals.", tables=(Table(("a",), ((1,),)),)),
)
EVIDENCE = (Evidence("sigma", "Conductivity", Estimate(DRAWS, "S/cm"), "measured", "a.mpr", note="fit"),)


@dataclass(frozen=True, eq=False)
class Inner:
    """What commands hand on."""

    sigma: Estimate
    spectrum: np.ndarray
    where: Path
    by_pair: dict[tuple[str, int], float]


INNER = Inner(Estimate(DRAWS, "S/cm"), np.array([1.0, np.inf]), Path("a/b"), {("Li1", 3): 2.0})


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def there_and_back(value):
    return json.loads(json.dumps(value, allow_nan=False))


def test_the_document_is_what_its_schema_says_and_holds_the_numbers_of_memory():
    found = there_and_back(document("T", PARTS, evidence=EVIDENCE, data=INNER))
    jsonschema.validate(found, document_schema())
    jsonschema.Draft202012Validator.check_schema(document_schema())
    row = found["evidence"][0]
    assert (row["value"], row["std"]) == (EVIDENCE[0].value.value, EVIDENCE[0].value.std)
    assert tuple(row["interval_95"]) == EVIDENCE[0].value.interval(0.95)
    table, record = found["parts"][0]["tables"]
    assert table["rows"][0] == {"name": "=cmd()", "σ": row["value"], "σ std": row["std"], "σ unit": "S/cm"}
    assert [r["U"] for r in record["rows"]] == [r[1] for r in LONG.rows]
    curve = found["parts"][0]["figures"][0]["layers"]
    assert curve[0]["y"] == (X**2).tolist()
    assert curve[1]["high"] == (X + 0.1).tolist()
    assert found["data"]["sigma"]["value"] == row["value"]
    assert found["data"]["spectrum"] == [1.0, None]
    assert found["data"]["by_pair"] == {"Li1 3": 2.0}
    assert found["warnings"] == ["Look twice."]


def test_a_document_that_breaks_its_schema_is_caught():
    found = document("T", PARTS)
    found["parts"][0]["tables"][0]["rows"][0]["σ"] = [1.0]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, document_schema())


def test_the_document_says_what_was_asked(tmp_path):
    (tmp_path / "a.csv").write_text("1\n")
    line = ("electrolith", "impedance", "a b.csv", "--thickness", "0.90(2) mm")
    with asking(Asked(line, (tmp_path / "a.csv",))):
        found = document("T", ())
    assert found["command"] == "electrolith impedance 'a b.csv' --thickness '0.90(2) mm'"
    (given,) = found["inputs"]
    assert given["sha256"] == "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
    assert document("T", ())["command"] == ""


def test_settings_lose_their_tags():
    assert untagged(plain({"inner": Inner(INNER.sigma, X, Path("p"), {("a", 1): 1.0})})["__dict__"][0][1])[
        "by_pair"
    ] == {"a 1": 1.0}
    assert untagged(plain((1.0, float("inf"), {"k": (1, 2)}))) == [1.0, None, {"k": [1, 2]}]


def test_something_without_a_form_is_refused():
    with pytest.raises(DataError, match="a object has no form for programs"):
        flat(object())


def test_csv_of_everything(tmp_path):
    count = write_csv(tmp_path, PARTS, evidence=EVIDENCE)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert count == len(names) == 7
    assert names == [
        "cell-1-a-1.csv",
        "cell-1-a-2.csv",
        "cell-1-a.csv",
        "figure-bars.csv",
        "figure-curve.csv",
        "figure-map.csv",
        "headline.csv",
    ]
    (row,) = rows_of(tmp_path / "headline.csv")
    assert float(row["value"]) == EVIDENCE[0].value.value
    assert float(row["value std"]) == EVIDENCE[0].value.std
    curve = rows_of(tmp_path / "figure-curve.csv")
    assert [float(r["model: y / eV"]) for r in curve] == (X**2).tolist()
    assert len(rows_of(tmp_path / "figure-map.csv")) == 6


def test_parts_of_one_name_do_not_overwrite_each_other(tmp_path):
    assert write_csv(tmp_path, PARTS[1:] * 2) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cell-1-a-2.csv", "cell-1-a.csv"]


def test_a_mark_for_programs_that_guess_the_encoding(tmp_path):
    write_csv(tmp_path, PARTS[1:], bom=True)
    assert next(tmp_path.iterdir()).read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_workbook_holds_the_same_numbers(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", PARTS, evidence=EVIDENCE)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert len(book.sheetnames) == 7
    assert all(len(n) <= 31 and not set(n) & set("[]:*?/\\") for n in book.sheetnames)
    assert len({n.lower() for n in book.sheetnames}) == 7
    head, first, second = book[book.sheetnames[1]].iter_rows()
    assert [c.value for c in head] == ["name", "σ", "σ std", "σ unit"]
    # openpyxl writes sixteen digits
    assert first[1].value == pytest.approx(EVIDENCE[0].value.value, rel=1e-15)
    assert first[2].value == pytest.approx(EVIDENCE[0].value.std, rel=1e-15)
    assert (first[0].value, first[0].data_type) == ("=cmd()", "s")  # text, never a formula
    assert second[0].value == r"b\x00"  # what no sheet can hold is shown as what it is
    record = [r[2].value for r in book[book.sheetnames[2]].iter_rows(min_row=2)]
    assert record == pytest.approx([r[1] for r in LONG.rows], rel=1e-15)


def test_an_empty_workbook_is_refused(tmp_path):
    with pytest.raises(DataError, match="no table and no figure to write"):
        write_xlsx(tmp_path / "a.xlsx", (Part("p", "s"),))


def test_every_command_with_data_has_the_common_outputs():
    ask = CliRunner().invoke
    for name in ("impedance", "cell", "window", "rietveld", "run", "order"):
        shown = ask(app, [name, "--help"]).output
        assert "--csv" in shown, name
        assert "--xlsx" in shown, name


def test_a_command_writes_all_its_forms_and_data_alone_on_standard_output(tmp_path):
    answer = CliRunner().invoke(
        app,
        [
            "window",
            "LiCl",
            "--draws",
            "5",
            "--json",
            "-",
            "--csv",
            str(tmp_path / "t"),
            "--xlsx",
            str(tmp_path / "t.xlsx"),
            "--html",
            str(tmp_path / "t.html"),
        ],
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    jsonschema.validate(found, document_schema())
    assert found["command"].startswith("electrolith window LiCl --draws 5")
    assert "page:" in answer.stderr
    assert (tmp_path / "t.xlsx").stat().st_size > 1000
    assert list((tmp_path / "t").glob("*.csv"))


def test_folders_and_patterns_mean_their_files_in_the_order_of_people(tmp_path):
    for name in ("s10.csv", "s2.csv", ".hidden", "page.html"):
        (tmp_path / name).write_text("x")
    (tmp_path / "bruker").mkdir()
    (tmp_path / "bruker" / "acqus").write_text("x")
    assert [p.name for p in expanded(tmp_path)] == ["s2.csv", "s10.csv"]
    assert [p.name for p in expanded(tmp_path / "s*.csv")] == ["s2.csv", "s10.csv"]
    assert expanded(tmp_path / "bruker") == [tmp_path / "bruker"]
    assert expanded(tmp_path / "none.csv") == [tmp_path / "none.csv"]
    with pytest.raises(Exception, match=r"no file matches this pattern"):
        expanded(tmp_path / "*.mpr")

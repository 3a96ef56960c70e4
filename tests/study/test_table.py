import csv
import io

import numpy as np
import pytest

from electrolith.core import Estimate
from electrolith.study import terminal
from electrolith.study.printed import doubted, printed, span
from electrolith.study.section import Evidence
from electrolith.study.table import (
    Table,
    as_cell,
    columns_of,
    is_numeric,
    numbers_as_text,
    read_number,
    records,
    split_head,
    table_csv,
    text_rows,
)

RAMP = np.linspace(-1.0, 1.0, 2001)


def sigma(value, half, unit="S/cm"):
    return Estimate(value + half * RAMP, unit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.200(14)e-4 S/cm", (1.2e-4, 1.4e-6, "S/cm")),
        ("902.1(1.1)", (902.1, 1.1, None)),
        ("1000(96)", (1000.0, 96.0, None)),
        ("902.09 ± 1.1", (902.09, 1.1, None)),
        ("2.16 (+0.15/-0.08) V", (2.16, 0.115, "V")),
        ("1e-6 (2e-8 to 4e-5)", (1e-6, 1.999e-5, None)),
        ("60.2 pF", (60.2, None, "pF")),
        ("−20 °C", (-20, None, "°C")),
        ("146 kHz", (146, None, "kHz")),
        ("12", (12, None, None)),
    ],
)
def test_printed_numbers_are_read_back_as_numbers(text, expected):
    value, std, unit = read_number(text)
    assert value == pytest.approx(expected[0])
    assert std is None if expected[1] is None else std == pytest.approx(expected[1])
    assert unit == expected[2]


@pytest.mark.parametrize("text", ["a.csv", "Li6PS5Cl", "<0.5", "3 of 12, at most", "2026-11-28", "1:2", ""])
def test_other_text_is_no_number(text):
    assert read_number(text) is None


def test_an_estimate_becomes_three_columns_in_the_unit_of_its_head():
    table = Table(
        ("sample", "σ / mS/cm"), (("a", sigma(1.2e-4, 2e-6)), ("b", Estimate.unknown_doubt(3e-4, "S/cm")))
    )
    first, second = records(table)
    assert list(first) == ["sample", "σ", "σ std", "σ unit"]
    assert first["σ"] == pytest.approx(0.12)
    assert first["σ std"] == pytest.approx(sigma(0.12, 2e-3).std)
    assert second == {"sample": "b", "σ": pytest.approx(0.3), "σ std": None, "σ unit": "mS/cm"}
    assert text_rows(table) == (("a", "0.1200(14)"), ("b", "0.3"))


def test_words_in_a_column_of_numbers_are_kept_beside_them():
    rows = ((1.5, "9 of 12"), (None, "x"), ("fixed", "y"), (2.5, ""))
    table = Table(("x / Å", "what"), rows)
    assert [c.name for c in columns_of(table)] == ["x", "x note", "what"]
    assert [r["x"] for r in records(table)] == [1.5, None, None, 2.5]
    assert [r["x note"] for r in records(table)] == [None, None, "fixed", None]
    assert records(table)[0]["what"] == "9 of 12"
    assert records(table)[0]["x unit"] == "Å"


def test_a_printed_number_keeps_its_digits_its_doubt_and_what_is_said_of_it():
    table = Table(
        ("C / pF", "p", "E / V", "limit"),
        (
            (printed(60.2345, ".1f"), printed(1 / 30, ".2g", before="≤ "), span(1.7234, 2.2891, ".2f"), None),
            (doubted(61.25, 0.5), printed(np.nan, ".2g"), span(np.nan, 1.0, ".2f"), printed(5, "g", "V")),
        ),
    )
    assert text_rows(table) == (
        ("60.2", "≤ 0.033", "1.72 to 2.29", "–"),
        ("61.25(50)", "–", "–", "5 V"),
    )
    first, second = records(table)
    assert first == {
        "C": 60.2345, "C std": None, "C unit": "pF", "p": 1 / 30, "p note": "≤", "E": 1.7234, "E unit": "V",
        "E to": 2.2891, "limit": None, "limit unit": None,
    }  # fmt: skip
    assert (second["C std"], second["p"], second["E"], second["limit unit"]) == (0.5, None, None, "V")


@pytest.mark.parametrize(
    "cells",
    [("1.2", "1.3"), ("902.1(1.1)", "–"), ("1 to 2", "fixed"), ("≤ 0.05",), ("60.2 pF", "x"), (1.0, "2")],
)
def test_numbers_that_are_text_are_found(cells):
    assert numbers_as_text(Table(("x",), tuple((c,) for c in cells)))


@pytest.mark.parametrize(
    "cells", [("1 of 12", "2 of 3"), ("Li3N", "a.csv"), (1.0, "fixed"), ("a1", "300", "b")]
)
def test_names_and_prose_are_no_numbers(cells):
    assert not numbers_as_text(Table(("x",), tuple((c,) for c in cells)))


def test_what_somebody_wrote_is_a_number_printed_as_written():
    cell = as_cell("0.90(2) mm")
    assert (cell.value, cell.std, cell.unit, cell.text) == (0.9, pytest.approx(0.02), "mm", "0.90(2) mm")
    assert as_cell("24 h after milling, at most") == "24 h after milling, at most"


def test_numbers_of_numpy_are_numbers():
    (row,) = records(Table(("n", "x"), ((np.int64(3), np.float64(0.1)),)))
    assert row == {"n": 3, "x": 0.1}
    assert type(row["n"]) is int


def test_names_of_columns_are_unique():
    table = Table(("C", "top", "C", "top"), ((printed(1, "g", "pF"), 2, printed(3, "g", "nF"), 4),))
    assert list(records(table)[0]) == ["C", "C unit", "top", "C (2)", "C (2) unit", "top (2)"]


def test_csv_holds_every_digit_and_every_row():
    values = np.random.default_rng(5).normal(size=(150, 2))
    table = Table(("cycle", "capacity / mAh/g"), tuple((i, float(v)) for i, v in enumerate(values[:, 0])))
    back = list(csv.DictReader(io.StringIO(table_csv(table))))
    assert [float(r["capacity"]) for r in back] == values[:, 0].tolist()
    assert [int(r["cycle"]) for r in back] == list(range(150))
    assert {r["capacity unit"] for r in back} == {"mAh/g"}


def test_heads_split_only_at_a_unit():
    assert split_head("σ(25 °C) / S/cm") == ("σ(25 °C)", "S/cm")
    assert split_head("k of R0 + k√t / Ω h^-0.5") == ("k of R0 + k√t", "Ω h^-0.5")
    assert split_head("verdict / what was said of it") == ("verdict / what was said of it", "")


def test_numbers_of_a_column_share_their_decimals():
    table = Table(("E / V",), ((3.7,), (3.712,), (float("nan"),)))
    assert [r[0] for r in text_rows(table)] == ["3.700", "3.712", "–"]
    wide = Table(("f / Hz",), ((1.0,), (1e5,)))
    assert [r[0] for r in text_rows(wide)] == ["1", "100000"]


def test_columns_of_numbers_are_recognised():
    assert is_numeric(("1.200(14)e-4", "902.1(1.1) GPa", "–"))
    assert not is_numeric(("1.2", "fixed"))


@pytest.fixture
def narrow(monkeypatch):
    """A terminal of 60 columns, and what is printed on it."""
    console = terminal._Full(
        highlight=False, force_terminal=True, width=60, file=io.StringIO(), color_system=None
    )
    monkeypatch.setattr(terminal, "console", console)
    return console.file


WIDE_TABLE = Table(
    ("spectrum", "σ / S/cm", "R total / Ω", "bulk R / Ω", "C / F", "residual / %", "remark"),
    tuple(
        (
            f"a_long_name_of_a_spectrum_{i}.mpr",
            sigma(1.2e-4, 2e-6),
            sigma(902.0, 1.1, "ohm"),
            sigma(408.0, 1.4, "ohm"),
            6e-11,
            0.38,
            "x y z " * 6,
        )
        for i in range(3)
    ),
    minor=("C / F",),
)


def test_nothing_is_cut_on_a_narrow_terminal(narrow):
    terminal.print_table(WIDE_TABLE)
    shown = narrow.getvalue()
    assert "…" not in shown
    for number in ("1.200(14)e-4", "902.00(75)", "408.00(95)", "0.38"):
        assert shown.count(number) >= 3
    assert max(map(len, shown.splitlines())) <= 60
    assert "too narrow for: C / F; they are in --csv" in " ".join(shown.split())


def test_a_pipe_gets_whole_lines(monkeypatch, capsys):
    monkeypatch.setattr(terminal, "console", terminal._Full(highlight=False))
    monkeypatch.setenv("COLUMNS", "40")
    terminal.print_table(WIDE_TABLE)
    shown = capsys.readouterr().out
    assert "a_long_name_of_a_spectrum_2.mpr" in shown
    assert "6e-11" in shown
    terminal.console.print("word " * 100)
    assert "word " * 99 in capsys.readouterr().out


def test_a_long_table_shows_both_ends_and_says_where_the_rest_is(narrow):
    terminal.print_table(Table(("cycle",), tuple((i,) for i in range(1, 151))))
    shown = narrow.getvalue()
    assert " 150 " in shown
    assert " 1 " in shown
    assert "40 of 150 rows" in shown


def test_doubtful_rows_of_the_headline_carry_a_mark():
    rows = [
        Evidence("a", "Lattice parameter", Estimate(4.1558 + 1e-5 * RAMP, "angstrom"), "measured", "x.xye"),
        Evidence("b", "Density", Estimate.exact(2.0, "g/cm^3"), "measured", "x.xye"),
    ]
    table = terminal.headline(rows, {"a"})
    assert [r[0] for r in table.rows] == ["!", ""]
    assert table.rows[1][2] == "2 g/cm³"
    assert terminal.headline(rows).columns[0] == "Quantity"


def test_a_bar_comes_after_the_patience_and_is_gone_before_anything_is_printed(monkeypatch):
    screen = io.StringIO()
    aside = terminal._Full(force_terminal=True, width=100, file=screen)
    monkeypatch.setattr(terminal, "aside", aside)
    monkeypatch.setattr(terminal, "PATIENCE", 0.01)
    with terminal.patient("impedance") as waiting:
        waiting.hear(0.25, "spectrum 2 of 8")
        waiting._timer.join()
        waiting._bars.refresh()
        assert "spectrum 2 of 8" in screen.getvalue()
        assert "elapsed" in screen.getvalue()
        terminal.settle()
        assert waiting._bars is None
    quick = io.StringIO()
    monkeypatch.setattr(terminal, "aside", terminal._Full(force_terminal=True, width=100, file=quick))
    monkeypatch.setattr(terminal, "PATIENCE", 60.0)
    with terminal.patient("impedance"):
        pass
    assert quick.getvalue() == ""

"""Names on their way out are text, whatever they hold."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.safe_text import cell, file_name, plotly_text, script_data, visible


def test_orders_to_a_terminal_are_written_out():
    assert visible("\x1b]0;title\x07.csv") == r"\x1b]0;title\x07.csv"
    assert visible("a\x9b31mred") == r"a\x9b31mred"
    assert visible("exe\u202egpj.csv") == r"exe\u202egpj.csv"
    assert visible("\ud800") == r"\ud800"
    assert visible("σ = 1,2·10⁻⁴ S/cm\n\tLi₉N₂Cl₃ – 电解质") == "σ = 1,2·10⁻⁴ S/cm\n\tLi₉N₂Cl₃ – 电解质"


@given(st.text())
def test_nothing_that_is_obeyed_is_left(text):
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", visible(text))


@pytest.mark.parametrize(
    "text", ["=1+1", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1", " =1+1", "＝1+1"]
)
def test_formulas_are_kept_from_spreadsheets(text):
    assert str(cell(text)).startswith(("'", r"\x0d"))


@pytest.mark.parametrize("value", ["-1.5", "+2e-3 eV", "-", "Li2S + P", 1.5, -2, None, "-3 mV", "–", ""])
def test_numbers_and_plain_text_stay_as_they_are(value):
    assert cell(value) == value


def test_tags_in_a_figure_are_text_but_for_our_line_breaks():
    tree = {"name": "<a href='x'>&", "text": ["a<br>b", 1.0, None], "hovertemplate": "%{text}<extra></extra>"}
    assert plotly_text(tree) == {
        "name": "&lt;a href='x'>&amp;",
        "text": ["a<br>b", 1.0, None],
        "hovertemplate": "%{text}<extra></extra>",
    }


def test_data_between_script_tags_hold_nothing_that_a_parser_of_html_reads():
    assert script_data('["<!--<script>", "</script>"]') == '["\\u003c!--\\u003cscript>", "\\u003c/script>"]'


@given(st.text(max_size=400))
def test_every_name_is_a_file_name_everywhere(text):
    name = file_name(text)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,100}", name)
    assert name.split(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert not name.endswith(".")


def test_names_stay_in_their_folder_and_long_ones_stay_apart():
    assert file_name("../../etc/passwd") == "etc-passwd"
    assert file_name("NUL.csv") == "NUL.csv-"
    assert file_name("a" * 200 + "1") != file_name("a" * 200 + "2")
    assert file_name("...") == "unnamed"

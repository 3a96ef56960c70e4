"""YAML is plain data, and what is no data is refused with its line."""

import time

import pytest

from electrolith.core.errors import DataError, InputError, brief, nearest
from electrolith.core.yaml_data import parse_yaml


def test_plain_data_with_anchors_and_merges():
    text = "a: &x {b: 1, c: [2, 3]}\nd: *x\ne: {<<: *x, b: 4}\n"
    x = {"b": 1, "c": [2, 3]}
    assert parse_yaml(text, "f") == {"a": x, "d": x, "e": {"b": 4, "c": [2, 3]}}
    assert parse_yaml("", "f") is None


def test_anchors_that_multiply_are_refused_at_once():
    """Nine levels of nine: 9⁹ values in 300 characters."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    begun = time.monotonic()
    with pytest.raises(DataError, match=r"values of a YAML file.*ELECTROLITH_MAX_NODES"):
        parse_yaml("\n".join(levels), "f")
    assert time.monotonic() - begun < 2.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("? [a, b]\n: 1\n", "line 1: a list stands where a name should"),
        ("x: 1\n? {a: b}\n: 1\n", "line 2: a mapping stands where a name should"),
        ("a: 1\nb: 2\na: 3\n", "line 3: 'a' is given twice"),
        ("a: &x [*x]\n", "line 1: a value that contains itself"),
        ("day: 2020-99-99\n", "a value that cannot be"),
        ("n: " + "7" * 5000 + "\n", "a value that cannot be"),
        ("a: [1, 2\n", "not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "not valid YAML"),
        ("a: \x00\n", "not valid YAML"),
        ("[" * 3000 + "]" * 3000, "nested too deeply"),
    ],
)
def test_what_is_no_data_is_refused_in_a_sentence(text, words):
    with pytest.raises(InputError, match=f"^f: .*{words}"):
        parse_yaml(text, "f")


def test_depth_has_a_ceiling():
    assert parse_yaml("[" * 90 + "]" * 90, "f") is not None
    with pytest.raises(DataError, match="ELECTROLITH_MAX_DEPTH"):
        parse_yaml("[" * 120 + "]" * 120, "f")


def test_messages_stay_short_whatever_came():
    assert len(brief([["x" * 1000] * 1000] * 1000)) < 400
    assert len(nearest("study", "x" * 100_000, ["title"])) < 200

"""Every key of every settings file has its words, and they reach editors, errors and the terminal."""

from dataclasses import dataclass, field
from typing import Annotated

import pytest
from typer.testing import CliRunner

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.study.commands import app
from electrolith.study.described import descriptions, summary
from electrolith.study.reference import chapter, chapters, keys
from electrolith.study.sections import SECTIONS
from electrolith.study.settings import pointing, schema
from electrolith.study.study import read_study, study_schema


@dataclass(frozen=True)
class Inner:
    """A layer.

    name : of it.
    """

    name: str
    silent: int = 1


@dataclass(frozen=True)
class Base:
    """Below.

    old : from the base.     both : from the base.
    """

    old: int = 1
    both: int = 2


@dataclass(frozen=True)
class Toy(Base):
    """A toy. with prose that names old: nothing of it counts, since the entries follow.

    low, high : window, in two
        lines. hot : after a sentence; cold: after a semicolon.     both : from the class.
    layers : inside.

    A last paragraph, key: no entry.
    """

    low: float = 0.0
    high: Annotated[float, Unit("K")] = 300.0
    hot: float = 1.0
    cold: float = 2.0
    key: str = ""
    layers: tuple[Inner, ...] = field(default_factory=tuple)


def test_words_of_a_docstring_go_to_the_keys_they_are_about():
    told = descriptions(Toy)
    assert told["low"] == told["high"] == "low, high: window, in two lines."
    assert told["hot"] == "after a sentence"
    assert told["cold"] == "after a semicolon."
    assert told["both"] == "from the class."
    assert told["layers"] == "inside."
    assert "key" not in told
    assert summary(Toy).startswith("A toy.")


def test_a_class_inherits_the_words_of_its_base():
    assert descriptions(Base) == {"old": "from the base.", "both": "from the base."}
    assert descriptions(Toy)["old"].endswith("base.")


def test_keys_inside_a_list_are_named_by_their_path_and_a_silent_one_is_seen():
    found = {k.path: k for k in keys(Toy)}
    assert found["layers[].name"].default == "required"
    assert found["layers[].silent"].words == ""
    assert found["high"].takes == "quantity in K"


@pytest.mark.parametrize("name", [c.name for c in chapters()])
def test_every_key_has_its_words(name):
    silent = [k.path for k in chapter(name).keys if len(k.words) < 3]
    assert not silent, f"{name}: say in the docstring of the settings class what {', '.join(silent)} is for"
    assert chapter(name).words


def test_every_section_and_every_key_of_the_schema_is_a_chapter():
    assert {s.key for s in SECTIONS} <= {c.name for c in chapters()}
    assert {k.path for k in chapter("study").keys} == set(study_schema(SECTIONS)["properties"]) - {
        s.key.partition(".")[0] for s in SECTIONS
    }


def test_editors_see_the_words():
    temperature = schema(Toy)["properties"]["high"]["description"]
    assert temperature == "low, high: window, in two lines; in K, or text with a unit"
    dynamics = study_schema(SECTIONS)["properties"]["dynamics"]["properties"]
    assert "integration" in dynamics["timestep"]["description"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dynamics: {temperture: [600 K]}", r"did you mean 'temperatures'.*`electrolith settings dynamics`"),
        ("dynamcis: {}", r"did you mean 'dynamics'.*`electrolith settings` describes"),
        ("measured: {impedance: {diametre: 10 mm}}", "`electrolith settings measured.impedance`"),
    ],
)
def test_a_refused_study_points_to_the_words_of_its_keys(tmp_path, text, says):
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(InputError, match=says):
        read_study(tmp_path)


def test_only_refusals_are_pointed_from():
    with pytest.raises(ValueError, match="other"), pointing("cell"):
        raise ValueError("other")


def test_the_command_lists_chapters_and_keys():
    every = CliRunner().invoke(app, ["settings"], env={"COLUMNS": "200"})
    assert every.exit_code == 0
    assert all(c.name in every.output for c in chapters())
    one = CliRunner().invoke(app, ["settings", "impedance"], env={"COLUMNS": "200"})
    assert "temperature_error" in one.output
    assert "quantity in K" in one.output


def test_a_key_shown_by_the_longest_chapter_is_not_cut():
    long = max(chapters(), key=lambda c: len(c.keys))
    shown = CliRunner().invoke(app, ["settings", long.name], env={"COLUMNS": "200"}).output
    assert all(k.path.rpartition(".")[2] in shown for k in long.keys)
    assert "rows; all are in" not in shown

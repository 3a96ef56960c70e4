from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.study.settings import Files, load_yaml, read, schema


@dataclass(frozen=True)
class Bath:
    """Thermostat."""

    SHORTHAND: ClassVar[str] = "temperature"
    temperature: Annotated[float, Unit("K")]
    damping: Annotated[float | None, Unit("fs")] = None

    def __post_init__(self):
        if self.temperature <= 0:
            raise InputError(f"temperature must be above 0 K, got {self.temperature:g} K")


@dataclass(frozen=True)
class Toy:
    """Everything a settings class may hold."""

    bath: Bath
    temperatures: Annotated[tuple[float, ...], Unit("K")] = (300.0,)
    supercell: tuple[int, int, int] = (1, 1, 1)
    charges: dict[str, float] | None = None
    ensemble: Literal["nvt", "nve"] = "nvt"
    seeds: tuple[int, ...] = (1,)
    on: bool = True
    files: Files = ()
    crystal: Path | None = None
    weight: float = 1.0


def test_a_full_file_is_read_with_units(tmp_path):
    (tmp_path / "a.cif").write_text("x")
    (tmp_path / "b1.mpr").write_text("x")
    (tmp_path / "b2.mpr").write_text("x")
    data = {
        "bath": {"temperature": "25 degC", "damping": "0.1 ps"},
        "temperatures": ["500 K", 600],
        "supercell": [2, 2, 2],
        "charges": {"Li": 1},
        "seeds": [1, 2],
        "files": "b*.mpr",
        "crystal": "a.cif",
        "weight": "1e-5",
    }
    toy = read(Toy, data, folder=tmp_path)
    assert toy.bath == Bath(298.15, pytest.approx(100.0))
    assert toy.temperatures == (500.0, 600.0)
    assert toy.supercell == (2, 2, 2)
    assert toy.charges == {"Li": 1.0}
    assert [p.name for p in toy.files] == ["b1.mpr", "b2.mpr"]
    assert toy.weight == 1e-5


def test_a_shorthand_stands_for_its_field():
    assert read(Toy, {"bath": "300 K"}).bath.temperature == 300.0


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (
            {"bath": 300, "supercel": [1, 1, 1]},
            r"study: no 'supercel'; did you mean 'supercell'\? known: bath",
        ),
        ({}, r"study: missing bath"),
        ({"bath": "300 fs"}, r"study\.bath\.temperature: 300 fs is not a quantity in K"),
        ({"bath": "-3 K"}, r"study\.bath: temperature must be above 0 K, got -3 K"),
        ({"bath": {"temprature": 300}}, r"study\.bath: no 'temprature'; did you mean 'temperature'"),
        ({"bath": 300, "supercell": [2, 2]}, r"study\.supercell: expected a list of 3, got 2"),
        (
            {"bath": 300, "supercell": [2, 2, 2.5]},
            r"study\.supercell\[2\]: expected a whole number, got 2\.5",
        ),
        ({"bath": 300, "ensemble": "NVT"}, r"study\.ensemble: no 'NVT'; did you mean 'nvt'"),
        ({"bath": 300, "seeds": 1}, r"study\.seeds: expected a list, got 1"),
        ({"bath": 300, "seeds": [True]}, r"study\.seeds\[0\]: expected a whole number, got True"),
        ({"bath": 300, "on": "yes please"}, r"study\.on: expected true or false"),
        ({"bath": 300, "files": "*.nothing"}, r"study\.files: no file matches '\*\.nothing' in"),
        ({"bath": 300, "crystal": "a.cif"}, r"study\.crystal: no such file: 'a\.cif'"),
        ({"bath": 300, "weight": "heavy"}, r"study\.weight: expected a number, got 'heavy'"),
        ({"bath": 300, "charges": [1]}, r"study\.charges: expected a mapping"),
        ([], r"study: expected a mapping of settings"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(data, text, tmp_path):
    with pytest.raises(InputError, match=text):
        read(Toy, data, folder=tmp_path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: 'a' is given twice"),
        ("a: [1, 2\n", "not valid YAML"),
        (None, "no such file"),
    ],
)
def test_a_file_that_is_no_study_is_refused(tmp_path, content, text):
    path = tmp_path / "study.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=text):
        load_yaml(path)


def test_the_schema_knows_types_defaults_choices_and_what_is_required():
    found = schema(Toy)
    assert found["required"] == ["bath"]
    assert found["additionalProperties"] is False
    assert found["properties"]["ensemble"] == {"enum": ["nvt", "nve"], "default": "nvt"}
    assert found["properties"]["supercell"]["prefixItems"] == [{"type": "integer"}] * 3
    assert "in K" in found["properties"]["bath"]["anyOf"][0]["description"]

"""`electrolith export --bdf`: a study's records in the Battery Data Format, cell and test beside."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import sha256
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.impedance.read import read_impedance
from electrolith.study.commands import app
from electrolith.study.exports.bdf import write_bdf_folder
from electrolith.study.study import read_study

STUDY = """
title: Measured
metadata:
  authors: [{name: Ada Example, orcid: 0000-0002-1825-0097}]
  licence: CC-BY-4.0
  description: Made.
  private: [secret*]
measured:
  impedance: {files: "*_z.csv", diameter: 10 mm, thickness: 0.90(2) mm, temperatures: [25 degC, 50 degC]}
  cycling: {files: ["cell.csv", "secret.csv"], mass: 3.5 mg, area: 0.785 cm2}
  symmetric_cells:
    pair: {files: cell.csv, area: 0.785 cm2}
schemes:
  cells:
    pair:
      diameter: 10 mm
      housing: PTFE die
      layers: [{name: Li, thickness: 50 um, mass: 2 mg}, {name: Li6PS5Cl, thickness: 600 um}]
"""


@pytest.fixture
def folder(tmp_path):
    """Two spectra in kilohm with the sign turned, a record in hours and mA with a row of no numbers."""
    frequency = np.geomspace(1e6, 1, 31)
    for name, ohms in (("a_z.csv", 1000.0), ("b_z.csv", 300.0)):
        z = (10 + ohms / (1 + 2j * np.pi * frequency * ohms * 1e-9)) / 1e3
        rows = [f"{f:.9g},{x.real:.9g},{-x.imag:.9g}" for f, x in zip(frequency, z, strict=True)]
        (tmp_path / name).write_text("freq/Hz,Re(Z)/kOhm,-Im(Z)/kOhm\n" + "\n".join(rows))
    hours = np.arange(200) / 100
    current = np.where(hours % 1 < 0.5, 0.35, -0.35)
    rows = [f"{h:.9g},{3.8 + i:.9g},{i:.9g}" for h, i in zip(hours, current, strict=True)]
    rows.insert(100, "nan,nan,nan")
    for name in ("cell.csv", "secret.csv"):
        (tmp_path / name).write_text("time/h,voltage/V,current/mA\n" + "\n".join(rows))
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def _values(entity):
    """Value and unit of each property by its kind."""
    return {
        p["@type"][0]: (p["hasNumericalPart"]["hasNumberValue"], p["hasMeasurementUnit"])
        for p in entity["hasProperty"]
    }


def test_records_and_spectra_are_read_back_equal_and_their_cells_described(folder):
    out = folder / "out"
    said = CliRunner().invoke(app, ["export", str(folder), "--bdf", str(out)])
    assert said.exit_code == 0, said.output
    assert "left out, private: secret.csv" in said.output
    names = sorted(p.name for p in out.iterdir())
    assert [n for n in names if n.endswith(".csv")] == [
        "cycling-001.bdf.csv",
        "impedance.bdf.csv",
        "symmetric_cells-pair-001.bdf.csv",
    ]
    raw, back = read_cycling(folder / "cell.csv"), read_cycling(out / "cycling-001.bdf.csv")
    for name in ("time", "voltage", "current"):
        np.testing.assert_allclose(getattr(back, name), getattr(raw, name), rtol=1e-9)
    spectra = read_impedance(out / "impedance.bdf.csv")
    assert [s.temperature for s in spectra] == pytest.approx([298.15, 323.15])
    for one, path in zip(spectra, ("a_z.csv", "b_z.csv"), strict=True):
        (was,) = read_impedance(folder / path)
        np.testing.assert_allclose(one.impedance, was.impedance, rtol=1e-9)
    assert str(folder) not in "".join(p.read_text() for p in out.iterdir())


def test_the_description_names_masses_layers_area_repairs_and_origin(folder):
    out = folder / "out"
    write_bdf_folder(read_study(folder), out)
    cell = json.loads((out / "cycling-001.bdf.jsonld").read_text())
    assert _values(cell["hasTestObject"]) == {"Mass": (3.5, "MilliGram"), "Area": (0.785, "SquareCentiMetre")}
    repairs = cell["hasOutput"]["schema:description"]
    assert "in h" in repairs
    assert "in mA" in repairs
    assert cell["hasOutput"]["schema:isBasedOn"][0]["schema:sha256"] == sha256(folder / "cell.csv")
    assert cell["hasOutput"]["schema:distribution"]["schema:sha256"] == sha256(out / "cycling-001.bdf.csv")
    pair = json.loads((out / "symmetric_cells-pair-001.bdf.jsonld").read_text())["hasTestObject"]
    lithium, electrolyte = pair["hasConstituent"]
    assert lithium["schema:name"] == "Li"
    assert _values(lithium) == {"Thickness": (50.0, "MicroMetre"), "Mass": (2.0, "MilliGram")}
    assert _values(electrolyte) == {"Thickness": (600.0, "MicroMetre")}
    assert _values(pair)["Diameter"] == (10.0, "MilliMetre")
    pellet = json.loads((out / "impedance.bdf.jsonld").read_text())
    assert _values(pellet["hasTestObject"])["Thickness"] == (pytest.approx(0.9), "MilliMetre")
    assert [f["schema:name"] for f in pellet["hasOutput"]["schema:isBasedOn"]] == ["a_z.csv", "b_z.csv"]


def test_the_public_tool_takes_the_written_record(folder, validator):
    write_bdf_folder(read_study(folder), folder / "out")
    found = validator("bdf_read.py", folder / "out" / "cycling-001.bdf.csv")
    assert found["report"]["ok"]
    assert found["report"]["extras"] == []


def test_a_study_without_records_is_refused(tmp_path):
    (tmp_path / "study.yaml").write_text("title: Empty\nmetadata: {description: Made.}\n")
    with pytest.raises(InputError, match=r"no measured\.cycling"):
        write_bdf_folder(read_study(tmp_path), tmp_path / "out")


def test_an_export_into_a_folder_that_cannot_be_written_says_so(folder):
    """A file stands where the folder should be: as good as no permission, also for root."""
    (folder / "out").write_text("in the way")
    said = CliRunner().invoke(app, ["export", str(folder), "--bdf", str(folder / "out" / "deeper")])
    assert isinstance(said.exception, DataError)
    assert "deeper" in str(said.exception)
    assert (folder / "out").read_text() == "in the way"


def test_exactly_one_form_is_asked_for(folder):
    said = CliRunner().invoke(app, ["export", str(folder)])
    assert said.exit_code != 0
    assert "--bdf FOLDER" in str(said.exception or said.output)

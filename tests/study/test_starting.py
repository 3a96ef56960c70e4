"""Studies to begin with run as they are written."""

import json

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.errors import InputError
from electrolith.study.commands import app
from electrolith.study.report import evidence_of
from electrolith.study.run import run_study
from electrolith.study.settings import load_yaml
from electrolith.study.starting import TEMPLATES, begin
from electrolith.study.study import read_study


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_template_is_a_study_that_is_right(tmp_path, name):
    begin(name, tmp_path / name)
    study = read_study(tmp_path / name)
    assert study.sections
    schema = json.loads((tmp_path / name / "electrolith.schema.json").read_text())
    assert schema["title"] == "Electrolith study"


def test_the_pellet_gives_the_numbers_it_was_simulated_with(tmp_path):
    begin("pellet", tmp_path / "p")
    results = run_study(read_study(tmp_path / "p"))
    assert results.failures == {}
    found = {e.quantity: e.value for e in evidence_of(results)}
    energy = found["activation_energy"]
    assert abs(energy.value - 0.378) < 4 * energy.std + 0.002
    sigma = found["conductivity_300K"].to("S/cm")
    assert abs(sigma.value / 4.6e-5 - 1) < 0.2


def test_the_pattern_gives_the_cell_it_was_simulated_with(tmp_path):
    begin("diffraction", tmp_path / "d")
    results = run_study(read_study(tmp_path / "d"))
    assert results.failures == {}
    found = {e.quantity: e.value for e in evidence_of(results)}
    a = found["lattice_parameter"].to("angstrom")
    assert abs(a.value - 5.3506) < 4 * a.std + 2e-4


def test_without_samples_only_what_must_be_there_is_written(tmp_path):
    names = {p.name for p in begin("pellet", tmp_path / "p", samples=False)}
    assert names == {"study.yaml", "electrolith.schema.json", "README.txt"}
    said = (tmp_path / "p" / "data" / "README.txt").read_text()
    assert said.startswith("Put here:\nimpedance/")
    assert "SYNTHETIC" not in said


def test_a_folder_that_holds_something_and_an_unknown_template_are_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="already there and not empty"):
        begin("pellet", tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep"
    with pytest.raises(InputError, match="did you mean 'pellet'"):
        begin("pelet", tmp_path / "new")


def test_own_trajectories_give_the_numbers_they_were_simulated_with(tmp_path):
    begin("own-trajectories", tmp_path / "t")
    results = run_study(read_study(tmp_path / "t"))
    assert results.failures == {}
    found = {e.quantity: e.value for e in evidence_of(results)}
    energy = found["activation_energy"]
    assert abs(energy.value - 0.25) < 3 * energy.std
    assert energy.std < 0.06
    low, high = found["conductivity_300K"].to("S/cm").interval(0.95)
    truth = 16 / 18**3 * (0.02 * np.exp(-0.25 / 0.025852) * 9 / 6) / 0.025852 * 1.602176634e4
    assert low < truth < high


def test_simulated_ions_move_as_their_rate_says():
    from electrolith.study.synthetic.trajectories import LITHIUM, _positions, _rate

    way = _positions(900, np.random.default_rng(3))[:, :LITHIUM]
    apart = 100
    moved = way[apart:] - way[:-apart]
    expected = _rate(900) * apart * 200 * 9 + 6 * 0.1**2
    assert np.mean(np.sum(moved**2, axis=2)) == pytest.approx(expected, rel=0.2)


def test_what_is_written_says_where_data_belong_and_that_they_are_simulated(tmp_path):
    for name, template in TEMPLATES.items():
        begin(name, tmp_path / name, samples=True)
        readme = tmp_path / name / "data" / "README.txt"
        assert readme.exists() is bool(template.layout)
        if template.layout:
            assert readme.read_text().startswith("SYNTHETIC")
        assert (tmp_path / name / "study.yaml").read_text().startswith("# yaml-language-server: $schema=./")


def test_the_schema_of_a_template_accepts_its_study(tmp_path):
    for name in TEMPLATES:
        begin(name, tmp_path / name, samples=False)
        schema = json.loads((tmp_path / name / "electrolith.schema.json").read_text())
        jsonschema.validate(load_yaml(tmp_path / name / "study.yaml"), schema)


def test_the_list_names_every_template():
    shown = CliRunner().invoke(app, ["init", "--list"], env={"COLUMNS": "160"})
    assert all(name in shown.output for name in TEMPLATES)

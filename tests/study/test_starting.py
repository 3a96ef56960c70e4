"""Studies to begin with run as they are written."""

import json

import pytest

from electrolith.core.errors import InputError
from electrolith.study.report import evidence_of
from electrolith.study.run import run_study
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
    assert names == {"study.yaml", "electrolith.schema.json"}


def test_a_folder_that_holds_something_and_an_unknown_template_are_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="already there and not empty"):
        begin("pellet", tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep"
    with pytest.raises(InputError, match="did you mean 'pellet'"):
        begin("pelet", tmp_path / "new")

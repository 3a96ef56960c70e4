"""`trajectories:` in a study: runs of other programs, read, judged and drawn like its own."""

import importlib.util
from pathlib import Path

import pytest

from electrolith.core.errors import InputError
from electrolith.study.run import run_study
from electrolith.study.sections.own_runs import SECTION, OwnLine
from electrolith.study.study import read_study

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("diffusion_dumps", HERE / "test_diffusion_command.py")
dumps = importlib.util.module_from_spec(spec)
spec.loader.exec_module(dumps)

STUDY = """title: Runs of another program
trajectories:
  runs: {{600 K: a.lammpstrj, 900 K: [b.lammpstrj, c.lammpstrj]}}
  mobile: Li
  hop_distance: 3 angstrom
  timestep: {step}
"""


@pytest.fixture
def folder(tmp_path):
    for name, rate, seed in (("a", 0.06, 1), ("b", 0.2, 2), ("c", 0.2, 3)):
        dumps.dump(tmp_path / f"{name}.lammpstrj", rate=rate, seed=seed)
    return tmp_path


def test_runs_of_a_study_file_give_the_line_and_its_evidence(folder):
    (folder / "study.yaml").write_text(STUDY.format(step="2 fs"))
    results = run_study(read_study(folder, (SECTION,)), stages=list(SECTION.stages))
    found = results.get(OwnLine)
    assert [(r.temperature, r.seed) for r in found.trajectories.runs] == [(600.0, 0), (900.0, 0), (900.0, 1)]
    names = {e.quantity for e in SECTION.evidence(results)}
    assert {"conductivity_300K", "activation_energy"} <= names
    parts = SECTION.parts(results)
    assert [p.title for p in parts] == [
        "Molecular dynamics, own trajectories",
        "Conductivity, own trajectories",
    ]
    assert any("300 frames, 200 fs apart" in n for n in parts[0].notes)


def test_what_lacks_is_said_in_the_page(folder):
    for name in "abc":
        dumps.dump(folder / f"{name}.lammpstrj", rate=0.0, seed=1)
    (folder / "study.yaml").write_text(STUDY.format(step="2 fs"))
    results = run_study(read_study(folder, (SECTION,)), stages=list(SECTION.stages))
    assert SECTION.evidence(results) == ()
    assert any("needs two temperatures" in w for w in SECTION.parts(results)[0].warnings)


def test_files_that_are_not_there_are_named_before_anything_runs(folder):
    (folder / "study.yaml").write_text(STUDY.format(step="2 fs").replace("a.lammpstrj", "gone.lammpstrj"))
    with pytest.raises(InputError, match=r"study\.trajectories\.runs\.600 K.*gone\.lammpstrj"):
        read_study(folder, (SECTION,))

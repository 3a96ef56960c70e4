import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import toy

from electrolith.core.errors import DataError, InputError
from electrolith.study.report import results_json
from electrolith.study.run import Listener, run_study, stored_results
from electrolith.study.study import read_study, study_schema
from electrolith.study.wiring import Stage, plan


@pytest.fixture
def folder(tmp_path):
    toy.CALLS.clear()
    (tmp_path / "data.txt").write_text("1\n2\n3\n")
    (tmp_path / "study.yaml").write_text("title: Toy\nsource: {file: data.txt}\noffset: {amount: 1}\n")
    return tmp_path


def _run(folder, lines=None):
    study = read_study(folder, toy.SECTIONS)
    listener = Listener(say=(lines if lines is not None else []).append)
    return run_study(study, listener, stages=toy.STAGES)


def test_stages_run_once_and_are_read_afterwards(folder):
    first = _run(folder)
    assert first.get(toy.Total).total.value == 13.0
    assert toy.CALLS == ["numbers", "scaled", "total"]
    again = _run(folder)
    assert toy.CALLS == ["numbers", "scaled", "total"]
    assert all(r.stored for r in again.runs)
    assert np.array_equal(again.get(toy.Total).total.draws, first.get(toy.Total).total.draws)


def test_a_changed_setting_reruns_only_what_depends_on_it(folder):
    _run(folder)
    (folder / "study.yaml").write_text("source: {file: data.txt}\noffset: {amount: 2}\n")
    toy.CALLS.clear()
    assert _run(folder).get(toy.Total).total.value == 14.0
    assert toy.CALLS == ["total"]


def test_a_changed_input_file_reruns_everything_built_on_it(folder):
    _run(folder)
    (folder / "data.txt").write_text("1\n2\n4\n")
    toy.CALLS.clear()
    assert _run(folder).get(toy.Total).total.value == 15.0
    assert toy.CALLS == ["numbers", "scaled", "total"]


def test_a_moved_study_keeps_its_results(folder, tmp_path_factory):
    _run(folder)
    other = tmp_path_factory.mktemp("moved") / "study"
    shutil.copytree(folder, other)
    toy.CALLS.clear()
    _run(other)
    assert toy.CALLS == []


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_result_is_computed_again_with_a_line_saying_so(folder, damage):
    _run(folder)
    (path,) = folder.glob("results/scaled-*/result")
    path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)
    toy.CALLS.clear()
    lines = []
    assert _run(folder, lines).get(toy.Total).total.value == 13.0
    assert toy.CALLS == ["scaled"]
    assert any("truncated or altered; computed again" in line for line in lines)


def test_a_damaged_result_is_said_by_the_report_and_not_called_not_computed(folder):
    _run(folder)
    (path,) = folder.glob("results/scaled-*/result")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    found = stored_results(read_study(folder, toy.SECTIONS), stages=toy.STAGES)
    assert found.damaged == ("scaled",)
    assert "truncated or altered; `electrolith run` computes it again" in found.failures["scaled"]
    assert found.failures["total"] == "not computed yet"


def test_a_damaged_note_is_said_and_costs_no_computation(folder):
    _run(folder)
    (path,) = folder.glob("results/scaled-*/provenance.json")
    path.write_text("[1, 2]")
    toy.CALLS.clear()
    lines = []
    results = _run(folder, lines)
    assert toy.CALLS == []
    assert any("provenance.json: does not fit its checksum" in line for line in lines)
    text = " ".join(results_json(results)["warnings"])
    assert "versions, settings and time of this result are not known" in text


def test_a_refusal_stops_its_dependents_only_and_is_reported(folder):
    (folder / "study.yaml").write_text("source: {file: data.txt}\nscale: {factor: 13}\noffset: {}\n")
    results = _run(folder)
    assert results.failures["scaled"] == "factor 13 is refused"
    assert results.failures["total"] == "needs Scaled, which was not computed"
    assert np.array_equal(results.get(toy.Numbers).values, [1, 2, 3])


def test_a_second_run_on_the_folder_is_refused_by_its_holder(folder):
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom electrolith.core.lease import Lock\n"
        f"with Lock(Path({str(folder)!r}) / '.lock'):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(InputError, match=rf"in use by .*{holder.pid}"):
            _run(folder)
        holder.kill()
    assert _run(folder).get(toy.Total).total.value == 13.0


def test_a_folder_of_another_format_is_refused_and_left_alone(folder):
    _run(folder)
    (folder / "results" / "format.json").write_text(json.dumps({"format": 0}))
    with pytest.raises(
        InputError, match="results of format 0, this version writes format 1; move the folder away"
    ):
        _run(folder)
    assert list(folder.glob("results/total-*/result"))


def test_a_full_disk_says_so_and_keeps_what_was_there(folder, monkeypatch):
    _run(folder)
    (folder / "study.yaml").write_text("source: {file: data.txt}\noffset: {amount: 9}\n")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="the disk is full; earlier results are intact"):
        _run(folder)
    monkeypatch.undo()
    toy.CALLS.clear()
    assert _run(folder).get(toy.Total).total.value == 21.0
    assert toy.CALLS == ["total"]


def test_the_report_of_stored_results_computes_nothing(folder):
    study = read_study(folder, toy.SECTIONS)
    empty = stored_results(study, stages=toy.STAGES)
    assert toy.CALLS == []
    assert set(empty.failures) == {"numbers", "scaled", "total"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sauce: {file: data.txt}\n", r"study: no 'sauce'; did you mean 'source'\?"),
        ("title: 3\nsource: {file: data.txt}\n", r"study\.title: expected text, got 3"),
        ("title: empty\n", r"the study asks for nothing; add one of its sections: source"),
        ("offset: {}\n", r"nothing gives Source; wanted by Total <- Scaled <- Numbers"),
        ("source: {file: data.txt}\npublished: none.yaml\n", r"study\.published: no such file: 'none\.yaml'"),
        ("[1, 2]\n", r"expected a study"),
    ],
)
def test_a_wrong_study_is_refused_before_anything_runs(folder, text, message):
    (folder / "study.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_study(folder, toy.SECTIONS)
    assert toy.CALLS == []


def test_stages_that_need_each_other_are_refused_with_the_route():
    def one(x: toy.Scaled) -> toy.Numbers: ...

    def two(x: toy.Numbers) -> toy.Scaled: ...

    with pytest.raises(InputError, match="stages need each other: Numbers <- Scaled <- Numbers"):
        plan([Stage(one)], [Stage(one), Stage(two)], [])


def test_the_schema_of_the_study_holds_every_section():
    found = study_schema(toy.SECTIONS)
    top = {"title", "published", "figures", "seed", "execution"}
    assert top | {"source", "scale", "offset"} == set(found["properties"])


def test_a_study_says_where_long_work_runs_and_the_command_line_may_say_otherwise(folder):
    (folder / "electrolith.toml").write_text('[execution.hpc]\nkind = "sbatch"\nwalltime = "24 h"\n')
    study = folder / "study.yaml"
    study.write_text(study.read_text() + "execution: hpc\n")
    assert read_study(folder, toy.SECTIONS).execution.walltime == 86400.0
    assert read_study(folder, toy.SECTIONS, execution="local").execution.kind == "local"
    with pytest.raises(InputError, match=r"study\.execution: no 'hcp'; did you mean 'hpc'\?"):
        read_study(folder, toy.SECTIONS, execution="hcp")
    (folder / "electrolith.toml").write_text("[execution.hpc]\npartitoin = 'x'\n")
    with pytest.raises(InputError, match="did you mean 'partition'"):
        read_study(folder, toy.SECTIONS)


EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3"


def test_one_seed_stands_for_all_that_is_drawn(tmp_path):
    from electrolith.crystal.order import Ordering
    from electrolith.energy.search import Search
    from electrolith.motion.dynamics import Dynamics

    plain = read_study(EXAMPLE)
    study = read_study(EXAMPLE, seed=7)
    for kind in (Ordering, Search, Dynamics):
        assert plain.get(kind).seed == 1
        assert study.get(kind).seed == 7
    shutil.copy(EXAMPLE / "li9n2cl3.cif", tmp_path)
    text = "material: {crystal: li9n2cl3.cif, oxidation_states: {Li: 1, N: -3, Cl: -1}, mobile: Li}\n"
    sweep = "sweep: {x: [0.4]}\nengine: li-n-cl\n"
    (tmp_path / "study.yaml").write_text(text + sweep + "seed: 4\n")
    from electrolith.study.sections.sweep import Sweep

    assert read_study(tmp_path).get(Sweep).dynamics.seed == 4  # also below other settings
    assert read_study(tmp_path, seed=9).get(Sweep).ordering.seed == 9  # the command's goes first


@pytest.mark.parametrize("seed", ["-1", "1.5", "yes", "one"])
def test_a_seed_that_is_no_whole_number_is_refused(folder, seed):
    (folder / "study.yaml").write_text(f"seed: {seed}\nsource: {{file: data.txt}}\noffset: {{amount: 1}}\n")
    with pytest.raises(InputError, match=r"study\.seed: expected a whole number"):
        read_study(folder, toy.SECTIONS)

"""`check` opens every data file and says how long computing takes."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.errors import DataError
from electrolith.lab.impedance.circuit import Circuit
from electrolith.study.commands import app
from electrolith.study.probe import LONG, Probe, cost_table, costs_of, open_files
from electrolith.study.run import run_study, stored_results
from electrolith.study.sections import SECTIONS
from electrolith.study.sections.probes import PROBES
from electrolith.study.study import jobs_of, read_study
from electrolith.study.table import text_rows

STAGES = [s for section in SECTIONS for s in section.stages]


def _spectrum(path: Path) -> None:
    frequency = np.logspace(6, 0, 30)
    z = Circuit.parse("p(R1,CPE1)-CPE2").impedance(np.array([2e3, 5e-11, 0.92, 2e-6, 0.9]), frequency)
    rows = [f"{f:.6g},{a.real:.6g},{-a.imag:.6g}" for f, a in zip(frequency, z, strict=True)]
    path.write_text("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n" + "\n".join(rows))


@pytest.fixture
def folder(tmp_path):
    for name in ("a_25C", "b_25C", "c_25C"):
        _spectrum(tmp_path / f"{name}.csv")
    circuit = "circuit: 'p(R1,CPE1)-CPE2'"
    (tmp_path / "study.yaml").write_text(
        "measured:\n  impedance:\n"
        f"    a: {{files: a_*.csv, {circuit}}}\n    b: {{files: [b_25C.csv, c_25C.csv], {circuit}}}\n"
    )
    return tmp_path


def _check(folder):
    return CliRunner().invoke(app, ["check", str(folder)])


def test_a_study_whose_files_can_all_be_read_passes(folder):
    result = _check(folder)
    assert result.exit_code == 0, result.output
    assert "nothing wrong was found in 3 data files" in " ".join(result.output.split())


def test_every_file_that_run_would_refuse_is_named_with_its_group_and_reason(folder):
    (folder / "b_25C.csv").write_text("nothing\n")
    (folder / "a_25C.csv").write_text("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n1,2\n")
    result = _check(folder)
    assert result.exit_code == 1
    words = " ".join(result.output.split())
    assert "measured.impedance a: a_25C.csv:" in words
    assert "measured.impedance b: b_25C.csv:" in words
    assert "2 of 3 data files cannot be read" in words
    assert not (folder / "results").exists()


def test_a_pattern_of_unknown_abscissa_is_found_before_anything_runs(tmp_path):
    (tmp_path / "x.dat").write_text("\n".join(f"{0.5 + 0.01 * i} {100 + i}" for i in range(400)))
    (tmp_path / "lnc.cif").write_text(
        (Path(__file__).parents[2] / "examples/li9n2cl3/li9n2cl3.cif").read_text()
    )
    (tmp_path / "study.yaml").write_text(
        "material: {crystal: lnc.cif}\nmeasured: {diffraction: {files: x.dat, instrument: Cu Ka}}\n"
    )
    (opened,) = open_files(read_study(tmp_path), PROBES)
    assert "does not say" in opened.refused[0][1]


def test_the_time_of_what_is_missing_is_that_of_a_usual_file_then_what_was_timed_here(folder):
    study = read_study(folder)
    probes = {"measured.impedance": Probe(lambda path, settings: None, 10.0)}
    jobs = jobs_of(study, STAGES)
    (cost,) = costs_of(jobs, stored_results(study), probes)
    assert (cost.groups, cost.stored, cost.seconds, cost.known) == (2, 0, 30.0, False)
    run_study(study)
    (cost,) = costs_of(jobs, stored_results(study), probes)
    assert (cost.groups, cost.stored, cost.seconds) == (2, 2, 0.0)
    text = (folder / "study.yaml").read_text().replace("a_*.csv, circuit", "a_*.csv, seed: 1, circuit")
    (folder / "study.yaml").write_text(text)
    changed = read_study(folder)
    (cost,) = costs_of(jobs_of(changed, STAGES), stored_results(changed), probes)
    assert (cost.stored, cost.known) == (1, True)
    assert 0 < cost.seconds < 60


def test_days_are_called_days_with_a_way_to_shorten_them(folder):
    probes = {"measured.impedance": Probe(lambda path, settings: None, LONG, "fewer files")}
    study = read_study(folder)
    table = cost_table(costs_of(jobs_of(study, STAGES), stored_results(study), probes))
    assert text_rows(table)[0][2:] == ("72.0 h", "a usual file", "fewer files")


def test_what_a_reader_raises_is_kept_by_its_file(folder):
    def refuse(path, settings):
        raise DataError(f"{path.name} is odd")

    opened = open_files(read_study(folder), {"measured.impedance": Probe(refuse, 1.0)})
    assert [o.refused for o in opened] == [
        (("a_25C.csv", "a_25C.csv is odd"),),
        (("b_25C.csv", "b_25C.csv is odd"), ("c_25C.csv", "c_25C.csv is odd")),
    ]

"""`electrolith inspect`: every family of files is told, with columns, units, counts and doubts."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.errors import DataError, InputError
from electrolith.lab.impedance.pellet import measure_impedance
from electrolith.lab.impedance.settings import ImpedanceSettings
from electrolith.study.commands import app
from electrolith.study.look import look_at, look_parts

CASES = Path(__file__).parents[1] / "reference" / "lab"
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("path", "family", "column", "unit"),
    [
        (CASES / "eis-unit-prefix" / "kohm.csv", "impedance", "Z' (kOhm)", "kOhm"),
        (CASES / "eis-trailing-tab" / "galvanostat.txt", "impedance", "Zre (ohms)", "ohms"),
        (CASES / "cycling-maccor" / "maccor.txt", "cycling", "TestTime", "min"),
        (CASES / "cycling-ewe-header" / "cp.mpt", "cycling", "<Ewe/V>", "V"),
        (CASES / "polarisation-open-circuit" / "nanoampere.csv", "cycling", "current (nA)", "nA"),
        (CASES / "xanes-header-with-blanks" / "aps.dat", "X-ray absorption", "i1", ""),
        (CASES / "xanes-athena-lists" / "two_scans.prj", "X-ray absorption", "x", "eV"),
    ],
)
def test_each_file_is_told_with_its_columns_and_units(path, family, column, unit):
    found, _, _ = look_at(path)
    assert {look.family for look in found} == {family}
    taken = {t.column: t.unit for t in found[0].account.taken}
    assert taken[column] == unit
    assert found[0].counts


def test_a_crystal_is_told_by_its_content():
    found, _, _ = look_at(EXAMPLES / "li9n2cl3" / "li9n2cl3.cif")
    assert found[0].family == "crystal"
    assert any("F" in str(text) and "225" in str(text) for _, text in found[0].counts)


def test_a_pattern_is_told_by_its_notes(tmp_path):
    path = tmp_path / "a.xye"
    x = np.linspace(10, 90, 50)
    np.savetxt(path, np.c_[x, 100 + x, np.sqrt(100 + x)])
    found, _, _ = look_at(path)
    assert found[0].family == "powder pattern"
    assert ("standard deviations", "file") in found[0].counts


def test_what_nobody_reads_says_why_each_reader_did_not(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("pressed on Tuesday\nlooks grey\n")
    found, refused, _ = look_at(path)
    assert found == ()
    assert {"impedance", "cycling", "powder pattern"} <= {name for name, _ in refused}
    (part,) = look_parts(path)
    assert part.warnings == ("notes.txt is not read by any reader.",)
    with pytest.raises(DataError, match="no such file"):
        look_at(tmp_path / "none.csv")


def test_doubts_and_witnesses_stand_in_the_part(tmp_path):
    (part,) = look_parts(CASES / "xanes-two-channels" / "dilute.xdi")
    assert "fluorescence taken" in part.warnings[0]
    (part,) = look_parts(CASES / "cycling-paused-resumed" / "paused.csv")
    assert any("agree in 6 half-cycles" in note for note in part.notes)


def test_the_command_prints_and_writes_it(tmp_path):
    data = tmp_path / "look.json"
    path = CASES / "eis-unit-prefix" / "khz.csv"
    done = CliRunner().invoke(app, ["inspect", str(path), "--json", str(data)])
    assert done.exit_code == 0, done.output
    assert "Frequency (kHz)" in done.output
    assert '"column": "Frequency (kHz)"' in data.read_text()


def test_a_sweep_of_half_a_decade_is_read_and_its_fit_refused_in_a_sentence():
    path = CASES / "eis-narrow-sweep" / "narrow.csv"
    found, _, _ = look_at(path)
    assert ("points", "14") in found[0].counts
    with pytest.raises(InputError, match=r"14 points over 0.62 decades of frequency cannot tell arcs apart"):
        measure_impedance(ImpedanceSettings(files=(path,)))

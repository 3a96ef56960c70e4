"""Processed spectra as XDI: the fields the form asks for, read back by our reader and by numpy."""

import re

import numpy as np
import pytest
from tests.lab.xanes.made import spectrum
from typer.testing import CliRunner

from electrolith.core.errors import InputError
from electrolith.lab.xanes.normalise import normalise
from electrolith.lab.xanes.read import read_spectrum, start_time
from electrolith.lab.xanes.write_xdi import absorber, write_xdi, xdi_text
from electrolith.study.commands import app

# The grammar of XDI 1.0: a version line, fields "Namespace.tag: value", comments behind "///", "---", labels.
VERSION = re.compile(r"# XDI/1\.0( \S+/\S+)*")
FIELD = re.compile(r"# ([A-Za-z]\w*)\.([A-Za-z0-9_]+): (\S.*)")


def test_a_written_spectrum_follows_the_grammar_and_is_read_back(tmp_path):
    started = start_time("2026-03-01T10:20:30")
    made = normalise(spectrum(start=started, name="a\nname"))
    path = tmp_path / "a.xdi"
    write_xdi(path, made, edge=absorber("Cl K"))
    lines = path.read_text().splitlines()
    comments, rows = (lines[: lines.index("# ---") + 2], lines[lines.index("# ---") + 2 :])
    assert VERSION.fullmatch(comments[0])
    matched = [FIELD.fullmatch(line) for line in comments[1 : comments.index("# ///")]]
    assert all(matched)
    fields = {f"{m[1]}.{m[2]}": m[3] for m in matched}
    assert (fields["Element.symbol"], fields["Element.edge"]) == ("Cl", "K")
    assert fields["Scan.start_time"] == "2026-03-01T10:20:30"
    assert fields["Sample.name"] == "a name"
    assert float(fields["Electrolith.e0"].removesuffix(" eV")) == pytest.approx(made.edge)
    assert float(fields["Electrolith.edge_step"]) == pytest.approx(made.edge_step)
    assert fields["Column.1"] == "energy eV"
    assert not any(row.startswith("#") for row in rows)
    energy, norm, flat = np.loadtxt(path, unpack=True)
    np.testing.assert_allclose(energy, made.energy, rtol=1e-9)
    np.testing.assert_allclose(norm, made.mu, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(flat, made.flat, rtol=1e-9, atol=1e-9)
    back = read_spectrum(path)
    np.testing.assert_allclose(back.energy, made.energy, rtol=1e-9)
    np.testing.assert_allclose(back.mu, made.mu, rtol=1e-9, atol=1e-9)
    assert back.start == started


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("S K", r"the edge is at 282\d\.\d eV, that of S K at 2472\.0 eV"),
        ("Xx K", "no such element"),
        ("Cl M9", "edge of Cl"),
        ("Cl", "edge of Cl"),
    ],
)
def test_another_element_or_edge_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        xdi_text(normalise(spectrum()), edge=absorber(text))


def test_the_command_writes_every_spectrum_and_asks_for_the_absorber(tmp_path):
    made = spectrum()
    raw = tmp_path / "scan.dat"
    np.savetxt(raw, np.column_stack([made.energy, made.mu]), header="energy mu")
    line = ["xanes", str(raw), "--xdi", str(tmp_path / "out")]
    refused = CliRunner().invoke(app, line)
    assert refused.exit_code != 0
    assert "--absorber 'Cl K'" in str(refused.exception or refused.output)
    done = CliRunner().invoke(app, [*line, "--absorber", "Cl K"])
    assert done.exit_code == 0, done.output
    (written,) = (tmp_path / "out").iterdir()
    assert written.name == "001-scan.xdi"
    np.testing.assert_allclose(read_spectrum(written).mu, normalise(made).mu, rtol=1e-6, atol=1e-7)

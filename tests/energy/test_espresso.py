import dataclasses
import shutil

import numpy as np
import pytest

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.espresso import (
    DEBIAN_PSEUDOPOTENTIALS,
    EspressoSettings,
    espresso_engine,
    espresso_input,
)
from electrolith.study.settings import read

needs_espresso = pytest.mark.skipif(
    shutil.which("pw.x") is None or not (DEBIAN_PSEUDOPOTENTIALS / "Si.pz-vbc.UPF").exists(),
    reason="Quantum ESPRESSO is not installed (Debian: quantum-espresso, quantum-espresso-data)",
)


@pytest.fixture
def silicon() -> Frame:
    """Two atoms off their sites in a skewed cell."""
    cell = np.array([[0, 2.7, 2.75], [2.7, 0.05, 2.7], [2.7, 2.72, 0]])
    return Frame(np.array([[0, 0, 0], [1.45, 1.3, 1.38]]), cell, np.array([14, 14]))


@pytest.fixture
def settings(tmp_path) -> EspressoSettings:
    for name in ("Li.pbe-one.UPF", "N.pbe.UPF"):
        (tmp_path / name).write_text(f"<UPF> {name}")
    return EspressoSettings({"Li": "Li.pbe-one.UPF", "N": "N.pbe.UPF"}, folder=tmp_path)


@needs_espresso
def test_forces_are_the_gradient_of_the_energy_and_stress_its_strain_derivative(silicon):
    rough = EspressoSettings({"Si": "Si.pz-vbc.UPF"}, cutoff=300, density_ratio=4, kpoint_length=7)
    engine = espresso_engine(rough)
    out = engine.evaluate(silicon)
    step, strain = 0.01, 0.005
    rises, grows = [], []
    for sign in (1, -1):
        moved = silicon.positions.copy()
        moved[1, 0] += sign * step
        rises.append(engine.evaluate(Frame(moved, silicon.cell, silicon.numbers)).energy)
        turned = np.eye(3)
        turned[0, 1] = turned[1, 0] = sign * strain
        strained = Frame(silicon.positions @ turned, silicon.cell @ turned, silicon.numbers)
        grows.append(engine.evaluate(strained).energy)
    assert out.forces[1, 0] == pytest.approx(-(rises[0] - rises[1]) / (2 * step), abs=0.01)
    assert abs(out.forces[1, 0]) > 1
    slope = (grows[0] - grows[1]) / (2 * strain) / silicon.volume / 2
    assert out.stress[0, 1] == pytest.approx(slope, rel=0.05)
    assert engine.provenance(silicon)["code"].startswith("espresso 6") or engine.provenance(silicon)["code"]
    with pytest.raises(
        ElectrolithError, match=r"pw.x stopped on Si2: the self-consistency cycle did not conv"
    ):
        espresso_engine(dataclasses.replace(rough, iterations=1)).evaluate(silicon)


def test_the_input_file_holds_the_settings(settings, tmp_path):
    from ase.io import write

    frame = Frame(np.array([[0, 0, 0], [1.8, 1.7, 1.9]]), np.eye(3) * 3.7, np.array([3, 7]))
    write(tmp_path / "in.pwi", frame.to_ase(), format="espresso-in", **espresso_input(frame, settings))
    text = " ".join((tmp_path / "in.pwi").read_text().split())
    for line in (
        "tstress = .true.",
        "tprnfor = .true.",
        "ecutwfc = 60.0",
        "ecutrho = 480.0",
        "input_dft = 'PBE'",
        "smearing = 'fermi-dirac'",
        "Li 6.94 Li.pbe-one.UPF",
        "K_POINTS automatic 4 4 4 0 0 0",
    ):
        assert line in text, line


def test_the_fingerprint_knows_the_content_of_the_pseudopotentials(settings, tmp_path):
    before = settings.fingerprint
    assert before.startswith("espresso-PBE-816.3eV-")
    assert dataclasses.replace(settings, iterations=7).fingerprint == before
    assert dataclasses.replace(settings, cutoff=900.0).fingerprint != before
    (tmp_path / "N.pbe.UPF").write_text("another")
    assert settings.fingerprint != before


def test_settings_that_cannot_be_meant_are_refused(settings, tmp_path):
    with pytest.raises(InputError, match=r"no 'Li.pbe-on.UPF'; did you mean 'Li.pbe-one.UPF'"):
        EspressoSettings({"Li": "Li.pbe-on.UPF"}, folder=tmp_path)
    with pytest.raises(InputError, match="name a pseudopotential for each element"):
        EspressoSettings({})
    with pytest.raises(InputError, match="density_ratio must be 4 or more, got 2"):
        dataclasses.replace(settings, density_ratio=2)
    with pytest.raises(InputError, match="cutoff must be above 0"):
        dataclasses.replace(settings, cutoff=0)
    given = {"pseudopotentials": {"N": "N.pbe.UPF"}, "folder": str(tmp_path), "cutoff": "50 Ry"}
    assert read(EspressoSettings, given).cutoff == pytest.approx(680.28, abs=0.01)


def test_where_it_cannot_run_what_is_missing_is_named(settings, silicon, monkeypatch):
    with pytest.raises(InputError, match="needs settings that name the pseudopotentials"):
        espresso_engine()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="apt-get install quantum-espresso"):
        espresso_engine(settings)
    monkeypatch.setenv("ESPRESSO_COMMAND", "/bin/sh -c true")
    with pytest.raises(InputError, match="Si2: no pseudopotential is named for Si"):
        espresso_engine(settings).evaluate(silicon)

import dataclasses
import shutil

import numpy as np
import pytest

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.cp2k import PROGRAMS, Cp2kSettings, cp2k_engine, cp2k_input, time_reversed
from electrolith.study.settings import read

needs_cp2k = pytest.mark.skipif(
    not any(map(shutil.which, PROGRAMS)), reason="cp2k is not installed (Debian: apt-get install cp2k)"
)
ROUGH = Cp2kSettings(
    cutoff=2700, relative_cutoff=400, basis="SZV-MOLOPT-SR-GTH", kpoint_length=7, precision=1e-8
)


@pytest.fixture
def lithium_chloride() -> Frame:
    cell = np.array([[2.6, 0.0, 2.5], [0.1, 2.6, 2.5], [2.5, 2.6, 0.1]])
    return Frame(np.array([[0, 0, 0], [2.85, 2.7, 2.4]]), cell, np.array([3, 17]))


@needs_cp2k
def test_forces_are_the_gradient_of_the_energy_and_stress_its_strain_derivative(lithium_chloride):
    frame, engine = lithium_chloride, cp2k_engine(ROUGH)
    out = engine.evaluate(frame)
    step, energies = 0.02, []
    for sign in (1, -1):
        moved = frame.positions.copy()
        moved[1, 0] += sign * step
        energies.append(engine.evaluate(Frame(moved, frame.cell, frame.numbers)).energy)
    assert out.forces[1, 0] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=0.03)
    assert abs(out.forces[1, 0]) > 0.3
    strain, energies = 0.005, []
    for sign in (1, -1):
        grow = 1 + sign * strain
        strained = Frame(frame.positions * grow, frame.cell * grow, frame.numbers)
        energies.append(engine.evaluate(strained).energy)
    slope = (energies[0] - energies[1]) / (2 * strain) / frame.volume
    assert np.trace(out.stress) == pytest.approx(slope, rel=0.1)
    np.testing.assert_allclose(out.stress, out.stress.T, atol=1e-9)
    assert engine.provenance(frame)["kpts"] == [2, 2, 2]
    assert engine.provenance(frame)["code"].startswith("cp2k 2")


@needs_cp2k
def test_a_cycle_that_does_not_converge_and_a_wrong_basis_are_told(lithium_chloride):
    with pytest.raises(ElectrolithError, match=r"CP2K stopped on ClLi: .* did not converge in 2 iterations"):
        cp2k_engine(dataclasses.replace(ROUGH, iterations=2)).evaluate(lithium_chloride)
    with pytest.raises(
        ElectrolithError, match=r"requested basis set <NO-SUCH> for element <Li> was not found"
    ):
        cp2k_engine(dataclasses.replace(ROUGH, basis="NO-SUCH")).evaluate(lithium_chloride)


def test_where_it_is_not_installed_the_package_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("ASE_CP2K_COMMAND", raising=False)
    with pytest.raises(InputError, match="apt-get install cp2k"):
        cp2k_engine()
    monkeypatch.setenv("ASE_CP2K_COMMAND", "mpirun -n 4 cp2k.psmp -s")
    assert cp2k_engine().command == "mpirun -n 4 cp2k.psmp -s"


def test_the_input_holds_kpoints_bases_and_convergence(lithium_chloride):
    text = cp2k_input(lithium_chloride, dataclasses.replace(ROUGH, bases={"Li": "TZV2P-MOLOPT-PBE-GTH-q3"}))
    assert text.count("KPOINT ") == 8
    assert "&KIND Li\nBASIS_SET TZV2P-MOLOPT-PBE-GTH-q3\nPOTENTIAL GTH-PBE" in text
    assert "&KIND Cl\nBASIS_SET SZV-MOLOPT-SR-GTH" in text
    assert "EPS_SCF 1e-07" in text
    assert "KPOINTS" not in cp2k_input(lithium_chloride, Cp2kSettings(kpoint_length=1))


@pytest.mark.parametrize("grid", [(1, 1, 1), (2, 2, 2), (3, 2, 1), (4, 3, 5)])
def test_half_the_points_stand_for_all(grid):
    points = time_reversed(grid)
    assert sum(w for _, w in points) == np.prod(grid)
    steps = {tuple(round(x * n) % n for x, n in zip(k, grid, strict=True)) for k, _ in points}
    opposite = {tuple(-i % n for i, n in zip(s, grid, strict=True)) for s in steps}
    assert len(steps) == len(points)
    assert len(steps | opposite) == np.prod(grid)


def test_the_fingerprint_knows_what_decides_the_numbers():
    assert Cp2kSettings().fingerprint == Cp2kSettings(iterations=9).fingerprint
    assert Cp2kSettings().fingerprint.startswith("cp2k-PBE-600Ry-")
    for change in ({"cutoff": 5000}, {"basis": "SZV"}, {"bases": {"Li": "x"}}, {"kpoint_length": 20}):
        assert Cp2kSettings(**change).fingerprint != Cp2kSettings().fingerprint


def test_settings_are_read_with_their_units_and_refused_when_they_cannot_be_meant():
    assert read(Cp2kSettings, {"cutoff": "400 Ry"}).cutoff == pytest.approx(5442.277)
    with pytest.raises(InputError, match="too low for any density"):
        Cp2kSettings(cutoff=650)
    with pytest.raises(InputError, match="precision must be above 0"):
        Cp2kSettings(precision=0)

import io

import numpy as np
import pytest

from lacuna.core.errors import InputError
from lacuna.energy.vasp import VaspDynamics, VaspSettings, vasp_dynamics_inputs, vasp_inputs, write_vasp


def tags(text: str) -> dict[str, str]:
    return dict(line.split(" = ") for line in text.splitlines())


def test_the_structure_is_the_same_when_ase_reads_it_back(li_n_cl_cell):
    from ase.io import read

    atoms = read(io.StringIO(vasp_inputs(li_n_cl_cell)["POSCAR"]), format="vasp")
    assert sorted(atoms.get_atomic_numbers()) == sorted(li_n_cl_cell.numbers)
    np.testing.assert_allclose(atoms.cell, li_n_cl_cell.cell, atol=1e-10)
    ours, theirs = li_n_cl_cell.to_ase(), atoms
    lithium = [i for i, z in enumerate(li_n_cl_cell.numbers) if z == 3]
    mine = ours[lithium].get_scaled_positions()
    np.testing.assert_allclose(theirs[theirs.numbers == 3].get_scaled_positions(), mine, atol=1e-9)


def test_labels_and_relaxations_follow_the_materials_project(li_n_cl_cell):
    static, relax = (
        tags(vasp_inputs(li_n_cl_cell, VaspSettings(task=t))["INCAR"]) for t in ("static", "relax")
    )
    assert (static["ENCUT"], static["NSW"], relax["ISIF"]) == ("520", "0", "3")
    assert float(static["EDIFF"]) == pytest.approx(8 * 5e-5)


def test_relaxation_tags_agree_with_pymatgen(li_n_cl_cell):
    from pymatgen.io.ase import AseAtomsAdaptor
    from pymatgen.io.vasp.sets import MPRelaxSet

    theirs = MPRelaxSet(AseAtomsAdaptor.get_structure(li_n_cl_cell.to_ase())).incar
    ours = tags(vasp_inputs(li_n_cl_cell, VaspSettings(task="relax"))["INCAR"])
    for key in ("ENCUT", "ISPIN", "ISIF", "IBRION", "NSW", "ISMEAR", "SIGMA", "NELM", "EDIFF"):
        assert float(ours[key]) == pytest.approx(float(theirs[key])), key


def test_kpoints_reach_the_density_on_a_skewed_cell(li_n_cl_cell):
    grid = [int(n) for n in vasp_inputs(li_n_cl_cell)["KPOINTS"].splitlines()[3].split()]
    reciprocal = (2 * np.pi) ** 3 / li_n_cl_cell.volume
    assert np.prod(grid) >= 64 * reciprocal
    assert np.prod([n - 1 for n in grid]) < 64 * reciprocal


def test_dynamics_is_that_of_the_published_study(li_n_cl_cell):
    """NVT Nosé-Hoover, 2 fs, from 100 K in 2 ps, Γ only, no spin (published: aimd_* records)."""
    parts = vasp_dynamics_inputs(li_n_cl_cell, VaspDynamics(temperature=600.0))
    heating, holding = (tags(parts[p]["INCAR"]) for p in ("heating", "holding"))
    assert (heating["TEBEG"], heating["TEEND"], heating["NSW"]) == ("100", "600", "1000")
    assert (holding["TEBEG"], holding["TEEND"], holding["NSW"]) == ("600", "600", "40000")
    assert (holding["MDALGO"], holding["SMASS"], holding["ISPIN"], holding["POTIM"]) == ("2", "0", "1", "2")
    assert parts["holding"]["KPOINTS"].splitlines()[3] == "1 1 1"


def test_paw_sets_stand_in_the_order_of_the_structure(li_n_cl_cell, tmp_path):
    inputs = vasp_inputs(li_n_cl_cell)
    write_vasp(inputs, tmp_path)
    assert (tmp_path / "POTCAR.spec").read_text().split() == ["N", "Li_sv", "Cl"]
    assert (tmp_path / "POSCAR").read_text().splitlines()[5].split() == ["N", "Li", "Cl"]


def test_impossible_settings_are_refused():
    with pytest.raises(InputError, match="cutoff must be above 0"):
        VaspSettings(cutoff=0)
    with pytest.raises(InputError, match="above 0 K"):
        VaspDynamics(temperature=0)
    with pytest.raises(InputError, match="timestep < heating < duration"):
        VaspDynamics(temperature=600, duration=1000)

import io
import sys

import numpy as np
import pytest

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.energy.dft.vasp import (
    VaspDynamics,
    VaspSettings,
    vasp_dynamics_inputs,
    vasp_engine,
    vasp_inputs,
    write_vasp,
)


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


FAKE = """#!{python}
import sys
from pathlib import Path
import numpy as np
kinds, counts = (Path("POSCAR").read_text().splitlines()[i].split() for i in (5, 6))
symbols = [k for k, n in zip(kinds, counts) for _ in range(int(n))]
if "{fate}" == "dies":
    sys.exit("VERY BAD NEWS! internal error in subroutine PRICEL")
rows = lambda a: "".join("<v>" + " ".join(map(str, r)) + "</v>" for r in np.atleast_2d(a))
forces = [[i, len(Path("POTCAR").read_text()), 0.5] for i in range(len(symbols))]
lines = Path("POSCAR").read_text().splitlines()
cell = np.array([line.split() for line in lines[2:5]], float)
sites = np.array([line.split() for line in lines[8:]], float)
place = f'<crystal><varray name="basis">{{rows(cell)}}</varray></crystal>'
place += f'<varray name="positions">{{rows(sites)}}</varray>'
energies = '<energy><i name="e_fr_energy">-31.5</i><i name="e_0_energy">-31.4</i></energy>'
Path("vasprun.xml").write_text(
    "<modeling><kpoints><varray name='kpointlist'><v>0 0 0</v></varray>"
    "<varray name='weights'><v>1</v></varray></kpoints><parameters/>"
    "<atominfo><array name='atoms'><set>" + "".join(f"<rc><c>{{s}}</c><c>1</c></rc>" for s in symbols)
    + f"</set></array></atominfo><structure name='initialpos'>{{place}}</structure><calculation>"
    f"<scstep>{{energies}}</scstep><structure>{{place}}</structure>{{energies}}"
    f"<varray name='forces'>{{rows(forces)}}</varray>"
    f"<varray name='stress'>{{rows(np.eye(3) * 16.0217662)}}</varray></calculation></modeling>"
)
done = "{fate}" != "diverges"
Path("OUTCAR").write_text(" vasp.6.4.2 complex\\n" + "aborting loop because EDIFF is reached\\n" * done)
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A stand-in for VASP that writes what VASP writes, and a folder of PAW sets."""

    def install(fate: str = "") -> None:
        program = tmp_path / "vasp_std"
        program.write_text(FAKE.format(python=sys.executable, fate=fate))
        program.chmod(0o755)
        monkeypatch.setenv("VASP_COMMAND", str(program))
        monkeypatch.setenv("VASP_PP_PATH", str(tmp_path))
        for name in ("N", "Li_sv", "Cl"):
            (tmp_path / "potpaw_PBE" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "potpaw_PBE" / name / "POTCAR").write_text(f"PAW {name}\n")

    return install


def test_what_vasp_writes_comes_back_in_the_order_of_the_frame(installed, li_n_cl_cell):
    installed()
    engine = vasp_engine(VaspSettings(spin=False))
    out = engine.evaluate(li_n_cl_cell)
    assert out.energy == -31.5, "the energy whose gradient the forces are"
    # POSCAR lists N (atom 0), Li (1, 2, 4, 5, 7), Cl (3, 6); the stand-in gives each its place there.
    assert out.forces[:, 0].tolist() == [0, 1, 2, 6, 3, 4, 7, 5]
    assert out.forces[0, 1] == len("PAW N\nPAW Li_sv\nPAW Cl\n")
    np.testing.assert_allclose(out.stress, -np.eye(3) * 0.01, atol=1e-8)
    assert engine.provenance(li_n_cl_cell)["code"] == "vasp 6.4.2"


@pytest.mark.parametrize(
    ("fate", "text"), [("dies", "status 1: VERY BAD NEWS"), ("diverges", "EDIFF was not reached")]
)
def test_a_run_of_vasp_that_fails_is_told(installed, li_n_cl_cell, fate, text):
    installed(fate)
    with pytest.raises(ElectrolithError, match=rf"VASP stopped on Cl2Li5N: {text}"):
        vasp_engine().evaluate(li_n_cl_cell)


def test_where_vasp_cannot_run_what_is_missing_is_named(installed, monkeypatch, tmp_path, li_n_cl_cell):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("VASP_COMMAND", raising=False)
    with pytest.raises(InputError, match=r"vasp_std is not on the PATH .*set VASP_COMMAND"):
        vasp_engine()
    installed()
    (tmp_path / "potpaw_PBE" / "Cl" / "POTCAR").unlink()
    with pytest.raises(InputError, match="no PAW set Cl/POTCAR"):
        vasp_engine().evaluate(li_n_cl_cell)
    with pytest.raises(InputError, match="a label is one static point, got task 'relax'"):
        vasp_engine(VaspSettings(task="relax"))
    monkeypatch.delenv("VASP_PP_PATH")
    with pytest.raises(InputError, match="VASP_PP_PATH must name the folder"):
        vasp_engine()


def test_the_fingerprint_knows_the_settings():
    assert VaspSettings().fingerprint.startswith("vasp-PBE-520eV-")
    assert VaspSettings(spin=False).fingerprint != VaspSettings().fingerprint

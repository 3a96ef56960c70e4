"""The example crystal and a skewed, three-site one."""

from pathlib import Path

import pytest

from electrolith.crystal.read import read_crystal

EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"
CHARGES = {"Li": 1.0, "N": -3.0, "Cl": -1.0}

SKEWED_CIF = """data_skewed
_cell_length_a 5.12(2)
_cell_length_b 6.40(2)
_cell_length_c 7.05(3)
_cell_angle_alpha 81.5
_cell_angle_beta 97.2
_cell_angle_gamma 68.0
_space_group_name_H-M_alt 'P -1'
loop_
_space_group_symop_operation_xyz
'x, y, z'
'-x, -y, -z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
_atom_site_U_iso_or_equiv
Li1 Li1+ 0.21 0.33 0.12 0.80(2) 0.021(3)
Na1 Na1+ 0.21 0.33 0.12 0.10(1) .
O1 O2- 0.70 0.15 0.60 0.95(1) 0.011
K1 K1+ 0.35 0.81 0.72 . ?
"""


@pytest.fixture(scope="session")
def example():
    return read_crystal(EXAMPLE, oxidation_states=CHARGES)


@pytest.fixture(scope="session")
def skewed_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("skewed") / "skewed.cif"
    path.write_text(SKEWED_CIF)
    return path


@pytest.fixture(scope="session")
def skewed(skewed_file):
    return read_crystal(skewed_file)

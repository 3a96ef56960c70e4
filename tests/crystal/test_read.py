"""Reading crystals: what the file says is kept, doubt included; what is wrong is said."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import read, write
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.cif_values import Drawer
from electrolith.crystal.read import read_crystal

EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"

HEAD = """data_x
_cell_length_a 4.0
_cell_length_b 4.0
_cell_length_c 4.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
"""
TABLE = "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"


def cif(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.cif"
    path.write_text(text)
    return path


def test_the_example_has_the_published_sites_and_vacancies(example):
    assert (example.space_group, example.space_group_number) == ("Fm-3m", 225)
    assert [site.wyckoff for site in example.sites] == ["8c", "4a"]
    lithium, anion = example.sites
    assert (lithium.vacancy.value, lithium.vacancy.std) == pytest.approx((0.140, 0.005), rel=2e-3)
    assert anion.vacancy.value == pytest.approx(0.045, abs=1e-12)
    assert anion.vacancy.std == pytest.approx(0.005, rel=0.04)  # 0.003 and 0.004 independent, 2000 draws
    assert example.cell[0, 0] == 5.3506
    assert example.volume.std == pytest.approx(3 * 5.3506**2 * 0.0003, rel=2e-3)  # one a, not three


def test_density_and_charge_balance_of_the_example_by_hand(example):
    mass = 8 * 0.86 * 6.94 + 4 * (0.382 * 14.007 + 0.573 * 35.45)
    assert example.density.value == pytest.approx(mass * 1.66053906660 / 5.3506**3, rel=2e-4)
    # 8·0.86 - 4·(3·0.382 + 0.573) = 0.004; σ² = (8·0.005)² + (12·0.003)² + (4·0.004)²
    assert example.charge_balance.value == pytest.approx(0.004, abs=1e-9)
    assert example.charge_balance.std == pytest.approx(np.sqrt(0.04**2 + 0.036**2 + 0.016**2), rel=0.05)


def test_the_same_file_gives_the_same_draws(example):
    again = read_crystal(EXAMPLE)
    first = [s.occupancy["Li"] for s in (example.sites[0], again.sites[0])]
    assert np.array_equal(first[0].draws, first[1].draws)


@given(st.integers(1, 999), st.integers(1, 99))
def test_an_uncertainty_in_brackets_is_kept(digits, error):
    found = Drawer(Path("x.cif"), np.random.default_rng(1))(f"0.{digits:03d}({error})", "occupancy", "1")
    assert found.value == pytest.approx(digits / 1000, abs=1e-12)
    assert found.std == pytest.approx(error / 1000, rel=2e-3)


def test_a_skewed_crystal_with_a_shared_site_charges_and_displacements(skewed):
    assert len(skewed) == 6
    assert skewed.space_group == "P-1"
    shared = skewed.sites[0]
    assert list(shared.occupancy) == ["Li", "Na"]
    assert shared.vacancy.std == pytest.approx(np.hypot(0.02, 0.01), rel=0.05)
    assert shared.u_iso.std == pytest.approx(0.003, rel=1e-2)
    assert skewed.sites[1].u_iso.doubt == "unknown"
    assert skewed.sites[2].is_full
    assert skewed.oxidation_states == {"Li": 1, "Na": 1, "O": -2, "K": 1}
    assert np.linalg.norm(skewed.cell, axis=1) == pytest.approx([5.12, 6.40, 7.05])
    assert skewed.volume.value == pytest.approx(abs(np.linalg.det(skewed.cell)), rel=1e-3)


def test_disordered_cif_of_pymatgen_gives_the_same_positions_and_content(skewed_file):
    from pymatgen.core import Structure

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it stumbles over "O2-" in its own check of the formula
        theirs = Structure.from_file(skewed_file)
    ours = read_crystal(skewed_file)
    for site in theirs:
        gap = ours.fractional - site.frac_coords
        match = int(np.argmin(np.linalg.norm(gap - np.round(gap), axis=1)))
        shares = {k: v.value for k, v in ours.sites[ours.orbit[match]].occupancy.items()}
        wanted = {k.symbol: v for k, v in site.species.items()}
        assert shares == pytest.approx(wanted, abs=1e-9)
        assert np.allclose(gap[match], np.round(gap[match]), atol=1e-9)


@pytest.mark.parametrize(("zirconium", "oxygen"), [("Zr4+", "O2-"), ("Zr+4", "O-2"), ("ZR+4", "O-2.0")])
def test_charges_are_read_with_the_sign_before_or_after_the_number(tmp_path, zirconium, oxygen):
    loop = TABLE.replace("fract_x", "type_symbol\n_atom_site_fract_x", 1)
    path = cif(
        tmp_path, HEAD + loop + f"Zr1 {zirconium} 0 0 0\nO1 {oxygen} 0.5 0.5 0.5\nO2 {oxygen} 0.5 0.5 0\n"
    )
    assert read_crystal(path).oxidation_states == {"Zr": 4.0, "O": -2.0}


def test_two_charges_of_one_element_stay_two_species(tmp_path):
    rows = TABLE + "_atom_site_type_symbol\n_atom_site_occupancy\nFe1 0 0 0 Fe2+ 0.5\nFe2 0 0 0 Fe3+ 0.5\n"
    crystal = read_crystal(cif(tmp_path, HEAD + rows))
    assert crystal.species == ("Fe2+", "Fe3+")
    assert crystal.oxidation_states == {"Fe2+": 2, "Fe3+": 3}
    only = read_crystal(cif(tmp_path, HEAD + rows), oxidation_states={"Fe3+": 3.5})
    assert only.oxidation_states == {"Fe2+": 2, "Fe3+": 3.5}


def test_thirds_written_with_four_digits_sit_on_their_special_position(tmp_path):
    text = HEAD.replace("gamma 90", "gamma 120") + "_space_group_IT_number 194\n" + TABLE
    crystal = read_crystal(cif(tmp_path, text + "Mg 0.3333 0.6667 0.25\n"))
    assert len(crystal) == 2
    assert crystal.space_group == "P6_3/mmc"
    assert sorted(crystal.fractional[:, 0]) == pytest.approx([1 / 3, 2 / 3], abs=1e-12)


def test_a_file_without_occupancies_is_full_and_says_so(tmp_path):
    crystal = read_crystal(cif(tmp_path, HEAD + TABLE + "Li1 0 0 0\nCl1 0.5 0.5 0.5\n"))
    assert crystal.is_ordered
    assert any("no _atom_site_occupancy: every site is taken as full" in note for note in crystal.notes)
    assert any("no space group" in note for note in crystal.notes)
    assert crystal.to_frame().symbols == ("Li", "Cl")


def test_two_species_on_one_point_without_occupancies_are_refused(tmp_path):
    path = cif(tmp_path, HEAD + TABLE + "N1 0 0 0\nCl1 0 0 0\n")
    with pytest.raises(
        DataError, match=r"N1 1 \+ Cl1 1 = 2; the file states no occupancy; expected at most 1"
    ):
        read_crystal(path)


def test_occupancies_over_one_are_refused_and_slightly_over_noted(tmp_path):
    rows = TABLE + "_atom_site_occupancy\nLi1 0 0 0 {}\n"
    with pytest.raises(DataError, match=r"add up to Li1 1\.2 = 1\.2; expected at most 1"):
        read_crystal(cif(tmp_path, HEAD + rows.format("1.20(3)")))
    crystal = read_crystal(cif(tmp_path, HEAD + rows.format("1.01(2)")))
    assert any("over 1 within its doubt" in note for note in crystal.notes)
    with pytest.raises(DataError, match=r"occupancy of Li1 is -0\.1; expected a number from 0 to 1"):
        read_crystal(cif(tmp_path, HEAD + rows.format("-0.1")))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("just words\n", "not a readable CIF"),
        ("data_x\n_cell_length_a 4\n", "no table of atoms"),
        (HEAD.replace("_cell_angle_beta 90\n", "") + TABLE + "Li 0 0 0\n", "_cell_angle_beta is missing"),
        (HEAD + TABLE + "Li1 0 zero 0\n", "_atom_site_fract_y of Li1 is 'zero'; expected a number"),
        (HEAD + TABLE + "Q7 0 0 0\n", "atom Q7 has type 'Q7', which is no element"),
        (
            HEAD.replace("a 4.0", "a four") + TABLE + "Li 0 0 0\n",
            "_cell_length_a is 'four'; expected a number",
        ),
    ],
)
def test_a_broken_cif_is_refused_with_what_is_wrong(tmp_path, text, complaint):
    with pytest.raises(DataError, match=complaint):
        read_crystal(cif(tmp_path, text))


def test_a_missing_file_names_its_neighbour(tmp_path):
    cif(tmp_path, HEAD)
    with pytest.raises(InputError, match=r"xx\.cif: no such file; did you mean 'x\.cif'"):
        read_crystal(tmp_path / "xx.cif")
    with pytest.raises(InputError, match="a folder; expected a crystal file"):
        read_crystal(tmp_path)


def test_a_file_that_nobody_can_read_is_refused(tmp_path):
    path = tmp_path / "notes.poscar"
    path.write_text("nothing of the kind")
    with pytest.raises(DataError, match=r"neither ASE .* nor pymatgen .* can read this as a crystal"):
        read_crystal(path)


def test_a_molecule_without_a_cell_is_refused(tmp_path):
    path = tmp_path / "water.xyz"
    path.write_text("3\n\nO 0 0 0\nH 1 0 0\nH 0 1 0\n")
    with pytest.raises(DataError, match="no periodic cell in this file"):
        read_crystal(path)


@pytest.mark.parametrize("name", ["POSCAR", "cell.vasp", "cell.xyz", "cell.json", "cell.cif"])
def test_what_ase_writes_comes_back(tmp_path, name):
    atoms = bulk("LiCl", "rocksalt", a=5.14, cubic=True)
    formats = {"cell.xyz": "extxyz", "POSCAR": "vasp", "cell.vasp": "vasp"}
    write(tmp_path / name, atoms, format=formats.get(name))
    crystal = read_crystal(tmp_path / name)
    assert (crystal.space_group, sorted(s.wyckoff for s in crystal.sites)) == ("Fm-3m", ["4a", "4b"])
    assert crystal.to_frame().density == pytest.approx(4 * (6.94 + 35.45) * 1.66053906660 / 5.14**3, rel=1e-3)


def test_real_poscar_of_llzo(shared_data):
    path = shared_data / "transport" / "llzo_POSCAR"
    frame = read_crystal(path).to_frame()
    theirs = read(path, format="vasp")
    assert np.allclose(frame.positions, theirs.positions, atol=1e-9)
    assert list(frame.symbols) == theirs.get_chemical_symbols()


def test_an_oxidation_state_for_an_absent_element_is_refused():
    with pytest.raises(InputError, match=r"oxidation_states: Br is not in li9n2cl3\.cif; it holds Li, N, Cl"):
        read_crystal(EXAMPLE, oxidation_states={"Br": -1})


def test_oxidation_states_are_guessed_where_nobody_gives_them_and_the_notes_say_so():
    crystal = read_crystal(EXAMPLE)
    assert crystal.oxidation_states == {"Li": 1, "N": -3, "Cl": -1}
    assert any("oxidation states guessed: Li +1, N -3, Cl -1" in note for note in crystal.notes)
    assert read_crystal(EXAMPLE, oxidation_states={"N": -3}).oxidation_states == crystal.oxidation_states


def test_a_charge_balance_without_oxidation_states_is_refused(tmp_path):
    alloy = read_crystal(cif(tmp_path, HEAD + TABLE + "Cu1 0 0 0\nZn1 0.5 0.5 0.5\n"))
    assert alloy.oxidation_states == {}
    with pytest.raises(
        InputError, match=r"no oxidation state for Cu; known: none; give it as oxidation_states"
    ):
        _ = alloy.charge_balance


def test_a_disordered_crystal_is_not_taken_for_atoms(example):
    with pytest.raises(InputError, match=r"site Li1 \(8c\) holds Li 0\.86; order the crystal"):
        example.to_frame()

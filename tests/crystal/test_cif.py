"""One reader of CIF, and the second witness: what a file states of itself decides how it is read."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.cif import read_cif_structure
from electrolith.crystal.read import read_crystal
from electrolith.scattering.phase import multiplicity
from electrolith.scattering.read_cif import read_cif_phase


def text(rows, *, cell=(5.13,) * 3, angles=(90.0,) * 3, head="", columns="label type_symbol x y z occupancy"):
    """A CIF from header lines and rows of the table."""
    names = {"x": "fract_x", "y": "fract_y", "z": "fract_z"}
    lines = ["data_t", *head.strip().splitlines()]
    lines += [f"_cell_length_{n} {v}" for n, v in zip("abc", cell, strict=True)]
    lines += [f"_cell_angle_{n} {v}" for n, v in zip(("alpha", "beta", "gamma"), angles, strict=True)]
    lines += ["loop_", *(f"_atom_site_{names.get(c, c)}" for c in columns.split())]
    return "\n".join([*lines, *(r.strip() for r in rows.strip().splitlines())]) + "\n"


@pytest.fixture
def read(tmp_path):
    """Content of the cell by both rooms, which must be the same, and the crystal."""

    def of(content):
        path = tmp_path / "t.cif"
        path.write_text(content)
        crystal = read_crystal(path)
        cell = {name: round(share.value, 3) for name, share in crystal.content.items()}
        phase = read_cif_phase(path)
        other: dict[str, float] = {}
        for site in phase.sites:
            for name, share in site.occupancy:
                other[name] = other.get(name, 0.0) + multiplicity(phase, site) * share
        assert {k: round(v, 3) for k, v in other.items()} == cell
        return cell, crystal

    return of


SPINEL = "Li1 Li1+ 0.125 0.125 0.125 1\nMn1 Mn3.5+ 0.5 0.5 0.5 1\nO1 O2- 0.2632 0.2632 0.2632 1"
FULL_SPINEL = {"Li": 8.0, "Mn": 16.0, "O": 32.0}


@pytest.mark.parametrize(
    "symmetry",
    [
        "_symmetry_space_group_name_H-M 'F d -3 m'",
        "_symmetry_space_group_name_H-M 'F d -3 m Z'",
        "_symmetry_space_group_name_H-M 'F d -3 mZ'",
        "_symmetry_space_group_name_H-M 'F d -3 m:2'",
        "_symmetry_space_group_name_H-M 'F d -3 m O2'",
        "_symmetry_space_group_name_H-M 'Fd-3m'",
        "_symmetry_Int_Tables_number 227",
        "_space_group_name_Hall '-F 4vw 2vw 3'",
    ],
)
def test_origin_and_setting_are_those_that_give_the_formula_of_the_file(read, symmetry):
    head = f"{symmetry}\n_chemical_formula_sum 'Li1 Mn2 O4'\n_cell_formula_units_Z 8"
    cell, crystal = read(text(SPINEL, cell=(8.24,) * 3, head=head))
    assert cell == FULL_SPINEL
    assert crystal.space_group == "Fd-3m"


def test_origin_that_the_name_states_is_not_overruled_by_the_formula(tmp_path):
    head = "_symmetry_space_group_name_H-M 'F d -3 m S'\n_chemical_formula_sum 'Li1 Mn2 O4'"
    path = tmp_path / "t.cif"
    path.write_text(text(SPINEL, cell=(8.24,) * 3, head=head))
    with pytest.raises(
        DataError, match=r"read as Li16Mn8O32 in F d -3 m:1.* states Li1 Mn2 O4: 2\.* ?.*Li per"
    ):
        read_crystal(path)


@pytest.mark.parametrize(
    ("cell", "angles", "rows", "atoms"),
    [
        ((4.961,) * 3, (32.99,) * 3, "Li1 Li 0 0 0 1\nCo1 Co 0.5 0.5 0.5 1\nO1 O 0.2605 0.2605 0.2605 1", 1),
        ((2.816, 2.816, 14.05), (90, 90, 120), "Li1 Li 0 0 0 1\nCo1 Co 0 0 0.5 1\nO1 O 0 0 0.2605 1", 3),
    ],
)
def test_rhombohedral_groups_take_the_axes_of_the_cell(read, cell, angles, rows, atoms):
    head = "_symmetry_space_group_name_H-M 'R -3 m'\n_chemical_formula_sum 'Li1 Co1 O2'"
    found, crystal = read(text(rows, cell=cell, angles=angles, head=head))
    assert found == {"Li": atoms, "Co": atoms, "O": 2 * atoms}
    assert crystal.space_group == "R-3m"


ROCK_SALT = "Li1 Li 0 0 0 0.9\nCl1 Cl 0.5 0.5 0.5 1"


def test_incomplete_list_of_operations_gives_way_to_the_named_group_where_z_says_so(read):
    head = """_symmetry_space_group_name_H-M 'F m -3 m'
_chemical_formula_sum 'Li0.9 Cl1'
{}
loop_
_symmetry_equiv_pos_as_xyz
'x,y,z'
"""
    cell, crystal = read(text(ROCK_SALT, head=head.format("_cell_formula_units_Z 4")))
    assert cell == {"Li": 3.6, "Cl": 4.0}
    assert any("F m -3 m, which agrees with the file" in n for n in crystal.notes)
    assert read(text(ROCK_SALT, head=head.format("_exptl_crystal_density_diffrn 2.05")))[0]["Cl"] == 4.0


def test_operations_with_a_number_before_them_are_read(read):
    operations = "1 x,y,z|2 1/2+x, 1/2+y, z|3: 1/2+x,y,1/2+z|(4) x,1/2+y,1/2+z".split("|")
    head = "\n".join(["loop_", "_symmetry_equiv_pos_as_xyz", *(f"'{o}'" for o in operations)])
    assert read(text(ROCK_SALT, head=head))[0] == {"Li": 3.6, "Cl": 4.0}


def test_operation_that_is_none_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "t.cif"
    path.write_text(text(ROCK_SALT, head="loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,q'\n"))
    with pytest.raises(DataError, match="symmetry operation 'x,y,q' cannot be read"):
        read_crystal(path)


def test_atom_beside_a_special_position_stays_there_and_one_that_was_rounded_moves_onto_it(read):
    head = "_symmetry_space_group_name_H-M 'P -1'\n_chemical_formula_sum 'Li{} Cl1'\n_cell_formula_units_Z 1"
    rows = "Li1 Li1+ 0.004 0 0 0.1\nLi2 Li1+ 0.5 0.5 0.5 1\nCl1 Cl1- 0.5 0 0.5 1"
    assert read(text(rows, cell=(5.0,) * 3, head=head.format(1.2)))[0]["Li"] == 1.2
    cell, crystal = read(text(rows, cell=(5.0,) * 3, head=head.format(1.1)))  # the file counts it once
    assert cell["Li"] == 1.1
    assert any("within 0.05 Å of one another are one position" in n for n in crystal.notes)


@pytest.mark.parametrize("thirds", ["0.33 0.67", "0.333 0.667", "0.3333 0.6667", "0.33333 0.66667"])
@pytest.mark.parametrize("head", ["", "_chemical_formula_sum 'Li2 Te'\n_cell_formula_units_Z 1"])
def test_thirds_are_thirds_with_however_many_digits(read, thirds, head):
    group = "_symmetry_space_group_name_H-M 'P 6/m m m'\n"
    rows = f"Te1 Te 0 0 0 1\nLi1 Li {thirds} 0.5 1"
    cell, crystal = read(text(rows, cell=(4.3, 4.3, 4.1), angles=(90, 90, 120), head=group + head))
    assert cell == {"Te": 1.0, "Li": 2.0}
    lithium = next(s for s in crystal.sites if "Li" in s.occupancy)
    assert sorted(crystal.fractional[crystal.orbit == crystal.sites.index(lithium)][:, 0]) == pytest.approx(
        [1 / 3, 2 / 3], abs=2e-4
    )


def test_symmetry_copy_listed_again_is_counted_once_and_shared_sites_stay_shared(read):
    head = "_symmetry_space_group_name_H-M 'F m -3 m'\n_chemical_formula_sum '{}'"
    rows = "Li1 Li 0 0 0 0.4\nLi2 Li 0.5 0.5 0 0.4\nCl1 Cl 0.5 0.5 0.5 1"
    cell, crystal = read(text(rows, head=head.format("Li0.4 Cl1")))
    assert cell == {"Li": 1.6, "Cl": 4.0}
    assert "Li2 is Li1 listed again and not counted twice" in crystal.notes
    shared = rows.replace("Li2 Li 0.5 0.5 0", "Na2 Na 0.5 0.5 0")
    assert read(text(shared, head=head.format("Li0.4 Na0.4 Cl1")))[0] == {"Li": 1.6, "Na": 1.6, "Cl": 4.0}


def test_multiplicities_of_the_file_are_a_witness(tmp_path):
    head = "_symmetry_space_group_name_H-M 'F m -3 m'"
    columns = "label type_symbol x y z symmetry_multiplicity"
    path = tmp_path / "t.cif"
    path.write_text(text("Li1 Li 0 0 0 4\nCl1 Cl 0.5 0.5 0.5 4", head=head, columns=columns))
    assert len(read_crystal(path)) == 8
    path.write_text(text("Li1 Li 0 0 0 4\nCl1 Cl 0.25 0.25 0.25 4", head=head, columns=columns))
    with pytest.raises(DataError, match="multiplicity of row 2 is 8 and 4 in the file"):
        read_crystal(path)


def test_contradiction_shows_both_sides(tmp_path):
    path = tmp_path / "t.cif"
    path.write_text(text("Li1 Li 0 0 0 1\nCl1 Cl 0.5 0.5 0.5 1", head="_chemical_formula_sum 'Li2 Cl1'"))
    for reader in (read_crystal, read_cif_structure):
        with pytest.raises(DataError, match=r"read as Li1Cl1 in P 1, .* states Li2 Cl1: .* per formula"):
            reader(path)


def test_formula_of_a_whole_cell_beside_the_z_of_the_smallest_one_is_no_contradiction(read):
    head = (
        "_symmetry_space_group_name_H-M 'F m -3 m'\n_chemical_formula_sum 'Li4 Cl4'\n_cell_formula_units_Z 4"
    )
    assert read(text("Li1 Li 0 0 0 1\nCl1 Cl 0.5 0.5 0.5 1", head=head))[0] == {"Li": 4.0, "Cl": 4.0}


def test_hydrogens_without_coordinates_are_left_out_and_said(read):
    rows = (
        "Li1 Li1+ 0 0 0 1\nLi2 Li1+ 0.5 0.5 0 1\nO1 O2- 0.2 0.2 0.7 1\nH1 H1+ ? ? ? 1\nCl1 Cl1- 0.2 0.7 0.3 1"
    )
    head = "_symmetry_space_group_name_H-M 'P 1'\n_chemical_formula_sum 'Li2 H O Cl'"
    cell, crystal = read(text(rows, cell=(7.0,) * 3, head=head))
    assert cell == {"Li": 2.0, "O": 1.0, "Cl": 1.0}
    assert any("1 hydrogen rows have no coordinates" in n for n in crystal.notes)
    assert any("0 H per formula and 1 in the file" in n for n in crystal.notes)


def test_occupancies_that_exceed_one_by_their_rounding_are_brought_to_one(read):
    rows = "Li1 Li 0 0 0 0.67\nMg1 Mg 0 0 0 0.17\nTi1 Ti 0 0 0 0.17\nCl1 Cl 0.5 0.5 0.5 1"
    cell, crystal = read(text(rows, head="_symmetry_space_group_name_H-M 'F m -3 m'"))
    assert sum(cell.values()) == pytest.approx(8.0, abs=2e-3)
    assert any("= 1.01 is over 1" in n for n in crystal.notes)


def test_single_atom_without_a_loop_is_a_structure(read):
    content = text("", cell=(3.51,) * 3, head="_symmetry_space_group_name_H-M 'I m -3 m'").split("loop_")[0]
    content += "_atom_site_label Li1\n_atom_site_type_symbol Li\n"
    content += "".join(f"_atom_site_fract_{n} 0\n" for n in "xyz")
    assert read(content)[0] == {"Li": 2.0}


def test_several_structures_in_one_file_are_named_and_none_is_taken(tmp_path):
    one = text("Li1 Li 0 0 0 1", head="_chemical_formula_sum 'Li'\n_symmetry_space_group_name_H-M 'P 1'")
    path = tmp_path / "two.cif"
    path.write_text(one + one.replace("data_t", "data_u").replace("Li", "Na"))
    for reader in (read_crystal, read_cif_phase):
        with pytest.raises(InputError, match=r"2 structures .* data_t \(Li\), data_u \(Na\)"):
            reader(path)
    assert read_cif_structure(path, block="u").sites[0].members[0][0].element == "Na"


@pytest.mark.parametrize(
    ("symbol", "label", "element"),
    [
        ("Li", "X1", "Li"),
        ("LI", "X1", "Li"),
        ("Zr+4", "Zr1", "Zr"),
        ("O-2", "O1", "O"),
        ("7Li", "Li1", "Li"),
        ("D", "D1", "H"),
        ("?", "CL1", "Cl"),
        ("?", "Li1A", "Li"),
        ("?", "OW1", "O"),
        ("?", "NA2", "Na"),
    ],
)
def test_elements_of_types_and_labels(tmp_path, symbol, label, element):
    path = tmp_path / "t.cif"
    path.write_text(text(f"{label} {symbol} 0 0 0 1"))
    assert read_cif_structure(path).sites[0].members[0][0].element == element


def test_formula_decides_between_cobalt_and_carbon(tmp_path):
    path = tmp_path / "t.cif"
    for formula, element in (("Co1", "Co"), ("C1", "C")):
        path.write_text(text("CO1 ? 0 0 0 1", head=f"_chemical_formula_sum '{formula}'"))
        assert read_cif_structure(path).sites[0].members[0][0].element == element


@pytest.mark.parametrize("symbol", ["Li0.5Na0.5", "Li/Na", "OH", "NH4", "Wat", "Uani", "Vac", "Li,Na", "X"])
def test_type_that_is_no_single_element_is_refused(tmp_path, symbol):
    path = tmp_path / "t.cif"
    path.write_text(text(f"A1 {symbol} 0 0 0 1"))
    with pytest.raises(DataError, match=r"atom A1 has type .*, which is no element"):
        read_crystal(path)


def test_anisotropic_displacements_serve_where_no_isotropic_one_is_given(tmp_path):
    path = tmp_path / "t.cif"
    aniso = "loop_\n_atom_site_aniso_label\n" + "".join(f"_atom_site_aniso_U_{i}{i}\n" for i in (1, 2, 3))
    path.write_text(text("Li1 Li 0 0 0 1") + aniso + "Li1 0.01 0.02 0.03\n")
    assert read_crystal(path).sites[0].u_iso.value == pytest.approx(0.02)


@given(data=st.data())
def test_any_setting_of_a_named_group_is_found_again_by_the_formula(tmp_path_factory, data):
    """A structure drawn in one setting, written with the bare name and its formula, comes back whole."""
    import gemmi

    groups = [g for g in gemmi.spacegroup_table() if g.ext in ("1", "2") and g.number > 15]
    group = data.draw(st.sampled_from(groups))
    points = [
        np.array(data.draw(st.tuples(*[st.integers(1, 23).map(lambda n: n / 24)] * 3)), dtype=float)
        for _ in range(2)
    ]
    operations = [(np.array(o.rot) / 24, np.array(o.tran) / 24) for o in group.operations()]

    def orbit(point):
        return {tuple(np.round((r @ point + t) % 1.0 % 1.0, 6) % 1.0) for r, t in operations}

    first, second = (orbit(p) for p in points)
    if first & second:
        return
    content = {"Li": len(first), "Cl": len(second)}
    size = 10.0 if group.number > 194 else None
    cell = (size,) * 3 if size else ((9.0, 9.0, 13.0) if group.number > 74 else (9.0, 11.0, 13.0))
    # Some 25 Å³ for each atom, as in crystals: a Z that leaves far more is taken for a slip of the pen.
    scale = (25.0 * sum(content.values()) / np.prod(cell)) ** (1 / 3)
    cell = tuple(float(round(scale * x, 4)) for x in cell)
    head = f"_symmetry_space_group_name_H-M '{group.hm}'\n"
    head += f"_chemical_formula_sum 'Li{content['Li']} Cl{content['Cl']}'\n_cell_formula_units_Z 1"
    rows = "\n".join(
        f"{e}1 {e} {p[0]:.6f} {p[1]:.6f} {p[2]:.6f} 1" for e, p in zip(content, points, strict=True)
    )
    path = Path(tmp_path_factory.mktemp("cif")) / "t.cif"
    path.write_text(text(rows, cell=cell, head=head))
    found = read_cif_structure(path)
    counted = {site.members[0][0].element: len(site.images) for site in found.sites}
    assert counted == content


def test_a_setting_that_puts_two_atoms_on_one_site_gives_way_to_the_other(tmp_path):
    """In P n n n, origin 1, the second point is an image of the first: sixteen atoms on eight places."""
    path = tmp_path / "t.cif"
    head = (
        "_symmetry_space_group_name_H-M 'P n n n'\n_chemical_formula_sum 'Li8 Cl8'\n_cell_formula_units_Z 1"
    )
    a, b = "0.041667 0.041667 0.041667", "0.041667 0.958333 0.958333"
    path.write_text(text(f"Li1 Li {a} 1\nCl1 Cl {b} 1", cell=(9.0, 11.0, 13.0), head=head))
    found = read_cif_structure(path)
    assert [len(site.images) for site in found.sites] == [8, 8]
    assert any("two atoms on one site" in note for note in found.notes)

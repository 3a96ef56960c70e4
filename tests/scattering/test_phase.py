"""Symmetry of phases: what is tied, what may move, how many."""

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.scattering.phase import (
    Site,
    cell_matrix,
    cell_ties,
    density,
    free_directions,
    multiplicity,
    volume,
)
from electrolith.scattering.read_cif import phase_from_group, read_cif_phase, symmetry

CELLS = {
    "F m -3 m": {"a": ("a", "b", "c")},
    "P 6/m m m": {"a": ("a", "b"), "c": ("c",)},
    "P n m a": {"a": ("a",), "b": ("b",), "c": ("c",)},
    "P 1 21/m 1": {"a": ("a",), "b": ("b",), "c": ("c",), "beta": ("beta",)},
    "R -3 m:R": {"a": ("a", "b", "c"), "alpha": ("alpha", "beta", "gamma")},
    "I 4/m m m": {"a": ("a", "b"), "c": ("c",)},
}


@pytest.mark.parametrize("group", CELLS)
def test_the_symmetry_ties_the_cell(group):
    assert cell_ties(symmetry(group)[0]) == CELLS[group]


def test_a_triclinic_cell_is_free():
    assert len(cell_ties(symmetry("P -1")[0])) == 6


@pytest.mark.parametrize(
    ("group", "cell", "position", "count", "directions"),
    [
        ("F m -3 m", (5.0,), (0.25, 0.25, 0.25), 8, {}),
        ("P n m a", (10.0, 6.0, 5.0), (0.28, 0.25, 0.98), 4, {"x": [1, 0, 0], "z": [0, 0, 1]}),
        ("P m -3 m", (4.1,), (0.2, 0.5, 0.5), 6, {"x": [1, 0, 0]}),
        ("P m -3 m", (4.1,), (0.2, 0.2, 0.2), 8, {"x": [1, 1, 1]}),
        ("P 6/m m m", (4.0, 4.0, 4.0, 90, 90, 120), (0.2, 0.4, 0.0), 6, {"x": [1, 2, 0]}),
    ],
)
def test_special_positions_move_only_along_their_free_directions(group, cell, position, count, directions):
    site = Site("A", position, (("Li", 1.0),))
    phase = phase_from_group("p", space_group=group, cell=cell, sites=(site,))
    assert multiplicity(phase, site) == count
    found = free_directions(phase, site)
    assert {k: v.tolist() for k, v in found.items()} == directions


def test_volume_and_density_by_hand(antifluorite):
    assert volume(antifluorite) == pytest.approx(5.3506**3)
    mass = 8 * 0.86 * 6.94 + 4 * (0.382 * 14.007 + 0.573 * 35.45)
    by_hand = mass * 1.66053906660e-24 / (5.3506e-8) ** 3
    assert density(antifluorite) == pytest.approx(by_hand, rel=1e-3)


def test_the_cell_matrix_gives_back_lengths_and_angles(triclinic):
    m = cell_matrix(triclinic.cell)
    assert np.linalg.norm(m, axis=1) == pytest.approx(triclinic.cell[:3])
    cosine = m[0] @ m[1] / np.linalg.norm(m[0]) / np.linalg.norm(m[1])
    assert np.degrees(np.arccos(cosine)) == pytest.approx(triclinic.cell[5])


CIF = """data_x
_cell_length_a 5.3506(2)
_cell_length_b 5.3506(2)
_cell_length_c 5.3506(2)
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0.25 0.25 0.25 0.86(1)
N1 N 0 0 0 0.382
Cl1 Cl 0 0 0 0.573
"""


def test_species_on_one_position_of_a_cif_become_one_site(tmp_path):
    path = tmp_path / "lnc.cif"
    path.write_text(CIF)
    phase = read_cif_phase(path)
    assert [dict(s.occupancy) for s in phase.sites] == [{"Li": 0.86}, {"N": 0.382, "Cl": 0.573}]
    assert phase.cell[0] == 5.3506
    assert len(phase.rotations) == 192


@pytest.mark.parametrize(("symbol", "species"), [("7Li", "7Li"), ("Li1+", "Li"), ("D", "2H"), ("Li", "Li")])
def test_isotopes_of_a_cif_are_kept_and_charges_dropped(tmp_path, symbol, species):
    path = tmp_path / "iso.cif"
    path.write_text(CIF.replace("Li1 Li", f"Li1 {symbol}"))
    assert read_cif_phase(path).sites[0].occupancy[0][0] == species


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "not a readable CIF"),
        ("data_x\n_cell_length_b 3\n", "data block with a cell"),
        (CIF.split("loop_")[0], "no atom sites"),
        (CIF.replace("F m -3 m", "Q 7"), "neither symmetry operations nor a known space group"),
    ],
)
def test_a_cif_that_is_no_structure_is_refused(tmp_path, text, message):
    path = tmp_path / "bad.cif"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_cif_phase(path)


def test_impossible_phases_are_refused():
    site = Site("A", (0, 0, 0), (("Li", 1.0),))
    with pytest.raises(InputError, match="no volume"):
        phase_from_group("p", space_group="P 1", cell=(4, 4, 4, 20, 150, 90), sites=(site,))
    with pytest.raises(InputError, match="labels repeat"):
        phase_from_group("p", space_group="P 1", cell=(4,), sites=(site, site))
    with pytest.raises(InputError, match="is not known"):
        symmetry("F m 9 m")
    with pytest.raises(InputError, match="no species"):
        Site("A", (0, 0, 0), ())

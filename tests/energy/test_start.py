import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.energy.distil.start import Base, Start, StartMaterial, bases_of, deformed, starting_frames

SOLID_SOLUTION = """data_lnc
_symmetry_space_group_name_H-M 'F m -3 m'
_symmetry_Int_Tables_number 225
_cell_length_a 5.4
_cell_length_b 5.4
_cell_length_c 5.4
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0.25 0.25 0.25 0.875
N1 N 0 0 0 0.375
Cl1 Cl 0 0 0 0.625
"""


def test_a_deformed_cell_has_exactly_the_volume_asked_for(li_n_cl_cell):
    for swell in (-0.06, 0.0, 0.11):
        found = deformed(li_n_cl_cell, swell, 0.05, 0.1, rng=np.random.default_rng(1))
        assert found.volume == pytest.approx((1 + swell) * li_n_cl_cell.volume, rel=1e-12)
        assert not np.allclose(found.cell / li_n_cl_cell.cell, (1 + swell) ** (1 / 3))


def test_without_shear_and_rattle_a_cell_only_swells(li_n_cl_cell):
    found = deformed(li_n_cl_cell, 0.331, 0.0, 0.0, rng=np.random.default_rng(1))
    np.testing.assert_allclose(found.cell, 1.1 * li_n_cl_cell.cell, rtol=1e-12)
    np.testing.assert_allclose(found.positions, 1.1 * li_n_cl_cell.positions, rtol=1e-12)


def test_volumes_reach_into_both_ends_of_the_range():
    bases = bases_of((StartMaterial("LiCl", structure="LiCl"),), seed=1)
    frames = starting_frames(bases, Start(variants=6, volume=0.06), seed=3)
    ratio = np.array([f.volume for f, _ in frames]) / bases[0].frame.volume
    assert ratio[0] == 1.0
    assert ratio.min() < 0.961
    assert ratio.max() > 1.039
    assert np.all(np.abs(ratio - 1) <= 0.06)


def test_variants_of_one_decoration_are_one_run_those_of_a_lone_cell_are_several(li_n_cl_cell):
    lone, first, second = (
        Base("LiCl", li_n_cl_cell, False),
        Base("lnc", li_n_cl_cell, True),
        Base("lnc", li_n_cl_cell, True),
    )
    frames = starting_frames((lone, first, second), Start(variants=2), seed=1)
    runs = [s["run"] for _, s in frames]
    assert runs == ["start-0", "start-0-0", "start-0-1", *["start-1"] * 3, *["start-2"] * 3]
    assert [s["kind"] for _, s in frames] == ["LiCl"] * 3 + ["lnc"] * 6


def test_a_disordered_crystal_gives_neutral_decorations_of_each_composition(tmp_path):
    path = tmp_path / "lnc.cif"
    path.write_text(SOLID_SOLUTION)
    material = StartMaterial(
        "lnc",
        crystal=path,
        oxidation_states={"Li": 1, "N": -3, "Cl": -1},
        supercell=(1, 1, 2),
        compositions=("Li14 N3 Cl5", "Li12 N2 Cl6"),
        decorations=3,
    )
    bases = bases_of((material,), seed=5)
    assert len(bases) == 6
    counts = [tuple(b.frame.symbols.count(e) for e in ("Li", "N", "Cl")) for b in bases]
    assert counts == [(14, 3, 5)] * 3 + [(12, 2, 6)] * 3
    distances = {round(float(np.sort(np.linalg.norm(b.frame.positions, axis=1)).sum()), 6) for b in bases[:3]}
    assert len(distances) > 1


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({}, "either structure or crystal"),
        ({"structure": "LiCl", "decorations": 0}, "decorations must be at least 1"),
    ],
)
def test_materials_that_cannot_be_meant_are_refused(wrong, text):
    with pytest.raises(InputError, match=text):
        StartMaterial("x", **wrong)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"variants": 0}, "variants must be at least 1"),
        ({"volume": 0.5}, "small strains"),
        ({"rattle": (0.2, 0.1)}, "smallest <= largest"),
    ],
)
def test_starts_that_cannot_be_meant_are_refused(wrong, text):
    with pytest.raises(InputError, match=text):
        Start(**wrong)


def test_an_unknown_structure_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="beta-Li3N"):
        bases_of((StartMaterial("x", structure="beta-Li3"),), seed=1)

"""Equivalent atoms, surroundings, vacancies and holes."""

from itertools import product

import numpy as np
import pytest
from ase.build import bulk
from ase.spacegroup import crystal as ase_crystal

from electrolith.core.errors import InputError
from electrolith.crystal.decorate import supercell_sites
from electrolith.crystal.frame import Frame
from electrolith.crystal.site import EMPTY, distinct_atoms, repeat, surroundings, without_atom
from electrolith.crystal.voids import find_voids

FCC = 5.0 * np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
OTHER_BASIS = np.array([[1, 0, 0], [2, 1, 0], [-1, 1, 1]]) @ FCC  # the same lattice, skewed


def beta_li3n():
    """P6_3/mmc: N on 2c, Li on 2b and 4f (A. Huq et al., J. Solid State Chem. 180, 1528 (2007))."""
    atoms = ase_crystal(
        ["N", "Li", "Li"],
        [(1 / 3, 2 / 3, 1 / 4), (0, 0, 1 / 4), (1 / 3, 2 / 3, 0.583)],
        spacegroup=194,
        cellpar=[3.552, 3.552, 6.311, 90, 90, 120],
    )
    return Frame.from_ase(atoms)


def test_lithium_of_beta_li3n_has_two_sites():
    found = distinct_atoms(beta_li3n(), "Li")
    assert sorted((a.wyckoff, a.copies) for a in found) == [("2b", 2), ("4f", 4)]
    large = distinct_atoms(repeat(beta_li3n(), (2, 2, 1)), "Li")
    assert sorted((a.wyckoff, a.copies) for a in large) == [("2b", 8), ("4f", 16)]


def test_equivalent_atoms_do_not_depend_on_order_rotation_or_basis(rng):
    frame = repeat(beta_li3n(), (2, 1, 1))
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    order = rng.permutation(len(frame))
    basis = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]]) @ frame.cell
    other = Frame((frame.positions[order] + frame.cell[1]) @ turn, basis @ turn, frame.numbers[order])
    assert sorted(a.copies for a in distinct_atoms(other, "Li")) == [4, 8]


def test_a_rattled_frame_has_as_many_sites_as_atoms(rng):
    frame = beta_li3n()
    rattled = Frame(frame.positions + rng.normal(0, 0.1, (8, 3)), frame.cell, frame.numbers)
    assert [a.copies for a in distinct_atoms(rattled, "Li")] == [1] * 6


def test_a_vacancy_leaves_all_other_atoms_as_they_were():
    frame = beta_li3n()
    left = without_atom(frame, 3)
    assert np.array_equal(left.positions, np.delete(frame.positions, 3, axis=0))
    assert len(left) == 7
    with pytest.raises(InputError, match="no atom 8; the frame has atoms 0 to 7"):
        without_atom(frame, 8)
    with pytest.raises(InputError, match="frame: no 'Br'; known: Li, N"):
        distinct_atoms(frame, "Br")


def test_surroundings_of_tetrahedral_sites_count_what_is_there(example):
    sites = supercell_sites(example, (2, 2, 2))
    rng = np.random.default_rng(3)
    anions, holes = sites.positions[sites.orbit == 1], sites.positions[sites.orbit == 0]
    labels = rng.choice(["N", "Cl", EMPTY], len(anions))
    found = surroundings(holes, anions, labels.tolist(), sites.cell)
    for hole, text in zip(holes, found, strict=True):
        gap = (anions - hole) @ np.linalg.inv(sites.cell)
        distance = np.linalg.norm((gap - np.round(gap)) @ sites.cell, axis=1)
        near = [labels[i] for i in np.argsort(distance)[:4]]
        assert distance[np.argsort(distance)[3]] == pytest.approx(5.3506 * np.sqrt(3) / 4)
        for name in ("N", "Cl", EMPTY):
            number = near.count(name)
            assert (f"{name}{number}" if number > 1 else name) in text if number else name not in text


def test_surroundings_in_a_skewed_small_cell_see_the_images_of_one_anion():
    assert surroundings(np.array([[1.25, 1.25, 1.25]]), np.zeros((1, 3)), ["N"], OTHER_BASIS) == ("N4",)
    centre = np.array([[2.5, 2.5, 2.5]]) + OTHER_BASIS[1]
    assert surroundings(centre, np.zeros((1, 3)), ["Cl"], OTHER_BASIS, number=6) == ("Cl6",)
    assert surroundings(np.zeros((1, 3)), np.zeros((1, 3)), ["Cl"], OTHER_BASIS, within=3.0) == (EMPTY + "4",)


@pytest.mark.parametrize("cell", [FCC, OTHER_BASIS], ids=["primitive", "skewed"])
def test_a_close_packed_framework_has_two_tetrahedral_and_one_octahedral_hole(cell):
    voids = find_voids(np.array([[0.3, -0.2, 0.7]]), cell)
    assert voids.coordination.tolist() == [4, 4, 6]
    assert voids.radius == pytest.approx([5 * np.sqrt(3) / 4] * 2 + [2.5], abs=1e-4)


def test_holes_of_the_example_are_its_lithium_sites_and_the_octahedra(example):
    sites = supercell_sites(example, (2, 1, 1))
    voids = find_voids(sites.positions[sites.orbit == 1], sites.cell)
    tetrahedra = voids.positions[voids.coordination == 4]
    assert len(tetrahedra) == 16
    assert np.count_nonzero(voids.coordination == 6) == 8
    for hole in tetrahedra:
        gap = (sites.positions[sites.orbit == 0] - hole) @ np.linalg.inv(sites.cell)
        assert np.linalg.norm((gap - np.round(gap)) @ sites.cell, axis=1).min() < 1e-4


def test_no_point_is_nearer_to_a_hole_than_its_radius(rng):
    cell = np.array([[6.0, 0, 0], [2.0, 5.5, 0], [-1.0, 1.5, 7.0]])
    points = rng.random((9, 3)) @ cell
    voids = find_voids(points, cell, tolerance=0.02)
    shifts = np.array(list(product(range(-2, 3), repeat=3))) @ cell
    for hole, radius, number in zip(voids.positions, voids.radius, voids.coordination, strict=True):
        distance = np.linalg.norm((points[:, None] + shifts - hole).reshape(-1, 3), axis=1)
        assert distance.min() == pytest.approx(radius, abs=1e-9)
        assert np.count_nonzero(distance < radius + 0.02) == number >= 4
    best = max(
        np.linalg.norm((points[:, None] + shifts - p).reshape(-1, 3), axis=1).min()
        for p in rng.random((4000, 3)) @ cell
    )
    assert voids.radius.max() >= best


def test_a_framework_without_points_has_no_holes():
    with pytest.raises(InputError, match="the framework has no points"):
        find_voids(np.zeros((0, 3)), FCC)


def test_repeating_a_frame_keeps_its_density():
    frame = Frame.from_ase(bulk("LiCl", "rocksalt", a=5.14))
    large = repeat(frame, (2, 3, 1))
    assert len(large) == 12
    assert large.density == pytest.approx(frame.density, rel=1e-12)
    with pytest.raises(InputError, match="three positive whole numbers"):
        repeat(frame, (0, 1, 1))

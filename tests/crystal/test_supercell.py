"""Supercells: the same crystal in a larger cell, and the roundest of its size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.crystal.library import shipped_crystal
from electrolith.crystal.site import repeat
from electrolith.crystal.supercell import primitive, roundest, supercell

SKEWED = Frame(
    np.array([[0.3, 0.2, 0.1], [1.9, 2.1, 1.2], [-0.8, 1.0, 2.9]]),
    np.array([[4.1, 0.3, -0.2], [1.4, 3.9, 0.4], [-0.9, 1.1, 4.3]]),
    np.array([3, 17, 7]),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-1, 2), min_size=9, max_size=9))
def test_each_atom_sees_the_same_crystal_in_any_supercell(numbers):
    matrix = np.array(numbers).reshape(3, 3)
    count = round(abs(np.linalg.det(matrix)))
    if not 1 <= count <= 6:
        return
    large = supercell(SKEWED, matrix)
    assert len(large) == 3 * count
    assert large.volume == pytest.approx(count * SKEWED.volume)
    assert np.linalg.det(large.cell) > 0
    np.testing.assert_array_equal(large.numbers, np.tile(SKEWED.numbers, count))
    moved = large.positions.reshape(count, 3, 3) - SKEWED.positions
    shifts = moved @ np.linalg.inv(SKEWED.cell)
    np.testing.assert_allclose(
        shifts - np.round(shifts[:, :1]), 0, atol=1e-9
    )  # lattice vectors, one per copy
    within = moved[:, 0] @ np.linalg.inv(large.cell)
    apart = within[:, None] - within[None, :]
    apart = np.abs(apart - np.round(apart)).max(axis=2)
    assert np.all(apart[~np.eye(count, dtype=bool)] > 1e-6)  # and no copy twice in the large lattice


def test_a_diagonal_supercell_is_the_repeated_cell():
    ours, theirs = supercell(SKEWED, np.diag([2, 1, 3])), repeat(SKEWED, (2, 1, 3))
    np.testing.assert_allclose(ours.cell, theirs.cell)
    np.testing.assert_allclose(ours.positions, theirs.positions)


@pytest.mark.parametrize(("count", "shape"), [(4, 5.12954), (8, 7.2543), (16, 8.8846), (32, 10.25908)])
def test_cells_of_rock_salt_are_the_cube_the_rhombohedron_and_the_body_centred_cell(count, shape):
    small = primitive(shipped_crystal("LiCl").to_frame())
    lengths = np.linalg.norm(roundest(small.cell, count) @ small.cell, axis=1)
    np.testing.assert_allclose(lengths, shape, rtol=1e-4)  # a, √2 a, √3 a, 2 a


def test_the_roundest_cell_keeps_images_further_apart_than_any_diagonal_one():
    small = shipped_crystal("beta-Li3N").to_frame()
    matrix = roundest(small.cell, 3)
    assert round(np.linalg.det(matrix)) == 3
    assert np.linalg.norm(matrix @ small.cell, axis=1).min() == pytest.approx(np.sqrt(3) * 3.552)
    assert np.linalg.norm(np.diag([3, 1, 1]) @ small.cell, axis=1).min() < 3.6


@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.diag([1, 1, 1.5]), np.eye(2)])
def test_what_is_no_supercell_is_refused(matrix):
    with pytest.raises(InputError, match="three independent rows of whole numbers"):
        supercell(SKEWED, matrix)


def test_no_cell_at_all_is_refused():
    with pytest.raises(InputError, match="at least 1 cell, got 0"):
        roundest(SKEWED.cell, 0)

"""The Ewald pair matrix against known lattice sums, pymatgen, and its own symmetries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrolith.core.constants import COULOMB
from electrolith.core.errors import InputError
from electrolith.crystal import ewald
from electrolith.crystal.ewald import energies, pair_matrix

FCC = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
HEXAGONAL = np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, np.sqrt(8 / 3)]])
IN_CUBE = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
QUARTERS = np.array([[0, 0, 0], [0.25, 0.25, 0.25], [0.75, 0.75, 0.75]])
CLOSE = np.array([[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0.5], [1 / 3, 2 / 3, 0.375], [2 / 3, 1 / 3, 0.875]])
SKEWED = np.array([[5.0, 0.3, 0], [-2.1, 6.2, 0.4], [1.3, -3.0, 7.1]])

# Madelung constants: J. M. Borwein et al., Lattice Sums Then and Now (2013), and Y. Sakamoto (1958) for
# wurtzite; energies per formula unit in e²/(4πε₀ d), d the shortest distance. Fluorite is
# 4 M(zincblende) - √3/2 M(NaCl) by superposition.
MADELUNG = [
    ("sodium chloride", FCC, IN_CUBE, [1, -1], 1, 0.5, 1.747564594633182),
    ("caesium chloride", np.eye(3), IN_CUBE, [1, -1], 1, np.sqrt(0.75), 1.762674773070988),
    ("zincblende", FCC, QUARTERS[:2], [1, -1], 1, np.sqrt(3) / 4, 1.638055053388789),
    ("fluorite", FCC, QUARTERS, [2, -1, -1], 1, np.sqrt(3) / 4, 5.038784879848571),
    ("wurtzite", HEXAGONAL, CLOSE, [1, 1, -1, -1], 2, np.sqrt(8 / 3) * 0.375, 1.641321627371),
]


@pytest.mark.parametrize(
    ("cell", "points", "charges", "units", "shortest", "constant"),
    [case[1:] for case in MADELUNG],
    ids=[case[0] for case in MADELUNG],
)
@pytest.mark.parametrize("scale", [1.0, 5.3506])
def test_madelung_constant(cell, points, charges, units, shortest, constant, scale):
    matrix = pair_matrix(points @ cell * scale, cell * scale)
    ours = -energies(matrix, np.array(charges)) * shortest * scale / COULOMB / units
    assert ours == pytest.approx(constant, rel=1e-9)


def test_one_charge_in_a_cube_has_the_energy_of_the_simple_cubic_wigner_lattice():
    # E = -2.837297479 e²/(8πε₀ L): the uniform background, average potential zero, no surface term.
    energy = energies(pair_matrix(np.zeros((1, 3)), 4.0 * np.eye(3)), np.array([1.0]))
    assert energy == pytest.approx(-2.837297479480620 / 2 * COULOMB / 4.0, rel=1e-9)


def random_cell(seed: int):
    """A skewed cell with ions that do not overlap."""
    rng = np.random.default_rng(seed)
    cell = SKEWED + rng.uniform(-0.4, 0.4, (3, 3))
    grid = np.stack(np.meshgrid([0.1, 0.6], [0.2, 0.7], [0.05, 0.45, 0.8], indexing="ij"), axis=-1).reshape(
        -1, 3
    )
    return cell, grid + rng.uniform(-0.08, 0.08, grid.shape), rng


@pytest.mark.parametrize("net", ["neutral", "charged"])
@pytest.mark.parametrize("seed", range(6))
def test_energy_equals_pymatgens_sum_on_skewed_cells_with_mixed_charges(seed, net):
    from pymatgen.analysis.ewald import EwaldSummation
    from pymatgen.core import Lattice, Structure

    cell, fractional, rng = random_cell(seed)
    charges = rng.choice([1.0, 2.0, -1.0, -3.0, 0.5], len(fractional))
    charges[0] += {"neutral": -charges.sum(), "charged": 3.0 - charges.sum()}[net]
    structure = Structure(Lattice(cell), ["H"] * len(charges), fractional)
    structure.add_oxidation_state_by_site(charges.tolist())
    theirs = EwaldSummation(structure).total_energy
    ours = energies(pair_matrix(fractional @ cell, cell), charges)
    assert ours == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("cutoff", [7.0, 10.0, 16.0])
def test_energy_of_a_charged_cell_does_not_depend_on_how_the_sum_is_split(cutoff, monkeypatch):
    cell, fractional, rng = random_cell(3)
    charges = rng.choice([1.0, -3.0, 2.0], len(fractional))
    reference = energies(pair_matrix(fractional @ cell, cell), charges)
    monkeypatch.setattr(ewald, "_cutoff", lambda volume: cutoff)
    assert energies(pair_matrix(fractional @ cell, cell), charges) == pytest.approx(reference, rel=1e-11)


def test_the_referee_of_the_split_notices_a_forgotten_background(monkeypatch):
    cell, fractional, _ = random_cell(3)
    volume = abs(np.linalg.det(cell))

    def without_background(cutoff):
        return pair_matrix(fractional @ cell, cell) + COULOMB * np.pi / (volume * (ewald.DECAY / cutoff) ** 2)

    charged = np.ones(len(fractional))
    found = []
    for cutoff in (7.0, 10.0):
        monkeypatch.setattr(ewald, "_cutoff", lambda volume, cutoff=cutoff: cutoff)
        found.append(float(energies(without_background(cutoff), charged)))
    assert found[0] != pytest.approx(found[1], rel=1e-3)


def test_another_basis_of_the_same_lattice_gives_the_same_matrix():
    cell, fractional, _ = random_cell(1)
    other = np.array([[1, 2, 0], [0, 1, 0], [1, -1, 1]]) @ cell
    assert np.allclose(
        pair_matrix(fractional @ cell, other), pair_matrix(fractional @ cell, cell), atol=1e-10
    )


def test_rotation_relabelling_and_translation_by_lattice_vectors_change_nothing():
    cell, fractional, rng = random_cell(2)
    positions = fractional @ cell
    matrix = pair_matrix(positions, cell)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    assert np.allclose(pair_matrix(positions @ turn, cell @ turn), matrix, atol=1e-10)
    order = rng.permutation(len(positions))
    assert np.allclose(pair_matrix(positions[order], cell), matrix[np.ix_(order, order)], atol=1e-10)
    moved = positions + rng.integers(-3, 4, (len(positions), 3)) @ cell + np.array([0.3, -2.0, 5.0])
    assert np.allclose(pair_matrix(moved, cell), matrix, atol=1e-10)


@given(st.lists(st.integers(1, 2), min_size=3, max_size=3))
@settings(max_examples=8)
def test_a_supercell_has_the_energy_of_its_cells(repeats):
    cell, fractional, rng = random_cell(4)
    charges = rng.choice([1.0, -2.0], len(fractional))
    one = energies(pair_matrix(fractional @ cell, cell), charges)
    shifts = np.stack(np.meshgrid(*(np.arange(n) for n in repeats), indexing="ij"), axis=-1).reshape(-1, 3)
    positions = ((shifts[:, None] + fractional) @ cell).reshape(-1, 3)
    whole = energies(pair_matrix(positions, np.diag(repeats) @ cell), np.tile(charges, len(shifts)))
    assert whole == pytest.approx(one * len(shifts), rel=1e-10)


def test_batched_energies_equal_the_quadratic_form_one_by_one(rng):
    cell, fractional, _ = random_cell(5)
    matrix = pair_matrix(fractional @ cell, cell)
    charges = rng.integers(-3, 3, (5, 7, len(fractional))).astype(float)
    by_hand = [[q @ matrix @ q / 2 for q in block] for block in charges]
    assert np.allclose(energies(matrix, charges), by_hand, rtol=1e-12)
    assert energies(matrix, charges).shape == (5, 7)


def test_a_lattice_larger_than_one_block_is_summed_whole(monkeypatch):
    cell, fractional, _ = random_cell(0)
    whole = pair_matrix(fractional @ cell, cell)
    monkeypatch.setattr(ewald, "BLOCK", 7)
    assert np.allclose(pair_matrix(fractional @ cell, cell), whole, atol=1e-11)


def test_two_sites_on_one_point_are_refused():
    with pytest.raises(InputError, match="sites 0 and 2 lie on one point"):
        pair_matrix(np.array([[0.0, 0, 0], [1, 1, 1], [5.0, 0.3, 0]]), SKEWED)

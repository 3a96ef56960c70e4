"""Random decorations: the composition, the sites' own species, all arrangements equally often."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.crystal.composition import given_composition
from electrolith.crystal.decorate import frame_of, random_decorations, supercell_sites


def test_every_decoration_has_the_composition_on_the_right_sites(example, rng):
    composition = given_composition(example, (2, 2, 2), "Li54N12Cl18")
    sites = supercell_sites(example, (2, 2, 2))
    decorations = random_decorations(sites, composition, 50, rng=rng)
    for code, number in enumerate([12, 54, 12, 18]):
        assert np.all((decorations == code).sum(axis=1) == number)
    assert np.all(sites.allowed[np.arange(96), decorations])
    assert np.all((sites.charges[decorations]).sum(axis=1) == 0)
    assert len(np.unique(decorations, axis=0)) == 50


def test_all_arrangements_come_equally_often(skewed, rng):
    sites = supercell_sites(skewed, (2, 1, 1))
    composition = given_composition(skewed, (2, 1, 1), "Li2K4O3")
    lithium, places = composition.fillings[0].atoms["Li"], composition.fillings[0].positions
    drawn = random_decorations(sites, composition, 8000, rng=rng)[:, sites.orbit == 0]
    counts = Counter(tuple(np.flatnonzero(row)) for row in drawn)
    possible = list(combinations(range(places), lithium))
    assert set(counts) == set(possible)
    expected = 8000 / len(possible)
    chi2 = sum((counts[p] - expected) ** 2 / expected for p in possible)
    assert chi2 < len(possible) - 1 + 4 * np.sqrt(2 * (len(possible) - 1))  # 4 σ


def test_supercell_sites_of_a_skewed_crystal_are_its_positions_repeated(skewed):
    sites = supercell_sites(skewed, (1, 3, 2))
    assert len(sites) == 6 * 6
    assert np.allclose(sites.cell, np.diag([1, 3, 2]) @ skewed.cell)
    back = np.linalg.solve(skewed.cell.T, sites.positions.T).T
    gap = back - np.tile(skewed.fractional, (6, 1))
    assert np.allclose(gap, np.round(gap), atol=1e-9)
    assert np.array_equal(sites.orbit[:6], skewed.orbit)


def test_a_frame_lists_the_atoms_by_species_and_knows_their_sites(example, rng):
    sites = supercell_sites(example, (2, 2, 2))
    composition = given_composition(example, (2, 2, 2), "Li54N12Cl18")
    decoration = random_decorations(sites, composition, 1, rng=rng)[0]
    frame, places = frame_of(sites, decoration)
    assert frame.symbols == ("Li",) * 54 + ("N",) * 12 + ("Cl",) * 18
    assert np.array_equal(frame.positions, sites.positions[places])
    assert [sites.species[decoration[p]] for p in places] == list(frame.symbols)


def test_a_supercell_of_nothing_is_refused(example):
    with pytest.raises(InputError, match=r"three positive whole numbers, got \[2, 0, 2\]"):
        supercell_sites(example, (2, 0, 2))

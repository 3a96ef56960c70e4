"""Orderings: ranked, distinct under symmetry, kept as asked, and the same again with the same seed."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from electrolith.core import archive
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.crystal.crystal import Position, build_crystal
from electrolith.crystal.ewald import energies, pair_matrix
from electrolith.crystal.order import Keep, MonteCarlo, Ordering, distinct, order_crystal
from electrolith.crystal.symmetry import permutations

QUICK = MonteCarlo(walkers=8, sweeps=20, levels=10)


@pytest.fixture(scope="module")
def orderings(example):
    return order_crystal(example, Ordering(composition="Li54N12Cl18", monte_carlo=QUICK))


def test_the_published_protocol_keeps_thirty_lowest_and_twenty_random(orderings):
    assert orderings.kinds == ("lowest",) * 30 + ("random",) * 20 + ("monte carlo",) * 5
    assert len(orderings.random_energies) == 3000
    assert orderings.composition.formula == "Li54N12Cl18"
    assert all(frame.symbols.count("Li") == 54 for frame in orderings.frames)
    assert np.allclose(orderings.energies[:30], np.sort(orderings.random_energies)[:30])
    assert np.allclose(orderings.energies[:50], orderings.random_energies[orderings.indices[:50]])
    assert not set(orderings.indices[:30]) & set(orderings.indices[30:50])
    assert orderings.operations == 192 * 8  # Fm-3m with its centring, and eight cells
    assert orderings.notes == ()


def test_annealing_goes_below_everything_that_random_sampling_met(orderings):
    assert orderings.energies[50:].max() < orderings.random_energies.min()
    assert np.all(np.diff(orderings.energies[50:]) >= 0)


def test_energies_of_kept_frames_equal_pymatgens(orderings):
    from pymatgen.analysis.ewald import EwaldSummation
    from pymatgen.core import Lattice, Structure

    charge = {"Li": 1, "N": -3, "Cl": -1}
    for index in (0, 35, 52):
        frame = orderings.frames[index]
        structure = Structure(
            Lattice(frame.cell), frame.symbols, frame.positions, coords_are_cartesian=True
        ).add_oxidation_state_by_site([charge[s] for s in frame.symbols])
        assert orderings.energies[index] == pytest.approx(EwaldSummation(structure).total_energy, rel=1e-8)


def test_kept_orderings_are_distinct_and_their_atoms_sit_where_they_say(orderings):
    sites = orderings.sites
    group = permutations(sites.cell, sites.fractional, sites.orbit.tolist())
    assert len(distinct(orderings.decorations, orderings.energies, group)) == 55
    for frame, places in zip(orderings.frames, orderings.site_of_atom, strict=True):
        assert np.array_equal(frame.positions, sites.positions[places])


def test_the_same_seed_gives_the_same_orderings_and_another_seed_others(example, orderings):
    again = order_crystal(example, orderings.settings)
    assert np.array_equal(again.decorations, orderings.decorations)
    other = order_crystal(example, replace(orderings.settings, seed=2))
    assert not np.array_equal(other.decorations, orderings.decorations)


def test_orderings_are_stored_and_come_back(tmp_path, orderings):
    archive.save(tmp_path / "orderings.zip", orderings)
    back = archive.load(tmp_path / "orderings.zip")
    assert np.array_equal(back.decorations, orderings.decorations)
    assert back.kinds == orderings.kinds
    assert back.frames[3].symbols == orderings.frames[3].symbols


def small_crystal(cell, fractional):
    """One species with half of its sites vacant, neutralised by nothing: charge 0.5 against a full site."""
    half = {"Li": Estimate.unknown_doubt(0.5, "1")}
    positions = [Position(np.array(f), half) for f in fractional]
    return build_crystal(positions, np.array(cell), oxidation_states={"Li": 0.0})


CUBE = small_crystal(3.0 * np.eye(3), [[0.0, 0, 0]])
TRICLINIC = small_crystal([[4.0, 0, 0], [1.1, 4.6, 0], [0.7, -1.2, 5.3]], [[0.2, 0.3, 0.1], [0.8, 0.7, 0.9]])


@pytest.mark.parametrize(
    ("crystal", "repeats"), [(CUBE, (2, 2, 2)), (TRICLINIC, (2, 2, 1))], ids=["cube", "triclinic"]
)
def test_number_of_distinct_decorations_is_burnsides(crystal, repeats):
    shifts = np.array(list(product(*(range(n) for n in repeats))))
    fractional = ((shifts[:, None] + crystal.fractional) / np.array(repeats)).reshape(-1, 3)
    cell = np.diag(repeats) @ crystal.cell
    group = permutations(cell, fractional, [0] * len(fractional))
    every = np.array(list(product([0, 1], repeat=len(fractional))), dtype=np.uint8)
    matrix = pair_matrix(fractional @ cell, cell)
    energy = energies(matrix, every.astype(float))
    codes = {row.tobytes() for row in every}
    assert len(codes) == 2 ** len(fractional)
    cycles = [sum(1 for _ in cycles_of(p)) for p in np.unique(group, axis=0)]
    burnside = np.mean([2**c for c in cycles])
    assert len(distinct(every, energy, group)) == burnside
    images = every[5][group]
    assert np.ptp(energies(matrix, images.astype(float))) < 1e-9


def cycles_of(permutation):
    """The cycles of a permutation, found by following each index home."""
    left = set(range(len(permutation)))
    while left:
        start = here = min(left)
        cycle = []
        while here in left:
            left.remove(here)
            cycle.append(here)
            here = int(permutation[here])
        yield start, cycle


def test_permutations_form_a_group_that_keeps_distances_in_a_skewed_cell():
    crystal = TRICLINIC
    group = permutations(crystal.cell, crystal.fractional, [0, 0])
    assert {tuple(row) for row in group} == {(0, 1), (1, 0)}
    matrix = pair_matrix(crystal.fractional @ crystal.cell, crystal.cell)
    for row in group:
        assert np.allclose(matrix[np.ix_(row, row)], matrix, atol=1e-10)


def test_labels_restrict_the_symmetry():
    crystal = TRICLINIC
    assert permutations(crystal.cell, crystal.fractional, ["a", "b"]).tolist() == [[0, 1]]


def test_symmetry_copies_are_removed_from_a_small_cell(example):
    found = order_crystal(
        example,
        Ordering(supercell=(1, 1, 1), composition="Li6NCl3", decorations=400, keep=Keep(400, 5, 0)),
    )
    assert found.duplicates == 400 - len(found.frames)
    assert found.duplicates > 300
    assert "only 0 distinct ones were found" in found.notes[1]


def test_a_crystal_without_disorder_gives_one_frame(example):
    full = Estimate.exact(1.0, "1")
    crystal = build_crystal(
        [Position(np.zeros(3), {"Li": full}), Position(np.full(3, 0.5), {"Cl": full})],
        2.6 * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]),
        oxidation_states={"Li": 1.0, "Cl": -1.0},
    )
    found = order_crystal(crystal, Ordering(supercell=(2, 2, 2)))
    assert found.kinds == ("lowest",)
    assert found.composition.formula == "Li8Cl8"
    assert found.notes == ("the crystal has no disorder: one ordering",)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Ordering(supercell=(2, 0, 2)), r"three positive whole numbers, got \[2, 0, 2\]"),
        (lambda: Ordering(decorations=0), "decorations must be at least 1, got 0"),
        (lambda: Keep(lowest=-1), "counts must not be negative"),
        (lambda: Keep(0, 0, 0), "nothing is kept"),
        (lambda: MonteCarlo(walkers=0), "must be at least 1"),
        (
            lambda: MonteCarlo(hottest=0.01, coldest=0.1),
            r"expected 0 < coldest ≤ hottest, got 0\.1 and 0\.01",
        ),
    ],
)
def test_impossible_settings_are_refused(make, complaint):
    with pytest.raises(InputError, match=complaint):
        make()

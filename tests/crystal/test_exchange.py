"""Exchanges on sites: costs against the difference of wholes, and atoms back on their sites."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from electrolith.crystal.decorate import VACANT, frame_of
from electrolith.crystal.ewald import energies, pair_matrix
from electrolith.crystal.exchange import Seated, exchange, exchange_costs, reseat
from electrolith.crystal.frame import Frame
from electrolith.crystal.order import Keep, Ordering, order_crystal
from electrolith.crystal.read import read_crystal

EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"


@pytest.fixture(scope="module")
def ordered():
    crystal = read_crystal(EXAMPLE, oxidation_states={"Li": 1.0, "N": -3.0, "Cl": -1.0})
    keep = Keep(lowest=1, random=1, monte_carlo=0)
    found = order_crystal(crystal, Ordering(decorations=20, keep=keep))
    return found, pair_matrix(found.sites.positions, found.sites.cell)


def seated(found, index=0):
    return Seated(found.frames[index], found.decorations[index], found.site_of_atom[index])


def test_the_cost_of_an_exchange_is_the_difference_of_wholes(ordered):
    found, matrix = ordered
    row = found.decorations[0]
    nothing = np.zeros((len(row), len(row)), dtype=bool)
    costs = exchange_costs(row, matrix, found.sites, nothing)
    pairs = np.argwhere(np.isfinite(costs))
    assert len(pairs) == 54 * 10 + 12 * 18 + 30 * 2  # Li with vacancy, N with Cl, anion with vacancy
    rng = np.random.default_rng(1)
    for i, j in pairs[rng.choice(len(pairs), 30, replace=False)]:
        after = row.copy()
        after[[i, j]] = after[[j, i]]
        wholes = energies(matrix, found.sites.charges[np.array([row, after])])
        assert costs[i, j] == pytest.approx(wholes[1] - wholes[0], abs=1e-8)


def test_an_atom_does_not_go_where_a_neighbour_excludes_it(ordered):
    found, matrix = ordered
    row = found.decorations[0]
    first, other = (int(n) for n in np.flatnonzero(row == found.sites.species.index("Li"))[:2])
    empty = int(np.flatnonzero((row == VACANT) & found.sites.allowed[:, row[first]])[0])
    exclusive = np.zeros((len(row), len(row)), dtype=bool)
    exclusive[empty, other] = exclusive[other, empty] = True
    costs = exchange_costs(row, matrix, found.sites, exclusive)
    both = np.minimum(costs, costs.T)
    assert np.isinf(both[empty, first])  # it would come beside `other`
    assert np.isfinite(both[empty, other])  # `other` itself may move there


def test_an_exchange_moves_only_its_two_atoms_and_undone_gives_the_sites_back(ordered):
    found, _ = ordered
    start = seated(found)
    strain = np.array([[1.02, 0.01, 0.0], [0.0, 0.99, 0.015], [-0.01, 0.0, 1.01]])
    rng = np.random.default_rng(2)
    positions = start.frame.positions @ strain + [0.7, -0.4, 0.2] + rng.normal(scale=0.05, size=(84, 3))
    start = replace(start, frame=Frame(positions, start.frame.cell @ strain, start.frame.numbers))
    nitrogen = int(start.places[np.flatnonzero(start.frame.numbers == 7)[0]])
    chlorine = int(start.places[np.flatnonzero(start.frame.numbers == 17)[0]])
    after = exchange(start, found.sites, nitrogen, chlorine)
    moved = np.flatnonzero(np.any(after.frame.positions != start.frame.positions, axis=1))
    assert sorted(after.places[moved].tolist()) == sorted([nitrogen, chlorine])
    assert after.frame.symbols == start.frame.symbols
    ideal = found.sites.positions[[chlorine, nitrogen]] @ strain + [0.7, -0.4, 0.2]
    gap = after.frame.positions[moved] - ideal
    gap -= np.round(gap @ np.linalg.inv(after.frame.cell)) @ after.frame.cell
    assert np.abs(gap).max() < 0.05  # where the strained and shifted crystal has those sites
    back = exchange(after, found.sites, nitrogen, chlorine)
    assert back.decoration.tolist() == start.decoration.tolist()
    assert back.places.tolist() == start.places.tolist()


def test_an_ion_that_hopped_is_booked_where_it_went(ordered):
    found, _ = ordered
    start = seated(found)
    atom = 0
    species = start.decoration[start.places[atom]]
    to = int(np.flatnonzero((start.decoration == VACANT) & found.sites.allowed[:, species])[0])
    positions = start.frame.positions + np.array([0.3, 0.1, -0.2])
    positions[atom] = found.sites.positions[to] + [0.4, 0.2, -0.1]
    after = reseat(replace(start, frame=Frame(positions, start.frame.cell, start.frame.numbers)), found.sites)
    assert after.places[atom] == to
    assert after.decoration[to] == start.decoration[start.places[atom]]
    assert after.decoration[start.places[atom]] == VACANT
    assert np.array_equal(after.places[1:], start.places[1:])


def test_two_atoms_nearest_to_one_site_leave_the_booking_as_it_was(ordered):
    found, _ = ordered
    start = seated(found)
    positions = np.array(start.frame.positions)
    positions[0] = positions[1] + 0.1
    moved = replace(start, frame=Frame(positions, start.frame.cell, start.frame.numbers))
    assert reseat(moved, found.sites) is moved


def test_frames_and_places_belong_together(ordered):
    found, _ = ordered
    frame, places = frame_of(found.sites, found.decorations[1])
    again = reseat(Seated(frame, found.decorations[1], places), found.sites)
    assert again.decoration.tolist() == found.decorations[1].tolist()

"""Split positions: never both filled, the composition kept, the rest still random."""

from collections import Counter

import numpy as np
import pytest

from electrolith.core.errors import InputError, NotConverged
from electrolith.core.estimate import Estimate
from electrolith.crystal.composition import find_composition
from electrolith.crystal.crystal import Position, build_crystal
from electrolith.crystal.decorate import random_decorations, supercell_sites
from electrolith.crystal.ewald import energies, pair_matrix
from electrolith.crystal.exclusion import exclusions, separate, walled
from electrolith.crystal.order import Keep, MonteCarlo, Ordering, order_crystal
from electrolith.crystal.read import read_crystal

# Cubic garnet; occupancies of J. Awaka et al., Chem. Lett. 40, 60 (2011), rounded. Neighbouring 96h are
# 0.8 Å apart.
GARNET = """data_garnet
_cell_length_a 12.9827
_cell_length_b 12.9827
_cell_length_c 12.9827
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_IT_number 230
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0.375   0      0.25   0.54
Li2 Li 0.0994  0.6832 0.5782 0.448
La1 La 0.125   0      0.25   1
Zr1 Zr 0       0      0      1
O1  O  -0.0318 0.0534 0.1495 1
"""


@pytest.fixture(scope="module")
def garnet(tmp_path_factory):
    path = tmp_path_factory.mktemp("garnet") / "garnet.cif"
    path.write_text(GARNET)
    return read_crystal(path)


def chain(occupancy, x=0.04):
    """Pairs of split positions in a skewed cell, kept neutral by a full anion."""
    share = {"Li": Estimate.unknown_doubt(occupancy, "1")}
    positions = [Position(np.array([s, 0.2 * s, -s]), share) for s in (x, -x)]
    positions += [Position(np.array([0.5, 0.5, 0.5]), {"Cl": Estimate.exact(1.0, "1")})]
    cell = np.array([[6.0, 0, 0], [1.5, 5.5, 0], [-0.7, 1.1, 6.5]])
    charge = {"Li": 1.0, "Cl": -2.0 * occupancy}
    return build_crystal(positions, cell, oxidation_states=charge)


def drawn(crystal, repeats, number, rng, shortest=1.0):
    sites = supercell_sites(crystal, repeats)
    exclusive = exclusions(sites, shortest=shortest)
    raw = random_decorations(sites, find_composition(crystal, repeats), number, rng=rng)
    return sites, exclusive, raw, separate(raw, sites, exclusive, rng=rng)


def conflicts(decorations, exclusive):
    filled = (decorations > 0).astype(float)
    return np.einsum("mi,ij,mj->m", filled, exclusive.astype(float), filled) / 2


def test_no_decoration_fills_two_split_positions_and_each_site_keeps_its_atoms(rng):
    sites, exclusive, raw, out = drawn(chain(0.5), (2, 2, 1), 300, rng)
    assert exclusive.sum() == 8
    assert conflicts(raw, exclusive).max() > 0
    assert conflicts(out, exclusive).max() == 0
    assert np.array_equal(np.sort(out, axis=1), np.sort(raw, axis=1))
    assert np.all(sites.allowed[np.arange(len(sites)), out])


def test_what_is_left_is_still_random(rng):
    _, _, _, out = drawn(chain(0.5), (2, 1, 1), 4000, rng)
    counts = Counter(row.tobytes() for row in out)
    assert len(counts) == 4  # either end of each of two pairs
    assert min(counts.values()) > 900


def test_decorations_without_conflicts_stay_as_they_are(rng):
    _, exclusive, raw, out = drawn(chain(0.5), (2, 1, 1), 200, rng)
    free = conflicts(raw, exclusive) == 0
    assert 10 < free.sum() < 190
    assert np.array_equal(out[free], raw[free])


def test_more_atoms_than_fit_are_refused(rng):
    with pytest.raises(NotConverged, match="puts more atoms on split positions than fit"):
        drawn(chain(0.75), (2, 1, 1), 3, rng)


def test_the_wall_changes_no_energy_of_a_separated_decoration(rng):
    sites, exclusive, raw, out = drawn(chain(0.5), (2, 2, 1), 50, rng)
    matrix = pair_matrix(sites.positions, sites.cell)
    wall = walled(matrix, sites, exclusive)
    assert np.allclose(energies(wall, sites.charges[out]), energies(matrix, sites.charges[out]), atol=1e-9)
    crossed = conflicts(raw, exclusive) > 0
    gain = energies(wall, sites.charges[raw]) - energies(matrix, sites.charges[raw])
    assert np.allclose(gain, 1000 * conflicts(raw, exclusive))
    assert crossed.any()


def test_annealing_of_a_garnet_keeps_split_positions_apart(garnet):
    settings = Ordering(
        supercell=(1, 1, 1),
        decorations=40,
        keep=Keep(3, 3, 2),
        monte_carlo=MonteCarlo(walkers=4, sweeps=5, levels=5),
    )
    found = order_crystal(garnet, settings)
    assert found.composition.formula == "Li56La24Zr16O96"
    assert found.kinds == ("lowest",) * 3 + ("random",) * 3 + ("monte carlo",) * 2
    assert found.energies[6:].max() < found.random_energies.min()
    for frame in found.frames:
        distances = frame.to_ase().get_all_distances(mic=True)
        assert distances[np.triu_indices(len(frame), 1)].min() > 1.0


def test_full_sites_on_top_of_each_other_are_refused():
    full = Estimate.exact(1.0, "1")
    positions = [Position(np.array([x, 0, 0]), {"Li": full}) for x in (0.0, 0.1)]
    crystal = build_crystal(positions, 5 * np.eye(3), oxidation_states={"Li": 0.0})
    with pytest.raises(InputError, match="both full and closer than 1 Å"):
        exclusions(supercell_sites(crystal, (1, 1, 1)), shortest=1.0)


def test_opposite_ions_on_split_positions_are_not_annealed():
    half = Estimate.unknown_doubt(0.5, "1")
    positions = [Position(np.array([0.0, 0, 0]), {"Li": half}), Position(np.array([0.1, 0, 0]), {"Cl": half})]
    crystal = build_crystal(positions, 5 * np.eye(3), oxidation_states={"Li": 1.0, "Cl": -1.0})
    sites = supercell_sites(crystal, (2, 1, 1))
    exclusive = exclusions(sites, shortest=1.0)
    with pytest.raises(InputError, match="opposite charge; annealing cannot keep them apart"):
        walled(pair_matrix(sites.positions, sites.cell), sites, exclusive)


def test_a_shortest_distance_that_no_crystal_has_is_refused():
    with pytest.raises(InputError, match="shortest must lie between 0 and 2 Å, got 3 Å"):
        Ordering(shortest=3.0)

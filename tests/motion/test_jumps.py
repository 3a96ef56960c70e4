import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError, NotConverged
from electrolith.motion.diffusivities import diffusivities
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.guards import wrapped_guard
from electrolith.motion.jumps import SiteSet, count_jumps, site_history, winding
from electrolith.motion.mechanism import Mechanism, mechanism, merge
from electrolith.motion.results import Trajectories

CELL = np.array([[6.0, 0.0, 0.0], [1.8, 6.2, 0.0], [-1.1, 0.9, 5.9]])
GRID = np.array([[i, j, k] for i in (0, 0.5) for j in (0, 0.5) for k in (0, 0.5)])
LABELS = ("N4", "N3Cl", "N3Cl", "N4", "N4", "N3Cl", "N3Cl", "N4")
SITES = SiteSet((GRID + 0.03) @ CELL, CELL, LABELS)


def at(*steps):
    """Path of one ion through half lattice vectors, beginning on site 0, Å, shape (n, 1, 3)."""
    half = np.cumsum(np.array([(0, 0, 0), *steps]), axis=0) / 2.0
    return ((half + 0.03) @ CELL)[:, None, :]


A, B, C = (1, 0, 0), (0, 1, 0), (0, 0, 1)
STAY = (0, 0, 0)


def test_sites_and_images_of_a_path_across_the_faces_of_a_skewed_cell():
    index, image = site_history(at(A, A, A, B), SITES)
    assert index[:, 0].tolist() == [0, 4, 0, 4, 6]
    assert image[:, 0].tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]


def test_jumps_back_jumps_and_lasting_jumps_are_counted_by_kind():
    back = (-1, 0, 0)
    found = count_jumps(at(A, STAY, back, A, B, STAY, STAY), SITES, interval=100.0)
    assert found.labels == ("N4", "N3Cl")
    # 0 -> 4 -> 0 -> 4 -> 6: sites 0 and 4 are N4, 6 is N3Cl
    assert found.counts.tolist() == [[3, 1], [0, 0]]
    assert found.back.tolist() == [2, 0]
    assert found.lasting.tolist() == [2, 0]  # 0 -> 4 and 4 -> 6 remain
    assert found.time == pytest.approx([0.5, 0.3])  # ion-picoseconds
    assert found.rates == pytest.approx([8.0, 0.0])
    assert found.back_fraction == pytest.approx(0.5)
    assert found.visited == pytest.approx([0.5, 0.25])


def test_coming_back_through_another_image_is_no_back_jump():
    found = count_jumps(at(A, A), SITES, interval=100.0)  # 0 -> 4 -> 0 of the next cell
    assert found.back.sum() == 0
    assert found.dimensions == found.lasting_dimensions == 1


def test_jumps_that_are_undone_lead_through_the_crystal_only_on_paper():
    back = (-1, 0, 0)
    # forth and back over both sides of site 0: together these jumps cross the cell, none of them lasts
    found = count_jumps(at(A, back, back, A), SITES, interval=100.0)
    assert found.dimensions == 1
    assert found.lasting_dimensions == 0
    assert found.lasting.sum() == 0


def test_half_way_excursions_are_no_jumps():
    path = at(STAY, STAY, STAY, STAY)
    path[2] += 0.45 * CELL[0] / 2
    path[3] += 0.62 * CELL[0] / 2  # nearer to the other site, yet outside its core
    assert count_jumps(path, SITES, interval=100.0, core=0.3).counts.sum() == 0
    assert count_jumps(path, SITES, interval=100.0, core=0.45).counts.sum() == 2


def test_mean_square_length_is_that_of_the_vectors():
    found = count_jumps(at(A, B, C), SITES, interval=100.0)
    by_hand = np.mean(np.sum((CELL / 2) ** 2, axis=1))
    assert found.length == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("edges", "dimensions"),
    [
        ([[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]], 0),
        ([[0, 1, 0, 0, 0], [1, 0, 1, 0, 0]], 1),
        ([[0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 1, 0]], 2),
        ([[0, 1, 0, 0, 0], [1, 2, 0, 0, 1], [2, 0, 0, 0, 0], [0, 0, 0, 1, 0], [1, 1, 1, 1, 1]], 3),
    ],
)
def test_network_of_jumps_percolates_in_as_many_directions_as_its_loops_wind(edges, dimensions):
    assert winding(np.array(edges), 3) == dimensions


def test_merged_runs_add_their_times_and_jumps():
    one = count_jumps(at(A, B), SITES, interval=100.0)
    two = merge([one, one])
    assert two.counts.sum() == 4
    assert two.time == pytest.approx(2 * one.time)
    assert two.rates == pytest.approx(one.rates)
    assert two.length == pytest.approx(one.length)
    assert two.visited == pytest.approx(one.visited)


@pytest.mark.parametrize("core", [0.0, 0.5, 0.8])
def test_cores_that_overlap_or_vanish_are_refused(core):
    with pytest.raises(InputError, match=r"core must lie between 0 and 0.5 site distances"):
        Mechanism(core=core)
    with pytest.raises(InputError, match=r"core must lie between 0 and 0.5"):
        site_history(at(A), SITES, core=core)


def test_sites_and_labels_must_match():
    with pytest.raises(InputError, match="8 positions and 2 labels"):
        SiteSet(GRID @ CELL, CELL, ("N4", "N4"))


def make_run(toys, rng, temperature, *, energy, back, guards=None):
    frames, ions = 600, 12
    rate = 30.0 * np.exp(-energy / (BOLTZMANN * temperature))  # per frame
    steps, last = np.zeros((frames, ions, 3)), np.zeros((ions, 3))
    directions = np.array([A, B, C, (-1, 0, 0), (0, -1, 0), (0, 0, -1)])
    for t in range(1, frames):
        new = directions[rng.integers(6, size=ions)]
        undo = rng.random(ions) < back
        step = np.where(undo[:, None], -last, new) * (rng.random(ions) < rate)[:, None]
        last = np.where(np.any(step != 0, axis=1)[:, None], step, last)
        steps[t] = step
    path = (np.cumsum(steps, axis=0) / 2 + 0.03) @ CELL + rng.normal(scale=0.1, size=steps.shape)
    return toys.run_of(path, temperature=temperature, volume=float(np.linalg.det(CELL)), guards=guards)


def test_local_and_long_range_energies_and_the_correlation_of_back_jumping_ions(toys, rng):
    back, energy = 0.4, 0.25
    runs = tuple(make_run(toys, rng, t, energy=energy, back=back) for t in (500.0, 600.0, 700.0))
    trajectories = Trajectories(runs, Dynamics(temperatures=(500.0, 600.0, 700.0)), "toy", "Li", 1.0, 3.0)
    found = mechanism(trajectories, diffusivities(trajectories), [SITES], settings=Mechanism(), rng=rng)
    assert found.local_energy.value == pytest.approx(energy, abs=4 * found.local_energy.std)
    assert found.local_energy.std < 0.02
    assert found.diffusion_energy.value == pytest.approx(energy, abs=4 * found.diffusion_energy.std)
    assert found.by_label["N4"].value == pytest.approx(energy, abs=4 * found.by_label["N4"].std)
    rates = 30.0 * np.exp(-energy / (BOLTZMANN * found.temperatures)) / 0.1  # per ps
    assert found.rates[:, 0] == pytest.approx(rates, rel=0.15)
    # a share b undoes the hop before, one in six of the rest does so by chance
    for jumps in found.jumps:
        assert jumps.back_fraction == pytest.approx(back + (1 - back) / 6, abs=0.06)
        assert jumps.dimensions == 3
    assert found.correlation == pytest.approx((1 - back) / (1 + back), rel=0.4)


def test_without_a_trusted_run_there_is_nothing_to_count(toys, rng):
    run = make_run(toys, rng, 600.0, energy=0.25, back=0.0, guards=(wrapped_guard(0.9),))
    trajectories = Trajectories((run,), Dynamics(temperatures=(600.0,)), "toy", "Li", 1.0, 3.0)
    with pytest.raises(NotConverged, match="no run passed its guards"):
        mechanism(trajectories, diffusivities(trajectories), [SITES], settings=Mechanism(), rng=rng)


HOLES = SiteSet((GRID + 0.28) @ CELL, CELL, tuple(f"octahedron {i % 2}" for i in range(8)))


def with_stops(rng, frames=400):
    """One ion that changes sites every 20 frames; every other change stops in a hole for 5 frames."""
    path, place = [], np.zeros(3)
    for step in range(frames // 20):
        direction = np.array([A, B, C][step % 3])
        stay = 15 if step % 2 else 20
        path += [(place / 2 + 0.03)] * stay
        path += [((place + 0.5) / 2 + 0.03)] * (20 - stay)
        place = place + direction
    return (np.array(path) @ CELL)[:, None, :]


def test_stops_in_holes_are_told_from_changes_without_one(toys, rng):
    path = with_stops(rng)
    runs = tuple(
        toys.run_of(np.repeat(path, 12, axis=1), temperature=t, volume=float(np.linalg.det(CELL)))
        for t in (500.0, 600.0)
    )
    trajectories = Trajectories(runs, Dynamics(temperatures=(500.0, 600.0)), "toy", "Li", 1.0, 3.0)
    found = mechanism(
        trajectories, diffusivities(trajectories), [SITES], [HOLES], settings=Mechanism(), rng=rng
    )
    # 10 of 20 stays end in a hole for 5 frames of 400; the last one is followed by no site
    assert found.holes == pytest.approx(np.full(2, 50 / 400))
    assert found.through == pytest.approx(np.full(2, 9 / 19))
    assert sum(found.hole_times.values()) == pytest.approx(50 / 400)


def test_diffusivity_of_jumps_is_that_of_the_rate_and_the_length(toys, rng):
    runs = tuple(make_run(toys, rng, t, energy=0.25, back=0.0) for t in (500.0, 600.0, 700.0))
    trajectories = Trajectories(runs, Dynamics(temperatures=(500.0, 600.0, 700.0)), "toy", "Li", 1.0, 3.0)
    found = mechanism(trajectories, diffusivities(trajectories), [SITES], settings=Mechanism(), rng=rng)
    rate = 30.0 * np.exp(-0.25 / (BOLTZMANN * found.temperatures)) / 100e-15  # 1/s
    length = np.mean(np.sum((CELL / 2) ** 2, axis=1)) * 1e-16  # cm²
    assert found.of_jumps == pytest.approx(rate * length / 6, rel=0.15)
    # without memory all of it is diffusion
    assert found.of_jumps == pytest.approx(found.diffusivities, rel=0.5)
    assert np.all(found.of_lasting < found.of_jumps)  # one jump in six is undone by chance


def test_what_a_smaller_core_would_have_counted_is_told(toys, rng):
    runs = tuple(make_run(toys, rng, t, energy=0.25, back=0.3) for t in (500.0, 600.0, 700.0))
    trajectories = Trajectories(runs, Dynamics(temperatures=(500.0, 600.0, 700.0)), "toy", "Li", 1.0, 3.0)
    settings = Mechanism(other_cores=(0.2, 0.45))
    found = mechanism(trajectories, diffusivities(trajectories), [SITES], settings=settings, rng=rng)
    small, same = found.cores
    assert same.rates == pytest.approx([j.rate for j in found.jumps])
    assert small.rates == pytest.approx(same.rates, rel=0.1)  # real hops do not depend on the core
    assert small.local_energy.value == pytest.approx(0.25, abs=4 * small.local_energy.std)

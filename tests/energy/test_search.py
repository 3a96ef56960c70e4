"""The engine-judged search on a crystal whose lowest ordering is known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.crystal.decorate import SupercellSites, frame_of
from electrolith.crystal.exchange import Seated
from electrolith.energy import search as module
from electrolith.energy.engine import Evaluation
from electrolith.energy.search import Lattice, Search, begin_walk, step_walk, walk

CELL = np.array([[8.0, 0.0, 0.0], [1.5, 7.5, 0.0], [-1.0, 0.8, 8.5]])
GRID = np.array([[i, j, k] for i in range(2) for j in range(2) for k in range(2)]) / 2
SITES = SupercellSites(
    cell=CELL,
    positions=GRID @ CELL,
    orbit=np.zeros(8, dtype=np.int64),
    species=("", "Li+", "Na+"),
    allowed=np.ones((8, 3), dtype=bool),
    charges=np.array([0.0, 1.0, 1.0]),
)
LITHIUM = np.array([0.0, -0.2, -0.1, 0.3, -0.5, 0.1, 0.0, 0.2])  # eV, by site
SODIUM = np.array([0.1, -0.6, 0.2, 0.0, -0.4, 0.3, 0.1, 0.0])
BEST = min(
    LITHIUM[i] + LITHIUM[j] + SODIUM[k]
    for i in range(8)
    for j in range(i)
    for k in range(8)
    if k not in (i, j)
)
NOTHING = np.zeros((8, 8), dtype=bool)
LATTICE = Lattice(SITES, np.zeros((8, 8)), NOTHING, 1.0)


class Wells:
    """Each atom is held by a spring to the nearest site, whose depth depends on what the atom is."""

    name = "wells"

    def evaluate(self, frame):
        gap = frame.positions[:, None, :] - GRID @ frame.cell
        gap = gap @ np.linalg.inv(frame.cell)
        gap = (gap - np.round(gap)) @ frame.cell
        nearest = np.linalg.norm(gap, axis=-1).argmin(axis=1)
        off = gap[np.arange(len(frame)), nearest]
        depth = np.where(frame.numbers == 3, LITHIUM[nearest], SODIUM[nearest])
        return Evaluation(float(depth.sum() + np.sum(off**2)), -2 * off, None)


def start(decoration=(1, 0, 0, 2, 0, 1, 0, 0)):
    row = np.array(decoration, dtype=np.uint8)
    frame, places = frame_of(SITES, row)
    return Seated(frame, row, places)


SETTINGS = Search(trials=300, patience=80, heat=1500.0, cell=False)


def test_the_walk_finds_the_lowest_ordering_and_says_why_it_ended(tmp_path):
    course = walk(start(), LATTICE, Wells(), SETTINGS, 0, tmp_path / "walk")
    assert course.lowest[-1] == pytest.approx(BEST, abs=1e-3)
    assert course.ended == "the lowest energy did not fall any more"
    assert course.idle == SETTINGS.patience
    assert np.all(np.diff(course.lowest) <= 0)
    assert course.seen_energies.min() == pytest.approx(BEST, abs=1e-3)
    for one, energy in zip(course.seen, course.seen_energies, strict=True):
        assert sorted(one.decoration.tolist()) == [0, 0, 0, 0, 0, 1, 1, 2]
        by_hand = LITHIUM[one.decoration == 1].sum() + SODIUM[one.decoration == 2].sum()
        assert energy == pytest.approx(by_hand, abs=1e-3)


def test_states_are_visited_as_boltzmann_says():
    """Two ions on two sites, no electrostatics: the ratio of visits is that of the factors."""
    allowed = np.zeros((8, 3), dtype=bool)
    allowed[[1, 4], 1] = allowed[[1, 4], 0] = True
    lattice = replace(LATTICE, sites=replace(SITES, allowed=allowed))
    settings = replace(SETTINGS, trials=100_000, patience=100_000, heat=3000.0)
    course = begin_walk(start((0, 1, 0, 0, 0, 0, 0, 0)), lattice, Wells(), settings)
    here = []
    for n in range(1500):
        course = step_walk(course, lattice, Wells(), settings, rng=np.random.default_rng([7, n]))
        here.append(course.here.decoration[4] == 1)
        course = replace(course, ended="", tried=course.tried[:0])
    ratio = np.exp((LITHIUM[1] - LITHIUM[4]) / (8.617333e-5 * 3000.0))
    assert np.mean(here) == pytest.approx(ratio / (1 + ratio), abs=0.04)


def test_used_up_trials_and_an_exhausted_neighbourhood_are_told_apart(tmp_path):
    few = replace(SETTINGS, trials=3)
    assert walk(start(), LATTICE, Wells(), few, 0, tmp_path / "a").ended == "the trials were used up"
    allowed = np.zeros((8, 3), dtype=bool)
    allowed[[1, 4], 1] = allowed[[1, 4], 0] = True
    lattice = replace(LATTICE, sites=replace(SITES, allowed=allowed))
    cold = replace(SETTINGS, heat=1.0)
    course = walk(start((0, 0, 0, 0, 1, 0, 0, 0)), lattice, Wells(), cold, 0, tmp_path / "b")
    assert course.ended == "every exchange from here was tried"


def _walk(folder):
    walk(start(), LATTICE, Wells(), SETTINGS, 2, folder / "walk")


def test_a_killed_walk_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    whole = walk(start(), LATTICE, Wells(), SETTINGS, 2, tmp_path / "whole")
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    calls = 0
    step = module.step_walk

    def dies(*arguments, **named):
        nonlocal calls
        calls += 1
        if calls == 12:
            raise KeyboardInterrupt
        return step(*arguments, **named)

    monkeypatch.setattr(module, "step_walk", dies)
    with pytest.raises(KeyboardInterrupt):
        _walk(tmp_path)
    again = walk(start(), LATTICE, Wells(), SETTINGS, 2, tmp_path / "walk")
    assert np.array_equal(again.lowest, whole.lowest)
    assert np.array_equal(again.seen_energies, whole.seen_energies)
    assert all(
        np.array_equal(a.frame.positions, b.frame.positions)
        for a, b in zip(again.seen, whole.seen, strict=True)
    )
    assert calls < 12 + len(whole.lowest)  # it did not begin again


def test_another_start_does_not_take_the_stored_walk(tmp_path):
    path = tmp_path / "walk"
    first = walk(start(), LATTICE, Wells(), replace(SETTINGS, trials=2), 0, path)
    other = walk(start((0, 1, 2, 1, 0, 0, 0, 0)), LATTICE, Wells(), replace(SETTINGS, trials=2), 0, path)
    assert first.lowest[0] != other.lowest[0]


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"walkers": -1}, "walkers: must not be negative"),
        ({"trials": 0}, "trials: must be at least 1"),
        ({"heat": 0.0}, "heat: must be above 0"),
        ({"temperature": -1.0}, "temperature: must be above 0"),
    ],
)
def test_settings_that_search_nothing_are_refused(setting, text):
    with pytest.raises(InputError, match=text):
        Search(**setting)

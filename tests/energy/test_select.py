import itertools

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.energy.distil.select import d_optimal


def log_det(known, designs, chosen):
    total = known + sum(designs[i].T @ designs[i] for i in chosen)
    return np.linalg.slogdet(total)[1]


def test_each_choice_is_the_one_that_raises_the_determinant_most():
    rng = np.random.default_rng(8)
    known = np.diag(rng.uniform(0.1, 3, 6)) + 0.05
    designs = [rng.normal(0, rng.uniform(0.1, 2), (4, 6)) for _ in range(7)]
    chosen = d_optimal(designs, known, 4)
    taken: list[int] = []
    for number in chosen:
        rest = [i for i in range(7) if i not in taken]
        best = max(rest, key=lambda i: log_det(known, designs, [*taken, i]))
        assert number == best
        taken.append(number)


def test_two_greedy_choices_reach_nearly_what_the_best_pair_does():
    rng = np.random.default_rng(4)
    known = 0.5 * np.eye(5)
    designs = [rng.normal(size=(2, 5)) for _ in range(8)]
    best = max(log_det(known, designs, pair) for pair in itertools.combinations(range(8), 2))
    start = np.linalg.slogdet(known)[1]
    assert log_det(known, designs, d_optimal(designs, known, 2)) - start > (1 - 1 / np.e) * (best - start)


def test_a_twin_of_a_chosen_frame_is_passed_over_for_one_that_says_something_else():
    strong, weak = 10 * np.eye(4)[:2], np.eye(4)[2:]
    assert d_optimal([strong, strong, weak], np.eye(4), 2) == (0, 2)


def test_what_is_known_already_is_not_asked_again():
    known = np.diag([1e6, 1.0])
    assert d_optimal([np.array([[5.0, 0]]), np.array([[0, 0.5]])], known, 1) == (1,)


def test_no_more_frames_are_chosen_than_there_are():
    assert d_optimal([np.eye(2)], np.eye(2), 5) == (0,)
    assert d_optimal([], np.eye(2), 5) == ()


def test_a_matrix_that_is_no_information_is_refused():
    with pytest.raises(InputError, match="not positive definite"):
        d_optimal([np.eye(2)], -np.eye(2), 1)

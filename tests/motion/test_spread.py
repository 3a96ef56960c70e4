"""Lines of several orderings: what they differ by beyond their own errors."""

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.motion.spread import SharedSpread, lines_apart

TEMPERATURES = np.array([500.0, 600.0, 700.0, 800.0])
X = -1 / (BOLTZMANN * TEMPERATURES)


def units(rng, *, number, level, tilt, error):
    made = {}
    for u in range(number):
        a, b = level * rng.standard_normal(), tilt * rng.standard_normal()
        y = 3.0 + 0.3 * X + a + b * (X - X.mean()) + error * rng.standard_normal(4)
        made[u] = [(t, v, error**2) for t, v in zip(TEMPERATURES, y, strict=True)]
    return made


def test_level_and_tilt_of_many_lines_are_found_beyond_their_errors():
    found = lines_apart(units(np.random.default_rng(1), number=400, level=0.5, tilt=0.08, error=0.1))
    assert found.level == pytest.approx(0.25, rel=0.2)
    assert found.tilt == pytest.approx(0.08**2, rel=0.25)
    assert found.freedom == 399


def test_equal_lines_differ_by_nothing_on_average():
    rng = np.random.default_rng(2)
    found = [lines_apart(units(rng, number=3, level=0.0, tilt=0.0, error=0.2)).level for _ in range(200)]
    assert np.median(found) < 0.2**2 / 4
    assert min(found) == 0.0


def test_covariance_is_that_of_a_random_line():
    spread = SharedSpread(0.09, 0.01, float(X.mean()), 3)
    rng = np.random.default_rng(3)
    lines = 0.3 * rng.standard_normal((200_000, 1)) + 0.1 * rng.standard_normal((200_000, 1)) * (X - X.mean())
    assert spread.covariance(TEMPERATURES) == pytest.approx(np.cov(lines.T), abs=0.01)
    assert spread.at(300.0) > spread.at(600.0)


def test_one_unit_and_no_common_temperature_tell_nothing():
    assert lines_apart({0: [(500.0, 1.0, 0.1)]}).freedom == 0
    assert lines_apart({0: [(500.0, 1.0, 0.1)], 1: [(600.0, 1.0, 0.1)]}) == SharedSpread(0, 0, 0, 0)

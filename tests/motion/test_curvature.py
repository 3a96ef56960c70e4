"""Straight or curved: synthetic lines whose law is known."""

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.motion.conductivity import conductivity
from electrolith.motion.curvature import compare_shapes
from electrolith.motion.diffusivities import AtTemperature, Diffusivities

TEMPERATURES = np.array([450.0, 500.0, 560.0, 630.0, 720.0, 850.0])


def line(t):
    return 12.0 - 0.35 / (BOLTZMANN * t)


def vtf(t):
    return 8.0 - 0.07 / (BOLTZMANN * (t - 260.0))


def regimes(t):
    return np.where(t > 600.0, line(t), line(600.0) - 0.7 / BOLTZMANN * (1 / t - 1 / 600.0))


def of(logarithm, error=0.05):
    d = np.exp(logarithm)
    points = tuple(
        AtTemperature(t, v, error, 0.0, v, 0.1, 1e3, 2) for t, v in zip(TEMPERATURES, d, strict=True)
    )
    return Diffusivities(points, (), {}, (), {}, 0.5, 0.0, 1.0, 0.04, 1.0)


def compared(law, error, rng):
    noisy = law(TEMPERATURES) + error * rng.standard_normal(TEMPERATURES.size)
    return compare_shapes(TEMPERATURES, noisy, error**2 * np.eye(TEMPERATURES.size), target=300.0)


def test_each_law_is_recognised_where_the_data_can_tell_it():
    rng = np.random.default_rng(2)
    straight = [compared(line, 0.1, rng).straight for _ in range(60)]
    assert np.mean(straight) > 0.75  # the price of a parameter is what a curve needs to win by chance
    assert compared(vtf, 0.02, rng).best.name == "VTF"
    broken = compared(regimes, 0.01, rng)
    assert broken.best.name == "two regimes"
    assert broken.best.energy == pytest.approx(0.7, abs=0.05)


def test_the_line_at_the_target_is_that_of_the_law():
    shapes = compared(vtf, 1e-4, np.random.default_rng(1))
    assert shapes.best.knee == pytest.approx(260.0, abs=10)
    assert shapes.every[0].at_target > shapes.best.at_target  # the straight line promises too much


def test_a_curve_widens_the_extrapolation_and_says_so():
    sure = conductivity(of(line(TEMPERATURES)), rng=np.random.default_rng(1))
    bent = conductivity(of(regimes(TEMPERATURES)), rng=np.random.default_rng(1))
    assert sure.shapes.straight
    assert not bent.shapes.straight
    wide = [np.ptp(np.log(x.extrapolated.interval())) for x in (sure, bent)]
    assert wide[1] > wide[0]
    assert bent.budget["curvature"] > 0
    assert "curvature" not in sure.budget


def test_two_points_have_one_law():
    shapes = compare_shapes(TEMPERATURES[:2], line(TEMPERATURES[:2]), np.eye(2) * 0.01, target=300.0)
    assert [s.name for s in shapes.every] == ["Arrhenius"]
    assert shapes.curved == 0.0

import numpy as np
import pytest

from electrolith.core import InputError
from electrolith.core.arrhenius import fit_arrhenius
from electrolith.core.constants import BOLTZMANN
from electrolith.core.fit import covariance_of, least_squares


def test_a_line_gives_the_textbook_covariance(rng):
    x = np.linspace(0, 1, 30)
    sigma = 0.1
    y = 2 + 3 * x + sigma * rng.standard_normal(30)
    fit = least_squares(lambda p: (y - p[0] - p[1] * x) / sigma, [0.0, 0.0])
    design = np.column_stack([np.ones(30), x])
    assert np.allclose(fit.covariance, sigma**2 * np.linalg.inv(design.T @ design), rtol=1e-5)
    assert (fit.rank, fit.dof) == (2, 28)


def test_pulls_of_a_repeated_nonlinear_fit_have_unit_width(rng):
    t = np.linspace(0, 3, 60)
    pulls = []
    for _ in range(200):
        y = 5 * np.exp(-t / 0.8) + 0.05 * rng.standard_normal(60)
        fit = least_squares(lambda p, y=y: (y - p[0] * np.exp(-t / p[1])) / 0.05, [3.0, 1.0])
        pulls.append((fit.parameters - [5, 0.8]) / fit.std)
    spread = np.std(pulls, axis=0)
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 3 / np.sqrt(200))
    assert np.all((spread > 0.85) & (spread < 1.15))


def test_a_product_of_two_parameters_is_reported_as_one_combination():
    x = np.linspace(1, 2, 10)
    fit = least_squares(lambda p: p[0] * p[1] * x - 6 * x + p[2] - 1, [2.0, 2.0, 0.0])
    assert fit.rank == 2
    assert np.isinf(fit.std[:2]).all()
    assert np.isfinite(fit.std[2])


def test_parameters_twelve_decades_apart_do_not_look_singular():
    jacobian = np.random.default_rng(0).standard_normal((50, 3)) * [1.0, 1e-6, 1e6]
    covariance, rank = covariance_of(jacobian)
    assert rank == 3
    assert np.allclose(covariance, np.linalg.inv(jacobian.T @ jacobian), rtol=1e-6)


def test_arrhenius_of_exact_data_is_exact_and_its_covariance_is_by_hand():
    t = np.array([300.0, 400, 500, 600])
    energy = 0.41
    var = np.array([0.01, 0.02, 0.01, 0.04])
    fit = fit_arrhenius(t, 3 - energy / (BOLTZMANN * t), covariance=var)
    assert fit.activation_energy == pytest.approx(energy, rel=1e-10)
    assert fit.chi2 == pytest.approx(0, abs=1e-18)
    design = np.column_stack([np.ones(4), -1 / (BOLTZMANN * t)])
    by_hand = np.linalg.inv(design.T @ np.diag(1 / var) @ design)
    assert np.allclose(fit.covariance, by_hand)
    row = np.array([1, -1 / (BOLTZMANN * 250)])
    assert fit.at(250.0)[1] == pytest.approx(np.sqrt(row @ by_hand @ row))


def test_arrhenius_draws_have_the_covariance_of_the_fit(rng):
    t = np.array([500.0, 600, 700])
    fit = fit_arrhenius(t, np.array([1.0, 2.2, 3.1]), covariance=np.full(3, 0.04))
    a, e = fit.draws(rng, 100_000)
    assert np.allclose(np.cov(a.draws, e.draws), fit.covariance, rtol=0.05)


def test_common_errors_of_all_temperatures_move_the_prefactor_only():
    t = np.linspace(300, 400, 6)
    y = 2 - 0.3 / (BOLTZMANN * t)
    alone = fit_arrhenius(t, y, covariance=np.full(6, 0.01))
    geometry = fit_arrhenius(t, y, covariance=np.diag(np.full(6, 0.01)) + 0.25)
    assert geometry.covariance[1, 1] == pytest.approx(alone.covariance[1, 1])
    assert geometry.covariance[0, 0] == pytest.approx(alone.covariance[0, 0] + 0.25)


@pytest.mark.parametrize(
    ("t", "y", "text"),
    [
        ([0.0, 300], [1.0, 2], "above 0 K"),
        ([300.0, 300], [1.0, 2], "two different temperatures"),
        ([300.0, 400], [1.0, -np.inf], "positive, finite"),
        ([300.0, 400], [1.0], "one length"),
    ],
)
def test_arrhenius_refuses_what_it_cannot_fit(t, y, text):
    with pytest.raises(InputError, match=text):
        fit_arrhenius(np.array(t), np.array(y))

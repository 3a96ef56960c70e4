"""Diffusion in a particle against the exact solutions of the sphere."""

import numpy as np
import pytest
from scipy.special import erfcx

from electrolith.cell.particle import particle_modes


def surface_under_constant_flux(n_modes: int, tau: np.ndarray) -> np.ndarray:
    """Surface stoichiometry for unit gradient δ from τ = 0, exact in time for the modes."""
    m = particle_modes(n_modes)
    decaying = m.weight[1:] / m.decay[1:] * (1 - np.exp(-m.decay[1:] * tau[:, None]))
    return 3 * tau + decaying.sum(axis=1)


def test_steady_profile_and_mean_are_exact():
    for n in (4, 8, 12):
        m = particle_modes(n)
        assert m.weight[0] == 3.0
        assert m.decay[0] == 0.0
        assert (m.weight[1:] / m.decay[1:]).sum() == pytest.approx(1 / 5, rel=1e-10)


def test_slow_modes_are_those_of_crank():
    # roots of tan q = q; the series of Crank eq. 6.45 has weights 2 at each
    roots = np.array([4.493409458, 7.725251837, 10.904121659])
    m = particle_modes(12)
    assert m.decay[1:4] == pytest.approx(roots**2, rel=1e-8)
    assert m.weight[1:4] == pytest.approx(2.0, rel=1e-6)


@pytest.mark.parametrize(("n_modes", "earliest"), [(8, 1e-3), (12, 2e-4)])
def test_diffusion_limited_surface_follows_the_error_function(n_modes, earliest):
    # sphere at short times: s = exp(τ) erfc(-√τ) - 1 = 2√(τ/π) + τ + ...  (Laplace transform of the sphere,
    # no back wall)
    tau = np.array([1.0, 3.0, 10.0]) * earliest
    exact = erfcx(-np.sqrt(tau)) - 1
    assert surface_under_constant_flux(n_modes, tau) == pytest.approx(exact, rel=2e-2)
    assert surface_under_constant_flux(n_modes, tau[2:]) == pytest.approx(exact[2:], rel=2e-3)


def test_more_modes_follow_earlier_times():
    tau = np.array([1e-4])
    exact = erfcx(-np.sqrt(tau)) - 1
    errors = [abs(surface_under_constant_flux(n, tau) / exact - 1)[0] for n in (6, 10, 16)]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]

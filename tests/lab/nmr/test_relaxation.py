"""The BPP law and what may be claimed from its flanks."""

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.nmr.relaxation import (
    RelaxationLaw,
    analyse_relaxation,
    compare_activation,
    correlation_time,
    jump_diffusivity,
    maximum_condition,
    relaxation_rate,
)

FREQUENCY = 155.248e6  # Hz, 7Li in the paper of Li9N2Cl3


def times(temperatures, energy, rng, *, prefactor=1e-13, coupling=4e9, beta=1.0, error=0.02):
    tau = correlation_time(temperatures, prefactor=prefactor, activation_energy=energy)
    rates = relaxation_rate(tau, coupling=coupling, larmor_frequency=FREQUENCY, stretching=beta)
    noisy = 1 / rates * np.exp(error * rng.standard_normal(rates.size))
    return tuple(Estimate.lognormal(float(t), error, "s", rng=rng) for t in noisy)


def test_maximum_condition_is_that_of_bloembergen_purcell_and_pound():
    assert maximum_condition() == pytest.approx(0.6158, abs=2e-4)


@pytest.mark.parametrize("beta", [0.4, 0.7, 1.0])
def test_rate_is_largest_where_the_maximum_condition_says(beta):
    x = maximum_condition(beta)
    grid = np.array([0.98, 1.0, 1.02]) * x / (2 * np.pi * FREQUENCY)
    rate = relaxation_rate(grid, coupling=1e9, larmor_frequency=FREQUENCY, stretching=beta)
    assert rate.argmax() == 1


def test_limits_are_5_c_tau_when_fast_and_2_c_over_omega2_tau_when_slow():
    omega = 2 * np.pi * FREQUENCY
    fast = relaxation_rate(np.array([1e-16]), coupling=3e9, larmor_frequency=FREQUENCY)[0]
    slow = relaxation_rate(np.array([1e-3]), coupling=3e9, larmor_frequency=FREQUENCY)[0]
    assert fast == pytest.approx(5 * 3e9 * 1e-16, rel=1e-9)
    assert slow == pytest.approx(3e9 * 2 / (omega**2 * 1e-3), rel=1e-9)


def test_one_cold_flank_gives_its_slope_and_no_more(rng):
    t = np.linspace(293, 423, 8)
    found = analyse_relaxation(t, times(t, 0.30, rng, prefactor=1e-11), RelaxationLaw(FREQUENCY))
    assert found.maximum == "not reached"
    assert found.flank == "cold"
    assert found.jump_rate is None
    assert found.hot_activation_energy is None
    assert abs(found.activation_energy.value - 0.30) < 3 * found.activation_energy.std
    assert "only the cold flank" in found.statement


def test_one_hot_flank_gives_the_energy_itself(rng):
    t = np.linspace(293, 423, 8)
    found = analyse_relaxation(t, times(t, 0.13, rng, prefactor=1e-13), RelaxationLaw(FREQUENCY))
    assert found.flank == "hot"
    assert abs(found.activation_energy.value - 0.13) < 3 * found.activation_energy.std


def test_stretching_lowers_the_slope_of_the_cold_flank_to_beta_times_e(rng):
    t = np.linspace(293, 423, 9)
    found = analyse_relaxation(
        t, times(t, 0.5, rng, prefactor=1e-11, beta=0.4, error=0.005), RelaxationLaw(FREQUENCY)
    )
    assert found.activation_energy.value == pytest.approx(0.2, abs=0.01)


def test_a_maximum_inside_gives_both_energies_the_temperature_and_the_jump_rate(rng):
    t = np.linspace(250, 600, 15)
    law = RelaxationLaw(FREQUENCY, hop_distance=2.67e-10)
    found = analyse_relaxation(t, times(t, 0.25, rng, prefactor=2e-13), law)
    expected = 0.25 / (BOLTZMANN * np.log(maximum_condition() / (2 * np.pi * FREQUENCY) / 2e-13))
    assert found.maximum == "inside"
    assert abs(found.hot_activation_energy.value - 0.25) < 3 * found.hot_activation_energy.std
    assert found.maximum_temperature.value == pytest.approx(expected, rel=0.03)
    assert found.jump_rate.value == pytest.approx(2 * np.pi * FREQUENCY / 0.6158, rel=1e-3)
    assert found.diffusivity.value == pytest.approx((2.67e-10) ** 2 * found.jump_rate.value / 6)


def test_stretched_law_is_recovered_with_its_beta(rng):
    t = np.linspace(220, 700, 25)
    found = analyse_relaxation(
        t, times(t, 0.28, rng, prefactor=2e-13, beta=0.6), RelaxationLaw(FREQUENCY, stretched=True)
    )
    _, _, energy, beta = found.bpp
    assert abs(energy.value - 0.28) < 3 * energy.std
    assert abs(beta.value - 0.6) < 3 * beta.std
    assert found.activation_energy.value == pytest.approx(0.28 * 0.6, rel=0.1)


def test_a_flat_rate_claims_nothing(rng):
    t = np.linspace(293, 423, 6)
    flat = tuple(Estimate.lognormal(0.11, 0.05, "s", rng=rng) for _ in t)
    found = analyse_relaxation(t, flat, RelaxationLaw())
    assert found.maximum == "undecided"
    assert "no activation energy may be claimed" in found.statement


def test_hand_value_of_the_jump_diffusivity():
    assert jump_diffusivity(Estimate.exact(6e9, "1/s"), hop_distance=1e-10).value == pytest.approx(1e-11)


def test_the_papers_local_and_long_range_energies_differ(rng):
    # 10.1126/sciadv.adh4626: 0.13 eV by NMR, 0.378 eV by impedance; errors assumed here.
    local, far = Estimate.normal(0.13, 0.01, "eV", rng=rng), Estimate.normal(0.378, 0.01, "eV", rng=rng)
    found = compare_activation(local, far)
    assert found.separated
    assert found.ratio.value == pytest.approx(0.344, abs=0.01)
    assert not compare_activation(local, local).separated


def test_energies_without_stated_error_are_not_called_different():
    found = compare_activation(Estimate.unknown_doubt(0.13, "eV"), Estimate.unknown_doubt(0.378, "eV"))
    assert not found.separated
    assert "no stated error" in found.statement


def test_two_temperatures_are_refused(rng):
    t = np.array([300.0, 350.0])
    with pytest.raises(DataError, match="T1 at 2 temperatures; an activation energy needs 3"):
        analyse_relaxation(t, times(t, 0.2, rng), RelaxationLaw())


def test_a_maximum_without_a_frequency_is_refused(rng):
    t = np.linspace(250, 600, 15)
    with pytest.raises(InputError, match="give larmor_frequency"):
        analyse_relaxation(t, times(t, 0.25, rng, prefactor=2e-13), RelaxationLaw())


def test_a_hop_distance_in_angstrom_is_refused():
    with pytest.raises(InputError, match="about 2e-10 m is"):
        RelaxationLaw(hop_distance=2.7)

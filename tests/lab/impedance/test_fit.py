"""The fitter finds what was simulated, without a guess, with honest errors, and says what it cannot know."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.lab.impedance.arcs import read_arcs
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.constraints import Constraints
from electrolith.lab.impedance.descent import descend
from electrolith.lab.impedance.fit import FitSettings, fit_circuit, sort_arcs
from electrolith.lab.impedance.objective import weighted_model
from electrolith.lab.impedance.pellets import FREQUENCY, PELLET, random_pellet
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.starts import Scales, bounds_of


def best_from_the_truth(spectrum: Spectrum, truth: np.ndarray) -> float:
    """Cost of the optimum that contains the true parameters."""
    circuit = Circuit.parse(PELLET)
    omega = 2 * np.pi * spectrum.frequency
    model = weighted_model(circuit, omega, spectrum.impedance, 1 / np.abs(spectrum.impedance))
    low, high = bounds_of(circuit, Scales.of(omega, spectrum.impedance))
    return float(descend(model, circuit.to_internal(truth[None]), low, high, iterations=500).cost[0])


def test_random_pellets_reach_the_global_optimum_with_honest_errors():
    circuit = Circuit.parse(PELLET)
    reached, inside, count = 0, 0, 0
    for seed in range(25):
        truth, spectrum = random_pellet(rng=np.random.default_rng(5000 + seed))
        fit = fit_circuit(spectrum, FitSettings(PELLET))
        reached += fit.chi2 <= best_from_the_truth(spectrum, truth) * (1 + 1e-6)
        ordered = circuit.from_internal(sort_arcs(circuit, circuit.to_internal(truth[None])[0])[None])[0]
        known = np.array([name not in fit.undetermined for name in fit.names])
        inside += int(np.sum((np.abs(fit.values - ordered) < fit.std)[known]))
        count += int(known.sum())
    assert reached >= 24
    # 68.3 % of about 180 parameters, correlated within a pellet
    assert 0.53 < inside / count < 0.82


def test_the_referee_catches_a_fitter_with_a_single_start():
    misses = 0
    for seed in range(12):
        truth, spectrum = random_pellet(rng=np.random.default_rng(seed))
        fit = fit_circuit(spectrum, FitSettings(PELLET, starts=4, iterations=12))
        misses += fit.chi2 > best_from_the_truth(spectrum, truth) * (1 + 1e-6)
    assert misses > 3


def test_noise_free_data_give_back_their_parameters_with_arcs_sorted_by_time_constant():
    circuit = Circuit.parse(PELLET)
    swapped = np.array([30.0, 8e3, 2e-8, 0.85, 2e3, 3e-10, 0.95, 5e3])
    ordered = np.array([30.0, 2e3, 3e-10, 0.95, 8e3, 2e-8, 0.85, 5e3])
    spectrum = Spectrum(FREQUENCY, circuit.impedance(swapped, FREQUENCY), "clean")
    fit = fit_circuit(spectrum, FitSettings(PELLET))
    np.testing.assert_allclose(fit.values, ordered, rtol=1e-6)
    assert [arc.name for arc in read_arcs(fit)] == ["R1", "R2"]


def test_undetermined_series_resistance_is_said_and_the_total_is_still_known():
    circuit = Circuit.parse(PELLET)
    truth = np.array([0.5, 3e4, 1e-9, 0.9, 5e4, 5e-8, 0.85, 3e4])
    rng = np.random.default_rng(4)
    clean = circuit.impedance(truth, FREQUENCY)
    noise = 0.005 * np.abs(clean) * (rng.standard_normal(70) + 1j * rng.standard_normal(70))
    fit = fit_circuit(Spectrum(FREQUENCY, clean + noise, "pellet"), FitSettings(PELLET))
    assert "not determined; below" in fit.undetermined["R0"]
    assert fit.parameter("R0").doubt == "unknown"
    assert fit.total_resistance.value == pytest.approx(80000.5, rel=0.02)
    assert 0 < fit.total_resistance.std < 0.02 * 80000


def test_total_resistance_is_known_better_than_errors_added_in_quadrature():
    circuit = Circuit.parse(PELLET)
    truth = np.array([100.0, 1e4, 1e-9, 0.85, 1e4, 4e-9, 0.85, 5e3])
    rng = np.random.default_rng(1)
    clean = circuit.impedance(truth, FREQUENCY)
    noise = 0.005 * np.abs(clean) * (rng.standard_normal(70) + 1j * rng.standard_normal(70))
    fit = fit_circuit(Spectrum(FREQUENCY, clean + noise, "pellet"), FitSettings(PELLET))
    parts = [fit.parameter(name) for name in ("R1", "R2")]
    assert np.corrcoef(parts[0].draws, parts[1].draws)[0, 1] < -0.5
    assert fit.total_resistance.std < 0.7 * np.hypot(parts[0].std, parts[1].std)


def test_outliers_are_pointed_out():
    circuit = Circuit.parse("R0-p(R1,CPE1)")
    clean = circuit.impedance(np.array([10.0, 100.0, 1e-6, 0.9]), FREQUENCY)
    rng = np.random.default_rng(0)
    clean = clean * (1 + 0.001 * (rng.standard_normal(70) + 1j * rng.standard_normal(70)))
    clean[20] *= 1.05
    fit = fit_circuit(Spectrum(FREQUENCY, clean, "spike"), FitSettings("R0-p(R1,CPE1)"))
    assert np.flatnonzero(fit.outliers).tolist() == [20]


def test_frequency_range_and_inductive_points_can_be_left_out():
    circuit = Circuit.parse("L1-R0-p(R1,CPE1)")
    truth = np.array([1e-5, 10.0, 100.0, 1e-6, 0.9])
    spectrum = Spectrum(FREQUENCY, circuit.impedance(truth, FREQUENCY), "coil")
    assert np.any(spectrum.impedance.imag > 0)
    fit = fit_circuit(spectrum, FitSettings("R0-p(R1,CPE1)", drop_inductive=True, frequency_low=10))
    assert fit.frequency.min() >= 10
    assert np.all(fit.measured.imag <= 0)


def test_refusals_say_what_would_be_right():
    spectrum = Spectrum(np.array([3.0, 2.0, 1.0]), np.array([1 - 1j, 2 - 1j, 3 - 1j]), "tiny.z")
    with pytest.raises(InputError, match=r"tiny.z: 3 points cannot determine the 8 parameters"):
        fit_circuit(spectrum, FitSettings(PELLET))
    with pytest.raises(InputError, match="0 points between 10 and 20 Hz; the spectrum covers 1 to 3 Hz"):
        fit_circuit(spectrum, FitSettings("R0-C1", frequency_low=10, frequency_high=20))
    with pytest.raises(InputError, match="starts must be at least 4, got 1"):
        FitSettings("R0-C1", starts=1)
    fit = fit_circuit(spectrum, FitSettings("R0-C1"))
    with pytest.raises(InputError, match=r"no 'R'; did you mean 'R0'\? known: C1, R0"):
        fit.parameter("R")


def test_a_held_parameter_stays_and_has_no_doubt(rng):
    circuit = Circuit.parse("R0-p(R1,CPE1)-CPE2")
    truth = np.array([20.0, 1e3, 1e-9, 0.9, 2e-6, 0.85])
    frequency = np.logspace(6.5, 0, 50)
    clean = circuit.impedance(truth, frequency)
    both = rng.standard_normal(50) + 1j * rng.standard_normal(50)
    spectrum = Spectrum(frequency, clean + 0.003 * np.abs(clean) * both, "made")
    known = Constraints(fixed=(("CPE1_n", 0.9), ("R0", 20.0)))
    held = fit_circuit(spectrum, FitSettings(circuit.text, constraints=known))
    at = [circuit.names.index(n) for n in ("CPE1_n", "R0")]
    np.testing.assert_allclose(held.values[at], [0.9, 20.0], rtol=1e-9)
    np.testing.assert_allclose(held.std[at], 0.0, atol=1e-12)
    free = fit_circuit(spectrum, FitSettings(circuit.text))
    assert held.std[1] < free.std[1]
    assert held.values[1] == pytest.approx(1e3, rel=0.01)
    with pytest.raises(InputError, match="no 'CPE1_m'; did you mean 'CPE1_n'"):
        FitSettings(circuit.text, constraints=Constraints(fixed=(("CPE1_m", 1.0),)))


def test_admittance_and_impedance_agree_on_good_data(rng):
    circuit = Circuit.parse("R0-p(R1,CPE1)-CPE2")
    truth = np.array([20.0, 1e3, 1e-9, 0.9, 2e-6, 0.85])
    frequency = np.logspace(6.5, 0, 50)
    clean = circuit.impedance(truth, frequency)
    both = rng.standard_normal(50) + 1j * rng.standard_normal(50)
    spectrum = Spectrum(frequency, clean + 0.003 * np.abs(clean) * both, "made")
    one = fit_circuit(spectrum, FitSettings(circuit.text))
    other = fit_circuit(spectrum, FitSettings(circuit.text, admittance=True))
    assert np.all(np.abs(one.values - other.values) < 0.5 * one.std)
    assert other.noise == pytest.approx(one.noise, rel=0.02)

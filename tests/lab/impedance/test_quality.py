"""Kramers-Kronig, relaxation times and the bells for bad data."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.fit import FitSettings, fit_circuit
from electrolith.lab.impedance.kramers_kronig import kramers_kronig
from electrolith.lab.impedance.pellets import FREQUENCY, random_pellet
from electrolith.lab.impedance.quality import check_spectrum
from electrolith.lab.impedance.relaxation import relaxation_times, relaxing_part
from electrolith.lab.impedance.spectrum import Spectrum


def spectrum_of(text, values, frequency=FREQUENCY):
    return Spectrum(frequency, Circuit.parse(text).impedance(np.array(values), frequency), "made")


def test_pellets_pass_and_drifting_ones_fail():
    passed, caught = 0, 0
    for seed in range(10):
        _, spectrum = random_pellet(rng=np.random.default_rng(seed))
        passed += kramers_kronig(spectrum).passed
        # resistance grows by a third while the sweep goes down
        drift = np.linspace(1, 1.1, 70) ** np.linspace(1, 3, 70)
        caught += not kramers_kronig(Spectrum(FREQUENCY, spectrum.impedance * drift, "drift")).passed
    assert passed == 10
    assert caught == 10


def test_a_drifting_spectrum_rings_with_the_reason():
    clean = spectrum_of("R0-p(R1,CPE1)-CPE2", [10, 1e4, 1e-9, 0.9, 1e-6, 0.9])
    assert check_spectrum(clean).warnings == ()
    drift = Spectrum(FREQUENCY, clean.impedance * np.linspace(1, 1.5, 70), "drift")
    assert any("violates Kramers-Kronig" in w for w in check_spectrum(drift).warnings)


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("R0-L1", [1.0, 1e-3], "inductive at every frequency"),
        ("C1", [1e-9], "blocking at every frequency"),
        ("L1-R0-p(R1,C1)", [1e-6, 10, 100, 1e-6], "points with Z'' > 0"),
    ],
)
def test_bells_ring(text, values, message):
    assert any(message in w for w in check_spectrum(spectrum_of(text, values)).warnings)


def test_sparse_and_negative_spectra_ring():
    sparse = spectrum_of("R0-p(R1,C1)", [10, 100, 1e-6], np.logspace(6, 0, 13))
    assert any("2.0 points per decade" in w for w in check_spectrum(sparse).warnings)
    negative = Spectrum(FREQUENCY, sparse_negative(), "negative")
    assert any("negative Z'" in w for w in check_spectrum(negative).warnings)


def sparse_negative():
    values = Circuit.parse("R0-p(R1,C1)").impedance(np.array([10.0, 100, 1e-6]), FREQUENCY)
    return values - 11.0


def test_relaxation_times_find_both_arcs_and_their_resistances():
    # two arcs a decade and a half apart: τ = RC = 1e-5 s and 1e-2 s
    made = spectrum_of("R0-p(R1,C1)-p(R2,C2)", [50, 1000, 1e-8, 2000, 5e-6])
    rng = np.random.default_rng(0)
    noise = 1 + 0.003 * (rng.standard_normal(70) + 1j * rng.standard_normal(70))
    found = relaxation_times(Spectrum(FREQUENCY, made.impedance * noise, "two arcs"), blocking=False)
    big = [p for p in found.peaks if p.resistance > 100]
    assert [p.time_constant for p in big] == pytest.approx([1e-5, 1e-2], rel=0.2)
    assert [p.resistance for p in big] == pytest.approx([1000, 2000], rel=0.05)
    assert found.series_resistance == pytest.approx(50, rel=0.1)
    assert found.polarisation_resistance == pytest.approx(3000, rel=0.02)
    assert found.chosen_by == "generalised cross-validation"
    assert found.regularisation > 0
    assert np.std(found.residuals) < 0.01


def test_more_regularisation_is_smoother_and_a_bad_one_is_refused():
    made = spectrum_of("R0-p(R1,CPE1)", [50, 1000, 1e-7, 0.8])
    rough = relaxation_times(made, regularisation=1e-4, blocking=False)
    smooth = relaxation_times(made, regularisation=1.0, blocking=False)
    assert np.sum(np.diff(smooth.gamma, 2) ** 2) < np.sum(np.diff(rough.gamma, 2) ** 2)
    with pytest.raises(InputError, match="regularisation must be positive, got -1"):
        relaxation_times(made, regularisation=-1)


@pytest.mark.parametrize("seed", range(3))
def test_inductance_and_a_blocking_electrode_are_taken_off_before_the_distribution(seed):
    circuit = Circuit.parse("L0-p(R1,CPE1)-p(R2,CPE2)-CPE3")
    truth = np.array([1e-6, 2e4, 2e-11, 0.97, 8e3, 3e-9, 0.93, 4e-6, 0.88])
    frequency = np.logspace(7, -1, 80)
    rng = np.random.default_rng(seed)
    clean = circuit.impedance(truth, frequency)
    both = rng.standard_normal(80) + 1j * rng.standard_normal(80)
    spectrum = Spectrum(frequency, clean + 0.003 * np.abs(clean) * both, "made")
    fit = fit_circuit(spectrum, FitSettings(circuit.text))
    part = relaxing_part(fit)
    assert part.remarks == (f"L0, CPE3 of {circuit.text} taken off",)
    stripped = relaxation_times(part, blocking=False, size=np.abs(fit.measured))
    assert stripped.polarisation_resistance == pytest.approx(28e3, rel=0.03)
    big = sorted(stripped.peaks, key=lambda p: -p.resistance)[:2]
    assert [p.resistance for p in big] == pytest.approx([2e4, 8e3], rel=0.12)
    # left on, a phase that is no capacitor's makes peaks several times the pellet
    assert relaxation_times(spectrum).polarisation_resistance > 3 * 28e3

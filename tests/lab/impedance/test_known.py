"""Real spectra with published answers."""

import numpy as np
import pytest

from electrolith.lab.impedance.arcs import read_arcs
from electrolith.lab.impedance.choose import ChoiceSettings, choose_circuit
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.fit import FitSettings, fit_circuit
from electrolith.lab.impedance.kramers_kronig import kramers_kronig
from electrolith.lab.impedance.pellet import judge_spectra
from electrolith.lab.impedance.read import read_impedance
from electrolith.lab.impedance.settings import ImpedanceSettings


@pytest.mark.parametrize(
    ("low", "r1", "r2", "chi2"), [(0.0, 4.483e4, 4.664e4, 4.592e-3), (5.0, 4.471e4, 4.712e4, 4.311e-3)]
)
def test_oxide_pellet(shared_data, low, r1, r2, chi2):
    # Sheyigold/EISFitpython @ b3f12f1: (R1||Q1)+(R2||Q2)+Q3, modulus weights
    (spectrum,) = read_impedance(shared_data / "eis" / "Example2b.txt")
    fit = fit_circuit(spectrum, FitSettings("p(R1,CPE1)-p(R2,CPE2)-CPE3", frequency_low=low))
    assert fit.parameter("R1").value == pytest.approx(r1, rel=1e-3)
    assert fit.parameter("R2").value == pytest.approx(r2, rel=1e-3)
    assert fit.chi2 == pytest.approx(chi2, rel=1e-3)
    if low:
        assert fit.parameter("R1").std == pytest.approx(272, rel=0.05)
        assert fit.parameter("R2").std == pytest.approx(549, rel=0.05)


def test_model_comparison_prefers_the_published_circuit_of_the_oxide_pellet(shared_data):
    (spectrum,) = read_impedance(shared_data / "eis" / "Example2b.txt")
    choice = choose_circuit(spectrum)
    # a third arc fits 3.6 times better; of the circuits with two the published one leads
    assert choice.circuits[0] == "p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)-CPE4"
    assert choice.circuits[1] == "p(R1,CPE1)-p(R2,CPE2)-CPE3"
    assert sum(choice.weights) == pytest.approx(1)
    labels = [arc.label for arc in read_arcs(choice.fits[1])]
    assert labels == ["probably bulk", "probably grain boundary"]


def test_the_electrolyte_does_not_hang_on_how_many_arcs_describe_it(shared_data):
    (spectrum,) = read_impedance(shared_data / "eis" / "Example2b.txt")
    found = judge_spectra((spectrum,), ImpedanceSettings()).electrolytes[0]
    assert found.resistance.value == pytest.approx(4.483e4 + 4.664e4, rel=0.01)


def test_exact_circuit_is_found_without_a_guess(shared_data):
    # vyrjana/pyimpspec @ ca5f14a, Y = 4e-4 S s^0.5, so A_w = 1/(√2 Y)
    (spectrum,) = read_impedance(shared_data / "eis" / "data-comma.csv")
    fit = fit_circuit(spectrum, FitSettings("R0-p(R1,C1)-p(R2,W1)"))
    np.testing.assert_allclose(fit.values, [100, 200, 0.8e-6, 500, 1 / (np.sqrt(2) * 4e-4)], rtol=1e-6)


def test_battery_spectrum_is_fitted_better_than_published(shared_data):
    # ECSHackWeek/impedance.py @ 0b302ca; its parameters as given, arcs named as there
    circuit = Circuit.parse("R0-p(R1,C1)-p(R2-Wo1,C2)")
    published = np.array([1.64e-2, 9.06e-3, 3.06, 5.29e-3, 1.45e-1, 1.32e3, 0.202])
    (spectrum,) = read_impedance(shared_data / "eis" / "exampleData.csv")
    fit = fit_circuit(spectrum, FitSettings(circuit.text, drop_inductive=True))
    theirs = np.abs(circuit.impedance(published, fit.frequency) - fit.measured) / np.abs(fit.measured)
    assert fit.chi2 < np.sum(theirs**2)
    assert fit.values[0] == pytest.approx(published[0], rel=0.01)
    arcs = read_arcs(fit)
    assert arcs[0].resistance.value == pytest.approx(5.29e-3, rel=0.03)
    assert arcs[0].capacitance == pytest.approx(0.202, rel=0.02)


@pytest.mark.parametrize("name", ["data.z", "exampleData.csv", "Example2b.txt", "peis.issue_149.mpt"])
def test_good_measurements_pass_kramers_kronig(shared_data, name):
    assert kramers_kronig(read_impedance(shared_data / "eis" / name)[0]).passed


def test_a_gas_evolving_electrode_does_not_pass(shared_data):
    # dgbowl/yadg peis.mpt: measured at -3.6 V under gas evolution
    test = kramers_kronig(read_impedance(shared_data / "eis" / "peis.mpt")[0])
    assert not test.passed
    assert test.noise > 0.1


def test_a_battery_with_cable_inductance_gets_a_circuit_with_one(shared_data):
    # dgbowl/yadg @ 61d55fe: 32 spectra from 1 MHz, the first tens of kHz inductive
    pytest.importorskip("galvani")
    spectrum = read_impedance(shared_data / "eis" / "vsp_peis_with.mpr")[10]
    choice = choose_circuit(spectrum, ChoiceSettings("lithium"))
    assert choice.best.circuit.startswith("L0-R0-p(R1,CPE1)-p(R2,CPE2)")
    assert choice.best.noise < 0.03

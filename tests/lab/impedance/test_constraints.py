"""Held, bounded and ordered parameters, and the doubt of what an arc is."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.lab.impedance.arcs import read_arcs
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.constraints import Constraints, parse_constraints
from electrolith.lab.impedance.fit import FitSettings, fit_circuit
from electrolith.lab.impedance.settings import ImpedanceSettings
from electrolith.lab.impedance.spectrum import Spectrum

CIRCUIT = Circuit.parse("p(R1,CPE1)-p(R2,CPE2)-CPE3")
TRUTH = np.array([2e4, 2e-11, 0.97, 8e3, 3e-9, 0.93, 4e-6, 0.88])
FREQUENCY = np.logspace(7, -1, 60)


def made(seed, noise=0.003):
    rng = np.random.default_rng(seed)
    clean = CIRCUIT.impedance(TRUTH, FREQUENCY)
    both = rng.standard_normal(60) + 1j * rng.standard_normal(60)
    return Spectrum(FREQUENCY, clean + noise * np.abs(clean) * both, "made")


def fitted(*texts, spectrum):
    known = parse_constraints(texts, CIRCUIT)
    return fit_circuit(spectrum, FitSettings(CIRCUIT.text, starts=48, constraints=known))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("CPE1_n = 1", Constraints(fixed=(("CPE1_n", 1.0),))),
        ("R1 = 1.5 kohm", Constraints(fixed=(("R1", 1500.0),))),
        ("R1=10:1e4 ohm", Constraints(bounds=(("R1", 10.0, 1e4),))),
        ("10 ohm < R1 < 10 kohm", Constraints(bounds=(("R1", 10.0, 1e4),))),
        ("0.01 < R1 < 10 kohm", Constraints(bounds=(("R1", 10.0, 1e4),))),  # one unit at the end is both's
        ("R1 > 10", Constraints(bounds=(("R1", 10.0, np.inf),))),
        ("CPE1_n ≤ 0.95", Constraints(bounds=(("CPE1_n", 0.0, 0.95),))),
        ("R1 < R2", Constraints(order=(("R1", "R2"),))),
        ("R2 > R1", Constraints(order=(("R1", "R2"),))),
        ("CPE1_Q < CPE2_Q < CPE3_Q", Constraints(order=(("CPE1_Q", "CPE2_Q"), ("CPE2_Q", "CPE3_Q")))),
    ],
)
def test_constraints_are_written_as_one_would_write_them(text, wanted):
    assert parse_constraints((text,), CIRCUIT) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("R3 < 5", "constraint 'R3 < 5' of .*: no 'R3'; known: CPE1_Q"),
        ("R1", "constraint 'R1' is none; expected 'CPE1_n = 1'"),
        ("3 < 5", "compares two numbers"),
        ("1 < R1 > 2", "the signs point different ways"),
        ("R1 = 10 : 5 ohm", "R1 between 10 and 5 leaves nothing"),
        ("R1 < CPE1_n", r"R1 \(ohm\) and CPE1_n \(1\) cannot be compared"),
        ("R1 < 5 s", "5 s is not a quantity in ohm"),
        ("CPE1_Q = 1 nF", r"CPE1_Q is a bare number \(in F s\^\(n-1\)\)"),
        ("R1 = -5", "R1 must be positive, got -5"),
    ],
)
def test_what_is_no_constraint_is_refused_by_name(text, message):
    with pytest.raises(InputError, match=message):
        parse_constraints((text,), CIRCUIT)


def test_an_order_among_arcs_names_them_and_leaves_the_fit_as_it_is():
    spectrum = made(0)
    free = fitted(spectrum=spectrum)
    for text, first in (("R2 < R1", 2e4), ("R1 < R2", 8e3)):
        fit = fitted(text, spectrum=spectrum)
        assert fit.chi2 == pytest.approx(free.chi2, rel=1e-6)
        assert fit.parameter("R1").value == pytest.approx(first, rel=0.02)
        assert not fit.undetermined


def test_an_order_the_data_refuse_ends_on_it_and_says_so():
    fit = fitted("R1 < R2", "CPE2_Q < CPE1_Q", "CPE1_n < CPE2_n", spectrum=made(1))
    r1, r2 = fit.values[0], fit.values[3]
    q1, q2 = fit.values[1], fit.values[4]
    assert r1 < r2 * 1.001
    assert q2 < q1 * 1.001
    # R1 is the small arc of large Q: only n1 < n2 stands, and it holds as well
    free = fitted(spectrum=made(1))
    assert fit.chi2 == pytest.approx(free.chi2, rel=1e-3)
    pressed = fitted("R2 < R1", "CPE2_Q < CPE1_Q", spectrum=made(1))
    assert pressed.chi2 > 3 * free.chi2
    assert any("ended on the stated order" in why for why in pressed.undetermined.values())


def test_bounds_hold_and_a_value_that_ends_on_one_is_no_measurement():
    spectrum = made(2)
    inside = fitted("10 kohm < R1 < 25 kohm", "CPE1_n = 0.97", spectrum=spectrum)
    assert inside.parameter("R1").value == pytest.approx(2e4, rel=0.02)
    tight = fitted("R1 = 21 : 25 kohm", spectrum=spectrum)
    assert tight.values[0] == pytest.approx(2.1e4, rel=1e-6)
    assert tight.undetermined["R1"].startswith("ended at the stated bound 2.1e+04 ohm: the data ask")
    assert tight.parameter("R1").doubt == "unknown"


def test_settings_want_the_circuit_that_constraints_belong_to():
    with pytest.raises(InputError, match="constraints need the circuit they belong to"):
        ImpedanceSettings(constraints=("R1 < 5",))
    with pytest.raises(InputError, match="no 'R7'"):
        ImpedanceSettings(circuit=CIRCUIT.text, constraints=("R7 < 5",))
    with pytest.raises(InputError, match="give it without constraints"):
        ImpedanceSettings(circuit=CIRCUIT.text, constraints=("R1 < R2",), simultaneous=True)


def test_capacitance_and_top_of_an_arc_carry_honest_doubt():
    charge, exponent, ohms = TRUTH[1], TRUTH[2], TRUTH[0]
    farads = charge ** (1 / exponent) * ohms ** (1 / exponent - 1)
    hertz = (ohms * charge) ** (-1 / exponent) / (2 * np.pi)
    pulls = []
    for seed in range(12):
        arc = read_arcs(fit_circuit(made(seed, noise=0.01), FitSettings(CIRCUIT.text, starts=24)))[0]
        assert arc.charging.value == pytest.approx(arc.capacitance, rel=0.02)
        pulls.append(
            [(arc.charging.value - farads) / arc.charging.std, (arc.top.value - hertz) / arc.top.std]
        )
    spread = np.sqrt(np.mean(np.square(pulls), axis=0))
    assert np.all((0.5 < spread) & (spread < 1.6))  # 12 draws of a unit normal: 0.6 to 1.4 at 95 %


def test_an_arc_whose_parameters_are_not_determined_has_no_doubt_to_show():
    frequency = np.logspace(3, 0, 30)  # the fast arc lies far above
    clean = CIRCUIT.impedance(TRUTH, frequency)
    rng = np.random.default_rng(0)
    both = rng.standard_normal(30) + 1j * rng.standard_normal(30)
    spectrum = Spectrum(frequency, clean + 0.003 * np.abs(clean) * both, "made")
    fit = fit_circuit(spectrum, FitSettings(CIRCUIT.text, starts=24))
    arcs = read_arcs(fit)
    lost = [a for a in arcs if any(n.startswith(("CPE" + a.name[1:], a.name)) for n in fit.undetermined)]
    assert lost
    assert all(a.top.doubt == "unknown" and a.charging.doubt == "unknown" for a in lost)


def test_a_fit_near_its_neighbour_reaches_the_same_optimum():
    spectrum = made(3)
    alone = fit_circuit(spectrum, FitSettings(CIRCUIT.text))
    other = fit_circuit(made(4), FitSettings(CIRCUIT.text))
    near = fit_circuit(spectrum, FitSettings(CIRCUIT.text), near=other.values)
    assert near.chi2 == pytest.approx(alone.chi2, rel=1e-8)
    np.testing.assert_allclose(near.values, alone.values, rtol=1e-4)
    far = fit_circuit(spectrum, FitSettings(CIRCUIT.text), near=other.values * 30)
    assert far.chi2 == pytest.approx(alone.chi2, rel=1e-8)  # a bad neighbour does no harm

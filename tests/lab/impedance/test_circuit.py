"""Circuit strings and element laws."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.elements import ELEMENTS
from electrolith.lab.impedance.fit import direct_resistance

FREQUENCY = np.array([1e6, 1e3, 1.0, 1e-3])
EVERY = "R0-L1-p(R1,CPE1)-p(R2-W2,C2)-p(R3-Wo3,CPE3)-Ws4-G5-TLM6"


def test_arc_matches_hand_calculation():
    # R = 200 ohm beside C = 0.8 uF at 1 kHz after 100 ohm: 1/(1/200 + i 2π 1e3 0.8e-6)
    by_hand = 100 + 1 / (0.005 + 1j * 5.026548245743669e-3)
    ours = Circuit.parse("R0-p(R1,C1)").impedance(np.array([100, 200, 0.8e-6]), np.array([1e3]))
    assert ours[0] == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("symbol", sorted(ELEMENTS))
def test_derivatives_agree_with_differences(symbol, rng):
    circuit = Circuit.parse(f"{symbol}1")
    inside = rng.uniform(0.4, 0.9, (3, len(circuit.names)))
    omega = 2 * np.pi * FREQUENCY
    _, slopes = circuit.batch(inside, omega)
    for column in range(inside.shape[1]):
        step = np.zeros(inside.shape[1])
        step[column] = 1e-6
        difference = (circuit.batch(inside + step, omega)[0] - circuit.batch(inside - step, omega)[0]) / 2e-6
        np.testing.assert_allclose(
            slopes[:, column], difference, rtol=1e-6, atol=1e-9 * np.abs(difference).max()
        )


def test_derivatives_of_a_nested_circuit_agree_with_differences(rng):
    circuit = Circuit.parse(EVERY)
    inside = rng.uniform(0.4, 0.9, (2, len(circuit.names)))
    omega = 2 * np.pi * FREQUENCY[1:]  # at 1 MHz the inductance would swamp the differences
    _, slopes = circuit.batch(inside, omega)
    for column in range(inside.shape[1]):
        step = np.zeros(inside.shape[1])
        step[column] = 1e-6
        difference = (circuit.batch(inside + step, omega)[0] - circuit.batch(inside - step, omega)[0]) / 2e-6
        np.testing.assert_allclose(
            slopes[:, column], difference, rtol=2e-5, atol=1e-6 * np.abs(difference).max()
        )


def test_limits_of_the_diffusion_elements():
    low, high = np.array([1e-6]), np.array([1e6])
    short = Circuit.parse("Ws1")
    assert short.impedance(np.array([50.0, 1.0]), low)[0] == pytest.approx(50, rel=1e-4)
    infinite = 50 / np.sqrt(2 * np.pi * 1e6) * (1 - 1j) / np.sqrt(2)
    for name in ("Ws1", "Wo1", "G1"):
        assert Circuit.parse(name).impedance(np.array([50.0, 1.0]), high)[0] == pytest.approx(
            infinite, rel=1e-4
        )
    blocked = Circuit.parse("Wo1").impedance(np.array([50.0, 1.0]), low)[0]
    # R/3 + R/(iωτ): Lai, Haile, J. Am. Ceram. Soc. 88 (2005) 2979
    assert blocked == pytest.approx(50 / 3 + 50 / (2j * np.pi * 1e-6), rel=1e-6)
    line = Circuit.parse("TLM1").impedance(np.array([50.0, 1e-3, 1.0]), np.array([1e-3]))[0]
    assert line.real == pytest.approx(50 / 3, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("R0-p(R1,CPE1", r"wanted ',' or '\)' before 'the end' at position 12"),
        ("R0-p(R1)", "wanted at least two branches"),
        ("R0-Q1", r"no 'Q'; known: C, CPE, G, L, R, TLM, W, Wo, Ws"),
        ("R0-cpe1", r"no 'cpe'; known: C, CPE"),
        ("R0-R0", "R0 appears twice; number the elements"),
        ("R0--C1", r"wanted an element or 'p\('"),
        ("R0)", "wanted '-' or the end"),
        ("", "wanted an element"),
    ],
)
def test_bad_circuit_strings_say_where_and_what(text, message):
    with pytest.raises(InputError, match=message):
        Circuit.parse(text)


@pytest.mark.parametrize(
    ("text", "values", "ohms"),
    [
        ("R0-p(R1,CPE1)-p(R2,CPE2)-W1", [1, 2, 1, 0.9, 3, 1, 0.9, 1], 6.0),
        ("R0-p(R1-Wo1,C1)", [1, 2, 1, 1, 1], 3.0),
        ("R0-p(R1,R2-C2)", [1, 2, 5, 1], 3.0),
        ("p(R1,R2)", [2, 2], 1.0),
        ("R0-p(L1,R1)-CPE1", [1, 1, 2, 1, 0.9], 1.0),
    ],
)
def test_direct_current_sees_resistances_only(text, values, ohms):
    found = direct_resistance(Circuit.parse(text).root, np.array([values], dtype=float))
    assert found is not None
    assert found[0] == pytest.approx(ohms)


def test_a_blocking_circuit_carries_no_direct_current():
    assert direct_resistance(Circuit.parse("p(C1,CPE2)").root, np.ones((1, 3))) is None

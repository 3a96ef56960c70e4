"""The batched descent against a slow, obvious one, and at its bounds."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.descent import descend
from electrolith.lab.impedance.objective import weighted_model
from electrolith.lab.impedance.pellets import FREQUENCY, PELLET, random_pellet


@pytest.mark.parametrize("seed", range(4))
def test_same_minimum_as_scipys_trust_region_from_the_same_start(seed):
    circuit = Circuit.parse(PELLET)
    truth, spectrum = random_pellet(rng=np.random.default_rng(seed))
    model = weighted_model(circuit, 2 * np.pi * FREQUENCY, spectrum.impedance, 1 / np.abs(spectrum.impedance))
    start = circuit.to_internal(truth[None])[0]
    low, high = start - 5, start + 5
    low[~circuit.logarithmic], high[~circuit.logarithmic] = 0.3, 1.0
    slow = least_squares(
        lambda p: model(p[None])[0][0],
        start,
        jac=lambda p: model(p[None])[1][0].T,
        bounds=(low, high),
        x_scale="jac",
        ftol=1e-14,
        xtol=1e-14,
        gtol=1e-14,
    )
    fast = descend(model, start[None], low, high, iterations=300)
    assert fast.converged[0]
    assert fast.cost[0] <= 2 * slow.cost * (1 + 1e-9)


def test_walkers_do_not_disturb_each_other():
    circuit = Circuit.parse(PELLET)
    truth, spectrum = random_pellet(rng=np.random.default_rng(9))
    model = weighted_model(circuit, 2 * np.pi * FREQUENCY, spectrum.impedance, 1 / np.abs(spectrum.impedance))
    start = circuit.to_internal(truth[None])[0]
    starts = start + np.random.default_rng(1).uniform(-0.5, 0.5, (5, 8)) * circuit.logarithmic
    low, high = start - 9, start + 9
    together = descend(model, starts, low, high, iterations=200)
    alone = [descend(model, one[None], low, high, iterations=200).cost[0] for one in starts]
    np.testing.assert_allclose(together.cost, alone, rtol=1e-9)


def test_a_minimum_outside_the_box_ends_on_its_wall():
    def model(p):
        residual = p - np.array([3.0, -1.0])
        return residual, np.broadcast_to(np.eye(2), (len(p), 2, 2)).copy()

    found = descend(model, np.array([[0.0, 0.5]]), np.array([-2.0, 0.0]), np.array([2.0, 2.0]), iterations=50)
    np.testing.assert_allclose(found.parameters[0], [2.0, 0.0], atol=1e-12)
    assert found.cost[0] == pytest.approx(2.0)

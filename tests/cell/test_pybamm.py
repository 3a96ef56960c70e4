"""The cross-check by PyBaMM, where it is installed."""

import importlib.util

import numpy as np
import pytest

from electrolith.cell.build import Window, cell_arrays
from electrolith.cell.protocol import Discharge, schedule
from electrolith.cell.pybamm import discharge_by_pybamm
from electrolith.cell.simulate import simulate
from electrolith.cell.stack import Layer, Stack
from electrolith.core.errors import InputError, MissingExtra

HAS = importlib.util.find_spec("pybamm") is not None


def pellet(**cathode: float):
    layers = (
        Layer(composite={"NCM83": 0.7, "LHC": 0.3}, loading=0.2742, **cathode),
        Layer(material="LHC", thickness=450e-6),
        Layer(material="LNC", thickness=100e-6),
        Layer(material="Li", thickness=250e-6),
    )
    return cell_arrays(Stack(layers, area=0.785e-4), Window())


@pytest.mark.skipif(not HAS, reason="pybamm is not installed; it comes with electrolith[pybamm]")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_a_stack_of_ours_gives_the_same_curve_in_pybamm(rate):
    cells = pellet(diffusivity=1e-15)
    capacity, voltage = discharge_by_pybamm(cells, rate, cutoff=2.7)
    batch = simulate(cells, schedule([Discharge(rate, until=2.7)], cells.one_c))
    curve = batch.curve(0)
    assert batch.capacity[0, 0] == pytest.approx(capacity[-1], rel=3e-3)
    mean = np.trapezoid(voltage, capacity) / capacity[-1]
    assert batch.mean_voltage[0, 0] == pytest.approx(mean, abs=3e-3)
    middle = (curve.capacity > 5) & (curve.capacity < 0.9 * curve.capacity[-1])
    theirs = np.interp(curve.capacity[middle], capacity, voltage)
    assert np.abs(curve.voltage[middle] - theirs).max() < 3e-3


@pytest.mark.skipif(HAS, reason="pybamm is installed")
def test_without_pybamm_the_extra_is_named():
    with pytest.raises(MissingExtra, match=r"electrolith\[pybamm\]"):
        discharge_by_pybamm(pellet(), 0.1, cutoff=2.7)


def test_what_pybamm_cannot_express_is_refused():
    with pytest.raises(InputError, match="one particle size"):
        discharge_by_pybamm(pellet(size_spread=0.3), 0.1, cutoff=2.7)

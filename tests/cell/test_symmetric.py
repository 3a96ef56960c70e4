"""Stripping and plating: constant voltage, conserved lithium, an end when the foil is gone."""

import numpy as np
import pytest

from electrolith.cell.resistance import overpotential
from electrolith.cell.stack import Layer, Stack
from electrolith.cell.symmetric import strip_and_plate
from electrolith.core.errors import InputError

FOIL = Layer(material="Li", thickness=250e-6)
CELL = Stack((FOIL, Layer(material="LNC", thickness=1e-4), FOIL), area=0.785e-4)


def test_overpotential_does_not_change_within_a_half_cycle_however_large_the_current():
    found = strip_and_plate(
        CELL, 1000.0, capacity=36000.0, cycles=2
    )  # 100 mA/cm²: no Sand time, no limiting current
    level = overpotential(CELL, np.array([1000.0]))[0]
    assert found.voltage == pytest.approx([level, level, -level, -level] * 2)
    assert found.lithium[-1] == pytest.approx(found.lithium[0], rel=1e-12)
    assert found.time[-1] == pytest.approx(4 * 36.0)


def test_a_foil_that_is_used_up_ends_the_cell():
    # 250 µm Li holds 250e-6 * 534 * 3861 * 3.6e3 C/m² = 51.5 mAh/cm²
    store = 250e-6 * 534 * 3861 * 3600
    found = strip_and_plate(CELL, 10.0, capacity=1.5 * store)
    assert found.exhausted == pytest.approx(store / 10.0)
    assert found.lithium[-1] == pytest.approx(0.0, abs=1e-12)


def test_critical_limits_are_noted_and_nonsense_refused():
    assert strip_and_plate(CELL, 101.0, capacity=1.0, critical_current=100.0).beyond
    assert not strip_and_plate(CELL, 99.0, capacity=1.0, critical_current=100.0).beyond
    with pytest.raises(InputError, match="must be above 0"):
        strip_and_plate(CELL, -1.0, capacity=1.0)

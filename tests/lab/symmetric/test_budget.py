"""The published stack's resistances against its overpotentials, and the chart's table."""

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.symmetric.budget import Layer, layer, resistance_budget
from electrolith.lab.symmetric.compare import published_cells, read_cells

AREA = 0.785e-4


def test_published_trilayer_cannot_be_explained_by_one_resistance():
    # 10.1126/sciadv.adh4626: 200 + 2 x 140 ohm; 50 to 60 mV at 0.1 mA/cm2, 3.7 V at 10 mA/cm2
    layers = (
        Layer("LHC", Estimate.unknown_doubt(200.0, "ohm")),
        Layer("LNC", Estimate.unknown_doubt(140.0, "ohm"), count=2),
    )
    low = Estimate(np.linspace(0.050, 0.060, 2000), "V")
    budget = resistance_budget(layers, ((100.0, Estimate.unknown_doubt(3.7, "V")), (1.0, low)), area=AREA)
    assert budget.total.value == pytest.approx(480)
    assert [s.implied.value for s in budget.shown] == pytest.approx([700.6, 471.3], rel=1e-3)
    assert not budget.one_resistance
    assert budget.share[0] == pytest.approx(480 / 700.6, rel=1e-3)
    assert "the layers explain 480 ohm (37.7 mV): the rest is interface" in budget.findings[0]
    assert "as the layers (480 ohm)" in budget.findings[1]
    assert "no single resistance explains these overpotentials" in budget.findings[2]


def test_an_ohmic_cell_is_explained_by_its_layers():
    layers = (Layer("SSE", Estimate.unknown_doubt(100.0, "ohm")),)
    shown = tuple((j, Estimate.unknown_doubt(j * AREA * 100, "V")) for j in (1.0, 10.0))
    budget = resistance_budget(layers, shown, area=AREA)
    assert budget.one_resistance
    assert len(budget.findings) == 2


def test_a_layer_from_thickness_and_conductivity():
    # 0.45 mm of 4.78e-4 S/cm on 0.785 cm2: 120 ohm
    made = layer(
        "LHC",
        thickness=Estimate.unknown_doubt(0.45e-3, "m"),
        conductivity=Estimate.unknown_doubt(4.78e-2, "S/m"),
        area=AREA,
    )
    assert made.resistance.value == pytest.approx(119.9, rel=1e-3)
    with pytest.raises(InputError, match="at least one layer"):
        resistance_budget((), ((1.0, Estimate.unknown_doubt(1.0, "V")),), area=AREA)


def test_a_table_of_ones_own_literature_is_read(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("# mine\ncell,critical_mA_cm2,areal_capacity_mAh_cm2\nA,1.5,0.5\nB,2,\n")
    first, second = read_cells(path)
    assert (first.cell, first.critical, first.areal_capacity) == ("A", 1.5, 0.5)
    assert second.areal_capacity is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell,j\nA,1\n", r"no column 'critical_mA_cm2'"),
        ("cell,critical_mA_cm2,areal_capacity_mAh_cm2\nA,high,1\n", r"of A is 'high', no number"),
        ("cell,critical_mA_cm2,areal_capacity_mAh_cm2\nA,-1,1\n", r"of A is -1; expected a number above 0"),
        ("cell,critical_mA_cm2,areal_capacity_mAh_cm2\n", r"no cell in it"),
    ],
)
def test_a_table_that_is_no_literature_is_refused(tmp_path, text, message):
    path = tmp_path / "cells.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_cells(path)


def test_published_cells_have_sources():
    cells = published_cells()
    assert len(cells) >= 6
    assert all(cell.doi.startswith("10.") and cell.critical > 0 for cell in cells)
    assert max(cells, key=lambda c: c.critical).areal_capacity == 10

"""Run sheets and pressing: sums by hand."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.synthesis.pellet import pressing_pressure
from electrolith.lab.synthesis.runs import RunSheetSettings, run_sheet


def test_a_series_over_each_condition_shares_its_reference():
    sheet = run_sheet(RunSheetSettings((400, 500, 600), (2, 24, 70), product="LNC", cross=(500, 24)))
    names = [r.name for r in sheet.runs]
    assert names == ["LNC-500rpm-2h", "LNC-400rpm-24h", "LNC-500rpm-24h", "LNC-600rpm-24h", "LNC-500rpm-70h"]
    assert sheet.total == 2 + 3 * 24 + 70


def test_breaks_stand_between_stretches_of_milling():
    sheet = run_sheet(RunSheetSettings((500,), (2,), break_every=30, break_for=15))
    assert sheet.total == 2 + 3 * 0.25  # four stretches, three breaks


def test_a_grid_is_every_combination():
    assert len(run_sheet(RunSheetSettings((200, 300), (2, 4, 8))).runs) == 6


def test_a_reference_outside_the_grid_is_refused():
    with pytest.raises(InputError, match="must be one of the speeds"):
        RunSheetSettings((200.0,), (2.0,), cross=(500.0, 2.0))


def test_three_tonnes_on_ten_millimetres_press_with_375_megapascal():
    by_hand = 3000 * 9.80665 / (np.pi * 0.005**2) / 1e6
    diameter = Estimate.exact(10.0, "mm")
    assert pressing_pressure("3 t", diameter).value == pytest.approx(by_hand, rel=1e-12)
    assert pressing_pressure("29.41995 kN", diameter).value == pytest.approx(by_hand, rel=1e-9)
    assert by_hand == pytest.approx(374.6, abs=0.1)


def test_the_pressure_carries_the_doubt_of_the_die():
    rng = np.random.default_rng(0)
    found = pressing_pressure("3 t", Estimate.normal(10.0, 0.05, "mm", rng=rng))
    assert found.std / found.value == pytest.approx(2 * 0.005, rel=0.1)


@pytest.mark.parametrize(
    ("load", "message"), [("3", "has no unit"), ("3 mm", "not a quantity"), ("-3 t", "presses nothing")]
)
def test_a_load_that_is_none_is_refused(load, message):
    with pytest.raises(InputError, match=message):
        pressing_pressure(load, Estimate.exact(10.0, "mm"))

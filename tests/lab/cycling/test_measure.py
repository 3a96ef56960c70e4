"""What is said of a full cell: retention of a named cycle, stretches, units, capacities no cathode has."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.lab.cycling.measure import CyclingSettings, judge_record
from electrolith.lab.cycling.record import make_record

AREA, MASS = 0.785e-4, 3.5e-6  # m2, kg


def made(plan):
    """Cycles of (current in mA, capacity in mAh): charge and discharge alike, rows a hundredth of an hour."""
    time, voltage, current = [0.0], [3.5], [0.0]
    for milliampere, capacity in plan:
        for sign in (1, -1):
            steps = 20
            for k in range(steps):
                time.append(time[-1] + 3600 * capacity / milliampere / steps)
                voltage.append(3.5 + 0.6 * ((k + 1) / steps if sign > 0 else 1 - k / steps))
                current.append(sign * milliampere * 1e-3)
            time.append(time[-1] + 1.0)
            voltage.append(3.8)
            current.append(0.0)
    return make_record(np.array(time), np.array(voltage), np.array(current), "made")


def plan(formation=3, test=(0.7, 1.4, 2.8), ageing=40, fade=0.005):
    """Formation at 0.07 mA, three rates of five cycles, ageing at 0.35 mA losing `fade` of 0.6 mAh each."""
    cycles = [(0.07, 0.70)] * formation
    cycles += [(rate, 0.5 / rate) for rate in test for _ in range(5)]
    return cycles + [(0.35, 0.60 * (1 - fade * k)) for k in range(ageing)]


def judged(cycles, **more):
    return judge_record(made(cycles), CyclingSettings(files=(), mass=MASS, area=AREA, **more))


def test_retention_is_that_of_the_last_cycle_against_the_first_of_the_ageing_and_not_of_the_formation():
    cell = judged(plan())
    assert cell.reference == 19  # three of formation, fifteen of the rate test
    assert (cell.retention.reference, cell.retention.last) == (19, 58)
    assert cell.retention.regime == "ageing"
    assert cell.retention.measured == pytest.approx(1 - 39 * 0.005, rel=1e-3)  # by hand: 80.5 %
    assert cell.retention.by_law.value == pytest.approx(1 - 39 * 0.005, rel=5e-3)
    assert cell.kinds[-1] == "ageing"
    assert set(cell.kinds[1:4]) == {"rate test"}
    np.testing.assert_allclose(cell.kept[-40:], 1 - 0.005 * np.arange(40), rtol=2e-3)


def test_a_named_cycle_is_what_retention_refers_to():
    cell = judged(plan(), reference=29)
    assert (cell.retention.reference, cell.retention.last) == (29, 58)
    assert cell.retention.measured == pytest.approx((1 - 39 * 0.005) / (1 - 10 * 0.005), rel=1e-3)
    early = judged(plan(), reference=1)  # formation: what is left there is no ageing
    assert early.retention.regime != "ageing"
    with pytest.raises(InputError, match="made: reference cycle 99 is not there; complete are 1 to 58"):
        judged(plan(), reference=99)


def test_capacities_per_mass_per_area_and_in_total_are_one_capacity():
    cell = judged(plan())
    t = cell.table
    np.testing.assert_allclose(t.specific_discharge * 3.5e-3, t.discharge, rtol=1e-12)  # 3.5 mg
    np.testing.assert_allclose(t.areal_discharge * 0.785, t.discharge, rtol=1e-12)
    assert t.discharge[-40] == pytest.approx(0.60, rel=1e-3)
    assert t.cycle.size == 58


@pytest.mark.parametrize(
    ("mass", "one_c", "said"),
    [
        (3.5e-6, 200.0, None),  # 0.7 mAh of 3.5 mg are 200 mAh/g
        (3.5e-7, 200.0, "above 1672 mAh/g, that of sulfur"),  # the decimal point slipped: 2000 mAh/g
        (2.0e-6, 200.0, "mAh/g are 1.8 times what 1C = 200 mA/g stands for"),
        (2.0e-6, None, None),  # a lithium-rich cathode may
    ],
)
def test_more_than_any_cathode_of_that_mass_can_hold_rings(mass, one_c, said):
    settings = CyclingSettings(files=(), mass=mass, area=AREA, one_c=one_c)
    doubts = judge_record(made(plan()), settings).doubts
    if said is None:
        assert not any("mAh/g" in d for d in doubts)
    else:
        assert any(said in d for d in doubts), doubts


def test_a_cell_of_few_cycles_has_no_retention_called_ageing():
    cell = judged([(0.35, 0.6), (0.35, 0.55), (0.35, 0.5)])
    assert cell.retention.measured == pytest.approx(0.5 / 0.6, rel=2e-3)
    assert cell.retention.regime == "few cycles"
    assert cell.retention.by_law is None

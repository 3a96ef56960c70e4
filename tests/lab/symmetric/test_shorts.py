"""Shorts put in at known times are found, and nothing is found where nothing was put in."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.symmetric.critical import critical_current, lifetime
from electrolith.lab.symmetric.generate import Short, SymmetricCell, random_cell, simulate
from electrolith.lab.symmetric.half_cycles import half_cycles
from electrolith.lab.symmetric.shorts import ShortRule, find_shorts

CELL = SymmetricCell(steps=(1.0, 2.0, 4.0, 6.0, 8.0))


def run(cell=CELL, seed=0, **kwargs):
    return critical_current(simulate(cell, rng=np.random.default_rng(seed)), area=cell.area, **kwargs)


def score(rule=None, cells=45):
    found = {None: 0, "hard": 0, "soft": 0}
    exact = 0
    for seed in range(cells):
        kind = (None, "hard", "soft")[seed % 3]
        rng = np.random.default_rng(7000 + seed)
        drawn = random_cell(kind, rng=rng)
        result = critical_current(simulate(drawn.cell, rng=rng), area=drawn.cell.area, rule=rule)
        first = result.events[0] if result.events else None
        if kind is None:
            found[None] += first is None
        else:
            late = np.inf if first is None else first.time - drawn.cell.shorts[0].time
            found[kind] += first is not None and first.kind == kind and abs(late) < 0.25 * drawn.cell.half
        exact += result.critical == pytest.approx(drawn.critical, rel=0.02, nan_ok=True)
    return found, exact


def test_shorts_of_generated_cells_are_found_and_the_critical_current_is_exact():
    found, exact = score()
    assert found[None] == 15
    assert found["hard"] == 15
    assert found["soft"] >= 13
    assert exact >= 43


def test_the_referee_catches_a_rule_that_only_sees_hard_shorts():
    found, exact = score(ShortRule(smallest=0.7, boundary=0.7), cells=15)
    assert found["hard"] == 5
    assert found["soft"] <= 1
    assert exact < 13


def test_a_hard_short_is_dated_and_explained():
    # fourth step begins at 6 h; the short comes 20 min into its plating half
    short = Short("hard", 6 * 3600 + 1200.0, 0.02)
    result = run(replace(CELL, shorts=(short,)), temperature=298.15, pressure=50e6)
    assert result.critical == pytest.approx(4.0)
    assert result.failed == pytest.approx(6.0)
    assert result.recovered is False
    assert result.events[0].kind == "hard"
    assert result.events[0].time == pytest.approx(short.time, abs=60)
    text = "\n".join(result.explanation)
    assert "last completed step 0.4 mA/cm2, 60 min per half-cycle, 0.4 mAh/cm2" in text
    assert "(25 °C, 50 MPa)" in text
    assert "first failed step 0.6 mA/cm2: hard short at 6.3" in text
    assert "the hard short did not recover" in text


def test_a_soft_short_that_heals_still_ends_the_run_and_is_called_recovered():
    short = Short("soft", 4 * 3600 + 900.0, 0.7, duration=1500.0)
    result = run(replace(CELL, shorts=(short,)))
    assert result.critical == pytest.approx(2.0)
    assert result.recovered is True
    assert result.events[0].recovery_time == pytest.approx(1500, abs=120)
    assert result.events[0].left == pytest.approx(0.7, abs=0.03)
    assert [s.completed for s in result.steps] == [True, True, False, True, True]


def test_a_healthy_cell_has_its_critical_current_above_the_test():
    result = run()
    assert result.reached_end
    assert result.critical == pytest.approx(8.0)
    assert result.areal_capacity == pytest.approx(0.8, rel=1e-3)
    assert "lies above the test" in result.explanation[-1]


def test_return_to_a_low_current_is_recovery_and_not_part_of_the_run():
    cell = replace(
        CELL, steps=(1.0, 2.0, 4.0, 6.0, 1.0), shorts=(Short("hard", 6 * 3600 + 1200.0, 0.02, 4800.0),)
    )
    result = run(cell)
    assert result.critical == pytest.approx(4.0)
    assert result.recovered is True


def test_a_first_step_that_fails_gives_no_number():
    result = run(replace(CELL, shorts=(Short("hard", 1800.0, 0.02),)))
    assert np.isnan(result.critical)
    assert "the first step already failed" in "\n".join(result.explanation)


def test_slow_transients_drift_and_a_lone_spike_are_no_shorts():
    arch = replace(CELL, transient=0.4, transient_time=600.0, drift=0.05)
    record = simulate(arch, rng=np.random.default_rng(3))
    spiky = record.voltage.copy()
    spiky[500] *= 0.3
    record = replace(record, voltage=spiky)
    assert find_shorts(record, half_cycles(record, area=arch.area)) == ()


def test_lifetime_is_censored_without_a_short_and_dated_with_one():
    steady = replace(CELL, steps=(5.0,), pairs=20)
    alive = lifetime(simulate(steady, rng=np.random.default_rng(0)), area=steady.area)
    assert alive.censored
    assert alive.hours == pytest.approx(40, abs=0.1)
    assert alive.cycles == 20
    dead = replace(steady, shorts=(Short("hard", 25.3 * 3600, 0.05),))
    ended = lifetime(simulate(dead, rng=np.random.default_rng(0)), area=steady.area)
    assert not ended.censored
    assert ended.hours == pytest.approx(25.3, abs=0.05)
    assert ended.cycles == pytest.approx(12.5)


def test_half_cycles_match_hand_calculation():
    # 10 A/m2 through 0.02 ohm m2 is 0.2 V, and 36 kC/m2 in an hour is 1 mAh/cm2
    cell = replace(CELL, steps=(10.0,), noise=0.0, transient=0.0, drift=0.0, asymmetry=0.05, exchange=1e9)
    halves = half_cycles(simulate(cell, rng=np.random.default_rng(0)), area=cell.area)
    assert halves.areal_capacity == pytest.approx([1.0, 1.0], rel=1e-9)
    assert halves.plateau == pytest.approx([0.2 * 1.025, 0.2 * 0.975], rel=1e-6)
    assert halves.asymmetry[1] == pytest.approx(0.05, rel=1e-6)
    assert halves.ohmic_share(0.02 / cell.area) == pytest.approx([1 / 1.025, 1 / 0.975], rel=1e-6)


def test_refusals():
    record = simulate(CELL, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match=r"area 7.85 m2 is no cell's; state the unit, as in '0.785 cm2'"):
        half_cycles(record, area=7.85)
    idle = CyclingRecord(np.arange(10.0), np.ones(10), np.zeros(10), "idle.csv")
    with pytest.raises(DataError, match=r"idle.csv: the current is zero throughout"):
        half_cycles(idle, area=1e-4)
    with pytest.raises(InputError, match="significance 1 σ would ring in every record"):
        ShortRule(significance=1.0)

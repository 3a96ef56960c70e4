"""Cells that fail slowly are named, cells that live are censored, against courses that were put in."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.symmetric.critical import lifetime
from electrolith.lab.symmetric.generate import SymmetricCell, random_life, simulate
from electrolith.lab.symmetric.measure import SymmetricSettings, judge_cell
from electrolith.lab.symmetric.trend import TrendRule
from electrolith.study.sections.symmetric import symmetric_parts

CELL = SymmetricCell(steps=(1.0,), pairs=300, half=3600.0, interval=120.0, drift=0.0)
FATES = ("stable", "growing interface", "creeping short", "open")


def course(factor, seed=0, cell=CELL):
    """The cell's record with its voltage multiplied by a function of the hours."""
    made = simulate(cell, rng=np.random.default_rng(seed))
    return CyclingRecord(made.time, made.voltage * factor(made.time / 3600), made.current, "made")


def score(rule=None, count=16):
    right = dict.fromkeys(FATES, 0)
    for seed in range(count):
        fate = FATES[seed % 4]
        record, _, area = random_life(fate, rng=np.random.default_rng(5000 + seed))
        found = lifetime(record, area=area, trend=rule)
        right[fate] += found.censored if fate == "stable" else found.kind == fate
    return right


def test_generated_fates_are_named():
    assert score() == dict.fromkeys(FATES, 4)


def test_the_referee_catches_a_rule_that_sees_no_creep():
    assert score(TrendRule(creep=0.005))["creeping short"] < 4


def test_an_overpotential_that_falls_to_four_percent_over_200_h_is_a_creeping_short():
    found = lifetime(course(lambda t: 1 - 0.96 * np.clip((t - 300) / 200, 0, 1)), area=CELL.area)
    assert not found.censored
    assert found.kind == "creeping short"
    # half is lost after (0.5/0.96) x 200 h
    assert found.hours == pytest.approx(300 + 104, abs=12)
    assert "creeping short at" in found.text


def test_an_overpotential_that_triples_and_then_collapses_failed_by_growth_first():
    def factor(t):
        return (1 + 2 * np.clip((t - 10) / 20, 0, 1)) * (1 - 0.97 * np.clip((t - 400) / 150, 0, 1))

    found = lifetime(course(factor), area=CELL.area)
    assert found.kind == "growing interface"
    assert found.hours == pytest.approx(20, abs=6)  # twice is reached 10 h after 10 h
    assert "passes twice its beginning" in found.text


def test_a_current_that_never_flows_is_an_open_cell():
    made = simulate(CELL, rng=np.random.default_rng(0))
    record = CyclingRecord(made.time, 5.0 * np.sign(made.current), 1.3e-8 * made.current, "made")
    found = lifetime(record, area=CELL.area)
    assert found.kind == "open"
    assert "no current flows: 1.3e-09 mA/cm2 at 5e+03 mV" in found.text
    cell = judge_cell(record, SymmetricSettings((), CELL.area, test="lifetime"))
    assert cell.lifetime.kind == "open"


def test_a_cell_that_lives_is_censored_and_its_trend_has_an_interval():
    found = lifetime(course(lambda t: 1 + 0.02 * t / 100), area=CELL.area)
    assert found.censored
    assert found.kind == ""
    assert found.text.startswith(
        "no failure seen in 600.0 h (300 cycles): the lifetime is longer than the record"
    )
    _, low, high = found.trend.slope
    assert low < 0.02 / 1.06 < high  # per cent of a level that has grown by 6 % in the middle
    assert high - low < 0.02
    assert found.trend.verdict == "stable"


def test_a_change_of_trend_is_dated():
    found = lifetime(course(lambda t: 1 + 0.6 * np.clip((t - 250) / 350, 0, 1)), area=CELL.area)
    assert found.censored
    assert any(abs(h - 250) < 25 for h in found.trend.changes)


def test_the_page_names_the_failure_and_the_record_is_searched_once():
    record = course(lambda t: 1 - 0.96 * np.clip((t - 300) / 200, 0, 1))
    from electrolith.lab.symmetric.measure import SymmetricCells

    cell = judge_cell(record, SymmetricSettings((), CELL.area))
    (part, *_) = symmetric_parts(SymmetricCells((replace(cell, source="LHC"),), None, ()))
    assert "creeping short at" in part.sentence
    assert any("creeping short" in str(c) for table in part.tables for row in table.rows for c in row)
    assert cell.lifetime.event is (cell.decision.events[0] if cell.decision.events else None)


def test_rules_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match=r"creep must be below 1 and growth above, got 1\.2, 2"):
        TrendRule(creep=1.2)
    with pytest.raises(InputError, match="open_resistance must be positive and stable a fraction"):
        TrendRule(stable=2.0)

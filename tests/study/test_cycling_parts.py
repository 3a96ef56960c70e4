"""What the report says of full cells, against records made here."""

from pathlib import Path

import numpy as np
import pytest

from electrolith.lab.cycling.measure import CyclingSettings, FullCells, judge_record
from electrolith.lab.cycling.record import make_record
from electrolith.study.sections.cycling_parts import cycling_parts
from electrolith.study.sections.cycling_together import _row


def cells(*halves: float) -> FullCells:
    """One cell of 1 mA half cycles, each of the given signed hours, in rows of 36 s."""
    current = np.concatenate([[0.0], *(np.full(round(abs(h) * 100), np.sign(h) * 1e-3) for h in halves)])
    voltage = 3.9 + 100 * current
    record = make_record(36.0 * np.arange(current.size), voltage, current, "made.csv")
    return FullCells((judge_record(record, CyclingSettings(files=(Path("made.csv"),))),), ())


@pytest.mark.parametrize("hours", [1.0, -1.0])
def test_a_record_of_one_half_cycle_says_why_it_has_no_initial_efficiency(hours):
    found = cells(hours)
    (part,) = cycling_parts(found)
    why = "no initial Coulombic efficiency, for no cycle has a whole charge and a whole discharge."
    assert why in part.sentence
    assert "nan" not in part.sentence
    assert "– %" not in part.sentence
    assert None in _row("made", found.cells[0])
    assert not any(isinstance(c, float) and np.isnan(c) for c in _row("made", found.cells[0]))


def test_a_whole_first_cycle_has_its_efficiency_in_the_sentence():
    (part,) = cycling_parts(cells(1.0, -0.8, 1.0, -0.8))
    assert "initial Coulombic efficiency 80 % (discharge/charge)." in part.sentence

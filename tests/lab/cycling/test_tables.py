"""Cyclers' tables in every dress: units, signs, counters that begin anew, bad rows, times per step,
pauses.
"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrolith.core.errors import DataError
from electrolith.lab.cycling.bells import doubts_of
from electrolith.lab.cycling.counters import current_steps, judge_counters
from electrolith.lab.cycling.cycles import CycleSettings, cycle_table
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.cycling.record import interruptions, make_record

CASES = Path(__file__).parents[2] / "reference" / "lab"
THREE = ([2.00, 1.95, 1.90], [1.97, 1.92, 1.87])
MASS, AREA = 3.5e-6, 0.785e-4  # kg, m2


@pytest.mark.parametrize(
    "name",
    [
        "cycling-counter-per-cycle/per_cycle.csv",
        "cycling-counter-per-cycle/per_step.csv",
        "cycling-ewe-header/cp.mpt",
        "cycling-maccor/maccor.txt",
        "cycling-hms-header/hours_in_hms.csv",
        "cycling-time-per-step/neware.csv",
        "cycling-empty-cells/empty_temperature.csv",
        "cycling-empty-cells/two_empty_cycle_cells.csv",
        "cycling-current-units/days.csv",
        "cycling-current-units/nanoampere.csv",
        "cycling-current-units/per_cm2.csv",
        "cycling-current-units/per_gram.csv",
    ],
)
def test_one_cell_in_twelve_tables_has_the_same_three_cycles(name):
    record = read_cycling(CASES / name, mass=MASS, area=AREA)
    table = cycle_table(record)
    assert table.cycle.tolist() == [1, 2, 3]
    assert table.complete.all()
    np.testing.assert_allclose(table.charge, THREE[0], rtol=1e-3)
    np.testing.assert_allclose(table.discharge, THREE[1], rtol=1e-3)
    np.testing.assert_allclose(table.charge_current, 1.0, rtol=1e-6)
    assert not record.account.warnings


def test_one_step_in_hours_minutes_seconds():
    table = cycle_table(read_cycling(CASES / "cycling-hms-header" / "one_step_neware.csv"))
    assert table.discharge.tolist() == [pytest.approx(1.97, rel=1e-3)]


def test_a_row_every_ten_minutes_is_no_interruption():
    table = cycle_table(read_cycling(CASES / "cycling-slow-records" / "dt600.csv"))
    np.testing.assert_allclose(table.charge, 2.0, rtol=1e-3)
    np.testing.assert_allclose(table.discharge, 1.96, rtol=1e-3)
    assert not any("interrupted" in r for r in table.remarks)


def test_a_counter_that_was_paused_and_resumed_counts_no_charge_of_the_other_sign():
    table = cycle_table(read_cycling(CASES / "cycling-paused-resumed" / "paused.csv"))
    np.testing.assert_allclose(table.efficiency, 1.9667 / 2.0, rtol=1e-4)


def test_a_current_per_area_without_the_area_is_refused_by_name():
    with pytest.raises(DataError, match=r"'Current density \(mA/cm2\)' is given per area; state the area"):
        read_cycling(CASES / "cycling-current-units" / "per_cm2.csv", mass=MASS)


def test_capacities_per_gram_made_with_another_mass_are_not_believed():
    path = CASES / "cycling-current-units" / "per_gram.csv"
    record = read_cycling(path, mass=2 * MASS)
    np.testing.assert_allclose(cycle_table(record).charge, THREE[0], rtol=1e-3)
    assert "were made with 3.5 mg, 7 mg are stated" in record.account.warnings[0]
    without = read_cycling(path)
    np.testing.assert_allclose(cycle_table(without).charge, THREE[0], rtol=1e-3)


def cell(cycles=3, per_half=40, seconds=60.0, ampere=1e-3, loss=0.02):
    """Time, current and voltage of cycles of constant current with a rest before each half."""
    rows = []
    time = 0.0
    for cycle in range(cycles):
        for sign in (1, -1):
            count = round(per_half * (1 - loss * (cycle + (sign < 0) * 0.5)))
            for _ in range(5):
                rows.append((time, 0.0, 3.4, cycle + 1, 4 * cycle + (1 if sign > 0 else 3)))
                time += seconds
            for i in range(count + 1):
                voltage = 3.4 + sign * (0.1 + 0.8 * i / per_half) if sign > 0 else 4.2 - 0.8 * i / per_half
                rows.append((time, sign * ampere, voltage, cycle + 1, 4 * cycle + (2 if sign > 0 else 4)))
                time += seconds
    return np.array(rows)


def truth(rows):
    """Charge of every half-cycle, C, by the sum over its rows."""
    steps = current_steps(rows[:, 0], rows[:, 1])
    number = rows[:, 3]
    return (
        np.array([steps[(number == c) & (steps > 0)].sum() for c in np.unique(number)]),
        np.array([-steps[(number == c) & (steps < 0)].sum() for c in np.unique(number)]),
    )


def counters(rows, resets):
    """Unsigned counters of charge and discharge, Ah, that begin anew where `resets` is true."""
    steps = current_steps(rows[:, 0], rows[:, 1]) / 3600
    found = []
    for part in (np.maximum(steps, 0), np.maximum(-steps, 0)):
        total = np.cumsum(part)
        base = np.zeros(total.size)
        for at in np.flatnonzero(resets):
            base[at:] = total[at - 1]  # the row where it begins anew holds what came since
        found.append(total - base)
    return found


TIMES = {"s": 1.0, "min": 60.0, "h": 3600.0, "days": 86400.0, "hh:mm:ss": None}
AMPERES = {"A": 1.0, "mA": 1e-3, "µA": 1e-6, "nA": 1e-9, "mA/cm²": 10 * AREA, "A/g": 1e3 * MASS}
CHARGES = {"Ah": 1.0, "mAh": 1e-3, "mAh/g": MASS, "C": 1 / 3600}
RESETS = ("never", "step", "cycle", "pause", "loop")


def clock(seconds):
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02d}:{minutes:02d}:{rest:06.3f}"


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(TIMES)),
    st.sampled_from(sorted(AMPERES)),
    st.sampled_from(sorted(CHARGES)),
    st.sampled_from(RESETS),
    st.sampled_from([(",", "."), (";", ","), ("\t", "."), ("\t", ",")]),
    st.sampled_from(["signed", "reversed", "words", "counters"]),
    st.permutations(range(7)),
    st.sampled_from([(), (30,), (12, 77, 150)]),
    st.booleans(),
)
def test_the_charge_of_every_half_cycle_is_the_same_in_every_table(
    tmp_path_factory, time_unit, ampere, charge, reset, marks, sign, order, bad, per_step
):
    rows = cell()
    time, current = rows[:, 0], rows[:, 1]
    new_step = np.concatenate([[False], np.diff(rows[:, 4]) != 0])
    resets = {
        "never": np.zeros(time.size, bool),
        "step": new_step,
        "cycle": np.concatenate([[False], np.diff(rows[:, 3]) != 0]),
        "pause": np.arange(time.size) == 25,
        "loop": np.isin(np.arange(time.size), (25, 100, 180)),
    }[reset]
    up, down = counters(rows, resets)
    begun = np.maximum.accumulate(np.where(new_step, time, time[0]))
    shown_time = time - begun if per_step else time
    scale = TIMES[time_unit]
    shown = {"reversed": -current, "signed": current}.get(sign, np.abs(current))
    columns = [
        (f"{'Step Time' if per_step else 'Test Time'} ({time_unit})", shown_time / (scale or 1)),
        (f"Current ({ampere})", shown / AMPERES[ampere]),
        ("Voltage (mV)", 1e3 * rows[:, 2]),
        (f"Charge Capacity ({charge})", up / CHARGES[charge]),
        (f"Discharge Capacity ({charge})", down / CHARGES[charge]),
        ("Step Index", rows[:, 4]),
        ("Status" if sign in ("words", "reversed") else "Aux", np.sign(current)),
    ]  # fmt: skip
    mark, decimal = marks
    names = {1.0: "CC_Chg", -1.0: "CC_DChg", 0.0: "Rest"}
    lines = [mark.join(columns[i][0] for i in order)]
    for n in range(time.size):
        cells = []
        for i in order:
            title, values = columns[i]
            if title == "Status":
                cells.append(names[values[n]])
            elif n in bad and title.startswith("Voltage"):
                cells.append("OVL")
            elif i == 0 and scale is None:
                cells.append(clock(values[n]))
            else:
                cells.append(repr(float(values[n])).replace(".", decimal))
        lines.append(mark.join(cells))
    path = tmp_path_factory.mktemp("d") / "t.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    record = read_cycling(path, mass=MASS, area=AREA)
    assert record.rows == time.size - len(bad)
    table = cycle_table(record, CycleSettings(counting="own"))
    charged, discharged = truth(rows)
    # a row that is left out costs at most what came with it
    np.testing.assert_allclose(3.6 * table.charge, charged, rtol=2e-3, atol=2 * len(bad) * 60e-3)
    np.testing.assert_allclose(3.6 * table.discharge, discharged, rtol=2e-3, atol=2 * len(bad) * 60e-3)


@pytest.mark.parametrize(
    ("title", "unit", "text"),
    [
        ("Test Time (min)", 1.0, r"a factor of 0.01667 in every half-cycle, so a unit is wrong"),
        ("Test Time (s)", 3600.0, r"a factor of 3600 in every half-cycle, so a unit is wrong"),
    ],
)
def test_a_unit_that_counters_contradict_is_refused(tmp_path, title, unit, text):
    rows = cell()
    up, down = counters(rows, np.zeros(len(rows), bool))
    path = tmp_path / "wrong.csv"
    table = np.c_[rows[:, 0] / unit, rows[:, 1], rows[:, 2], up, down]
    np.savetxt(path, table, delimiter=",", comments="", header=f"{title},Current (A),Voltage (V),"
               "Charge Capacity (Ah),Discharge Capacity (Ah)")  # fmt: skip
    with pytest.raises(DataError, match=text):
        read_cycling(path)


def test_a_time_without_unit_is_read_by_the_counters_or_the_dates(tmp_path):
    rows = cell()
    up, down = counters(rows, np.zeros(len(rows), bool))
    path = tmp_path / "bare.csv"
    header = "Test Time,Current (A),Voltage (V),Charge Capacity (Ah),Discharge Capacity (Ah)"
    table = np.c_[rows[:, 0] / 60, rows[:, 1], rows[:, 2], up, down]
    np.savetxt(path, table, delimiter=",", comments="", header=header)
    record = read_cycling(path)
    np.testing.assert_allclose(record.time, rows[:, 0])
    assert any("min, by the counters" in t.note for t in record.account.taken)


def test_a_voltage_that_falls_under_positive_current_is_said(tmp_path):
    rows = cell()
    path = tmp_path / "turned.csv"
    np.savetxt(path, np.c_[rows[:, 0], -rows[:, 1], rows[:, 2]], delimiter=",", comments="",
               header="Time (s),Current (A),Voltage (V)")  # fmt: skip
    assert "is the current positive on discharge" in read_cycling(path).account.warnings[0]


def test_counters_that_disagree_here_and_there_are_said_and_not_used():
    rows = cell()
    time, current = rows[:, 0], rows[:, 1]
    up, down = (3600 * c for c in counters(rows, np.zeros(len(rows), bool)))
    up = up + np.where(np.arange(time.size) > 20, 0.5, 0.0)  # a jump inside a half-cycle of 2.4 C
    judged = judge_counters(time, current, up=up, down=down)
    assert judged.steps is None
    assert judged.witnesses[0].verdict == "disagrees"
    assert "disagree in 1 of 6 half-cycles" in judged.witnesses[0].text


def test_a_counter_in_coarse_steps_gives_way_to_the_current():
    rows = cell(ampere=2e-4)
    up, down = (3600 * np.floor(c * 1e4) / 1e4 for c in counters(rows, np.zeros(len(rows), bool)))
    judged = judge_counters(rows[:, 0], rows[:, 1], up=up, down=down)
    assert judged.steps is None
    assert "it counts in steps of 0.1 mAh" in judged.witnesses[0].text


@given(st.floats(10, 5000), st.integers(3, 60), st.floats(5.5, 1e3))
def test_gaps_are_judged_against_the_rhythm_of_the_record(interval, at, times):
    time = np.arange(80) * interval
    current = np.full(80, 1e-3)
    assert not interruptions(time, current).any()
    gap = max(times * interval, 700.0)
    late = time + np.where(np.arange(80) >= at, gap, 0.0)
    assert np.flatnonzero(interruptions(late, current)).tolist() == [at]


def test_a_first_discharge_that_began_before_the_record_is_paired_with_nothing():
    time = np.arange(0, 1000.0)
    current = np.full(time.size, -1.0)
    current[100:500], current[500:900] = 1.0, -1.0
    current[900:] = 1.0
    table = cycle_table(make_record(time, 3.5 + 0.1 * current, current, "x"))
    assert table.cycle.tolist() == [0, 1, 2]
    assert table.complete.tolist() == [False, True, False]
    assert table.initial_efficiency == pytest.approx(1.0, abs=0.01)  # 20.9 % if paired
    assert any("begins inside a discharge: cycle 0" in r for r in table.remarks)


def test_a_cycle_column_that_counts_no_cycles_is_said_and_not_used():
    rows = cell(cycles=5)
    record = make_record(rows[:, 0], rows[:, 2], rows[:, 1], "x", cycle=np.ones(len(rows), int))
    table = cycle_table(record)
    assert table.counted_by == "own"
    assert table.cycle.size == 5
    assert any("the cycle column is 1 throughout 5 cycles" in r for r in table.remarks)


@pytest.mark.parametrize(
    "header",
    [
        "~Time[h]\tDataSet\tt-Step[h]\tCommand\tU[V]\tI[A]\tAh[Ah]",  # Basytec
        "Test_Time(h)\tData_Point\tStep_Time(h)\tState\tVoltage(V)\tCurrent(A)\tCapacity(Ah)",  # Arbin
        # PEC
        "Total Time (Hours)\tRecord\tStep Time (Hours)\tStatus\tVoltage (V)\tCurrent (A)\tCapacity(Ah)",
        "test_time_hour\tn\tstep_time_hour\tstep_type\tvoltage_volt\tcurrent_ampere\tcapacity_ah",
    ],
)
def test_headers_of_other_cyclers(tmp_path, header):
    rows = cell()
    net = np.cumsum(current_steps(rows[:, 0], rows[:, 1])) / 3600
    words = {1.0: "Charge", -1.0: "Discharge", 0.0: "Pause"}
    lines = [header]
    for n, (t, i, v, _, _) in enumerate(rows):
        lines.append(f"{t / 3600:.9f}\t{n}\t0.0\t{words[np.sign(i)]}\t{v}\t{i}\t{net[n]:.12f}")
    path = tmp_path / "export.txt"
    path.write_text("\n".join(lines))
    record = read_cycling(path)
    charged, discharged = truth(rows)
    table = cycle_table(record)
    np.testing.assert_allclose(3.6 * table.charge, charged, rtol=1e-6)
    np.testing.assert_allclose(3.6 * table.discharge, discharged, rtol=1e-6)
    assert record.account.witnesses[0].verdict == "agrees"


def test_efficiencies_above_one_and_negative_hysteresis_ring():
    rows = cell(loss=0.0)
    voltage = np.where(rows[:, 1] < 0, 3.9, np.where(rows[:, 1] > 0, 3.5, 3.4))
    current = np.where(rows[:, 1] < 0, 1.5, 1.0) * rows[:, 1]
    said = doubts_of(cycle_table(make_record(rows[:, 0], voltage, current, "x"), CycleSettings(mass=2e-8)))
    assert any("coulombic efficiency is 150 percent" in s for s in said)
    assert any("hysteresis is -0.3951 V, below zero" in s for s in said)
    assert any("that of sulfur, more than any cathode of that mass can hold" in s for s in said)
    assert doubts_of(cycle_table(make_record(rows[:, 0], rows[:, 2], rows[:, 1], "x"))) == ()


def test_a_net_counter_that_begins_anew_at_rest_is_no_charge():
    rows = cell()
    steps = current_steps(rows[:, 0], rows[:, 1])
    net = np.cumsum(steps)
    resting = np.flatnonzero(rows[:, 1] == 0)
    at = int(resting[resting > 100][2])
    judged = judge_counters(
        rows[:, 0], rows[:, 1], single=net - np.where(np.arange(len(net)) >= at, net[at], 0)
    )
    assert judged.witnesses[0].verdict == "agrees"
    np.testing.assert_allclose(judged.steps, steps, atol=1e-9)


def test_a_line_of_words_costs_itself_and_a_second_table_is_said(tmp_path):
    rows = cell()
    lines = [f"{t},{i},{v}" for t, i, v, _, _ in rows]
    path = tmp_path / "a.csv"
    path.write_text(
        "\n".join(["Time (s),Current (A),Voltage (V)", *lines[:60], "aborted,by,user", *lines[60:]])
    )
    record = read_cycling(path)
    assert record.rows == len(rows)
    assert "aborted,by,user" in record.account.left_out[0]
    path.write_text(
        "\n".join(["Time (s),Current (A),Voltage (V)", *lines, "Freq (Hz),Zreal,Zimag", *lines[:20]])
    )
    record = read_cycling(path)
    assert "a further table of 20 rows" in record.account.warnings[0]

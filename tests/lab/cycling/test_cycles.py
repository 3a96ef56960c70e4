"""Cycle tables, rates, fade and profiles against hand calculations."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.lab.cycling.cycles import CycleSettings, cycle_table
from electrolith.lab.cycling.fade import fit_fade, retention
from electrolith.lab.cycling.profile import differential, profile
from electrolith.lab.cycling.rates import (
    RateStep,
    current_density_from_rate,
    rate_from_current_density,
    rate_steps,
)
from electrolith.lab.cycling.record import make_record
from electrolith.lab.cycling.regime import regimes


def made(currents=(1e-3,) * 4, charge_time=3600.0, discharge_time=3420.0, interval=10.0):
    """Cycles at constant current: charge at 4 V, discharge at 3.8 V, ten-second rows, rest between."""
    time, current, voltage = [0.0], [0.0], [3.9]
    for size in currents:
        for sign, duration, level in ((1, charge_time, 4.0), (-1, discharge_time, 3.8)):
            for _ in range(round(duration / interval)):
                time.append(time[-1] + interval)
                current.append(sign * size)
                voltage.append(level)
            for _ in range(6):
                time.append(time[-1] + interval)
                current.append(0.0)
                voltage.append(3.9)
    return make_record(np.array(time), np.array(voltage), np.array(current), "made")


def test_capacity_efficiency_energy_and_voltages_match_hand_calculation():
    # 1 mA for 1 h is 1 mAh; 0.95 h back is 0.95 mAh; at 4.0 and 3.8 V
    table = cycle_table(made(), CycleSettings(mass=5e-6, area=0.785e-4))
    assert table.cycle.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(table.charge, 1.0, rtol=1e-9)
    np.testing.assert_allclose(table.discharge, 0.95, rtol=1e-9)
    np.testing.assert_allclose(table.efficiency, 0.95, rtol=1e-9)
    np.testing.assert_allclose(table.charge_voltage, 4.0, rtol=1e-3)
    np.testing.assert_allclose(table.discharge_voltage, 3.8, rtol=1e-3)
    np.testing.assert_allclose(table.hysteresis, 0.2, atol=2e-3)
    np.testing.assert_allclose(table.charge_energy, 4.0, rtol=1e-3)
    np.testing.assert_allclose(table.specific_discharge, 190.0, rtol=1e-9)
    np.testing.assert_allclose(table.areal_discharge, 0.95 / 0.785, rtol=1e-9)
    assert table.complete.all()
    assert table.initial_efficiency == pytest.approx(0.95)


def test_the_other_convention_is_stated_and_inverse():
    table = cycle_table(made(), CycleSettings(convention="charge/discharge"))
    assert table.convention == "charge/discharge"
    np.testing.assert_allclose(table.efficiency, 1 / 0.95, rtol=1e-9)


def test_discharge_first_cells_count_from_the_discharge():
    record = made()
    table = cycle_table(replace(record, current=-record.current))
    assert table.cycle.size == 4
    np.testing.assert_allclose(table.discharge, 1.0, rtol=1e-9)


def test_a_tiny_pulse_is_no_cycle():
    record = made()
    current = record.current.copy()
    current[3] = -1e-4
    assert cycle_table(replace(record, current=current)).cycle.size == 4


def test_an_interruption_is_flagged_and_adds_no_charge():
    record = made()
    time = record.time.copy()
    time[500:] += 86400.0
    table = cycle_table(replace(record, time=time))
    assert not table.complete[0]
    assert table.complete[1:].all()
    assert any("interrupted by a gap in time: 1" in r for r in table.remarks)
    assert table.discharge[0] == pytest.approx(0.95, abs=0.004)


def test_the_vendors_numbers_are_taken_and_gaps_in_them_said():
    record = made()
    own = cycle_table(record)
    number = np.searchsorted(own.begin, record.time, side="right")
    number = np.where(number > 2, number + 5, number)
    table = cycle_table(replace(record, cycle=number))
    assert table.counted_by == "vendor"
    assert table.cycle.tolist() == [1, 2, 8, 9]
    assert any("cycles are missing" in r for r in table.remarks)


def test_rate_steps_are_detected_and_named():
    # 3.5 mg of active material at 200 mA/g: 0.7 mA is 1C
    record = made(currents=(0.07e-3,) * 3 + (0.14e-3,) * 3 + (0.7e-3,) * 3 + (0.07e-3,) * 2)
    table = cycle_table(record, CycleSettings(mass=3.5e-6))
    steps = rate_steps(table, one_c=200.0)
    assert [(s.name, s.first, s.last) for s in steps] == [
        ("0.1C", 1, 3),
        ("0.2C", 4, 6),
        ("1C", 7, 9),
        ("0.1C", 10, 11),
    ]
    assert steps[0].c_rate == pytest.approx(0.1, rel=1e-6)


def test_rates_and_current_densities_convert_both_ways():
    # 10.1126/sciadv.adh4626: 4.46 mg/cm2, 200 mA/g, 1C is 0.892 mA/cm2
    density = current_density_from_rate(1.0, loading=4.46e-2, one_c=200.0)
    assert density == pytest.approx(8.92)
    assert rate_from_current_density(density, loading=4.46e-2, one_c=200.0) == pytest.approx(1.0)
    with pytest.raises(InputError, match="loading must be positive, got 0"):
        current_density_from_rate(1.0, loading=0.0, one_c=200.0)


@pytest.mark.parametrize(
    ("law", "curve"),
    [
        ("linear", lambda n: 114 * (1 - 6.4e-5 * n)),
        ("root", lambda n: 114 * (1 - 2.5e-3 * np.sqrt(n))),
        ("exponential", lambda n: 114 * np.exp(-2e-3 * n)),
    ],
)
def test_fade_laws_come_back_with_honest_intervals(rng, law, curve):
    cycle = np.arange(1, 501)
    fade = fit_fade(cycle, curve(cycle - 1) + 0.1 * rng.standard_normal(500), reference=1, unit="mAh/g")
    assert fade.law == law
    assert fade.spread == pytest.approx(0.1, rel=0.15)
    predicted = fade.at(900)
    assert abs(predicted.value - curve(899)) < 4 * predicted.std
    assert fade.retention(1).value == pytest.approx(1)


def test_extrapolation_beyond_twice_the_data_is_refused():
    cycle = np.arange(1, 101)
    fade = fit_fade(cycle, 100 - 0.01 * cycle, reference=1)
    fade.at(199)
    with pytest.raises(InputError, match="not carried further than twice its data"):
        fade.at(200.5)
    with pytest.raises(InputError, match="3 cycles from cycle 98 on; a fade law needs at least five"):
        fit_fade(cycle, 100 - 0.01 * cycle, reference=98)


def test_retention_names_its_reference():
    cycle = np.arange(1, 6)
    kept = retention(cycle, np.array([120.0, 114, 110, 106, 103]), reference=2)
    assert kept[-1] == pytest.approx(103 / 114)
    with pytest.raises(InputError, match="reference cycle 9 is not there; cycles 1 to 5"):
        retention(cycle, np.ones(5), reference=9)


def test_differential_capacity_has_the_area_of_the_capacity_and_the_plateau_as_peak():
    # a plateau at 3.7 V: V = 3.7 + 0.02 logit(x)
    x = np.linspace(0.001, 0.999, 4000)
    time = x * 3600
    record = make_record(time, 3.7 + 0.02 * np.log(x / (1 - x)), np.full(x.size, 1e-3), "plateau")
    table = cycle_table(record)
    curve = profile(record, table, 1, "charge")
    found = differential(curve, width=2e-3)
    assert np.sum(found.dq_dv) * 2e-3 == pytest.approx(curve.capacity[-1], rel=1e-9)
    assert found.voltage[np.argmax(found.dq_dv)] == pytest.approx(3.7, abs=4e-3)
    # the peak of a logistic plateau is Q/(4·0.02 V)
    assert found.dq_dv.max() == pytest.approx(1.0 / 0.08, rel=0.02)
    middle = np.argmin(np.abs(found.capacity - 0.5))
    assert found.dv_dq[middle] == pytest.approx(0.08, rel=0.02)
    with pytest.raises(InputError, match="cycle 1 has no discharge"):
        profile(record, table, 1, "discharge")
    with pytest.raises(InputError, match="no cycle 7; the table has 1 to 1"):
        profile(record, table, 7, "charge")
    with pytest.raises(InputError, match="must be positive and below the profile's"):
        differential(curve, width=3.0)


def test_absurd_mass_and_area_are_refused():
    with pytest.raises(InputError, match=r"mass 3.5 kg is no electrode's; state the unit, as in '3.5 mg'"):
        CycleSettings(mass=3.5)
    with pytest.raises(InputError, match="area 2 m2 is no electrode's"):
        CycleSettings(area=2.0)


def stretches(*parts):
    """Rate steps of (current in mA, cycles)."""
    steps, first = [], 1
    for current, count in parts:
        steps.append(RateStep(first, first + count - 1, current, None, 1.0, None, f"{current:g} mA"))
        first += count
    return tuple(steps)


@pytest.mark.parametrize(
    ("parts", "kinds"),
    [
        (((0.1, 3), (0.5, 300)), ("formation", "ageing")),
        (((0.1, 5), (0.2, 5), (0.5, 5), (1.0, 5), (0.1, 5)), ("rate test",) * 5),
        (((0.1, 5), (0.2, 5), (0.5, 5), (0.5, 200)), ("rate test",) * 3 + ("ageing",)),
        (((0.5, 100),), ("ageing",)),
        (((0.5, 4),), ("few cycles",)),
        (((1.0, 3), (0.1, 50)), ("few cycles", "ageing")),
    ],
)
def test_formation_rate_test_and_ageing_are_told_apart(parts, kinds):
    assert regimes(stretches(*parts)) == kinds

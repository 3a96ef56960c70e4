"""The porous-electrode solver against recorded curves, exact limits and its own conservation laws."""

from pathlib import Path

import numpy as np
import pytest

from electrolith.cell.protocol import Charge, Discharge, Hold, Rest, gitt, schedule
from electrolith.cell.record import BAD, CURRENT, DURATION, INFEASIBLE, VOLTAGE
from electrolith.cell.simulate import FAST, Numerics, simulate
from electrolith.core.constants import FARADAY, GAS_CONSTANT
from electrolith.core.errors import InputError

AREA = 1.54e-4  # m², of the recorded half-cell


@pytest.mark.parametrize("rate", [0.1, 1])
@pytest.mark.parametrize("numerics", [Numerics(), FAST], ids=["default", "fast"])
def test_recorded_single_ion_curves_of_pybamm_are_met(shared_data: Path, lithium_nmc, rate, numerics):
    name = f"Xu2019_singleion_k0.05_Rc0_DFN_{rate}C"
    _, charge, voltage = np.loadtxt(shared_data / "cell" / f"{name}.csv", delimiter=",", skiprows=1).T
    mean = np.trapezoid(voltage, charge) / charge[-1]
    cells = lithium_nmc()
    end = 57600.0 if rate == 0.1 else np.inf
    batch = simulate(
        cells, schedule([Discharge(rate, until=2.8, duration=end)], cells.one_c), numerics=numerics
    )
    assert batch.charge[0, 0] * AREA / 3600 == pytest.approx(charge[-1], rel=1e-3)  # asked: 0.3 %
    assert batch.mean_voltage[0, 0] == pytest.approx(mean, abs=3e-3)
    curve = batch.curve(0)
    theirs = np.interp(curve.charge * AREA / 3600, charge, voltage)
    inside = curve.voltage > 3.45  # below, both curves fall steeply
    assert np.abs(curve.voltage - theirs)[inside].max() < 3e-3


def test_recorded_liquid_half_cell_is_met_with_its_steady_salt(shared_data: Path, lithium_nmc):
    # blocked anions at steady state: kappa_eff = kappa / (1 + 2RT(1-t)² kappa / (F² c D)), Valoen & Reimers
    # (2005)
    t, c = 298.15, 1.0
    kappa = (
        0.1
        * c
        * (
            -10.5
            + 0.0740 * t
            - 6.96e-5 * t**2
            + c * (0.668 - 0.0178 * t + 2.8e-5 * t**2)
            + c**2 * (0.494 - 8.86e-4 * t)
        )
        ** 2
    )
    salt = 10 ** (-4.43 - 54 / (t - 234) - 0.22) * 1e-4
    steady = kappa / (1 + 2 * GAS_CONSTANT * t * 0.62**2 * kappa / (FARADAY**2 * 1000 * salt))
    cells = lithium_nmc(kappa=steady)
    for rate in (0.1, 1):
        data = np.loadtxt(
            shared_data / "cell" / f"Xu2019_halfcell_DFN_{rate}C.csv", delimiter=",", skiprows=1
        )
        batch = simulate(cells, schedule([Discharge(rate, until=3.5)], cells.one_c))
        assert batch.charge[0, 0] * AREA / 3600 == pytest.approx(data[-1, 1], rel=3e-3)
        mean = np.trapezoid(data[:, 2], data[:, 1]) / data[-1, 1]
        assert batch.mean_voltage[0, 0] == pytest.approx(mean, abs=3e-3)


def test_lithium_is_conserved_through_charge_hold_rest_and_discharge(lithium_nmc):
    cells = lithium_nmc(2, particle_radius=[[5e-6], [9e-6]])
    steps = [
        Discharge(1, until=3.3),
        Rest(1800),
        Charge(0.7, until=4.15),
        Hold(4.15, until_rate=0.1),
        Rest(600),
    ]
    batch = simulate(cells, schedule(steps, cells.one_c), parts=True)
    # the open-circuit component is U of the mean lithium content, so it gives that content back
    for cell in (0, 1):
        passed = batch.points_charge[batch.rows[:, 0] == cell]
        content = cells.stoichiometry[cell] + passed / cells.capacity[cell]
        there = cells.ocp(content)
        assert np.abs(there - batch.parts["open circuit"][batch.rows[:, 0] == cell]).max() < 1e-8
    assert (batch.outcome == [[VOLTAGE, DURATION, VOLTAGE, CURRENT, DURATION]] * 2).all()


def test_voltage_components_add_up_to_the_terminal_voltage(lithium_nmc):
    cells = lithium_nmc(contact_resistance=2e-3, film_resistance=1e-3, ionic_conductivity=4e-3)
    steps = [Discharge(1.5, until=3.0), Rest(300), Charge(0.5, until=4.1), Hold(4.1, until_rate=0.2)]
    batch = simulate(cells, schedule(steps, cells.one_c), parts=True)
    total = sum(batch.parts.values())
    assert np.abs(total - batch.voltage).max() < 1e-9
    assert set(batch.parts) >= {"open circuit", "cathode ionic", "solid diffusion", "separator", "contact"}


def test_refining_the_step_converges_with_second_order(lithium_nmc):
    # capacity passed to a voltage in the sloping part, at fixed space resolution, against a far finer step
    cells = lithium_nmc(diffusivity=3e-15)
    plan = schedule([Discharge(1, until=3.0)], cells.one_c)

    def run(tolerance: float) -> tuple[float, int]:
        numerics = Numerics(
            step_tolerance=tolerance, bend_tolerance=10.0, event_tolerance=1e-6, first_change=1e-5
        )
        batch = simulate(cells, plan, numerics=numerics)
        return float(batch.charge[0, 0]), batch.time.size

    exact, _ = run(3e-9)
    errors, sizes = zip(*[(abs(q / exact - 1), n) for q, n in map(run, (1e-4, 1e-5, 1e-6))], strict=True)
    order = -np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert order > 1.7
    assert errors[-1] < 1e-5


def test_each_cell_of_a_batch_behaves_as_it_does_alone(lithium_nmc):
    rates = np.array([0.2, 1.0, 3.0])
    cells = lithium_nmc(3, cathode_thickness=[30e-6, 60e-6, 90e-6])
    together = simulate(cells, schedule([Discharge(1, until=3.0)], cells.one_c, rates=rates))
    for i in range(3):
        one = cells.take(np.array([i]))
        alone = simulate(one, schedule([Discharge(rates[i], until=3.0)], one.one_c))
        assert together.charge[i, 0] == pytest.approx(alone.charge[0, 0], rel=1e-9)


def test_equilibrium_is_followed_at_a_thousandth_c(lithium_nmc):
    cells = lithium_nmc()
    batch = simulate(cells, schedule([Discharge(0.001, until=3.5)], cells.one_c))
    curve = batch.curve(0)
    equilibrium = cells.ocp(cells.stoichiometry[0] + curve.charge / cells.capacity[0])
    assert np.abs(curve.voltage - equilibrium).max() < 1.5e-3
    window = cells.ocp.stoichiometry_at(3.5) - cells.stoichiometry[0]
    assert batch.charge[0, 0] == pytest.approx(window * cells.capacity[0], rel=1e-3)


def test_ohmic_cell_loses_current_times_resistance(lithium_nmc):
    # a large film resistance keeps the reaction uniform: what remains is U - I (R_layer + R_contact + L/3κ)
    # at uniform reaction
    cells = lithium_nmc(diffusivity=1e-9, film_resistance=10.0, contact_resistance=0.01)
    plan = schedule([Discharge(0.1, until=2.0)], cells.one_c)
    batch = simulate(cells, plan, parts=True, numerics=Numerics(slices=40))  # midpoint rule
    current = 0.1 * cells.one_c[0]
    curve = batch.curve(0)
    assert curve.parts["separator"] == pytest.approx(-current * cells.layer_resistance[0, 0], rel=1e-12)
    assert curve.parts["contact"] == pytest.approx(-current * 0.01, rel=1e-12)
    third = current * cells.cathode_thickness[0] / (3 * cells.ionic_conductivity[0])
    assert curve.parts["cathode ionic"] == pytest.approx(-third, rel=1e-2)


def test_first_voltage_matches_newmans_linear_electrode(lithium_nmc):
    # t = 0, small current, σ >> κ: drop = I L coth(ν)/(κ ν), ν = L (a i0 F/(RT κ))^½ (Newman & Tobias 1962)
    cells = lithium_nmc(ionic_conductivity=2e-3, electronic_conductivity=1e9, exchange_current=0.5)
    current = 1e-4
    numerics = Numerics(slices=80)
    rate = current / cells.one_c[0]
    batch = simulate(cells, schedule([Discharge(rate, duration=1e-6)], cells.one_c), numerics=numerics)
    area = 3 * cells.charge_density[0] / cells.active_density[0] / cells.particle_radius[0, 0]
    s = cells.stoichiometry[0]
    exchange = 0.5 * 2 * np.sqrt(s * (1 - s))
    thermal = GAS_CONSTANT * cells.temperature[0] / FARADAY
    length, kappa = cells.cathode_thickness[0], cells.ionic_conductivity[0]
    nu = length * np.sqrt(area * exchange / (thermal * kappa))
    electrode = length / (kappa * nu * np.tanh(nu))
    series = cells.series_resistance[0] + thermal / cells.lithium_exchange_current[0]
    drop = float(cells.ocp(np.array(s))) - batch.curve(0).voltage[0]
    assert drop / current == pytest.approx(electrode + series, rel=2e-4)


def test_tafel_slope_at_large_current(lithium_nmc):
    cells = lithium_nmc(
        2,
        exchange_current=1e-3,
        ionic_conductivity=1e4,
        layer_resistance=0.0,
        lithium_exchange_current=1e12,
    )
    plan = schedule([Discharge(1, duration=1e-9, until=0.1)], cells.one_c, rates=np.array([0.5, 5.0]))
    batch = simulate(cells, plan)
    step = batch.curve(0).voltage[0] - batch.curve(1).voltage[0]
    tafel = 2 * GAS_CONSTANT * 298.15 / FARADAY * np.log(10.0)
    assert step == pytest.approx(tafel, rel=1e-3)


def test_infeasible_and_broken_cells_are_named_and_the_rest_computed(lithium_nmc):
    cells = lithium_nmc(4, diffusivity=[[1e-14], [np.nan], [1e-14], [-1.0]])
    rates = np.array([1.0, 1.0, 1e6, 1.0])
    batch = simulate(cells, schedule([Discharge(1, until=2.8)], cells.one_c, rates=rates))
    assert batch.outcome[:, 0].tolist() == [VOLTAGE, BAD, INFEASIBLE, BAD]
    assert (batch.capacity[1:, 0] == 0).all()
    assert batch.capacity[0, 0] > 100
    assert "infeasible" in batch.text(2)
    assert "not positive" in batch.text(3)
    with pytest.raises(InputError, match="nothing recorded"):
        batch.curve(1)


def test_titration_rests_return_to_equilibrium(lithium_nmc):
    cells = lithium_nmc(diffusivity=1e-13)
    batch = simulate(cells, schedule(gitt(0.5, pulse=600, rest=7200, pulses=3, low=3.0), cells.one_c))
    for pulse in range(3):
        rest = batch.curve(0, 2 * pulse + 1)
        content = cells.stoichiometry[0] + batch.charge[0, : 2 * pulse + 2].sum() / cells.capacity[0]
        assert rest.voltage[-1] == pytest.approx(float(cells.ocp(np.array(content))), abs=1e-4)
        assert rest.voltage[-1] > rest.voltage[0]


def test_particle_sizes_of_one_class_or_two_equal_halves_are_the_same(lithium_nmc):
    from dataclasses import replace

    one = lithium_nmc()
    two = replace(
        one,
        particle_radius=np.full((1, 2), 5.3e-6),
        particle_fraction=np.full((1, 2), 0.5),
        diffusivity=np.full((1, 2), 1e-14),
    )
    plan = schedule([Discharge(1, until=2.8)], one.one_c)
    a, b = simulate(one, plan), simulate(two, plan)
    assert a.charge[0, 0] == pytest.approx(b.charge[0, 0], rel=1e-9)


def test_coarse_particles_in_a_size_distribution_cost_capacity(lithium_nmc):
    from dataclasses import replace

    one = lithium_nmc(diffusivity=1e-15)
    spread = replace(
        one,
        particle_radius=np.array([[3e-6, 5.3e-6, 10e-6]]),
        particle_fraction=np.array([[0.3, 0.4, 0.3]]),
        diffusivity=np.full((1, 3), 1e-15),
    )
    plan = schedule([Discharge(1, until=2.8)], one.one_c)
    narrow, wide = simulate(one, plan), simulate(spread, plan, parts=True)
    assert wide.charge[0, 0] < 0.97 * narrow.charge[0, 0]
    assert np.abs(sum(wide.parts.values()) - wide.voltage).max() < 1e-9


def test_protocol_for_another_number_of_cells_is_refused(lithium_nmc):
    cells = lithium_nmc(2)
    with pytest.raises(InputError, match="protocol for 3 cells, but there are 2"):
        simulate(cells, schedule([Rest(1)], np.ones(3)))


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: Discharge(-1), "discharge: rate must be above 0"),
        (lambda: Charge(0), "charge: rate must be above 0"),
        (lambda: Hold(4.3, until_rate=0), "hold: until_rate must be above 0"),
        (lambda: Rest(np.inf), "rest: needs a finite duration"),
        (lambda: schedule([], np.ones(1)), "protocol: holds no step"),
        (lambda: gitt(1, pulse=1, rest=1, pulses=0, low=3), "at least one pulse"),
        (lambda: Numerics(slices=1), "2 slices"),
        (lambda: Numerics(step_tolerance=0), "step_tolerance must be above 0"),
    ],
)
def test_protocol_and_numerics_refuse_nonsense(build, text):
    with pytest.raises(InputError, match=text):
        build()


def test_extreme_designs_all_end_with_an_outcome_and_none_breaks_the_batch(lithium_nmc, rng):
    n = 400
    cells = lithium_nmc(
        n,
        cathode_thickness=10 ** rng.uniform(-5, -3.3, n),
        diffusivity=10 ** rng.uniform(-17, -11, (n, 1)),
        contact_resistance=10 ** rng.uniform(-5, 0, (n, 1)),
        exchange_current=10 ** rng.uniform(-3, 2, n),
    )
    rates = 10 ** rng.uniform(-3, 3, n)
    batch = simulate(
        cells, schedule([Discharge(1, until=2.8)], cells.one_c, rates=rates), numerics=FAST, record=False
    )
    assert set(np.unique(batch.outcome)) == {VOLTAGE, INFEASIBLE}
    content = cells.stoichiometry + batch.charge[:, 0] / cells.capacity
    assert (content <= 1 + 1e-3).all()
    assert (batch.energy[batch.outcome[:, 0] == VOLTAGE] > 0).all()

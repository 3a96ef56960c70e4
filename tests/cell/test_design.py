"""Screening, energy, maps, limits, fronts, doubt, calibration, indicators, fade: against hand and exact
limits."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.cell.build import Window, cell_arrays
from electrolith.cell.calibrate import Free, Measured, calibrate
from electrolith.cell.doubt import monte_carlo, sensitivities
from electrolith.cell.energy import Packaging, energy_density
from electrolith.cell.fade import fade
from electrolith.cell.indicators import flaw_filling, monroe_newman, resistance_limited_current
from electrolith.cell.limits import what_limits
from electrolith.cell.pareto import optimised, sweep, undominated
from electrolith.cell.protocol import Discharge, cc_cv_charge, rate_test, schedule
from electrolith.cell.rates import discharged, rate_map, steps_for
from electrolith.cell.record import BAD, INFEASIBLE
from electrolith.cell.screening import LIGHT, screen
from electrolith.cell.simulate import FAST, Numerics, simulate
from electrolith.cell.stack import Layer, Stack
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate

AREA = 5e-4
WINDOW = Window()


def pouch(
    loading: float = 0.2742, lhc: float = 100e-6, lnc: float = 100e-6, porosity: float = 0.0, **cathode: float
) -> Stack:
    return Stack(
        (
            Layer(composite={"NCM83": 0.7, "LHC": 0.3}, loading=loading, porosity=porosity, **cathode),
            Layer(material="LHC", thickness=lhc, porosity=porosity),
            Layer(material="LNC", thickness=lnc, porosity=porosity),
            Layer(material="Li", thickness=20e-6),
        ),
        area=AREA,
    )


def test_screening_agrees_with_the_full_model_where_it_is_valid(lithium_nmc):
    n = 40
    rng = np.random.default_rng(2)
    cells = lithium_nmc(
        n,
        cathode_thickness=rng.uniform(10e-6, 40e-6, n),
        diffusivity=10 ** rng.uniform(-15, -13, (n, 1)),
        contact_resistance=rng.uniform(0, 0.03, (n, 1)),
    )
    cells = cells.with_arrays({"active_mass": 0.518 * cells.cathode_thickness * 4700.0})
    rates = 10 ** rng.uniform(-1, 0.3, n)
    found = screen(cells, rates, cutoff=2.8)
    assert not found.full_model.any()
    plan = schedule([Discharge(1, until=2.8)], cells.one_c, rates=rates)
    whole = simulate(cells, plan, record=False)
    assert np.abs(found.capacity - whole.capacity[:, 0]).mean() < 0.3
    assert found.capacity == pytest.approx(whole.capacity[:, 0], rel=0.025, abs=0.5)
    assert found.mean_voltage == pytest.approx(whole.mean_voltage[:, 0], abs=0.01)


def test_thick_designs_are_routed_to_the_full_model_and_bad_ones_named(lithium_nmc):
    cells = lithium_nmc(
        4, cathode_thickness=[20e-6, 120e-6, 20e-6, 20e-6], diffusivity=[[1e-14]] * 3 + [[-1.0]]
    )
    cells = cells.with_arrays({"active_mass": 0.518 * cells.cathode_thickness * 4700.0})
    assert cells.active_mass[1] > LIGHT
    found = screen(cells, np.array([1.0, 1.0, 1e6, 1.0]), cutoff=2.8)
    assert found.full_model.tolist() == [False, True, True, False]
    assert found.outcome[2] == INFEASIBLE
    assert found.outcome[3] == BAD
    assert (found.capacity[:2] > 100).all()


def test_energy_density_of_a_hand_made_stack():
    stack = pouch()
    charge, energy = 4.8 * 36000.0, 4.8 * 36000.0 * 3.7
    pack = Packaging(aluminium=10e-6, copper=10e-6, cells=1, bag=0.0, tabs=0.0, rim=0.0)
    got = energy_density(stack, energy=energy, charge=charge, packaging=pack)
    mass = 0.2742 / 0.7 + 100e-6 * (3130 + 1630) + 20e-6 * 534 + 5e-6 * (2700 + 8960)
    cathode = 0.2742 / 0.7 * (0.7 / 4750 + 0.3 / 3130)
    thickness = cathode + 220e-6 + 10e-6
    assert got.stack_mass == pytest.approx(energy / 3600 / mass, rel=1e-9)
    assert got.stack_volume == pytest.approx(energy / 3600 / thickness / 1000, rel=1e-9)
    assert got.pouch_mass == pytest.approx(got.stack_mass, rel=1e-9)  # an empty bag weighs nothing
    assert got.plated == pytest.approx(charge / (3861 * 3600 * 534), rel=1e-9)
    heavy = energy_density(stack, energy=energy, charge=charge)
    assert heavy.pouch_mass < heavy.stack_mass


def test_published_designs_reach_the_expected_energy():
    # 175 mAh/g at 3.7 V, against an independent estimate: 197 Wh/kg with 100/100 µm of separator, 337 with
    # 30/10 µm
    energy = 175.06 * 0.2742 * 3600 * 3.7
    for (lhc, lnc), expected in {(100e-6, 100e-6): 197, (30e-6, 10e-6): 337}.items():
        got = energy_density(pouch(lhc=lhc, lnc=lnc, porosity=0.15), energy=energy, charge=energy / 3.7)
        assert got.stack_mass == pytest.approx(expected, rel=0.06)


def test_rate_map_falls_with_rate_and_its_areal_capacity_is_loading_times_capacity():
    found = rate_map(
        pouch(diffusivity=5.5e-16),
        WINDOW,
        name="cathode.loading",
        values=np.array([0.05, 0.15]),
        rates=[0.1, 0.5, 1.0],
        numerics=FAST,
    )
    assert (np.diff(found.capacity, axis=1) < 0).all()
    assert found.areal == pytest.approx(found.capacity * found.values[:, None] / 10, rel=1e-9)


def test_what_limits_a_cell_is_what_was_made_to_limit_it():
    slow = cell_arrays(pouch(0.05, diffusivity=2e-16), WINDOW)
    assert "diffusion in the particles costs most" in what_limits(slow, 1.0, WINDOW).sentence
    resistive = cell_arrays(pouch(0.1, lnc=500e-6, diffusivity=1e-13), WINDOW)
    assert "the LNC layer costs most" in what_limits(resistive, 0.3, WINDOW).sentence
    hopeless = what_limits(slow, 1e6, WINDOW)
    assert hopeless.capacity == 0
    assert "leaves its window at once" in hopeless.sentence
    easy = cell_arrays(pouch(0.02, lhc=5e-6, lnc=5e-6, diffusivity=1e-12), WINDOW)
    assert "no single loss costs more than 1 %" in what_limits(easy, 0.001, WINDOW).sentence


def test_front_keeps_what_nothing_beats():
    energy = np.array([1.0, 2.0, 3.0, 2.0])
    power = np.array([3.0, 2.0, 1.0, 1.0])
    assert undominated(energy, power).tolist() == [True, True, True, False]


def test_sweep_and_optimiser_agree_on_thin_separators():
    stack = pouch(0.1, diffusivity=5.5e-16)
    axes = {"cathode.loading": np.array([0.05, 0.1, 0.2]), "LNC.thickness": np.array([10e-6, 100e-6])}
    found = sweep(stack, WINDOW, axes, rate=0.5)
    assert found.energy.size == 6
    assert found.best.any()
    assert (found.values[found.best, 1] == 10e-6).all()
    best, energy, retained = optimised(
        stack,
        WINDOW,
        {"cathode.loading": (0.05, 0.2), "LNC.thickness": (10e-6, 100e-6)},
        least_retained=0.5,
        rng=np.random.default_rng(1),
        rate=0.5,
        generations=6,
    )
    assert best["LNC.thickness"] < 30e-6
    assert energy >= 0.97 * found.energy[(found.retained >= 0.5)].max()
    assert retained >= 0.49
    with pytest.raises(InputError, match="needs 0 < low < high"):
        optimised(
            stack, WINDOW, {"LNC.thickness": (1e-4, 1e-5)}, least_retained=0.5, rng=np.random.default_rng(1)
        )


def test_doubt_of_the_conductivity_reaches_the_resistance(rng):
    draws = np.exp(rng.normal(np.log(4.3e-3), 0.2, 2000))
    given = {"LNC": Estimate(draws, "S/m")}
    found = monte_carlo(pouch(0.05), WINDOW, 0.5, rng=rng, conductivities=given, draws=100)
    lhc = 100e-6 / 4.78e-2 * 1e4
    lnc = 100e-6 / 4.3e-3 * 1e4
    assert found.separator.value == pytest.approx(lhc + lnc, rel=0.07)
    assert found.separator.std == pytest.approx(0.2 * lnc, rel=0.3)
    assert "conductivity of LNC" in found.sources[0]
    nothing = monte_carlo(pouch(0.05), WINDOW, 0.5, rng=rng)
    assert nothing.capacity.doubt == "unknown"
    with pytest.raises(InputError, match="thickness_error"):
        monte_carlo(pouch(0.05), WINDOW, 0.5, rng=rng, thickness_error=0.9)


def test_sensitivity_to_radius_is_twice_that_to_diffusivity_and_opposite():
    found = sensitivities(
        pouch(0.05, diffusivity=5e-16, exchange_current=1e3),
        WINDOW,
        1.0,
        names=["cathode.diffusivity", "cathode.particle_radius"],
    )
    assert found.energy[1] == pytest.approx(-2 * found.energy[0], rel=0.02)
    assert found.energy[0] > 0.2


def test_protocols_end_where_they_should():
    discharged_cell = cell_arrays(pouch(0.05, diffusivity=5.5e-16), WINDOW, charged=False)
    full = cell_arrays(pouch(0.05, diffusivity=5.5e-16), WINDOW)
    got = {}
    for protocol, cells in (("full", full), ("cc", discharged_cell), ("cc-cv", discharged_cell)):
        plan = schedule(steps_for(protocol, 1.0, WINDOW), cells.one_c)
        got[protocol] = float(simulate(cells, plan, record=False).capacity[0, -1])
    assert got["cc"] < got["cc-cv"] < got["full"]
    with pytest.raises(InputError, match="known are full, cc, cc-cv"):
        steps_for("cccv", 1.0, WINDOW)


def test_rate_test_charges_before_every_discharge():
    cells = cell_arrays(pouch(0.05, diffusivity=5.5e-16), WINDOW, charged=False)
    steps = rate_test([0.2, 1.0], low=2.7, high=4.3, charge_rate=0.2, hold_until=0.05)
    batch = simulate(cells, schedule(steps, cells.one_c))
    assert len(steps) == 6
    assert batch.charge[0, 0] < 0 < batch.charge[0, 2]
    assert batch.capacity[0, 5] < batch.capacity[0, 2]
    held = batch.curve(0, 1)
    assert held.voltage == pytest.approx(4.3, abs=1e-4)
    assert abs(held.current[-1]) == pytest.approx(0.05 * cells.one_c[0], rel=2e-3)
    assert cc_cv_charge(0.2, 4.3, 0.05) == steps[:2]


def test_calibration_finds_what_made_the_data_and_sees_what_it_cannot():
    def cell(**how: float) -> Stack:
        return pouch(0.05, lhc=450e-6, **how)

    true = cell_arrays(cell(diffusivity=4e-16), WINDOW)
    points = []
    for rate in (0.1, 0.5, 1.0):
        charge, _, _ = discharged(true, np.array([rate]), window=WINDOW)
        capacity = float(charge[0] / true.active_mass[0] / 3600)
        points.append(Measured(f"{rate:g}C", cell(), WINDOW, rate, capacity, error=1.0, cell="one"))
    free = [Free("cathode.diffusivity", 1e-15, 1e-17, 1e-14), Free("cathode.bruggeman", 1.5, 1.2, 2.5)]
    found = calibrate(points, free)
    assert found.values[0] == pytest.approx(4e-16, rel=0.02)
    assert found.profiles[0].determined
    assert not found.profiles[1].determined  # a thin cathode says nothing about its ionic path
    assert any("bruggeman" in text for text in found.undetermined)
    assert "one set describes all points" in found.verdict
    wrong = [*points[:2], replace(points[2], capacity=points[2].capacity + 40)]
    conflict = calibrate(wrong, free[:1], profiles=False)
    assert "no single set" in conflict.verdict
    assert conflict.chi2 > 50


@pytest.mark.parametrize(
    ("free", "text"),
    [
        ([], "at least one"),
        ([Free("cathode.diffusivty", 1e-15, 1e-16, 1e-14)], "did you mean 'cathode.diffusivity'"),
        ([Free("utilisation of two", 0.8, 0.5, 1.0)], "no such cell; known: one"),
    ],
)
def test_calibration_refuses_unknown_parameters(free, text):
    point = Measured("1C", pouch(0.05), WINDOW, 1.0, 100.0, cell="one")
    with pytest.raises(InputError, match=text):
        calibrate([point], free)


def test_calibration_refuses_bounds_that_are_none():
    with pytest.raises(InputError, match="needs 0 < low <= start <= high"):
        Free("cathode.diffusivity", 1e-13, 1e-17, 1e-14)


def test_indicators_by_hand():
    # 1 V drives Li with F/V = 96485/1.3e-5 = 7.4 GPa; K_IC 0.9 MPa m½ and a 1 µm flaw open at 0.45 GPa
    found = flaw_filling(1.0, toughness=0.9e6, flaw=1e-6)
    assert found.value == pytest.approx(7.42, abs=0.01)
    assert found.threshold == pytest.approx(0.9e6 / (1.12 * np.sqrt(np.pi * 1e-6)) / 1e9, rel=1e-12)
    assert "indicator only" in found.label
    assert "would open" in found.reading
    assert "not stiff enough" in monroe_newman(3e9).reading
    assert monroe_newman(3.4e10).value == pytest.approx(10.0)
    # 3.7 V mean to 2.7 V over 327 ohm cm²: 3.06 mA/cm²
    assert resistance_limited_current(3.7, 2.7, 327e-4) == pytest.approx(30.6, abs=0.1)
    assert resistance_limited_current(2.0, 2.7, 327e-4) == 0
    for wrong in (lambda: monroe_newman(-1), lambda: flaw_filling(1, toughness=0, flaw=1)):
        with pytest.raises(InputError, match="must be above 0"):
            wrong()


def test_fade_is_a_line_in_the_logarithm_and_says_what_it_is():
    found = fade(np.array([1, 250]), np.array([208.2, 183.2]))
    assert found.at(np.array([250])) == pytest.approx(183.2)
    assert found.kept == pytest.approx((183.2 / 208.2) ** (1 / 249))
    assert "not a prediction" in found.label
    with pytest.raises(InputError, match="two different cycles"):
        fade(np.array([1]), np.array([1.0]))
    with pytest.raises(InputError, match="above 0"):
        fade(np.array([1, 2]), np.array([1.0, -1.0]))


def test_two_open_circuit_curves_do_not_share_a_batch():
    from electrolith.cell.arrays import joined

    lco = replace(pouch(0.05).layers[0], composite={"LCO": 0.7, "LHC": 0.3})
    other = replace(pouch(0.05), layers=(lco, *pouch(0.05).layers[1:]))
    with pytest.raises(InputError, match="different open-circuit curves"):
        joined([cell_arrays(pouch(0.05), WINDOW), cell_arrays(other, Window(3.0, 4.2))])


def test_refined_numerics_change_a_thick_cathode_by_less_than_a_fifth_of_a_milliamperehour():
    cells = cell_arrays(pouch(0.2742, diffusivity=5.5e-16), WINDOW)
    plan = schedule([Discharge(0.5, until=2.7)], cells.one_c)
    fine = Numerics(slices=60, modes=20, step_tolerance=5e-6, event_tolerance=1e-5)
    exact = float(simulate(cells, plan, numerics=fine, record=False).capacity[0, 0])
    for numerics in (Numerics(), FAST):
        got = float(simulate(cells, plan, numerics=numerics, record=False).capacity[0, 0])
        assert got == pytest.approx(exact, abs=0.2)


def test_the_pouch_is_two_foils_with_a_rim_all_round_by_hand():
    """Two cells of 5 cm² in a bag with a rim of 5 mm on every side."""
    stack = pouch()
    pack = Packaging(aluminium=0.0, copper=0.0, cells=2, bag=100e-6, bag_density=1500.0, rim=5e-3, tabs=1e-3)
    charge, energy = 4.8 * 36000.0, 4.8 * 36000.0 * 3.7
    got = energy_density(stack, energy=energy, charge=charge, packaging=pack)
    side = 100 * stack.area**0.5  # cm
    foil = (side + 0.5 + 0.5) ** 2  # cm²
    bag = 2 * foil * 100e-4 * 1.5  # g
    inside = 1e3 * energy / 3600 / got.stack_mass * 2 * stack.area  # g: two cells by their Wh/kg
    hours = 2 * energy * stack.area / 3600
    assert got.pouch_mass == pytest.approx(hours / (inside + bag + 1.0) * 1e3, rel=1e-9)
    high = 2 * 1e2 * energy / 3600 / (got.stack_volume * 1e3) + 2 * 100e-4  # cm: two cells, two foils
    assert got.pouch_volume == pytest.approx(hours / (foil * high) * 1e3, rel=1e-9)

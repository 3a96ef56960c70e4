"""Layers, masses, loadings, resistances of a stack, against hand calculation and the published cells."""

import numpy as np
import pytest

from electrolith.cell.build import Window, cell_arrays, charged_stoichiometry
from electrolith.cell.coating import Coating, core_share
from electrolith.cell.materials import cathodes, electrolytes, ocp_named, role_of
from electrolith.cell.ocp import ocp_from_table
from electrolith.cell.resistance import budget, budgets, fit_symmetric, layer_conductivity, overpotential
from electrolith.cell.stack import Contact, Layer, Stack, composite_mass, facts, loading, one_c
from electrolith.cell.vary import changed
from electrolith.core.errors import InputError

AREA = 0.785e-4
LITHIUM = Layer(material="Li", thickness=250e-6)
LHC = Layer(material="LHC", thickness=450e-6)
LNC = Layer(material="LNC", thickness=100e-6)


def composite(**how: float) -> Layer:
    return Layer(composite={"NCM83": 0.7, "LHC": 0.3}, **how)


def full(**how: float) -> Stack:
    return Stack((composite(**how), LHC, LNC, LITHIUM), area=AREA)


def symmetric(resistance: float, exchange: float) -> Stack:
    """Layers without resistance beside one contact of `resistance` ohm."""
    layers = (LITHIUM, Layer(material="LNC", thickness=1e-12), LITHIUM)
    return Stack(layers, area=AREA, contacts=(Contact(resistance * AREA),), lithium_exchange_current=exchange)


def test_five_milligrams_of_composite_are_the_published_loading():
    stack = full(mass=5e-6)
    assert loading(stack) == pytest.approx(0.7 * 5 / 0.785 * 0.01, rel=1e-12)  # 4.46 mg/cm²
    assert round(loading(stack) * 100, 2) == 4.46
    # 1C of 200 mA/g: 0.892 mA/cm²
    assert one_c(stack, 200.0) == pytest.approx(8.92, rel=1e-3)


def test_high_loading_needs_thirty_milligrams():
    assert composite_mass(full(loading=0.2742)) * 1e6 == pytest.approx(30.7, abs=0.06)


def test_porosity_follows_from_mass_and_thickness():
    known = facts(Layer(material="LNC", mass=10e-6, thickness=100e-6), AREA)
    assert known.porosity == pytest.approx(1 - (10e-6 / AREA / 100e-6) / 1630, rel=1e-12)
    assert known.porosity_from == "mass and thickness"


def test_composite_density_adds_volumes():
    by_hand = 1 / (0.7 / 4750 + 0.3 / 3130)
    assert facts(composite(mass=5e-6), AREA).density == pytest.approx(by_hand)


def test_separator_resistance_at_four_temperatures():
    # 450 µm LHC (0.478 mS/cm, 0.42 eV) and 100 µm LNC (43 µS/cm, 0.378 eV)
    asr = [float(b.separator[0]) * 1e4 for b in budgets(full(mass=5e-6), np.array([0, 25, 60, 80]) + 273.15)]
    assert asr == pytest.approx([1204, 327, 74, 37], abs=0.6)


def test_what_a_measured_layer_has_beyond_its_bulk_is_named():
    layer = Layer(material="LHC", thickness=450e-6, resistance=200.0)
    item = budget(Stack((composite(mass=5e-6), layer, LNC, LITHIUM), area=AREA)).layers[0]
    assert float(item.bulk[0]) / AREA == pytest.approx(120, abs=0.1)
    assert float(item.beside[0]) / AREA == pytest.approx(80, abs=0.1)


def test_published_overpotentials_need_lithium_kinetics():
    stack = symmetric(430.0, 3.0)
    low, high = overpotential(stack, np.array([1.0, 100.0]))
    assert low == pytest.approx(0.051, abs=5e-4)
    assert high == pytest.approx(3.74, abs=0.005)
    ohmic_only = symmetric(430.0, 1e9)
    assert overpotential(ohmic_only, np.array([1.0]))[0] == pytest.approx(
        430 * AREA, rel=1e-4
    )  # 34 mV: too little


def test_resistance_and_kinetics_come_back_from_two_overpotentials():
    current = np.array([1.0, 100.0])
    found = fit_symmetric(current, overpotential(symmetric(430.0, 3.0), current), temperature=298.15)
    assert found == pytest.approx((430 * AREA, 3.0), rel=1e-5)
    with pytest.raises(InputError, match="two currents"):
        fit_symmetric(np.array([1.0, 1.0]), np.array([0.1, 0.1]), temperature=298.15)


def test_overpotential_is_odd_in_current_and_belongs_to_symmetric_cells():
    stack = symmetric(100.0, 3.0)
    assert overpotential(stack, np.array([-7.0]))[0] == -overpotential(stack, np.array([7.0]))[0]
    with pytest.raises(InputError, match="not symmetric"):
        overpotential(full(mass=5e-6), np.array([1.0]))


def test_conductivity_with_uncertainty_keeps_it():
    value = layer_conductivity(Layer(material="LNC", thickness=1e-4, conductivity="4.3(4)e-5 S/cm"))
    assert value.value == pytest.approx(4.3e-3, rel=0.02)
    assert value.std == pytest.approx(0.4e-3, rel=0.1)
    assert layer_conductivity(LNC).doubt == "unknown"


def test_arrays_hold_the_charge_of_the_active_material():
    cells = cell_arrays(full(mass=5e-6), Window())
    assert cells.capacity[0] == pytest.approx(loading(full(mass=5e-6)) * 316 * 3600, rel=1e-12)
    assert cells.sound().all()
    assert float(cells.ocp(cells.stoichiometry)[0]) == pytest.approx(4.3, abs=1e-9)


def test_utilisation_takes_capacity_but_not_mass():
    whole, part = (cell_arrays(full(mass=5e-6, utilisation=u), Window()) for u in (1.0, 0.8))
    assert part.capacity[0] == pytest.approx(0.8 * whole.capacity[0])
    assert part.active_mass[0] == whole.active_mass[0]


def test_size_classes_keep_the_mean_radius_by_volume():
    cells = cell_arrays(full(mass=5e-6, size_spread=0.3), Window())
    mean = (cells.particle_radius * cells.particle_fraction).sum()
    assert mean == pytest.approx(cathodes()["NCM83"].particle_radius, rel=1e-3)
    spread = np.sqrt((cells.particle_radius**2 * cells.particle_fraction).sum() / mean**2 - 1)
    assert spread == pytest.approx(0.3, rel=0.02)


def test_every_library_material_states_its_source():
    for material in [*electrolytes().values(), *cathodes().values()]:
        assert len(material.source) > 10
        assert material.density > 500
    for cathode in cathodes().values():
        curve = ocp_named(cathode.ocp_name)
        inner = np.linspace(curve.low + 0.02, curve.high - 0.02, 50)
        assert (np.diff(curve(inner)) < 0).all()
    assert electrolytes()["LGPS"] is electrolytes()["Li10GeP2S12"]


def test_chen_and_xu_curves_are_those_pybamm_tabulates(shared_data):
    for file, name in (("ocp_positive_Chen2020", "LGM50"), ("ocp_positive_Xu2019", "Xu2019")):
        s, u = np.loadtxt(shared_data / "cell" / f"{file}.csv", delimiter=",", skiprows=1).T
        inside = s >= ocp_named(name).low
        assert ocp_named(name)(s[inside]) == pytest.approx(u[inside], abs=2e-5)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: Stack((composite(mass=5e-6), LHC, LNC), area=AREA), "no anode at either end"),
        (lambda: Stack((LHC, LNC, LITHIUM), area=AREA), "no cathode opposite the Li"),
        (lambda: Stack((composite(mass=5e-6), LITHIUM), area=AREA), "at least one"),
        (lambda: Stack((composite(mass=5e-6), LHC, LITHIUM, LNC, LITHIUM), area=AREA), "stand electrolytes"),
        (lambda: Stack((), area=AREA), "got nothing"),
        (lambda: Layer(material="LNC", thickness=0.0), "thickness must be above 0"),
        (lambda: Layer(material="LNC", thickness=-1e-6), "thickness must be above 0"),
        (lambda: Layer(material="LNC", thickness=450.0), "is the unit missing"),
        (lambda: Layer(material="LNC", mass=5.0), "is the unit missing"),
        (lambda: Stack((composite(mass=5e-6), LHC, LITHIUM), area=785.0), "is the unit missing"),
        (lambda: Layer(material="LNC", thickness=1e-4, porosity=1.2), "porosity must lie between 0 and 1"),
        (lambda: Layer(composite={"NCM83": 0.7, "LHC": 0.4}, mass=5e-6), "must sum to 1, got 1.1"),
        (lambda: Layer(composite={"NCM83": 0.7, "LCO": 0.3}, mass=5e-6), "one cathode material and one"),
        (lambda: Layer(composite={"NCM83": 1.3, "LHC": -0.3}, mass=5e-6), "must be above 0"),
        (lambda: Layer(material="LHCC", thickness=1e-4), "did you mean 'LHC'"),
        (lambda: Layer(material="LNC"), "needs a thickness"),
        (lambda: Layer(thickness=1e-4), "either a material or a composite"),
        (lambda: composite(mass=5e-6, utilisation=1.5), "utilisation"),
        (lambda: composite(mass=5e-6, size_spread=2.0), "size_spread"),
        (lambda: Contact(-1.0), "must not be negative"),
        (lambda: facts(Layer(material="LNC", mass=5e-6, thickness=10e-6), AREA), "denser than the solid"),
        (
            lambda: facts(Layer(material="LNC", mass=10e-6, thickness=1e-4, porosity=0.6), AREA),
            "make the porosity",
        ),
        (lambda: facts(Layer(material="LNC", mass=10e-6, areal_mass=1.0), AREA), "contradict"),
        (lambda: facts(Layer(material="LNC", loading=0.1), AREA), "belongs to a cathode"),
        (lambda: Window(4.3, 2.7), "must lie below"),
        (lambda: charged_stoichiometry(full(mass=5e-6), Window(2.7, 5.2)), "5.2 V lies outside"),
        (lambda: charged_stoichiometry(full(mass=5e-6), Window(2.0, 3.0)), "3 V lies outside"),
        (lambda: ocp_named("LGM50").check(0.05, where="start"), "known from 0.2 to 1"),
        (lambda: ocp_named("LGM5"), "did you mean 'LGM50'"),
        (lambda: role_of("LLZ"), "did you mean 'LLZO'"),
        (lambda: changed(full(mass=5e-6), {"LNC.thicknes": 1e-5}), "did you mean 'LNC.thickness'"),
        (
            lambda: budget(
                Stack(
                    (
                        composite(mass=5e-6),
                        Layer(material="LHC", thickness=1e-4, conductivity="5 kg"),
                        LITHIUM,
                    ),
                    area=AREA,
                )
            ),
            "layer 'LHC': conductivity",
        ),
        (
            lambda: budget(
                Stack(
                    (composite(mass=5e-6), Layer(material="LHC", thickness=1e-4, conductivity=-1.0), LITHIUM),
                    area=AREA,
                )
            ),
            "must be above 0",
        ),
        (lambda: ocp_from_table(np.zeros(3), np.zeros(3), name="x", source="y"), "at least four rows"),
        (
            lambda: ocp_from_table(np.array([0, 0.2, 0.1, 0.3]), np.arange(4.0), name="x", source="y"),
            "must rise from row to row; row 3",
        ),
        (
            lambda: ocp_from_table(np.array([0, 0.2, 0.4, 1.3]), np.arange(4.0), name="x", source="y"),
            "between 0 and 1",
        ),
        (
            lambda: ocp_from_table(
                np.array([0, 0.2, 0.4, 0.8]), np.array([4, 3, np.nan, 1]), name="x", source="y"
            ),
            "not finite",
        ),
    ],
)
def test_nonsense_is_refused_with_what_would_be_right(build, text):
    with pytest.raises(InputError, match=text):
        build()


def test_a_table_is_followed_through_its_points():
    s = np.array([0.1, 0.3, 0.5, 0.7, 0.95])
    u = np.array([4.4, 4.1, 3.9, 3.8, 3.0])
    curve = ocp_from_table(s, u, name="measured", source="test")
    assert curve(s) == pytest.approx(u, abs=2e-3)
    assert curve.stoichiometry_at(3.9) == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(curve(np.linspace(0.1, 0.95, 300))) < 0).all()


def test_a_change_of_thickness_scales_mass_and_measured_resistance():
    layer = Layer(material="LNC", mass=10e-6, thickness=100e-6, resistance=300.0)
    stack = Stack((composite(mass=5e-6), LHC, layer, LITHIUM), area=AREA)
    thin = changed(stack, {"LNC.thickness": 10e-6}).layers[2]
    assert (thin.mass, thin.resistance) == (pytest.approx(1e-6), pytest.approx(30.0))


COATED = Coating("LiNbO3", thickness=5e-9, density=4640.0, conductivity=1e-7)


def test_a_coating_takes_its_mass_from_the_active_material():
    """By hand: R = 5.22 µm, t = 5 nm: 4640/4750 · [(1 + t/R)³ − 1] = 0.28101 % of the core."""
    shell = 4640 / 4750 * ((1 + 5e-9 / 5.22e-6) ** 3 - 1)
    assert core_share(COATED, radius=5.22e-6, density=4750.0) == pytest.approx(1 / (1 + shell), rel=1e-12)
    bare, coated = full(mass=5e-6), full(mass=5e-6, coating=COATED)
    assert loading(coated) / loading(bare) == pytest.approx(1 / (1 + shell))
    assert composite_mass(coated) == composite_mass(bare)
    # volumes: powder of a core and a shell, and the electrolyte as before
    thick = Coating("x", thickness=0.5e-6, density=1000.0)
    layer = composite(mass=5e-6, coating=thick)
    name = next(n for n in layer.composite if n in cathodes())
    other = next(n for n in layer.composite if n in electrolytes())
    radius, density = cathodes()[name].particle_radius, cathodes()[name].density
    whole = (1 + 0.5e-6 / radius) ** 3  # volume of a coated particle in volumes of its core
    mass = density + 1000.0 * (whole - 1)
    powder = mass / whole
    mixed = 1 / (layer.composite[name] / powder + layer.composite[other] / electrolytes()[other].density)
    assert facts(layer, 1e-4).density == pytest.approx(mixed, rel=1e-9)


def test_a_coating_resists_where_its_conductivity_is_known():
    """5 nm at 1e-7 S/m are 0.05 ohm m² of particle surface, on top of any other film."""
    window = Window(low=2.7, high=4.3, specific_current=200.0)
    arrays = cell_arrays(full(mass=5e-6, coating=COATED, film_resistance=0.01), window)
    assert arrays.film_resistance == pytest.approx([0.06])
    silent = Coating("x", thickness=5e-9, density=4640.0)
    assert cell_arrays(full(mass=5e-6, coating=silent), window).film_resistance == pytest.approx([0.0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"thickness": 5.0}, "write '5 nm'"),
        ({"density": 4.6}, "write '4.6 g/cm3'"),
        ({"conductivity": 0.0}, "must be above 0"),
    ],
)
def test_coatings_that_cannot_be_are_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        Coating(**({"name": "x", "thickness": 5e-9, "density": 4640.0} | wrong))
    with pytest.raises(InputError, match="belongs to the particles of a cathode composite"):
        Layer(material="LNC", thickness=1e-4, coating=COATED)

"""Moist gas: by hand in SI, balance, readings, the paper's hydrolysis, refusals."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.stability.humidity import pressure_from_dew_point
from electrolith.stability.library import composition_of
from electrolith.stability.material import Material
from electrolith.stability.moisture import (
    DRY_AIR,
    MoistureSettings,
    gas_potentials,
    moisture,
    moisture_map,
    oxidation_states,
)

HYDROLYSIS = MoistureSettings(draws=0)
KJ = 96.48533212


def test_the_potential_of_water_by_hand_in_si():
    settings = MoistureSettings(dew_point=213.15, temperature=298.15)
    pressure = pressure_from_dew_point(213.15)
    standard = -241.8e3 - 298.15 * (188.8 - 130.7 - 0.5 * 205.2)  # J/mol
    by_hand = (standard + 8.31446261815324 * 298.15 * np.log(pressure / 1e5)) / 96485.33212
    found = gas_potentials(settings, 298.15, {"H2O": pressure})[0]
    assert found == pytest.approx(by_hand, abs=1e-6)


def test_supersaturated_air_is_no_drier_than_liquid_water():
    settings = MoistureSettings(dew_point=350.0, temperature=298.15)
    found = gas_potentials(settings, 298.15, settings.pressures)[0] * KJ
    assert found == pytest.approx(-237.1, abs=0.3)  # tabulated free energy of formation of the liquid


def test_hydrolysis_of_lithium_nitride_has_the_tabulated_driving_force(library):
    settings = MoistureSettings(dew_point=243.15, draws=0, product_pressure=1e5)
    found = moisture(Material("Li3N"), library, settings)
    assert found.reaction == "Li3N + 3 H2O -> NH3 + 3 LiOH"
    # dG = -501.0 kJ/mol with liquid water at -237.1 kJ/mol (tabulated free energies)
    water = gas_potentials(settings, 298.15, settings.pressures)[0] * KJ
    assert found.driving_force.value * KJ == pytest.approx(-501.0 - 3 * (water + 237.1), abs=4.0)


def test_drier_gas_drives_less_by_the_logarithm_of_the_pressure(library):
    wet, dry = (
        moisture(Material("Li3N"), library, MoistureSettings(dew_point=d, draws=0)) for d in (263.15, 213.15)
    )
    ratio = pressure_from_dew_point(263.15) / pressure_from_dew_point(213.15)
    assert dry.products == pytest.approx(wet.products)
    by_hand = 3 * 8.617333262e-5 * 298.15 * np.log(ratio)
    assert dry.driving_force.value - wet.driving_force.value == pytest.approx(by_hand, abs=1e-6)


def test_the_electrolyte_is_driven_to_hydrolyse_even_at_minus_sixty(library):
    found = moisture(
        Material("Li9N2Cl3", energy="hull"), library, MoistureSettings(dew_point=213.15, draws=30)
    )
    assert found.driving_force.interval(0.95)[1] < -5.0  # eV per formula unit: dry-room stability is kinetic
    assert not found.stable
    assert "kinetics" in found.verdict
    assert any("NH3" in s or "NH4Cl" in s for s in found.frequencies)


def test_every_reaction_conserves_atoms(library):
    for gases in ({}, {"CO2": 42.0}):
        found = moisture(
            Material("Li5NCl2"), library, MoistureSettings(dew_point=263.15, draws=0, gases=gases)
        )
        left: dict[str, float] = dict(composition_of("Li5NCl2"))
        for gas, n in found.taken_up.items():
            for e, k in composition_of(gas):
                left[e] = left.get(e, 0.0) + n * k
        for product, n in found.products.items():
            for e, k in composition_of(product):
                left[e] = left.get(e, 0.0) - n * k
        assert max(abs(x) for x in left.values()) < 1e-6


def test_hydrolysis_frees_no_nitrogen_and_equilibrium_may(library):
    closed = moisture(Material("Li3N"), library, MoistureSettings(draws=0))
    assert not {"N2", "H2", "O2"} & set(closed.products)
    air = moisture(Material("Li3N"), library, MoistureSettings(reading="equilibrium", gases=DRY_AIR, draws=0))
    assert air.driving_force.value < closed.driving_force.value


def test_lithium_chloride_takes_up_water_only_in_moist_air(library):
    """LiCl·H2O forms above about 11 % relative humidity at 25 °C: a dew point near -7 °C."""
    dry = moisture(Material("LiCl"), library, MoistureSettings(dew_point=223.15, draws=0))
    wet = moisture(Material("LiCl"), library, MoistureSettings(dew_point=283.15, draws=0))
    assert dry.stable
    assert wet.reaction == "LiCl + H2O -> LiCl·H2O"


def test_the_map_agrees_with_single_points(library):
    dew_points, temperatures = np.array([213.15, 263.15]), np.array([298.15, 313.15])
    found = moisture_map(
        Material("LiCl"), library, HYDROLYSIS, dew_points=dew_points, temperatures=temperatures
    )
    assert found.driving_force.shape == (2, 2)
    single = moisture(
        Material("LiCl"), library, MoistureSettings(dew_point=263.15, temperature=313.15, draws=0)
    )
    assert found.driving_force[1, 1] == pytest.approx(single.driving_force.value, abs=1e-9)
    assert found.product_sets[found.product_index[0, 0]] == "no reaction"


def test_oxidation_states_follow_the_formula():
    assert oxidation_states("Li9N2Cl3") == {"H": 1.0, "O": -2.0, "C": 4.0, "Li": 1.0, "N": -3.0, "Cl": -1.0}


def test_an_unknown_gas_is_refused():
    with pytest.raises(InputError, match=r"no table for XeF2; known: .*CO2"):
        MoistureSettings(gases={"XeF2": 1.0})


def test_a_reading_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="'hydrolysis' or 'equilibrium'"):
        MoistureSettings(reading="fast")


def test_negative_pressure_is_refused():
    with pytest.raises(InputError, match="above 0 Pa"):
        MoistureSettings(gases={"CO2": -1.0})

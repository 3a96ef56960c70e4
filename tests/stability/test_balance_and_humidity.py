"""Balanced reactions, and water in air against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import InputError
from electrolith.stability.balance import balance, written
from electrolith.stability.humidity import (
    dew_point_from_pressure,
    pressure_from_dew_point,
    pressure_from_relative_humidity,
    saturation_over_ice,
    saturation_over_water,
)


def test_the_hydrolysis_of_the_paper_is_balanced():
    found = balance(["Li9N2Cl3", "H2O"], ["Li4(OH)3Cl", "NH3", "NH4Cl"])
    assert found == {"Li9N2Cl3": -4, "H2O": -27, "Li4(OH)3Cl": 9, "NH3": 5, "NH4Cl": 3}


def test_a_reaction_that_loses_an_element_is_refused():
    with pytest.raises(InputError, match="cannot be balanced"):
        balance(["Li3N", "H2O"], ["LiOH", "N2O"])


def test_two_reactions_in_one_are_refused():
    with pytest.raises(InputError, match="independent reactions"):
        balance(["Li", "O2", "N2"], ["Li2O", "Li3N"])


def test_a_product_on_the_wrong_side_is_named():
    with pytest.raises(InputError, match="cannot be balanced with H2O on that side"):
        balance(["Li3N"], ["LiOH", "NH3", "H2O"])


def test_known_amounts_are_written_in_whole_numbers():
    text = written({"Li9N2Cl3": 1.0, "H2O": 6.75}, {"Li4H3ClO3": 2.25, "H3N": 1.25, "H4NCl": 0.75})
    assert text == "4 Li9N2Cl3 + 27 H2O -> 9 Li4(OH)3Cl + 5 NH3 + 3 NH4Cl"


@pytest.mark.parametrize(
    ("celsius", "pascal"),
    [(0.01, 611.657), (20.0, 2339.3), (50.0, 12352.0)],  # IAPWS-95 saturation pressures
)
def test_saturation_over_water_is_within_half_a_percent_of_iapws(celsius, pascal):
    assert saturation_over_water(celsius + 273.15) == pytest.approx(pascal, rel=5e-3)


@pytest.mark.parametrize(("celsius", "pascal"), [(-20.0, 103.26), (-40.0, 12.84), (-60.0, 1.0814)])
def test_saturation_over_ice_is_within_half_a_percent_of_iapws(celsius, pascal):
    assert saturation_over_ice(celsius + 273.15) == pytest.approx(pascal, rel=7e-3)


@given(celsius=st.floats(-90, 60))
def test_dew_point_and_pressure_undo_each_other(celsius):
    dew_point = celsius + 273.15
    assert dew_point_from_pressure(pressure_from_dew_point(dew_point)) == pytest.approx(dew_point, abs=1e-6)


def test_full_humidity_is_the_saturation_pressure():
    assert pressure_from_relative_humidity(1.0, 298.15) == pytest.approx(saturation_over_water(298.15))


def test_humidity_in_percent_is_refused():
    with pytest.raises(InputError, match="between 0 and 1"):
        pressure_from_relative_humidity(40.0, 298.15)


def test_celsius_given_as_kelvin_is_refused():
    with pytest.raises(InputError, match="were °C given where K was meant"):
        pressure_from_dew_point(-60.0)


def test_ice_above_its_melting_point_is_refused():
    with pytest.raises(InputError, match="ice does not exist"):
        saturation_over_ice(280.0)

"""Humidity against tables, decay against what was simulated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import DataError, InputError
from electrolith.lab.exposure.decay import fit_decay
from electrolith.lab.exposure.humidity import (
    dew_point_from_relative_humidity,
    relative_humidity_from_dew_point,
    saturation_pressure,
)
from electrolith.lab.exposure.read import read_exposure

HOURS = np.array([0, 2, 5, 10, 24, 48, 72, 100, 150, 200.0])


@pytest.mark.parametrize(
    ("celsius", "ice", "pascal"),
    # CRC Handbook of Chemistry and Physics, vapour pressure of water and of ice
    [(25, False, 3169.9), (0, False, 611.3), (50, False, 12352), (-20, True, 103.26), (-50, True, 3.94)],
)
def test_saturation_pressure_matches_tables(celsius, ice, pascal):
    assert saturation_pressure(celsius + 273.15, over_ice=ice) == pytest.approx(pascal, rel=6e-3)


def test_dry_room_dew_point_is_below_the_published_humidity():
    # 10.1126/sciadv.adh4626: dew point -60 to -50 degC, stated as below 0.3 % RH
    wet = relative_humidity_from_dew_point(223.15, temperature=298.15)
    dry = relative_humidity_from_dew_point(213.15, temperature=298.15)
    assert dry < wet < 0.003
    assert wet == pytest.approx(3.94 / 3169.9, rel=0.01)


@given(st.floats(1e-4, 1.0), st.floats(278.15, 318.15))
def test_dew_point_and_humidity_undo_each_other(humidity, temperature):
    dew = dew_point_from_relative_humidity(humidity, temperature=temperature)
    back = relative_humidity_from_dew_point(min(dew, temperature), temperature=temperature)
    assert back == pytest.approx(humidity, rel=1e-6)


def test_humidity_refusals():
    with pytest.raises(InputError, match="dew point 30 degC lies above the temperature 25 degC"):
        relative_humidity_from_dew_point(303.15, temperature=298.15)
    with pytest.raises(InputError, match="a fraction above 0 and up to 1, got 30"):
        dew_point_from_relative_humidity(30, temperature=298.15)
    with pytest.raises(InputError, match="known from -80 to 60 degC, got -273"):
        saturation_pressure(0.0)


def test_a_tenth_lost_is_dated(rng):
    # σ0 exp(-t/τ) with 15 % lost in 200 h: a tenth after 200 ln(1/0.9)/ln(1/0.85) = 129.7 h
    tau = 200 / np.log(1 / 0.85)
    sigma = 4.3e-5 * np.exp(-HOURS / tau) * (1 + 0.004 * rng.standard_normal(HOURS.size))
    decay = fit_decay(HOURS * 3600, sigma, 0.004 * sigma, humidity=0.04)
    assert decay.law == "exponential"
    assert abs(decay.initial.value - 4.3e-5) < 3 * decay.initial.std
    assert abs(decay.loss.value - 0.15) < 3 * decay.loss.std
    assert abs(decay.time_to_lose.value / 3600 - 129.7) < 3 * decay.time_to_lose.std / 3600
    assert "10 % after" in decay.text


def test_a_small_loss_is_not_carried_beyond_the_data(rng):
    # dry room: 4.3e-5 to 4.15e-5 S/cm in 200 h
    sigma = 4.3e-5 * (1 - 0.035 * np.sqrt(HOURS / 200)) * (1 + 0.002 * rng.standard_normal(HOURS.size))
    decay = fit_decay(HOURS * 3600, sigma, 0.002 * sigma)
    assert decay.law == "root"
    assert decay.time_to_lose is None
    assert "10 % would take longer than 400 h" in decay.text
    assert abs(decay.loss.value - 0.035) < 3 * decay.loss.std


def test_no_loss_is_called_none(rng):
    sigma = 4.3e-5 * (1 + 0.005 * rng.standard_normal(HOURS.size))
    decay = fit_decay(HOURS * 3600, sigma, 0.005 * sigma)
    assert decay.law == "constant"
    assert decay.text == "no loss seen in 200 h"


def test_decay_refusals():
    with pytest.raises(InputError, match="with two only their difference is known"):
        fit_decay(np.array([0, 1.0]), np.ones(2))
    with pytest.raises(InputError, match="times of exposure must rise"):
        fit_decay(np.array([0, 1, 1.0]), np.ones(3))
    with pytest.raises(InputError, match="conductivity must be positive, got -1"):
        fit_decay(np.array([0, 1, 2.0]), np.array([1, -1, 1.0]))


@pytest.mark.parametrize(
    ("header", "factors"),
    [
        (None, (1 / 3600, 1.0)),
        ("time (h),conductivity (S/cm)", (1 / 3600, 1.0)),
        ("time / days,σ / mS cm-1", (1 / 86400, 1e3)),
        ("time (min),Conductivity (µS/cm)", (1 / 60, 1e6)),
        ("Time (s),conductivity (S/m)", (1.0, 100.0)),
    ],
)
def test_tables_of_exposure_in_any_unit(tmp_path, header, factors):
    time, sigma = np.linspace(0, 36000, 8), np.linspace(1e-4, 5e-5, 8)
    path = tmp_path / "a.csv"
    table = np.c_[time * factors[0], sigma * factors[1]]
    np.savetxt(path, table, delimiter=",", header=header or "", comments="", encoding="utf-8")
    found = read_exposure(path)
    np.testing.assert_allclose(found.time, time, rtol=1e-9)
    np.testing.assert_allclose(found.conductivity, sigma, rtol=1e-9)
    assert found.std is None


def test_an_unknown_unit_of_exposure_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("time (fortnight),conductivity (S/cm)\n0,1e-4\n1,9e-5\n2,8e-5\n")
    with pytest.raises(DataError, match="'fortnight' is no unit that is known"):
        read_exposure(path)

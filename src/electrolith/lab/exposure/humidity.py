r"""Dew point, frost point and relative humidity.

Saturation pressure by Magnus' form, e = e0 exp(a θ/(b + θ)), over water above 0 °C and over ice below, as
dew-point meters of dry rooms report the frost point.

Source: Sonntag, Zeitschrift für Meteorologie 40 (1990) 340: water 611.2 Pa, 17.62, 243.12 °C; ice 611.2
Pa, 22.46, 272.62 °C.
"""

import numpy as np

from electrolith.core.errors import InputError

WATER = (17.62, 243.12)
ICE = (22.46, 272.62)
TRIPLE = 611.2  # Pa, of Sonntag's fit at 0 °C
ZERO = 273.15


def saturation_pressure(temperature: float, *, over_ice: bool = False) -> float:
    """Vapour pressure of water in Pa at a temperature in K.

    Raises
    ------
    InputError
        Outside -80 to 60 °C, where the fit was not made.
    """
    celsius = temperature - ZERO
    if not -80 <= celsius <= 60:
        raise InputError(f"humidity is known from -80 to 60 degC, got {celsius:.4g} degC")
    a, b = ICE if over_ice else WATER
    return float(TRIPLE * np.exp(a * celsius / (b + celsius)))


def relative_humidity_from_dew_point(dew_point: float, *, temperature: float) -> float:
    """Relative humidity (fraction, over water) at a temperature, for a dew or frost point, both in K.

    Raises
    ------
    InputError
        If the dew point lies above the temperature.
    """
    if dew_point > temperature:
        raise InputError(
            f"dew point {dew_point - ZERO:.4g} degC lies above the temperature {temperature - ZERO:.4g} degC"
        )
    vapour = saturation_pressure(dew_point, over_ice=dew_point < ZERO)
    return vapour / saturation_pressure(temperature)


def dew_point_from_relative_humidity(humidity: float, *, temperature: float) -> float:
    """Dew point, or frost point below 0 °C, in K, for a relative humidity (fraction) at a temperature in K.

    Raises
    ------
    InputError
        If the humidity is not within 0 to 1.
    """
    if not 0 < humidity <= 1:
        raise InputError(f"relative humidity is a fraction above 0 and up to 1, got {humidity:g}")
    logarithm = np.log(humidity * saturation_pressure(temperature) / TRIPLE)
    a, b = WATER if logarithm >= 0 else ICE
    return float(ZERO + b * logarithm / (a - logarithm))

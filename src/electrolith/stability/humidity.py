"""Water in air: dew point, relative humidity and partial pressure."""

from __future__ import annotations

import numpy as np

from electrolith.core.constants import ZERO_CELSIUS
from electrolith.core.errors import InputError

LOWEST, HIGHEST = 173.15, 373.15
"""K; the Magnus form is used between -100 and 100 °C."""


def saturation_over_water(temperature: float) -> float:
    r"""Saturation pressure of water vapour over (supercooled) liquid, Pa, at `temperature` in K.

    :math:`e = 611.2\,\exp[17.62\,t/(243.12 + t)]`, t in °C.

    Source: Sonntag, Z. Meteorol. 70, 340 (1990); WMO-No. 8, annex 4.B.
    """
    t = _celsius(temperature)
    return 611.2 * float(np.exp(17.62 * t / (243.12 + t)))


def saturation_over_ice(temperature: float) -> float:
    r"""Saturation pressure of water vapour over ice, Pa, at `temperature` in K (up to 273.16 K).

    :math:`e = 611.2\,\exp[22.46\,t/(272.62 + t)]`, t in °C.

    Source: Sonntag, Z. Meteorol. 70, 340 (1990); WMO-No. 8, annex 4.B.
    """
    t = _celsius(temperature)
    if t > 0.011:
        raise InputError(f"ice does not exist at {temperature:.2f} K; use the form over water")
    return 611.2 * float(np.exp(22.46 * t / (272.62 + t)))


def pressure_from_dew_point(dew_point: float) -> float:
    """Partial pressure of water, Pa, of air with this dew point in K.

    Below 0 °C hygrometers of dry rooms report the frost point, so ice is meant there.
    """
    if dew_point < ZERO_CELSIUS:
        return saturation_over_ice(dew_point)
    return saturation_over_water(dew_point)


def dew_point_from_pressure(pressure: float) -> float:
    """Dew (below 0 °C: frost) point in K of air with this partial pressure of water in Pa."""
    if pressure <= 0:
        raise InputError(f"partial pressure of water must be above 0 Pa, got {pressure:g}")
    slope, offset = (17.62, 243.12) if pressure >= 611.2 else (22.46, 272.62)
    logarithm = float(np.log(pressure / 611.2))
    return ZERO_CELSIUS + offset * logarithm / (slope - logarithm)


def pressure_from_relative_humidity(relative_humidity: float, temperature: float) -> float:
    """Partial pressure of water, Pa, from relative humidity (0 to 1, over water) at a temperature in K.

    Raises
    ------
    InputError
        If the humidity is not between 0 and 1.
    """
    if not 0 < relative_humidity <= 1:
        raise InputError(
            f"relative humidity must lie between 0 and 1 (1 is 100 %), got {relative_humidity:g}"
        )
    return relative_humidity * saturation_over_water(temperature)


def _celsius(temperature: float) -> float:
    """Temperature in °C, refused outside the range of the Magnus form."""
    if not LOWEST <= temperature <= HIGHEST:
        raise InputError(
            f"{temperature:.2f} K ({temperature - ZERO_CELSIUS:.1f} °C) is outside the range of the Magnus "
            "form, -100 to 100 °C; were °C given where K was meant?"
        )
    return temperature - ZERO_CELSIUS

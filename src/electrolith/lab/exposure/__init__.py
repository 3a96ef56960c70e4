"""Exposure to an atmosphere: conductivity against time, humidity and dew point."""

from electrolith.lab.exposure.decay import Decay, fit_decay
from electrolith.lab.exposure.humidity import (
    dew_point_from_relative_humidity,
    relative_humidity_from_dew_point,
    saturation_pressure,
)

__all__ = [
    "Decay",
    "dew_point_from_relative_humidity",
    "fit_decay",
    "relative_humidity_from_dew_point",
    "saturation_pressure",
]

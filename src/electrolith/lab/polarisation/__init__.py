"""Direct-current polarisation: settled currents and the electronic conductivity."""

from electrolith.lab.polarisation.conductivity import (
    ElectronicConductivity,
    PolarisationSettings,
    electronic_conductivity,
)
from electrolith.lab.polarisation.transient import (
    SettledCurrent,
    SettleRule,
    Transient,
    open_circuit_of,
    settle,
    simulate_transient,
    transients_of,
)

__all__ = [
    "ElectronicConductivity",
    "PolarisationSettings",
    "SettleRule",
    "SettledCurrent",
    "Transient",
    "electronic_conductivity",
    "open_circuit_of",
    "settle",
    "simulate_transient",
    "transients_of",
]

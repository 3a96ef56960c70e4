"""Impedance spectroscopy: read, check, fit, and turn into conductivities and activation energies."""

from lacuna.lab.impedance.arcs import Arc, read_arcs
from lacuna.lab.impedance.choose import Choice, ChoiceSettings, choose_circuit
from lacuna.lab.impedance.circuit import Circuit
from lacuna.lab.impedance.fit import CircuitFit, FitSettings, fit_circuit
from lacuna.lab.impedance.geometry import Geometry
from lacuna.lab.impedance.growth import Growth, interface_growth
from lacuna.lab.impedance.kramers_kronig import KramersKronig, kramers_kronig
from lacuna.lab.impedance.quality import Quality, check_spectrum
from lacuna.lab.impedance.read import read_impedance, read_many, temperature_from_name
from lacuna.lab.impedance.relaxation import RelaxationTimes, relaxation_times
from lacuna.lab.impedance.series import ConductivitySeries, SeriesSettings, conductivity_series
from lacuna.lab.impedance.spectrum import Spectrum, make_spectrum

__all__ = [
    "Arc",
    "Choice",
    "ChoiceSettings",
    "Circuit",
    "CircuitFit",
    "ConductivitySeries",
    "FitSettings",
    "Geometry",
    "Growth",
    "KramersKronig",
    "Quality",
    "RelaxationTimes",
    "SeriesSettings",
    "Spectrum",
    "check_spectrum",
    "choose_circuit",
    "conductivity_series",
    "fit_circuit",
    "interface_growth",
    "kramers_kronig",
    "make_spectrum",
    "read_arcs",
    "read_impedance",
    "read_many",
    "relaxation_times",
    "temperature_from_name",
]

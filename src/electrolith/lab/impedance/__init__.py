"""Impedance spectroscopy: read, check, fit, and turn into conductivities and activation energies."""

from electrolith.lab.impedance.arcs import Arc, read_arcs
from electrolith.lab.impedance.choose import Choice, ChoiceSettings, choose_circuit
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.fit import CircuitFit, FitSettings, fit_circuit
from electrolith.lab.impedance.geometry import Geometry
from electrolith.lab.impedance.growth import Growth, interface_growth
from electrolith.lab.impedance.kramers_kronig import KramersKronig, kramers_kronig
from electrolith.lab.impedance.pellet import PelletImpedance, judge_spectra, measure_impedance
from electrolith.lab.impedance.quality import Quality, check_spectrum
from electrolith.lab.impedance.read import read_impedance, read_many
from electrolith.lab.impedance.relaxation import RelaxationTimes, relaxation_times
from electrolith.lab.impedance.series import ConductivitySeries, SeriesSettings, conductivity_series
from electrolith.lab.impedance.settings import ImpedanceSettings, pellet_geometry
from electrolith.lab.impedance.spectrum import Spectrum, make_spectrum
from electrolith.lab.impedance.temperatures import temperature_from_name

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
    "ImpedanceSettings",
    "KramersKronig",
    "PelletImpedance",
    "Quality",
    "RelaxationTimes",
    "SeriesSettings",
    "Spectrum",
    "check_spectrum",
    "choose_circuit",
    "conductivity_series",
    "fit_circuit",
    "interface_growth",
    "judge_spectra",
    "kramers_kronig",
    "make_spectrum",
    "measure_impedance",
    "pellet_geometry",
    "read_arcs",
    "read_impedance",
    "read_many",
    "relaxation_times",
    "temperature_from_name",
]

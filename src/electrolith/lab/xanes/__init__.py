"""X-ray absorption near the edge: readers, normalisation, series and the search for changes."""

from electrolith.lab.xanes.analysis import XanesResult, XanesSettings, measure_xanes
from electrolith.lab.xanes.athena import read_athena_project
from electrolith.lab.xanes.change import Change, ChangeTest, find_byproduct, find_feature, find_shift
from electrolith.lab.xanes.combination import Combination, fit_combination
from electrolith.lab.xanes.electrochemistry import CellRecord, at_times, read_cell_record
from electrolith.lab.xanes.normalise import Normalisation, Normalised, edge_energy, normalise
from electrolith.lab.xanes.peaks import PeakFit, WhiteLine, edge_and_peaks, fit_peaks, white_line
from electrolith.lab.xanes.read import Columns, Spectrum, read_spectrum
from electrolith.lab.xanes.self_absorption import SelfAbsorption, self_absorption
from electrolith.lab.xanes.series import (
    PrincipalComponents,
    SpectrumSeries,
    principal_components,
    spectrum_series,
)

__all__ = [
    "CellRecord",
    "Change",
    "ChangeTest",
    "Columns",
    "Combination",
    "Normalisation",
    "Normalised",
    "PeakFit",
    "PrincipalComponents",
    "SelfAbsorption",
    "Spectrum",
    "SpectrumSeries",
    "WhiteLine",
    "XanesResult",
    "XanesSettings",
    "at_times",
    "edge_and_peaks",
    "edge_energy",
    "find_byproduct",
    "find_feature",
    "find_shift",
    "fit_combination",
    "fit_peaks",
    "measure_xanes",
    "normalise",
    "principal_components",
    "read_athena_project",
    "read_cell_record",
    "read_spectrum",
    "self_absorption",
    "spectrum_series",
    "white_line",
]

"""Powder diffraction and pair distribution functions: patterns, refinement with its blind spots, series."""

from electrolith.scattering.computed import ComputedScattering, Scattering, compute_scattering
from electrolith.scattering.conditions import (
    AbsoluteScale,
    ChargeNeutrality,
    FixedTotal,
    InternalStandard,
    Known,
    MeasuredDensity,
)
from electrolith.scattering.data import PowderData
from electrolith.scattering.follow import Frames
from electrolith.scattering.from_crystal import phase_of_crystal
from electrolith.scattering.from_structure_function import pdf_from_structure_function
from electrolith.scattering.instrument import (
    ConstantWavelength,
    TimeOfFlight,
    laboratory,
    neutron,
    synchrotron,
)
from electrolith.scattering.instrument_words import instrument_from
from electrolith.scattering.measured import Diffraction, DiffractionSettings, refine_files
from electrolith.scattering.measured_operando import Operando, OperandoSettings, run_operando
from electrolith.scattering.measured_pdf import OrderedPdf, PairDistribution, PdfFilesSettings, fit_pdf_files
from electrolith.scattering.model import Histogram
from electrolith.scattering.operando import follow
from electrolith.scattering.pdf import PdfSettings, Split, pdf
from electrolith.scattering.pdf_fit import fit_pdf, fit_ranges
from electrolith.scattering.pdf_frames import pdf_of_frames
from electrolith.scattering.phase import Phase, Site
from electrolith.scattering.phase_library import candidate, library_names
from electrolith.scattering.profile_likelihood import profile_likelihood
from electrolith.scattering.read_cif import phase_from_group, read_cif_phase
from electrolith.scattering.read_gr import read_gr
from electrolith.scattering.read_instrument import read_instrument
from electrolith.scattering.read_pattern import convert, read_pattern
from electrolith.scattering.recipe import Recipe, run_recipe
from electrolith.scattering.refine import RefineSettings, refine
from electrolith.scattering.result import RietveldFit
from electrolith.scattering.series import sample_name, trend
from electrolith.scattering.simulate import simulate, sticks
from electrolith.scattering.write_cif import fit_cif, write_cif
from electrolith.scattering.write_instprm import write_instprm

__all__ = [
    "AbsoluteScale",
    "ChargeNeutrality",
    "ComputedScattering",
    "ConstantWavelength",
    "Diffraction",
    "DiffractionSettings",
    "FixedTotal",
    "Frames",
    "Histogram",
    "InternalStandard",
    "Known",
    "MeasuredDensity",
    "Operando",
    "OperandoSettings",
    "OrderedPdf",
    "PairDistribution",
    "PdfFilesSettings",
    "PdfSettings",
    "Phase",
    "PowderData",
    "Recipe",
    "RefineSettings",
    "RietveldFit",
    "Scattering",
    "Site",
    "Split",
    "TimeOfFlight",
    "candidate",
    "compute_scattering",
    "convert",
    "fit_cif",
    "fit_pdf",
    "fit_pdf_files",
    "fit_ranges",
    "follow",
    "instrument_from",
    "laboratory",
    "library_names",
    "neutron",
    "pdf",
    "pdf_from_structure_function",
    "pdf_of_frames",
    "phase_from_group",
    "phase_of_crystal",
    "profile_likelihood",
    "read_cif_phase",
    "read_gr",
    "read_instrument",
    "read_pattern",
    "refine",
    "refine_files",
    "run_operando",
    "run_recipe",
    "sample_name",
    "simulate",
    "sticks",
    "synchrotron",
    "trend",
    "write_cif",
    "write_instprm",
]

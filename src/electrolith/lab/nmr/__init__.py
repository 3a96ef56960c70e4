"""Nuclear spin relaxation: records, recoveries, T1 and what it says about motion."""

from electrolith.lab.nmr.analysis import NmrResult, NmrSettings, measure_relaxation, read_record
from electrolith.lab.nmr.read import (
    FidArray,
    Recovery,
    read_bruker,
    read_delays,
    read_recovery_table,
    read_varian,
)
from electrolith.lab.nmr.recovery import RecoveryFit, fit_recovery, magnetisation
from electrolith.lab.nmr.relaxation import (
    ActivationComparison,
    Relaxation,
    RelaxationLaw,
    analyse_relaxation,
    compare_activation,
    relaxation_rate,
)
from electrolith.lab.nmr.spectrum import Integration, Spectra, integrate

__all__ = [
    "ActivationComparison",
    "FidArray",
    "Integration",
    "NmrResult",
    "NmrSettings",
    "Recovery",
    "RecoveryFit",
    "Relaxation",
    "RelaxationLaw",
    "Spectra",
    "analyse_relaxation",
    "compare_activation",
    "fit_recovery",
    "integrate",
    "magnetisation",
    "measure_relaxation",
    "read_bruker",
    "read_delays",
    "read_record",
    "read_recovery_table",
    "read_varian",
    "relaxation_rate",
]

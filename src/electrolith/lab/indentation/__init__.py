"""Nanoindentation: records, Oliver-Pharr analysis, calibration, stiffness against lithium."""

from electrolith.lab.indentation.analysis import (
    Indentation,
    IndentResult,
    IndentSettings,
    measure_indent,
    measure_indents,
)
from electrolith.lab.indentation.calibrate import Calibration, calibrate
from electrolith.lab.indentation.dendrite import StiffnessIndicator, compare_with_lithium
from electrolith.lab.indentation.oliver_pharr import (
    Contact,
    contact_area,
    fit_unloading,
    sample_modulus,
    simulate,
)
from electrolith.lab.indentation.read import (
    Indent,
    IndentFile,
    read_agilent,
    read_hysitron,
    read_indents,
    read_table,
)
from electrolith.lab.indentation.record import contact_point, course

__all__ = [
    "Calibration",
    "Contact",
    "Indent",
    "IndentFile",
    "IndentResult",
    "IndentSettings",
    "Indentation",
    "StiffnessIndicator",
    "calibrate",
    "compare_with_lithium",
    "contact_area",
    "contact_point",
    "course",
    "fit_unloading",
    "measure_indent",
    "measure_indents",
    "read_agilent",
    "read_hysitron",
    "read_indents",
    "read_table",
    "sample_modulus",
    "simulate",
]

"""Synthesis: batches, reactions, samples and their conditions, correlations, the next experiment."""

from electrolith.lab.synthesis.analysis import (
    Improve,
    PelletSettings,
    SynthesisResult,
    SynthesisSettings,
    measure_synthesis,
)
from electrolith.lab.synthesis.batch import Batch, BatchSettings, Weighing, plan_batch
from electrolith.lab.synthesis.correlate import Correlation, Correlations, correlate, partial_correlation
from electrolith.lab.synthesis.design import DesignSettings, Suggestion, suggest_next
from electrolith.lab.synthesis.formula import Reaction, balance, formula_mass, parse_formula
from electrolith.lab.synthesis.pellet import PelletDensity, crystal_density, pellet_density
from electrolith.lab.synthesis.samples import Sample, SampleTable, parse_sample_name, read_samples

__all__ = [
    "Batch",
    "BatchSettings",
    "Correlation",
    "Correlations",
    "DesignSettings",
    "Improve",
    "PelletDensity",
    "PelletSettings",
    "Reaction",
    "Sample",
    "SampleTable",
    "Suggestion",
    "SynthesisResult",
    "SynthesisSettings",
    "Weighing",
    "balance",
    "correlate",
    "crystal_density",
    "formula_mass",
    "measure_synthesis",
    "parse_formula",
    "parse_sample_name",
    "partial_correlation",
    "pellet_density",
    "plan_batch",
    "read_samples",
    "suggest_next",
]

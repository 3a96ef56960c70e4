"""Impedance spectra in the study: wires the laboratory's result to headline and report."""

from __future__ import annotations

from dataclasses import dataclass

from electrolith.lab.impedance.pellet import PelletImpedance, measure_impedance
from electrolith.lab.impedance.settings import ImpedanceSettings
from electrolith.study.section import Evidence, Part, Results, Section
from electrolith.study.sections.impedance_parts import impedance_parts
from electrolith.study.sections.impedance_together import impedance_together
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "MeasuredImpedance", "evidence_of", "pellet_impedance"]


@dataclass(frozen=True)
class MeasuredImpedance(ImpedanceSettings):
    """Impedance files of one cell."""

    files: Files


def pellet_impedance(settings: MeasuredImpedance) -> PelletImpedance:
    """Fits of every spectrum, and what they say over temperature or time."""
    return measure_impedance(settings)


def evidence_of(found: PelletImpedance) -> tuple[Evidence, ...]:
    """Conductivity at 300 K and activation energy of the whole pellet."""
    if found.series is None or not found.series.parts:
        return ()
    total = found.series.parts[0]
    at_300 = total.at(300.0)
    law = "σT" if total.form == "sigma T" else "σ"
    note = f"impedance, ln {law} of {total.temperature.size} temperatures"
    source = f"{len(found.fits)} spectra"
    return (
        Evidence("conductivity_300K", "σ(300 K)", at_300, "measured", source, note=note),
        Evidence("activation_energy", "Eₐ", total.activation_energy, "measured", source, note=note),
    )


def evidence(results: Results) -> tuple[Evidence, ...]:
    """The section's rows of the headline."""
    found = results.get(PelletImpedance)
    return () if found is None else evidence_of(found)


def parts(results: Results) -> tuple[Part, ...]:
    """The section's part of the report."""
    found = results.get(PelletImpedance)
    return () if found is None else impedance_parts(found)


SECTION = Section(
    "measured.impedance",
    MeasuredImpedance,
    (Stage(pellet_impedance),),
    evidence,
    parts,
    together=impedance_together,
)

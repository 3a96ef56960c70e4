"""The sections a study file may have, in the order of the report; each module of this folder is one."""

from lacuna.study.section import Section
from lacuna.study.sections import (
    cell,
    cycling,
    diffraction,
    dynamics,
    engine,
    exposure,
    impedance,
    indentation,
    material,
    mechanism,
    nmr,
    ordering,
    particles,
    polarisation,
    relaxation,
    scattering,
    stability,
    symmetric,
    synthesis,
    vacancies,
    xanes,
)

SECTIONS: tuple[Section, ...] = (
    material.SECTION,
    ordering.SECTION,
    engine.SECTION,
    relaxation.SECTION,
    vacancies.SECTION,
    dynamics.SECTION,
    mechanism.SECTION,
    stability.SECTION,
    scattering.SECTION,
    diffraction.DIFFRACTION,
    diffraction.PDF,
    diffraction.OPERANDO,
    impedance.SECTION,
    polarisation.SECTION,
    symmetric.SECTION,
    cycling.SECTION,
    exposure.SECTION,
    nmr.SECTION,
    xanes.SECTION,
    indentation.SECTION,
    particles.SECTION,
    synthesis.SECTION,
    cell.SECTION,
)

__all__ = ["SECTIONS"]

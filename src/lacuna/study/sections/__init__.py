"""The sections a study file may have, in the order of the report; each module of this folder is one."""

from lacuna.study.section import Section
from lacuna.study.sections import (
    ...] = (     material.SECTION,
    cycling,
    dynamics,
    dynamics.SECTION,
    engine,
    engine.SECTION,
    exposure,
    impedance,
    material,
    ordering,
    ordering.SECTION,
    polarisation,
    relaxation,
    relaxation.SECTION,
    stability,
    stability.SECTION,
    symmetric,
    vacancies  SECTIONS: tuple[Section,
    vacancies.SECTION,
    impedance.SECTION,
    polarisation.SECTION,
    symmetric.SECTION,
    cycling.SECTION,
    exposure.SECTION,
)

__all__ = ["SECTIONS"]

"""The sections a study file may have, in the order of the report; each module of this folder is one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrolith.study.section import Section

    SECTIONS: tuple[Section, ...]

__all__ = ["SECTIONS"]

_ORDER = (
    "metadata.SECTION",
    "material.SECTION",
    "ordering.SECTION",
    "engine.SECTION",
    "search.SECTION",
    "relaxation.SECTION",
    "vacancies.SECTION",
    "dynamics.SECTION",
    "own_runs.SECTION",
    "mechanism.SECTION",
    "barriers.SECTION",
    "sweep.SECTION",
    "stability.SECTION",
    "scattering.SECTION",
    "diffraction.DIFFRACTION",
    "diffraction.PDF",
    "diffraction.OPERANDO",
    "impedance.SECTION",
    "polarisation.SECTION",
    "symmetric.SECTION",
    "cycling.SECTION",
    "exposure.SECTION",
    "nmr.SECTION",
    "xanes.SECTION",
    "indentation.SECTION",
    "particles.SECTION",
    "pictures.SECTION",
    "samples.SECTION",
    "synthesis.SECTION",
    "schemes.SECTION",
    "cell.SECTION",
    "comparison.COMPARISON",
    "comparison.TARGETS",
)


def __getattr__(name: str) -> Any:
    """All sections, imported when somebody asks for all of them: a command needs its own only."""
    if name != "SECTIONS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = []
    for where in _ORDER:
        module, _, section = where.partition(".")
        found.append(getattr(import_module(f"{__name__}.{module}"), section))
    globals()["SECTIONS"] = tuple(found)
    return globals()["SECTIONS"]

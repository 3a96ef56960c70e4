"""Measured scattering in the study: Rietveld refinements, pair distribution functions, operando series."""

from __future__ import annotations

from dataclasses import dataclass, replace

from electrolith.core.errors import InputError
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.order import Orderings
from electrolith.scattering.from_crystal import phase_of_crystal
from electrolith.scattering.measured import Diffraction, DiffractionSettings, refine_files
from electrolith.scattering.measured_operando import Operando, OperandoSettings, run_operando
from electrolith.scattering.measured_pdf import PairDistribution, PdfFilesSettings, fit_pdf_files
from electrolith.scattering.phase_library import candidate
from electrolith.study.section import Evidence, Part, Results, Section
from electrolith.study.sections.diffraction_parts import diffraction_parts
from electrolith.study.sections.material import Material
from electrolith.study.sections.operando_parts import operando_parts
from electrolith.study.sections.pattern_stack import frame_stack, pattern_stacks
from electrolith.study.sections.pdf_parts import pdf_parts
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = ["DIFFRACTION", "OPERANDO", "PDF", "evidence_of", "pdf_evidence_of"]


@dataclass(frozen=True)
class MeasuredDiffraction(DiffractionSettings):
    """Powder patterns of the material.

    crystal : main phase of these patterns where it is not the study's material, from the library (LiOH, ...).
    instrument_files : GSAS-II .instprm or GSAS .prm instead of `instrument`, one or one each.
    """

    files: Files = ()
    instrument: str | tuple[str, ...] = ()
    instrument_files: Files = ()
    crystal: str | None = None

    def __post_init__(self) -> None:
        """One of both, and a phase that is known."""
        if not self.instrument and not self.instrument_files:
            raise InputError(
                "instrument is missing: 'Cu Ka', 'xray 0.4592', 'neutron 1.87', or instrument_files"
            )
        if self.crystal is not None:
            candidate(self.crystal)
        DiffractionSettings.__post_init__(self)

    @property
    def instruments(self) -> tuple[str, ...]:
        """Files stand for the words; kept as paths, so that a result holds wherever the study lies."""
        return tuple(str(p) for p in self.instrument_files) or super().instruments


@dataclass(frozen=True)
class MeasuredPdf(PdfFilesSettings):
    """G(r) files of the material."""

    files: Files = ()


@dataclass(frozen=True)
class MeasuredOperando(OperandoSettings):
    """Patterns of the material in time."""

    files: Files = ()
    instrument: str = ""


def diffraction(settings: MeasuredDiffraction, crystal: DisorderedCrystal) -> Diffraction:
    """Refine the patterns from the study's crystal, or from the one that the settings name."""
    if settings.crystal is not None:
        return refine_files(settings, candidate(settings.crystal))
    phase = phase_of_crystal(crystal, name=_name(crystal))
    return refine_files(settings, phase, crystal.oxidation_states or None)


def pair_distribution(
    settings: MeasuredPdf, crystal: DisorderedCrystal, orderings: Orderings | None
) -> PairDistribution:
    """Fit the measured G(r) from the study's crystal; put the computed orderings beside it."""
    frames = orderings.frames if orderings is not None else ()
    return fit_pdf_files(settings, phase_of_crystal(crystal, name=_name(crystal)), frames)


def operando(settings: MeasuredOperando, crystal: DisorderedCrystal) -> Operando:
    """Follow the patterns in time."""
    return run_operando(settings, phase_of_crystal(crystal, name=_name(crystal)))


def _name(crystal: DisorderedCrystal) -> str:
    return crystal.source.rsplit(".", 1)[0].replace("/", "-") or "crystal"


def evidence_of(found: Diffraction, mobile: str = "Li") -> tuple[Evidence, ...]:
    """Lattice parameter and vacancies of the first pattern's main phase."""
    fit, rows = found.fits[0], []
    main = fit.phases[0].name
    for key, value in fit.cell.items():
        if key == f"{main}/a":
            rows.append(
                Evidence("lattice_parameter", "a", value, "measured", found.names[0], note="Rietveld")
            )
    for site in {s.site: s for s in fit.sites if s.phase == main}.values():
        if site.identified not in ("identified", "through the conditions"):
            continue  # a number that the data do not determine is no evidence
        share = site.vacancy.through(lambda v: 100 * v, unit="%")
        name = "mobile_vacancies" if site.species == mobile else "framework_vacancies"
        rows.append(
            Evidence(name, f"vacant {site.site}", share, "measured", found.names[0], note=site.identified)
        )
    return tuple(rows)


def _evidence(results: Results) -> tuple[Evidence, ...]:
    found, material = results.get(Diffraction), results.get(Material)
    return evidence_of(found, material.mobile if material else "Li") if found is not None else ()


def pdf_evidence_of(found: PairDistribution) -> tuple[Evidence, ...]:
    """Lattice parameter of the first file's widest range."""
    widest = max(found.fits[0].ranges, key=lambda r: r.high - r.low)
    if "a" not in widest.parameters:
        return ()
    note = f"PDF, {widest.low:g} to {widest.high:g} Å"
    return (
        Evidence("lattice_parameter", "a", widest.parameters["a"], "measured", found.names[0], note=note),
    )


def _pdf_evidence(results: Results) -> tuple[Evidence, ...]:
    found = results.get(PairDistribution)
    return pdf_evidence_of(found) if found is not None else ()


def _parts(results: Results) -> tuple[Part, ...]:
    found = results.get(Diffraction)
    return diffraction_parts(found) if found is not None else ()


def _pdf_parts(results: Results) -> tuple[Part, ...]:
    found = results.get(PairDistribution)
    return pdf_parts(found) if found is not None else ()


def _operando_parts(results: Results) -> tuple[Part, ...]:
    found = results.get(Operando)
    if found is None:
        return ()
    part, *rest = operando_parts(found)
    return (replace(part, figures=(frame_stack(found), *part.figures)), *rest)


DIFFRACTION = Section(
    "measured.diffraction",
    MeasuredDiffraction,
    (Stage(diffraction),),
    _evidence,
    _parts,
    together=pattern_stacks,
)
PDF = Section("measured.pdf", MeasuredPdf, (Stage(pair_distribution),), _pdf_evidence, _pdf_parts)
OPERANDO = Section("measured.operando", MeasuredOperando, (Stage(operando),), parts=_operando_parts)

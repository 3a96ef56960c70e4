"""Particle sizes in the study: wires the laboratory's result to headline and report."""

from __future__ import annotations

from dataclasses import dataclass

from electrolith.lab.particles.analysis import ParticleResult, ParticleSettings, measure_particles
from electrolith.study.section import Evidence, Part, Results, Section
from electrolith.study.sections.particles_parts import particle_parts, window_name
from electrolith.study.sections.particles_together import particles_together
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "MeasuredParticles", "particle_parts", "particles"]


@dataclass(frozen=True)
class MeasuredParticles(ParticleSettings):
    """Micrographs of one sample."""

    files: Files


def particles(settings: MeasuredParticles) -> ParticleResult:
    """Segment the images and measure the particles."""
    return measure_particles(settings)


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Median size, and the share in the window where one was asked for."""
    found = results.get(ParticleResult)
    return () if found is None else particle_evidence(found)


def particle_evidence(found: ParticleResult) -> tuple[Evidence, ...]:
    """Rows of the headline table."""
    s = found.sizes
    note = f"by number, {s.count} particles"
    rows = [Evidence("particle_d50", "Particle size D50", s.number[1], "measured", "SEM", note=note)]
    if s.window is not None and s.share is not None:
        label = f"Particles of {window_name(s.window)}"
        rows.append(Evidence("particle_share", label, s.share, "measured", "SEM", note=note))
    return tuple(rows)


def parts(results: Results) -> tuple[Part, ...]:
    """Particle sizes' part of the report."""
    found = results.get(ParticleResult)
    return () if found is None else particle_parts(found)


SECTION = Section(
    "measured.particles",
    MeasuredParticles,
    (Stage(particles, version=2),),
    evidence,
    parts,
    together=particles_together,
)

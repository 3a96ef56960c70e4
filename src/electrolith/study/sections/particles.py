"""Particle sizes in the study: distributions from micrographs, with a picture for the eye."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.lab.particles.analysis import Outline, ParticleResult, ParticleSettings, measure_particles
from electrolith.lab.particles.distribution import SizeDistribution
from electrolith.study.figure import Axis, Bars, Figure, Heat, Layer, Line
from electrolith.study.section import Evidence, Part, Results, Section, Table
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
    """Median size and the share in the window."""
    found = results.get(ParticleResult)
    return () if found is None else particle_evidence(found)


def particle_evidence(found: ParticleResult) -> tuple[Evidence, ...]:
    """Rows of the headline table."""
    s = found.sizes
    low, high = (1e9 * v for v in s.window)
    note = f"{s.count} particles"
    return (
        Evidence(
            "particle_d50", "Particle size D50", s.number[1], "measured", "SEM", note=f"by number, {note}"
        ),
        Evidence(
            "particle_share",
            f"Particles of {low:.0f}–{high:.0f} nm",
            s.share,
            "measured",
            "SEM",
            note=f"by number, {note}",
        ),
    )


def parts(results: Results) -> tuple[Part, ...]:
    """Particle sizes' part of the report."""
    found = results.get(ParticleResult)
    return () if found is None else particle_parts(found)


def particle_parts(found: ParticleResult) -> tuple[Part, ...]:
    """The part of the report, or of the command's page."""
    s = found.sizes
    low, high = (1e9 * v for v in s.window)
    sentence = (
        f"{s.count} complete particles ({s.excluded} cut by the edge left out): D50 {s.number[1].text()} "
        "by number, "
        f"{s.share.text()} of them between {low:.0f} and {high:.0f} nm."
    )
    scales = ", ".join(
        f"{1e9 * p:.4g} nm per pixel, {w}" for p, w in zip(found.pixels, found.scales_from, strict=True)
    )
    notes = [
        f"Longest extents from {1e6 * s.longest[0]:.2f} to {1e6 * s.longest[1]:.2f} µm.",
        "Intervals hold the number of particles counted, not the choice of the threshold; look at the "
        "outlines.",
        f"Scale: {scales}.",
    ]
    return (
        Part(
            "Particle sizes",
            sentence,
            (_histogram(s), _picture(found.outline)),
            (_table(s),),
            s.warnings,
            tuple(notes),
        ),
    )


def _histogram(s: SizeDistribution) -> Figure:
    labels = tuple(f"{1e9 * a:.0f}–{1e9 * b:.0f}" for a, b in zip(s.edges[:-1], s.edges[1:], strict=True))
    layers: tuple[Layer, ...] = (
        Bars(labels, 100 * s.counts, "by number", "measured"),
        Bars(labels, 100 * s.volumes, "by volume", "computed"),
    )
    caption = "Share of the particles in each class of diameter (circle of equal area)."
    return Figure("particle-sizes", caption, Axis("diameter / nm"), Axis("share / %"), layers)


def _picture(outline: Outline) -> Figure:
    rows, columns = outline.grey.shape
    wide, high = 1e6 * outline.width, 1e6 * outline.height
    grey = Heat(
        (np.arange(columns) + 0.5) * wide / columns,
        high - (np.arange(rows) + 0.5) * high / rows,
        outline.grey.astype(int),
        "grey value",
        grey=True,
    )
    layers: list[Layer] = [grey]
    if outline.complete_x.size:
        layers.append(Line(1e6 * outline.complete_x, high - 1e6 * outline.complete_y, "", "measured"))
    if outline.cut_x.size:
        layers.append(Line(1e6 * outline.cut_x, high - 1e6 * outline.cut_y, "", "third"))
    caption = (
        f"Convex outlines of the particles found in {Path(outline.source).name}: counted (orange) and "
        "cut by the "
        "edge (pink)."
    )
    return Figure(
        "particle-outlines", caption, Axis("x / µm"), Axis("y / µm"), tuple(layers), equal=True, height=440
    )


def _table(s: SizeDistribution) -> Table:
    rows = (
        ("by number", *s.number, s.share),
        ("by volume", *s.volume, s.volume_share),
    )
    low, high = (1e9 * v for v in s.window)
    return Table(("weight", "D10", "D50", "D90", f"share {low:.0f}–{high:.0f} nm"), rows)


SECTION = Section(
    "measured.particles", MeasuredParticles, (Stage(particles),), evidence, parts, together=particles_together
)

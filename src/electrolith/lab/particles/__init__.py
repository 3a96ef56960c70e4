"""Particles in micrographs: scale, segmentation, size distributions, rendered images of known sizes."""

from electrolith.lab.particles.analysis import ParticleResult, ParticleSettings, measure_particles
from electrolith.lab.particles.distribution import SizeDistribution, SizeSettings, size_distribution
from electrolith.lab.particles.read import Micrograph, read_micrograph
from electrolith.lab.particles.render import Rendered, render
from electrolith.lab.particles.segment import Particles, Segmentation, overlay, segment

__all__ = [
    "Micrograph",
    "ParticleResult",
    "ParticleSettings",
    "Particles",
    "Rendered",
    "Segmentation",
    "SizeDistribution",
    "SizeSettings",
    "measure_particles",
    "overlay",
    "read_micrograph",
    "render",
    "segment",
    "size_distribution",
]

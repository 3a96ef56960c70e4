"""Intensity of each reflection from the sites, with its analytic derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .phase import Phase, Site
from .tables import Scatterer

__all__ = ["Geometry", "SiteSums", "geometry", "intensities", "site_sums"]


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Index images of the reflections under the operations: all that does not depend on parameters.

    hr : shape (n_ops, n_hkl, 3), h R; phases : shape (n_ops, n_hkl), 2π h·t.
    """

    hr: np.ndarray
    phases: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class SiteSums:
    """Σ over equivalent positions of exp(2πi h·x) of one site, shape (n_hkl,), and its gradient.

    gradient : {"x": shape (n_hkl,)} along each free direction.
    """

    value: np.ndarray
    gradient: dict[str, np.ndarray]


def geometry(phase: Phase, hkl: np.ndarray) -> Geometry:
    """Images of hkl, shape (n, 3), under the operations of the phase."""
    hr = np.einsum("hi,oij->ohj", hkl, phase.rotations.astype(float))
    return Geometry(hr, 2 * np.pi * phase.translations @ hkl.T)


def site_sums(
    phase: Phase, site: Site, images: Geometry, directions: dict[str, np.ndarray], count: int
) -> SiteSums:
    """Geometric sums of one site over its orbit.

    Σ_ops exp(2πi h (R x + t)) · multiplicity/n_ops, so that special positions are counted once.

    Parameters
    ----------
    directions : free directions of the site, fractional vectors of shape (3,). count : its multiplicity.
    """
    weight = count / len(phase.rotations)
    waves = np.exp(1j * (2 * np.pi * images.hr @ np.asarray(site.position) + images.phases))
    gradient = {
        name: weight * np.sum(2j * np.pi * (images.hr @ direction) * waves, axis=0)
        for name, direction in directions.items()
    }
    return SiteSums(weight * waves.sum(axis=0), gradient)


def intensities(
    phase: Phase,
    sums: tuple[SiteSums, ...],
    table: Mapping[str, Scatterer],
    d: np.ndarray,
    *,
    gradient: bool = False,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """|F|² per cell averaged over Friedel mates, and its derivatives by parameter name.

    |F|² = |Σⱼ oⱼ Re fⱼ exp(-Bⱼ s²) Gⱼ|² + |Σⱼ oⱼ Im fⱼ exp(-Bⱼ s²) Gⱼ|², s = 1/2d.

    Parameters
    ----------
    sums : one per site of the phase. d : spacings, Å, shape (n,).

    Returns
    -------
    Intensities in electrons² or fm², shape (n,); derivatives keyed "Li1/B", "Li1/occupancy/Li", "O1/x",
    empty unless `gradient`.
    """
    s = 0.5 / d
    real = np.zeros(len(d), complex)
    imag = np.zeros(len(d), complex)
    parts = []
    for site, orbit in zip(phase.sites, sums, strict=True):
        damping = np.exp(np.minimum(-site.b_iso * s**2, 50.0))  # a trial step may be absurd
        for species, share in site.occupancy:
            item = table[species]
            f_real = item.real(s) * damping
            f_imag = item.f2 * damping
            real += share * f_real * orbit.value
            imag += share * f_imag * orbit.value
            parts.append((site, orbit, species, share, f_real, f_imag))
    value = np.abs(real) ** 2 + np.abs(imag) ** 2
    if not gradient:
        return value, {}
    out: dict[str, np.ndarray] = {}
    for site, orbit, species, share, f_real, f_imag in parts:

        def change(wave: np.ndarray, f_real: np.ndarray = f_real, f_imag: np.ndarray = f_imag) -> np.ndarray:
            return 2 * (np.real(np.conj(real) * wave) * f_real + np.real(np.conj(imag) * wave) * f_imag)

        plain = change(orbit.value)
        out[f"{site.label}/occupancy/{species}"] = plain
        key = f"{site.label}/B"
        out[key] = out.get(key, 0.0) - share * s**2 * plain
        for name, wave in orbit.gradient.items():
            key = f"{site.label}/{name}"
            out[key] = out.get(key, 0.0) + share * change(wave)
    return value, out

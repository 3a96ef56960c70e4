"""A refinement's phase from a crystal with partial occupancy."""

from __future__ import annotations

import numpy as np

from electrolith.crystal.crystal import DisorderedCrystal

from .phase import Phase, Site

__all__ = ["phase_of_crystal"]


def phase_of_crystal(crystal: DisorderedCrystal, *, name: str = "crystal", b_iso: float = 1.0) -> Phase:
    """Cell, symmetry and average sites of a crystal; symmetry is found in the crystal's own cell by spglib.

    Parameters
    ----------
    b_iso : Å², for sites without a displacement parameter.
    """
    import spglib

    found = spglib.get_symmetry((crystal.cell, crystal.fractional, crystal.orbit), symprec=1e-3)
    a, b, c = np.linalg.norm(crystal.cell, axis=1)

    def angle(i: int, j: int) -> float:
        u, v = crystal.cell[i], crystal.cell[j]
        return float(np.degrees(np.arccos(np.clip(u @ v / np.linalg.norm(u) / np.linalg.norm(v), -1, 1))))

    sites = tuple(
        Site(
            site.label.replace("/", "+"),  # the slash parts parameter names
            (float(site.fractional[0]), float(site.fractional[1]), float(site.fractional[2])),
            tuple((species, share.value) for species, share in site.occupancy.items()),
            8 * np.pi**2 * site.u_iso.value if site.u_iso is not None else b_iso,
        )
        for site in crystal.sites
    )
    return Phase(
        name.replace("/", "-"),
        (float(a), float(b), float(c), angle(1, 2), angle(0, 2), angle(0, 1)),
        np.asarray(found["rotations"]),
        np.asarray(found["translations"]) % 1.0,
        sites,
        crystal.space_group,
        crystal.source,
    )

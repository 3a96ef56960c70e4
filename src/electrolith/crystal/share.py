"""Compositions along a solid solution: a species takes a share of a full site, charge stays balanced."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from electrolith.core.errors import InputError
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.neutral import positions_of
from electrolith.crystal.species import element_of

__all__ = ["formula_with_share"]


def formula_with_share(
    crystal: DisorderedCrystal, supercell: tuple[int, int, int], *, element: str, share: float, mobile: str
) -> str:
    """Neutral content of a supercell in which `element` holds a share of the one site it mixes on.

    That site is full; the mobile ions make up the charge and leave what is over of their sites vacant. In
    Li(1+2x)Cl(1-x)N(x) the share of N is x.

    Parameters
    ----------
    crystal : with oxidation states; two species share one site, one of them `element`.
    supercell : repeats along the three vectors.
    share : of that site's positions, 0 to 1; the nearest whole number of atoms is taken.
    mobile : element that makes up the charge, alone on its sites.

    Returns
    -------
    The formula of the supercell, "Li58N13Cl19".

    Raises
    ------
    InputError
        If no such site exists, the share is impossible, or the mobile ions do not fit or cannot balance it.
    """
    if not 0 <= share <= 1:
        raise InputError(f"share of {element} must lie between 0 and 1, got {share}")
    where = crystal.source or "crystal"
    mixed = [i for i, s in enumerate(crystal.sites) if _holds(s.occupancy, element) and len(s.occupancy) == 2]
    if len(mixed) != 1:
        raise InputError(f"{where}: {element} must share exactly one site with one other species")
    positions = positions_of(crystal, supercell)
    at = mixed[0]
    one, other = sorted(crystal.sites[at].occupancy, key=lambda name: element_of(name) != element)
    atoms: dict[str, int] = dict.fromkeys(crystal.species, 0)
    atoms[one] = round(share * positions[at])
    atoms[other] = positions[at] - atoms[one]
    room, carrier = 0, ""
    for i, site in enumerate(crystal.sites):
        if i == at:
            continue
        names = list(site.occupancy)
        if len(names) > 1:
            raise InputError(f"{where}: site {site.label} is shared too ({', '.join(names)})")
        if element_of(names[0]) == mobile:
            room, carrier = room + positions[i], names[0]
        else:
            atoms[names[0]] += positions[i]
    if not carrier:
        raise InputError(f"{where}: no site holds the mobile element {mobile}")
    charge = dict(zip(crystal.species, crystal.charges_of(list(crystal.species)), strict=True))
    needed = -float(np.sum([charge[n] * k for n, k in atoms.items()])) / charge[carrier]
    if abs(needed - round(needed)) > 1e-6 or not 0 <= round(needed) <= room:
        raise InputError(
            f"{where}: {atoms[one]} {one} and {atoms[other]} {other} need {needed:g} {carrier}, and there "
            f"are {room} positions for them; take another share"
        )
    atoms[carrier] = round(needed)
    return "".join(f"{name}{n if n > 1 else ''}" for name, n in atoms.items() if n)


def _holds(occupancy: Mapping[str, object], element: str) -> bool:
    return element in {element_of(name) for name in occupancy}

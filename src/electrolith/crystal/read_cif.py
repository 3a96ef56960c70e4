"""A disordered crystal from a CIF: partial and shared sites, standard uncertainties kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.core.reading import reader
from electrolith.crystal.cif import CifStructure, read_cif_structure
from electrolith.crystal.crystal import DisorderedCrystal, Position, build_crystal, total

__all__ = ["read_cif"]


@reader("a CIF")
def read_cif(path: Path, *, rng: np.random.Generator) -> DisorderedCrystal:
    """Read the structure of a CIF.

    Rows of the table that lie on one point are one shared site. Values such as 0.86(1) become estimates;
    equal texts of cell lengths (a cubic cell) share their draws. An occupancy without uncertainty has unknown
    doubt, except 1, which is taken as not refined.

    Parameters
    ----------
    path : the file.
    rng : for the draws of the uncertainties.

    Returns
    -------
    The crystal; oxidation states only where the file has them.

    Raises
    ------
    DataError, InputError
        As `read_cif_structure`.
    """
    found = read_cif_structure(path, rng=rng)
    names = _plain_names(found)
    positions = []
    for site in found.sites:
        shares: dict[str, list[Estimate]] = {names[kind.species]: [] for kind, _ in site.members}
        for kind, share in site.members:
            shares[names[kind.species]].append(share)
        occupancy = {name: total(parts, unit="1") for name, parts in shares.items()}
        positions += [Position(p, occupancy, site.label, site.u_iso) for p in site.images]
    return build_crystal(
        positions,
        found.cell,
        volume=found.volume,
        oxidation_states={names[species]: charge for species, charge in found.states.items()},
        source=found.source,
        notes=found.notes,
    )


def _plain_names(found: CifStructure) -> dict[str, str]:
    """Name of each species: the element, with its charge only where one element comes with several."""
    kinds = dict.fromkeys(kind for site in found.sites for kind, _ in site.members)
    species = {kind.species: kind.element for kind in kinds}
    elements = list(species.values())
    return {n: n if elements.count(e) > 1 else e for n, e in species.items()}

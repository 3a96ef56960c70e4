"""The sites of a supercell, and random ways of putting a composition on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.crystal.composition import Composition
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.frame import Frame
from electrolith.crystal.species import number_of

__all__ = ["VACANT", "SupercellSites", "frame_of", "random_decorations", "supercell_sites"]

VACANT = 0  # code of an empty site in a decoration; species k of the crystal has the code k + 1


@dataclass(frozen=True, slots=True, eq=False)
class SupercellSites:
    """All points of a supercell on which an atom may sit.

    cell: lattice vectors as rows, Å, shape (3, 3). positions: Cartesian, Å, shape (n, 3).
    orbit: index of the crystal's site that each point belongs to, shape (n,).
    species: names by code; code 0 is the vacancy, "".
    allowed: whether the point may hold the species (or nothing), shape (n, codes).
    charges: e, by code, shape (codes,).
    """

    cell: NDArray[np.float64]
    positions: NDArray[np.float64]
    orbit: NDArray[np.int64]
    species: tuple[str, ...]
    allowed: NDArray[np.bool_]
    charges: NDArray[np.float64]

    def __len__(self) -> int:
        """Count the points."""
        return len(self.positions)

    @property
    def fractional(self) -> NDArray[np.float64]:
        """Positions in units of the supercell's vectors, shape (n, 3)."""
        return np.asarray(np.linalg.solve(self.cell.T, self.positions.T).T)


def supercell_sites(crystal: DisorderedCrystal, supercell: tuple[int, int, int]) -> SupercellSites:
    """Repeat the positions of a crystal.

    Parameters
    ----------
    crystal : with oxidation states for all its species.
    supercell : repeats along the three vectors.

    Returns
    -------
    The points, cell by cell, in the order of the crystal's positions.

    Raises
    ------
    InputError
        If a repeat is not a positive number.
    """
    if len(supercell) != 3 or any(n < 1 for n in supercell):
        raise InputError(f"supercell must be three positive whole numbers, got {list(supercell)}")
    shifts = np.stack(np.meshgrid(*(np.arange(n) for n in supercell), indexing="ij"), axis=-1).reshape(-1, 3)
    fractional = (shifts[:, None, :] + crystal.fractional[None, :, :]).reshape(-1, 3)
    orbit = np.tile(crystal.orbit, len(shifts))
    species = crystal.species
    allowed = np.zeros((len(crystal.sites), len(species) + 1), dtype=bool)
    for index, site in enumerate(crystal.sites):
        allowed[index, VACANT] = site.has_room
        allowed[index, [species.index(name) + 1 for name in site.occupancy]] = True
    return SupercellSites(
        cell=np.diag(supercell) @ crystal.cell,
        positions=fractional @ crystal.cell,
        orbit=orbit,
        species=("", *species),
        allowed=allowed[orbit],
        charges=np.array([0.0, *crystal.charges_of(species)]),
    )


def random_decorations(
    sites: SupercellSites, composition: Composition, number: int, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Put the composition on the sites at random, each crystallographic site by itself.

    Parameters
    ----------
    sites : of the supercell.
    composition : of the same supercell.
    number : how many decorations.
    rng : source of randomness.

    Returns
    -------
    Species codes, shape (number, n). All arrangements are equally probable.
    """
    decorations = np.zeros((number, len(sites)), dtype=np.uint8)
    for index, filling in enumerate(composition.fillings):
        places = np.flatnonzero(sites.orbit == index)
        row = np.zeros(len(places), dtype=np.uint8)
        codes = [sites.species.index(name) for name in filling.atoms]
        filled = np.repeat(codes, list(filling.atoms.values()))
        row[: len(filled)] = filled
        decorations[:, places] = rng.permuted(np.tile(row, (number, 1)), axis=1)
    return decorations


def frame_of(sites: SupercellSites, decoration: NDArray[np.uint8]) -> tuple[Frame, NDArray[np.int64]]:
    """The atoms of one decoration, by species in the order of the codes.

    Returns
    -------
    The frame, and the site that each atom sits on, shape (atoms,).
    """
    filled = np.flatnonzero(decoration != VACANT)
    places = filled[np.argsort(decoration[filled], kind="stable")]
    numbers = np.array([0, *(number_of(name) for name in sites.species[1:])])
    frame = Frame(sites.positions[places], sites.cell, numbers[decoration[places]])
    return frame, places.astype(np.int64)

"""A crystal as diffraction knows it: sites, each with the average share of every species on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import GRAM_PER_CM3
from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.crystal.frame import Frame
from electrolith.crystal.species import element_of, mass_of, number_of
from electrolith.crystal.symmetry import symmetry_of

__all__ = ["FAR", "DisorderedCrystal", "Position", "Site", "build_crystal", "total"]

FULL = 1e-6  # an occupancy within this of 1 is full
LARGEST = 1e15  # Å³; a cell of ten micrometres
FAR = 1e6  # cells away from the origin; beyond it no digits are left for the place in the cell
NO_ROOM = 1e-3  # shared sites whose refined occupancies leave less than this are meant to be full


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One crystallographic orbit and what sits on it.

    label: name in the file, or element and counter.
    wyckoff: multiplicity in the conventional cell and letter, "8c".
    multiplicity: equivalent positions in the given cell.
    fractional: one of these positions, in units of the cell vectors, shape (3,).
    occupancy: share of the positions that each species holds; the rest is vacant.
    u_iso: isotropic displacement parameter, Å², where the file has one.
    """

    label: str
    wyckoff: str
    multiplicity: int
    fractional: NDArray[np.float64]
    occupancy: dict[str, Estimate]
    u_iso: Estimate | None = None

    @property
    def vacancy(self) -> Estimate:
        """Share of the positions that nothing holds."""
        filled = total(list(self.occupancy.values()), unit="1")
        return filled.through(lambda x: 1 - x, unit="1")

    @property
    def has_room(self) -> bool:
        """Whether some positions are vacant in the average structure."""
        return self.vacancy.value > NO_ROOM

    @property
    def is_full(self) -> bool:
        """Whether one species holds every position and nobody doubts it."""
        return len(self.occupancy) == 1 and all(
            o.doubt == "exact" and o.value > 1 - FULL for o in self.occupancy.values()
        )


@dataclass(frozen=True, slots=True, eq=False)
class DisorderedCrystal:
    """The average structure: a cell and its sites with partial, shared or full occupancy.

    cell: lattice vectors as rows, Å, shape (3, 3).
    volume: of that cell, Å³, with the doubt of the lattice parameters.
    fractional: every position in the cell, shape (n, 3).
    orbit: index into `sites` of each position, shape (n,).
    space_group, space_group_number: of the average structure, found from the positions.
    oxidation_states: charge (e) of each species; empty where neither file nor user gave them.
    source: file it came from. notes: what the reader assumed.
    """

    cell: NDArray[np.float64]
    volume: Estimate
    fractional: NDArray[np.float64]
    orbit: NDArray[np.int64]
    sites: tuple[Site, ...]
    space_group: str
    space_group_number: int
    oxidation_states: dict[str, float]
    source: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the positions."""
        return len(self.fractional)

    @property
    def species(self) -> tuple[str, ...]:
        """Every species on any site, in the order of the sites."""
        return tuple(dict.fromkeys(name for site in self.sites for name in site.occupancy))

    @property
    def is_ordered(self) -> bool:
        """Whether each site is full with one species."""
        return all(site.is_full for site in self.sites)

    @property
    def content(self) -> dict[str, Estimate]:
        """Atoms of each species in the cell."""
        return {
            name: total(
                [s.occupancy[name] for s in self.sites if name in s.occupancy],
                [s.multiplicity for s in self.sites if name in s.occupancy],
                unit="1",
            )
            for name in self.species
        }

    @property
    def formula(self) -> str:
        """Average content of the cell, "Li6.88N1.528Cl2.292"."""
        return "".join(f"{name}{amount.value:.4g}" for name, amount in self.content.items())

    @property
    def density(self) -> Estimate:
        """Mass density, g/cm³: Σ occupancy · mass / volume."""
        content = self.content
        mass = total(list(content.values()), [mass_of(name) for name in content], unit="amu")
        return mass.through(lambda m, v: m / v * GRAM_PER_CM3, self.volume, unit="g/cm^3")

    @property
    def charge_balance(self) -> Estimate:
        """Net charge of the cell, e, at the refined occupancies: 0 within its doubt if they are right."""
        states = self.charges_of(self.species)
        return total(list(self.content.values()), states, unit="e")

    def charges_of(self, species: Sequence[str]) -> list[float]:
        """Oxidation state (e) of each named species.

        Raises
        ------
        InputError
            If one has none.
        """
        for name in species:
            if name not in self.oxidation_states:
                known = ", ".join(f"{k} {v:+g}" for k, v in self.oxidation_states.items()) or "none"
                raise InputError(
                    f"{self.source or 'crystal'}: no oxidation state for {name}; known: {known}; "
                    f"give it as oxidation_states: {{{name}: ...}}"
                )
        return [self.oxidation_states[name] for name in species]

    def to_frame(self) -> Frame:
        """The atoms of an ordered crystal.

        Raises
        ------
        InputError
            If a site is partly or jointly occupied.
        """
        if not self.is_ordered:
            site = next(s for s in self.sites if not s.is_full)
            shares = " + ".join(f"{k} {v.value:.4g}" for k, v in site.occupancy.items())
            raise InputError(
                f"{self.source or 'crystal'}: site {site.label} ({site.wyckoff}) holds {shares}; "
                "order the crystal before using it as atoms"
            )
        numbers = [number_of(next(iter(self.sites[o].occupancy))) for o in self.orbit]
        return Frame(self.fractional @ self.cell, self.cell, np.array(numbers))


def total(parts: Sequence[Estimate], weights: Sequence[float] | None = None, *, unit: str) -> Estimate:
    """Weighted sum of estimates, draw by draw."""
    factors = [1.0] * len(parts) if weights is None else list(weights)
    first, *rest = parts
    return first.through(
        lambda *draws: sum(f * d for f, d in zip(factors, draws, strict=True)), *rest, unit=unit
    )


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """One point of the cell as a reader hands it over."""

    fractional: NDArray[np.float64]
    occupancy: dict[str, Estimate]
    label: str = ""
    u_iso: Estimate | None = None


def build_crystal(
    positions: Sequence[Position],
    cell: NDArray[np.float64],
    *,
    volume: Estimate | None = None,
    oxidation_states: dict[str, float] | None = None,
    source: str = "",
    notes: Sequence[str] = (),
) -> DisorderedCrystal:
    """Find the symmetry of the average structure and gather its positions into sites.

    Parameters
    ----------
    positions : every position of the cell.
    cell : lattice vectors as rows, Å, shape (3, 3).
    volume : Å³, with the doubt of the lattice parameters; without it the doubt is unknown.
    oxidation_states : charge (e) by species.
    source, notes : passed on.

    Returns
    -------
    The crystal.

    Raises
    ------
    DataError
        If the cell or a position is not finite, or no symmetry is found: then positions coincide.
    """
    fractional = np.array([p.fractional for p in positions], dtype=float).reshape(-1, 3)
    _refuse_infinite(fractional, np.asarray(cell, dtype=float), positions, source or "crystal")
    found = symmetry_of(cell, fractional, [_kind(p.occupancy) for p in positions])
    if found is None:
        raise DataError(f"{source or 'crystal'}: no space group found; do two positions coincide?")
    first, orbit = np.unique(found.crystallographic_orbits, return_inverse=True)
    growth = abs(np.linalg.det(found.std_lattice) / np.linalg.det(cell))
    sites = []
    for index, start in enumerate(first):
        count = int(np.sum(orbit == index))
        p = positions[start]
        sites.append(
            Site(
                p.label or f"{element_of(next(iter(p.occupancy)))}{index + 1}",
                f"{round(count * growth)}{found.wyckoffs[start]}",
                count,
                fractional[start],
                p.occupancy,
                p.u_iso,
            )
        )
    return DisorderedCrystal(
        cell=np.asarray(cell, dtype=float),
        volume=volume or Estimate.unknown_doubt(abs(np.linalg.det(cell)), "angstrom^3"),
        fractional=fractional,
        orbit=orbit.astype(np.int64),
        sites=tuple(sites),
        space_group=found.international,
        space_group_number=int(found.number),
        oxidation_states=dict(oxidation_states or {}),
        source=source,
        notes=tuple(notes),
    )


def _refuse_infinite(
    fractional: NDArray[np.float64], cell: NDArray[np.float64], positions: Sequence[Position], source: str
) -> None:
    """The library of symmetries ends the program on numbers that are none, so none may reach it."""
    if not (np.all(np.isfinite(cell)) and 0 < abs(np.linalg.det(cell)) < LARGEST):
        raise DataError(f"{source}: no cell with a volume: {cell.tolist()}; expected three vectors in Å")
    bad = np.flatnonzero(~(np.abs(fractional) < FAR).all(axis=1))
    if bad.size:
        which = positions[bad[0]].label or f"position {bad[0] + 1}"
        raise DataError(
            f"{source}: {which} lies at {fractional[bad[0]].tolist()}; expected finite fractions of the cell"
        )


def _kind(occupancy: dict[str, Estimate]) -> tuple[tuple[str, float], ...]:
    """Label under which positions with equal content may be equivalent."""
    return tuple(sorted((name, round(share.value, 5)) for name, share in occupancy.items()))

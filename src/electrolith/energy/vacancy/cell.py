"""Values of vacancies: one site, and the sites of one supercell."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.crystal.site import EMPTY

__all__ = ["CellVacancies", "SiteVacancy", "perfect_title", "vacancy_title"]


def perfect_title(host: str, size: int) -> str:
    """What the labels of a perfect supercell say they are."""
    return f"{host}, {size} formula units, perfect"


def vacancy_title(host: str, size: int, index: int, site: str) -> str:
    """What the labels of a vacancy say they are, from the first frame of its relaxation to the last."""
    return f"{host}, {size} formula units, without atom {index} ({site})"


@dataclass(frozen=True, slots=True)
class SiteVacancy:
    """One vacancy.

    index : of the atom taken out.     copies : equivalent sites.     wyckoff, surrounding : of the site.
    unrelaxed, relaxed : formation energy with the other atoms in place and where they end, eV; nan where
        it is not known, from the mean of the relaxed ones where the metal is not known.
    largest_force : of the relaxed cell, eV/Å.     points : evaluations it took.
    failure : why there is no relaxed energy; empty where there is one.
    """

    index: int
    copies: int
    wyckoff: str
    surrounding: str
    unrelaxed: float
    relaxed: float
    largest_force: float
    points: int
    failure: str = ""


@dataclass(frozen=True)
class CellVacancies:
    """Vacancies of one crystal in one supercell.

    host : name of the crystal.     formula, atoms : of the perfect supercell.     size : formula units.
    perfect : energy of the perfect supercell, eV.
    metal : energy per atom of the metal, eV; None where the engine has no meaningful one: then the energies
        of the sites are taken from their mean.
    closest : distance of a vacancy from its own periodic images, Å.
    engine : fingerprint of its settings.
    """

    host: str
    formula: str
    atoms: int
    size: int
    perfect: float
    metal: float | None
    closest: float
    engine: str
    sites: tuple[SiteVacancy, ...]

    @property
    def energies(self) -> NDArray[np.float64]:
        """Relaxed energy of each site, eV, shape (m,); nan where it is not known."""
        return np.array([site.relaxed for site in self.sites])

    @property
    def copies(self) -> NDArray[np.int64]:
        """Equivalent sites of each, shape (m,)."""
        return np.array([site.copies for site in self.sites])

    @property
    def everywhere(self) -> NDArray[np.float64]:
        """Known energies, each as often as there are such sites, eV, in ascending order."""
        good = np.isfinite(self.energies)
        return np.sort(np.repeat(self.energies[good], self.copies[good]))

    @property
    def mean(self) -> float:
        """Mean over all sites whose energy is known, eV."""
        return float(self.everywhere.mean()) if self.everywhere.size else math.nan

    def by_surrounding(self) -> dict[str, tuple[int, float, float]]:
        """Sites, mean and standard deviation of the energy (eV) by surrounding, N4 before N3Cl before Cl4."""
        elements = [name for name, _ in re.findall(r"([A-Z][a-z]?)(\d*)", self.formula)]

        def richness(text: str) -> list[int]:
            counts = {name: int(n or 1) for name, n in re.findall(rf"([A-Z][a-z]?|{EMPTY})(\d*)", text)}
            return [-counts.get(name, 0) for name in elements]

        found = {}
        for name in sorted({site.surrounding for site in self.sites}, key=richness):
            some = [s for s in self.sites if s.surrounding == name and math.isfinite(s.relaxed)]
            if some:
                values = np.repeat([s.relaxed for s in some], [s.copies for s in some])
                found[name] = (len(values), float(values.mean()), float(values.std()))
        return found

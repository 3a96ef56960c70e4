"""A crystal as refinement sees it: cell, symmetry operations, asymmetric sites with occupancies and B."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.constants import GRAM_PER_CM3
from electrolith.core.errors import InputError

from .tables import element_of

__all__ = [
    "Layout",
    "Phase",
    "Site",
    "cell_matrix",
    "cell_ties",
    "density",
    "free_directions",
    "layout",
    "molar_mass",
    "multiplicity",
    "volume",
]

_CELL = ("a", "b", "c", "alpha", "beta", "gamma")


@dataclass(frozen=True, slots=True)
class Site:
    """One asymmetric site.

    position : fractional, three numbers. occupancy : (species, share) pairs; a vacancy is what is missing
    to one. b_iso : isotropic displacement B = 8π² u², Å².
    """

    label: str
    position: tuple[float, float, float]
    occupancy: tuple[tuple[str, float], ...]
    b_iso: float = 0.5

    def __post_init__(self) -> None:
        if "/" in self.label or not self.label:
            raise InputError(f"site label {self.label!r} must not be empty or hold a slash")
        if not self.occupancy:
            raise InputError(f"site {self.label}: no species; give (species, occupancy) pairs")
        for species, share in self.occupancy:
            element_of(species)
            if not np.isfinite(share):
                raise InputError(f"site {self.label}: occupancy of {species} is {share}")
        if not np.all(np.isfinite(self.position)) or not np.isfinite(self.b_iso):
            raise InputError(f"site {self.label}: position {self.position} or B {self.b_iso} is not finite")


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """A crystalline phase.

    cell : a, b, c in Å and alpha, beta, gamma in degrees.
    rotations : shape (n, 3, 3), integers; translations : shape (n, 3), fractional; x' = R x + t.
    inverse_size : one over the volume-weighted column length, 1/Å; strain : Δd/d, full width of a Lorentzian.
    texture_axis : indices of the plane normal of March and Dollase; texture : their coefficient, 1 for none.
    """

    name: str
    cell: tuple[float, ...]
    rotations: np.ndarray
    translations: np.ndarray
    sites: tuple[Site, ...]
    space_group: str = ""
    source: str = ""
    inverse_size: float = 0.0
    strain: float = 0.0
    texture: float = 1.0
    texture_axis: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if "/" in self.name or not self.name:
            raise InputError(f"phase name {self.name!r} must not be empty or hold a slash")
        labels = [site.label for site in self.sites]
        if not labels:
            raise InputError(f"phase {self.name}: no sites")
        if len(set(labels)) != len(labels):
            raise InputError(f"phase {self.name}: site labels repeat: {', '.join(labels)}")
        if min(self.cell[:3]) <= 0 or not np.all(np.isfinite(cell_matrix(self.cell))):
            raise InputError(f"phase {self.name}: the cell {self.cell} has no volume")

    @property
    def species(self) -> tuple[str, ...]:
        """All species, in order of appearance."""
        return tuple(dict.fromkeys(s for site in self.sites for s, _ in site.occupancy))


def cell_matrix(cell: tuple[float, ...] | np.ndarray) -> np.ndarray:
    """Lattice vectors as rows, Å, shape (3, 3), a along x; nan where the angles make no cell."""
    a, b, c = cell[0], cell[1], cell[2]
    alpha, beta, gamma = np.radians(cell[3]), np.radians(cell[4]), np.radians(cell[5])
    cx = np.cos(beta)
    cy = (np.cos(alpha) - np.cos(beta) * np.cos(gamma)) / np.sin(gamma)
    cz2 = 1.0 - cx**2 - cy**2
    cz = np.sqrt(cz2) if cz2 > 0 else float("nan")
    return np.array(
        [[a, 0.0, 0.0], [b * np.cos(gamma), b * np.sin(gamma), 0.0], [c * cx, c * cy, c * cz]], dtype=float
    )


def volume(phase: Phase) -> float:
    """Cell volume, Å³."""
    return float(np.linalg.det(cell_matrix(phase.cell)))


def multiplicity(phase: Phase, site: Site) -> int:
    """Number of equivalent positions of the site in the cell."""
    images = phase.rotations @ np.asarray(site.position) + phase.translations
    stays = np.all(np.abs((images - images[0] + 0.5) % 1.0 - 0.5) < 1e-3, axis=1)
    return len(images) // int(stays.sum())


def cell_ties(rotations: np.ndarray) -> dict[str, tuple[str, ...]]:
    """Free cell parameters and those tied to each: cubic gives {"a": ("a", "b", "c")}.

    A metric that is invariant under all rotations is made by averaging one without symmetry;
    what comes out equal, or at 90 or 120 degrees, is what the symmetry ties or fixes.
    """
    seed = np.array([[5.0, 0.31, 0.57], [0.31, 7.0, -0.73], [0.57, -0.73, 9.0]])
    metric = np.mean([r.T @ seed @ r for r in rotations.astype(float)], axis=0)
    lengths = np.sqrt(np.diag(metric))
    cosines = np.array([metric[i, j] / lengths[i] / lengths[j] for i, j in ((1, 2), (0, 2), (0, 1))])
    ties: dict[str, tuple[str, ...]] = {}
    for group, values in (("abc", lengths), (_CELL[3:], cosines)):
        for name, value in zip(group, values, strict=True):
            if name in _CELL[3:] and min(abs(value), abs(value + 0.5)) < 1e-9:
                continue
            for leader, followers in ties.items():
                same_kind = (leader in "abc") == (name in "abc")
                index = list(group).index(leader) if same_kind else -1
                if same_kind and abs(values[index] - value) < 1e-9:
                    ties[leader] = (*followers, name)
                    break
            else:
                ties[name] = (name,)
    return ties


def free_directions(phase: Phase, site: Site) -> dict[str, np.ndarray]:
    """Directions in which the site may move without lowering its symmetry, by their leading coordinate.

    Returns
    -------
    {"x": vector} with fractional vectors of shape (3,), first non-zero component one; empty for fixed sites.
    """
    position = np.asarray(site.position)
    images = phase.rotations @ position + phase.translations
    stays = np.all(np.abs((images - position + 0.5) % 1.0 - 0.5) < 1e-3, axis=1)
    mean = phase.rotations[stays].astype(float).mean(axis=0)  # projector on what the stabiliser leaves alone
    rows = mean.T.copy()
    basis: dict[str, np.ndarray] = {}
    for column, name in enumerate("xyz"):
        pivot = next(
            (r for r in rows if abs(r[column]) > 1e-9 and not np.any(np.abs(r[:column]) > 1e-9)), None
        )
        if pivot is None:
            continue
        vector = pivot / pivot[column]
        basis = {key: old - old[column] * vector for key, old in basis.items()}
        basis[name] = vector
        rows = np.array([r - r[column] * vector for r in rows])
    return basis


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What the symmetry says of a phase: cell ties, free directions and multiplicity of each site."""

    ties: dict[str, tuple[str, ...]]
    directions: tuple[dict[str, np.ndarray], ...]
    multiplicities: tuple[int, ...]


def layout(phase: Phase) -> Layout:
    """The symmetry of a phase, worked out once; it holds while its sites keep their kind of position."""
    return Layout(
        cell_ties(phase.rotations),
        tuple(free_directions(phase, site) for site in phase.sites),
        tuple(multiplicity(phase, site) for site in phase.sites),
    )


def molar_mass(phase: Phase) -> float:
    """Mass of the contents of one cell, amu."""
    from ase.data import atomic_masses, atomic_numbers

    total = 0.0
    for site in phase.sites:
        share = sum(o * atomic_masses[atomic_numbers[element_of(s)]] for s, o in site.occupancy)
        total += multiplicity(phase, site) * share
    return float(total)


def density(phase: Phase) -> float:
    """Mass density, g/cm³."""
    return molar_mass(phase) / volume(phase) * GRAM_PER_CM3

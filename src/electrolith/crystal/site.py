"""Sites of an ordered crystal: which atoms are equivalent, what surrounds a point, what a vacancy leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from electrolith.core.errors import InputError, nearest
from electrolith.crystal.frame import Frame
from electrolith.crystal.periodic import images_near, wrap
from electrolith.crystal.symmetry import symmetry_of

__all__ = ["EMPTY", "DistinctAtom", "distinct_atoms", "repeat", "surroundings", "without_atom"]

EMPTY = "□"  # how a vacant site is written in a surrounding


@dataclass(frozen=True, slots=True)
class DistinctAtom:
    """One of a set of atoms that symmetry turns into each other.

    index: in the frame. copies: how many atoms the set has. wyckoff: multiplicity in the conventional cell
    and letter, "4f".
    """

    index: int
    copies: int
    wyckoff: str


def distinct_atoms(frame: Frame, element: str, *, tolerance: float = 0.01) -> tuple[DistinctAtom, ...]:
    """The atoms of an element, one of each symmetry-equivalent set.

    Parameters
    ----------
    frame : atoms in a periodic cell.
    element : chemical symbol.
    tolerance : distance within which positions count as equivalent, Å.

    Returns
    -------
    One entry per set, in the order of the frame; a frame without symmetry has one per atom.

    Raises
    ------
    InputError
        If the frame has no such element or no symmetry is found.
    """
    if element not in frame.symbols:
        raise InputError(nearest("frame", element, set(frame.symbols)))
    found = symmetry_of(frame.cell, frame.fractional, frame.numbers.tolist(), tolerance=tolerance)
    if found is None:
        raise InputError("no space group found for the frame; do two atoms coincide?")
    growth = abs(np.linalg.det(found.std_lattice)) / frame.volume
    sets: dict[int, list[int]] = {}
    for index, (symbol, orbit) in enumerate(zip(frame.symbols, found.crystallographic_orbits, strict=True)):
        if symbol == element:
            sets.setdefault(int(orbit), []).append(index)
    return tuple(
        DistinctAtom(some[0], len(some), f"{round(len(some) * growth)}{found.wyckoffs[some[0]]}")
        for some in sets.values()
    )


def without_atom(frame: Frame, index: int) -> Frame:
    """The frame with one atom taken out: a vacancy.

    Raises
    ------
    InputError
        If there is no such atom.
    """
    if not 0 <= index < len(frame):
        raise InputError(f"vacancy: no atom {index}; the frame has atoms 0 to {len(frame) - 1}")
    stay = np.arange(len(frame)) != index
    return Frame(frame.positions[stay], frame.cell, frame.numbers[stay])


def repeat(frame: Frame, repeats: tuple[int, int, int]) -> Frame:
    """A supercell, cell by cell, in the order of the frame's atoms."""
    if any(n < 1 for n in repeats):
        raise InputError(f"repeats must be three positive whole numbers, got {list(repeats)}")
    shifts = np.stack(np.meshgrid(*(np.arange(n) for n in repeats), indexing="ij"), axis=-1).reshape(-1, 3)
    positions = (shifts @ frame.cell)[:, None, :] + frame.positions[None, :, :]
    return Frame(positions.reshape(-1, 3), np.diag(repeats) @ frame.cell, np.tile(frame.numbers, len(shifts)))


def surroundings(
    centres: NDArray[np.float64],
    points: NDArray[np.float64],
    labels: Sequence[str],
    cell: NDArray[np.float64],
    *,
    number: int = 4,
    within: float = 3.3,
) -> tuple[str, ...]:
    """What surrounds each centre: "N3Cl", "N2Cl□".

    The `number` nearest points within the distance are counted by label; where there are fewer, the missing
    ones are written as empty, like points labelled `EMPTY`. Labels appear in the order in which they are
    first used; the empty ones last. A point on the centre itself does not count.

    Parameters
    ----------
    centres : Cartesian, Å, shape (m, 3).
    points : Cartesian, Å, shape (n, 3), such as the anion sites.
    labels : one per point.
    cell : lattice vectors as rows, Å, shape (3, 3).
    number : coordination number; 4 for a tetrahedral site, 6 for an octahedral one.
    within : longest distance that counts as surrounding, Å.

    Returns
    -------
    One text per centre.
    """
    images, owner = images_near(wrap(points, cell), cell, within)
    distance, index = cKDTree(images).query(wrap(centres, cell), k=number + 1, distance_upper_bound=within)
    order = [name for name in dict.fromkeys(labels) if name != EMPTY]
    texts = []
    for gaps, some in zip(distance, index, strict=True):
        near = [labels[owner[j]] for r, j in zip(gaps, some, strict=True) if 1e-3 < r < np.inf][:number]
        counts = [(name, near.count(name)) for name in order]
        counts.append((EMPTY, number - sum(n for _, n in counts)))
        texts.append("".join(f"{name}{n if n > 1 else ''}" for name, n in counts if n))
    return tuple(texts)

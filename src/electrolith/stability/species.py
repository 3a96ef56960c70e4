"""What each atom of a phase is bound to, from the structure alone: no oxidation state is guessed."""

from __future__ import annotations

from collections import Counter

import numpy as np

ALKALI = frozenset({"Li", "Na", "K", "Rb", "Cs"})
NONMETALS = frozenset({"H", "B", "C", "N", "O", "F", "P", "S", "Cl", "Se", "Br", "I"})
BONDED = 1.25
"""Largest distance of a bond, in sums of covalent radii."""


def species_of(
    numbers: np.ndarray, lattice: np.ndarray, fractional: np.ndarray
) -> tuple[tuple[str, int], ...]:
    """Count the bonding species of a phase, e.g. (("Cl", 6), ("Y|Cl", 1)) for Li3YCl6.

    Distances are measured in sums of covalent radii. An atom is `Y|Cl` when a neighbour is more
    electronegative (a cation, or the centre of a complex anion; a nonmetal must be bonded to it), else
    `O-O` when bonded to a nonmetal of its own element, else `Cl`, an anion. Alkali metals and the atoms of
    an element have no name. Hydrogen of water and of ammonium is counted once more, as `H|OH2`, `H|NH4`.

    Parameters
    ----------
    numbers : atomic numbers, (n,). lattice : rows are the cell vectors, Å, (3, 3).
    fractional : fractional positions, (n, 3).

    Returns
    -------
    Sorted pairs of name and count in the cell.
    """
    from ase import Atoms
    from ase.data import chemical_symbols
    from ase.neighborlist import neighbor_list

    if len(set(numbers.tolist())) == 1:
        return ()
    symbols = [chemical_symbols[n] for n in numbers]
    atoms = Atoms(numbers=numbers, cell=lattice, scaled_positions=fractional, pbc=True)
    radii = _radii(symbols)
    first, second, distance = neighbor_list("ijd", atoms, (2.0 * radii).tolist())
    scaled = distance / (radii[first] + radii[second])
    names = Counter[str]()
    for i, symbol in enumerate(symbols):
        mine = np.flatnonzero(first == i)
        near = sorted((float(scaled[k]), symbols[second[k]]) for k in mine)
        if symbol not in ALKALI and near and (name := _name(symbol, near)):
            names[name] += 1
        if symbol in ("O", "N") and (group := _hydrogens(symbol, near)):
            names[group] += group_size(group)
    return tuple(sorted(names.items()))


def _hydrogens(symbol: str, near: list[tuple[float, str]]) -> str:
    """Group with more hydrogen than hydroxide or amide: water, ammonium; its hydrogens count twice."""
    count = sum(other == "H" and d < BONDED for d, other in near)
    if symbol == "O" and count >= 2:
        return "H|OH2"
    return "H|NH4" if symbol == "N" and count >= 4 else ""


def group_size(group: str) -> int:
    """Hydrogens of a group named by `_hydrogens`."""
    return int(group[-1])


def _name(symbol: str, near: list[tuple[float, str]]) -> str:
    """Name of an atom by its neighbours, nearest first."""
    mine = _electronegativity(symbol)
    reach = BONDED if symbol in NONMETALS else np.inf
    takers = [other for d, other in near if d < reach and _electronegativity(other) > mine]
    if takers:
        return f"{symbol}|{takers[0]}"
    if symbol in NONMETALS and any(other == symbol and d < BONDED for d, other in near):
        return f"{symbol}-{symbol}"
    return symbol


def _radii(symbols: list[str]) -> np.ndarray:
    """Covalent radii, Å."""
    from ase.data import atomic_numbers, covalent_radii

    return np.array([covalent_radii[atomic_numbers[s]] for s in symbols])


def _electronegativity(symbol: str) -> float:
    """Pauling electronegativity."""
    from pymatgen.core import Element

    return float(Element(symbol).X)

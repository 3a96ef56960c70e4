"""Structures, symmetry, disorder and its ordered realisations."""

from electrolith.crystal.composition import (
    Composition,
    Filling,
    composition_with_vacancies,
    find_composition,
    given_composition,
)
from electrolith.crystal.crystal import DisorderedCrystal, Site
from electrolith.crystal.decorate import SupercellSites, random_decorations, supercell_sites
from electrolith.crystal.ewald import energies, pair_matrix
from electrolith.crystal.frame import Frame
from electrolith.crystal.order import Keep, MonteCarlo, Ordering, Orderings, order_crystal
from electrolith.crystal.read import crystal_from_frame, read_crystal
from electrolith.crystal.site import DistinctAtom, distinct_atoms, surroundings, without_atom
from electrolith.crystal.supercell import roundest, supercell
from electrolith.crystal.swap import Annealing, anneal, begin_walk, swap_problem, swap_step
from electrolith.crystal.voids import Voids, find_voids

__all__ = [
    "Annealing",
    "Composition",
    "DisorderedCrystal",
    "DistinctAtom",
    "Filling",
    "Frame",
    "Keep",
    "MonteCarlo",
    "Ordering",
    "Orderings",
    "Site",
    "SupercellSites",
    "Voids",
    "anneal",
    "begin_walk",
    "composition_with_vacancies",
    "crystal_from_frame",
    "distinct_atoms",
    "energies",
    "find_composition",
    "find_voids",
    "given_composition",
    "order_crystal",
    "pair_matrix",
    "random_decorations",
    "read_crystal",
    "roundest",
    "supercell",
    "supercell_sites",
    "surroundings",
    "swap_problem",
    "swap_step",
    "without_atom",
]

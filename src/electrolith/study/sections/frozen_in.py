"""What disorder frozen in at a higher temperature would mean for energy and lattice parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import ElectrolithError
from electrolith.crystal.decorate import random_decorations
from electrolith.crystal.ewald import pair_matrix
from electrolith.crystal.exclusion import exclusions, separate, walled
from electrolith.crystal.fictive import StraightLine, frozen, straight_line
from electrolith.crystal.order import Ordering
from electrolith.crystal.swap import swap_problem
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.sections.search import Found

__all__ = ["FrozenIn", "frozen_in"]

TEMPERATURES = (300.0, 400.0, 500.0, 600.0, 800.0, 1000.0, 1300.0, 1700.0, 2200.0, 3000.0, 5000.0, 10_000.0)
WALKERS = 24


@dataclass(frozen=True, eq=False)
class FrozenIn:
    """Energy and lattice parameter against the temperature at which the ordering froze in.

    temperatures : K, shape (k,).      above : over the lowest ordering found, meV per atom, shape (k,).
    lattice_parameters : Å, shape (k,).      acceptance : share of swaps taken, shape (k,).
    energy_line, size_line : relaxed energy (eV) and lattice parameter (Å) against electrostatic energy (eV).
    scatter : of relaxed energies about their line, meV per atom.      note : why there is none.
    """

    temperatures: np.ndarray
    above: np.ndarray
    lattice_parameters: np.ndarray
    acceptance: np.ndarray
    energy_line: StraightLine
    size_line: StraightLine
    scatter: float
    note: str


def frozen_in(ordering: Ordering, found: Found, relaxed: RelaxedOrderings) -> FrozenIn:
    """Canonical swap Monte Carlo from hot to cold, on the engine's scale of energies."""
    orderings = found.orderings
    good = np.array([r.converged for r in relaxed.relaxed])
    energies = np.array([r.energy for r in relaxed.relaxed])
    atoms = len(orderings.frames[0])
    try:
        line = straight_line(orderings.energies[good], energies[good])
        size = straight_line(orderings.energies[good], relaxed.lattice_parameters[good])
        rng = np.random.default_rng(ordering.seed)
        exclusive = exclusions(orderings.sites, shortest=ordering.shortest)
        matrix = walled(
            pair_matrix(orderings.sites.positions, orderings.sites.cell), orderings.sites, exclusive
        )
        start = random_decorations(orderings.sites, orderings.composition, WALKERS, rng=rng)
        if exclusive.any():
            start = separate(start, orderings.sites, exclusive, rng=rng)
        problem = swap_problem(matrix, charges=orderings.sites.charges, allowed=orderings.sites.allowed)
        course = frozen(start, problem, slope=line.slope, temperatures=np.array(TEMPERATURES), rng=rng)
    except ElectrolithError as error:
        nothing, flat = np.zeros(0), StraightLine(0.0, 0.0, 0.0, 0.0)
        return FrozenIn(
            nothing, nothing, nothing, nothing, flat, flat, 0.0, f"No fictive temperature: {error}"
        )
    above = line.offset + line.slope * course.electrostatic - energies[good].min()
    return FrozenIn(
        temperatures=course.temperatures,
        above=1000 * above / atoms,
        lattice_parameters=size.offset + size.slope * course.electrostatic,
        acceptance=course.acceptance,
        energy_line=line,
        size_line=size,
        scatter=1000 * line.scatter / atoms,
        note="",
    )

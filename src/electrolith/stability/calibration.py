"""What an engine gets wrong, learned from tabulated formation enthalpies, with its covariance.

The error per atom of a phase is taken as normal, with three parts: one correction for every bonding
species (anion, or cation and the atom it is bound to), a part that is alike for phases of alike
composition, and a part of its own. Tabulated compounds fix all three; what is left is the doubt of every
other phase, correlated between phases as it should be. A tabulated phase itself comes out at its tabulated
value; elements come out at zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from electrolith.core.constants import EV_PER_KJ_PER_MOL
from electrolith.core.errors import InputError
from electrolith.stability.library import Library, Phase, composition_of
from electrolith.stability.tables import anchors, element_references

ELEMENT_DOUBT = 1e-5
"""eV/atom, only to keep the matrix regular."""


@dataclass(frozen=True)
class Scatter:
    """Prior standard deviations of the three parts of the error.

    anion : eV per plain anion. cation : eV per cation, complex centre or atom bonded to its like.
    alike, own : eV per atom. reach : distance in composition
    (half the sum of differences of atomic fractions) over which errors stay alike.
    """

    anion: float = 0.12
    cation: float = 0.6
    alike: float = 0.03
    own: float = 0.02
    reach: float = 0.2


@dataclass(frozen=True)
class Descriptors:
    """Phases in the numbers the error depends on; one row per phase.

    formulas : (n,). species : counts per atom, (n, s). fractions : atomic fractions, (n, e).
    names : the s species. elements : the e elements.
    """

    formulas: tuple[str, ...]
    species: np.ndarray
    fractions: np.ndarray
    names: tuple[str, ...]
    elements: tuple[str, ...]


@dataclass(frozen=True)
class Calibration:
    """Tabulated compounds, the engine's error of each, and the scatter they imply.

    phases : the compounds and the elements (error zero). error, doubt : eV/atom, (n,).
    """

    phases: tuple[Phase, ...]
    error: np.ndarray
    doubt: np.ndarray
    scatter: Scatter

    def predict(self, phases: Sequence[Phase]) -> tuple[np.ndarray, np.ndarray]:
        """Mean (n,) and covariance (n, n) of the engine's error per atom, eV, for these phases."""
        together = describe((*self.phases, *phases))
        covariance = prior(together, self.scatter)
        known = len(self.phases)
        mixed = covariance[known:, :known]
        solved = np.linalg.solve(covariance[:known, :known] + np.diag(self.doubt**2), mixed.T)
        return solved.T @ self.error, covariance[known:, known:] - mixed @ solved

    def left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Error of each phase predicted from all others, and its standard deviation, eV/atom, (n,)."""
        inverse = np.linalg.inv(prior(describe(self.phases), self.scatter) + np.diag(self.doubt**2))
        spread = 1 / np.diag(inverse)
        return self.error - (inverse @ self.error) * spread, np.sqrt(spread)


def describe(phases: Sequence[Phase]) -> Descriptors:
    """Species per atom and atomic fractions of some phases."""
    names = tuple(sorted({name for p in phases for name, _ in p.species}))
    elements = tuple(sorted({e for p in phases for e in p.amounts}))
    species = np.zeros((len(phases), len(names)))
    fractions = np.zeros((len(phases), len(elements)))
    for row, phase in enumerate(phases):
        for name, count in phase.species:
            species[row, names.index(name)] = count / phase.atoms
        pairs = composition_of(phase.formula)
        total = sum(n for _, n in pairs)
        for element, n in pairs:
            fractions[row, elements.index(element)] = n / total
    return Descriptors(tuple(p.formula for p in phases), species, fractions, names, elements)


def prior(d: Descriptors, scatter: Scatter) -> np.ndarray:
    """Prior covariance of the error per atom, eV², (n, n)."""
    width = np.array([scatter.anion if name.isalpha() else scatter.cation for name in d.names])
    weighted = d.species * width
    distance = np.abs(d.fractions[:, None, :] - d.fractions[None, :, :]).sum(axis=2) / 2
    alike = scatter.alike**2 * np.exp(-0.5 * (distance / scatter.reach) ** 2)
    same = np.array(d.formulas)[:, None] == np.array(d.formulas)[None, :]
    return weighted @ weighted.T + alike + scatter.own**2 * same


def log_evidence(d: Descriptors, error: np.ndarray, doubt: np.ndarray, scatter: Scatter) -> float:
    """Log marginal likelihood of the errors seen."""
    covariance = prior(d, scatter) + np.diag(doubt**2)
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, error)
    return float(-0.5 * white @ white - np.log(np.diag(factor)).sum() - 0.5 * len(error) * np.log(2 * np.pi))


def reference_phases(library: Library) -> dict[str, Phase]:
    """The phase of each element whose formation energy is zero.

    Raises
    ------
    InputError
        If the library has no phase of an element it uses.
    """
    chosen: dict[str, Phase] = {}
    table = element_references()
    pure = [p for p in library.phases if len(p.amounts) == 1]
    for element in sorted(library.elements):
        own = [p for p in pure if element in p.amounts]
        if not own:
            raise InputError(
                f"phase library: no entry of the element {element}, so compounds of it have no "
                f"formation energy; add one with --entries FILE"
            )
        wanted = table[element].phase_id if element in table else "-"
        exact = [p for p in own if p.id == wanted]
        chosen[element] = exact[0] if exact else min(own, key=lambda p: p.energy_per_atom)
    return chosen


def formation_per_atom(phases: Sequence[Phase], references: dict[str, Phase]) -> np.ndarray:
    """The engine's formation energy, eV/atom, (n,)."""
    values = []
    for phase in phases:
        pairs = composition_of(phase.formula)
        total = sum(n for _, n in pairs)
        elements = sum(n / total * references[e].energy_per_atom for e, n in pairs)
        values.append(phase.energy_per_atom - elements)
    return np.array(values)


def anchored_phase(library: Library, formula: str) -> Phase | None:
    """The library's cell of a tabulated compound; None where the library lacks it."""
    same = [p for p in library.phases if p.formula == formula]
    exact = [p for p in same if p.id == anchors()[formula].phase_id]
    return exact[0] if exact else min(same, key=lambda p: p.energy_per_atom, default=None)


def calibrate(library: Library, *, scatter: Scatter | None = None) -> Calibration:
    """Compare the library with the tabulated enthalpies; fit the scatter unless given."""
    references = reference_phases(library)
    compounds = [p for f in anchors() if (p := anchored_phase(library, f)) is not None]
    known = np.array([enthalpy_per_atom(p.formula)[0] for p in compounds])
    doubt = np.array([enthalpy_per_atom(p.formula)[1] for p in compounds])
    phases = (*compounds, *references.values())
    error = np.concatenate([formation_per_atom(compounds, references) - known, np.zeros(len(references))])
    doubt = np.concatenate([doubt, np.full(len(references), ELEMENT_DOUBT)])
    scatter = scatter or fit_scatter(describe(phases), error, doubt)
    return Calibration(phases, error, doubt, scatter)


def enthalpy_per_atom(formula: str) -> tuple[float, float]:
    """Tabulated enthalpy of formation of a solid and its doubt, eV/atom."""
    row = anchors()[formula]
    atoms = sum(n for _, n in composition_of(formula))
    return row.enthalpy * EV_PER_KJ_PER_MOL / atoms, row.error * EV_PER_KJ_PER_MOL / atoms


def fit_scatter(d: Descriptors, error: np.ndarray, doubt: np.ndarray) -> Scatter:
    """The scatter that makes the errors seen most likely."""
    from scipy.optimize import minimize

    start = Scatter()
    first = np.log([start.anion, start.cation, start.alike, start.own, start.reach])

    def cost(logs: np.ndarray) -> float:
        pull = 0.5 * (((logs - first) / 0.4) ** 2).sum()  # a prior: a factor 1.5 either way
        return pull - log_evidence(d, error, doubt, Scatter(*np.exp(logs)))

    best = minimize(cost, first, method="Nelder-Mead", options={"maxiter": 800, "xatol": 1e-3, "fatol": 1e-4})
    return Scatter(*(float(round(v, 4)) for v in np.exp(best.x)))


@cache
def calibration_of(library: Library) -> Calibration:
    """The calibration of a library, kept for the next call."""
    return calibrate(library)

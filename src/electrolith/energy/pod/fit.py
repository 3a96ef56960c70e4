"""Fit a POD potential to labels, and say what it gets wrong on frames it has not seen.

The model is linear in its coefficients. Energies, forces and stresses are fitted together, after the
ZBL core is taken off; LAMMPS supplies the descriptors and the solution is one ridge regression. A second,
cheaper reference method may take part, by low-weighted labels or as the point the coefficients are held to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.energy.labels.errors import FitErrors, errors_by_kind, mean_errors, runs_of
from electrolith.energy.labels.labels import Label, fingerprint
from electrolith.energy.pod.descriptors import Descriptors
from electrolith.energy.pod.equations import EquationBook, Equations, NormalEquations, normal_equations
from electrolith.energy.pod.posterior import Posterior, posterior_of
from electrolith.energy.pod.potential import (
    DRAWS,
    PodSettings,
    Potential,
    save_draws,
    save_potential,
)

__all__ = ["CheapLabels", "PodFit", "fit_pod", "save_fit", "solve"]

KEPT_DRAWS = 32


@dataclass(frozen=True, slots=True, eq=False)
class CheapLabels:
    """Labels of a second, cheaper reference method, and the weight of their rows against one of the first."""

    labels: tuple[Label, ...]
    weight: float = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class PodFit:
    """A fitted potential and its errors.

    held_out: errors on labels that were left out of the fit (folds of whole runs), first of all together.
    trained: errors of the final fit on its own labels.
    committee: eV, shape (folds, m); coefficients of the fits that each left one fold out.
    posterior: of the coefficients, as wide as the held-out force errors; None where cheap labels took part.
    """

    potential: Potential
    held_out: tuple[FitErrors, ...]
    trained: FitErrors
    committee: NDArray[np.float64]
    posterior: Posterior | None = None


def save_fit(fit: PodFit, folder: Path, *, draws: int = KEPT_DRAWS) -> None:
    """Write the potential and draws from its posterior; those of an earlier fit there are taken away."""
    (folder / DRAWS).unlink(missing_ok=True)
    save_potential(fit.potential, folder)
    if fit.posterior is not None:
        rng = np.random.default_rng(int(fit.potential.fingerprint, 16))
        save_draws(fit.potential, fit.posterior.draws(draws, rng=rng), folder)


def fit_pod(
    labels: tuple[Label, ...],
    settings: PodSettings,
    *,
    name: str,
    folds: int = 8,
    cheap: CheapLabels | None = None,
    prior: NDArray[np.float64] | None = None,
    book: EquationBook | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PodFit:
    """Fit `settings` to `labels`, and again with each fold of runs left out.

    Minimises Σ w² (A c - b)² + λ N |c - c₀|² with energies per atom, force components and stresses times the
    volume per atom as rows (weights in `settings`), N the number of force components.

    Parameters
    ----------
    labels : of one reference method.
    settings : shape, weights, regularisation.
    name : of the potential.
    folds : number of left-out groups; frames of one run stay together.
    cheap : labels of a second, cheaper method that take part with a lower weight. They are in every fit and
        no error is measured on them; frames that are also among the left-out labels are taken out with them.
    prior : eV, shape (m,); c₀, for instance a fit to a cheaper method, so that only the correction to it is
        held small. Without it zero.
    book : keeps equations between fits.
    progress : called with (labels done, labels in all) while descriptors are computed.

    Raises
    ------
    DataError
        If labels of different settings are mixed.
    InputError
        If too few labels are left, or one holds an unknown element.
    """
    if len({x.settings for x in labels}) > 1:
        raise DataError("labels of different settings cannot be fitted together")
    groups = runs_of(labels)
    folds = min(folds, len(set(groups)))
    if folds < 2:
        raise InputError(
            f"{len(labels)} labels from {len(set(groups))} runs: at least two runs are needed, "
            "one to fit and one to judge by"
        )
    rows = (book or EquationBook()).equations(labels, settings, progress)
    fold_of = np.array([groups[i] % folds for i in range(len(labels))])
    parts = [
        normal_equations([r for r, f in zip(rows, fold_of, strict=True) if f == fold], settings)
        for fold in range(folds)
    ]
    whole = reduce(add, parts)
    rest = [whole - part for part in parts]
    committee, coefficients = [], solve(whole, settings, prior=prior, cheap=_cheap(cheap, (), book, settings))
    for fold, sums in enumerate(rest):
        left_out = tuple(x for x, f in zip(labels, fold_of, strict=True) if f == fold)
        side = _cheap(cheap, left_out, book, settings)
        committee.append(solve(sums, settings, prior=prior, cheap=side))
    held_out = [row.miss(committee[fold]) for row, fold in zip(rows, fold_of, strict=True)]
    trained = [row.miss(coefficients) for row in rows]
    potential = Potential(name, settings, coefficients, fingerprint(labels), {})
    near = np.array([np.sqrt(np.mean(x.forces**2)) <= settings.far_force for x in labels])
    trained_errors = mean_errors("all", None, [m for m, n in zip(trained, near, strict=True) if n])
    judged = [
        (row, rest[fold], committee[fold])
        for row, fold, is_near in zip(rows, fold_of, near, strict=True)
        if is_near
    ]
    return PodFit(
        potential,
        errors_by_kind(labels, held_out, near),
        trained_errors,
        np.array(committee),
        None if cheap is not None else posterior_of(whole, settings, coefficients, judged),
    )


def _cheap(
    cheap: CheapLabels | None, left_out: tuple[Label, ...], book: EquationBook | None, settings: PodSettings
) -> NormalEquations | None:
    """Normal equations of the cheap labels, bordered by one energy offset per element.

    Two methods have unlike zeros of energy for each element; the offsets are unknowns of the same least
    squares and stay out of the potential.
    """
    if cheap is None or not cheap.labels:
        return None
    same = {x.identity for x in left_out}
    used = [x for x in cheap.labels if x.identity not in same]
    found = (book or EquationBook()).equations(used, settings)
    extended = []
    for one in found:
        counts = [one.label.frame.symbols.count(e) / len(one.label.frame) for e in settings.elements]
        border = np.zeros((len(one.target), len(counts)))
        border[0] = counts
        extended.append(Equations(one.label, np.hstack([one.design, border]), one.target))
    sums = normal_equations(extended, settings)
    return NormalEquations(cheap.weight**2 * sums.matrix, cheap.weight**2 * sums.right, 0)


def solve(
    sums: NormalEquations,
    settings: PodSettings,
    *,
    prior: NDArray[np.float64] | None = None,
    cheap: NormalEquations | None = None,
) -> NDArray[np.float64]:
    """Ridge solution of summed normal equations, eV, shape (m,)."""
    size = len(sums.right)
    matrix, right = sums.matrix, sums.right
    ridge = np.full(size, settings.regularisation * sums.components)
    if cheap is not None:
        extra = len(cheap.right) - size
        matrix = cheap.matrix + np.pad(matrix, (0, extra))
        right = cheap.right + np.pad(right, (0, extra))
        # Offsets are not to be held small; this only keeps elements that never vary from being singular.
        ridge = np.pad(ridge, (0, extra), constant_values=1e-9 * float(np.trace(matrix)) / len(matrix))
    start = np.zeros(len(right))
    if prior is not None:
        start[:size] = prior
    solution = np.asarray(np.linalg.solve(matrix + np.diag(ridge), right + ridge * start), dtype=np.float64)
    return solution[:size]


def predict(
    descriptors: Descriptors, coefficients: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Energy (eV), forces (eV/Å) and stress (eV/Å³) without the core."""
    return (
        float(descriptors.energy @ coefficients),
        descriptors.forces @ coefficients,
        descriptors.stress @ coefficients,
    )

r"""The posterior of a POD potential's coefficients, and draws from it.

The fit is a ridge regression, the mean of a normal distribution with precision

.. math:: P = \sum w^2 A^T A + \lambda N\,1, \qquad c \sim N(\hat c,\; s^2 P^{-1})

Labels carry next to no noise: what the potential misses is what its form cannot say. So s² is not the
scatter of the residuals over their number; it is chosen such that the spread of predicted forces on labels
left out of the fit is as large as the errors made there. Draws then differ from the fit by as much as the
fit differs from its teacher on frames that nobody fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.energy.pod.equations import Equations, NormalEquations
from electrolith.energy.pod.potential import PodSettings

__all__ = ["Posterior", "posterior_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Normal distribution of the coefficients.

    mean : eV, shape (m,).      root : upper triangle with rootᵀ root = P, shape (m, m).
    scale : s, standard deviations are multiplied with it.
    """

    mean: Array
    root: Array
    scale: float

    def draws(self, number: int, *, rng: np.random.Generator) -> Array:
        """Coefficients of as many potentials, eV, shape (number, m)."""
        from scipy.linalg import solve_triangular

        noise = solve_triangular(self.root, rng.standard_normal((len(self.mean), number)))
        return np.asarray(self.mean + self.scale * noise.T)

    def spread(self, design: Array) -> Array:
        """Standard deviation of the predictions `design @ coefficients`, shape (rows,)."""
        return self.scale * _unscaled(self.root, design)


def _unscaled(root: Array, design: Array) -> Array:
    """Standard deviations for s = 1."""
    from scipy.linalg import solve_triangular

    return np.asarray(np.linalg.norm(solve_triangular(root, design.T, trans="T"), axis=0))


def posterior_of(
    sums: NormalEquations,
    settings: PodSettings,
    coefficients: Array,
    held_out: Sequence[tuple[Equations, NormalEquations, Array]],
) -> Posterior:
    """The posterior of a fit, as wide as the errors on left-out labels.

    Parameters
    ----------
    sums : of all labels.      coefficients : of the fit to all, eV, shape (m,).
    held_out : each label with the normal equations and the coefficients of the fit that left it out.

    Raises
    ------
    InputError
        If the precision is not positive definite, or no label was left out.
    """
    if not held_out:
        raise InputError("the posterior needs labels that were left out of a fit; there are none")
    missed = spread = 0.0
    roots: dict[int, Array] = {}
    for row, rest, fitted in held_out:
        if id(rest) not in roots:
            roots[id(rest)] = _root(rest, settings)
        forces = slice(1, 1 + 3 * len(row.label.frame))
        missed += float(np.sum((row.design[forces] @ fitted - row.target[forces]) ** 2))
        spread += float(np.sum(_unscaled(roots[id(rest)], row.design[forces]) ** 2))
    if not spread > 0:
        raise DataError("the posterior has no width on the labels that were left out: all designs are zero")
    return Posterior(coefficients, _root(sums, settings), float(np.sqrt(missed / spread)))


def _root(sums: NormalEquations, settings: PodSettings) -> Array:
    """Upper Cholesky factor of the precision."""
    precision = sums.matrix + settings.regularisation * sums.components * np.eye(len(sums.right))
    try:
        return np.asarray(np.linalg.cholesky(precision).T, dtype=np.float64)
    except np.linalg.LinAlgError as error:
        lowest = float(np.linalg.eigvalsh(precision)[0])
        raise InputError(
            f"the posterior of the fit is not positive definite (lowest eigenvalue {lowest:.2g}); raise the "
            f"regularisation, {settings.regularisation:g} now, or fit more labels"
        ) from error

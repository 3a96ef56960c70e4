r"""The posterior of a POD potential's coefficients, and draws from it.

The fit is a ridge regression. Around its solution the coefficients are normal with the covariance

.. math:: s^2 \Big(\sum w^2 A^T A + \max(\lambda N, s^2 / \tau^2)\,1\Big)^{-1}

Labels carry next to no noise: what the potential misses is what its form cannot say. So s² is not the
scatter of the residuals over their number; it is chosen such that the spread of predicted forces on labels
left out of the fit is as large as the errors made there. Draws then differ from the fit by as much as the
fit differs from its teacher on frames that nobody fitted.

Directions that the labels say nothing of keep the width τ of what is known of coefficients beforehand: their
own root mean square. The ridge λ alone, which is there to make the fit run, would leave them several times
wider than any coefficient is, and draws that fly apart.
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

ROUNDS = 20  # of s and the width that follows from it; they settle in five


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Normal distribution of the coefficients.

    mean : eV, shape (m,).      axes : its principal axes as columns, shape (m, m).
    widths : standard deviations along them, eV, shape (m,).      scale : s.
    """

    mean: Array
    axes: Array
    widths: Array
    scale: float

    def draws(self, number: int, *, rng: np.random.Generator) -> Array:
        """Coefficients of as many potentials, eV, shape (number, m)."""
        noise = rng.standard_normal((number, len(self.mean))) * self.widths
        return np.asarray(self.mean + noise @ self.axes.T)

    def spread(self, design: Array) -> Array:
        """Standard deviation of the predictions `design @ coefficients`, shape (rows,)."""
        return np.asarray(np.linalg.norm(design @ self.axes * self.widths, axis=1))


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
    tau = float(np.sqrt(np.mean(coefficients**2)))
    systems: dict[int, tuple[Array, Array]] = {}
    loads: list[tuple[Array, Array, float]] = []  # eigenvalues, summed squares along the axes, ridge
    missed = 0.0
    for row, rest, fitted in held_out:
        if id(rest) not in systems:
            systems[id(rest)] = _axes(rest, settings)
        values, axes = systems[id(rest)]
        forces = slice(1, 1 + 3 * len(row.label.frame))
        missed += float(np.sum((row.design[forces] @ fitted - row.target[forces]) ** 2))
        along = np.sum((row.design[forces] @ axes) ** 2, axis=0)
        loads.append((values, along, settings.regularisation * rest.components))
    if not (missed > 0 and tau > 0):
        raise DataError("the posterior has no width: the fit misses nothing, or all its coefficients are 0")
    scale = 0.0
    for _ in range(ROUNDS):
        width = sum(float(np.sum(a / (v + max(r, (scale / tau) ** 2)))) for v, a, r in loads)
        scale = float(np.sqrt(missed / width))
    values, axes = _axes(sums, settings)
    ridge = max(settings.regularisation * sums.components, (scale / tau) ** 2)
    return Posterior(coefficients, axes, scale / np.sqrt(values + ridge), scale)


def _axes(sums: NormalEquations, settings: PodSettings) -> tuple[Array, Array]:
    """Eigenvalues of the labels' part of the precision, not below 0, and eigenvectors as columns."""
    values, axes = np.linalg.eigh(sums.matrix)
    ridge = settings.regularisation * sums.components
    if not values[0] + ridge > 0:
        raise InputError(
            f"the posterior of the fit is not positive definite (lowest eigenvalue {values[0] + ridge:.2g}); "
            f"raise the regularisation, {settings.regularisation:g} now, or fit more labels"
        )
    return np.asarray(np.maximum(values, 0.0)), np.asarray(axes)

"""Which frames teach most: greedy D-optimal choice for a model that is linear in its coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from electrolith.core.errors import InputError
from electrolith.energy.pod.equations import NormalEquations
from electrolith.energy.pod.potential import PodSettings

__all__ = ["d_optimal", "information"]


def information(sums: NormalEquations, settings: PodSettings) -> NDArray[np.float64]:
    """What the labels and the ridge say of the coefficients: AᵀA + λN, shape (m, m)."""
    ridge = settings.regularisation * sums.components
    return sums.matrix + ridge * np.eye(len(sums.right))


def d_optimal(
    designs: Sequence[NDArray[np.float64]], known: NDArray[np.float64], number: int
) -> tuple[int, ...]:
    """Indices of the frames that raise log det of the information most, each given those before it.

    A frame with force rows F raises it by log det(1 + F M⁻¹ Fᵀ), which needs no labels. A twin of a frame
    already taken adds next to nothing and is passed over; so this spreads over what is unknown.

    Parameters
    ----------
    designs : force rows of each candidate, each of shape (rows, m).
    known : information so far, shape (m, m), positive definite.
    number : how many to choose, at most.

    Raises
    ------
    InputError
        If `known` is not positive definite.

    Source: D-optimal design; Podryabinkin and Shapeev, Comput. Mater. Sci. 140 (2017) 171, use the same
    determinant for potentials that are linear in their coefficients.
    """
    try:
        factor = np.linalg.cholesky(known)
    except np.linalg.LinAlgError as error:
        raise InputError("the information on the coefficients is not positive definite") from error
    # In the basis of the Cholesky factor the information is the unit matrix.
    whitened = [solve_triangular(factor, design.T, lower=True).T for design in designs]
    chosen: list[int] = []
    rest = set(range(len(designs)))
    while rest and len(chosen) < number:
        gain = {i: _log_det(whitened[i]) for i in rest}
        best = max(sorted(rest), key=gain.__getitem__)
        chosen.append(best)
        rest.discard(best)
        whitened = _taken(whitened, rest, best)
    return tuple(chosen)


def _log_det(rows: NDArray[np.float64]) -> float:
    """Log det(1 + rows rowsᵀ)."""
    return float(np.linalg.slogdet(np.eye(len(rows)) + rows @ rows.T)[1])


def _taken(whitened: list[NDArray[np.float64]], rest: set[int], taken: int) -> list[NDArray[np.float64]]:
    """All remaining rows in the basis in which the information with `taken` is again the unit matrix.

    With G = rowsᵀ of the one taken, (1 + G Gᵀ)^(-1/2) = 1 - Q (1 - (1 + s²)^(-1/2)) Qᵀ for G = Q s Vᵀ.
    """
    left, sizes, _ = np.linalg.svd(whitened[taken].T, full_matrices=False)
    shrink = 1 - 1 / np.sqrt(1 + sizes**2)
    out = list(whitened)
    for i in rest:
        out[i] = whitened[i] - (whitened[i] @ left * shrink) @ left.T
    return out

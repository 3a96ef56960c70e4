r"""Covariance of the points of one mean square displacement curve, which share most of their data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["brownian_covariance", "gls_weights"]

Array = NDArray[np.float64]


def brownian_covariance(lags: NDArray[np.int64], *, frames: int, slope: float, intercept: float) -> Array:
    r"""Covariance of time-averaged squared displacements of one Brownian particle with static noise.

    .. math::
        \mathrm{cov}(M_i, M_j) = \frac{2 d}{n_i n_j} \sum_{s,t} C_{st}^2, \quad
        C_{st} = \frac{p}{d}\,|[s,s+i] \cap [t,t+j]| + \frac{q}{2d}
        (\delta_{st} + \delta_{s+i,t+j} - \delta_{s+i,t} - \delta_{s,t+j})

    with p the slope per frame, q the intercept and d = 3; exact for Gaussian displacements, since then
    cov(x², y²) = 2 cov(x, y)².

    Parameters
    ----------
    lags : frames, ascending, shape (k,).
    frames : length of the trajectory.
    slope, intercept : of MSD = intercept + slope · lag, Å² per frame and Å².

    Returns
    -------
    Å⁴, shape (k, k).

    Source: Bullerjahn, von Bülow, Hummer, J. Chem. Phys. 153, 024116 (2020), for non-overlapping noise.
    """
    d = 3.0
    out = np.zeros((len(lags), len(lags)))
    for a, i in enumerate(lags):
        for b in range(a, len(lags)):
            j = lags[b]
            starts_i, starts_j = frames - i, frames - j
            u = np.arange(-(j - 1) - 1, i + 1)  # t - s; beyond, nothing is shared
            overlap = np.clip(np.minimum(i, u + j) - np.maximum(0, u), 0, None)
            shared = slope / d * overlap
            shared = shared + intercept / (2 * d) * (
                (u == 0).astype(float) + (u == i - j) - (u == i) - (u == -j)
            )
            pairs = np.minimum(starts_i, starts_j - u) - np.maximum(0, -u)
            out[a, b] = 2 * d * np.sum(np.clip(pairs, 0, None) * shared**2) / (starts_i * starts_j)
            out[b, a] = out[a, b]
    return out


def gls_weights(lag: Array, covariance: Array) -> Array:
    """Weights w of the minimum-variance slope: slope = w · MSD, with Σw = 0 and w · lag = 1.

    The eigenvalues of the covariance are kept above 1e-10 of the largest, so that points which repeat one
    another cannot make the answer explode.
    """
    values, vectors = np.linalg.eigh(covariance)
    inverse = (vectors / np.maximum(values, 1e-10 * values[-1])) @ vectors.T
    design = np.column_stack([np.ones_like(lag), lag])
    normal = design.T @ inverse @ design
    return np.asarray(np.linalg.solve(normal, design.T @ inverse)[1])

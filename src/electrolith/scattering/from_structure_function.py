"""S(Q) to G(r): the sine transform, with what the end of the data does to it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from electrolith.core.errors import DataError, InputError

__all__ = ["pdf_from_structure_function"]


def pdf_from_structure_function(
    q: np.ndarray,
    s: np.ndarray,
    r: np.ndarray,
    *,
    sigma: np.ndarray | None = None,
    q_min: float = 0.0,
    q_max: float | None = None,
    window: Literal["none", "lorch"] = "none",
) -> tuple[np.ndarray, np.ndarray]:
    """G(r) = (2/π) ∫ Q [S(Q) - 1] M(Q) sin(Qr) dQ from q_min to q_max.

    M is 1, or sin(πQ/q_max)/(πQ/q_max) (Lorch), which takes the ripples of the cut at q_max and pays with
    broader peaks. Points Δq apart hold distances up to π/Δq; beyond, shells would appear folded.

    Parameters
    ----------
    q : 1/Å, rising, shape (n,). s : S(Q), 1 at large Q, shape (n,). sigma : of s. r : Å, shape (m,).

    Returns
    -------
    G and its standard deviation from sigma (nan without), 1/Å², each of shape (m,).

    Raises
    ------
    DataError
        If q does not rise, or the data do not reach what is asked for, in q or in r.

    Source: Keen, J. Appl. Cryst. 34 (2001) 172; Lorch, J. Phys. C 2 (1969) 229.
    """
    q, s, r = (np.asarray(v, dtype=float) for v in (q, s, r))
    if q.ndim != 1 or q.shape != s.shape or len(q) < 10 or np.any(np.diff(q) <= 0) or q[0] < 0:
        raise DataError(f"S(Q): Q must rise over at least ten points, got {q.shape} and {s.shape}")
    end = q[-1] if q_max is None else q_max
    if end > q[-1] * (1 + 1e-9) or not 0 <= q_min < end:
        raise DataError(f"S(Q): asked for {q_min:g} to {end:g} 1/Å, the data end at {q[-1]:g} 1/Å")
    if window not in ("none", "lorch"):
        raise InputError(f"window must be none or lorch, got {window!r}")
    keep = (q >= q_min) & (q <= end * (1 + 1e-9))
    q, s = q[keep], s[keep]
    gap = float(np.diff(q).max())
    if r.max() > np.pi / gap:
        raise DataError(
            f"S(Q): points {gap:.3g} 1/Å apart hold distances up to {np.pi / gap:.1f} Å, "
            f"asked for {r.max():g} Å"
        )
    damp = np.sinc(q / end) if window == "lorch" else np.ones_like(q)
    edges = np.concatenate([[q[0]], (q[1:] + q[:-1]) / 2, [q[-1]]])
    weight = 2 / np.pi * np.sin(np.outer(r, q)) * (q * damp * np.diff(edges))
    g = weight @ (s - 1)
    if sigma is None:
        return np.asarray(g), np.full(len(r), np.nan)
    return np.asarray(g), np.sqrt(weight**2 @ np.asarray(sigma, dtype=float)[keep] ** 2)

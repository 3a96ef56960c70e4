"""The functions that go by the name of a pair distribution: told apart, turned into G(r), or refused.

With ρ atoms per volume: G(r) = 4πρ r (g(r) - 1), R(r) = 4πρ r² g(r), T(r) = 4πρ r g(r); Keen's
G(r) = Σ c_i c_j b_i b_j (g_ij - 1) and D(r) = 4πρ r G(r) of Gudrun are the same up to constants.

Source: Keen, J. Appl. Cryst. 34 (2001) 172.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["Function", "function_of", "g_of", "refused_by_name"]

Kind = Literal["G", "g", "Keen", "D"]


@dataclass(frozen=True, slots=True)
class Function:
    """What a curve is, and how that is known. refused : why it cannot be used, in a sentence; else ""."""

    kind: Kind
    refused: str = ""


_NAMED: tuple[tuple[str, str], ...] = (
    (r"^q\b|s\(q\)|^sq$|structurefactor", "S(Q), of Q"),
    (r"f\(q\)|^fq$|i\(q\)|^iq$|q\[s\(q\)-1\]", "F(Q), of Q"),
    (r"^t\(r\)$|^tr$", "T(r)"),
    (r"^r\(r\)$|^rdf|radialdist|n\(r\)", "a radial distribution function R(r)"),
)
_ENDINGS = {
    ".sq": "S(Q), of Q", ".fq": "F(Q), of Q", ".iq": "I(Q), of Q", ".mint01": "an interference function of Q",
    ".mdcs01": "a cross section of Q", ".rdf": "a radial distribution function R(r)",
}  # fmt: skip
_WAY = {
    "Q": "G(r) is its sine transform: say that the file holds S or F (structure_function)",
    "T": "G(r) = T(r) - 4πρr needs the density in the same units; give a G(r)",
    "R": "G(r) = R(r)/r - 4πρr needs the density; give a G(r)",
}


def refused_by_name(titles: tuple[str, ...], file: str) -> str:
    """Why a file is no G(r), by the names of its first columns or its ending, in a sentence; else ""."""
    plain = [re.sub(r"[\s$]", "", title) for title in titles[:2]]
    for pattern, name in _NAMED:
        if any(re.search(pattern, p, re.IGNORECASE) for p in plain):
            return _refusal(name)
    return next((_refusal(name) for end, name in _ENDINGS.items() if file.lower().endswith(end)), "")


def function_of(title: str, file: str, head: str, r: np.ndarray, g: np.ndarray) -> Function:
    """What a curve that no name refuses is: by its name, the ending of the file, its values.

    Parameters
    ----------
    title : name of the column. file : its name. head : text above the table.
    r : Å, g : shape (n,).
    """
    low = file.lower()
    if re.search(r"\.m?d(or|ofr)\d*$", low) or title.replace(" ", "").startswith("D(r)"):
        return Function("D")
    if re.search(r"\.m?gor\d*$", low) or "gudrun" in head.lower():
        return Function("Keen")
    if not _nowhere_below_zero(r, g):
        return Function("G")
    return _of_values(r, g)


def _refusal(name: str) -> str:
    way = _WAY["Q" if name.endswith("Q") else "T" if name.startswith("T") else "R"]
    return f"this is {name}, not G(r): {way}"


def _nowhere_below_zero(r: np.ndarray, g: np.ndarray) -> bool:
    """Whether a curve hardly goes below zero, as G(r), whose mean is zero, must."""
    use = r > min(1.0, float(r[len(r) // 4]))
    below, above = -np.minimum(g[use], 0).sum(), np.maximum(g[use], 0).sum()
    return bool(below < 0.05 * above)


def _of_values(r: np.ndarray, g: np.ndarray) -> Function:
    """A curve that stays above zero: g(r) where it levels at one, else T(r) or R(r), which grow."""
    third = len(r) // 3
    last, middle = float(np.mean(g[-third:])), float(np.mean(g[third : 2 * third]))
    if abs(last - 1) < 0.1 and abs(middle - 1) < 0.25:
        return Function("g")
    if last > 1.2 * middle > 0:
        return Function("G", _refusal("T(r) or R(r): it stays above zero and grows with r"))
    return Function(
        "G",
        "the curve stays above zero, and a G(r) has a mean of zero: is it S(Q), T(r) or a radial "
        "distribution? G(r) = 4πρ r (g(r) - 1)",
    )


def g_of(function: Function, r: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, str]:
    """G(r) up to a constant factor, and what was done in words ("" for nothing)."""
    if function.kind == "g":
        return r * (
            g - 1.0
        ), "g(r): levels at one; r (g - 1) taken, G(r) up to 4πρ, so that the scale says nothing"
    if function.kind == "Keen":
        return r * g, "Keen's G(r), as Gudrun writes it; r G taken, so that the scale says nothing"
    if function.kind == "D":
        return g, "Keen's D(r): G(r) up to a factor, so that the scale says nothing"
    return g, ""

"""Linear constraints between parameters, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError, nearest

from .phase import Phase, multiplicity

__all__ = ["Ties", "content_ties", "tie"]

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """All parameters as an affine map of the independent ones: p = matrix @ q + offset.

    names : of p, shape (n,). independent : names of q, shape (m,). matrix : shape (n, m). offset :
    shape (n,).
    """

    names: tuple[str, ...]
    independent: tuple[str, ...]
    matrix: np.ndarray
    offset: np.ndarray


def tie(free: tuple[str, ...], constraints: Iterable[str], known: dict[str, float]) -> Ties:
    """Read constraints such as "A/X1/occupancy/N = 1 - A/X1/occupancy/Cl" or "A/O1/B = A/O2/B".

    Terms stand between blanks: numbers, names, and number * name. A name on the right that is not free
    enters with its present value.

    Raises
    ------
    InputError
        For an unknown name, a name constrained twice, text that is no linear equation, or constraints
        that depend on each other in a circle.
    """
    rules = [_parse(text, known) for text in constraints]
    left = [rule[0] for rule in rules]
    for name in left:
        if left.count(name) > 1:
            raise InputError(f"constraints: {name} stands on the left of {left.count(name)} of them")
    names = tuple(dict.fromkeys((*free, *left)))
    independent = tuple(n for n in names if n not in left)
    place = {n: i for i, n in enumerate(names)}
    direct = np.zeros((len(left), len(independent)))
    among = np.zeros((len(left), len(left)))
    constant = np.zeros(len(left))
    for row, (_, number, terms) in enumerate(rules):
        constant[row] = number
        for name, factor in terms:
            if name in left:
                among[row, left.index(name)] += factor
            elif name in independent:
                direct[row, independent.index(name)] += factor
            else:
                constant[row] += factor * known[name]
    system = np.eye(len(left)) - among
    if left and np.linalg.matrix_rank(system) < len(left):
        raise InputError(
            f"constraints on {', '.join(left)} refer to each other in a circle: they are singular"
        )
    matrix = np.zeros((len(names), len(independent)))
    offset = np.zeros(len(names))
    for column, name in enumerate(independent):
        matrix[place[name], column] = 1.0
    if left:
        rows = [place[n] for n in left]
        matrix[rows] = np.linalg.solve(system, direct)
        offset[rows] = np.linalg.solve(system, constant)
    return Ties(names, independent, matrix, offset)


def _parse(text: str, known: dict[str, float]) -> tuple[str, float, list[tuple[str, float]]]:
    """(name, constant, [(name, factor)]) of one equation."""
    sides = text.split("=")
    if len(sides) != 2:
        raise InputError(f"constraint {text!r}: expected one name, '=', and a sum such as '1 - 0.5 * name'")
    name = sides[0].strip()
    if name not in known:
        raise InputError(nearest(f"constraint {text!r}", name, known))
    constant, terms, sign, factor = 0.0, [], 1.0, None  # type: float, list[tuple[str, float]], float, float | None
    for token in [*sides[1].split(), "+"]:
        if token in "+-":
            if factor is not None:
                constant += sign * factor
            sign, factor = (1.0 if token == "+" else -1.0), None
        elif token == "*" and factor is not None:
            continue
        elif _NUMBER.fullmatch(token):
            factor = float(token) * (factor if factor is not None else 1.0)
        elif token in known:
            terms.append((token, sign * (factor if factor is not None else 1.0)))
            factor = None
        else:
            raise InputError(nearest(f"constraint {text!r}", token, known))
    return name, constant, terms


def content_ties(phase: Phase, ties: dict[str, float]) -> tuple[str, ...]:
    """Constraints that hold the ratio of two species' contents, {"N/Cl": 2/3}.

    Raises
    ------
    InputError
        If the text names no two species of the phase, or the first sits on several sites.
    """
    out = []
    for text, ratio in ties.items():
        parts = [s.strip() for s in text.split("/")]
        if len(parts) != 2 or ratio <= 0:
            raise InputError(
                f"tie {text!r} = {ratio:g}: expected two species and a ratio, as in N/Cl = 0.667"
            )
        places: dict[str, list[tuple[str, int]]] = {s: [] for s in parts}
        for site in phase.sites:
            for species, _ in site.occupancy:
                if species in places:
                    name = f"{phase.name}/{site.label}/occupancy/{species}"
                    places[species].append((name, multiplicity(phase, site)))
        for species, found in places.items():
            if not found:
                raise InputError(nearest(f"tie {text!r}: species", species, phase.species))
        above, below = places[parts[0]], places[parts[1]]
        if len(above) > 1:
            raise InputError(
                f"tie {text!r}: {parts[0]} sits on {len(above)} sites; write it as a constraint between "
                f"{', '.join(n for n, _ in above)}"
            )
        terms = " + ".join(f"{ratio * n / above[0][1]:.12g} * {name}" for name, n in below)
        out.append(f"{above[0][0]} = {terms}")
    return tuple(out)

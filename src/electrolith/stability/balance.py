"""Balanced reactions in whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

from electrolith.core.errors import InputError
from electrolith.stability.library import composition_of, shown


def balance(reactants: Sequence[str], products: Sequence[str]) -> dict[str, int]:
    """Smallest whole numbers that balance a reaction: positive for products, negative for reactants.

    Raises
    ------
    InputError
        If no set of positive numbers balances it, or more than one independent set does.
    """
    names = [*reactants, *products]
    signs = [-1] * len(reactants) + [1] * len(products)
    compositions = [dict(composition_of(n)) for n in names]
    elements = sorted({e for c in compositions for e in c})
    rows = [
        [
            s * Fraction(c.get(e, 0.0)).limit_denominator(10000)
            for s, c in zip(signs, compositions, strict=True)
        ]
        for e in elements
    ]
    text = f"{' + '.join(reactants)} -> {' + '.join(products)}"
    free, solution = _null_vector(rows, len(names))
    if free == 0:
        raise InputError(f"{text}: cannot be balanced, no amounts conserve {', '.join(elements)}")
    if free > 1:
        raise InputError(f"{text}: {free} independent reactions; leave out a product to make it one")
    scale = lcm(*(x.denominator for x in solution))
    whole = [int(x * scale) for x in solution]
    whole = [x // gcd(*whole) for x in whole]
    if whole[0] < 0:
        whole = [-x for x in whole]
    if any(x <= 0 for x in whole):
        wrong = [n for n, x in zip(names, whole, strict=True) if x <= 0]
        raise InputError(f"{text}: cannot be balanced with {', '.join(wrong)} on that side")
    return {n: s * x for n, s, x in zip(names, signs, whole, strict=True)}


def _null_vector(rows: list[list[Fraction]], width: int) -> tuple[int, list[Fraction]]:
    """Dimension of the null space and one vector of it, by exact elimination."""
    pivots: list[int] = []
    work = [r[:] for r in rows]
    for column in range(width):
        found = next((i for i in range(len(pivots), len(work)) if work[i][column]), None)
        if found is None:
            continue
        k = len(pivots)
        work[k], work[found] = work[found], work[k]
        work[k] = [x / work[k][column] for x in work[k]]
        for i, row in enumerate(work):
            if i != k and row[column]:
                work[i] = [x - row[column] * y for x, y in zip(row, work[k], strict=True)]
        pivots.append(column)
    free = [c for c in range(width) if c not in pivots]
    vector = [Fraction(0)] * width
    if free:
        vector[free[0]] = Fraction(1)
        for k, column in enumerate(pivots):
            vector[column] = -work[k][free[0]]
    return len(free), vector


def written(reactants: Mapping[str, float], products: Mapping[str, float]) -> str:
    """A reaction with known amounts in whole numbers, "4 Li9N2Cl3 + 27 H2O -> ..."; amounts as given
    where no small whole numbers fit.
    """
    amounts = [*reactants.values(), *products.values()]
    fractions = [Fraction(x).limit_denominator(240) for x in amounts]
    scale = lcm(*(f.denominator for f in fractions)) if fractions else 1
    exact = all(abs(float(f) - x) < 1e-5 * max(1.0, x) for f, x in zip(fractions, amounts, strict=True))
    numbers = [f * scale for f in fractions] if exact and scale <= 5000 else amounts
    divisor = gcd(*(int(n) for n in numbers)) if exact and scale <= 5000 else 1
    texts = [f"{float(n) / divisor:.4g}" for n in numbers]
    names = [*reactants, *products]
    terms = [
        shown(name) if text == "1" else f"{text} {shown(name)}"
        for text, name in zip(texts, names, strict=True)
    ]
    return f"{' + '.join(terms[: len(reactants)])} -> {' + '.join(terms[len(reactants) :])}"

"""Chemical formulas and balanced reactions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from electrolith.core.errors import InputError, brief, nearest

__all__ = ["Reaction", "balance", "formula_mass", "parse_formula"]

LONGEST = 300  # characters of a formula
MOST_ATOMS = 1e6  # of an element in it
_TOKEN = re.compile(r"([A-Z][a-z]?)|([(\[])|([)\]])|(\d+\.?\d*|\.\d+)|([·*.])")


def _masses() -> dict[str, float]:
    """Standard atomic weights in g/mol (IUPAC 2016, as in ase)."""
    from ase.data import atomic_masses, chemical_symbols

    return {s: float(m) for s, m in zip(chemical_symbols[1:], atomic_masses[1:], strict=False) if m > 0}


def parse_formula(text: str) -> dict[str, float]:
    """Atoms of a formula: "Li9N2Cl3", "Li4(OH)3Cl", "MgSO4·7H2O".

    Raises
    ------
    InputError
        If it holds an unknown element, an unclosed bracket or other signs.
    """
    if len(text) > LONGEST:
        raise InputError(f"formula {brief(text)} is too long to be one; write it like 'Li9N2Cl3'")
    parts = re.split(r"[·*]", text.strip().replace(" ", ""))
    total: dict[str, float] = {}
    for part in parts:
        leading = re.match(r"^(\d+\.?\d*)(?=[A-Z(\[])", part)
        factor = float(leading.group(1)) if leading else 1.0
        for element, count in _parse(part[leading.end() :] if leading else part, text).items():
            total[element] = total.get(element, 0.0) + factor * count
    if not total:
        raise InputError(f"formula {text!r} is empty; write it like 'Li9N2Cl3'")
    if not all(n < MOST_ATOMS for n in total.values()):
        raise InputError(f"formula {text!r} holds amounts that no formula has; write it like 'Li9N2Cl3'")
    return total


def _parse(part: str, whole: str) -> dict[str, float]:
    """Atoms of a formula without dots, by a stack of brackets."""
    stack: list[dict[str, float]] = [{}]
    last: dict[str, float] = {}
    position = 0
    for found in _TOKEN.finditer(part):
        if found.start() != position:
            break
        position = found.end()
        element, opening, closing, number, _ = found.groups()
        if element:
            last = {element: 1.0}
            _add(stack[-1], last, 1.0)
        elif opening:
            stack.append({})
            last = {}
        elif closing and len(stack) > 1:
            last = stack.pop()
            _add(stack[-1], last, 1.0)
        elif number and last:
            _add(stack[-1], last, float(number) - 1.0)
            last = {}
        else:
            raise InputError(f"formula {whole!r}: {found.group()!r} stands at a place where it means nothing")
    if position != len(part):
        raise InputError(f"formula {whole!r}: {part[position]!r} is no part of a formula")
    if len(stack) > 1:
        raise InputError(f"formula {whole!r}: a bracket is not closed")
    known = _masses()
    for element in stack[0]:
        if element not in known:
            raise InputError(nearest(f"formula {whole!r}", element, known))
    return stack[0]


def _add(to: dict[str, float], what: dict[str, float], times: float) -> None:
    for element, count in what.items():
        to[element] = to.get(element, 0.0) + times * count


def formula_mass(text: str) -> float:
    """Molar mass, g/mol."""
    masses = _masses()
    return sum(masses[e] * n for e, n in parse_formula(text).items())


@dataclass(frozen=True, slots=True)
class Reaction:
    """A balanced reaction: coefficients of the reactants and of the products, smallest whole numbers."""

    reactants: tuple[tuple[str, float], ...]
    products: tuple[tuple[str, float], ...]

    def text(self) -> str:
        """As one writes it: "2 Li3N + 3 LiCl → Li9N2Cl3"."""

        def side(terms: tuple[tuple[str, float], ...]) -> str:
            return " + ".join(f"{n:g} {f}" if n != 1 else f for f, n in terms)

        return f"{side(self.reactants)} → {side(self.products)}"


def balance(reactants: tuple[str, ...], products: tuple[str, ...]) -> Reaction:
    """Coefficients that conserve every element, exactly, by rational elimination.

    Raises
    ------
    InputError
        If no coefficients do, more than one set does, or a coefficient would be zero or negative; the text
        names the substance or the element.
    """
    if not reactants or not products:
        raise InputError("a reaction needs at least one reactant and one product")
    names = (*reactants, *products)
    atoms = [parse_formula(n) for n in names]
    elements = sorted({e for a in atoms for e in a})
    left = {e for a in atoms[: len(reactants)] for e in a}
    right = {e for a in atoms[len(reactants) :] for e in a}
    if left != right:
        odd = sorted(left ^ right)
        raise InputError(
            f"{', '.join(odd)} stands on one side only of {' + '.join(reactants)} → {' + '.join(products)}"
        )
    signs = [1] * len(reactants) + [-1] * len(products)
    rows = [
        [s * Fraction(a.get(e, 0.0)).limit_denominator(10**6) for s, a in zip(signs, atoms, strict=True)]
        for e in elements
    ]
    free, pivots = _eliminate(rows)
    if len(free) != 1:
        how = (
            "cannot be balanced"
            if not free
            else f"has {len(free)} independent balances; leave a substance out"
        )
        raise InputError(f"{' + '.join(reactants)} → {' + '.join(products)} {how}")
    values = [Fraction(0)] * len(names)
    values[free[0]] = Fraction(1)
    for row, column in enumerate(pivots):
        values[column] = -rows[row][free[0]]
    return _whole(reactants, products, values)


def _eliminate(rows: list[list[Fraction]]) -> tuple[list[int], list[int]]:
    """Reduced row echelon form in place of the rows given; free and pivot columns."""
    pivots: list[int] = []
    row = 0
    for column in range(len(rows[0])):
        found = next((r for r in range(row, len(rows)) if rows[r][column] != 0), None)
        if found is None:
            continue
        rows[row], rows[found] = rows[found], rows[row]
        head = rows[row][column]
        rows[row] = [v / head for v in rows[row]]
        for other in range(len(rows)):
            if other != row and rows[other][column] != 0:
                factor = rows[other][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[row], strict=True)]
        pivots.append(column)
        row += 1
        if row == len(rows):
            break
    return [c for c in range(len(rows[0])) if c not in pivots], pivots


def _whole(reactants: tuple[str, ...], products: tuple[str, ...], values: list[Fraction]) -> Reaction:
    """Smallest whole coefficients, all positive."""
    names = (*reactants, *products)
    if all(v <= 0 for v in values):
        values = [-v for v in values]
    for name, value in zip(names, values, strict=True):
        if value <= 0:
            side = "reactant" if name in reactants else "product"
            said = "takes no part" if value == 0 else f"is no {side}: its coefficient is negative"
            raise InputError(f"{name} {said} in {' + '.join(reactants)} → {' + '.join(products)}")
    common = lcm(*(v.denominator for v in values))
    whole = [int(v * common) for v in values]
    divisor = gcd(*whole)
    numbers = [float(w // divisor) for w in whole]
    count = len(reactants)
    return Reaction(
        tuple(zip(reactants, numbers[:count], strict=True)),
        tuple(zip(products, numbers[count:], strict=True)),
    )

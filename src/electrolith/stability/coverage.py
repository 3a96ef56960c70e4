"""Whether a chemical system has the phases it needs: a hull without its competitors is certain and wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from electrolith.core.errors import InputError
from electrolith.stability.entries import EntrySet
from electrolith.stability.library import composition_of, reduced

NONMETALS = frozenset({"H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Ge", "Se", "Br", "I"})
UNBOUND = frozenset(
    map(
        frozenset,
        (
            ("N", "Cl"), ("N", "Br"), ("N", "I"), ("N", "S"), ("O", "F"), ("O", "Cl"), ("O", "Br"),
            ("O", "I"), ("S", "I"), ("S", "Br"), ("Cl", "Br"), ("Cl", "I"), ("Br", "I"), ("C", "N"),
            ("C", "P"), ("C", "I"), ("C", "Br"), ("C", "H"), ("P", "H"), ("B", "H"), ("Si", "H"), ("Ge", "H"),
            ("B", "P"), ("B", "C"),
            ("C", "Ge"), ("C", "S"), ("Si", "Ge"), ("B", "Ge"),
        ),
    )
)  # fmt: skip
"""Pairs of nonmetals whose compounds are endothermic, or bound too weakly to change a hull by 0.1 eV."""


@dataclass(frozen=True)
class Gap:
    """Two elements that form compounds of which no phase is there; `example` is the usual one."""

    elements: tuple[str, str]
    example: str

    @property
    def text(self) -> str:
        """For lists."""
        return f"{self.example} (no compound of {self.elements[0]} and {self.elements[1]})"


def gaps(entries: EntrySet) -> tuple[Gap, ...]:
    """Pairs of a metal and a nonmetal, or of two nonmetals that bind, without any phase.

    Only entries of a library are judged; a set that was put together by hand is taken as meant. Intermetallic
    phases are not judged: they move a limit near the metal by tenths of a volt at most.
    """
    if not entries.of_library:
        return ()
    present = {frozenset(dict(composition_of(f))) for f in entries.formulas}
    found = []
    for pair in combinations(entries.elements, 2):
        together = frozenset(pair)
        if not together & NONMETALS or together in UNBOUND or together in present:
            continue
        found.append(Gap(*_by_electronegativity(pair)))
    return tuple(found)


def _by_electronegativity(pair: tuple[str, str]) -> tuple[tuple[str, str], str]:
    """The pair with the more positive element first, and its neutral compound of common states."""
    from math import gcd

    from pymatgen.core import Element

    first, second = sorted(map(Element, pair), key=lambda e: float(e.X))
    plus = max((s for s in first.common_oxidation_states if s > 0), default=0)
    minus = -min((s for s in second.common_oxidation_states if s < 0), default=0)
    names = (first.symbol, second.symbol)
    if not plus or not minus:
        return names, "-".join(names)
    common = gcd(plus, minus)
    return names, reduced(f"{names[0]}{minus // common}{names[1]}{plus // common}")


def refuse_gaps(question: str, entries: EntrySet, products: Iterable[Mapping[str, float]]) -> tuple[str, ...]:
    """Refuse an answer that holds atoms unbound for want of their compounds; else name the gaps.

    Parameters
    ----------
    question : "window of LiAlCl4".
    products : sets of products that the answer consists of, formula to amount.

    Returns
    -------
    The gaps that the answer does not stand on, in words.

    Raises
    ------
    InputError
        Naming what is missing, if both elements of a gap stand free among the products, or one of them in a
        molecule that is hardly bound.
    """
    found = gaps(entries)
    for here in products:
        elements = [frozenset(dict(composition_of(f))) for f in here]
        free = frozenset[str]().union(*(e for e in elements if len(e) == 1))
        unbound = frozenset[str]().union(*(e for e in elements if e in UNBOUND))  # OF2 in want of AlF3
        everything = frozenset[str]().union(*elements)
        for gap in found:
            pair = frozenset(gap.elements)
            if pair <= free or (pair & unbound and pair <= everything):
                raise InputError(
                    f"{question}: not enough phases: the answer leaves {' and '.join(gap.elements)} apart, "
                    f"and the library lacks {'; '.join(g.text for g in found)}. Add them with --entries FILE "
                    "(columns formula, id, energy_per_atom, engine, scheme, species), or by "
                    "`electrolith phases build`"
                )
    return tuple(g.text for g in found)

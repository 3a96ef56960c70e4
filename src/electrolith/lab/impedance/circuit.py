"""Equivalent circuits written as strings: `R0-p(R1,CPE1)-CPE2`."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrolith.core.errors import InputError, nearest
from electrolith.lab.impedance.elements import ELEMENTS, Element

Array = np.ndarray
TOKEN = re.compile(r"\s*(p\(|[A-Za-z]+[0-9_]*|[-,()])")


@dataclass(frozen=True)
class Leaf:
    """One element with its name and where its parameters start in the list of all parameters."""

    name: str
    element: Element
    first: int

    @property
    def columns(self) -> slice:
        """Its parameters in the list of all parameters."""
        return slice(self.first, self.first + len(self.element.quantities))


@dataclass(frozen=True)
class Group:
    """Branches joined in series or in parallel."""

    parallel: bool
    branches: "tuple[Leaf | Group, ...]"


Node = Leaf | Group


@dataclass(frozen=True)
class Circuit:
    """A parsed circuit; `Circuit.parse` makes one."""

    text: str
    root: Node

    @classmethod
    def parse(cls, text: str) -> "Circuit":
        """Read a circuit string.

        Series by "-", parallel by `p(…,…)`; element symbols R, C, L, CPE, W, Wo, Ws, G, TLM, each
        followed by a number of its own.

        Raises
        ------
        InputError
            With the position of what could not be read and the known elements.
        """
        return cls(text, _Parser(text).circuit())

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """All elements in the order of the string."""
        return tuple(_leaves(self.root))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Parameter names, "R1" or "CPE1_Q"."""
        return tuple(
            f"{leaf.name}_{q}" if q else leaf.name for leaf in self.leaves for q in leaf.element.quantities
        )

    @cached_property
    def units(self) -> tuple[str, ...]:
        """Unit of every parameter."""
        return tuple(u for leaf in self.leaves for u in leaf.element.units)

    @cached_property
    def logarithmic(self) -> Array:
        """Whether each parameter is fitted through its logarithm, shape (P,)."""
        return np.array([flag for leaf in self.leaves for flag in leaf.element.logarithmic])

    def impedance(self, parameters: Array, frequency: Array) -> Array:
        """Impedance in ohm, shape (F,), of parameters (P,) in their own units at frequencies (F,) in Hz."""
        internal = self.to_internal(np.asarray(parameters, dtype=float)[None])
        return self.batch(internal, 2 * np.pi * np.asarray(frequency, dtype=float))[0][0]

    def batch(self, internal: Array, omega: Array) -> tuple[Array, Array]:
        """Impedance (B, F) and derivatives (B, P, F) with respect to internal parameters (B, P); rad/s."""
        values = self.from_internal(internal)
        derivatives = np.zeros((*internal.shape, len(omega)), dtype=complex)
        return _evaluate(self.root, omega, values, derivatives), derivatives

    def to_internal(self, values: Array) -> Array:
        """Logarithm of the positive parameters, the others unchanged."""
        return np.where(self.logarithmic, np.log(np.where(self.logarithmic, values, 1.0)), values)

    def from_internal(self, internal: Array) -> Array:
        """The inverse of `to_internal`."""
        return np.where(self.logarithmic, np.exp(np.where(self.logarithmic, internal, 0.0)), internal)


def _leaves(node: Node) -> list[Leaf]:
    """Elements below a node, left to right."""
    return [node] if isinstance(node, Leaf) else [leaf for b in node.branches for leaf in _leaves(b)]


def _evaluate(node: Node, omega: Array, values: Array, derivatives: Array) -> Array:
    """Impedance of a node; writes the derivatives of its parameters."""
    if isinstance(node, Leaf):
        impedance, slopes = node.element.law(omega, values[:, node.columns])
        derivatives[:, node.columns] = slopes
        return impedance
    parts = [_evaluate(branch, omega, values, derivatives) for branch in node.branches]
    if not node.parallel:
        return np.sum(parts, axis=0)
    total = 1 / np.sum([1 / part for part in parts], axis=0)
    for branch, part in zip(node.branches, parts, strict=True):
        leaves = _leaves(branch)
        columns = slice(leaves[0].columns.start, leaves[-1].columns.stop)
        derivatives[:, columns] *= ((total / part) ** 2)[:, None, :]
    return np.asarray(total)


class _Parser:
    """Recursive descent over the tokens of one circuit string."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.count, self.seen = text, 0, 0, set[str]()

    def circuit(self) -> Node:
        """The whole string."""
        node = self._series()
        if self.at < len(self.text.rstrip()):
            raise self._wrong("'-' or the end")
        return node

    def _series(self) -> Node:
        """Terms joined by '-'."""
        branches = [self._term()]
        while self._peek() == "-":
            self._take()
            branches.append(self._term())
        return branches[0] if len(branches) == 1 else Group(False, tuple(branches))

    def _term(self) -> Node:
        """One element, or p(…,…)."""
        token = self._take()
        if token == "p(":
            return self._parallel()
        if token is None or not token[0].isalpha():
            raise self._wrong("an element or 'p('")
        return self._leaf(token)

    def _parallel(self) -> Node:
        """Branches after 'p(' up to ')'."""
        branches = [self._series()]
        while (token := self._take()) == ",":
            branches.append(self._series())
        if token != ")":
            raise self._wrong("',' or ')'")
        if len(branches) < 2:
            raise self._wrong("at least two branches in p(...)")
        return Group(True, tuple(branches))

    def _leaf(self, name: str) -> Leaf:
        """An element named once."""
        symbol = name.rstrip("0123456789_")
        if symbol not in ELEMENTS:
            raise InputError(nearest(f"circuit {self.text!r}", symbol, ELEMENTS))
        if name in self.seen:
            raise InputError(f"circuit {self.text!r}: {name} appears twice; number the elements, R1, R2, ...")
        self.seen.add(name)
        leaf = Leaf(name, ELEMENTS[symbol], self.count)
        self.count += len(leaf.element.quantities)
        return leaf

    def _match(self) -> "re.Match[str] | None":
        """The next token, if any."""
        return TOKEN.match(self.text, self.at)

    def _peek(self) -> str | None:
        """The next token without taking it."""
        found = self._match()
        return found.group(1) if found else None

    def _take(self) -> str | None:
        """The next token."""
        if found := self._match():
            self.at = found.end()
            return found.group(1)
        return None

    def _wrong(self, wanted: str) -> InputError:
        """What came and what would be right."""
        rest = self.text[self.at :] or "the end"
        return InputError(f"circuit {self.text!r}: wanted {wanted} before {rest!r} at position {self.at}")

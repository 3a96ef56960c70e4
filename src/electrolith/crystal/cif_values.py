"""What the texts of a CIF say: the block, its values, numbers with digits and uncertainties, species."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.core.units import split_quantity
from electrolith.crystal.crystal import FAR
from electrolith.crystal.species import element_of

__all__ = [
    "SILENT",
    "Drawer",
    "Fraction",
    "Kind",
    "block_of",
    "fraction_of",
    "half_digit",
    "kind_of",
    "value_of",
]

SILENT = ("", "?", ".")
HEAVIEST = 103  # Lr; what comes after it never stood on a site
WORDS = ("wat", "hoh", "oh", "nh", "vac", "va", "xx", "dum", "dummy")  # groups and dummies, no elements
ISOTOPES = {"D": "2H", "T": "3H"}


def block_of(path: Path, text: str, name: str | None = None) -> Any:
    """The data block with atoms; several are refused unless one is named.

    Raises
    ------
    DataError
        If it is no CIF, or has no atoms.
    InputError
        If it holds several structures.
    """
    import gemmi

    try:
        document = gemmi.cif.read_string(text)
    except (ValueError, RuntimeError) as error:
        raise DataError(
            f"{path}: not a readable CIF: {error}; expected text that begins with 'data_'"
        ) from error
    blocks = [b for b in document if len(b.find(["_atom_site_fract_x"]))]
    if not blocks:
        raise DataError(
            f"{path}: no table of atoms in this CIF (no atom sites); expected a loop with "
            "_atom_site_fract_x, _y, _z in a data block with a cell"
        )
    if name is not None:
        blocks = [b for b in blocks if b.name == name] or blocks
    if len(blocks) > 1:
        held = ", ".join(
            f"data_{b.name} ({value_of(b, ['_chemical_formula_sum']) or 'no formula'})" for b in blocks
        )
        raise InputError(
            f"{path}: {len(blocks)} structures in this CIF: {held}; put the wanted one in a file of its own"
        )
    return blocks[0]


def value_of(block: Any, tags: Sequence[str]) -> str | None:
    """Text of the first of the tags that the block has."""
    import gemmi

    for tag in tags:
        found = block.find_value(tag)
        if found not in (None, "?", "."):
            return str(gemmi.cif.as_string(found)).strip()
    return None


class Drawer:
    """Turns "0.86(1)" into estimates whose median and spread are what the file says."""

    def __init__(self, path: Path, rng: np.random.Generator) -> None:
        self.path = path
        self.rng = rng

    def __call__(self, text: str, tag: str, unit: str, *, exact: bool = False) -> Estimate:
        """The value of a text; without an uncertainty its doubt is unknown, or none if `exact`."""
        try:
            value, error, rest = split_quantity(text)
        except InputError as problem:
            raise DataError(f"{self.path}: {tag} is {text!r}; expected a number such as 0.86(1)") from problem
        if rest:
            raise DataError(f"{self.path}: {tag} is {text!r}; expected a number such as 0.86(1)")
        if error is None or error == 0:
            return Estimate.exact(value, unit) if exact else Estimate.unknown_doubt(value, unit)
        return Estimate(value + error * self._normal(), unit)

    def _normal(self) -> NDArray[np.float64]:
        """Evenly spread quantiles in pairs of opposite sign: sums of values keep their medians exactly."""
        upper = ndtri((np.arange(DRAWS // 2, DRAWS) + 0.5) / DRAWS)
        one = self.rng.permutation(upper) * self.rng.choice([-1.0, 1.0], DRAWS // 2)
        return np.stack([one, -one], axis=1).ravel()


@dataclass(frozen=True, slots=True)
class Fraction:
    """A fractional coordinate, and by how much its last digit may be off."""

    value: float
    rounding: float


def half_digit(text: str) -> float:
    """Half of the last decimal that a number is written with; 0 for a whole number."""
    found = re.match(r"-?\d*\.(\d+)", text.strip())
    return 0.5 * 10.0 ** -len(found[1]) if found else 0.0


def fraction_of(path: Path, tag: str, text: str) -> Fraction:
    """A coordinate; 0.333 and 0.6667 are the thirds that they stand for, 0.25 and 0.5 exact.

    Raises
    ------
    DataError
        If it is no number.
    """
    try:
        value, _, rest = split_quantity(text)
    except InputError as problem:
        raise DataError(f"{path}: {tag} is {text!r}; expected a number") from problem
    if rest or abs(value) > FAR:
        raise DataError(f"{path}: {tag} is {text!r}; expected a number, a fraction of the cell")
    if re.fullmatch(r"-?0?\.(3{3,}|6{2,}[67]|16{2,}[67]|83{3,})", text.split("(")[0]):
        return Fraction(round(value * 6) / 6, 0.0)
    if abs(value * 8 - round(value * 8)) < 1e-9 or half_digit(text) > 0.01:  # nobody rounds to one digit
        return Fraction(value, 0.0)
    return Fraction(value, half_digit(text))


@dataclass(frozen=True, slots=True)
class Kind:
    """What an atom is: `species` with its charge ("Zr4+"), `element`, `nuclide` ("7Li", or the element)."""

    species: str
    element: str
    nuclide: str


def kind_of(path: Path, where: str, symbol: str, label: str, formula: Collection[str]) -> Kind:
    """Element, isotope and charge of a type symbol, or of a label where there is no type.

    Parameters
    ----------
    formula : elements of the file's formula; they decide whether the label CO1 is cobalt or carbon.

    Raises
    ------
    DataError
        If it is no element, a group of atoms, or several species in one.
    """
    text = label if symbol in SILENT else symbol
    found = re.fullmatch(r"(\d{0,3})([A-Za-z]+)(.*)", text.strip(), re.DOTALL)
    typed = symbol not in SILENT
    if found is None:
        raise _no_element(path, where, text)
    isotope, letters, rest = found[1], found[2], found[3]
    element = _element(letters, formula, typed=typed)
    charge = re.match(r"[+-]\d+\.?\d*|\d*\.?\d*[+-]", rest) if typed else None
    after = rest[charge.end() :] if charge else rest
    if element is None or (typed and re.search(r"[A-Z/,;.]", after)):
        raise _no_element(path, where, text)
    nuclide = ISOTOPES.get(letters.upper(), f"{isotope}{element}")
    species = f"{element}{charge[0] if charge else ''}"
    try:
        element_of(species)
    except InputError as problem:
        raise _no_element(path, where, text) from problem
    return Kind(species, element, nuclide)


def _element(letters: str, formula: Collection[str], *, typed: bool) -> str | None:
    """The element that letters begin with: two letters before one, unless the formula has only the one."""
    from ase.data import atomic_numbers

    if letters.lower() in WORDS:
        return None
    if letters.upper() in ISOTOPES:
        return "H"
    if typed and len(letters) > 2:
        return None
    known = [
        n for n in (letters[:2].capitalize(), letters[:1].upper()) if 0 < atomic_numbers.get(n, 0) <= HEAVIEST
    ]
    if typed and len(letters) == 2:
        known = known[:1] if known and len(known[0]) == 2 else []
    stated = [n for n in known if n in formula]
    return next(iter(stated or known), None)


def _no_element(path: Path, where: str, text: str) -> DataError:
    return DataError(
        f"{path}: atom {where} has type {text!r}, which is no element; expected one element, 'Li' or 'Li1+', "
        "in _atom_site_type_symbol"
    )

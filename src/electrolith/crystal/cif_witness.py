"""What a CIF says of its own content: formula, Z, multiplicities, density; compared with what was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from electrolith.core.constants import GRAM_PER_CM3
from electrolith.core.errors import DataError
from electrolith.crystal.cif_values import value_of

__all__ = ["Content", "Witness", "witness_of"]

RELATIVE = 0.02  # of an amount; formulas are rounded
DENSITY = 0.05
FAR_OFF = 0.15  # of a density: no other cell of the same compound is so far off
PER_ATOM = (5.0, 32.0)  # Å³ per atom that is no hydrogen; solids lie well within


@dataclass(frozen=True, slots=True)
class Content:
    """What was read: atoms per cell by element, what rounding leaves open, volume in Å³."""

    amounts: dict[str, float]
    slack: dict[str, float]
    multiplicities: tuple[int, ...]
    volume: float

    @property
    def text(self) -> str:
        """The cell as a formula."""
        return "".join(f"{e}{n:.4g}" for e, n in self.amounts.items())

    @property
    def density(self) -> float:
        """g/cm³."""
        from electrolith.crystal.species import mass_of

        return sum(mass_of(e) * n for e, n in self.amounts.items()) / self.volume * GRAM_PER_CM3


@dataclass(frozen=True, slots=True)
class Witness:
    """What the file states; None or empty where it is silent; multiplicities by row."""

    formula: dict[str, float]
    units: float | None
    multiplicities: tuple[int | None, ...]
    density: float | None

    @property
    def silent(self) -> bool:
        """Whether there is nothing to compare with."""
        return not self.formula and self.density is None and not any(self.multiplicities)

    @property
    def text(self) -> str:
        """What the file states, in words."""
        parts = []
        if self.formula:
            parts.append(" ".join(f"{e}{n:g}" for e, n in self.formula.items()))
        if self.units:
            parts.append(f"Z = {self.units:g}")
        if self.density:
            parts.append(f"{self.density:g} g/cm³")
        return ", ".join(parts)

    def against(self, found: Content) -> tuple[list[str], list[str]]:
        """Contradictions, and remarks that need not be one."""
        wrong: list[str] = []
        remarks: list[str] = []
        for row, (stated, read) in enumerate(zip(self.multiplicities, found.multiplicities, strict=True), 1):
            if stated is not None and stated != read:
                wrong.append(f"multiplicity of row {row} is {read} and {stated} in the file")
        dense = self.density is None or abs(found.density - self.density) < DENSITY * self.density
        if self.formula:
            self._composition(found, dense, wrong, remarks)
        if not dense:
            far = self.density is not None and abs(found.density - self.density) > FAR_OFF * self.density
            (wrong if far or not self.formula else remarks).append(
                f"density is {found.density:.3g} g/cm³ and {self.density:g} in the file"
            )
        return wrong, remarks

    def _composition(self, found: Content, dense: bool, wrong: list[str], remarks: list[str]) -> None:
        heavy = [e for e in self.formula if e != "H"] or list(self.formula)
        read = sum(found.amounts.get(e, 0.0) for e in heavy)
        ratio = read / sum(self.formula[e] for e in heavy)
        for element in dict.fromkeys((*self.formula, *found.amounts)):
            have, want = found.amounts.get(element, 0.0), self.formula.get(element, 0.0) * ratio
            if (
                abs(have - want)
                > RELATIVE * max(want, have) + found.slack.get(element, 0.0) + RELATIVE * ratio
            ):
                stated = self.formula.get(element, 0)
                text = f"{have / ratio:.4g} {element} per formula and {stated:g} in the file"
                hydrogen = element == "H" and have < want
                (remarks if hydrogen else wrong).append(text + ", its hydrogens have no places" * hydrogen)
        if self.units is None or abs(ratio / self.units - 1) < RELATIVE + sum(found.slack.values()) / max(
            read, 1
        ):
            return
        if abs(ratio - 1) < RELATIVE and all(n % self.units == 0 for n in self.formula.values()):
            return  # pymatgen writes the whole cell as the formula, beside Z of the smallest one
        text = f"{ratio:.4g} formula units in the cell and Z = {self.units:g} in the file"
        room = found.volume / (self.units * sum(self.formula[e] for e in heavy))
        impossible = not PER_ATOM[0] < room < PER_ATOM[1] and PER_ATOM[0] < found.volume / read < PER_ATOM[1]
        certain = self.density is not None and dense
        (remarks if certain or impossible else wrong).append(text)


def witness_of(block: Any, rows: int) -> Witness:
    """What the block states about its content."""
    formula = _formula(value_of(block, ["_chemical_formula_sum"]) or "")
    column: tuple[int | None, ...] = (None,) * rows
    for tag in ("_atom_site_symmetry_multiplicity", "_atom_site_site_symmetry_multiplicity"):
        values = list(block.find_values(tag))
        if len(values) == rows:
            column = tuple(int(v) if v.isdigit() and int(v) > 0 else None for v in values)
            break
    return Witness(
        formula,
        _number(value_of(block, ["_cell_formula_units_Z"])) if formula else None,
        column,
        _number(value_of(block, ["_exptl_crystal_density_diffrn", "_cell_measurement_density_diffrn"])),
    )


def _formula(text: str) -> dict[str, float]:
    """Elements and numbers of "Li7 La3 Zr2 O12"; empty where it is no plain sum."""
    from ase.data import atomic_numbers

    found: dict[str, float] = {}
    for part in text.replace(",", " ").split():
        match = re.fullmatch(r"([A-Z][a-z]?)(\d*\.?\d*)(?:\(\d+\))?", part)
        element = {"D": "H", "T": "H"}.get(match[1], match[1]) if match else ""
        if match is None or element not in atomic_numbers or match[2] == ".":
            return _joined(text)
        found[element] = found.get(element, 0.0) + float(match[2] or 1)
    return {e: n for e, n in found.items() if n > 0}


def _joined(text: str) -> dict[str, float]:
    """The same written without blanks, "Li7La3Zr2O12"."""
    from ase.data import atomic_numbers

    parts = re.findall(r"([A-Z][a-z]?)(\d+\.?\d*|\.\d+)?", text)
    if "".join(a + b for a, b in parts) != text.replace(" ", "") or any(
        a not in atomic_numbers for a, _ in parts
    ):
        return {}
    found: dict[str, float] = {}
    for element, number in parts:
        found[element] = found.get(element, 0.0) + float(number or 1)
    return found


def _number(text: str | None) -> float | None:
    match = re.match(r"\d+\.?\d*|\.\d+", text or "")
    value = float(match[0]) if match else 0.0
    return value if value > 0 and np.isfinite(value) else None


def contradiction(where: str, found: Content, stated: Witness, wrong: list[str], group: str) -> DataError:
    """Both sides in one sentence."""
    return DataError(
        f"{where}: read as {found.text} in {group}, {found.density:.3g} g/cm³, and the file states "
        f"{stated.text}: {'; '.join(wrong)}. One of the two is wrong: mend the operations, the setting or "
        "the occupancies, or put ? for what the file states wrongly"
    )

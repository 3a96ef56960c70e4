"""The symmetry operations that a CIF may mean: as listed, by Hall symbol, by name, by number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError
from electrolith.crystal.cif_values import value_of

__all__ = ["Symmetry", "symmetries"]

LISTED = (
    "_space_group_symop_operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
    "_space_group_symop.operation_xyz",
)
HALL = ("_space_group_name_Hall", "_symmetry_space_group_name_Hall")
NAMES = ("_space_group_name_H-M_alt", "_symmetry_space_group_name_H-M", "_space_group_name_H-M_full")
NUMBERS = ("_space_group_IT_number", "_symmetry_Int_Tables_number")
ENDINGS = {"Z": "2", "S": "1", "H": "H", "R": "R", "1": "1", "2": "2"}  # ICSD writes S and Z for the origins


@dataclass(frozen=True, slots=True, eq=False)
class Symmetry:
    """Operations x' = R x + t, shape (n, 3, 4), the name of their group, and where they come from."""

    operations: NDArray[np.float64]
    group: str
    source: str


def symmetries(path: Path, block: Any, angles: Sequence[float]) -> Iterator[Symmetry]:
    """Everything that the file may mean, most explicit first; never empty.

    Parameters
    ----------
    angles : alpha, beta, gamma in degrees, which tell hexagonal from rhombohedral axes.

    Raises
    ------
    DataError
        If an operation or a Hall symbol cannot be read.
    """
    import gemmi

    given = False
    if texts := _listed(block):
        given = True
        yield _listed_symmetry(path, texts)
    if hall := value_of(block, HALL):
        try:
            ops = list(gemmi.symops_from_hall(hall))
        except (ValueError, RuntimeError):
            ops = []  # a name that is no Hall symbol in the field of one; the other fields decide
        if ops:
            given = True
            yield Symmetry(_matrices(ops), _name_of(ops) or hall, f"of the Hall symbol {hall}")
    for group in _groups(block, angles):
        given = True
        yield Symmetry(
            _matrices(list(group.operations())), str(group.xhm()), f"of the space group {group.xhm()}"
        )
    if not given:
        yield Symmetry(_matrices([gemmi.Op("x,y,z")]), "P 1", "")


def _listed(block: Any) -> list[str]:
    """Operations as the file lists them."""
    import gemmi

    for tag in LISTED:
        if column := list(block.find_values(tag)):
            return [gemmi.cif.as_string(text) for text in column]
    return []


def _listed_symmetry(path: Path, texts: list[str]) -> Symmetry:
    """Listed operations; a number before them is a count."""
    import gemmi

    ops = []
    for text in texts:
        plain = re.sub(r"^\s*\(?\d+\)?[\s,:]+(?=[-+]?[\dxyzXYZ])", "", text).replace(" ", "")
        try:
            ops.append(gemmi.Op(plain))
        except (ValueError, RuntimeError) as error:
            raise DataError(
                f"{path}: symmetry operation {text!r} cannot be read ({error}); expected one like 'x,-y,z'"
            ) from error
    return Symmetry(_matrices(ops), _name_of(ops) or "operations as listed", "as listed")


def _name_of(ops: list[Any]) -> str | None:
    import gemmi

    group = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(ops))
    return str(group.xhm()) if group else None


def _groups(block: Any, angles: Sequence[float]) -> Iterator[Any]:
    """Settings of the named group, or of the one with the number, in the order in which they are likely."""
    name = value_of(block, NAMES)
    found, fixed = _by_name(name, angles) if name else (None, False)
    if found is None and (number := value_of(block, NUMBERS)) and number.isdigit():
        import gemmi

        found = gemmi.find_spacegroup_by_number(int(number)) if 0 < int(number) < 231 else None
        found = found and _same_axes(found, angles)
    if found is None:
        return
    yield found
    if not fixed:
        yield from (g for g in _table() if g.hm == found.hm and g.xhm() != found.xhm())


def _table() -> list[Any]:
    import gemmi

    return list(gemmi.spacegroup_table())


def _by_name(name: str, angles: Sequence[float]) -> tuple[Any, bool]:
    """The group of a name, and whether the name itself says which setting."""
    import gemmi

    text = name.replace("_", "").strip()
    ending = re.fullmatch(r"(.*?)\s*:\s*(\w+)\s*|(.*?)\s*\(?(?:O|origin\s*)?([12SZHR])\)?\s*", text)
    direct = gemmi.find_spacegroup_by_name(text)
    if ending and ending[1]:
        return gemmi.find_spacegroup_by_name(f"{ending[1]}:{ending[2].lstrip('O')}") or direct, True
    if ending and (direct is None or ending[4] in "HR"):
        base = gemmi.find_spacegroup_by_name(ending[3])
        wanted = base and gemmi.find_spacegroup_by_name(f"{base.hm}:{ENDINGS[ending[4]]}")
        if wanted:
            return wanted, True
    return (direct and _same_axes(direct, angles)), False


def _same_axes(group: Any, angles: Sequence[float]) -> Any:
    """For rhombohedral groups the setting that fits the angles of the cell."""
    import gemmi

    if group.ext not in ("H", "R"):
        return group
    hexagonal = abs(angles[0] - 90) < 0.5 and abs(angles[2] - 120) < 0.5
    return gemmi.find_spacegroup_by_name(f"{group.hm}:{'H' if hexagonal else 'R'}")


def _matrices(operations: Sequence[Any]) -> NDArray[np.float64]:
    return np.array([[[*row, t] for row, t in zip(o.rot, o.tran, strict=True)] for o in operations]) / 24.0

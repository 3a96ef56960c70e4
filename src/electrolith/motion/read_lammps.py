"""LAMMPS dumps in text: steps, skewed cells, elements or types, folded or not as the columns say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import reader
from electrolith.motion.recording import Recording

__all__ = ["is_dump", "read_dump"]

Array = NDArray[np.float64]

# columns of a position, whether in lattice vectors, whether folded into the cell
POSITIONS = (
    (("xu", "yu", "zu"), False, False),
    (("xsu", "ysu", "zsu"), True, False),
    (("x", "y", "z"), False, True),
    (("xs", "ys", "zs"), True, True),
)
ANGSTROM = ("metal", "real")


def is_dump(head: bytes) -> bool:
    """Whether a file begins as a dump does."""
    return head.lstrip().startswith(b"ITEM: ")


@dataclass(slots=True)
class _Block:
    """One snapshot as text."""

    step: float
    atoms: int
    cell: Array
    origin: Array
    columns: list[str]
    cells: list[str]


@reader("a LAMMPS dump")
def read_dump(path: Path, *, types: Sequence[str] = ()) -> Recording:
    """Read a dump; `types` names the element of types 1, 2, ... where there is no column `element`.

    Raises
    ------
    DataError
        If it is no dump, or its atoms change.
    InputError
        If the elements of the types are not known.
    """
    fractional: list[Array] = []
    cells: list[Array] = []
    steps: list[float] = []
    notes: list[str] = []
    numbers: NDArray[np.int64] | None = None
    charges: dict[str, float] | None = None
    folded = False
    with path.open(encoding="utf-8", errors="replace") as stream:
        for block in _blocks(path, stream, notes):
            table = {name: block.cells[i :: len(block.columns)] for i, name in enumerate(block.columns)}
            order = np.argsort(_column(path, table, "id")) if "id" in table else np.arange(block.atoms)
            if numbers is None:
                numbers = _numbers(path, table, types)[order]
                charges = _charges(path, table, numbers, order)
                reference = _kinds(table, order)
                _place(path, table)
            elif _kinds(table, order) != reference:
                raise DataError(
                    f"{path}: the atoms of step {block.step:g} are other ones, or in another order, than "
                    "those of the first; a dump without `id` must keep its order"
                )
            refuse_above("positions", (len(steps) + 1) * block.atoms, path)
            positions, folded = _positions(path, table, block)
            fractional.append(positions[order])
            cells.append(block.cell)
            steps.append(block.step)
    if numbers is None:
        raise DataError(f"{path}: no snapshot in this dump")
    changing = np.array(cells)
    same = np.allclose(changing, changing[0], atol=1e-4)
    return Recording(
        np.array(fractional),
        changing[:1] if same else changing,
        numbers,
        np.array(steps),
        "steps",
        folded,
        charges=charges,
        source=path.name,
        notes=tuple(dict.fromkeys(notes)),
    )


def _blocks(path: Path, stream: TextIO, notes: list[str]) -> Iterator[_Block]:
    """The snapshots; one that was cut by the end of the run is left out and said."""
    step = atoms = None
    cell, origin = np.zeros((3, 3)), np.zeros(3)
    try:
        for line in stream:
            item = line.strip()
            if item == "ITEM: UNITS":
                unit = next(stream).strip()
                if unit not in ANGSTROM:
                    raise DataError(f"{path}: LAMMPS units {unit!r}; only metal and real (Å) are read")
            elif item == "ITEM: TIMESTEP":
                step = float(next(stream))
            elif item == "ITEM: NUMBER OF ATOMS":
                atoms = int(next(stream))
            elif item.startswith("ITEM: BOX BOUNDS"):
                cell, origin = _box(path, item, [next(stream).split() for _ in range(3)])
            elif item.startswith("ITEM: ATOMS"):
                if step is None or atoms is None:
                    raise DataError(f"{path}: ITEM: ATOMS before ITEM: TIMESTEP and NUMBER OF ATOMS")
                columns = item.split()[2:]
                lines = list(islice(stream, atoms))
                cells = " ".join(lines).split()
                if len(lines) < atoms or len(cells) < atoms * len(columns):
                    notes.append(f"the last snapshot (step {step:g}) is cut and left out")
                    return
                if len(cells) != atoms * len(columns):
                    raise DataError(f"{path}: rows of step {step:g} do not have {len(columns)} columns")
                yield _Block(step, atoms, cell, origin, columns, cells)
    except StopIteration:
        notes.append("the last snapshot is cut and left out")
    except ValueError as error:
        raise DataError(f"{path}: not a readable dump ({error})") from error


def _box(path: Path, item: str, rows: list[list[str]]) -> tuple[Array, Array]:
    """Cell and origin of the bounds, restricted or general triclinic."""
    values = np.array([[float(v) for v in row] for row in rows])
    if "abc" in item:
        return values[:, :3], values[:, 3]
    if values.shape == (3, 2):
        return np.diag(values[:, 1] - values[:, 0]), values[:, 0].copy()
    if values.shape != (3, 3):
        raise DataError(f"{path}: {item} with rows of {values.shape[1]} numbers; expected 2 or 3")
    xy, xz, yz = values[:, 2]
    low = values[:, 0] - [min(0.0, xy, xz, xy + xz), min(0.0, yz), 0.0]
    high = values[:, 1] - [max(0.0, xy, xz, xy + xz), max(0.0, yz), 0.0]
    a, b, c = high - low
    return np.array([[a, 0.0, 0.0], [xy, b, 0.0], [xz, yz, c]]), low


def _column(path: Path, table: dict[str, list[str]], name: str) -> Array:
    try:
        return np.array(table[name], dtype=float)
    except ValueError as error:
        raise DataError(f"{path}: column {name} is not of numbers ({error})") from error


def _kinds(table: dict[str, list[str]], order: NDArray[np.intp]) -> list[str]:
    """Element or type of each atom in order."""
    names = table.get("element") or table.get("type") or []
    return [names[i] for i in order] if names else []


def _numbers(path: Path, table: dict[str, list[str]], types: Sequence[str]) -> NDArray[np.int64]:
    """Atomic numbers from the column of elements, or from the names of the types."""
    from electrolith.crystal.species import number_of

    if "element" in table:
        names = table["element"]
    elif "type" not in table:
        raise DataError(f"{path}: a dump needs a column `element` or `type`; it has {', '.join(table)}")
    else:
        kinds = sorted(set(table["type"]), key=int)
        counts = ", ".join(f"{k} ({table['type'].count(k)} atoms)" for k in kinds)
        if not types:
            raise InputError(
                f"{path}: the dump has types {counts} and no elements; name them in order, as in "
                "--types Li,Y,Cl (in LAMMPS, `dump_modify element` writes them)"
            )
        if int(kinds[-1]) > len(types):
            raise InputError(f"{path}: the dump has types {counts}; --types names only {', '.join(types)}")
        names = [types[int(k) - 1] for k in table["type"]]
    try:
        known = {name: number_of(name) for name in set(names)}
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return np.array([known[n] for n in names], dtype=np.int64)


def _charges(
    path: Path, table: dict[str, list[str]], numbers: NDArray[np.int64], order: NDArray[np.intp]
) -> dict[str, float] | None:
    """Mean charge of each element in the force field, where the dump has it."""
    from ase.data import chemical_symbols

    if "q" not in table:
        return None
    q = _column(path, table, "q")[order]
    return {chemical_symbols[z]: float(q[numbers == z].mean()) for z in np.unique(numbers)}


def _place(path: Path, table: dict[str, list[str]]) -> tuple[tuple[str, str, str], bool, bool]:
    """Which columns hold the position."""
    for names, scaled, folded in POSITIONS:
        if all(n in table for n in names):
            return names, scaled, folded
    raise DataError(f"{path}: no columns x y z, xu yu zu, xs ys zs or xsu ysu zsu; it has {', '.join(table)}")


def _positions(path: Path, table: dict[str, list[str]], block: _Block) -> tuple[Array, bool]:
    """In lattice vectors, and whether they are folded into the cell; image flags unfold them."""
    names, scaled, folded = _place(path, table)
    values = np.stack([_column(path, table, n) for n in names], axis=1)
    if not scaled:
        values = (values - block.origin) @ np.linalg.inv(block.cell)
    if folded and all(n in table for n in ("ix", "iy", "iz")):
        return values + np.stack([_column(path, table, n) for n in ("ix", "iy", "iz")], axis=1), False
    return values, folded

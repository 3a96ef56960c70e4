"""One reader of CIF for all rooms, its result compared with what the file says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.estimate import Estimate
from electrolith.core.reading import reader
from electrolith.crystal.cif_rows import Row, cell_of, rows_of
from electrolith.crystal.cif_symmetry import Symmetry, symmetries
from electrolith.crystal.cif_values import SILENT, Drawer, Kind, block_of
from electrolith.crystal.cif_witness import Content, Witness, contradiction, witness_of
from electrolith.crystal.crystal import total

__all__ = ["CifSite", "CifStructure", "read_cif_structure"]

Array = NDArray[np.float64]

ON_ONE_POINT = 0.05  # Å; closer rows share a site
CROWDED = 1.05  # sum of the occupancies of a site; a refinement may leave a little over one
SAME_PLACE = 0.003  # Å; images of an atom that is written with enough digits
MOST_ROUNDED = 0.12  # Å
ROUNDED = 3.5  # an image moves by so many times the rounding of the coordinates at most
REACHES = (None, ON_ONE_POINT, 0.001, 0.1)  # Å; None: from the digits of the coordinates


@dataclass(frozen=True, slots=True, eq=False)
class CifSite:
    """A position and all its images, shape (n, 3), with the share of each kind of atom; u_iso in Å²."""

    label: str
    images: Array
    members: tuple[tuple[Kind, Estimate], ...]
    u_iso: Estimate | None


@dataclass(frozen=True, slots=True, eq=False)
class CifStructure:
    """A structure as its file has it.

    parameters : a, b, c (Å), alpha, beta, gamma (degrees), with their doubt.  cell : rows, Å, shape (3, 3).
    volume : Å³.  symmetry : operations and group.  states : charge (e) by species, where the file has it.
    """

    parameters: tuple[Estimate, ...]
    cell: Array
    volume: Estimate
    symmetry: Symmetry
    sites: tuple[CifSite, ...]
    states: dict[str, float]
    source: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """One way to understand the file."""

    symmetry: Symmetry
    groups: tuple[tuple[Row, ...], ...]
    images: tuple[Array, ...]
    multiplicities: tuple[int, ...]
    copies: tuple[str, ...]


@reader("a CIF")
def read_cif_structure(
    path: Path, *, rng: np.random.Generator | None = None, block: str | None = None
) -> CifStructure:
    """Read the structure of a CIF.

    Where the file names a space group without its setting or origin, lists only some operations, or writes
    coordinates with few digits, the way is taken whose content agrees with the formula, Z, multiplicities and
    density that the file states; `notes` says which. If none agrees, that is an error which shows both.

    Parameters
    ----------
    rng : for the draws of the uncertainties.      block : name of the data block, where there are several.

    Raises
    ------
    DataError
        If it is no CIF, has no atoms, no cell, impossible occupancies, or contradicts itself.
    InputError
        If it holds several structures.
    """
    found = block_of(path, read_text(path), block)
    draw = Drawer(path, rng or np.random.default_rng(0))
    parameters, cell, volume = cell_of(path, found, draw)
    notes: list[str] = []
    rows, kept, size = rows_of(path, found, cell, draw, notes)
    stated = witness_of(found, size)
    stated = replace(stated, multiplicities=tuple(stated.multiplicities[i] for i in kept))
    reading = _agreeing(path, found, rows, cell, [p.value for p in parameters[3:]], stated, notes)
    sites = tuple(
        CifSite("/".join(row.label for row in group), images, _members(path, group, notes), _first_u(group))
        for group, images in zip(reading.groups, reading.images, strict=True)
    )
    return CifStructure(
        parameters,
        cell,
        volume,
        reading.symmetry,
        sites,
        _oxidation_states(found, rows),
        path.name,
        tuple(notes),
    )


def _agreeing(
    path: Path,
    block: Any,
    rows: Sequence[Row],
    cell: Array,
    angles: Sequence[float],
    stated: Witness,
    notes: list[str],
) -> _Reading:
    """The first way to read the file that does not contradict what it states.

    Raises
    ------
    DataError
        If every way does.
    """
    first: tuple[_Reading, Content, list[str]] | None = None
    crowded: _Reading | None = None
    for number, (reading, words) in enumerate(_ways(path, block, rows, cell, angles)):
        found = _content(reading, cell)
        wrong, remarks = stated.against(found)
        if not wrong and _crowded(reading):
            # The formula counts atoms, not places: two atoms on one site agree with it, and are no crystal.
            crowded = crowded or reading
            first = first or (reading, found, ["two atoms on one site"])
            continue
        if not wrong:
            notes += _said(reading, stated, words if number else "", first)
            notes += [f"{r}; read as {found.text}" for r in remarks]
            return reading
        first = first or (reading, found, wrong)
    if crowded is not None:
        return crowded
    if first is None:
        raise DataError(f"{path}: no symmetry operations could be made of this file")
    reading, found, wrong = first
    raise contradiction(str(path), found, stated, wrong, reading.symmetry.group)


def _crowded(reading: _Reading) -> bool:
    """Whether a site is filled well beyond one, whatever is rounded."""
    return any(sum(row.occupancy.value for row in group) > CROWDED for group in reading.groups)


def _ways(
    path: Path, block: Any, rows: Sequence[Row], cell: Array, angles: Sequence[float]
) -> Iterator[tuple[_Reading, str]]:
    """Ways to read the file, the most literal first, with what each takes for granted."""
    for symmetry in symmetries(path, block, angles):
        seen = set()
        for reach in REACHES:
            for drop in (True, False):
                reading = _read(rows, cell, symmetry, reach, drop)
                mark = (reading.multiplicities, reading.copies)
                if mark in seen:
                    continue
                seen.add(mark)
                yield (
                    reading,
                    "" if reach is None else f"images within {reach:g} Å of one another are one position",
                )


def _said(
    reading: _Reading, stated: Witness, words: str, first: tuple[_Reading, Content, list[str]] | None
) -> list[str]:
    """Remarks on what had to be decided."""
    made = []
    symmetry = reading.symmetry
    if not symmetry.source:
        made.append("the file names no space group; its atoms are taken as the whole cell (P 1)")
    elif symmetry.source != "as listed":
        made.append(f"symmetry operations generated: {symmetry.source}")
    if first is not None:
        why = "; ".join(first[2])
        how = f"{symmetry.group}" + (f" ({words})" if words else "")
        made.append(f"read in {how}, which agrees with the file; more literally there would be {why}")
    made += reading.copies
    if stated.silent:
        made.append("the file states no formula, so what was read cannot be compared with it")
    return made


def _read(rows: Sequence[Row], cell: Array, symmetry: Symmetry, reach: float | None, drop: bool) -> _Reading:
    """Expand every row, and gather rows that lie on one point.

    drop : whether a row that is a symmetry copy of an earlier one of its kind is that atom listed again.
    """
    groups: list[list[Row]] = []
    images: list[Array] = []
    counts: list[int] = []
    copies: list[str] = []
    for row in rows:
        own = _images(row, cell, symmetry.operations, reach)
        counts.append(len(own))
        home = next((g for g, i in enumerate(images) if _nearest(own[0], i, cell) < ON_ONE_POINT), None)
        if home is None:
            groups.append([row])
            images.append(own)
            continue
        twin = next((r for r in groups[home] if r.kind == row.kind), None)
        again = twin is not None and _nearest(row.point, twin.point[None], cell) > ON_ONE_POINT
        if drop and again and twin is not None and abs(twin.occupancy.value - row.occupancy.value) < 1e-9:
            copies.append(f"{row.label} is {twin.label} listed again and not counted twice")
        else:
            groups[home].append(row)
    return _Reading(symmetry, tuple(map(tuple, groups)), tuple(images), tuple(counts), tuple(copies))


def _images(row: Row, cell: Array, operations: Array, reach: float | None) -> Array:
    """All positions of an atom in the cell, the atom first moved onto its special position, shape (n, 3)."""
    reach = min(max(SAME_PLACE, ROUNDED * row.rounding), MOST_ROUNDED) if reach is None else reach
    turned = operations[:, :, :3] @ row.point + operations[:, :, 3]
    gap = turned - row.point
    gap -= np.round(gap)
    here = np.linalg.norm(gap @ cell, axis=1) < reach
    special = row.point + gap[here].mean(axis=0)
    found: list[Array] = []
    for image in operations[:, :, :3] @ special + operations[:, :, 3]:
        wrapped = image - np.floor(image + 1e-9)
        if not found or _nearest(wrapped, np.array(found), cell) > reach:
            found.append(wrapped)
    return np.array(found)


def _nearest(point: Array, others: Array, cell: Array) -> float:
    """Distance (Å) of the nearest of some positions."""
    gap = others - point
    return float(np.linalg.norm((gap - np.round(gap)) @ cell, axis=1).min())


def _content(reading: _Reading, cell: Array) -> Content:
    """Atoms of each element in the cell."""
    amounts: dict[str, float] = {}
    slack: dict[str, float] = {}
    for group, images in zip(reading.groups, reading.images, strict=True):
        for row in group:
            element = row.kind.element
            amounts[element] = amounts.get(element, 0.0) + len(images) * row.occupancy.value
            slack[element] = slack.get(element, 0.0) + len(images) * row.slack
    return Content(amounts, slack, reading.multiplicities, float(abs(np.linalg.det(cell))))


def _first_u(group: Sequence[Row]) -> Estimate | None:
    return next((row.u_iso for row in group if row.u_iso is not None), None)


def _members(path: Path, group: Sequence[Row], notes: list[str]) -> tuple[tuple[Kind, Estimate], ...]:
    """Share of each kind on a site; refused where the sum is over 1 by more than doubt and rounding."""
    kinds = dict.fromkeys(row.kind for row in group)
    shares = {k: total([r.occupancy for r in group if r.kind == k], unit="1") for k in kinds}
    filled = total(list(shares.values()), unit="1")
    spread = 1e-3 if filled.doubt == "unknown" else max(1e-3, 2 * filled.std)
    slack = max(spread, sum(min(r.slack, 0.005) for r in group if r.occupancy.doubt != "exact") + 1e-9)
    text = " + ".join(f"{row.label} {row.occupancy.value:.4g}" for row in group)
    if filled.value > 1 + slack:
        why = "; the file states no occupancy" if all(r.occupancy.doubt == "exact" for r in group) else ""
        raise DataError(
            f"{path}: occupancies on one site add up to {text} = {filled.value:.4g}{why}; expected at most 1"
        )
    if filled.value > 1 + 1e-6:
        notes.append(f"site {text} = {filled.value:.4g} is over 1 within its doubt")
        if filled.value > 1 + spread:  # only the rounding of several numbers: they are brought to 1
            size = filled.value
            shares = {k: s.through(lambda x: x / size, unit="1") for k, s in shares.items()}
    return tuple(shares.items())


def _oxidation_states(block: Any, rows: Sequence[Row]) -> dict[str, float]:
    """Charge of each species: from the table of types, else from the charges in the type symbols."""
    from electrolith.core.units import split_quantity
    from electrolith.crystal.species import charge_of

    states: dict[str, float] = {}
    listed = {
        line.str(0): line.str(1) for line in block.find(["_atom_type_symbol", "_atom_type_oxidation_number"])
    }
    for kind in dict.fromkeys(row.kind for row in rows):
        text = listed.get(kind.species) or listed.get(kind.element, "")
        charge = charge_of(kind.species)
        if text not in SILENT:
            states[kind.species] = float(split_quantity(text)[0])
        elif charge is not None:
            states[kind.species] = charge
    return states

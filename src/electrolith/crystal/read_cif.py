"""Crystallographic information files with partial and shared sites; standard uncertainties are kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.core.reading import reader
from electrolith.core.units import split_quantity
from electrolith.crystal.crystal import FAR, DisorderedCrystal, Position, build_crystal, total
from electrolith.crystal.species import charge_of, element_of

__all__ = ["read_cif"]

ON_ONE_POINT = 0.05  # Å; closer rows share a site, and closer images are one position
OPERATIONS = (
    "_space_group_symop_operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
    "_space_group_symop.operation_xyz",
)
NAMES = ("_space_group_name_H-M_alt", "_symmetry_space_group_name_H-M", "_space_group_name_Hall")
NUMBERS = ("_space_group_IT_number", "_symmetry_Int_Tables_number")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One line of the table of atoms, expanded by symmetry."""

    label: str
    species: str
    positions: NDArray[np.float64]
    occupancy: Estimate
    u_iso: Estimate | None


@reader("a CIF")
def read_cif(path: Path, *, rng: np.random.Generator) -> DisorderedCrystal:
    """Read the first structure of a CIF.

    Rows of the table that lie on one point are one shared site. Values such as 0.86(1) become estimates;
    equal texts of cell lengths (a cubic cell) share their draws. An occupancy without uncertainty has unknown
    doubt, except 1, which is taken as not refined.

    Parameters
    ----------
    path : the file.
    rng : for the draws of the uncertainties.

    Returns
    -------
    The crystal; oxidation states only where the file has them.

    Raises
    ------
    DataError
        If it is no CIF, has no atoms, no cell, or impossible occupancies.
    """
    block = _block(path)
    notes: list[str] = []
    draw = _Drawer(path, rng)
    cell, volume = _cell(path, block, draw)
    operations = _operations(block, notes)
    charged = _rows(path, block, cell, operations, draw, notes)
    states = _oxidation_states(block, charged)
    names = _plain_names(charged)
    rows = [replace(row, species=names[row.species]) for row in charged]
    return build_crystal(
        _gather(path, rows, cell, notes),
        cell,
        volume=volume,
        oxidation_states={names[species]: charge for species, charge in states.items()},
        source=path.name,
        notes=notes,
    )


def _block(path: Path) -> Any:
    """First data block with atoms."""
    import gemmi

    try:
        document = gemmi.cif.read_string(path.read_text(encoding="utf-8", errors="replace"))
    except (ValueError, RuntimeError) as error:
        raise DataError(f"{path}: not a CIF: {error}; expected text that begins with 'data_'") from error
    blocks = [b for b in document if b.find_loop("_atom_site_fract_x")]
    if not blocks:
        raise DataError(
            f"{path}: no table of atoms in this CIF; expected a loop with _atom_site_fract_x, _y, _z"
        )
    return blocks[0]


class _Drawer:
    """Turns "0.86(1)" into estimates whose median and spread are what the file says."""

    def __init__(self, path: Path, rng: np.random.Generator) -> None:
        self.path = path
        self.rng = rng

    def __call__(self, text: str, tag: str, unit: str, *, exact: bool = False) -> Estimate:
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


def _value(block: Any, tags: Sequence[str]) -> str | None:
    """Text of the first of the tags that the block has."""
    import gemmi

    for tag in tags:
        found = block.find_value(tag)
        if found not in (None, "?", "."):
            return str(gemmi.cif.as_string(found))
    return None


def _cell(path: Path, block: Any, draw: _Drawer) -> tuple[NDArray[np.float64], Estimate]:
    """Lattice vectors, Å, and the volume with its doubt, Å³."""
    from ase.geometry import cellpar_to_cell

    drawn: dict[str, Estimate] = {}
    parts = []
    for name in ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"):
        text = _value(block, [f"_cell_{name}"])
        if text is None:
            raise DataError(f"{path}: _cell_{name} is missing; expected the six lattice parameters")
        kind = name.split("_")[0] + text
        if kind not in drawn:
            unit = "angstrom" if name.startswith("length") else "degree"
            drawn[kind] = draw(text, f"_cell_{name}", unit, exact=name.startswith("angle"))
        parts.append(drawn[kind])
    cell = np.asarray(cellpar_to_cell([p.value for p in parts]))
    return cell, parts[0].through(_volume, *parts[1:], unit="angstrom^3")


def _volume(*parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """V = abc √(1 + 2 cos α cos β cos γ - cos²α - cos²β - cos²γ)."""
    a, b, c = parts[:3]
    x, y, z = (np.cos(np.radians(p)) for p in parts[3:])
    return np.asarray(a * b * c * np.sqrt(1 + 2 * x * y * z - x**2 - y**2 - z**2))


def _operations(block: Any, notes: list[str]) -> NDArray[np.float64]:
    """Rotations and translations of the space group, shape (n, 3, 4)."""
    import gemmi

    for tag in OPERATIONS:
        if column := list(block.find_values(tag)):
            return _matrices([gemmi.Op(gemmi.cif.as_string(text)) for text in column])
    group = None
    if name := _value(block, NAMES):
        group = gemmi.find_spacegroup_by_name(name)
    if group is None and (number := _value(block, NUMBERS)):
        group = gemmi.find_spacegroup_by_number(int(number))
    if group is None:
        notes.append("the file names no space group; its atoms are taken as the whole cell (P 1)")
        return _matrices([gemmi.Op("x,y,z")])
    notes.append(f"symmetry operations generated from the space group {group.xhm()}")
    return _matrices(list(group.operations()))


def _matrices(operations: Sequence[Any]) -> NDArray[np.float64]:
    return np.array([[[*row, t] for row, t in zip(o.rot, o.tran, strict=True)] for o in operations]) / 24.0


def _rows(
    path: Path,
    block: Any,
    cell: NDArray[np.float64],
    operations: NDArray[np.float64],
    draw: _Drawer,
    notes: list[str],
) -> list[Row]:
    """The table of atoms, each row with all its positions."""
    optional = ["label", "type_symbol", "occupancy", "U_iso_or_equiv", "B_iso_or_equiv"]
    table = block.find("_atom_site_", ["fract_x", "fract_y", "fract_z", *("?" + name for name in optional)])
    if not table.has_column(5):
        notes.append("the file has no _atom_site_occupancy: every site is taken as full")
    rows = []
    for number, line in enumerate(table, start=1):
        x, y, z, label, symbol, occupancy, u, b = (
            line.str(i) if table.has_column(i) else "" for i in range(8)
        )
        where = label or f"row {number}"
        point = np.array(
            [
                _fraction(path, f"_atom_site_fract_{n} of {where}", t)
                for n, t in zip("xyz", (x, y, z), strict=True)
            ]
        )
        rows.append(
            Row(
                where,
                _species(path, where, symbol or label),
                _images(point, cell, operations),
                _occupancy(path, where, occupancy, draw),
                _displacement(u, b, where, draw),
            )
        )
    return rows


def _plain_names(rows: Sequence[Row]) -> dict[str, str]:
    """Name of each species: the element, with its charge only where one element comes with several."""
    species = dict.fromkeys(row.species for row in rows)
    elements = [element_of(name) for name in species]
    return {n: n if elements.count(e) > 1 else e for n, e in zip(species, elements, strict=True)}


def _fraction(path: Path, tag: str, text: str) -> float:
    """A fractional coordinate; 0.333 and 0.6667 are the thirds that they stand for."""
    try:
        value, _, rest = split_quantity(text)
    except InputError as problem:
        raise DataError(f"{path}: {tag} is {text!r}; expected a number") from problem
    if rest or abs(value) > FAR:
        raise DataError(f"{path}: {tag} is {text!r}; expected a number, a fraction of the cell")
    if re.fullmatch(r"-?0?\.(3{3,}|6{2,}[67]|16{2,}[67]|83{3,})", text):
        return round(value * 6) / 6
    return value


def _species(path: Path, where: str, text: str) -> str:
    """Element, with its charge where the file gives one, of a type symbol or an atom label."""
    found = re.match(r"([A-Za-z]{1,2})([+-]\d+\.?\d*|\d*\.?\d*[+-])?", text)
    letters = found[1].capitalize() if found else ""
    charge = (found[2] or "") if found else ""
    for name in (letters, letters[:1]):
        try:
            element_of(name + charge)
        except InputError:
            continue
        return name + charge
    raise DataError(f"{path}: atom {where} has type {text!r}, which is no element; expected 'Li' or 'Li1+'")


def _occupancy(path: Path, where: str, text: str, draw: _Drawer) -> Estimate:
    """Share of the site; 1 where the file says nothing."""
    if text in ("", "?", "."):
        return Estimate.exact(1.0, "1")
    share = draw(text, f"_atom_site_occupancy of {where}", "1")
    if share.value < 0:
        raise DataError(f"{path}: occupancy of {where} is {text}; expected a number from 0 to 1")
    return Estimate.exact(1.0, "1") if share.value == 1.0 and share.doubt == "unknown" else share


def _displacement(u: str, b: str, where: str, draw: _Drawer) -> Estimate | None:
    """Isotropic displacement parameter, Å²: U, or B / 8π²."""
    if u not in ("", "?", "."):
        return draw(u, f"_atom_site_U_iso_or_equiv of {where}", "angstrom^2")
    if b not in ("", "?", "."):
        given = draw(b, f"_atom_site_B_iso_or_equiv of {where}", "angstrom^2")
        return given.through(lambda x: x / (8 * np.pi**2), unit="angstrom^2")
    return None


def _images(
    point: NDArray[np.float64], cell: NDArray[np.float64], operations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """All positions of an atom in the cell, the atom first moved onto its special position, shape (n, 3)."""
    images = operations[:, :, :3] @ point + operations[:, :, 3]
    gap = images - point
    gap -= np.round(gap)
    here = np.linalg.norm(gap @ cell, axis=1) < ON_ONE_POINT
    special = point + gap[here].mean(axis=0)
    found: list[NDArray[np.float64]] = []
    for image in operations[:, :, :3] @ special + operations[:, :, 3]:
        wrapped = image - np.floor(image + 1e-9)
        if not found or _nearest(wrapped, np.array(found), cell)[1] > ON_ONE_POINT:
            found.append(wrapped)
    return np.array(found)


def _nearest(
    point: NDArray[np.float64], others: NDArray[np.float64], cell: NDArray[np.float64]
) -> tuple[int, float]:
    """Index and distance (Å) of the nearest of some positions."""
    gap = others - point
    distance = np.linalg.norm((gap - np.round(gap)) @ cell, axis=1)
    return int(np.argmin(distance)), float(distance.min())


def _gather(path: Path, rows: Sequence[Row], cell: NDArray[np.float64], notes: list[str]) -> list[Position]:
    """Join rows that lie on one point, check their sum, and list every position."""
    shared: list[list[Row]] = []
    for row in rows:
        home = next(
            (g for g in shared if _nearest(row.positions[0], g[0].positions, cell)[1] < ON_ONE_POINT), None
        )
        if home is None:
            shared.append([row])
        else:
            home.append(row)
    positions = []
    for group in shared:
        occupancy = _together(path, group, notes)
        label = "/".join(row.label for row in group)
        u_iso = next((row.u_iso for row in group if row.u_iso is not None), None)
        positions += [Position(p, occupancy, label, u_iso) for p in group[0].positions]
    return positions


def _together(path: Path, group: Sequence[Row], notes: list[str]) -> dict[str, Estimate]:
    """Occupancy of a site by species; refused where the sum is over 1 by two standard deviations."""
    names = dict.fromkeys(row.species for row in group)
    occupancy = {n: total([r.occupancy for r in group if r.species == n], unit="1") for n in names}
    filled = total(list(occupancy.values()), unit="1")
    slack = 1e-3 if filled.doubt == "unknown" else max(1e-3, 2 * filled.std)
    text = " + ".join(f"{row.label} {row.occupancy.value:.4g}" for row in group)
    if filled.value > 1 + slack:
        why = "; the file states no occupancy" if all(r.occupancy.doubt == "exact" for r in group) else ""
        raise DataError(
            f"{path}: occupancies on one site add up to {text} = {filled.value:.4g}{why}; expected at most 1"
        )
    if filled.value > 1 + 1e-6:
        notes.append(f"site {text} = {filled.value:.4g} is over 1 within its doubt")
    return occupancy


def _oxidation_states(block: Any, rows: Sequence[Row]) -> dict[str, float]:
    """Charge of each species: from the table of types, else from the charges in the type symbols."""
    states: dict[str, float] = {}
    listed = {
        line.str(0): line.str(1) for line in block.find(["_atom_type_symbol", "_atom_type_oxidation_number"])
    }
    for species in dict.fromkeys(row.species for row in rows):
        text = listed.get(species) or listed.get(element_of(species), "")
        charge = charge_of(species)
        if text not in ("", "?", "."):
            states[species] = float(split_quantity(text)[0])
        elif charge is not None:
            states[species] = charge
    return states

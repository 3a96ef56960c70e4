"""The cell and the table of atoms of a CIF, line by line, before any symmetry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError
from electrolith.core.estimate import Estimate
from electrolith.crystal.cif_values import (
    SILENT,
    Drawer,
    Kind,
    fraction_of,
    half_digit,
    kind_of,
    value_of,
)
from electrolith.crystal.cif_witness import witness_of
from electrolith.crystal.crystal import total

__all__ = ["B_FROM_U", "Row", "cell_of", "rows_of"]

Array = NDArray[np.float64]

B_FROM_U = 8 * np.pi**2
LONGEST = 1e5  # Å
PARAMETERS = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One line of the table of atoms; rounding of the point (Å), slack of the occupancy by its digits."""

    label: str
    kind: Kind
    point: Array
    rounding: float
    occupancy: Estimate
    slack: float
    u_iso: Estimate | None


def cell_of(path: Path, block: Any, draw: Drawer) -> tuple[tuple[Estimate, ...], Array, Estimate]:
    """Parameters, lattice vectors (Å), and the volume with its doubt; equal texts share their draws."""
    from ase.geometry import cellpar_to_cell

    drawn: dict[str, Estimate] = {}
    parts = []
    for name in PARAMETERS:
        text = value_of(block, [f"_cell_{name}"])
        if text is None:
            raise DataError(f"{path}: _cell_{name} is missing; expected the six lattice parameters")
        kind = name.split("_")[0] + text
        if kind not in drawn:
            unit = "angstrom" if name.startswith("length") else "degree"
            drawn[kind] = draw(text, f"_cell_{name}", unit, exact=name.startswith("angle"))
        parts.append(drawn[kind])
    values = [p.value for p in parts]
    if not all(0 < v < LONGEST for v in values[:3]) or not all(0 < a < 180 for a in values[3:]):
        raise DataError(
            f"{path}: no cell with a volume: lattice parameters {values}; expected lengths above 0 Å and "
            "angles below 180 degrees"
        )
    return (
        tuple(parts),
        np.asarray(cellpar_to_cell(values)),
        parts[0].through(_volume, *parts[1:], unit="angstrom^3"),
    )


def _volume(*parts: Array) -> Array:
    """V = abc √(1 + 2 cos α cos β cos γ - cos²α - cos²β - cos²γ)."""
    a, b, c = parts[:3]
    x, y, z = (np.cos(np.radians(p)) for p in parts[3:])
    return np.asarray(a * b * c * np.sqrt(1 + 2 * x * y * z - x**2 - y**2 - z**2))


def rows_of(
    path: Path, block: Any, cell: Array, draw: Drawer, notes: list[str]
) -> tuple[list[Row], list[int], int]:
    """The table of atoms, which of its lines were taken, and how many it has."""
    optional = ["label", "type_symbol", "occupancy", "U_iso_or_equiv", "B_iso_or_equiv", "attached_hydrogens"]
    table = block.find("_atom_site_", ["fract_x", "fract_y", "fract_z", *("?" + name for name in optional)])
    if not table.has_column(5):
        notes.append("the file has no _atom_site_occupancy: every site is taken as full")
    formula = set(witness_of(block, 0).formula)
    turning = _anisotropic(path, block, draw)
    rows, kept, lost, attached = [], [], 0, 0
    for number, line in enumerate(table):
        cells = [line.str(i) if table.has_column(i) else "" for i in range(9)]
        x, y, z, label, symbol, occupancy, u, b, hydrogens = cells
        where = label or f"row {number + 1}"
        kind = kind_of(path, where, symbol, label, formula)
        attached += int(hydrogens) if hydrogens.isdigit() else 0
        if kind.element == "H" and all(t in SILENT for t in (x, y, z)):
            lost += 1
            continue
        parts = [
            fraction_of(path, f"_atom_site_fract_{n} of {where}", t)
            for n, t in zip("xyz", cells, strict=False)
        ]
        shift = np.array([p.rounding for p in parts]) * np.linalg.norm(cell, axis=1)
        share = _occupancy(path, where, occupancy, draw)
        exact = share.doubt == "exact"
        rows.append(
            Row(
                where,
                kind,
                np.array([p.value for p in parts]),
                float(np.linalg.norm(shift)),
                share,
                0.0 if exact else _slack(occupancy, share),
                _displacement(u, b, where, draw) or turning.get(label),
            )
        )
        kept.append(number)
    if lost:
        notes.append(f"{lost} hydrogen rows have no coordinates and are left out")
    if attached:
        notes.append(f"{attached} hydrogens are only stated as attached to other atoms and are left out")
    if not rows:
        raise DataError(f"{path}: no atom of this CIF has coordinates (no atom sites)")
    if len({r.kind.nuclide for r in rows}) < len({(r.kind.nuclide, r.kind.element) for r in rows}):
        notes.append("isotopes are kept for neutrons and count as their element elsewhere")
    return rows, kept, len(table)


def _occupancy(path: Path, where: str, text: str, draw: Drawer) -> Estimate:
    """Share of the site; 1 where the file says nothing."""
    if text in SILENT:
        return Estimate.exact(1.0, "1")
    share = draw(text, f"_atom_site_occupancy of {where}", "1")
    if share.value < 0:
        raise DataError(f"{path}: occupancy of {where} is {text}; expected a number from 0 to 1")
    return Estimate.exact(1.0, "1") if share.value == 1.0 and share.doubt == "unknown" else share


def _slack(text: str, share: Estimate) -> float:
    """What the digits of an occupancy and its uncertainty leave open."""
    rounding = min(half_digit(text.split("(")[0]), 0.005)
    return rounding + (2 * share.std if share.doubt == "known" else 0.0)


def _displacement(u: str, b: str, where: str, draw: Drawer) -> Estimate | None:
    """Isotropic displacement parameter, Å²: U, or B / 8π²."""
    if u not in SILENT:
        return draw(u, f"_atom_site_U_iso_or_equiv of {where}", "angstrom^2")
    if b not in SILENT:
        given = draw(b, f"_atom_site_B_iso_or_equiv of {where}", "angstrom^2")
        return given.through(lambda x: x / B_FROM_U, unit="angstrom^2")
    return None


def _anisotropic(path: Path, block: Any, draw: Drawer) -> dict[str, Estimate]:
    """Mean of U11, U22, U33 by label, Å², for atoms without an isotropic value."""
    found: dict[str, Estimate] = {}
    for letter, scale in (("U", 1.0), ("B", 1 / B_FROM_U)):
        tags = ["label", *(f"{letter}_{i}{i}" for i in (1, 2, 3))]
        for line in block.find("_atom_site_aniso_", tags):
            texts = [line.str(i) for i in (1, 2, 3)]
            if any(t in SILENT for t in texts):
                continue
            parts = [draw(t, f"_atom_site_aniso_{letter} of {line.str(0)}", "angstrom^2") for t in texts]
            mean = total(parts, [scale / 3] * 3, unit="angstrom^2")
            if mean.value > 0:
                found.setdefault(line.str(0), mean)
    return found

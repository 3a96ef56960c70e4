"""A phase from a CIF, from a space group by name, or from a crystal with partial occupancy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.reading import reader

from .phase import Phase, Site, multiplicity

__all__ = ["phase_from_group", "read_cif_phase", "symmetry"]

_B_FROM_U = 8 * np.pi**2


def symmetry(space_group: str | int) -> tuple[np.ndarray, np.ndarray, str]:
    """Rotations, shape (n, 3, 3), translations, shape (n, 3), and the full name of a space group.

    Raises
    ------
    InputError
        If there is no such group.
    """
    import gemmi

    found = (
        gemmi.find_spacegroup_by_number(space_group)
        if isinstance(space_group, int)
        else gemmi.find_spacegroup_by_name(space_group)
    )
    if found is None:
        raise InputError(
            f"space group {space_group!r} is not known; write it as in 'F m -3 m' or by its number"
        )
    rotations, translations = _arrays(list(found.operations()))
    return rotations, translations, str(found.xhm())


def _arrays(operations: Iterable[object]) -> tuple[np.ndarray, np.ndarray]:
    ops = [(op.rot, op.tran, op.DEN) for op in operations]  # type: ignore[attr-defined]
    rotations = np.array([np.array(r) // den for r, _, den in ops])
    translations = np.array([np.array(t) / den for _, t, den in ops]) % 1.0
    return rotations, translations


def phase_from_group(
    name: str,
    *,
    space_group: str | int,
    cell: tuple[float, ...],
    sites: tuple[Site, ...],
    source: str = "",
) -> Phase:
    """A phase from a space group; a cell of one or three lengths takes its angles from the crystal system."""
    rotations, translations, full = symmetry(space_group)
    if len(cell) == 1:
        cell = (*cell * 3, 90.0, 90.0, 90.0)
    elif len(cell) == 3:
        cell = (*cell, 90.0, 90.0, 90.0)
    if len(cell) != 6:
        raise InputError(f"phase {name}: the cell needs 1, 3 or 6 numbers, got {len(cell)}")
    exact = tuple(float(v) for v in cell)
    return Phase(name, exact, rotations, translations, sites, full, source)  # type: ignore[arg-type]


@reader("the CIF of a phase")
def read_cif_phase(path: Path | str, *, name: str | None = None, b_iso: float = 1.0) -> Phase:
    """Read one phase; species that share a position become one site with several occupancies.

    Parameters
    ----------
    path : CIF file. name : default the file's stem. b_iso : Å², where the file gives no displacement.

    Raises
    ------
    DataError
        If the file is missing, is no CIF, or has no cell, symmetry or sites.
    """
    import gemmi

    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        block = next(b for b in gemmi.cif.read_file(str(path)) if b.find_value("_cell_length_a"))
        small = gemmi.make_small_structure_from_block(block)
    except StopIteration as error:
        raise DataError(f"{path}: no data block with a cell; is this the CIF of a structure?") from error
    except (ValueError, RuntimeError) as error:
        raise DataError(f"{path}: not a readable CIF: {error}") from error
    if not small.sites:
        raise DataError(f"{path}: no atom sites")
    rotations, translations, group = _operations(block, small, path)
    cell = tuple(getattr(small.cell, n) for n in ("a", "b", "c", "alpha", "beta", "gamma"))
    rows = [
        (
            _species(s, path),
            (s.fract.x, s.fract.y, s.fract.z),
            float(s.occ) if np.isfinite(s.occ) else 1.0,
            _B_FROM_U * s.u_iso if s.u_iso > 0 else _from_anisotropic(s, b_iso),
            s.label,
        )
        for s in small.sites
    ]
    sites = _merge(rows)
    label = (name or path.stem).replace("/", "-")
    phase = Phase(label, cell, rotations, translations, sites, group, path.name)  # type: ignore[arg-type]
    _check_overlap(phase, path)
    return phase


def _operations(block: object, small: object, path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    """Operations as listed in the file; else those of the group it names."""
    import gemmi

    for tag in (
        "_space_group_symop_operation_xyz",
        "_symmetry_equiv_pos_as_xyz",
        "_space_group_symop.operation_xyz",
    ):
        column = [gemmi.cif.as_string(v) for v in block.find_values(tag)]  # type: ignore[attr-defined]
        if column:
            ops = [gemmi.Op(text) for text in column]
            found = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(ops))
            rotations, translations = _arrays(list(gemmi.GroupOps(ops)))
            return rotations, translations, found.xhm() if found else "operations as listed"
    group = small.spacegroup  # type: ignore[attr-defined]
    if group is None:
        raise DataError(f"{path}: neither symmetry operations nor a known space group name")
    rotations, translations = _arrays(list(group.operations()))
    return rotations, translations, str(group.xhm())


def _species(site: object, path: Path) -> str:
    """Element with its isotope if the type symbol has one ("11B", "7Li", "D"); charges are left out."""
    text = str(site.type_symbol or site.label)  # type: ignore[attr-defined]
    match = re.match(r"(\d*)([A-Z][a-z]?)", text.strip())
    if match is None:
        raise DataError(f"{path}: atom type {text!r} is no element")
    isotope, element = match.groups()
    if element == "D":
        return "2H"
    known = str(site.element.name)  # type: ignore[attr-defined]
    return isotope + element if isotope else known if known != "X" else element


def _from_anisotropic(site: object, default: float) -> float:
    aniso = site.aniso  # type: ignore[attr-defined]
    mean = (aniso.u11 + aniso.u22 + aniso.u33) / 3
    return float(_B_FROM_U * mean) if mean > 0 else default


def _merge(rows: list[tuple[str, tuple[float, float, float], float, float, str]]) -> tuple[Site, ...]:
    """Rows at one position (within 0.001) become one site."""
    groups: list[list[tuple[str, tuple[float, float, float], float, float, str]]] = []
    for row in rows:
        for group in groups:
            gap = (np.subtract(row[1], group[0][1]) + 0.5) % 1.0 - 0.5
            if np.all(np.abs(gap) < 1e-3):
                group.append(row)
                break
        else:
            groups.append([row])
    sites, seen = [], {}  # type: list[Site], dict[str, int]
    for group in groups:
        label = (group[0][4] or group[0][0]).replace("/", "+")
        seen[label] = seen.get(label, 0) + 1
        label = label if seen[label] == 1 else f"{label}_{seen[label]}"
        position = tuple(float(v) for v in _snapped(group[0][1]))
        shares: dict[str, float] = {}
        for species, _, occupancy, _, _ in group:
            shares[species] = shares.get(species, 0.0) + occupancy
        sites.append(Site(label, position, tuple(shares.items()), float(group[0][3])))  # type: ignore[arg-type]
    return tuple(sites)


def _snapped(position: tuple[float, float, float]) -> np.ndarray:
    """Thirds and sixths written with few digits, put back on their place."""
    x = np.asarray(position)
    near = np.round(x * 24) / 24
    return np.where(np.abs(x - near) < 5e-4, near, x)


def _check_overlap(phase: Phase, path: Path) -> None:
    """Refuse listings of every atom under the full symmetry, which would count them many times."""
    atoms = sum(multiplicity(phase, s) for s in phase.sites)
    from .phase import volume

    if atoms / volume(phase) > 0.6:
        raise DataError(
            f"{path}: {atoms} sites in {volume(phase):.1f} Å³; the file seems to list "
            "symmetry-equivalent atoms "
            "together with the operations that make them"
        )

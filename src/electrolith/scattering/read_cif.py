"""A phase from a CIF, from a space group by name, or from a crystal with partial occupancy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.reading import reader
from electrolith.crystal.cif import CifStructure, read_cif_structure
from electrolith.crystal.cif_rows import B_FROM_U

from .phase import Phase, Site, multiplicity, volume

__all__ = ["phase_from_group", "read_cif_phase", "symmetry"]


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
        If the file is missing, is no CIF, has no cell, symmetry or sites, or contradicts its own formula.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    found = read_cif_structure(path)
    if not found.symmetry.source:
        raise DataError(f"{path}: neither symmetry operations nor a known space group name")
    label = (name or path.stem).replace("/", "-")
    cell = tuple(p.value for p in found.parameters)
    operations = found.symmetry.operations
    phase = Phase(
        label,
        cell,
        np.round(operations[:, :, :3]).astype(int),
        operations[:, :, 3] % 1.0,
        _sites(found, b_iso),
        found.symmetry.group,
        path.name,
    )
    _check_overlap(phase, path)
    return phase


def _sites(found: CifStructure, b_iso: float) -> tuple[Site, ...]:
    """Sites with labels that differ; isotopes are kept, charges left out."""
    sites: list[Site] = []
    seen: dict[str, int] = {}
    for site in found.sites:
        label = site.label.split("/")[0]
        seen[label] = seen.get(label, 0) + 1
        label = label if seen[label] == 1 else f"{label}_{seen[label]}"
        shares: dict[str, float] = {}
        for kind, share in site.members:
            shares[kind.nuclide] = shares.get(kind.nuclide, 0.0) + share.value
        x, y, z = (float(v) for v in site.images[0])
        u = b_iso if site.u_iso is None or not site.u_iso.value > 0 else B_FROM_U * site.u_iso.value
        sites.append(Site(label, (x, y, z), tuple(shares.items()), float(u)))
    return tuple(sites)


def _check_overlap(phase: Phase, path: Path) -> None:
    """Refuse listings of every atom under the full symmetry, which would count them many times."""
    atoms = sum(multiplicity(phase, s) for s in phase.sites)
    if atoms / volume(phase) > 0.6:
        raise DataError(
            f"{path}: {atoms} sites in {volume(phase):.1f} Å³; the file seems to list "
            "symmetry-equivalent atoms together with the operations that make them"
        )

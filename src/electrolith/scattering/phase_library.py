"""Phases that may appear beside the electrolyte, ready as candidates."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

from electrolith.core.errors import InputError, nearest

from .phase import Phase, Site
from .read_cif import phase_from_group, read_cif_phase

__all__ = ["candidate", "library_names"]

_WITHOUT_COORDINATES = ("Li4NCl", "Li4(OH)3Cl")


def _rows() -> list[dict[str, str]]:
    text = files("electrolith.scattering").joinpath("phase_library.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def library_names() -> tuple[str, ...]:
    """Names of the phases in the library."""
    return tuple(dict.fromkeys(row["phase"] for row in _rows()))


def candidate(name: str | Path) -> Phase:
    """A phase from the library by name, or from a CIF by path.

    Raises
    ------
    InputError
        For an unknown name, and for phases known to matter whose coordinates the library does not have.
    """
    if str(name).lower().endswith(".cif"):
        return read_cif_phase(name)
    if str(name) in _WITHOUT_COORDINATES:
        raise InputError(
            f"{name}: the library has no checked coordinates for it; give the path of a CIF instead"
        )
    rows = [row for row in _rows() if row["phase"] == str(name)]
    if not rows:
        raise InputError(nearest("phase library", str(name), library_names()))
    first = rows[0]
    cell = tuple(float(first[k]) for k in ("a", "b", "c", "alpha", "beta", "gamma"))
    sites = tuple(
        Site(
            r["label"],
            (float(r["x"]), float(r["y"]), float(r["z"])),
            ((r["species"], float(r["occupancy"])),),
            float(r["b_iso"]),
        )
        for r in rows
    )
    return phase_from_group(
        str(name), space_group=first["space_group"], cell=cell, sites=sites, source="phase library"
    )

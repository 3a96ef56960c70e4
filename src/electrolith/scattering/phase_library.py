"""Phases that may appear beside the electrolyte, ready as candidates."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

from electrolith.core.errors import InputError, nearest

from .phase import Phase, Site
from .read_cif import phase_from_group, read_cif_phase

__all__ = ["candidate", "library_names", "suspected_names"]

_COMPUTED = {
    "Li4NCl": "measured cell, Li computed",
    "Li4(OH)3Cl": "cell and coordinates computed: off by 1 to 2 %",
}
"""Phases without measured coordinates at hand; they are taken where somebody names them."""


def _rows() -> list[dict[str, str]]:
    text = files("electrolith.scattering").joinpath("phase_library.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def library_names() -> tuple[str, ...]:
    """Names of the phases in the library."""
    return tuple(dict.fromkeys(row["phase"] for row in _rows()))


def suspected_names() -> tuple[str, ...]:
    """Names of the phases that are tried without being asked for: those whose structures were measured."""
    return tuple(name for name in library_names() if name not in _COMPUTED)


def candidate(name: str | Path) -> Phase:
    """A phase from the library by name, or from a CIF by path.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if str(name).lower().endswith(".cif"):
        return read_cif_phase(name)
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
    source = ", ".join(filter(None, ("phase library", _COMPUTED.get(str(name), ""))))
    return phase_from_group(
        str(name), space_group=first["space_group"], cell=cell, sites=sites, source=source
    )

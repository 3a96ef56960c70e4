"""From the journal of a build to the library's two files: a table of energies and the relaxed structures."""

from __future__ import annotations

import csv
import gzip
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.files import write_atomic
from electrolith.stability.library import COLUMNS, reduced
from electrolith.stability.species import species_of

SCHEME = "MP2020-in-labels"


def pack(journal: dict[str, dict[str, Any]], *, table: Path, structures: Path) -> int:
    """Write `table` (CSV) and `structures` (gzipped JSON lines); returns the number of phases."""
    records = sorted(journal.values(), key=lambda r: (reduced(r["formula"]), r["id"]))
    records = [r for r in records if np.isfinite(r["energy"])]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow(row_of(record))
    write_atomic(table, text.getvalue())
    keys = ("formula", "id", "numbers", "lattice", "fractional")
    lines = "\n".join(json.dumps({k: r[k] for k in keys}, separators=(",", ":")) for r in records)
    write_atomic(structures, gzip.compress(lines.encode(), mtime=0))
    return len(records)


def row_of(record: dict[str, Any]) -> dict[str, Any]:
    """The row of the table for one record of the journal."""
    numbers, lattice = np.array(record["numbers"]), np.array(record["lattice"])
    fractional = np.array(record["fractional"])
    count = len(numbers)
    species = species_of(numbers, lattice, fractional)
    return {
        "formula": reduced(record["formula"]),
        "id": record["id"],
        "energy_per_atom": f"{record['energy'] / count:.6f}",
        "volume_per_atom": f"{abs(np.linalg.det(lattice)) / count:.4f}",
        "atoms": count,
        "space_group": _space_group(lattice, fractional, numbers),
        "species": " ".join(f"{name}:{n}" for name, n in species),
        "engine": record["engine"],
        "scheme": SCHEME,
        "settings": record["settings"],
        "converged": "yes" if record["converged"] else "no",
        "largest_force": record["largest_force"],
        "origin": record["source"],
        "start_sha256": record["start_sha256"][:12],
        "start_volume_per_atom": record.get("start_volume_per_atom", ""),
    }


def _space_group(lattice: np.ndarray, fractional: np.ndarray, numbers: np.ndarray) -> str:
    """Space group symbol of the relaxed cell (tolerance 0.05 Å)."""
    import spglib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = spglib.get_spacegroup((lattice, fractional, numbers), symprec=0.05)
    return found.split(" ")[0] if found else ""

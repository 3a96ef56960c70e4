"""The phase library as OPTIMADE serves structures: one JSON document that its clients and databases read."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import reduce
from math import gcd, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from electrolith import __version__
from electrolith.core.files import write_atomic
from electrolith.stability.library import Library, Phase, relaxed_structure

__all__ = ["optimade_document", "write_optimade"]

API = "1.1.0"


def write_optimade(path: Path, library: Library) -> None:
    """Write `optimade_document` atomically."""
    write_atomic(path, json.dumps(optimade_document(library), indent=1, sort_keys=True) + "\n")


def optimade_document(library: Library) -> dict[str, Any]:
    """What an OPTIMADE server answers to `/structures`: every phase, our own properties with our prefix.

    Energies are those of the engine, eV per atom, as the library holds them; lengths Å.

    Raises
    ------
    InputError
        If a phase has no relaxed cell (entries of one's own have none).
    """
    data = [_entry(phase) for phase in library.phases]
    meta = {
        "query": {"representation": "/structures"},
        "api_version": API,
        "more_data_available": False,
        "data_returned": len(data),
        "data_available": len(data),
        "time_stamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "provider": {
            "name": "Electrolith",
            "description": "Phases for the stability of solid electrolytes",
            "prefix": "electrolith",
        },
        "implementation": {"name": "electrolith", "version": __version__},
        "_electrolith_library": library.version,
        "_electrolith_fingerprint": library.fingerprint,
    }
    return {"data": data, "meta": meta}


def _entry(phase: Phase) -> dict[str, Any]:
    """One structure: composition, cell, sites, and how its energy was computed."""
    structure = relaxed_structure(phase)
    symbols = [site.specie.symbol for site in structure]
    elements = sorted(set(symbols))
    counts = [symbols.count(e) for e in elements]
    whole = reduce(gcd, counts)
    reduced = [n // whole for n in counts]
    attributes = {
        "immutable_id": _fingerprint(phase),
        "last_modified": None,
        "elements": elements,
        "nelements": len(elements),
        "elements_ratios": [n / len(symbols) for n in counts],
        "chemical_formula_descriptive": phase.formula,
        "chemical_formula_reduced": _spelled(elements, reduced),
        "chemical_formula_anonymous": _spelled(_letters(len(elements)), sorted(reduced, reverse=True)),
        "dimension_types": [1, 1, 1],
        "nperiodic_dimensions": 3,
        "lattice_vectors": structure.lattice.matrix.tolist(),
        "cartesian_site_positions": np.asarray(structure.cart_coords).tolist(),
        "nsites": len(symbols),
        "species": [{"name": e, "chemical_symbols": [e], "concentration": [1.0]} for e in elements],
        "species_at_sites": symbols,
        "structure_features": [],
        "_electrolith_energy_per_atom": phase.energy_per_atom,
        "_electrolith_engine": phase.engine,
        "_electrolith_scheme": phase.scheme,
        "_electrolith_settings": phase.settings,
        "_electrolith_converged": phase.converged,
        "_electrolith_largest_force": phase.largest_force if isfinite(phase.largest_force) else None,
        "_electrolith_space_group": phase.space_group,
        "_electrolith_origin": phase.origin,
        "_electrolith_origin_sha256": phase.start_sha256,
        "_electrolith_fingerprint": _fingerprint(phase),
    }
    return {"id": f"{phase.formula}/{phase.id}", "type": "structures", "attributes": attributes}


def _fingerprint(phase: Phase) -> str:
    """First 12 hexadecimal digits of the SHA-256 of what the library's own fingerprint takes of a phase."""
    return hashlib.sha256(phase.line.encode()).hexdigest()[:12]


def _spelled(names: list[str], counts: list[int]) -> str:
    """Names with their counts, a count of one left out."""
    return "".join(f"{name}{count if count > 1 else ''}" for name, count in zip(names, counts, strict=True))


def _letters(count: int) -> list[str]:
    """A, B, C …: the anonymous elements."""
    return [chr(ord("A") + i) for i in range(count)]

"""Entries of the user: a CSV of energies, or the JSON of pymatgen's computed entries."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError, MissingExtra, brief
from electrolith.core.plausible import all_equal
from electrolith.core.reading import reader, said
from electrolith.stability.entries import EntrySet, entries_from_pymatgen, refuse_mixed_runs
from electrolith.stability.library import Phase, read_library, reduced


@reader("phases")
def read_phases(path: Path) -> tuple[Phase, ...]:
    """Phases of a user's table, or of pymatgen's JSON, to add to a library of the same engine and scheme.

    Raises
    ------
    InputError
        If the file is missing. DataError : if it is neither.
    """
    if path.suffix.lower() != ".json":
        found = read_library(path).phases
    else:
        found = tuple(phase_of(entry, origin=path.name) for entry in read_computed_entries(path))
    energies = np.array([p.energy_per_atom for p in found])
    if len({p.formula for p in found}) > 1 and (equal := all_equal(energies, label="energies per atom")):
        raise DataError(f"{path}: {equal}")
    return found


@reader("entries")
def read_entry_set(path: Path) -> EntrySet:
    """A complete entry set from pymatgen's JSON (all elements included), without the shipped library."""
    return entries_from_pymatgen(read_computed_entries(path))


@reader("computed entries")
def read_computed_entries(path: Path) -> list[Any]:
    """Computed entries of a JSON file: a list of `ComputedEntry.as_dict()`.

    Raises
    ------
    InputError
        If the file is missing or mixes functionals. DataError : if it is no such list.
    """
    if not path.exists():
        raise InputError(f"entries: no file {path}")
    try:
        records = json.loads(read_text(path))
        entries = [_entry(r) for r in records]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(
            f"{path}: {said(error)}; expected a JSON list of pymatgen ComputedEntry records"
        ) from error
    refuse_mixed_runs(entries)
    return entries


def _entry(record: dict[str, Any]) -> Any:
    """One entry, field by field: the classes that the record itself names are not asked for."""
    from pymatgen.entries.computed_entries import ComputedEntry

    amounts = {str(k): float(v) for k, v in record["composition"].items()}
    energy = float(record["energy"])
    correction = float(record.get("correction") or 0.0)
    if not amounts or not all(0 < n < math.inf for n in amounts.values()):
        raise ValueError(f"amounts {brief(amounts)} are not all above 0")
    if not (math.isfinite(energy) and math.isfinite(correction)):
        raise ValueError(f"energy {energy} with correction {correction} is not finite")
    if record.get("energy_adjustments") and record.get("correction") is None:
        raise ValueError("energy_adjustments without their sum, correction; write the entries anew")
    return ComputedEntry(
        amounts,
        energy,
        correction=correction,
        parameters=dict(record.get("parameters") or {}),
        data=dict(record.get("data") or {}),
        entry_id=record.get("entry_id"),
    )


def phase_of(entry: Any, *, origin: str) -> Phase:
    """A computed entry of pymatgen as a phase; its corrections become part of the scheme's name."""
    run = str(entry.parameters.get("run_type") or entry.data.get("run_type") or "unknown")
    corrected = "corrected" if abs(entry.correction) > 1e-9 else "uncorrected"
    return Phase(
        reduced(entry.composition.formula.replace(" ", "")),
        str(entry.entry_id),
        float(entry.energy_per_atom),
        float("nan"),
        int(entry.composition.num_atoms),
        (),
        engine="GGA/GGA+U" if run in ("GGA", "GGA+U", "GGA_U") else run,
        scheme=str(entry.parameters.get("scheme") or corrected),
        origin=origin,
    )


def materials_project_entries(
    elements: Sequence[str], *, api_key: str | None, client: Any | None = None
) -> tuple[Phase, ...]:
    """Phases of a chemical system from the Materials Project, GGA(+U) with its 2020 corrections.

    Parameters
    ----------
    api_key : a key from next-gen.materialsproject.org; read from MP_API_KEY by the command line.
    client : an open client, for tests; else one is opened and closed again.

    Raises
    ------
    MissingExtra
        If mp-api is not installed. InputError : without a key, without a network, or if the answer is empty
        or of mixed functionals.
    """
    system = "-".join(sorted(elements))
    if client is None:
        client = _open_client(api_key)
    try:
        entries = client.get_entries_in_chemsys(
            list(elements), additional_criteria={"thermo_types": ["GGA_GGA+U"]}
        )
    except (OSError, ConnectionError) as error:
        raise InputError(
            f"Materials Project: no answer for {system} ({error}); without a network use the library that "
            "comes with the package, or --entries FILE"
        ) from error
    if not entries:
        raise InputError(f"Materials Project: no entries for {system}")
    refuse_mixed_runs(entries)
    return tuple(phase_of(e, origin="Materials Project") for e in entries)


def _open_client(api_key: str | None) -> Any:
    """A client of the Materials Project."""
    if not api_key:
        raise InputError(
            "Materials Project: no key; get one at https://next-gen.materialsproject.org/api "
            "and set MP_API_KEY"
        )
    try:
        from mp_api.client import MPRester
    except ImportError as error:
        raise MissingExtra("mp", "mp-api") from error
    return MPRester(api_key)

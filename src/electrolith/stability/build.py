"""The resumable build of the phase library: one line of the journal per phase, never half a line."""

from __future__ import annotations

import csv
import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.reading import reader
from electrolith.stability.relax import ENGINE, Relaxed, RelaxSettings, chgnet_calculator, relax


@dataclass(frozen=True)
class Candidate:
    """One starting structure: reduced formula, id, file name, where it came from, priority (0 first)."""

    formula: str
    id: str
    file: str
    source: str
    priority: int
    atoms: int


@reader("a table of candidates")
def read_candidates(path: Path) -> tuple[Candidate, ...]:
    """Read the list of phases, a CSV with columns formula, id, priority, atoms, file, source."""
    if not path.exists():
        raise InputError(f"phases build: no list of phases at {path}; give a CSV as `phases list` prints it")
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    try:
        return tuple(
            Candidate(r["formula"], r["id"], r["file"], r["source"], int(r["priority"]), int(r["atoms"]))
            for r in rows
        )
    except (KeyError, ValueError) as error:
        raise DataError(
            f"{path}: {error}; the list needs columns formula, id, priority, atoms, file, source"
        ) from error


@reader("a journal of relaxations")
def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Phases already done, by `formula id`; a last line cut short by a kill is left out."""
    done: dict[str, dict[str, Any]] = {}
    if not path.exists():
        return done
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):
                break
            raise DataError(f"{path}, line {number}: not a record of a phase ({error})") from error
        done[f"{record['formula']} {record['id']}"] = record
    return done


def pending(
    candidates: tuple[Candidate, ...], journal: dict[str, dict[str, Any]], settings: RelaxSettings
) -> tuple[Candidate, ...]:
    """Candidates with no record made under these settings: what a build would compute."""
    wanted = settings.fingerprint()
    return tuple(c for c in candidates if journal.get(f"{c.formula} {c.id}", {}).get("settings") != wanted)


def record_of(
    candidate: Candidate, start: str, start_volume: float, relaxed: Relaxed, settings: RelaxSettings
) -> dict[str, Any]:
    """The journal's record: positions to 1e-5, lattice to 1e-5 Å, energy to 1e-6 eV, volume Å³ per atom."""
    return {
        "formula": candidate.formula,
        "id": candidate.id,
        "source": candidate.source,
        "start_volume_per_atom": round(start_volume, 4),
        "start_sha256": hashlib.sha256(start.encode()).hexdigest(),
        "engine": ENGINE,
        "settings": settings.fingerprint(),
        "energy": round(relaxed.energy, 6),
        "numbers": relaxed.numbers.tolist(),
        "lattice": np.round(relaxed.lattice, 5).tolist(),
        "fractional": np.round(relaxed.fractional, 5).tolist(),
        "steps": relaxed.steps,
        "largest_force": round(relaxed.largest_force, 4),
        "converged": relaxed.converged,
    }


def build(
    candidates: tuple[Candidate, ...],
    *,
    structures: Path,
    journal: Path,
    settings: RelaxSettings,
    calculator: Any | None = None,
    progress: Callable[[str], None] = print,
) -> Iterator[dict[str, Any]]:
    """Relax what is pending, appending each record to `journal` as soon as it is done."""
    todo = pending(candidates, read_journal(journal), settings)
    if todo and calculator is None:
        calculator = chgnet_calculator(settings)
    drop_torn_line(journal)
    for number, candidate in enumerate(todo, start=1):
        path = structures / candidate.file
        if not path.exists():
            progress(
                f"{number}/{len(todo)} {candidate.formula} {candidate.id}: no file {path.name}, left out"
            )
            continue
        try:
            record = _record(candidate, path, settings, calculator)
        except (InputError, ValueError, RuntimeError, AttributeError) as error:
            progress(f"{number}/{len(todo)} {candidate.formula} {candidate.id}: {error}; left out")
            continue
        with journal.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(record) + "\n")
        progress(
            f"{number}/{len(todo)} {candidate.formula} {candidate.id}: "
            f"{record['energy'] / len(record['numbers']):.4f} eV/atom, {record['steps']} steps"
        )
        yield record


def _record(candidate: Candidate, path: Path, settings: RelaxSettings, calculator: Any) -> dict[str, Any]:
    """Relax the structure of one file."""
    from pymatgen.core import Structure

    start = path.read_text(encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        structure = Structure.from_str(start, fmt="cif")
        relaxed = relax(structure, settings=settings, calculator=calculator)
    return record_of(candidate, start, structure.volume / len(structure), relaxed, settings)


def drop_torn_line(journal: Path) -> None:
    """Cut a last line that a kill left unfinished, so that the next record starts on its own."""
    if not journal.exists():
        return
    data = journal.read_bytes()
    if data and not data.endswith(b"\n"):
        journal.write_bytes(data[: data.rfind(b"\n") + 1])

"""Small entry sets made by hand, and the library that comes with the package."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry
from pymatgen.core import Composition
from pymatgen.entries.computed_entries import ComputedEntry

from electrolith.stability.entries import EntrySet, entries_from_pymatgen
from electrolith.stability.library import Library, composition_of, reduced, shipped_library

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="session")
def library() -> Library:
    """The shipped library."""
    return shipped_library()


@pytest.fixture(scope="session")
def toy() -> Callable[..., EntrySet]:
    """Entry set from formation energies in eV per formula unit; elements are added at zero."""

    def make(energies: dict[str, float], *, error: float = 0.0, draws: int = 0, seed: int = 0) -> EntrySet:
        elements = tuple(sorted({e for f in energies for e, _ in composition_of(f)}))
        names = [*elements, *energies]
        matrix = np.array([[dict(composition_of(f)).get(e, 0.0) for f in names] for e in elements])
        energy = np.array([0.0] * len(elements) + list(energies.values()))
        noise = np.random.default_rng(seed).standard_normal((draws, len(names))) * error
        noise[:, : len(elements)] = 0.0
        return EntrySet(
            tuple(reduced(f) for f in names),
            tuple(names),
            elements,
            matrix,
            energy,
            energy + noise,
            "toy",
            "toy",
        )

    return make


@pytest.fixture(scope="session")
def li_fe_o() -> list[ComputedEntry]:
    """pymatgen's own test entries of Li-Fe-O."""
    with (REFERENCE / "li_fe_o_entries.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(line for line in handle if not line.startswith("#")))
    return [
        ComputedEntry(
            Composition({e: int(r[e]) for e in ("Li", "Fe", "O")}), float(r["Final energy"]), entry_id=str(k)
        )
        for k, r in enumerate(rows)
    ]


@pytest.fixture(scope="session")
def li_fe_o_set(li_fe_o: list[PDEntry]) -> EntrySet:
    """The same as our entry set."""
    return entries_from_pymatgen(li_fe_o)

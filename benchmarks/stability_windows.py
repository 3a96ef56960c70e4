"""Windows: one in five elements, and the whole comparison with resampling, beside a plain pymatgen loop."""

import time
from dataclasses import replace

from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from electrolith.stability.comparison import compare, electrolytes
from electrolith.stability.entries import EntrySet, EntrySettings, entries_of
from electrolith.stability.library import shipped_library
from electrolith.stability.material import Material
from electrolith.stability.window import window

DRAWS = 200


def pymatgen_loop(entries: EntrySet, formula: str, draws: int) -> float:
    """Seconds per draw of PhaseDiagram and its element profile."""
    start = time.perf_counter()
    for energies in entries.draws[:draws]:
        phases = [
            PDEntry(Composition(dict(zip(entries.elements, column, strict=True))), energy)
            for column, energy in zip(entries.matrix.T, energies, strict=True)
        ]
        PhaseDiagram(phases).get_element_profile(Element("Li"), Composition(formula))
    return (time.perf_counter() - start) / draws


def main() -> None:
    """Print seconds and ratios."""
    library = shipped_library()
    elements = ("Li", "P", "S", "Cl", "O")
    entries_of(library, elements, EntrySettings(draws=0))  # calibrates once
    start = time.perf_counter()
    entries = entries_of(library, elements, EntrySettings(draws=DRAWS))
    window(Material("Li3PS4"), replace(entries, draws=entries.draws[:0]))
    single = time.perf_counter() - start
    start = time.perf_counter()
    window(Material("Li3PS4"), entries)
    ours = (time.perf_counter() - start) / DRAWS
    theirs = pymatgen_loop(entries, "Li3PS4", 3)
    print(f"five-element window ({len(entries.ids)} entries, set up included): {single:.2f} s")
    print(f"one resample: {1e3 * ours:.1f} ms; pymatgen {1e3 * theirs:.0f} ms; ratio {theirs / ours:.0f}")
    start = time.perf_counter()
    found = compare(library, EntrySettings(draws=DRAWS), temperature=None)
    seconds = time.perf_counter() - start
    print(f"{len(found.rows)} of {len(electrolytes())} materials with {DRAWS} resamples: {seconds:.1f} s")


if __name__ == "__main__":
    main()

"""Ordering a disordered crystal: speed against pymatgen, memory of a large lattice.

Run with `python benchmarks/crystal_ordering.py`. Every ratio is of times measured in this one run.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.crystal.composition import given_composition
from electrolith.crystal.decorate import random_decorations, supercell_sites
from electrolith.crystal.ewald import energies, pair_matrix
from electrolith.crystal.order import Keep, Ordering, order_crystal
from electrolith.crystal.read import read_crystal

EXAMPLE = Path(__file__).parents[1] / "examples" / "li9n2cl3" / "li9n2cl3.cif"
CHARGES = {"Li": 1.0, "N": -3.0, "Cl": -1.0}
DECORATIONS = 3000
SINGLE_SUMS = 6  # pymatgen sums really timed; 3000 would take minutes
PATIENCE = 60.0  # s, for pymatgen's minimising algorithm


def seconds(job: Callable[[], Any], repeats: int) -> float:
    """Shortest of some runs, s."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


def rank(crystal: Any) -> np.ndarray:
    """3000 random decorations of the 96-site cell and their energies, pair matrix included."""
    sites = supercell_sites(crystal, (2, 2, 2))
    composition = given_composition(crystal, (2, 2, 2), "Li54N12Cl18")
    decorations = random_decorations(sites, composition, DECORATIONS, rng=np.random.default_rng(1))
    return energies(pair_matrix(sites.positions, sites.cell), sites.charges[decorations])


def whole_job(crystal: Any) -> Any:
    """The published protocol: 3000 ranked, symmetry copies removed, 50 frames out."""
    return order_crystal(crystal, Ordering(composition="Li54N12Cl18", keep=Keep(30, 20, 0)))


def pymatgen_sums(frames: tuple[Any, ...]) -> float:
    """Seconds for one of pymatgen's Ewald sums of an 84-atom decoration."""
    from pymatgen.analysis.ewald import EwaldSummation
    from pymatgen.core import Lattice, Structure

    structures = [
        Structure(Lattice(f.cell), f.symbols, f.positions, coords_are_cartesian=True) for f in frames
    ]
    for structure in structures:
        structure.add_oxidation_state_by_site([CHARGES[site.specie.symbol] for site in structure])
    return float(np.mean([seconds(lambda s=s: EwaldSummation(s).total_energy, 1) for s in structures]))


def pymatgen_ordering(algorithm: int, number: int) -> int:
    """Run pymatgen's OrderDisorderedStructureTransformation on the same 96 sites."""
    from pymatgen.core import Lattice, Structure
    from pymatgen.transformations.standard_transformations import OrderDisorderedStructureTransformation

    species = [{"Li+": 54 / 64}, {"N3-": 12 / 32, "Cl-": 18 / 32}]
    structure = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.3506), species, [[0.25, 0.25, 0.25], [0, 0, 0]]
    )
    structure.make_supercell([2, 2, 2])
    transformation = OrderDisorderedStructureTransformation(algo=algorithm)
    return len(transformation.apply_transformation(structure, return_ranked_list=number))


def within(patience: float, algorithm: int, number: int) -> tuple[float, bool]:
    """Seconds of pymatgen's ordering in a process of its own, and whether it ended in time."""
    process = multiprocessing.get_context("spawn").Process(target=pymatgen_ordering, args=(algorithm, number))
    start = time.perf_counter()
    process.start()
    process.join(patience)
    ended = process.exitcode is not None
    if not ended:
        process.kill()
        process.join()
    return time.perf_counter() - start, ended


def large_lattice(queue: Any) -> None:
    """Pair matrix of 2160 sites and 3000 energies, in a process of its own: seconds and peak memory, MB."""
    crystal = read_crystal(EXAMPLE, oxidation_states=CHARGES)
    sites = supercell_sites(crystal, (6, 6, 5))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    matrix = pair_matrix(sites.positions, sites.cell)
    charges = sites.charges[np.random.default_rng(0).integers(0, 4, (DECORATIONS, len(sites)))]
    energies(matrix, charges)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    queue.put((len(sites), time.perf_counter() - start, before, peak))


def main() -> None:
    """Print every ratio."""
    warnings.simplefilter("ignore")
    crystal = read_crystal(EXAMPLE, oxidation_states=CHARGES)
    ranking = seconds(lambda: rank(crystal), 5)
    whole = seconds(lambda: whole_job(crystal), 3)
    print(f"ranking {DECORATIONS} decorations of 96 sites, pair matrix included: {ranking:.3f} s")
    print(f"the whole job (ranked, symmetry copies removed, 50 frames): {whole:.3f} s")
    one = pymatgen_sums(whole_job(crystal).frames[:SINGLE_SUMS])
    print(f"one pymatgen EwaldSummation of 84 atoms: {one:.3f} s (mean of {SINGLE_SUMS})")
    print(
        f"  ranking against {DECORATIONS} such sums, extrapolated: "
        f"{one * DECORATIONS / ranking:.0f} times faster"
    )
    generated = seconds(lambda: pymatgen_ordering(-1, DECORATIONS), 1)
    print(
        f"pymatgen ordering, random algorithm, {DECORATIONS} structures without energies: {generated:.2f} s"
    )
    print(f"  the whole job against it: {generated / whole:.0f} times faster")
    print(
        "  against it and its energies, extrapolated: "
        f"{(generated + one * DECORATIONS) / whole:.0f} times faster"
    )
    minimised, ended = within(PATIENCE, 0, 50)
    text = f"{minimised:.1f} s" if ended else f"not ended after {minimised:.0f} s"
    print(f"pymatgen ordering, fast minimiser, 50 structures: {text}")
    print(f"  the whole job against it: {'' if ended else 'more than '}{minimised / whole:.0f} times faster")
    queue = multiprocessing.get_context("spawn").Queue()
    process = multiprocessing.get_context("spawn").Process(target=large_lattice, args=(queue,))
    process.start()
    sites, spent, before, peak = queue.get()
    process.join()
    print(
        f"pair matrix and {DECORATIONS} energies of {sites} sites: {spent:.1f} s, peak memory {peak:.0f} MB",
        end="",
    )
    print(f" (of which {before:.0f} MB are Python and its packages)")


if __name__ == "__main__":
    main()

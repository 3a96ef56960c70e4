"""How the ions move: sites, jumps by their surroundings, and why local jumps are easier than diffusion."""

from __future__ import annotations

import numpy as np

from electrolith.crystal.decorate import VACANT
from electrolith.crystal.order import Orderings
from electrolith.crystal.site import EMPTY, surroundings
from electrolith.crystal.species import element_of
from electrolith.crystal.voids import find_voids
from electrolith.motion.diffusivities import Diffusivities
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.jumps import SiteSet
from electrolith.motion.mechanism import Mechanism, MechanismResult
from electrolith.motion.mechanism import mechanism as mechanism_of
from electrolith.motion.motor import masses_of
from electrolith.motion.results import Trajectories
from electrolith.study.section import Evidence, Results, Section
from electrolith.study.sections.material import Material
from electrolith.study.sections.mechanism_parts import parts
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.sections.search import Found
from electrolith.study.wiring import Stage

__all__ = ["SECTION"]

OCTAHEDRAL = 6


def sites_of(
    orderings: Orderings, relaxed: RelaxedOrderings, mobile: str, index: int
) -> tuple[SiteSet, SiteSet | None]:
    """Sites of the mobile ions in one relaxed ordering, from its framework's centre of mass, and octahedra.

    The ideal points are stretched into the relaxed cell and moved by the mean displacement of the framework.
    """
    lattice = orderings.sites
    which = relaxed.chosen[index]
    frame = relaxed.relaxed[which].frame
    names = np.array([element_of(s) if s else "" for s in lattice.species])
    here = lattice.allowed[:, names == mobile].any(axis=1)
    to_cell = np.linalg.inv(lattice.cell) @ frame.cell
    points = lattice.positions @ to_cell
    framework = np.array([s != mobile for s in frame.symbols])
    off = frame.positions - points[orderings.site_of_atom[which]]
    off -= np.round(off @ np.linalg.inv(frame.cell)) @ frame.cell
    masses = masses_of(frame.numbers) * framework
    origin = masses @ frame.positions / masses.sum()
    shift = off[framework].mean(axis=0) - origin
    code = orderings.decorations[which]
    around = np.flatnonzero(~here)[np.argsort(code[~here], kind="stable")]  # names in one order everywhere
    anions = lattice.positions[around]
    kinds = [EMPTY if c == VACANT else str(names[c]) for c in code[around]]
    labels = surroundings(lattice.positions[here], anions, kinds, lattice.cell)
    voids = find_voids(anions, lattice.cell)
    octahedra = voids.positions[voids.coordination == OCTAHEDRAL]
    beside = surroundings(octahedra, anions, kinds, lattice.cell, number=OCTAHEDRAL)
    named = tuple(f"octahedron {name}" for name in beside)
    holes = SiteSet(octahedra @ to_cell + shift, frame.cell, named) if len(octahedra) > 1 else None
    return SiteSet(points[here] + shift, frame.cell, labels), holes


def mechanism(
    settings: Mechanism,
    trajectories: Trajectories,
    diffusivities: Diffusivities,
    found: Found,
    relaxed: RelaxedOrderings,
    material: Material,
    dynamics: Dynamics,
) -> MechanismResult:
    """Jumps in every trusted run."""
    sites = [sites_of(found.orderings, relaxed, material.mobile, i) for i in range(dynamics.orderings)]
    holes = [h for _, h in sites if h is not None]
    return mechanism_of(
        trajectories,
        diffusivities,
        [s for s, _ in sites],
        holes if len(holes) == len(sites) else None,
        settings=settings,
        rng=np.random.default_rng(dynamics.seed),
    )


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Activation energy of local jumps, to stand beside that of relaxation in NMR."""
    found = results.get(MechanismResult)
    if found is None or found.local_energy is None:
        return ()
    return (
        Evidence(
            "nmr_activation_energy",
            "Activation energy of local jumps",
            found.local_energy,
            "computed",
            "jumps counted in molecular dynamics",
            note="every jump counts, also those undone at once",
        ),
    )


SECTION = Section("mechanism", Mechanism, (Stage(mechanism, version=4),), evidence, parts)

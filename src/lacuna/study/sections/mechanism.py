"""How the ions move: sites, jumps by their surroundings, and why local jumps are easier than diffusion."""

from __future__ import annotations

import numpy as np

from lacuna.core.constants import BOLTZMANN
from lacuna.crystal.decorate import VACANT
from lacuna.crystal.order import Orderings
from lacuna.crystal.site import EMPTY, surroundings
from lacuna.crystal.species import element_of
from lacuna.crystal.voids import find_voids
from lacuna.motion.diffusivities import Diffusivities
from lacuna.motion.dynamics import Dynamics
from lacuna.motion.jumps import SiteSet
from lacuna.motion.mechanism import Mechanism, MechanismResult
from lacuna.motion.mechanism import mechanism as mechanism_of
from lacuna.motion.motor import masses_of
from lacuna.motion.results import Trajectories
from lacuna.study.figure import Axis, Figure, Layer, Line, Points, Role
from lacuna.study.section import Evidence, Part, Results, Section, Table
from lacuna.study.sections.material import Material
from lacuna.study.sections.relaxation import RelaxedOrderings
from lacuna.study.wiring import Stage

__all__ = ["SECTION"]

OCTAHEDRAL = 6
ROLES: tuple[Role, ...] = ("computed", "second", "third", "fourth", "measured", "published")


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
    kinds = [EMPTY if c == VACANT else str(names[c]) for c in code[~here]]
    labels = surroundings(lattice.positions[here], lattice.positions[~here], kinds, lattice.cell)
    voids = find_voids(lattice.positions[~here], lattice.cell)
    octahedra = voids.positions[voids.coordination == OCTAHEDRAL] @ to_cell + shift
    holes = SiteSet(octahedra, frame.cell, ("octahedral",) * len(octahedra)) if len(octahedra) > 1 else None
    return SiteSet(points[here] + shift, frame.cell, labels), holes


def mechanism(
    settings: Mechanism,
    trajectories: Trajectories,
    diffusivities: Diffusivities,
    orderings: Orderings,
    relaxed: RelaxedOrderings,
    material: Material,
    dynamics: Dynamics,
) -> MechanismResult:
    """Jumps in every trusted run."""
    found = [sites_of(orderings, relaxed, material.mobile, i) for i in range(dynamics.orderings)]
    holes = [h for _, h in found if h is not None]
    return mechanism_of(
        trajectories,
        diffusivities,
        [s for s, _ in found],
        holes if len(holes) == len(found) else None,
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


def _rate_figure(found: MechanismResult) -> Figure:
    """Rates by surroundings against 1000/T."""
    x = 1000 / found.temperatures
    layers: list[Layer] = []
    for number, name in enumerate(found.labels[: len(ROLES)]):
        rate = found.rates[:, number]
        count = np.array(
            [j.counts[j.labels.index(name)].sum() if name in j.labels else 0 for j in found.jumps]
        )
        good = (count > 0) & (rate > 0)
        if not good.any():
            continue
        spread = np.exp(1 / np.sqrt(count[good]))
        layers.append(
            Points(x[good], rate[good], name, ROLES[number], rate[good] / spread, rate[good] * spread)
        )
        energy = found.by_label.get(name)
        if energy is not None:
            grid = np.linspace(x.min(), x.max(), 30)
            middle = np.average(np.log(rate[good]), weights=count[good])
            centre = np.average(x[good], weights=count[good])
            slope = np.exp(middle - energy.value * (grid - centre) / (1000 * BOLTZMANN))
            layers.append(Line(grid, slope, "", ROLES[number]))
    return Figure(
        "jump-rates",
        "Jumps out of a site per ion and picosecond, by the anions that surround the site (□: vacant).",
        Axis("1000 K / T"),
        Axis("jumps / (ion ps)", log=True),
        tuple(layers),
    )


def _site_table(found: MechanismResult) -> Table:
    """Kinds of sites at the hottest temperature, with the activation energies over all."""
    jumps = found.jumps[-1]
    rows = []
    for name in found.labels:
        k = jumps.labels.index(name)
        out = int(jumps.counts[k].sum())
        energy = found.by_label.get(name)
        rows.append(
            (
                name,
                str(jumps.sites[k]),
                f"{100 * jumps.visited[k]:.0f} %",
                f"{100 * jumps.time[k] / jumps.time.sum():.1f} %",
                f"{jumps.rates[k]:.3g}" if jumps.time[k] > 0 else "–",
                f"{100 * jumps.back[k] / out:.0f} %" if out else "–",
                energy.text() if energy is not None else "–",
            )
        )
    return Table(
        ("surroundings", "sites", "visited", "time", "jumps / (ion ps)", "undone", "activation energy"),
        tuple(rows),
        f"Sites at {found.temperatures[-1]:g} K, all trusted runs; energies over all temperatures",
    )


def _temperature_table(found: MechanismResult) -> Table:
    rows = tuple(
        (
            f"{t:g}",
            str(int(j.counts.sum())),
            f"{j.rate:.3g}",
            f"{100 * j.back_fraction:.0f} %",
            f"{f:.2f}",
            f"{100 * h:.1f} %" if np.isfinite(h) else "–",
            str(j.dimensions),
        )
        for t, j, f, h in zip(found.temperatures, found.jumps, found.correlation, found.holes, strict=True)
    )
    columns = ("T / K", "jumps", "per ion and ps", "undone", "6D/Γl²", "time in octahedra", "percolates in")
    return Table(columns, rows, "Jumps at every temperature; percolation in so many directions")


def parts(results: Results) -> tuple[Part, ...]:
    """The mechanism's part of the report."""
    found = results.get(MechanismResult)
    if found is None:
        return ()
    hottest = found.jumps[-1]
    share, hot = 100 * hottest.back_fraction, found.temperatures[-1]
    sentence = f"{share:.0f} % of the jumps at {hot:g} K undo the one before"
    names = ("every jump", "jumps not undone", "diffusion")
    energies = (found.local_energy, found.lasting_energy, found.diffusion_energy)
    told = [f"{e.text()} for {name}" for name, e in zip(names, energies, strict=True) if e is not None]
    if told:
        sentence += "; activation energies: " + ", ".join(told)
    warnings: tuple[str, ...] = ()
    if hottest.rate * found.interval / 1000 > 0.1:
        warnings = (
            f"an ion jumps every {1 / hottest.rate:.2g} ps at {found.temperatures[-1]:g} K and was looked at "
            f"every {found.interval / 1000:.2g} ps: some jumps there and back went unseen; sample more often",
        )
    return (
        Part(
            "Mechanism",
            sentence + ".",
            (_rate_figure(found),),
            (_temperature_table(found), _site_table(found)),
            warnings,
            (
                "An ion belongs to a site from the moment it enters its core "
                "(0.45 of the shortest distance between sites) until it enters another.",
            ),
        ),
    )


SECTION = Section("mechanism", Mechanism, (Stage(mechanism),), evidence, parts)

"""What the report shows of the relaxed orderings: energies, lattice parameters, canonical averages."""

from __future__ import annotations

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.core.plausible import all_equal
from electrolith.crystal.order import Kind
from electrolith.motion.dynamics import Dynamics
from electrolith.study.figure import Axis, Figure, Line, Points, Role
from electrolith.study.printed import doubted, printed
from electrolith.study.section import Evidence, Part, Results, Table
from electrolith.study.sections.frozen_in import FrozenIn
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.table import Cell

__all__ = ["evidence", "parts"]

ROLES: dict[Kind, Role] = {
    "lowest": "computed",
    "random": "measured",
    "monte carlo": "second",
    "engine": "third",
}
PUBLISHED: tuple[Kind, ...] = ("lowest", "random")


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Lattice parameter, canonical; how the published protocol averages it stands in its note."""
    found = results.get(RelaxedOrderings)
    if found is None:
        return ()
    good = np.array([r.converged for r in found.relaxed])
    note = (
        f"0 K, canonical at {found.temperature:g} K over {good.sum()} orderings, "
        f"effective number {found.effective:.1f}"
    )
    plain = found.lattice_parameters[good & np.isin(found.kinds, PUBLISHED)]
    if plain.size > 1:
        note += f"; plain mean of {_counts(found, PUBLISHED)} (published protocol) {plain.mean():.3f} Å"
    value = Estimate.weighted(found.lattice_parameters, found.weights, "angstrom")
    label = "Lattice parameter a, over orderings"
    return (Evidence("lattice_parameter", label, value, "computed", found.engine, note=note),)


def _counts(found: RelaxedOrderings, kinds: tuple[Kind, ...]) -> str:
    return " + ".join(f"{found.kinds.count(k)} {k}" for k in kinds if found.kinds.count(k))


def _figure(found: RelaxedOrderings) -> Figure:
    """Energy against lattice parameter, by kind."""
    above = found.above
    layers = []
    for kind, role in ROLES.items():
        pick = [i for i, k in enumerate(found.kinds) if k == kind]
        if pick:
            text = tuple(
                f"ordering {i + 1} ({kind})<br>{above[i]:.2f} meV/atom<br>"
                f"a {found.lattice_parameters[i]:.4f} Å<br>weight {found.weights[i]:.2g}"
                for i in pick
            )
            layers.append(
                Points(found.lattice_parameters[pick], above[pick], f"{kind} ({len(pick)})", role, text=text)
            )
    return Figure(
        "relaxations",
        "Energy of the relaxed orderings above the lowest, against the lattice parameter of a cubic cell of "
        "the same volume.",
        Axis("lattice parameter / Å"),
        Axis("energy above the lowest / meV per atom"),
        tuple(layers),
    )


def _kinds(found: RelaxedOrderings) -> Table:
    """A row for each kind, the published protocol's, and the canonical average."""
    rows: list[tuple[Cell, ...]] = [
        (kind, *_row(found, [i for i, k in enumerate(found.kinds) if k == kind]))
        for kind in dict.fromkeys(found.kinds)
    ]
    both = [i for i, k in enumerate(found.kinds) if k in PUBLISHED]
    if both and len({found.kinds[i] for i in both}) > 1:
        rows.append((f"{_counts(found, PUBLISHED)} (published protocol)", *_row(found, both)))
    mean_a = float(found.weights @ found.lattice_parameters)
    std_a = float(np.sqrt(found.weights @ (found.lattice_parameters - mean_a) ** 2))
    mean_e = float(found.weights @ np.where(found.weights > 0, found.above, 0.0))
    rows.append(
        (
            f"canonical at {found.temperature:g} K",
            printed(found.effective, ".1f", after=" effective"),
            printed(mean_e, ".2f"),
            0.0,
            doubted(mean_a, std_a),
            None,
        )
    )
    columns = (
        "kind",
        "number",
        "mean energy above the lowest / meV per atom",
        "least",
        "lattice parameter / Å",
        "furthest move of an atom / Å",
    )
    return Table(columns, tuple(rows), "In parentheses the spread over orderings")


def _row(found: RelaxedOrderings, pick: list[int]) -> tuple[Cell, ...]:
    """Number, energies, lattice parameter and furthest move of some orderings."""
    a, e = found.lattice_parameters[pick], found.above[pick]
    furthest = max(found.relaxed[i].furthest for i in pick)
    return (
        len(pick),
        doubted(float(e.mean()), float(e.std())),
        printed(float(e.min()), ".2f"),
        doubted(float(a.mean()), float(a.std())),
        printed(furthest, ".1f"),
    )


def _for_dynamics(found: RelaxedOrderings, number: int) -> Table:
    """The orderings that dynamics takes: how far above the lowest, and their share."""
    shares = found.shares(number)
    rows = tuple(
        (
            n + 1,
            f"{i + 1} ({found.kinds[i]})",
            printed(found.above[i], ".2f"),
            printed(found.lattice_parameters[i], ".4f"),
            printed(100 * share, ".1f", "%"),
        )
        for n, (i, share) in enumerate(zip(found.chosen[:number], shares, strict=True))
    )
    columns = (
        "in dynamics",
        "ordering",
        "above the lowest / meV per atom",
        "lattice parameter / Å",
        "share in averages",
    )
    caption = (
        f"Orderings that dynamics runs: one of each arrangement of the immobile ions; together they carry "
        f"{100 * found.covered(number):.1f} % of the canonical weight of the orderings that were found"
    )
    return Table(columns, rows, caption)


def _frozen_figure(frozen: FrozenIn, found: RelaxedOrderings) -> Figure:
    """Lattice parameter against the temperature at which disorder was frozen in."""
    a, e = frozen.lattice_parameters, frozen.above
    mean = float(found.weights @ found.lattice_parameters)
    text = tuple(
        f"{t:g} K<br>{x:.1f} meV/atom<br>{y:.4f} Å" for t, x, y in zip(frozen.temperatures, e, a, strict=True)
    )
    return Figure(
        "frozen-in",
        "Lattice parameter of orderings frozen in at a fictive temperature: swap Monte Carlo on the line of "
        f"relaxed against electrostatic energies (correlation {frozen.energy_line.correlation:.2f}, scatter "
        f"{frozen.scatter:.1f} meV per atom about it); the single point is the canonical average over the "
        "orderings that the engine found. Hover for energies.",
        Axis("fictive temperature / K", log=True),
        Axis("lattice parameter / Å"),
        (
            Line(frozen.temperatures, a, "Monte Carlo", "computed"),
            Points(frozen.temperatures, a, "", "computed", text=text),
            Points(np.array([found.temperature]), np.array([mean]), "orderings found", "third"),
        ),
    )


def _frozen_table(frozen: FrozenIn) -> Table:
    rows = tuple(
        (printed(t, "g"), printed(e, ".1f"), printed(a, ".4f"), printed(100 * s, ".2g", "%"))
        for t, e, a, s in zip(
            frozen.temperatures, frozen.above, frozen.lattice_parameters, frozen.acceptance, strict=True
        )
    )
    columns = ("fictive temperature / K", "above the lowest found / meV per atom", "a / Å", "swaps taken")
    return Table(columns, rows, "Disorder frozen in at higher temperatures")


def parts(results: Results) -> tuple[Part, ...]:
    """Relaxation's part of the report."""
    found, frozen = results.get(RelaxedOrderings), results.get(FrozenIn)
    if found is None:
        return ()
    dynamics = results.study.get(Dynamics)
    good = np.array([r.converged for r in found.relaxed])
    lowest = int(np.where(good, found.above, np.inf).argmin())
    failed = [i + 1 for i, ok in enumerate(good) if not ok]
    names = ", ".join(map(str, failed))
    warnings: tuple[str, ...] = (
        (f"Orderings {names} did not reach the force criterion; left out.",) if failed else ()
    )
    energies = np.array([r.energy for r in found.relaxed])
    warnings += tuple(filter(None, (all_equal(energies, label=f"the energies by {found.engine}"),)))
    sentence = (
        f"{len(found.relaxed)} orderings relaxed with {found.engine}, cell and positions; the ground state "
        f"is ordering {lowest + 1} ({found.kinds[lowest]}). Averages are canonical at {found.temperature:g} "
        f"K: an effective number of {found.effective:.1f} orderings ({found.thermal:.1f} if the energies "
        "were exact)."
    )
    tables, figures = [_kinds(found)], [_figure(found)]
    if dynamics is not None:
        tables.append(_for_dynamics(found, min(dynamics.orderings, len(found.chosen))))
    if frozen is not None and frozen.temperatures.size:
        figures.append(_frozen_figure(frozen, found))
        tables.append(_frozen_table(frozen))
    notes = (frozen.note,) if frozen is not None and frozen.note else ()
    return (Part("Relaxation", sentence, tuple(figures), tuple(tables), warnings, notes),)

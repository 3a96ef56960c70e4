"""Figures and tables of contacts and of moist gas: results in, parts out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrolith.core.constants import ZERO_CELSIUS
from electrolith.core.estimate import Estimate
from electrolith.stability.interface import Interface, corners
from electrolith.stability.library import shown
from electrolith.stability.moisture import Moisture, MoistureMap
from electrolith.stability.stack import Contact, Stack
from electrolith.stability.window import Window
from electrolith.study.figure import Axis, Bars, Figure, Heat, Line
from electrolith.study.printed import doubted, printed
from electrolith.study.section import Part, Table
from electrolith.study.sections.stability_parts import amounts, file_name, limit_cell, shares
from electrolith.study.table import Cell

__all__ = ["interface_part", "map_figure", "moisture_part", "stack_part"]

QUIET = 1e-3
"""eV per atom; weaker reactions are called none."""


def interface_part(found: Interface) -> Part:
    """One contact: kinks, products, total and mutual reaction energies."""
    rows = tuple(
        (
            printed(k.fraction, ".3f"),
            printed(1e3 * k.total, ".1f"),
            printed(1e3 * k.mutual, "z.1f"),
            amounts(k.products),
            ", ".join(f"{e} {n:+.3f}" for e, n in k.exchanged.items()) or "–",
        )
        for k in found.kinks
    )
    open_to = ", ".join(f"{e} at {v:g} V" for e, v in found.volts.items())
    notes: tuple[str, ...] = (
        f"Total (decomposition of each phase on its own included): {found.total.text()} per atom at "
        f"{found.total_fraction:.2f}; mutual (due to the contact): {found.mutual.text()} per atom at "
        f"{found.mutual_fraction:.2f}.",
        f"Alone: {found.first} {1e3 * found.own_first.value:.0f}, {found.second} "
        f"{1e3 * found.own_second.value:.0f} meV/atom.",
        f"Energies: {found.scheme}; entry set {found.fingerprint}.",
    )
    if open_to:
        notes = (
            *notes,
            f"Per atom of the closed elements multiply the total by {found.per_closed_atom:.3f}.",
        )
    return Part(
        f"{found.first} | {found.second}" + (f", open to {open_to}" if open_to else ", closed"),
        found.verdict + ".",
        (kink_figure(found),),
        (
            Table(
                (
                    f"atoms from {found.first}",
                    "total / meV per atom",
                    "mutual / meV per atom",
                    "products per atom",
                    "taken up per atom",
                ),
                rows,
                "Kinks of the pseudo-binary",
            ),
        ),
        (),
        notes,
    )


def kink_figure(found: Interface) -> Figure:
    """Reaction energy over the mixing ratio."""
    x, total, mutual = corners(found)
    opened = "_open" if found.chemical_potentials else ""
    return Figure(
        f"interface_{file_name(found.first)}_{file_name(found.second)}{opened}",
        "Reaction energy over the mixing ratio: total and mutual.",
        Axis(f"share of the atoms from {found.first}"),
        Axis("reaction energy / meV per atom"),
        (
            Line(x, 1e3 * total, "total"),
            Line(x, 1e3 * mutual, "mutual", role="second", dash=True),
        ),
        height=320,
        key=True,
    )


def stack_part(found: Stack) -> Part:
    """The compatibility of every pair of layers: the table a cell designer wants."""
    cases = ("closed", *(f"{v:g} V" for v in found.potentials))
    rows = tuple(
        (
            f"{c.first} | {c.second}",
            *_stack_cells(c, len(cases)),
            " + ".join(sorted(map(shown, c.worst.mutual_products)))
            if c.worst.mutual.value < -QUIET
            else "no reaction",
        )
        for c in found.contacts
    )
    worst = min(found.contacts, key=lambda c: c.worst.mutual.value)
    bars = sorted(found.contacts, key=lambda c: c.worst.mutual.value)
    labels = tuple(f"{c.first} | {c.second}" for c in bars)
    figure = Figure(
        "compatibility",
        "Strongest mutual reaction of each contact, with one standard deviation; hover for products.",
        Axis("mutual reaction energy / meV per atom"),
        Axis(""),
        (
            Bars(
                labels,
                np.array([1e3 * c.worst.mutual.value for c in bars]),
                errors=np.array([_spread(c.worst.mutual) for c in bars]),
                text=tuple(c.worst.verdict for c in bars),
                horizontal=True,
            ),
        ),
        height=120 + 24 * len(bars),
    )
    own = tuple(
        (
            name,
            limit_cell(w.reduction),
            limit_cell(w.oxidation, w.highest),
            *(printed(1e3 * _at(w, v), "z.0f") for v in found.potentials),
        )
        for name, w in found.windows.items()
    )
    return Part(
        "Compatibility of the stack",
        f"Strongest reaction of a contact: {worst.worst.verdict}.",
        (figure,),
        (
            Table(
                ("contact", *(f"{c} / meV per atom" for c in cases), "products of the worst case"),
                rows,
                f"Mutual reaction energy, closed and open to {found.open_element} at each potential",
            ),
            Table(
                (
                    "layer",
                    "reduction / V",
                    "oxidation / V",
                    *(f"alone at {v:g} V / meV per atom" for v in found.potentials),
                ),
                own,
                "Each layer on its own",
            ),
        ),
        (),
        (
            "Mutual: due to the contact, against both phases decomposed on their own at that potential; "
            "small mutual energies beside large energies alone mean that the layer itself is the weak point.",
        ),
    )


def _stack_cells(contact: Contact, count: int) -> tuple[Cell, ...]:
    """Mutual energies of the cases; a dash where nothing is left of a layer."""
    cases = (contact.closed, *contact.at)
    cells = [doubted(1e3 * i.mutual.value, _spread(i.mutual)) for i in cases]
    return (*cells, *[None] * (count - len(cells)))


def _spread(value: Estimate) -> float:
    """Standard deviation in meV, 0 where unknown."""
    return 0.0 if value.doubt == "unknown" else 1e3 * value.std


def _at(found: Window, voltage: float) -> float:
    """Decomposition energy at a potential, eV/atom."""
    return float(np.interp(voltage, found.voltages, found.decomposition))


def moisture_part(points: Sequence[Moisture], chart: MoistureMap | None = None) -> Part:
    """One phase in moist gas: driving force, products, reaction; thermodynamics apart from kinetics."""
    rows = tuple(
        (
            m.reading,
            printed(m.dew_point - ZERO_CELSIUS, ".0f"),
            printed(m.water_pressure, ".3g"),
            "none" if m.stable else doubted(m.driving_force.value, _deviation(m.driving_force)),
            None if not m.taken_up.get("H2O") else printed(m.per_water.value, ".2f"),
            "–" if m.stable else m.reaction,
        )
        for m in points
    )
    first = points[0]
    return Part(
        f"{first.label} in moist gas",
        first.verdict + ".",
        (map_figure(chart),) if chart is not None else (),
        (
            Table(
                (
                    "reading",
                    "dew point / °C",
                    "p(H2O) / Pa",
                    "driving force / eV per formula",
                    "per H2O / eV",
                    "reaction",
                ),
                rows,
                f"What the gas would do at {first.temperature - ZERO_CELSIUS:.0f} °C, were nothing slow",
            ),
        ),
        (),
        (
            *(
                f"{m.reading}, dew point {m.dew_point - ZERO_CELSIUS:.0f} °C: {m.reaction}; "
                f"product sets over the draws: {shares(m.frequencies, 4)}."
                for m in points
            ),
            "Thermodynamics only. Hydrolysis: no oxidation or reduction, nitrogen leaves as ammonia; "
            "equilibrium: all that the gases allow. A phase that is driven and does not react is held by "
            "kinetics.",
            "LiCl + NH3 + H2O → LiOH + NH4Cl has ΔG of only −6.5 kJ/mol (tabulated): whether NH4Cl "
            "appears is within the error of any computed energy.",
            f"Energies: {first.scheme}; entry set {first.fingerprint}. Below 0 °C the dew point is "
            "the frost point (Magnus form, Sonntag 1990).",
        ),
    )


def _deviation(value: Estimate) -> float:
    """Standard deviation, 0 where unknown."""
    return 0.0 if value.doubt == "unknown" else value.std


def map_figure(chart: MoistureMap) -> Figure:
    """Driving force over dew point and temperature, the dry-room range marked."""
    dew = chart.dew_points - ZERO_CELSIUS
    warm = chart.temperatures - ZERO_CELSIUS
    edges = tuple(
        Line(np.array([d, d]) - ZERO_CELSIUS, np.array([warm[0], warm[-1]]), name, role="warning", dash=True)
        for d, name in zip(chart.dry_room, ("dry rooms", ""), strict=True)
    )
    return Figure(
        f"moisture_{file_name(chart.label)}",
        f"Driving force of {chart.label} in moist gas ({chart.reading}); dashed: range of dry rooms. "
        "Products: " + "; ".join(chart.product_sets) + ".",
        Axis("dew point / °C"),
        Axis("temperature / °C"),
        (Heat(dew, warm, chart.driving_force, "driving force / eV per formula unit"), *edges),
        height=360,
    )

"""Impedance of several groups: their Arrhenius lines in one figure, their interfaces in another."""

from __future__ import annotations

import numpy as np

from electrolith.lab.impedance.pellet import PelletImpedance
from electrolith.study.figure import Axis, Figure, Labels, Layer, Line, Points, Role
from electrolith.study.printed import printed
from electrolith.study.section import Part, Results, Table
from electrolith.study.stack import condition_label, in_order

__all__ = ["impedance_together"]

ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published", "warning")
ROOM = 0.04  # of the axis that a line of text takes


def impedance_together(members: tuple[Results, ...]) -> tuple[Part, ...]:
    """Temperature series beside each other, and cells followed in time."""
    found = [(m, m.get(PelletImpedance)) for m in in_order(members)]
    lines = [(m, f) for m, f in found if f is not None and f.series is not None and f.series.parts]
    grown = [(m, f) for m, f in found if f is not None and f.growth is not None]
    parts = []
    if len(lines) > 1:
        parts.append(_arrhenius(lines))
    if len(grown) > 1:
        parts.append(_growth(grown))
    return tuple(parts)


def _arrhenius(lines: list[tuple[Results, PelletImpedance]]) -> Part:
    layers: list[Layer] = []
    ends: list[tuple[float, float, str]] = []
    rows = []
    for index, (member, found) in enumerate(lines):
        series = found.series
        assert series is not None  # noqa: S101 - only those with a series come here
        total = series.parts[0]
        inverse = 1000 / total.temperature
        power = 1.0 if total.form == "sigma T" else 0.0
        kelvin, product = total.temperature, np.array([s.value for s in total.conductivity])
        y = product * kelvin**power
        order = np.argsort(inverse)
        role: Role = ROLES[index % len(ROLES)]
        label = condition_label(member)
        layers.append(Line(inverse[order], y[order], "", role))
        layers.append(Points(inverse, y, "", role, small=True, text=(label,) * inverse.size))
        ends.append((float(inverse.max()), float(y[np.argmax(inverse)]), label))
        rows.append(
            (
                label,
                total.at_reference,
                printed(total.reference, ".2f", "K"),
                total.activation_energy,
                int(total.temperature.size),
            )
        )
    seen = _apart(ends)
    layers.append(
        Labels(np.array([e[0] for e in seen]), np.array([e[1] for e in seen]), tuple(e[2] for e in seen))
    )
    left = "" if len(seen) == len(ends) else "; names that would lie on others show at the points"
    first = lines[0][1].series
    form = first.parts[0].form if first is not None else "sigma T"
    label = "σT / S cm⁻¹ K" if form == "sigma T" else "σ / S cm⁻¹"
    figure = Figure(
        "impedance-arrhenius-all",
        f"Conductivity of all groups over temperature, the whole pellet each{left}.",
        Axis("1000 K / T"),
        Axis(label, log=True),
        tuple(layers),
        height=520,
    )
    table = Table(("group", "σ", "at", "Eₐ", "temperatures"), tuple(rows))
    best = max(lines, key=lambda m: _sigma(m[1]))
    sentence = (
        f"{len(lines)} temperature series; the highest conductivity is that of {condition_label(best[0])}."
    )
    return Part("Conductivity of all groups", sentence, (figure,), (table,))


def _apart(ends: list[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Ends of lines whose names can be read: each a line of text from the one before, on a log axis."""
    high, low = max(e[1] for e in ends), min(e[1] for e in ends)
    line = (high / low) ** ROOM
    seen: list[tuple[float, float, str]] = []
    for end in sorted(ends, key=lambda e: e[1], reverse=True):
        if not seen or seen[-1][1] / end[1] >= line:
            seen.append(end)
    return seen


def _sigma(found: PelletImpedance) -> float:
    return found.series.parts[0].at_reference.value if found.series is not None else 0.0


def _growth(grown: list[tuple[Results, PelletImpedance]]) -> Part:
    layers: list[Layer] = []
    rows = []
    for (member, found), role in zip(grown, ROLES * 3, strict=False):
        growth = found.growth
        assert growth is not None  # noqa: S101 - only those with growth come here
        hours, start = growth.time / 3600, growth.resistance[0]
        y, error = growth.resistance / start, growth.std / start
        layers.append(Line(hours, growth.fitted / start, "", "guide"))
        layers.append(Points(hours, y, member.group.name, role, low=y - error, high=y + error))
        rows.append(
            (member.group.name, printed(start, ".4g", "Ω"), growth.change, growth.verdict, growth.text)
        )
    figure = Figure(
        "impedance-growth-all",
        "Resistance of the interface over its first value; lines: the law chosen for each.",
        Axis("time / h"),
        Axis("R / R at the start"),
        tuple(layers),
    )
    columns = ("group", "R at the start", "change", "verdict", "in words")
    sentence = "; ".join(f"{row[0]}: {row[3]}" for row in rows) + "."
    return Part("Interfaces followed in time", sentence, (figure,), (Table(columns, tuple(rows)),))

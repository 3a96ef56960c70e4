"""Nanoindentation in the study: modulus, hardness, and what they say beside lithium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.lab.indentation.analysis import Indentation, IndentResult, IndentSettings, measure_indents
from electrolith.study.figure import Axis, Figure, Layer, Line, Points, Role
from electrolith.study.printed import printed
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.settings import Files
from electrolith.study.table import Cell
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "MeasuredIndents", "indent_parts", "indents"]

_ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published")


@dataclass(frozen=True)
class MeasuredIndents(IndentSettings):
    """Indentation records of one sample."""

    files: Files


def indents(settings: MeasuredIndents) -> IndentResult:
    """Modulus and hardness of every indent and of the sample."""
    return measure_indents(settings)


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Young's modulus and hardness of the sample."""
    found = results.get(IndentResult)
    return () if found is None else indent_evidence(found)


def indent_evidence(found: IndentResult) -> tuple[Evidence, ...]:
    """Rows of the headline table."""
    note = f"{sum(found.used)} indents, {found.indents[0].method}"
    modulus = Evidence(
        "youngs_modulus", "Young's modulus", found.modulus, "measured", "nanoindentation", note=note
    )
    if not np.isfinite(found.hardness.value):  # nothing but elastic contacts
        return (modulus,)
    return modulus, Evidence("hardness", "Hardness", found.hardness, "measured", "nanoindentation", note=note)


def parts(results: Results) -> tuple[Part, ...]:
    """Nanoindentation's part of the report."""
    found = results.get(IndentResult)
    return () if found is None else indent_parts(found)


def indent_parts(found: IndentResult) -> tuple[Part, ...]:
    """The part of the report, or of the command's page."""
    spread = f", {found.modulus_spread:.2g} GPa between indents" if np.isfinite(found.modulus_spread) else ""
    known = np.isfinite(found.hardness.value)
    hardness = f"hardness {found.hardness.text()}" if known else "no hardness (elastic contacts)"
    sentence = (
        f"Young's modulus {found.modulus.text()}{spread}, {hardness}, from "
        f"{sum(found.used)} of "
        f"{len(found.indents) + len(found.refused)} indents."
    )
    notes = [found.lithium.statement]
    if np.isfinite(found.vendor_modulus):
        notes.append(
            f"The instrument's own means: {found.vendor_modulus:.2f} GPa and {found.vendor_hardness:.3f} GPa."
        )
    area = ", ".join(f"{c:.6g}" for c in found.contact.area)
    notes.append(
        f"β {found.contact.beta:.3f}, ε {found.contact.epsilon:g}, area coefficients {area} (nm), "
        "Poisson's ratio "
        f"{found.poisson.text()}, frame compliance {found.contact.frame_compliance:.3g} m/N."
    )
    warnings = (*(f"left out: {r}" for r in found.refused), *found.warnings)
    figures = (_curves(found), _moduli(found))
    return (Part("Nanoindentation", sentence, figures, (_table(found),), warnings, tuple(notes)),)


def _curves(found: IndentResult) -> Figure:
    layers: list[Layer] = []
    for i, role in zip(_pick(len(found.indents)), _ROLES, strict=False):
        record, last = found.indents[i].indent, found.indents[i].course.unloading[1]
        rows = slice(0, last, max(1, last // 400))
        layers.append(Line(record.depth[rows] * 1e9, record.load[rows] * 1e3, record.name, role))
    return Figure(
        "indent-curves", "Load against depth.", Axis("depth / nm"), Axis("load / mN"), tuple(layers)
    )


def _pick(n: int) -> list[int]:
    return [int(i) for i in np.unique(np.linspace(0, n - 1, min(n, len(_ROLES))).round())]


def _moduli(found: IndentResult) -> Figure:
    x = np.arange(1.0, len(found.indents) + 1)
    used = np.array(found.used)
    low, high = np.array([i.modulus.interval() for i in found.indents]).T
    y = np.array([i.modulus.value for i in found.indents])
    names = tuple(i.indent.name for i in found.indents)
    layers: list[Layer] = [
        Line(x[[0, -1]], np.full(2, found.modulus.value), "mean", "guide", dash=True),
        Points(
            x[used], y[used], "counted", low=low[used], high=high[used], text=tuple(np.array(names)[used])
        ),
    ]
    if not used.all():
        left = ~used
        layers.append(Points(x[left], y[left], "left out", "published", low=low[left], high=high[left]))
    caption = (
        "Young's modulus of each indent; intervals hold 68 % and contain Poisson's ratio, which all share."
    )
    return Figure("indent-moduli", caption, Axis("indent"), Axis("Young's modulus / GPa"), tuple(layers))


def _table(found: IndentResult) -> Table:
    rows = tuple(_row(i, used) for i, used in zip(found.indents, found.used, strict=True))
    columns = (
        "indent",
        "E / GPa",
        "H / GPa",
        "depth / nm",
        "load / mN",
        "rate / nm/s",
        "dwell / s",
        "drift / nm/s",
        "m",
        "counts",
    )
    return Table(columns, rows)


def _row(i: Indentation, used: bool) -> tuple[Cell, ...]:
    return (
        i.indent.name,
        i.modulus,
        i.hardness,
        printed(i.top_depth * 1e9, ".0f"),
        printed(i.top_load * 1e3, ".3g"),
        printed(i.course.rate * 1e9, ".2f"),
        printed(i.course.dwell_time, ".1f"),
        printed(i.course.drift * 1e9, ".3f"),
        printed(i.exponent, ".2f"),
        "yes" if used else "no",
    )


SECTION = Section("measured.indentation", MeasuredIndents, (Stage(indents),), evidence, parts)

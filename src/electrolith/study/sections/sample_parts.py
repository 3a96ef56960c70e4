"""The samples in the report: their table, trends over each condition, what goes together."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from electrolith.core.errors import ElectrolithError
from electrolith.lab.synthesis.correlate import Correlations
from electrolith.lab.synthesis.trend import Trend
from electrolith.study.anchor import anchor
from electrolith.study.figure import Axis, Figure, Layer, Line, Points
from electrolith.study.printed import printed, span
from electrolith.study.section import Evidence, Part, Table
from electrolith.study.sections.pair_table import pair_table
from electrolith.study.sections.sample_result import SampleResults
from electrolith.study.table import as_cell

__all__ = ["sample_parts"]

SHOWN = 4
"""Pairs of properties drawn, the strongest first."""


def sample_parts(
    found: SampleResults,
    published: tuple[Evidence, ...],
    notes: tuple[str, ...] = (),
    loose: tuple[Evidence, ...] = (),
) -> tuple[Part, ...]:
    """The table, then the trends over each condition, then the pairs."""
    table = _table_part(found, published)
    parts = [replace(table, notes=(*table.notes, *notes))]
    if loose:
        parts.append(_loose_part(loose))
    conditions = dict.fromkeys(t.condition for t in found.trends)
    parts += [_trend_part(c, tuple(t for t in found.trends if t.condition == c), found) for c in conditions]
    if found.correlations is not None:
        parts.append(_pairs_part(found, found.correlations))
    return tuple(parts)


def _table_part(found: SampleResults, published: tuple[Evidence, ...]) -> Part:
    sheet = found.sheet
    properties = list(dict.fromkeys(found.columns))
    values = {(p.sample, c): p.value for p, c in reversed(list(zip(found.found, found.columns, strict=True)))}
    heads = [f"{c} / {u}" if u else c for c, u in zip(sheet.columns, sheet.units, strict=True)]
    rows = tuple(
        (name, *(as_cell(cell) for cell in cells), *(values.get((name, c)) for c in properties))
        for name, cells in zip(sheet.names, sheet.cells, strict=True)
    )
    caption = "Conditions as stated and properties as measured; intervals hold 68 %."
    tables = [Table(("sample", *heads, *properties), rows, caption)]
    beside = _beside(found, published)
    if beside.rows:
        tables.append(beside)
    measured = len({p.sample for p in found.found})
    sentence = f"{len(sheet.names)} samples, {measured} of them measured; the reference is {sheet.reference}."
    return Part("Samples", sentence, tables=tuple(tables), notes=found.remarks)


def _loose_part(loose: tuple[Evidence, ...]) -> Part:
    """Numbers of groups that belong to no sample: cells, contacts, references."""
    rows = tuple((e.group, e.label.removesuffix(f", {e.group}"), e.value, e.note, e.source) for e in loose)
    columns = ("group", "quantity", "value", "how", "source")
    sentence = f"{len({e.group for e in loose})} groups belong to no sample of the table."
    return Part("Groups without a sample", sentence, tables=(Table(columns, rows, "Intervals hold 68 %."),))


def _beside(found: SampleResults, published: tuple[Evidence, ...]) -> Table:
    """Published numbers of each sample beside those found here."""
    rows = []
    for p in found.found:
        for e in published:
            sample = e.sample or found.sheet.reference
            if sample != p.sample or e.quantity != p.quantity or e.kind != "measured":
                continue
            try:
                there = e.value.to(p.value.unit)
            except ElectrolithError:
                there = e.value
            rows.append((p.sample, p.label, p.value, there, e.source))
    caption = "Numbers found here beside published ones of the same sample."
    return Table(("sample", "quantity", "this study", "published", "source"), tuple(rows), caption)


def _trend_part(condition: str, trends: tuple[Trend, ...], found: SampleResults) -> Part:
    """Every property over one condition."""
    name = re.split(r" / ", condition)[0]
    sentence = "; ".join(
        t.statement.partition(f" over {condition}: ")[2].join((f"{t.column}: ", "")) for t in trends
    )
    rows = tuple(
        (
            t.column,
            t.verdict,
            int(t.x.size),
            printed(t.rank, ".2f"),
            span(t.rank_low, t.rank_high, ".2f"),
        )
        for t in trends
    )
    caption = (
        "Rank: Spearman's coefficient with the 95 % interval that the doubts of the values leave it; "
        "it says nothing of a series with a maximum or minimum."
    )
    table = Table(("property", "course", "samples", "rank", "interval"), rows, caption)
    others = ", ".join(c for c in dict.fromkeys(t.condition for t in found.trends) if c != condition)
    held = f"{others} as those of the reference. " if others else ""
    figures = tuple(_figure(t, name, held, found) for t in trends)
    return Part(f"Samples over {name}", f"{sentence}.", figures, (table,))


def _figure(trend: Trend, name: str, held: str, found: SampleResults) -> Figure:
    """One property over one condition."""
    low = np.where(np.isfinite(trend.low), trend.low, trend.values)
    high = np.where(np.isfinite(trend.high), trend.high, trend.values)
    layers: list[Layer] = [
        Line(trend.x, trend.values, "", "guide"),
        Points(trend.x, trend.values, "samples", low=low, high=high, text=trend.names),
    ]
    untreated = _reference_value(trend, found)
    if untreated is not None:
        ends = trend.x[[0, -1]]
        label = f"{found.sheet.reference}, no {name}"
        layers.insert(0, Line(ends, np.full(2, untreated), label, "second", dash=True))
    positive = bool(np.all(low > 0)) and float(high.max()) > 20 * float(low.min())
    return Figure(
        f"samples-{anchor(name)}-{anchor(trend.column)}",
        f"{trend.column.partition(' / ')[0]} over {name}. {held}Intervals hold 68 %.",
        Axis(trend.condition),
        Axis(trend.column, log=positive),
        tuple(layers),
    )


def _reference_value(trend: Trend, found: SampleResults) -> float | None:
    """The property of the reference where it has no place on the axis: the untreated sample."""
    if found.sheet.reference in trend.names:
        return None
    at = found.sheet.names.index(found.sheet.reference)
    value = float(found.table.column(trend.column)[at])
    return value if np.isfinite(value) else None


def _pairs_part(found: SampleResults, c: Correlations) -> Part:
    """Which properties go together."""
    related = [p for p in c.pairs if p.corrected < 0.05]
    if related:
        sentence = " ".join(f"{p.statement}." for p in related[:SHOWN])
    else:
        sentence = (
            f"No pair of {len(c.columns)} properties is shown to be related ({len(c.pairs)} looked at)."
        )
    caption = (
        "r: Pearson's coefficient, rank: Spearman's, with 95 % intervals; probabilities by reshuffling, "
        "corrected after Holm for the number of pairs."
    )
    figures = tuple(_scatter(found, p.first, p.second) for p in (related or c.pairs)[:SHOWN])
    return Part("Samples: what goes together", sentence, figures, (pair_table(c.pairs, caption),), c.warnings)


def _scatter(found: SampleResults, first: str, second: str) -> Figure:
    """Two properties of every sample."""
    table = found.table
    x, y = table.column(first), table.column(second)
    error = np.nan_to_num(table.error(second))
    good = np.isfinite(x) & np.isfinite(y)
    names = tuple(n for n, g in zip(table.names, good, strict=True) if g)
    points = Points(x[good], y[good], "samples", low=(y - error)[good], high=(y + error)[good], text=names)
    caption = f"{second.partition(' / ')[0]} against {first.partition(' / ')[0]} of every sample."
    name = f"samples-pair-{anchor(first)}-{anchor(second)}"
    return Figure(name, caption, Axis(first), Axis(second), (points,))

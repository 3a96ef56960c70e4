"""The samples of a study: what was done to each, what its measurements found, and what governs what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from electrolith.core.errors import DataError, InputError, nearest
from electrolith.core.estimate import Estimate
from electrolith.lab.synthesis.correlate import correlate
from electrolith.lab.synthesis.samples import SampleTable
from electrolith.lab.synthesis.sheet import Column, SampleSheet, column_of, read_sheet, sheet_of
from electrolith.lab.synthesis.trend import SERIES, Trend, trend_over
from electrolith.study.compose import evidence_of
from electrolith.study.properties import Property, SampleProperties
from electrolith.study.section import Part, Results, Section
from electrolith.study.sections.sample_parts import sample_parts
from electrolith.study.sections.sample_result import SampleResults
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "SampleResults", "Samples", "sample_trends"]


@dataclass(frozen=True)
class Samples:
    """Samples by name with their conditions; groups of measurements refer to them.

    table : a CSV (first column the names, units in the header or the cells), or names with their conditions.
    reference : the sample the headline is about.
    names : pattern such as "LNC-{rpm}rpm-{hours}h", for conditions that stand in the names only.
    conditions : columns over which trends are drawn, each while the others are those of the reference;
        without them every numeric column that states no uncertainty.
    seed : of the permutations behind correlations.
    """

    SHORTHAND: ClassVar[str] = "table"

    table: Path | dict[str, dict[str, str | float]]
    reference: str | None = None
    names: str | None = None
    conditions: tuple[str, ...] = ()
    seed: int = 0

    def sheet(self) -> SampleSheet:
        """The table, read and checked."""
        if isinstance(self.table, Path):
            found = read_sheet(self.table, reference=self.reference, names=self.names)
        else:
            found = sheet_of(self.table, reference=self.reference, names=self.names)
        for name in self.conditions:
            if name not in found.columns:
                raise InputError(nearest("samples.conditions", name, found.columns))
        return found


def sample_trends(settings: Samples, properties: SampleProperties) -> SampleResults:
    """Gather the properties of every sample, follow them over the conditions, look for what goes together."""
    sheet = settings.sheet()
    columns = _columns(properties.found)
    conditions = _conditions(sheet, settings.conditions)
    rng = np.random.default_rng(settings.seed)
    trends: list[Trend] = []
    remarks: list[str] = []
    for condition in conditions:
        trends += _over(sheet, condition, conditions, _by_column(properties.found, columns), rng, remarks)
    table = _table(sheet, conditions, properties.found, columns)
    try:
        # Conditions are followed one by one above; a coefficient over several at once says nothing.
        found = correlate(table, columns=tuple(dict.fromkeys(columns)), seed=settings.seed)
    except DataError as error:
        found = None
        remarks.append(f"no correlations: {error}")
    return SampleResults(
        sheet, properties.found, columns, table, tuple(trends), found, tuple(dict.fromkeys(remarks))
    )


def _columns(found: tuple[Property, ...]) -> tuple[str, ...]:
    """Name of the column of each property; with its family where a sample has the quantity from several."""
    families: dict[tuple[str, str], dict[str, set[str]]] = {}
    for p in found:
        where = families.setdefault((p.quantity, p.label), {})
        where.setdefault(p.sample, set()).add(f"{p.section.partition('.')[2]} {p.family}".strip())
    out = []
    for p in found:
        several = any(len(f) > 1 for f in families[p.quantity, p.label].values())
        unit = "" if p.value.unit in ("", "1") else f" / {p.value.unit}"
        family = f" ({p.family or p.section.partition('.')[2]})" if several else ""
        out.append(f"{p.label}{family}{unit}")
    return tuple(out)


def _by_column(found: tuple[Property, ...], columns: tuple[str, ...]) -> dict[str, dict[str, Estimate]]:
    """The first value of each sample in each column."""
    out: dict[str, dict[str, Estimate]] = {}
    for p, column in zip(found, columns, strict=True):
        out.setdefault(column, {}).setdefault(p.sample, p.value)
    return out


def _conditions(sheet: SampleSheet, wanted: tuple[str, ...]) -> tuple[Column, ...]:
    """Columns over which trends are drawn."""
    columns = [column_of(sheet, name) for name in (wanted or sheet.columns)]
    kept = [c for c in columns if c is not None]
    if len(kept) < len(columns) and wanted:
        lost = next(n for n, c in zip(wanted, columns, strict=True) if c is None)
        raise InputError(f"samples.conditions: {lost} holds words, not numbers")
    if wanted:
        return tuple(kept)
    return tuple(
        c
        for c in kept
        if not np.isfinite(c.errors).any() and np.unique(c.values[np.isfinite(c.values)]).size > 1
    )


def _over(
    sheet: SampleSheet,
    condition: Column,
    every: tuple[Column, ...],
    values: dict[str, dict[str, Estimate]],
    rng: np.random.Generator,
    remarks: list[str],
) -> list[Trend]:
    """Trends over one condition, while the others are those of the reference sample."""
    at = sheet.names.index(sheet.reference)
    same = np.ones(len(sheet.names), bool)
    for other in every:
        if other is not condition:
            here = other.values[at]
            same &= np.isnan(other.values) if np.isnan(here) else other.values == here
    trends = []
    for column, of_sample in values.items():
        inside = [i for i, n in enumerate(sheet.names) if same[i] and n in of_sample]
        lacking = [sheet.names[i] for i in inside if np.isnan(condition.values[i]) and i != at]
        inside = [i for i in inside if np.isfinite(condition.values[i])]
        if lacking and inside:
            remarks.append(
                f"{', '.join(lacking)}: no {condition.name} stated, left out of the trends over it"
            )
        if len(inside) < SERIES or np.unique(condition.values[inside]).size < SERIES:
            continue
        names = tuple(sheet.names[i] for i in inside)
        trends.append(
            trend_over(
                condition.values[inside],
                tuple(of_sample[n] for n in names),
                names,
                condition=condition.label,
                column=column,
                rng=rng,
            )
        )
    return trends


def _table(
    sheet: SampleSheet, conditions: tuple[Column, ...], found: tuple[Property, ...], columns: tuple[str, ...]
) -> SampleTable:
    """Conditions and properties as numbers, one row per sample."""
    values = [c.values for c in conditions]
    errors = [c.errors for c in conditions]
    by_column = _by_column(found, columns)
    for of_sample in by_column.values():
        column = np.full((2, len(sheet.names)), np.nan)
        for name, value in of_sample.items():
            at = sheet.names.index(name)
            column[0, at] = value.value
            column[1, at] = value.std if value.doubt == "known" else np.nan
        values.append(column[0])
        errors.append(column[1])
    names = (*(c.label for c in conditions), *by_column)
    empty = np.zeros((len(sheet.names), 0))
    return SampleTable(
        sheet.names,
        names,
        np.stack(values, axis=1) if values else empty,
        np.stack(errors, axis=1) if errors else empty,
    )


def parts(results: Results) -> tuple[Part, ...]:
    """The samples' part of the report."""
    found = results.get(SampleResults)
    if found is None:
        return ()
    loose = tuple(e for e in evidence_of(results) if e.group)
    return sample_parts(found, results.study.published, results.study.notes, loose)


SECTION = Section("samples", Samples, (Stage(sample_trends),), parts=parts)

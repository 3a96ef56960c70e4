"""Numbers held against each other: works against quantities, and targets that are reached or missed."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import convert, split_quantity
from electrolith.study.compose import evidence_of
from electrolith.study.printed import printed, span
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.table import Cell

__all__ = ["COMPARISON", "TARGETS", "Comparison", "Target", "Targets"]


@dataclass(frozen=True)
class Comparison:
    """Tables of works against quantities.

    tables : names with the quantities that are their columns; * stands for anything.
    """

    tables: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Target:
    """What a number has to reach.

    quantity : as in the headline, with the group's name behind it where it has one; * stands for anything.
    at_least, at_most : one of them, or both for a window, with their unit.
    name : as the table lists it.     source : where the target comes from.
    """

    name: str
    quantity: str
    at_least: str | None = None
    at_most: str | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise InputError(f"target {self.name!r}: give at_least or at_most, with its unit")
        for text in (self.at_least, self.at_most):
            if text is not None:
                split_quantity(text)


@dataclass(frozen=True)
class Targets:
    """Targets to hold the study's numbers against.

    targets : each with its quantity and bounds.
    """

    SHORTHAND: ClassVar[str] = "targets"

    targets: tuple[Target, ...]


def comparison_parts(results: Results) -> tuple[Part, ...]:
    """One part for each table."""
    settings = results.get(Comparison)
    if settings is None:
        return ()
    evidence = evidence_of(results)
    return tuple(_works(name, columns, evidence) for name, columns in settings.tables.items())


def _works(name: str, patterns: tuple[str, ...], evidence: tuple[Evidence, ...]) -> Part:
    """Works as rows, quantities as columns, in the units of the first number of each."""
    chosen = [e for e in evidence if any(fnmatchcase(e.quantity, p) for p in patterns)]
    quantities = list(dict.fromkeys(e.quantity for e in chosen))
    units = {q: next(e.value.unit for e in chosen if e.quantity == q) for q in quantities}
    labels = {q: next(e.label for e in chosen if e.quantity == q) for q in quantities}
    works: dict[tuple[str, str, str], dict[str, list[Estimate]]] = {}
    for e in chosen:
        who = e.source if e.published else "this study"
        row = works.setdefault((who, e.kind, e.note if e.published or len(quantities) == 1 else ""), {})
        row.setdefault(e.quantity, []).append(_same(e.value, units[e.quantity]))
    rows = tuple(
        (who, kind, *(_cell(found.get(q, []), units[q]) for q in quantities), note)
        for (who, kind, note), found in works.items()
    )
    heads = tuple(f"{labels[q]} / {units[q]}" if units[q] not in ("", "1") else labels[q] for q in quantities)
    missing = [p for p in patterns if not any(fnmatchcase(e.quantity, p) for e in evidence)]
    notes = (f"No number for {', '.join(missing)}.",) if missing else ()
    sentence = f"{len(rows)} rows; intervals hold 68 %."
    return Part(name, sentence, tables=(Table(("work", "kind", *heads, "remark"), rows),), notes=notes)


def _cell(values: list[Estimate], unit: str) -> Estimate | str:
    """One number, or several in words."""
    if len(values) == 1:
        return values[0]
    return "; ".join(v.text().removesuffix(f" {unit}") for v in values) or "–"


def _same(value: Estimate, unit: str) -> Estimate:
    try:
        return value.to(unit)
    except ElectrolithError:
        return value


def target_parts(results: Results) -> tuple[Part, ...]:
    """Every target with every number it speaks of."""
    settings = results.get(Targets)
    if settings is None:
        return ()
    own = [e for e in evidence_of(results) if not e.published]
    rows: list[tuple[Cell, ...]] = []
    notes = []
    for target in settings.targets:
        here = [e for e in own if fnmatchcase(e.quantity, target.quantity)]
        rows += [_row(target, e) for e in here]
        if not here:
            notes.append(f"{target.name}: this study has no number for {target.quantity}.")
    reached = sum(row[-2] == "reached" for row in rows)
    columns = (
        "target",
        "asked for",
        "number",
        "found",
        "found over asked",
        "verdict",
        "source of the target",
    )
    sentence = f"{reached} of {len(rows)} numbers reach their target."
    return (Part("Targets", sentence, tables=(Table(columns, tuple(rows)),), notes=tuple(notes)),)


def _row(target: Target, evidence: Evidence) -> tuple[Cell, ...]:
    """One number against one target: reached where 95 % of its draws do."""
    draws, words = np.ones(evidence.value.draws.size, bool), []
    ratios: list[float] = []
    for text, word in ((target.at_least, "at least"), (target.at_most, "at most")):
        if text is None:
            continue
        number, _, unit = split_quantity(text)
        limit = convert(number, unit, evidence.value.unit) if unit else number
        draws &= evidence.value.draws >= limit if word == "at least" else evidence.value.draws <= limit
        ratios += [evidence.value.value / limit] if limit else []
        words.append(f"{word} {text}")
    share = float(np.mean(draws))
    verdict = "reached" if share >= 0.95 else "missed" if share <= 0.05 else f"open ({100 * share:.0f} %)"
    over: Cell = None
    if len(ratios) > 1:
        over = span(ratios[0], ratios[1], ".3g")
    elif ratios:
        over = printed(ratios[0], ".3g")
    return (target.name, ", ".join(words), evidence.label, evidence.value, over, verdict, target.source)


COMPARISON = Section("comparison", Comparison, parts=comparison_parts)
TARGETS = Section("targets", Targets, parts=target_parts)

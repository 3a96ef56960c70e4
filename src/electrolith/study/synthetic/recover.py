"""Whether a study of synthetic files finds their truths again, and whether its intervals are honest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import ElectrolithError
from electrolith.core.estimate import Estimate
from electrolith.study.compose import evidence_of
from electrolith.study.properties import properties_of
from electrolith.study.section import Results
from electrolith.study.synthetic.truth import Truth

__all__ = ["Recovered", "covered", "recover"]

CLOSE = 0.02
"""Largest relative difference of a number that states no doubt of its own."""
SIGMAS = 4.0
"""A truth further off than so many standard deviations is not recovered."""


@dataclass(frozen=True, eq=False)
class Recovered:
    """A truth beside what was found. found : None where nothing was. source : of the number."""

    truth: Truth
    found: Estimate | None
    source: str = ""

    @property
    def inside(self) -> bool | None:
        """Whether the 68 % interval holds the truth; None where there is no interval."""
        if self.found is None or self.found.doubt != "known":
            return None
        low, high = self.found.interval()
        return low <= self.truth.value <= high

    @property
    def off(self) -> float:
        """Distance in standard deviations; of a number without doubt in units of 2 % over `SIGMAS`."""
        if self.found is None:
            return float("inf")
        gap = abs(self.found.value - self.truth.value)
        if self.found.doubt == "known":
            return gap / self.found.std if self.found.std > 0 else float("inf") * gap
        return SIGMAS * gap / (CLOSE * abs(self.truth.value))

    @property
    def good(self) -> bool:
        """Whether the truth was recovered."""
        return self.off <= SIGMAS


def recover(results: Results, truths: Sequence[Truth]) -> tuple[Recovered, ...]:
    """Every truth with every number that the study has for it."""
    found = properties_of(results).found
    headline = [e for e in evidence_of(results) if not e.published and e.kind == "measured"]
    rows: list[Recovered] = []
    for truth in truths:
        here = [
            (p.value, f"{p.section} {p.family}")
            for p in found
            if p.sample == truth.sample and p.quantity == truth.quantity
        ]
        if not here and truth.sample in ("", results.study.reference):
            here = [(e.value, e.source) for e in headline if e.quantity == truth.quantity]
        values = [(_same(value, truth.unit), source) for value, source in here]
        rows += [Recovered(truth, value, source) for value, source in values] or [Recovered(truth, None)]
    return tuple(rows)


def _same(value: Estimate, unit: str) -> Estimate:
    try:
        return value.to(unit)
    except ElectrolithError:
        return value


def covered(rows: Sequence[Recovered]) -> float:
    """Share of the 68 % intervals that hold their truth."""
    inside = [r.inside for r in rows if r.inside is not None]
    return float(np.mean(inside)) if inside else float("nan")

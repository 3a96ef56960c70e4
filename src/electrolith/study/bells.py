"""Physical bells beside the numbers of the headline, wherever these are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from electrolith.core.plausible import ring
from electrolith.study.section import Evidence, Part

__all__ = ["rung", "with_bells"]


def rung(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """A sentence for each own number that no experiment gives."""
    found = [
        ring(e.quantity, e.value.value, e.value.unit, label=e.label) for e in evidence if not e.published
    ]
    return tuple(dict.fromkeys(filter(None, found)))


def with_bells(parts: Sequence[Part], evidence: Iterable[Evidence]) -> tuple[Part, ...]:
    """The parts, the first of them with the bells of the headline's numbers among its warnings."""
    sentences = rung(evidence)
    if not sentences or not parts:
        return tuple(parts)
    first = parts[0]
    added = tuple(s for s in sentences if s not in first.warnings)
    return (replace(first, warnings=(*added, *first.warnings)), *parts[1:])

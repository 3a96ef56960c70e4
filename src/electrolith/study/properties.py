"""Properties of the samples: every number that a study's groups found, by sample."""

from __future__ import annotations

from dataclasses import dataclass

from electrolith.core.estimate import Estimate
from electrolith.study.section import Evidence, Results, Section

__all__ = ["Property", "SampleProperties", "group_evidence", "properties_of"]


@dataclass(frozen=True, eq=False)
class Property:
    """One number of one sample. section, family : the group of files it comes from."""

    sample: str
    quantity: str
    label: str
    value: Estimate
    section: str
    family: str
    note: str = ""


@dataclass(frozen=True, eq=False)
class SampleProperties:
    """Everything the groups found, in the order of the report."""

    found: tuple[Property, ...]


def properties_of(results: Results) -> SampleProperties:
    """The evidence of every group that belongs to a sample."""
    found = []
    for section, members in results.each():
        for member in members:
            group = member.group
            if not group.sample:
                continue
            found += [
                Property(
                    group.sample,
                    e.quantity,
                    e.label,
                    e.value,
                    section.key,
                    group.family,
                    e.note,
                )
                for e in group_evidence(section, member)
            ]
    return SampleProperties(tuple(found))


def group_evidence(section: Section, results: Results) -> tuple[Evidence, ...]:
    """Evidence of a section for one group; none where it fails, which the report says."""
    try:
        return section.evidence(results)
    except Exception:
        return ()

"""Evidence and parts of all groups of a study: named by their group, none lost, no two names alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from electrolith.study.anchor import anchor
from electrolith.study.bells import with_bells
from electrolith.study.failures import logged
from electrolith.study.literature_part import literature_part
from electrolith.study.origins import Origin, origin_of, stage_id
from electrolith.study.properties import group_evidence
from electrolith.study.section import Evidence, Part, Results, Section

__all__ = ["anchor", "distinct", "doubtful", "evidence_of", "headline_of", "origins_of", "parts_of"]


def evidence_of(results: Results) -> tuple[Evidence, ...]:
    """The study's own numbers that are not those of other samples, then the published ones.

    Other samples stand in the table of samples. A group that states no sample keeps its name in the quantity,
    so that it is never taken for the reference.
    """
    return tuple(o.evidence for o in origins_of(results))


def origins_of(results: Results) -> tuple[Origin, ...]:
    """The numbers of `evidence_of`, each with the results and files it comes from."""
    runs = {stage_id(r.stage, r.key): r for r in results.runs}
    own: list[Origin] = []
    for section, members in results.each():
        for member in members:
            rows = _of_headline(section, member, len(members))
            own += [origin_of(e, section, member, runs) for e in rows]
    published = (e for e in results.study.published if not e.sample)
    return (*own, *(Origin(e, files=(e.file,) if e.file else ()) for e in published))


def headline_of(results: Results) -> tuple[Evidence, ...]:
    """What the headline shows: of a study with samples the reference's numbers; groups without a sample have
    a table of their own beside the samples.
    """
    return tuple(e for e in evidence_of(results) if not (e.group and results.study.sheet is not None))


def _of_headline(section: Section, member: Results, count: int) -> tuple[Evidence, ...]:
    group, reference = member.group, member.study.reference
    if group.sample and group.sample != reference:
        return ()
    rows = group_evidence(section, member)
    if not group.name:
        return rows
    if (group.sample and group.sample == reference) or (count == 1 and not reference):
        return tuple(replace(e, source=f"{group.name}: {e.source}") for e in rows)
    return tuple(
        replace(e, quantity=f"{e.quantity} {group.name}", label=f"{e.label}, {group.name}", group=group.name)
        for e in rows
    )


def parts_of(results: Results) -> tuple[Part, ...]:
    """Parts of the report in the order of the sections; a part that cannot be made says so in its place."""
    parts: list[Part] = []
    for section, members in results.each():
        if len(members) > 1:
            parts += _made(section, "", results, partial(section.together, members))
        for member in members:
            made = _made(section, member.group.name, results, partial(_parts, section, member))
            parts += [_named(p, member.group.name) for p in made]
    if results.study.literature:
        parts.append(literature_part(results.study.literature, evidence_of(results)))
    return distinct(parts)


def doubtful(results: Results) -> frozenset[str]:
    """Quantities of the headline whose part of the report warns of something."""
    found: set[str] = set()
    for section, members in results.each():
        for member in members:
            rows = _of_headline(section, member, len(members))
            parts = _made(section, member.group.name, results, partial(_parts, section, member))
            if any(p.warnings for p in parts):
                found |= {e.quantity for e in rows}
    return frozenset(found)


def _parts(section: Section, results: Results) -> tuple[Part, ...]:
    """A group's parts with the bells of its evidence, so that what fails there is said here too."""
    return with_bells(section.parts(results), section.evidence(results))


def _made(
    section: Section, name: str, results: Results, make: Callable[[], tuple[Part, ...]]
) -> tuple[Part, ...]:
    """The parts, or one that says why there are none."""
    try:
        return make()
    except Exception as error:
        label = f"{section.key} {name}".strip()
        text = logged(results.study.folder, f"part {label}", error)
        return (Part(label, "This part could not be made.", warnings=(f"{label}: {text}",)),)


def _named(part: Part, group: str) -> Part:
    """The part with its group in the title, and in what its warnings say at the top of the report."""
    if not group:
        return part
    warnings = tuple(w if group in w else f"{group}: {w}" for w in part.warnings)
    figures = tuple(replace(f, name=f"{f.name}-{anchor(group)}") for f in part.figures)
    title = part.title if group in part.title else f"{part.title} – {group}"
    return replace(part, title=title, figures=figures, warnings=warnings)


def distinct(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts with titles and figure names that differ also as file names."""
    titles: set[str] = set()
    figures: set[str] = set()
    out = []
    for part in parts:
        title = _free(part.title, titles, " ({})")
        named = tuple(replace(f, name=_free(f.name, figures, "-{}")) for f in part.figures)
        out.append(replace(part, title=title, figures=named))
    return tuple(out)


def _free(name: str, taken: set[str], form: str) -> str:
    """The name, or the first numbered one whose anchor is free."""
    found, count = name, 1
    while anchor(found) in taken:
        count += 1
        found = name + form.format(count)
    taken.add(anchor(found))
    return found

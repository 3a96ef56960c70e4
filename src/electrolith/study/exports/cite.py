"""Whom a study should cite: the methods of its stages, its programs, the sources of its published numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from electrolith import __version__
from electrolith.study.section import Results
from electrolith.study.sections.engine import EngineChoice

__all__ = ["Citation", "bibtex", "citations", "references", "references_of"]

_ENTRY = re.compile(r"@\w+\{([\w-]+),")
_DOI = re.compile(r"10\.\d{4,9}/[^\s,;)]+")
PROGRAMS = ("numpy", "scipy", "ase", "pymatgen", "lammps")


@dataclass(frozen=True, slots=True)
class Citation:
    """One work to cite.

    key: as in the BibTeX entry.     entry: BibTeX.     uses: what it was used for, in words.
    """

    key: str
    entry: str
    uses: tuple[str, ...]


@cache
def references() -> dict[str, str]:
    """BibTeX entries by key."""
    lines = files("electrolith.study.exports").joinpath("references.bib").read_text("utf-8").splitlines()
    found = {}
    for line in lines:
        if match := _ENTRY.match(line):
            found[match[1]] = line
    return found


@cache
def _uses() -> tuple[tuple[str, str, tuple[str, ...], str], ...]:
    """Kind, name, keys and purpose of every row of the table."""
    text = files("electrolith.study.exports").joinpath("references.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple((r["kind"], r["name"], tuple(r["keys"].split()), r["for"]) for r in rows)


def citations(results: Results) -> tuple[Citation, ...]:
    """What the computed stages of a study, its engine, its programs and its published numbers rest on."""
    stages = {r.stage for r in results.runs}
    versions = {k for r in results.runs for k in r.provenance.get("versions", {})}
    choice = results.study.get(EngineChoice)
    engine = choice.name if isinstance(choice, EngineChoice) and "engine_account" in stages else ""
    wanted: dict[str, list[str]] = {}
    for kind, name, keys, purpose in _uses():
        taken = {
            "stage": name in stages,
            "engine": name == engine,
            "package": name in versions and (name != "lammps" or "trajectories" in stages),
        }
        if taken[kind]:
            for key in keys:
                wanted.setdefault(key, []).append(purpose)
    own = Citation(
        "electrolith", f"@software{{electrolith, title={{Electrolith}}, version={{{__version__}}}}}", ()
    )
    methods = tuple(Citation(k, references()[k], tuple(dict.fromkeys(p))) for k, p in wanted.items())
    return (own, *methods, *_sources(results))


def references_of(stages: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """DOI and title of the methods that stages rest on, each once."""
    wanted = set(stages)
    keys = dict.fromkeys(k for kind, name, ks, _ in _uses() if kind == "stage" and name in wanted for k in ks)
    found = []
    for entry in (references()[k] for k in keys):
        doi, title = re.search(r"doi=\{([^}]+)\}", entry), re.search(r"title=\{(.+?)\}, \w+=", entry)
        if doi:
            found.append((doi[1], title[1] if title else doi[1]))
    return tuple(found)


def _sources(results: Results) -> Iterable[Citation]:
    """The papers whose numbers stand beside the study's own, by DOI."""
    uses: dict[str, list[str]] = {}
    for evidence in (*results.study.published, *(v for t in results.study.literature for v in t.values)):
        for doi in [evidence.doi] if evidence.doi else _DOI.findall(evidence.source):
            uses.setdefault(doi.rstrip("."), []).append(evidence.label)
    for doi, labels in uses.items():
        key = re.sub(r"\W+", "_", doi)
        yield Citation(
            key, f"@misc{{{key}, doi={{{doi}}}}}", ("published: " + ", ".join(dict.fromkeys(labels)),)
        )


def bibtex(found: Iterable[Citation]) -> str:
    """A .bib file; each entry after a comment that says what it was used for."""
    return "\n".join(f"% {'; '.join(c.uses) or 'this program'}\n{c.entry}\n" for c in found)

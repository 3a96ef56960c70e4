"""Entities of an RO-Crate: people, files, what was computed, and every number with where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from electrolith.core.files import sha256
from electrolith.study.exports.cite import references_of
from electrolith.study.origins import Origin, Place, files_of, stage_id
from electrolith.study.section import Evidence, Results
from electrolith.study.sections.metadata import Person

__all__ = [
    "action_entities",
    "address",
    "file_entity",
    "organisation",
    "person_entities",
    "refer",
    "value_entities",
    "versions_of",
]

Entity = dict[str, Any]
FORMATS = {
    ".html": "text/html",
    ".json": "application/json",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".cif": "chemical/x-cif",
    ".xyz": "chemical/x-xyz",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HEADLINE = "tables/headline.csv"
_DOI = re.compile(r"10\.\d{4,9}/[^\s,;]+")


def refer(names: Iterable[str]) -> Entity | list[Entity]:
    """References to entities; one alone stands without a list, as the specification asks."""
    found = [{"@id": n} for n in dict.fromkeys(names)]
    return found[0] if len(found) == 1 else found


def person_entities(person: Person) -> Iterable[Entity]:
    """An author, by ORCID where there is one, and the institution."""
    here = f"https://orcid.org/{person.orcid}" if person.orcid else _local(person.name)
    found: Entity = {"@id": here, "@type": "Person", "name": person.name}
    if person.affiliation:
        found["affiliation"] = {"@id": organisation(person.affiliation)["@id"]}
    yield found
    if person.affiliation:
        yield organisation(person.affiliation)


def organisation(text: str) -> Entity:
    """An institution by its name, with its address where that stands behind: "Institute <https://…>"."""
    found = re.fullmatch(r"(.+?)\s*<(https?://\S+)>", text.strip())
    if found is None:
        return {"@id": _local(text), "@type": "Organization", "name": text}
    return {"@id": found[2], "@type": "Organization", "name": found[1], "url": found[2]}


def _local(name: str) -> str:
    return "#" + re.sub(r"\W+", "-", name)


def file_entity(name: str, path: Path, what: str) -> Entity:
    """One file: size, checksum, kind."""
    return {
        "@id": address(name),
        "@type": "File",
        "name": name.rpartition("/")[2],
        "description": what,
        "contentSize": str(path.stat().st_size),
        "sha256": sha256(path),
        "encodingFormat": FORMATS.get(Path(name).suffix.lower(), "application/octet-stream"),
    }


def address(name: str) -> str:
    """A file's name as the URI that RO-Crate asks for: blanks and letters beyond ASCII escaped."""
    return quote(name, safe="/!$&'()*+,;=:@~-._")


def versions_of(results: Results) -> dict[str, str]:
    """Of the packages that computed something."""
    return {k: str(v) for r in results.runs for k, v in r.provenance.get("versions", {}).items()}


def action_entities(results: Results, names: set[str], program: str) -> Iterable[Entity]:
    """What was computed, from what, when: study file, inputs and earlier results to a result."""
    for run in results.runs:
        here = stage_id(run.stage, run.key)
        earlier = [f"results/{s}/result" for s in run.provenance.get("after", {}).values()]
        taken = {results.study.file.name, *files_of(run), *earlier} & names
        result = f"results/{here}/result"
        action: Entity = {
            "@id": f"#stage-{here}",
            "@type": "CreateAction",
            "name": " ".join(filter(None, (run.stage.replace("_", " "), run.group))),
            "description": f"fingerprint {run.key}",
            "instrument": {"@id": program},
            "object": refer(address(n) for n in sorted(taken)),
        }
        if result in names:
            action["result"] = {"@id": address(result)}
        if finished := run.provenance.get("finished"):
            action["endTime"] = finished
        yield action


def value_entities(number: int, origin: Origin, names: set[str]) -> Iterable[Entity]:
    """One number of the headline with its doubt; the places it was read from; whom to cite."""
    evidence = origin.evidence
    value = evidence.value
    found: Entity = {
        "@id": f"#value-{number}",
        "@type": "PropertyValue",
        "propertyID": evidence.quantity,
        "name": evidence.label,
        "value": value.value,
        "unitText": value.unit,
        "measurementTechnique": " ".join(
            filter(None, ("published," if evidence.published else "", evidence.kind, evidence.note))
        ),
        "description": f"source: {evidence.source}",
    }
    if value.doubt == "known":
        found["minValue"], found["maxValue"] = value.interval(0.68)
        found["description"] += "; minValue and maxValue are the central 68 % interval"
    else:
        found["description"] += f"; uncertainty {'none' if value.doubt == 'exact' else 'not stated'}"
    places = list(_places(origin, names))
    results = [f"results/{s}/result" for s in origin.stages]
    links = [*(address(n) for n in (*results, *origin.files) if n in names), *(p["@id"] for p in places)]
    if links:
        found["isBasedOn"] = refer(links)
    if HEADLINE in names:
        row = _part(HEADLINE, f"row={number + 1}", f"row {number + 1} of {HEADLINE}, the first has the names")
        found["subjectOf"] = {"@id": row["@id"]}
        places.append(row)
    cited = list(_cited(evidence, origin))
    if cited:
        found["citation"] = refer(c["@id"] for c in cited)
    yield found
    yield from places
    yield from cited


def _places(origin: Origin, names: set[str]) -> Iterable[Entity]:
    """Rows and columns that the number was read from, as parts of their files."""
    e = origin.evidence
    if e.entry and e.file in names:
        table = Path(e.file).suffix.lower() in (".csv", ".tsv", ".txt")
        # RFC 7111 counts the rows of CSV with that of the names; RFC 9512 takes JSON pointers into YAML.
        where = f"row={e.entry + 1}" if table else f"/{e.entry - 1}"
        yield _part(e.file, where, f"entry {e.entry} of {e.file}")
    for number, place in enumerate((p for p in origin.places if p.file in names), 1):
        yield _read(place, number)


def _read(place: Place, number: int) -> Entity:
    """What was read of an input file."""
    of = f"{place.part} of " if place.part else ""
    rows = f"{place.rows} rows" if place.rows else "all rows"
    found = _part(place.file, f"read-{number}", f"{of}{place.file}: {rows}")
    return found | ({"description": "; ".join(place.columns)} if place.columns else {})


def _part(file: str, where: str, name: str) -> Entity:
    """A place within a file."""
    return {
        "@id": f"{address(file)}#{where}",
        "@type": "CreativeWork",
        "name": name,
        "isPartOf": {"@id": address(file)},
    }


def _cited(evidence: Evidence, origin: Origin) -> Iterable[Entity]:
    """Works that a number rests on: those of its methods, or the one that published it."""
    dois = [evidence.doi] if evidence.doi else [d.rstrip(".)") for d in _DOI.findall(evidence.source)]
    for doi in dois:
        yield _work(doi, f"doi:{doi}")
    if not evidence.published:
        for doi, title in references_of(s.rpartition("-")[0] for s in origin.stages):
            yield _work(doi, title)


def _work(doi: str, title: str) -> Entity:
    return {
        "@id": f"https://doi.org/{doi}",
        "@type": "ScholarlyArticle",
        "identifier": f"https://doi.org/{doi}",
        "name": title,
    }

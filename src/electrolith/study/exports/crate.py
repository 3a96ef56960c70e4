"""A study as RO-Crate 1.1 (https://w3id.org/ro/crate/1.1): files, values, stages and people in one graph."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from electrolith import __version__
from electrolith.core.errors import InputError
from electrolith.core.files import sha256
from electrolith.study.report import all_settings, evidence_of, input_files
from electrolith.study.section import Evidence, Results
from electrolith.study.sections.metadata import LICENCES, Metadata, Person

__all__ = ["METADATA", "Crate", "CrateFile", "crate_of"]

METADATA = "ro-crate-metadata.json"
PROGRAM = "#electrolith"
_FORMATS = {
    ".html": "text/html",
    ".json": "application/json",
    ".csv": "text/csv",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".cif": "chemical/x-cif",
    ".xyz": "chemical/x-xyz",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_DOI = re.compile(r"10\.\d{4,9}/[^\s,;]+")


@dataclass(frozen=True, slots=True)
class CrateFile:
    """A file of the archive.

    name: its path inside, with slashes.     path: where it is now.     what: what it holds, in words.
    """

    name: str
    path: Path
    what: str


@dataclass(frozen=True, slots=True, eq=False)
class Crate:
    """Everything that goes into an archive.

    graph: the metadata, ready to be written.
    files: in the order of their names.
    left_out: files that the study marks as private.
    """

    graph: Mapping[str, Any]
    files: tuple[CrateFile, ...]
    left_out: tuple[str, ...]

    def text(self) -> str:
        """The metadata file."""
        return json.dumps(self.graph, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def crate_of(results: Results) -> Crate:
    """Inputs, settings, stored results and report of a study that was run, described.

    Raises
    ------
    InputError
        If the study says too little of itself, was not run, or names files outside its folder.
    """
    study = results.study
    metadata = study.get(Metadata) or Metadata()
    _complete(metadata, study.file)
    if not results.runs:
        raise InputError(f"{study.file}: nothing is computed yet; run the study, then export it")
    found = tuple(_files(results))
    private = [f for f in found if any(fnmatch(f.name, p) for p in metadata.private)]
    files = tuple(sorted((f for f in found if f not in private), key=lambda f: f.name))
    return Crate(_graph(results, metadata, files), files, tuple(sorted(f.name for f in private)))


def _complete(metadata: Metadata, file: Path) -> None:
    """Refuse a study that does not say whose it is and how it may be used."""
    lacking = [n for n in ("authors", "licence", "description") if not getattr(metadata, n)]
    if lacking:
        raise InputError(
            f"{file}: an archive needs {', '.join('metadata.' + n for n in lacking)}; for example "
            "metadata: {authors: [{name: Ada Example, orcid: 0000-0002-1825-0097}], licence: CC-BY-4.0, "
            "description: what was studied and why}"
        )


def _files(results: Results) -> Iterable[CrateFile]:
    """The study file, its inputs, what is stored of its stages, its report."""
    study = results.study
    folder = study.folder.resolve()
    named = {study.file.resolve(): "the study"}
    if (published := _published_file(results)) is not None:
        named[published.resolve()] = "published values"
    for _, value in all_settings(results):
        for path in input_files(value):
            if path.is_file():
                named.setdefault(path.resolve(), "input")
    for path, what in named.items():
        if not path.is_relative_to(folder):
            raise InputError(
                f"{path}: outside the study's folder {folder}; move it there, so that the archive is whole"
            )
        yield CrateFile(path.relative_to(folder).as_posix(), path, what)
    for run in results.runs:
        for name in ("result", "result.sha256", "provenance.json"):
            path = folder / "results" / f"{run.stage}-{run.key[:12]}" / name
            if path.is_file():
                yield CrateFile(path.relative_to(folder).as_posix(), path, f"{name} of {run.stage}")
    if (note := folder / "results" / "format.json").is_file():
        yield CrateFile("results/format.json", note, "format of the stored results")
    for name, what in (("report.html", "the report"), ("results.json", "the results as numbers")):
        if (folder / name).is_file():
            yield CrateFile(name, folder / name, what)
    for name, what in (("tables", "table of the report"), ("figures", "figure of the report")):
        for path in sorted((folder / name).glob("**/*")):
            if path.is_file() and not path.name.startswith("."):
                yield CrateFile(path.relative_to(folder).as_posix(), path, what)


def _published_file(results: Results) -> Path | None:
    """The list of published values that the study names, where it names one."""
    from electrolith.study.settings import load_yaml

    data = load_yaml(results.study.file)
    name = data.get("published") if isinstance(data, dict) else None
    return results.study.folder / name if isinstance(name, str) else None


def _graph(results: Results, metadata: Metadata, files: Sequence[CrateFile]) -> dict[str, Any]:
    """The metadata as one flat JSON-LD graph."""
    names = {f.name for f in files}
    values = [_value(i, e, results, names) for i, e in enumerate(evidence_of(results), 1)]
    citations = {c["@id"]: c for v in values for c in v.pop("citations")}
    people = [_person(p) for p in metadata.authors]
    licence = LICENCES[metadata.licence]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": results.study.title,
        "description": metadata.description,
        "datePublished": datetime.now(UTC).date().isoformat(),
        "license": {"@id": licence},
        "author": [{"@id": p["@id"]} for p in people],
        "keywords": ", ".join(metadata.keywords),
        "hasPart": [{"@id": f.name} for f in files],
        "mentions": [{"@id": v["@id"]} for v in values],
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
        "sdPublisher": {"@id": PROGRAM},
        "version": "1.0",
    }
    program = {
        "@id": PROGRAM,
        "@type": "SoftwareApplication",
        "name": "Electrolith",
        "version": __version__,
        "softwareRequirements": ", ".join(f"{k} {v}" for k, v in sorted(_versions(results).items())),
    }
    terms = {
        "@id": licence,
        "@type": "CreativeWork",
        "name": metadata.licence,
        "identifier": metadata.licence,
    }
    entities = [
        descriptor,
        root,
        program,
        terms,
        *people,
        *(_file(f) for f in files),
        *_actions(results, names),
        *values,
        *citations.values(),
    ]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": entities}


def _person(person: Person) -> dict[str, Any]:
    """An author, by ORCID where there is one."""
    plain = re.sub(r"\W+", "-", person.name)
    here = f"https://orcid.org/{person.orcid}" if person.orcid else f"#{plain}"
    found = {"@id": here, "@type": "Person", "name": person.name}
    return found | ({"affiliation": person.affiliation} if person.affiliation else {})


def _file(file: CrateFile) -> dict[str, Any]:
    """One file: size, checksum, kind."""
    return {
        "@id": file.name,
        "@type": "File",
        "name": file.name.rpartition("/")[2],
        "description": file.what,
        "contentSize": str(file.path.stat().st_size),
        "sha256": sha256(file.path),
        "encodingFormat": _FORMATS.get(Path(file.name).suffix.lower(), "application/octet-stream"),
    }


def _actions(results: Results, names: set[str]) -> Iterable[dict[str, Any]]:
    """What was computed, from what, when."""
    for run in results.runs:
        taken = set(_paths(run.provenance.get("settings", {})))
        result = f"results/{run.stage}-{run.key[:12]}/result"
        action = {
            "@id": f"#stage-{run.stage}-{run.key[:12]}",
            "@type": "CreateAction",
            "name": " ".join(filter(None, (run.stage.replace("_", " "), run.group))),
            "description": f"fingerprint {run.key}",
            "instrument": {"@id": PROGRAM},
            "object": [{"@id": n} for n in sorted({results.study.file.name, *taken} & names)],
            "result": [{"@id": result}] if result in names else [],
        }
        if finished := run.provenance.get("finished"):
            action["endTime"] = finished
        yield action


def _paths(settings: Any) -> Iterable[str]:
    """Files that the note on a result names, as they are seen from the study."""
    if isinstance(settings, dict) and "__path__" in settings:
        yield str(settings["__path__"])
    elif isinstance(settings, dict):
        for value in settings.values():
            yield from _paths(value)
    elif isinstance(settings, list):
        for value in settings:
            yield from _paths(value)


def _value(number: int, evidence: Evidence, results: Results, names: set[str]) -> dict[str, Any]:
    """One number of the headline table with its doubt, what it was derived from, whom to cite."""
    value = evidence.value
    found: dict[str, Any] = {
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
    links = _derived(evidence, results, names)
    if links:
        found["isBasedOn"] = [{"@id": n} for n in links]
    dois = [d.rstrip(".)") for d in _DOI.findall(evidence.source)]
    found["citations"] = [
        {
            "@id": f"https://doi.org/{d}",
            "@type": "ScholarlyArticle",
            "identifier": f"doi:{d}",
            "name": f"doi:{d}",
        }
        for d in dois
    ]
    if dois:
        found["citation"] = [{"@id": f"https://doi.org/{d}"} for d in dois]
    return found


def _derived(evidence: Evidence, results: Results, names: set[str]) -> list[str]:
    """Files that a value comes from: the list of published values, a stage's result, files it names."""
    if evidence.published:
        published = _published_file(results)
        return [n for n in names if published is not None and n == published.name]
    links = []
    for run in results.runs:
        result = f"results/{run.stage}-{run.key[:12]}/result"
        if run.stage.replace("_", " ") in evidence.source.replace("_", " ") and result in names:
            links.append(result)
    links += [n for n in names if n.rpartition("/")[2] in evidence.source]
    return sorted(set(links))


def _versions(results: Results) -> dict[str, str]:
    """Of the packages that computed something."""
    return {k: str(v) for r in results.runs for k, v in r.provenance.get("versions", {}).items()}

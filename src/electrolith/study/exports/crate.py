"""A study as RO-Crate 1.1 (https://w3id.org/ro/crate/1.1): files, values, stages and people in one graph."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from electrolith import __version__
from electrolith.core.errors import InputError
from electrolith.study.compose import origins_of
from electrolith.study.exports.entities import (
    action_entities,
    address,
    file_entity,
    organisation,
    person_entities,
    refer,
    value_entities,
    versions_of,
)
from electrolith.study.inputs import all_settings, input_files
from electrolith.study.report import published_files
from electrolith.study.section import Results
from electrolith.study.sections.metadata import LICENCES, Metadata

__all__ = ["METADATA", "Crate", "CrateFile", "crate_of"]

METADATA = "ro-crate-metadata.json"
PROGRAM = "#electrolith"


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
    named |= {path.resolve(): "published values" for path in published_files(results)}
    for _, value in all_settings(study):
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


def _graph(results: Results, metadata: Metadata, files: Sequence[CrateFile]) -> dict[str, Any]:
    """The metadata as one flat JSON-LD graph."""
    names = {f.name for f in files}
    values = [v for i, o in enumerate(origins_of(results), 1) for v in value_entities(i, o, names)]
    about = {e["@id"]: e for e in values}
    people = {e["@id"]: e for p in metadata.authors for e in person_entities(p)}
    authors = [e["@id"] for e in people.values() if e["@type"] == "Person"]
    if metadata.publisher:
        people |= {e["@id"]: e for e in [organisation(metadata.publisher)]}
    licence = LICENCES[metadata.licence]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": results.study.title,
        "description": metadata.description,
        "datePublished": datetime.now(UTC).date().isoformat(),
        "license": {"@id": licence},
        "author": refer(authors),
        "keywords": ", ".join(metadata.keywords),
        "hasPart": refer(address(f.name) for f in files),
        "mentions": refer(i for i, e in about.items() if e["@type"] == "PropertyValue"),
    }
    if metadata.publisher:
        root["publisher"] = {"@id": organisation(metadata.publisher)["@id"]}
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
        "softwareRequirements": ", ".join(f"{k} {v}" for k, v in sorted(versions_of(results).items())),
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
        *people.values(),
        *(file_entity(f.name, f.path, f.what) for f in files),
        *action_entities(results, names, PROGRAM),
        *about.values(),
    ]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": entities}

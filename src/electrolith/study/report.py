"""The report: a pure function of results to one HTML page that opens offline, and to data for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from electrolith.core.errors import ElectrolithError
from electrolith.core.files import sha256, write_atomic
from electrolith.core.flat import untagged
from electrolith.study.anchor import anchor
from electrolith.study.compose import distinct, doubtful, evidence_of, headline_of, origins_of, parts_of
from electrolith.study.contents import find_numbered
from electrolith.study.document import document, evidence_json, write_csv
from electrolith.study.failures import logged
from electrolith.study.figure import Figure
from electrolith.study.figure_composite import write_composite
from electrolith.study.figure_page import to_plotly
from electrolith.study.figure_paper import write_figure
from electrolith.study.inputs import all_settings, input_files
from electrolith.study.origins import Origin, beside, stage_id
from electrolith.study.page import page, same_unit, table_html, text
from electrolith.study.section import Evidence, Part, Results
from electrolith.study.store import DAMAGED
from electrolith.study.table import Table

__all__ = [
    "evidence_of",
    "marked",
    "page",
    "parts_of",
    "published_files",
    "results_json",
    "warnings_of",
    "write_page",
    "write_report",
]


def _settings_rows(value: Any, prefix: str = "") -> Iterable[tuple[str, str]]:
    """Every setting with its value, defaults included, nested ones with dotted names."""
    for field in dataclasses.fields(value):
        here = getattr(value, field.name)
        name = f"{prefix}{field.name}"
        if dataclasses.is_dataclass(here) and not isinstance(here, type):
            yield from _settings_rows(here, f"{name}.")
        elif isinstance(here, Path):
            yield name, here.name
        elif isinstance(here, tuple) and here and isinstance(here[0], Path):
            yield name, ", ".join(p.name for p in here)
        else:
            yield name, str(here)


def published_files(results: Results) -> list[Path]:
    """The lists and tables of published values that the study names."""
    return [results.study.folder / name for name in results.study.published_files]


def _inputs(results: Results) -> list[Path]:
    """The study file, its published values and every file that its settings name."""
    named = {p for _, v in all_settings(results.study) for p in input_files(v) if p.is_file()}
    return [results.study.file, *published_files(results), *sorted(named)]


def _versions(results: Results) -> dict[str, str]:
    """Of the packages that computed something."""
    return {k: str(v) for r in results.runs for k, v in r.provenance.get("versions", {}).items()}


def _provenance(results: Results) -> str:
    """Settings, input fingerprints, versions, timings."""
    pieces = ["<section><h2 id=provenance>Provenance</h2>"]
    every = all_settings(results.study)
    for name, value in every:
        rows = tuple(_settings_rows(value))
        if rows:
            pieces.append(f"<details><summary>Settings: {text(name)}</summary>")
            pieces.append(table_html(Table(("setting", "value"), rows)) + "</details>")
    rows = tuple((p.name, sha256(p)) for p in _inputs(results))
    pieces.append(
        "<details><summary>Input files</summary>"
        + table_html(Table(("file", "SHA-256"), rows))
        + "</details>"
    )
    stages = tuple(
        (r.stage, r.group, r.key[:12], f"{r.seconds:.1f} s", str(r.provenance.get("finished", "")))
        for r in results.runs
    )
    table = Table(("stage", "group", "fingerprint", "computed in", "finished (UTC)"), stages)
    pieces.append("<details open><summary>Stages</summary>" + table_html(table) + "</details>")
    table = Table(("package", "version"), tuple(_versions(results).items()))
    pieces.append("<details><summary>Versions</summary>" + table_html(table) + "</details></section>")
    return "".join(pieces)


def warnings_of(results: Results) -> tuple[str, ...]:
    """Everything that must not be trusted: failed stages, disagreements, warnings of the parts."""
    return warnings_of_parts(results, parts_of(results))


def warnings_of_parts(results: Results, parts: Sequence[Part]) -> tuple[str, ...]:
    """The same with the parts already made."""
    failed = tuple(f"{stage}: {text}" for stage, text in results.failures.items())
    failed += tuple(
        f"{r.stage}: {r.provenance[DAMAGED]}; versions, settings and time of this result are not known"
        for r in results.runs
        if DAMAGED in r.provenance
    )
    return (
        failed
        + tuple(text for one in find_numbered(results.study.numbered, parts) for text in one.missing)
        + disagreements(evidence_of(results))
        + tuple(w for part in parts for w in part.warnings)
    )


def marked(results: Results) -> frozenset[str]:
    """Quantities that carry a mark: their part of the report warns, or published numbers contradict them."""
    evidence = evidence_of(results)
    contradicted = {
        own.quantity
        for own in evidence
        if not own.published and disagreements([e for e in evidence if e.quantity == own.quantity])
    }
    return doubtful(results) | contradicted


def disagreements(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Published numbers that lie outside the 95 % interval of the study's own, in words."""
    found = []
    for own in evidence:
        if own.published or own.value.doubt != "known":
            continue
        low, high = own.value.interval(0.95)
        for other in evidence:
            if not other.published or other.quantity != own.quantity:
                continue
            there = same_unit(other.value, own.value.unit)
            ends = there.interval(0.95) if there.doubt == "known" else (there.value, there.value)
            if ends[1] < low or ends[0] > high:
                text = own.value.text(0.95)
                found.append(
                    f"{own.label}: {own.kind} here {text} (95 %), published {other.kind} {there.text(0.95)}; "
                    "these do not agree within the stated uncertainties."
                )
    return tuple(found)


def report_html(results: Results) -> str:
    """The whole report."""
    parts = parts_of(results)
    lead = "; ".join(f"{s.key}" for s in results.study.sections)
    bare = tuple(dataclasses.replace(p, warnings=()) for p in parts)  # they stand together at the top
    return page(
        results.study.title,
        bare,
        lead=f"Sections of this study: {lead}.",
        evidence=headline_of(results),
        warnings=warnings_of_parts(results, parts),
        contents=_contents(results, parts),
        tail=_provenance(results),
        pictures="figures/",
    )


def _contents(results: Results, parts: Sequence[Part]) -> str:
    """Figures and tables by the numbers of a paper, each with links to where it stands."""
    lines = []
    for one in find_numbered(results.study.numbered, parts):
        links = ", ".join(
            f'<a href="#{text(place)}">{text(f"{letter}: " if letter else "")}{text(words)}</a>'
            for letter, place, words, _ in one.panels
        )
        lines.append(f"<dt>{text(one.name)}</dt><dd>{links or 'not in this report'}</dd>")
    if not lines:
        return ""
    return (
        f"<section class=contents><h2 id=contents>Figures and tables</h2><dl>{''.join(lines)}</dl></section>"
    )


def results_json(results: Results) -> dict[str, Any]:
    """The results for programs, in the form of every command; the schema is documented in docs/results.md."""
    parts = parts_of(results)
    found = document(
        results.study.title, parts, evidence=evidence_of(results), warnings=warnings_of_parts(results, parts)
    )
    folder = results.study.folder
    found["inputs"] = [{"file": beside(p, folder), "sha256": sha256(p)} for p in _inputs(results)]
    found["evidence"] = [evidence_json(o.evidence) | _from(o) for o in origins_of(results)]
    found["versions"] = _versions(results)
    found["stages"] = [
        {
            "id": stage_id(r.stage, r.key),
            "stage": r.stage,
            "group": r.group,
            "key": r.key,
            "seconds": round(r.seconds, 3),
            "settings": untagged(r.provenance.get("settings")),
            **{k: r.provenance.get(k) for k in ("version", "versions", "inputs", "after", "beyond")},
        }
        for r in results.runs
    ]
    found["failures"] = results.failures
    return found


def _from(origin: Origin) -> dict[str, Any]:
    """Where a number comes from: stored results, input files, columns and rows."""
    return {
        "stages": list(origin.stages),
        "files": list(origin.files),
        "read": [
            {"file": p.file, "part": p.part, "columns": list(p.columns), "rows": p.rows}
            for p in origin.places
        ],
    }


def write_report(results: Results) -> Path:
    """Write report.html, results.json, figures/ and tables/ beside the study; the path of the page."""
    folder = results.study.folder
    parts = parts_of(results)
    results = dataclasses.replace(results, failures=results.failures | _draw(results, parts))
    write_atomic(folder / "report.html", report_html(results))
    write_atomic(
        folder / "results.json", json.dumps(results_json(results), indent=1, ensure_ascii=False) + "\n"
    )
    write_csv(folder / "tables", parts, evidence=evidence_of(results), figures=folder / "figures")
    return folder / "report.html"


def _draw(results: Results, parts: Sequence[Part]) -> dict[str, str]:
    """Write the files of all figures; those that cannot be drawn, with the reason, never stop the report."""
    folder = results.study.folder
    drawings: dict[str, Callable[[], object]] = {
        f.name: partial(_draw_one, f, folder / "figures") for part in parts for f in part.figures
    }
    for one in find_numbered(results.study.numbered, parts):
        panels = [(letter, figure) for letter, _, _, figure in one.panels if figure is not None]
        if len(panels) > 1:
            drawings[one.name] = partial(write_composite, anchor(one.name), panels, folder / "figures")
    failed = {}
    for name, draw in drawings.items():
        try:
            draw()
        except (ElectrolithError, OSError):
            raise
        except Exception as error:
            failed[f"figure {name}"] = logged(folder, f"figure {name}", error)
    return failed


def _draw_one(figure: Figure, folder: Path) -> None:
    to_plotly(figure)  # what the page will draw
    write_figure(figure, folder)


def write_page(path: Path, title: str, parts: Sequence[Part], *, evidence: Sequence[Evidence] = ()) -> Path:
    """Write the page of a stand-alone command."""
    warnings = tuple(w for p in parts for w in p.warnings)
    bare = distinct(dataclasses.replace(p, warnings=()) for p in parts)
    write_atomic(path, page(title, bare, evidence=evidence, warnings=warnings))
    return path

"""The report: a pure function of results to one HTML page that opens offline, and to data for programs."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from electrolith import __version__
from electrolith.core.errors import ElectrolithError
from electrolith.core.estimate import Estimate
from electrolith.core.files import sha256, write_atomic
from electrolith.core.flat import untagged
from electrolith.core.format import with_unit
from electrolith.core.safe_text import plotly_text, script_data, visible
from electrolith.study.anchor import anchor
from electrolith.study.compose import distinct, doubtful, evidence_of, parts_of
from electrolith.study.contents import find_numbered
from electrolith.study.document import document, write_csv
from electrolith.study.figure import Figure
from electrolith.study.figure_composite import write_composite
from electrolith.study.figure_page import to_plotly
from electrolith.study.figure_paper import write_figure
from electrolith.study.section import Evidence, Part, Results
from electrolith.study.store import DAMAGED
from electrolith.study.table import Table, is_numeric, text_rows

__all__ = [
    "all_settings",
    "evidence_of",
    "input_files",
    "marked",
    "page",
    "parts_of",
    "results_json",
    "warnings_of",
    "write_page",
    "write_report",
]

_COLUMNS = (
    ("This study, computed", "computed", False),
    ("This study, measured", "measured", False),
    ("Published, computed", "computed", True),
    ("Published, measured", "measured", True),
)


def _text(value: str) -> str:
    return html.escape(visible(value), quote=True)


def _table(table: Table) -> str:
    rows = text_rows(table)
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    marks = ["<{0} class=number>" if is_numeric(c) else "<{0}>" for c in columns]

    def line(tag: str, cells: Sequence[str]) -> str:
        return "".join(f"{m.format(tag)}{_text(c)}</{tag}>" for m, c in zip(marks, cells, strict=True))

    caption = f"<caption>{_text(table.caption)}</caption>" if table.caption else ""
    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    head = f"<thead><tr>{line('th', table.columns)}</tr></thead>"
    return f"<div class=scroll><table>{caption}{head}<tbody>{body}</tbody></table></div>"


def _estimate(value: Estimate) -> str:
    """Value, interval and unit of a table cell."""
    shown = f"<b>{_text(value.number())}</b>{_text(with_unit('', value.unit))}"
    _, low, high = value.digits()
    if low:
        return f"{shown}<span class=interval>68 %: {_text(low)} to {_text(high)}</span>"
    return shown + ("<span class=interval>uncertainty not stated</span>" if value.doubt == "unknown" else "")


def _same_unit(value: Estimate, unit: str) -> Estimate:
    """The estimate in another unit where the two measure the same thing."""
    try:
        return value.to(unit)
    except ElectrolithError:
        return value


def _cell(found: Sequence[Evidence], unit: str) -> str:
    """One cell of the headline table: every number of its kind, with its note and source."""
    parts = []
    for e in found:
        note = " · ".join(filter(None, (e.note, e.source)))
        small = f"<small>{_text(note)}</small>" if note else ""
        parts.append(_estimate(_same_unit(e.value, unit)) + small)
    return "".join(parts) or "–"


def _evidence(evidence: Sequence[Evidence]) -> str:
    """The headline table: a row for each quantity this study itself has a number for, then the others."""
    own = list(dict.fromkeys(e.quantity for e in evidence if not e.published))
    if not own:
        return ""
    columns = [c for c in _COLUMNS if any((e.kind, e.published) == c[1:] for e in evidence)]
    head = "".join(f"<th>{_text(c[0])}</th>" for c in columns)
    rows = []
    for quantity in own:
        here = [e for e in evidence if e.quantity == quantity]
        cells = "".join(
            f"<td>{_cell([e for e in here if (e.kind, e.published) == c[1:]], here[0].value.unit)}</td>"
            for c in columns
        )
        rows.append(f"<tr><td>{_text(here[0].label)}</td>{cells}</tr>")
    return (
        "<div class=scroll><table class=evidence><thead><tr><th>Quantity</th>"
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _figure(figure: Figure) -> str:
    data = script_data(json.dumps(plotly_text(to_plotly(figure)), separators=(",", ":")))
    return (
        f'<figure id="{_text(figure.name)}"><div class=plot style="height:{figure.height}px"></div>'
        f'<script type="application/json">{data}</script>'
        f"<figcaption>{_text(figure.caption)}</figcaption></figure>"
    )


def _part(part: Part) -> str:
    if part.data and not (part.tables or part.figures):
        return ""  # a part that only goes into files
    figures = "".join(_figure(f) for f in part.figures)
    tables = "".join(_table(t) for t in part.tables)
    notes = "".join(f"<li>{_text(n)}</li>" for n in part.notes)
    warnings = "".join(f"<li>{_text(w)}</li>" for w in part.warnings)
    return (
        f'<section><h2 id="{anchor(part.title)}">{_text(part.title)}</h2><p>{_text(part.sentence)}</p>'
        + (f"<div class=warnings><ul>{warnings}</ul></div>" if warnings else "")
        + (f"<div class=figures>{figures}</div>" if figures else "")
        + tables
        + (f"<ul class=notes>{notes}</ul>" if notes else "")
        + "</section>"
    )


def _warnings(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{_text(w)}</li>" for w in warnings)
    return f"<div class=warnings><h2>Before you trust these numbers</h2><ul>{items}</ul></div>"


@cache
def _plotly_js() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")


_DRAW = """
const draw = f => {
  const s = f.querySelector('script'); if (!s || f.dataset.drawn) return;
  f.dataset.drawn = 1;
  const spec = JSON.parse(s.textContent);
  Plotly.newPlot(f.querySelector('.plot'), spec.data, spec.layout, {responsive: true, displaylogo: false,
    toImageButtonOptions: {format: 'svg', filename: f.id}, modeBarButtonsToRemove: ['select2d', 'lasso2d']});
};
const near = new IntersectionObserver(all => all.forEach(e => {
  if (e.isIntersecting) { near.unobserve(e.target); draw(e.target); }
}), {rootMargin: '900px'});
document.querySelectorAll('figure').forEach(f => near.observe(f));
window.addEventListener('beforeprint', () => {
  document.querySelectorAll('details').forEach(d => d.open = true);
  document.querySelectorAll('figure').forEach(draw);
});
"""


def _policy(scripts: Sequence[str]) -> str:
    """What the page may do: run the scripts that it was written with, and fetch nothing from anywhere.

    Plotly puts styles into the page, draws images of its own, and its solid figures compile their drawing.
    """
    sums = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    run = " ".join([*(f"'sha256-{s}'" for s in sums), "'unsafe-eval'"]) if sums else "'none'"
    return (
        f"default-src 'none'; script-src {run}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def page(
    title: str,
    parts: Sequence[Part],
    *,
    lead: str = "",
    evidence: Sequence[Evidence] = (),
    warnings: Sequence[str] = (),
    contents: str = "",
    tail: str = "",
) -> str:
    """One HTML page with everything inside it.

    Parameters
    ----------
    title, lead : what was asked, in a line each.
    parts : the body, in order.
    evidence : rows of the headline table.
    warnings : what must not be trusted, in plain words.
    contents : HTML before the parts (figures by their numbers). tail : HTML at the end (provenance).
    """
    css = files("electrolith.study").joinpath("report.css").read_text()
    links = "".join(f'<a href="#{anchor(p.title)}">{_text(p.title)}</a>' for p in parts)
    drawn = any(p.figures for p in parts)
    scripts = (_plotly_js(), _DRAW) if drawn else ()
    script = "".join(f"<script>{s}</script>" for s in scripts)
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv=Content-Security-Policy content="{_policy(scripts)}">'
        '<meta name=viewport content="width=device-width">'
        f"<title>{_text(title)}</title><style>{css}</style></head><body>"
        f"<h1>{_text(title)}</h1>"
        + (f"<p class=lead>{_text(lead)}</p>" if lead else "")
        + _evidence(evidence)
        + _warnings(warnings)
        + (f"<nav>{links}</nav>" if len(parts) > 2 else "")
        + contents
        + "".join(_part(p) for p in parts)
        + tail
        + f"<p class=source>Made with Electrolith {__version__}.</p>{script}</body></html>"
    )


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


def input_files(value: Any) -> Iterable[Path]:
    """Every file that settings name."""
    if isinstance(value, Path):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from input_files(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from input_files(item)


def all_settings(results: Results) -> list[tuple[str, Any]]:
    """Settings of the study and of every group, by a name for people."""
    study = results.study
    found = [(k.__name__, v) for k, v in study.settings.items() if k not in study.groups]
    for members in study.groups.values():
        found += [(" ".join(filter(None, (g.section, g.name))), g.settings) for g in members]
    return found


def _inputs(results: Results) -> list[Path]:
    """The study file and every file that its settings name."""
    named = sorted({p for _, v in all_settings(results) for p in input_files(v) if p.is_file()})
    return [results.study.file, *named]


def _versions(results: Results) -> dict[str, str]:
    """Of the packages that computed something."""
    return {k: str(v) for r in results.runs for k, v in r.provenance.get("versions", {}).items()}


def _provenance(results: Results) -> str:
    """Settings, input fingerprints, versions, timings."""
    pieces = ["<section><h2 id=provenance>Provenance</h2>"]
    every = all_settings(results)
    for name, value in every:
        rows = tuple(_settings_rows(value))
        if rows:
            pieces.append(f"<details><summary>Settings: {_text(name)}</summary>")
            pieces.append(_table(Table(("setting", "value"), rows)) + "</details>")
    rows = tuple((p.name, sha256(p)) for p in _inputs(results))
    pieces.append(
        "<details><summary>Input files</summary>" + _table(Table(("file", "SHA-256"), rows)) + "</details>"
    )
    stages = tuple(
        (r.stage, r.group, r.key[:12], f"{r.seconds:.1f} s", str(r.provenance.get("finished", "")))
        for r in results.runs
    )
    table = Table(("stage", "group", "fingerprint", "computed in", "finished (UTC)"), stages)
    pieces.append("<details open><summary>Stages</summary>" + _table(table) + "</details>")
    table = Table(("package", "version"), tuple(_versions(results).items()))
    pieces.append("<details><summary>Versions</summary>" + _table(table) + "</details></section>")
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
            there = _same_unit(other.value, own.value.unit)
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
        evidence=evidence_of(results),
        warnings=warnings_of_parts(results, parts),
        contents=_contents(results, parts),
        tail=_provenance(results),
    )


def _contents(results: Results, parts: Sequence[Part]) -> str:
    """Figures and tables by the numbers of a paper, each with links to where it stands."""
    lines = []
    for one in find_numbered(results.study.numbered, parts):
        links = ", ".join(
            f'<a href="#{_text(place)}">{_text(f"{letter}: " if letter else "")}{_text(words)}</a>'
            for letter, place, words, _ in one.panels
        )
        lines.append(f"<dt>{_text(one.name)}</dt><dd>{links or 'not in this report'}</dd>")
    if not lines:
        return ""
    return (
        f"<section class=contents><h2 id=contents>Figures and tables</h2><dl>{''.join(lines)}</dl></section>"
    )


def _beside(path: Path, results: Results) -> str:
    """A file as it is seen from the study; one outside by its name."""
    here, folder = path.resolve(), results.study.folder.resolve()
    return here.relative_to(folder).as_posix() if here.is_relative_to(folder) else path.name


def results_json(results: Results) -> dict[str, Any]:
    """The results for programs, in the form of every command; the schema is documented in docs/results.md."""
    parts = parts_of(results)
    found = document(
        results.study.title, parts, evidence=evidence_of(results), warnings=warnings_of_parts(results, parts)
    )
    found["inputs"] = [{"file": _beside(p, results), "sha256": sha256(p)} for p in _inputs(results)]
    found["versions"] = _versions(results)
    found["stages"] = [
        {
            "stage": r.stage,
            "group": r.group,
            "key": r.key,
            "seconds": round(r.seconds, 3),
            "settings": untagged(r.provenance.get("settings")),
        }
        for r in results.runs
    ]
    found["failures"] = results.failures
    return found


def write_report(results: Results) -> Path:
    """Write report.html, results.json, figures/ and tables/ beside the study; the path of the page."""
    folder = results.study.folder
    parts = parts_of(results)
    write_atomic(folder / "report.html", report_html(results))
    write_atomic(
        folder / "results.json", json.dumps(results_json(results), indent=1, ensure_ascii=False) + "\n"
    )
    for part in parts:
        for figure in part.figures:
            write_figure(figure, folder / "figures")
    for one in find_numbered(results.study.numbered, parts):
        panels = [(letter, figure) for letter, _, _, figure in one.panels if figure is not None]
        if len(panels) > 1:
            write_composite(anchor(one.name), panels, folder / "figures")
    write_csv(folder / "tables", parts, evidence=evidence_of(results), figures=folder / "figures")
    return folder / "report.html"


def write_page(path: Path, title: str, parts: Sequence[Part], *, evidence: Sequence[Evidence] = ()) -> Path:
    """Write the page of a stand-alone command."""
    warnings = tuple(w for p in parts for w in p.warnings)
    bare = distinct(dataclasses.replace(p, warnings=()) for p in parts)
    write_atomic(path, page(title, bare, evidence=evidence, warnings=warnings))
    return path

"""One HTML page with everything inside it: headline, warnings, parts with figures and tables."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import platform
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from electrolith import __version__
from electrolith.core.errors import ElectrolithError
from electrolith.core.estimate import Estimate
from electrolith.core.files import sha256
from electrolith.core.format import formulas, with_unit
from electrolith.core.reading import said
from electrolith.core.safe_text import file_name, plotly_text, script_data, visible
from electrolith.study.anchor import anchor
from electrolith.study.asked import asked
from electrolith.study.figure import Figure
from electrolith.study.figure_data import figure_columns
from electrolith.study.figure_page import to_plotly
from electrolith.study.figure_still import still
from electrolith.study.section import Evidence, Part
from electrolith.study.table import Cell, Table, cell_data, is_numeric, text_rows

__all__ = ["page", "prose", "same_unit", "table_html", "text"]

_COLUMNS = (
    ("This study, computed", "computed", False),
    ("This study, measured", "measured", False),
    ("Published, computed", "computed", True),
    ("Published, measured", "measured", True),
)


LONG = 24  # rows; a longer table folds
FIRST = 8
SEEN = 3  # warnings in view
NARROW = 6  # numbers of a headline that has room beside a figure
READ_OUT = 20  # rows of a figure's data for readers without JavaScript
_DOI = re.compile(r"\b(10\.\d{4,9}/[-._;()/:A-Za-z0-9]*[A-Za-z0-9])")
_PROJECT = re.compile(r"\b(mp-\d{1,9})\b")


def text(value: str) -> str:
    """Text as it stands in a page."""
    return html.escape(visible(value), quote=True)


_text = text


def prose(value: str) -> str:
    """Words with lowered numbers in formulas, and links behind DOIs and entries of databases."""
    shown = _DOI.sub(r'<a href="https://doi.org/\1">\1</a>', _text(formulas(value)))
    return _PROJECT.sub(r'<a href="https://next-gen.materialsproject.org/materials/\1">\1</a>', shown)


def table_html(table: Table) -> str:
    """A table; one of many rows shows its first and folds the rest behind a line.

    Cells with numbers carry value, standard deviation and unit, by which the page sorts and writes CSV.
    """
    rows = text_rows(table)
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    classes = [" class=number" if is_numeric(c) else "" for c in columns]
    body = []
    for shown, cells in zip(rows, table.rows, strict=True):
        row = zip(classes, shown, cells, table.columns, strict=True)
        body.append(f"<tr>{''.join(f'<td{c}{_data(v, h)}>{prose(t)}</td>' for c, t, v, h in row)}</tr>")
    names = "".join(f"<th{c}>{prose(h)}</th>" for c, h in zip(classes, table.columns, strict=True))
    caption = f"<caption>{prose(table.caption)}</caption>" if table.caption else ""
    name = f' data-name="{anchor(table.caption)[:60]}"' if table.caption else ""
    start = f"<div class=scroll><table{name}>{caption}<thead><tr>{names}</tr></thead><tbody>"
    end = "</tbody></table></div>"
    if len(rows) <= LONG:
        return start + "".join(body) + end
    seen = (start + "".join(body[:FIRST]) + end).replace("<table", "<table data-part", 1)
    whole = start + "".join(body) + end
    return f"{seen}<details><summary>all {len(rows)} rows</summary>{whole}</details>"


def _data(cell: Cell, head: str) -> str:
    """Attributes of a cell that holds a number."""
    value, std, unit = cell_data(cell, head)
    if value is None:
        return ""
    doubt = "" if std is None else f" data-s={std!r}"
    return f" data-v={value!r}{doubt}" + (f' data-u="{_text(unit)}"' if unit else "")


def _estimate(value: Estimate) -> str:
    """Value, interval and unit of a table cell."""
    shown = f"<b>{_text(value.number())}</b>{_text(with_unit('', value.unit))}"
    middle, low, high = value.digits()
    if low and not middle == low == high:
        return f"{shown}<span class=interval>68 %: {_text(low)} to {_text(high)}</span>"
    return shown + ("<span class=interval>uncertainty not stated</span>" if value.doubt == "unknown" else "")


def same_unit(value: Estimate, unit: str) -> Estimate:
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
        small = f"<small>{prose(note)}</small>" if note else ""
        parts.append(_estimate(same_unit(e.value, unit)) + small)
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
        rows.append(f"<tr><td>{prose(here[0].label)}</td>{cells}</tr>")
    return (
        "<div class=scroll><table class=evidence><thead><tr><th>Quantity</th>"
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _figure(figure: Figure, pictures: str, place: str = "", *, beside: bool = False) -> str:
    """The figure; without JavaScript its picture, and what is drawn as a table."""
    name = _text(file_name(figure.name))
    try:
        data = script_data(json.dumps(plotly_text(to_plotly(figure)), separators=(",", ":")))
        source = f"{pictures}{name}.svg" if pictures else still(figure)
        behind = _drawn_table(figure)
    except Exception as error:  # one figure never takes the page with it
        why = f"<p>This figure could not be drawn: {_text(said(error))}</p>"
        return f'<figure id="{_text(place + figure.name)}">{why}</figure>'
    caption = prose(figure.caption)
    kind = " class=wide" if figure.wide and not beside else ""
    return (
        f'<figure id="{_text(place + figure.name)}"{kind}>'
        f'<div class=plot role=img aria-label="{_text(figure.caption)}" '
        f'style="height:{figure.height}px"></div><noscript><img src="{source}" alt="{_text(figure.caption)}">'
        f"{behind}</noscript>"
        f'<script type="application/json">{data}</script>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _drawn_table(figure: Figure) -> str:
    """The first rows of what is drawn, for readers without pictures."""
    names, columns = figure_columns(figure)
    length = max((len(c) for c in columns), default=0)
    rows = tuple(tuple(c[i] if i < len(c) else None for c in columns) for i in range(min(length, READ_OUT)))
    more = f"; {length} rows in all, see --csv" if length > READ_OUT else ""
    table = Table(tuple(names), rows, f"What is drawn{more}")
    return f"<details><summary>data of the figure</summary>{table_html(table)}</details>"


def _part(part: Part, pictures: str) -> str:
    if part.data and not (part.tables or part.figures):
        return ""  # a part that only goes into files
    figures = "".join(_figure(f, pictures) for f in part.figures)
    tables = "".join(table_html(t) for t in part.tables)
    notes = "".join(f"<li>{prose(n)}</li>" for n in part.notes)
    warnings = "".join(f"<li>{prose(w)}</li>" for w in part.warnings)
    return (
        f'<section><h2 id="{anchor(part.title)}">{_text(formulas(part.title))}</h2>'
        f"<p>{prose(part.sentence)}</p>"
        + (f"<div class=warnings><ul>{warnings}</ul></div>" if warnings else "")
        + (f"<div class=figures>{figures}</div>" if figures else "")
        + tables
        + (f"<ul class=notes>{notes}</ul>" if notes else "")
        + "</section>"
    )


def _warnings(warnings: Sequence[str]) -> str:
    """What must not be trusted: the first lines in view, the rest folded."""
    if not warnings:
        return ""
    items = [f"<li>{prose(w)}</li>" for w in warnings]
    more = items[SEEN:]
    folded = (
        f"<details><summary>and {len(more)} more</summary><ul>{''.join(more)}</ul></details>" if more else ""
    )
    return (
        "<div class=warnings><h2>Before you trust these numbers</h2>"
        f"<ul>{''.join(items[:SEEN])}</ul>{folded}</div>"
    )


def _first_screen(
    parts: Sequence[Part], evidence: Sequence[Evidence], warnings: Sequence[str], pictures: str
) -> tuple[str, tuple[Part, ...]]:
    """The answer: headline, what must not be trusted, the key figure beside them; and the parts below.

    A headline of many rows or columns takes the whole width, below. The key figure leaves the first part,
    which begins right below; a later part shows it again.
    """
    headline, doubts = _evidence(evidence), _warnings(warnings)
    words = headline + doubts
    key = next((f for part in parts for f in part.figures if f.key), None)
    if key is None or not words:
        return words, tuple(parts)
    first, *rest = parts
    moved = key in first.figures
    if moved:
        first = replace(first, figures=tuple(f for f in first.figures if f is not key))
    drawn = _figure(replace(key, height=min(key.height, 420)), pictures, "" if moved else "key-", beside=True)
    if len(evidence) <= NARROW:
        return f"<div class=answer><div>{words}</div>{drawn}</div>", (first, *rest)
    return f"<div class=answer><div>{doubts}</div>{drawn}</div>{headline}", (first, *rest)


@cache
def _plotly_js() -> str:
    """Plotly, packed: 1.9 MB in the page instead of 4.8."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(str(get_plotlyjs()).encode(), 9, mtime=0)).decode()


def _asked() -> str:
    """How the page was made: the line that does it again, files and fingerprints, options, versions."""
    what = asked()
    if not what.line:
        return ""
    made = datetime.now(UTC).isoformat(timespec="minutes")
    given = tuple((p.name, sha256(p)) for p in what.inputs if p.is_file())
    versions = (("electrolith", __version__), ("python", platform.python_version()), ("made (UTC)", made))
    return (
        "<details class=made><summary>How this page was made</summary>"
        f"<p>Do it again: <code>{_text(what.command)}</code></p>"
        + table_html(Table(("file", "SHA-256"), given))
        + table_html(Table(("option", "value"), what.options))
        + table_html(Table(("what", "version"), versions))
        + "</details>"
    )


def _policy(scripts: Sequence[str]) -> str:
    """What the page may do: run the scripts that it was written with, and fetch nothing from anywhere.

    Plotly puts styles into the page, draws images of its own, and its solid figures compile their drawing.
    """
    sums = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    run = " ".join([*(f"'sha256-{s}'" for s in sums), "'unsafe-eval'"]) if sums else "'none'"
    return (
        f"default-src 'none'; script-src {run}; style-src 'unsafe-inline'; img-src 'self' data: blob:; "
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
    pictures: str = "",
) -> str:
    """One HTML page with everything inside it.

    Parameters
    ----------
    title, lead : what was asked, in a line each.
    parts : the body, in order.
    evidence : rows of the headline table.
    warnings : what must not be trusted, in plain words.
    contents : HTML before the parts (figures by their numbers). tail : HTML at the end (provenance).
    pictures : folder beside the page with an SVG of each figure, "figures/".
    """
    css = files("electrolith.study").joinpath("report.css").read_text()
    links = "".join(f'<a href="#{anchor(p.title)}">{_text(formulas(p.title))}</a>' for p in parts)
    drawn = any(p.figures for p in parts)
    code = files("electrolith.study").joinpath("page.js").read_text(encoding="utf-8")
    packed = f'<script type="text/plain" id=plotly>{_plotly_js()}</script>' if drawn else ""
    scripts = (code,) if drawn or any(p.tables for p in parts) else ()
    script = packed + "".join(f"<script>{s}</script>" for s in scripts)
    answer, below = _first_screen(parts, evidence, warnings, pictures)
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv=Content-Security-Policy content="{_policy(scripts)}">'
        '<meta name=viewport content="width=device-width">'
        f"<title>{_text(title)}</title><style>{css}</style></head><body>"
        f"<h1>{prose(title)}</h1>"
        + (f"<p class=lead>{prose(lead)}</p>" if lead else "")
        + answer
        + (f"<nav>{links}</nav>" if len(parts) > 2 else "")
        + contents
        + "".join(_part(p, pictures) for p in below)
        + (tail or _asked())
        + f"<p class=source>Made with Electrolith {__version__}.</p>{script}</body></html>"
    )

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
from electrolith.study.figure_page import to_plotly
from electrolith.study.section import Evidence, Part
from electrolith.study.table import Table, is_numeric, text_rows

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
NO_SCRIPT = "<p>This figure needs JavaScript; its data are in the tables and in --csv.</p>"
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
    """A table; one of many rows shows its first and folds the rest behind a line."""
    rows = text_rows(table)
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    marks = ["<{0} class=number>" if is_numeric(c) else "<{0}>" for c in columns]

    def line(tag: str, cells: Sequence[str]) -> str:
        return "".join(f"{m.format(tag)}{prose(c)}</{tag}>" for m, c in zip(marks, cells, strict=True))

    caption = f"<caption>{prose(table.caption)}</caption>" if table.caption else ""
    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    head = f"<thead><tr>{line('th', table.columns)}</tr></thead>"
    whole = f"<div class=scroll><table>{caption}{head}<tbody>{body}</tbody></table></div>"
    if len(rows) <= LONG:
        return whole
    first = "".join(f"<tr>{line('td', row)}</tr>" for row in rows[:FIRST])
    start = f"<div class=scroll><table>{caption}{head}<tbody>{first}</tbody></table></div>"
    return f"{start}<details><summary>all {len(rows)} rows</summary>{whole}</details>"


def _estimate(value: Estimate) -> str:
    """Value, interval and unit of a table cell."""
    shown = f"<b>{_text(value.number())}</b>{_text(with_unit('', value.unit))}"
    _, low, high = value.digits()
    if low:
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


def _figure(figure: Figure, pictures: str) -> str:
    """The figure; without JavaScript its picture where one lies beside the page."""
    try:
        data = script_data(json.dumps(plotly_text(to_plotly(figure)), separators=(",", ":")))
    except Exception as error:  # one figure never takes the page with it
        why = f"<p>This figure could not be drawn: {_text(said(error))}</p>"
        return f'<figure id="{_text(figure.name)}">{why}</figure>'
    caption, name = prose(figure.caption), _text(file_name(figure.name))
    still = f'<img src="{pictures}{name}.svg" alt="{_text(figure.caption)}">' if pictures else ""
    return (
        f'<figure id="{_text(figure.name)}"><div class=plot role=img aria-label="{_text(figure.caption)}" '
        f'style="height:{figure.height}px"></div><noscript>{still or NO_SCRIPT}</noscript>'
        f'<script type="application/json">{data}</script>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _part(part: Part, pictures: str) -> str:
    if part.data and not (part.tables or part.figures):
        return ""  # a part that only goes into files
    figures = "".join(_figure(f, pictures) for f in part.figures)
    tables = "".join(table_html(t) for t in part.tables)
    notes = "".join(f"<li>{prose(n)}</li>" for n in part.notes)
    warnings = "".join(f"<li>{prose(w)}</li>" for w in part.warnings)
    return (
        f'<section><h2 id="{anchor(part.title)}">{_text(part.title)}</h2><p>{prose(part.sentence)}</p>'
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
    links = "".join(f'<a href="#{anchor(p.title)}">{_text(p.title)}</a>' for p in parts)
    drawn = any(p.figures for p in parts)
    code = files("electrolith.study").joinpath("page.js").read_text(encoding="utf-8")
    packed = f'<script type="text/plain" id=plotly>{_plotly_js()}</script>' if drawn else ""
    scripts = (code,) if drawn or any(p.tables for p in parts) else ()
    script = packed + "".join(f"<script>{s}</script>" for s in scripts)
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv=Content-Security-Policy content="{_policy(scripts)}">'
        '<meta name=viewport content="width=device-width">'
        f"<title>{_text(title)}</title><style>{css}</style></head><body>"
        f"<h1>{prose(title)}</h1>"
        + (f"<p class=lead>{prose(lead)}</p>" if lead else "")
        + _evidence(evidence)
        + _warnings(warnings)
        + (f"<nav>{links}</nav>" if len(parts) > 2 else "")
        + contents
        + "".join(_part(p, pictures) for p in parts)
        + (tail or _asked())
        + f"<p class=source>Made with Electrolith {__version__}.</p>{script}</body></html>"
    )

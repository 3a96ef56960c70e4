"""Results for programs: one JSON document, CSV files and a workbook, the same for every command and study.

`results.schema.json` beside this file is the JSON Schema of the document.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from electrolith import __version__
from electrolith.core.errors import DataError
from electrolith.core.files import sha256, write_atomic
from electrolith.core.flat import flat, flat_estimate
from electrolith.core.safe_text import file_name, visible
from electrolith.study.anchor import anchor
from electrolith.study.asked import asked
from electrolith.study.figure_data import figure_columns, figure_layers
from electrolith.study.section import Evidence, Part
from electrolith.study.table import Table, columns_of, records, rows_csv

__all__ = ["document", "document_schema", "evidence_table", "write_csv", "write_xlsx"]

FORMAT = 2
BOM = "\ufeff"


def document_schema() -> dict[str, Any]:
    """JSON Schema of `document`."""
    found: dict[str, Any] = json.loads(
        files("electrolith.study").joinpath("results.schema.json").read_text("utf-8")
    )
    return found


def document(
    title: str,
    parts: Sequence[Part],
    *,
    evidence: Sequence[Evidence] = (),
    warnings: Sequence[str] | None = None,
    data: Any = None,
) -> dict[str, Any]:
    """Everything a page shows, as numbers.

    Parameters
    ----------
    warnings : without them, those of the parts.
    data : the command's own result, any dataclass; it comes out without tags of ours.
    """
    what = asked()
    return {
        "format": FORMAT,
        "electrolith": __version__,
        "title": title,
        "command": what.command,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": [{"file": p.as_posix(), "sha256": sha256(p)} for p in what.inputs if p.is_file()],
        "evidence": [evidence_json(e) for e in evidence],
        "warnings": list(dict.fromkeys(w for p in parts for w in p.warnings))
        if warnings is None
        else list(warnings),
        "parts": [part_json(p) for p in parts],
        "data": flat(data),
    }


def evidence_json(e: Evidence) -> dict[str, Any]:
    """One number of the headline."""
    about = {
        "quantity": e.quantity,
        "label": e.label,
        "kind": e.kind,
        "published": e.published,
        "source": e.source,
        "note": e.note,
    }
    return about | flat_estimate(e.value)


def part_json(part: Part) -> dict[str, Any]:
    """A part with its tables as records and its figures as arrays."""
    return {
        "title": part.title,
        "sentence": part.sentence,
        "warnings": list(part.warnings),
        "notes": list(part.notes),
        "tables": [
            {"caption": t.caption, "columns": _names(t), "rows": records(t)}
            for t in (*part.tables, *part.data)
        ],
        "figures": [
            {
                "name": f.name,
                "caption": f.caption,
                "x": {"label": f.x.label, "log": f.x.log},
                "y": {"label": f.y.label, "log": f.y.log},
                "layers": figure_layers(f),
            }
            for f in part.figures
        ],
    }


def _names(table: Table) -> list[str]:
    return [name for column in columns_of(table) for name, _ in column]


def evidence_table(evidence: Sequence[Evidence]) -> Table:
    """The headline with a row for each number."""
    rows = []
    for e in evidence:
        low, high = e.value.interval() if e.value.doubt == "known" else (None, None)
        whose = "published" if e.published else "this study"
        rows.append((e.quantity, e.label, whose, e.kind, e.value, low, high, e.source, e.note))
    columns = ("quantity", "label", "whose", "kind", "value", "low 68 %", "high 68 %", "source", "note")
    return Table(columns, tuple(rows), "Headline")


def _tables(parts: Sequence[Part], evidence: Sequence[Evidence]) -> Iterator[tuple[str, str, Table]]:
    """File name, sheet name and table of everything; equal titles are told apart by a number."""
    taken: set[str] = set()
    if evidence:
        taken.add("headline")
        yield "headline", "headline", evidence_table(evidence)
    for part in parts:
        here = (*part.tables, *part.data)
        for index, table in enumerate(here, start=1):
            behind = f"-{index}" if len(here) > 1 else ""
            name = _free(f"{anchor(part.title) or 'table'}{behind}", taken)
            yield name, f"{part.title}{behind}", table


def _free(name: str, taken: set[str]) -> str:
    """The name, or the first of name-2, name-3, … that nobody has."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    taken.add(found)
    return found


def write_csv(
    folder: Path,
    parts: Sequence[Part],
    *,
    evidence: Sequence[Evidence] = (),
    figures: Path | None = None,
    bom: bool = False,
) -> int:
    """One CSV per table, and one per figure with what is drawn in it; how many were written.

    Parameters
    ----------
    figures : folder for the figures' data, else the same with `figure-` before the name.
    bom : begin each file with the mark by which Excel knows UTF-8.
    """
    mark = BOM if bom else ""
    count = 0
    for name, _, table in _tables(parts, evidence):
        pairs = [pair for column in columns_of(table) for pair in column]
        text = rows_csv([n for n, _ in pairs], [v for _, v in pairs])
        write_atomic(folder / f"{name}.csv", mark + text)
        count += 1
    for part in parts:
        for figure in part.figures:
            path = (figures or folder) / f"{'' if figures else 'figure-'}{file_name(figure.name)}.csv"
            write_atomic(path, mark + rows_csv(*figure_columns(figure)))
            count += 1
    return count


_SHEET = re.compile(r"[\[\]:*?/\\']")
LONGEST_SHEET = 31
MOST_ROWS = 1_048_575


def write_xlsx(path: Path, parts: Sequence[Part], *, evidence: Sequence[Evidence] = ()) -> int:
    """All tables and the data of all figures as one workbook, a sheet each; how many sheets.

    Raises
    ------
    DataError
        If there is nothing to write, or more rows than a sheet holds.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    taken: set[str] = set()

    def cell(page: Any, value: Any) -> Any:
        """Text that begins like a formula stays text."""
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(page, value=visible(value))
        made.data_type = "s"
        return made

    def sheet(name: str, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
        page = book.create_sheet(_sheet_name(name, taken))
        page.freeze_panes = "A2"
        page.append([cell(page, n) for n in names])
        length = max((len(c) for c in columns), default=0)
        if length > MOST_ROWS:
            raise DataError(f"{path}: {name} has {length} rows, a sheet holds {MOST_ROWS}; write --csv")
        for i in range(length):
            page.append([cell(page, c[i]) if i < len(c) else None for c in columns])

    for _, name, table in _tables(parts, evidence):
        pairs = [pair for column in columns_of(table) for pair in column]
        sheet(name, [n for n, _ in pairs], [v for _, v in pairs])
    for part in parts:
        for figure in part.figures:
            sheet(f"fig {figure.name}", *figure_columns(figure))
    if not taken:
        raise DataError(f"{path}: no table and no figure to write")
    raw = io.BytesIO()
    book.save(raw)
    write_atomic(path, raw.getvalue())
    return len(taken)


def _sheet_name(name: str, taken: set[str]) -> str:
    """At most 31 characters, none of those that Excel refuses, unique."""
    base = _SHEET.sub(" ", visible(name)).strip() or "sheet"
    short = base[:LONGEST_SHEET]
    number = 2
    while short.lower() in taken:
        behind = f" {number}"
        short = base[: LONGEST_SHEET - len(behind)] + behind
        number += 1
    taken.add(short.lower())
    return short

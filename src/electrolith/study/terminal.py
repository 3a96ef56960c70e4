"""What a command prints: tables, progress, lines."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table as RichTable

from electrolith.study.report import write_page
from electrolith.study.run import Listener
from electrolith.study.section import Evidence, Part, Table

__all__ = ["console", "finish", "headline", "live", "print_table"]

console = Console(highlight=False)
aside = Console(highlight=False, stderr=True)  # progress: never among the data that `--json -` prints


def print_table(table: Table) -> None:
    """A table on the terminal."""
    shown = RichTable(
        *(escape(c) for c in table.columns), title=escape(table.caption) or None, title_justify="left"
    )
    for row in table.rows:
        shown.add_row(*(escape(c) for c in row))
    console.print(shown)


def headline(evidence: Sequence[Evidence]) -> Table:
    """The headline table as text: this study's numbers and the published ones beside them."""
    rows = []
    for quantity in dict.fromkeys(e.quantity for e in evidence if not e.published):
        for e in evidence:
            if e.quantity == quantity:
                who = "published" if e.published else "this study"
                note = " · ".join(filter(None, (e.note, e.source)))
                rows.append((e.label if not e.published else "", f"{who}, {e.kind}", e.value.text(), note))
    return Table(("Quantity", "Whose", "Value (68 % interval)", "How, source"), tuple(rows))


class live:  # noqa: N801 - used like a function: `with live() as listener`
    """Progress bars while a study runs: which stage, how far, how long still."""

    def __enter__(self) -> Listener:
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[stage]:<16}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=aside,
            transient=True,
        )
        self._bars.start()
        self._task: Any = None
        self._stage = ""
        self._printed = time.monotonic()
        return Listener(self._begin, self._progress, self._say)

    def _begin(self, stage: str) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._stage = stage
        self._task = self._bars.add_task("", total=1.0, stage=stage)

    def _progress(self, done: float, text: str) -> None:
        if self._task is None:
            return
        self._bars.update(self._task, completed=done, description=escape(text))
        # Where no bar can be drawn (a log file), a line every half minute does.
        if not aside.is_terminal and time.monotonic() - self._printed > 30:
            self._printed = time.monotonic()
            aside.print(f"  {escape(self._stage)} {100 * done:.0f} % {escape(text)}")

    def _say(self, line: str) -> None:
        aside.print(f"[dim]•[/dim] {escape(line)}")

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


def finish(
    title: str,
    parts: Sequence[Part],
    data: Any,
    *,
    evidence: Sequence[Evidence] = (),
    html: Path | None = None,
    json_file: Path | None = None,
) -> None:
    """The end of every stand-alone command: tables on the terminal, a page, data for programs.

    Parameters
    ----------
    data : JSON-ready data for `--json`; "-" as file prints it instead of the tables.
    """
    if json_file is not None and str(json_file) == "-":
        console.print_json(json.dumps(data, ensure_ascii=False))
    else:
        for part in parts:
            console.print(f"\n[bold]{escape(part.title)}[/bold]  {escape(part.sentence)}")
            for table in part.tables:
                print_table(table)
            for warning in part.warnings:
                console.print(f"[red]![/red] {escape(warning)}")
            for note in part.notes:
                console.print(f"[dim]{escape(note)}[/dim]")
        if json_file is not None:
            json_file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            console.print(f"data: {escape(str(json_file))}")
    if html is not None:
        console.print(f"page: {escape(str(write_page(html, title, parts, evidence=evidence)))}")

"""What a command prints: tables, progress, lines."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions
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
from rich.text import Text

from electrolith.core.files import write_atomic
from electrolith.core.format import formulas
from electrolith.core.safe_text import visible
from electrolith.study.asked import asked
from electrolith.study.bells import with_bells
from electrolith.study.document import document, write_csv, write_xlsx
from electrolith.study.report import write_page
from electrolith.study.run import Listener
from electrolith.study.section import Evidence, Part
from electrolith.study.table import Table, is_numeric, text_rows

__all__ = ["aside", "console", "finish", "headline", "live", "print_table", "write_asked"]

WIDE = 100_000
_C1 = re.compile("[\x7f-\x9f]")  # orders to a terminal that JSON does not write out by itself
SEEN = 40  # rows of a table on the terminal, the last of them from its end; the data have all
TAIL = 8
LEAST = 14  # characters that a column of words keeps


class _Full(Console):
    """A console that folds to a terminal and to nothing else: a pipe or a file takes lines as they are."""

    @property
    def size(self) -> ConsoleDimensions:
        return Console.size.fget(self) if self.is_terminal else ConsoleDimensions(WIDE, 25)  # type: ignore[attr-defined]

    @size.setter
    def size(self, new: tuple[int, int]) -> None:
        Console.size.fset(self, new)  # type: ignore[attr-defined]

    def render_str(self, text: str, **how: Any) -> Text:
        """Every text that is printed passes here: names from files give no orders to the terminal."""
        return super().render_str(visible(text), **how)


console = _Full(highlight=False)
aside = _Full(highlight=False, stderr=True)  # progress and paths: never among the data that `--json -` prints


def print_table(table: Table) -> None:
    """A table on the terminal, whole: numbers are never cut.

    Where it is too wide, the table's minor columns are left out by name; then words fold; then the remaining
    columns follow in a second block under the same first column.
    """
    rows = text_rows(table)
    kept, left_out = _fitting(table, rows, console.width)
    title = escape(formulas(table.caption)) or None
    for number, block in enumerate(kept):
        shown = RichTable(title=title if number == 0 else None, title_justify="left")
        for i in block:
            cells = [r[i] for r in rows]
            numeric = is_numeric(cells)
            shown.add_column(
                escape(table.columns[i]),
                justify="right" if numeric else "left",
                overflow="fold",
                no_wrap=numeric,
                min_width=max(map(cell_len, cells), default=1) if numeric else None,
            )
        for row in (
            rows if len(rows) <= SEEN else [*rows[: SEEN - TAIL], ("⋮",) * len(rows[0]), *rows[-TAIL:]]
        ):
            shown.add_row(*(escape(row[i]) for i in block))
        console.print(shown)
    if len(rows) > SEEN:
        console.print(
            f"[dim]{SEEN} of {len(rows)} rows; all are in --csv FOLDER, --xlsx FILE, --html FILE[/dim]"
        )
    if left_out:
        names = ", ".join(escape(table.columns[i]) for i in left_out)
        console.print(f"[dim]too narrow for: {names}; they are in --csv, --xlsx, --html[/dim]")


def _fitting(table: Table, rows: Sequence[Sequence[str]], width: int) -> tuple[list[list[int]], list[int]]:
    """Blocks of columns that fit side by side, and the minor columns that had to go."""
    least = [_least(table.columns[i], [r[i] for r in rows]) for i in range(len(table.columns))]
    here = [i for i in range(len(least)) if i == 0 or not rows or any(r[i].strip() for r in rows)]

    def room(columns: Sequence[int]) -> int:
        return sum(least[i] for i in columns) + 3 * len(columns) + 1

    gone: list[int] = []
    for i in reversed(here):
        if room(here) > width and table.columns[i] in table.minor:
            here.remove(i)
            gone.insert(0, i)
    blocks: list[list[int]] = []
    for i in here:
        if blocks and (room([*blocks[-1], i]) <= width or blocks[-1] == here[:1]):
            blocks[-1].append(i)
        else:
            blocks.append([i] if not blocks else [here[0], i])
    return blocks, gone


def _least(head: str, cells: Sequence[str]) -> int:
    """Width below which a column loses something: its longest number, or some of its words."""
    widest = max(map(cell_len, cells), default=1)
    word = max((cell_len(w) for w in head.split()), default=1)
    return max(widest, word) if is_numeric(cells) else max(min(LEAST, max(widest, word)), min(word, LEAST))


def headline(evidence: Sequence[Evidence], doubtful: Collection[str] = ()) -> Table:
    """The headline table: this study's numbers and the published ones beside them.

    Parameters
    ----------
    doubtful : quantities that carry a mark, because what gave them has warnings.
    """
    rows = []
    for quantity in dict.fromkeys(e.quantity for e in evidence if not e.published):
        for e in evidence:
            if e.quantity == quantity:
                who = "published" if e.published else "this study"
                note = " · ".join(filter(None, (e.note, e.source)))
                mark = "!" if quantity in doubtful and not e.published else ""
                label = e.label if not e.published else ""
                rows.append((mark, label, e.value.text(), f"{who}, {e.kind}", note))
    columns = ("!", "Quantity", "Value", "Whose", "How, source")
    if not any(r[0] for r in rows):
        return Table(columns[1:], tuple(r[1:] for r in rows))
    return Table(columns, tuple(rows))


PATIENCE = 2.0
"""Seconds that nobody has to be told of."""


class patient:  # noqa: N801 - used like a function: `with patient("impedance")`
    """A bar for a command that turns out to be long: what, how far where the room says it, how long so far.

    It comes after two seconds and goes when anything else is printed.
    """

    _now: patient | None = None

    def __init__(self, what: str) -> None:
        self._what = what
        self._bars: Progress | None = None
        self._task: Any = None
        self._said: tuple[float, str] | None = None
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._over = False

    def __enter__(self) -> patient:
        type(self)._now = self
        if aside.is_terminal:
            self._timer.start()
        return self

    def _show(self) -> None:
        with self._lock:
            if self._over:
                return
            self._bars = Progress(
                SpinnerColumn(),
                TextColumn("{task.fields[stage]:<12}"),
                BarColumn(bar_width=24),
                TextColumn("elapsed"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=aside,
                transient=True,
            )
            self._task = self._bars.add_task("", total=None, stage=escape(self._what))
            self._bars.start()
            if self._said is not None:
                self._bars.update(self._task, total=1.0, completed=self._said[0], description=self._said[1])

    def hear(self, done: float, text: str) -> None:
        """How far it is."""
        self._said = done, escape(visible(text))
        if self._bars is not None:
            self._bars.update(self._task, total=1.0, completed=done, description=self._said[1])

    def stop(self) -> None:
        """Nothing is drawn any more."""
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._bars is not None:
                self._bars.stop()
                self._bars = None

    def __exit__(self, *_: object) -> None:
        self.stop()
        type(self)._now = None


def settle() -> None:
    """Take a waiting bar away before something else is printed."""
    if patient._now is not None:
        patient._now.stop()


class live:  # noqa: N801 - used like a function: `with live() as listener`
    """Progress bars while a study runs: which stage, how far, how long still."""

    def __enter__(self) -> Listener:
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[stage]:<16}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("elapsed"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=aside,
            transient=True,
        )
        settle()
        self._bars.start()
        self._task: Any = None
        self._stage = ""
        self._printed = time.monotonic()
        return Listener(self._begin, self._progress, self._say)

    def _begin(self, stage: str) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._stage = stage
        self._task = self._bars.add_task("", total=1.0, stage=escape(visible(stage)))

    def _progress(self, done: float, text: str) -> None:
        if self._task is None:
            return
        self._bars.update(self._task, completed=done, description=escape(visible(text)))
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
    data : the command's own result for `--json`, any dataclass or plain data; "-" as file prints the document
        alone on standard output.
    """
    parts = with_bells(parts, evidence)
    settle()
    alone = json_file is not None and str(json_file) == "-"
    if not alone:
        _print_parts(parts)
    if json_file is not None:
        text = json.dumps(document(title, parts, evidence=evidence, data=data), indent=1, ensure_ascii=False)
        if alone:
            typer.echo(_C1.sub(lambda m: f"\\u{ord(m[0]):04x}", text))
        else:
            write_atomic(json_file, text + "\n")
            _wrote("data", json_file)
    if html is not None:
        _wrote("page", write_page(html, title, parts, evidence=evidence))
    write_asked(parts, evidence)


def write_asked(parts: Sequence[Part], evidence: Sequence[Evidence]) -> None:
    """CSV files and the workbook, where the command line asks for them."""
    what = asked()
    if what.csv is not None:
        count = write_csv(what.csv, parts, evidence=evidence, bom=what.bom)
        _wrote(f"{count} CSV files", what.csv)
    if what.figures is not None:
        from electrolith.study.figure_paper import Paper, write_figure

        paper = Paper(width=what.width, formats=what.formats, font=what.font)
        every = [f for part in parts for f in part.figures]
        for figure in every:
            write_figure(figure, what.figures, paper=paper)
        _wrote(f"{len(every)} figures", what.figures)
    if what.xlsx is not None:
        count = write_xlsx(what.xlsx, parts, evidence=evidence)
        _wrote(f"workbook of {count} sheets", what.xlsx)


def _wrote(what: str, where: Path) -> None:
    """Where something was written, beside the data and not among them."""
    aside.print(f"{what}: {escape(str(where))}", soft_wrap=True)


def _print_parts(parts: Sequence[Part]) -> None:
    """Sentence, tables, warnings and notes of each part; last, how many warnings there are."""
    for part in parts:
        if part.data and not (part.tables or part.figures):
            continue  # it only goes into files
        sentence = escape(formulas(part.sentence))
        console.print(f"\n[bold]{escape(part.title)}[/bold]  {sentence}")
        for table in part.tables:
            print_table(table)
        for warning in part.warnings:
            console.print(f"[red]![/red] {escape(formulas(warning))}")
        for note in part.notes:
            console.print(f"[dim]{escape(formulas(note))}[/dim]")
    count = sum(len(p.warnings) for p in parts)
    if count:
        console.print(f"\n[red]![/red] {count} warning{'s' if count > 1 else ''} above")

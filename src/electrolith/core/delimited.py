"""Text tables as instruments write them: encoding, delimiter, decimal mark, names and bad rows are found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from electrolith.core.cells import clock_seconds, date_seconds, kind_of, number
from electrolith.core.column_names import find_names, looks_like_header, says_columns, split_cells
from electrolith.core.errors import DataError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import decode, read_bytes, reader
from electrolith.core.workbook import is_workbook, workbook_text

__all__ = [
    "Delimited",
    "LeftOut",
    "read_delimited",
    "read_only_table",
    "read_tables",
    "read_text",
    "tables_in",
]

_DELIMITERS = ("\t", ";", ",", None)  # None: any white space; a comma only if it is no decimal mark
_PROSE = 2  # lines of words that may stand between two rows of one table
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line, or a cell of it, that could not be read: 1-based number, and what stands there."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Delimited:
    """A block of rows in a text file and what stood above it.

    header : lines before the block, without line ends.
    names : column names, a line of units below them joined to them; else "column 1", ...
    columns : shape (n_rows, n_columns); empty, unreadable and word cells are nan, clocks are seconds, dates
        seconds since 1970.
    first_line : 1-based number of the first row in the file.
    named : whether names were found. misfit : a line that reads like names and does not fit the table.
    lines : 1-based line of every row, shape (n_rows,).
    left_out : rows of another shape inside the block. unreadable : cells of numeric columns that hold none.
    words : cells of the columns of words, by column.
    clocks, dates : columns that held clocks or dates.
    sheet : of a workbook.
    others : what else the file holds, in words.
    """

    path: Path
    header: tuple[str, ...]
    names: tuple[str, ...]
    columns: np.ndarray
    decimal: str
    delimiter: str
    first_line: int
    named: bool = True
    misfit: str = ""
    lines: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    left_out: tuple[LeftOut, ...] = ()
    unreadable: tuple[LeftOut, ...] = ()
    words: dict[int, tuple[str, ...]] = field(default_factory=dict)
    clocks: frozenset[int] = frozenset()
    dates: frozenset[int] = frozenset()
    sheet: str = ""
    others: tuple[str, ...] = ()

    def column(self, *names: str) -> np.ndarray:
        """The first column whose name matches one of `names` (case and blanks ignored).

        Raises
        ------
        DataError
            If none does; the text lists the columns seen.
        """
        seen = [_fold(n) for n in self.names]
        for name in names:
            if _fold(name) in seen:
                return self.columns[:, seen.index(_fold(name))]
        raise DataError(
            f"{self.path}: no column {' or '.join(map(repr, names))}; columns: {', '.join(self.names)}"
        )

    @property
    def bad_rows(self) -> tuple[str, ...]:
        """What was left out or could not be read, in words."""
        said = []
        for what, found in (("rows left out", self.left_out), ("cells that are no numbers", self.unreadable)):
            if found:
                shown = ", ".join(f"line {f.line} ({f.text[:24]!r})" for f in found[:3])
                more = f" and {len(found) - 3} more" if len(found) > 3 else ""
                said.append(f"{len(found)} {what if len(found) > 1 else _one(what)}: {shown}{more}")
        return tuple(said)


def _one(what: str) -> str:
    return {"rows left out": "row left out", "cells that are no numbers": "cell that is no number"}[what]


def _fold(name: str) -> str:
    return re.sub(r"\s+", "", name).lower()


@reader("text")
def read_text(path: Path | str) -> str:
    """A text file in UTF-8, UTF-16 or Latin-1, line ends normalised.

    Raises
    ------
    DataError
        If the file is missing, empty or binary, cut off within a character, or beyond a ceiling.
    """
    return decode(read_bytes(path, ceiling_name="text_bytes"), path)


@reader("a table of numbers")
def read_delimited(path: Path | str, *, comments: str = "#%!") -> Delimited:
    """The table of a text file or workbook with most rows, whatever its delimiter and decimal mark.

    Parameters
    ----------
    path : the file.
    comments : characters that open a comment line; such lines belong to the header.

    Raises
    ------
    DataError
        If the file is missing, empty, binary or holds no two rows of numbers; the text shows its first lines.
    """
    tables = read_tables(path, comments=comments)
    longest = max(tables, key=lambda t: len(t.columns))
    others = tuple(
        f"{len(t.columns)} rows from line {t.first_line}{f' of sheet {t.sheet!r}' if t.sheet else ''}"
        for t in tables
        if t is not longest
    )
    return replace(longest, others=others)


@reader("the one table of numbers")
def read_only_table(path: Path | str) -> Delimited:
    """The table of a file that must hold just one; one much shorter than it may stand beside it.

    Raises
    ------
    DataError
        As `read_delimited`, and where a second table holds more than a third of the first one's rows.
    """
    tables = read_tables(path)
    longest = max(tables, key=lambda t: len(t.columns))
    like = [t for t in tables if len(t.columns) > len(longest.columns) / 3]
    if len(like) > 1:
        where = ", ".join(
            f"{len(t.columns)} rows from line {t.first_line}{f' of sheet {t.sheet!r}' if t.sheet else ''}"
            for t in like
        )
        raise DataError(f"{path}: {len(like)} tables in one file ({where}); put each in a file of its own")
    return longest


@reader("tables of numbers")
def read_tables(path: Path | str, *, comments: str = "#%!") -> tuple[Delimited, ...]:
    """Every table of a text file, or of every sheet of a workbook, in the order they stand there.

    Raises
    ------
    DataError
        As `read_delimited`.
    """
    path = Path(path)
    if is_workbook(path):
        found: list[Delimited] = []
        for sheet, text in workbook_text(path):
            found += [replace(t, sheet=sheet) for t in _tables(path, text.split("\n"), comments)]
        if not found:
            raise DataError(f"{path}: no sheet of the workbook holds a table of numbers")
        return tuple(found)
    return tables_in(path, read_text(path), comments=comments)


def tables_in(path: Path, text: str, *, comments: str = "#%!") -> tuple[Delimited, ...]:
    """Every table of a text that a reader has in hand; `path` is named in errors.

    Raises
    ------
    DataError
        If there is none.
    """
    lines = text.split("\n")
    tables = _tables(path, lines, comments)
    if not tables:
        shown = " | ".join(line.strip()[:60] for line in lines[:3])
        raise DataError(f"{path}: no table of numbers found; the file begins with: {shown}")
    return tables


def _is_row(cells: Sequence[str], decimal: str) -> tuple[bool, int]:
    """Whether cells are a row of numbers, and how many of them are words."""
    kinds = Counter(kind_of(c, decimal) for c in cells)
    numbers = kinds["number"] + kinds["clock"]
    return numbers >= min(2, 1 + kinds["word"]) and numbers >= kinds["word"], kinds["word"]


def _format(sample: list[str]) -> tuple[str | None, str, int] | None:
    """Delimiter, decimal mark and width under which most lines are rows of numbers."""
    text = "\n".join(sample)
    marks = (".", ",") if re.search(r"\d,\d", text) else (".",)
    best: tuple[tuple[float, ...], str | None, str, int] | None = None
    for order, delimiter in enumerate(_DELIMITERS):
        if delimiter is not None and delimiter not in text:
            continue
        for decimal in marks:
            if delimiter == "," and decimal == "," and '"' not in text:
                continue
            widths: Counter[int] = Counter()
            words: Counter[int] = Counter()
            for line in sample:
                cells = split_cells(line, delimiter)
                row, count = _is_row(cells, decimal) if cells else (False, 0)
                if row:
                    widths[len(cells)] += 1
                    words[len(cells)] += count
            if not widths:
                continue
            width, rows = max(widths.items(), key=lambda w: (w[1] * min(w[0], 2), w[0]))
            told = width - words[width] / rows  # cells a row that are no words
            score = (rows * min(told, 3), -words[width] / rows, -order, decimal == ".")
            if rows >= 2 and (best is None or score > best[0]):
                best = (score, delimiter, decimal, width)
    return None if best is None else best[1:]


def _tables(path: Path, lines: list[str], comments: str) -> tuple[Delimited, ...]:
    """Every table among lines, () where there is none."""
    bare = ["" if line.lstrip()[:1] and line.lstrip()[0] in comments else line for line in lines]
    full = [line for line in bare if line.strip()]
    middle = len(full) // 2
    sample = (
        full if len(full) < 2 * _SAMPLE else [*full[:_SAMPLE], *full[middle : middle + 100], *full[-100:]]
    )
    form = _format(sample)
    if form is None:
        return ()
    delimiter, decimal, width = form
    tables: list[Delimited] = []
    end = 0
    for rows, at, left in _blocks(lines, bare, delimiter, decimal, width):
        table = _table(path, lines, (rows, at, left), form, above=lines[end : at[0]])
        if (
            not table.named
            and tables
            and tables[-1].named
            and len(tables[-1].names) == table.columns.shape[1]
        ):
            table = replace(table, names=tables[-1].names, named=True, misfit="")
        tables.append(table)
        end = at[-1] + 1
    longest = max((len(t.columns) for t in tables), default=0)
    return tuple(t for t in tables if len(t.columns) >= min(3, longest))


Block = tuple[list[list[str]], list[int], list[LeftOut]]


def _blocks(
    lines: list[str], bare: list[str], delimiter: str | None, decimal: str, width: int
) -> list[Block]:
    """Rows, their lines and what was left out, of every run of rows that one header serves."""
    found: list[Block] = []
    rows: list[list[str]] = []
    at: list[int] = []
    left: list[LeftOut] = []
    between: list[int] = []
    for index, line in enumerate(bare):
        if not line.strip():
            if lines[index].strip():
                between.append(index)
            continue
        cells = split_cells(line, delimiter)
        if len(cells) != width or not _plain_row(cells, decimal):
            between.append(index)
            continue
        if rows and _ends(between, lines, bare, delimiter, decimal, width):
            found.append((rows, at, left))
            rows, at, left = [], [], []
        elif rows:
            left += [LeftOut(i + 1, lines[i].strip()) for i in between if bare[i].strip()]
        rows.append(cells)
        at.append(index)
        between = []
    if rows:
        tail = [LeftOut(i + 1, lines[i].strip()) for i in between if _broken(bare[i], delimiter, decimal)]
        found.append((rows, at, [*left, *tail[:3]]))
    return found


def _plain_row(cells: list[str], decimal: str) -> bool:
    """A row of numbers; the common case is told without looking at every cell."""
    try:
        float(cells[0])
        float(cells[-1])
    except ValueError:
        return _is_row(cells, decimal)[0]
    return True


def _broken(line: str, delimiter: str | None, decimal: str) -> bool:
    """Whether a line holds numbers or marks of missing ones, though it is no row."""
    kinds = [kind_of(c, decimal) for c in split_cells(line, delimiter)]
    return "number" in kinds or ("missing" in kinds and "word" not in kinds)


def _ends(
    between: list[int], lines: list[str], bare: list[str], delimiter: str | None, decimal: str, width: int
) -> bool:
    """Whether lines between two rows end the table: a new header, or more prose than a remark."""
    prose = 0
    for index in between:
        if lines[index].startswith(("#S ", "#L ")):
            return True
        if not bare[index].strip():
            continue
        cells = [c for c in split_cells(bare[index], delimiter) if c]
        kinds = {kind_of(c, decimal) for c in cells}
        named = kinds == {"word"} and len(cells) >= 2 and len(cells) in (width, width - 1)
        if named and says_columns(bare[index]):
            return True
        prose += not _broken(bare[index], delimiter, decimal)
    return prose > _PROSE


def _table(
    path: Path, lines: list[str], block: Block, form: tuple[str | None, str, int], *, above: list[str]
) -> Delimited:
    """One block as a table."""
    delimiter, decimal, width = form
    rows, at, left = block
    refuse_above("rows", len(rows), path)
    refuse_above("cells", len(rows) * width, path)
    cells = list(zip(*rows, strict=True))
    filled = [any(c) for c in cells]
    trimmed = width
    while trimmed > 1 and not filled[trimmed - 1]:
        trimmed -= 1
    names = find_names(above, delimiter, tuple(range(width, trimmed - 1, -1)), decimal, lines[at[0]])
    misfit = ""
    if names is None:
        nearest = next((line for line in reversed(above) if line.strip()), "")
        misfit = nearest.strip() if looks_like_header(nearest, delimiter) else ""
    keep = [
        i
        for i in range(width)
        if filled[i] or (names is not None and i < len(names) and bool(names[i].strip()))
    ]
    columns = np.full((len(rows), len(keep)), np.nan)
    words: dict[int, tuple[str, ...]] = {}
    kinds: dict[int, str] = {}
    bad: list[LeftOut] = []
    for new, old in enumerate(keep):
        columns[:, new], kinds[new], wrong = _column(cells[old], decimal)
        if kinds[new] == "word":
            words[new] = cells[old]
        bad += [LeftOut(at[i] + 1, cells[old][i]) for i in wrong]
    return Delimited(
        path,
        tuple(lines[: at[0]]),
        tuple(names[i] if i < len(names) else "" for i in keep)
        if names is not None
        else tuple(f"column {i + 1}" for i in range(len(keep))),
        columns,
        decimal,
        "white space" if delimiter is None else delimiter,
        at[0] + 1,
        named=names is not None,
        misfit=misfit,
        lines=np.array(at) + 1,
        left_out=tuple(left),
        unreadable=tuple(sorted(bad, key=lambda b: b.line)),
        words=words,
        clocks=frozenset(i for i, k in kinds.items() if k == "clock"),
        dates=frozenset(i for i, k in kinds.items() if k == "date"),
    )


def _column(cells: tuple[str, ...], decimal: str) -> tuple[np.ndarray, str, list[int]]:
    """Numbers of a column, what it holds, and the rows whose filled cell holds something else."""
    try:
        quick = cells if decimal == "." else tuple(c.replace(",", ".") for c in cells)
        values = np.array(quick, dtype=np.str_).astype(float)
        if np.isfinite(values).all() and "_" not in "".join(cells):
            return values, "number", []
    except ValueError:
        pass
    found = [kind_of(c, decimal) for c in cells]
    counts = Counter(found)
    kind = max(("number", "clock", "date", "word"), key=lambda k: counts[k])  # type: ignore[index]
    if kind == "word":
        return np.full(len(cells), np.nan), "word", []
    convert = {"number": lambda c: number(c, decimal), "clock": clock_seconds, "date": date_seconds}[kind]
    values = np.full(len(cells), np.nan)
    wrong = []
    for i, cell in enumerate(cells):
        value = convert(cell)
        if value is not None:
            values[i] = value
        elif cell:
            wrong.append(i)
    return values, kind, wrong

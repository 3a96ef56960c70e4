"""Names of a table's columns from the lines above it, however the instrument wrote them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from electrolith.core.cells import kind_of
from electrolith.core.header_units import is_unit

__all__ = ["find_names", "is_derived", "looks_like_header", "says_columns", "split_cells"]

_MARKS = "#%!;*'~\ufeff"
_FAR = 80  # lines above a table in which its names may stand
_SAYS_COLUMN = re.compile(
    r"freq|hertz|\bhz\b|ohm|Ω|z'|z\"|\bre\b|\bim\b|real|imag|phase|time|volt|potential|current|curr|energy|\bev\b|"
    r"\bi0\b|\bmu\b|capacity|cycle|depth|load|force|delay|signal|temp|\[[^\]]+\]|\([^)]*\)\s",
    re.IGNORECASE,
)


def split_cells(line: str, delimiter: str | None) -> list[str]:
    """Cells of a line, stripped; None splits at white space. Quotes count only where they open a cell."""
    if delimiter is None:
        return line.split()
    if '"' in line:
        try:
            return [c.strip() for c in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
        except (csv.Error, StopIteration):
            pass
    return [c.strip() for c in line.split(delimiter)]


def _bare(line: str) -> str:
    """A line without the marks that open a comment, and without SPEC's #L."""
    text = re.sub(r"^\s*#L\s+", "", line)
    return text.lstrip().lstrip(_MARKS) if text is line else text


def _splits(line: str, delimiter: str | None, like: str) -> Iterator[list[str]]:
    """Ways to cut a header line into names, likeliest first."""
    text = _bare(line).strip("\n\r")
    for mark in dict.fromkeys((delimiter, "\t", ";", ",")):
        if mark is not None and mark in text:
            yield split_cells(text.lstrip(" "), mark)
    if delimiter is None or delimiter == "\t":
        yield [c for c in re.split(r"\s{2,}|\t", text.strip()) if c]
        yield text.split()
        joined = re.sub(r"\s+([(\[/])", "\x00\\1", text.strip())
        joined = re.sub(r"/\s+", "/\x00", joined)
        inside = re.sub(r"[(\[][^)\]]*[)\]]", lambda m: m.group(0).replace(" ", "\x00"), joined)
        yield [c.replace("\x00", " ") for c in inside.split()]
        yield _fixed_width(_bare(line).rstrip("\n\r"), like)


def _fixed_width(text: str, like: str) -> list[str]:
    """Names of equal width above numbers of equal width: names may then hold single blanks."""
    count = len(like.split())
    if count < 3 or not text.strip():  # two columns would fit any four words
        return []
    names: list[str] = []
    for width in range(4, len(text)):
        cuts = [width * k for k in range(1, count)]
        if cuts[-1] >= len(text.rstrip()):
            break
        if all(text[c - 1].isspace() and not text[c].isspace() for c in cuts):
            names = [text[a:b].strip() for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    return names


LONGEST_NAME = 300  # characters of the name of a column
LONGEST_HEAD = 5000  # of a line of names


def _fits(cells: list[str], count: int, decimal: str) -> list[str] | None:
    """The cells as `count` names: words, with spare empty cells at the end removed; None where they are
    none.
    """
    while len(cells) > count and not cells[-1]:
        cells = cells[:-1]
    filled = [c for c in cells if c]
    if any(len(c) > LONGEST_NAME for c in filled):  # no name; patterns take time with the square of it
        return None
    if len(cells) != count or not filled or len(filled) < count / 2 or filled[0].endswith((":", "=")):
        return None
    return None if any(kind_of(c, decimal) in ("number", "clock", "date") for c in filled) else cells


def _named(
    line: str, delimiter: str | None, counts: Sequence[int], decimal: str, like: str
) -> list[str] | None:
    """Names of a header line for a table whose width is one of `counts`."""
    if len(line) > LONGEST_HEAD:
        return None
    for cells in _splits(line, delimiter, like):
        for count in counts:
            if (found := _fits(list(cells), count, decimal)) is not None:
                return found
    return None


def _unit_cell(cell: str) -> bool:
    return not cell or is_unit(cell.strip("()[]{}<> "))


def _are_units(cells: list[str]) -> bool:
    """Whether a line of cells holds the units of the names above it."""
    filled = [c.strip("()[]{}<> ") for c in cells if c]
    return all(_unit_cell(c) for c in cells) and any(f not in ("-", "1", "#") for f in filled)


def find_names(
    above: Sequence[str], delimiter: str | None, counts: Sequence[int], decimal: str, like: str
) -> tuple[str, ...] | None:
    """Names of the columns, a line of units below them joined as "name (unit)"; None where no line fits.

    Parameters
    ----------
    above : lines above the table. counts : widths the names may have, the full one first.
    like : the first row of the table as it stands in the file.
    """
    near = [line for line in above[-_FAR:] if line.strip()]
    for at in range(len(near) - 1, -1, -1):
        first = _named(near[at], delimiter, counts, decimal, like)
        if first is None:
            continue
        stack = [first]
        for line in reversed(near[max(0, at - 2) : at]):
            upper = _named(line, delimiter, (len(first),), decimal, like)
            if upper is None:
                break
            stack.append(upper)
        for index, cells in enumerate(stack[:-1]):
            if _are_units(cells):
                names, units = stack[index + 1], [c.strip("()[]{}<> ") for c in cells]
                return tuple(f"{n} ({u})" if u else n for n, u in zip(names, units, strict=True))
        return tuple(first)
    return None


_DERIVED = re.compile(
    r"(?<![a-z])(fit(ted)?|calc(ulated)?|model(led)?|simul\w*|resid\w*|diff(erence)?|theor\w*|predicted|weights?)(?![a-z])",
    re.IGNORECASE,
)


def is_derived(title: str) -> bool:
    """Whether a column's name says that it was computed from others: a fit, a residual, a weight."""
    return _DERIVED.search(title) is not None


def says_columns(line: str) -> bool:
    """Whether a line of words speaks of quantities, as names of columns do and "aborted by user" does not."""
    return len(_SAYS_COLUMN.findall(line)) >= 2


def looks_like_header(line: str, delimiter: str | None) -> bool:
    """Whether a line above a nameless table reads like names of columns that do not fit it."""
    text = _bare(line).strip()
    if delimiter is not None and delimiter in text:
        words = [c for c in split_cells(text, delimiter) if kind_of(c) == "word"]
        return len(words) >= 2
    tokens = text.split()
    return (
        len(tokens) >= 2 and ":" not in text[:40] and "=" not in text and len(_SAYS_COLUMN.findall(text)) >= 2
    )

"""Text tables as instruments write them: encoding, delimiter, decimal mark and header are found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.errors import DataError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import decode, read_bytes, reader

__all__ = ["Delimited", "read_delimited", "read_text"]

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?|[-+]?(?:nan|inf)", re.IGNORECASE)
LONGEST_NUMBER = 64  # characters; the pattern takes time with the square of what it is given
_DELIMITERS = ("\t", ";", ",", None)  # None: any white space; a comma only if it is no decimal mark


@dataclass(frozen=True, slots=True, eq=False)
class Delimited:
    """The longest block of numbers in a text file and what stood above it.

    header : lines before the block, without line ends.
    names : column names, from the last header line with as many fields; else "column 1", ...
    columns : shape (n_rows, n_columns); empty fields are nan.
    first_line : 1-based number of the first row in the file.
    """

    path: Path
    header: tuple[str, ...]
    names: tuple[str, ...]
    columns: np.ndarray
    decimal: str
    delimiter: str
    first_line: int

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


def _fields(line: str, delimiter: str | None, decimal: str) -> list[float] | None:
    """Numbers of a row, or None where the line is not a row of numbers."""
    parts = line.split() if delimiter is None else [p.strip() for p in line.strip("\n ").split(delimiter)]
    while delimiter not in (None, "\t") and parts and not parts[-1]:
        parts.pop()  # a trailing delimiter is no column
    values = []
    for part in parts:
        text = part.strip('"')
        if decimal == ",":
            text = text.replace(",", ".")
        if not text:
            values.append(float("nan"))
        elif len(text) < LONGEST_NUMBER and _NUMBER.fullmatch(text):
            values.append(float(text.replace("d", "e").replace("D", "e")))
        else:
            return None
    return values if any(v == v for v in values) else None


def _block(lines: list[str], delimiter: str | None, decimal: str) -> tuple[int, list[list[float]]]:
    """Start and rows of the longest run of rows with one number of fields."""
    best: tuple[int, list[list[float]]] = (0, [])
    start, rows = 0, []  # type: int, list[list[float]]
    for index, line in enumerate(lines):
        values = _fields(line, delimiter, decimal)
        if values is None and not line.strip():
            continue
        if values is not None and rows and len(values) == len(rows[0]):
            rows.append(values)
        else:
            start, rows = (index, [values]) if values is not None else (index, [])
        if len(rows) > len(best[1]):
            best = (start, rows)
    return best


def _choices(sample: list[str]) -> list[tuple[str | None, str]]:
    """Delimiter and decimal mark pairs worth trying, likeliest first."""
    text = "\n".join(sample)
    pairs: list[tuple[str | None, str]] = [(d, ".") for d in _DELIMITERS if d is None or d in text]
    if re.search(r"\d,\d", text):
        pairs += [(d, ",") for d in ("\t", ";", None) if d is None or d in text]
    return pairs


@reader("a table of numbers")
def read_delimited(path: Path | str, *, comments: str = "#%!") -> Delimited:
    """Read the longest numeric block of a text file, whatever its delimiter and decimal mark.

    Parameters
    ----------
    path : the file.
    comments : characters that open a comment line; such lines belong to the header.

    Raises
    ------
    DataError
        If the file is missing, empty, binary or holds no two rows of numbers; the text shows its first lines.
    """
    path = Path(path)
    lines = read_text(path).split("\n")
    bare = [" " if line.lstrip()[:1] and line.lstrip()[0] in comments else line for line in lines]
    sample = (
        bare if len(bare) < 400 else bare[:200] + bare[len(bare) // 2 : len(bare) // 2 + 100] + bare[-100:]
    )
    tried = []
    for delimiter, decimal in _choices(sample):
        _, rows = _block(sample, delimiter, decimal)
        if rows:
            tried.append((len(rows) * min(len(rows[0]), 2), len(rows[0]), delimiter, decimal))
    if not tried or max(t[0] for t in tried) < 2:
        shown = " | ".join(line.strip()[:60] for line in lines[:3])
        raise DataError(f"{path}: no table of numbers found; the file begins with: {shown}")
    # Most rows first; with equal rows the reading with more columns, with equal columns the decimal point.
    best = max(tried, key=lambda t: (t[0], t[1], t[3] == "."))
    start, rows = _block(bare, best[2], best[3])
    refuse_above("rows", len(rows), path)
    refuse_above("cells", len(rows) * len(rows[0]), path)
    header = tuple(lines[:start])
    names = _names(header, best[2], len(rows[0]), comments)
    label = "white space" if best[2] is None else best[2]
    return Delimited(path, header, names, np.array(rows, dtype=float), best[3], label, start + 1)


def _names(header: tuple[str, ...], delimiter: str | None, count: int, comments: str) -> tuple[str, ...]:
    """Column names: the last header line with as many fields as the table."""
    for line in reversed(header):
        text = line.strip().lstrip(comments).strip()
        if not text:
            continue
        for split in (delimiter, "\t", ";", ",", None):
            parts = [p.strip().strip('"') for p in (text.split(split) if split else text.split())]
            while parts and not parts[-1]:
                parts.pop()
            if len(parts) == count and not any(_NUMBER.fullmatch(p) for p in parts):
                return tuple(parts)
    return tuple(f"column {i + 1}" for i in range(count))

"""Workbooks as text tables, one a sheet: .xlsx by openpyxl, .ods, .xls and .xlsb by calamine."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

from electrolith.core.errors import DataError, MissingExtra

__all__ = ["is_workbook", "workbook_text"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook, by its content: a zip with sheets inside, or the older binary."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError:
        return False
    if head == _OLE:
        return True
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as bundle:
            names = set(bundle.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
    return bool(names & {"xl/workbook.xml", "xl/workbook.bin"}) or {"content.xml", "mimetype"} <= names


def workbook_text(path: Path) -> tuple[tuple[str, str], ...]:
    """Name and text of every sheet, cells separated by tabs.

    Raises
    ------
    DataError
        If the workbook cannot be read.
    MissingExtra
        If python-calamine is not installed.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        sheets = _by_openpyxl(path)
    else:
        sheets = _by_calamine(path)
    return tuple((name, "\n".join("\t".join(map(_cell, row)) for row in rows)) for name, rows in sheets)


def _by_openpyxl(path: Path) -> list[tuple[str, list[list[Any]]]]:
    """Cells of an .xlsx workbook; formulas as the values they had when it was saved."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        return [
            (sheet.title, [list(row) for row in sheet.iter_rows(values_only=True)])
            for sheet in book.worksheets
        ]
    except Exception as error:  # openpyxl raises whatever the XML leads it to
        raise DataError(
            f"{path}: the workbook cannot be read ({' '.join(str(error).split())[:120]})"
        ) from error


def _by_calamine(path: Path) -> list[tuple[str, list[list[Any]]]]:
    """Cells of an .ods, .xls or .xlsb workbook."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise MissingExtra("workbooks", "python-calamine") from error
    try:
        book = CalamineWorkbook.from_path(str(path))
        return [(name, book.get_sheet_by_name(name).to_python()) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(
            f"{path}: the workbook cannot be read ({' '.join(str(error).split())[:120]})"
        ) from error


def _cell(value: Any) -> str:
    """A cell as text that the table reader understands."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        return f"0-{_clock(value.total_seconds())}"
    if isinstance(value, dt.time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond * 1e-6
        return _clock(seconds)
    return " ".join(str(value).split())


def _clock(seconds: float) -> str:
    """hh:mm:ss.ffffff."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:09.6f}"

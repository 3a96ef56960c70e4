"""Workbooks are tables like any other: numbers, dates, times, several sheets."""

import datetime as dt
import sys
import zipfile

import numpy as np
import openpyxl
import pytest

from electrolith.core.delimited import read_delimited, read_tables
from electrolith.core.errors import DataError, MissingExtra
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.impedance.read import read_impedance

FREQUENCY = np.logspace(5, 0, 11)


def book(path, **sheets):
    """An .xlsx workbook with these sheets of rows."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def ods(path, rows):
    """The least that an OpenDocument spreadsheet is."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="float" office:value="{v}"><text:p>{v}</text:p>'
            "</table:table-cell>"
            if isinstance(v, float)
            else f'<table:table-cell office:value-type="string"><text:p>{v}</text:p></table:table-cell>'
            for v in row
        )
        + "</table:table-row>"
        for row in rows
    )
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{office}:office:1.0" '
        f'xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet1">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        bundle.writestr("content.xml", content)
        bundle.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def rows_of_impedance(scale=1e3):
    z = 100 + 50 / (1 + 1j * FREQUENCY / 300)
    head = ["Frequency (Hz)", "Z' (kOhm)", "-Z'' (kOhm)"]
    return [
        head,
        *(
            [float(f), float(c.real / scale), float(-c.imag / scale)]
            for f, c in zip(FREQUENCY, z, strict=True)
        ),
    ]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_an_impedance_in_a_workbook_is_that_of_the_text(tmp_path, kind):
    if kind == "ods":
        pytest.importorskip("python_calamine")
        path = ods(tmp_path / "a.ods", rows_of_impedance())
    else:
        path = book(tmp_path / "a.xlsx", Notes=[["pressed on Tuesday"]], Data=rows_of_impedance())
    (spectrum,) = read_impedance(path)
    z = 100 + 50 / (1 + 1j * FREQUENCY / 300)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-12)


def test_sheets_of_a_cycler_are_told_by_their_columns(tmp_path):
    start = dt.datetime(2024, 5, 1, 10, 0, 0)
    record = [["Cycle Index", "Date", "Total Time", "Current(mA)", "Voltage(V)"]]
    record += [
        [
            1 + i // 20,
            start + dt.timedelta(minutes=i),
            dt.timedelta(minutes=i),
            1.0 if i % 20 < 10 else -1.0,
            3.5,
        ]
        for i in range(60)
    ]
    info = [["Cycle", "Capacity(mAh)", "Energy(mWh)"], [1, 0.16, 0.6], [2, 0.16, 0.6], [3, 0.16, 0.6]]
    found = read_cycling(book(tmp_path / "a.xlsx", cycle=info, record=record))
    assert found.rows == 60
    np.testing.assert_allclose(found.time, 60.0 * np.arange(60))
    assert found.account.kind.startswith("sheet 'record'")
    assert any(w.verdict == "agrees" for w in found.account.witnesses)


def test_every_sheet_is_a_table_and_an_empty_workbook_is_refused(tmp_path):
    path = book(
        tmp_path / "a.xlsx", one=[["a", "b"], [1, 2], [3, 4]], two=[["c", "d"], [5, 6], [7, 8], [9, 10]]
    )
    assert [(t.sheet, t.names) for t in read_tables(path)] == [("one", ("a", "b")), ("two", ("c", "d"))]
    assert read_delimited(path).others == ("2 rows from line 2 of sheet 'one'",)
    with pytest.raises(DataError, match="no sheet of the workbook holds a table"):
        read_tables(book(tmp_path / "b.xlsx", one=[["only words"]]))


def test_a_damaged_workbook_is_refused_and_a_missing_extra_is_named(tmp_path, monkeypatch):
    path = book(tmp_path / "a.xlsx", one=[["a", "b"], [1, 2], [3, 4]])
    with zipfile.ZipFile(path) as bundle:
        kept = {n: bundle.read(n) for n in bundle.namelist()}
    with zipfile.ZipFile(path, "w") as bundle:
        for name, raw in kept.items():
            bundle.writestr(name, raw[: len(raw) // 2] if name.startswith("xl/worksheets") else raw)
    with pytest.raises(DataError, match=r"a.xlsx: the workbook cannot be read"):
        read_tables(path)
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingExtra, match="python-calamine is not installed"):
        read_tables(ods(tmp_path / "a.ods", rows_of_impedance()))

"""The sheet of samples: units in headers and cells, names that tell conditions, refusals."""

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.lab.synthesis.sheet import column_of, read_sheet, sheet_of


def test_units_stand_in_the_header_or_in_the_cells():
    table = {"a": {"time / h": "2", "heat": "150 degC"}, "b": {"time / h": "30 min", "heat": "473.15 K"}}
    sheet = sheet_of(table, reference="a")
    time, heat = column_of(sheet, "time"), column_of(sheet, "heat")
    assert (time.label, heat.label) == ("time / h", "heat / degC")
    assert time.values == pytest.approx([2, 0.5])
    assert heat.values == pytest.approx([150, 200])
    assert (sheet.text("a", "time"), sheet.text("b", "time")) == ("2 h", "30 min")


def test_errors_and_empty_cells_are_kept_apart_from_numbers():
    sheet = sheet_of({"a": {"thickness": "0.90(2) mm"}, "b": {"thickness": "–"}}, reference="a")
    found = column_of(sheet, "thickness")
    assert found.errors[0] == pytest.approx(0.02)
    assert np.isnan(found.values[1])
    assert sheet.text("a", "thickness") == "0.90(2) mm"


def test_a_column_of_words_is_no_condition():
    sheet = sheet_of({"a": {"note": "grey"}, "b": {"note": "white, 2 g"}}, reference="a")
    assert column_of(sheet, "note") is None


def test_conditions_are_read_from_names_where_the_table_lacks_them():
    table = {"LNC-500rpm-24h": {}, "LNC-300rpm-2.5h": {"hours": "3"}, "LHC": {}}
    sheet = sheet_of(table, reference="LHC", names="LNC-{rpm}rpm-{hours}h")
    assert column_of(sheet, "rpm").values[:2] == pytest.approx([500, 300])
    assert column_of(sheet, "hours").values[:2] == pytest.approx([24, 3])
    assert np.isnan(column_of(sheet, "rpm").values[2])


def test_a_table_in_a_file(tmp_path):
    path = tmp_path / "samples.csv"
    path.write_text("# milled in argon\nname;speed (rpm);hours\nA;500;2,5\nB;600;24\n")
    sheet = read_sheet(path, reference="B")
    assert sheet.names == ("A", "B")
    assert column_of(sheet, "speed").unit == "rpm"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,x\nA,1\nA,2\n", r"samples\.csv: sample 'A' comes twice"),
        ("name,x\nA,1,2\n", r"row 2: 3 cells under 2 headers"),
        ("name\n", r"expected a header and a line for each sample"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, text, message):
    path = tmp_path / "samples.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_sheet(path)


def test_a_pattern_without_a_condition_is_refused():
    with pytest.raises(InputError, match="has no condition in it"):
        sheet_of({"a": {}}, names="LNC")

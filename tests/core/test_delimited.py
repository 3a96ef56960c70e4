import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core import DataError
from electrolith.core.delimited import read_delimited


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("f/Hz\tZr\tZi\n1.5\t2\t3\n2.5\t4\t5\n", "."),
        ("f/Hz;Zr;Zi\n1,5;2;3\n2,5;4;5\n", ","),
        ("f/Hz,Zr,Zi\n1.5,2,3\n2.5,4,5\n", "."),
        ("f/Hz\tZr\tZi\n1,5\t2,0\t3,0\n2,5\t4,0\t5,0\n", ","),
        ("# f/Hz Zr Zi\n1.5 2 3\n2.5 4 5\n", "."),
        ("instrument X\ndate 1\n\nf/Hz  Zr  Zi\r\n1.5  2  3\r\n2.5  4  5\r\n", "."),
        ('"f/Hz","Zr","Zi"\n"1.5","2","3"\n"2.5","4","5"\n', "."),
        ("f/Hz,Zr,Zi,\n1.5,2,3,\n2.5,4,5,\n", "."),
    ],
)
def test_tables_in_the_ways_instruments_write_them(tmp_path, text, decimal):
    path = tmp_path / "t.txt"
    path.write_bytes(text.encode())
    table = read_delimited(path)
    assert np.array_equal(table.columns, [[1.5, 2, 3], [2.5, 4, 5]])
    assert table.names == ("f/Hz", "Zr", "Zi")
    assert table.decimal == decimal
    assert np.array_equal(table.column("ZI"), [3, 5])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings_are_found(tmp_path, encoding):
    path = tmp_path / "t.txt"
    path.write_bytes("T/°C\tσ\n1\t2\n3\t4\n".replace("σ", "µ").encode(encoding))
    assert read_delimited(path).names[0] == "T/°C"


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=2, max_size=30))
def test_what_numpy_writes_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("d") / "t.csv"
    np.savetxt(path, rows, delimiter=",", header="a,b")
    assert np.array_equal(read_delimited(path).columns, np.array(rows))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "no such file"),
        (b"", "empty"),
        (b"PK\x03\x04\x00\x00", "binary file"),
        (b"hello\nworld\n", "no table of numbers found; the file begins with: hello"),
    ],
)
def test_what_is_no_table_is_refused_with_what_was_seen(tmp_path, content, text):
    path = tmp_path / "t.dat"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=text):
        read_delimited(path)


def test_an_unknown_column_lists_the_known_ones(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match="no column 'c'; columns: a, b"):
        read_delimited(path).column("c")

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core import DataError
from electrolith.core.delimited import read_delimited, read_tables


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


ROWS = [(1.5, 2.0, 3.0), (2.5, 4.0, 5.0), (3.5, 6.0, 7.0), (4.5, 8.0, 9.0)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A (V)\tB (A)\tC (s)\t\n{tab_end}", ("A (V)", "B (A)", "C (s)")),  # header and rows end with a tab
        ("A\tB\tC\t\n{tab}", ("A", "B", "C")),  # only the header does
        ("A\tB\tC\n{tab_end}", ("A", "B", "C")),  # only the rows do
        ("\ufeffA;B;C\n{semi}", ("A", "B", "C")),
        ("#Mono Energy *  Preset time *  I0\n{blank}", ("Mono Energy *", "Preset time *", "I0")),
        ("#L energy  Seconds count  I0\n{blank}", ("energy", "Seconds count", "I0")),
        ("Potential (V) Current (A) Time (s)\n{blank}", ("Potential (V)", "Current (A)", "Time (s)")),
        ("A / V B / A C / s\n{blank}", ("A / V", "B / A", "C / s")),
        ("A,B,C\nV,mA,s\n{comma}", ("A (V)", "B (mA)", "C (s)")),
        ("A,B,C\n[V],[mA],[s]\nmine,mine,mine\n{comma}", ("A (V)", "B (mA)", "C (s)")),
        ('"A","B","C"\n{comma}', ("A", "B", "C")),
        ("Freq,Z',Z\"\n{comma}", ("Freq", "Z'", 'Z"')),
        ("~A[h]\tB[V]\tC[A]\n{tab}", ("A[h]", "B[V]", "C[A]")),
    ],
)
def test_names_survive_what_programs_do_to_them(tmp_path, text, names):
    def rows(mark, end=""):
        return "".join(mark.join(str(v) for v in r) + end + "\n" for r in ROWS)

    path = tmp_path / "t.txt"
    path.write_text(
        text.format(
            tab=rows("\t"), tab_end=rows("\t", "\t"), semi=rows(";"), blank=rows("  "), comma=rows(",")
        ),
        encoding="utf-8",
    )
    table = read_delimited(path)
    assert table.names == names
    assert np.array_equal(table.columns, ROWS)


def test_names_of_equal_width_may_hold_single_blanks(tmp_path):
    names = ("Mono Energy *", "Scaler preset time *", "I0", "I1")
    path = tmp_path / "t.dat"
    rows = "\n".join("".join(f"{v:>22.6f}" for v in (*r, 1.0)) for r in ROWS)
    path.write_text("#" + "".join(f"{n:<21}" for n in names) + "\n" + rows + "\n")
    assert read_delimited(path).names == names


@pytest.mark.parametrize("bad", ["OVL", "-1.#IND", "#N/A", "---", "1e999", "1_0", "oops"])
def test_one_unreadable_row_costs_that_row_only_and_is_counted(tmp_path, bad):
    path = tmp_path / "t.csv"
    lines = [",".join(str(v) for v in r) for r in ROWS * 5]
    lines[9] = f"2.5,{bad},{bad}"
    path.write_text("A,B,C\n" + "\n".join(lines) + "\n")
    table = read_delimited(path)
    good = np.isfinite(table.columns).all(axis=1)
    assert good.sum() == 19
    assert {b.line for b in (*table.unreadable, *table.left_out)} == {11}
    assert any("line 11" in text for text in table.bad_rows)


def test_a_row_of_another_width_and_a_remark_inside_a_table_do_not_end_it(tmp_path):
    path = tmp_path / "t.csv"
    lines = [",".join(str(v) for v in r) for r in ROWS * 3]
    path.write_text("A,B,C\n" + "\n".join([*lines[:5], "1.5,2", "beam,was,lost", *lines[5:]]) + "\n")
    table = read_delimited(path)
    assert len(table.columns) == 12
    assert [b.line for b in table.left_out] == [7, 8]


def test_a_second_header_begins_a_second_table(tmp_path):
    path = tmp_path / "t.csv"
    rows = "\n".join(",".join(str(v) for v in r) for r in ROWS)
    path.write_text(f"A,B,C\n{rows}\nFreq (Hz),Zreal,Zimag\n{rows}\n{rows}\n")
    first, second = read_tables(path)
    assert (first.names, len(first.columns)) == (("A", "B", "C"), 4)
    assert (second.names, len(second.columns)) == (("Freq (Hz)", "Zreal", "Zimag"), 8)
    assert read_delimited(path).others == ("4 rows from line 2",)


def test_a_header_that_does_not_fit_is_kept_to_be_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("A,B\n" + "\n".join(",".join(str(v) for v in r) for r in ROWS))
    table = read_delimited(path)
    assert not table.named
    assert table.misfit == "A,B"


def test_clocks_dates_and_words_are_told_apart(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "State,Time,Date,I\nRest,00:00:01.5,2024-05-01 10:00:00,0\nCC,1-00:00:02,2024-05-02 10:00:02,1\n"
        "CC,25:00:03,2024-05-02 11:00:03,1\n"
    )
    table = read_delimited(path)
    assert table.words == {0: ("Rest", "CC", "CC")}
    assert table.columns[:, 1].tolist() == [1.5, 86402.0, 90003.0]
    assert np.diff(table.columns[:, 2]).tolist() == [86402.0, 3601.0]
    assert (table.clocks, table.dates) == (frozenset({1}), frozenset({2}))


@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=4, max_size=20
    ),
    st.sampled_from([("\t", "."), ("\t", ","), (";", "."), (";", ","), (",", "."), ("  ", "."), (" ", ",")]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    st.sampled_from(["", "# ", "instrument: x\nsample: y\n\n"]),
    st.booleans(),
)
def test_a_table_reads_the_same_in_every_dress(tmp_path_factory, rows, marks, encoding, above, trailing):
    delimiter, decimal = marks
    end = delimiter if trailing and delimiter.strip(" ") else ""
    text = above + delimiter.join(["Freq", "Zre", "Zim"]) + end + "\n"
    for row in rows:
        text += delimiter.join(repr(v).replace(".", decimal) for v in row) + end + "\n"
    path = tmp_path_factory.mktemp("d") / "t.txt"
    path.write_bytes(text.encode(encoding))
    table = read_delimited(path)
    assert np.array_equal(table.columns, np.array(rows))
    assert table.names == ("Freq", "Zre", "Zim")

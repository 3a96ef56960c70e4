"""Every reader refuses in a sentence, and every ceiling names the setting that raises it."""

import ast
import bz2
import gzip
import importlib
import io
import lzma
import os
import time
import zipfile
from pathlib import Path

import pytest

import electrolith
from electrolith.core.delimited import read_delimited, read_text
from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.core.limits import CEILINGS, ceiling, refuse_above
from electrolith.core.reading import decode, own_modules, parse_xml, read_bytes, read_member, reader, unpack

SOURCE = Path(electrolith.__file__).parent
NOT_READERS = {"read_many", "read_bytes", "read_member"}
# a collection of what readers refuse, and what readers are made of


def _public_readers():
    """Every public function `read_*` of the package whose first argument is a path, or several."""
    for path in sorted(SOURCE.rglob("*.py")):
        module = "electrolith." + ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("read_"):
                first = (*node.args.args, node.args.vararg)[0]
                kind = ast.unparse(first.annotation) if first and first.annotation else "Path"
                if "Path" in kind and node.name not in NOT_READERS:
                    yield module, node.name


READERS = tuple(_public_readers())


def test_the_walk_finds_the_readers():
    assert len(READERS) > 45
    assert ("electrolith.lab.impedance.read", "read_impedance") in READERS


@pytest.mark.parametrize(("module", "name"), READERS, ids=[f"{m[12:]}.{n}" for m, n in READERS])
def test_every_public_reader_is_wrapped(module, name):
    assert getattr(getattr(importlib.import_module(module), name), "__reader__", "")


def test_a_foreign_exception_becomes_a_sentence_with_its_file_and_words():
    @reader("a tape")
    def read_tape(path):
        raise KeyError("spool")

    with pytest.raises(DataError, match=r"^reel\.tap: cannot be read as a tape: KeyError: 'spool'$") as got:
        read_tape("reel.tap")
    assert isinstance(got.value.__cause__, KeyError)


@pytest.mark.parametrize(
    "error", [DataError("d"), InputError("i"), MissingExtra("nmr", "nmrglue"), KeyboardInterrupt()]
)
def test_own_refusals_and_interrupts_pass_unchanged(error):
    @reader("a tape")
    def read_tape(path):
        raise error

    with pytest.raises(type(error)) as caught:
        read_tape("reel.tap")
    assert caught.value is error


@pytest.mark.parametrize(("error", "words"), [(MemoryError(), "memory"), (RecursionError(), "nested")])
def test_memory_and_depth_have_words_of_their_own(error, words):
    @reader("a tape")
    def read_tape(path):
        raise error

    with pytest.raises(DataError, match=words):
        read_tape("reel.tap")


def test_long_words_of_a_library_are_cut():
    @reader("a tape")
    def read_tape(path):
        raise ValueError("x" * 100_000)

    with pytest.raises(DataError) as caught:
        read_tape("reel.tap")
    assert len(str(caught.value)) < 300


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for read in (read_text, read_delimited, read_bytes):
        with pytest.raises(DataError, match=r"pipe\.csv: a pipe or a device; expected a file"):
            read(tmp_path / "pipe.csv")


def test_a_name_that_is_none_is_refused():
    with pytest.raises(DataError, match="no name of a file"):
        read_bytes("a\0b")


@pytest.mark.parametrize("name", sorted(CEILINGS))
def test_every_ceiling_is_raised_by_its_variable_and_names_it(name, monkeypatch):
    most = CEILINGS[name].most
    refuse_above(name, most, "file")
    with pytest.raises(DataError, match=f"set ELECTROLITH_MAX_{name.upper()} higher"):
        refuse_above(name, most * 1.01, "file")
    with pytest.raises(DataError, match="more than"):
        refuse_above(name, float("nan"), "file")
    monkeypatch.setenv(f"ELECTROLITH_MAX_{name.upper()}", str(2 * most))
    refuse_above(name, most * 1.01, "file")


@pytest.mark.parametrize("value", ["", "0", "-1", "nan", "many"])
def test_a_ceiling_that_is_no_number_is_refused(value, monkeypatch):
    monkeypatch.setenv("ELECTROLITH_MAX_ROWS", value)
    with pytest.raises(InputError, match="ELECTROLITH_MAX_ROWS: expected a number above 0"):
        ceiling("rows")


def test_a_file_beyond_the_ceiling_is_not_opened(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    monkeypatch.setenv("ELECTROLITH_MAX_FILE_BYTES", "5")
    with pytest.raises(DataError, match="8 bytes of a file, more than the 5 that are taken"):
        read_delimited(tmp_path / "a.csv")


@pytest.mark.parametrize("cut", [1, 3])
@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be"])
def test_text_in_utf_16_that_ends_in_half_a_character_is_refused(cut, code):
    mark = b"\xff\xfe" if code.endswith("le") else b"\xfe\xff"
    raw = mark + "1\t2\n3\t4\n".encode(code)
    assert decode(raw, "f") == "1\t2\n3\t4\n"
    with pytest.raises(DataError, match="f: text in UTF-16 that is cut off or damaged at byte"):
        decode(raw[:-cut], "f")


def test_a_lone_surrogate_is_refused():
    with pytest.raises(DataError, match="UTF-16 that is cut off or damaged"):
        decode(b"\xff\xfe" + b"1\x00" + b"\x00\xd8" + b"2\x00", "f")


def test_a_long_line_of_digits_takes_no_time(tmp_path):
    path = tmp_path / "digits.csv"
    path.write_text("7" * 900_000 + "x\n")
    begun = time.monotonic()
    with pytest.raises(DataError, match="no table of numbers"):
        read_delimited(path)
    assert time.monotonic() - begun < 5.0  # it was hours
    path.write_text("7" * 1_000_001 + "\n")
    with pytest.raises(DataError, match="ELECTROLITH_MAX_LINE_LENGTH"):
        read_delimited(path)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_packed_text_is_unpacked_refused_when_cut_and_stopped_when_it_bursts(pack, monkeypatch):
    packed = pack(b"1 2\n" * 1000)
    assert unpack(packed, "f") == b"1 2\n" * 1000
    with pytest.raises(DataError, match="f: packed text that is damaged or cut off"):
        unpack(packed[:-3], "f")
    monkeypatch.setenv("ELECTROLITH_MAX_UNPACKED_BYTES", "3000000")
    with pytest.raises(DataError, match="3,145,728 bytes that a compressed file"):  # at its third block
        unpack(pack(bytes(50_000_000)), "f")
    monkeypatch.delenv("ELECTROLITH_MAX_UNPACKED_BYTES")
    monkeypatch.setenv("ELECTROLITH_MAX_UNPACK_RATIO", "100")
    with pytest.raises(DataError, match="unpacked bytes per stored byte"):
        unpack(pack(bytes(12_000_000)), "f")


def _archive(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return bytearray(buffer.getvalue())


def test_members_of_archives_are_read_within_bounds(monkeypatch):
    raw = _archive(**{"a.xml": b"<a/>", "../b.xml": b"<b/>", "/c.xml": b"<c/>"})
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert read_member(archive, "a.xml", "f") == b"<a/>"
        for name in ("../b.xml", "/c.xml", "x\\..\\y"):
            with pytest.raises(DataError, match="points outside the archive"):
                read_member(archive, name, "f")
        with pytest.raises(DataError, match=r"no member 'd\.xml'"):
            read_member(archive, "d.xml", "f")
        monkeypatch.setenv("ELECTROLITH_MAX_UNPACKED_BYTES", "3")
        with pytest.raises(DataError, match=r"f, a\.xml: 4 bytes that a compressed file"):
            read_member(archive, "a.xml", "f")


def test_a_damaged_member_is_refused():
    raw = _archive(**{"a.xml": os.urandom(500)})
    raw[60] ^= 0xFF
    with zipfile.ZipFile(io.BytesIO(raw)) as archive, pytest.raises(DataError, match="cannot be unpacked"):
        read_member(archive, "a.xml", "f")


@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
def test_xml_with_entities_is_refused_and_nothing_is_fetched(code, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hush")
    text = f'<?xml version="1.0" encoding="{code}"?><!DOCTYPE a [<!ENTITY s SYSTEM "{secret}">]><a>&s;</a>'
    with pytest.raises(DataError, match="f: XML that declares entities"):
        parse_xml(text.encode(code), "f")
    with pytest.raises(DataError, match="f: broken XML"):
        parse_xml(b"<a>", "f")
    assert parse_xml(b"<a>1</a>", "f").text == "1"


@pytest.mark.parametrize(
    "tree",
    [
        {"@module": "this"},
        [{"a": {"@module": "os", "@callable": "system"}}],
        {"@module": "pymatgenius.core"},
        {"@module": 3},
        {"@module": "pymatgen.core", "@callable": "Lattice"},
    ],
)
def test_json_that_names_a_module_or_a_function_is_refused(tree):
    with pytest.raises(DataError, match=r"only data of pymatgen is read"):
        own_modules(tree, "pymatgen", "f")
    own_modules([{"@module": "pymatgen.core.structure", "@class": "Structure"}], "pymatgen", "f")

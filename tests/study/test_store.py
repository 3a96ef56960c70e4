"""Stored results: sealed, bound to their key, and never believed where they are damaged."""

import json
import subprocess

import numpy as np
import pytest
import toy

from electrolith.core.errors import DataError, InputError
from electrolith.study.store import DAMAGED, Store, key_of, with_contents

KEY = key_of("toy", 1, {}, {}, "")
OTHER = key_of("toy", 2, {}, {}, "")


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "results")
    found.open()
    found.put("toy", KEY, toy.Numbers(np.arange(3.0)), {"stage": "toy", "seconds": 1.5})
    return found


def test_a_result_comes_back_with_its_note(store):
    assert np.array_equal(store.get("toy", KEY).values, np.arange(3.0))
    assert store.provenance("toy", KEY) == {"stage": "toy", "seconds": 1.5}
    assert store.get("toy", OTHER) is None


def test_the_seal_is_checked_by_the_tool_of_every_system(store):
    done = subprocess.run(
        ["sha256sum", "-c", "result.sha256"], cwd=store.place("toy", KEY), capture_output=True, text=True
    )
    assert done.stdout == "result: OK\nprovenance.json: OK\n"


@pytest.mark.parametrize("name", ["result", "result.sha256"])
def test_every_flipped_bit_of_result_and_seal_is_noticed_and_never_a_traceback(store, name):
    """High bits of the checksum file ended in a UnicodeDecodeError, on every call."""
    path = store.place("toy", KEY) / name
    whole = path.read_bytes()
    noticed = 0
    for at in range(len(whole)):
        for bit in (0, 3, 7) if name == "result.sha256" else (7,):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            try:
                got = store.get("toy", KEY)
            except DataError:
                noticed += 1
            else:  # a bit in the line of the note's checksum: the result is whole, the note is not believed
                assert name == "result.sha256"
                assert np.array_equal(got.values, np.arange(3.0))
                noticed += DAMAGED in store.provenance("toy", KEY)
    assert noticed == len(whole) * (3 if name == "result.sha256" else 1)


def test_every_flipped_bit_of_the_note_is_noticed(store):
    path = store.place("toy", KEY) / "provenance.json"
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert list(store.provenance("toy", KEY)) == [DAMAGED]
    for other in (b"", b"[1, 2]", None):
        path.unlink() if other is None else path.write_bytes(other)
        assert list(store.provenance("toy", KEY)) == [DAMAGED]
    assert np.array_equal(store.get("toy", KEY).values, np.arange(3.0))


@pytest.mark.parametrize("name", ["result", "result.sha256"])
def test_a_deleted_half_is_noticed_and_a_deleted_whole_is_computed_again(store, name):
    (store.place("toy", KEY) / name).unlink()
    with pytest.raises(DataError, match=r"missing|no such file"):
        store.get("toy", KEY)
    for path in store.place("toy", KEY).iterdir():
        path.unlink()
    assert store.get("toy", KEY) is None


def test_results_that_change_places_are_noticed(store):
    """A folder copied over another one holds good checksums, of another result."""
    store.put("toy", OTHER, toy.Numbers(np.ones(3)), {})
    for name in ("result", "result.sha256", "provenance.json"):
        there, here = (store.place("toy", k) / name for k in (OTHER, KEY))
        here.write_bytes(there.read_bytes())
    with pytest.raises(DataError, match="the seal of another result"):
        store.get("toy", KEY)


@pytest.mark.parametrize("name", ["result", "result.sha256", "provenance.json"])
def test_a_folder_in_place_of_a_file_is_a_sentence(store, name):
    path = store.place("toy", KEY) / name
    path.unlink()
    path.mkdir()
    if name == "provenance.json":
        assert "Is a directory" in store.provenance("toy", KEY)[DAMAGED]
    else:
        with pytest.raises(DataError, match="Is a directory"):
            store.get("toy", KEY)


def test_a_damaged_format_note_is_written_anew_and_costs_no_result(store):
    path = store.folder / "format.json"
    whole = path.read_bytes()
    remarks = 0
    for at in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            remarks += "written anew" in store.open()
    assert remarks > 0.8 * 8 * len(whole)  # some bits only change blanks or the name of the check
    for other in (b"", b"[1, 2]", b"\xff\xfe\x00", b"[" * 5000):
        path.write_bytes(other)
        assert "written anew" in store.open()
        assert path.read_bytes() == whole
    assert store.open() == ""
    assert store.get("toy", KEY) is not None


@pytest.mark.parametrize("note", [{"format": 0}, {"format": 2}])
def test_another_format_is_refused(store, note):
    (store.folder / "format.json").write_text(json.dumps(note))
    with pytest.raises(InputError, match="this version writes format 1; move the folder away"):
        store.open()


def test_what_a_folder_of_inputs_holds_is_part_of_the_key(tmp_path):
    """An experiment of a spectrometer is a folder; new data in it under the old name are other data."""
    folder = tmp_path / "12"
    (folder / "pdata").mkdir(parents=True)
    (folder / "ser").write_bytes(b"1")
    before = with_contents((folder,))
    (folder / "ser").write_bytes(b"2")
    changed = with_contents((folder,))
    (folder / "pdata" / "proc").write_bytes(b"")
    assert len({str(x) for x in (before, changed, with_contents((folder,)))}) == 3

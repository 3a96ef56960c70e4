from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.gpaw import GpawSettings
from electrolith.energy.labels.labels import (
    Label,
    append_label,
    fingerprint,
    read_labels,
    repair,
    write_labels,
)


def made(frame: Frame, *, shift: float = 0.0, settings: str = "one", **source) -> Label:
    rng = np.random.default_rng(7)
    moved = Frame(frame.positions + shift, frame.cell, frame.numbers)
    stress = rng.normal(0, 0.01, (3, 3))
    return Label(moved, -12.5 - shift, rng.normal(0, 1, (len(frame), 3)), stress + stress.T, settings, source)


@pytest.fixture
def labels(li_n_cl_cell):
    return tuple(made(li_n_cl_cell, shift=s, kind="lnc", T=600.0) for s in (0.0, 0.1, 0.2))


@pytest.mark.parametrize("name", ["labels.xyz", "labels.xyz.xz"])
def test_labels_are_equal_after_a_round_trip(tmp_path, labels, name):
    write_labels(tmp_path / name, labels)
    again = read_labels(tmp_path / name)
    assert fingerprint(again) == fingerprint(labels)
    for a, b in zip(again, labels, strict=True):
        np.testing.assert_allclose(a.frame.positions, b.frame.positions, atol=1e-7)
        np.testing.assert_allclose(a.forces, b.forces, atol=1e-7)
        np.testing.assert_allclose(a.stress, b.stress, atol=1e-7)
        assert (a.energy, a.settings, a.kind, a.temperature) == (b.energy, "one", "lnc", 600.0)


def test_the_fingerprint_does_not_depend_on_the_order_but_on_the_energies(labels, li_n_cl_cell):
    assert fingerprint(labels[::-1]) == fingerprint(labels)
    other = Label(li_n_cl_cell, -12.4, labels[0].forces, None, "one", {})
    assert fingerprint((other, *labels[1:])) != fingerprint(labels)


def test_a_frame_labelled_twice_counts_once(tmp_path, labels):
    write_labels(tmp_path / "a.xyz", labels)
    write_labels(tmp_path / "b.xyz", labels[1:])
    assert len(read_labels(tmp_path / "a.xyz", tmp_path / "b.xyz")) == 3


def test_mixed_settings_are_refused_with_their_counts(tmp_path, labels, li_n_cl_cell):
    write_labels(tmp_path / "a.xyz", (*labels, made(li_n_cl_cell, shift=0.3, settings="two")))
    with pytest.raises(DataError, match=r"one \(3 labels\), two \(1 labels\)"):
        read_labels(tmp_path / "a.xyz")


def test_entries_without_forces_or_settings_are_refused(tmp_path, labels):
    frame = labels[0].frame.to_ase()
    frame.write(tmp_path / "bare.xyz", format="extxyz")
    with pytest.raises(DataError, match="entry 1: no energy"):
        read_labels(tmp_path / "bare.xyz")
    write_labels(tmp_path / "a.xyz", labels)
    text = (tmp_path / "a.xyz").read_text().replace("settings=one ", "")
    (tmp_path / "a.xyz").write_text(text)
    with pytest.raises(DataError, match="names no settings"):
        read_labels(tmp_path / "a.xyz")
    assert read_labels(tmp_path / "a.xyz", settings="given")[0].settings == "given"


def test_a_number_that_is_none_is_refused(tmp_path, labels):
    write_labels(tmp_path / "a.xyz", labels)
    (tmp_path / "a.xyz").write_text((tmp_path / "a.xyz").read_text().replace("energy=-12.5", "energy=nan", 1))
    with pytest.raises(DataError, match="not finite"):
        read_labels(tmp_path / "a.xyz")


def test_missing_and_damaged_files_are_named(tmp_path, labels):
    with pytest.raises(InputError, match="no such labels file"):
        read_labels(tmp_path / "nothing.xyz")
    write_labels(tmp_path / "a.xyz.xz", labels)
    (tmp_path / "a.xyz.xz").write_bytes((tmp_path / "a.xyz.xz").read_bytes()[:-40])
    with pytest.raises(DataError, match=r"a\.xyz\.xz: not complete"):
        read_labels(tmp_path / "a.xyz.xz")


def test_a_label_cut_short_by_a_kill_is_taken_off_and_the_rest_stays(tmp_path, labels):
    path = tmp_path / "a.xyz"
    for label in labels:
        append_label(path, label)
    whole = path.read_bytes()
    for cut in (1, 30, 400):
        path.write_bytes(whole[:-cut])
        assert repair(path) == 2
        assert fingerprint(read_labels(path)) == fingerprint(labels[:2])


def test_a_full_disk_leaves_the_earlier_labels(tmp_path, labels, monkeypatch):
    import os

    path = tmp_path / "a.xyz"
    append_label(path, labels[0])

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"No space left on device.*earlier labels are intact"):
        append_label(path, labels[1])
    assert fingerprint(read_labels(path)) == fingerprint(labels[:1])


def test_the_shifted_labels_give_the_barriers_that_the_documents_state():
    """Energies along each path against its start, both grids, from the labels in the repository."""
    root = Path(__file__).parents[2]

    def heights(labels):
        by = {str(x.source.get("origin", "")): x.energy for x in labels}
        names = sorted(
            {o.removesuffix(" start") for o in by if o.startswith("barrier ") and o.endswith("start")}
        )
        return [round(1000 * (by[f"{n} saddle"] - by[f"{n} start"])) for n in names]

    shifted = read_labels(root / "data" / "labels" / "shifted" / "labels.xyz.xz")
    assert {x.settings for x in shifted} == {GpawSettings().fingerprint}
    assert heights(shifted) == [102, 65, 523]
    assert heights(read_labels(root / "examples" / "li9n2cl3" / "barriers.xyz")) == [95, 58, 527]


def test_every_labelled_frame_is_among_those_to_label_and_grids_are_not_mixed():
    folder = Path(__file__).parents[2] / "data" / "labels"
    shifted = folder / "shifted" / "labels.xyz.xz"
    with pytest.raises(DataError, match="labels of different settings cannot be fitted together"):
        read_labels(shifted, folder / "li-n-cl-unseen.xyz.xz")
    old = {
        x.identity: x
        for name in ("li-n-cl-unseen", "li-n-cl")
        for x in read_labels(folder / f"{name}.xyz.xz")
    }
    both = [(x, old[x.identity]) for x in read_labels(shifted) if x.identity in old]
    moved = [1000 * (a.energy - b.energy) / len(a.frame) for a, b in both]
    assert len(both) >= 12
    assert -3 < min(moved) < max(moved) < 0

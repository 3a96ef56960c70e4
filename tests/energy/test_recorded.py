"""An engine that writes down what it computes: nothing twice, nothing lost, failures named."""

import numpy as np
import pytest
from pairs import Pairs, fails

from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.crystal.library import shipped_crystal
from electrolith.crystal.site import without_atom
from electrolith.energy.labels.labels import read_labels
from electrolith.energy.labels.recorded import Recorded
from electrolith.energy.relax import Relaxation, relax

HELD = Relaxation(force=0.01, cell=False, steps=60)


@pytest.fixture(scope="module")
def vacancy() -> Frame:
    frame = shipped_crystal("LiCl").to_frame()
    moved = frame.positions + np.random.default_rng(2).normal(0, 0.05, frame.positions.shape)
    return without_atom(Frame(moved, frame.cell, frame.numbers), 0)


def test_a_frame_is_computed_once_and_its_label_says_where_it_comes_from(vacancy, tmp_path):
    path = tmp_path / "labels.xyz"
    inner = Pairs()
    first = Recorded(inner, path, settings="pairs-1").about(kind="LiCl, one Li missing", origin="by hand")
    out = first.evaluate(vacancy)
    again = Recorded(inner, path, settings="pairs-1").evaluate(vacancy)
    assert inner.calls == 1
    assert again.energy == out.energy
    np.testing.assert_array_equal(again.forces, out.forces)
    np.testing.assert_allclose(again.stress, out.stress, atol=1e-12)
    (label,) = read_labels(path)
    assert (label.kind, label.source["origin"]) == ("LiCl, one Li missing", "by hand")
    assert label.settings == "pairs-1"


@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_killed_relaxation_goes_on_from_its_last_label_the_same_way(vacancy, tmp_path, after):
    whole = Recorded(Pairs(), tmp_path / "whole.xyz", settings="pairs-1")
    expected = relax(vacancy, whole, settings=HELD)
    assert len(whole) > 8
    path = tmp_path / "cut.xyz"
    with pytest.raises(KeyboardInterrupt):
        relax(vacancy, Recorded(Pairs(stop_after=after), path, settings="pairs-1"), settings=HELD)
    with path.open("ab") as handle:
        handle.write(b"7\nLattice=")  # the kill came while a label was written
    inner = Pairs()
    second = Recorded(inner, path, settings="pairs-1")
    assert len(second) == after
    found = relax(vacancy, second, settings=HELD)
    assert inner.calls == len(whole) - after
    assert found.energy == expected.energy
    np.testing.assert_array_equal(found.frame.positions, expected.frame.positions)


def test_a_step_that_diverges_names_its_frame_and_keeps_the_labels_before_it(vacancy, tmp_path):
    path = tmp_path / "labels.xyz"
    inner = Pairs(stop_after=2, error=fails("the cycle did not converge"))
    engine = Recorded(inner, path, settings="pairs-1").about(origin="LiCl, 4 formula units, without Li 0")
    with pytest.raises(
        ElectrolithError, match=r"LiCl, 4 formula units, without Li 0, point 3: the cycle did not"
    ):
        relax(vacancy, engine, settings=HELD)
    assert len(read_labels(path)) == 2


def test_labels_of_other_settings_are_refused(vacancy, tmp_path):
    path = tmp_path / "labels.xyz"
    Recorded(Pairs(), path, settings="pairs-1").evaluate(vacancy)
    with pytest.raises(InputError, match="holds labels of pairs-1, this run would add pairs-2"):
        Recorded(Pairs(), path, settings="pairs-2")


def test_a_full_disk_is_told_and_loses_nothing(vacancy, tmp_path, monkeypatch):
    path = tmp_path / "labels.xyz"
    engine = Recorded(Pairs(), path, settings="pairs-1")
    engine.evaluate(vacancy)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    moved = Frame(vacancy.positions + [[0.1, 0, 0]] * len(vacancy), vacancy.cell, vacancy.numbers)
    with pytest.raises(DataError, match="No space left on device"):
        engine.evaluate(moved)
    monkeypatch.undo()
    assert len(read_labels(path)) == 1

import importlib.util
from functools import partial

import numpy as np
import pytest

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.gpaw import Gpaw, GpawSettings
from electrolith.energy.dft.reference import open_reference, settings_class
from electrolith.energy.labels.labelling import label_frames
from electrolith.energy.labels.labels import read_labels

needs_gpaw = pytest.mark.skipif(importlib.util.find_spec("gpaw") is None, reason="gpaw is not installed")
ROUGH = GpawSettings(cutoff=300, kpoint_length=2, energy_convergence=1e-6, density_convergence=1e-6)


@pytest.fixture
def lithium_chloride() -> Frame:
    cell = np.array([[0.1, 2.6, 2.5], [2.6, 0.0, 2.5], [2.5, 2.6, 0.1]])
    turned = cell[[1, 0, 2]]
    return Frame(np.array([[0, 0, 0], [2.85, 2.7, 2.4]]), turned, np.array([3, 17]))


def test_kpoints_follow_the_length_of_each_vector(lithium_chloride):
    centred = GpawSettings(kpoint_grid="gamma")
    assert centred.kpoints(lithium_chloride) == (5, 5, 5)
    wide = Frame(lithium_chloride.positions, np.diag([7.5, 14.6, 30.0]), lithium_chloride.numbers)
    assert centred.kpoints(wide) == (2, 1, 1)


def test_a_shifted_grid_has_even_numbers_of_points(lithium_chloride):
    """An odd grid of Monkhorst and Pack holds Γ: it would not be shifted."""
    assert GpawSettings().kpoints(lithium_chloride) == (6, 6, 6)
    wide = Frame(lithium_chloride.positions, np.diag([7.5, 14.6, 30.0]), lithium_chloride.numbers)
    assert GpawSettings().kpoints(wide) == (2, 2, 2)


def test_labels_of_the_two_grids_are_never_mixed_and_old_ones_keep_their_name():
    assert GpawSettings().fingerprint != GpawSettings(kpoint_grid="gamma").fingerprint
    assert GpawSettings(kpoint_grid="gamma").fingerprint == "gpaw-PBE-650eV-615d321e"


def test_the_fingerprint_knows_what_decides_the_numbers():
    assert GpawSettings().fingerprint == GpawSettings(iterations=99).fingerprint
    assert GpawSettings().fingerprint != GpawSettings(cutoff=520).fingerprint
    assert GpawSettings().fingerprint != GpawSettings(kpoint_length=10).fingerprint
    assert GpawSettings().fingerprint.startswith("gpaw-PBE-650eV-")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"cutoff": 100}, "too low for any PAW set"),
        ({"width": 0}, "width must be above 0"),
        ({"cutoff": -1}, "above 0"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong, text):
    with pytest.raises(InputError, match=text):
        GpawSettings(**wrong)


@needs_gpaw
@pytest.mark.filterwarnings("ignore")
def test_gpaw_forces_are_the_gradient_of_its_energy_and_translation_changes_nothing(lithium_chloride):
    engine, step, frame = Gpaw(ROUGH), 0.02, lithium_chloride
    out = engine.evaluate(frame)
    energies = []
    for sign in (1, -1):
        moved = frame.positions.copy()
        moved[1, 0] += sign * step
        moved[0] += sign * frame.cell[1]
        energies.append(engine.evaluate(Frame(moved, frame.cell, frame.numbers)).energy)
    assert out.forces[1, 0] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=0.02)
    assert abs(out.forces[1, 0]) > 0.1
    np.testing.assert_allclose(out.forces.sum(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(out.stress, out.stress.T, atol=1e-6)


@needs_gpaw
@pytest.mark.filterwarnings("ignore")
def test_a_cycle_that_does_not_converge_names_the_frame(lithium_chloride):
    with pytest.raises(ElectrolithError, match=r"GPAW stopped on (ClLi|LiCl)"):
        Gpaw(GpawSettings(cutoff=300, kpoint_length=2, iterations=2)).evaluate(lithium_chloride)


@needs_gpaw
@pytest.mark.filterwarnings("ignore")
def test_gpaw_labels_by_two_processes_and_names_the_run_that_diverges(lithium_chloride, tmp_path):
    given = lithium_chloride
    moved = Frame(given.positions + np.array([[0, 0, 0], [0.1, 0, 0]]), given.cell, given.numbers)
    onto = Frame(given.positions * [[0], [0.02]], given.cell, given.numbers)
    frames = tuple((f, {"key": name}) for f, name in ((given, "a"), (onto, "onto"), (moved, "b")))
    run = label_frames(
        frames,
        tmp_path / "labels.xyz",
        open_engine=partial(open_reference, "gpaw", ROUGH),
        settings=ROUGH.fingerprint,
        processes=2,
    )
    assert run.done == 2
    assert run.failed[0][1].startswith("frame 2 of 3 (ClLi, key onto): GPAW stopped on ClLi: ")
    labels = read_labels(tmp_path / "labels.xyz")
    assert sorted(x.source["key"] for x in labels) == ["a", "b"]
    assert {x.source["code"][:5] for x in labels} == {"gpaw "}
    assert labels[0].stress is not None


def test_each_engine_takes_its_own_settings():
    assert settings_class("gpaw") is GpawSettings
    assert settings_class("li-n-cl") is None
    with pytest.raises(InputError, match="engine 'cp2k' takes Cp2kSettings, got GpawSettings"):
        open_reference("cp2k", GpawSettings())
    with pytest.raises(InputError, match="engine 'li-n-cl' takes no settings"):
        open_reference("li-n-cl", GpawSettings())

"""Distillation from teachers that cost nothing: the shipped potential, and one that the student can equal."""

import json
import math
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.distil.distil import LABELS, STATE, Teacher, distil
from electrolith.energy.distil.distillation import Distillation, SecondTeacher
from electrolith.energy.distil.explore import Explore
from electrolith.energy.distil.start import Start, StartMaterial
from electrolith.energy.engine import Evaluation
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.pod.descriptors import pod_descriptors
from electrolith.energy.pod.fit import CheapLabels, fit_pod
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.pod.potential import PodSettings, load_potential

SMALL = PodSettings(
    two_body=5, three_body=2, three_angular=2, four_body=0, four_angular=0, regularisation=1e-9
)
SETTINGS = Distillation(
    materials=(StartMaterial("LiCl", structure="LiCl"),),
    shapes=(SMALL,),
    regularisations=(1e-9, 1e-7),
    start=Start(variants=3),
    explore=Explore(temperatures=(300.0, 600.0), runs=2, duration=100.0, frames=4),
    labels=10,
    per_round=3,
    hours=0.2,
    certificate_hours=0.01,
    processes=1,
)


class Counted:
    """The shipped potential, counting; stops working after some frames."""

    name = "counted"

    def __init__(self, stop: int = 10**9) -> None:
        self.engine, self.stop, self.count = LammpsPod(load_potential("li-n-cl")), stop, 0

    def evaluate(self, frame: Frame) -> Evaluation:
        self.count += 1
        if self.count > self.stop:
            raise KeyboardInterrupt
        return self.engine.evaluate(frame)


@dataclass(frozen=True)
class Given:
    """Opens a given engine."""

    engine: object

    def __call__(self):
        return self.engine


def run(folder, engine=None, settings=SETTINGS, trusted=False, second=None):
    seen = []

    def certify(fit, labels, folder, seconds):
        seen.append((len(labels), seconds))
        return SimpleNamespace(trusted=trusted, criteria=())

    engine = engine or Counted()
    said = []
    found = distil(
        settings,
        teacher=Teacher(Given(engine), "counted"),
        folder=folder,
        certify=certify,
        second=second,
        report=lambda share, text: said.append((share, text)),
    )
    return found, engine, seen, said


def test_it_ends_at_the_budget_of_labels_with_a_potential_and_a_certificate(tmp_path):
    found, engine, seen, said = run(tmp_path)
    assert found.reason == "the 10 labels are used up"
    assert len(read_labels(tmp_path / LABELS)) == engine.count == 10
    assert seen[-1][0] == 10
    assert [r.labels for r in found.rounds] == [4, 7, 10]
    assert load_potential(tmp_path / "potential").fingerprint == found.fit.potential.fingerprint
    assert load_potential(tmp_path / "potential").provenance["kinds"] == {"LiCl": 10}
    assert all(0 <= share <= 1 for share, _ in said)
    assert any("min left" in text for _, text in said)


def test_the_student_learns_its_teacher(tmp_path):
    found, *_ = run(tmp_path, settings=replace(SETTINGS, labels=20, per_round=8))
    assert found.rounds[-1].forces < found.rounds[0].forces
    frame = read_labels(tmp_path / LABELS)[0].frame
    rng = np.random.default_rng(77)
    moved = Frame(frame.positions + rng.normal(0, 0.05, frame.positions.shape), frame.cell, frame.numbers)
    student = LammpsPod(found.fit.potential).evaluate(moved)
    teacher = LammpsPod(load_potential("li-n-cl")).evaluate(moved)
    assert np.abs(student.forces - teacher.forces).mean() < 0.1 * np.abs(teacher.forces).mean()


def test_stopped_while_labelling_it_goes_on_and_ends_with_the_same_potential(tmp_path):
    whole, *_ = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", Counted(stop=6))
    assert len(read_labels(tmp_path / "stopped" / LABELS)) == 6
    found, engine, *_ = run(tmp_path / "stopped")
    assert engine.count == 10 - 6
    frames = [{x.identity for x in read_labels(tmp_path / part / LABELS)} for part in ("whole", "stopped")]
    assert frames[0] == frames[1]
    frame = read_labels(tmp_path / "whole" / LABELS)[1].frame
    forces = [LammpsPod(f.fit.potential).evaluate(frame).forces for f in (found, whole)]
    np.testing.assert_allclose(forces[0], forces[1], atol=1e-4)
    assert [r.labels for r in found.rounds] == [r.labels for r in whole.rounds]


def test_time_of_earlier_runs_counts(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Counted(stop=6))
    state = json.loads((tmp_path / STATE).read_text())
    state["elapsed"] = 3600.0
    (tmp_path / STATE).write_text(json.dumps(state))
    found, engine, seen, _ = run(tmp_path)
    assert found.reason == "the time is used up"
    assert engine.count == 0
    assert seen[0][0] == 6


def test_a_frame_that_the_teacher_cannot_do_is_named_and_the_rest_goes_on(tmp_path):
    class Picky(Counted):
        def evaluate(self, frame: Frame) -> Evaluation:
            if self.count == 2:
                self.count += 1
                raise ElectrolithError("the cycle did not converge")
            return super().evaluate(frame)

    found, *_ = run(tmp_path, Picky())
    assert len(found.failed) == 1
    assert "the cycle did not converge" in found.failed[0]
    assert len(read_labels(tmp_path / LABELS)) >= 9


def test_a_teacher_that_can_do_nothing_is_an_error_that_says_why(tmp_path):
    class Useless(Counted):
        def evaluate(self, frame: Frame) -> Evaluation:
            raise ElectrolithError("no licence")

    with pytest.raises(InputError, match=r"labelled no frame.*no licence"):
        run(tmp_path, Useless())


def test_a_folder_of_another_teacher_is_refused(tmp_path):
    run(tmp_path)
    with pytest.raises(InputError, match="from counted with seed 1, this one is from other"):
        distil(
            SETTINGS,
            teacher=Teacher(Given(Counted()), "other"),
            folder=tmp_path,
            certify=lambda *a: SimpleNamespace(trusted=True),
        )


def test_a_damaged_state_is_named_and_its_labels_are_kept(tmp_path):
    run(tmp_path)
    (tmp_path / STATE).write_text("{")
    with pytest.raises(DataError, match="labels beside it are kept"):
        run(tmp_path)
    (tmp_path / STATE).unlink()
    _, engine, *_ = run(tmp_path)
    assert engine.count == 0


def test_it_ends_early_when_the_certificate_holds(tmp_path):
    """A teacher of the student's own shape is learned to the last digit, so nothing unknown is met."""
    rng = np.random.default_rng(2)
    shape = replace(SMALL, elements=("Li", "Cl"))
    frame = Frame(np.array([[0, 0, 0], [2.6, 0.1, 0], [0.1, 2.6, 2.6]]), 5 * np.eye(3), np.array([3, 17, 3]))
    size = pod_descriptors(frame, shape).energy.size
    shipped = load_potential("li-n-cl")
    known = replace(shipped, settings=shape, coefficients=rng.normal(0, 2e-3, size))
    settings = replace(SETTINGS, labels=60, explore=replace(SETTINGS.explore, temperatures=(50.0,)))
    found, _, seen, _ = run(tmp_path, LammpsPod(known), settings, trusted=True)
    assert found.reason == "the certificate holds"
    assert found.rounds[-1].labels < 60
    assert found.fit.held_out[0].forces < 0.01
    assert len(seen) == 1


def test_a_second_teacher_labels_beside_the_first(tmp_path):
    cheap = Counted()
    settings = replace(SETTINGS, second_teacher=SecondTeacher(engine="counted", labels=2, weight=0.1))
    run(tmp_path, settings=settings, second=Teacher(Given(cheap), "cheap"))
    assert len(read_labels(tmp_path / "cheap.xyz")) == cheap.count > 10
    assert len(read_labels(tmp_path / LABELS)) == 10


@pytest.fixture
def truth(li_n_cl_cell):
    """Labels of a small potential with known coefficients, in eight frames of a cell."""
    size = pod_descriptors(li_n_cl_cell, replace(SMALL, elements=("Li", "N", "Cl"))).energy.size
    known = replace(
        load_potential("li-n-cl"),
        settings=replace(SMALL, force_scale=1e3),
        coefficients=np.random.default_rng(5).normal(0, 0.05, size),
    )
    return known


def labels_of(potential, cell, seeds, offset=None, settings="first"):
    engine, out = LammpsPod(potential), []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        frame = Frame(cell.positions + rng.normal(0, 0.2, cell.positions.shape), cell.cell, cell.numbers)
        result = engine.evaluate(frame)
        shift = sum((offset or {}).get(s, 0.0) for s in frame.symbols)
        label = Label(frame, result.energy + shift, result.forces, result.stress, settings, {"kind": "x"})
        out.append(label)
    return tuple(out)


def test_cheap_labels_with_another_zero_of_energy_help_and_do_not_shift_the_energy(truth, li_n_cl_cell):
    few = labels_of(truth, li_n_cl_cell, range(3))
    cheap = labels_of(
        truth, li_n_cl_cell, range(50, 62), {"Li": 3.0, "N": -7.0, "Cl": 11.0}, settings="second"
    )
    alone = fit_pod(few, truth.settings, name="alone", folds=3)
    helped = fit_pod(few, truth.settings, name="helped", folds=3, cheap=CheapLabels(cheap, 0.3))
    assert helped.held_out[0].forces < 0.2 * alone.held_out[0].forces
    assert helped.held_out[0].energy < 0.01


def test_a_cheap_label_of_a_left_out_frame_is_left_out_with_it(truth, li_n_cl_cell):
    """Otherwise the held-out error would be measured on a frame the fit has seen."""
    few = labels_of(truth, li_n_cl_cell, range(4))
    same = tuple(replace(x, settings="second") for x in few)
    alone = fit_pod(few, truth.settings, name="alone", folds=4)
    helped = fit_pod(few, truth.settings, name="same", folds=4, cheap=CheapLabels(same, 1.0))
    assert helped.held_out[0].forces > 0.3 * alone.held_out[0].forces


def test_a_prior_is_kept_where_labels_say_nothing_and_left_where_they_do(truth, li_n_cl_cell):
    labels = labels_of(truth, li_n_cl_cell, range(6))
    prior = truth.coefficients * 1.5
    stiff = fit_pod(labels, replace(truth.settings, regularisation=1e9), name="s", folds=2, prior=prior)
    np.testing.assert_allclose(stiff.potential.coefficients, prior, rtol=1e-4)
    firm = replace(truth.settings, regularisation=1e-3)
    right = fit_pod(labels, firm, name="right", folds=2, prior=truth.coefficients).potential
    np.testing.assert_allclose(right.coefficients, truth.coefficients, atol=1e-6)
    without = fit_pod(labels, firm, name="without", folds=2).potential
    assert np.abs(without.coefficients - truth.coefficients).max() > 1e-3


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"materials": ()}, "at least one crystal"),
        ({"materials": SETTINGS.materials * 2}, "different names"),
        ({"shapes": ()}, "at least one shape"),
        ({"labels": 0}, "must be at least 1"),
        ({"certificate_hours": 2.0}, "below hours"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong, text):
    with pytest.raises(InputError, match=text):
        replace(SETTINGS, **wrong)


def test_errors_of_the_last_round_are_finite_although_nothing_ran_after_it(tmp_path):
    found, *_ = run(tmp_path)
    assert math.isnan(found.rounds[-1].outside)
    assert all(math.isfinite(r.outside) for r in found.rounds[:-1])


def test_a_teacher_is_opened_in_worker_processes_too(tmp_path):
    from electrolith.energy.engine import make_engine

    settings = replace(SETTINGS, processes=2, labels=4)
    found = distil(
        settings,
        teacher=Teacher(partial(make_engine, "li-n-cl"), "li-n-cl"),
        folder=tmp_path,
        certify=lambda *a: SimpleNamespace(trusted=False),
    )
    assert len(read_labels(tmp_path / LABELS)) == 4
    assert found.rounds[-1].labels == 4

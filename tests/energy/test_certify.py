import time
from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.certificate import load_certificate, save_certificate
from electrolith.energy.certificate.certify import CertifyMaterial, CertifySettings, certify
from electrolith.energy.labels.labels import Label
from electrolith.energy.pod.fit import FitErrors, PodFit, fit_pod
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.pod.potential import PodSettings, Potential, load_potential, save_potential

TINY = CertifySettings(
    temperatures=(300.0,),
    duration=80.0,
    hot_temperature=600.0,
    hot_duration=40.0,
    heating=20.0,
    atoms=8,
    drift_temperature=300.0,
    drift_duration=80.0,
    common_temperatures=(300.0, 350.0, 400.0),
    common_duration=60.0,
    common_settling=12.0,
    common_sampling=4.0,
    common_atoms=8,
    long_temperatures=(300.0,),
    long_duration=40.0,
)
ERRORS = FitErrors("LiCl", 300.0, 20, 0.001, 0.02, 1e-4)


def rock_salt() -> Frame:
    grid = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    noise = np.random.default_rng(4).normal(0, 0.02, (8, 3))
    return Frame(grid * 2.585 + noise, np.eye(3) * 5.17, np.where(grid.sum(axis=1) % 2, 17, 3))


MATERIALS = (CertifyMaterial("LiCl", rock_salt()),)


def label(frame: Frame, temperature: float | None = 300.0, settings: str = "pbe") -> Label:
    out = LammpsPod(load_potential("li-n-cl")).evaluate(frame)
    source = {"kind": "LiCl", "T": temperature} if temperature else {"kind": "LiCl"}
    return Label(frame, out.energy, out.forces, out.stress, settings, source)


def fit_of(potential: Potential) -> PodFit:
    committee = np.stack([potential.coefficients * s for s in (0.999, 1.0, 1.001)])
    return PodFit(potential, (replace(ERRORS, kind="all", temperature=None), ERRORS), ERRORS, committee)


def d_known(positions, frame, *, mobile, interval, temperature) -> Estimate:
    """Five per cent of doubt, 0.3 eV."""
    assert mobile == "Li"
    rng = np.random.default_rng(int(temperature))
    value = 1e-3 * np.exp(-0.3 / 8.617e-5 / temperature)
    return Estimate.normal(value, 0.05 * value, "cm²/s", rng=rng)


class Counting:
    """The shipped potential as a teacher that counts what it is asked."""

    def __init__(self, *, stress: bool = True) -> None:
        self.engine, self.calls, self.stress = LammpsPod(load_potential("li-n-cl")), 0, stress

    name = "counting teacher"

    def evaluate(self, frame):
        self.calls += 1
        out = self.engine.evaluate(frame)
        return out if self.stress else replace(out, stress=None)


def measure(folder, *, potential=None, teacher=None, settings=TINY, diffusivity=d_known, **more):
    return certify(
        fit_of(potential or load_potential("li-n-cl")),
        (label(rock_salt()),),
        MATERIALS,
        settings=settings,
        teacher=teacher,
        folder=folder,
        diffusivity=diffusivity,
        **more,
    )


def states(certificate):
    return {c.name: c.state for c in certificate.criteria}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The potential as its own teacher; measured once."""
    folder = tmp_path_factory.mktemp("own")
    return measure(folder, teacher=Counting()), folder


def test_a_potential_agrees_with_itself_in_everything(own):
    found, _ = own
    (curve,), (elastic,), (lattice,) = found.volume_curves, found.elastic, found.lattice
    assert abs(curve.volume_error) < 1e-9
    assert abs(curve.bulk_error) < 1e-9
    assert elastic.error < 1e-9
    assert lattice.relaxed_by_both
    assert abs(lattice.length_error) < 1e-3
    assert [c.radial_difference for c in found.common] == [0, 0, 0]
    assert all(c.ratio.value == 1 and c.student.duration == c.teacher.duration > 0 for c in found.common)
    assert found.activation[0].difference.value == pytest.approx(0)
    assert found.activation[0].student.value == pytest.approx(0.3, abs=0.05)
    kept = {name for name, state in states(found).items() if state == "kept"}
    assert {
        "largest error of a lattice parameter",
        "equilibrium volume against the teacher",
        "bulk modulus against the teacher",
        "elastic constants against the teacher",
        "radial distribution against the teacher",
        "D against the teacher, factor",
        "long runs that lost atoms",
        "visited frames outside the training domain",
    } <= kept
    assert not found.trusted  # its runs are far too short, and that stands there
    assert states(found)["longest stable run"] == "not kept"


def test_nothing_is_measured_twice_and_what_the_teacher_said_serves_the_next_student(own):
    found, folder = own
    teacher = Counting()
    assert measure(folder, teacher=teacher) == found
    assert teacher.calls == 0
    other = load_potential("li-n-cl")
    other = replace(other, coefficients=other.coefficients * 1.02)
    next_one = measure(folder, teacher=teacher, potential=other)
    assert next_one.fingerprint != found.fingerprint
    assert next_one.volume_curves[0].bulk_error == pytest.approx(0.02, rel=0.1)
    assert teacher.calls == 1  # its pressure in the new student's relaxed cell


def test_the_certificate_is_the_same_after_a_round_trip(own, tmp_path):
    found, _ = own
    save_potential(load_potential("li-n-cl"), tmp_path)
    save_certificate(found, tmp_path)
    assert load_certificate(load_potential("li-n-cl"), tmp_path) == found
    assert "NaN" not in (tmp_path / "certificate.json").read_text()


def test_a_killed_measurement_goes_on_where_it_was(own, tmp_path):
    def stop(share, text):
        if text.startswith("common run, LiCl at 350 K, counting"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, teacher=Counting(), progress=stop)
    stored = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.res")}
    assert len(stored) > 8
    shares = []
    found = measure(tmp_path, teacher=Counting(), progress=lambda share, text: shares.append(share))
    assert {p: (tmp_path / p).stat().st_mtime_ns for p in stored if "common" not in p} == {
        p: t for p, t in stored.items() if "common" not in p
    }
    assert found.volume_curves == own[0].volume_curves
    assert [c.ratio for c in found.common] == [c.ratio for c in own[0].common]
    assert shares == sorted(shares)
    assert 0.8 < shares[-1] <= 1


def test_without_time_everything_is_not_measured_and_said_so(tmp_path):
    found = measure(tmp_path, teacher=Counting(), seconds=0.0)
    assert {s for n, s in states(found).items() if "held-out" not in n} <= {
        "not measured",
        "not measured well enough",
    }
    assert states(found)["held-out energy error"] == "kept"
    assert not found.trusted
    said = {u.piece.split(",")[0]: u.reason for u in found.unmeasured}
    assert {"relaxation", "energy-volume curve", "common run", "minimum of the teacher"} <= set(said)
    assert said["common run"] == "the time budget was used up before it had settled"
    assert said["energy-volume curve"] == "the time budget was used up"
    assert found.hottest == found.longest == 0


def test_time_that_ends_in_the_middle_keeps_what_is_there_and_the_next_call_adds_to_it(tmp_path, own):
    teacher = Counting()
    clock = time.monotonic

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: clock() + (1e6 if teacher.calls > 12 else 0.0))
        part = measure(tmp_path, teacher=teacher, seconds=1e5)
    assert part.unmeasured
    assert "the time budget was used up" in {u.reason for u in part.unmeasured}
    assert part.trials
    assert not part.common
    asked = teacher.calls
    whole = measure(tmp_path, teacher=teacher)
    assert [u for u in whole.unmeasured if "budget" in u.reason] == []
    assert whole.volume_curves[0].teacher == pytest.approx(own[0].volume_curves[0].teacher, abs=1e-5)
    assert teacher.calls > asked


def test_without_a_teacher_what_needs_one_is_not_measured(tmp_path):
    at_rest = label(rock_salt(), None)
    found = measure(tmp_path)
    said = {u.piece: u.reason for u in found.unmeasured}
    for piece in ("energy-volume curves", "elastic constants of the teacher", "common runs"):
        assert said[piece] == "no teacher was given"
    judged = states(found)
    assert judged["bulk modulus against the teacher"] == "not measured"
    assert judged["D against the teacher, factor"] == "not measured"
    assert judged["radial distribution against the teacher"] == "not measured"
    assert found.elastic[0].student.is_stable  # its own are there
    assert found.teacher == ""
    assert at_rest.stress is not None


def test_a_teacher_without_stress_gives_curves_and_runs_but_no_constants(tmp_path):
    found = measure(tmp_path, teacher=Counting(stress=False))
    said = {u.piece: u.reason for u in found.unmeasured}
    assert "gives no stress, so the cell cannot relax" in said["minimum of the teacher, LiCl"]
    assert "gives no stress" in said["elastic constants of the teacher, LiCl"]
    assert "no stress" in said["relaxed cell, LiCl"]
    assert found.volume_curves
    assert found.common
    assert states(found)["elastic constants against the teacher"] == "not measured"
    assert str(tmp_path) not in str(said)


def test_a_softened_student_is_refused(tmp_path):
    """All of its curvatures are three quarters of the teacher's."""
    potential = load_potential("li-n-cl")
    soft = replace(potential, coefficients=0.75 * potential.coefficients)
    short = replace(TINY, common_temperatures=(), long_temperatures=())
    judged = states(measure(tmp_path, potential=soft, teacher=Counting(), settings=short))
    assert judged["bulk modulus against the teacher"] == "not kept"
    assert judged["elastic constants against the teacher"] == "not kept"
    assert judged["largest error of a lattice parameter"] == "kept"  # only its stiffness is wrong


def test_a_naive_fit_with_the_smallest_force_error_is_refused(tmp_path):
    """Fitted to rattled cells of one volume, without stress or regularisation: perfect on such cells."""
    rng = np.random.default_rng(1)
    sites = Frame(np.round(rock_salt().positions / 2.585) * 2.585, rock_salt().cell, rock_salt().numbers)
    labels = []
    for number in range(8):
        rattled = Frame(sites.positions + rng.normal(0, 0.08, (8, 3)), sites.cell, sites.numbers)
        labels.append(replace(label(rattled), stress=None, source={"kind": "LiCl", "run": str(number)}))
    shape = PodSettings(
        elements=("Li", "Cl"),
        two_body=4,
        three_body=3,
        three_angular=2,
        four_body=0,
        four_angular=0,
        regularisation=1e-10,
    )
    fit = fit_pod(tuple(labels), shape, name="naive", folds=4)
    short = replace(TINY, temperatures=(700.0,), common_temperatures=(700.0,), long_temperatures=())
    found = certify(
        fit,
        tuple(labels),
        (CertifyMaterial("LiCl", sites),),
        settings=short,
        teacher=LammpsPod(load_potential("li-n-cl")),
        folder=tmp_path,
        diffusivity=d_known,
    )
    judged = states(found)
    assert found.held_out[0].forces < 0.002  # eV/Å: by its force error the best potential there is
    assert judged["held-out force error up to 700 K"] == "kept"
    assert not found.trusted
    wrong = {name for name, state in judged.items() if state == "not kept"}
    assert {"largest error of a lattice parameter", "elastic constants against the teacher"} <= wrong


def test_a_diffusivity_that_cannot_be_had_is_not_measured_well_enough(tmp_path):
    short = replace(TINY, long_temperatures=(), common_temperatures=(300.0,))
    found = measure(tmp_path, teacher=Counting(), settings=short, diffusivity=None)
    assert found.common[0].student.reason == "no estimator of D was given"
    assert states(found)["D against the teacher, factor"] == "not measured well enough"
    assert states(found)["activation energy against the teacher"] == "not measured"
    assert states(found)["radial distribution against the teacher"] == "kept"


def test_without_a_teacher_cells_are_judged_by_labels_at_rest(tmp_path):
    from electrolith.energy.relax import Relaxation, relax

    student = LammpsPod(load_potential("li-n-cl"))
    rest = relax(rock_salt(), student, settings=Relaxation(force=0.005)).frame
    labels = (label(rock_salt()), label(rest, None), replace(label(rest, None), stress=None))
    found = certify(
        fit_of(load_potential("li-n-cl")),
        labels,
        MATERIALS,
        settings=TINY,
        teacher=None,
        folder=tmp_path,
    )
    (check,) = found.lattice
    assert check.material == "ClLi, LiCl"
    assert abs(check.length_error) < 1e-3  # the committee differs by 0.1 %


def test_what_cannot_be_certified_is_refused_before_anything_runs(tmp_path):
    silver = Frame(rock_salt().positions, rock_salt().cell, np.full(8, 47))
    fit, labels = fit_of(load_potential("li-n-cl")), (label(rock_salt()),)
    for materials, text in (
        ((CertifyMaterial("silver", silver),), "certify: silver: no Ag"),
        ((), "at least one material"),
        ((*MATERIALS, *MATERIALS), "two materials have one name"),
    ):
        with pytest.raises(InputError, match=text):
            certify(fit, labels, materials, settings=TINY, teacher=None, folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"temperatures": (0.0,)}, "above 0 K"),
        ({"hot_duration": 0.0}, "hot_duration: must be above 0"),
        ({"points": 3}, "at least 5 points"),
        ({"common_duration": 40.0}, "leave nothing after"),
        ({"duration": 3.0}, "too short"),
        ({"strain": 1.0}, r"elastic\.strain"),
        ({"atoms": 0}, "at least one atom"),
    ],
)
def test_settings_that_would_fail_after_an_hour_are_refused_at_once(changes, text):
    with pytest.raises(InputError, match=text):
        replace(TINY, **changes)


def test_a_student_that_explodes_beside_its_teacher_broke_a_run(tmp_path, monkeypatch):
    from electrolith.energy.certificate import against_teacher

    whole = against_teacher.common_run

    def explode(engine, frame, **more):
        run = whole(engine, frame, **more)
        if engine.name == "counting teacher":
            return run
        return replace(run, path=run.path[:3], steps=4, failure="the temperature rose to 9000 K")

    monkeypatch.setattr(against_teacher, "common_run", explode)
    short = replace(TINY, long_temperatures=(), common_temperatures=(300.0,))
    found = measure(tmp_path, teacher=Counting(), settings=short)
    assert found.common[0].student.failure == "the temperature rose to 9000 K"
    assert np.isnan(found.common[0].radial_difference)
    assert states(found)["runs that broke"] == "not kept"
    assert states(found)["D against the teacher, factor"] == "not measured well enough"


def test_what_a_dft_teacher_answers_is_stored_under_the_settings_of_its_labels():
    from electrolith.energy.certificate.certify import _reference
    from electrolith.energy.dft.gpaw import Gpaw, GpawSettings

    assert _reference(Gpaw(GpawSettings())) == GpawSettings().fingerprint

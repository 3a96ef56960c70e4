from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.pod.descriptors import core_energy, pod_descriptors
from electrolith.energy.pod.fit import fit_pod, predict
from electrolith.energy.pod.lammps import LammpsPod, li_n_cl
from electrolith.energy.pod.potential import PodSettings, load_potential

TINY = PodSettings(
    two_body=4,
    three_body=2,
    three_angular=2,
    four_body=0,
    four_angular=0,
    regularisation=1e-12,
    force_scale=1e3,
)


def rattled(frame: Frame, seed: int, amplitude: float) -> Frame:
    rng = np.random.default_rng(seed)
    strain = np.eye(3) + rng.normal(0, 0.02, (3, 3))
    noise = rng.normal(0, amplitude, frame.positions.shape)
    return Frame((frame.positions + noise) @ strain, frame.cell @ strain, frame.numbers)


@pytest.fixture
def truth():
    """A small potential with known coefficients."""
    rng = np.random.default_rng(5)
    size = len(load_tiny_descriptors())
    return replace(load_potential("li-n-cl"), settings=TINY, coefficients=rng.normal(0, 0.05, size))


def load_tiny_descriptors():
    cell = np.eye(3) * 4.0
    frame = Frame(np.array([[0, 0, 0], [2, 0.1, 0], [0.2, 2, 2]]), cell, np.array([3, 7, 17]))
    return pod_descriptors(frame, TINY).energy


@pytest.fixture
def labels(li_n_cl_cell, truth):
    engine = LammpsPod(truth)
    out = []
    for seed in range(10):
        frame = rattled(li_n_cl_cell, seed, 0.2)
        result = engine.evaluate(frame)
        out.append(Label(frame, result.energy, result.forces, result.stress, "known", {"kind": "lnc"}))
    return tuple(out)


def test_descriptors_times_coefficients_are_what_lammps_computes_with_them(li_n_cl_cell):
    potential = load_potential("li-n-cl")
    energy, forces, stress = predict(
        pod_descriptors(li_n_cl_cell, potential.settings), potential.coefficients
    )
    core, core_forces, core_stress = core_energy(li_n_cl_cell, potential.settings)
    whole = li_n_cl().evaluate(li_n_cl_cell)
    assert energy + core == pytest.approx(whole.energy, abs=1e-8)
    np.testing.assert_allclose(forces + core_forces, whole.forces, atol=1e-8)
    np.testing.assert_allclose(stress + core_stress, whole.stress, atol=1e-6)


def test_a_fit_to_a_known_potential_finds_it(labels, truth, li_n_cl_cell):
    fit = fit_pod(labels, TINY, name="found", folds=3)
    assert fit.trained.forces < 1e-4
    assert fit.held_out[0].forces < 2e-3
    frame = rattled(li_n_cl_cell, 99, 0.15)
    found, known = LammpsPod(fit.potential).evaluate(frame), LammpsPod(truth).evaluate(frame)
    np.testing.assert_allclose(found.forces, known.forces, atol=5e-3)


def test_held_out_errors_see_noise_that_the_fit_cannot_learn(labels):
    rng = np.random.default_rng(2)
    noisy = tuple(replace(x, forces=x.forces + rng.normal(0, 0.1, x.forces.shape)) for x in labels)
    fit = fit_pod(noisy, TINY, name="noisy", folds=3)
    assert fit.held_out[0].forces > fit.trained.forces
    assert fit.held_out[0].forces > 0.1 * np.sqrt(2 / np.pi) * 0.9


def test_more_regularisation_makes_smaller_coefficients(labels):
    small, large = (
        fit_pod(labels, replace(TINY, regularisation=r), name="r", folds=2).potential for r in (1e-12, 1e-2)
    )
    assert np.linalg.norm(large.coefficients) < np.linalg.norm(small.coefficients)


def test_frames_of_one_run_are_left_out_together(labels):
    """With copies of each run in the other folds the held-out error would be that of the fit itself."""
    rng = np.random.default_rng(4)
    noisy = [replace(x, energy=x.energy + rng.normal(0, 0.5)) for x in labels[:4]]
    twins = []
    for number, label in enumerate(noisy):
        source = {"kind": "lnc", "T": 600.0, "a0": 5.0 + number}
        moved = Frame(label.frame.positions + label.frame.cell[0], label.frame.cell, label.frame.numbers)
        twins += [replace(label, source=source), replace(label, source=source, frame=moved)]
    together = fit_pod(tuple(twins), TINY, name="runs", folds=4)
    apart = fit_pod(tuple(replace(x, source={"kind": "lnc"}) for x in twins), TINY, name="apart", folds=4)
    assert together.held_out[0].forces > 3 * apart.held_out[0].forces


def test_labels_far_from_equilibrium_are_judged_apart(labels):
    far = replace(labels[0], forces=labels[0].forces + 10.0 * np.eye(8, 3))
    fit = fit_pod((far, *labels[1:]), TINY, name="far", folds=3)
    assert fit.held_out[0].labels == len(labels) - 1
    assert fit.held_out[-1].kind == "far from equilibrium"


def test_mixed_settings_and_too_few_runs_are_refused(labels):
    with pytest.raises(DataError, match="different settings"):
        fit_pod((*labels[:3], replace(labels[3], settings="other")), TINY, name="x")
    with pytest.raises(InputError, match="at least two runs"):
        fit_pod(labels[:1], TINY, name="x")


def test_an_element_outside_the_settings_is_named(labels):
    with pytest.raises(InputError, match=r"no N; it knows Li, Cl only"):
        fit_pod(labels, replace(TINY, elements=("Li", "Cl")), name="x")


def test_the_shipped_labels_are_those_the_shipped_potential_was_fitted_to():
    from pathlib import Path

    from electrolith.energy.labels.labels import fingerprint

    path = Path(__file__).parents[2] / "data" / "labels" / "li-n-cl.xyz.xz"
    assert fingerprint(read_labels(path)) == load_potential("li-n-cl").training

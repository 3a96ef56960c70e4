"""The posterior of a POD potential: width, shape, refusal, files."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.labels.errors import FitErrors
from electrolith.energy.labels.labels import Label
from electrolith.energy.pod.equations import Equations, NormalEquations, normal_equations
from electrolith.energy.pod.fit import PodFit, save_fit, solve
from electrolith.energy.pod.posterior import Posterior, posterior_of
from electrolith.energy.pod.potential import (
    PodSettings,
    Potential,
    load_draws,
    load_potential,
    save_draws,
    save_potential,
)

SIZE = 6
SETTINGS = PodSettings(regularisation=1e-8, energy_weight=1.0, force_scale=1e6)


def labels_of(rng, *, number, miss, truth):
    """Labels that a linear model meets but for a force error of `miss` eV/Å that no coefficient can mend."""
    made = []
    for _ in range(number):
        frame = Frame(rng.uniform(size=(5, 3)), 8 * np.eye(3), np.full(5, 3))
        design = rng.normal(size=(16, SIZE))
        target = design @ truth + np.concatenate([[0.0], miss * rng.normal(size=15)])
        label = Label(frame, 0.0, np.zeros((5, 3)), None, "made", {})
        made.append(Equations(label, design, target))
    return made


def judged(rows, folds=5):
    whole = normal_equations(rows, SETTINGS)
    out = []
    for fold in range(folds):
        rest = normal_equations([r for i, r in enumerate(rows) if i % folds != fold], SETTINGS)
        fitted = solve(rest, SETTINGS)
        out += [(r, rest, fitted) for i, r in enumerate(rows) if i % folds == fold]
    return whole, solve(whole, SETTINGS), out


@pytest.mark.parametrize("miss", [0.02, 0.2])
def test_draws_differ_on_unseen_frames_by_as_much_as_the_fit_misses_them(rng, miss):
    truth = rng.normal(size=SIZE)
    whole, fitted, out = judged(labels_of(rng, number=40, miss=miss, truth=truth))
    found = posterior_of(whole, SETTINGS, fitted, out)
    unseen = labels_of(rng, number=40, miss=miss, truth=truth)
    draws = found.draws(200, rng=rng)
    forces = [r.design[1:] @ (draws - fitted).T for r in unseen]
    errors = [r.design[1:] @ fitted - r.target[1:] for r in unseen]
    assert np.std(forces) == pytest.approx(np.std(errors), rel=0.15)
    assert np.std(forces) == pytest.approx(miss, rel=0.2)


def test_draws_have_the_covariance_of_the_ridge_solution(rng):
    whole, fitted, out = judged(labels_of(rng, number=10, miss=0.1, truth=np.ones(SIZE)))
    found = posterior_of(whole, SETTINGS, fitted, out)
    ridge = max(SETTINGS.regularisation * whole.components, found.scale**2 / np.mean(fitted**2))
    wanted = found.scale**2 * np.linalg.inv(whole.matrix + ridge * np.eye(SIZE))
    draws = found.draws(40_000, rng=rng)
    assert np.cov(draws.T) == pytest.approx(wanted, abs=0.03 * wanted.max())
    assert draws.mean(axis=0) == pytest.approx(fitted, abs=0.02 * np.sqrt(wanted.max()))
    row = rng.normal(size=(3, SIZE))
    assert found.spread(row) == pytest.approx(np.sqrt(np.diag(row @ wanted @ row.T)))


def test_what_the_labels_say_nothing_of_is_no_wider_than_coefficients_are(rng):
    """The last coefficient enters no label: the ridge alone would leave it hundreds of times as wide."""
    rows = labels_of(rng, number=20, miss=0.1, truth=np.ones(SIZE))
    silent = []
    for row in rows:
        design = row.design.copy()
        design[:, -1] = 0.0
        target = row.target - row.design[:, -1]
        silent.append(Equations(row.label, design, target))
    whole, fitted, out = judged(silent)
    found = posterior_of(whole, SETTINGS, fitted, out)
    width = found.draws(4000, rng=rng)[:, -1].std()
    assert width == pytest.approx(np.sqrt(np.mean(fitted**2)), rel=0.1)
    ridge = found.scale / np.sqrt(SETTINGS.regularisation * whole.components)
    assert ridge > 10 * width


def test_a_posterior_that_is_not_positive_definite_is_refused(rng):
    whole, fitted, out = judged(labels_of(rng, number=10, miss=0.1, truth=np.ones(SIZE)))
    broken = NormalEquations(whole.matrix - 2 * np.trace(whole.matrix) * np.eye(SIZE), whole.right, 150)
    with pytest.raises(
        InputError, match=r"not positive definite \(lowest eigenvalue -.*raise the regularisation"
    ):
        posterior_of(broken, SETTINGS, fitted, out)
    with pytest.raises(InputError, match="left out of a fit; there are none"):
        posterior_of(whole, SETTINGS, fitted, [])


def test_draws_are_stored_with_their_potential_and_refused_beside_another(tmp_path, rng):
    potential = Potential("toy", PodSettings(), rng.normal(size=4), "labels", {})
    save_potential(potential, tmp_path)
    with pytest.raises(InputError, match=r"no posterior beside it .*electrolith fit"):
        load_draws(tmp_path)
    draws = Posterior(potential.coefficients, np.eye(4), np.full(4, 0.1), 0.1).draws(3, rng=rng)
    save_draws(potential, draws, tmp_path)
    found = load_draws(tmp_path)
    assert [p.name for p in found] == ["toy, draw 1", "toy, draw 2", "toy, draw 3"]
    assert np.array_equal(found[2].coefficients, draws[2])
    assert len({p.fingerprint for p in (*found, potential)}) == 4
    save_potential(replace(potential, coefficients=potential.coefficients + 1), tmp_path)
    with pytest.raises(DataError, match=r"draws of the coefficients .* fit again"):
        load_draws(tmp_path)
    save_draws(load_potential(tmp_path), np.full((2, 4), np.nan), tmp_path)
    with pytest.raises(DataError, match="not finite"):
        load_draws(tmp_path)


def test_a_fit_is_stored_with_its_draws_and_one_without_a_posterior_takes_them_away(tmp_path, rng):
    potential = Potential("toy", PodSettings(), rng.normal(size=4), "labels", {})
    posterior = Posterior(potential.coefficients, np.eye(4), np.full(4, 0.1), 0.1)
    errors = FitErrors("all", None, 1, 0.0, 0.0, 0.0)
    fit = PodFit(potential, (errors,), errors, np.zeros((2, 4)), posterior)
    save_fit(fit, tmp_path, draws=5)
    first = load_draws(tmp_path)
    assert len(first) == 5
    save_fit(fit, tmp_path, draws=5)
    again = load_draws(tmp_path)
    assert all(np.array_equal(a.coefficients, b.coefficients) for a, b in zip(first, again, strict=True))
    save_fit(replace(fit, posterior=None), tmp_path)
    with pytest.raises(InputError, match="no posterior beside it"):
        load_draws(tmp_path)


def test_the_shipped_potential_has_draws_of_its_own_coefficients():
    potential, draws = load_potential("li-n-cl"), load_draws("li-n-cl")
    away = np.array([d.coefficients - potential.coefficients for d in draws])
    assert len(draws) >= 16
    standard = away.std(axis=0) / np.sqrt(len(draws))
    assert np.mean(np.abs(away.mean(axis=0)) < 2 * standard) > 0.9  # around them, not beside

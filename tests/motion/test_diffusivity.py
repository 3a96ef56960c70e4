from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import InputError, NotConverged
from electrolith.motion.covariance import brownian_covariance, gls_weights
from electrolith.motion.diffusivity import (
    IonSquares,
    _slope,
    fit_start,
    he_diffusivity,
    least_variance,
    moving_together,
    one_run,
    settled_start,
)
from electrolith.motion.displacement import Accumulator, Curves, log_lags, msd_fft

CM2 = 0.1  # cm²/s per Å²/fs


def lattice_walk(rng, *, frames=300, ions=30, rate=0.01, back=0.0, rattle=0.15):
    """Ions that hop by 1 Å on a cubic lattice; with probability `back` a hop undoes the one before."""
    hops = rng.random((frames, ions)) < rate
    axis = rng.integers(3, size=(frames, ions))
    sign = rng.choice([-1.0, 1.0], size=(frames, ions))
    undo = rng.random((frames, ions)) < back
    steps = np.zeros((frames, ions, 3))
    np.put_along_axis(steps, axis[..., None], (sign * hops)[..., None], axis=2)
    last = np.zeros((ions, 3))
    for t in range(frames if back else 0):
        steps[t] = np.where((undo[t] & hops[t])[:, None], -last, steps[t])
        last = np.where(hops[t][:, None], steps[t], last)
    return np.cumsum(steps, axis=0) + rng.normal(scale=rattle, size=steps.shape)


def brownian_walk(rng, *, frames=300, ions=30, rate=0.02, rattle=0.3):
    path = np.cumsum(rng.normal(scale=np.sqrt(rate / 3), size=(frames, ions, 3)), axis=0)
    return path + rng.normal(scale=rattle, size=path.shape)


def squares_of(path, blocks=50, resolved=32):
    """What the accumulator gives, by the definition and at once."""
    frames, ions = path.shape[:2]
    block = frames // blocks
    lags = log_lags(frames // 2, resolved)
    number = -(-frames // block)
    sums = np.zeros((number, ions + 1, lags.size))
    counts = np.zeros((number, lags.size), dtype=np.int64)
    for k, lag in enumerate(lags):
        step = path[lag:] - path[:-lag]
        both = np.empty((len(step), ions + 1))
        np.einsum("tij,tij->ti", step, step, out=both[:, :-1])
        both[:, -1] = np.sum(step.sum(axis=1) ** 2, axis=1)
        starts = np.arange(0, len(both), block)
        sums[: starts.size, :, k] = np.add.reduceat(both, starts, axis=0)
        counts[: starts.size, k] = np.diff(np.append(starts, len(both)))
    return IonSquares(lags.astype(float), sums, counts, float(block), frames - 1.0, 1.0)


def test_squares_of_these_tests_are_those_of_the_accumulator(rng):
    path = brownian_walk(rng, frames=240, ions=4)
    accumulator = Accumulator(
        groups=np.zeros(4, int),
        mobile=np.ones(4, bool),
        longest=120,
        block=4,
        resolved=log_lags(120, 32),
    )
    for frame in path:
        accumulator.add(frame)
    ours = squares_of(path)
    assert ours.counts.tolist() == accumulator.ion_counts.tolist()
    assert ours.sums == pytest.approx(accumulator.ions, rel=1e-10)


def test_covariance_of_a_brownian_curve_is_what_many_walks_show(rng):
    lags = np.array([3, 4, 7, 12, 30])
    frames, slope, intercept = 80, 1.0, 1.5
    curves = []
    for _ in range(1500):
        path = np.cumsum(rng.normal(scale=np.sqrt(slope / 3), size=(frames, 1, 3)), axis=0)
        path += rng.normal(scale=np.sqrt(intercept / 6), size=path.shape)
        curves.append(msd_fft(path)[lags])
    expected = brownian_covariance(lags, frames=frames, slope=slope, intercept=intercept)
    found = np.cov(np.array(curves).T)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.abs(found - expected).max() / scale.max() < 0.12
    assert np.diag(found) / np.diag(expected) == pytest.approx(1.0, abs=0.15)


def test_covariance_without_overlap_is_that_of_independent_squares():
    one = brownian_covariance(np.array([1]), frames=101, slope=2.0, intercept=0.0)
    assert one[0, 0] == pytest.approx(
        2 / 3 * 2.0**2 / 100
    )  # variance of a 3D Gaussian square over its number


def test_weights_give_the_slope_of_any_line_exactly():
    lags = np.array([2, 5, 9, 20])
    w = gls_weights(lags.astype(float), brownian_covariance(lags, frames=100, slope=1.0, intercept=3.0))
    assert w @ (7.0 + 0.3 * lags) == pytest.approx(0.3, rel=1e-12)


def test_nearly_equal_points_do_not_make_the_slope_explode():
    singular = np.ones((4, 4)) + 1e-17 * np.eye(4)
    w = gls_weights(np.array([10.0, 11, 12, 13]), singular)
    assert np.abs(w).max() < 10


@pytest.mark.parametrize("kind", ["brownian", "hops", "few hops"])
def test_stated_error_matches_the_scatter_of_200_random_walks(kind):
    make = {
        "brownian": lambda r: brownian_walk(r, rate=0.02),
        "hops": lambda r: lattice_walk(r, rate=0.024),
        "few hops": lambda r: lattice_walk(r, rate=0.012),
    }[kind]
    true = {"brownian": 0.02, "hops": 0.024, "few hops": 0.012}[kind] / 6 * CM2
    found = [
        least_variance(squares_of(make(np.random.default_rng([7, s]))), hop_distance=1.0) for s in range(200)
    ]
    value = np.array([f.self_value for f in found])
    error = np.array([f.self_std for f in found])
    assert value.mean() == pytest.approx(true, abs=4 * value.std() / np.sqrt(200))
    assert 0.60 <= np.mean(np.abs(value - true) < error) <= 0.76
    assert error.mean() == pytest.approx(value.std(), rel=0.15)
    together = np.array([f.collective_value for f in found])
    doubt = np.array([f.collective_std for f in found])
    assert together.mean() == pytest.approx(true, abs=4 * together.std() / np.sqrt(200))
    assert 0.60 <= np.mean(np.abs(together - true) < doubt) <= 0.76


def test_ions_that_move_together_widen_the_error():
    rng = np.random.default_rng(8)
    single = lattice_walk(rng, rate=0.02, ions=10, rattle=0.0)
    together = np.repeat(single, 5, axis=1) + rng.normal(scale=0.15, size=(300, 50, 3))
    alone = lattice_walk(rng, rate=0.02, ions=50)
    wide = least_variance(squares_of(together), hop_distance=1.0)
    narrow = least_variance(squares_of(alone), hop_distance=1.0)
    assert wide.self_std / wide.self_value > 1.4 * narrow.self_std / narrow.self_value


def test_many_runs_tell_how_much_moving_together_widens_the_error():
    def pairs(rng):
        single = lattice_walk(rng, rate=0.02, ions=15, rattle=0.0)
        return np.repeat(single, 2, axis=1) + rng.normal(scale=0.03, size=(300, 30, 3))

    coupled = [squares_of(pairs(np.random.default_rng([11, s]))) for s in range(30)]
    free = [
        squares_of(lattice_walk(np.random.default_rng([12, s]), rate=0.02, rattle=0.03)) for s in range(30)
    ]
    assert moving_together(coupled, hop_distance=1.0) == pytest.approx(2.0, abs=0.3)
    assert moving_together(free, hop_distance=1.0) == pytest.approx(1.0, abs=0.15)


def test_back_jumps_move_the_start_of_the_fit_and_the_answer_is_right():
    back = 0.3
    every = [
        squares_of(lattice_walk(np.random.default_rng([9, s]), frames=1200, rate=0.02, back=back))
        for s in range(12)
    ]
    true = 0.02 / 6 * CM2 * (1 - back) / (1 + back)
    start, _ = settled_start(every, hop_distance=1.0)
    assert start >= 2.0
    early, late = (
        np.mean([least_variance(s, hop_distance=1.0, start=a).self_value for s in every])
        for a in (0.5, start)
    )
    assert early > 1.25 * true
    assert late == pytest.approx(true, rel=0.08)


def test_uncorrelated_hops_need_no_later_start():
    every = [squares_of(lattice_walk(np.random.default_rng([10, s]), rate=0.02)) for s in range(8)]
    start, doubt = settled_start(every, hop_distance=1.0)
    assert start <= 1.0
    assert abs(doubt) < 0.05


def line(slope, intercept, frames=1000):
    lag = np.arange(1.0, frames // 2 + 1)
    return Curves(lag, ("Li",), (intercept + slope * lag)[:, None], lag, lag.astype(int))


def test_he_fits_between_half_a_squared_and_half_the_time_and_counts_hops():
    he = he_diffusivity(line(0.06, 0.5), mobile="Li", ions=50, hop_distance=2.0, duration=1000.0)
    assert he.value == pytest.approx(0.01 * CM2, rel=1e-9)
    assert he.fit_from == 25.0  # 0.5 + 0.06 t = 2 Å²
    assert he.fit_to == 500.0
    hops = 50 * (0.5 + 0.06 * 500) / 4.0
    assert he.hops == pytest.approx(hops)
    assert he.relative_error == pytest.approx(3.43 / np.sqrt(hops) + 0.04)


def test_ions_that_only_rattle_are_refused_with_the_numbers(rng):
    with pytest.raises(NotConverged, match=r"moved too little: MSD 0.56 Å² against 2.00 Å²"):
        he_diffusivity(line(1e-4, 0.51), mobile="Li", ions=5, hop_distance=2.0, duration=1000.0)
    rattling = squares_of(rng.normal(scale=0.1, size=(300, 5, 3)))
    with pytest.raises(NotConverged, match="moved too little"):
        least_variance(rattling, hop_distance=1.0)


def test_hop_distance_must_be_positive():
    with pytest.raises(InputError, match="hop distance must be above 0"):
        he_diffusivity(line(0.06, 0.5), mobile="Li", ions=5, hop_distance=0.0, duration=1000.0)


@pytest.mark.parametrize(("lag", "enough"), [(33.0, True), (34.0, False), (49.0, False)])
def test_ions_must_leave_their_sites_within_a_third_of_the_run(lag, enough):
    lags = np.arange(1.0, 100.0)
    msd = np.where(lags < lag, 0.1, 2.0)
    if enough:
        assert lags[fit_start(lags, msd, hop_distance=2.0, duration=100.0)] == lag
    else:
        with pytest.raises(NotConverged, match="within a third of the run"):
            fit_start(lags, msd, hop_distance=2.0, duration=100.0)


def test_lags_beyond_half_the_run_are_not_fitted(rng):
    """Few and overlapping origins are behind them; here they are wrong on purpose."""
    squares = squares_of(brownian_walk(rng, frames=240, ions=8))
    far = np.array([130.0, 150.0, 170.0])
    count = np.ones((len(squares.counts), 3), dtype=np.int64)
    wrong = np.full((*squares.sums.shape[:2], 3), 1e6)
    more = replace(
        squares,
        lag=np.append(squares.lag, far),
        counts=np.hstack([squares.counts, count]),
        sums=np.concatenate([squares.sums, wrong], axis=2),
    )
    begin = squares.duration / 5
    one, two = (_slope(s, begin, 1.0) for s in (squares, more))
    assert np.allclose(one.values, two.values)
    assert two.fit_to <= squares.duration / 2


@pytest.mark.parametrize("ions", [1, 2, 3])
def test_one_or_two_ions_state_an_error_that_covers_as_it_says(ions):
    """Rate 0.05 hops of 1 Å: D = 0.05/6. Without the scatter of parts of the run one ion covers in 55 %."""
    rng, held = np.random.default_rng(5), []
    for _ in range(150):
        found = least_variance(squares_of(lattice_walk(rng, rate=0.05, ions=ions)), hop_distance=1.0)
        relative = found.self_std / found.self_value  # of a logarithm, as the command states it
        held.append(abs(np.log(found.self_value / (0.05 / 6 * CM2))) < relative)
    assert 0.6 < np.mean(held) < 0.76


def test_one_run_whose_jumps_are_undone_says_how_much_its_start_matters():
    """Most hops undo the one before: a fit that begins early is high, and the doubt holds the choice."""
    rng, inside, doubts = np.random.default_rng(8), [], []
    for _ in range(12):
        squares = squares_of(lattice_walk(rng, rate=0.05, ions=40, back=0.6, frames=400))
        found, doubt = one_run(squares, hop_distance=1.0)
        early = least_variance(squares, hop_distance=0.8).self_value
        late = least_variance(squares, hop_distance=1.2).self_value
        assert doubt >= 0
        inside.append(abs(np.log(early / late)) < 2 * np.hypot(doubt, found.self_std / found.self_value))
        doubts.append(doubt)
    assert np.mean(inside) > 0.8
    free = [one_run(squares_of(lattice_walk(rng, rate=0.05, ions=40)), hop_distance=1.0)[1] for _ in range(6)]
    assert np.median(free) < 0.2


def test_one_run_that_only_rattles_is_refused(rng):
    with pytest.raises(NotConverged, match="ions moved too little"):
        one_run(squares_of(lattice_walk(rng, rate=0.0)), hop_distance=1.0)

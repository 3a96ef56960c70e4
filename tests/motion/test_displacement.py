import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.motion.displacement import Accumulator, log_lags, msd_direct, msd_fft, relative_to
from electrolith.motion.unwrap import refuse_wrapped, unwrap

SKEWED = np.array([[6.0, 0.0, 0.0], [2.6, 5.5, 0.0], [-2.2, 1.9, 6.4]])


def walk(rng, frames=300, atoms=7, step=0.3):
    return np.cumsum(rng.normal(scale=step, size=(frames, atoms, 3)), axis=0)


def accumulate(path, *, longest, groups=None, mobile=None, block=10):
    n = path.shape[1]
    accumulator = Accumulator(
        groups=np.zeros(n, int) if groups is None else groups,
        mobile=np.ones(n, bool) if mobile is None else mobile,
        longest=longest,
        block=block,
    )
    for frame in path:
        accumulator.add(frame)
    return accumulator


def test_fft_equals_the_definition_lag_by_lag(rng):
    path = walk(rng) + 40.0
    lags = np.arange(1, 300)
    assert msd_fft(path)[1:] == pytest.approx(msd_direct(path, lags), rel=1e-11)


def test_fft_of_few_lags_in_small_blocks_equals_the_whole(rng):
    path = walk(rng)
    few = msd_fft(path, longest=40, block_bytes=1)
    assert few == pytest.approx(msd_fft(path)[:41], rel=1e-11)


def test_accumulated_equals_fft_for_every_group_and_lag(rng):
    path = walk(rng)
    groups = np.array([0, 1, 0, 2, 1, 0, 2])
    curves = accumulate(path, longest=150, groups=groups).curves(interval=10.0, names=("Li", "N", "Cl"))
    for g, name in enumerate(("Li", "N", "Cl")):
        reference = msd_fft(path[:, groups == g], longest=150)[1:]
        assert curves.of(name) == pytest.approx(reference, rel=1e-10)
    assert curves.lag[[0, -1]].tolist() == [10.0, 1500.0]
    assert curves.origins.tolist() == list(range(299, 149, -1))


def test_collective_part_is_the_displacement_of_the_sum(rng):
    path = walk(rng)
    mobile = np.array([True, True, False, True, False, False, True])
    curves = accumulate(path, longest=60, mobile=mobile).curves(interval=1.0, names=("X",))
    together = path[:, mobile].sum(axis=1, keepdims=True)
    assert curves.collective == pytest.approx(msd_fft(together, longest=60)[1:] / 4, rel=1e-10)


def test_ions_that_move_as_one_have_a_collective_part_of_n_times_the_self_part(rng):
    one = walk(rng, atoms=1)
    curves = accumulate(np.repeat(one, 5, axis=1), longest=30).curves(interval=1.0, names=("X",))
    assert curves.collective == pytest.approx(5 * curves.of("X"), rel=1e-12)


def test_ion_resolved_sums_add_up_to_the_mean(rng):
    accumulator = accumulate(walk(rng), longest=100)
    curves = accumulator.curves(interval=1.0, names=("X",))
    total = accumulator.ions[:, :-1].sum(axis=(0, 1)) / accumulator.ion_counts.sum(axis=0) / 7
    assert total == pytest.approx(curves.of("X")[accumulator.resolved - 1], rel=1e-12)
    assert len(accumulator.ions) == 30


def test_restored_accumulator_goes_on_bit_by_bit(rng):
    path = walk(rng)
    whole = accumulate(path, longest=80)
    half = accumulate(path[:50], longest=80)
    again = accumulate(path[:0], longest=80)
    again.restore(half.state())
    for frame in path[50:]:
        again.add(frame)
    for name, value in whole.state().items():
        assert np.array_equal(value, again.state()[name]), name


def test_memory_of_the_accumulator_does_not_grow_with_the_run(rng):
    accumulator = accumulate(walk(rng, frames=400), longest=20, block=200)
    assert accumulator.ring.nbytes + accumulator.square.nbytes == 20 * 7 * 56
    assert accumulator.ions.nbytes == 2 * 8 * log_lags(20).size * 8


def test_displacement_does_not_depend_on_drift_of_everything(rng):
    path = walk(rng)
    masses = np.array([7.0, 35, 35, 7, 7, 14, 14])
    framework = masses > 10
    drift = np.linspace(0, 30, 300)[:, None, None] * np.array([1.0, -0.3, 0.2])
    still = relative_to(path, framework, masses)
    assert relative_to(path + drift, framework, masses) == pytest.approx(still, abs=1e-12)
    centre = np.einsum("i,tij->tj", masses * framework, still)
    assert np.abs(centre).max() < 1e-10


def test_without_a_framework_there_is_nothing_to_measure_against():
    with pytest.raises(InputError, match=r"every atom is mobile: there is no framework"):
        relative_to(np.zeros((4, 3)), np.zeros(4, bool), np.ones(4))


def test_wrapped_paths_in_a_skewed_cell_unwrap_to_the_paths_they_came_from(rng):
    path = walk(rng, step=0.4)
    fractional = path @ np.linalg.inv(SKEWED)
    wrapped = (fractional - np.floor(fractional)) @ SKEWED
    back = unwrap(wrapped, SKEWED)
    assert back - back[0] == pytest.approx(path - path[0], abs=1e-9)
    assert msd_fft(back) == pytest.approx(msd_fft(path), rel=1e-8, abs=1e-9)


def test_displacement_of_wrapped_coordinates_is_refused(rng):
    path = walk(rng, step=0.4)
    fractional = path @ np.linalg.inv(SKEWED)
    refuse_wrapped(path, SKEWED)
    with pytest.raises(DataError, match=r"atom \d jumps by more than half a cell .* look wrapped"):
        refuse_wrapped((fractional - np.floor(fractional)) @ SKEWED, SKEWED)


def test_jump_that_could_be_two_things_is_refused_with_frame_and_atom():
    path = np.zeros((4, 2, 3))
    path[2:, 1] = 0.45 * SKEWED[2]
    with pytest.raises(DataError, match=r"atom 1 moves by 0\.45 of a lattice vector between frames 1 and 2"):
        unwrap(path, SKEWED)


def test_changing_cell_is_refused():
    with pytest.raises(InputError, match="one fixed cell"):
        unwrap(np.zeros((2, 1, 3)), np.zeros((2, 3, 3)))


def test_a_cell_without_volume_is_refused():
    for cell in (np.zeros((3, 3)), np.array([[1.0, 0, 0], [0, 1.0, 0], [1.0, 1.0, 0]])):
        with pytest.raises(InputError, match="it has no volume"):
            unwrap(np.zeros((2, 1, 3)), cell)


@pytest.mark.parametrize("shape", [(5, 3), (5, 2, 2)])
def test_positions_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match=r"shape \(n_frames, n_atoms, 3\)"):
        msd_fft(np.zeros(shape))


def test_unknown_group_is_named_with_those_known(rng):
    curves = accumulate(walk(rng), longest=5).curves(interval=1.0, names=("Li",))
    with pytest.raises(InputError, match=r"no displacement of 'Na'; groups: Li"):
        curves.of("Na")

"""Finding changes in a series, and saying with a number that there is none."""

import numpy as np
import pytest
from tests.lab.xanes.made import GRID, growing_peak, series, spectrum

from electrolith.core.errors import DataError, InputError
from electrolith.lab.xanes.change import ChangeTest, find_byproduct, find_feature, find_shift
from electrolith.lab.xanes.normalise import normalise
from electrolith.lab.xanes.series import principal_components, spectrum_series

PRODUCT = normalise(spectrum(1.0, name="product"))


def test_three_percent_of_a_byproduct_appearing_half_way_are_found(rng):
    found = find_byproduct(spectrum_series(series(0.03, rng)), PRODUCT)
    assert found.found
    assert found.at_index == 20
    assert found.at_time == pytest.approx(12000.0)
    assert found.size.value == pytest.approx(0.03, abs=0.002)
    assert "Changed: by-product product, from 3.33 h on, by 3" in found.statement


def test_the_new_peak_is_found_without_a_reference_where_it_is(rng):
    found = find_feature(spectrum_series(series(0.03, rng)))
    assert found.found
    assert abs(found.energy.value - 2827.7) < 3 * found.energy.std
    assert found.size.value > 0


@pytest.mark.parametrize("count", [6, 13, 24, 60])
@pytest.mark.parametrize("course", ["step", "ramp", "fast", "slow"])
def test_a_new_peak_stands_where_it_is_however_it_grows(course, count):
    rng = np.random.default_rng(count)
    centre, height = rng.uniform(2823, 2835), rng.uniform(0.15, 0.5)
    made = spectrum_series(growing_peak(course, count, centre, height, rng))
    found = find_feature(made, ChangeTest(permutations=299))
    if not found.found:
        assert count == 6  # four degrees of freedom cannot show every course
        return
    assert abs(found.energy.value - centre) < 0.3
    assert abs(found.energy.value - centre) < 3 * found.energy.std
    # the peak is a fifth wider than the one looked for, so that its height comes out a little too large
    assert found.size.value == pytest.approx(height, rel=0.2)


def test_a_peak_that_saturates_is_named_at_its_own_energy_in_the_headline():
    # 0.43 edge steps at 2827.7 eV within 13 spectra, as chlorides make them in moist gas
    rng = np.random.default_rng(3)
    found = find_feature(spectrum_series(growing_peak("slow", 13, 2827.7, 0.43, rng)))
    assert found.course == "levelling off"
    assert "new or vanishing peak at 2827." in found.statement
    assert "growing at first and levelling off" in found.statement


@pytest.mark.parametrize("offset", [0.05, 0.1, 0.13])
def test_two_scans_without_noise_on_shifted_grids_have_not_changed(offset):
    made = spectrum_series([normalise(spectrum(grid=GRID)), normalise(spectrum(grid=GRID + offset))])
    assert made.regridded
    for found in (find_shift(made), find_feature(made)):
        assert not found.found, found.statement
        assert found.limit < 0.2


def test_a_shift_that_is_larger_than_the_grids_leave_open_is_found_with_its_error():
    moved = spectrum(grid=GRID + 0.1, shift=0.5)
    made = spectrum_series([normalise(spectrum()), normalise(moved)])
    found = find_shift(made)
    assert found.found
    assert abs(found.size.value - 0.5) < 3 * found.size.std


def test_no_change_is_a_statement_with_a_number(rng):
    made = spectrum_series(series(0.0, rng))
    for found in (find_byproduct(made, PRODUCT), find_feature(made), find_shift(made)):
        assert not found.found
        assert found.energy is None
        assert 0 < found.limit < 0.05
        assert "No change found" in found.statement
        assert "95 %" in found.statement


def test_the_limit_of_an_unchanged_series_tightens_with_the_noise():
    limits = []
    for noise in (0.02, 0.002):
        made = spectrum_series(series(0.0, np.random.default_rng(5), noise=noise))
        limits.append(find_byproduct(made, PRODUCT).limit)
    assert limits[1] < 0.4 * limits[0]


def test_an_unchanged_series_is_called_changed_no_more_often_than_stated():
    settings = ChangeTest(false_alarm=0.1, permutations=199)
    alarms = sum(
        find_byproduct(spectrum_series(series(0.0, np.random.default_rng(i), n=16)), PRODUCT, settings).found
        for i in range(60)
    )
    assert alarms <= 13  # binomial: 6 expected, standard deviation 2.3


def test_a_step_at_the_stated_detection_limit_is_found_about_half_the_time():
    settings = ChangeTest(permutations=199)
    limit = np.mean(
        [
            find_byproduct(
                spectrum_series(series(0.0, np.random.default_rng(i), n=20)), PRODUCT, settings
            ).detectable
            for i in range(8)
        ]
    )
    hits = sum(
        find_byproduct(
            spectrum_series(series(limit, np.random.default_rng(50 + i), n=20)), PRODUCT, settings
        ).found
        for i in range(40)
    )
    assert 8 <= hits <= 34


def test_a_drifting_edge_is_a_shift_and_not_a_new_peak(rng):
    made = spectrum_series(series(0.0, rng, drift=0.3))
    shift, feature = find_shift(made), find_feature(made)
    assert shift.found
    assert shift.drifts
    assert shift.size.value == pytest.approx(0.3, abs=0.05)
    assert not feature.found


def test_nickel_oxidation_in_the_real_series_is_found(shared_data):
    from electrolith.lab.xanes.normalise import Normalisation
    from electrolith.lab.xanes.read import read_spectrum

    files = sorted((shared_data / "xas").glob("norm_op2_*.txt"))
    made = spectrum_series([normalise(read_spectrum(f), Normalisation(already=True)) for f in files])
    found = find_shift(made)
    assert found.found
    assert found.size.value == pytest.approx(1.5, abs=0.3)


def test_two_spectra_before_and_after_can_be_compared(rng):
    def pair(share):
        both = [spectrum(rng=rng, start=0.0), spectrum(share, rng=rng, start=7200.0)]
        return find_byproduct(spectrum_series([normalise(s) for s in both]), PRODUCT)

    assert pair(0.2).found
    assert not pair(0.0).found


def test_files_without_time_stand_in_their_order(rng):
    made = spectrum_series([normalise(spectrum(rng=rng)) for _ in range(4)])
    assert not made.timed
    assert made.time.tolist() == [0, 1, 2, 3]


def test_spectra_are_ordered_by_their_clock(rng):
    made = spectrum_series(
        [normalise(spectrum(rng=rng, start=s, name=f"{s:g}")) for s in (1200.0, 0.0, 600.0)]
    )
    assert made.names == ("0", "600", "1200")
    assert made.time.tolist() == [0, 600, 1200]


def test_spectra_on_different_grids_meet_on_the_coarsest(rng):
    other = np.arange(2790.0, 2920.0, 0.5)
    made = spectrum_series([normalise(spectrum()), normalise(spectrum(grid=other)), normalise(spectrum())])
    assert made.regridded
    assert made.energy[0] >= 2790.0
    assert made.energy[-1] <= 2919.5
    assert np.ptp(made.mu, axis=0).max() < 0.05  # interpolation of a sharp white line


def test_spectra_of_different_edges_are_refused(rng):
    moved = spectrum(shift=0.0, grid=GRID)
    other = type(moved)(moved.energy + 100, moved.mu, "other")
    with pytest.raises(DataError, match=r"other: its edge at 292\d\.\d eV is not that of the others"):
        spectrum_series([normalise(moved), normalise(moved), normalise(other)])


def test_one_spectrum_is_no_series():
    with pytest.raises(DataError, match="1 spectrum; a series needs two or more"):
        spectrum_series([PRODUCT])


def test_components_above_the_noise_are_counted(rng):
    # one by-product; no jitter of energy, which would be a component of its own
    def made(share, n=30):
        return spectrum_series(
            [normalise(spectrum(share * i / n, rng=rng, noise=0.003, start=60.0 * i)) for i in range(n)]
        )

    # the scatter of the normalisation's two lines is a component or two of its own
    assert principal_components(made(0.3)).significant > principal_components(made(0.0)).significant
    assert principal_components(made(0.0)).significant <= 2
    assert principal_components(made(0.3)).shares[0] > 0.8


def test_a_reference_that_is_the_sample_itself_is_refused(rng):
    made = spectrum_series([normalise(spectrum(start=60.0 * i)) for i in range(8)])
    with pytest.raises(DataError, match="cannot be told from that of the series"):
        find_byproduct(made, normalise(spectrum(name="same")))


def test_a_reference_that_ends_early_is_refused(rng):
    short = normalise(spectrum(1.0, grid=np.arange(2790.0, 2845.0, 0.2), name="short"))
    with pytest.raises(DataError, match=r"short: covers 2790.0 to 284\d.\d eV; the search needs"):
        find_byproduct(spectrum_series(series(0.0, rng, n=8)), short)


def test_a_false_alarm_rate_finer_than_the_permutations_is_refused():
    with pytest.raises(InputError, match="cannot be told from 99 permutations"):
        ChangeTest(false_alarm=0.001, permutations=99)


def test_a_clear_step_among_ten_spectra_is_found_though_their_orders_are_few():
    # a perfect half-way step has a probability of 2/252 by reshuffling alone
    settings = ChangeTest(permutations=199)
    for seed in range(5):
        made = spectrum_series(series(0.05, np.random.default_rng(seed), n=10))
        assert find_byproduct(made, PRODUCT, settings).found
        assert find_feature(made, settings).found


def test_a_change_said_not_to_be_there_is_below_what_would_be_found():
    for seed in range(20):
        made = spectrum_series(series(0.002, np.random.default_rng(seed), n=10))
        found = find_byproduct(made, PRODUCT, ChangeTest(permutations=199))
        if not found.found:
            assert found.size.value < 2 * found.detectable

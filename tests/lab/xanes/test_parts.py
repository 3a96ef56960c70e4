"""Shares of references, peaks, white line, self-absorption."""

from dataclasses import replace

import numpy as np
import pytest
from tests.lab.xanes.made import GRID, shape, spectrum

from electrolith.core.errors import DataError, InputError
from electrolith.lab.xanes.analysis import XanesSettings, measure_xanes
from electrolith.lab.xanes.byproduct import judged_byproduct
from electrolith.lab.xanes.change import find_byproduct
from electrolith.lab.xanes.combination import CombinationRange, fit_combination
from electrolith.lab.xanes.normalise import Normalisation, normalise
from electrolith.lab.xanes.peaks import fit_peaks, white_line
from electrolith.lab.xanes.read import Spectrum
from electrolith.lab.xanes.self_absorption import self_absorption
from electrolith.lab.xanes.series import spectrum_series

SAMPLE, PRODUCT = normalise(spectrum(name="sample")), normalise(spectrum(1.0, name="product"))
READY = Normalisation(already=True, edge=2825.0)


def test_shares_of_a_mixture_are_found_with_errors_that_cover(rng):
    for share in (0.1, 0.4):
        found = fit_combination(normalise(spectrum(share, rng=rng)), [SAMPLE, PRODUCT], rng=rng)
        weight = found.weights[1]
        assert abs(weight.value - share) < 4 * weight.std + 0.005
        assert weight.std < 0.02


def test_shares_are_never_negative_and_sum_to_one(rng):
    found = fit_combination(normalise(spectrum(0.0, rng=rng)), [SAMPLE, PRODUCT], rng=rng)
    total = found.weights[0].through(np.add, found.weights[1], unit="1")
    assert found.weights[1].draws.min() >= 0
    assert total.draws == pytest.approx(1.0, abs=1e-9)


def test_the_best_fit_sums_to_one_and_lies_in_its_intervals(rng):
    found = fit_combination(normalise(spectrum(0.3, rng=rng)), [SAMPLE, PRODUCT], rng=rng)
    assert sum(found.best) == pytest.approx(1.0, abs=1e-12)
    assert found.best[1] == pytest.approx(0.3, abs=0.02)
    for best, weight in zip(found.best, found.weights, strict=True):
        low, high = weight.interval(0.95)
        assert low <= best <= high


def test_a_combination_is_fitted_over_the_range_that_was_chosen(rng):
    mixed = normalise(spectrum(0.3, rng=rng))
    glitch = np.where(np.abs(mixed.energy - 2860) < 8, 1.5, 0.0)  # beyond the white lines
    spoiled = replace(mixed, flat=mixed.flat + glitch)
    wide = fit_combination(spoiled, [SAMPLE, PRODUCT], rng=rng)
    near = fit_combination(spoiled, [SAMPLE, PRODUCT], over=CombinationRange(-10, 20), rng=rng)
    assert (near.low, near.high) == pytest.approx((mixed.edge - 10, mixed.edge + 20), abs=2.1)
    assert abs(near.best[1] - 0.3) < 0.02
    assert near.r_factor < 0.1 * wide.r_factor
    with pytest.raises(InputError, match="goes from 20 to 10 eV; expected two rising energies"):
        CombinationRange(20, 10)


def test_a_spectrum_that_came_normalised_is_recognised_and_left_as_it_is(tmp_path, rng):
    ready = shape(0.2) + 0.002 * rng.standard_normal(GRID.size)
    raw = 2.4 * shape(0.2) + 0.3
    for name, mu in (("ready", ready), ("raw", raw)):
        np.savetxt(tmp_path / f"{name}.dat", np.column_stack([GRID, mu]))
    found = measure_xanes(XanesSettings((tmp_path / "ready.dat",)))
    np.testing.assert_allclose(found.spectra[0].flat, ready, atol=1e-9)
    said = "normalised already (0 below the edge, 1 above it), taken as they come: ready"
    assert said in found.warnings
    other = measure_xanes(XanesSettings((tmp_path / "raw.dat",)))
    assert other.spectra[0].edge_step == pytest.approx(2.4, rel=0.03)
    assert not any("normalised already" in w for w in other.warnings)


@pytest.mark.parametrize("off", [0.0, 0.2])
def test_the_share_of_a_byproduct_allows_for_a_reference_that_is_off(off):
    """Two spectra before and two after with 8 %; the points' noise is far below what the reference does."""
    pulls, naive = [], []
    reference = normalise(spectrum(1.0, name="product", shift=off))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        made = [normalise(spectrum(0.08 * (i > 1), rng=rng, noise=1e-4, start=600.0 * i)) for i in range(4)]
        found = judged_byproduct(spectrum_series(made), reference)
        bare = find_byproduct(spectrum_series(made), reference)
        pulls.append((found.size.value - 0.08) / found.size.std)
        naive.append((bare.size.value - 0.08) / bare.size.std)
        assert found.limit >= 0.08
    assert np.sqrt(np.mean(np.square(pulls))) < 1.6
    if off:
        assert np.sqrt(np.mean(np.square(naive))) > 3  # what the points' noise alone would claim


def test_one_reference_is_refused(rng):
    with pytest.raises(InputError, match=r"1 reference\(s\) for a linear combination"):
        fit_combination(SAMPLE, [PRODUCT], rng=rng)


def test_the_same_reference_twice_is_refused(rng):
    with pytest.raises(InputError, match="two references are the same spectrum"):
        fit_combination(SAMPLE, [PRODUCT, PRODUCT], rng=rng)


def test_references_without_common_range_are_refused(rng):
    far = normalise(Spectrum(GRID + 500, shape(), "far"))
    with pytest.raises(DataError, match="share no energy range: made 2780-2929 eV"):
        fit_combination(normalise(spectrum()), [SAMPLE, far], rng=rng)


def test_peaks_of_the_forward_model_are_fitted_back(rng):
    noisy = Spectrum(GRID, shape() + 0.003 * rng.standard_normal(GRID.size), "made")
    found = fit_peaks(
        normalise(noisy, READY), centres=(2826.0, 2828.7, 2839.0), low=2810.0, high=2850.0, rng=rng
    )
    for peak, centre, height, width in zip(
        found.peaks, (2826.0, 2828.7, 2840.0), (1.2, 0.9, 0.2), (1.4, 2.5, 8.0), strict=True
    ):
        assert abs(peak.centre.value - centre) < 4 * peak.centre.std
        assert abs(peak.height.value - height) < 4 * peak.height.std
        assert abs(peak.width.value - width) < 4 * peak.width.std
    assert found.rms == pytest.approx(0.003, rel=0.25)


def test_area_of_a_gaussian_peak_is_that_of_the_formula(rng):
    found = fit_peaks(
        normalise(Spectrum(GRID, shape(), "made"), READY),
        centres=(2826.0, 2828.7, 2840.0),
        low=2810.0,
        high=2850.0,
        rng=rng,
    )
    assert found.peaks[0].area.value == pytest.approx(1.2 * 1.4 * np.sqrt(np.pi / np.log(2)) / 2, rel=1e-3)


def test_maxima_are_found_without_being_told(rng):
    found = fit_peaks(normalise(spectrum(rng=rng, noise=0.002)), rng=rng)
    centres = [p.centre.value for p in found.peaks]
    assert min(abs(c - 2826.0) for c in centres) < 0.3


def test_a_peak_outside_the_range_is_refused(rng):
    with pytest.raises(InputError, match="peak centre 2900 eV lies outside the fitted range"):
        fit_peaks(SAMPLE, centres=(2900.0,), rng=rng)


def test_white_line_is_at_the_summit(rng):
    grid = np.arange(2800.0, 2860.0, 0.1)
    found = white_line(normalise(spectrum(grid=grid, rng=rng, noise=1e-3)), rng=rng)
    top = np.arange(2820, 2830, 1e-3)
    assert found.energy.value == pytest.approx(top[np.argmax(shape(grid=top))], abs=0.1)


def test_a_spectrum_that_ends_before_its_white_line_is_refused(rng):
    grid = np.arange(2780.0, 2825.4, 0.2)
    cut = normalise(Spectrum(grid, shape(grid=grid), "cut"), Normalisation(already=True, edge=2824.6))
    with pytest.raises(DataError, match="no white line to see"):
        white_line(cut, rng=rng)


def test_a_light_matrix_damps_its_absorber_and_a_trace_does_not():
    thick = self_absorption("Li9N2Cl3", edge_energy=2826.0)
    trace = self_absorption("Pb100Cl0.1", edge_energy=2826.0)
    assert thick.element == "Cl"
    assert thick.flagged
    assert 0.6 < thick.damping < 0.9
    assert not trace.flagged
    assert self_absorption("Li9N2Cl3", edge_energy=2826.0, entrance_over_exit=0.05).damping > thick.damping


def test_an_edge_no_element_has_is_refused():
    with pytest.raises(InputError, match=r"no element of Li, N, Cl has an edge near 7112.0 eV"):
        self_absorption("Li9N2Cl3", edge_energy=7112.0)


def test_a_formula_that_is_none_is_refused():
    with pytest.raises(InputError, match="formula 'lithium' is not understood"):
        self_absorption("lithium", edge_energy=2826.0)


def test_files_to_result_in_one_call(tmp_path, rng):
    for i in range(10):
        np.savetxt(
            tmp_path / f"s{i}.dat", np.c_[GRID, shape(0.1 * (i > 4)) + 0.003 * rng.standard_normal(GRID.size)]
        )
    np.savetxt(tmp_path / "sample.dat", np.c_[GRID, shape()])
    np.savetxt(tmp_path / "product.dat", np.c_[GRID, shape(1.0)])
    found = measure_xanes(
        XanesSettings(
            tuple(str(tmp_path / f"s{i}.dat") for i in range(10)),
            references=(str(tmp_path / "sample.dat"), str(tmp_path / "product.dat")),
            times=tuple(600.0 * i for i in range(10)),
        )
    )
    product = next(c for c in found.changes if "product" in c.kind)
    assert product.found
    assert found.combinations[-1].weights[1].value == pytest.approx(0.1, abs=0.02)
    assert found.series.slope.shape == (10, GRID.size)


def test_times_must_be_as_many_as_files():
    with pytest.raises(InputError, match="1 times for 2 files"):
        XanesSettings(("a", "b"), times=(1.0,))


def test_shares_follow_the_order_of_time_and_not_of_the_files(tmp_path, rng):
    shares = (0.4, 0.0, 0.2)
    for i, share in enumerate(shares):
        np.savetxt(tmp_path / f"s{i}.dat", np.c_[GRID, shape(share)])
    np.savetxt(tmp_path / "sample.dat", np.c_[GRID, shape()])
    np.savetxt(tmp_path / "product.dat", np.c_[GRID, shape(1.0)])
    found = measure_xanes(
        XanesSettings(
            tuple(str(tmp_path / f"s{i}.dat") for i in range(3)),
            references=(str(tmp_path / "sample.dat"), str(tmp_path / "product.dat")),
            times=(1200.0, 0.0, 600.0),
        )
    )
    assert [s.name for s in found.spectra] == ["s1", "s2", "s0"] == list(found.series.names)
    assert [c.weights[1].value for c in found.combinations] == pytest.approx([0.0, 0.2, 0.4], abs=0.01)
    assert found.series.time.tolist() == [0, 600, 1200]

"""Relaxation times: hand values, round trips, real records, refusals."""

from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.lab.nmr.read import FidArray, Recovery
from electrolith.lab.nmr.recovery import fit_recovery, magnetisation
from electrolith.lab.nmr.spectrum import Integration, integrate, spectra

DELAYS = np.geomspace(0.01, 1.0, 12)


def record(signal: np.ndarray, *, delays: np.ndarray = DELAYS, noise: float = float("nan")) -> Recovery:
    return Recovery(delays=delays, signal=signal, noise=noise, source="made")


def made_decays(
    areas: np.ndarray,
    rng: np.random.Generator,
    *,
    phase: float = 0.7,
    noise: float = 0.0,
    offset: float = 0.0,
) -> FidArray:
    time = np.arange(2048) * 1e-4
    line = np.exp(2j * np.pi * 400 * time - np.pi * 60 * time + 1j * phase)
    fids = areas[:, None] * line + noise * (
        rng.standard_normal((areas.size, 2048)) + 1j * rng.standard_normal((areas.size, 2048))
    )
    return FidArray(DELAYS[: areas.size], fids + offset, 1e-4, 155.248e6, "7Li", 298.0, "made")


def test_signal_passes_zero_at_ln2_times_t1_after_a_perfect_inversion():
    at_zero = magnetisation(np.array([0.11 * np.log(2)]), equilibrium=1.0, change=2.0, relaxation_time=0.11)
    assert at_zero[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("form", "truth"),
    [
        ("three-parameter", (1.0, 1.7, 0.11, 1.0)),
        ("two-parameter", (1.0, 2.0, 0.11, 1.0)),
        ("saturation", (1.0, 1.0, 0.11, 1.0)),
        ("stretched", (1.0, 1.7, 0.11, 0.7)),
    ],
)
def test_every_form_recovers_the_noiseless_signal_it_describes(form, truth, rng):
    a, b, t1, beta = truth
    y = magnetisation(DELAYS, equilibrium=a, change=b, relaxation_time=t1, stretching=beta)
    found = fit_recovery(record(y, noise=1e-9), form=form, rng=rng)
    assert found.relaxation_time.value == pytest.approx(t1, rel=1e-5)
    assert found.inversion.value == pytest.approx(b / a, rel=1e-5)
    assert found.stretching.value == pytest.approx(beta, abs=1e-5)


def test_two_parameter_form_is_low_after_an_imperfect_inversion_and_the_bias_is_reported(rng):
    y = magnetisation(DELAYS, equilibrium=1.0, change=1.7, relaxation_time=0.11)
    found = fit_recovery(record(y, noise=1e-6), rng=rng)
    biased = fit_recovery(record(y, noise=1e-6), form="two-parameter", rng=rng)
    assert found.two_parameter_bias < -0.1
    of_the_median = 1.25 * biased.relaxation_time.std / np.sqrt(2000) / 0.11  # the value is a median of draws
    assert abs(biased.relaxation_time.value / 0.11 - 1 - found.two_parameter_bias) < 4 * of_the_median


def test_stated_error_covers_the_truth_as_often_as_it_says(rng):
    clean = magnetisation(DELAYS, equilibrium=1.0, change=1.8, relaxation_time=0.11)
    inside = 0
    for _ in range(200):
        y = clean + 0.03 * rng.standard_normal(DELAYS.size)
        low, high = fit_recovery(record(y), rng=rng).relaxation_time.interval(0.68)
        inside += low <= 0.11 <= high
    assert abs(inside - 136) < 3 * np.sqrt(200 * 0.68 * 0.32)  # three standard deviations of a binomial


def test_t1_scales_with_the_unit_of_time_and_not_with_that_of_the_signal(rng):
    y = magnetisation(DELAYS, equilibrium=1.0, change=1.8, relaxation_time=0.11) + 0.01 * rng.standard_normal(
        12
    )
    base = fit_recovery(record(y), rng=np.random.default_rng(0)).relaxation_time.value
    slow = fit_recovery(
        record(37 * y, delays=1000 * DELAYS), rng=np.random.default_rng(0)
    ).relaxation_time.value
    assert slow == pytest.approx(1000 * base, rel=1e-6)


def test_order_of_the_delays_does_not_matter(rng):
    y = magnetisation(DELAYS, equilibrium=1.0, change=1.8, relaxation_time=0.11)
    turned = rng.permutation(DELAYS.size)
    found = fit_recovery(record(y[turned], delays=DELAYS[turned], noise=1e-6), rng=rng)
    assert found.relaxation_time.value == pytest.approx(0.11, rel=1e-4)


def test_phase_offset_and_noise_of_decays_do_not_move_t1(rng):
    areas = magnetisation(DELAYS, equilibrium=1.0, change=1.8, relaxation_time=0.11)
    for phase in (0.0, 1.3, 3.0, -2.2):
        found, _ = integrate(made_decays(areas, rng, phase=phase, noise=0.02, offset=0.05), Integration())
        fit = fit_recovery(found, rng=rng)
        assert abs(fit.relaxation_time.value - 0.11) < 4 * fit.relaxation_time.std
        assert fit.relaxation_time.std < 0.01


def test_noise_of_an_integral_is_that_of_repeated_measurements(rng):
    areas = np.linspace(-1, 1, 12)
    stated, seen = [], []
    for _ in range(40):
        found, _ = integrate(
            made_decays(areas, rng, noise=0.05), Integration(low=360, high=440, phase=np.rad2deg(0.7))
        )
        stated.append(found.noise)
        seen.append(found.signal)
    spread = np.std(np.array(seen), axis=0).mean()
    assert np.mean(stated) == pytest.approx(spread, rel=0.15)


def test_region_is_found_around_the_line(rng):
    found = spectra(made_decays(np.linspace(-1, 1, 8), rng, noise=0.01), Integration())
    low, high = found.region
    assert low < 400 < high
    assert high - low < 600


# Known answers: DNPLab test data (DNPLab/DNPLab @ b212402), 15N inversion recovery, 8 delays.
@pytest.mark.parametrize(
    ("name", "t1", "within"), [("28", 2.020, 0.04), ("30", 2.371, 0.04), ("304", 2.001, 0.10)]
)
def test_bruker_records_reach_their_known_relaxation_times(shared_data: Path, name, t1, within, rng):
    pytest.importorskip("nmrglue", reason="the extra electrolith[nmr] is not installed")
    from electrolith.lab.nmr.read import read_bruker

    decays = read_bruker(shared_data / "nmr" / name)
    assert decays.fids.shape[0] == 8  # the file is allocated for more rows than TD2 says
    found, _ = integrate(decays, Integration())
    fit = fit_recovery(found, rng=rng)
    assert fit.relaxation_time.value == pytest.approx(t1, rel=within)
    assert -0.25 < fit.two_parameter_bias < -0.10


def test_all_negative_integrals_are_refused(rng):
    y = magnetisation(DELAYS, equilibrium=-0.1, change=0.9, relaxation_time=0.11)
    with pytest.raises(DataError, match=r"all 12 integrals are negative .* phase is off by 180 degrees"):
        fit_recovery(record(y), rng=rng)


def test_a_record_without_recovery_is_refused(rng):
    with pytest.raises(DataError, match=r"no recovery seen: the signal changes by .* its noise is"):
        fit_recovery(record(1 + 0.05 * rng.standard_normal(12)), rng=rng)


def test_a_constant_record_is_refused(rng):
    with pytest.raises(DataError, match="no recovery seen"):
        fit_recovery(record(np.ones(12)), rng=rng)


def test_too_few_delays_are_refused(rng):
    with pytest.raises(DataError, match="3 different delays; the three-parameter form needs 4"):
        fit_recovery(record(np.array([-1.0, 0.0, 1.0]), delays=np.array([0.1, 0.2, 0.5])), rng=rng)


def test_an_extrapolated_plateau_is_said(rng):
    t = np.linspace(0.01, 0.15, 12)
    y = magnetisation(t, equilibrium=1.0, change=2.0, relaxation_time=0.11) + 1e-3 * rng.standard_normal(12)
    found = fit_recovery(record(y, delays=t), rng=rng)
    assert any("plateau is extrapolated" in w for w in found.warnings)


def test_unknown_form_is_refused(rng):
    with pytest.raises(InputError, match="form 'biexponential' is not known; one of three-parameter"):
        fit_recovery(record(DELAYS), form="biexponential", rng=rng)


def test_a_spectrum_without_a_line_is_refused(rng):
    decays = made_decays(np.zeros(8), rng, noise=1.0)
    with pytest.raises(DataError, match="no line stands out of the noise"):
        integrate(decays, Integration())


def test_half_a_region_is_refused():
    with pytest.raises(InputError, match="both ends of the integration region"):
        Integration(low=100.0)


def test_a_negative_delay_is_refused():
    with pytest.raises(DataError, match=r"delay of -0.1 s is negative"):
        record(np.ones(4), delays=np.array([-0.1, 0.1, 0.2, 0.3]))

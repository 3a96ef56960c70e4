import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core import Estimate, InputError, parse_estimate


def test_a_ratio_of_a_quantity_with_itself_has_no_doubt(rng):
    d = Estimate.normal(3.0, 0.5, "cm2/s", rng=rng)
    ratio = d.through(lambda a, b: a / b, d, unit="1")
    assert ratio.interval(0.95) == (1.0, 1.0)


def test_a_normal_estimate_returns_its_moments_and_interval(rng):
    e = Estimate.normal(10.0, 2.0, "K", rng=rng, n=200_000)
    assert e.value == pytest.approx(10.0, abs=0.03)
    assert e.std == pytest.approx(2.0, abs=0.03)
    low, high = e.interval(0.6827)
    assert (low, high) == (pytest.approx(8.0, abs=0.05), pytest.approx(12.0, abs=0.05))


def test_a_lognormal_estimate_is_symmetric_in_its_logarithm(rng):
    e = Estimate.lognormal(1e-5, 0.7, "S/cm", rng=rng, n=200_000)
    low, high = e.interval(0.6827)
    assert high / e.value == pytest.approx(np.exp(0.7), rel=0.02)
    assert e.value / low == pytest.approx(np.exp(0.7), rel=0.02)


def test_estimates_from_different_analyses_do_not_combine_silently(rng):
    with pytest.raises(InputError, match=r"\[10, 20\] draws cannot be combined"):
        Estimate.normal(1, 1, "1", rng=rng, n=10).through(
            np.add, Estimate.normal(1, 1, "1", rng=rng, n=20), unit="1"
        )


def test_unknown_doubt_is_said_and_survives_arithmetic(rng):
    stated = Estimate.normal(2.0, 0.1, "ohm", rng=rng)
    unstated = Estimate.unknown_doubt(4.3e-5, "S/cm")
    assert "not stated" in unstated.text()
    assert np.isnan(unstated.std)
    assert stated.through(np.multiply, unstated, unit="1").doubt == "unknown"


def test_draws_cannot_be_edited_after_the_fact(rng):
    source = rng.standard_normal(5)
    e = Estimate(source, "1")
    source[0] = 99
    assert e.draws[0] != 99
    with pytest.raises(ValueError, match="read-only"):
        e.draws[0] = 0


def test_units_convert_with_their_offset(rng):
    e = Estimate.normal(25.0, 1.0, "degC", rng=rng)
    k = e.to("K")
    assert k.value == pytest.approx(e.value + 273.15)
    assert k.std == pytest.approx(e.std)


def test_text_with_parentheses_becomes_an_estimate_in_the_wanted_unit(rng):
    e = parse_estimate("0.90(2) mm", "m", rng=rng)
    assert e.unit == "m"
    assert e.value == pytest.approx(9.0e-4, rel=2e-3)
    assert e.std == pytest.approx(2e-5, rel=0.1)
    assert parse_estimate("0.9 mm", "m", rng=rng).doubt == "unknown"


@pytest.mark.parametrize("std", [-1.0, float("nan"), float("inf")])
def test_an_impossible_spread_is_refused(std, rng):
    with pytest.raises(InputError, match="standard deviation must be finite and not negative"):
        Estimate.normal(1.0, std, "1", rng=rng)


@given(st.floats(-8, 8), st.floats(-2.5, -0.5), st.sampled_from(["S/cm", "ohm cm2", "1", "angstrom^3"]))
def test_a_printed_number_is_read_back_with_its_uncertainty(power, share, unit):
    value = 10.0**power
    rng = np.random.default_rng(1)
    before = Estimate.normal(value, value * 10.0**share, unit, rng=rng)
    after = parse_estimate(before.text(), unit, rng=rng)
    assert after.value == pytest.approx(before.value, abs=0.1 * before.std)
    assert after.std == pytest.approx(before.std, rel=0.15)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("2.16 (+0.15/-0.08) V", "mV", (2160.0, 2080.0, 2310.0)),
        ("4.30 (+0.52/-0.38)e-5 S/cm", "S/cm", (4.3e-5, 3.92e-5, 4.82e-5)),
        ("1e-6 (2e-8 to 4e-5) S/cm", "S/cm", (1e-6, 2e-8, 4e-5)),
    ],
)
def test_lopsided_intervals_are_read_as_they_are_printed(text, unit, expected):
    found = parse_estimate(text, unit, rng=np.random.default_rng(0), n=200_000)
    assert (found.value, *found.interval(0.6827)) == pytest.approx(expected, rel=0.03)


def test_a_value_outside_its_own_interval_is_refused():
    with pytest.raises(InputError, match="does not lie in its interval"):
        parse_estimate("3 (4 to 5) V", "V", rng=np.random.default_rng(0))

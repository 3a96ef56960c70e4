import numpy as np
import pytest

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

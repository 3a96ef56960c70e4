"""Trends over one condition: what is said of courses that are known."""

import numpy as np
import pytest

from electrolith.core.estimate import Estimate
from electrolith.lab.synthesis.trend import trend_over

HOURS = np.array([2.0, 8.0, 16.0, 24.0, 36.0, 70.0])


def _trend(truth, std, seed=0, *, shared=False):
    """Measured once each: values off the truth by their doubt, draws around the values."""
    rng = np.random.default_rng(seed)
    seen = np.asarray(truth) + std * rng.standard_normal(len(truth))
    values = tuple(
        Estimate.normal(v, std, "g", rng=np.random.default_rng(0) if shared else rng) for v in seen
    )
    names = tuple(f"{h:g} h" for h in HOURS[: len(truth)])
    return trend_over(HOURS[: len(truth)], values, names, condition="hours / h", column="Y", rng=rng)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("truth", "verdict"),
    [
        ((1, 2, 3, 4, 5, 6), "rises"),
        ((6, 5, 4, 3, 2, 1), "falls"),
        ((1, 2, 4, 7, 4, 1), "has a maximum"),
        ((7, 5, 4, 1, 4, 6), "has a minimum"),
    ],
)
def test_a_clear_course_is_named(truth, verdict, seed):
    assert _trend(truth, 0.1, seed).verdict == verdict


def test_an_optimum_is_named_with_its_place_although_its_rank_says_nothing():
    found = _trend((1, 2, 4, 7, 4, 1), 0.1)
    assert abs(found.rank) < 0.5
    assert "maximum at 24 (24 h, 100 % of the draws)" in found.statement


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_claimed_of_noise(seed):
    assert _trend((3, 3, 3, 3, 3, 3), 0.3, seed).verdict in ("does not change", "not decided")


def test_samples_are_independent_also_where_their_analyses_shared_a_seed():
    # Draws that share an index would make every difference certain.
    found = _trend((3.0, 3.1, 3.2), 0.5, shared=True)
    assert found.verdict not in ("rises", "falls")
    assert found.rank_low < 0 < found.rank_high


def test_samples_are_put_in_the_order_of_the_condition():
    values = tuple(Estimate.exact(v, "g") for v in (3.0, 1.0, 2.0))
    found = trend_over(
        np.array([30.0, 10.0, 20.0]), values, ("c", "a", "b"), condition="x", column="Y",
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert found.names == ("a", "b", "c")
    assert found.verdict == "rises"
    assert found.rank == 1.0
    assert np.isnan(found.rank_low)

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.motion.allocate import gain_rates, share_out
from electrolith.motion.dynamics import Dynamics


def variance_at_300(errors):
    """Of ln σ(300 K) from a weighted Arrhenius line through points with these relative errors."""
    t = np.array(list(errors))
    design = np.column_stack([np.ones_like(t), -1 / (BOLTZMANN * t)])
    covariance = np.linalg.inv(design.T @ (design / np.array(list(errors.values()))[:, None] ** 2))
    row = np.array([1.0, -1 / (BOLTZMANN * 300.0)])
    return row @ covariance @ row


def test_gain_rate_is_the_slope_of_the_variance_with_time():
    errors = {500.0: 0.3, 600.0: 0.2, 700.0: 0.1}
    cost = {500.0: 10.0, 600.0: 20.0, 700.0: 5.0}
    rates = gain_rates(errors, cost)
    before = variance_at_300(errors)
    for t in errors:
        longer = 1e-5  # of the time spent: its error falls as the root
        after = variance_at_300(errors | {t: errors[t] / np.sqrt(1 + longer)})
        assert rates[t] == pytest.approx((before - after) / (longer * cost[t]), rel=1e-3)


def test_coldest_temperature_gains_most_when_all_are_known_equally_well():
    rates = gain_rates(dict.fromkeys((500.0, 600.0, 700.0), 0.2), dict.fromkeys((500.0, 600.0, 700.0), 1.0))
    assert max(rates, key=rates.get) == 500.0


def test_temperature_without_a_value_counts_as_unknown_and_does_not_break_the_rest():
    rates = gain_rates({500.0: np.inf, 600.0: 0.2, 700.0: 0.2}, dict.fromkeys((500.0, 600.0, 700.0), 1.0))
    assert all(np.isfinite(r) and r >= 0 for r in rates.values())


def test_total_is_spent_where_it_tells_most_in_whole_segments():
    wanted, now = {500.0: 3000, 600.0: 2000, 700.0: 1500}, dict.fromkeys((500.0, 600.0, 700.0), 1000)
    runs, rates = dict.fromkeys(now, 2), {500.0: 3.0, 600.0: 1.0, 700.0: 2.0}
    granted = share_out(wanted, now, runs, rates, left=4700, segment=100)
    assert granted == {500.0: 3000, 700.0: 1300, 600.0: 1000}
    assert share_out(wanted, now, runs, rates, left=10**6, segment=100) == wanted
    assert share_out(wanted, now, runs, rates, left=0, segment=100) == now


def test_total_too_small_for_a_first_look_is_refused():
    with pytest.raises(InputError, match=r"dynamics\.total: 1e\+06 fs is less than the first look"):
        Dynamics(temperatures=(500.0, 600.0), duration=400_000.0, orderings=2, total=1e6)


def test_total_budget_ends_a_campaign_that_could_go_on(toys, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    from electrolith.motion.run import simulate

    frame, engine = toys.wells(barrier=0.02)
    dynamics = toys.short(
        temperatures=(500.0, 600.0), duration=3200.0, budget=12_800.0, relative_error=1e-3, total=10_000.0
    )
    with ThreadPoolExecutor(1) as pool:
        found = simulate(
            [frame],
            engine,
            dynamics=dynamics,
            mobile="Li",
            hop_distance=3.0,
            folder=tmp_path,
            executor=pool,
        )
    steps = [r.steps for r in found.runs]
    assert sum(steps) == 5000
    assert max(steps) > min(steps) >= 1600

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.arrhenius import fit_arrhenius
from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError, NotConverged
from electrolith.motion.conductivity import conductivity, extrapolate, nernst_einstein
from electrolith.motion.diffusivities import (
    AtTemperature,
    Diffusivities,
    RunDiffusivity,
    diffusivities,
    pooled,
)
from electrolith.motion.diffusivity import SlopeEstimate
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.guards import hops_guard, wrapped_guard
from electrolith.motion.results import Trajectories
from electrolith.motion.spread import SharedSpread


def test_conductivity_matches_hand_calculation_in_si():
    by_hand = 2e28 * 1.602176634e-19**2 * 1e-12 / (1.380649e-23 * 300) / 100  # S/cm
    ours = nernst_einstein(1e-12 * 1e20 / 1e15, density=0.02, charge=1, temperature=300)
    assert ours == pytest.approx(by_hand, rel=1e-12)


def test_conductivity_is_even_in_charge_and_linear_in_density():
    one = nernst_einstein(1e-5, density=0.01, charge=1, temperature=500)
    assert nernst_einstein(1e-5, density=0.02, charge=-2, temperature=500) == pytest.approx(8 * one)


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"temperature": 0.0}, "temperature must be above 0 K"), ({"density": 0.0}, "density of mobile ions")],
)
def test_impossible_conditions_are_refused(changes, text):
    with pytest.raises(InputError, match=text):
        nernst_einstein(1e-5, **({"density": 0.02, "charge": 1, "temperature": 300} | changes))


def test_llzo_of_he_et_al_is_reproduced(shared_data):
    """mogroupumd/aimd @ 6616528; its k_B is rounded to 8.617e-5 eV/K, which moves Ea in the fifth digit."""
    table = np.loadtxt(shared_data / "transport/llzo_D_T.csv", delimiter=",", skiprows=1)
    temperature, diffusivity, error = table.T
    sigma = nernst_einstein(diffusivity / 0.1, density=56 / 12.98**3, charge=1, temperature=temperature)
    line = fit_arrhenius(temperature, np.log(sigma * temperature), covariance=(error / diffusivity) ** 2)
    rounded = 8.617e-5 / BOLTZMANN
    assert line.activation_energy * rounded == pytest.approx(0.258128283, rel=1e-6)
    assert np.sqrt(line.covariance[1, 1]) * rounded == pytest.approx(0.016832020, rel=1e-6)
    value, low, high = extrapolate(line, 300.0)
    assert value * 1e3 == pytest.approx(1.080365, abs=5e-7)
    assert low * 1e3 == pytest.approx(0.687, abs=5e-4)
    assert high * 1e3 == pytest.approx(1.699, abs=5e-4)
    assert line.chi2 == pytest.approx(3.97, abs=5e-3)
    assert line.dof == 7


def made(rng, *, energy=0.3, thermal=0.1, orderings=0.0, temperatures=(500, 550, 600, 650, 700)):
    """Diffusivities that scatter about an Arrhenius line as they say they do."""
    t = np.array(temperatures, dtype=float)
    offset = orderings * rng.standard_normal()
    value = 1e-2 * np.exp(-energy / (BOLTZMANN * t) + thermal * rng.standard_normal(t.size) + offset)
    points = tuple(AtTemperature(a, d, thermal, 0.0, d, 0.3, 100.0, 2) for a, d in zip(t, value, strict=True))
    shared = {"orderings": SharedSpread(orderings**2, 0.0, -20.0, 0)}
    return Diffusivities(points, (), {}, (), shared, 0.5, 0.0, 1.0, 0.04, 1.0)


def test_interval_of_the_extrapolation_covers_as_often_as_it_says():
    true = nernst_einstein(1e-1 * np.exp(-0.3 / (BOLTZMANN * 300)), density=0.04, charge=1, temperature=300)
    inside = []
    for seed in range(150):
        rng = np.random.default_rng([3, seed])
        out = conductivity(made(rng, orderings=0.15), rng=rng, draws=400)
        low, high = out.extrapolated.interval(0.68)
        inside.append(low < true < high)
    assert 0.60 <= np.mean(inside) <= 0.80  # scatter beyond the errors only ever widens it


def test_energy_and_extrapolation_share_their_draws(rng):
    out = conductivity(made(rng), rng=rng)
    correlation = np.corrcoef(out.activation_energy.draws, np.log(out.extrapolated.draws))[0, 1]
    assert correlation < -0.95  # the pivot lies at the measured temperatures, far from 300 K
    assert out.activation_energy.unit == "eV"
    assert out.extrapolated.unit == "S/cm"


def test_budget_names_the_cause_of_the_interval(rng):
    thermal = conductivity(made(rng, thermal=0.2, orderings=0.0), rng=rng).budget
    orderings = conductivity(made(rng, thermal=0.01, orderings=0.5), rng=rng).budget
    assert sum(thermal.values()) == pytest.approx(1.0)
    assert thermal["orderings"] == 0.0
    assert orderings["orderings"] > 0.9


def test_one_temperature_is_not_enough_and_the_reasons_are_told(rng):
    one = made(rng, temperatures=(600,))
    lonely = Diffusivities(one.trusted, (), {500.0: "framework melted"}, (), {}, 0.5, 0.0, 1.0, 0.04, 1.0)
    with pytest.raises(NotConverged, match=r"two temperatures .*, 1 did: 500 K: framework melted"):
        conductivity(lonely, rng=rng)


def run_of(toys, rng, *, temperature, rate=0.03, ions=40, **more):
    """A run whose ions hop by 1 Å at a known rate per frame."""
    frames = 500
    hops = rng.random((frames, ions)) < rate
    steps = np.zeros((frames, ions, 3))
    sign = rng.choice([-1.0, 1.0], size=(frames, ions)) * hops
    np.put_along_axis(steps, rng.integers(3, size=(frames, ions))[..., None], sign[..., None], axis=2)
    return toys.run_of(np.cumsum(steps, axis=0), temperature=temperature, volume=1000.0, **more)


def together(runs):
    temperatures = tuple(sorted({r.temperature for r in runs}))
    return Trajectories(tuple(runs), Dynamics(temperatures=temperatures), "toy", "Li", 1.0, 1.0)


def test_hopping_ions_give_their_diffusivity_haven_ratio_and_conductivity(toys, rng):
    rates = {500.0: 0.015, 600.0: 0.03, 700.0: 0.05}
    runs = [run_of(toys, rng, temperature=t, ordering=o, rate=r) for t, r in rates.items() for o in range(2)]
    found = diffusivities(together(runs))
    for point in found.trusted:
        true = rates[point.temperature] / 600.0 * 0.1  # one hop of 1 Å per 100 fs frame: r a²/6
        assert abs(np.log(point.value / true)) < 4 * point.thermal
        assert point.he_value == pytest.approx(true, rel=0.5)
    haven = found.haven_ratio(rng=rng)
    low, high = haven.interval(0.99)
    assert low < 1.0 < high
    assert haven.std < 0.4
    out = conductivity(found, rng=rng)
    assert out.corrected.value == pytest.approx((out.extrapolated.value / haven.value), rel=0.1)
    at_600 = nernst_einstein(0.03 / 600.0, density=0.04, charge=1, temperature=600.0)
    assert out.values[1].value == pytest.approx(float(at_600), rel=0.3)


def test_one_broken_temperature_is_excluded_with_its_reason_and_the_rest_counts(toys, rng):
    runs = [run_of(toys, rng, temperature=t) for t in (500.0, 600.0)]
    runs.append(run_of(toys, rng, temperature=700.0, reason="the framework melted"))
    runs.append(run_of(toys, rng, temperature=600.0, ordering=1, guards=(wrapped_guard(0.9),)))
    found = diffusivities(together(runs))
    assert [p.temperature for p in found.trusted] == [500.0, 600.0]
    assert found.excluded == {700.0: "700 K, ordering 1, seed 1: the framework melted"}
    assert any("600 K, ordering 2, seed 1 left out: largest step" in w for w in found.warnings)
    assert conductivity(found, rng=rng).excluded == found.excluded


def test_spread_between_orderings_is_found_and_shared_by_all_temperatures(toys):
    rng = np.random.default_rng(5)
    factors = (0.5, 1.0, 2.0)
    runs = [
        run_of(toys, rng, temperature=t, ordering=o, rate=0.02 * f)
        for t in (500.0, 600.0)
        for o, f in enumerate(factors)
    ]
    found = diffusivities(together(runs))
    by_hand = np.var(np.log(factors), ddof=1) / 3
    assert found.shared["orderings"].level == pytest.approx(by_hand, rel=0.4)
    assert found.shared["orderings"].freedom == 2
    assert conductivity(found, rng=rng).budget["orderings"] > 0.1


def test_equal_orderings_show_no_spread_beyond_their_errors(toys):
    rng = np.random.default_rng(6)
    runs = [run_of(toys, rng, temperature=t, ordering=o) for t in (500.0, 600.0) for o in range(3)]
    assert diffusivities(together(runs)).shared_variance < 0.01


def test_single_ordering_is_said_to_hide_a_spread(toys, rng):
    found = diffusivities(together([run_of(toys, rng, temperature=t) for t in (500.0, 600.0)]))
    assert any("one ordering only" in w for w in found.warnings)


@pytest.mark.parametrize("target", [250.0, 400.0])
def test_another_temperature_than_300_k_is_extrapolated_to_by_hand(target):
    rng = np.random.default_rng(0)
    out = conductivity(made(rng, thermal=1e-9), rng=rng, target=target)
    si = 0.04e30 * 1.602176634e-19**2 * 1e-2 * 1e-4 / (1.380649e-23 * target) / 100  # S/cm before Boltzmann
    by_hand = si * np.exp(-0.3 * 1.602176634e-19 / (1.380649e-23 * target))
    assert out.extrapolated.value == pytest.approx(by_hand, rel=1e-6)


def test_scatter_beyond_the_errors_widens_them_by_what_is_left_over_one():
    """Where only the points' own errors count, the share of "fit" in the variance is 1 - dof/χ²."""
    rng = np.random.default_rng(5)
    found = made(rng, thermal=0.3)
    points = tuple(replace(p, thermal=0.1) for p in found.trusted)
    out = conductivity(replace(found, trusted=points), rng=rng)
    t = out.temperatures
    law = np.log([p.value for p in points])  # ln(σT) but for a constant
    line = np.polyval(np.polyfit(1 / t, law, 1), 1 / t)
    chi2 = np.sum((law - line) ** 2) / 0.1**2
    assert chi2 > 2 * out.dof
    assert out.budget["fit"] == pytest.approx(1 - out.dof / chi2, rel=1e-9)


def test_the_weight_of_an_ordering_is_its_share_of_the_mean(toys):
    rng = np.random.default_rng(7)
    rates = (0.02, 0.04)
    runs = [run_of(toys, rng, temperature=600.0, ordering=o, rate=r) for o, r in enumerate(rates)]
    first = diffusivities(together(runs), shares=np.array([1.0, 0.0])).trusted[0]
    each = {r.ordering: r.slope.self_value for r in diffusivities(together(runs)).runs}
    mixed = diffusivities(together(runs), shares=np.array([0.25, 0.75])).trusted[0]
    assert first.value == pytest.approx(each[0])
    assert mixed.value == pytest.approx(0.25 * each[0] + 0.75 * each[1])
    equal = diffusivities(together(runs)).trusted[0]
    assert equal.value == pytest.approx(np.mean(list(each.values())))


def test_an_ordering_without_share_still_tells_how_much_orderings_differ(toys):
    rng = np.random.default_rng(5)
    runs = [
        run_of(toys, rng, temperature=t, ordering=o, rate=0.02 * f)
        for t in (500.0, 600.0)
        for o, f in enumerate((0.5, 1.0, 2.0))
    ]
    equal = diffusivities(together(runs)).shared["orderings"]
    alone = diffusivities(together(runs), shares=np.array([1.0, 0.0, 0.0])).shared["orderings"]
    assert alone.level == pytest.approx(3 * equal.level)


def test_runs_that_narrowly_missed_a_guard_are_judged_both_ways_and_widen_the_interval(toys):
    """The slow run at 500 K has 15 hops of the 20 wanted; leaving it out must not make the answer surer."""
    rng = np.random.default_rng(11)
    runs = [
        run_of(toys, rng, temperature=t, ordering=o, rate=r)
        for t, r in {500.0: 0.03, 600.0: 0.04, 700.0: 0.05}.items()
        for o in range(2)
    ]
    slow = run_of(toys, rng, temperature=500.0, ordering=2, rate=0.01, guards=(hops_guard(15.0),))
    found = diffusivities(together([*runs, slow]))
    assert list(found.alternatives) == [
        "with the runs that narrowly missed a guard",
        "without the runs that were too slow for more than a bound",
    ]
    out = conductivity(found, rng=rng)
    assert out.otherwise["with the runs that narrowly missed a guard"] < out.extrapolated.value
    assert out.budget["guards"] > 0
    far = run_of(toys, rng, temperature=500.0, ordering=2, rate=0.01, guards=(hops_guard(2.0),))
    judged = diffusivities(together([*runs, far]))
    assert list(judged.alternatives) == ["without the runs that were too slow for more than a bound"]


def test_a_run_too_slow_for_its_length_counts_as_a_bound_and_alone_excludes_its_temperature(toys):
    rng = np.random.default_rng(17)
    runs = [run_of(toys, rng, temperature=t, ordering=o) for t in (600.0, 700.0) for o in range(2)]
    still = {"rate": 0.001, "guards": (hops_guard(2.0),)}
    mixed = [
        *runs,
        run_of(toys, rng, temperature=500.0),
        run_of(toys, rng, temperature=500.0, ordering=1, **still),
    ]
    found = diffusivities(together(mixed))
    cold = found.trusted[0]
    assert cold.temperature == 500.0
    fast = next(r for r in found.runs if r.temperature == 500.0 and not r.slow)
    slow = next(r for r in found.runs if r.slow)
    assert slow.slope.self_std == slow.slope.self_value < 0.5 * fast.slope.self_value
    assert cold.value == pytest.approx((fast.slope.self_value + slow.slope.self_value) / 2)
    assert any(
        "500 K, ordering 2, seed 1 counts as a bound only: 2 hops were seen" in w for w in found.warnings
    )
    alone = diffusivities(together([*runs, run_of(toys, rng, temperature=500.0, ordering=1, **still)]))
    assert [p.temperature for p in alone.trusted] == [600.0, 700.0]
    assert alone.excluded[500.0].startswith("500 K, ordering 2, seed 1: 2 hops were seen")


def drawn_runs(rng, *, slowest):
    """Nine runs about ln D = ln 1e-5 - 0.3 eV/k_B (1/T - 1/800 K), three units that differ, and their errors.

    A run whose D falls below `slowest` of what its length was made for is slow.
    """
    t = np.array([600.0, 700.0, 800.0])
    x = -1.0 / (BOLTZMANN * t)
    runs = []
    for unit in range(3):
        level, tilt = 0.3 * rng.standard_normal(), 0.04 * rng.standard_normal()
        law = np.log(1e-5) + 0.3 * (x - x[-1]) + level + tilt * (x - x.mean())
        made_for = 1e-5 * np.exp(0.25 * (x - x[-1]))
        hops = 16.0 * np.exp(law) / made_for
        value = np.exp(law) * np.maximum(1 + rng.standard_normal(3) / np.sqrt(hops), 0.05)
        for k in range(3):
            slow = value[k] < slowest * made_for[k]
            d = 1.3 * value[k] if slow else value[k]
            std = d if slow else value[k] / np.sqrt(hops[k])
            slope = SlopeEstimate(d, std, d, d, 1.0, hops[k], 1.0, 4.0)
            runs.append(RunDiffusivity(t[k], unit, 0, None, slope, "", "2 hops" if slow else ""))
    return runs


def test_a_guard_that_takes_the_slow_runs_widens_the_interval_and_it_goes_on_to_hold_the_truth():
    """Truth is known: 300 studies of which a guard takes three runs in ten, the slowest ones.

    Left out, they would make the answer surer (a half interval of 1.5 instead of 1.7 in ln σ) and twice as
    wrong; as bounds they make it less sure.
    """
    shares = np.array([0.64, 0.345, 0.015])
    exact = 1e-5 * np.exp(-0.3 / BOLTZMANN * (1 / 300 - 1 / 800)) / 0.1
    truth = np.log(nernst_einstein(exact, density=1.0, charge=1.0, temperature=300.0))
    width, off, held = {}, {}, {}
    for verdict in ("all", "bound", "left out"):
        rows = []
        for seed in range(300):
            rng = np.random.default_rng([31, seed])
            runs = drawn_runs(rng, slowest=0.0 if verdict == "all" else 0.7)
            if verdict == "left out":
                runs = [replace(r, refused=r.slow, slow="") for r in runs]
            found = pooled(runs, shares, posterior=True)
            if len(found.trusted) > 1:
                low, mid, high = np.log(
                    np.quantile(conductivity(found, rng=rng, draws=400).extrapolated.draws, [0.16, 0.5, 0.84])
                )
                rows.append((high - low, mid - truth, low < truth < high))
        width[verdict], off[verdict], held[verdict] = (
            f(c) for f, c in zip((np.median, np.mean, np.mean), np.transpose(rows), strict=True)
        )
    assert width["left out"] < width["all"] < width["bound"]
    assert abs(off["all"]) < 0.25
    assert off["bound"] < 0.6 * off["left out"]
    assert held["bound"] > held["left out"]
    assert held["bound"] > 0.68


def test_draws_of_the_potential_are_a_cause_of_their_own(toys):
    rng = np.random.default_rng(13)
    factors = {(0, 0): 0.5, (0, 1): 1.6, (1, 0): 1.8, (1, 1): 0.6}  # draws differ, orderings do not
    runs = [
        run_of(toys, rng, temperature=t, ordering=o, seed=k, rate=0.03 * f)
        for t in (500.0, 600.0, 700.0)
        for (o, k), f in factors.items()
    ]
    found = diffusivities(replace(together(runs), posterior=True))
    by_hand = np.mean([np.var(np.log([0.5, 1.6]), ddof=1), np.var(np.log([1.8, 0.6]), ddof=1)]) / 4
    assert found.shared["potential"].level == pytest.approx(by_hand, rel=0.5)
    assert found.shared["potential"].freedom == 2
    assert found.shared["orderings"].level < found.shared["potential"].level
    assert conductivity(found, rng=rng).budget["potential"] > 0.3
    one = [r for r in runs if r.seed == 0]
    assert list(diffusivities(replace(together(one), posterior=True)).shared) == ["orderings and potential"]

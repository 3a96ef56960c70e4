"""Steering of campaigns: by hand, by limits and by finite differences; the driver on toy atoms."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from scipy.stats import norm

from electrolith.core import Estimate, InputError
from electrolith.core.archive import load, save
from electrolith.study.campaign.parts import parts
from electrolith.study.campaign.result import CampaignResult, CandidateResult
from electrolith.study.campaign.settings import candidate_studies, read_campaign
from electrolith.study.campaign.steer import Front, Standing, ahead, allot, among_best, worth


def front(steps=1000, limit=100_000, runs=2, atoms=100, rate=1e-6, segment=100):
    return Front(steps, limit, runs, atoms, rate, segment)


def standing(mean, variance, **fronts):
    return Standing(mean, variance, {float(t[1:]): f for t, f in fronts.items()})


def wrong(a, b):
    return norm.cdf(-(a.mean - b.mean) / np.sqrt(a.variance + b.variance))


def test_what_a_narrower_value_is_worth_is_the_slope_of_the_probability_of_a_wrong_order():
    a, b, c = standing(1.0, 0.3), standing(0.4, 0.5), standing(-0.2, 0.1)
    found = worth({"a": a, "b": b, "c": c}, best=1, certainty=0.999)
    h = 1e-6
    by_hand = {
        "a": sum(wrong(replace(a, variance=a.variance + h), x) - wrong(a, x) for x in (b, c)) / h,
        "b": (wrong(a, replace(b, variance=b.variance + h)) - wrong(a, b)) / h,
        "c": (wrong(a, replace(c, variance=c.variance + h)) - wrong(a, c)) / h,
    }
    assert found == pytest.approx(by_hand, rel=1e-4)


def test_pairs_whose_order_is_certain_and_candidates_behind_the_best_count_nothing():
    far = {"a": standing(5.0, 0.1), "b": standing(0.0, 0.1), "c": standing(-0.1, 0.1)}
    assert worth(far, best=1, certainty=0.95) == {"a": 0.0, "b": 0.0, "c": 0.0}
    two = worth(far, best=2, certainty=0.95)
    assert two["a"] == 0.0
    assert two["b"] == two["c"] > 0


def test_a_candidate_without_a_value_comes_with_the_most_telling():
    found = worth(
        {"a": standing(1.0, 0.3), "b": standing(0.4, 0.5), "new": standing(0.0, np.inf)},
        best=1,
        certainty=0.95,
    )
    assert found["new"] == max(found["a"], found["b"]) > 0


def test_the_purse_goes_where_a_step_tells_most_and_a_smaller_cell_is_cheaper():
    standings = {
        "large": standing(0.0, 1.0, T600=front(atoms=400)),
        "small": standing(0.0, 1.0, T600=front(atoms=100), T700=front(rate=1e-9)),
    }
    granted = allot(standings, {"large": 1.0, "small": 1.0}, purse=300 * 2 * 100)
    assert granted == {("small", 600.0): 1300}


def test_helpings_are_a_quarter_and_no_round_more_than_doubles():
    granted = allot({"a": standing(0.0, 1.0, T600=front())}, {"a": 1.0}, purse=1e12)
    assert granted == {("a", 600.0): 2000}
    capped = allot({"a": standing(0.0, 1.0, T600=front(limit=1400))}, {"a": 1.0}, purse=1e12)
    assert capped == {("a", 600.0): 1400}


def test_nothing_is_planned_for_what_is_known_done_or_broken():
    full = standing(0.0, 1.0, T600=front(steps=1000, limit=1000), T700=front(runs=0))
    assert allot({"a": full}, {"a": 1.0}, purse=1e12) == {}
    assert allot({"a": standing(0.0, 1.0, T600=front())}, {"a": 0.0}, purse=1e12) == {}


def test_a_round_gives_something_even_if_its_purse_is_too_small():
    assert allot({"a": standing(0.0, 1.0, T600=front())}, {"a": 1.0}, purse=0.0) == {("a", 600.0): 1300}


def test_steps_go_to_both_of_two_equal_fronts_before_one_is_doubled():
    """What a helping leaves to gain falls with the square of the steps."""
    pair = standing(0.0, 1.0, T600=front(), T700=front())
    granted = allot({"a": pair}, {"a": 1.0}, purse=2 * 300 * 2 * 100)
    assert granted == {("a", 600.0): 1300, ("a", 700.0): 1300}


@pytest.mark.parametrize("distance", [0.0, 0.5, 2.0])
def test_probability_of_order_is_that_of_two_normal_values(distance):
    rng = np.random.default_rng(1)
    a, b = (Estimate(np.exp(rng.normal(m, 1.0, 20_000)), "S/cm") for m in (distance, 0.0))
    assert ahead(a, b) == pytest.approx(norm.cdf(distance / np.sqrt(2)), abs=0.01)


def test_probabilities_of_being_among_the_best_sum_to_how_many_there_are():
    rng = np.random.default_rng(2)
    values = [Estimate(np.exp(rng.normal(m, 1.0, 5000)), "S/cm") for m in (0.0, 0.0, 0.0, -20.0)]
    one, two = among_best(values, 1), among_best(values, 2)
    assert one.sum() == pytest.approx(1.0)
    assert two.sum() == pytest.approx(2.0)
    assert one[:3] == pytest.approx(np.full(3, 1 / 3), abs=0.03)
    assert one[3] == 0.0


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "crystal.cif").write_text("x")
    (tmp_path / "study.yaml").write_text(
        "material: {crystal: crystal.cif, mobile: Li}\ndynamics: {temperatures: [600 K, 700 K]}\n"
    )
    (tmp_path / "campaign.yaml").write_text(
        "title: T\ncandidates:\n  a: {ordering: {composition: Li54N12Cl18}}\n"
        "  b: {dynamics: {duration: 50 ps}}\n"
    )
    return tmp_path


def test_candidates_are_the_common_study_with_what_differs(folder):
    found = candidate_studies(read_campaign(folder))
    a, b = (yaml.safe_load(found[n].read_text()) for n in "ab")
    assert a["material"] == {"crystal": "../../crystal.cif", "mobile": "Li"}
    assert a["ordering"] == {"composition": "Li54N12Cl18"}
    assert b["dynamics"] == {"temperatures": ["600 K", "700 K"], "duration": "50 ps"}
    assert (found["a"].parent / "../../crystal.cif").is_file()
    stamp = found["a"].stat().st_mtime_ns
    assert candidate_studies(read_campaign(folder))["a"].stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("candidates: {a: {}}", "a ranking needs two candidates"),
        ("title: x", "give either candidates .* or studies"),
        ("candidates: {a: {}, b: {}}\nstudies: [c]", "give either"),
        ("candidates: {'../a': {}, b: {}}", "is no name for a folder"),
        ("candidates: {a: 3, b: {}}", "candidates.a: expected what differs"),
        ("candidates: {a: {}, b: {}}\nbudget: -3", "core hours above 0, got -3"),
        ("candidates: {a: {}, b: {}}\nwant: rankings", "did you mean 'ranking'"),
        ("candidates: {a: {}, b: {}}\nbudgte: 3", "did you mean 'budget'"),
        ("candidates: {a: {}, b: {}}\nexecution: nowhere", "campaign.execution: no 'nowhere'"),
        ("studies: [a, b]", "no such study: a"),
        ("[1]", "expected a campaign"),
    ],
)
def test_campaign_files_that_cannot_be_meant(folder, text, why):
    (folder / "campaign.yaml").write_text(text + "\n")
    with pytest.raises(InputError, match=why):
        candidate_studies(read_campaign(folder))


def test_the_table_and_the_ranking_go_through_the_archive(tmp_path):
    rng = np.random.default_rng(3)
    value = Estimate.lognormal(1e-3, 0.5, "S/cm", rng=rng)
    energy = Estimate.normal(0.3, 0.02, "eV", rng=rng)
    rows = (
        CandidateResult("a", "running", "", value, energy, 40.0, 1.5, 4, 0, 0.7, 0.7),
        CandidateResult("b", "dropped", "the framework melted", trajectories=4, stopped=4),
    )
    save(tmp_path / "r", CampaignResult("T", rows, "ranking", 1, 10.0, 2, "", passes=3, queue=5))
    part = parts(load(tmp_path / "r"))[0]
    assert "1 of 2 candidates have a σ(300 K)" in part.sentence
    assert "5 trajectories wait or run" in part.sentence
    assert part.tables[0].rows[1][-1] == "the framework melted"
    assert part.figures[0].layers[0].text == ("a: among the best 1 with 70%, ahead of the next with 70%",)

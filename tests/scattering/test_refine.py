"""Refinement: what was put in comes out with honest errors, and what cannot be known is said."""

import numpy as np
import pytest

from electrolith.core.errors import InputError, NotConverged
from electrolith.scattering.conditions import (
    AbsoluteScale,
    ChargeNeutrality,
    FixedTotal,
    InternalStandard,
    Known,
    MeasuredDensity,
)
from electrolith.scattering.constraints import tie
from electrolith.scattering.descent import descend
from electrolith.scattering.identify import blind_directions
from electrolith.scattering.instrument import neutron
from electrolith.scattering.phase import density
from electrolith.scattering.phase_library import candidate
from electrolith.scattering.profile_likelihood import profile_likelihood
from electrolith.scattering.quality import durbin_watson
from electrolith.scattering.recipe import Recipe, run_recipe
from electrolith.scattering.refine import refine

X = 10 + 0.02 * np.arange(5250)
COARSE = 15 + 0.05 * np.arange(2000)
TRUE = {
    "lab/scale/LNC": 0.05,
    "lab/background/0": 400.0,
    "lab/background/1": -100.0,
    "lab/background/2": 30.0,
    "lab/zero": 0.02,
}
BACKGROUND = tuple(f"lab/background/{k}" for k in range(5))
FOURTEEN = (
    "LNC/a",
    "LNC/Li1/B",
    "LNC/X1/B",
    "LNC/Li1/occupancy/Li",
    "lab/scale/LNC",
    "lab/zero",
    "lab/w",
    "lab/x",
    "lab/y",
    *BACKGROUND,
)
OCCUPANCIES = ("LNC/Li1/occupancy/Li", "LNC/X1/occupancy/N", "LNC/X1/occupancy/Cl")
START = {"LNC/a": 5.352, "LNC/Li1/B": 1.5, "LNC/X1/B": 1.2, "LNC/Li1/occupancy/Li": 0.8, "lab/w": 0.007}


def _truth(phases, histogram, extra):
    from electrolith.scattering.model import parameters

    return parameters(phases, (histogram,)) | extra


def test_twenty_patterns_give_unbiased_parameters_with_honest_errors(antifluorite, measured):
    """Cu Kα1 + Kα2, polarised; ten noises and their mirror images, so that the mean pull shows
    bias, not luck.
    """
    pulls = []
    for seed in range(10):
        for mirror in (1.0, -1.0):
            rng = np.random.default_rng(seed)
            histogram = measured((antifluorite,), X, TRUE, rng=rng, mirror=mirror)
            fit = refine((antifluorite,), (histogram,), free=FOURTEEN, values=START)
            truth = _truth((antifluorite,), histogram, TRUE)
            pulls.append([(fit.value(n) - truth[n]) / fit.std(n) for n in FOURTEEN])
    pulls = np.array(pulls)
    assert np.abs(pulls.mean(axis=0)).max() < 0.2
    assert 0.88 < np.sqrt(np.mean(pulls**2)) < 1.12  # pooled: σ of this number is 0.06
    # Each s.d. rests on ten independent noises: χ²(10) puts all 14 within these limits 99.9 times in 100.
    assert np.all((pulls.std(axis=0) > 0.36) & (pulls.std(axis=0) < 1.8))


def test_leaving_out_k_alpha_2_is_caught(antifluorite, measured, rng):
    """The referee of the test above can fail: a wrong model biases the parameters by many σ."""
    from dataclasses import replace

    from electrolith.scattering.instrument import laboratory

    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    wrong = replace(histogram, instrument=laboratory("Cu", k_alpha2=False))
    fit = refine((antifluorite,), (wrong,), free=FOURTEEN, values=START)
    assert abs(fit.value("LNC/a") - 5.3506) > 5 * fit.std("LNC/a")
    assert any("residuals are not noise" in w for w in fit.warnings)


def test_x_rays_alone_leave_the_level_of_the_occupancies_open_and_say_so(antifluorite, measured, rng):
    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    fit = refine(
        (antifluorite,), (histogram,), free=tuple(dict.fromkeys((*FOURTEEN, *OCCUPANCIES))), values=START
    )
    assert len(fit.null) == 1
    assert fit.null[0].words.startswith("all occupancies together against scale")
    change = dict(zip(fit.null[0].names, fit.null[0].change, strict=True))
    assert all(change[n] / change["lab/scale/LNC"] == pytest.approx(-0.5, abs=1e-3) for n in OCCUPANCIES)
    assert all(np.isinf(fit.std(n)) for n in (*OCCUPANCIES, "lab/scale/LNC"))
    assert np.isfinite(fit.std("LNC/Li1/B"))
    lithium = next(s for s in fit.sites if s.species == "Li")
    assert lithium.identified.startswith("not identified")
    assert lithium.vacancy.doubt == "unknown"
    ratio = fit.ratios["LNC: Li/(N+Cl)"]
    truth = 8 * 0.86 / (4 * (0.382 + 0.573))
    assert abs(ratio.value - truth) < 3 * ratio.std


def test_a_joint_fit_recovers_n_to_cl_and_keeps_the_null_direction(antifluorite, measured, rng):
    lab = measured((antifluorite,), COARSE, TRUE, rng=rng)
    n_true = {"nd/scale/LNC": 0.02, "nd/background/0": 60.0}
    nd = measured((antifluorite,), COARSE, n_true, rng=rng, instrument=neutron(1.6), name="nd")
    free = (
        "LNC/a",
        "LNC/Li1/B",
        "LNC/X1/B",
        *OCCUPANCIES,
        *BACKGROUND,
        "lab/scale/LNC",
        "nd/scale/LNC",
        "lab/zero",
    )
    free += tuple(n.replace("lab", "nd") for n in BACKGROUND)
    fit = refine(
        (antifluorite,), (lab, nd), free=free, values={"LNC/X1/occupancy/N": 0.5, "LNC/X1/occupancy/Cl": 0.5}
    )
    assert len(fit.null) == 1
    assert "lab/scale/LNC, nd/scale/LNC by 1/k²" in fit.null[0].words
    ratio = fit.ratios["LNC: N/Cl"]
    assert ratio.std < 0.04
    assert abs(ratio.value - 0.382 / 0.573) < 3 * ratio.std
    alone = refine((antifluorite,), (lab,), free=tuple(n for n in free if not n.startswith("nd")))
    assert alone.ratios["LNC: N/Cl"].std > 2 * ratio.std


CLOSING = {
    "density": lambda p: MeasuredDensity("LNC", density(p), 0.005),
    "total": lambda p: FixedTotal("LNC", "X1", 0.955, 0.002),
    "scale": lambda p: AbsoluteScale("LNC", "lab", 0.05, 1e-4),
    "known": lambda p: Known("LNC/Li1/occupancy/Li", 0.86, 0.002),
}


@pytest.mark.parametrize("name", CLOSING)
def test_the_gap_closes_with_what_is_known_besides(antifluorite, measured, rng, name):
    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    fit = refine(
        (antifluorite,),
        (histogram,),
        free=tuple(dict.fromkeys((*FOURTEEN, *OCCUPANCIES))),
        conditions=(CLOSING[name](antifluorite),),
    )
    assert fit.null == ()
    assert "closed by" in fit.closed[0]
    assert abs(fit.value("LNC/Li1/occupancy/Li") - 0.86) < 3.5 * fit.std("LNC/Li1/occupancy/Li")
    vacancy = next(s for s in fit.sites if s.species == "Li").vacancy
    assert vacancy.doubt == "known"
    assert vacancy.value == pytest.approx(0.14, abs=4 * vacancy.std)


def test_charge_neutrality_ties_ratios_and_leaves_the_level_open(antifluorite, measured, rng):
    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    charges = ChargeNeutrality("LNC", (("Li", 1.0), ("N", -3.0), ("Cl", -1.0)))
    free = tuple(dict.fromkeys((*FOURTEEN, *OCCUPANCIES)))
    fit = refine((antifluorite,), (histogram,), free=free, conditions=(charges,))
    assert len(fit.null) == 1
    assert "still open" in fit.closed[0]
    without = refine((antifluorite,), (histogram,), free=free)
    assert fit.ratios["LNC: N/Cl"].std < 0.7 * without.ratios["LNC: N/Cl"].std


def test_an_internal_standard_of_known_weight_closes_the_gap(antifluorite, measured, rng):
    from electrolith.scattering.phase import molar_mass, volume

    silicon = candidate("LiCl")
    scale = 0.05 * molar_mass(antifluorite) * volume(antifluorite) / molar_mass(silicon) / volume(silicon)
    true = TRUE | {"lab/scale/LiCl": scale}
    histogram = measured((antifluorite, silicon), COARSE, true, rng=rng)
    free = (
        "LNC/a",
        "LiCl/a",
        "LNC/Li1/B",
        "LNC/X1/B",
        "lab/scale/LNC",
        "lab/scale/LiCl",
        *OCCUPANCIES,
        *BACKGROUND,
    )
    given = (InternalStandard("LNC", "lab", 0.5, 0.002),)
    fit = refine(
        (antifluorite, silicon), (histogram,), free=free, values={"lab/zero": 0.02}, conditions=given
    )
    assert fit.null == ()
    assert abs(fit.value("LNC/Li1/occupancy/Li") - 0.86) < 3.5 * fit.std("LNC/Li1/occupancy/Li")
    assert fit.fractions["lab/LNC"].value == pytest.approx(0.5, abs=0.01)


def test_phase_fractions_by_hill_and_howard(antifluorite, measured, rng):
    from electrolith.scattering.phase import molar_mass, volume

    other = candidate("Li3N")
    weight = [s * molar_mass(p) * volume(p) for s, p in ((0.05, antifluorite), (0.3, other))]
    histogram = measured((antifluorite, other), COARSE, TRUE | {"lab/scale/Li3N": 0.3}, rng=rng)
    free = ("lab/scale/LNC", "lab/scale/Li3N", "LNC/a", "Li3N/a", "Li3N/c", *BACKGROUND)
    fit = refine((antifluorite, other), (histogram,), free=free, values={"lab/zero": 0.02})
    share = fit.fractions["lab/Li3N"]
    assert abs(share.value - weight[1] / sum(weight)) < 3 * share.std
    assert fit.fractions["lab/LNC"].value + share.value == pytest.approx(1.0, abs=1e-6)


def test_the_profile_likelihood_is_flat_where_the_rank_test_says_so(antifluorite, measured, rng):
    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    name = "LNC/Li1/occupancy/Li"
    free = ("lab/scale/LNC", "LNC/Li1/B", "LNC/X1/B", name, *BACKGROUND)
    fit = refine((antifluorite,), (histogram,), free=free, values={"lab/zero": 0.02})
    ladder = fit.value(name) + fit.std(name) * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    found = profile_likelihood((antifluorite,), (histogram,), fit, name, values=ladder)
    assert not found.flat
    assert found.high - found.low == pytest.approx(2 * fit.std(name), rel=0.15)
    both = refine((antifluorite,), (histogram,), free=(*free, *OCCUPANCIES[1:]), values={"lab/zero": 0.02})
    flat = profile_likelihood((antifluorite,), (histogram,), both, name, values=np.array([0.7, 0.8, 0.9]))
    assert flat.flat


def test_linear_constraints_hold_to_rounding(antifluorite, measured, rng):
    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    rules = ("LNC/X1/occupancy/N = 0.955 - LNC/X1/occupancy/Cl", "LNC/X1/B = 0.75 * LNC/Li1/B")
    free = ("lab/scale/LNC", "LNC/Li1/B", *OCCUPANCIES, *BACKGROUND)
    fit = refine((antifluorite,), (histogram,), free=free, constraints=rules, values={"lab/zero": 0.02})
    v = fit.all_values
    assert v["LNC/X1/occupancy/N"] + v["LNC/X1/occupancy/Cl"] == pytest.approx(0.955, abs=1e-12)
    assert v["LNC/X1/B"] == pytest.approx(0.75 * v["LNC/Li1/B"], rel=1e-12)
    assert fit.null == ()
    assert fit.std("LNC/X1/occupancy/N") == pytest.approx(fit.std("LNC/X1/occupancy/Cl"))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (("p = q", "p = 2 * q"), "on the left of 2"),
        (("p = 1 - q", "q = 1 - p"), "in a circle: they are singular"),
        (("p = 2 * r",), "no 'r'"),
        (("z = 1",), "no 'z'"),
        (("p < 1",), "expected one name"),
    ],
)
def test_constraints_that_make_no_sense_are_refused(rules, message):
    with pytest.raises(InputError, match=message):
        tie(("p", "q"), rules, {"p": 1.0, "q": 1.0})


def test_constraints_may_build_on_each_other():
    ties = tie(("p", "q", "s"), ("p = 1 - q", "s = 2 * p + 0.5"), {"p": 0.0, "q": 0.3, "s": 0.0})
    assert ties.independent == ("q",)
    values = dict(zip(ties.names, ties.matrix @ [0.3] + ties.offset, strict=True))
    assert values == pytest.approx({"p": 0.7, "q": 0.3, "s": 1.9})


def test_rank_test_counts_a_structural_null_but_not_a_strong_correlation():
    rng = np.random.default_rng(1)
    a = rng.standard_normal((200, 3))
    close = np.column_stack([a, a[:, 0] + 1e-4 * rng.standard_normal(200)])
    assert blind_directions(close).rank == 4
    same = np.column_stack([a, a[:, 0] - 2 * a[:, 1]])
    found = blind_directions(same)
    assert found.rank == 3
    null = found.null[0] / found.null[0][3]
    assert null == pytest.approx([-1, 2, 0, 1], abs=1e-9)


@pytest.mark.parametrize("lower", [-np.inf, 0.5])
def test_descent_finds_the_minimum_of_a_curved_valley_and_respects_bounds(lower):
    def model(p):
        r = np.array([10 * (p[1] - p[0] ** 2), 1 - p[0]])
        return r, np.array([[-20 * p[0], 10.0], [-1.0, 0.0]])

    found = descend(model, np.array([2.0, 2.0]), lower=np.full(2, lower), evaluations=500, tolerance=1e-12)
    assert found.parameters == pytest.approx([1, 1], abs=1e-4)
    held = descend(model, np.array([3.0, 3.0]), lower=np.array([1.5, -9]), evaluations=500, tolerance=1e-12)
    assert held.parameters == pytest.approx([1.5, 2.25], abs=1e-4)


def test_durbin_watson_is_two_for_noise_and_small_for_waves():
    rng = np.random.default_rng(2)
    assert durbin_watson(rng.standard_normal(20000)) == pytest.approx(2.0, abs=0.05)
    assert durbin_watson(np.sin(np.arange(1000) / 20)) < 0.01


# guard rails and bad input


def test_the_recipe_refines_from_a_pattern_and_a_crystal(antifluorite, measured, rng):
    from dataclasses import replace

    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    off = replace(antifluorite, cell=(5.395, 5.395, 5.395, 90.0, 90.0, 90.0))
    found = run_recipe((off,), (histogram,))
    assert abs(found.fit.value("LNC/a") - 5.3506) < 5 * found.fit.std("LNC/a")
    assert found.fit.chi2 < 1.2
    assert [s[0] for s in found.stages][:2] == ["background and scale", "cell"]


def test_a_cell_that_does_not_index_the_data_is_refused(antifluorite, measured, rng):
    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    with pytest.raises(NotConverged, match="does not index the data") as caught:
        run_recipe((candidate("NH4Cl"),), (histogram,), recipe=Recipe(cell_search=0.005))
    assert caught.value.partial.histograms[0].r_wp > 0.1


def test_the_wrong_kind_of_instrument_is_refused(antifluorite, measured, rng):
    from dataclasses import replace

    from electrolith.scattering.instrument import TimeOfFlight

    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    with pytest.raises(InputError, match="data are in two_theta, the instrument works in tof"):
        replace(histogram, instrument=TimeOfFlight(5000.0))


def test_occupancies_over_one_are_called_out(antifluorite, measured, rng):
    from dataclasses import replace

    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    fit = refine(
        (antifluorite,),
        (histogram,),
        free=("lab/scale/LNC", *OCCUPANCIES[1:], "LNC/Li1/B", "LNC/X1/B", *BACKGROUND),
        values={"lab/zero": 0.02, "LNC/Li1/occupancy/Li": 1.1},
    )
    assert any("more than one" in w for w in fit.warnings)
    assert replace(fit, warnings=()).warnings == ()


def test_unknown_names_and_empty_ranges_are_refused(antifluorite, measured, rng):
    from dataclasses import replace

    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    with pytest.raises(InputError, match="did you mean 'LNC/a'"):
        refine((antifluorite,), (histogram,), free=("LNC/A",))
    with pytest.raises(InputError, match="leave 0 of"):
        replace(histogram, limits=(200.0, 300.0))
    with pytest.raises(InputError, match="must have different names"):
        refine((antifluorite, antifluorite), (histogram,), free=("LNC/a",))
    with pytest.raises(InputError, match="sigma must be positive"):
        refine((antifluorite,), (histogram,), free=("LNC/a",), conditions=(Known("LNC/a", 5.0, 0.0),))


def test_values_that_are_no_numbers_are_refused_by_name(antifluorite, measured, rng):
    histogram = measured((antifluorite,), COARSE, TRUE, rng=rng)
    with pytest.raises(InputError, match="starting value of lab/w is nan"):
        refine((antifluorite,), (histogram,), free=("LNC/Li1/B",), values={"lab/w": float("nan")})

"""Correlations over few samples and the suggestion of the next condition."""

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.lab.synthesis.correlate import correlate, partial_correlation
from electrolith.lab.synthesis.design import DesignSettings, suggest_next
from electrolith.lab.synthesis.samples import SampleTable


def table(**columns) -> SampleTable:
    values = np.column_stack(list(columns.values()))
    names = tuple(f"s{i}" for i in range(len(values)))
    return SampleTable(names, tuple(columns), values, np.full_like(values, np.nan))


def test_pearson_by_hand_and_exact_probability_of_four_samples(rng):
    # x 1..4 against itself: only 2 of 24 orders give |r| = 1
    found = partial_correlation(table(x=[1.0, 2, 3, 4], y=[2.0, 4, 6, 8]), "x", "y", given=(), rng=rng)
    assert found.r == pytest.approx(1.0)
    assert found.probability == pytest.approx(2 / 24)


def test_interval_is_fishers(rng):
    x = rng.standard_normal(30)
    found = partial_correlation(table(x=x, y=x + rng.standard_normal(30)), "x", "y", given=(), rng=rng)
    assert np.arctanh(found.high) - np.arctanh(found.r) == pytest.approx(1.96 / np.sqrt(27), rel=1e-3)
    assert found.probability < 0.01


def test_a_common_cause_disappears_in_the_partial_correlation(rng):
    z = rng.standard_normal(60)
    made = table(x=z + 0.3 * rng.standard_normal(60), y=z + 0.3 * rng.standard_normal(60), z=z)
    plain = partial_correlation(made, "x", "y", given=(), rng=rng)
    partial = partial_correlation(made, "x", "y", given=("z",), rng=rng)
    assert plain.r > 0.8
    assert abs(partial.r) < 0.4
    assert partial.low < 0 < partial.high


def test_partial_correlation_agrees_with_the_formula_of_three_coefficients(rng):
    x, y, z = rng.standard_normal((3, 12))
    made = table(x=x, y=y + x, z=z + x)
    r = np.corrcoef([x, y + x, z + x])
    by_formula = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert partial_correlation(made, "x", "y", given=("z",), rng=rng).r == pytest.approx(by_formula)


def test_few_samples_are_said_to_be_few(rng):
    found = correlate(table(a=rng.standard_normal(5), b=rng.standard_normal(5), c=rng.standard_normal(5)))
    assert any("one pair in twenty shows |r| above 0.88 by chance" in w for w in found.warnings)


def test_unrelated_columns_are_not_called_related(rng):
    false = 0
    for _ in range(40):
        found = correlate(table(**{k: rng.standard_normal(7) for k in "abcde"}))
        false += any(p.corrected < 0.05 for p in found.pairs)
    assert false <= 6  # 5 % of 40 is 2; Holm keeps the family at 5 %


def test_missing_values_leave_out_only_their_samples(rng):
    made = table(x=[1.0, 2, 3, 4, np.nan], y=[1.0, 2, 3, 5, 9], z=[1.0, 3, 2, 5, 4])
    found = {(p.first, p.second): p.n for p in correlate(made).pairs}
    assert found[("x", "y")] == 4
    assert found[("y", "z")] == 5


def test_a_constant_column_is_said_and_left_out(rng):
    found = correlate(table(x=[1.0, 2, 3, 4], y=[1.0, 2, 2, 5], z=[7.0] * 4))
    assert any("z does not vary" in w for w in found.warnings)


def test_three_samples_are_refused():
    with pytest.raises(DataError, match="no two columns vary together over four samples"):
        correlate(table(x=[1.0, 2, 3], y=[1.0, 2, 2]))


def test_holding_fixed_what_is_correlated_is_refused(rng):
    with pytest.raises(InputError, match="cannot be correlated with themselves or with what is held fixed"):
        partial_correlation(table(x=[1.0, 2, 3, 4, 5], y=[1.0, 2, 2, 5, 1]), "x", "y", given=("x",), rng=rng)


SPEEDS, HOURS = (200.0, 700.0), (2.0, 70.0)
SETTINGS = DesignSettings(bounds=(SPEEDS, HOURS), steps=(50.0, 2.0))


def conductivity(x):
    """A made landscape with its best at 500 rpm and 24 h."""
    return np.exp(-(((x[:, 0] - 500) / 150) ** 2) - ((x[:, 1] - 24) / 20) ** 2)


def test_suggestions_climb_to_the_best_condition():
    pytest.importorskip("sklearn", reason="the extra electrolith[design] is not installed")
    x = np.array([[200, 24], [700, 24], [500, 2], [500, 70], [400, 50], [600, 10]], float)
    for _ in range(8):
        x = np.vstack([x, suggest_next(x, conductivity(x), SETTINGS).condition])
    assert conductivity(x).max() > 0.9


def test_a_minimum_is_sought_where_less_is_better():
    pytest.importorskip("sklearn", reason="the extra electrolith[design] is not installed")
    x = np.array([[200, 24], [700, 24], [500, 2], [500, 70], [400, 50], [600, 10], [500, 24]], float)
    settings = DesignSettings(bounds=(SPEEDS, HOURS), steps=(50.0, 2.0), maximise=False)
    up = suggest_next(x, conductivity(x), SETTINGS)
    down = suggest_next(x, -conductivity(x), settings)
    assert down.condition == up.condition
    assert down.mean == pytest.approx(-up.mean)


def test_the_surface_passes_near_the_points_and_knows_less_far_from_them():
    pytest.importorskip("sklearn", reason="the extra electrolith[design] is not installed")
    x = np.array([[200, 20], [300, 20], [400, 20], [500, 20], [300, 30], [400, 30]], float)
    found = suggest_next(x, conductivity(x), SETTINGS)
    near = np.all(found.grid == [400, 20], axis=1)
    far = np.all(found.grid == [700, 70], axis=1)
    assert found.std[near][0] < 0.5 * found.std[far][0]
    assert found.mean[near][0] == pytest.approx(conductivity(np.array([[400.0, 20.0]]))[0], abs=0.15)


def test_expected_improvement_by_hand():
    pytest.importorskip("sklearn", reason="the extra electrolith[design] is not installed")
    from scipy.stats import norm

    x = np.array([[200, 24], [700, 24], [500, 2], [500, 70], [400, 50], [600, 10]], float)
    found = suggest_next(x, conductivity(x), SETTINGS)
    pick = int(np.argmax(found.gain))
    # sigma [z Phi(z) + phi(z)] with z from the stated probability of improving
    z = norm.ppf(found.probability)
    assert found.improvement == pytest.approx(
        found.std[pick] * (z * found.probability + norm.pdf(z)), rel=1e-6
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (np.ones(6), "the same at every condition"),
        (
            np.array([1.0, 2, np.nan, np.nan, 3, 4]),
            "4 conditions with values; a suggestion over 2 conditions needs 5",
        ),
    ],
)
def test_values_that_determine_nothing_are_refused(values, text):
    x = np.array([[200, 24], [700, 24], [500, 2], [500, 70], [400, 50], [600, 10]], float)
    with pytest.raises(DataError, match=text):
        suggest_next(x, values, SETTINGS)


def test_a_logarithm_of_negative_values_is_refused():
    x = np.array([[200, 24], [700, 24], [500, 2], [500, 70], [400, 50], [600, 10]], float)
    settings = DesignSettings(bounds=(SPEEDS, HOURS), steps=(50.0, 2.0), logarithm=True)
    with pytest.raises(DataError, match="a logarithm was asked for, but a value is -1"):
        suggest_next(x, np.array([1.0, 2, 3, 4, -1, 2]), settings)


def test_an_empty_range_is_refused():
    with pytest.raises(InputError, match="condition from 700 to 200 in steps of 50 is no range"):
        DesignSettings(bounds=((700.0, 200.0),), steps=(50.0,))


def test_a_missing_library_names_its_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.exceptions", None)
    x = np.array([[200, 24], [700, 24], [500, 2], [500, 70], [400, 50], [600, 10]], float)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[design\]'"):
        suggest_next(x, conductivity(x), SETTINGS)

"""The library's windows beside tabulated free energies, the literature and experiment."""

import pytest

from electrolith.stability.comparison import Comparison, compare
from electrolith.stability.entries import EntrySettings


@pytest.fixture(scope="module")
def compared(library) -> Comparison:
    """The comparison without draws."""
    return compare(library, EntrySettings(draws=0))


def row(compared, label):
    return next(c for c in compared.rows if c.window.label == label)


@pytest.mark.parametrize(
    ("label", "volts"), [("Li3N", 0.444), ("LiCl", 3.984), ("Li2S", 2.24), ("Li2O", 2.86)]
)
def test_binaries_are_oxidised_at_their_tabulated_free_energies(compared, label, volts):
    assert row(compared, label).warm.nominal[1] == pytest.approx(volts, abs=0.05)


@pytest.mark.parametrize(
    ("label", "volts"), [("Li3N", 0.444), ("LiCl", 3.984), ("Li2S", 2.24), ("Li2O", 2.908)]
)
def test_as_enthalpies_they_lie_higher_by_no_more_than_the_entropy_of_the_gas(compared, label, volts):
    assert -0.05 < row(compared, label).window.nominal[1] - volts < 0.27


def test_the_electrolyte_of_the_paper_is_stable_against_lithium_and_oxidised_near_half_a_volt(compared):
    found = row(compared, "Li9N2Cl3")
    assert found.warm.nominal[0] == 0.0
    assert 0.4 < found.warm.nominal[1] < 0.6
    assert "N2" in next(iter(found.warm.oxidation_products))


def test_lithium_poor_nitride_chloride_agrees_with_the_measured_limit(compared):
    """Landgraf et al.: 0.6 V measured for Li5NCl2."""
    assert row(compared, "Li5NCl2").warm.nominal[1] == pytest.approx(0.6, abs=0.1)


def test_at_least_ten_materials_agree_with_the_literature_within_a_quarter_volt(compared):
    judged = [c for c in compared.rows if any(m is not None for m in c.misses)]
    near = [c for c in judged if all(m is None or abs(m) <= 0.25 for m in c.misses)]
    assert len(near) >= 10, [(c.window.label, c.misses) for c in judged]


def test_at_least_fifteen_materials_have_a_window(compared):
    assert len(compared.rows) >= 15
    assert all(c.window.nominal[1] >= c.window.nominal[0] for c in compared.rows)


def test_halides_are_reduced_far_above_lithium_and_oxidised_above_four_volts(compared):
    for label in ("Li3YCl6", "Li3InCl6", "Li2ZrCl6", "Li3HoCl6"):
        low, high = row(compared, label).window.nominal
        assert low > 0.5
        assert high > 4.0

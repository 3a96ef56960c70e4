import numpy as np
import pytest

from electrolith.core import Estimate
from electrolith.core.format import (
    as_stated,
    between,
    formula,
    formulas,
    interval,
    number,
    pm,
    prefixed,
    unit,
    with_unit,
)


def read_back(text):
    """Value and uncertainty of 1.200(14)e-4, by the digits alone."""
    head, _, rest = text.partition("(")
    inside, _, tail = rest.partition(")")
    places = len(head.partition(".")[2])
    doubt = float(inside) if "." in inside or not places else float(inside) * 10.0**-places
    scale = float(f"1{tail}") if tail else 1.0
    return float(head) * scale, doubt * scale


@pytest.mark.parametrize(
    ("value", "std", "expected"),
    [
        (1.2e-4, 1.4e-6, "1.200(14)e-4"),
        (76.6, 1.1, "76.6(1.1)"),
        (4.155772, 3.0e-5, "4.155772(30)"),
        (0.3795, 3.1e-4, "0.37950(31)"),
        (902.09, 1.13, "902.1(1.1)"),
        (123456.0, 2300.0, "1.235(23)e5"),
        (9.996, 0.0996, "10.00(10)"),  # both round upwards into another decade
        (0.5, 0.996, "0.5(1.0)"),
        (0.0, 0.3, "0.00(30)"),
        (1e-6, 1e-3, "0.0000(10)"),  # a value lost in its doubt
        (-2.5e-9, 3e-10, "-2.50(30)e-9"),
        (-0.001, 0.21, "0.00(21)"),  # never a negative zero
    ],
)
def test_the_doubt_has_two_digits_and_sets_those_of_the_value(value, std, expected):
    assert pm(value, std) == expected


def test_every_number_reads_back_to_within_its_last_digit(rng):
    for value, relative in zip(10 ** rng.uniform(-12, 8, 3000), 10 ** rng.uniform(-5, 1, 3000), strict=True):
        std = value * relative
        back, doubt = read_back(pm(value, std))
        assert abs(back - value) <= 0.0501 * std  # half of the second digit of the doubt, 5 % at most
        assert doubt == pytest.approx(std, rel=0.0501)


def test_the_digits_are_those_of_the_uncertainties_package(rng):
    ufloat = pytest.importorskip("uncertainties").ufloat
    for value, relative in zip(rng.uniform(0.01, 9e4, 2000), 10 ** rng.uniform(-4, -0.3, 2000), strict=True):
        std = value * relative
        theirs = f"{ufloat(value, std):.2uS}"
        if "e" not in theirs:
            assert pm(value, std) == theirs


def test_an_interval_that_leans_says_so():
    assert interval(2.16, 2.08, 2.31) == "2.16 (+0.15/-0.08)"
    assert interval(4.3e-5, 3.9e-5, 4.82e-5) == "4.30 (+0.52/-0.40)e-5"
    assert interval(2.0, 1.9, 2.1) == "2.00(10)"


def test_an_interval_wider_than_its_value_or_on_its_edge_stands_in_words():
    assert interval(1e-6, 2e-8, 4e-5) == "1e-6 (2e-8 to 4e-5)"
    assert interval(0.0, 0.0, 0.3) == "0 (0 to 0.3)"
    assert interval(3.0, 3.0, 3.0) == "3"
    assert between(1.2e-4, 1.17e-4, 1.23e-4) == "1.2e-4 (1.17e-4 to 1.23e-4)"


def test_a_solver_that_converged_to_nine_digits_does_not_print_them():
    assert interval(178.966204, 178.966201, 178.966208) == "178.9662"


def test_plain_numbers_have_four_digits_and_no_counted_zeros():
    assert [number(x) for x in (1210.0, 5480.0, 0.5, 19.0753, 123456.0, 1234567.0, 1.2e-4, 0.0, -0.0)] == [
        "1210", "5480", "0.5", "19.08", "123456", "1.235e6", "1.2e-4", "0", "0",
    ]  # fmt: skip
    assert [number(x) for x in (float("nan"), float("inf"), float("-inf"))] == ["–", "∞", "-∞"]
    assert number(0.99999, 3) == "1"


def test_a_number_that_somebody_wrote_keeps_its_digits():
    assert as_stated(4.15689) == "4.15689"
    assert as_stated(0.90 * 1e-3) == "9e-4"
    assert as_stated(19.0752634871) == "19.08"


def test_units_are_printed_as_papers_print_them():
    assert unit("ohm cm2") == "Ω cm²"
    assert unit("angstrom^3") == "Å³"
    assert unit("S cm-1") == "S cm⁻¹"
    assert unit("g/cm^3") == "g/cm³"
    assert unit("1/s^2") == "1/s²"
    assert unit("percent") == unit("%") == "%"
    assert unit("S/cm") == "S/cm"
    assert with_unit("0.3", "1") == "0.3"
    assert with_unit("25.0(10)", "degC") == "25.0(10) °C"


def test_prefixes_replace_exponents():
    assert prefixed(1.9e-4, "m") == "0.19 mm"
    assert prefixed(60.2e-12, "F") == "60.2 pF"
    assert prefixed(1.46e5, "Hz") == "146 kHz"
    assert prefixed(999.9, "Hz") == "1 kHz"  # rounds into the next prefix
    assert prefixed(0.05, "Hz") == "50 mHz"
    assert prefixed(0.0, "m") == "0 m"


def test_formulas_are_lowered_and_names_are_left_alone():
    assert formula("Li2.73Ho1.09Cl6") == "Li₂.₇₃Ho₁.₀₉Cl₆"
    text = "Li6PS5Cl (Li3N), Li10Ge(PS6)2 and Al2O3-coated LiNiO2."
    assert formulas(text) == "Li₆PS₅Cl (Li₃N), Li₁₀Ge(PS₆)₂ and Al₂O₃-coated LiNiO₂."
    for name in ("Li1", "SUS316", "Li3YCl6.cif", "mp-985583", "NCM83", "CR2032", "Li6PS5Cl-cold.csv", "C60"):
        assert formulas(name) == name


def test_an_estimate_is_written_by_the_same_rules(rng):
    ramp = np.linspace(-1.0, 1.0, 2001)  # its central 68 % reaches from -0.68 to 0.68
    assert Estimate(1.2e-4 + 2e-6 * ramp, "S/cm").text() == "1.200(14)e-4 S/cm"
    assert Estimate(1.2e-4 + 2e-6 * ramp, "S/cm").text(0.95) == "1.2e-4 (1.181e-4 to 1.219e-4) S/cm"
    assert Estimate.exact(0.19, "mm").text() == "0.19 mm"
    assert Estimate.unknown_doubt(4.15689, "angstrom").text() == "4.15689 Å (uncertainty not stated)"
    assert Estimate(np.zeros(50), "%").text() == "0 %"

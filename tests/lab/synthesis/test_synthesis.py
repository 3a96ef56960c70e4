"""Batches, reactions, samples, pellets: exact numbers and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.synthesis.batch import BatchSettings, plan_batch
from electrolith.lab.synthesis.formula import balance, formula_mass, parse_formula
from electrolith.lab.synthesis.pellet import crystal_density, pellet_density
from electrolith.lab.synthesis.samples import parse_sample_name, read_samples


@pytest.mark.parametrize(
    ("formula", "atoms"),
    [
        ("Li9N2Cl3", {"Li": 9, "N": 2, "Cl": 3}),
        ("Li4(OH)3Cl", {"Li": 4, "O": 3, "H": 3, "Cl": 1}),
        ("Li2.73Ho1.09Cl6", {"Li": 2.73, "Ho": 1.09, "Cl": 6}),
        ("MgSO4·7H2O", {"Mg": 1, "S": 1, "O": 11, "H": 14}),
        ("Ca3[Fe(CN)6]2", {"Ca": 3, "Fe": 2, "C": 12, "N": 12}),
    ],
)
def test_formulas_are_counted(formula, atoms):
    assert parse_formula(formula) == pytest.approx(atoms)


def test_molar_mass_of_lithium_chloride_by_hand():
    assert formula_mass("LiCl") == pytest.approx(6.94 + 35.45, abs=0.01)


def test_the_papers_reaction_is_balanced():
    found = balance(("Li3N", "LiCl"), ("Li9N2Cl3",))
    assert found.text() == "2 Li3N + 3 LiCl → Li9N2Cl3"


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        (("Li3N", "H2O"), ("LiOH", "NH3"), "Li3N + 3 H2O → 3 LiOH + NH3"),
        (("Li9N2Cl3", "H2O"), ("LiOH", "NH3", "LiCl"), "Li9N2Cl3 + 6 H2O → 6 LiOH + 2 NH3 + 3 LiCl"),
        (
            ("KMnO4", "HCl"),
            ("KCl", "MnCl2", "H2O", "Cl2"),
            "2 KMnO4 + 16 HCl → 2 KCl + 2 MnCl2 + 8 H2O + 5 Cl2",
        ),
        (("LiCl", "HoCl3"), ("Li2.73Ho1.09Cl6",), "273 LiCl + 109 HoCl3 → 100 Li2.73Ho1.09Cl6"),
    ],
)
def test_reactions_are_balanced_in_smallest_whole_numbers(left, right, text):
    assert balance(left, right).text() == text


@given(a=st.integers(1, 9), b=st.integers(1, 9), c=st.integers(1, 9))
def test_every_balance_conserves_every_element(a, b, c):
    product = f"Li{3 * a + b}N{a}Cl{b}O{c}"
    found = balance(("Li3N", "LiCl", "O2"), (product,))
    for element in ("Li", "N", "Cl", "O"):
        left = sum(n * parse_formula(f).get(element, 0) for f, n in found.reactants)
        right = sum(n * parse_formula(f).get(element, 0) for f, n in found.products)
        assert left == right


def test_batch_of_one_gram_by_hand():
    # n = 1/(2 M(Li3N) + 3 M(LiCl)); Li3N of 99.4 % purity, LiCl of 99.9 %
    found = plan_batch(BatchSettings(purity={"Li3N": 0.994, "LiCl": 0.999}))
    nitride, chloride = 3 * 6.94 + 14.007, 6.94 + 35.45
    n = 1 / (2 * nitride + 3 * chloride)
    assert found.weighings[0].mass * 1e3 == pytest.approx(2 * n * nitride / 0.994, rel=1e-5)
    assert found.weighings[1].mass * 1e3 == pytest.approx(3 * n * chloride / 0.999, rel=1e-5)
    assert found.balls / found.powder == pytest.approx(40, rel=0.01)
    assert found.ball_count == round(40 * found.powder / (6000 * np.pi / 6 * 5e-3**3))


def test_pure_precursors_weigh_what_the_product_does():
    found = plan_batch(BatchSettings(mass=2e-3, purity={"Li3N": 1.0, "LiCl": 1.0}))
    assert found.powder == pytest.approx(2e-3, rel=1e-9)
    assert not found.warnings


def test_an_excess_is_molar():
    plain = plan_batch(BatchSettings())
    more = plan_batch(BatchSettings(excess={"Li3N": 0.1}))
    assert more.weighings[0].mass == pytest.approx(1.1 * plain.weighings[0].mass)
    assert more.weighings[1].mass == plain.weighings[1].mass


def test_a_full_jar_is_said():
    found = plan_batch(BatchSettings(mass=5e-3, jar_volume=45e-6, powder_density=2400.0))
    expected = (found.balls / 6000 + found.powder / 2400) / 45e-6
    assert found.filling == pytest.approx(expected)
    assert any("above two thirds" in w for w in found.warnings)


def test_pellet_density_and_porosity_by_hand(rng):
    # 0.1 g, 10 mm, 0.9 mm: 0.1/(pi/4 * 1 * 0.09) = 1.4147 g/cm3
    found = pellet_density(
        Estimate.exact(0.1, "g"), Estimate.exact(10.0, "mm"), Estimate.normal(0.90, 0.02, "mm", rng=rng),
        crystal=Estimate.exact(1.6, "g/cm^3"),
    )  # fmt: skip
    assert found.density.value == pytest.approx(0.1 / (np.pi / 4 * 0.09), rel=2e-3)
    assert found.porosity.value == pytest.approx(100 - found.relative.value)
    assert found.density.std / found.density.value == pytest.approx(0.02 / 0.9, rel=0.1)


def test_crystal_density_of_rock_salt_lithium_chloride():
    # a 5.1295 A, four formula units: 2.068 g/cm3 (CRC Handbook: 2.07)
    assert crystal_density(formula_mass("LiCl"), units_per_cell=4, volume=5.1295**3) == pytest.approx(
        2.07, abs=0.02
    )


def test_a_pellet_denser_than_its_crystal_is_refused():
    exact = Estimate.exact
    with pytest.raises(InputError, match=r"the pellet is 212\.2 % as dense as its crystal"):
        pellet_density(exact(0.3, "g"), exact(10.0, "mm"), exact(0.9, "mm"), crystal=exact(2.0, "g/cm^3"))


@pytest.mark.parametrize(
    ("name", "conditions"),
    [
        ("Li9N2Cl3-500rpm-24h", ("Li9N2Cl3", 500, 24)),
        ("LNC_600 rpm_16 hours", ("LNC", 600, 16)),
        ("Li9N2Cl3-500rpm-0.5h", ("Li9N2Cl3", 500, 0.5)),
    ],
)
def test_sample_names_tell_their_conditions(name, conditions):
    found = parse_sample_name(name)
    assert (found.product, found.speed, found.hours) == conditions


def test_a_heat_treatment_in_the_name_is_read():
    assert parse_sample_name("Li9N2Cl3-500rpm-24h-250C").heat == 250


def test_a_table_of_samples_gets_its_conditions_from_the_names(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text(
        "sample,a (angstrom),sigma (S/cm)\nLNC-500rpm-24h,5.3506(3),4.3e-5\nLNC-500rpm-16h,5.352,-\n"
    )
    found = read_samples(path)
    assert found.columns == ("speed (rpm)", "time (h)", "a (angstrom)", "sigma (S/cm)")
    assert found.column("time").tolist() == [24, 16]
    assert found.error("a")[0] == pytest.approx(3e-4)
    assert np.isnan(found.column("sigma")[1])


def test_decimal_commas_in_a_table_are_read(tmp_path):
    (tmp_path / "s.csv").write_text("sample;a\nx;5,35\ny;5,36\n")
    assert read_samples(tmp_path / "s.csv").column("a").tolist() == [5.35, 5.36]


def test_duplicate_sample_names_are_refused(tmp_path):
    (tmp_path / "s.csv").write_text("sample,a\nx,1\ny,2\nx,3\n")
    with pytest.raises(DataError, match=r"sample 'x' comes twice \(rows 2, 4\); names must be unique"):
        read_samples(tmp_path / "s.csv")


def test_a_cell_that_is_no_number_is_named(tmp_path):
    (tmp_path / "s.csv").write_text("sample,a\nx,1\ny,much\n")
    with pytest.raises(DataError, match="row 3, column 'a': 'much' is no number"):
        read_samples(tmp_path / "s.csv")


def test_an_unknown_column_names_the_nearest(tmp_path):
    (tmp_path / "s.csv").write_text("sample,porosity\nx,1\ny,2\n")
    with pytest.raises(InputError, match="no 'porosty'; did you mean 'porosity'"):
        read_samples(tmp_path / "s.csv").column("porosty")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: parse_formula("Li9N2Cx3"), "no 'Cx'; did you mean"),
        (lambda: parse_formula("Li(OH"), "a bracket is not closed"),
        (lambda: parse_formula("li3n"), "'l' is no part of a formula"),
        (lambda: parse_formula(""), "is empty"),
        (lambda: balance(("Li3N",), ("LiCl",)), "Cl, N stands on one side only"),
        (lambda: balance(("Li3N", "LiCl"), ("Li2NCl3",)), "cannot be balanced"),
        (
            lambda: balance(("LiCl", "Li3N"), ("Li9N2Cl3", "LiCl")),
            "independent balances; leave a substance out",
        ),
        (
            lambda: BatchSettings(purity={"Li2O": 0.9}),
            r"purity of Li2O, which is no precursor \(Li3N, LiCl\)",
        ),
        (
            lambda: BatchSettings(purity={"LiCl": 99.9}),
            "purity of LiCl must lie above 0 and at most 1, got 99.9",
        ),
        (lambda: parse_sample_name("batch 7"), "tells no conditions; expected like 'Li9N2Cl3-500rpm-24h'"),
    ],
)
def test_what_means_nothing_is_refused(call, text):
    with pytest.raises(InputError, match=text):
        call()

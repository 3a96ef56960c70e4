"""The audit finds what does not agree, and only that."""

import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.lab.cycling.audit import Reported, audit
from electrolith.lab.cycling.printed import half_digit
from electrolith.lab.cycling.published import audit_published, read_published
from electrolith.lab.cycling.relations import evaluate


def test_disagreements_of_the_published_work_are_found(shared_paper):
    findings = audit(read_published(shared_paper / "published.yaml"))
    odd = {f.names[0]: f for f in findings if f.verdict != "agrees"}
    assert odd["retention_0p5c"].verdict == "reference not stated"
    assert "114 mAh/g" in odd["retention_0p5c"].text
    # 120 ohm from thickness and conductivity, 200 ohm stated
    assert odd["lhc_layer_resistance"].verdict == "disagrees"
    assert sum(odd["lhc_layer_resistance"].expected) / 2 == pytest.approx(120, rel=0.02)
    # 38 mV from the layers, 50 to 60 mV shown
    assert odd["sym_overpotential_0p1"].verdict == "disagrees"
    assert sum(odd["sym_overpotential_0p1"].expected) / 2 == pytest.approx(37.7, rel=0.02)
    assert odd["sym_overpotential_0p1"].stated == (50, 60)
    # five decades stated, 4.4 from the two conductivities
    assert odd["ionic_electronic_gap"].expected[0] == pytest.approx(4.4, abs=0.05)
    assert set(odd) == {
        "retention_0p5c",
        "lhc_layer_resistance",
        "sym_overpotential_0p1",
        "ionic_electronic_gap",
        "lpsc_retention_0p1c",
        "lpsc_retention_0p5c",
    }


def test_agreements_of_the_published_work_are_confirmed(shared_paper):
    good = {
        f.names[0] for f in audit(read_published(shared_paper / "published.yaml")) if f.verdict == "agrees"
    }
    assert {
        "high_loading_areal_capacity",
        "areal_current_1c",
        "capacity_after_250_0p1c",
        "high_loading_areal_capacity_final",
        "overpotential_at_ccd",
        "eis_pressing_pressure",
        "lnc_layer_resistance",
        "trilayer_resistance",
        "full_cell_area",
    } <= good


def own_numbers(areal=(0.928, 0.930)):
    return (
        Reported("m", "loading", 4.455, 4.465, "A"),
        Reported("q", "specific capacity", 208.15, 208.25, "A", {"c_rate": "0.1"}),
        Reported("Q", "areal capacity", *areal, "A", {"c_rate": "0.1"}),
    )


def test_a_wrong_areal_capacity_is_found_and_a_right_one_is_not():
    assert [f.verdict for f in audit(own_numbers())] == ["agrees"]
    (finding,) = audit(own_numbers(areal=(1.02, 1.03)))
    assert finding.verdict == "disagrees"
    assert "loading × specific capacity = areal capacity: 0.9286 mAh/cm2 expected" in finding.text


def test_numbers_of_different_cells_are_not_mixed():
    other = Reported("Q", "areal capacity", 5.0, 5.1, "B", {"c_rate": "0.1"})
    assert audit((*own_numbers()[:2], other)) == ()


def test_a_file_that_is_no_list_of_numbers_is_refused(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: 3\n")
    with pytest.raises(DataError, match="expected groups of entries with id, quantity, value and unit"):
        read_published(path)
    path.write_text("a: [")
    with pytest.raises(DataError, match="cannot be read as YAML"):
        read_published(path)


OWN = """
numbers:
  - {id: a, quantity: lattice parameter a, material: X, value: 5.000, unit: angstrom}
  - {id: d, quantity: Li-N interatomic distance, material: X, value: %s, unit: angstrom}
"""


def findings_of(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    return audit_published(path)


def test_a_distance_is_held_against_the_lattice_parameter(tmp_path):
    # √3/4 × 5 = 2.165
    (good,), _ = findings_of(tmp_path, OWN % "2.17")
    assert good.verdict == "agrees"
    (bad,), _ = findings_of(tmp_path, OWN % "2.24")
    assert bad.verdict == "disagrees"
    assert "2.165 angstrom expected" in bad.text
    assert bad.names == ("d", "a")


def test_trailing_zeros_keep_their_meaning(tmp_path):
    assert half_digit("1.0") == pytest.approx(0.05)
    assert half_digit("1.00") == pytest.approx(0.005)
    assert half_digit("500") == pytest.approx(0.5)
    assert half_digit("500", zeros=True) == pytest.approx(50)
    assert half_digit("4.30e-5") == pytest.approx(0.005e-5)
    # 2.2 may be 2.165 rounded, 2.20 may not
    (loose,), _ = findings_of(tmp_path, OWN % "2.2")
    (tight,), _ = findings_of(tmp_path, OWN % "2.20")
    assert (loose.verdict, tight.verdict) == ("agrees", "disagrees")


def test_a_list_of_which_nothing_is_understood_is_no_list_without_contradictions(tmp_path):
    text = "numbers:\n  - {id: x, quantity: colour, value: 3, unit: none}\n"
    with pytest.raises(DataError, match="none of 1 entries was understood, so nothing could be checked"):
        findings_of(tmp_path, text)


def test_a_study_adds_relations_of_its_own(tmp_path):
    text = """
relations:
  - name: mass over volume is below the crystal density
    formula: rho
    equals: m / (t * 0.7854)
    how: at most
    quantities:
      m: {quantity: pellet mass, unit: g}
      t: {quantity: pellet thickness, unit: cm}
      rho: {quantity: crystal density, unit: g/cm3}
numbers:
  - {id: m, quantity: pellet mass, material: X, value: %s, unit: mg}
  - {id: t, quantity: pellet thickness, material: X, value: 1.00, unit: mm}
  - {id: r, quantity: crystal density, material: X, value: 1.63, unit: g/cm3}
"""
    (light,), _ = findings_of(tmp_path, text % "110.0")  # 1.40 g/cm3
    (heavy,), _ = findings_of(tmp_path, text % "150.0")  # 1.91 g/cm3
    assert (light.verdict, heavy.verdict) == ("agrees", "disagrees")
    with pytest.raises(InputError, match="did you mean 'm'"):
        findings_of(tmp_path, (text % "110.0").replace("equals: m /", "equals: mm /"))
    with pytest.raises(InputError, match="how must be equal, at most or at least, got 'near'"):
        findings_of(tmp_path, (text % "110.0").replace("at most", "near"))


def test_a_formula_is_arithmetic_and_nothing_else():
    assert evaluate("sqrt(3) / 4 * a ** 2", {"a": 2.0}) == pytest.approx(3**0.5)
    for text in ("__import__('os')", "a.b", "a[0]", "lambda: 1", "open(a)", "'x'"):
        with pytest.raises(InputError, match="formula"):
            evaluate(text, {"a": 1.0})


def test_the_shipped_relations_find_the_contradictions_of_the_published_work(shared_paper):
    findings, count = audit_published(shared_paper / "published.yaml")
    odd = {(f.names[0], f.relation.split(" ")[0]) for f in findings if f.verdict == "disagrees"}
    assert {
        ("lhc_layer_resistance", "thickness/(conductivity"),
        ("sym_overpotential_0p1", "resistance"),
        ("ionic_electronic_gap", "log10(ionic/electronic"),
        ("pdf_li_anion_distance_obs", "Li-anion"),
        ("pdf_li_anion_distance_calc", "Li-anion"),
        ("li_vacancy_concentration", "Li"),
        ("anion_vacancy_concentration", "anion"),
        ("gain_over_previous_conductivity", "log10(conductivity"),
        ("high_loading_specific_capacity", "a"),
        ("li_density", "density"),
    } == odd
    assert count > 60

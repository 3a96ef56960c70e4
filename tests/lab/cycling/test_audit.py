"""The audit finds what does not agree, and only that."""

import pytest

from electrolith.core.errors import DataError
from electrolith.lab.cycling.audit import Reported, audit
from electrolith.lab.cycling.published import read_published


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

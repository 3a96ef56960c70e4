"""Windows: by hand, against pymatgen, for metastable and unstable phases, with error bars."""

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PhaseDiagram
from pymatgen.core import Composition, Element

from electrolith.core.errors import InputError
from electrolith.stability.library import composition_of
from electrolith.stability.material import Material, hull_place, refuse_unbalanced
from electrolith.stability.window import WindowSettings, window


def test_a_binary_is_oxidised_where_its_formation_energy_per_ion_says(toy):
    found = window(Material("Li2O"), toy({"Li2O": -6.0}))
    assert found.nominal == pytest.approx((0.0, 3.0), abs=1e-9)
    assert found.oxidation_products == {"O2": 1.0}


def test_lithium_nitride_by_hand_from_its_free_energy_in_si(toy):
    by_hand = 128.64e3 / (3 * 96485.33212)  # V; Li3N = 3 Li + N
    found = window(Material("Li3N"), toy({"Li3N": -128.64e3 / 96485.33212}))
    assert found.nominal[1] == pytest.approx(by_hand, abs=1e-9)


def test_the_whole_ladder_of_a_ternary_by_hand(toy):
    entries = toy({"LiBO": -1.0, "Li3B": -1.5})
    found = window(Material("LiBO"), entries, WindowSettings(highest=3.0))
    # LiBO + 2 Li -> Li3B + O gains 0.5 eV for two ions; LiBO -> Li + B + O costs 1 eV for one
    assert found.nominal == pytest.approx((0.25, 1.0), abs=1e-9)
    assert [round(p.uptake, 6) for p in found.ladder] == [2.0, 0.0, -1.0]
    assert found.ladder[0].products == pytest.approx({"Li3B": 1.0, "O2": 1.0})
    assert found.decomposition[0] == pytest.approx((-1.5 + 1.0) / 3)


def test_corners_and_uptake_equal_pymatgens_element_profile(li_fe_o, li_fe_o_set):
    diagram = PhaseDiagram(li_fe_o)
    lithium = diagram.el_refs[Element("Li")].energy_per_atom
    for formula in ("Li5FeO4", "LiFeO2", "LiFe5O8", "Li2FeO3"):
        profile = diagram.get_element_profile(Element("Li"), Composition(formula))
        theirs = sorted(lithium - step["chempot"] for step in profile)
        ours = window(Material(formula), li_fe_o_set, WindowSettings(highest=8.0))
        corners = list(ours.voltages[1:-1])
        steps = [v for v in theirs if 1e-6 < v < 8.0]
        for v in steps:
            assert min(abs(v - c) for c in corners) < 1e-6
        uptake = {round(p.uptake, 5) for p in ours.ladder}
        assert {round(float(s["evolution"]), 5) for s in profile if lithium - s["chempot"] < 8.0} & uptake


def test_a_phase_above_the_hull_has_the_limits_of_its_decomposition_products(toy):
    entries = toy({"LiCl": -4.0, "Li3N": -1.5, "Li4NCl": -5.4})  # 0.1 eV above LiCl + Li3N
    metastable = window(Material("Li4NCl"), entries)
    on_hull = window(Material("Li4NCl", energy="hull"), entries)
    assert metastable.nominal == pytest.approx(on_hull.nominal)
    assert metastable.place.energy_above_hull.value == pytest.approx(0.1 / 6)
    assert "above the hull" in metastable.verdict
    assert "on the hull" in on_hull.place.energy_taken


def test_an_unstable_phase_has_no_window_and_says_so(toy):
    entries = toy({"Li2S": -4.5, "Li4PS": -1.0, "Li3P": -3.0, "LiP": -1.2, "PS": -2.4})
    found = window(Material("LiPS"), entries.with_phase("LiPS", "x", 0.5))
    assert found.nominal[1] - found.nominal[0] < 1e-6
    assert "stable at no potential" in found.verdict


def test_a_divalent_ion_halves_the_voltage(toy):
    found = window(Material("MgO"), toy({"MgO": -6.0}), WindowSettings(working_ion="Mg", charge=2))
    assert found.nominal[1] == pytest.approx(3.0)


def test_shifting_all_energies_along_the_elements_changes_nothing(li_fe_o):
    from electrolith.stability.entries import entries_from_pymatgen

    shift = {"Li": 0.7, "Fe": -1.1, "O": 0.3}
    moved = [
        type(e)(e.composition, e.energy + sum(shift[x.symbol] * n for x, n in e.composition.items()))
        for e in li_fe_o
    ]
    before = window(Material("LiFeO2"), entries_from_pymatgen(li_fe_o)).nominal
    assert window(Material("LiFeO2"), entries_from_pymatgen(moved)).nominal == pytest.approx(before, abs=1e-9)


def test_resampling_reproduces_the_propagated_error_of_a_binary(toy):
    entries = toy({"LiCl": -4.0}, error=0.05, draws=4000)
    found = window(Material("LiCl"), entries)
    assert found.oxidation.value == pytest.approx(4.0, abs=0.005)
    assert found.oxidation.std == pytest.approx(0.05, rel=0.1)


def test_product_sets_are_counted_over_the_draws(toy):
    entries = toy({"Li2S": -4.4, "LiS": -2.2}, error=0.05, draws=400)
    shares = window(Material("Li2S"), entries).oxidation_products
    assert sum(shares.values()) == pytest.approx(1.0)
    assert len(shares) == 2


def test_without_draws_the_doubt_is_unknown_not_zero(toy):
    assert window(Material("LiCl"), toy({"LiCl": -4.0})).oxidation.doubt == "unknown"


def test_configurational_entropy_widens_the_window_of_a_disordered_phase(toy):
    entries = toy({"LiCl": -4.0, "Li3N": -1.5, "Li4NCl": -5.5})
    plain = window(Material("Li4NCl"), entries)
    mixed = window(Material("Li4NCl", configurational_entropy=2.0, entropy_temperature=1000.0), entries)
    assert mixed.nominal[1] > plain.nominal[1]
    assert "configurational entropy" in mixed.place.energy_taken
    gained = plain.place.energy_above_hull.value - mixed.place.energy_above_hull.value
    assert gained == pytest.approx(2.0 * 8.617333262e-5 * 1000.0 / 6)


def test_a_given_formation_energy_takes_the_place_of_an_entry(toy):
    entries = toy({"LiCl": -4.0, "Li3N": -1.5})
    place = hull_place(Material("Li4NCl", formation_energy=-1.0), entries)
    assert place.energy_above_hull.value == pytest.approx(-1.0 + 5.5 / 6)


def test_an_absent_open_element_is_refused(toy):
    with pytest.raises(InputError, match="open element Li is not in the entries"):
        window(Material("NaCl"), toy({"NaCl": -4.0}))


def test_a_material_without_an_energy_is_refused_with_the_ways_out(toy):
    with pytest.raises(InputError, match=r"nearest in composition: Li3N.*energy: hull"):
        window(Material("Li5N"), toy({"Li3N": -1.5}))


@pytest.mark.parametrize(
    "formula", ["Li9N2Cl3", "LiNO3", "Li2O2", "LiNiO2", "Li7P3S11", "Li10GeP2S12", "LiCoO2"]
)
def test_balanced_compounds_pass(formula):
    refuse_unbalanced(formula)


@pytest.mark.parametrize("formula", ["Li9N2Cl4", "Li3YCl7", "LiCl2"])
def test_unbalanced_compounds_are_refused(formula):
    with pytest.raises(InputError, match="charges do not balance"):
        refuse_unbalanced(formula)


def test_a_drawn_ladder_is_concave_and_starts_at_the_metal(toy):
    found = window(Material("LiBO"), toy({"LiBO": -1.0, "Li3B": -1.5}))
    slopes = np.diff(found.decomposition) / np.diff(found.voltages)
    assert np.all(np.diff(slopes) <= 1e-9)


@pytest.mark.parametrize("formula", ["Li", "LiLiLi", "Li3"])
def test_the_metal_of_the_working_ion_has_no_window(toy, formula):
    with pytest.raises(InputError, match="is the metal of the working ion itself, it has no window"):
        window(Material(formula), toy({"Li2O": -6.0}))


@pytest.mark.parametrize("formula", ["Li1e999", "Li" + "9" * 400, "Li0", "x" * 10_000, "("])
def test_what_is_no_formula_is_refused_briefly(formula):
    with pytest.raises(InputError, match="is not a chemical formula; expected one like Li3YCl6") as caught:
        composition_of(formula)
    assert len(str(caught.value)) < 400


def test_decomposition_energy_along_the_voltage_by_hand(toy):
    """Li2O of -6 eV: above 3 V it gains 2 V - 6 eV a formula unit by giving off its lithium."""
    found = window(Material("Li2O"), toy({"Li2O": -6.0}))
    at = dict(zip(found.voltages.tolist(), found.decomposition.tolist(), strict=True))
    assert at[0.0] == pytest.approx(0.0, abs=1e-9)
    assert at[7.0] == pytest.approx(-(2 * 7.0 - 6.0) / 3, abs=1e-9)

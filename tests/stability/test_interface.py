"""Interfaces: symmetric under exchange, exact at the ends, equal to pymatgen closed and open."""

import numpy as np
import pytest
from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity, InterfacialReactivity
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PhaseDiagram
from pymatgen.core import Composition, Element

from electrolith.core.errors import InputError
from electrolith.stability.interface import InterfaceSettings, interface
from electrolith.stability.material import Material


def test_two_elements_form_their_compound_at_the_right_ratio_by_hand(toy):
    found = interface(Material("Li"), Material("Cl"), toy({"LiCl": -4.0}))
    assert found.mutual.value == pytest.approx(-2.0)  # eV per atom
    assert found.mutual_fraction == pytest.approx(0.5)
    assert found.mutual_products == pytest.approx({"LiCl": 0.5})


def test_exchanging_the_phases_mirrors_the_kinks(li_fe_o_set):
    one = interface(Material("Li2O"), Material("Fe2O3"), li_fe_o_set)
    other = interface(Material("Fe2O3"), Material("Li2O"), li_fe_o_set)
    assert [k.fraction for k in one.kinks] == pytest.approx([1 - k.fraction for k in other.kinks[::-1]])
    assert [k.total for k in one.kinks] == pytest.approx([k.total for k in other.kinks[::-1]], abs=1e-9)


def test_the_ends_are_the_phases_alone(toy):
    entries = toy({"LiCl": -4.0, "Li3N": -1.5, "Li4NCl": -5.4, "LiN": -0.1})
    found = interface(Material("Li4NCl"), Material("LiN"), entries)
    assert found.kinks[-1].total == pytest.approx(-0.1 / 6)  # Li4NCl is 0.1 eV above LiCl + Li3N
    assert found.kinks[0].mutual == pytest.approx(0.0, abs=1e-12)
    assert found.kinks[-1].mutual == pytest.approx(0.0, abs=1e-12)


def test_mutual_is_total_less_what_each_phase_loses_alone(toy):
    entries = toy({"LiCl": -4.0, "Li3N": -1.5, "Li4NCl": -5.4, "LiN": -0.1})
    found = interface(Material("Li4NCl"), Material("LiN"), entries)
    for kink in found.kinks:
        alone = kink.fraction * found.own_first.value + (1 - kink.fraction) * found.own_second.value
        assert kink.mutual == pytest.approx(kink.total - alone, abs=1e-12)


def _theirs(kinks):
    return sorted((round(float(x), 6), float(e)) for _, x, e, *_ in kinks)


def test_closed_reactions_equal_pymatgens_at_every_kink(li_fe_o, li_fe_o_set):
    diagram = PhaseDiagram(li_fe_o)
    for a, b in (("Li2O", "Fe2O3"), ("Li5FeO4", "Fe"), ("LiFe5O8", "Li")):
        theirs = InterfacialReactivity(Composition(a), Composition(b), diagram, use_hull_energy=False)
        ours = interface(Material(a), Material(b), li_fe_o_set)
        grid = dict(_theirs(theirs.get_kinks()))
        for x, energy in grid.items():
            value = np.interp(x, [k.fraction for k in ours.kinks], [k.total for k in ours.kinks])
            assert value == pytest.approx(energy, abs=1e-6)
        assert ours.total.value == pytest.approx(theirs.minimum[1], abs=1e-6)


def test_open_reactions_equal_pymatgens_in_its_own_unit(li_fe_o, li_fe_o_set):
    diagram = PhaseDiagram(li_fe_o)
    lithium = diagram.el_refs[Element("Li")].energy_per_atom
    for voltage in (0.5, 2.0, 3.5):
        grand = GrandPotentialPhaseDiagram(li_fe_o, {Element("Li"): lithium - voltage})
        theirs = GrandPotentialInterfacialReactivity(
            Composition("Li5FeO4"),
            Composition("Fe2O3"),
            grand_pd=grand,
            pd_non_grand=diagram,
            include_no_mixing_energy=True,
            use_hull_energy=False,
        )
        ours = interface(
            Material("Li5FeO4"), Material("Fe2O3"), li_fe_o_set, InterfaceSettings({"Li": -voltage})
        )
        for x, energy in _theirs(theirs.get_kinks()):
            point = np.interp(x, [k.fraction for k in ours.kinks], [k.total for k in ours.kinks])
            lithium_share = x * 0.5  # Li5FeO4 is half lithium, Fe2O3 has none
            assert point / (1 - lithium_share) == pytest.approx(energy, abs=1e-6)


def test_total_and_mutual_differ_when_a_phase_decomposes_by_itself(li_fe_o_set):
    found = interface(Material("Li5FeO4"), Material("Fe2O3"), li_fe_o_set, InterfaceSettings({"Li": -4.5}))
    assert found.total.value < found.mutual.value - 0.01


def test_lithium_taken_up_closes_the_balance(li_fe_o_set):
    found = interface(Material("Fe2O3"), Material("Li2O"), li_fe_o_set, InterfaceSettings({"Li": -0.2}))
    for kink in found.kinks:
        held = sum(n * dict(Composition(f).items()).get(Element("Li"), 0) for f, n in kink.products.items())
        brought = (1 - kink.fraction) * 2 / 3
        assert held == pytest.approx(brought + kink.exchanged["Li"], abs=1e-6)


def test_phases_that_do_not_react_are_said_not_to(toy):
    found = interface(Material("LiCl"), Material("LiF"), toy({"LiCl": -4.0, "LiF": -6.0}))
    assert found.mutual.value == pytest.approx(0.0, abs=1e-9)
    assert "no reaction of their own" in found.verdict


def test_an_open_element_outside_the_entries_is_refused(toy):
    with pytest.raises(InputError, match="open element Mg is not in the entries"):
        interface(Material("LiCl"), Material("Li"), toy({"LiCl": -4.0}), InterfaceSettings({"Mg": -1.0}))


def test_resampled_reaction_energies_scatter_as_the_compound_does(toy):
    found = interface(Material("Li"), Material("Cl"), toy({"LiCl": -4.0}, error=0.1, draws=2000))
    assert found.mutual.std == pytest.approx(0.05, rel=0.1)  # eV per atom of a two-atom compound

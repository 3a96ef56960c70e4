"""No hull without its competitors: what a chemical system lacks is filled from tables, named, or refused."""

import pytest

from electrolith.core.constants import EV_PER_KJ_PER_MOL
from electrolith.core.errors import InputError
from electrolith.stability.coverage import gaps
from electrolith.stability.entries import EntrySettings, entries_of
from electrolith.stability.interface import InterfaceSettings, interface
from electrolith.stability.library import composition_of, reduced
from electrolith.stability.material import Material
from electrolith.stability.moisture import MoistureSettings, moisture
from electrolith.stability.window import WindowSettings, window


def entries(library, formula, ion="Li", **how):
    elements = {e for f in formula.split() for e, _ in composition_of(f)} | {ion}
    return entries_of(library, elements, EntrySettings(draws=4, **how))


@pytest.mark.parametrize(
    ("formula", "ion", "enthalpy", "electrons"),
    [
        ("AlCl3", "Al", -704.2, 3),
        ("AlF3", "Al", -1510.4, 3),
        ("YCl3", "Y", -1000.0, 3),
        ("Al2O3", "Al", -1675.7, 6),
        ("ZrF4", "Zr", -1911.3, 4),
    ],
)
def test_oxidation_of_a_binary_is_its_tabulated_enthalpy_per_charge(
    library, formula, ion, enthalpy, electrons
):
    charge = {"Zr": 4}.get(ion)  # zirconium has one common state too, but it is given here
    found = window(
        Material(formula, energy="hull"), entries(library, formula, ion), WindowSettings(ion, charge=charge)
    )
    assert found.nominal == pytest.approx((0.0, -enthalpy * EV_PER_KJ_PER_MOL / electrons), abs=0.012)


def test_chloroaluminate_falls_apart_into_chlorides_and_not_into_elements(library):
    found = window(Material("LiAlCl4", energy="hull"), entries(library, "LiAlCl4"))
    assert set(found.place.products) == {"AlCl3", "LiCl"}
    # 3 Li + AlCl3 -> 3 LiCl + Al: (3 · 408.6 - 704.2) kJ/mol over three electrons
    assert found.nominal[0] == pytest.approx((3 * 408.6 - 704.2) / 3 * EV_PER_KJ_PER_MOL, abs=0.01)
    assert found.nominal[1] == pytest.approx(408.6 * EV_PER_KJ_PER_MOL, abs=0.01)


@pytest.mark.parametrize("formula", ["LiBF4", "LiPF6", "Li2ZrF6", "Li3AlF6", "Li2SiF6"])
def test_complex_fluorides_have_a_window_once_the_binary_fluoride_is_there(library, formula):
    found = window(Material(formula, energy="hull"), entries(library, formula))
    assert found.nominal[1] > found.nominal[0] + 2
    assert not found.missing


def test_fluoride_beside_a_cathode_no_longer_gives_off_oxygen_fluoride(library):
    one, other = Material("Li3AlF6", energy="hull"), Material("LiCoO2")
    found = interface(one, other, entries(library, "Li3AlF6 LiCoO2"))
    assert not any(reduced("OF2") in k.products for k in found.kinks)
    assert found.mutual.value > -0.2


def test_without_the_tables_the_same_questions_are_refused_and_say_what_is_missing(library):
    bare = entries(library, "LiAlCl4", scheme="engine")
    assert [g.example for g in gaps(bare)] == ["AlCl3"]
    with pytest.raises(InputError, match=r"window of LiAlCl4: not enough phases: .* Al and Cl apart.* AlCl3"):
        window(Material("LiAlCl4", energy="hull"), bare)
    contact = entries(library, "Li3AlF6 LiCoO2", scheme="engine")
    with pytest.raises(InputError, match="interface of Li3AlF6 and LiCoO2: not enough phases"):
        interface(Material("Li3AlF6", energy="hull"), Material("LiCoO2"), contact)


def test_gap_on_which_the_answer_does_not_stand_is_named_beside_it(library):
    found = window(Material("AlPO4"), entries(library, "AlPO4"))
    assert found.missing == ("P2O5 (no compound of P and O)",)
    assert found.verdict.endswith(
        "the library lacks P2O5 (no compound of P and O), which could only narrow the window"
    )


def test_end_of_the_scan_is_no_limit(library):
    found = window(Material("LiF"), entries(library, "LiF"), WindowSettings(highest=5.0))
    assert "not oxidised up to 5 V, where the scan ends" in found.verdict


def test_anions_elements_and_impossible_reservoirs_are_refused_in_a_sentence(library):
    with pytest.raises(InputError, match=r"at least 1, got -2 for O: against an anion"):
        WindowSettings("O").ion_charge  # noqa: B018
    with pytest.raises(InputError, match="Cl has several oxidation states"):
        WindowSettings("Cl")
    with pytest.raises(InputError, match="Cl2 is an element, it has no window"):
        window(Material("Cl2"), entries(library, "LiCl"))
    pair = entries(library, "LiCl")
    with pytest.raises(InputError, match="Li is nothing but the open element"):
        interface(Material("LiCl"), Material("Li"), pair, InterfaceSettings({"Li": -4.2}))
    with pytest.raises(InputError, match=r"\+1 eV lies above the pure element Li"):
        interface(
            Material("LiCl"), Material("Li3N"), entries(library, "LiCl Li3N"), InterfaceSettings({"Li": 1.0})
        )


def test_dew_point_above_the_temperature_is_refused(library):
    settings = MoistureSettings(dew_point=353.15, temperature=298.15, draws=0)
    with pytest.raises(InputError, match=r"dew point of 80 °C at 25 °C is 15\.2 times saturation"):
        moisture(Material("Li2O"), library, settings)


@pytest.mark.parametrize(
    ("written", "formula"),
    [
        ("LiOH.H2O", "LiH3O2"),
        ("LiCl·H2O", "LiClH2O"),
        ("MgCl2.6H2O", "MgCl2H12O6"),
        ("MgCl2 · 6 H2O", "MgCl2H12O6"),
        ("Li0.5CoO2", "LiCo2O4"),
        ("Li9.54Si1.74P1.44S11.7Cl0.3", "Li9.54Si1.74P1.44S11.7Cl0.3"),
    ],
)
def test_hydrates_are_formulas_and_decimal_points_stay_what_they_are(written, formula):
    assert reduced(written) == reduced(formula)

"""The commands without a study file, and the section of the study."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.archive import load, save
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.stability.comparison import electrolytes
from electrolith.stability.disorder import ideal_mixing_entropy
from electrolith.stability.entries import EntrySettings
from electrolith.stability.library import relaxed_structure
from electrolith.stability.material import Material
from electrolith.stability.stack import StackSettings, stack
from electrolith.study.commands import app
from electrolith.study.sections.contact_parts import stack_part
from electrolith.study.sections.stability import SECTION, Stability, phase_in, stability_window


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_a_window_is_printed_with_its_error_and_fingerprint():
    found = run("window", "Li5NCl2", "--draws", "20")
    assert found.exit_code == 0, found.output
    text = " ".join(found.output.split())
    assert "stable against Li metal" in text
    assert "entry set" in text


def test_a_window_as_data_holds_its_ladder():
    found = run("window", "LiCl", "--draws", "5", "--json", "-")
    fields = json.loads(found.stdout)["data"][0]
    assert fields["formula"] == "LiCl"
    assert len(fields["ladder"]) == 2


def test_an_interface_closed_and_open():
    found = run("interface", "Li3N", "LiCl", "--open", "Li=4.0V", "--draws", "5")
    assert found.exit_code == 0, found.output
    text = " ".join(found.output.split())
    assert "Li3N | LiCl, closed" in text
    assert "open to Li at 4 V" in text


def test_moisture_by_dew_point():
    found = run("moisture", "Li3N", "--dew-point", "-60 degC", "--no-map", "--draws", "5")
    assert found.exit_code == 0, found.output
    text = " ".join(found.output.split())
    assert "Li3N + 3 H2O" in text
    assert "kinetics holds it" in text


def test_relative_humidity_stands_for_its_dew_point():
    found = run("moisture", "LiCl", "--relative-humidity", "40 %", "--no-map", "--draws", "5")
    assert "LiCl + H2O -> LiCl·H2O" in " ".join(found.output.split())


def test_an_entry_of_the_user_moves_a_window(tmp_path):
    own = tmp_path / "own.csv"
    own.write_text(
        "formula,id,energy_per_atom,engine,scheme,species,volume_per_atom\n"
        "Li2N,mine,-4.7,chgnet-0.3.0,MP2020-in-labels,N:1,12\n"
    )
    plain, added = (
        json.loads(run("window", "Li3N", "--draws", "0", "--json", "-", *more).stdout)["data"][0]
        for more in ((), ("--entries", str(own)))
    )
    assert added["fingerprint"] != plain["fingerprint"]
    assert added["nominal"][1] < plain["nominal"][1]


def test_an_entry_of_another_engine_is_refused(tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("formula,id,energy_per_atom,engine,scheme\nLi2N,mine,-4.4,vasp,pbe\n")
    found = run("window", "Li3N", "--entries", str(own))
    assert "Li2N (mine) is vasp with pbe" in str(found.exception)


def test_a_dry_run_of_the_build_computes_nothing(tmp_path):
    found = run("phases", "build", "--dry-run", "--out", str(tmp_path / "out"))
    assert found.exit_code == 0, found.output
    assert "would be relaxed" in " ".join(found.output.split())
    assert not (tmp_path / "out").exists()


def test_the_difference_of_a_library_with_itself_is_empty(tmp_path):
    from electrolith.stability.library import DATA

    found = run("phases", "diff", str(DATA / "phases_chgnet.csv"))
    assert "0 added, 0 removed, 0 changed; 0 windows moved" in " ".join(found.output.split())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("window", "Li9N2Cl4"), "charges do not balance"),
        (("window", "LiXe"), "no phase holds Xe"),
        (("interface", "Li3N", "LiCl", "--open", "Li"), "like Li=4.2"),
        (("moisture", "Li3N", "--dew-point", "600 degC"), "outside the range of the Magnus form"),
        (("moisture", "Li3N", "--gas", "CO2"), "like CO2=42"),
        (("moisture", "Li3N", "--dew-point", "-60"), "--dew-point -60: a number without a unit; write it as"),
        (("moisture", "Li3N", "--temperature", "25"), "write it as '25 degC'"),
        (("moisture", "Li3N", "--relative-humidity", "40"), "write it as '40 %'"),
        (("moisture", "Li3N", "--gas", "CO2=42"), "write it as '42 Pa'"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(arguments, text):
    found = run(*arguments)
    assert isinstance(found.exception, ElectrolithError)
    assert text in str(found.exception)


def test_the_materials_project_without_a_key_is_refused(monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    found = run("window", "LiCl", "--mp")
    assert "no key; get one at" in str(found.exception)


def test_ideal_mixing_by_hand():
    assert ideal_mixing_entropy([(1, [0.5, 0.5])]) == pytest.approx(np.log(2))
    assert ideal_mixing_entropy([(8, [1.0])]) == 0.0
    assert ideal_mixing_entropy([(4, [0.25])]) == pytest.approx(
        -4 * (0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    )


def test_an_overfull_site_is_refused():
    with pytest.raises(InputError, match="do not fit on one site"):
        ideal_mixing_entropy([(1, [0.8, 0.4])])


def test_relaxed_cells_come_with_the_library(library):
    phase = library.find("LiCl")
    structure = relaxed_structure(phase)
    assert structure.composition.reduced_formula == "LiCl"
    assert structure.volume / len(structure) == pytest.approx(phase.volume_per_atom, rel=1e-3)


def test_the_stage_of_the_window_can_be_stored_and_read_back(tmp_path):
    found = stability_window(Stability(formula="Li5NCl2", draws=5), None, None)
    save(tmp_path / "window.zip", found)
    again = load(tmp_path / "window.zip")
    assert again.warm.nominal == found.warm.nominal
    assert again.cold.ladder == found.cold.ladder


def test_without_a_formula_the_window_says_what_is_missing():
    with pytest.raises(InputError, match=r"stability.formula: give the formula"):
        stability_window(Stability(draws=5), None, None)


def test_a_formula_outside_the_library_is_taken_on_the_hull(library):
    assert phase_in("Li2.73Ho1.09Cl6", library).energy == "hull"
    assert phase_in("LiCl", library).energy == "library"


def test_a_stack_names_its_worst_contact_and_is_blind_to_order(library):
    layers = [Material("Li3N"), Material("YCl3"), Material("Li")]
    found = stack(layers, library, StackSettings((0.0,)), EntrySettings(draws=0))
    turned = stack(layers[::-1], library, StackSettings((0.0,)), EntrySettings(draws=0))
    one, other = (s.contact("Li3N", "YCl3").closed.mutual.value for s in (found, turned))
    assert one == pytest.approx(other, abs=1e-9)
    assert one < -0.1
    assert "Strongest reaction" in stack_part(found).sentence
    with pytest.raises(InputError, match="no contact of Li3N and LiF"):
        found.contact("Li3N", "LiF")


def test_one_layer_is_no_stack(library):
    with pytest.raises(InputError, match="at least two layers"):
        stack([Material("Li3N")], library)


def test_the_section_stands_in_the_study():
    assert SECTION.key == "stability"
    assert len(electrolytes()) >= 20

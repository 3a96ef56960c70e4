"""The design files of the published cells, the section of a study and the command."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.cell.design import CellDesign
from electrolith.cell.work import work_out
from electrolith.core.archive import load, save
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.study.commands import app
from electrolith.study.sections.cell import (
    Cells,
    CellSettings,
    design_of,
    evidence_of,
    reported_points,
    said_once,
    study_conductivity,
)
from electrolith.study.sections.cell_parts import design_parts
from electrolith.study.settings import load_yaml, read

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "li9n2cl3" / "cells"
NAMES = ("pellet", "pellet_thick", "pouch", "pouch_thick", "symmetric")


@pytest.fixture(scope="module")
def worked():
    return {name: work_out(design_of(EXAMPLES / f"{name}.yaml")) for name in ("pellet", "symmetric")}


@pytest.mark.parametrize("name", NAMES)
def test_every_example_design_is_read(name):
    design = design_of(EXAMPLES / f"{name}.yaml")
    assert design.stack.symmetric == (name == "symmetric")


def test_published_pellet_stands_beside_its_numbers(worked):
    result = worked["pellet"]
    assert result.full.capacity[0] == pytest.approx(208, abs=8)  # fitted to this
    assert result.full.capacity[-1] == pytest.approx(100, abs=4)  # and this
    part = design_parts(result)[0]
    assert any(
        "0.5C: computed 147, published 114" in w for w in part.warnings
    )  # no model of one cell does both
    assert any("stands in" in w for w in part.warnings)
    assert {f.name.rsplit("-", 1)[1] for f in part.figures} >= {"losses", "curves", "rates", "map", "ragone"}
    rows = evidence_of((result,))
    assert [r.published for r in rows] == [False, True] * 3 + [False, False]
    areal = next(r.value for r in rows if r.quantity.startswith("design_areal_capacity"))
    assert areal.unit == "mAh/cm2"
    assert areal.value == pytest.approx(4.46e-3 * 208, rel=0.04)  # g/cm2 of active material, mAh/g


def test_a_warning_is_given_once(worked):
    both = said_once([*design_parts(worked["pellet"]), *design_parts(worked["pellet"])])
    assert both[0].warnings
    assert both[1].warnings == ()


def test_losses_of_the_figure_add_up(worked):
    curve = worked["pellet"].full.curves[-1]
    assert np.abs(sum(curve.parts.values()) - curve.voltage).max() < 1e-9


def test_symmetric_cell_says_what_both_overpotentials_need(worked):
    part = design_parts(worked["symmetric"])[0]
    assert any("need 422 ohm" in note for note in part.notes)
    assert any("computed 4.26 V, published 3.7" in w for w in part.warnings)


def test_results_survive_the_archive(worked, tmp_path):
    save(tmp_path / "cells", Cells(tuple(worked.values())))
    back = load(tmp_path / "cells")
    assert back.cells[0].full.capacity == pytest.approx(worked["pellet"].full.capacity)
    assert back.cells[0].design.title == worked["pellet"].design.title


def test_all_reported_points_become_points_of_one_fit(worked):
    points = reported_points(tuple(worked.values()))
    assert [round(p.capacity, 1) for p in points] == [208.2, 114, 100]
    assert all(p.stack.cathode.utilisation == 1 for p in points)


def test_command_writes_page_data_and_curves(tmp_path):
    page, data, curves = tmp_path / "a.html", tmp_path / "a.json", tmp_path / "csv"
    arguments = [
        "cell",
        str(EXAMPLES / "pouch.yaml"),
        "--html",
        str(page),
        "--json",
        str(data),
        "--csv",
        str(curves),
    ]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    assert "Pouch cell, 8.92 mg/cm²" in page.read_text(encoding="utf-8")
    cell = json.loads(data.read_text())["data"]["cells"][0]
    assert len(cell["capacity_mAh_g"]) == 4
    with (curves / "discharge-curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    last = [r for r in rows if float(r["rate"]) == 0.1][-1]
    assert float(last["capacity"]) == pytest.approx(cell["capacity_mAh_g"][0], abs=0.01)
    assert float(last["voltage"]) == pytest.approx(2.7, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"area": 0.785}, None),
        ({"area": "785"}, "states no unit"),
        ({"area": "0.785 kg"}, "area"),
        ({"low": "4.4 V"}, "must lie below"),
        ({"high": "5.5 V"}, "lies outside the open-circuit curve"),
        ({"rates": [0.0]}, "rates must be above 0"),
        ({"temprature": "25 degC"}, "did you mean 'temperature'"),
        ({"proposals": [{"name": "x", "change": {"LNC.thicknes": "1 um"}}]}, "did you mean 'LNC.thickness'"),
        ({"proposals": [{"name": "x", "change": {"LNC.thickness": "1 kg"}}]}, "LNC.thickness"),
        ({"proposals": [{"name": "x", "swap": {"LHC": "LGP"}}]}, "did you mean 'LGPS'"),
        ({"proposals": [{"name": "x"}]}, "changes nothing"),
        ({"packaging": {"cells": 0}}, "at least one cell"),
        ({"protocol": "cv"}, "protocol"),
    ],
)
def test_design_files_are_refused_with_what_would_be_right(change, text):
    data = {**load_yaml(EXAMPLES / "pellet.yaml"), **change}
    if text is None:
        data["area"] = 0.785e-4  # a bare number is SI
        assert read(CellDesign, data, "pellet").area == 0.785e-4
        return
    with pytest.raises(InputError, match=text):
        read(CellDesign, data, "pellet")


def test_conductivity_of_the_study_comes_with_its_doubt(rng):
    draws = np.exp(rng.normal(np.log(4.3e-5), 0.1, 500))
    found = SimpleNamespace(
        target=300.0,
        extrapolated=Estimate(draws, "S/cm"),
        activation_energy=Estimate(np.full(500, 0.378), "eV"),
    )
    value = study_conductivity("LNC", "computed", found, None)
    by_hand = np.median(draws) * 100 * 300 / 298.15 * np.exp(0.378 / 8.617333e-5 * (1 / 300 - 1 / 298.15))
    assert value.value == pytest.approx(by_hand, rel=1e-6)
    design = design_of(EXAMPLES / "pouch.yaml")
    result = work_out(replace(design, proposals=(), thickness_error=0.0), conductivities={"LNC": value})
    lnc = 100e-6 / value.value * 1e4
    assert result.separator.value == pytest.approx(100e-6 / 4.78e-2 * 1e4 + lnc, rel=0.05)
    assert result.separator.std == pytest.approx(0.1 * lnc, rel=0.3)
    with pytest.raises(InputError, match=r"the study has none; it needs measured.impedance"):
        study_conductivity("LNC", "measured", found, None)
    with pytest.raises(InputError, match="did you mean 'LNC'"):
        CellSettings(designs=(), conductivities={"LNCC": "measured"})

"""Drawings of cells: every layer is there, sums by hand, refusals."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.study.figure import Labels
from electrolith.study.report import write_page
from electrolith.study.section import Results, Study
from electrolith.study.sections.schemes import BuiltLayer, Scheme, Schemes, parts, penetration
from electrolith.study.settings import read

PELLET = {
    "layers": [
        {"name": "NCM83:LHC", "thickness": "40 um", "mass": "5 mg"},
        {"name": "LHC", "thickness": "0.45 mm", "mass": "100 mg"},
        {"name": "LNC", "thickness": "100 um", "mass": "10 mg"},
        {"name": "Li", "thickness": "250 um"},
    ],
    "diameter": "10 mm", "housing": "PTFE die", "ends": "steel piston", "load": "3 t",
    "steps": ["LHC 100 mg pressed with 1 t", "composite on it, 3 t"],
}  # fmt: skip


def _part(data):
    settings = read(Schemes, {"cells": {"pellet cell": data}}, "study.schemes")
    return parts(Results(Study("", None, {Schemes: settings}, ()), {}))[0]


def test_layers_masses_and_densities_by_hand(tmp_path):
    part = _part(PELLET)
    assert (
        part.sentence == "4 layers, 10 mm in diameter (0.785 cm²), 840 µm thick. Pressed with 3 t, 375 MPa."
    )
    rows = part.tables[0].rows
    assert [r[0] for r in rows] == ["Li", "LNC", "LHC", "NCM83:LHC"]  # from above
    assert rows[2][4] == pytest.approx(0.1 / (0.45e-1 * np.pi / 4), rel=1e-9)  # g/cm3
    assert rows[3][3] == pytest.approx(5 / (np.pi / 4), rel=1e-9)
    assert [r[1] for r in part.tables[1].rows] == PELLET["steps"]
    write_page(tmp_path / "x.html", "x", [part])


def test_every_layer_and_the_housing_are_named_in_the_drawing():
    (figure,) = _part(PELLET).figures
    words = " ".join(t for layer in figure.layers if isinstance(layer, Labels) for t in layer.text)
    for name in ("NCM83:LHC, 40 µm", "LHC, 450 µm", "LNC, 100 µm", "Li, 250 µm", "PTFE die", "steel piston"):
        assert name in words


def test_a_grazing_beam_sees_little_depth():
    assert penetration(3.0, 100.0) == pytest.approx(5.2336, abs=1e-3)
    assert penetration(90.0, 100.0) == pytest.approx(100.0)
    data = {**PELLET, "beam_angle": "3 degree", "beam_layer": "LNC", "attenuation_length": "100 um"}
    assert "at 3° to the surface of LNC and fall to 1/e within 5.23 µm" in _part(data).sentence


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beam_angle": 3, "beam_layer": "LiCl"}, "beam_layer 'LiCl' is none of the layers"),
        ({"width": 20}, None),
        ({"diameter": None}, "give the diameter, or both width and length"),
        ({"layers": []}, "a cell needs layers"),
        ({"load": "3 V"}, "not a quantity"),
    ],
)
def test_a_cell_that_cannot_be_drawn_is_refused(change, message):
    data = {**PELLET, **change}
    if message is None:
        assert _part(data).figures
        return
    with pytest.raises(InputError, match=message):
        _part(data)


def test_a_pouch_has_the_area_of_its_sides():
    layer = BuiltLayer("LNC", 100.0)
    assert Scheme((layer,), width=20.0, length=25.0).area == pytest.approx(5.0)


def test_a_study_may_ask_for_drawings():
    from electrolith.study.sections import SECTIONS

    assert "schemes" in [s.key for s in SECTIONS]

"""A curve of one's own gives the cell of the library where the two are the same."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.cell.build import Window, caution_of, cell_arrays
from electrolith.cell.materials import cathodes, ocp_named
from electrolith.cell.read_ocv import read_ocv
from electrolith.core import DataError
from electrolith.study.sections.cell import design_of

DESIGN = """
title: Own curve
area: 0.785 cm2
layers:
  - {composite: {NCM83: 0.70, LHC: 0.30}, mass: 5 mg, open_circuit: ocv.csv}
  - {material: LHC, thickness: 0.45 mm}
  - {material: Li, thickness: 250 um}
low: 2.7 V
high: 4.3 V
specific_current: 200 mA/g
rates: [0.1]
"""


def write(path, s, u, head="stoichiometry,OCV / V"):
    np.savetxt(path, np.column_stack([s, u]), delimiter=",", header=head, comments="")


@pytest.fixture
def curve():
    return ocp_named(cathodes()["NCM83"].ocp_name)


def test_the_librarys_curve_as_a_table_gives_the_librarys_cell(tmp_path, curve):
    s = np.linspace(curve.low, curve.high, 400)
    write(tmp_path / "ocv.csv", s, curve(s))
    (tmp_path / "cell.yaml").write_text(DESIGN)
    design = design_of(tmp_path / "cell.yaml")
    own = cell_arrays(design.stack, Window(2.7, 4.3))
    plain = replace(design, layers=(replace(design.layers[0], open_circuit=None), *design.layers[1:]))
    shipped = cell_arrays(plain.stack, Window(2.7, 4.3))
    assert own.stoichiometry == pytest.approx(shipped.stoichiometry, abs=1e-5)
    assert own.ocp.name == "ocv.csv"
    middle = np.array([0.3, 0.5, 0.8])
    assert own.ocp(middle) == pytest.approx(curve(middle), abs=1e-4)


def test_a_shifted_curve_shifts_the_cell(tmp_path, curve):
    s = np.linspace(curve.low, curve.high, 400)
    write(tmp_path / "ocv.csv", s[::-1], 1e3 * (curve(s[::-1]) - 0.1), "x,U / mV")
    (tmp_path / "cell.yaml").write_text(DESIGN)
    own = cell_arrays(design_of(tmp_path / "cell.yaml").stack, Window(2.7, 4.2))
    assert own.ocp(own.stoichiometry)[0] == pytest.approx(4.2, abs=1e-4)
    assert curve(own.stoichiometry)[0] == pytest.approx(4.3, abs=1e-3)


def test_borrowed_kinetics_are_said_until_they_are_stated(tmp_path, curve):
    s = np.linspace(curve.low, curve.high, 50)
    write(tmp_path / "ocv.csv", s, curve(s))
    (tmp_path / "cell.yaml").write_text(DESIGN)
    layer = design_of(tmp_path / "cell.yaml").layers[0]
    assert "D and i₀ of NCM83" in caution_of(layer)
    assert "open-circuit curve and not to ocv.csv" in caution_of(layer)
    assert caution_of(replace(layer, diffusivity=1e-15, exchange_current=1.0)) == ""
    assert caution_of(replace(layer, open_circuit=None)) == cathodes()["NCM83"].caution


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ([(0.1, 4.2), (0.5, 3.8), (0.9, 3.5), (1.2, 3.0)], "x,V", "between 0"),
        ([(0.1, 3.0), (0.5, 3.5), (0.8, 3.8), (0.9, 4.2)], "x,V", "not the state of charge"),
        ([(0.1, 4.2), (0.5, 3.8), (0.5, 3.7), (0.9, 3.5)], "x,V", "must rise from row to row"),
        (
            [(0.1, 4.2), (0.5, 3.8), (0.7, 3.7), (0.9, 3.5)],
            "time,V",
            "no column of stoichiometry among time, V",
        ),
    ],
)
def test_a_table_that_is_no_curve_is_refused_in_words(tmp_path, rows, head, said):
    write(tmp_path / "a.csv", *np.array(rows).T, head)
    with pytest.raises(DataError, match=said):
        read_ocv(tmp_path / "a.csv")

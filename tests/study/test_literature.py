"""Numbers of others: one by one with DOI, method and uncertainty, and as tables of literature."""

import numpy as np
import pytest
import toy

from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.study.compose import parts_of
from electrolith.study.literature import read_literature
from electrolith.study.published import plain_doi, read_published
from electrolith.study.run import run_study
from electrolith.study.section import Evidence, Literature
from electrolith.study.sections.symmetric_chart import chart_part
from electrolith.study.study import read_study

# The columns of OBELiX, with rows made up here.
OBELIX = (
    "ID,Reduced Composition,Z,True Composition,Ionic conductivity (S cm-1),IC (Total),IC (Bulk),"
    "Space group,a,DOI\n"
    "aa1,Li3AB,4,Li12A4B4,1.2E-4,1.2E-4,,Fm-3m,5.1,10.1000/a.1\n"
    "aa2,Li2C,2,Li4C2,<1E-8,,,P1,4.0,10.1000/a.2\n"
    "aa3,LiD,1,LiD,0.003,,,P1,4.0,https://doi.org/10.1000/a.3\n"
)
OWN = (
    "material;σ (mS/cm);σ std (mS/cm);Ea / meV;temperature (°C);method;kind;CCD (mA/cm2);"
    "areal capacity (mAh/cm2);DOI\n"
    "LiX;2.5;0.5;310;60;impedance;measured;;;10.1000/b.1\n"
    "LiY;0.5;;;25;molecular dynamics;calculated;1.5;0.75;10.1000/b.2\n"
)


def _table(tmp_path, text, name="lit.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_obelix_is_read_with_units_sources_and_rows(tmp_path):
    found = read_literature(_table(tmp_path, OBELIX))
    assert [(v.material, v.quantity, v.value.value, v.value.unit, v.doi, v.entry) for v in found.values] == [
        ("Li3AB", "conductivity_300K", pytest.approx(1.2e-4), "S/cm", "10.1000/a.1", 1),
        ("LiD", "conductivity_300K", pytest.approx(0.003), "S/cm", "10.1000/a.3", 3),
    ]
    assert all(v.published and v.value.doubt == "unknown" for v in found.values)
    assert found.remarks == ("1 cells of lit.csv are limits ('<…'), no values: left out",)


def test_own_columns_say_unit_temperature_method_and_doubt(tmp_path):
    found = read_literature(_table(tmp_path, OWN))
    by = {(v.material, v.quantity): v for v in found.values}
    hot = by["LiX", "conductivity_333K"]
    assert hot.value.value == pytest.approx(2.5e-3)
    assert hot.value.std == pytest.approx(0.5e-3, rel=0.01)
    assert (hot.kind, hot.note) == ("measured", "impedance")
    assert by["LiX", "activation_energy"].value.value == pytest.approx(0.310)
    cold = by["LiY", "conductivity_300K"]
    assert (cold.kind, cold.value.doubt) == ("computed", "unknown")
    assert by["LiY", "critical_current_density"].value.value == 1.5


def test_ends_of_a_range_are_its_ends(tmp_path):
    names = "electrolyte,sigma_RT_low_S_cm,sigma_RT_high_S_cm,Ea_low_eV,Ea_high_eV,sources"
    text = f"{names}\nA,1e-4,1e-2,0.2,0.3,10.1000/c\n"
    sigma, barrier = read_literature(_table(tmp_path, text)).values
    assert sigma.value.value == pytest.approx(1e-3, rel=1e-2)  # the middle of two decades
    assert sigma.value.draws.min() > 1e-4
    assert sigma.value.draws.max() < 1e-2
    assert barrier.value.value == pytest.approx(0.25)
    assert barrier.value.std == pytest.approx(0.1 / np.sqrt(12), rel=0.01)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("material,Ea,DOI\nA,0.3,10.1000/a\n", r"column 'Ea' states no unit; write it as 'Ea \(eV\)'"),
        ("material,Ea (kg),DOI\nA,0.3,10.1000/a\n", r"column 'Ea \(kg\)': 0 kg is not a quantity in eV"),
        ("material,Ea (eV)\nA,0.3\n", "no column DOI; every published number needs its source"),
        ("Ea (eV),DOI\n0.3,10.1000/a\n", "no column that names a material"),
        ("material,a,DOI\nA,5.3,10.1000/a\n", "no column with a conductivity"),
        ("material,Ea (eV),DOI\nA,high,10.1000/a\n", r"row 1: Ea \(eV\) is 'high', no number"),
        ("material,Ea (eV),DOI\nA,-0.3,10.1000/a\n", "row 1: Eₐ is -0.3 eV; expected a number above 0"),
        ("material,Ea low (eV),Ea high (eV),DOI\nA,0.4,0.3,10.1/a\n", "expected the lower end first"),
        ("material,Ea (eV),DOI\nA,,10.1000/a\n", "no row with a material and a number"),
    ],
)
def test_what_a_table_lacks_is_said(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        read_literature(_table(tmp_path, text))


VALUE = "quantity: total, value: 2 S/cm, kind: measured"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (f"{{{VALUE}}}", "neither doi nor source"),
        (f"{{{VALUE}, doi: nonsense}}", "'nonsense' of total is no DOI; one reads 10"),
        (f"{{{VALUE}, doi: 10.1000/x, uncertainty: 3 kg}}", "not a quantity in S/cm"),
        (f"{{{VALUE}, doi: 10.1000/x, uncertainty: 0.1 S/cm, interval: [1, 3]}}", "uncertainty stated twice"),
        (f"{{{VALUE}, doi: 10.1000/x, interval: [3, 1]}}", "expected the lower end first"),
    ],
)
def test_a_published_value_without_source_or_sense_is_refused(tmp_path, row, words):
    with pytest.raises(ElectrolithError, match=words):
        read_published(_table(tmp_path, f"- {row}\n", "p.yaml"))


def test_a_published_value_has_doi_method_and_uncertainty(tmp_path):
    row = f"- {{{VALUE}, doi: 'https://doi.org/10.1000/x', method: impedance, uncertainty: 0.1 S/cm}}\n"
    (found,) = read_published(_table(tmp_path, row, "p.yaml"))
    assert (found.doi, found.note, found.source) == ("10.1000/x", "impedance", "doi:10.1000/x")
    assert found.value.std == pytest.approx(0.1, rel=0.1)
    assert (found.file, found.entry) == ("p.yaml", 1)
    assert plain_doi("doi: 10.1000/x") == "10.1000/x"


def test_a_study_takes_values_lists_and_tables_together(tmp_path):
    _table(tmp_path, OBELIX, "obelix.csv")
    _table(tmp_path, f"- {{{VALUE}, doi: 10.1000/x}}\n", "p.yaml")
    (tmp_path / "numbers.txt").write_text("1\n2\n")
    text = (
        "source: {file: numbers.txt}\noffset: {}\npublished:\n  - p.yaml\n  - obelix.csv\n"
        "  - {quantity: total, value: 3 S/cm, kind: computed, doi: 10.1000/y}\n"
        "  - {quantity: total, value: 4 S/cm, kind: computed, doi: 10.1000/z, material: Other}\n"
    )
    (tmp_path / "study.yaml").write_text(text)
    study = read_study(tmp_path, toy.SECTIONS)
    assert [(e.doi, e.file, e.entry) for e in study.published] == [
        ("10.1000/x", "p.yaml", 1),
        ("10.1000/y", "study.yaml", 3),
    ]
    part = parts_of(run_study(study, stages=toy.STAGES))[-1]
    assert part.title == "Published by others"
    materials = [row[0] for row in part.tables[0].rows]
    assert materials == ["Li3AB", "LiD", "Other"]
    assert part.tables[0].rows[1][-2:] == ("10.1000/a.3", "obelix.csv, row 3")
    (points,) = part.figures[0].layers
    assert points.x.tolist() == pytest.approx([1.2e-4, 0.003])


def test_a_file_that_is_not_there_is_named(tmp_path):
    (tmp_path / "study.yaml").write_text("offset: {}\npublished: [nowhere.csv]\n")
    with pytest.raises(InputError, match=r"no such file: 'nowhere\.csv'"):
        read_study(tmp_path, toy.SECTIONS)


def test_critical_currents_of_a_table_stand_in_the_chart(tmp_path):
    found = read_literature(_table(tmp_path, OWN))
    part = chart_part((), (found,))
    assert part.figures[0].layers[0].x.tolist() == [1.5]
    assert part.figures[0].layers[0].y.tolist() == [0.75]
    assert part.tables[0].rows[0][0] == "LiY"
    assert "lit.csv, row 2" in part.tables[0].rows[0][-1]


def test_the_studys_own_conductivity_stands_among_the_published_ones():
    from electrolith.core.estimate import Estimate
    from electrolith.study.literature_part import literature_part

    def one(value, published):
        return Evidence(
            "conductivity_300K", "σ(300 K)", Estimate.unknown_doubt(value, "S/cm"), "measured", "x", published
        )

    table = Literature("t", tuple(one(v, True) for v in (1e-5, 1e-4, 1e-3)))
    part = literature_part((table,), (one(5e-4, False),))
    assert "above 2 of 3 conductivities" in part.sentence
    assert part.figures[0].layers[1].y.tolist() == pytest.approx([100 * 2 / 3])

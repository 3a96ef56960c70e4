"""Readers of indentation records."""

import numpy as np
import pytest

from electrolith.core.errors import DataError, MissingExtra
from electrolith.lab.indentation.analysis import IndentSettings, measure_indents
from electrolith.lab.indentation.oliver_pharr import BERKOVICH, Contact, simulate
from electrolith.lab.indentation.read import read_agilent, read_indents, read_table

TIP = Contact(BERKOVICH, 1.034)
NAMES = "time (s),depth (nm),load (mN)"


def curve(modulus=42.43e9):
    return simulate(modulus=modulus, hardness=1.2e9, poisson=0.25, depth=2e-6, contact=TIP)


def hysitron(path, newline="\r\n"):
    t, h, p = curve()
    lines = ["Hysitron TriboScan", "Area Function: 24.5", "", "Depth (nm)\tLoad (µN)\tTime (s)"]
    lines += [f"{a * 1e9:.5f}\t{b * 1e6:.5f}\t{c:.4f}" for a, b, c in zip(h, p, t, strict=True)]
    path.write_bytes(newline.join(lines).encode("latin-1"))
    return path


def table(path, *, modulus=42.43e9, names=NAMES, factors=(1, 1e9, 1e3), rows=None):
    columns = np.column_stack([f * c for f, c in zip(factors, curve(modulus), strict=True)])
    np.savetxt(path, columns[:rows], delimiter=",", header=names, comments="")
    return str(path)


def test_a_hysitron_export_gives_si(tmp_path):
    t, h, p = curve()
    found = read_table(hysitron(tmp_path / "a.txt"))
    assert found.depth == pytest.approx(h, abs=1e-13)
    assert found.load == pytest.approx(p, abs=1e-10)
    assert found.time == pytest.approx(t, abs=1e-3)


def test_an_alemnis_table_gives_the_same_modulus_as_a_hysitron_one(tmp_path):
    other = table(tmp_path / "b.csv", names="Time [s],Displacement [um],Load [mN]", factors=(1, 1e6, 1e3))
    settings = {"poisson": 0.25, "poisson_error": 0.0}
    first = measure_indents(IndentSettings((str(hysitron(tmp_path / "a.txt")),), **settings))
    second = measure_indents(IndentSettings((other,), **settings))
    assert first.modulus.value == pytest.approx(42.43, rel=5e-3)
    assert second.modulus.value == pytest.approx(first.modulus.value, rel=1e-3)


def test_five_indents_give_a_mean_with_its_error_and_their_spread(tmp_path, rng):
    files = [
        table(tmp_path / f"{i}.csv", modulus=42e9 * (1 + 0.03 * x))
        for i, x in enumerate(rng.standard_normal(5))
    ]
    found = measure_indents(IndentSettings(tuple(files), poisson=0.25, poisson_error=0.0))
    low, high = found.modulus.interval(0.68)
    assert abs(found.modulus.value - 42) < 4 * found.modulus.std
    assert 0.3 < found.modulus_spread < 3
    assert high - low < 2 * found.modulus_spread


def test_an_indent_that_cannot_be_used_is_left_out_and_named(tmp_path):
    cut = table(tmp_path / "cut.csv", rows=int(np.argmax(curve()[2])) + 5)
    whole = str(hysitron(tmp_path / "a.txt"))
    found = measure_indents(IndentSettings((whole, cut), poisson=0.25))
    assert len(found.indents) == 1
    assert "cut.csv: no unloading" in found.refused[0]
    with pytest.raises(DataError, match=r"cut.csv: no unloading"):
        measure_indents(IndentSettings((cut,), poisson=0.25))


def test_an_assumed_poisson_ratio_is_said(tmp_path):
    found = measure_indents(IndentSettings((str(hysitron(tmp_path / "a.txt")),)))
    assert "Poisson's ratio was not given; 0.25 is assumed" in found.warnings


def test_a_column_without_unit_is_refused(tmp_path):
    path = table(tmp_path / "a.csv", names="time (s),depth,load (mN)")
    with pytest.raises(DataError, match="the unit of the depth is not stated or known: column 'depth'"):
        read_table(path)


def test_a_table_of_something_else_is_refused(tmp_path):
    np.savetxt(tmp_path / "a.csv", np.ones((30, 2)), delimiter=",", header="voltage,current", comments="")
    with pytest.raises(DataError, match="no columns of depth and load found; columns: voltage, current"):
        read_table(tmp_path / "a.csv")


def test_a_workbook_that_is_none_is_refused(tmp_path):
    pytest.importorskip("xlrd", reason="the extra electrolith[indentation] is not installed")
    (tmp_path / "a.xls").write_text("not a workbook")
    with pytest.raises(DataError, match=r"no \.xls workbook"):
        read_indents(tmp_path / "a.xls")
    with pytest.raises(DataError, match=r"no such file"):
        read_indents(tmp_path / "a.xlsx")


def test_a_missing_reader_names_its_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "xlrd", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[indentation\]'"):
        read_agilent(tmp_path / "a.xls")


def test_two_indents_keep_their_wide_interval_and_no_impossible_tail(tmp_path):
    files = tuple(table(tmp_path / f"{e}.csv", modulus=e * 1e9) for e in (41, 43))
    found = measure_indents(IndentSettings(files, poisson=0.25, poisson_error=0.0))
    low, high = found.modulus.interval(0.68)
    # Student's t of one degree of freedom: 68 % within 1.82 standard errors of the mean
    assert (high - low) / 2 == pytest.approx(1.82 * found.modulus_spread / np.sqrt(2), rel=0.12)
    assert found.modulus.draws.max() < 250


def hld(path, *, points=None):
    t, h, p = curve()
    rows = [f"{c:.6f}\t{a * 1e9:.6f}\t{b * 1e6:.6f}\t0.0" for a, b, c in zip(h, p, t, strict=True)]
    header = """File Version: Hysitron HighLoad FBControls 6.1 Release
Machine Comp: 0.00663947 nm/µN
Tip C0: 24.5 nm^2/nm^2
Tip C1: 120 nm^2/nm
Drift Measurement Data Points: 2
Time_s\tDisp_nm
1.016\t0.0
1.040\t0.1"""
    head = [*header.split("\n"), f"Test Data Points: {len(rows)}", "Time_s\tDisp_nm\tForce_µN\tLoadCell_nm"]
    path.write_bytes("\r\n".join(head + rows[:points]).encode("latin-1"))
    return path


def test_a_hysitron_record_gives_its_test_data_and_area_function(tmp_path):
    found = read_indents(hld(tmp_path / "a.hld"))
    assert found.area == (24.5, 120.0)
    assert found.indents[0].load == pytest.approx(curve()[2], abs=1e-11)
    assert found.indents[0].depth == pytest.approx(curve()[1], abs=1e-14)


def test_a_hysitron_record_cut_off_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"300 of \d+ test data points; the file is cut off"):
        read_indents(hld(tmp_path / "a.hld", points=300))
    (tmp_path / "b.hld").write_text("File Version: Hysitron\n")
    with pytest.raises(DataError, match="no line 'Test Data Points:'"):
        read_indents(tmp_path / "b.hld")


@pytest.mark.parametrize(
    ("depth", "load", "time", "factors"),
    [
        ("Depth (nm)", "Load (mN)", "Time (s)", (1e9, 1e3, 1.0)),
        ("depth [µm]", "force [µN]", "time [ms]", (1e6, 1e6, 1e3)),
        ("displacement_nm", "load_uN", "time_min", (1e9, 1e6, 1 / 60)),
        ("Penetration / mm", "Normal force / N", "Test time / h", (1e3, 1.0, 1 / 3600)),
    ],
)
def test_units_of_indents_are_read_from_the_names(tmp_path, depth, load, time, factors):
    h, p, t = np.linspace(0, 5e-7, 40), np.linspace(0, 2e-3, 40), np.linspace(0, 30, 40)
    table = np.c_[h * factors[0], p * factors[1], t * factors[2]]
    path = tmp_path / "a.csv"
    header = f"{depth},{load},{time}"
    np.savetxt(path, table, delimiter=",", header=header, comments="", encoding="utf-8")
    found = read_table(path)
    np.testing.assert_allclose(found.depth, h, rtol=1e-12)
    np.testing.assert_allclose(found.load, p, rtol=1e-12)
    np.testing.assert_allclose(found.time, t, rtol=1e-12)

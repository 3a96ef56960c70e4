"""Real cycler files agree with their vendors; what is wrong with a file is said."""

import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from electrolith.core.errors import DataError, MissingExtra
from electrolith.lab.cycling.cycles import CycleSettings, cycle_table
from electrolith.lab.cycling.read import read_cycling, read_many
from electrolith.lab.cycling.record import make_record
from electrolith.lab.cycling.write_bdf import write_bdf


def test_neware_cycles_and_capacities_are_the_vendors(shared_data):
    # EmpaEconversion/fastnda @ c4d6284: 150 cycles by the vendor; common defaults count 160
    pytest.importorskip("fastnda")
    record = read_cycling(shared_data / "neware" / "nw4-120-1-6-53.ndax")
    table = cycle_table(record)
    assert record.rows == 18700
    assert table.cycle.size == 150
    assert table.counted_by == "vendor"
    for cycle, charge, discharge in (
        (1, 1.69654, 0.32362),
        (2, 0.320648, 0.232165),
        (50, 0.004157, 0.002910),
    ):
        assert table.charge[cycle - 1] == pytest.approx(charge, rel=2e-4)
        assert table.discharge[cycle - 1] == pytest.approx(discharge, rel=2e-4)
    assert table.initial_efficiency == pytest.approx(0.32362 / 1.69654, rel=1e-4)


def test_old_neware_file_has_the_vendors_one_cycle(shared_data):
    # d-cogswell/NewareNDA @ d895eb2
    pytest.importorskip("fastnda")
    record = read_cycling(shared_data / "neware" / "new_nda_file.nda")
    assert record.rows == 439
    assert cycle_table(record).cycle.tolist() == [1]
    assert record.zone == "UTC"


def test_neware_rows_equal_the_vendors_export(shared_data):
    pytest.importorskip("fastnda")
    polars = pytest.importorskip("polars")
    record = read_cycling(shared_data / "neware" / "nw4-120-1-6-53.ndax")
    vendor = polars.read_parquet(shared_data / "neware" / "nw4-120-1-6-53.parquet")
    np.testing.assert_allclose(
        record.voltage, vendor["Voltage(mV)"].to_numpy() / 1e3, atol=6e-5
    )  # printed to 0.1 mV
    np.testing.assert_allclose(record.current, vendor["Current(uA)"].to_numpy() / 1e6, atol=6e-7)
    assert np.array_equal(record.cycle, vendor["Cycle Index"].to_numpy())


def test_landt_and_its_battery_data_format_version_agree_row_by_row(shared_data):
    # battery-data-alliance/battery-data-format @ 1412b98
    raw = read_cycling(shared_data / "landt" / "Landt_raw_head5000.csv")
    bdf = read_cycling(shared_data / "landt" / "Landt_ref_head.bdf.csv")
    assert raw.rows == bdf.rows
    for name in ("time", "voltage", "current"):
        assert np.array_equal(getattr(raw, name), getattr(bdf, name))
    assert raw.current.min() < 0  # a discharge


@pytest.mark.parametrize(("name", "rows"), [("gcpl.issue_149", 132), ("cp", 121)])
def test_biologic_binary_and_text_agree(shared_data, name, rows):
    # dgbowl/yadg @ 61d55fe
    pytest.importorskip("galvani")
    binary = read_cycling(shared_data / "eis" / f"{name}.mpr")
    text = read_cycling(shared_data / "eis" / f"{name}.mpt")
    assert binary.rows == text.rows == rows
    np.testing.assert_allclose(binary.time, text.time, rtol=1e-6)
    np.testing.assert_allclose(binary.voltage, text.voltage, rtol=1e-5)
    np.testing.assert_allclose(binary.charge, text.charge, rtol=1e-4, atol=1e-9)
    assert binary.started == text.started


def test_decimal_commas_and_the_start_of_an_operando_record(shared_data):
    # GhostDeini/perex @ 579979a
    record = read_cycling(shared_data / "xas" / "EC_C06.mpt")
    assert record.started == "2022-07-26T22:38:30.190000"
    assert record.voltage[0] == pytest.approx(3.4912014)
    assert cycle_table(record).charge[1] == pytest.approx(1.6145, rel=1e-4)


def test_an_impedance_file_is_no_cycling(shared_data):
    with pytest.raises(DataError, match="without time and voltage of a cycling test; columns: freq/Hz"):
        read_cycling(shared_data / "eis" / "peis.mpt")


def simple(rows=200):
    """Two cycles of 1 mA for 100 s each way."""
    time = np.arange(rows) * 10.0
    current = np.where((np.arange(rows) // 50) % 2 == 0, 1e-3, -1e-3)
    return make_record(time, 3.5 + 500 * current, current, "simple")


def test_battery_data_format_round_trip(tmp_path):
    record = simple()
    path = tmp_path / "simple.bdf.csv"
    write_bdf(record, path)
    back = read_cycling(path)
    for name in ("time", "voltage", "current"):
        np.testing.assert_allclose(getattr(back, name), getattr(record, name), rtol=1e-9)
    again, first = cycle_table(back), cycle_table(record)
    np.testing.assert_allclose(again.charge, first.charge, rtol=1e-9)
    header = path.read_text().split("\n")[0]
    assert header == "Test Time / s,Voltage / V,Current / A,Charging Capacity / Ah,Discharging Capacity / Ah"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("time/h;Ewe/V;I/mA\n0,0;3,5;1,0\n0,5;3,6;1,0\n1,0;3,7;-1,0\n", 3),
        ("Test Time (s)\tVoltage (mV)\tCurrent (mA)\n0\t3500\t1\n1800\t3600\t1\n3600\t3700\t-1\n", 3),
        (
            "cell 5, operator X\nTotal "
            "Time,Voltage(V),Current(mA)\n0:00:00,3.5,1\n0:30:00,3.6,1\n1:00:00,3.7,-1\n",
            3,
        ),
    ],
)
def test_units_locales_and_clock_times_are_understood(tmp_path, text, rows):
    path = tmp_path / "table.csv"
    path.write_text(text)
    record = read_cycling(path)
    assert record.rows == rows
    assert record.time.tolist() == [0, 1800, 3600]
    assert record.voltage.tolist() == pytest.approx([3.5, 3.6, 3.7])
    assert record.current.tolist() == pytest.approx([1e-3, 1e-3, -1e-3])


def test_capacities_that_reset_are_joined_and_said(tmp_path):
    path = tmp_path / "landt.csv"
    rows = ["step_index,test_time_s,current_A,voltage_V,charge_capacity_Ah,discharge_capacity_Ah"]
    rows += [f"1,{t},1,3.5,{t / 3600},0" for t in range(0, 100, 10)]
    rows += [f"2,{t},-1,3.4,0,{(t - 100) / 3600}" for t in range(110, 200, 10)]
    rows += [f"3,{t},1,3.5,{(t - 200) / 3600},0" for t in range(210, 300, 10)]
    path.write_text("\n".join(rows))
    record = read_cycling(path)
    (witness,) = record.account.witnesses
    assert witness.verdict == "agrees"
    assert record.charge[-1] == pytest.approx(90 - 90 + 90)


def test_bad_records_are_named(tmp_path):
    with pytest.raises(
        DataError, match=r"x.csv: time falls from 20 s to 5 s at row 4; two records in one file"
    ):
        make_record(np.array([0, 10, 20, 5.0]), np.ones(4), np.ones(4), "x.csv")
    with pytest.raises(DataError, match="1 usable rows; a record needs at least two"):
        make_record(np.array([0, 1.0]), np.array([1, np.nan]), np.ones(2), "x.csv")
    repeated = make_record(np.array([0, 1, 1, 2.0]), np.ones(4), np.array([1, 1, np.nan, 1.0]), "x.csv")
    assert repeated.rows == 3
    assert "1 rows that are no numbers dropped" in repeated.remarks
    with pytest.raises(DataError, match="the current is zero throughout"):
        cycle_table(make_record(np.arange(4.0), np.ones(4), np.zeros(4), "idle.csv"))


def test_a_batch_goes_on_and_lists_what_failed(tmp_path):
    good, words, cut = tmp_path / "good.csv", tmp_path / "words.csv", tmp_path / "cut.ndax"
    write_bdf(simple(), good)
    words.write_text("a,b,c\nd,e,f\n")
    cut.write_bytes(b"PK\x03\x04broken")
    batch = read_many([good, words, cut, tmp_path / "none.csv"])
    assert len(batch.records) == 1
    reasons = [reason for _, reason in batch.failures]
    assert "no header with time, voltage and current" in reasons[0]
    assert "BioLogic .mpr/.mpt, Neware" in reasons[0]
    assert "fastnda" in reasons[1]
    assert "cannot be read" in reasons[2]


def test_a_truncated_line_is_dropped_and_counted(tmp_path):
    path = tmp_path / "cut.csv"
    path.write_text("time/s,voltage/V,current/A\n0,3.5,1\n1,3.6,1\n2,3.7,1\n3,3.")
    record = read_cycling(path)
    assert record.rows == 3
    assert record.account.left_out == ("1 row left out: line 5 ('3,3.')",)


def test_charge_only_and_swapped_sign_are_said():
    record = make_record(np.arange(100.0), np.full(100, 3.5), np.full(100, 1e-3), "half.csv")
    assert any("only charge was recorded" in r for r in cycle_table(record).remarks)
    swapped = make_record(np.arange(100.0), np.full(100, 3.5), np.full(100, -1e-3), "half.csv")
    assert any("swapped sign of the current?" in r for r in cycle_table(swapped).remarks)
    assert cycle_table(record, CycleSettings(counting="own")).cycle.tolist() == [1]


@pytest.mark.parametrize(
    ("head", "package", "extra", "name"),
    [
        (b"BIO-LOGIC MODULAR FILE\x1a", "galvani", "biologic", "x.mpr"),
        (b"NEWARE", "fastnda", "neware", "x.nda"),
    ],
)
def test_a_missing_extra_is_named_with_its_install_command(tmp_path, monkeypatch, head, package, extra, name):
    for module in [m for m in sys.modules if m.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / name
    path.write_bytes(head + b"\x00" * 100)
    with pytest.raises(MissingExtra, match=rf"{package} is not installed.*pip install '\.\[{extra}\]'"):
        read_cycling(path)


@example([(1.0, 0.0, 1.0), (1.0, 0.0, -6.103515625e-05)])  # so small beside the largest that it may be noise
@given(st.lists(st.tuples(st.floats(0.01, 1e5), st.floats(-5, 5), st.floats(-1, 1)), min_size=2, max_size=30))
def test_any_record_survives_the_battery_data_format(tmp_path_factory, rows):
    steps, voltage, current = (np.array(c) for c in zip(*rows, strict=True))
    record = make_record(np.cumsum(steps), voltage, current, "any")
    path = tmp_path_factory.mktemp("bdf") / "any.bdf.csv"
    write_bdf(record, path)
    back = read_cycling(path)
    for name in ("time", "voltage", "current"):
        np.testing.assert_allclose(getattr(back, name), getattr(record, name), rtol=1e-9, atol=1e-12)

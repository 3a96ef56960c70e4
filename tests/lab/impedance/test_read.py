"""Real files of every format say the same; what is wrong with a file is said, and the batch goes on."""

from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.lab.biologic import read_ec_lab
from electrolith.lab.impedance.read import read_impedance, read_many
from electrolith.lab.impedance.spectrum import make_spectrum
from electrolith.lab.impedance.temperatures import temperature_from_name

ROWS = "\n".join(f"{10 ** (4 - i / 3):.6f},{100 + i:.4f},{-20 - i:.4f}" for i in range(9))


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("data.mpt", 1e-6),
        ("data.dta", 1e-12),
        ("data.z", 1e-5),
        ("data-comma.csv", 1e-12),
        ("data-comma-decimal-separator.csv", 1e-12),
    ],
)
def test_one_spectrum_in_five_formats_reads_the_same(shared_data, name, tolerance):
    # vyrjana/pyimpspec @ ca5f14a: R100 + (R200 || C 0.8 uF) + (R500 || W, Y = 4e-4)
    (spectrum,) = read_impedance(shared_data / "eis" / name)
    assert spectrum.frequency.size == 29
    omega = 2 * np.pi * spectrum.frequency
    exact = 100 + 1 / (1 / 200 + 1j * omega * 0.8e-6) + 1 / (1 / 500 + 4e-4 * np.sqrt(1j * omega))
    np.testing.assert_allclose(spectrum.impedance, exact, rtol=max(tolerance, 1e-6))
    assert spectrum.impedance[0] == pytest.approx(109.009 - 26.556j, abs=1e-3)
    assert spectrum.impedance[-1] == pytest.approx(645.479 - 90.618j, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "count", "points"), [("peis", 1, 32), ("peis.issue_149", 4, 21)], ids=["11.33", "11.50"]
)
def test_binary_and_text_export_agree(shared_data, name, count, points):
    pytest.importorskip("galvani")
    binary = read_impedance(shared_data / "eis" / f"{name}.mpr")
    text = read_impedance(shared_data / "eis" / f"{name}.mpt")
    assert len(binary) == len(text) == count
    for b, t in zip(binary, text, strict=True):
        assert b.frequency.size == points
        np.testing.assert_allclose(b.frequency, t.frequency, rtol=1e-4)
        np.testing.assert_allclose(b.impedance, t.impedance, rtol=1e-4)
        assert b.started == t.started
        assert b.time == pytest.approx(t.time, rel=1e-6)


def test_several_spectra_in_one_file_are_told_apart(shared_data):
    pytest.importorskip("galvani")
    spectra = read_impedance(shared_data / "eis" / "vsp_peis_with.mpr")
    assert [s.frequency.size for s in spectra] == [70] * 32
    assert all(np.all(np.diff(s.frequency) < 0) for s in spectra)
    times = [s.time for s in spectra]
    assert times == sorted(times)


def test_default_electrode_area_is_noticed_and_not_believed(shared_data):
    (spectrum,) = read_impedance(shared_data / "eis" / "exampleDataBioLogic.mpt")
    assert any("0.001 cm² (EC-Lab's default, not measured); not used" in r for r in spectrum.remarks)


def test_neisys_text_keeps_its_sign(shared_data):
    (spectrum,) = read_impedance(shared_data / "eis" / "Example2b.txt")
    assert spectrum.frequency.size == 50
    assert spectrum.impedance[0] == pytest.approx(3603.82 - 8578.35j)


def test_a_sweep_that_stopped_early_is_said(shared_data):
    (spectrum,) = read_impedance(shared_data / "eis" / "exampleDataZPlot.z")
    assert spectrum.frequency.size == 21
    assert "the header announces 56 points, 21 are there" in spectrum.remarks


@pytest.mark.parametrize("header", ["Frequency (Hz),Z' (Ohm),-Z'' (Ohm)", "freq,Zre,-Zim", "f,Re(Z),-Im(Z)"])
def test_a_column_of_minus_z_is_turned(tmp_path, header):
    path = tmp_path / "minus.csv"
    path.write_text(header + "\n" + ROWS.replace(",-", ","))
    (spectrum,) = read_impedance(path)
    assert np.all(spectrum.impedance.imag < 0)


def test_swapped_sign_without_a_word_in_the_header_is_turned_and_said(tmp_path):
    path = tmp_path / "swapped.csv"
    path.write_text("f,Z',Z''\n" + ROWS.replace(",-", ","))
    (spectrum,) = read_impedance(path)
    assert np.all(spectrum.impedance.imag < 0)
    (taken,) = (t for t in spectrum.account.taken if t.meaning == "Z''")
    assert "mostly positive: read as -Z''" in taken.note


def test_modulus_and_phase_are_understood(tmp_path):
    path = tmp_path / "polar.csv"
    path.write_text("freq/Hz,|Z|/ohm,phase/deg\n1000,2,-90\n100,2,-60\n10,2,-30\n1,2,0\n")
    (spectrum,) = read_impedance(path)
    np.testing.assert_allclose(spectrum.impedance[0], -2j, atol=1e-12)


def test_a_batch_goes_on_and_lists_what_failed(tmp_path):
    good, empty, words = tmp_path / "good.csv", tmp_path / "empty.z", tmp_path / "notes.txt"
    good.write_text("f,Z',Z''\n" + ROWS)
    empty.write_text("")
    words.write_text("pressed on Tuesday\nlooks grey\n")
    batch = read_many([good, empty, words, tmp_path / "missing.mpt"])
    assert len(batch.spectra) == 1
    reasons = dict(batch.failures)
    assert "the file is empty" in reasons[str(empty)]
    assert "pressed on Tuesday" in reasons[str(words)]
    assert "BioLogic .mpr/.mpt, Gamry .dta" in reasons[str(words)]
    assert "cannot be read" in reasons[str(tmp_path / "missing.mpt")]


def test_truncated_binary_says_what_to_do(shared_data, tmp_path):
    pytest.importorskip("galvani")
    path = tmp_path / "cut.mpr"
    path.write_bytes((shared_data / "eis" / "peis.mpr").read_bytes()[:3000])
    with pytest.raises(DataError, match=r"galvani cannot read this .mpr .* export it as text"):
        read_impedance(path)


def test_a_binary_with_the_wrong_suffix_is_still_read(shared_data, tmp_path):
    pytest.importorskip("galvani")
    path = tmp_path / "renamed.txt"
    path.write_bytes((shared_data / "eis" / "peis.mpr").read_bytes())
    assert read_impedance(path)[0].frequency.size == 32


def test_truncated_text_export_is_named(shared_data, tmp_path):
    text = (shared_data / "eis" / "peis.mpt").read_bytes()
    path = tmp_path / "cut.mpt"
    path.write_bytes(b"\n".join(text.split(b"\n")[:40]))
    with pytest.raises(DataError, match="the header announces 70 lines and no data follow"):
        read_impedance(path)


def test_a_cycling_file_is_no_impedance(shared_data):
    with pytest.raises(DataError, match="without impedance; columns: mode"):
        read_impedance(shared_data / "eis" / "cp.mpt")


def test_rows_without_numbers_are_dropped_and_counted():
    good = make_spectrum(
        np.array([1.0, 100.0, np.nan, 10.0]), np.array([1 - 1j, 2 - 1j, 3 - 1j, 4 - 1j]), "x.csv"
    )
    assert good.frequency.tolist() == [100.0, 10.0, 1.0]
    assert "1 rows without a positive frequency or a finite impedance dropped" in good.remarks
    with pytest.raises(
        InputError, match=r"x.csv: 2 usable impedance points; a spectrum needs at least three"
    ):
        make_spectrum(np.array([1.0, 10.0]), np.array([1 - 1j, 2 - 1j]), "x.csv")


@pytest.mark.parametrize(
    ("name", "kelvin"),
    [
        ("pellet_25C.mpr", 298.15),
        ("LNC -5 degC run2.z", 268.15),
        ("m5C_eis.csv", 268.15),
        ("eis_75,5C.txt", 348.65),
        ("cell3_300K.dta", 300.0),
        ("C01_eis.mpr", None),
        ("peis.mpt", None),
    ],
)
def test_temperatures_are_read_from_names(name, kelvin):
    assert temperature_from_name(str(Path("folder_10C") / name)) == (
        None if kelvin is None else pytest.approx(kelvin)
    )


def test_all_columns_of_the_binary_equal_the_text_export(shared_data):
    # dgbowl/yadg @ 61d55fe: 25 columns, equal to 1e-4
    pytest.importorskip("galvani")
    binary = read_ec_lab(shared_data / "eis" / "peis.mpr").columns
    text = read_ec_lab(shared_data / "eis" / "peis.mpt").columns
    assert len(binary) == 25
    for name, column in binary.items():
        np.testing.assert_allclose(column, text[name], rtol=1e-4, atol=1e-7, err_msg=name)


def test_a_long_nameless_table_is_no_spectrum(tmp_path):
    path = tmp_path / "pattern.xye"
    path.write_text("\n".join(f"{i + 1} {100 + i % 7} {10}" for i in range(1200)))
    with pytest.raises(
        DataError, match="a first column that only counts without a header: no impedance spectrum"
    ):
        read_impedance(path)

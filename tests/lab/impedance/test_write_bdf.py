"""Spectra in the Battery Data Format: names and signs of its ontology 1.3, read back equal."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.lab.impedance.read import read_impedance
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.write_bdf import write_bdf


def _spectrum(resistance, **known):
    frequency = np.geomspace(1e6, 1, 31)
    impedance = 10 + resistance / (1 + 2j * np.pi * frequency * resistance * 1e-9)
    return Spectrum(frequency, impedance, "made", **known)


def test_names_and_signs_are_those_of_the_ontology(tmp_path):
    path = tmp_path / "a.bdf.csv"
    write_bdf([_spectrum(1e3, temperature=298.15)], path)
    head, first = path.read_text().splitlines()[:2]
    assert head == (
        "Frequency / Hz,Real Impedance / ohm,Imaginary Impedance / ohm,Ambient Temperature / degC"
    )
    assert float(first.split(",")[2]) < 0  # a capacitor, negative: "Sign as reported"
    assert float(first.split(",")[3]) == pytest.approx(25.0)


def test_several_spectra_are_read_back_equal(tmp_path):
    path = tmp_path / "a.bdf.csv"
    made = [_spectrum(1e3, temperature=298.15), _spectrum(3e2, temperature=323.15)]
    write_bdf(made, path)
    back = read_impedance(path)
    assert len(back) == 2
    for one, two in zip(made, back, strict=True):
        np.testing.assert_allclose(two.frequency, one.frequency, rtol=1e-9)
        np.testing.assert_allclose(two.impedance, one.impedance, rtol=1e-9)
        assert two.temperature == pytest.approx(one.temperature)


def test_what_the_format_cannot_hold_is_refused(tmp_path):
    with pytest.raises(InputError, match="no spectrum to write"):
        write_bdf([], tmp_path / "a.bdf.csv")
    with pytest.raises(InputError, match="given as area-specific; the format holds ohm"):
        write_bdf([_spectrum(1e3, given_as="area-specific")], tmp_path / "a.bdf.csv")

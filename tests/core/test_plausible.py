"""Bells: what no experiment gives rings in its own words; everything that was ever published stays silent."""

import math

import numpy as np
import pytest

from electrolith.core.estimate import Estimate
from electrolith.core.plausible import BELLS, all_equal, ring
from electrolith.study.bells import rung, with_bells
from electrolith.study.section import Evidence, Part


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "said"),
    [
        ("activation_energy", -0.453, "eV", "is -0.453 eV, below zero: the property falls with temperature"),
        ("activation_energy", 3500.0, "meV", "above 3 eV"),
        ("conductivity_300K", 50.0, "S/cm", "above 1 S/cm, more than any solid electrolyte"),
        ("conductivity_300K, LHC", 1e-14, "S/m", "below 1e-12 S/cm"),
        ("initial_coulombic_efficiency", 143.0, "percent", "above 105 %: more charge came out"),
        ("hysteresis", -30.0, "mV", "below zero: the cell gives back more energy"),
        ("specific_capacity", 5.7e11, "mAh/g", "that of lithium metal itself"),
        ("duration", 40 * 365.25, "day", "above three years"),
        ("reduced_chi2", 0.01, "1", "the errors of the data are too large"),
        ("r_w", 63.0, "percent", "above 50 %: the model does not describe the data"),
        ("density", 31.0, "g/cm^3", "more than osmium"),
        ("resistance", 2e-6, "ohm", "below a milliohm"),
        ("conductivity_300K", math.inf, "S/cm", "no finite number"),
    ],
)
def test_what_cannot_be_rings(quantity, value, unit, said):
    text = ring(quantity, value, unit, label="It")
    assert text.startswith("It is ")
    assert said in text


@pytest.mark.parametrize(
    ("quantity", "value", "unit"),
    [
        ("activation_energy", 0.17, "eV"),  # Li10GeP2S12-like
        ("conductivity_300K", 32e-3, "S/cm"),  # the best known
        ("conductivity_300K", 1e-9, "S/cm"),
        ("electronic_conductivity", 1e-14, "S/cm"),
        ("initial_coulombic_efficiency", 101.0, "percent"),
        ("initial_coulombic_efficiency", 19.0, "percent"),
        ("density", 22.6, "g/cm^3"),
        ("hysteresis", 0.35, "V"),
        ("reduced_chi2", 40.0, "1"),
        ("something_else", 1e99, "furlong"),
    ],
)
def test_what_was_measured_somewhere_is_silent(quantity, value, unit):
    assert ring(quantity, value, unit) == ""


def test_every_limit_is_a_limit():
    for bell in BELLS:
        assert bell.low < bell.high
        assert bell.below


def test_constant_columns_are_noticed():
    said = all_equal(np.full(5, -3.2), label="energies")
    assert said == "energies: all 5 are -3.2; is it the right column?"
    assert all_equal(np.array([1.0, 1.0]), label="energies") == ""
    assert all_equal(np.array([1.0, 1.0, 1.1]), label="energies") == ""


def test_a_bell_stands_among_the_warnings_of_the_part_and_never_for_published_numbers():
    def row(value, published):
        return Evidence(
            "activation_energy", "Eₐ", Estimate.exact(value, "eV"), "measured", "x", published=published
        )

    assert rung((row(-0.4, True), row(0.3, False))) == ()
    first, second = with_bells((Part("A", "a"), Part("B", "b")), (row(-0.4, False),))
    assert first.warnings[0].startswith("Eₐ is -0.4 eV, below zero")
    assert second.warnings == ()

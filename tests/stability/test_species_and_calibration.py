"""Bonding species from structures, and what the calibration does with tabulated enthalpies."""

import dataclasses

import numpy as np
import pytest

from electrolith.stability.calibration import Scatter, calibrate, calibration_of, describe, prior
from electrolith.stability.check import check_library
from electrolith.stability.entries import EntrySettings, entries_of
from electrolith.stability.species import species_of
from electrolith.stability.tables import anchors

SKEW = np.array([[1.0, 0.0, 0.0], [0.4, 0.9, 0.1], [-0.3, 0.5, 1.1]])


def rock_salt(a):
    lattice = np.array([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])
    return np.array([3, 17]), lattice, np.array([[0.0, 0, 0], [0.5, 0.5, 0.5]])


def test_chloride_is_an_anion_and_lithium_has_no_name():
    assert species_of(*rock_salt(5.13)) == (("Cl", 1),)


def molecule_in(cell, numbers, positions):
    """A molecule (Å) in the middle of a big cell."""
    return np.array(numbers), cell, (np.array(positions) + 5) @ np.linalg.inv(cell)


WATER = ([8, 1, 1], [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
NITRATE = ([3, 7, 8, 8, 8], [[0, 0, 2.3], [0, 0, 0], [1.25, 0, 0], [-0.62, 1.08, 0], [-0.62, -1.08, 0]])
PEROXIDE = ([3, 3, 8, 8], [[0, 0, 1.9], [0, 0, -1.9], [0.75, 0, 0], [-0.75, 0, 0]])


@pytest.mark.parametrize(
    ("atoms", "expected"),
    [
        (WATER, {"O": 1, "H|O": 2, "H|OH2": 2}),
        (NITRATE, {"N|O": 1, "O": 3}),
        (PEROXIDE, {"O-O": 2}),
    ],
)
def test_molecules_and_complex_anions_are_told_apart(atoms, expected):
    assert dict(species_of(*molecule_in(12 * np.eye(3), *atoms))) == expected


@pytest.mark.parametrize("atoms", [WATER, NITRATE, PEROXIDE])
def test_species_do_not_change_in_a_skewed_turned_or_shifted_cell(atoms, rng):
    plain = species_of(*molecule_in(14 * np.eye(3), *atoms))
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    numbers, cell, fractional = molecule_in(14 * SKEW, *atoms)
    order = rng.permutation(len(numbers))
    moved = species_of(numbers[order], cell @ turn, (fractional + np.array([1.0, -2.0, 0.3]))[order])
    assert moved == plain


def test_an_element_has_no_species():
    assert species_of(np.array([3]), 3.0 * np.eye(3), np.zeros((1, 3))) == ()


def test_a_tabulated_compound_comes_out_at_its_tabulated_enthalpy(library):
    entries = entries_of(library, ["Li", "N", "Cl"], EntrySettings(draws=400))
    for formula in ("LiCl", "Li3N"):
        column = entries.index(formula)
        row = anchors()[formula]
        assert entries.energy[column] / 0.010364269 == pytest.approx(row.enthalpy, abs=3 * row.error)
        assert entries.draws[:, column].std() / 0.010364269 < 1.5 * row.error


def test_elements_come_out_at_zero_without_doubt(library):
    entries = entries_of(library, ["Li", "N", "Cl"], EntrySettings(draws=50))
    for element in ("Li", "N2", "Cl2"):
        assert entries.energy[entries.index(element)] == pytest.approx(0.0, abs=1e-3)
        assert entries.draws[:, entries.index(element)].std() < 1e-3


def test_water_of_an_unlisted_hydrate_is_known_better_than_an_unlisted_cation(library):
    calibration = calibration_of(library)
    base = library.find("Li2O")
    hydrate = dataclasses.replace(
        base, formula="LiH2ClO", species=(("Cl", 1), ("H|O", 2), ("H|OH2", 2), ("O", 1)), atoms=5
    )
    strange = dataclasses.replace(base, formula="LiClO", species=(("Cl", 1), ("Xe|O", 1), ("O", 1)), atoms=3)
    _, covariance = calibration.predict([hydrate, strange])
    assert covariance[0, 0] < covariance[1, 1]


def test_the_covariance_is_positive_and_shared_between_phases_of_one_anion(library):
    chosen = [library.find(f) for f in ("Li3YCl6", "Li3ScCl6", "Li4NCl")]
    _, covariance = calibration_of(library).predict(chosen)
    assert np.linalg.eigvalsh(covariance).min() > -1e-10
    assert np.all(np.isfinite(covariance))


def test_prior_covariance_by_hand(library):
    phases = [library.find("LiCl"), library.find("LiF")]
    scatter = Scatter(anion=0.2, cation=0.5, alike=0.03, own=0.02, reach=0.25)
    found = prior(describe(phases), scatter)
    assert found[0, 0] == pytest.approx((0.5 * 0.2) ** 2 + 0.03**2 + 0.02**2)
    assert found[0, 1] == pytest.approx(0.03**2 * np.exp(-0.5 * (0.5 / 0.25) ** 2))


def test_left_out_predictions_match_a_calibration_without_that_compound(library):
    full = calibration_of(library)
    predicted, spread = full.left_out()
    k = next(i for i, p in enumerate(full.phases) if p.formula == "LiBr")
    keep = [i for i in range(len(full.phases)) if i != k]
    without = dataclasses.replace(
        full, phases=tuple(full.phases[i] for i in keep), error=full.error[keep], doubt=full.doubt[keep]
    )
    mean, covariance = without.predict([full.phases[k]])
    assert mean[0] == pytest.approx(predicted[k], abs=1e-9)
    assert np.hypot(np.sqrt(covariance[0, 0]), full.doubt[k]) == pytest.approx(spread[k], rel=1e-6)


def test_the_library_is_checked_on_more_than_twenty_compounds_and_the_correction_helps(library):
    check = check_library(library)
    assert len(check.compounds) >= 20
    assert check.mae_left_out < check.mae_engine


def test_left_out_errors_are_covered_by_their_error_bars(library):
    one, two = check_library(library).inside
    assert 0.5 < one <= 0.95
    assert two > 0.8


def test_a_calibration_that_is_too_sure_of_itself_is_caught(library):
    sure = calibrate(library, scatter=Scatter(anion=0.005, cation=0.02, alike=0.002, own=0.002, reach=0.2))
    predicted, spread = sure.left_out()
    compounds = np.array([len(p.amounts) > 1 for p in sure.phases])
    share = np.abs(sure.error - predicted)[compounds] / spread[compounds]
    assert np.mean(share < 1) < 0.5


def test_the_labels_of_the_engine_carry_the_corrections_already(library):
    """Adding the MP2020 anion corrections once more makes the agreement far worse."""
    check = check_library(library)
    assert check.mae_corrected_again > 2 * check.mae_engine
    assert check.mae_uncorrected > 1.3 * check.mae_engine


def test_compounds_known_to_be_stable_sit_on_the_hull_nearly(library):
    above = check_library(library).hull
    assert len(above) >= 25
    assert {f: round(e, 3) for f, e in above.items() if e > 0.025} == {}

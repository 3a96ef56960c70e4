"""Integer compositions: neutral, nearest, and honest about how far."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.crystal.composition import (
    composition_with_vacancies,
    find_composition,
    given_composition,
    parse_formula,
)
from electrolith.crystal.crystal import Position, build_crystal
from electrolith.crystal.order import Keep, MonteCarlo, Ordering, order_crystal

TWO = (2, 2, 2)


def test_the_nearest_neutral_composition_of_the_example_is_the_published_one(example):
    found = find_composition(example, TWO)
    assert found.formula == "Li54N12Cl18"
    assert found.charge == 0
    assert [f.vacancy for f in found.fillings] == [0.15625, 0.0625]  # 10 of 64 and 2 of 32
    lithium, anion = found.fillings
    assert lithium.refined_vacancy.text().startswith("0.14")
    assert anion.positions == 32
    # (0.84375 - 0.860)/0.005, (0.375 - 0.382)/0.003, (0.5625 - 0.573)/0.004
    by_hand = np.sqrt(3.25**2 + (0.007 / 0.003) ** 2 + (0.0105 / 0.004) ** 2)
    assert found.sigmas == pytest.approx(by_hand, rel=0.02)
    assert found.percent == pytest.approx(1.625, abs=0.01)
    assert found.alternatives[0][0] == "Li55N12Cl19"
    assert "15.62 % vacant (refined 14 ± 0.5)" in found.text()


def brute_force(crystal, supercell, charges):
    """Every integer content of the two sites, one by one."""
    cells = int(np.prod(supercell))
    lithium, anion = crystal.sites
    best = (np.inf, None)
    for li, n, cl in product(range(8 * cells + 1), range(4 * cells + 1), range(4 * cells + 1)):
        if n + cl > 4 * cells or li * charges["Li"] + n * charges["N"] + cl * charges["Cl"] != 0:
            continue
        shares = (
            (li / (8 * cells), lithium.occupancy["Li"]),
            (n / (4 * cells), anion.occupancy["N"]),
            (cl / (4 * cells), anion.occupancy["Cl"]),
        )
        cost = sum(((x - o.value) / o.std) ** 2 for x, o in shares)
        best = min(best, (cost, (li, n, cl)))
    return best


@pytest.mark.parametrize("supercell", [(2, 1, 1), (2, 2, 1), TWO, (3, 2, 2)])
def test_the_search_finds_what_trying_everything_finds(example, supercell):
    found = find_composition(example, supercell)
    cost, (li, n, cl) = brute_force(example, supercell, example.oxidation_states)
    assert found.atoms == {"Li": li, "N": n, "Cl": cl}
    assert found.sigmas == pytest.approx(np.sqrt(cost), rel=1e-9)


def test_a_given_composition_is_taken_and_measured(example):
    given = given_composition(example, TWO, "Cl18 N12 Li54")
    assert given.atoms == {"Li": 54, "N": 12, "Cl": 18}
    assert not given.found
    assert given.sigmas == find_composition(example, TWO).sigmas


@pytest.mark.parametrize(
    ("formula", "complaint"),
    [
        (
            "Li55N12Cl18",
            r"has the charge \+1 e with Li \+1, N -3, Cl -1; the nearest neutral one is Li54N12Cl18",
        ),
        ("Li9N2Cl3", "give the content of the whole supercell, perhaps Li54N12Cl18"),
        ("Li54N12Br18", "no 'Br'; known: Cl, Li, N"),
        ("Li66N12Cl30", r"puts Li66 on site Li1 \(8c\), which has 64 positions in a 2×2×2 supercell"),
        ("Li54N12.5", "is no formula with whole numbers; expected 'Li54N12Cl18'"),
        ("Xx3", "'Xx' is no element"),
    ],
)
def test_an_impossible_composition_is_refused(example, formula, complaint):
    with pytest.raises(InputError, match=complaint):
        given_composition(example, TWO, formula)


def test_a_crystal_that_cannot_be_neutral_is_refused(example):
    wrong = replace(example, oxidation_states={"Li": 1.0, "N": 3.0, "Cl": 1.0})
    with pytest.raises(InputError, match=r"no charge-neutral composition of a 2×2×2 supercell within 12 %"):
        find_composition(wrong, TWO)


def test_full_sites_stay_full_and_unstated_doubt_is_said(tmp_path):
    shares = {"Li": Estimate.unknown_doubt(0.52, "1")}
    positions = [
        Position(np.array([0.1, 0.2, 0.3]), shares),
        Position(np.array([0.9, 0.8, 0.7]), shares),
        Position(np.array([0.5, 0.5, 0.0]), {"Cl": Estimate.exact(1.0, "1")}),
    ]
    cell = np.array([[5.0, 0, 0], [1.5, 6, 0], [0.4, -1, 7]])
    crystal = build_crystal(positions, cell, oxidation_states={"Li": 1.0, "Cl": -1.0})
    found = find_composition(crystal, (2, 1, 1))
    assert found.atoms == {"Li": 2, "Cl": 2}
    assert np.isnan(found.sigmas)
    assert found.percent == pytest.approx(2)
    assert "uncertainty not stated" in found.text()


def test_a_species_on_two_sites_is_shared_as_refined(tmp_path):
    half, third = Estimate.unknown_doubt(0.5, "1"), Estimate.unknown_doubt(0.25, "1")
    positions = [Position(np.array([x, 0.1, 0.2]), {"Li": half}) for x in (0.05, 0.55)]
    positions += [Position(np.array([x, 0.6, 0.7]), {"Li": third, "Na": half}) for x in (0.3, 0.8)]
    positions += [Position(np.array([0.3, 0.35, 0.45]), {"F": Estimate.exact(1.0, "1")})]
    cell = np.array([[8.0, 0, 0], [1.5, 6, 0], [0.4, -1, 7]])
    crystal = build_crystal(positions, cell, oxidation_states={"Li": 1, "Na": 1, "F": -2.5})
    given = given_composition(crystal, (2, 1, 1), "Li3Na2F2")
    lithium = sum(f.atoms.get("Li", 0) for f in given.fillings if "Na" not in f.refined)
    assert (lithium, given.atoms["Li"]) == (2, 3)


def test_formulas_with_charged_species_and_repeats_are_read():
    assert parse_formula("Fe2+3Fe3+2O6") == {"Fe2+": 3, "Fe3+": 2, "O": 6}
    assert parse_formula("LiClLi") == {"Li": 2, "Cl": 1}


def test_without_oxidation_states_no_composition_is_found(example):
    with pytest.raises(InputError, match="no oxidation state for Li"):
        find_composition(replace(example, oxidation_states={}), TWO)


@pytest.mark.parametrize(("vacancy", "lithium"), [(0.05, 61), (0.10, 58), (0.156, 54), (0.20, 51)])
def test_a_wished_share_of_vacancies_is_met_by_the_nearest_whole_number(example, vacancy, lithium):
    found = composition_with_vacancies(example, TWO, element="Li", vacancy=vacancy)
    assert found.atoms["Li"] == lithium
    assert found.charge == 0
    assert found.fillings[0].refined_vacancy.value == pytest.approx(0.14, abs=1e-3)
    given = given_composition(example, TWO, found.formula)
    assert given.sigmas == pytest.approx(found.sigmas)


def test_impossible_wishes_for_vacancies_are_refused(example):
    with pytest.raises(InputError, match=r"vacancy must be at least 0 and below 1, got 1\.2"):
        composition_with_vacancies(example, TWO, element="Li", vacancy=1.2)
    with pytest.raises(InputError, match="no partly occupied site holds Na"):
        composition_with_vacancies(example, TWO, element="Na", vacancy=0.1)


def shared_site(second):
    """A shared site that the refinement fills, and half-filled positions of the same anion."""
    cell = np.array([[5.0, 0, 0], [1.5, 6, 0], [0.4, -1, 7]])
    share = {"S": Estimate.unknown_doubt(0.6, "1"), "Cl": Estimate.unknown_doubt(0.4, "1")}
    positions = [Position(np.array([0.25 * s, 0.3 * s, 0.2 * s]), share) for s in (1, -1)]
    positions += [Position(np.array([0.5, 0.5, 0.0]), {"S": Estimate.unknown_doubt(0.5, "1")})]
    positions += [Position(np.array([0.0, 0.5, 0.5]), {"Li": Estimate.exact(1.0, "1")})]
    return build_crystal(positions, cell, oxidation_states={"S": -1.0, "Cl": -1.0, "Li": second})


def test_a_shared_site_that_is_refined_full_stays_full():
    crystal = shared_site(2.5)
    found = find_composition(crystal, (2, 1, 1))
    assert found.atoms == {"S": 3, "Cl": 2, "Li": 2}  # 2 S and 2 Cl on the four shared, 1 S on two
    assert [f.vacancy for f in found.fillings if "Cl" in f.refined] == [0.0]


def test_vacancies_do_not_wander_onto_a_shared_site_that_is_full():
    crystal = shared_site(2.5)
    settings = Ordering(
        supercell=(2, 2, 1), decorations=30, keep=Keep(5, 5, 5), monte_carlo=MonteCarlo(4, 30, 5)
    )
    found = order_crystal(crystal, settings)
    shared = next(i for i, site in enumerate(crystal.sites) if len(site.occupancy) > 1)
    assert np.all(found.decorations[:, found.sites.orbit == shared] > 0)

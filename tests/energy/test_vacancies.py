"""Vacancies: the definition by hand, symmetry, killed and failing runs, what an engine cannot know."""

import importlib.util
import math
from dataclasses import replace

import numpy as np
import pytest
from pairs import LIKE, UNLIKE, Pairs, fails, pair

from electrolith.core.errors import InputError
from electrolith.crystal.library import shipped_crystal
from electrolith.crystal.site import DistinctAtom, distinct_atoms
from electrolith.energy.chgnet import Chgnet
from electrolith.energy.labels.recorded import Recorded
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.pod.potential import load_potential
from electrolith.energy.vacancy.cell import CellVacancies, SiteVacancy
from electrolith.energy.vacancy.vacancies import (
    VacancySettings,
    anions_around,
    formation_energy,
    host_cell,
    metal_energy,
    perfect_unit,
    spread_over,
    vacancies_of,
)

HALF = 5.12954 / 2  # Å; from lithium to chlorine in the shipped LiCl
TIGHT = VacancySettings(force=0.005)


@pytest.fixture(scope="module")
def licl():
    return host_cell(shipped_crystal("LiCl").to_frame(), 8)


def last(found):
    return list(found)[-1]


def test_the_formation_energy_is_that_of_lost_neighbours_and_one_atom_of_metal(licl):
    engine = Pairs()
    assert metal_energy(Pairs(like=0.0), "Li") == pytest.approx(-1.5)  # like atoms do not see each other
    found = last(vacancies_of("LiCl", licl, engine, metal=-1.5, size=8, settings=TIGHT))
    (site,) = found.sites
    unlike, like = pair(HALF, 3.0, UNLIKE), pair(np.sqrt(2) * HALF, 1.5, LIKE)
    by_hand = -6 * unlike - 12 * like
    assert site.unrelaxed == pytest.approx(by_hand, abs=1e-9)
    assert site.relaxed < site.unrelaxed - 0.01
    assert (site.copies, site.wyckoff, site.surrounding, site.failure) == (8, "4a", "Cl6", "")
    assert (found.formula, found.atoms) == ("Li8Cl8", 16)
    assert found.perfect == pytest.approx(8 * (-1.5 - 4.0) + 48 * unlike + 96 * like)
    assert found.closest == pytest.approx(np.sqrt(2) * 5.12954)
    assert found.mean == pytest.approx(site.relaxed)
    # 2.0 eV per atom more in the metal make every vacancy 2.0 eV dearer
    dearer = last(vacancies_of("LiCl", licl, engine, metal=0.5, size=8, settings=TIGHT))
    assert dearer.sites[0].relaxed - site.relaxed == pytest.approx(2.0)
    assert formation_energy(-10.0, perfect=-14.0, metal=-1.9) == pytest.approx(2.1)


def test_equivalent_atoms_cost_the_same_wherever_they_are_taken_out(licl):
    rng = np.random.default_rng(4)
    shift = rng.uniform(0, 5, 3)
    order = rng.permutation(len(licl))
    moved = replace(licl, positions=(licl.positions + shift)[order], numbers=licl.numbers[order])
    costs = [
        last(vacancies_of("LiCl", frame, Pairs(), metal=-1.5, size=8, settings=TIGHT)).sites[0].relaxed
        for frame in (licl, moved)
    ]
    assert costs[0] == pytest.approx(costs[1], abs=1e-4)


def test_each_site_of_lithium_nitride_is_taken_out_once_and_stands_for_all_its_copies():
    frame = host_cell(shipped_crystal("beta-Li3N").to_frame(), 6)
    sites = distinct_atoms(frame, "Li")
    assert {s.wyckoff: s.copies for s in sites} == {"2b": 6, "4f": 12}
    assert dict(
        zip((s.wyckoff for s in sites), anions_around(frame, sites, "Li", number=None), strict=True)
    ) == {
        "2b": "N3",
        "4f": "N4",
    }
    engine = Pairs({3: -1.5, 7: -6.0}, strength=0.5)
    found = last(
        vacancies_of("beta-Li3N", frame, engine, metal=-1.5, size=6, settings=VacancySettings(force=0.2))
    )
    assert len(found.everywhere) == 18
    mean = sum(s.copies * s.relaxed for s in found.sites) / 18
    assert found.mean == pytest.approx(mean)


def test_a_killed_run_goes_on_where_it_was_and_ends_as_if_nothing_had_happened(licl, tmp_path):
    whole = Recorded(Pairs(), tmp_path / "whole.xyz", settings="pairs-1")
    expected = last(vacancies_of("LiCl", licl, whole, metal=-1.5, size=8, settings=TIGHT, kind="LiCl"))
    cut = Recorded(Pairs(stop_after=3), tmp_path / "cut.xyz", settings="pairs-1")
    with pytest.raises(KeyboardInterrupt):
        list(vacancies_of("LiCl", licl, cut, metal=-1.5, size=8, settings=TIGHT, kind="LiCl"))
    inner = Pairs()
    again = Recorded(inner, tmp_path / "cut.xyz", settings="pairs-1")
    found = last(vacancies_of("LiCl", licl, again, metal=-1.5, size=8, settings=TIGHT, kind="LiCl"))
    assert found == expected
    assert inner.calls == len(whole) - 3
    kinds = {label.kind for label in again._known.values()}
    assert kinds == {"LiCl", "LiCl, one Li missing"}


def test_a_site_whose_step_diverges_is_named_and_the_other_sites_go_on(tmp_path):
    frame = host_cell(shipped_crystal("beta-Li3N").to_frame(), 2)
    engine = Pairs({3: -1.5, 7: -6.0}, strength=0.5)
    path = tmp_path / "labels.xyz"

    class Moody(Pairs):
        def evaluate(self, frame):
            self.calls += 1
            if self.calls == 3:
                raise fails("the cycle did not converge")
            return engine.evaluate(frame)

    settings = VacancySettings(force=0.6)
    recorded = Recorded(Moody(), path, settings="pairs-1")
    found = last(vacancies_of("beta-Li3N", frame, recorded, metal=-1.5, size=2, settings=settings))
    first, second = found.sites
    assert math.isnan(first.relaxed)
    assert "beta-Li3N, 2 formula units, without atom 2 (2b), point" in first.failure
    assert "the cycle did not converge" in first.failure
    assert math.isfinite(second.relaxed)
    assert second.failure == ""
    assert found.mean == pytest.approx(second.relaxed)


def test_too_few_steps_leave_no_energy_but_a_reason(licl):
    short = VacancySettings(force=1e-6, steps=1)
    (site,) = last(vacancies_of("LiCl", licl, Pairs(), metal=-1.5, size=8, settings=short)).sites
    assert math.isnan(site.relaxed)
    assert math.isfinite(site.unrelaxed)
    assert "after 1 steps; the limit is 1e-06" in site.failure


def test_a_cheap_start_changes_the_way_and_not_the_end(licl, tmp_path):
    straight = last(vacancies_of("LiCl", licl, Pairs(), metal=-1.5, size=8, settings=TIGHT))
    eased = last(
        vacancies_of("LiCl", licl, Pairs(), metal=-1.5, size=8, settings=TIGHT, start=Pairs(strength=3.3))
    )
    assert eased.sites[0].relaxed == pytest.approx(straight.sites[0].relaxed, abs=2e-3)
    assert eased.sites[0].unrelaxed == straight.sites[0].unrelaxed
    assert eased.sites[0].points < straight.sites[0].points


def test_a_fitted_potential_knows_its_metal_only_where_its_provenance_says_so():
    potential = load_potential("li-n-cl")
    silent = replace(potential, provenance={})
    assert metal_energy(LammpsPod(silent), "Li") is None
    stated = replace(potential, provenance={"reference_energies": {"Li": -1.9010}})
    assert metal_energy(LammpsPod(stated), "Li") == -1.9010
    assert metal_energy(LammpsPod(stated), "Na") is None
    assert metal_energy(Pairs(), "Na") is None


def test_published_cells_have_their_published_shape_and_other_sizes_are_the_roundest():
    licl, nitride = (shipped_crystal(name).to_frame() for name in ("LiCl", "beta-Li3N"))
    cell = host_cell(nitride, 36, name="beta-Li3N")
    np.testing.assert_allclose(np.linalg.norm(cell.cell, axis=1), [3 * 3.552, 3 * 3.552, 2 * 6.311])
    assert len(host_cell(licl, 32, name="LiCl")) == 64
    assert len(host_cell(licl, 16)) == 32
    with pytest.raises(InputError, match=r"holds 2, so 2, 4, 6, \.\.\. are possible"):
        host_cell(nitride, 3, name="beta-Li3N")


def sites(energies, surroundings):
    return CellVacancies(
        host="ground state",
        formula="Li4NCl",
        atoms=6,
        size=1,
        perfect=-20.0,
        metal=-1.9,
        closest=5.0,
        engine="toy",
        sites=tuple(
            SiteVacancy(i, 1, "1a", s, e, e, 0.01, 5)
            for i, (e, s) in enumerate(zip(energies, surroundings, strict=True))
        ),
    )


def test_energies_are_gathered_by_surrounding_richest_first():
    some = sites([1.0, 1.4, 0.8, np.nan], ("N4", "N4", "NCl3", "Cl4"))
    rows = some.by_surrounding()
    assert rows["N4"] == (2, pytest.approx(1.2), pytest.approx(0.2))
    assert rows["NCl3"] == (1, pytest.approx(0.8), 0.0)
    assert "Cl4" not in rows
    mixed = sites([1.0, 2.0, 3.0, 4.0, 5.0], ("Cl4", "NCl2□", "N4", "NCl3", "N3□"))
    assert list(mixed.by_surrounding()) == ["N4", "N3□", "NCl3", "NCl2□", "Cl4"]


def test_some_sites_are_spread_over_all():
    atoms = tuple(DistinctAtom(i, 1, "1a") for i in range(10))
    assert [a.index for a in spread_over(atoms, 3)] == [0, 4, 9]
    assert spread_over(atoms, "all") == atoms


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [({"sites": 0}, "sites must be at least 1, got 0"), ({"force": 0.0}, "must be above 0, got 0 eV/Å")],
)
def test_settings_that_cannot_be_meant_are_refused(wrong, complaint):
    with pytest.raises(InputError, match=complaint):
        VacancySettings(**wrong)


@pytest.mark.skipif(importlib.util.find_spec("chgnet") is None, reason="chgnet is not installed")
@pytest.mark.filterwarnings("ignore")
def test_chgnet_takes_a_lithium_out_of_sixty_four_atoms_of_licl_for_3_16_ev():
    engine = Chgnet()
    frame = host_cell(perfect_unit("LiCl", engine), 32, name="LiCl")
    metal = metal_energy(engine, "Li")
    found = last(
        vacancies_of("LiCl", frame, engine, metal=metal, size=32, settings=VacancySettings(force=0.03))
    )
    assert found.formula == "Li32Cl32"
    assert found.sites[0].relaxed == pytest.approx(3.162, abs=0.003)
